#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <walker/layer_names.h>
#include <walker/snapshot.h>

static void protection_is_signer_and_type(void **state)
{
    static const struct {
        uint64_t protection;
        const char *text;
    } cases[] = {
        {0, "none"},
        {0x31, "Antimalware-Light"},
        {0x41, "Lsa-Light"},
        {0x61, "WinTcb-Light"},
        {0x62, "WinTcb"},
        {0x72, "WinSystem"},
        {0x69, "WinTcb-Light (audit)"},
        {0x13, "0x13"},
        {0xf1, "0xf1"},
        {UINT64_MAX, "0xffffffffffffffff"},
    };
    char text[KDW_PROTECTION_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(kdw_protection_text(cases[i].protection, text), cases[i].text);
}

static void levels_and_states_have_names_or_none(void **state)
{
    (void)state;
    assert_string_equal(kdw_integrity_name(0x2000), "medium");
    assert_string_equal(kdw_integrity_name(0x5000), "protected");
    assert_null(kdw_integrity_name(0x2001));
    assert_string_equal(kdw_silo_kind_name(KDW_SILO_SERVER), "server");
    assert_null(kdw_silo_kind_name(3));
    assert_string_equal(kdw_silo_state_name(4), "terminated");
    assert_null(kdw_silo_state_name(5));
    assert_string_equal(kdw_signing_level_name(0x1c), "Windows");
}

static void routes_stand_where_their_bits_are(void **state)
{
    (void)state;
    assert_string_equal(kdw_job_route_name(0), "PspJobList");
    assert_string_equal(kdw_process_route_name(4), "MmProcessLinks");
    assert_int_equal(1 << 4, KDW_FOUND_MEMORY);
    assert_string_equal(kdw_process_route_name(8), "an ETW consumer");
    assert_int_equal(1 << 8, KDW_FOUND_CONSUMER);
    assert_null(kdw_process_route_name(9));
    assert_null(kdw_job_route_name(64));
}

static void every_mitigation_has_a_name_and_some_restrict(void **state)
{
    (void)state;
    for (unsigned word = 0; word < 2; word++)
        for (unsigned bit = 0; bit < 32; bit++)
            assert_non_null(kdw_mitigation_name(word, bit));
    assert_string_equal(kdw_mitigation_name(0, 12), "DisallowWin32kSystemCalls");
    assert_string_equal(kdw_restriction_name(0, 12), "no win32k calls");
    assert_null(kdw_restriction_name(0, 0));
    assert_null(kdw_mitigation_name(2, 0));
    assert_null(kdw_restriction_name(0, 32));
    assert_string_equal(kdw_job_flag_name(30), "Silo");
    assert_null(kdw_job_flag_name(32));
    assert_string_equal(kdw_token_policy_name(1), "new process min");
}

static void features_are_bits_of_registers(void **state)
{
    (void)state;
    for (size_t i = 0; i < kdw_cpu_features_len; i++)
        assert_true(kdw_cpu_features[i].bit < 64);
    assert_string_equal(kdw_cpu_features[0].name, "SMEP");
    assert_int_equal(kdw_cpu_features[0].bit, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(protection_is_signer_and_type),
        cmocka_unit_test(levels_and_states_have_names_or_none),
        cmocka_unit_test(routes_stand_where_their_bits_are),
        cmocka_unit_test(every_mitigation_has_a_name_and_some_restrict),
        cmocka_unit_test(features_are_bits_of_registers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
