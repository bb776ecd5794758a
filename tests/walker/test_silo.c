#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "people.h"
#include "support/fake_people.h"

#define JOB     "_EJOB"
#define GLOBALS "_ESERVERSILO_GLOBALS"
#define SHARED  "_SILO_USER_SHARED_DATA"

#define SYSTEM UINT64_C(0xffffd18001000080)
#define SERVER UINT64_C(0xffffd18002000060)
#define APP    UINT64_C(0xffffd18002004060)
#define INNER  UINT64_C(0xffffd18002008060)
#define SILG   UINT64_C(0xffffd18003000000)
#define TEXT   UINT64_C(0xffffd18003004000)
#define DATA   UINT64_C(0xffffd18003008000)
#define ETW    UINT64_C(0xffffd18003010000)

/* A server silo, and in it a plain job; an app silo; a process of the plain one. */
static void make(struct fake_people *p, const char *build)
{
    fake_people_init(p, build);
    fake_people_process(p, SYSTEM, 4, "System");
    fake_people_process_is_listed(p, SYSTEM, 4);
    fake_people_job(p, SERVER, 88);
    fake_people_server_silo(p, SERVER, SILG);
    fake_people_job(p, INNER, 89);
    fake_kernel_put(&p->k, JOB, INNER, "ParentJob", SERVER);
    fake_people_job(p, APP, 90);
    fake_kernel_put(&p->k, JOB, APP, "Silo", 1);
    fake_people_job_is_listed(p, SERVER);
    fake_people_job_is_listed(p, INNER);
    fake_people_job_is_listed(p, APP);
}

static void put_globals(struct fake_people *p, bool is_pointer)
{
    uint64_t shared = SILG + fake_kernel_offset(&p->k, GLOBALS, "UserSharedData");

    fake_kernel_put(&p->k, GLOBALS, SILG, "EtwSiloState", ETW);
    fake_kernel_put(&p->k, GLOBALS, SILG, "State", 1);
    fake_kernel_put(&p->k, GLOBALS, SILG, "ExitStatus", 0x103);
    fake_kernel_put_text(&p->k, GLOBALS, SILG, "SiloRootDirectoryName", TEXT, "\\Silos\\88");
    if (is_pointer) {
        fake_kernel_put_text(&p->k, GLOBALS, SILG, "NtSystemRoot", TEXT + 0x100, "C:\\Windows");
        fake_mem_u64(&p->k.mem, shared, DATA);
        shared = DATA;
    }
    fake_kernel_put(&p->k, SHARED, shared, "ServiceSessionId", 3);
    fake_kernel_put(&p->k, SHARED, shared, "ActiveConsoleId", 4);
}

static const struct kdw_silo *find(const struct kdw_snapshot *s, uint64_t va)
{
    return kdw_snapshot_find(s, KDW_TABLE_SILOS, va);
}

static void done(struct fake_people *p, struct kdw_snapshot *s)
{
    kdw_snapshot_free(s);
    fake_people_deinit(p);
}

static void every_fact_of_a_server_silo_is_read_in_each_generation(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct kdw_silo *silo;
        struct kdw_snapshot s;
        struct fake_people p;

        make(&p, fake_people_builds[i]);
        put_globals(&p, i > 0);
        fake_people_take(&p, KDW_PART_SILOS, &s);
        assert_int_equal(s.tables[KDW_TABLE_SILOS].len, 3);
        silo = find(&s, SERVER);
        assert_int_equal(silo->kind.value, KDW_SILO_SERVER);
        assert_int_equal(silo->id.value, 88);
        assert_true(silo->parent_va.status == KD_OK && silo->parent_va.value == 0);
        assert_int_equal(silo->container_id.status, KD_OK);
        assert_true(silo->globals_va.value == SILG);
        assert_int_equal(silo->state.value, 1);
        assert_int_equal(silo->exit_status.value, 0x103);
        assert_string_equal(silo->root_directory.utf8, "\\Silos\\88");
        assert_int_equal(silo->system_root.status, i > 0 ? KD_OK : KD_ERR_NOT_FOUND);
        assert_int_equal(silo->service_session.value, 3);
        assert_int_equal(silo->console_session.value, 4);
        assert_true(silo->etw_state_va.value == ETW);
        assert_true(kdw_snapshot_is_complete(&s));
        done(&p, &s);
    }
}

static void the_host_is_a_silo_without_a_job_and_an_app_silo_one_without_globals(void **state)
{
    const struct kdw_silo *host, *app;
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    fake_kernel_put(&p.k, GLOBALS, p.host_va, "State", 1);
    fake_people_take(&p, KDW_PART_SILOS, &s);
    host = find(&s, 0);
    assert_int_equal(host->kind.value, KDW_SILO_HOST);
    assert_int_equal(host->id.value, 0);
    assert_true(host->globals_va.value == p.host_va);
    assert_int_equal(host->state.value, 1);
    assert_int_equal(host->service_session.status, KD_ERR_NOT_FOUND); /* its pointer is 0 */
    app = find(&s, APP);
    assert_int_equal(app->kind.value, KDW_SILO_APP);
    assert_true(app->globals_va.status == KD_OK && app->globals_va.value == 0);
    assert_int_equal(app->state.status, KD_ERR_NOT_FOUND);
    assert_null(find(&s, INNER));
    assert_true(kdw_snapshot_is_complete(&s));
    done(&p, &s);
}

static void a_silo_in_a_silo_names_the_nearest(void **state)
{
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    fake_kernel_put(&p.k, JOB, APP, "ParentJob", INNER);
    fake_people_take(&p, KDW_PART_SILOS, &s);
    assert_true(find(&s, APP)->parent_va.value == SERVER);
    done(&p, &s);
}

static void processes_are_in_the_nearest_silo_and_the_nearest_server_silo(void **state)
{
    const struct kdw_process *found;
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    fake_kernel_put(&p.k, JOB, APP, "ParentJob", INNER);
    fake_kernel_put(&p.k, "_EPROCESS", SYSTEM, "Job", APP);
    fake_people_take(&p, KDW_PART_PROCESSES, &s);
    found = fake_people_find(&s, SYSTEM);
    assert_true(found->silo_va.value == APP);
    assert_true(found->server_silo_va.value == SERVER);
    kdw_snapshot_free(&s);
    fake_kernel_put(&p.k, "_EPROCESS", SYSTEM, "Job", 0);
    fake_people_take(&p, KDW_PART_PROCESSES, &s);
    found = fake_people_find(&s, SYSTEM);
    assert_true(found->silo_va.status == KD_OK && found->silo_va.value == 0);
    assert_true(found->server_silo_va.status == KD_OK && found->server_silo_va.value == 0);
    done(&p, &s);
}

static void where_the_way_up_is_broken_the_silo_is_not_known(void **state)
{
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    fake_kernel_put(&p.k, "_EPROCESS", SYSTEM, "Job", TEXT); /* no job */
    fake_people_take(&p, KDW_PART_PROCESSES, &s);
    assert_int_equal(fake_people_find(&s, SYSTEM)->silo_va.status, KD_ERR_MALFORMED);
    assert_true(fake_people_find(&s, SYSTEM)->silo_va.fault_va == TEXT);
    kdw_snapshot_free(&s);

    fake_kernel_put(&p.k, "_EPROCESS", SYSTEM, "Job", INNER);
    fake_kernel_put(&p.k, JOB, INNER, "ParentJob", INNER);
    fake_people_take(&p, KDW_PART_PROCESSES, &s);
    assert_int_equal(fake_people_find(&s, SYSTEM)->silo_va.status, KD_ERR_CYCLE);
    kdw_snapshot_free(&s);

    fake_mem_unmap(&p.k.mem, INNER + fake_kernel_offset(&p.k, JOB, "JobFlags"), 4);
    fake_people_take(&p, KDW_PART_PROCESSES, &s);
    assert_int_equal(fake_people_find(&s, SYSTEM)->silo_va.status, KD_ERR_NOT_MAPPED);
    done(&p, &s);
}

static void a_job_that_nobody_holds_any_more_is_no_silo(void **state)
{
    uint64_t header;
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    header = SERVER - fake_kernel_offset(&p.k, "_OBJECT_HEADER", "Body");
    fake_kernel_put(&p.k, "_OBJECT_HEADER", header, "PointerCount", 0);
    fake_people_take(&p, KDW_PART_SILOS, &s);
    assert_null(find(&s, SERVER));
    assert_int_equal(fake_people_find_job(&s, SERVER)->pointer_count.value, 0);
    done(&p, &s);
}

static void globals_without_the_flag_make_a_silo_all_the_same(void **state)
{
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    fake_kernel_put(&p.k, JOB, SERVER, "Silo", 0); /* which no kernel does */
    fake_people_take(&p, KDW_PART_SILOS, &s);
    assert_int_equal(find(&s, SERVER)->kind.value, KDW_SILO_SERVER);
    done(&p, &s);
}

static void for_a_list_of_loggers_only_their_state_is_read(void **state)
{
    struct kdw_snapshot s = {0};
    struct fake_people p;
    struct kdw_walk w = {.s = &s, .parts = KDW_PART_LOGGERS | KDW_PART_SILOS | KDW_PART_JOBS};

    (void)state;
    make(&p, "18362");
    put_globals(&p, true);
    w.asked = KDW_PART_LOGGERS;
    w.k = &p.k.kernel;
    assert_int_equal(kdw_walk_jobs(&w), KD_OK);
    assert_int_equal(kdw_walk_silos(&w), KD_OK);
    assert_int_equal(kdw_walk_silos(&w), KD_OK); /* once more adds nothing */
    assert_int_equal(s.tables[KDW_TABLE_SILOS].len, 3);
    assert_false(s.tables[KDW_TABLE_SILOS].is_taken);
    assert_true(find(&s, SERVER)->etw_state_va.value == ETW);
    assert_int_equal(find(&s, SERVER)->id.value, 88);
    assert_int_equal(find(&s, SERVER)->root_directory.status, KD_ERR_NOT_FOUND);
    done(&p, &s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fact_of_a_server_silo_is_read_in_each_generation),
        cmocka_unit_test(the_host_is_a_silo_without_a_job_and_an_app_silo_one_without_globals),
        cmocka_unit_test(a_silo_in_a_silo_names_the_nearest),
        cmocka_unit_test(processes_are_in_the_nearest_silo_and_the_nearest_server_silo),
        cmocka_unit_test(where_the_way_up_is_broken_the_silo_is_not_known),
        cmocka_unit_test(a_job_that_nobody_holds_any_more_is_no_silo),
        cmocka_unit_test(globals_without_the_flag_make_a_silo_all_the_same),
        cmocka_unit_test(for_a_list_of_loggers_only_their_state_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
