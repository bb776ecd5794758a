/* The form of values, each rule of the two published listings and of public ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dt_value.h"
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

static void assert_value(kdw_type_id type, const char *want)
{
    struct one_field symbols = one_field("", 0, NONE);
    struct kdw_kernel kernel = {.mem = &memory.mem, .symbols = &symbols.symbols};
    struct text t = {0};
    uint64_t fault = 0;
    char *got;

    assert_int_equal(dt_add_value(&t, &kernel, type, AT, &fault), KD_OK);
    got = text_take(&t);
    assert_string_equal(got, want);
    free(got);
}

static void unsigned_integers_are_a_digit_or_hexadecimal(void **state)
{
    (void)state;
    fake_mem_u32(&memory, AT, 9);
    assert_value(UINT4, "9");
    fake_mem_u32(&memory, AT, 10);
    assert_value(UINT4, "0xa");
    fake_mem_u32(&memory, AT, 0xffffffff);
    assert_value(UINT4, "0xffffffff");
}

static void signed_integers_are_decimal_with_0n(void **state)
{
    (void)state;
    fake_mem_u32(&memory, AT, 0);
    assert_value(INT4, "0n0");
    fake_mem_u32(&memory, AT, 0xffffffff);
    assert_value(INT4, "0n-1");
}

static void characters_show_themselves_when_printable(void **state)
{
    (void)state;
    fake_mem_u32(&memory, AT, 0);
    assert_value(UCHAR, "0 ''");
    fake_mem_u32(&memory, AT, 3);
    assert_value(UCHAR, "0x3 ''");
    fake_mem_u32(&memory, AT, 'A');
    assert_value(UCHAR, "0x41 'A'");
    fake_mem_u32(&memory, AT, 0xff);
    assert_value(CHAR, "0n-1 ''");
}

static void pointers_name_what_they_point_to(void **state)
{
    (void)state;
    fake_mem_u64(&memory, AT, UINT64_C(0xfffff8026e98e540));
    assert_value(PTR_STRUCT, "0xfffff802`6e98e540 _THING");
    assert_value(PTR_VOID, "0xfffff802`6e98e540 Void");
    assert_value(PTR_FUNCTION, "0xfffff802`6e98e540");
    fake_mem_u64(&memory, AT, 0);
    assert_value(PTR_STRUCT, "(null)");
}

static void a_pointer_to_a_pointer_shows_both(void **state)
{
    (void)state;
    fake_mem_u64(&memory, AT, UINT64_C(0xffffa80faae71ac0));
    fake_mem_u64(&memory, UINT64_C(0xffffa80faae71ac0), UINT64_C(0xffffa80faae503f0));
    assert_value(PTR_PTR, "0xffffa80f`aae71ac0  -> 0xffffa80f`aae503f0 _THING");
}

static void a_pointer_into_nothing_shows_that_it_leads_there(void **state)
{
    (void)state;
    fake_mem_u64(&memory, AT, UINT64_C(0xffff800000000000));
    assert_value(PTR_PTR, "0xffff8000`00000000  -> ????????`????????");
}

static void arrays_show_their_first_element_or_its_type(void **state)
{
    (void)state;
    fake_mem_u64(&memory, AT, 3);
    assert_value(ARRAY_U2, "[8] 3");
    fake_mem_u64(&memory, AT, 1);
    assert_value(ARRAY_PTR, "[64] 0x00000000`00000001 _THING");
    assert_value(ARRAY_STRUCT, "[64] _THING");
}

static void character_arrays_show_their_text_with_escapes(void **state)
{
    (void)state;
    fake_mem_write(&memory, AT, "System\0garbage", 15);
    assert_value(ARRAY_UCHAR, "[15]  \"System\"");
    fake_mem_write(&memory, AT, "\033]0;x\a78901234", 15);
    assert_value(ARRAY_UCHAR, "[15]  \"\\x1b]0;x\\x0778901234\"");
    fake_mem_write(&memory, AT, "\x9b\xff", 3);
    assert_value(ARRAY_UCHAR, "[15]  \"\\x9b\\xff\"");
}

static void some_structures_show_their_value(void **state)
{
    static const uint8_t guid[16] = {0x25, 0x96, 0x84, 0x54, 0x78, 0x54, 0x94, 0x49,
                                     0xa5, 0xba, 0x3e, 0x3b, 0x03, 0x28, 0xc3, 0x0d};

    (void)state;
    fake_mem_u64(&memory, AT, 0x13877c00);
    assert_value(LARGE, "_LARGE_INTEGER 0x13877c00");
    fake_mem_u64(&memory, AT, 0xa);
    fake_mem_u64(&memory, AT + 8, 0xb);
    assert_value(LIST, "_LIST_ENTRY [ 0x00000000`0000000a - 0x00000000`0000000b ]");
    fake_mem_write(&memory, AT, guid, sizeof guid);
    assert_value(GUID, "_GUID {54849625-5478-4994-a5ba-3e3b0328c30d}");
    fake_mem_unicode(&memory, AT, AT + 0x100, "Eventlog");
    assert_value(UNICODE, "_UNICODE_STRING \"Eventlog\"");
    assert_value(STRUCT, "_THING");
}

static void enumerations_and_bit_fields(void **state)
{
    (void)state;
    fake_mem_u32(&memory, AT, 1);
    assert_value(ENUM, "1 ( STARTED )");
    fake_mem_u32(&memory, AT, 2);
    assert_value(ENUM, "2 (No matching name)");
    fake_mem_u32(&memory, AT, 5u << 3);
    assert_value(BITS, "0y101");
    fake_mem_u32(&memory, AT, 1u << 3);
    assert_value(BITS, "0y001");
}

static void enumerations_keep_their_sign(void **state)
{
    (void)state;
    fake_mem_u32(&memory, AT, (uint32_t)-7);
    assert_value(ENUM, "-7 ( LOWEST )");
    fake_mem_u32(&memory, AT, 0x80000000);
    assert_value(UNSIGNED_ENUM, "2147483648 ( LOWEST )");
    fake_mem_u32(&memory, AT, 0xffffffff);
    assert_value(ENUM, "0xffffffff (No matching name)");
}

static void wide_characters_in_an_array_are_text(void **state)
{
    static const uint8_t root[] = {'C', 0, ':', 0, '\\', 0, 0xe4, 0, 0, 0, 'x', 0};

    (void)state;
    fake_mem_zero(&memory, AT, 520);
    fake_mem_write(&memory, AT, root, sizeof root);
    assert_value(ARRAY_WCHAR, "[260]  \"C:\\\xc3\xa4\"");
    assert_value(WCHAR, "0x43");
    fake_mem_u64(&memory, AT, UINT64_C(0xfffff8026e98e540));
    assert_value(PTR_WCHAR, "0xfffff802`6e98e540 Wchar");
}

static void signed_and_unsigned_character_arrays_look_alike(void **state)
{
    (void)state;
    fake_mem_write(&memory, AT,
                   "\xe4"
                   "abc",
                   4); /* without a NUL, and beyond ASCII */
    assert_value(ARRAY_CHAR, "[4]  \"\\xe4abc\"");
}

static void arrays_of_arrays_show_the_first_of_the_first(void **state)
{
    (void)state;
    fake_mem_u64(&memory, AT, 0x1234);
    assert_value(ARRAY_ARRAY, "[3] [8] 0x1234");
    assert_value(EMPTY_ARRAY, "[0] ");
}

static void pointers_to_functions_are_addresses(void **state)
{
    (void)state;
    fake_mem_u64(&memory, AT, UINT64_C(0xfffff8026e98e540));
    assert_value(ARRAY_FUNCTION, "[28] 0xfffff802`6e98e540");
}

static void pointers_of_32_bits_are_read_as_such(void **state)
{
    (void)state;
    fake_mem_u64(&memory, AT, UINT64_C(0x1111111177aa0000));
    assert_value(PTR32, "0x00000000`77aa0000 Void");
}

static void a_pointer_to_itself_comes_to_an_end(void **state)
{
    struct one_field symbols = one_field("", 0, NONE);
    struct kdw_kernel kernel = {.mem = &memory.mem, .symbols = &symbols.symbols};
    struct text t = {0};
    uint64_t fault = 0;
    char *got;

    (void)state;
    fake_mem_u64(&memory, AT, AT);
    assert_int_equal(dt_add_value(&t, &kernel, SELF_POINTER, AT, &fault), KD_OK);
    got = text_take(&t);
    assert_true(strlen(got) < 400);
    free(got);
}

static void truth_values_and_reals(void **state)
{
    const float half = 0.5f;
    const double third = -2.25;

    (void)state;
    fake_mem_u32(&memory, AT, 1);
    assert_value(BOOL, "1");
    fake_mem_write(&memory, AT, &half, sizeof half);
    assert_value(FLOAT, "0.5");
    fake_mem_write(&memory, AT, &third, sizeof third);
    assert_value(DOUBLE, "-2.25");
}

static void what_has_no_value_shows_its_type(void **state)
{
    (void)state;
    assert_value(INT16, "Int16B");
    assert_value(LONG_DOUBLE, "Float10B");
    assert_value(UNNAMED, "<unnamed-tag>");
    assert_value(VOID, "Void");
}

static void what_cannot_be_read_says_where(void **state)
{
    static const kdw_type_id readable[] = {
        UINT4, UCHAR,   BOOL, FLOAT, PTR_STRUCT, ARRAY_U2,    LIST,        GUID,
        LARGE, UNICODE, ENUM, BITS,  WCHAR,      ARRAY_WCHAR, ARRAY_UCHAR, ARRAY_PTR};
    struct one_field symbols = one_field("", 0, NONE);
    struct kdw_kernel kernel = {.mem = &memory.mem, .symbols = &symbols.symbols};

    (void)state;
    for (size_t i = 0; i < sizeof readable / sizeof readable[0]; i++) {
        struct text t = {0};
        uint64_t fault = 0;

        assert_int_equal(dt_add_value(&t, &kernel, readable[i], AT, &fault), KD_ERR_NOT_MAPPED);
        assert_true(fault == AT);
        free(text_take(&t));
    }
}

static void a_string_that_cannot_be_read_says_where_its_characters_are(void **state)
{
    struct one_field symbols = one_field("", 0, NONE);
    struct kdw_kernel kernel = {.mem = &memory.mem, .symbols = &symbols.symbols};
    struct text t = {0};
    uint64_t fault = 0;

    (void)state;
    fake_mem_unicode(&memory, AT, AT + 0x10000, "text");
    fake_mem_unmap(&memory, AT + 0x10000, 8);
    assert_int_equal(dt_add_value(&t, &kernel, UNICODE, AT, &fault), KD_ERR_NOT_MAPPED);
    assert_true(fault == AT + 0x10000);
    free(text_take(&t));
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
        MEMORY_TEST(enumerations_keep_their_sign),
        MEMORY_TEST(wide_characters_in_an_array_are_text),
        MEMORY_TEST(signed_and_unsigned_character_arrays_look_alike),
        MEMORY_TEST(arrays_of_arrays_show_the_first_of_the_first),
        MEMORY_TEST(pointers_to_functions_are_addresses),
        MEMORY_TEST(pointers_of_32_bits_are_read_as_such),
        MEMORY_TEST(a_pointer_to_itself_comes_to_an_end),
        MEMORY_TEST(truth_values_and_reals),
        MEMORY_TEST(what_has_no_value_shows_its_type),
        MEMORY_TEST(what_cannot_be_read_says_where),
        MEMORY_TEST(a_string_that_cannot_be_read_says_where_its_characters_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
