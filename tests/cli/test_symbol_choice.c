#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/capture.h"
#include "support/fake_mem.h"
#include "support/kernel_image.h"
#include "support/pdb_build.h"
#include "support/temp_dir.h"
#include "symbol_choice.h"

#define BASE       0xfffff8026e400000u
#define PDB_GUID   "131211101514171618191A1B1C1D1E1F" /* of the PDBs that tests build */
#define PDB        "ntkrnlmp.pdb/" PDB_GUID "1/ntkrnlmp.pdb"
#define GUID_18362 "616A94E33A4827B451B0E19C14C03792" /* 10.0.18362.535 */
#define ISF_18362  GUID_18362 "-1.json"

static struct fake_mem mem;
static struct temp_dir dir;
static struct kdw_target target;
static struct kd_diag diag;
static struct kdw_kernel kernel;
static struct symbol_choice choice;

static int make(void **state)
{
    (void)state;
    temp_dir_create(&dir);
    fake_mem_init(&mem);
    kd_diag_clear(&diag);
    target = (struct kdw_target){.kernel_base_va = BASE};
    assert_int_equal(setenv("XDG_CACHE_HOME", temp_dir_path(&dir, "cache"), 1), 0);
    return 0;
}

static int remove_all(void **state)
{
    (void)state;
    kdw_kernel_close(&kernel);
    fake_mem_deinit(&mem);
    temp_dir_remove(&dir);
    return 0;
}

static void put_pdb(const char *name)
{
    struct pdb_build *b = pdb_build_create();
    uint8_t *file;
    size_t len;

    b->dbi_age = 1;
    file = pdb_build_file(b, &len);
    temp_dir_write(&dir, name, file, len);
    free(file);
    pdb_build_destroy(b);
}

static void put_isf(const char *name)
{
    static const char text[] =
        "{\"symbols\":{\"A\":{\"address\":4096}},\"metadata\":{\"format\":\"6.1.0\",\"windows\":{"
        "\"pdb\":{\"GUID\":\"" GUID_18362 "\",\"age\":1,\"database\":\"ntkrnlmp.pdb\"}}}}";

    temp_dir_write(&dir, name, text, sizeof text - 1);
}

/* Of a kernel whose PDB has this identity; symbol_path and isf: names in the folder, or NULL. */
static enum kd_status load(const char *guid, const char *symbol_path, const char *isf)
{
    const struct kernel_image image = {.image_size = 0x1000000, .pdb_guid = guid};
    const struct cli_options options = {.symbol_path =
                                            symbol_path ? temp_dir_path(&dir, symbol_path) : NULL,
                                        .isf = isf ? temp_dir_path(&dir, isf) : NULL};

    kernel_image_put(&mem, BASE, &image);
    assert_int_equal(kdw_kernel_open(&mem.mem, &target, &diag, &kernel), KD_OK);
    symbol_choice_init(&choice, &options);
    return symbol_choice_load(&choice, &kernel);
}

static void assert_begins(const char *text, const char *beginning)
{
    if (strncmp(text, beginning, strlen(beginning)) != 0)
        fail_msg("\"%s\" does not begin with \"%s\"", text, beginning);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" does not have \"%s\"", text, part);
}

/* Builds without the libraries for it do not. */
static void skip_without_isf(void)
{
    if (load(GUID_18362, NULL, ".") == KD_OK && strstr(choice.origin.text, "ISF"))
        return;
    print_message("no ISF files in this build\n");
    skip();
}

static void what_the_user_named_is_used(void **state)
{
    (void)state;
    put_pdb("store/" PDB);
    assert_int_equal(load(PDB_GUID, "store", NULL), KD_OK);
    assert_begins(choice.origin.text, "PDB ");
    assert_string_equal(choice.passed_over.text, "");
    assert_false(choice.is_guess);
}

static void isf_files_that_the_user_named_go_before_the_symbol_path(void **state)
{
    (void)state;
    put_isf(ISF_18362);
    skip_without_isf();
    kdw_kernel_close(&kernel);
    put_pdb("store/ntkrnlmp.pdb/" GUID_18362 "1/ntkrnlmp.pdb");
    assert_int_equal(load(GUID_18362, "store", ISF_18362), KD_OK);
    assert_begins(choice.origin.text, "ISF ");
}

static void usual_folders_come_before_the_built_in_tables(void **state)
{
    (void)state;
    put_isf("cache/volatility3/symbols/windows/ntkrnlmp.pdb/" ISF_18362);
    put_isf(ISF_18362);
    skip_without_isf();
    kdw_kernel_close(&kernel);
    assert_int_equal(load(GUID_18362, NULL, NULL), KD_OK);
    assert_begins(choice.origin.text, "ISF ");
    assert_has(choice.origin.text, "volatility3");
}

static void what_was_named_in_vain_is_remembered(void **state)
{
    (void)state;
    assert_int_equal(load(GUID_18362, "nowhere", "neither"), KD_OK);
    assert_begins(choice.origin.text, "built-in tables of 10.0.18362.535");
    assert_has(choice.passed_over.text, "nowhere does not exist");
    assert_has(choice.passed_over.text, "neither does not exist");
    assert_false(choice.is_guess);
}

static void a_damaged_file_is_passed_over(void **state)
{
    (void)state;
    temp_dir_write(&dir, ISF_18362, "{\"symbols\":", 11);
    assert_int_equal(load(GUID_18362, NULL, ISF_18362), KD_OK);
    assert_begins(choice.origin.text, "built-in tables");
    assert_has(choice.passed_over.text, ISF_18362 ": ");
}

static void where_there_are_none_it_says_what_to_do(void **state)
{
    (void)state;
    assert_int_equal(load(PDB_GUID, NULL, NULL), KD_ERR_NOT_FOUND);
    assert_begins(diag.text, "no symbols for this kernel (try -y 'srv*https://msdl.microsoft.com/");
    assert_has(diag.text, "--isf");
    assert_has(diag.text, PDB); /* the key that is wanted */
    assert_has(diag.text, PDB_GUID "-1.json");
    assert_has(diag.text, "the built-in tables do not know this kernel");
    assert_string_equal(choice.origin.text, "");
}

static void who_named_places_is_told_of_all_of_them(void **state)
{
    (void)state;
    assert_int_equal(load(PDB_GUID, "nowhere", NULL), KD_ERR_NOT_FOUND);
    assert_has(diag.text, "nowhere does not exist");
    assert_has(diag.text, PDB);
    assert_has(diag.text, "the built-in tables do not know this kernel");
}

static void fewer_kinds_are_fewer(void **state)
{
    const struct kernel_image image = {.image_size = 0x1000000, .pdb_guid = GUID_18362};
    const struct cli_options options = {.symbol_path = dir.path};

    (void)state;
    kernel_image_put(&mem, BASE, &image);
    assert_int_equal(kdw_kernel_open(&mem.mem, &target, &diag, &kernel), KD_OK);
    symbol_choice_init(&choice, &options);
    choice.options.kinds = KDW_SYMBOLS_PDB;
    assert_int_equal(symbol_choice_load(&choice, &kernel), KD_ERR_NOT_FOUND);
    assert_null(strstr(diag.text, "built-in"));
}

/* ---- what is said ---- */

static void assert_said_lacking(const char *want)
{
    struct capture err;

    capture_begin(&err, CAPTURE_ERR);
    symbol_choice_say_lacking(&choice);
    (void)capture_end(&err);
    assert_string_equal(err.text, want);
    capture_free(&err);
}

static void assert_said(bool is_verbose, const char *want)
{
    struct capture err;

    capture_begin(&err, CAPTURE_ERR);
    symbol_choice_say(&choice, is_verbose);
    (void)capture_end(&err);
    assert_string_equal(err.text, want);
    capture_free(&err);
}

static void the_choice_is_for_who_wants_details(void **state)
{
    (void)state;
    choice = (struct symbol_choice){0};
    assert_said(true, "");
    kd_diag_set(&choice.origin, KD_OK, "PDB x");
    assert_said(false, "");
    assert_said(true, "kdwalk: symbols: PDB x\n");
    kd_diag_set(&choice.passed_over, KD_OK, "no y");
    assert_said(false, "");
    assert_said(true, "kdwalk: symbols: PDB x\nkdwalk: symbols passed over: no y\n");
}

static void a_guess_is_for_everybody(void **state)
{
    static const char warning[] =
        "kdwalk: warning: the symbols may not be this kernel's own: tables\n";

    (void)state;
    choice = (struct symbol_choice){.is_guess = true};
    kd_diag_set(&choice.origin, KD_OK, "tables");
    assert_said(false, warning);
    assert_said(true, warning);
}

static void who_lacks_something_is_told_where_there_is_more(void **state)
{
    (void)state;
    assert_int_equal(load(GUID_18362, NULL, NULL), KD_OK);
    assert_said_lacking(
        "kdwalk: symbols: built-in tables of 10.0.18362.535, by the identity of its PDB\n"
        "kdwalk: the kernel's own symbols know more: try -y "
        "'srv*https://msdl.microsoft.com/download/symbols', or --isf FILE\n");
}

static void unless_that_is_known(void **state)
{
    (void)state;
    put_pdb("store/" PDB);
    assert_int_equal(load(PDB_GUID, "store", NULL), KD_OK);
    assert_true(choice.is_named);
    kd_diag_set(&choice.origin, KD_OK, "PDB x");
    assert_said_lacking("kdwalk: symbols: PDB x\n");
    choice.is_named = false;
    kd_diag_set(&choice.passed_over, KD_OK, "no y");
    assert_said_lacking("kdwalk: symbols: PDB x\nkdwalk: symbols passed over: no y\n");
    choice = (struct symbol_choice){0};
    assert_said_lacking("");
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, make, remove_all)
    const struct CMUnitTest tests[] = {
        CASE(what_the_user_named_is_used),
        CASE(isf_files_that_the_user_named_go_before_the_symbol_path),
        CASE(usual_folders_come_before_the_built_in_tables),
        CASE(what_was_named_in_vain_is_remembered),
        CASE(a_damaged_file_is_passed_over),
        CASE(where_there_are_none_it_says_what_to_do),
        CASE(who_named_places_is_told_of_all_of_them),
        CASE(fewer_kinds_are_fewer),
        CASE(who_lacks_something_is_told_where_there_is_more),
        CASE(unless_that_is_known),
        cmocka_unit_test(the_choice_is_for_who_wants_details),
        cmocka_unit_test(a_guess_is_for_everybody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
