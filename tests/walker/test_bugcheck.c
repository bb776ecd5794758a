#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <walker/bugcheck.h>

static void codes_have_their_names(void **state)
{
    (void)state;
    assert_string_equal(kdw_bugcheck_name(0x01), "APC_INDEX_MISMATCH");
    assert_string_equal(kdw_bugcheck_name(0x0A), "IRQL_NOT_LESS_OR_EQUAL");
    assert_string_equal(kdw_bugcheck_name(0x3B), "SYSTEM_SERVICE_EXCEPTION");
    assert_string_equal(kdw_bugcheck_name(0xD1), "DRIVER_IRQL_NOT_LESS_OR_EQUAL");
    assert_string_equal(kdw_bugcheck_name(KDW_BUGCHECK_LIVE_DUMP), "LIVE_SYSTEM_DUMP");
    assert_string_equal(kdw_bugcheck_name(0xDEADDEAD), "MANUALLY_INITIATED_CRASH1");
}

static void the_triage_form_of_a_code_has_its_name(void **state)
{
    (void)state;
    assert_string_equal(kdw_bugcheck_name(0x1000007E), "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED");
    assert_string_equal(kdw_bugcheck_name(0x100000D1), kdw_bugcheck_name(0xD1));
}

static void other_codes_have_none(void **state)
{
    (void)state;
    assert_null(kdw_bugcheck_name(0));
    assert_null(kdw_bugcheck_name(0x2000007E));
    assert_null(kdw_bugcheck_name(UINT32_MAX));
}

/* Each is found by the search, so the table ascends. */
static void enough_codes_are_known(void **state)
{
    size_t known = 0;

    (void)state;
    for (uint32_t code = 0; code < 0x400; code++)
        known += kdw_bugcheck_name(code) != NULL;
    assert_in_range(known, 100, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_have_their_names),
        cmocka_unit_test(the_triage_form_of_a_code_has_its_name),
        cmocka_unit_test(other_codes_have_none),
        cmocka_unit_test(enough_codes_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
