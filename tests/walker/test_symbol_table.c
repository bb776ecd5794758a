#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "symbol_table.h"

enum { U32, POINTER, VECTOR, HUGE_VECTOR, BITS, OWN_STRUCT, NO_STRUCT, SHAPES };

static struct kdw_table_shape shapes[SHAPES] = {
    [U32] = {.kind = KDW_TYPE_INT, .name = "unsigned long"},
    [POINTER] = {.kind = KDW_TYPE_POINTER, .target = U32},
    [VECTOR] = {.kind = KDW_TYPE_ARRAY, .target = POINTER, .count = 5},
    [HUGE_VECTOR] = {.kind = KDW_TYPE_ARRAY, .target = OWN_STRUCT, .count = UINT32_MAX},
    [BITS] = {.kind = KDW_TYPE_BITFIELD, .target = U32, .bit_position = 31, .bit_length = 1},
    [OWN_STRUCT] = {.kind = KDW_TYPE_STRUCT, .name = "_S"},
    [NO_STRUCT] = {.kind = KDW_TYPE_STRUCT, .name = "__unnamed_12"},
};

static const struct kdw_table_field fields[] = {
    {"A", 0, U32}, {"V", 8, VECTOR}, {"Self", 16, OWN_STRUCT}};
static const struct kdw_table_field fewer_fields[] = {{"A", 4, U32}};

static int closed;

static void count_close(struct kdw_symbol_table *t)
{
    (void)t;
    closed++;
}

static struct kdw_table_symbol by_name[4];
static struct kdw_table_symbol aliases[1];
static struct kdw_table_type types[4];

/* A table whose parts are unsorted, with a symbol and a type that are there twice. */
static void make(struct kdw_symbol_table *t)
{
    const struct kdw_table_symbol symbols[4] = {
        {"Zeta", 0x300, 0}, {"Alpha", 0x100, 1}, {"Zeta", 0x200, 2}, {"Beta", 0x200, 3}};
    const struct kdw_table_type all[4] = {
        {.name = "_S",
         .space = KDW_SPACE_USER,
         .kind = KDW_TYPE_STRUCT,
         .size = 0xFFFFFFFF,
         .order = 1,
         .count = 3,
         .of.fields = fields},
        {.name = "_S",
         .space = KDW_SPACE_USER,
         .kind = KDW_TYPE_STRUCT,
         .size = 8,
         .order = 0,
         .count = 1,
         .of.fields = fewer_fields},
        {.name = "unsigned long", .space = KDW_SPACE_BASE, .kind = KDW_TYPE_INT, .size = 4},
        {.name = "_S",
         .space = KDW_SPACE_ENUM,
         .kind = KDW_TYPE_ENUM,
         .size = 4,
         .underlying = "nothing"},
    };

    memcpy(by_name, symbols, sizeof by_name);
    aliases[0] = (struct kdw_table_symbol){"Short", 0x400, 0};
    memcpy(types, all, sizeof types);
    *t = (struct kdw_symbol_table){
        .what = "the test has",
        .by_name = by_name,
        .symbol_count = 4,
        .aliases = aliases,
        .alias_count = 1,
        .types = types,
        .type_count = 4,
        .shapes = shapes,
        .shape_count = SHAPES,
        .close = count_close,
    };
    closed = 0;
    kdw_symbol_table_finish(t);
}

static void names_are_found_and_the_last_of_equals_counts(void **state)
{
    struct kdw_symbol_table t;
    struct kd_diag diag = {""};
    uint64_t rva = 7;

    (void)state;
    make(&t);
    t.diag = &diag;
    assert_int_equal(t.symbol_count, 3);
    assert_int_equal(kdw_symbol(&t.symbols, "Zeta", &rva), KD_OK);
    assert_int_equal(rva, 0x200);
    assert_int_equal(kdw_symbol(&t.symbols, "Short", &rva), KD_OK);
    assert_int_equal(rva, 0x400);
    assert_int_equal(kdw_symbol(&t.symbols, "Gamma", &rva), KD_ERR_NOT_FOUND);
    assert_string_equal(diag.text, "the test has no symbol Gamma");
    assert_int_equal(rva, 0x400);
    kdw_symbols_close(&t.symbols);
    assert_int_equal(closed, 1);
}

static void the_nearest_name_below_is_the_first_of_those_at_its_place(void **state)
{
    struct kdw_symbol_table t;
    const char *name = NULL;
    uint64_t rva = 0;

    (void)state;
    make(&t);
    assert_int_equal(kdw_symbol_near(&t.symbols, 0xFF, &name, &rva), KD_ERR_NOT_FOUND);
    assert_int_equal(kdw_symbol_near(&t.symbols, 0x1FF, &name, &rva), KD_OK);
    assert_string_equal(name, "Alpha");
    assert_int_equal(kdw_symbol_near(&t.symbols, UINT64_MAX, &name, &rva), KD_OK);
    assert_string_equal(name, "Beta");
    assert_int_equal(rva, 0x200);
    kdw_symbols_close(&t.symbols);
    make(&t);
    t.symbol_count = 0;
    assert_int_equal(kdw_symbol_near(&t.symbols, 0x200, &name, &rva), KD_ERR_NOT_FOUND);
    kdw_symbols_close(&t.symbols);
}

static void shapes_are_described_by_what_their_names_mean(void **state)
{
    struct kdw_symbol_table t;
    struct kdw_field f;
    struct kdw_type d;
    kdw_type_id type;

    (void)state;
    make(&t);
    assert_int_equal(t.type_count, 3);
    assert_int_equal(kdw_type_by_name(&t.symbols, "_S", &type), KD_OK); /* the struct */
    assert_int_equal(kdw_type_describe(&t.symbols, type, &d), KD_OK);
    assert_int_equal(d.kind, KDW_TYPE_STRUCT);
    assert_int_equal(d.size, 0xFFFFFFFF);
    assert_int_equal(kdw_type_field(&t.symbols, type, "Self.Self.V", &f), KD_OK);
    assert_int_equal(f.offset, 40);
    assert_int_equal(kdw_type_describe(&t.symbols, f.type, &d), KD_OK);
    assert_int_equal(d.kind, KDW_TYPE_ARRAY);
    assert_int_equal(d.count, 5);
    assert_int_equal(d.size, 40); /* pointers are 8 bytes unless somebody says otherwise */
    assert_int_equal(kdw_type_describe(&t.symbols, d.target, &d), KD_OK);
    assert_int_equal(d.kind, KDW_TYPE_POINTER);
    assert_int_equal(kdw_type_describe(&t.symbols, (kdw_type_id)t.type_count + HUGE_VECTOR + 1, &d),
                     KD_OK);
    assert_true(d.size == (uint64_t)UINT32_MAX * UINT32_MAX);
    assert_int_equal(kdw_type_describe(&t.symbols, (kdw_type_id)t.type_count + NO_STRUCT + 1, &d),
                     KD_OK);
    assert_string_equal(d.name, "<unnamed-tag>");
    assert_int_equal(d.size, 0);
    kdw_symbols_close(&t.symbols);
}

static void ids_that_stand_for_nothing_are_unknown(void **state)
{
    const kdw_type_id ids[] = {0, 3 + SHAPES + 1, UINT32_MAX};
    struct kdw_symbol_table t;
    struct kdw_field f;
    const char *name;
    struct kdw_type d;

    (void)state;
    make(&t);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        assert_int_equal(kdw_type_describe(&t.symbols, ids[i], &d), KD_OK);
        assert_int_equal(d.kind, KDW_TYPE_UNKNOWN);
        assert_int_equal(kdw_type_field(&t.symbols, ids[i], "A", &f), KD_ERR_NOT_FOUND);
        assert_int_equal(kdw_type_enum_name(&t.symbols, ids[i], 0, &name), KD_ERR_NOT_FOUND);
        assert_int_equal(kdw_type_each_constant(&t.symbols, ids[i], NULL, NULL), KD_ERR_NOT_FOUND);
    }
    kdw_symbols_close(&t.symbols);
}

static void fields_are_sorted_by_offset_then_whole_then_bit_then_name(void **state)
{
    static const char *const order[] = {"C", "D", "Flag", "B", "A"};
    struct kdw_table_field some[] = {
        {"A", 8, U32}, {"B", 4, U32}, {"D", 0, U32}, {"Flag", 0, BITS}, {"C", 0, U32}};

    (void)state;
    kdw_table_sort_fields(some, 5, shapes);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(some[i].name, order[i]);
    kdw_table_sort_fields(some, 0, shapes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_and_the_last_of_equals_counts),
        cmocka_unit_test(the_nearest_name_below_is_the_first_of_those_at_its_place),
        cmocka_unit_test(shapes_are_described_by_what_their_names_mean),
        cmocka_unit_test(ids_that_stand_for_nothing_are_unknown),
        cmocka_unit_test(fields_are_sorted_by_offset_then_whole_then_bit_then_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
