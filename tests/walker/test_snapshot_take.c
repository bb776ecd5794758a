#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_etw.h"
#include "support/fake_people.h"

#define STATE    "_ETW_SILODRIVERSTATE"
#define LOGGER   "_WMI_LOGGER_CONTEXT"
#define PROVIDER "_ETW_GUID_ENTRY"

#define HOST_STATE UINT64_C(0xffffd18004000000)
#define FIRST      UINT64_C(0xffffd18004100000) /* states of two silos that are in no list */
#define SECOND     UINT64_C(0xffffd18004200000)
#define FIRST_JOB  UINT64_C(0xffffd18002000060)
#define SECOND_JOB UINT64_C(0xffffd18002004060)
#define READER     UINT64_C(0xffffd18001004080)

/* What belongs to a state lies behind it. */
enum { ARRAY = 0x10000, TRACE = 0x20000, CONSUMER = 0x30000, GUID = 0x40000, REG = 0x50000 };

static void it_says_of_what_and_by_which_symbols(void **state)
{
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    e.k.target.build = 18362;
    e.k.target.time_100ns = 12345;
    fake_etw_take(&e, KDW_PART_LOGGERS, &s);
    assert_int_equal(s.build, 18362);
    assert_true(s.kernel_base_va == FAKE_KERNEL_BASE);
    assert_int_equal(s.time_100ns.status, KD_OK); /* memory has none: the target's */
    assert_int_equal(s.time_100ns.value, 12345);
    assert_string_equal(s.symbols, kdw_symbols_origin(e.k.kernel.symbols));
    assert_false(s.is_guess);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void the_time_is_memorys_where_it_has_one(void **state)
{
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    e.k.target.time_100ns = 12345;
    fake_mem_u32(&e.k.mem, UINT64_C(0xfffff78000000014), 0x11111111);
    fake_mem_u32(&e.k.mem, UINT64_C(0xfffff78000000018), 0x22);
    fake_mem_u32(&e.k.mem, UINT64_C(0xfffff7800000001c), 0x22);
    fake_etw_take(&e, 0, &s);
    assert_true(s.time_100ns.value == UINT64_C(0x2211111111));
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void only_what_was_asked_for_is_taken(void **state)
{
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    fake_etw_take(&e, 0, &s);
    for (size_t i = 0; i < KDW_TABLES; i++)
        assert_true(s.tables[i].is_taken == (i == KDW_TABLE_LISTS));
    assert_true(kdw_snapshot_is_complete(&s));
    kdw_snapshot_free(&s);
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s); /* which needs the loggers */
    assert_true(s.tables[KDW_TABLE_LOGGERS].is_taken);
    assert_true(s.tables[KDW_TABLE_CONSUMERS].is_taken);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void what_ends_a_walk_says_in_what(void **state)
{
    struct kdw_snapshot s = {.build = 77};
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    e.k.mem.diag = &e.k.diag;
    e.k.mem.fail_with = KD_ERR_REBOOTED;
    e.k.mem.fail_from = 3;
    assert_int_equal(kdw_snapshot_take(&e.k.kernel, KDW_PART_LOGGERS, &s), KD_ERR_REBOOTED);
    assert_non_null(strstr(e.k.diag.text, "jobs: the source explains"));
    assert_int_equal(s.build, 77);
    fake_etw_deinit(&e);
}

/* ---- silos that only tracing knows ---- */

static void link_one(struct fake_people *p, uint64_t head_va, uint64_t links_va)
{
    fake_mem_list(&p->k.mem, head_va, &links_va, 1);
}

/* With one logger, and one provider that somebody has registered. */
static void make_state(struct fake_people *p, uint64_t va)
{
    uint64_t table = va + fake_kernel_offset(&p->k, STATE, "EtwpGuidHashTable");
    size_t heads = 64 * 3;

    fake_kernel_zero(&p->k, STATE, va);
    fake_kernel_put(&p->k, STATE, va, "MaxLoggers", 1);
    fake_kernel_put(&p->k, STATE, va, "EtwpLoggerContext", va + ARRAY);
    fake_mem_u64(&p->k.mem, va + ARRAY, va + TRACE);
    fake_kernel_zero(&p->k, LOGGER, va + TRACE);
    fake_kernel_put(&p->k, LOGGER, va + TRACE, "SiloState", va);
    fake_mem_list(&p->k.mem, va + TRACE + fake_kernel_offset(&p->k, LOGGER, "Consumers"), NULL, 0);
    for (size_t i = 0; i < heads; i++)
        fake_mem_list(&p->k.mem,
                      table + i / 3 * fake_kernel_size(&p->k, "_ETW_HASH_BUCKET") + i % 3 * 16,
                      NULL, 0);
    fake_kernel_zero(&p->k, PROVIDER, va + GUID);
    link_one(p, table, va + GUID);
    fake_kernel_zero(&p->k, "_ETW_REG_ENTRY", va + REG);
    link_one(p, va + GUID + fake_kernel_offset(&p->k, PROVIDER, "RegListHead"), va + REG);
}

static void make_silo(struct fake_people *p, uint64_t job_va, uint64_t state_va)
{
    uint64_t globals_va = state_va - 0x8000;

    fake_people_job(p, job_va, job_va == FIRST_JOB ? 1 : 2);
    fake_people_server_silo(p, job_va, globals_va);
    fake_kernel_put(&p->k, "_ESERVERSILO_GLOBALS", globals_va, "EtwSiloState", state_va);
    make_state(p, state_va);
}

/* The host's state names the first silo; a process of the second one reads the first one's events. */
static void make_hidden_silos(struct fake_people *p)
{
    uint64_t consumer = FIRST + CONSUMER;

    fake_people_init(p, "18362");
    make_state(p, HOST_STATE);
    fake_kernel_put(&p->k, "_ESERVERSILO_GLOBALS", p->host_va, "EtwSiloState", HOST_STATE);
    fake_kernel_put(&p->k, STATE, HOST_STATE, "Silo", FIRST_JOB);
    make_silo(p, FIRST_JOB, FIRST);
    make_silo(p, SECOND_JOB, SECOND);
    fake_people_process(p, READER, 0x100, "reader.exe");
    fake_kernel_put(&p->k, "_EPROCESS", READER, "Job", SECOND_JOB);
    fake_kernel_zero(&p->k, "_ETW_REALTIME_CONSUMER", consumer);
    fake_kernel_put(&p->k, "_ETW_REALTIME_CONSUMER", consumer, "ProcessObject", READER);
    link_one(p, FIRST + TRACE + fake_kernel_offset(&p->k, LOGGER, "Consumers"), consumer);
}

static void silos_that_only_tracing_leads_to_are_traced_themselves(void **state)
{
    static const uint64_t states[] = {HOST_STATE, FIRST, SECOND};
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make_hidden_silos(&p);
    fake_people_take(&p, KDW_PART_PROCESSES | KDW_PART_LOGGER_DETAILS | KDW_PART_PROVIDERS, &s);
    assert_int_equal(s.tables[KDW_TABLE_SILOS].len, 3);
    assert_int_equal(s.tables[KDW_TABLE_STATES].len, 3);
    assert_int_equal(s.tables[KDW_TABLE_LOGGERS].len, 3);
    assert_int_equal(s.tables[KDW_TABLE_REGISTRATIONS].len, 3); /* none twice */
    for (size_t i = 0; i < 3; i++) {
        assert_non_null(kdw_snapshot_find(&s, KDW_TABLE_STATES, states[i]));
        assert_non_null(kdw_snapshot_find(&s, KDW_TABLE_LOGGERS, states[i] + TRACE));
        assert_non_null(kdw_snapshot_find(&s, KDW_TABLE_PROVIDERS, states[i] + GUID));
        assert_non_null(kdw_snapshot_find(&s, KDW_TABLE_REGISTRATIONS, states[i] + REG));
    }
    assert_true(fake_people_find(&s, READER)->server_silo_va.value == SECOND_JOB);
    kdw_snapshot_free(&s);
    fake_people_deinit(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_of_what_and_by_which_symbols),
        cmocka_unit_test(the_time_is_memorys_where_it_has_one),
        cmocka_unit_test(only_what_was_asked_for_is_taken),
        cmocka_unit_test(what_ends_a_walk_says_in_what),
        cmocka_unit_test(silos_that_only_tracing_leads_to_are_traced_themselves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
