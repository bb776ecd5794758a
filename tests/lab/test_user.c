/* What two programs have in memory, read back by raw numbers: page tables as a processor reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "machine.h"

#define PRIVATE 0x1a0000u
#define LARGE   0x40000000u
#define FRAME   0x000ffffffffff000u

static const struct numbers {
    const char *name;
    uint64_t process_head, links, id, image; /* RVA; in _EPROCESS */
} kernels[] = {
    {"14393", 0xfffff803c381d000 + 0x302550, 0x2f0, 0x2e8, 0x450},
    {"18362", 0xfffff8026e400000 + 0x438b40, 0x2f0, 0x2e8, 0x450},
    {"19041", 0xfffff80563a00000 + 0xc1e0a0, 0x448, 0x440, 0x5a8},
};

enum { KERNELS = sizeof(kernels) / sizeof(kernels[0]) };

struct program {
    struct lab_machine *m;
    uint64_t root, id;
};

static uint64_t u64(const struct lab_machine *m, uint64_t va)
{
    uint64_t v;

    assert_int_equal(lab_machine_read_virtual(m, va, &v, 8), 8);
    return v;
}

static uint64_t physical_u64(const struct lab_machine *m, uint64_t pa)
{
    uint64_t v;

    assert_int_equal(lab_machine_read_physical(m, pa, &v, 8), 8);
    return v;
}

static struct program find(struct lab_machine *m, const struct numbers *n, const char *image)
{
    for (uint64_t at = u64(m, n->process_head); at != n->process_head; at = u64(m, at)) {
        uint64_t process = at - n->links;
        char name[16] = "";

        assert_int_equal(lab_machine_read_virtual(m, process + n->image, name, 15), 15);
        if (strcmp(name, image) == 0)
            return (struct program){m, u64(m, process + 0x28), u64(m, process + n->id)};
    }
    fail_msg("there is no %s", image);
    return (struct program){0};
}

/* The entry of that level (0: of the page) on the way to va. */
static uint64_t entry(const struct program *p, uint64_t va, unsigned level)
{
    uint64_t table = p->root, e = 0;

    for (unsigned i = 3;; i--) {
        e = physical_u64(p->m, table + 8 * (va >> (12 + 9 * i) & 0x1ff));
        if (i == level)
            return e;
        assert_int_equal(e & 0x5, 0x5); /* present, for programs */
        table = e & FRAME;
    }
}

static void check_text(const struct program *p, uint64_t pa, const char *image, unsigned page)
{
    char expected[48], found[48];

    snprintf(expected, sizeof expected, "%s %u: page %u", image, (unsigned)p->id, page);
    assert_int_equal(lab_machine_read_physical(p->m, pa, found, sizeof found), sizeof found);
    assert_string_equal(found, expected);
}

static void check_program(const struct program *p, const char *image)
{
    uint64_t e[7], prototype;

    for (unsigned i = 0; i < 7; i++)
        e[i] = entry(p, PRIVATE + 0x1000 * i, 0);
    assert_int_equal(e[0] & 5, 5);
    check_text(p, e[0] & FRAME, image, 0);
    assert_int_equal(e[1] & 0xc01, 0x800); /* transition */
    check_text(p, e[1] & FRAME, image, 1);
    assert_int_equal(e[2] >> 32, 0x1234); /* in page file 1 */
    assert_int_equal(e[2] & 0xfc01, 0x1000);
    assert_int_equal(e[3] & ~UINT64_C(0x3f0), 0); /* protection and swizzle bit alone */
    assert_int_not_equal(e[3], 0);
    assert_int_equal(e[4] & 0xc01, 0x400); /* prototype */
    prototype = u64(p->m, (uint64_t)((int64_t)e[4] >> 16));
    assert_int_equal(prototype & 1, 1);
    check_text(p, prototype & FRAME, image, 4);
    assert_int_equal(e[5], 0);
    check_text(p, e[6] & FRAME, image, 6);
}

static void two_programs_have_pages_of_every_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        struct lab_machine *m = lab_machine_create(kernels[i].name, LAB_KERNEL_DIR, NULL);
        struct program lsass, explorer;

        assert_non_null(m);
        lsass = find(m, &kernels[i], "lsass.exe");
        explorer = find(m, &kernels[i], "explorer.exe");
        assert_true(lsass.root != explorer.root);
        check_program(&lsass, "lsass.exe");
        check_program(&explorer, "explorer.exe");
        lab_machine_destroy(m);
    }
}

static void one_of_them_has_a_large_page(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        struct lab_machine *m = lab_machine_create(kernels[i].name, LAB_KERNEL_DIR, NULL);
        struct program explorer;
        char text[48];
        uint64_t e;

        assert_non_null(m);
        explorer = find(m, &kernels[i], "explorer.exe");
        e = entry(&explorer, LARGE, 1);
        assert_int_equal(e & 0x85, 0x85);
        assert_int_equal(e & 0x1ff000, 0);
        lab_machine_read_physical(m, (e & FRAME) + 0x1ff000, text, sizeof text);
        assert_string_equal(text, "explorer.exe: 2 MiB, 0x1ff000");
        lab_machine_destroy(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_programs_have_pages_of_every_kind),
        cmocka_unit_test(one_of_them_has_a_large_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
