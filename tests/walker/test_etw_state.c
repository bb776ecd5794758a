#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "etw_parts.h"
#include "support/fake_etw.h"

#define STATE "_ETW_SILODRIVERSTATE"

#define VA_A    UINT64_C(0xffffa80faafd39c0)
#define NOWHERE UINT64_C(0xffffa80f11110000)

static void put_route(struct fake_etw *e, uint64_t state_va)
{
    fake_kernel_put(&e->k, "_ESERVERSILO_GLOBALS", fake_kernel_global(&e->k, "PspHostSiloGlobals"),
                    "EtwSiloState", state_va);
}

static void put_pointer(struct fake_etw *e, uint64_t state_va)
{
    fake_mem_u64(&e->k.mem, fake_kernel_global(&e->k, "EtwpHostSiloState"), state_va);
}

static void the_host_is_found_by_three_routes_in_each_generation(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct kdw_etw_state *host;
        struct kdw_snapshot s;
        struct fake_etw e;

        fake_etw_init(&e, fake_etw_builds[i], 64);
        fake_etw_take(&e, KDW_PART_LOGGERS, &s);
        assert_int_equal(s.tables[KDW_TABLE_STATES].len, 1);
        host = fake_etw_host(&s);
        assert_true(host->va == e.host.va);
        assert_int_equal(host->silo_va.status, KD_OK);
        assert_true(host->silo_va.value == 0);
        assert_true(host->by_silo_globals.value == e.host.va);
        assert_true(host->by_host_pointer.value == e.host.va);
        assert_true(host->by_debugger_data.value == e.host.array_va);
        assert_true(host->contexts_va.value == e.host.array_va);
        assert_true(host->rundowns_va.value == e.host.array_va - 64 * 8);
        assert_int_equal(host->max_loggers.status, i == 0 ? KD_ERR_NOT_FOUND : KD_OK);
        assert_int_equal(host->slots.value, 64);
        assert_int_equal(host->free_slots.value, 64);
        assert_true(kdw_snapshot_is_complete(&s));
        kdw_snapshot_free(&s);
        fake_etw_deinit(&e);
    }
}

static void every_fact_of_a_state_is_read(void **state)
{
    static const uint8_t id[16] = {0x10, 0x32, 0x54, 0x76};
    const struct kdw_etw_state *host;
    struct kdw_snapshot s;
    struct fake_etw e;
    uint64_t va, pool;

    (void)state;
    fake_etw_init(&e, "22000", 80);
    va = e.host.va;
    pool = va + fake_kernel_offset(&e.k, STATE, "EtwpCounters.PoolUsage");
    fake_kernel_put(&e.k, STATE, va, "Silo", 0);
    fake_kernel_put(&e.k, STATE, va, "SiloGlobals", VA_A);
    fake_kernel_put(&e.k, STATE, va, "EtwpSecurityProviderEnableMask", 3);
    fake_kernel_put(&e.k, STATE, va, "EtwpShutdownInProgress", 1);
    fake_kernel_put(&e.k, STATE, va, "EtwpSecurityProviderPID", 0x2bc);
    fake_kernel_put(&e.k, STATE, va, "EtwpCounters.GuidCount", 1203);
    fake_kernel_put(&e.k, STATE, va, "EtwpCounters.SessionCount", 33);
    fake_mem_u32(&e.k.mem, pool, 1000);
    fake_mem_u32(&e.k.mem, pool + 4, 2000);
    fake_kernel_put(&e.k, STATE, va, "LogfileBytesWritten", 0x13877c00);
    fake_mem_write(&e.k.mem, va + fake_kernel_offset(&e.k, STATE, "PartitionId"), id, sizeof id);
    fake_kernel_put(&e.k, STATE, va, "PartitionName", NOWHERE);
    fake_kernel_put(&e.k, STATE, va, "PartitionNameSize", 9);
    fake_mem_write(&e.k.mem, NOWHERE, "container", 9);
    fake_kernel_put(&e.k, STATE, va, "PartitionType", 2);
    fake_kernel_put(&e.k, STATE, va, "QpcOffsetFromRoot", 77);
    fake_kernel_put(&e.k, STATE, va, "SystemLoggerSettings.EtwpActiveSystemLoggers", 5);
    fake_kernel_put(&e.k, STATE, va, "EtwpStartTraceMutex.OwnerThread", VA_A + 8);
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
    host = fake_etw_host(&s);
    assert_true(host->own_silo_va.value == 0);
    assert_true(host->own_globals_va.value == VA_A);
    assert_int_equal(host->security_mask.value, 3);
    assert_int_equal(host->shutdown.value, 1);
    assert_int_equal(host->security_pid.value, 0x2bc);
    assert_int_equal(host->guid_count.value, 1203);
    assert_int_equal(host->session_count.value, 33);
    assert_int_equal(host->pool_nonpaged.value, 1000);
    assert_int_equal(host->pool_paged.value, 2000);
    assert_int_equal(host->bytes_written.value, 0x13877c00);
    assert_memory_equal(host->partition_id.bytes, id, sizeof id);
    assert_int_equal(host->parent_id.status, KD_OK);
    assert_string_equal(host->partition_name.utf8, "container");
    assert_int_equal(host->partition_type.value, 2);
    assert_int_equal(host->qpc_offset.value, 77);
    assert_int_equal(host->active_system_loggers.value, 5);
    assert_true(host->start_owner_va.value == VA_A + 8);
    assert_int_equal(host->slots.value, 80);
    for (size_t i = 0; i < kdw_snapshot_tables[KDW_TABLE_STATES].facts_len; i++) {
        const struct kdw_fact *fact = &kdw_snapshot_tables[KDW_TABLE_STATES].facts[i];

        if (fact->kind != KDW_FACT_KEY && fact->kind != KDW_FACT_TEXT &&
            fact->kind != KDW_FACT_GUID)
            assert_int_equal(
                ((const struct kdw_u64 *)(const void *)((const uint8_t *)host + fact->offset))
                    ->status,
                KD_OK);
    }
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void what_a_state_lacks_is_no_gap_and_a_hole_is_one(void **state)
{
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "14393", 64);
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
    assert_int_equal(fake_etw_host(&s)->guid_count.status, KD_ERR_NOT_FOUND);
    assert_int_equal(fake_etw_host(&s)->partition_name.status, KD_ERR_NOT_FOUND);
    assert_true(kdw_snapshot_is_complete(&s));
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);

    fake_etw_init(&e, "18362", 64);
    fake_mem_unmap(&e.k.mem, e.host.va + 0x1000, 0x1000);
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
    assert_int_equal(fake_etw_host(&s)->guid_count.status, KD_OK);
    assert_int_equal(fake_etw_host(&s)->partition_id.status, KD_ERR_NOT_MAPPED);
    assert_false(kdw_snapshot_is_complete(&s));
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void max_loggers_is_honoured_and_cut_where_it_is_beyond_reason(void **state)
{
    const struct kdw_etw_state *host;
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "22000", 2000);
    fake_kernel_put(&e.k, STATE, e.host.va, "MaxLoggers", 0xffffffff);
    fake_etw_take(&e, KDW_PART_LOGGERS, &s);
    host = fake_etw_host(&s);
    assert_true(host->max_loggers.value == 0xffffffff);
    assert_int_equal(host->slots.value, KDW_LOGGERS_MAX);
    assert_int_equal(host->free_slots.value, KDW_LOGGERS_MAX);
    assert_true(s.tables[KDW_TABLE_LOGGERS].is_cut);
    assert_false(kdw_snapshot_is_complete(&s));
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void routes_that_disagree_are_facts(void **state)
{
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    put_pointer(&e, NOWHERE);
    fake_mem_u64(&e.k.mem, fake_kernel_global(&e.k, "EtwpDebuggerData") + 0x10, NOWHERE + 8);
    fake_etw_take(&e, KDW_PART_LOGGERS, &s);
    assert_int_equal(s.tables[KDW_TABLE_STATES].len, 1);
    assert_true(fake_etw_host(&s)->va == e.host.va);
    assert_true(fake_etw_host(&s)->by_host_pointer.value == NOWHERE);
    assert_true(fake_etw_host(&s)->by_debugger_data.value == NOWHERE + 8);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void assert_host_found(struct fake_etw *e)
{
    struct kdw_snapshot s;

    fake_etw_take(e, KDW_PART_LOGGERS, &s);
    assert_int_equal(s.tables[KDW_TABLE_STATES].len, 1);
    assert_true(fake_etw_host(&s)->va == e->host.va);
    assert_int_equal(fake_etw_host(&s)->free_slots.value, 64);
    kdw_snapshot_free(&s);
}

static void the_second_route_is_taken_where_the_first_leads_nowhere(void **state)
{
    struct fake_etw e;
    uint64_t globals;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    globals = fake_kernel_global(&e.k, "PspHostSiloGlobals");
    put_route(&e, NOWHERE);
    assert_host_found(&e);
    put_route(&e, 0);
    assert_host_found(&e);
    fake_mem_zero(&e.k.mem, NOWHERE, 0x1200); /* readable, but no state */
    put_route(&e, NOWHERE);
    assert_host_found(&e);
    fake_mem_unmap(&e.k.mem,
                   globals + fake_kernel_offset(&e.k, "_ESERVERSILO_GLOBALS", "EtwSiloState"), 8);
    assert_host_found(&e);
    fake_etw_deinit(&e);
}

static void where_all_routes_are_in_vain_the_first_says_why(void **state)
{
    const struct kdw_etw_state *host;
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    put_route(&e, NOWHERE);
    put_pointer(&e, NOWHERE + 0x10000);
    fake_etw_take(&e, KDW_PART_LOGGERS, &s);
    host = fake_etw_host(&s);
    assert_true(host->va == NOWHERE);
    assert_int_equal(host->slots.status, KD_ERR_NOT_MAPPED);
    assert_false(kdw_snapshot_is_complete(&s));
    kdw_snapshot_free(&s);

    put_route(&e, 0);
    fake_mem_unmap(&e.k.mem, fake_kernel_global(&e.k, "EtwpHostSiloState"), 8);
    fake_etw_take(&e, KDW_PART_LOGGERS, &s);
    host = fake_etw_host(&s);
    assert_true(host->va == 0);
    assert_int_equal(host->by_host_pointer.status, KD_ERR_NOT_MAPPED);
    assert_int_equal(host->slots.status, KD_ERR_NOT_FOUND);
    fake_etw_loggers(&s, 0);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

/* A silo as the walk over jobs would have found it. */
static void add_silo(struct kdw_snapshot *s, uint64_t va, uint64_t etw_state_va)
{
    struct kdw_silo *silo = kdw_snapshot_add(s, KDW_TABLE_SILOS, va);

    assert_non_null(silo);
    silo->kind = kdw_known(va ? KDW_SILO_SERVER : KDW_SILO_HOST);
    silo->etw_state_va = kdw_known(etw_state_va);
}

static void every_server_silo_has_a_state_of_its_own(void **state)
{
    struct kdw_snapshot s = {0};
    struct kdw_walk w = {.s = &s, .parts = KDW_PART_LOGGERS};
    struct fake_state inner;
    struct fake_etw e;
    const struct kdw_etw_state *states;
    const struct kdw_logger *loggers;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    fake_etw_state(&e, NOWHERE, NOWHERE + 0x2000, 32, &inner);
    fake_etw_logger(&e, &e.host, 2, VA_A, "of the host");
    fake_etw_logger(&e, &inner, 3, VA_A + 0x10000, "of the container");
    w.k = &e.k.kernel;
    add_silo(&s, 0, e.host.va);
    add_silo(&s, VA_A + 0x20000, inner.va);
    add_silo(&s, VA_A + 0x30000, 0);        /* has none yet */
    add_silo(&s, VA_A + 0x40000, inner.va); /* another's: once is enough */
    assert_int_equal(kdw_walk_states(&w), KD_OK);
    assert_int_equal(kdw_walk_loggers(&w), KD_OK);
    assert_int_equal(s.tables[KDW_TABLE_STATES].len, 2);
    states = fake_etw_host(&s);
    assert_true(states[1].va == inner.va);
    assert_true(states[1].silo_va.value == VA_A + 0x20000);
    assert_true(states[1].by_silo_globals.value == inner.va);
    assert_int_equal(states[1].by_host_pointer.status, KD_ERR_NOT_FOUND);
    assert_int_equal(states[1].slots.value, 32);
    assert_int_equal(states[1].free_slots.value, 31);
    loggers = fake_etw_loggers(&s, 2);
    assert_true(loggers[0].state_va.value == e.host.va);
    assert_true(loggers[1].state_va.value == inner.va);
    assert_int_equal(loggers[1].id.value, 3);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void nothing_is_read_for_other_parts(void **state)
{
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    fake_etw_take(&e, KDW_PART_CPUS, &s);
    assert_false(s.tables[KDW_TABLE_STATES].is_taken);
    assert_int_equal(s.tables[KDW_TABLE_STATES].len, 0);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_host_is_found_by_three_routes_in_each_generation),
        cmocka_unit_test(every_fact_of_a_state_is_read),
        cmocka_unit_test(what_a_state_lacks_is_no_gap_and_a_hole_is_one),
        cmocka_unit_test(max_loggers_is_honoured_and_cut_where_it_is_beyond_reason),
        cmocka_unit_test(routes_that_disagree_are_facts),
        cmocka_unit_test(the_second_route_is_taken_where_the_first_leads_nowhere),
        cmocka_unit_test(where_all_routes_are_in_vain_the_first_says_why),
        cmocka_unit_test(every_server_silo_has_a_state_of_its_own),
        cmocka_unit_test(nothing_is_read_for_other_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
