/* What the recordings of captures/ tell of time; kdwalk decode says the same of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report_input.h"
#include "support/page.h"

static enum kd_status add(struct report *r, const char *path, const char *key_text)
{
    struct kdnet_key key;
    struct kd_diag diag = {{0}};

    *r = (struct report){.states_len = 0};
    if (key_text)
        assert_int_equal(kdnet_key_parse(key_text, strlen(key_text), NULL, &key), KD_OK);
    return report_add_recording(r, path, key_text ? &key : NULL, &diag);
}

static size_t count(const struct report *r, enum report_event_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < r->lines.len; i++)
        n += r->lines.events[i].kind == kind;
    return n;
}

/* chatter-pipe: prints, then a module is loaded at packet 165. */
static void stops_prints_and_modules_are_told(void **state)
{
    struct report r;
    json_t *line = NULL;

    (void)state;
    assert_int_equal(add(&r, KDWALK_CAPTURES "/chatter-pipe.pcap", NULL), KD_OK);
    report_lines_sort(&r.lines);
    assert_int_equal(r.lines.files[0].damaged, 0);
    assert_int_equal(count(&r, REPORT_PRINT), 14);
    assert_int_equal(count(&r, REPORT_SAMPLE), 2);
    assert_int_equal(count(&r, REPORT_MODULE), 1);
    assert_int_equal(count(&r, REPORT_ATTACHED), 1);
    assert_int_equal(count(&r, REPORT_EXCEPTION), 0); /* a break-in is none */
    assert_int_equal(r.lines.events[r.lines.len - 1].kind, REPORT_END);
    for (size_t i = 0; i < r.lines.len && !line; i++)
        if (r.lines.events[i].kind == REPORT_SAMPLE) {
            assert_in_range(r.lines.events[i].value, 100, 10000);
            line = report_lines_read(&r.lines, &r.lines.events[i]);
        }
    assert_true(json_integer_value(json_object_get(line, "requests")) > 30);
    assert_true(json_integer_value(json_object_get(line, "bytes")) >= 8448);
    json_decref(line);
    report_free(&r);
}

static void a_restart_is_told(void **state)
{
    struct report r;

    (void)state;
    assert_int_equal(add(&r, KDWALK_CAPTURES "/reboot-tcp.pcap", NULL), KD_OK);
    assert_int_equal(count(&r, REPORT_REBOOT), 1);
    assert_int_equal(count(&r, REPORT_ATTACHED), 2);
    report_free(&r);
}

static void without_its_key_a_recording_tells_nothing(void **state)
{
    struct report r;

    (void)state;
    assert_int_equal(add(&r, KDWALK_CAPTURES "/boot-net.pcap", NULL), KD_OK);
    assert_int_equal(count(&r, REPORT_SAMPLE), 0);
    report_free(&r);
    assert_int_equal(add(&r, KDWALK_CAPTURES "/boot-net.pcap", "8.8.8.8"), KD_OK);
    assert_true(count(&r, REPORT_SAMPLE) > 0);
    report_free(&r);
}

static void what_is_no_recording_is_refused(void **state)
{
    struct report r;

    (void)state;
    assert_int_not_equal(add(&r, KDWALK_CAPTURES "/README.md", NULL), KD_OK);
    report_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stops_prints_and_modules_are_told),
        cmocka_unit_test(a_restart_is_told),
        cmocka_unit_test(without_its_key_a_recording_tells_nothing),
        cmocka_unit_test(what_is_no_recording_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
