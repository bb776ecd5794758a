#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "number.h"
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
    uint64_t va = 7;

    (void)state;
    kd_diag_clear(&diag);
    fake_symbols_init(&symbols, types, variables);
    kernel.symbols = &symbols.symbols;
    assert_int_equal(number_symbol(&kernel, "nt!PspHostSiloGlobals", &va), KD_OK);
    assert_true(va == UINT64_C(0xfffff8026e98e540));
    assert_int_equal(number_symbol(&kernel, "PspHostSiloGlobals+360", &va), KD_OK);
    assert_true(va == UINT64_C(0xfffff8026e98e8a0));
    va = 7;
    assert_int_equal(number_symbol(&kernel, "nt!Nobody", &va), KD_ERR_NOT_FOUND);
    assert_non_null(strstr(diag.text, "Nobody"));
    assert_int_equal(number_symbol(&kernel, "PspHostSiloGlobals+zz", &va), KD_ERR_USAGE);
    assert_int_equal(number_symbol(&kernel, "nt!", &va), KD_ERR_USAGE);
    assert_true(va == 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_hexadecimal_with_windbgs_backtick),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(lengths_are_decimal_unless_0x_stands_in_front),
        cmocka_unit_test(what_is_no_length_is_refused),
        cmocka_unit_test(symbols_may_carry_a_module_and_an_offset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
