#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/dump_check.h"

#define ENTRY_VA 0xfffff8047bbf4210u
enum { PAGE = 0x1000, IMAGE_LEN = 0x40000, ROOT = 0x2A000 };

static void make(struct dump_build *b)
{
    *b = (struct dump_build){0};
    dump_build_memory(b, 0, 0, IMAGE_LEN);
}

static void byte_n_of_the_file_is_byte_n_of_memory(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b);
    dump_open_ok(&o, &b);
    assert_int_equal(o.facts->kind, KDW_DUMP_RAW);
    assert_string_equal(o.facts->what, "raw memory image");
    dump_has(&o, 0, IMAGE_LEN);
    dump_fails(&o, IMAGE_LEN - 8, 16, KD_ERR_NOT_IN_DUMP, IMAGE_LEN);
    assert_true(o.facts->physical_end == IMAGE_LEN && o.facts->dtb == 0);
    assert_null(kdw_dump_virtual(o.dump));
    dump_warns_nothing(&o);
    dump_done(&o);
    dump_build_free(&b);
}

static void the_processors_start_names_the_root_and_the_kernel(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b);
    dump_build_low_stub(&b, 0, 0x13000, ENTRY_VA, ROOT);
    dump_open_ok(&o, &b);
    assert_true(o.facts->dtb == ROOT);
    assert_true(o.facts->kernel_hint_va == ENTRY_VA);
    assert_true(kdw_dump_target(o.dump).dtb == ROOT);
    dump_done(&o);
    dump_build_free(&b);
}

static void what_only_resembles_a_processors_start_is_none(void **state)
{
    static const struct {
        uint64_t at, value;
    } changes[] = {
        {0x13000, 0x00000001000642E8u}, /* another jump */
        {0x13070, 0x00007FF67BBF4210u}, /* an entry outside the kernel */
        {0x13070, ENTRY_VA + 1},        /* one that is not aligned */
        {0x130A0, ROOT + 8},            /* a root inside a page */
        {0x130A0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct dump_opened o;
        struct dump_build b;

        make(&b);
        dump_build_low_stub(&b, 0, 0x13000, ENTRY_VA, ROOT);
        dump_build_u64(&b, changes[i].at, changes[i].value);
        dump_open_ok(&o, &b);
        assert_true(o.facts->dtb == 0 && o.facts->kernel_hint_va == 0);
        dump_done(&o);
        dump_build_free(&b);
    }
}

static void roots_are_found_one_after_the_other(void **state)
{
    struct dump_opened o;
    struct dump_build b;
    uint64_t root = 1;

    (void)state;
    make(&b);
    dump_build_root(&b, 0, ROOT);
    dump_build_root(&b, 0, ROOT + 2 * PAGE);
    dump_open_ok(&o, &b);
    assert_int_equal(kdw_dump_find_root(o.dump, 0, &root), KD_OK);
    assert_true(root == ROOT);
    assert_int_equal(kdw_dump_find_root(o.dump, ROOT, &root), KD_OK);
    assert_true(root == ROOT);
    assert_int_equal(kdw_dump_find_root(o.dump, ROOT + 1, &root), KD_OK);
    assert_true(root == ROOT + 2 * PAGE);
    assert_int_equal(kdw_dump_find_root(o.dump, root + PAGE, &root), KD_ERR_NOT_FOUND);
    assert_non_null(strstr(o.diag.text, "in the first 4096 MiB"));
    assert_int_equal(kdw_dump_find_root(o.dump, UINT64_MAX, &root), KD_ERR_NOT_FOUND);
    assert_true(root == ROOT + 2 * PAGE);
    dump_done(&o);
    dump_build_free(&b);
}

static void a_page_that_only_resembles_a_root_is_none(void **state)
{
    static const struct {
        uint64_t entry, value;
    } changes[] = {
        {493, (ROOT + PAGE) | 0x63}, /* leads to another page */
        {493, ROOT | 0x61},          /* may not be written: no table */
        {511, 0},                    /* one entry of the kernel's too few */
        {400, 0x7000 | 0x67},        /* a program's */
    };

    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct dump_opened o;
        struct dump_build b;
        uint64_t root;

        make(&b);
        dump_build_root(&b, 0, ROOT);
        dump_build_u64(&b, ROOT + 8 * changes[i].entry, changes[i].value);
        dump_open_ok(&o, &b);
        assert_int_equal(kdw_dump_find_root(o.dump, 0, &root), KD_ERR_NOT_FOUND);
        dump_done(&o);
        dump_build_free(&b);
    }
}

static void a_page_of_which_half_is_full_is_no_root(void **state)
{
    (void)state;
    for (uint64_t first = 0; first <= 257; first += 257) {
        struct dump_opened o;
        struct dump_build b;
        uint64_t root;

        make(&b);
        dump_build_root(&b, 0, ROOT);
        for (uint64_t i = first; i < first + 200; i++)
            if (i != 493)
                dump_build_u64(&b, ROOT + 8 * i, 0x7000063);
        dump_open_ok(&o, &b);
        assert_int_equal(kdw_dump_find_root(o.dump, 0, &root), KD_ERR_NOT_FOUND);
        dump_done(&o);
        dump_build_free(&b);
    }
}

/* In a dump whose header names a root that is not in it. */
static void roots_are_found_among_the_pages_of_a_bitmap(void **state)
{
    static const uint64_t pfns[] = {0, 3, 65, 700, 2000};
    struct dump_opened o;
    struct dump_build b = {0};
    uint64_t root;

    (void)state;
    dump_build_header(&b, 6);
    dump_build_bitmap(&b, "SDMP", 2001, pfns, 5);
    dump_build_root(&b, b.len - 3 * PAGE - 65 * PAGE, 65 * PAGE);
    dump_build_root(&b, b.len - 2 * PAGE - 700 * PAGE, 700 * PAGE);
    dump_open_ok(&o, &b);
    dump_warns(&o, "its page-table root, 0x1000, is not in the dump");
    assert_int_equal(kdw_dump_find_root(o.dump, 4 * PAGE, &root), KD_OK);
    assert_true(root == 65 * PAGE);
    assert_int_equal(kdw_dump_find_root(o.dump, 66 * PAGE, &root), KD_OK);
    assert_true(root == 700 * PAGE);
    assert_int_equal(kdw_dump_find_root(o.dump, 701 * PAGE, &root), KD_ERR_NOT_FOUND);
    dump_done(&o);
    dump_build_free(&b);
}

/* Where rounding up to a page would begin anew at 0. */
static void the_search_does_not_wrap_around(void **state)
{
    struct dump_opened o;
    struct dump_build b = {0};
    uint64_t root;

    (void)state;
    dump_build_lime(&b, 0x800, 0xFFF);
    dump_build_lime(&b, 0xFFFFFFFFFFFFFF00u, 0xFFFFFFFFFFFFFFFEu);
    dump_open_ok(&o, &b);
    assert_int_equal(kdw_dump_find_root(o.dump, 0, &root), KD_ERR_NOT_FOUND);
    dump_done(&o);
    dump_build_free(&b);
}

static void a_triage_dump_has_no_roots(void **state)
{
    struct dump_opened o;
    struct dump_build b = {0};
    uint64_t root;

    (void)state;
    dump_build_triage(&b);
    dump_open_ok(&o, &b);
    assert_int_equal(kdw_dump_find_root(o.dump, 0, &root), KD_ERR_NOT_FOUND);
    assert_non_null(strstr(o.diag.text, "triage"));
    dump_done(&o);
    dump_build_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(byte_n_of_the_file_is_byte_n_of_memory),
        cmocka_unit_test(the_processors_start_names_the_root_and_the_kernel),
        cmocka_unit_test(what_only_resembles_a_processors_start_is_none),
        cmocka_unit_test(roots_are_found_one_after_the_other),
        cmocka_unit_test(a_page_that_only_resembles_a_root_is_none),
        cmocka_unit_test(a_page_of_which_half_is_full_is_no_root),
        cmocka_unit_test(roots_are_found_among_the_pages_of_a_bitmap),
        cmocka_unit_test(the_search_does_not_wrap_around),
        cmocka_unit_test(a_triage_dump_has_no_roots),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
