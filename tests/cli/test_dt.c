/* The form of dt's values, each rule of the two published listings and of WinDbg's habit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dt.h"
#include "support/fake_mem.h"

#define AT UINT64_C(0xffffa80faaf3e000)

/* A few types, numbered by hand: index is the type id. */
enum {
    NONE,
    UINT4,
    UINT2,
    INT4,
    UCHAR,
    CHAR,
    PTR_STRUCT,
    PTR_PTR,
    ARRAY_U2,
    ARRAY_PTR,
    ARRAY_STRUCT,
    ARRAY_UCHAR,
    STRUCT,
    LIST,
    GUID,
    LARGE,
    UNICODE,
    ENUM,
    BITS,
    FUNCTION,
    PTR_FUNCTION,
    PTR_VOID,
    VOID,
    TYPES
};

static const struct kdw_type types[TYPES] = {
    [UINT4] = {.kind = KDW_TYPE_INT, .size = 4},
    [UINT2] = {.kind = KDW_TYPE_INT, .size = 2},
    [INT4] = {.kind = KDW_TYPE_INT, .size = 4, .is_signed = true},
    [UCHAR] = {.kind = KDW_TYPE_CHAR, .size = 1},
    [CHAR] = {.kind = KDW_TYPE_CHAR, .size = 1, .is_signed = true},
    [PTR_STRUCT] = {.kind = KDW_TYPE_POINTER, .size = 8, .target = STRUCT},
    [PTR_PTR] = {.kind = KDW_TYPE_POINTER, .size = 8, .target = PTR_STRUCT},
    [ARRAY_U2] = {.kind = KDW_TYPE_ARRAY, .size = 16, .target = UINT2, .count = 8},
    [ARRAY_PTR] = {.kind = KDW_TYPE_ARRAY, .size = 512, .target = PTR_STRUCT, .count = 64},
    [ARRAY_STRUCT] = {.kind = KDW_TYPE_ARRAY, .size = 64, .target = STRUCT, .count = 64},
    [ARRAY_UCHAR] = {.kind = KDW_TYPE_ARRAY, .size = 15, .target = UCHAR, .count = 15},
    [STRUCT] = {.kind = KDW_TYPE_STRUCT, .size = 64, .name = "_THING"},
    [LIST] = {.kind = KDW_TYPE_STRUCT, .size = 16, .name = "_LIST_ENTRY"},
    [GUID] = {.kind = KDW_TYPE_STRUCT, .size = 16, .name = "_GUID"},
    [LARGE] = {.kind = KDW_TYPE_UNION, .size = 8, .name = "_LARGE_INTEGER"},
    [UNICODE] = {.kind = KDW_TYPE_STRUCT, .size = 16, .name = "_UNICODE_STRING"},
    [ENUM] = {.kind = KDW_TYPE_ENUM, .size = 4, .name = "_STATE", .target = INT4},
    [BITS] =
        {.kind = KDW_TYPE_BITFIELD, .size = 4, .target = UINT4, .bit_position = 3, .bit_length = 3},
    [FUNCTION] = {.kind = KDW_TYPE_FUNCTION},
    [PTR_FUNCTION] = {.kind = KDW_TYPE_POINTER, .size = 8, .target = FUNCTION},
    [PTR_VOID] = {.kind = KDW_TYPE_POINTER, .size = 8, .target = VOID},
    [VOID] = {.kind = KDW_TYPE_VOID},
};

struct one_field { /* symbols with a single structure that has a single field */
    struct kdw_symbols symbols;
    struct kdw_field field;
};

static enum kd_status find_type(struct kdw_symbols *s, const char *name, kdw_type_id *out)
{
    (void)s;
    if (strcmp(name, "_THING") != 0)
        return KD_ERR_NOT_FOUND;
    *out = STRUCT;
    return KD_OK;
}

static enum kd_status describe(struct kdw_symbols *s, kdw_type_id id, struct kdw_type *out)
{
    (void)s;
    if (id == NONE || id >= TYPES)
        return KD_ERR_NOT_FOUND;
    *out = types[id];
    return KD_OK;
}

static enum kd_status each_field(struct kdw_symbols *s, kdw_type_id id, kdw_field_visit *visit,
                                 void *ctx)
{
    (void)id;
    visit(ctx, &((struct one_field *)s)->field);
    return KD_OK;
}

static enum kd_status enum_name(struct kdw_symbols *s, kdw_type_id id, int64_t value,
                                const char **name)
{
    (void)s;
    (void)id;
    if (value != 1)
        return KD_ERR_NOT_FOUND;
    *name = "STARTED";
    return KD_OK;
}

static const struct kdw_symbols_ops ops = {
    .type = find_type, .describe = describe, .each_field = each_field, .enum_name = enum_name};

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

/* One row for a field of that type at AT, or its type where there is no address. */
static void assert_row(kdw_type_id type, bool has_address, const char *want)
{
    struct one_field symbols = {{&ops}, {"Field", 0, type}};
    struct kd_diag diag;
    struct kdw_kernel kernel = {.mem = &memory.mem, .diag = &diag, .symbols = &symbols.symbols};
    struct dt dt;

    kd_diag_clear(&diag);
    assert_int_equal(dt_collect(&kernel, "_THING", has_address, AT, &dt), KD_OK);
    assert_int_equal(dt.len, 1);
    assert_string_equal(has_address ? dt.rows[0].value : dt.rows[0].type, want);
    assert_false(dt.has_gaps);
    dt_free(&dt);
}

static void unsigned_integers_are_a_digit_or_hexadecimal(void **state)
{
    (void)state;
    fake_mem_u32(&memory, AT, 9);
    assert_row(UINT4, true, "9");
    fake_mem_u32(&memory, AT, 10);
    assert_row(UINT4, true, "0xa");
    fake_mem_u32(&memory, AT, 0xffffffff);
    assert_row(UINT4, true, "0xffffffff");
}

static void signed_integers_are_decimal_with_0n(void **state)
{
    (void)state;
    fake_mem_u32(&memory, AT, 0);
    assert_row(INT4, true, "0n0");
    fake_mem_u32(&memory, AT, 0xffffffff);
    assert_row(INT4, true, "0n-1");
}

static void characters_show_themselves_when_printable(void **state)
{
    (void)state;
    fake_mem_u32(&memory, AT, 0);
    assert_row(UCHAR, true, "0 ''");
    fake_mem_u32(&memory, AT, 3);
    assert_row(UCHAR, true, "0x3 ''");
    fake_mem_u32(&memory, AT, 'A');
    assert_row(UCHAR, true, "0x41 'A'");
    fake_mem_u32(&memory, AT, 0xff);
    assert_row(CHAR, true, "0n-1 ''");
}

static void pointers_name_what_they_point_to(void **state)
{
    (void)state;
    fake_mem_u64(&memory, AT, UINT64_C(0xfffff8026e98e540));
    assert_row(PTR_STRUCT, true, "0xfffff802`6e98e540 _THING");
    assert_row(PTR_VOID, true, "0xfffff802`6e98e540 Void");
    assert_row(PTR_FUNCTION, true, "0xfffff802`6e98e540");
    fake_mem_u64(&memory, AT, 0);
    assert_row(PTR_STRUCT, true, "(null)");
}

static void a_pointer_to_a_pointer_shows_both(void **state)
{
    (void)state;
    fake_mem_u64(&memory, AT, UINT64_C(0xffffa80faae71ac0));
    fake_mem_u64(&memory, UINT64_C(0xffffa80faae71ac0), UINT64_C(0xffffa80faae503f0));
    assert_row(PTR_PTR, true, "0xffffa80f`aae71ac0  -> 0xffffa80f`aae503f0 _THING");
}

static void a_pointer_into_nothing_shows_that_it_leads_there(void **state)
{
    (void)state;
    fake_mem_u64(&memory, AT, UINT64_C(0xffff800000000000));
    assert_row(PTR_PTR, true, "0xffff8000`00000000  -> ????????`????????");
}

static void arrays_show_their_first_element_or_its_type(void **state)
{
    (void)state;
    fake_mem_u64(&memory, AT, 3);
    assert_row(ARRAY_U2, true, "[8] 3");
    fake_mem_u64(&memory, AT, 1);
    assert_row(ARRAY_PTR, true, "[64] 0x00000000`00000001 _THING");
    assert_row(ARRAY_STRUCT, true, "[64] _THING");
}

static void character_arrays_show_their_text_with_escapes(void **state)
{
    (void)state;
    fake_mem_write(&memory, AT, "System\0garbage", 15);
    assert_row(ARRAY_UCHAR, true, "[15]  \"System\"");
    fake_mem_write(&memory, AT, "\033]0;x\a78901234", 15);
    assert_row(ARRAY_UCHAR, true, "[15]  \"\\x1b]0;x\\x0778901234\"");
    fake_mem_write(&memory, AT, "\x9b\xff", 3);
    assert_row(ARRAY_UCHAR, true, "[15]  \"\\x9b\\xff\"");
}

static void some_structures_show_their_value(void **state)
{
    static const uint8_t guid[16] = {0x25, 0x96, 0x84, 0x54, 0x78, 0x54, 0x94, 0x49,
                                     0xa5, 0xba, 0x3e, 0x3b, 0x03, 0x28, 0xc3, 0x0d};

    (void)state;
    fake_mem_u64(&memory, AT, 0x13877c00);
    assert_row(LARGE, true, "_LARGE_INTEGER 0x13877c00");
    fake_mem_u64(&memory, AT, 0xa);
    fake_mem_u64(&memory, AT + 8, 0xb);
    assert_row(LIST, true, "_LIST_ENTRY [ 0x00000000`0000000a - 0x00000000`0000000b ]");
    fake_mem_write(&memory, AT, guid, sizeof guid);
    assert_row(GUID, true, "_GUID {54849625-5478-4994-a5ba-3e3b0328c30d}");
    fake_mem_unicode(&memory, AT, AT + 0x100, "Eventlog");
    assert_row(UNICODE, true, "_UNICODE_STRING \"Eventlog\"");
    assert_row(STRUCT, true, "_THING");
}

static void enumerations_and_bit_fields(void **state)
{
    (void)state;
    fake_mem_u32(&memory, AT, 1);
    assert_row(ENUM, true, "1 ( STARTED )");
    fake_mem_u32(&memory, AT, 2);
    assert_row(ENUM, true, "2 ( No matching name )");
    fake_mem_u32(&memory, AT, 5u << 3);
    assert_row(BITS, true, "0y101");
    fake_mem_u32(&memory, AT, 1u << 3);
    assert_row(BITS, true, "0y001");
}

static void without_an_address_types_are_shown(void **state)
{
    (void)state;
    assert_row(UINT4, false, "Uint4B");
    assert_row(INT4, false, "Int4B");
    assert_row(UCHAR, false, "UChar");
    assert_row(PTR_PTR, false, "Ptr64 Ptr64 _THING");
    assert_row(ARRAY_U2, false, "[8] Uint2B");
    assert_row(BITS, false, "Pos 3, 3 Bits");
    assert_row(ENUM, false, "_STATE");
}

static void an_unreadable_value_is_a_gap_and_no_failure(void **state)
{
    struct one_field symbols = {{&ops}, {"Field", 8, UINT4}};
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
    struct one_field symbols = {{&ops}, {"Field", 0, UINT4}};
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

static void an_unknown_type_is_named(void **state)
{
    struct one_field symbols = {{&ops}, {"Field", 0, UINT4}};
    struct kd_diag diag;
    struct kdw_kernel kernel = {.mem = &memory.mem, .diag = &diag, .symbols = &symbols.symbols};
    struct dt dt;

    (void)state;
    kd_diag_clear(&diag);
    assert_int_equal(dt_collect(&kernel, "_NOBODY", false, 0, &dt), KD_ERR_NOT_FOUND);
    assert_non_null(strstr(diag.text, "_NOBODY"));
}

#define MEMORY_TEST(f) cmocka_unit_test_setup_teardown(f, fresh_memory, free_memory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MEMORY_TEST(unsigned_integers_are_a_digit_or_hexadecimal),
        MEMORY_TEST(signed_integers_are_decimal_with_0n),
        MEMORY_TEST(characters_show_themselves_when_printable),
        MEMORY_TEST(pointers_name_what_they_point_to),
        MEMORY_TEST(a_pointer_to_a_pointer_shows_both),
        MEMORY_TEST(a_pointer_into_nothing_shows_that_it_leads_there),
        MEMORY_TEST(arrays_show_their_first_element_or_its_type),
        MEMORY_TEST(character_arrays_show_their_text_with_escapes),
        MEMORY_TEST(some_structures_show_their_value),
        MEMORY_TEST(enumerations_and_bit_fields),
        MEMORY_TEST(without_an_address_types_are_shown),
        MEMORY_TEST(an_unreadable_value_is_a_gap_and_no_failure),
        MEMORY_TEST(a_lost_link_ends_the_listing),
        MEMORY_TEST(an_unknown_type_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
