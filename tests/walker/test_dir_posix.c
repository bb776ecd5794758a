#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dir.h"
#include "support/temp_dir.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOBODY = 65534 };

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
    assert_int_equal(kdw_path_kind("/dev/null"), KDW_PATH_OTHER);
}

static void a_folder_that_is_closed_to_us_is_told_apart(void **state)
{
    const char *closed = temp_dir_path(&dir, "closed");
    bool is_root = geteuid() == 0;

    (void)state;
    temp_dir_write(&dir, "closed/file", "x", 1);
    assert_true(kdw_dir_may_search(closed));
    assert_false(kdw_dir_may_search(temp_dir_path(&dir, "absent")));
    assert_int_equal(chmod(closed, 0), 0);
    assert_int_equal(chmod(dir.path, 0755), 0);
    if (is_root) /* nothing is closed to root */
        assert_int_equal(seteuid(NOBODY), 0);
    assert_false(kdw_dir_may_search(closed));
    if (is_root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(closed, 0700), 0);
}

static void a_folder_is_made_with_those_on_the_way_to_it(void **state)
{
    const char *below = temp_dir_path(&dir, "a/b/c");

    (void)state;
    assert_true(kdw_dir_make(below));
    assert_int_equal(kdw_path_kind(below), KDW_PATH_FOLDER);
    assert_true(kdw_dir_make(below)); /* it is there already */
    temp_dir_write(&dir, "file", "x", 1);
    assert_false(kdw_dir_make(temp_dir_path(&dir, "file/below")));
    assert_false(kdw_dir_make(temp_dir_path(&dir, "file")));
}

static void a_folder_that_takes_no_files_is_told_apart(void **state)
{
    const char *closed = temp_dir_path(&dir, "closed");
    bool is_root = geteuid() == 0;

    (void)state;
    assert_true(kdw_dir_make(closed));
    assert_int_equal(chmod(closed, 0555), 0);
    assert_int_equal(chmod(dir.path, 0755), 0);
    if (is_root) /* root may write anywhere */
        assert_int_equal(seteuid(NOBODY), 0);
    assert_false(kdw_dir_make(closed));
    assert_false(kdw_dir_make(temp_dir_path(&dir, "closed/below")));
    if (is_root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(closed, 0700), 0);
}

static void count_name(void *ctx, const char *name)
{
    unsigned *seen = ctx;

    if (strcmp(name, "x") != 0)
        assert_string_equal(name, ".y");
    ++*seen;
}

static void every_entry_is_named_once(void **state)
{
    unsigned seen = 0;

    (void)state;
    temp_dir_write(&dir, "names/x", "", 0);
    temp_dir_write(&dir, "names/.y/z", "", 0);
    kdw_dir_each(temp_dir_path(&dir, "names"), &seen, count_name);
    assert_int_equal(seen, 2);
    kdw_dir_each(temp_dir_path(&dir, "absent"), &seen, count_name);
    assert_int_equal(seen, 2);
}

static void windows_paths_are_foreign_here(void **state)
{
    static const char *const foreign[] = {"\\\\server\\share", "C:\\Symbols", "d:/x", "E:"};
    static const char *const native[] = {"/C:/x", "symbols", "./a\\b", "C:x", "", "1:\\x"};

    (void)state;
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
        assert_true(kdw_path_is_foreign(foreign[i]));
    for (size_t i = 0; i < sizeof native / sizeof native[0]; i++)
        assert_false(kdw_path_is_foreign(native[i]));
}

static void only_what_starts_at_the_root_is_absolute(void **state)
{
    (void)state;
    assert_true(kdw_path_is_absolute("/x"));
    assert_false(kdw_path_is_absolute("x"));
    assert_false(kdw_path_is_absolute(""));
}

static void an_entry_is_found_in_another_case_and_given_in_its_own(void **state)
{
    char found[32];

    (void)state;
    temp_dir_write(&dir, "case/NTKRNLMP.PDB", "x", 1);
    assert_true(kdw_dir_find(temp_dir_path(&dir, "case"), "ntkrnlmp.pdb", found, sizeof found));
    assert_string_equal(found, "NTKRNLMP.PDB");
    assert_false(kdw_dir_find(temp_dir_path(&dir, "case"), "ntkrnlmp.pd", found, sizeof found));
    assert_false(kdw_dir_find(temp_dir_path(&dir, "case"), "ntkrnlmp.pdbx", found, sizeof found));
    assert_false(kdw_dir_find(temp_dir_path(&dir, "absent"), "ntkrnlmp.pdb", found, sizeof found));
}

static void an_entry_that_does_not_fit_is_not_found(void **state)
{
    char found[12];

    (void)state;
    temp_dir_write(&dir, "tight/NTKRNLMP.PDB", "x", 1);
    assert_false(kdw_dir_find(temp_dir_path(&dir, "tight"), "ntkrnlmp.pdb", found, sizeof found));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_of_paths_are_told_apart),
        cmocka_unit_test(a_folder_that_is_closed_to_us_is_told_apart),
        cmocka_unit_test(a_folder_is_made_with_those_on_the_way_to_it),
        cmocka_unit_test(a_folder_that_takes_no_files_is_told_apart),
        cmocka_unit_test(every_entry_is_named_once),
        cmocka_unit_test(windows_paths_are_foreign_here),
        cmocka_unit_test(only_what_starts_at_the_root_is_absolute),
        cmocka_unit_test(an_entry_is_found_in_another_case_and_given_in_its_own),
        cmocka_unit_test(an_entry_that_does_not_fit_is_not_found),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
