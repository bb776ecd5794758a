#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "labels.h"
#include "support/clean_snapshot.h"

#include <walker/layer_names.h>

static void assert_text(struct text *t, const char *expected)
{
    char *text = text_take(t);

    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void make(struct kdw_snapshot *s)
{
    struct kdw_silo *silo;
    struct kdw_job *job;

    clean_snapshot(s);
    silo = clean_record(s, KDW_TABLE_SILOS, CLEAN_JOB);
    silo->id = clean_known(136);
    job = clean_record(s, KDW_TABLE_JOBS, CLEAN_JOB);
    job->id = clean_known(136);
    job = clean_record(s, KDW_TABLE_JOBS, CLEAN_PLAIN);
    job->id = clean_known(174);
    job->parent_va = clean_known(CLEAN_JOB);
}

static void a_silo_is_called_by_its_job(void **state)
{
    struct kdw_u64 host = clean_known(0), silo = clean_known(CLEAN_JOB);
    struct kdw_u64 wild = clean_known(CLEAN_NOWHERE), lost = clean_unreadable();
    struct kdw_u64 its_state = clean_known(CLEAN_SILO);
    struct kdw_snapshot s;
    struct text t = {0};

    (void)state;
    make(&s);
    label_silo(&t, &s, &host);
    assert_text(&t, "host");
    label_silo(&t, &s, &silo);
    assert_text(&t, "136");
    label_silo(&t, &s, &wild);
    assert_text(&t, "ffffa80f00001000");
    label_silo(&t, &s, &lost);
    assert_text(&t, "?");
    label_silo_of_state(&t, &s, &its_state);
    assert_text(&t, "136");
    label_silo_of_state(&t, &s, &wild);
    assert_text(&t, "ffffa80f00001000");
    kdw_snapshot_free(&s);
}

static void a_job_path_begins_outside(void **state)
{
    struct kdw_u64 none = clean_known(0), inner = clean_known(CLEAN_PLAIN);
    struct kdw_u64 wild = clean_known(CLEAN_NOWHERE), lost = clean_unreadable();
    struct kdw_snapshot s;
    struct text t = {0};

    (void)state;
    make(&s);
    label_job_path(&t, &s, &none);
    assert_text(&t, "-");
    label_job_path(&t, &s, &inner);
    assert_text(&t, "136/174");
    label_job_path(&t, &s, &wild);
    assert_text(&t, "ffffa80f00001000");
    label_job_path(&t, &s, &lost);
    assert_text(&t, "?");
    kdw_snapshot_free(&s);
}

static void jobs_in_a_circle_end(void **state)
{
    struct kdw_u64 inner = clean_known(CLEAN_PLAIN);
    struct kdw_snapshot s;
    struct kdw_job *job;
    struct text t = {0};

    (void)state;
    make(&s);
    job = clean_record(&s, KDW_TABLE_JOBS, CLEAN_JOB);
    job->parent_va = inner;
    label_job_path(&t, &s, &inner);
    assert_text(&t, ".../136/174/136/174/136/174/136/174");
    kdw_snapshot_free(&s);
}

static void an_empty_guid_is_no_container(void **state)
{
    struct kdw_guid none = {.status = KD_OK}, one = {.bytes = {1}};
    struct text t = {0};

    (void)state;
    label_container(&t, &none);
    assert_text(&t, "-");
    label_container(&t, &one);
    assert_text(&t, "00000001-0000-0000-0000-000000000000");
}

static void a_logger_is_found_in_its_slot_of_its_state(void **state)
{
    struct kdw_u64 host = clean_known(CLEAN_HOST), silo = clean_known(CLEAN_SILO);
    struct kdw_u64 three = clean_known(3), five = clean_known(5);
    struct kdw_snapshot s;

    (void)state;
    make(&s);
    assert_true(logger_in_slot(&s, &host, &three)->va == CLEAN_SECURITY);
    assert_true(logger_in_slot(&s, &silo, &three)->va == CLEAN_SILOS);
    assert_null(logger_in_slot(&s, &silo, &five));
    kdw_snapshot_free(&s);
}

static void code_is_named_by_its_module(void **state)
{
    struct kdw_u64 driver = clean_known(CLEAN_DRIVER + 0x100), nowhere = clean_known(CLEAN_NOWHERE);
    struct kdw_u64 zero = clean_known(0), end = clean_known(CLEAN_DRIVER + 0x10000);
    struct kdw_snapshot s;
    struct text t = {0};

    (void)state;
    make(&s);
    label_code(&t, &s, &driver);
    assert_text(&t, "driver.sys+0x100");
    label_code(&t, &s, &nowhere);
    assert_text(&t, "ffffa80f00001000");
    label_code(&t, &s, &end);
    assert_text(&t, "fffff80002010000");
    label_code(&t, &s, &zero);
    assert_text(&t, "-");
    kdw_snapshot_free(&s);
}

static void hidden_is_told_with_what_led_there(void **state)
{
    struct text t = {0};

    (void)state;
    label_hidden(&t, KDW_FOUND_MEMORY | KDW_FOUND_CID, kdw_process_route_name);
    assert_text(&t, "hidden: not on PsActiveProcessHead; found by MmProcessLinks, PspCidTable");
}

static void a_list_that_breaks_off_is_not_whole(void **state)
{
    struct kdw_snapshot s;
    struct kdw_list_walk *list;

    (void)state;
    make(&s);
    assert_true(label_list_is_whole(&s, "PspJobList"));
    list = kdw_snapshot_add(&s, KDW_TABLE_LISTS, 0);
    assert_non_null(list);
    list->name = (struct kdw_text){.status = KD_OK, .utf8 = calloc(1, sizeof "PspJobList")};
    assert_non_null(list->name.utf8);
    memcpy(list->name.utf8, "PspJobList", sizeof "PspJobList");
    assert_false(label_list_is_whole(&s, "PspJobList"));
    assert_true(label_list_is_whole(&s, "PsActiveProcessHead"));
    kdw_snapshot_free(&s);
}

static void a_parent_is_older_than_its_child(void **state)
{
    struct kdw_snapshot s;
    struct kdw_process *child, *parent;

    (void)state;
    make(&s);
    parent = clean_record(&s, KDW_TABLE_PROCESSES, CLEAN_LSASS);
    child = clean_record(&s, KDW_TABLE_PROCESSES, CLEAN_MSMPENG);
    child->parent_pid = parent->pid;
    child->created_100ns = clean_known(1000);
    parent->created_100ns = clean_known(900);
    assert_ptr_equal(process_parent(&s, child), parent);
    parent->created_100ns = clean_known(1001); /* the number was used again */
    assert_null(process_parent(&s, child));
    child->parent_pid = child->pid;
    assert_null(process_parent(&s, child));
    kdw_snapshot_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silo_is_called_by_its_job),
        cmocka_unit_test(a_job_path_begins_outside),
        cmocka_unit_test(jobs_in_a_circle_end),
        cmocka_unit_test(an_empty_guid_is_no_container),
        cmocka_unit_test(a_logger_is_found_in_its_slot_of_its_state),
        cmocka_unit_test(code_is_named_by_its_module),
        cmocka_unit_test(hidden_is_told_with_what_led_there),
        cmocka_unit_test(a_list_that_breaks_off_is_not_whole),
        cmocka_unit_test(a_parent_is_older_than_its_child),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
