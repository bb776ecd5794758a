/* Records by what they belong to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check_parts.h"
#include "support/clean_snapshot.h"

static void begin(struct kdw_checker *c, struct kdw_snapshot *s)
{
    clean_snapshot(s);
    *c = (struct kdw_checker){.s = s};
}

static void end(struct kdw_checker *c, struct kdw_snapshot *s)
{
    kdw_joins_free(c);
    kdw_snapshot_free(s);
}

static void records_of_one_key_come_in_their_order(void **state)
{
    struct kdw_snapshot s;
    struct kdw_checker c;
    struct kdw_rows rows;
    uint64_t slot = 2;
    const struct kdw_logger *l;

    (void)state;
    begin(&c, &s);
    assert_int_equal(kdw_joins_make(&c), KD_OK);
    for (rows = kdw_rows_of(&c, KDW_LOGGERS_OF_STATE, CLEAN_HOST); (l = kdw_rows_next(&rows));)
        assert_int_equal(l->slot.value, slot++);
    assert_int_equal(slot, 6);
    end(&c, &s);
}

static void a_key_that_nobody_has_has_no_records(void **state)
{
    struct kdw_snapshot s;
    struct kdw_checker c;
    struct kdw_rows rows;

    (void)state;
    begin(&c, &s);
    assert_int_equal(kdw_joins_make(&c), KD_OK);
    rows = kdw_rows_of(&c, KDW_LOGGERS_OF_STATE, 1);
    assert_null(kdw_rows_next(&rows));
    rows = kdw_rows_of(&c, KDW_LOGGERS_OF_STATE, UINT64_MAX);
    assert_null(kdw_rows_next(&rows));
    end(&c, &s);
}

static void an_empty_table_has_no_records(void **state)
{
    struct kdw_snapshot s = {.build = 19041};
    struct kdw_checker c = {.s = &s};
    struct kdw_rows rows;

    (void)state;
    assert_int_equal(kdw_joins_make(&c), KD_OK);
    rows = kdw_rows_of(&c, KDW_LOGGERS_OF_STATE, 0);
    assert_null(kdw_rows_next(&rows));
    end(&c, &s);
}

static void a_record_without_its_key_is_loose(void **state)
{
    struct kdw_snapshot s;
    struct kdw_checker c;
    struct kdw_rows rows;
    size_t count = 0;

    (void)state;
    begin(&c, &s);
    ((struct kdw_logger *)clean_record(&s, KDW_TABLE_LOGGERS, CLEAN_OTHER))->state_va =
        clean_unreadable();
    assert_int_equal(kdw_joins_make(&c), KD_OK);
    for (rows = kdw_rows_of(&c, KDW_LOGGERS_OF_STATE, CLEAN_HOST); kdw_rows_next(&rows);)
        count++;
    assert_int_equal(count, 3);
    assert_true(c.has_loose[KDW_TABLE_LOGGERS]);
    assert_false(c.has_loose[KDW_TABLE_PROVIDERS]);
    assert_false(kdw_check_is_whole(&c, KDW_TABLE_LOGGERS));
    end(&c, &s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_of_one_key_come_in_their_order),
        cmocka_unit_test(a_key_that_nobody_has_has_no_records),
        cmocka_unit_test(an_empty_table_has_no_records),
        cmocka_unit_test(a_record_without_its_key_is_loose),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
