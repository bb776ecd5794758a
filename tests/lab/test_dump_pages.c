/* What befell a machine before its memory became a file: pages that are elsewhere, a crash, an encoded block
 * of debugger data. Entries are read by the bits of public symbols, typed as numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dumped.h"
#include "table_walk.h"

#define PAGE     0x1000u
#define POOL_END 0xfffff00000000000u
#define FRAME    0x0000fffffffff000u /* 36 bits, as in Windows 10 */
#define MASK     0x200000000000u

static const struct numbers {
    const char *name;
    uint64_t base;
    uint32_t kdbg, wait_never, wait_always, encoded, booted_nodebug, bugcheck_data, bugcheck_ex;
    uint32_t pte_mask; /* MiState.Hardware.InvalidPteMask; 0: none */
} kernels[] = {
    {"14393", 0xfffff803c381d000, 0x2f3a40, 0x434770, 0x434960, 0x32a3a8, 0x2ea464, 0x30f210,
     0x1414e0, 0},
    {"18362", 0xfffff8026e400000, 0x4265e0, 0x574700, 0x5748f0, 0x46a338, 0x42a3f4, 0x44f1a0,
     0x1c14e0, 0x466400 + 0x1580 + 0xc0},
    {"19041", 0xfffff80563a00000, 0xc00b20, 0xcfc808, 0xcfca10, 0xc50bb8, 0xc0f3c8, 0xc2b340,
     0x3fbca0, 0xc4c740 + 0x15c0 + 0xc0},
    {"22000", 0xfffff80742000000, 0xc02190, 0xd06cc0, 0xd06e20, 0xd01888, 0xc0977c, 0xc2bcc0,
     0x41d460, 0xc4f000 + 0x1680 + 0xc0},
};
#define KERNELS (sizeof kernels / sizeof *kernels)

/* ---- pages ---- */

struct tally { /* of one file, against the machine as it was */
    const struct dumped *d;
    const struct lab_machine *before;
    uint64_t mask;
    unsigned pool, rest, out, transition, left_out, unswizzled;
};

static void same_bytes(const struct tally *t, uint64_t at, uint64_t pa)
{
    uint8_t page[PAGE];

    assert_true(at != DUMPED_NOT);
    assert_int_equal(lab_machine_read_physical(t->before, pa, page, PAGE), PAGE);
    assert_memory_equal(t->d->file + at, page, PAGE);
}

/* An entry that is not present: where it leads, or what it says of the page file. */
static void tally_absent(struct tally *t, uint64_t entry, uint64_t pa)
{
    assert_int_equal(entry >> 5 & 0x1f, 4); /* read-write */
    assert_int_equal(entry >> 10 & 1, 0);   /* no prototype */
    if (entry & 0x10)
        t->unswizzled++;
    else
        entry ^= t->mask;
    if (entry >> 11 & 1) {
        assert_int_equal(entry & FRAME, pa);
        same_bytes(t, dumped_page(t->d, pa / PAGE), pa);
        t->transition++;
    } else {
        assert_true(entry >> 32 != 0 && entry >> 32 <= 0x40000);
        assert_int_equal(entry >> 12 & 0xd, 0); /* page file 0 or 2 */
        assert_true(dumped_page(t->d, pa / PAGE) == DUMPED_NOT);
        t->out++;
    }
}

static void tally_page(void *ctx, unsigned level, uint64_t va, uint64_t pa)
{
    struct tally *t = ctx;
    uint64_t entry, at;

    if (level > 0 || !(va >> 63))
        return;
    entry = dumped_entry(t->d, va);
    if (va >= POOL_END) { /* what it holds may be what else befell the machine */
        assert_int_equal(entry & 0x000ffffffffff001, pa | 1);
        assert_true(dumped_page(t->d, pa / PAGE) != DUMPED_NOT);
        t->rest++;
        return;
    }
    t->pool++;
    if (!(entry & 1)) {
        tally_absent(t, entry, pa);
        return;
    }
    assert_int_equal(entry & 0x000ffffffffff000, pa);
    at = dumped_page(t->d, pa / PAGE);
    if (at == DUMPED_NOT)
        t->left_out++;
    else
        same_bytes(t, at, pa);
}

static struct tally tally(const struct numbers *n, struct lab_dump_options options)
{
    struct dumped d = dumped_make(n->name, options);
    struct lab_machine *before = lab_machine_create(n->name, LAB_KERNEL_DIR, NULL);
    struct tally t = {.d = &d, .before = before};

    assert_non_null(before);
    if (n->pte_mask) {
        t.mask = dumped_u64_at_va(&d, n->base + n->pte_mask);
        assert_int_equal(t.mask, options.swizzle ? MASK : 0);
    }
    table_walk(before, d.info->cr3, tally_page, &t);
    lab_machine_destroy(before);
    dumped_end(&d);
    t.d = NULL;
    t.before = NULL;
    return t;
}

static void nothing_is_missing_unless_it_is_asked_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        struct tally t = tally(&kernels[i], (struct lab_dump_options){.type = "kernel"});

        assert_true(t.pool > 50 && t.rest > 1000);
        assert_int_equal(t.out + t.transition + t.left_out, 0);
    }
}

static void near(unsigned count, unsigned all, unsigned percent)
{
    unsigned expected = all * percent / 100, slack = all / 8;

    assert_in_range(count, expected > slack ? expected - slack : 0, expected + slack);
}

static void pool_pages_are_paged_out_in_transition_or_left_out(void **state)
{
    static const char *const types[] = {"kernel", "active", "summary", "live"};

    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        struct tally t = tally(
            &kernels[i],
            (struct lab_dump_options){
                .type = types[i], .page_out = 20, .transition = 40, .leave_out = 15, .seed = 7});

        near(t.out, t.pool, 20);
        near(t.transition, t.pool, 40);
        near(t.left_out, t.pool, 15);
        assert_int_equal(t.unswizzled, 0);
    }
}

static void all_of_the_pool_can_be_in_one_state(void **state)
{
    struct tally t;

    (void)state;
    t = tally(&kernels[2], (struct lab_dump_options){.type = "kernel", .transition = 100});
    assert_int_equal(t.transition, t.pool);
    t = tally(&kernels[2], (struct lab_dump_options){.type = "kernel", .page_out = 100});
    assert_int_equal(t.out, t.pool);
    t = tally(&kernels[2], (struct lab_dump_options){.type = "kernel", .leave_out = 100});
    assert_int_equal(t.left_out, t.pool);
}

/* A place in the page file has the mask's bit by itself now and then: then it is not flipped. */
static void entries_are_swizzled_where_the_kernel_knows_how(void **state)
{
    (void)state;
    for (size_t i = 1; i < KERNELS; i++) {
        struct tally t = tally(
            &kernels[i], (struct lab_dump_options){
                             .type = "kernel", .page_out = 50, .transition = 50, .swizzle = true});

        assert_int_equal(t.out + t.transition, t.pool);
        near(t.unswizzled, t.out, 50);
    }
}

static void the_same_seed_gives_the_same_file(void **state)
{
    const struct lab_dump_options options = {
        .type = "kernel", .page_out = 30, .transition = 30, .leave_out = 30, .seed = 1};
    struct lab_dump_options other = options;
    struct dumped a = dumped_make("18362", options), b = dumped_make("18362", options), c;

    (void)state;
    other.seed = 2;
    c = dumped_make("18362", other);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.file, b.file, a.len);
    assert_true(a.len != c.len || memcmp(a.file, c.file, a.len) != 0);
    dumped_end(&a);
    dumped_end(&b);
    dumped_end(&c);
}

static void the_kernels_header_can_be_paged_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        struct dumped d = dumped_make(
            kernels[i].name, (struct lab_dump_options){.type = "full", .header_out = true});
        uint64_t entry = dumped_entry(&d, kernels[i].base);

        assert_int_equal(entry & 0xc01, 0);
        assert_true(entry >> 32 != 0);
        assert_int_equal(dumped_entry(&d, kernels[i].base + PAGE) & 1, 1);
        assert_int_equal(dumped_u64_at_va(&d, kernels[i].base + kernels[i].kdbg + 0x18),
                         kernels[i].base);
        dumped_end(&d);
    }
}

/* ---- debugger data ---- */

static uint64_t swapped(uint64_t v)
{
    uint8_t b[8];

    memcpy(b, &v, 8);
    return (uint64_t)b[0] << 56 | (uint64_t)b[1] << 48 | (uint64_t)b[2] << 40 |
           (uint64_t)b[3] << 32 | (uint64_t)b[4] << 24 | (uint64_t)b[5] << 16 |
           (uint64_t)b[6] << 8 | b[7];
}

static uint64_t decoded(uint64_t e, uint64_t never, uint64_t always, uint64_t encoded_va)
{
    unsigned turn = never & 63;

    e ^= never;
    e = turn ? e << turn | e >> (64 - turn) : e;
    return always ^ swapped(encoded_va ^ e);
}

static void the_decoding_is_that_of_the_published_example(void **state)
{
    const uint64_t never = 0x1122334455667788, always = 0x99aabbccddeeff00;
    const uint64_t va = 0xfffff80700d01888;

    (void)state;
    assert_int_equal(decoded(0xff9de3938fade4c5, never, always, va), 0xfffff80700c1d040);
    assert_int_equal(decoded(0x00967710c82a1f3a, never, always, va), 0x000003804742444b);
    assert_int_equal(decoded(0x00dd33528faa1c3a, never, always, va), 0);
}

static void an_encoded_block_decodes_to_the_plain_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        const struct numbers *n = &kernels[i];
        struct dumped plain = dumped_make(n->name, (struct lab_dump_options){.type = "kernel"});
        struct dumped d =
            dumped_make(n->name, (struct lab_dump_options){.type = "raw", .encode = true});
        uint64_t never = dumped_u64_at_va(&d, n->base + n->wait_never);
        uint64_t always = dumped_u64_at_va(&d, n->base + n->wait_always);
        uint32_t len = (uint32_t)(dumped_u64_at_va(&plain, n->base + n->kdbg + 0x10) >> 32);

        assert_true(len >= 0x368 && (never & 63) != 0 && always != 0);
        for (uint64_t va = n->base + n->kdbg; va < n->base + n->kdbg + len; va += 8)
            assert_int_equal(decoded(dumped_u64_at_va(&d, va), never, always, n->base + n->encoded),
                             dumped_u64_at_va(&plain, va));
        assert_int_not_equal((uint32_t)dumped_u64_at_va(&d, n->base + n->kdbg + 0x10), 0x4742444b);
        assert_int_equal((uint8_t)dumped_u64_at_va(&d, n->base + n->encoded), 1);
        assert_int_equal((uint8_t)dumped_u64_at_va(&d, n->base + n->booted_nodebug), 1);
        assert_int_equal((uint8_t)dumped_u64_at_va(&plain, n->base + n->encoded), 0);
        dumped_end(&plain);
        dumped_end(&d);
    }
}

/* QEMU names a block that can be read: the kernel's own, or the copy that its driver was given. */
static void qemu_names_the_drivers_copy_of_an_encoded_block(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        struct dumped d = dumped_make(kernels[i].name,
                                      (struct lab_dump_options){.type = "win-dmp", .encode = true});
        uint64_t block = dumped_u64(&d, 0x80);

        assert_int_not_equal(block, kernels[i].base + kernels[i].kdbg);
        assert_int_equal((uint32_t)dumped_u64_at_va(&d, block + 0x10), 0x4742444b);
        assert_int_equal(dumped_u64_at_va(&d, block + 0x18), kernels[i].base);
        dumped_end(&d);
    }
}

/* ---- crashes ---- */

static void check_crash(const struct dumped *d, const struct numbers *n, const uint64_t p[4])
{
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(dumped_u64_at_va(d, n->base + n->bugcheck_data + 8 + 8 * i), p[i]);
    assert_int_equal(dumped_u64_at_va(d, n->base + n->bugcheck_data), 0x7e);
}

static void a_crash_is_told_in_header_and_memory(void **state)
{
    static const char *const types[] = {"full", "kernel", "ranges", "win-dmp", "raw", "lime"};
    struct lab_dump_options options = {
        .has_bugcheck = true,
        .bugcheck = 0x7e,
        .parameters = {0xffffffffc0000005, 0xfffff80412345678, 0xffff850429890ee8, 1},
    };

    (void)state;
    for (size_t i = 0; i < KERNELS * 6; i++) {
        const struct numbers *n = &kernels[i / 6];
        struct dumped d;

        options.type = types[i % 6];
        d = dumped_make(n->name, options);
        check_crash(&d, n, options.parameters);
        for (size_t p = 0; i % 6 < 4 && p < 4; p++)
            assert_int_equal(dumped_u64(&d, 0x40 + 8 * p), options.parameters[p]);
        if (i % 6 < 4) {
            assert_int_equal(dumped_u32(&d, 0x38), 0x7e);
            assert_int_equal(dumped_u64(&d, 0x348 + 0xf8), n->base + n->bugcheck_ex);
            assert_int_equal(dumped_u64(&d, 0x348 + 0x80), 0x7e); /* rcx, rdx, r8, r9 */
            assert_int_equal(dumped_u64(&d, 0x348 + 0x88), options.parameters[0]);
            assert_int_equal(dumped_u64(&d, 0x348 + 0xb8), options.parameters[1]);
            assert_int_equal(dumped_u64(&d, 0x348 + 0xc0), options.parameters[2]);
        }
        dumped_end(&d);
    }
}

static void a_machine_may_not_have_crashed(void **state)
{
    struct dumped d =
        dumped_make("22000", (struct lab_dump_options){.type = "kernel", .has_bugcheck = true});

    (void)state;
    assert_int_equal(dumped_u32(&d, 0x38), 0);
    assert_int_equal(dumped_u64(&d, 0x348 + 0xf8), d.info->break_in_pc);
    assert_int_equal(dumped_u64_at_va(&d, kernels[3].base + kernels[3].bugcheck_data), 0);
    dumped_end(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_missing_unless_it_is_asked_for),
        cmocka_unit_test(pool_pages_are_paged_out_in_transition_or_left_out),
        cmocka_unit_test(all_of_the_pool_can_be_in_one_state),
        cmocka_unit_test(entries_are_swizzled_where_the_kernel_knows_how),
        cmocka_unit_test(the_same_seed_gives_the_same_file),
        cmocka_unit_test(the_kernels_header_can_be_paged_out),
        cmocka_unit_test(the_decoding_is_that_of_the_published_example),
        cmocka_unit_test(an_encoded_block_decodes_to_the_plain_one),
        cmocka_unit_test(qemu_names_the_drivers_copy_of_an_encoded_block),
        cmocka_unit_test(a_crash_is_told_in_header_and_memory),
        cmocka_unit_test(a_machine_may_not_have_crashed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
