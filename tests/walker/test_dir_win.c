#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dir.h"
#include "support/temp_dir.h"

static struct temp_dir dir;

static int make_dir(void **state)
{
    (void)state;
    temp_dir_create(&dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    temp_dir_remove(&dir);
    return 0;
}

static void kinds_of_paths_are_told_apart(void **state)
{
    (void)state;
    temp_dir_write(&dir, "file", "x", 1);
    assert_int_equal(kdw_path_kind(temp_dir_path(&dir, "file")), KDW_PATH_FILE);
    assert_int_equal(kdw_path_kind(dir.path), KDW_PATH_FOLDER);
    assert_int_equal(kdw_path_kind(temp_dir_path(&dir, "absent")), KDW_PATH_ABSENT);
    assert_int_equal(kdw_path_kind(temp_dir_path(&dir, "file/below")), KDW_PATH_ABSENT);
    assert_true(kdw_dir_may_search(dir.path));
}

static void both_separators_are_understood(void **state)
{
    (void)state;
    temp_dir_write(&dir, "folder/file", "x", 1);
    assert_int_equal(kdw_path_kind(temp_dir_path(&dir, "folder\\file")), KDW_PATH_FILE);
    assert_int_equal(kdw_path_kind(temp_dir_path(&dir, "folder/file")), KDW_PATH_FILE);
}

static void a_name_in_another_case_is_the_same_name(void **state)
{
    char found[32];

    (void)state;
    temp_dir_write(&dir, "case/NTKRNLMP.PDB", "x", 1);
    assert_int_equal(kdw_path_kind(temp_dir_path(&dir, "case/ntkrnlmp.pdb")), KDW_PATH_FILE);
    assert_false(kdw_dir_find(temp_dir_path(&dir, "case"), "absent.pdb", found, sizeof found));
}

static void a_folder_is_made_with_those_on_the_way_to_it(void **state)
{
    (void)state;
    assert_true(kdw_dir_make(temp_dir_path(&dir, "a/b\\c")));
    assert_int_equal(kdw_path_kind(temp_dir_path(&dir, "a/b/c")), KDW_PATH_FOLDER);
    assert_true(kdw_dir_make(temp_dir_path(&dir, "a/b/c"))); /* it is there already */
    temp_dir_write(&dir, "plain", "x", 1);
    assert_false(kdw_dir_make(temp_dir_path(&dir, "plain")));
}

static void count_name(void *ctx, const char *name)
{
    unsigned *seen = ctx;

    assert_non_null(name);
    ++*seen;
}

static void every_entry_is_named_once(void **state)
{
    unsigned seen = 0;

    (void)state;
    temp_dir_write(&dir, "names/x", "x", 1);
    temp_dir_write(&dir, "names/y/z", "x", 1);
    kdw_dir_each(temp_dir_path(&dir, "names"), &seen, count_name);
    assert_int_equal(seen, 2);
}

static void no_path_is_foreign(void **state)
{
    (void)state;
    assert_false(kdw_path_is_foreign("C:\\Symbols"));
    assert_false(kdw_path_is_foreign("\\\\server\\share"));
}

static void only_what_names_its_drive_or_server_is_absolute(void **state)
{
    static const char *const absolute[] = {"C:\\x", "d:/x", "\\\\server\\share", "//server/share"};
    static const char *const relative[] = {"x", "", "\\x", "/x", "C:x", "C:", "1:\\x"};

    (void)state;
    for (size_t i = 0; i < sizeof absolute / sizeof absolute[0]; i++)
        assert_true(kdw_path_is_absolute(absolute[i]));
    for (size_t i = 0; i < sizeof relative / sizeof relative[0]; i++)
        assert_false(kdw_path_is_absolute(relative[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_of_paths_are_told_apart),
        cmocka_unit_test(a_folder_is_made_with_those_on_the_way_to_it),
        cmocka_unit_test(every_entry_is_named_once),
        cmocka_unit_test(both_separators_are_understood),
        cmocka_unit_test(a_name_in_another_case_is_the_same_name),
        cmocka_unit_test(no_path_is_foreign),
        cmocka_unit_test(only_what_names_its_drive_or_server_is_absolute),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
