#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_people.h"

#define SESSION "_MM_SESSION_SPACE"
#define PROCESS UINT64_C(0xffffd18001000080)
#define OTHER   UINT64_C(0xffffd18001004080)
#define VA      UINT64_C(0xffffd18002000000)

static void make(struct fake_people *p, const char *build)
{
    fake_people_init(p, build);
    fake_people_process(p, PROCESS, 4, "System");
    fake_people_process_is_listed(p, PROCESS, 4);
    fake_people_process(p, OTHER, 0x1234, "calc.exe");
    fake_people_process_is_listed(p, OTHER, 0x1234);
    fake_people_session(p, VA, 3);
    fake_kernel_put(&p->k, "_EPROCESS", OTHER, "Session", VA);
    fake_people_link(p, VA + fake_kernel_offset(&p->k, SESSION, "ProcessList"), "_EPROCESS", OTHER,
                     "SessionProcessLinks");
}

static void sessions_are_those_of_processes_and_say_when_they_began(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct kdw_session *session;
        struct kdw_snapshot s;
        struct fake_people p;

        make(&p, fake_people_builds[i]);
        fake_kernel_put(&p.k, SESSION, VA, "CreateTime", 77);
        fake_kernel_put(&p.k, SESSION, VA, "ProcessReferenceToSession", 1);
        fake_people_take(&p, KDW_PART_PROCESSES, &s);
        assert_int_equal(s.tables[KDW_TABLE_SESSIONS].len, 1);
        session = s.tables[KDW_TABLE_SESSIONS].records;
        assert_true(session->va == VA);
        assert_int_equal(session->id.value, 3);
        assert_int_equal(session->created_100ns.value, 77);
        assert_int_equal(session->processes.value, 1);
        assert_int_equal(fake_people_find(&s, OTHER)->session_id.value, 3);
        assert_int_equal(fake_people_find(&s, PROCESS)->session_id.status, KD_ERR_NOT_FOUND);
        assert_true(kdw_snapshot_is_complete(&s));
        kdw_snapshot_free(&s);
        fake_people_deinit(&p);
    }
}

static void a_session_that_cannot_be_read_is_known_by_its_address(void **state)
{
    const struct kdw_session *session;
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    fake_kernel_put(&p.k, "_EPROCESS", OTHER, "Session", VA + 0x100000);
    fake_people_take(&p, KDW_PART_PROCESSES, &s);
    session = s.tables[KDW_TABLE_SESSIONS].records;
    assert_true(session->va == VA + 0x100000);
    assert_int_equal(session->id.status, KD_ERR_NOT_MAPPED);
    assert_int_equal(fake_people_find(&s, OTHER)->session_id.status, KD_ERR_NOT_MAPPED);
    assert_int_equal(s.tables[KDW_TABLE_LISTS].len, 1); /* of its processes */
    kdw_snapshot_free(&s);
    fake_people_deinit(&p);
}

static void where_the_pointer_is_missing_the_id_is_for_that_reason(void **state)
{
    const struct kdw_process *found;
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    fake_mem_unmap(&p.k.mem, OTHER + fake_kernel_offset(&p.k, "_EPROCESS", "Session"), 8);
    fake_people_take(&p, KDW_PART_PROCESSES, &s);
    found = fake_people_find(&s, OTHER);
    assert_int_equal(found->session_id.status, KD_ERR_NOT_MAPPED);
    assert_true(found->session_id.fault_va == found->session_va.fault_va);
    kdw_snapshot_free(&s);
    fake_people_deinit(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_are_those_of_processes_and_say_when_they_began),
        cmocka_unit_test(a_session_that_cannot_be_read_is_known_by_its_address),
        cmocka_unit_test(where_the_pointer_is_missing_the_id_is_for_that_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
