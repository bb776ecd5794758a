#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "decode_filter.h"
#include "support/capture.h"
#include "support/made_record.h"

#include <kdproto/debug_io.h>

static const char *const all[] = {"pokes",    "handshake", "control", "breakins", "stops",
                                  "requests", "replies",   "reads",   "writes",   "registers",
                                  "prints",   "files",     "damaged"};

enum { ALL = sizeof all / sizeof all[0] };

static struct decode_filter filter(const char *text)
{
    struct decode_filter f = {0};

    assert_true(decode_filter_parse(text, &f));
    return f;
}

/* Exactly these of all there are choose the record. */
static void assert_chosen_by(const struct made_record *m, const char *const *names, size_t len)
{
    for (size_t i = 0; i < ALL; i++) {
        struct decode_filter f = filter(all[i]);
        bool want = false;

        for (size_t n = 0; n < len; n++)
            want = want || strcmp(all[i], names[n]) == 0;
        if (decode_filter_shows(&f, &m->record) != want)
            fail_msg("%s: %s", all[i], want ? "does not show it" : "shows it");
    }
}

#define CHOSEN_BY(m, ...)                                                                          \
    assert_chosen_by(m, (const char *const[]){__VA_ARGS__},                                        \
                     sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void datagrams_of_kdnet(void **state)
{
    struct made_record m;

    (void)state;
    made_record(&m, KDT_RECORD_POKE, false);
    CHOSEN_BY(&m, "pokes");
    made_record(&m, KDT_RECORD_HOST_POKE, true);
    CHOSEN_BY(&m, "pokes");
    made_record(&m, KDT_RECORD_RESPONSE, true);
    CHOSEN_BY(&m, "handshake");
    made_record(&m, KDT_RECORD_PING, false);
    CHOSEN_BY(&m, "handshake");
    made_record(&m, KDT_RECORD_BREAK_IN, true);
    CHOSEN_BY(&m, "breakins");
    made_record(&m, KDT_RECORD_UNVERIFIED, false);
    CHOSEN_BY(&m, "damaged");
    made_record(&m, KDT_RECORD_UNKNOWN, false);
    CHOSEN_BY(&m, "damaged");
    made_record(&m, KDT_RECORD_DAMAGED, false);
    CHOSEN_BY(&m, "damaged");
}

static void packets_without_requests(void **state)
{
    static const uint8_t print[KD_DEBUG_IO_HEADER_LEN] = {0x30, 0x32};
    const struct kd_state_change stop = {.kind = KD_STATE_EXCEPTION};
    struct made_record m;

    (void)state;
    for (uint16_t type = KD_PACKET_ACKNOWLEDGE; type <= KD_PACKET_RESET; type++) {
        made_packet(&m, true, type, 0, NULL, 0);
        CHOSEN_BY(&m, "control");
    }
    made_packet(&m, false, KD_PACKET_DEBUG_IO, 0, print, sizeof print);
    CHOSEN_BY(&m, "prints");
    made_packet(&m, false, KD_PACKET_FILE_IO, 0, (uint8_t[64]){0x30, 0x34}, 64);
    CHOSEN_BY(&m, "files");
    made_packet(&m, false, KD_PACKET_FILE_IO, 0, (uint8_t[63]){0x30, 0x34}, 63);
    CHOSEN_BY(&m, "damaged");
    made_state_change(&m, &stop, NULL, 0);
    CHOSEN_BY(&m, "stops");
}

static void requests_and_replies(void **state)
{
    struct kd_manipulate what = {.api = KD_API_READ_VIRTUAL};
    struct made_record m;

    (void)state;
    made_manipulate(&m, true, &what);
    CHOSEN_BY(&m, "requests", "reads");
    made_manipulate(&m, false, &what);
    CHOSEN_BY(&m, "replies", "reads");
    what.api = KD_API_WRITE_VIRTUAL;
    made_manipulate(&m, true, &what);
    CHOSEN_BY(&m, "requests", "writes");
    what.api = KD_API_SET_CONTEXT;
    made_manipulate(&m, true, &what);
    CHOSEN_BY(&m, "requests", "writes", "registers");
    what.api = KD_API_READ_CONTROL_SPACE;
    made_manipulate(&m, false, &what);
    CHOSEN_BY(&m, "replies", "registers");
    what.api = KD_API_CONTINUE;
    made_manipulate(&m, true, &what);
    CHOSEN_BY(&m, "requests");
    m.record.ends_stop = true;
    CHOSEN_BY(&m, "requests", "stops");
}

static void several_show_what_any_of_them_shows(void **state)
{
    struct decode_filter f = filter("reads,breakins,reads");
    struct made_record m;

    (void)state;
    made_record(&m, KDT_RECORD_BREAK_IN, true);
    assert_true(decode_filter_shows(&f, &m.record));
    made_manipulate(&m, true, &(struct kd_manipulate){.api = KD_API_READ_PHYSICAL});
    assert_true(decode_filter_shows(&f, &m.record));
    made_record(&m, KDT_RECORD_POKE, false);
    assert_false(decode_filter_shows(&f, &m.record));
}

static void without_a_filter_all_is_shown(void **state)
{
    struct decode_filter f = {0};
    struct made_record m;

    (void)state;
    made_packet(&m, false, KD_PACKET_TRACE_IO, 0, "x", 1);
    assert_true(decode_filter_shows(&f, &m.record));
}

static void an_unknown_kind_is_named_with_all_there_are(void **state)
{
    static const char *const wrong[] = {"",       "read",    "reads,", ",reads", "reads,,prints",
                                        "Prints", "prints ", "all"};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct decode_filter f = {0xff};
        struct capture err;
        bool ok;

        capture_begin(&err, CAPTURE_ERR);
        ok = decode_filter_parse(wrong[i], &f);
        (void)capture_end(&err);
        assert_false(ok);
        assert_int_equal(f.chosen, 0xff);
        for (size_t n = 0; n < ALL; n++)
            assert_non_null(strstr(err.text, all[n]));
        assert_ptr_equal(strchr(err.text, '\n'), err.text + err.len - 1); /* one line */
        capture_free(&err);
    }
}

static void the_help_explains_all_there_are(void **state)
{
    struct capture out;

    (void)state;
    capture_begin(&out, CAPTURE_OUT);
    decode_filter_help();
    (void)capture_end(&out);
    for (size_t i = 0; i < ALL; i++)
        assert_non_null(strstr(out.text, all[i]));
    capture_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_of_kdnet),
        cmocka_unit_test(packets_without_requests),
        cmocka_unit_test(requests_and_replies),
        cmocka_unit_test(several_show_what_any_of_them_shows),
        cmocka_unit_test(without_a_filter_all_is_shown),
        cmocka_unit_test(an_unknown_kind_is_named_with_all_there_are),
        cmocka_unit_test(the_help_explains_all_there_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
