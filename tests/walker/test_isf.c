#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <walker/isf.h>

#include "map.h"
#include "support/layout_table.h"
#include "support/temp_dir.h"

#define DATA KDWALK_TEST_DATA

static const struct real {
    const char *file, *version, *layout;
} reals[] = {
    {DATA "/isf/616A94E33A4827B451B0E19C14C03792-1.json.xz", "10.0.18362.535",
     DATA "/layouts/18362.csv"},
    {DATA "/isf/89284D0CA6ACC8274B9A44BD5AF9290B-1.json.xz", "10.0.19041.2965",
     DATA "/layouts/19041-r1826.csv"},
    {DATA "/isf/EF84DCF2B16BB881EBE4BD7C8FE7AA8E-1.json.xz", "10.0.22000.1936",
     DATA "/layouts/22000-r795.csv"},
};
enum { REALS = sizeof reals / sizeof reals[0] };

static bool is_there(const char *path)
{
    FILE *f = fopen(path, "rb");

    if (f)
        fclose(f);
    return f != NULL;
}

/* Each is opened once, for all the tests. */
static struct kdw_symbols *opened[REALS];

static struct kdw_symbols *real(size_t i)
{
    static struct kd_diag diag;

    if (!is_there(reals[i].file)) {
        print_message("skipped: no %s\n", reals[i].file);
        skip();
    }
    if (!opened[i] && kdw_isf_open(reals[i].file, &diag, &opened[i]) != KD_OK)
        fail_msg("%s", diag.text);
    return opened[i];
}

static int close_reals(void **state)
{
    (void)state;
    for (size_t i = 0; i < REALS; i++)
        kdw_symbols_close(opened[i]);
    return 0;
}

static void every_type_of_the_real_files_is_that_of_the_tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < REALS; i++) {
        struct kdw_symbols *s = real(i);
        size_t fields = layout_table_check(s, reals[i].layout);

        print_message("%s: %zu fields agree\n", reals[i].version, fields);
        assert_true(fields > 900);
    }
}

static void every_address_of_the_real_files_is_that_of_the_tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < REALS; i++) {
        struct kdw_symbols *s = real(i);
        struct csv kernels;
        size_t count = 0;

        assert_true(csv_open(&kernels, DATA "/layouts/kernels.csv"));
        while (csv_next(&kernels))
            if (strcmp(csv_text(&kernels, "version"), reals[i].version) == 0)
                count += layout_table_check_addresses(s, &kernels);
        csv_close(&kernels);
        print_message("%s: %zu addresses agree\n", reals[i].version, count);
        assert_true(count > 40);
    }
}

static void documented_types_are_as_in_the_real_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < REALS; i++) {
        struct kdw_symbols *s = real(i);

        assert_true(layout_table_check(s, KDWALK_TABLES "/documented.csv") > 10);
    }
}

static void a_real_file_bears_its_identity_and_its_path(void **state)
{
    struct kdw_symbols *s = real(0);
    char guid[KDW_PDB_GUID_MAX];
    struct kdw_pdb_id id;

    (void)state;
    kdw_isf_identity(s, &id);
    kdw_pdb_id_guid(&id, guid);
    assert_string_equal(guid, "616A94E33A4827B451B0E19C14C03792");
    assert_int_equal(id.age, 1);
    assert_string_equal(id.name, "ntkrnlmp.pdb");
    assert_string_equal(kdw_symbols_origin(s) + 4, reals[0].file);
    assert_false(kdw_symbols_is_guess(s));
}

static void names_that_the_converter_shortened_are_found_as_they_were(void **state)
{
    struct kdw_symbols *s = real(0);
    uint64_t rva = 0, shortened = 0, at = 0;
    const char *name = NULL;

    (void)state;
    assert_int_equal(kdw_symbol(s, "_CmAddPanelDevice", &rva), KD_OK);
    assert_int_equal(rva, 9674908);
    assert_int_equal(kdw_symbol(s, "CmAddPanelDevice", &shortened), KD_OK);
    assert_int_equal(shortened, rva);
    assert_int_equal(kdw_symbol_near(s, rva + 1, &name, &at), KD_OK);
    assert_string_equal(name, "_CmAddPanelDevice");
    assert_int_equal(at, rva);
}

static void a_real_file_cut_short_is_refused(void **state)
{
    struct kdw_map map;

    (void)state;
    if (kdw_map_open(reals[0].file, NULL, &map) != KD_OK) {
        print_message("skipped: no %s\n", reals[0].file);
        skip();
    }
    for (size_t i = 0; i < 12; i++) {
        size_t len = map.len / 12 * i;
        uint8_t *part = malloc(len + 1); /* its own block: reads beyond it show */
        struct kdw_symbols *s;

        assert_non_null(part);
        memcpy(part, map.data, len);
        assert_int_not_equal(kdw_isf_open_bytes(part, len, NULL, &s), KD_OK);
        free(part);
    }
    kdw_map_close(&map);
}

#define META                                                                                       \
    "\"metadata\":{\"format\":\"6.1.0\",\"windows\":{\"pdb\":{\"GUID\":"                           \
    "\"616a94e33a4827b451b0e19c14c03792\",\"age\":10,\"database\":\"ntkrnlmp.pdb\"}}}"

static void plain_json_is_read_from_a_file(void **state)
{
    static const char text[] = "{" META "}\n";
    struct kd_diag diag = {""};
    struct kdw_symbols *s = NULL;
    struct kdw_pdb_id id;
    struct temp_dir dir;

    (void)state;
    temp_dir_create(&dir);
    temp_dir_write(&dir, "x.json", text, sizeof text - 1);
    assert_int_equal(kdw_isf_open(temp_dir_path(&dir, "x.json"), &diag, &s), KD_OK);
    kdw_isf_identity(s, &id);
    assert_int_equal(id.age, 10);
    assert_int_equal(id.guid[0], 0xE3);
    kdw_symbols_close(s);
    temp_dir_write(&dir, "x.json", text, sizeof text - 3);
    assert_int_equal(kdw_isf_open(temp_dir_path(&dir, "x.json"), &diag, &s), KD_ERR_TRUNCATED);
    assert_non_null(strstr(diag.text, "x.json: the ISF text ends too early"));
    assert_int_equal(kdw_isf_open(temp_dir_path(&dir, "y.json"), &diag, &s), KD_ERR_IO);
    temp_dir_remove(&dir);
}

static void other_packings_are_named_with_what_to_do(void **state)
{
    static const struct {
        const char *bytes, *says;
    } packings[] = {{"\x1f\x8b\x08", "gunzip"}, {"BZh9", "bunzip2"}, {"PK\x03\x04", "unzip"}};
    struct kdw_symbols *s;

    (void)state;
    for (size_t i = 0; i < sizeof packings / sizeof packings[0]; i++) {
        struct kd_diag diag = {""};

        assert_int_equal(
            kdw_isf_open_bytes(packings[i].bytes, strlen(packings[i].bytes), &diag, &s),
            KD_ERR_UNSUPPORTED);
        assert_non_null(strstr(diag.text, packings[i].says));
    }
    assert_int_equal(kdw_isf_open_bytes(NULL, 0, NULL, &s), KD_ERR_TRUNCATED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_of_the_real_files_is_that_of_the_tables),
        cmocka_unit_test(every_address_of_the_real_files_is_that_of_the_tables),
        cmocka_unit_test(documented_types_are_as_in_the_real_files),
        cmocka_unit_test(a_real_file_bears_its_identity_and_its_path),
        cmocka_unit_test(names_that_the_converter_shortened_are_found_as_they_were),
        cmocka_unit_test(a_real_file_cut_short_is_refused),
        cmocka_unit_test(plain_json_is_read_from_a_file),
        cmocka_unit_test(other_packings_are_named_with_what_to_do),
    };

    return cmocka_run_group_tests(tests, NULL, close_reals);
}
