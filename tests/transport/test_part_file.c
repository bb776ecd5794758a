#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include <transport/part_file.h>

#include "support/temp_dir.h"

static struct temp_dir dir;
static struct kd_diag diag;

static int set_up(void **state)
{
    (void)state;
    temp_dir_create(&dir);
    kd_diag_clear(&diag);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    temp_dir_remove(&dir);
    return 0;
}

static size_t files(void)
{
    size_t count = 0;
    uv_dirent_t entry;
    uv_fs_t req;

    assert_true(uv_fs_scandir(NULL, &req, dir.path, 0, NULL) >= 0);
    while (uv_fs_scandir_next(&req, &entry) == 0)
        count++;
    uv_fs_req_cleanup(&req);
    return count;
}

static bool is_there(const char *name)
{
    return access(temp_dir_path(&dir, name), F_OK) == 0;
}

static void holds(const char *name, const char *text)
{
    char found[32] = "";
    FILE *f = fopen(temp_dir_path(&dir, name), "rb");

    assert_non_null(f);
    (void)fread(found, 1, sizeof found - 1, f);
    fclose(f);
    assert_string_equal(found, text);
}

static struct kdt_part_file create(const char *name)
{
    struct kdt_part_file p = {0};

    if (kdt_part_file_create(temp_dir_path(&dir, name), &diag, &p) != KD_OK)
        fail_msg("%s", diag.text);
    return p;
}

static void it_has_its_name_once_it_is_published(void **state)
{
    struct kdt_part_file p;

    (void)state;
    temp_dir_write(&dir, "it", "before", 6);
    p = create("it");
    assert_true(fputs("half", p.file) >= 0);
    assert_int_equal(kdt_part_file_restart(&p), KD_OK);
    assert_true(fputs("whole", p.file) >= 0);
    holds("it", "before");
    assert_int_equal(files(), 2);
    assert_int_equal(kdt_part_file_close(&p), KD_OK);
    assert_int_equal(kdt_part_file_publish(&p), KD_OK);
    holds("it", "whole");
    assert_int_equal(files(), 1);
    kdt_part_file_discard(&p); /* nothing is left to be discarded */
    holds("it", "whole");
}

static void what_is_discarded_leaves_what_was_there(void **state)
{
    struct kdt_part_file open, closed;

    (void)state;
    temp_dir_write(&dir, "it", "before", 6);
    open = create("it");
    closed = create("it");
    assert_int_equal(files(), 3);
    assert_int_equal(kdt_part_file_close(&closed), KD_OK);
    kdt_part_file_discard(&open);
    kdt_part_file_discard(&closed);
    holds("it", "before");
    assert_int_equal(files(), 1);
}

static void a_folder_that_takes_no_file_says_so(void **state)
{
    struct kdt_part_file p = {.part = NULL};

    (void)state;
    assert_int_equal(kdt_part_file_create(temp_dir_path(&dir, "absent/it"), &diag, &p), KD_ERR_IO);
    assert_non_null(strstr(diag.text, "absent/it: cannot be written: No such file"));
    assert_null(p.part);
}

static void what_cannot_get_its_name_leaves_nothing(void **state)
{
    struct kdt_part_file p;

    (void)state;
    temp_dir_write(&dir, "it/inside", "", 0);
    p = create("it");
    assert_int_equal(kdt_part_file_publish(&p), KD_ERR_IO);
    assert_non_null(strstr(diag.text, "it: cannot be put in place: "));
    kdt_part_file_discard(&p);
    assert_int_equal(files(), 1);
}

static void grow_old(const char *name, unsigned seconds)
{
    uv_timeval64_t now;
    uv_fs_t req;

    assert_int_equal(uv_gettimeofday(&now), 0);
    assert_int_equal(uv_fs_utime(NULL, &req, temp_dir_path(&dir, name), (double)now.tv_sec,
                                 (double)now.tv_sec - seconds, NULL),
                     0);
    uv_fs_req_cleanup(&req);
}

static void what_was_left_is_removed_once_nobody_can_write_to_it(void **state)
{
    static const char *const others[] = {
        ".it.00000000000000ff.part",  /* young */
        ".at.00000000000000ff.part",  /* of another file */
        ".it.0000000000000ff.part",   /* none of ours */
        ".it.00000000000000FF.part",  /* nor this */
        ".it.00000000000000ff.party", /* nor this */
        "it",
    };
    enum { OTHERS = sizeof others / sizeof others[0] };
    struct kdt_part_file p;

    (void)state;
    temp_dir_write(&dir, ".it.0123456789abcdef.part", "left", 4);
    grow_old(".it.0123456789abcdef.part", 2 * 60 * 60);
    for (size_t i = 0; i < OTHERS; i++) {
        temp_dir_write(&dir, others[i], "", 0);
        grow_old(others[i], i == 0 ? 10 * 60 : 2 * 60 * 60);
    }
    p = create("it");
    assert_false(is_there(".it.0123456789abcdef.part"));
    for (size_t i = 0; i < OTHERS; i++)
        assert_true(is_there(others[i]));
    kdt_part_file_discard(&p);
}

static void a_file_in_the_working_folder_has_its_part_there(void **state)
{
    char before[1024];
    struct kdt_part_file p;

    (void)state;
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(dir.path), 0);
    temp_dir_write(&dir, ".it.0123456789abcdef.part", "left", 4);
    grow_old(".it.0123456789abcdef.part", 2 * 60 * 60);
    assert_int_equal(kdt_part_file_create("it", &diag, &p), KD_OK);
    assert_int_equal(files(), 1);
    assert_int_equal(kdt_part_file_publish(&p), KD_OK);
    assert_true(is_there("it"));
    assert_int_equal(chdir(before), 0);
}

static void a_pipe_that_a_person_named_is_written_to_and_stays(void **state)
{
    struct kdt_part_file p;
    char found[8] = "";
    int reader;

    (void)state;
    assert_int_equal(mkfifo(temp_dir_path(&dir, "it"), 0600), 0);
    reader = open(temp_dir_path(&dir, "it"), O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    assert_int_equal(kdt_part_file_output(temp_dir_path(&dir, "it"), &diag, &p), KD_OK);
    assert_true(fputs("whole", p.file) >= 0);
    assert_int_equal(kdt_part_file_publish(&p), KD_OK);
    kdt_part_file_discard(&p);
    assert_int_equal(read(reader, found, sizeof found - 1), 5);
    assert_string_equal(found, "whole");
    close(reader);
    assert_int_equal(files(), 1);
}

static void any_other_file_that_a_person_named_is_whole_or_not_there(void **state)
{
    struct kdt_part_file p;

    (void)state;
    temp_dir_write(&dir, "it", "before", 6);
    assert_int_equal(kdt_part_file_output(temp_dir_path(&dir, "it"), &diag, &p), KD_OK);
    assert_true(fputs("half", p.file) >= 0);
    holds("it", "before");
    kdt_part_file_discard(&p);
    holds("it", "before");
}

int main(void)
{
#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(it_has_its_name_once_it_is_published),
        IN_A_FOLDER(what_is_discarded_leaves_what_was_there),
        IN_A_FOLDER(a_folder_that_takes_no_file_says_so),
        IN_A_FOLDER(what_cannot_get_its_name_leaves_nothing),
        IN_A_FOLDER(what_was_left_is_removed_once_nobody_can_write_to_it),
        IN_A_FOLDER(a_file_in_the_working_folder_has_its_part_there),
        IN_A_FOLDER(a_pipe_that_a_person_named_is_written_to_and_stays),
        IN_A_FOLDER(any_other_file_that_a_person_named_is_whole_or_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
