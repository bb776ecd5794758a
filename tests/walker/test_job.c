#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "people.h"
#include "support/fake_people.h"

#define JOB    "_EJOB"
#define FIRST  UINT64_C(0xffffd18001000060)
#define SECOND UINT64_C(0xffffd18001002060)

static void put_all(struct fake_people *p, uint64_t va)
{
    static const uint8_t id[16] = {0x10, 0x32};

    fake_kernel_put(&p->k, JOB, va, "JobFlags", 0x40000010);
    fake_kernel_put(&p->k, JOB, va, "LimitFlags", 0x2000);
    fake_kernel_put(&p->k, JOB, va, "ParentJob", SECOND);
    fake_kernel_put(&p->k, JOB, va, "NestingDepth", 1);
    fake_kernel_put(&p->k, JOB, va, "SessionId", 2);
    fake_kernel_put(&p->k, JOB, va, "ActiveProcesses", 3);
    fake_kernel_put(&p->k, JOB, va, "TotalProcesses", 5);
    fake_kernel_put(&p->k, JOB, va, "TotalTerminatedProcesses", 1);
    fake_mem_write(&p->k.mem, va + fake_kernel_offset(&p->k, JOB, "ContainerId"), id, sizeof id);
}

static void every_fact_of_a_job_is_read_in_each_generation(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct kdw_job *job;
        struct kdw_snapshot s;
        struct fake_people p;

        fake_people_init(&p, fake_people_builds[i]);
        fake_people_job(&p, FIRST, 17);
        fake_people_job(&p, SECOND, 18);
        put_all(&p, FIRST);
        fake_people_job_is_listed(&p, FIRST);
        fake_people_take(&p, KDW_PART_JOBS, &s);
        assert_true(s.tables[KDW_TABLE_JOBS].is_taken);
        assert_false(s.tables[KDW_TABLE_PROCESSES].is_taken);
        assert_true(kdw_snapshot_is_complete(&s));
        job = fake_people_find_job(&s, FIRST);
        assert_non_null(job);
        assert_int_equal(job->found.value, KDW_FOUND_LIST);
        assert_int_equal(job->id.value, 17);
        assert_int_equal(job->pointer_count.value, 1);
        assert_int_equal(job->type_index.value, FAKE_JOB_TYPE);
        assert_int_equal(job->flags.value, 0x40000010);
        assert_int_equal(job->limit_flags.value, 0x2000);
        assert_true(job->parent_va.value == SECOND);
        assert_true(job->root_va.value == FIRST);
        assert_int_equal(job->nesting_depth.value, 1);
        assert_int_equal(job->session_id.value, 2);
        assert_int_equal(job->processes_active.value, 3);
        assert_int_equal(job->processes_total.value, 5);
        assert_int_equal(job->processes_terminated.value, 1);
        assert_int_equal(job->container_id.bytes[1], 0x32);
        assert_true(job->globals_va.status == KD_OK && job->globals_va.value == 0);
        assert_true(job->storage_va.status == KD_OK && job->storage_va.value == 0);
        kdw_snapshot_free(&s);
        fake_people_deinit(&p);
    }
}

static void what_is_in_the_list_but_no_job_says_so_itself(void **state)
{
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    fake_people_init(&p, "18362");
    fake_people_job(&p, FIRST, 17);
    fake_people_object(&p, FIRST, FAKE_THREAD_TYPE);
    fake_kernel_put(&p.k, JOB, FIRST, "ParentJob", SECOND); /* where nobody goes */
    fake_people_job(&p, SECOND, 18);
    fake_people_job_is_listed(&p, FIRST);
    fake_people_take(&p, KDW_PART_JOBS, &s);
    assert_int_equal(s.tables[KDW_TABLE_JOBS].len, 1);
    assert_int_equal(fake_people_find_job(&s, FIRST)->type_index.value, FAKE_THREAD_TYPE);
    kdw_snapshot_free(&s);
    fake_people_deinit(&p);
}

static void a_hole_in_a_job_is_a_gap_and_one_in_the_list_breaks_it_off(void **state)
{
    const struct kdw_list_walk *list;
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    fake_people_init(&p, "18362");
    fake_people_job(&p, FIRST, 17);
    fake_people_job(&p, SECOND, 18);
    fake_people_job_is_listed(&p, FIRST);
    fake_people_job_is_listed(&p, SECOND);
    fake_mem_unmap(&p.k.mem, FIRST + fake_kernel_offset(&p.k, JOB, "JobId"), 4);
    fake_people_take(&p, KDW_PART_JOBS, &s);
    assert_int_equal(s.tables[KDW_TABLE_JOBS].len, 2);
    assert_int_equal(fake_people_find_job(&s, FIRST)->id.status, KD_ERR_NOT_MAPPED);
    assert_int_equal(fake_people_find_job(&s, SECOND)->id.value, 18);
    kdw_snapshot_free(&s);

    fake_mem_unmap(&p.k.mem, SECOND + fake_kernel_offset(&p.k, JOB, "JobLinks"), 16);
    fake_people_take(&p, KDW_PART_JOBS, &s);
    assert_int_equal(s.tables[KDW_TABLE_JOBS].len, 1);
    assert_int_equal(s.tables[KDW_TABLE_LISTS].len, 1);
    list = s.tables[KDW_TABLE_LISTS].records;
    assert_string_equal(list->name.utf8, "PspJobList");
    assert_false(kdw_snapshot_is_complete(&s));
    kdw_snapshot_free(&s);
    fake_people_deinit(&p);
}

static void a_list_of_loggers_asks_of_jobs_only_what_tells_silos(void **state)
{
    struct kdw_snapshot s = {0};
    struct fake_people p;
    struct kdw_walk w = {.s = &s, .parts = KDW_PART_LOGGERS | KDW_PART_SILOS | KDW_PART_JOBS};

    (void)state;
    fake_people_init(&p, "18362");
    w.asked = KDW_PART_LOGGERS;
    w.k = &p.k.kernel;
    fake_people_job(&p, FIRST, 17);
    put_all(&p, FIRST);
    fake_people_job_is_listed(&p, FIRST);
    assert_int_equal(kdw_walk_jobs(&w), KD_OK);
    assert_false(s.tables[KDW_TABLE_JOBS].is_taken);
    assert_int_equal(fake_people_find_job(&s, FIRST)->flags.value, 0x40000010);
    assert_int_equal(fake_people_find_job(&s, FIRST)->session_id.status, KD_ERR_NOT_FOUND);
    kdw_snapshot_free(&s);
    fake_people_deinit(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fact_of_a_job_is_read_in_each_generation),
        cmocka_unit_test(what_is_in_the_list_but_no_job_says_so_itself),
        cmocka_unit_test(a_hole_in_a_job_is_a_gap_and_one_in_the_list_breaks_it_off),
        cmocka_unit_test(a_list_of_loggers_asks_of_jobs_only_what_tells_silos),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
