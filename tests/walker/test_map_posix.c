#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "map.h"
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

static void a_file_is_mapped_as_it_is(void **state)
{
    struct kd_diag diag = {{0}};
    struct kdw_map m;

    (void)state;
    temp_dir_write(&dir, "file", "\0bytes", 6);
    assert_int_equal(kdw_map_open(temp_dir_path(&dir, "file"), &diag, &m), KD_OK);
    assert_int_equal(m.len, 6);
    assert_memory_equal(m.data, "\0bytes", 6);
    kdw_map_close(&m);
    assert_null(m.data);
    kdw_map_close(&m);
}

static void a_mapped_file_may_be_replaced_by_rename(void **state)
{
    struct kdw_map m;

    (void)state;
    temp_dir_write(&dir, "old", "old bytes", 9);
    temp_dir_write(&dir, "new", "new", 3);
    assert_int_equal(kdw_map_open(temp_dir_path(&dir, "old"), NULL, &m), KD_OK);
    assert_int_equal(rename(temp_dir_path(&dir, "new"), temp_dir_path(&dir, "old")), 0);
    assert_memory_equal(m.data, "old bytes", 9);
    kdw_map_close(&m);
}

static void an_empty_file_is_no_bytes(void **state)
{
    struct kdw_map m = {(const uint8_t *)"x", 1};

    (void)state;
    temp_dir_write(&dir, "empty", NULL, 0);
    assert_int_equal(kdw_map_open(temp_dir_path(&dir, "empty"), NULL, &m), KD_OK);
    assert_null(m.data);
    assert_int_equal(m.len, 0);
    kdw_map_close(&m);
}

static void a_missing_file_is_named(void **state)
{
    struct kd_diag diag = {{0}};
    struct kdw_map m;

    (void)state;
    assert_int_equal(kdw_map_open(temp_dir_path(&dir, "absent"), &diag, &m), KD_ERR_NOT_FOUND);
    assert_non_null(strstr(diag.text, "/absent: No such file"));
}

static void folders_and_pipes_are_refused_without_waiting(void **state)
{
    struct kdw_map m;

    (void)state;
    assert_int_equal(mkfifo(temp_dir_path(&dir, "pipe"), 0600), 0);
    assert_int_equal(kdw_map_open(temp_dir_path(&dir, "pipe"), NULL, &m), KD_ERR_IO);
    assert_int_equal(kdw_map_open(dir.path, NULL, &m), KD_ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_mapped_as_it_is),
        cmocka_unit_test(a_mapped_file_may_be_replaced_by_rename),
        cmocka_unit_test(an_empty_file_is_no_bytes),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(folders_and_pipes_are_refused_without_waiting),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
