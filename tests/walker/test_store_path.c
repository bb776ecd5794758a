#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store_path.h"
#include "support/temp_dir.h"

static struct temp_dir dir;

static int make_dir(void **state)
{
    (void)state;
    temp_dir_create(&dir);
    temp_dir_write(&dir, "Store/Inner/File.txt", "x", 1);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    temp_dir_remove(&dir);
    return 0;
}

static struct kdw_store_path start(void)
{
    struct kdw_store_path p;

    snprintf(p.text, sizeof p.text, "%s", dir.path);
    return p;
}

static void components_are_entered_whatever_their_case(void **state)
{
    struct kdw_store_path p = start();

    (void)state;
    assert_true(kdw_store_enter(&p, "STORE"));
    assert_true(kdw_store_enter(&p, "inner"));
    assert_true(kdw_store_has_file(p.text, "File.txt"));
    assert_false(kdw_store_has_file(p.text, "absent"));
    assert_false(kdw_store_has_file(dir.path, "Store")); /* a folder */
}

static void what_is_not_there_is_not_entered(void **state)
{
    struct kdw_store_path p = start();
    char name[KDW_PLACE_MAX];

    (void)state;
    assert_false(kdw_store_enter(&p, "absent"));
    assert_string_equal(p.text, dir.path);
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_false(kdw_store_enter(&p, name));
    assert_string_equal(p.text, dir.path);
}

static void notes_are_cut_where_there_is_no_more_room(void **state)
{
    char notes[KDW_NOTES_MAX] = "";

    (void)state;
    for (int i = 0; i < 100; i++)
        kdw_note(notes, "; %d words", i);
    assert_int_equal(strlen(notes), KDW_NOTES_MAX - 1);
    assert_memory_equal(notes, "; 0 words; 1 words", 18);
}

static bool is_open(enum kdw_place_kind kind, const char *path, char notes[KDW_NOTES_MAX])
{
    struct kdw_place place = {.kind = kind, .why = "for a reason"};

    snprintf(place.text, sizeof place.text, "%s", path);
    notes[0] = '\0';
    return kdw_place_is_open(&place, notes);
}

static void a_place_that_is_no_open_folder_is_noted(void **state)
{
    char notes[KDW_NOTES_MAX];

    (void)state;
    assert_true(is_open(KDW_PLACE_FOLDER, dir.path, notes));
    assert_string_equal(notes, "");
    assert_false(is_open(KDW_PLACE_STORE, temp_dir_path(&dir, "absent"), notes));
    assert_non_null(strstr(notes, "absent does not exist"));
    assert_false(is_open(KDW_PLACE_STORE, temp_dir_path(&dir, "Store/Inner/File.txt"), notes));
    assert_non_null(strstr(notes, "File.txt is a file: name the folder that it is in"));
    assert_false(is_open(KDW_PLACE_SKIPPED, "x", notes));
    assert_string_equal(notes, "; skipped x (for a reason)");
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(components_are_entered_whatever_their_case),
        IN_A_FOLDER(what_is_not_there_is_not_entered),
        IN_A_FOLDER(notes_are_cut_where_there_is_no_more_room),
        IN_A_FOLDER(a_place_that_is_no_open_folder_is_noted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
