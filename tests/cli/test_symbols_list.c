#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "support/capture.h"
#include "support/pdb_build.h"
#include "support/temp_dir.h"
#include "symbols.h"

#define OWN   "131211101514171618191A1B1C1D1E1F" /* of the PDBs that tests build */
#define OTHER "616A94E33A4827B451B0E19C14C03792"

static struct temp_dir dir;
static struct cli c;
static struct capture said;
static enum cli_exit status;

static int set_up(void **state)
{
    struct pdb_build *b = pdb_build_create();
    uint8_t *file;
    size_t len;

    (void)state;
    temp_dir_create(&dir);
    b->dbi_age = 1;
    file = pdb_build_file(b, &len);
    temp_dir_write(&dir, "pdbs/x.pdb", file, len);
    free(file);
    pdb_build_destroy(b);
    temp_dir_write(&dir, "isf/" OTHER "-1.json", "", 0);
    temp_dir_write(&dir, "xdg/kdwalk/symbols/" OTHER "-2.json.xz", "", 0);
    assert_int_equal(setenv("XDG_CACHE_HOME", temp_dir_path(&dir, "xdg"), 1), 0);
    c = (struct cli){.options.symbol_path = temp_dir_path(&dir, "pdbs"),
                     .options.isf = temp_dir_path(&dir, "isf")};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    capture_free(&said);
    temp_dir_remove(&dir);
    return 0;
}

static const char *list(enum capture_stream stream)
{
    capture_free(&said);
    capture_begin(&said, stream);
    status = symbols_list(&c);
    return capture_end(&said);
}

static void pdbs_isf_files_and_the_number_of_kernels_are_listed(void **state)
{
    const char *out = list(CAPTURE_OUT);

    (void)state;
    assert_int_equal(status, CLI_COMPLETE);
    assert_non_null(strstr(out, OWN "   1  "));
    assert_non_null(strstr(out, "pdbs/x.pdb\n"));
    assert_non_null(strstr(out, OTHER "   1  "));
    assert_non_null(strstr(out, OTHER "   2  ")); /* where they are usually kept */
    assert_non_null(strstr(out, "built-in  types and addresses of 180 kernels, types of 1228 more "
                                "images (-v names them)\n"));
    assert_null(strstr(out, "10.0.18362.535"));
}

static void every_kernel_is_named_with_v(void **state)
{
    const char *out;

    (void)state;
    c.options.verbose = true;
    out = list(CAPTURE_OUT);
    assert_non_null(strstr(out, OTHER "   1  built-in types and addresses of 10.0.18362.535\n"));
    assert_non_null(strstr(out, "built-in types of 10.0.26100."));
}

static void a_document_tells_them_apart(void **state)
{
    json_t *document;

    (void)state;
    c.options.json = c.options.verbose = true;
    document = json_loads(list(CAPTURE_OUT), 0, NULL);
    assert_non_null(document);
    assert_true(json_array_size(json_object_get(document, "files")) >= 3);
    assert_string_equal(json_string_value(json_object_get(
                            json_array_get(json_object_get(document, "files"), 0), "kind")),
                        "pdb");
    assert_string_equal(json_string_value(json_object_get(
                            json_array_get(json_object_get(document, "files"), 1), "kind")),
                        "isf");
    assert_int_equal(
        json_array_size(json_object_get(json_object_get(document, "built_in"), "list")),
        180 + 1228);
    json_decref(document);
}

static void what_is_not_listed_is_said(void **state)
{
    (void)state;
    c.options.symbol_path = " ;";
    assert_non_null(strstr(list(CAPTURE_ERR), "no symbol path was given"));
    assert_int_equal(status, CLI_COMPLETE);
    c.options.symbol_path = temp_dir_path(&dir, "absent");
    assert_non_null(strstr(list(CAPTURE_ERR), "error: looked nowhere"));
    assert_int_equal(status, CLI_FAILED);
    c.options.isf = temp_dir_path(&dir, "absent");
    assert_non_null(strstr(list(CAPTURE_ERR), "absent"));
}

int main(void)
{
#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(pdbs_isf_files_and_the_number_of_kernels_are_listed),
        IN_A_FOLDER(every_kernel_is_named_with_v),
        IN_A_FOLDER(a_document_tells_them_apart),
        IN_A_FOLDER(what_is_not_listed_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
