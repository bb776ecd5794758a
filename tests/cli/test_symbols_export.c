#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include <walker/isf_store.h>
#include <walker/pdb.h>

#include "support/capture.h"
#include "support/pdb_build.h"
#include "support/temp_dir.h"
#include "symbols.h"

#define GUID "131211101514171618191A1B1C1D1E1F" /* of the PDBs that tests build */
#define NAME GUID "-1.json"

static struct temp_dir dir;
static struct cli c;
static struct capture said;
static enum cli_exit status;

static void put_pdb(const char *name)
{
    struct pdb_build *b = pdb_build_create();
    const struct pdb_member low = {0x150D, "Data1", 0x22, 0};
    uint8_t *file;
    size_t len;

    b->dbi_age = 1;
    pdb_build_struct(b, "_GUID", 16, pdb_build_fields(b, &low, 1));
    pdb_build_public(b, "PsLoadedModuleList", 1, 0x130);
    pdb_build_section(b, 0x1000);
    file = pdb_build_file(b, &len);
    temp_dir_write(&dir, name, file, len);
    free(file);
    pdb_build_destroy(b);
}

static int set_up(void **state)
{
    (void)state;
    temp_dir_create(&dir);
    put_pdb("store/ntkrnlmp.pdb");
    c = (struct cli){.arguments = NULL};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    capture_free(&said);
    temp_dir_remove(&dir);
    return 0;
}

static const char *export_to(const char *output, enum capture_stream stream)
{
    c.options.output = output;
    capture_free(&said);
    capture_begin(&said, stream);
    status = symbols_export_file(&c, temp_dir_path(&dir, "store/ntkrnlmp.pdb"));
    return capture_end(&said);
}

static bool is_there(const char *name)
{
    return access(temp_dir_path(&dir, name), F_OK) == 0;
}

static void a_folder_gets_a_file_by_the_name_that_is_looked_for(void **state)
{
    struct kdw_pdb_id id = {.age = 1, .name = "ntkrnlmp.pdb"};
    struct kdw_symbols *isf = NULL;
    struct kd_diag diag;
    uint64_t rva = 0;

    (void)state;
    assert_non_null(strstr(export_to(dir.path, CAPTURE_OUT),
                           "/" NAME ": 1 types and 1 symbols of ntkrnlmp.pdb, GUID " GUID
                           " age 1, 1 KiB\n"));
    assert_int_equal(status, CLI_COMPLETE);
    assert_true(kdw_pdb_guid_parse(GUID, id.guid));
    if (kdw_isf_store_open(dir.path, &id, &diag, &isf) != KD_OK)
        fail_msg("%s", diag.text);
    assert_int_equal(kdw_symbol(isf, "PsLoadedModuleList", &rva), KD_OK);
    assert_int_equal(rva, 0x1130);
    kdw_symbols_close(isf);
}

static void without_o_it_is_written_here(void **state)
{
    char before[1024];

    (void)state;
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(dir.path), 0);
    (void)export_to(NULL, CAPTURE_OUT);
    assert_int_equal(chdir(before), 0);
    assert_int_equal(status, CLI_COMPLETE);
    assert_true(is_there(NAME));
}

static void a_file_is_written_as_it_is_named_and_replaced(void **state)
{
    (void)state;
    temp_dir_write(&dir, "own.json", "of before", 9);
    c.options.json = true;
    assert_non_null(
        strstr(export_to(temp_dir_path(&dir, "own.json"), CAPTURE_OUT), "\"guid\": \"" GUID "\""));
    assert_int_equal(status, CLI_COMPLETE);
    c.options.json = false;
    assert_false(is_there(NAME));
}

static void what_cannot_be_written_is_one_error_and_leaves_nothing(void **state)
{
    struct rlimit before, small;

    (void)state;
    assert_non_null(strstr(export_to(temp_dir_path(&dir, "absent/x.json"), CAPTURE_ERR),
                           "absent/x.json: cannot be written: No such file"));
    assert_int_equal(status, CLI_FAILED);
    assert_non_null(strstr(export_to("x.json.xz", CAPTURE_ERR), "it is written unpacked"));
    assert_int_equal(status, CLI_FAILED);

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 100; /* what stderr gets has room */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    (void)export_to(dir.path, CAPTURE_OUT);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, CLI_FAILED);
    assert_non_null(strstr(c.diag.text, NAME ": cannot be written: File too large"));
    assert_false(is_there(NAME));
    assert_int_equal(rmdir(dir.path), -1);
    assert_int_equal(unlink(temp_dir_path(&dir, "store/ntkrnlmp.pdb")), 0);
    assert_int_equal(rmdir(temp_dir_path(&dir, "store")), 0);
    assert_int_equal(rmdir(dir.path), 0); /* nothing else was in it */
    temp_dir_create(&dir);
}

static void what_is_no_pdb_is_refused(void **state)
{
    (void)state;
    temp_dir_write(&dir, "store/ntkrnlmp.pdb", "MZ", 2);
    assert_non_null(strstr(export_to(dir.path, CAPTURE_ERR), "ntkrnlmp.pdb: not a PDB file"));
    assert_int_equal(status, CLI_FAILED);
    assert_false(is_there(NAME));
}

int main(void)
{
#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(a_folder_gets_a_file_by_the_name_that_is_looked_for),
        IN_A_FOLDER(without_o_it_is_written_here),
        IN_A_FOLDER(a_file_is_written_as_it_is_named_and_replaced),
        IN_A_FOLDER(what_cannot_be_written_is_one_error_and_leaves_nothing),
        IN_A_FOLDER(what_is_no_pdb_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
