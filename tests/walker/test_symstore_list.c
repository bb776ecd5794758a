#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <walker/symstore.h>

#include "support/pdb_build.h"
#include "support/temp_dir.h"

static struct temp_dir dir;
static struct kd_diag diag;
static char path[4096];
static unsigned seen;
static char last[4096];

static int set_up(void **state)
{
    (void)state;
    temp_dir_create(&dir);
    seen = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    temp_dir_remove(&dir);
    return 0;
}

static void put_pdb(const char *name)
{
    struct pdb_build *b = pdb_build_create();
    uint8_t *file;
    size_t len;

    b->dbi_age = 7;
    file = pdb_build_file(b, &len);
    temp_dir_write(&dir, name, file, len);
    free(file);
    pdb_build_destroy(b);
}

static void on_file(void *ctx, const char *file, const struct kdw_pdb_id *id)
{
    assert_ptr_equal(ctx, &dir);
    assert_int_equal(id->age, 7);
    snprintf(last, sizeof last, "%s", file);
    seen++;
}

/* The path with each '@' replaced by the test's folder. */
static enum kd_status list(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++)
        n += (size_t)snprintf(path + n, sizeof path - n, *text == '@' ? "%s" : "%.1s",
                              *text == '@' ? dir.path : text);
    path[n] = '\0';
    return kdw_symstore_list(path, NULL, &dir, on_file, &diag);
}

static void pdbs_are_found_wherever_a_store_or_a_folder_has_them(void **state)
{
    (void)state;
    put_pdb("plain.pdb");
    put_pdb("symbols/exe/by_kind.PDB");
    put_pdb("x.pdb/1234/x.pdb");
    put_pdb("y_/y.pdb/1234/y.pdb");
    assert_int_equal(list("@"), KD_OK);
    assert_int_equal(seen, 4);
    assert_string_equal(diag.text, "");
}

static void what_is_deeper_hidden_or_no_pdb_is_not(void **state)
{
    (void)state;
    put_pdb("1/2/3/4/deep.pdb");
    put_pdb(".x.pdb.0123.part");
    put_pdb(".hidden.pdb");
    put_pdb("x.pd_");
    temp_dir_write(&dir, "page.pdb", "<html>", 6);
    temp_dir_write(&dir, "pdb", "", 0);
    assert_int_equal(list("@"), KD_OK);
    assert_int_equal(seen, 0);
}

static void places_that_are_not_looked_at_are_told(void **state)
{
    (void)state;
    put_pdb("a/x.pdb");
    assert_int_equal(list("@/a;srv*@/absent*http://h"), KD_OK);
    assert_int_equal(seen, 1);
    assert_string_equal(last, temp_dir_path(&dir, "a/x.pdb"));
    assert_non_null(strstr(diag.text, "absent does not exist"));
    assert_non_null(strstr(diag.text, "skipped http://h (a server"));
}

static void without_any_folder_it_is_not_found(void **state)
{
    (void)state;
    assert_int_equal(list("http://h;@/absent"), KD_ERR_NOT_FOUND);
    assert_int_equal(kdw_symstore_list("", NULL, &dir, on_file, &diag), KD_ERR_NOT_FOUND);
    assert_int_equal(seen, 0);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(pdbs_are_found_wherever_a_store_or_a_folder_has_them),
        IN_A_FOLDER(what_is_deeper_hidden_or_no_pdb_is_not),
        IN_A_FOLDER(places_that_are_not_looked_at_are_told),
        IN_A_FOLDER(without_any_folder_it_is_not_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
