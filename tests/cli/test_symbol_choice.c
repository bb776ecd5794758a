#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/temp_dir.h"
#include "symbol_choice.h"

static void symbols_of_all_kinds_are_looked_for(void **state)
{
    const struct cli_options options = {.symbol_path = "/symbols", .isf = "/isf"};
    struct symbol_choice choice;

    (void)state;
    symbol_choice_init(&choice, &options);
    assert_int_equal(choice.options.kinds, KDW_SYMBOLS_ANY);
    assert_string_equal(choice.options.symbol_path, "/symbols");
    assert_ptr_equal(choice.options.server, &choice.server.server);
    assert_non_null(choice.options.server->fetch);
    assert_string_equal(choice.options.isf_first, "/isf");
}

static void isf_files_are_also_looked_for_where_they_usually_are(void **state)
{
    const struct cli_options options = {0};
    struct symbol_choice choice;
    struct temp_dir dir;
    const char *usual;

    (void)state;
    temp_dir_create(&dir);
    temp_dir_write(&dir, "volatility3/symbols/windows/x", "", 0);
    assert_int_equal(setenv("XDG_CACHE_HOME", dir.path, 1), 0);
    symbol_choice_init(&choice, &options);
    usual = temp_dir_path(&dir, "volatility3");
    assert_memory_equal(choice.options.isf_last, usual, strlen(usual));
    assert_null(choice.options.isf_first);
    temp_dir_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(symbols_of_all_kinds_are_looked_for),
        cmocka_unit_test(isf_files_are_also_looked_for_where_they_usually_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
