#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "message.h"
#include "snapshot_file.h"
#include "snapshot_load.h"
#include "support/capture.h"
#include "support/made_snapshot.h"
#include "support/temp_dir.h"

static void what_was_written_can_be_read(void **state)
{
    struct kdw_snapshot s, again;
    struct kd_diag diag = {{0}};
    struct temp_dir dir;

    (void)state;
    temp_dir_create(&dir);
    temp_dir_write(&dir, "a.json", "old", 3);
    made_snapshot(&s, 2);
    assert_true(snapshot_file_write(&s, temp_dir_path(&dir, "a.json")));
    assert_int_equal(snapshot_load(temp_dir_path(&dir, "a.json"), &diag, &again), KD_OK);
    assert_true(made_snapshot_is_equal(&s, &again));
    kdw_snapshot_free(&again);
    kdw_snapshot_free(&s);
    temp_dir_remove(&dir);
}

static void what_cannot_be_written_is_said(void **state)
{
    struct kdw_snapshot s;
    struct temp_dir dir;
    struct capture err;

    (void)state;
    temp_dir_create(&dir);
    made_snapshot(&s, 1);
    capture_begin(&err, CAPTURE_ERR);
    assert_false(snapshot_file_write(&s, temp_dir_path(&dir, "none/a.json")));
    (void)capture_end(&err);
    assert_non_null(strstr(err.text, "the output could not be written: "));
    assert_true(message_output_has_failed());
    capture_free(&err);
    kdw_snapshot_free(&s);
    temp_dir_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_can_be_read),
        cmocka_unit_test(what_cannot_be_written_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
