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

static struct temp_dir dir;
static struct kdw_pdb_id wanted;
static struct kd_diag diag;

static int make_dir(void **state)
{
    (void)state;
    temp_dir_create(&dir);
    memset(&wanted, 0, sizeof wanted);
    assert_true(kdw_pdb_guid_parse(GUID, wanted.guid));
    wanted.age = 17;
    snprintf(wanted.name, sizeof wanted.name, "ntkrnlmp.pdb");
    kd_diag_clear(&diag);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    temp_dir_remove(&dir);
    return 0;
}

static void put_text(const char *name, const char *text)
{
    temp_dir_write(&dir, name, text, strlen(text));
}

static void put_isf(const char *name, unsigned age)
{
    char text[256];

    snprintf(text, sizeof text,
             "{\"metadata\":{\"format\":\"6.1.0\",\"windows\":{\"pdb\":{\"GUID\":\"" GUID "\","
             "\"age\":%u,\"database\":\"ntkrnlmp.pdb\"}}}}",
             age);
    put_text(name, text);
}

static enum kd_status open_in(const char *folders, struct kdw_symbols **out)
{
    char path[4096];
    size_t n = 0;

    for (; *folders; folders++)
        n += (size_t)snprintf(path + n, sizeof path - n, *folders == '@' ? "%s" : "%.1s",
                              *folders == '@' ? dir.path : folders);
    path[n] = '\0';
    return kdw_isf_store_open(path, &wanted, &diag, out);
}

static void is_found_in(const char *folders)
{
    struct kdw_symbols *s = NULL;

    if (open_in(folders, &s) != KD_OK)
        fail_msg("%s", diag.text);
    kdw_symbols_close(s);
}

static void is_not_found_in(const char *folders, const char *says)
{
    struct kdw_symbols *s = (struct kdw_symbols *)&dir;

    assert_int_equal(open_in(folders, &s), KD_ERR_NOT_FOUND);
    assert_ptr_equal(s, &dir);
    if (!strstr(diag.text, says))
        fail_msg("\"%s\" does not say \"%s\"", diag.text, says);
}

static void it_is_found_wherever_its_users_keep_it(void **state)
{
    static const char *const places[] = {"", "ntkrnlmp.pdb/", "windows/ntkrnlmp.pdb/",
                                         "symbols/windows/ntkrnlmp.pdb/"};
    char name[128], root[32];

    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(name, sizeof name, "%zu/%s" GUID "-17.json", i, places[i]);
        put_isf(name, 17);
        snprintf(root, sizeof root, "@/%zu", i);
        is_found_in(root);
        assert_string_equal(diag.text, "");
    }
    put_isf("anything.json", 17);
    is_found_in("@/anything.json");
}

static void case_makes_no_difference_and_the_age_is_decimal(void **state)
{
    (void)state;
    put_isf("a/Windows/NTKRNLMP.PDB/616a94e33a4827b451b0e19c14c03792-17.JSON", 17);
    is_found_in("@/a");
    put_isf("b/" GUID "-11.json", 17); /* hexadecimal, as in a symbol store */
    is_not_found_in("@/b", "no " GUID "-17.json or " GUID "-17.json.xz");
}

static void a_file_of_another_kernel_is_passed_over(void **state)
{
    (void)state;
    put_isf("a/" GUID "-17.json", 1);
    put_isf("b/" GUID "-17.json", 17);
    is_not_found_in("@/a", "found one of another build, GUID " GUID " age 1: ");
    is_found_in("@/absent;@/a;@/b");
    assert_non_null(strstr(diag.text, "on the way to"));
    assert_non_null(strstr(diag.text, "absent does not exist"));
    assert_non_null(strstr(diag.text, "another build"));
}

static void a_damaged_or_otherwise_packed_file_is_named(void **state)
{
    (void)state;
    put_text("a/" GUID "-17.json", "{");
    put_text("a/" GUID "-17.json.gz", "\x1f\x8b\x08");
    is_not_found_in("@/a", "-17.json: the ISF text ends too early");
    assert_non_null(strstr(diag.text, ".gz: compressed, expand it with gunzip"));
    put_isf("a/windows/ntkrnlmp.pdb/" GUID "-17.json", 17);
    is_found_in("@/a");
}

static void places_that_cannot_be_looked_at_are_named(void **state)
{
    (void)state;
    is_not_found_in("", "no " GUID "-17.json");
    is_not_found_in("https://example.org/isf", "skipped https://example.org/isf");
    snprintf(wanted.name, sizeof wanted.name, "../x.pdb");
    assert_int_equal(kdw_isf_store_open(dir.path, &wanted, &diag, NULL), KD_ERR_USAGE);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(it_is_found_wherever_its_users_keep_it),
        IN_A_FOLDER(case_makes_no_difference_and_the_age_is_decimal),
        IN_A_FOLDER(a_file_of_another_kernel_is_passed_over),
        IN_A_FOLDER(a_damaged_or_otherwise_packed_file_is_named),
        IN_A_FOLDER(places_that_cannot_be_looked_at_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
