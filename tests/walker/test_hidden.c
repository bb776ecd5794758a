#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "people.h"
#include "support/fake_people.h"

#define JOB     "_EJOB"
#define PROCESS "_EPROCESS"

#define SYSTEM UINT64_C(0xffffd18001000080)
#define FIRST  UINT64_C(0xffffd18001004080)
#define SECOND UINT64_C(0xffffd18001008080)

#define LISTED UINT64_C(0xffffd18002000060)
#define HIDDEN UINT64_C(0xffffd18002004060)
#define UPPER  UINT64_C(0xffffd18002008060)
#define ARRAY  UINT64_C(0xffffd18003000000)
#define WILD   UINT64_C(0xffffd1800badf000)

static void make(struct fake_people *p, const char *build)
{
    fake_people_init(p, build);
    fake_people_process(p, SYSTEM, 4, "System");
    fake_people_process_is_listed(p, SYSTEM, 4);
    fake_people_process(p, FIRST, 0x100, "calc.exe");
    fake_people_process(p, SECOND, 0x104, "notepad.exe");
    fake_people_job(p, LISTED, 1);
    fake_people_job_is_listed(p, LISTED);
    fake_people_job(p, HIDDEN, 2);
    fake_people_job(p, UPPER, 3);
}

static void done(struct fake_people *p, struct kdw_snapshot *s)
{
    kdw_snapshot_free(s);
    fake_people_deinit(p);
}

static uint64_t found_job(const struct kdw_snapshot *s, uint64_t va)
{
    const struct kdw_job *job = fake_people_find_job(s, va);

    return job ? job->found.value : 0;
}

static uint64_t found(const struct kdw_snapshot *s, uint64_t va)
{
    const struct kdw_process *p = fake_people_find(s, va);

    return p ? p->found.value : 0;
}

static void head(struct fake_people *p, uint64_t job_va, const char *list, const char *type,
                 uint64_t va, const char *links)
{
    fake_people_link(p, job_va + fake_kernel_offset(&p->k, JOB, list), type, va, links);
}

static void a_job_is_found_by_the_process_in_it_and_by_the_silo_that_it_names(void **state)
{
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    fake_kernel_put(&p.k, PROCESS, SYSTEM, "Job", HIDDEN);
    fake_kernel_put(&p.k, PROCESS, SYSTEM, "ServerSilo", UPPER);
    fake_people_take(&p, KDW_PART_PROCESSES, &s);
    assert_int_equal(found_job(&s, LISTED), KDW_FOUND_LIST);
    assert_int_equal(found_job(&s, HIDDEN), KDW_FOUND_PROCESS);
    assert_int_equal(found_job(&s, UPPER), KDW_FOUND_SILO);
    assert_int_equal(fake_people_find_job(&s, UPPER)->id.value, 3);
    assert_true(kdw_snapshot_is_complete(&s));
    done(&p, &s);
}

/* What a page holds reads as pointers, and of what they lead to nobody knows what it is. */
static void where_types_cannot_be_read_nothing_leads_to_a_job(void **state)
{
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    fake_kernel_put(&p.k, PROCESS, SYSTEM, "Job", HIDDEN);
    fake_kernel_put(&p.k, JOB, LISTED, "ParentJob", UPPER);
    fake_mem_u64(&p.k.mem, fake_kernel_global(&p.k, "PsJobType"), WILD);
    fake_people_take(&p, KDW_PART_PROCESSES, &s);
    assert_int_equal(found_job(&s, LISTED), KDW_FOUND_LIST);
    assert_int_equal(s.tables[KDW_TABLE_JOBS].len, 1);
    done(&p, &s);
}

/* Each the parent of the one before, and of the first a job that is listed. */
static void of_jobs_that_only_jobs_lead_to_there_are_only_so_many(void **state)
{
    enum { CHAIN = 300, BOUND = 256 };
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    fake_kernel_put(&p.k, JOB, LISTED, "ParentJob", ARRAY);
    for (uint64_t i = 0; i < CHAIN; i++) {
        fake_people_job(&p, ARRAY + 0x1000 * i, 100 + i);
        fake_kernel_put(&p.k, JOB, ARRAY + 0x1000 * i, "ParentJob", ARRAY + 0x1000 * (i + 1));
    }
    fake_people_take(&p, KDW_PART_JOBS, &s);
    assert_int_equal(s.tables[KDW_TABLE_JOBS].len, 1 + BOUND);
    assert_true(s.tables[KDW_TABLE_JOBS].is_cut);
    done(&p, &s);
}

static void a_job_is_found_by_its_relatives(void **state)
{
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    for (size_t way = 0; way < 4; way++) {
        make(&p, fake_people_builds[way % 3]);
        if (way == 0)
            fake_kernel_put(&p.k, JOB, LISTED, "ParentJob", HIDDEN);
        else if (way == 1)
            fake_kernel_put(&p.k, JOB, LISTED, "RootJob", HIDDEN);
        else if (way == 2)
            head(&p, LISTED, "ChildJobListHead", JOB, HIDDEN, "SiblingJobLinks");
        else {
            fake_kernel_put(&p.k, JOB, LISTED, "AncestorCount", 1);
            fake_kernel_put(&p.k, JOB, LISTED, "Ancestors", ARRAY);
            fake_mem_u64(&p.k.mem, ARRAY, HIDDEN);
        }
        fake_kernel_put(&p.k, JOB, HIDDEN, "ParentJob", UPPER); /* and so on */
        fake_people_take(&p, KDW_PART_JOBS, &s);
        assert_int_equal(found_job(&s, LISTED), KDW_FOUND_LIST);
        assert_int_equal(found_job(&s, HIDDEN), KDW_FOUND_TREE);
        assert_int_equal(found_job(&s, UPPER), KDW_FOUND_TREE);
        assert_true(kdw_snapshot_is_complete(&s));
        done(&p, &s);
    }
}

static void a_process_is_found_by_its_job_and_by_its_session(void **state)
{
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    fake_people_session(&p, ARRAY, 1);
    fake_kernel_put(&p.k, PROCESS, FIRST, "Session", ARRAY);
    fake_kernel_put(&p.k, PROCESS, FIRST, "Job", LISTED);
    head(&p, LISTED, "ProcessListHead", PROCESS, FIRST, "JobLinks");
    fake_people_link(&p, ARRAY + fake_kernel_offset(&p.k, "_MM_SESSION_SPACE", "ProcessList"),
                     PROCESS, SECOND, "SessionProcessLinks");
    fake_people_take(&p, KDW_PART_PROCESSES, &s);
    assert_int_equal(found(&s, FIRST), KDW_FOUND_JOB);
    assert_int_equal(found(&s, SECOND), KDW_FOUND_SESSION); /* of a session that FIRST led to */
    assert_int_equal(found_job(&s, LISTED), KDW_FOUND_LIST | KDW_FOUND_PROCESS);
    assert_true(kdw_snapshot_is_complete(&s));
    done(&p, &s);
}

static void what_is_no_job_or_process_gets_no_record(void **state)
{
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    fake_people_object(&p, HIDDEN, FAKE_THREAD_TYPE);
    fake_kernel_put(&p.k, PROCESS, SYSTEM, "Job", WILD);
    fake_kernel_put(&p.k, PROCESS, SYSTEM, "ServerSilo", HIDDEN);
    head(&p, LISTED, "ProcessListHead", JOB, UPPER, "JobLinks"); /* whose links are elsewhere */
    fake_people_take(&p, KDW_PART_PROCESSES, &s);
    assert_int_equal(s.tables[KDW_TABLE_JOBS].len, 1);
    assert_int_equal(s.tables[KDW_TABLE_PROCESSES].len, 1);
    assert_true(fake_people_find(&s, SYSTEM)->job_va.value == WILD);
    done(&p, &s);
}

static void relatives_in_a_circle_are_gone_through_once(void **state)
{
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    fake_kernel_put(&p.k, JOB, LISTED, "ParentJob", HIDDEN);
    fake_kernel_put(&p.k, JOB, HIDDEN, "ParentJob", LISTED);
    head(&p, HIDDEN, "ChildJobListHead", JOB, LISTED, "SiblingJobLinks");
    head(&p, LISTED, "ChildJobListHead", JOB, HIDDEN, "SiblingJobLinks");
    fake_people_take(&p, KDW_PART_PROCESSES, &s);
    assert_int_equal(s.tables[KDW_TABLE_JOBS].len, 2);
    assert_int_equal(found_job(&s, LISTED), KDW_FOUND_LIST | KDW_FOUND_TREE);
    done(&p, &s);
}

static void a_count_of_ancestors_that_none_can_have_is_bounded(void **state)
{
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    fake_kernel_put(&p.k, JOB, LISTED, "AncestorCount", ~UINT64_C(0));
    fake_kernel_put(&p.k, JOB, LISTED, "Ancestors", ARRAY);
    fake_mem_zero(&p.k.mem, ARRAY, 0x10000);
    fake_mem_u64(&p.k.mem, ARRAY + 8 * 255, HIDDEN);
    fake_mem_u64(&p.k.mem, ARRAY + 8 * 256, UPPER);
    fake_people_take(&p, KDW_PART_JOBS, &s);
    assert_int_equal(found_job(&s, HIDDEN), KDW_FOUND_TREE);
    assert_int_equal(found_job(&s, UPPER), 0);
    done(&p, &s);
}

static void tracing_knows_of_jobs_and_processes_too(void **state)
{
    struct kdw_snapshot s = {0};
    struct fake_people p;
    struct kdw_walk w = {.s = &s, .parts = KDW_PART_ALL, .asked = KDW_PART_ALL};
    struct kdw_etw_state *etw;
    struct kdw_consumer *c;

    (void)state;
    make(&p, "18362");
    fake_people_server_silo(&p, HIDDEN, ARRAY);
    w.k = &p.k.kernel;
    etw = kdw_snapshot_add(&s, KDW_TABLE_STATES, WILD);
    etw->own_silo_va = kdw_known(HIDDEN);
    c = kdw_snapshot_add(&s, KDW_TABLE_CONSUMERS, WILD);
    c->process_va = kdw_known(SECOND);
    fake_kernel_put(&p.k, PROCESS, SECOND, "Job", UPPER);
    assert_int_equal(kdw_walk_hidden(&w), KD_OK);
    assert_int_equal(kdw_walk_hidden_by_etw(&w), KD_OK);
    assert_int_equal(found_job(&s, HIDDEN), KDW_FOUND_SILO);
    assert_int_equal(found(&s, SECOND), KDW_FOUND_CONSUMER);
    assert_int_equal(found_job(&s, UPPER), KDW_FOUND_PROCESS);
    assert_non_null(kdw_snapshot_find(&s, KDW_TABLE_SILOS, HIDDEN));
    done(&p, &s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_is_found_by_the_process_in_it_and_by_the_silo_that_it_names),
        cmocka_unit_test(where_types_cannot_be_read_nothing_leads_to_a_job),
        cmocka_unit_test(of_jobs_that_only_jobs_lead_to_there_are_only_so_many),
        cmocka_unit_test(a_job_is_found_by_its_relatives),
        cmocka_unit_test(a_process_is_found_by_its_job_and_by_its_session),
        cmocka_unit_test(what_is_no_job_or_process_gets_no_record),
        cmocka_unit_test(relatives_in_a_circle_are_gone_through_once),
        cmocka_unit_test(a_count_of_ancestors_that_none_can_have_is_bounded),
        cmocka_unit_test(tracing_knows_of_jobs_and_processes_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
