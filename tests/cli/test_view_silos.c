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

static void a_silo_is_one_line_and_where_it_is(void **state)
{
    struct kdw_snapshot s;
    struct kdw_silo *silo;
    struct kdw_monitor *m;
    struct capture c;
    const char *text;

    (void)state;
    clean_snapshot(&s);
    silo = clean_record(&s, KDW_TABLE_SILOS, CLEAN_JOB);
    silo->id = clean_known(136);
    silo->service_session = clean_known(3);
    silo->console_session = clean_unreadable();
    clean_rename(&silo->root_directory, "\\Silos\\136\x1b[2J");
    silo->root_directory.status = KD_OK;
    m = kdw_snapshot_add(&s, KDW_TABLE_MONITORS, CLEAN_NOWHERE);
    assert_non_null(m);
    m->slot = clean_known(5);
    m->create_va = clean_known(CLEAN_DRIVER + 0x10);
    capture_begin(&c, CAPTURE_OUT);
    view_silos(&s, false);
    text = capture_end(&c);
    assert_true(lines_have(text, "host  host    started  -/-               2  -          -"));
    assert_true(lines_have(
        text, " 136  server  started  3/?               1  -          \\Silos\\136\\x1b[2J"));
    assert_true(lines_have(text, "    job ffffa80fac000000, globals ffffa80fac000100, ETW "
                                 "ffffa80fab000000"));
    assert_true(lines_have(text, "ffffa80f00001000     5  driver.sys+0x10  -           -"));
    capture_free(&c);
    kdw_snapshot_free(&s);
}

static void a_silo_off_the_list_is_marked(void **state)
{
    struct kdw_snapshot s;
    struct kdw_job *job;
    struct capture c;

    (void)state;
    clean_snapshot(&s);
    job = clean_record(&s, KDW_TABLE_JOBS, CLEAN_JOB);
    job->found = clean_known(KDW_FOUND_PROCESS);
    capture_begin(&c, CAPTURE_OUT);
    view_silos(&s, true);
    assert_true(
        lines_have(capture_end(&c), "    hidden: not on PspJobList; found by a process's Job"));
    capture_free(&c);
    kdw_snapshot_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silo_is_one_line_and_where_it_is),
        cmocka_unit_test(a_silo_off_the_list_is_marked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
