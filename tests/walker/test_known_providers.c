#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <walker/known_providers.h>

static void every_one_is_found_by_its_guid(void **state)
{
    (void)state;
    assert_true(kdw_known_providers_len > 70);
    for (size_t i = 0; i < kdw_known_providers_len; i++)
        assert_ptr_equal(kdw_known_provider_name(kdw_known_providers[i].guid),
                         kdw_known_providers[i].name);
}

static void they_are_in_order_and_none_is_there_twice(void **state)
{
    (void)state;
    for (size_t i = 1; i < kdw_known_providers_len; i++)
        assert_true(memcmp(kdw_known_providers[i - 1].guid, kdw_known_providers[i].guid, 16) < 0);
}

static void guids_are_as_in_memory(void **state)
{
    static const uint8_t threats[16] = {0x7c, 0x89, 0xe1, 0xf4, 0x5d, 0xbb, 0x68, 0x56,
                                        0xf1, 0xd8, 0x04, 0x0f, 0x4d, 0x8d, 0xd3, 0x44};
    static const uint8_t unknown[16] = {0};

    (void)state;
    assert_string_equal(kdw_known_provider_name(threats), "Microsoft-Windows-Threat-Intelligence");
    assert_null(kdw_known_provider_name(unknown));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_one_is_found_by_its_guid),
        cmocka_unit_test(they_are_in_order_and_none_is_there_twice),
        cmocka_unit_test(guids_are_as_in_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
