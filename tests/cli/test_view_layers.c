#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/capture.h"
#include "support/clean_snapshot.h"
#include "support/lines.h"
#include "views.h"

static const struct provider_names none = {NULL, 0};

static void make(struct kdw_snapshot *s)
{
    struct kdw_registration *r;
    struct kdw_process *p;

    clean_snapshot(s);
    p = clean_record(s, KDW_TABLE_PROCESSES, CLEAN_LSASS);
    p->mitigation_flags = clean_known(UINT32_MAX);
    p->integrity = clean_known(0x4000);
    r = clean_record(s, KDW_TABLE_REGISTRATIONS, CLEAN_THREATS + CLEAN_REG);
    r->process_va = clean_known(CLEAN_LSASS);
    r = clean_record(s, KDW_TABLE_REGISTRATIONS, CLEAN_MEMBER + CLEAN_REG);
    r->process_va = clean_known(CLEAN_LSASS);
}

static void all_layers_are_told(void **state)
{
    static const char *const labels[] = {
        "\n1 silo ", "\n2 job ", "\n3 session ", "\n4 protection ", "\n5 integrity ",
        "\n6 API ",  "\n7 CPU ", "\nconsumes ",  "\nregisters ",    "\nis logged by "};
    struct kdw_snapshot s;
    struct capture c;
    const char *text;

    (void)state;
    make(&s);
    capture_begin(&c, CAPTURE_OUT);
    view_layers(&s, &none, false, CLEAN_LSASS);
    text = capture_end(&c);
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
        assert_non_null(strstr(text, labels[i]));
    assert_true(lines_have(text, "lsass.exe, pid 700, _EPROCESS ffffa80fd0001000"));
    assert_true(lines_longest(text) <= 100);
    assert_true(lines_count(text) <= 40);
    assert_null(strstr(text, " \n"));
    capture_free(&c);
    kdw_snapshot_free(&s);
}

static void what_is_too_long_is_broken_and_then_cut_or_told_in_full(void **state)
{
    struct kdw_snapshot s;
    struct capture c;
    const char *text;

    (void)state;
    make(&s);
    capture_begin(&c, CAPTURE_OUT);
    view_layers(&s, &none, false, CLEAN_LSASS);
    text = capture_end(&c);
    assert_non_null(strstr(text, "no extension points, no dynamic code"));
    assert_non_null(strstr(text, "\xe2\x80\xa6\n"));
    capture_free(&c);
    capture_begin(&c, CAPTURE_OUT);
    view_layers(&s, &none, true, CLEAN_LSASS);
    text = capture_end(&c);
    assert_null(strstr(text, "\xe2\x80\xa6"));
    assert_non_null(strstr(text, "IsolateSecurityDomain\n"));
    capture_free(&c);
    kdw_snapshot_free(&s);
}

static void a_logger_that_masks_lead_to_is_one_that_logs(void **state)
{
    struct kdw_registration *r;
    struct kdw_snapshot s;
    struct capture c;
    const char *text;

    (void)state;
    make(&s);
    capture_begin(&c, CAPTURE_OUT);
    view_layers(&s, &none, false, CLEAN_LSASS);
    text = capture_end(&c);
    assert_true(lines_have(text, "consumes       0x3 Eventlog-Security") ||
                strstr(text, "consumes       0x3 Eventlog-Security, ") != NULL);
    assert_non_null(strstr(text, "\nis logged by   0x4 DefenderApiLogger (1), 0x5 DiagLog (1)"));
    capture_free(&c);
    r = clean_record(&s, KDW_TABLE_REGISTRATIONS, CLEAN_THREATS + CLEAN_REG);
    r->enable_mask = clean_known(0);
    capture_begin(&c, CAPTURE_OUT);
    view_layers(&s, &none, false, CLEAN_LSASS);
    assert_non_null(strstr(capture_end(&c), "\nis logged by   0x5 DiagLog (1)"));
    capture_free(&c);
    kdw_snapshot_free(&s);
}

/* Each logger by each slot by each registration would be a day. */
static void one_provider_with_all_there_is_room_for_is_counted_once(void **state)
{
    const size_t loggers = kdw_snapshot_tables[KDW_TABLE_LOGGERS].max,
                 enables = kdw_snapshot_tables[KDW_TABLE_ENABLES].max,
                 registrations = kdw_snapshot_tables[KDW_TABLE_REGISTRATIONS].max;
    struct kdw_snapshot s;
    struct capture c;

    (void)state;
    make(&s);
    for (size_t i = s.tables[KDW_TABLE_LOGGERS].len; i < loggers; i++) {
        struct kdw_logger *l = kdw_snapshot_add(&s, KDW_TABLE_LOGGERS, 0x10000 + 16 * i);

        l->state_va = clean_known(CLEAN_HOST);
        l->slot = clean_known(4);
    }
    for (size_t i = s.tables[KDW_TABLE_ENABLES].len; i < enables; i++) {
        struct kdw_enable *e = kdw_snapshot_add(&s, KDW_TABLE_ENABLES, 0x10000 + 16 * i);

        e->provider_va = clean_known(CLEAN_THREATS);
        e->enabled = clean_known(1);
        e->slot = clean_known(0);
        e->logger_id = clean_known(4);
    }
    for (size_t i = s.tables[KDW_TABLE_REGISTRATIONS].len; i < registrations; i++) {
        struct kdw_registration *r =
            kdw_snapshot_add(&s, KDW_TABLE_REGISTRATIONS, 0x10000 + 16 * i);

        r->provider_va = clean_known(CLEAN_THREATS);
        r->enable_mask = clean_known(1);
    }
    capture_begin(&c, CAPTURE_OUT);
    view_layers(&s, &none, false, CLEAN_LSASS);
    assert_non_null(strstr(capture_end(&c), "\nis logged by   0x4 DefenderApiLogger ("));
    capture_free(&c);
    kdw_snapshot_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_layers_are_told),
        cmocka_unit_test(what_is_too_long_is_broken_and_then_cut_or_told_in_full),
        cmocka_unit_test(a_logger_that_masks_lead_to_is_one_that_logs),
        cmocka_unit_test(one_provider_with_all_there_is_room_for_is_counted_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
