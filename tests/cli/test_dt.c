/* Rows: which there are, and what becomes of them when memory cannot be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dt.h"
#include "support/dt_types.h"
#include "support/fake_mem.h"

#define AT UINT64_C(0xffffa80faaf3e000)

static struct fake_mem memory;

static int fresh_memory(void **state)
{
    (void)state;
    fake_mem_init(&memory);
    return 0;
}

static int free_memory(void **state)
{
    (void)state;
    fake_mem_deinit(&memory);
    return 0;
}

static void a_row_has_a_name_a_type_and_a_value(void **state)
{
    struct one_field symbols = one_field("Na\xff"
                                         "me",
                                         8, UINT4);
    struct kd_diag diag;
    struct kdw_kernel kernel = {.mem = &memory.mem, .diag = &diag, .symbols = &symbols.symbols};
    struct dt dt;

    (void)state;
    kd_diag_clear(&diag);
    fake_mem_u32(&memory, AT + 8, 7);
    assert_int_equal(dt_collect(&kernel, "_THING", true, AT, &dt), KD_OK);
    assert_int_equal(dt.len, 1);
    assert_string_equal(dt.type_name, "_THING");
    assert_int_equal(dt.size, 64);
    assert_string_equal(dt.rows[0].name, "Na\\xffme");
    assert_string_equal(dt.rows[0].type, "Uint4B");
    assert_string_equal(dt.rows[0].value, "7");
    assert_int_equal(dt.rows[0].offset, 8);
    assert_false(dt.has_gaps);
    dt_free(&dt);
}

static void without_an_address_nothing_is_read(void **state)
{
    struct one_field symbols = one_field("Field", 0, UINT4);
    struct kdw_kernel kernel = {.mem = &memory.mem, .symbols = &symbols.symbols};
    struct dt dt;

    (void)state;
    assert_int_equal(dt_collect(&kernel, "_THING", false, 0, &dt), KD_OK);
    assert_null(dt.rows[0].value);
    assert_false(dt.has_gaps);
    assert_int_equal(memory.reads, 0);
    dt_free(&dt);
}

static void an_unreadable_value_is_a_gap_and_no_failure(void **state)
{
    struct one_field symbols = one_field("Field", 8, UINT4);
    struct kd_diag diag;
    struct kdw_kernel kernel = {.mem = &memory.mem, .diag = &diag, .symbols = &symbols.symbols};
    struct dt dt;

    (void)state;
    kd_diag_clear(&diag);
    assert_int_equal(dt_collect(&kernel, "_THING", true, AT, &dt), KD_OK);
    assert_true(dt.has_gaps);
    assert_null(dt.rows[0].value);
    assert_int_equal(dt.rows[0].status, KD_ERR_NOT_MAPPED);
    assert_true(dt.rows[0].fault_va == AT + 8);
    dt_free(&dt);
}

static void a_lost_link_ends_the_listing(void **state)
{
    struct one_field symbols = one_field("Field", 0, UINT4);
    struct kd_diag diag;
    struct kdw_kernel kernel = {.mem = &memory.mem, .diag = &diag, .symbols = &symbols.symbols};
    struct dt dt = {.len = 77};

    (void)state;
    kd_diag_clear(&diag);
    memory.fail_with = KD_ERR_LOST;
    memory.fail_from = 1;
    assert_int_equal(dt_collect(&kernel, "_THING", true, AT, &dt), KD_ERR_LOST);
    assert_int_equal(dt.len, 77);
}

/* A union of two structures as a PDB declares it, and bits behind the whole that they are of. */
static enum kd_status each_of_several(struct kdw_symbols *s, kdw_type_id id, kdw_field_visit *visit,
                                      void *ctx)
{
    static const struct kdw_field fields[] = {
        {"Lock", 0, UINT4}, {"Bits", 8, BITS},  {"Whole", 8, UINT4},
        {"Type", 0, UCHAR}, {"Size", 2, UINT2}, {"Again", 0, UINT4},
    };

    (void)s, (void)id;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (!visit(ctx, &fields[i]))
            break;
    return KD_OK;
}

static void fields_are_in_one_order_whatever_the_symbols(void **state)
{
    static const char *const names[] = {"Again", "Lock", "Type", "Size", "Whole", "Bits"};
    struct one_field symbols = one_field("", 0, NONE);
    struct kdw_symbols_ops several = *symbols.symbols.ops;
    struct kdw_kernel kernel = {.mem = &memory.mem, .symbols = &symbols.symbols};
    struct dt dt;

    (void)state;
    several.each_field = each_of_several;
    symbols.symbols.ops = &several;
    assert_int_equal(dt_collect(&kernel, "_THING", false, 0, &dt), KD_OK);
    assert_int_equal(dt.len, sizeof names / sizeof names[0]);
    for (size_t i = 0; i < dt.len; i++)
        assert_string_equal(dt.rows[i].name, names[i]);
    dt_free(&dt);
}

static void an_unknown_type_is_named(void **state)
{
    struct one_field symbols = one_field("Field", 0, UINT4);
    struct kd_diag diag;
    struct kdw_kernel kernel = {.mem = &memory.mem, .diag = &diag, .symbols = &symbols.symbols};
    struct dt dt;

    (void)state;
    kd_diag_clear(&diag);
    assert_int_equal(dt_collect(&kernel, "_NOBODY", false, 0, &dt), KD_ERR_NOT_FOUND);
    assert_non_null(strstr(diag.text, "_NOBODY"));
}

static void an_enumeration_is_told_from_a_structure(void **state)
{
    struct one_field symbols = one_field("Field", 0, UINT4);
    struct kd_diag diag;
    struct kdw_kernel kernel = {.mem = &memory.mem, .diag = &diag, .symbols = &symbols.symbols};
    struct dt dt;

    (void)state;
    kd_diag_clear(&diag);
    assert_int_equal(dt_collect(&kernel, "_STATE", false, 0, &dt), KD_ERR_UNSUPPORTED);
    assert_string_equal(diag.text, "_STATE is an enumeration, and dt shows structures and unions");
}

#define MEMORY_TEST(f) cmocka_unit_test_setup_teardown(f, fresh_memory, free_memory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MEMORY_TEST(a_row_has_a_name_a_type_and_a_value),
        MEMORY_TEST(without_an_address_nothing_is_read),
        MEMORY_TEST(an_unreadable_value_is_a_gap_and_no_failure),
        MEMORY_TEST(a_lost_link_ends_the_listing),
        MEMORY_TEST(fields_are_in_one_order_whatever_the_symbols),
        MEMORY_TEST(an_unknown_type_is_named),
        MEMORY_TEST(an_enumeration_is_told_from_a_structure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
