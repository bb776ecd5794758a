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
#include "view.h"

static const char *end_of(struct capture *c, const struct kdw_snapshot *s)
{
    capture_begin(c, CAPTURE_OUT);
    view_print_end(s);
    return capture_end(c);
}

static void a_whole_snapshot_needs_no_words(void **state)
{
    struct kdw_snapshot s;
    struct capture c;

    (void)state;
    clean_snapshot(&s);
    assert_string_equal(end_of(&c, &s), "");
    capture_free(&c);
    kdw_snapshot_free(&s);
}

static void each_reason_is_told_once(void **state)
{
    struct kdw_snapshot s;
    struct kdw_process *p;
    struct capture c;
    const char *text;

    (void)state;
    clean_snapshot(&s);
    p = clean_record(&s, KDW_TABLE_PROCESSES, CLEAN_LSASS);
    p->pid = clean_unreadable();
    p->integrity = (struct kdw_u64){.status = KD_ERR_PAGED_OUT, .fault_va = CLEAN_NOWHERE};
    p->policy = p->integrity;
    text = end_of(&c, &s);
    assert_int_equal(lines_count(text), 2);
    assert_true(lines_have(text, "? not mapped: 1 fact: pid of the process at ffffa80fd0001000 "
                                 "(ffffa80f00001000)"));
    assert_non_null(strstr(text, "? paged out: 2 facts, the first is integrity of the process at"));
    assert_true(lines_longest(text) <= 100);
    capture_free(&c);
    kdw_snapshot_free(&s);
}

static void lists_that_broke_off_and_tables_that_are_cut_are_told(void **state)
{
    struct kdw_snapshot s;
    struct capture c;
    const char *text;

    (void)state;
    clean_snapshot(&s);
    clean_broken_list(&s, "PspJobList", 0, KD_ERR_CYCLE);
    s.tables[KDW_TABLE_JOBS].is_cut = true;
    text = end_of(&c, &s);
    assert_non_null(strstr(text, "? list PspJobList"));
    assert_true(lines_have(text, "? too many jobs to be true: the rest was left out"));
    capture_free(&c);
    kdw_snapshot_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_snapshot_needs_no_words),
        cmocka_unit_test(each_reason_is_told_once),
        cmocka_unit_test(lists_that_broke_off_and_tables_that_are_cut_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
