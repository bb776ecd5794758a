#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "record_text.h"

static const struct kdw_fact *fact_named(enum kdw_table_id table, const char *name)
{
    const struct kdw_table_info *info = &kdw_snapshot_tables[table];

    for (size_t i = 0; i < info->facts_len; i++)
        if (strcmp(info->facts[i].name, name) == 0)
            return &info->facts[i];
    fail_msg("there is no fact %s", name);
    return NULL;
}

static void assert_taken(struct text *t, const char *expected)
{
    char *chars = text_take(t);

    assert_string_equal(chars, expected);
    free(chars);
}

static void a_fact_is_told_as_its_kind_wants_it(void **state)
{
    struct kdw_process p = {.va = UINT64_C(0xffffa80fc0027570),
                            .pid.value = 716,
                            .protection.value = 0x41,
                            .created_100ns.value = UINT64_C(132204411121234567)};
    struct text t = {0};

    (void)state;
    record_fact(&t, fact_named(KDW_TABLE_PROCESSES, "address"), &p);
    assert_taken(&t, "ffffa80fc0027570");
    record_fact(&t, fact_named(KDW_TABLE_PROCESSES, "pid"), &p);
    assert_taken(&t, "716");
    record_fact(&t, fact_named(KDW_TABLE_PROCESSES, "protection"), &p);
    assert_taken(&t, "0x41");
    record_fact(&t, fact_named(KDW_TABLE_PROCESSES, "created"), &p);
    assert_taken(&t, "2019-12-10T08:45:12.1234567Z"); /* to the last digit */
}

static void a_name_leaves_out_what_is_not_known(void **state)
{
    char name[] = "ls\x1b"
                  "ass";
    struct kdw_process p = {.pid.value = 716, .name.utf8 = name};
    struct text t = {0};

    (void)state;
    record_name(&t, KDW_TABLE_PROCESSES, &p);
    assert_taken(&t, "716 ls\\x1bass");
    p.pid.status = KD_ERR_PAGED_OUT;
    record_name(&t, KDW_TABLE_PROCESSES, &p);
    assert_taken(&t, "ls\\x1bass");
    p.name.status = KD_ERR_NOT_FOUND;
    record_name(&t, KDW_TABLE_PROCESSES, &p);
    assert_taken(&t, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fact_is_told_as_its_kind_wants_it),
        cmocka_unit_test(a_name_leaves_out_what_is_not_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
