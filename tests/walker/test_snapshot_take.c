#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_etw.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_of_what_and_by_which_symbols),
        cmocka_unit_test(the_time_is_memorys_where_it_has_one),
        cmocka_unit_test(only_what_was_asked_for_is_taken),
        cmocka_unit_test(what_ends_a_walk_says_in_what),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
