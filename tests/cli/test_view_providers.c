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

static const char *view(struct capture *c, const struct kdw_snapshot *s, bool has_details)
{
    capture_begin(c, CAPTURE_OUT);
    view_providers(s, &none, false, has_details);
    return capture_end(c);
}

static void a_provider_is_one_line(void **state)
{
    struct kdw_registration *r;
    struct kdw_snapshot s;
    struct capture c;
    const char *text;

    (void)state;
    clean_snapshot(&s);
    r = clean_record(&s, KDW_TABLE_REGISTRATIONS, CLEAN_MEMBER + CLEAN_REG);
    clean_rename(&r->traits_name, "Contoso\x1b.Thing");
    r->traits_name.status = KD_OK;
    text = view(&c, &s, false);
    assert_true(lines_longest(text) <= 100);
    assert_non_null(strstr(text, "\nMicrosoft-Windows-Threat-Intelligence  trace"));
    assert_non_null(strstr(text, "\nContoso\\x1b.Thing  "));
    assert_non_null(strstr(text, "\n00070809-0000-0000-0000-000000000000   group"));
    assert_non_null(strstr(text, "0x4\n"));
    capture_free(&c);
    kdw_snapshot_free(&s);
}

static void details_tell_loggers_and_registrations(void **state)
{
    struct kdw_snapshot s;
    struct kdw_enable *e;
    struct capture c;
    const char *text;

    (void)state;
    clean_snapshot(&s);
    e = clean_record(&s, KDW_TABLE_ENABLES, CLEAN_THREATS + 0x70);
    e->property = clean_known(0x85);
    e = clean_record(&s, KDW_TABLE_ENABLES, CLEAN_GROUP + 0x70 + 0x20);
    e->logger_id = clean_known(0x30);
    e->level = clean_unreadable();
    text = view(&c, &s, true);
    assert_true(lines_have(
        text, "f4e1897c-bb5d-5668-f1d8-040f4d8dd344  Microsoft-Windows-Threat-Intelligence"));
    assert_true(
        lines_have(text, "   0  0x4     DefenderApiLogger      5  0xffffffffffffffff  0x0"));
    assert_true(lines_have(text, "    SID, stack trace, process start key"));
    assert_true(lines_have(text, "   1  0x30    (no such logger)      ?  0xffffffffffffffff  0x0"));
    assert_non_null(strstr(text, "  -  driver.sys+0x100  "));
    assert_non_null(strstr(text, "  kernel, modern, inserted\n"));
    capture_free(&c);
    kdw_snapshot_free(&s);
}

static void none_is_said(void **state)
{
    struct kdw_snapshot s = {0};
    struct capture c;

    (void)state;
    assert_string_equal(view(&c, &s, true), "(no provider)\n");
    capture_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_provider_is_one_line),
        cmocka_unit_test(details_tell_loggers_and_registrations),
        cmocka_unit_test(none_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
