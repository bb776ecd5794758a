#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <walker/isf_store.h>

#include "support/temp_dir.h"

#define GUID "616A94E33A4827B451B0E19C14C03792"

struct found {
    size_t count;
    char paths[16][512];
    struct kdw_pdb_id ids[16];
};

static void keep(void *ctx, const char *path, const struct kdw_pdb_id *id)
{
    struct found *f = ctx;

    assert_true(f->count < 16);
    snprintf(f->paths[f->count], sizeof f->paths[0], "%s", path);
    f->ids[f->count++] = *id;
}

static bool has(const struct found *f, const struct temp_dir *dir, const char *name)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->paths[i], temp_dir_path(dir, name)) == 0)
            return true;
    return false;
}

static void files_are_found_where_they_are_kept_and_known_by_their_names(void **state)
{
    static const char *const kept[] = {
        GUID "-1.json",
        "ntkrnlmp.pdb/" GUID "-2.json.xz",
        "windows/ntkrnlmp.pdb/" GUID "-3.json.gz",
        "symbols/windows/ntkrnlmp.pdb/" GUID "-10.json.bz2",
    };
    static const char *const other[] = {
        "notes.json",
        GUID "-x.json",
        GUID "-01.json",
        GUID "-1.json.part",
        "." GUID "-1.json.0123456789abcdef.part",
        GUID "1.json",
        "linux/" GUID "-1.json",
        "symbols/windows/ntkrnlmp.pdb/windows/" GUID "-1.json",
    };
    enum { KEPT = sizeof kept / sizeof kept[0], OTHER = sizeof other / sizeof other[0] };
    struct kd_diag diag = {"of before"};
    struct found f = {0};
    struct temp_dir dir;
    unsigned ages = 0;

    (void)state;
    temp_dir_create(&dir);
    for (size_t i = 0; i < KEPT; i++)
        temp_dir_write(&dir, kept[i], "", 0);
    for (size_t i = 0; i < OTHER; i++)
        temp_dir_write(&dir, other[i], "", 0);
    assert_int_equal(kdw_isf_store_list(dir.path, &f, keep, &diag), KD_OK);
    assert_string_equal(diag.text, "");
    assert_int_equal(f.count, KEPT);
    for (size_t i = 0; i < KEPT; i++) {
        assert_true(has(&f, &dir, kept[i]));
        assert_int_equal(f.ids[i].guid[0], 0xE3);
        ages += f.ids[i].age;
    }
    assert_int_equal(ages, 1 + 2 + 3 + 10);
    temp_dir_remove(&dir);
}

static void files_may_be_named_and_folders_absent(void **state)
{
    struct kd_diag diag;
    struct found f = {0};
    struct temp_dir dir;
    char list[1024];

    (void)state;
    temp_dir_create(&dir);
    temp_dir_write(&dir, GUID "-1.json", "", 0);
    snprintf(list, sizeof list, "%s;%s;;https://nobody.invalid", temp_dir_path(&dir, "absent"),
             temp_dir_path(&dir, GUID "-1.json"));
    assert_int_equal(kdw_isf_store_list(list, &f, keep, &diag), KD_OK);
    assert_int_equal(f.count, 1);
    assert_non_null(strstr(diag.text, "absent"));
    assert_non_null(strstr(diag.text, "nobody.invalid"));
    temp_dir_remove(&dir);
}

static void a_name_is_made_as_it_is_read(void **state)
{
    struct kdw_pdb_id id = {.age = UINT32_MAX};
    char name[KDW_ISF_NAME_MAX];

    (void)state;
    assert_true(kdw_pdb_guid_parse(GUID, id.guid));
    kdw_isf_file_name(&id, name);
    assert_string_equal(name, GUID "-4294967295.json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_found_where_they_are_kept_and_known_by_their_names),
        cmocka_unit_test(files_may_be_named_and_folders_absent),
        cmocka_unit_test(a_name_is_made_as_it_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
