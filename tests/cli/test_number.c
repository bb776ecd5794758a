#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "number.h"
#include "support/capture.h"
#include "support/fake_symbols.h"

static void addresses_are_hexadecimal_with_windbgs_backtick(void **state)
{
    static const char *const texts[] = {"fffff8026e98e540", "0xfffff8026e98e540",
                                        "0XFFFFF802`6E98E540", "fffff802`6e98e540"};
    uint64_t v;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_true(number_address(texts[i], &v));
        assert_true(v == UINT64_C(0xfffff8026e98e540));
    }
    assert_true(number_address("0", &v));
    assert_true(v == 0);
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const texts[] = {
        "", "0x", "`", "`1", "xyz", "12 ", "-1", "+1", "1ffffffffffffffff", "nt!Name"};
    uint64_t v = 7;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_false(number_address(texts[i], &v));
    assert_true(v == 7);
}

static void lengths_are_decimal_unless_0x_stands_in_front(void **state)
{
    uint64_t v;

    (void)state;
    assert_true(number_length("64", &v));
    assert_true(v == 64);
    assert_true(number_length("0x40", &v));
    assert_true(v == 64);
    assert_true(number_length("4K", &v));
    assert_true(v == 4096);
    assert_true(number_length("1m", &v));
    assert_true(v == 1048576);
}

static void what_is_no_length_is_refused(void **state)
{
    static const char *const texts[] = {
        "", "K", "-1", "+1", " 1", "1 ", "1KB", "0x", "99999999999999999999", "99999999999999999M"};
    uint64_t v = 7;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_false(number_length(texts[i], &v));
    assert_true(v == 7);
}

static void symbols_may_carry_a_module_and_an_offset(void **state)
{
    static const struct fake_type types[] = {{0}};
    static const struct fake_symbol variables[] = {{"PspHostSiloGlobals", 0x58e540}, {0}};
    struct fake_symbols symbols;
    struct kd_diag diag;
    struct kdw_kernel kernel = {.diag = &diag, .base_va = UINT64_C(0xfffff8026e400000)};
    struct number_place place;
    uint64_t va = 7;

    (void)state;
    kd_diag_clear(&diag);
    fake_symbols_init(&symbols, types, variables);
    kernel.symbols = &symbols.symbols;
    assert_true(number_place("nt!PspHostSiloGlobals", &place));
    assert_int_equal(number_resolve(&kernel, &place, &va), KD_OK);
    assert_true(va == UINT64_C(0xfffff8026e98e540));
    assert_true(number_place("PspHostSiloGlobals+360", &place));
    assert_int_equal(number_resolve(&kernel, &place, &va), KD_OK);
    assert_true(va == UINT64_C(0xfffff8026e98e8a0));
    assert_true(number_place("fffff802`6e98e540", &place));
    assert_false(place.is_symbol);
    assert_int_equal(number_resolve(&kernel, &place, &va), KD_OK);
    assert_true(va == UINT64_C(0xfffff8026e98e540));
    va = 7;
    assert_true(number_place("nt!Nobody", &place));
    assert_int_equal(number_resolve(&kernel, &place, &va), KD_ERR_NOT_FOUND);
    assert_non_null(strstr(diag.text, "'Nobody'"));
    assert_true(va == 7);
}

static void what_can_be_no_place_is_refused_without_a_target(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "is no name"},
        {"nt!", "is no name"},
        {"hal!HalpX", "only the kernel's own names are known, as in nt!HalpX"},
        {"nt!A+zz", "what stands behind + must be hexadecimal"},
        {"nt!A+", "what stands behind + must be hexadecimal"},
        {"+10", "is neither a hexadecimal address nor a symbol"},
    };
    struct number_place place = {.va = 7};
    char longest[NUMBER_NAME_MAX + 2];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct capture c;

        capture_begin(&c, CAPTURE_ERR);
        assert_false(number_place(cases[i].text, &place));
        assert_non_null(strstr(capture_end(&c), cases[i].says));
        capture_free(&c);
    }
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_false(number_place(longest, &place));
    longest[NUMBER_NAME_MAX - 1] = '\0';
    assert_true(number_place(longest, &place));
    assert_true(place.is_symbol);
}

static void types_may_carry_the_kernels_module(void **state)
{
    (void)state;
    assert_string_equal(number_kernel_name("nt!_EPROCESS"), "_EPROCESS");
    assert_string_equal(number_kernel_name("_EPROCESS"), "_EPROCESS");
    assert_null(number_kernel_name("win32k!_X"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_hexadecimal_with_windbgs_backtick),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(lengths_are_decimal_unless_0x_stands_in_front),
        cmocka_unit_test(what_is_no_length_is_refused),
        cmocka_unit_test(symbols_may_carry_a_module_and_an_offset),
        cmocka_unit_test(what_can_be_no_place_is_refused_without_a_target),
        cmocka_unit_test(types_may_carry_the_kernels_module),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
