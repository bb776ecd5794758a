#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <walker/isf.h>
#include <walker/kernel.h>

#include "support/fake_mem.h"
#include "support/kernel_image.h"
#include "support/pdb_build.h"
#include "support/temp_dir.h"

#define BASE       0xfffff8026e400000u
#define HEAD       (BASE + 0x440000)
#define OWN_GUID   "131211101514171618191A1B1C1D1E1F" /* of the PDBs that tests build */
#define GUID_18362 "616A94E33A4827B451B0E19C14C03792" /* 10.0.18362.535 */
#define PDB_KEY    "ntkrnlmp.pdb/" OWN_GUID "1/ntkrnlmp.pdb"

/* Where that kernel has them: see tables/kernels.csv. */
#define MODULE_LIST_18362   (BASE + 0x448130)
#define DEBUGGER_DATA_18362 (BASE + 0x4265e0)

static struct fake_mem mem;
static struct temp_dir dir;
static struct kdw_target target;
static struct kd_diag diag;
static struct kdw_kernel k;

static int make(void **state)
{
    (void)state;
    fake_mem_init(&mem);
    temp_dir_create(&dir);
    target = (struct kdw_target){.kernel_base_va = BASE};
    kd_diag_clear(&diag);
    return 0;
}

static int remove_all(void **state)
{
    (void)state;
    kdw_kernel_close(&k);
    fake_mem_deinit(&mem);
    temp_dir_remove(&dir);
    return 0;
}

static void open_image(uint32_t timestamp, uint32_t image_size, const char *guid)
{
    const struct kernel_image image = {timestamp, image_size, guid};

    kernel_image_put(&mem, BASE, &image);
    assert_int_equal(kdw_kernel_open(&mem.mem, &target, &diag, &k), KD_OK);
}

/* The kernel of the published analysis, as its headers name it or not. */
static void put_landmarks_of_18362(void)
{
    target.module_list_va = MODULE_LIST_18362;
    target.debugger_data_list_va = HEAD;
    kernel_image_put_block(&mem, HEAD, DEBUGGER_DATA_18362, BASE, MODULE_LIST_18362,
                           BASE + 0x438b40);
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

static void loads(const struct kdw_symbol_options *options, bool is_guess, const char *origin)
{
    if (kdw_kernel_load_symbols(&k, options) != KD_OK)
        fail_msg("%s", diag.text);
    if (strncmp(kdw_symbols_origin(k.symbols), origin, strlen(origin)) != 0)
        fail_msg("%s", kdw_symbols_origin(k.symbols));
    assert_int_equal(kdw_symbols_is_guess(k.symbols), is_guess);
}

static void does_not_load(const struct kdw_symbol_options *options, enum kd_status st,
                          const char *says)
{
    assert_int_equal(kdw_kernel_load_symbols(&k, options), st);
    if (!strstr(diag.text, says))
        fail_msg("\"%s\" does not say \"%s\"", diag.text, says);
    assert_null(k.symbols);
}

/* Builds without the libraries for it do not. */
static bool reads_isf(void)
{
    struct kdw_symbols *s;

    return kdw_isf_open_bytes("{", 1, NULL, &s) != KD_ERR_UNSUPPORTED;
}

static void the_users_isf_goes_before_a_pdb_and_a_pdb_before_the_usual_folders(void **state)
{
    char first[300], last[300];
    struct kdw_symbol_options options = {
        .kinds = KDW_SYMBOLS_ANY, .symbol_path = dir.path, .isf_first = first, .isf_last = last};

    (void)state;
    if (!reads_isf())
        skip();
    put_isf("first/" OWN_GUID "-1.json", OWN_GUID, "");
    put_isf("last/" OWN_GUID "-1.json", OWN_GUID, "");
    put_pdb(PDB_KEY);
    snprintf(first, sizeof first, "%s/first", dir.path);
    snprintf(last, sizeof last, "%s/last", dir.path);
    open_image(1, 0xab6000, OWN_GUID);
    loads(&options, false, "ISF ");
    assert_non_null(strstr(kdw_symbols_origin(k.symbols), "first"));
    options.isf_first = NULL;
    loads(&options, false, "PDB ");
    assert_non_null(strstr(kdw_symbols_origin(k.symbols), "/ntkrnlmp.pdb"));
    options.kinds = KDW_SYMBOLS_ISF;
    loads(&options, false, "ISF ");
    assert_non_null(strstr(kdw_symbols_origin(k.symbols), "last"));
}

static void symbols_that_the_target_contradicts_are_refused(void **state)
{
    const struct kdw_symbol_options options = {
        .kinds = KDW_SYMBOLS_ANY, .isf_first = dir.path, .symbol_path = ""};

    (void)state;
    if (!reads_isf())
        skip();
    put_isf(OWN_GUID "-1.json", OWN_GUID, "\"PsLoadedModuleList\":{\"address\":32}");
    target.module_list_va = BASE + 64;
    open_image(1, 0xab6000, OWN_GUID);
    does_not_load(&options, KD_ERR_MISMATCH, "the symbols are of another kernel");
    assert_int_equal(strncmp(diag.text, "ISF ", 4), 0);
}

static void a_tabled_kernel_needs_no_file(void **state)
{
    const struct kdw_symbol_options options = {.kinds = KDW_SYMBOLS_ANY, .symbol_path = ""};
    uint64_t va = 0;

    (void)state;
    put_landmarks_of_18362();
    open_image(1, 0xab6000, GUID_18362);
    loads(&options, false, "built-in tables of 10.0.18362.535, by the identity of its PDB");
    assert_string_equal(diag.text, "");
    assert_int_equal(kdw_kernel_symbol(&k, "PspHostSiloGlobals", &va), KD_OK);
    assert_true(va == BASE + 0x58e540);
}

static void with_its_header_paged_out_a_kernel_is_guessed_by_its_landmarks(void **state)
{
    const struct kdw_symbol_options options = {.kinds = KDW_SYMBOLS_ANY, .symbol_path = ""};

    (void)state;
    put_landmarks_of_18362();
    assert_int_equal(kdw_kernel_open(&mem.mem, &target, &diag, &k), KD_OK);
    loads(&options, true,
          "built-in tables of 10.0.18362.535, guessed by the addresses of "
          "KdDebuggerDataBlock, PsActiveProcessHead, PsLoadedModuleList");
}

static void headers_that_cannot_be_read_are_said_where_nothing_else_helps(void **state)
{
    const struct kdw_symbol_options options = {.kinds = KDW_SYMBOLS_ANY, .symbol_path = ""};

    (void)state;
    assert_int_equal(kdw_kernel_open(&mem.mem, &target, &diag, &k), KD_OK);
    does_not_load(&options, KD_ERR_NOT_FOUND,
                  "kernel: image at 0xfffff8026e400000: DOS header: not mapped at "
                  "0xfffff8026e400000; the built-in tables do not know this kernel");
}

static void an_image_without_identity_says_why_it_has_no_symbols(void **state)
{
    const struct kdw_symbol_options options = {
        .kinds = KDW_SYMBOLS_ANY, .symbol_path = dir.path, .isf_first = dir.path};

    (void)state;
    open_image(1, 0xab6000, NULL);
    does_not_load(&options, KD_ERR_NOT_FOUND,
                  "the kernel image at 0xfffff8026e400000 does not name its PDB: image at "
                  "0xfffff8026e400000: which PDB it has is not known: the image has no debug "
                  "directory; the built-in tables do not know this kernel");
}

static void what_is_nowhere_is_said_for_each_way(void **state)
{
    struct kdw_symbol_options options = {
        .kinds = KDW_SYMBOLS_ANY, .symbol_path = dir.path, .isf_first = dir.path};

    (void)state;
    open_image(1, 0xab6000, OWN_GUID);
    does_not_load(&options, KD_ERR_NOT_FOUND, "no " OWN_GUID "-1.json or " OWN_GUID "-1.json.xz; ");
    assert_non_null(strstr(diag.text, "; no ntkrnlmp.pdb with GUID " OWN_GUID " age 1"));
    assert_non_null(strstr(diag.text, "; the built-in tables do not know this kernel"));
    options.kinds = KDW_SYMBOLS_PDB;
    does_not_load(&options, KD_ERR_NOT_FOUND, "no ntkrnlmp.pdb with GUID " OWN_GUID " age 1");
    assert_null(strstr(diag.text, "built-in"));
    options.kinds = 0;
    does_not_load(&options, KD_ERR_NOT_FOUND, "nowhere to look for symbols");
}

static void what_ends_a_walk_ends_the_search(void **state)
{
    const struct kdw_symbol_options options = {.kinds = KDW_SYMBOLS_ANY, .symbol_path = ""};

    (void)state;
    put_landmarks_of_18362();
    open_image(1, 0xab6000, OWN_GUID);
    fake_mem_reset_counts(&mem);
    mem.fail_from = 1;
    mem.fail_with = KD_ERR_CANCELLED;
    does_not_load(&options, KD_ERR_CANCELLED, "landmarks of the kernel");
}

#define PREPARED(test) cmocka_unit_test_setup_teardown(test, make, remove_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PREPARED(the_users_isf_goes_before_a_pdb_and_a_pdb_before_the_usual_folders),
        PREPARED(symbols_that_the_target_contradicts_are_refused),
        PREPARED(a_tabled_kernel_needs_no_file),
        PREPARED(with_its_header_paged_out_a_kernel_is_guessed_by_its_landmarks),
        PREPARED(headers_that_cannot_be_read_are_said_where_nothing_else_helps),
        PREPARED(an_image_without_identity_says_why_it_has_no_symbols),
        PREPARED(what_is_nowhere_is_said_for_each_way),
        PREPARED(what_ends_a_walk_ends_the_search),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
