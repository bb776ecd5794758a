#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_etw.h"

#define STATE "_ETW_SILODRIVERSTATE"

static uint64_t of_state(struct fake_etw *e, const char *field)
{
    return e->host.va + fake_kernel_offset(&e->k, STATE, field);
}

static const void *records(const struct kdw_snapshot *s, enum kdw_table_id table, size_t len)
{
    assert_true(s->tables[table].is_taken);
    assert_int_equal(s->tables[table].len, len);
    return s->tables[table].records;
}

static void security_loggers_are_the_entries_that_are_not_zero(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct kdw_security_logger *loggers;
        struct kdw_snapshot s;
        struct fake_etw e;
        uint64_t va;

        fake_etw_init(&e, fake_etw_builds[i], 64);
        va = of_state(&e, "EtwpSecurityLoggers");
        fake_mem_u16(&e.k.mem, va, 3);
        fake_mem_u16(&e.k.mem, va + 2 * 7, 0x12);
        fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
        loggers = records(&s, KDW_TABLE_SECURITY, 2);
        assert_true(loggers[0].va == va);
        assert_true(loggers[0].state_va.value == e.host.va);
        assert_int_equal(loggers[0].slot.value, 0);
        assert_int_equal(loggers[0].logger_id.value, 3);
        assert_int_equal(loggers[1].slot.value, 7);
        assert_int_equal(loggers[1].logger_id.value, 0x12);
        kdw_snapshot_free(&s);
        fake_etw_deinit(&e);
    }
}

static void system_loggers_are_known_with_their_groups(void **state)
{
    const struct kdw_system_logger *loggers;
    struct kdw_snapshot s;
    struct fake_etw e;
    uint64_t table, masks;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    table = of_state(&e, "SystemLoggerSettings.EtwpSystemLogger");
    masks = of_state(&e, "SystemLoggerSettings.EtwpGroupMasks");
    fake_mem_u16(&e.k.mem, table + 2, 0x0102); /* index 1 */
    fake_mem_u32(&e.k.mem, masks + 32, 0x3);
    fake_mem_u32(&e.k.mem, masks + 32 + 4 * 7, 0x80000000);
    fake_kernel_put(&e.k, STATE, e.host.va, "SystemLoggerSettings.EtwpActiveSystemLoggers", 0x22);
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
    loggers = records(&s, KDW_TABLE_SYSTEM, 2);
    assert_true(loggers[0].va == table + 2);
    assert_true(loggers[0].state_va.value == e.host.va);
    assert_int_equal(loggers[0].index.value, 1);
    assert_int_equal(loggers[0].logger_id.value, 2);
    assert_int_equal(loggers[0].clock_type.value, 1);
    assert_int_equal(loggers[0].groups[0].value, 3);
    assert_int_equal(loggers[0].groups[1].value, 0);
    assert_true(loggers[0].groups[7].value == 0x80000000);
    assert_int_equal(loggers[1].index.value, 5); /* active, and of no logger */
    assert_int_equal(loggers[1].logger_id.value, 0);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void older_kernels_have_them_in_variables(void **state)
{
    const struct kdw_system_logger *loggers;
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "14393", 64);
    fake_mem_u16(&e.k.mem, fake_kernel_global(&e.k, "EtwpSystemLogger"), 0x0104);
    fake_mem_u32(&e.k.mem, fake_kernel_global(&e.k, "EtwpGroupMasks"), 0x5);
    fake_mem_u32(&e.k.mem, fake_kernel_global(&e.k, "EtwpActiveSystemLoggers"), 1);
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
    loggers = records(&s, KDW_TABLE_SYSTEM, 1);
    assert_int_equal(loggers[0].index.value, 0);
    assert_int_equal(loggers[0].logger_id.value, 4);
    assert_int_equal(loggers[0].groups[0].value, 5);
    assert_int_equal(fake_etw_host(&s)->active_system_loggers.value, 1);
    assert_true(kdw_snapshot_is_complete(&s));
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void an_entry_that_cannot_be_read_is_a_gap(void **state)
{
    const struct kdw_security_logger *loggers;
    struct kdw_snapshot s;
    struct fake_etw e;
    uint64_t va;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    va = of_state(&e, "EtwpSecurityLoggers");
    fake_mem_u16(&e.k.mem, va, 3);
    e.k.mem.hole = KD_ERR_NOT_RECORDED;
    fake_mem_unmap(&e.k.mem, va + 2, 2);
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
    loggers = records(&s, KDW_TABLE_SECURITY, 2);
    assert_int_equal(loggers[1].logger_id.status, KD_ERR_NOT_RECORDED);
    assert_true(loggers[1].logger_id.fault_va == va + 2);
    assert_false(kdw_snapshot_is_complete(&s));
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void a_brief_list_does_not_look_at_them(void **state)
{
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    fake_mem_u16(&e.k.mem, of_state(&e, "EtwpSecurityLoggers"), 3);
    fake_etw_take(&e, KDW_PART_LOGGERS, &s);
    assert_false(s.tables[KDW_TABLE_SECURITY].is_taken);
    assert_int_equal(s.tables[KDW_TABLE_SECURITY].len, 0);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(security_loggers_are_the_entries_that_are_not_zero),
        cmocka_unit_test(system_loggers_are_known_with_their_groups),
        cmocka_unit_test(older_kernels_have_them_in_variables),
        cmocka_unit_test(an_entry_that_cannot_be_read_is_a_gap),
        cmocka_unit_test(a_brief_list_does_not_look_at_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
