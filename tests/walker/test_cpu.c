#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/fake_kernel.h"
#include "support/fake_symbols.h"
#include "walk.h"

#define PRCB UINT64_C(0xfffff80263a00180)

enum { NUMBER = 0x24, SPECIAL = 0xf0, PRCB_LEN = 0x10000, BLOCK_LEN = 0x380 };

/* The built-in symbols have no _KPRCB: where things are in it, the debugger data block says. */
static void make(struct fake_kernel *k)
{
    uint64_t block, list;

    fake_kernel_init(k, "22000");
    block = fake_kernel_global(k, "KdDebuggerDataBlock");
    list = fake_kernel_global(k, "KiProcessorBlock");
    fake_mem_zero(&k->mem, block, BLOCK_LEN);
    fake_mem_write(&k->mem, block + 0x10, "KDBG", 4);
    fake_mem_u32(&k->mem, block + 0x14, BLOCK_LEN);
    fake_mem_u16(&k->mem, block + 0x2be, NUMBER);
    fake_mem_u16(&k->mem, block + 0x2f2, SPECIAL);
    fake_mem_zero(&k->mem, list, 0x100);
    for (uint64_t i = 0; i < 2; i++) {
        uint64_t va = PRCB + i * PRCB_LEN, special = va + SPECIAL;

        fake_mem_u64(&k->mem, list + 8 * i, va);
        fake_mem_u32(&k->mem, va + NUMBER, (uint32_t)i);
        fake_mem_u64(&k->mem, special, 0x80050033);
        fake_mem_u64(&k->mem, special + 0x10, 0x1aa000 + i);
        fake_mem_u64(&k->mem, special + 0x18, 0x370ef8);
        fake_mem_u64(&k->mem, special + 0xa0, 2 * i);
        fake_mem_u64(&k->mem, special + 0xd8, 7);
    }
}

static const struct kdw_cpu *take(struct fake_kernel *k, struct kdw_snapshot *s, size_t len)
{
    struct kdw_walk w = {.k = &k->kernel, .s = s, .parts = KDW_PART_CPUS};

    *s = (struct kdw_snapshot){0};
    assert_int_equal(kdw_walk_cpus(&w), KD_OK);
    assert_string_equal(k->diag.text, "");
    assert_true(s->tables[KDW_TABLE_CPUS].is_taken);
    assert_int_equal(s->tables[KDW_TABLE_CPUS].len, len);
    return s->tables[KDW_TABLE_CPUS].records;
}

static void is(const struct kdw_u64 *v, uint64_t expected)
{
    assert_int_equal(v->status, KD_OK);
    assert_true(v->value == expected);
}

static void registers_stand_where_the_debugger_data_block_says(void **state)
{
    const struct kdw_cpu *cpus;
    struct kdw_snapshot s;
    struct fake_kernel k;

    (void)state;
    make(&k);
    cpus = take(&k, &s, 2); /* until a place that is 0 */
    assert_true(cpus[1].va == PRCB + PRCB_LEN);
    is(&cpus[1].number, 1);
    is(&cpus[1].cr0, 0x80050033);
    is(&cpus[1].cr3, 0x1aa001);
    is(&cpus[1].cr4, 0x370ef8);
    is(&cpus[1].cr8, 2);
    is(&cpus[1].xcr0, 7);
    assert_int_equal(cpus[1].nx.status,
                     KD_ERR_NOT_FOUND); /* the built-in symbols have no MmPteBase */
    assert_int_equal(cpus[1].kva_shadow.status, KD_ERR_NOT_FOUND);
    kdw_snapshot_free(&s);
    fake_kernel_deinit(&k);
}

static void the_target_may_say_how_many_there_are_and_where_the_block_is(void **state)
{
    struct kdw_snapshot s;
    struct fake_kernel k;
    uint64_t block;

    (void)state;
    make(&k);
    k.target.processor_count = 1;
    (void)take(&k, &s, 1);
    kdw_snapshot_free(&s);

    block = fake_kernel_global(&k, "KdDebuggerDataBlock");
    k.target.debugger_data_va = block;
    fake_mem_u16(&k.mem, block + 0x2f2, SPECIAL + 8);
    is(&take(&k, &s, 1)->cr3, 0x370ef8); /* another place */
    kdw_snapshot_free(&s);
    fake_kernel_deinit(&k);
}

static void without_the_block_it_is_known_only_that_they_are(void **state)
{
    const struct kdw_cpu *cpus;
    struct kdw_snapshot s;
    struct fake_kernel k;

    (void)state;
    make(&k);
    fake_mem_unmap(&k.mem, fake_kernel_global(&k, "KdDebuggerDataBlock"), BLOCK_LEN);
    cpus = take(&k, &s, 2);
    assert_int_equal(cpus[0].number.status, KD_ERR_NOT_FOUND);
    assert_int_equal(cpus[0].cr4.status, KD_ERR_NOT_FOUND);
    kdw_snapshot_free(&s);
    fake_kernel_deinit(&k);
}

static void holes_are_facts(void **state)
{
    const struct kdw_cpu *cpus;
    struct kdw_snapshot s;
    struct fake_kernel k;

    (void)state;
    make(&k);
    k.target.processor_count = 3;
    fake_mem_u64(&k.mem, fake_kernel_global(&k, "KiProcessorBlock") + 16, PRCB + 2 * PRCB_LEN);
    fake_mem_unmap(&k.mem, fake_kernel_global(&k, "KiProcessorBlock"), 8);
    cpus = take(&k, &s, 3);
    assert_int_equal(cpus[0].number.status, KD_ERR_NOT_MAPPED); /* which it is */
    is(&cpus[1].number, 1);
    assert_int_equal(cpus[2].cr4.status, KD_ERR_NOT_MAPPED); /* nothing is there */
    assert_true(cpus[2].cr4.fault_va == PRCB + 2 * PRCB_LEN + SPECIAL + 0x18);
    kdw_snapshot_free(&s);
    fake_kernel_deinit(&k);
}

static void a_list_without_end_ends(void **state)
{
    struct kdw_snapshot s;
    struct fake_kernel k;
    uint64_t list;

    (void)state;
    make(&k);
    list = fake_kernel_global(&k, "KiProcessorBlock");
    for (uint64_t i = 0; i < 3000; i++)
        fake_mem_u64(&k.mem, list + 8 * i, PRCB);
    k.target.processor_count = 0xffffffff;
    (void)take(&k, &s, 1 + KDW_REPEATED_MAX);
    assert_true(s.tables[KDW_TABLE_CPUS].is_cut);
    kdw_snapshot_free(&s);
    fake_kernel_deinit(&k);
}

/* ---- page tables ---- */

#define OBJECT    UINT64_C(0xffffd18001000080)
#define FOUR      UINT64_C(0xfffff58000000000) /* MmPteBase with so many levels */
#define FIVE      UINT64_C(0xff6a000000000000)
#define VARIABLES UINT64_C(0x500000) /* from the kernel's base on */
#define NX        (UINT64_C(1) << 63)

enum {
    PTE_BASE = VARIABLES,
    SYSTEM = VARIABLES + 8,
    SHADOW = VARIABLES + 16,
    PRESENT = 1,
    LARGE = 0x80
};

/* Symbols that say where the tables are; the kernel's own come back with unname. */
struct named {
    struct fake_symbols symbols;
    struct fake_symbol variables[6];
    struct kdw_symbols *own;
};

static void name_tables(struct fake_kernel *k, struct named *n, uint64_t base)
{
    static const struct fake_type no_types[] = {{NULL, 0, NULL}};

    *n = (struct named){
        .variables = {{"KiProcessorBlock",
                       fake_kernel_global(k, "KiProcessorBlock") - FAKE_KERNEL_BASE},
                      {"MmPteBase", PTE_BASE},
                      {"PsInitialSystemProcess", SYSTEM},
                      {"KiKvaShadow", SHADOW}},
        .own = k->kernel.symbols,
    };
    fake_mem_u64(&k->mem, FAKE_KERNEL_BASE + PTE_BASE, base);
    fake_mem_u64(&k->mem, FAKE_KERNEL_BASE + SYSTEM, OBJECT);
    fake_mem_u64(&k->mem, FAKE_KERNEL_BASE + SHADOW, 1);
    fake_symbols_init(&n->symbols, no_types, n->variables);
    k->kernel.symbols = &n->symbols.symbols;
}

static void unname(struct fake_kernel *k, const struct named *n)
{
    k->kernel.symbols = n->own;
}

/* The entries on the way to OBJECT, the lowest first. */
static const uint64_t four[] = {0xfffff5e8c0008000, 0xfffff5faf4600040, 0xfffff5fafd7a3000,
                                0xfffff5fafd7ebd18};
static const uint64_t five[] = {0xff6affe8c0008000, 0xff6ab57ff4600040, 0xff6ab55abffa3000,
                                0xff6ab55aad5ffd18, 0xff6ab55aad56aff8};

static void pages_without_execution_prove_that_processors_can_have_them(void **state)
{
    static const struct {
        uint64_t base;
        const uint64_t *entries_va;
        size_t levels;
        uint64_t entries[5]; /* the lowest first */
        bool is_proven;
    } tables[] = {
        {FOUR, four, 4, {NX | PRESENT, PRESENT, PRESENT, PRESENT}, true},
        {FIVE, five, 5, {NX | PRESENT, PRESENT, PRESENT, PRESENT, PRESENT}, true},
        {FOUR, four, 4, {0, NX | LARGE | PRESENT, PRESENT, PRESENT}, true},
        {FOUR, four, 4, {PRESENT, PRESENT, PRESENT, PRESENT}, false},
        {FOUR, four, 4, {NX | PRESENT, LARGE | PRESENT, PRESENT, PRESENT}, false}, /* no table */
        {FOUR, four, 4, {NX, PRESENT, PRESENT, PRESENT}, false}, /* not of the processor's */
        {FOUR, four, 4, {NX | PRESENT, PRESENT, 0, PRESENT}, false},
        {FOUR + 0x1000, four, 4, {NX | PRESENT, PRESENT, PRESENT, PRESENT}, false},
        {0x7ff000000000, four, 4, {NX | PRESENT, PRESENT, PRESENT, PRESENT}, false},
        {FOUR, four, 0, {0}, false}, /* none can be read */
    };

    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        const struct kdw_cpu *cpus;
        struct kdw_snapshot s;
        struct fake_kernel k;
        struct named names;

        make(&k);
        name_tables(&k, &names, tables[i].base);
        for (size_t level = 0; level < tables[i].levels; level++)
            fake_mem_u64(&k.mem, tables[i].entries_va[level], tables[i].entries[level]);
        cpus = take(&k, &s, 2);
        assert_int_equal(cpus[1].nx.status, tables[i].is_proven ? KD_OK : KD_ERR_NOT_FOUND);
        assert_int_equal(cpus[1].nx.value, tables[i].is_proven);
        is(&cpus[1].kva_shadow, 1);
        assert_int_equal(cpus[1].vsm_enabled.status, KD_ERR_NOT_FOUND);
        kdw_snapshot_free(&s);
        unname(&k, &names);
        fake_kernel_deinit(&k);
    }
}

static void nobody_looks_unless_asked(void **state)
{
    struct kdw_snapshot s = {0};
    struct kdw_walk w = {.s = &s, .parts = ~(unsigned)KDW_PART_CPUS};

    (void)state;
    assert_int_equal(kdw_walk_cpus(&w), KD_OK);
    assert_false(s.tables[KDW_TABLE_CPUS].is_taken);
}

static void what_ends_a_walk_ends_it_wherever_it_comes(void **state)
{
    enum kd_status st = KD_ERR_LOST;
    struct fake_kernel k;

    (void)state;
    make(&k);
    k.mem.fail_with = KD_ERR_LOST;
    for (size_t n = 1; st == KD_ERR_LOST; n++) {
        struct kdw_snapshot s = {0};
        struct kdw_walk w = {.k = &k.kernel, .s = &s, .parts = KDW_PART_CPUS};

        k.mem.fail_from = k.mem.reads + n;
        st = kdw_walk_cpus(&w);
        kdw_snapshot_free(&s);
    }
    assert_int_equal(st, KD_OK);
    fake_kernel_deinit(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_stand_where_the_debugger_data_block_says),
        cmocka_unit_test(the_target_may_say_how_many_there_are_and_where_the_block_is),
        cmocka_unit_test(without_the_block_it_is_known_only_that_they_are),
        cmocka_unit_test(holes_are_facts),
        cmocka_unit_test(a_list_without_end_ends),
        cmocka_unit_test(pages_without_execution_prove_that_processors_can_have_them),
        cmocka_unit_test(nobody_looks_unless_asked),
        cmocka_unit_test(what_ends_a_walk_ends_it_wherever_it_comes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
