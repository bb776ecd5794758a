#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pdb_hash.h"

static void known_names_have_the_values_that_real_files_file_them_under(void **state)
{
    static const struct {
        const char *name;
        uint32_t hash;
    } known[] = {
        {"", 0x20240400},
        {"a", 0x20240441},
        {"PsLoadedModuleList", 0x3727BA69},
        {"KdDebuggerDataBlock", 0x2F20AAB0},
        {"_EPROCESS", 0x213121F6},
        {"_UNICODE_STRING", 0x7E7196D8},
    };

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_int_equal(kdw_pdb_hash(known[i].name, strlen(known[i].name)), known[i].hash);
}

static void ascii_case_makes_no_difference(void **state)
{
    (void)state;
    assert_int_equal(kdw_pdb_hash("PSLOADEDMODULELIST", 18),
                     kdw_pdb_hash("psloadedmodulelist", 18));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_names_have_the_values_that_real_files_file_them_under),
        cmocka_unit_test(ascii_case_makes_no_difference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
