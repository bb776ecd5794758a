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

static void make(struct kdw_snapshot *s)
{
    struct kdw_process *p;

    clean_snapshot(s);
    p = clean_record(s, KDW_TABLE_PROCESSES, CLEAN_LSASS);
    p->integrity = clean_known(0x4000);
    p->session_id = clean_known(0);
    p->mitigation_flags = clean_known(0x1100);
    p = clean_record(s, KDW_TABLE_PROCESSES, CLEAN_MSMPENG);
    p->parent_pid = clean_known(700);
    p->integrity = clean_unreadable();
}

static void a_process_is_one_line(void **state)
{
    struct kdw_snapshot s;
    struct capture c;
    const char *text;

    (void)state;
    make(&s);
    capture_begin(&c, CAPTURE_OUT);
    view_processes(&s, false, false);
    text = capture_end(&c);
    assert_int_equal(lines_count(text), 4);
    assert_true(lines_longest(text) <= 100);
    assert_non_null(strstr(text, "  system     no dynamic code, no"));
    assert_non_null(strstr(text, "Antimalware-Light  ?  "));
    capture_free(&c);
    kdw_snapshot_free(&s);
}

static void a_child_stands_below_its_parent(void **state)
{
    struct kdw_snapshot s;
    struct capture c;
    const char *text;

    (void)state;
    make(&s);
    capture_begin(&c, CAPTURE_OUT);
    view_processes(&s, true, true);
    text = capture_end(&c);
    assert_non_null(strstr(text, " 2936   MsMpEng.exe "));
    assert_true(strstr(text, "lsass.exe") < strstr(text, "MsMpEng.exe"));
    capture_free(&c);
    kdw_snapshot_free(&s);
}

static void who_is_missing_from_a_list_is_marked(void **state)
{
    struct kdw_snapshot s;
    struct kdw_process *p;
    struct capture c;
    const char *text;

    (void)state;
    make(&s);
    p = clean_record(&s, KDW_TABLE_PROCESSES, CLEAN_LSASS);
    p->found = clean_known(KDW_FOUND_CID | KDW_FOUND_JOB);
    p = clean_record(&s, KDW_TABLE_PROCESSES, CLEAN_MSMPENG);
    p->found = clean_known(KDW_FOUND_LIST);
    p = clean_record(&s, KDW_TABLE_PROCESSES, CLEAN_INSIDE);
    p->found = clean_known(KDW_FOUND_LIST);
    p->exited_100ns = clean_known(1000); /* it has left the table, as it should */
    capture_begin(&c, CAPTURE_OUT);
    view_processes(&s, false, false);
    text = capture_end(&c);
    assert_true(lines_have(
        text, "    hidden: not on PsActiveProcessHead; found by PspCidTable, a job's list"));
    assert_true(lines_have(text, "    not found by PspCidTable"));
    assert_int_equal(lines_count(text), 6);
    capture_free(&c);
    kdw_snapshot_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_is_one_line),
        cmocka_unit_test(a_child_stands_below_its_parent),
        cmocka_unit_test(who_is_missing_from_a_list_is_marked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
