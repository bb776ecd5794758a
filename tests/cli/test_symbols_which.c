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
#include "symbols.h"

#define BASE       0xfffff8026e400000u
#define HEAD       (BASE + 0x440000)
#define OWN_GUID   "131211101514171618191A1B1C1D1E1F" /* of the PDBs that tests build */
#define GUID_18362 "616A94E33A4827B451B0E19C14C03792" /* 10.0.18362.535 */

/* Where that kernel has them: see walker/tables/kernels.csv. */
#define MODULE_LIST_18362   (BASE + 0x448130)
#define DEBUGGER_DATA_18362 (BASE + 0x4265e0)

static struct fake_mem mem;
static struct temp_dir dir;
static struct kd_diag diag;
static struct kdw_target target;
static uint32_t timestamp; /* of the image */
static struct kdw_symbol_options options;
static struct capture said;
static enum cli_exit status;

static int set_up(void **state)
{
    (void)state;
    fake_mem_init(&mem);
    temp_dir_create(&dir);
    target = (struct kdw_target){.kernel_base_va = BASE};
    timestamp = 0x12345678;
    options = (struct kdw_symbol_options){
        .kinds = KDW_SYMBOLS_ANY, .symbol_path = "", .isf_last = temp_dir_path(&dir, "usual")};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    capture_free(&said);
    fake_mem_deinit(&mem);
    temp_dir_remove(&dir);
    return 0;
}

static void put_isf(const char *name, const char *guid, const char *symbols)
{
    char text[512];

    snprintf(text, sizeof text,
             "{\"symbols\":{%s},\"metadata\":{\"format\":\"6.1.0\",\"windows\":{\"pdb\":{\"GUID\":"
             "\"%s\",\"age\":1,\"database\":\"ntkrnlmp.pdb\"}}}}",
             symbols, guid);
    temp_dir_write(&dir, name, text, strlen(text));
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

/* What is said of the kernel of that GUID; the target is gone by the time most of it is looked for. */
static const char *of_kernel(const char *guid, bool json, enum capture_stream stream)
{
    const struct kernel_image image = {timestamp, 0xab6000, guid};
    struct symbols_which which, moved;
    struct kdw_kernel kernel;
    enum kd_status st;

    kernel_image_put(&mem, BASE, &image);
    assert_int_equal(kdw_kernel_open(&mem.mem, &target, &diag, &kernel), KD_OK);
    st = symbols_which_read(&which, &kernel, &options);
    assert_int_equal(st, KD_OK);
    moved = which;
    memset(&which, 0xEE, sizeof which);
    symbols_which_look(&moved, &options);
    capture_free(&said);
    capture_begin(&said, stream);
    status = symbols_which_print(&moved, &options, json);
    return capture_end(&said);
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" does not say \"%s\"", text, part);
}

static void every_way_is_told_in_order_and_the_first_is_used(void **state)
{
    const char *out;

    (void)state;
    options.isf_first = temp_dir_path(&dir, "named");
    options.symbol_path = temp_dir_path(&dir, "pdbs");
    put_isf("usual/" OWN_GUID "-1.json", OWN_GUID, "");
    put_pdb("pdbs/ntkrnlmp.pdb");
    temp_dir_write(&dir, "named/" OWN_GUID "-1.json", "{", 1);
    out = of_kernel(OWN_GUID, false, CAPTURE_OUT);
    assert_int_equal(status, CLI_COMPLETE);
    has(out, "wanted    ntkrnlmp.pdb, GUID " OWN_GUID " age 1\n"
             "key       ntkrnlmp.pdb/" OWN_GUID "1/ntkrnlmp.pdb\n"
             "--isf     none: no " OWN_GUID "-1.json");
    has(out, "the ISF text ends too early");
    has(out, "\nPDB       PDB ");
    has(out, "\nISF       ISF ");
    has(out, "\nbuilt-in  none: ");
    has(out, "pdbs/ntkrnlmp.pdb\n");
    has(strstr(out, "\nused "), "\nused      PDB ");
    put_isf("named/" OWN_GUID "-1.json", OWN_GUID, "");
    out = of_kernel(OWN_GUID, false, CAPTURE_OUT);
    has(strstr(out, "\nused "), "\nused      ISF ");
}

static void tables_do_where_there_is_nothing_else(void **state)
{
    const char *out;

    (void)state;
    out = of_kernel(GUID_18362, false, CAPTURE_OUT);
    has(out, "--isf     not given\n");
    has(out, "built-in  built-in tables of 10.0.18362.535, by the identity of its PDB\n"
             "used      built-in tables of 10.0.18362.535, by the identity of its PDB\n");
    assert_int_equal(status, CLI_COMPLETE);
}

static void a_guess_is_labelled(void **state)
{
    const char *out;

    (void)state;
    target.module_list_va = MODULE_LIST_18362;
    target.debugger_data_list_va = HEAD;
    kernel_image_put_block(&mem, HEAD, DEBUGGER_DATA_18362, BASE, MODULE_LIST_18362,
                           BASE + 0x438b40);
    timestamp = 0; /* as if the header were not to be read */
    out = of_kernel(NULL, false, CAPTURE_OUT);
    has(out, "wanted    unknown: ");
    has(out, "PDB       none: the kernel does not name its PDB\n");
    has(out, "used      built-in tables of 10.0.18362.535, guessed by the addresses of ");
    has(strstr(out, "\nused "), " (a guess)\n");
    has(of_kernel(NULL, false, CAPTURE_ERR),
        "warning: the symbols may not be this kernel's own: built-in tables of 10.0.18362.535");
    has(of_kernel(NULL, true, CAPTURE_OUT), "\"guess\": true\n}");
    assert_int_equal(status, CLI_COMPLETE);
}

static void nothing_at_all_is_one_error(void **state)
{
    (void)state;
    has(of_kernel(OWN_GUID, false, CAPTURE_OUT), "used      none\n");
    assert_int_equal(status, CLI_FAILED);
    has(of_kernel(OWN_GUID, false, CAPTURE_ERR),
        "error: no symbols for this kernel: PDB: no ntkrnlmp.pdb with GUID " OWN_GUID);
}

/* As a walk would: what does not fit this kernel is no symbol file of another way. */
static void symbols_of_another_kernel_end_the_search(void **state)
{
    (void)state;
    target.module_list_va = MODULE_LIST_18362;
    options.isf_first = temp_dir_path(&dir, "named");
    put_isf("named/" GUID_18362 "-1.json", GUID_18362, "\"PsLoadedModuleList\":{\"address\":4096}");
    has(of_kernel(GUID_18362, false, CAPTURE_OUT), "used      none\n");
    has(of_kernel(GUID_18362, false, CAPTURE_ERR), "error: no symbols for this kernel: --isf: ");
    assert_int_equal(status, CLI_FAILED);
}

static void a_document_says_the_same(void **state)
{
    const char *out;

    (void)state;
    out = of_kernel(GUID_18362, true, CAPTURE_OUT);
    has(out, "\"guid\": \"" GUID_18362 "\"");
    has(out, "\"way\": \"isf-named\"");
    has(out, "\"used\": \"built-in tables of 10.0.18362.535, by the identity of its PDB\"");
    has(out, "\"guess\": false");
}

int main(void)
{
#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(every_way_is_told_in_order_and_the_first_is_used),
        IN_A_FOLDER(tables_do_where_there_is_nothing_else),
        IN_A_FOLDER(a_guess_is_labelled),
        IN_A_FOLDER(nothing_at_all_is_one_error),
        IN_A_FOLDER(symbols_of_another_kernel_end_the_search),
        IN_A_FOLDER(a_document_says_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
