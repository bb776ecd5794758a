#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "map.h"
#include "support/temp_dir.h"

#include <windows.h>

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
    static const char text[] = "\0by\r\nt\x1a"; /* what a text mode would change or end at */
    struct kd_diag diag = {{0}};
    struct kdw_map m;

    (void)state;
    temp_dir_write(&dir, "file", text, sizeof text);
    assert_int_equal(kdw_map_open(temp_dir_path(&dir, "file"), &diag, &m), KD_OK);
    assert_int_equal(m.len, sizeof text);
    assert_memory_equal(m.data, text, sizeof text);
    kdw_map_close(&m);
    assert_null(m.data);
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
    assert_non_null(strstr(diag.text, "/absent: no such file"));
    assert_int_equal(kdw_map_open(temp_dir_path(&dir, "no/folder"), &diag, &m), KD_ERR_NOT_FOUND);
}

static void folders_pipes_and_devices_are_refused_without_waiting(void **state)
{
    HANDLE pipe = CreateNamedPipeA("\\\\.\\pipe\\kdwalk-test-map", PIPE_ACCESS_DUPLEX,
                                   PIPE_TYPE_BYTE | PIPE_WAIT, 1, 512, 512, 0, NULL);
    struct kdw_map m;

    (void)state;
    assert_true(pipe != INVALID_HANDLE_VALUE);
    assert_int_equal(kdw_map_open("\\\\.\\pipe\\kdwalk-test-map", NULL, &m), KD_ERR_IO);
    CloseHandle(pipe);
    assert_int_equal(kdw_map_open(dir.path, NULL, &m), KD_ERR_IO);
    assert_int_equal(kdw_map_open("NUL", NULL, &m), KD_ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_mapped_as_it_is),
        cmocka_unit_test(an_empty_file_is_no_bytes),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(folders_pipes_and_devices_are_refused_without_waiting),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
