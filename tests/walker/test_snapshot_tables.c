#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <walker/snapshot.h>

#include <string.h>

static size_t size_of(enum kdw_fact_kind kind)
{
    switch (kind) {
    case KDW_FACT_KEY:
        return sizeof(uint64_t);
    case KDW_FACT_TEXT:
        return sizeof(struct kdw_text);
    case KDW_FACT_GUID:
        return sizeof(struct kdw_guid);
    default:
        return sizeof(struct kdw_u64);
    }
}

/* A member that no line of the table names would be in no output and in no comparison. */
static void every_member_is_named_in_its_place(void **state)
{
    (void)state;
    for (size_t t = 0; t < KDW_TABLES; t++) {
        const struct kdw_table_info *info = &kdw_snapshot_tables[t];
        size_t at = 0;

        assert_non_null(info->name);
        assert_true(info->max > 0);
        for (size_t f = 0; f < info->facts_len; f++) {
            assert_int_equal(info->facts[f].offset, at);
            at += size_of(info->facts[f].kind);
        }
        assert_int_equal(at, info->record_size);
    }
}

static void the_address_comes_first_and_names_are_unique(void **state)
{
    (void)state;
    for (size_t t = 0; t < KDW_TABLES; t++) {
        const struct kdw_table_info *info = &kdw_snapshot_tables[t];

        assert_int_equal(info->facts[0].kind, KDW_FACT_KEY);
        for (size_t f = 1; f < info->facts_len; f++) {
            assert_int_not_equal(info->facts[f].kind, KDW_FACT_KEY);
            for (size_t g = 0; g < f; g++)
                assert_string_not_equal(info->facts[f].name, info->facts[g].name);
        }
        for (size_t u = 0; u < t; u++)
            assert_string_not_equal(info->name, kdw_snapshot_tables[u].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_is_named_in_its_place),
        cmocka_unit_test(the_address_comes_first_and_names_are_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
