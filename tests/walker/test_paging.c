#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_symbols.h"
#include "support/page_tables.h"

#define VA      UINT64_C(0xFFFFF80123456000)
#define USER_VA UINT64_C(0x00007FF612345000)
#define PAGED   UINT64_C(0xFFFF8A0512345000) /* where prototypes lie */
#define PA      UINT64_C(0x40000000)
#define MASK    (UINT64_C(1) << 45)
#define PAGE    ((size_t)4096)

enum { TRANSITION = 0x880, PROTOTYPE = 0x480 };

struct fixture {
    struct page_tables tables;
    struct kdw_paging *paging;
    struct kdw_mem *mem;
};

/* An address space over the fixture's tables as they are now. */
static void reopen(struct fixture *f, const struct kdw_paging_opts *opts)
{
    kdw_paging_destroy(f->paging);
    assert_int_equal(kdw_paging_create(opts, &f->paging), KD_OK);
    f->mem = kdw_paging_mem(f->paging);
}

static void setup_levels(struct fixture *f, unsigned levels)
{
    struct kdw_paging_opts opts;

    *f = (struct fixture){.paging = NULL};
    page_tables_init(&f->tables, levels);
    opts = page_tables_opts(&f->tables);
    reopen(f, &opts);
}

static void setup(struct fixture *f)
{
    setup_levels(f, 4);
}

static void teardown(struct fixture *f)
{
    kdw_paging_destroy(f->paging);
    page_tables_deinit(&f->tables);
}

/* The entry of a page, and that all that was known is forgotten. */
static void put(struct fixture *f, uint64_t va, unsigned level, uint64_t entry)
{
    page_tables_put(&f->tables, va, level, entry);
    kdw_paging_drop(f->paging);
}

/* A page of which each byte says where it is. */
static void fill(struct fixture *f, uint64_t pa, uint8_t seed)
{
    uint8_t bytes[PAGE];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(seed + i + i / 256);
    fake_mem_write(&f->tables.physical, pa, bytes, sizeof bytes);
}

static void leads_to(struct fixture *f, uint64_t va, uint64_t pa, uint64_t page_len)
{
    struct kdw_translation t;

    assert_int_equal(kdw_paging_translate(f->paging, va, &t), KD_OK);
    assert_int_equal(t.status, KD_OK);
    assert_true(t.va == va);
    assert_true(t.pa == pa);
    assert_true(t.page_len == page_len);
}

static struct kdw_translation ends(struct fixture *f, uint64_t va, enum kdw_page_state state,
                                   enum kd_status st)
{
    struct kdw_translation t;
    uint64_t fault = 0;
    uint8_t byte;

    assert_int_equal(kdw_paging_translate(f->paging, va, &t), st);
    assert_int_equal(t.status, st);
    assert_int_equal(t.state, state);
    assert_int_equal(kdw_mem_read(f->mem, va, &byte, 1, &fault), st);
    assert_true(fault == va);
    return t;
}

/* ---- what the processor does ---- */

static void a_page_is_found_through_four_tables(void **state)
{
    struct fixture f;
    uint8_t byte = 0;

    (void)state;
    setup(&f);
    fill(&f, PA, 7);
    put(&f, VA, 1, PA | ON | UINT64_C(0xFFF0000000000000)); /* NX, keys, software bits */
    leads_to(&f, VA, PA, PAGE);
    leads_to(&f, VA + 0xfff, PA + 0xfff, PAGE);
    assert_int_equal(kdw_mem_read(f.mem, VA + 3, &byte, 1, NULL), KD_OK);
    assert_int_equal(byte, 10);
    (void)ends(&f, VA + PAGE, KDW_PAGE_NO_ENTRY, KD_ERR_NOT_MAPPED);
    teardown(&f);
}

static void a_page_is_found_through_five_tables(void **state)
{
    const uint64_t high_va = UINT64_C(0xFF12345678901000); /* no address of four levels */
    struct fixture f;
    struct kdw_translation t;

    (void)state;
    setup_levels(&f, 5);
    put(&f, VA, 1, PA | ON);
    put(&f, high_va, 1, (PA + PAGE) | ON);
    leads_to(&f, VA, PA, PAGE);
    leads_to(&f, high_va + 5, PA + PAGE + 5, PAGE);
    t = ends(&f, UINT64_C(0xFF80000000000000), KDW_PAGE_NO_ENTRY, KD_ERR_NOT_MAPPED);
    assert_int_equal(t.level, 5);
    (void)ends(&f, UINT64_C(0xFE00000000000000), KDW_PAGE_NOT_CANONICAL, KD_ERR_NOT_MAPPED);
    (void)ends(&f, UINT64_C(0x0100000000000000), KDW_PAGE_NOT_CANONICAL, KD_ERR_NOT_MAPPED);
    teardown(&f);
}

static void the_bits_between_are_all_the_same_or_it_is_no_address(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    (void)ends(&f, UINT64_C(0x0000800000000000), KDW_PAGE_NOT_CANONICAL, KD_ERR_NOT_MAPPED);
    (void)ends(&f, UINT64_C(0xFFFF7FFFFFFFFFFF), KDW_PAGE_NOT_CANONICAL, KD_ERR_NOT_MAPPED);
    (void)ends(&f, UINT64_C(0x7FFFF80123456000), KDW_PAGE_NOT_CANONICAL, KD_ERR_NOT_MAPPED);
    (void)ends(&f, UINT64_C(0xFFFF800000000000), KDW_PAGE_NO_ENTRY, KD_ERR_NOT_MAPPED);
    (void)ends(&f, UINT64_MAX, KDW_PAGE_NO_ENTRY, KD_ERR_NOT_MAPPED);
    teardown(&f);
}

static void large_pages_have_their_length_and_no_pat_bit(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    put(&f, VA, 2, UINT64_C(0x8000000080201000) | 0x80 | ON); /* bit 12 is PAT */
    leads_to(&f, VA, 0x80200000 | (VA & 0x1FFFFF), 0x200000);
    put(&f, VA, 3, UINT64_C(0x140001000) | 0x80 | ON);
    leads_to(&f, VA, 0x140000000 | (VA & 0x3FFFFFFF), 0x40000000);
    put(&f, USER_VA, 1, PA | 0x80 | ON); /* of a page that bit is PAT */
    leads_to(&f, USER_VA + 1, PA + 1, PAGE);
    put(&f, USER_VA, 4, 0x3000 | 0x80 | ON); /* and here nothing; the table there is missing */
    fake_mem_unmap(&f.tables.physical, 0x3000, PAGE);
    assert_int_equal(ends(&f, USER_VA, KDW_PAGE_NO_TABLE, KD_ERR_NOT_IN_DUMP).level, 3);
    teardown(&f);
}

static void flags_of_the_root_do_no_harm(void **state)
{
    struct fixture f;
    struct kdw_paging_opts opts;

    (void)state;
    setup(&f);
    put(&f, VA, 1, PA | ON);
    opts = page_tables_opts(&f.tables);
    opts.dtb |= UINT64_C(0x8000000000000002);
    reopen(&f, &opts);
    leads_to(&f, VA, PA, PAGE);
    teardown(&f);
}

/* ---- what the kernel left in an entry ---- */

static void without_an_entry_user_space_is_for_the_vad(void **state)
{
    struct fixture f;
    struct kdw_translation t;

    (void)state;
    setup(&f);
    (void)ends(&f, USER_VA, KDW_PAGE_IN_VAD, KD_ERR_NEEDS_VAD);
    (void)ends(&f, 0x10000, KDW_PAGE_IN_VAD, KD_ERR_NEEDS_VAD);
    (void)ends(&f, 0x1238, KDW_PAGE_NO_ENTRY, KD_ERR_NOT_MAPPED); /* a null pointer and a field */
    put(&f, VA, 2, 0);
    t = ends(&f, VA, KDW_PAGE_NO_ENTRY, KD_ERR_NOT_MAPPED);
    assert_int_equal(t.level, 2);
    assert_true(t.entry == 0);
    put(&f, VA, 1, UINT64_C(0xFFFFFFFF00000080));
    (void)ends(&f, VA, KDW_PAGE_IN_VAD, KD_ERR_NEEDS_VAD);
    teardown(&f);
}

static void a_page_in_transition_is_read(void **state)
{
    struct fixture f;
    struct kdw_translation t;

    (void)state;
    setup(&f);
    put(&f, VA, 1, 0x166B7880);
    leads_to(&f, VA + 8, 0x166B7008, PAGE);
    assert_int_equal(kdw_paging_translate(f.paging, VA, &t), KD_OK);
    assert_int_equal(t.state, KDW_PAGE_TRANSITION);
    teardown(&f);
}

static void tables_in_transition_are_followed_and_never_large(void **state)
{
    for (unsigned level = 2; level <= 4; level++) {
        struct fixture f;
        uint64_t entry_pa, entry;

        (void)state;
        setup(&f);
        put(&f, VA, 1, PA | ON);
        entry_pa = page_tables_put(&f.tables, VA, level, 0);
        put(&f, VA, level, 0x80 | TRANSITION);
        /* Its table is at 0x2000 and so on down, as the fixture made them: root 0x1000. */
        entry = (uint64_t)(6 - level) * 0x1000 | 0x80 | TRANSITION;
        fake_mem_u64(&f.tables.physical, entry_pa, entry);
        kdw_paging_drop(f.paging);
        leads_to(&f, VA, PA, PAGE);
        teardown(&f);
    }
}

static void a_page_in_a_page_file_has_its_place(void **state)
{
    struct fixture f;
    struct kdw_translation t;

    (void)state;
    setup(&f);
    put(&f, VA, 1, UINT64_C(0x0001234500002090));
    t = ends(&f, VA + 0x123, KDW_PAGE_IN_PAGE_FILE, KD_ERR_PAGED_OUT);
    assert_int_equal(t.page_file, 2);
    assert_true(t.page_file_page == 0x12345);
    assert_int_equal(t.level, 1);
    put(&f, VA, 2, UINT64_C(0x0001234500002090)); /* the page table itself */
    assert_int_equal(ends(&f, VA, KDW_PAGE_IN_PAGE_FILE, KD_ERR_PAGED_OUT).level, 2);
    teardown(&f);
}

static void demand_zero_and_files_are_told_apart(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    put(&f, VA, 1, 0x80);
    (void)ends(&f, VA, KDW_PAGE_DEMAND_ZERO, KD_ERR_DEMAND_ZERO);
    put(&f, VA, 1, UINT64_C(0xFFFF812345670080));
    (void)ends(&f, VA, KDW_PAGE_IN_FILE, KD_ERR_FILE_BACKED);
    /* A table that nobody touched would be full of zeros. */
    put(&f, VA, 2, 0x80);
    (void)ends(&f, VA, KDW_PAGE_NO_ENTRY, KD_ERR_NOT_MAPPED);
    put(&f, USER_VA, 2, 0x80);
    (void)ends(&f, USER_VA, KDW_PAGE_IN_VAD, KD_ERR_NEEDS_VAD);
    teardown(&f);
}

/* ---- prototypes ---- */

static uint64_t prototype_at(uint64_t va)
{
    return va << 16 | PROTOTYPE;
}

/* VA by the prototype at PAGED + 0x678, which is `entry`. */
static void setup_prototype(struct fixture *f, uint64_t entry)
{
    setup(f);
    put(f, VA, 1, prototype_at(PAGED + 0x678));
    put(f, PAGED, 1, (PA + PAGE) | ON);
    fake_mem_u64(&f->tables.physical, PA + PAGE + 0x678, entry);
}

static void a_prototype_leads_to_the_page(void **state)
{
    static const uint64_t entries[] = {PA | ON | 0x80, PA | TRANSITION};

    (void)state;
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        struct fixture f;
        struct kdw_translation t;

        setup_prototype(&f, entries[i]);
        leads_to(&f, VA + 0x18, PA + 0x18, PAGE);
        assert_int_equal(kdw_paging_translate(f.paging, VA, &t), KD_OK);
        assert_true(t.prototype_va == PAGED + 0x678);
        assert_true(t.prototype == entries[i]);
        assert_true(t.entry == prototype_at(PAGED + 0x678));
        assert_int_equal(t.state, i == 0 ? KDW_PAGE_PRESENT : KDW_PAGE_TRANSITION);
        teardown(&f);
    }
}

static void a_prototype_may_lead_nowhere_for_a_reason(void **state)
{
    static const struct {
        uint64_t entry;
        enum kdw_page_state state;
        enum kd_status status;
    } rows[] = {
        {0, KDW_PAGE_DEMAND_ZERO, KD_ERR_DEMAND_ZERO},
        {0x80, KDW_PAGE_DEMAND_ZERO, KD_ERR_DEMAND_ZERO},
        {UINT64_C(0x8A0512345678) << 16 | 0xC80, KDW_PAGE_IN_FILE, KD_ERR_FILE_BACKED},
        {UINT64_C(0x0001234500002090), KDW_PAGE_IN_PAGE_FILE, KD_ERR_PAGED_OUT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        struct kdw_translation t;

        setup_prototype(&f, rows[i].entry);
        t = ends(&f, VA, rows[i].state, rows[i].status);
        assert_true(t.prototype == rows[i].entry);
        teardown(&f);
    }
}

static void a_prototype_that_cannot_be_had_says_why(void **state)
{
    struct fixture f;

    (void)state;
    setup_prototype(&f, PA | ON);
    put(&f, PAGED, 1, UINT64_C(0x0001234500002090));
    (void)ends(&f, VA, KDW_PAGE_NO_TABLE, KD_ERR_PAGED_OUT);
    put(&f, PAGED, 1, 0x70000000 | ON);
    (void)ends(&f, VA, KDW_PAGE_NO_TABLE, KD_ERR_NOT_IN_DUMP);
    put(&f, PAGED, 1, prototype_at(PAGED + 0x678)); /* another one, itself in fact: one hop only */
    (void)ends(&f, VA, KDW_PAGE_NO_PROTOTYPE, KD_ERR_BAD_TABLES);
    put(&f, PAGED, 1, (PA + PAGE) | ON);
    put(&f, VA, 1, prototype_at(PAGED + 0x67c)); /* not aligned */
    (void)ends(&f, VA, KDW_PAGE_NO_PROTOTYPE, KD_ERR_BAD_TABLES);
    put(&f, VA, 1, prototype_at(USER_VA));
    (void)ends(&f, VA, KDW_PAGE_NO_PROTOTYPE, KD_ERR_BAD_TABLES);
    put(&f, VA, 1, UINT64_C(0xFFFFFFFFFFFF0480));
    (void)ends(&f, VA, KDW_PAGE_IN_VAD, KD_ERR_NEEDS_VAD);
    put(&f, VA, 2, prototype_at(PAGED + 0x678)); /* of a table there is none */
    (void)ends(&f, VA, KDW_PAGE_NO_PROTOTYPE, KD_ERR_BAD_TABLES);
    teardown(&f);
}

static void a_prototype_whose_address_may_be_swizzled_is_tried_both_ways(void **state)
{
    const uint64_t swizzled_va = PAGED + 0x678 + 0x20000000; /* PAGED has that bit clear */
    struct fixture f;
    struct kdw_translation t;

    (void)state;
    setup_prototype(&f, PA | ON);
    put(&f, VA, 1, prototype_at(swizzled_va));
    leads_to(&f, VA, PA, PAGE);
    assert_int_equal(kdw_paging_translate(f.paging, VA, &t), KD_OK);
    assert_true(t.prototype_va == PAGED + 0x678);
    put(&f, PAGED, 1, UINT64_C(0x0001234500002090));
    t = ends(&f, VA, KDW_PAGE_NO_TABLE, KD_ERR_NOT_MAPPED); /* neither: of what stands there */
    assert_true(t.prototype_va == swizzled_va);
    put(&f, PAGED, 1, (PA + PAGE) | ON);
    put(&f, VA, 1, prototype_at(swizzled_va) | 0x10); /* it says that it is not */
    (void)ends(&f, VA, KDW_PAGE_NO_TABLE, KD_ERR_NOT_MAPPED);
    teardown(&f);
}

/* ---- what is junk ---- */

static void a_table_of_equal_entries_is_junk_at_any_level(void **state)
{
    for (unsigned level = 1; level <= 4; level++) {
        struct fixture f;
        uint64_t table_pa;

        (void)state;
        setup(&f);
        put(&f, VA, 1, PA | ON);
        table_pa = page_tables_put(&f.tables, VA, level, PA | ON) & ~UINT64_C(0xfff);
        for (uint64_t i = 0; i < 512; i++)
            fake_mem_u64(&f.tables.physical, table_pa + 8 * i, PA | ON);
        kdw_paging_drop(f.paging);
        assert_int_equal(ends(&f, VA, KDW_PAGE_EQUAL_ENTRIES, KD_ERR_BAD_TABLES).level, level);
        /* One that differs, anywhere, makes it a table again. */
        fake_mem_u64(&f.tables.physical, table_pa + 0xff8, 0);
        kdw_paging_drop(f.paging);
        if (level == 1)
            leads_to(&f, VA, PA, PAGE);
        teardown(&f);
    }
}

static void a_table_of_equal_entries_that_lead_nowhere_is_an_ordinary_one(void **state)
{
    struct fixture f;
    uint64_t table_pa;

    (void)state;
    setup(&f);
    table_pa = page_tables_put(&f.tables, VA, 1, 0x80) & ~UINT64_C(0xfff);
    for (uint64_t i = 0; i < 512; i++)
        fake_mem_u64(&f.tables.physical, table_pa + 8 * i, 0x80);
    (void)ends(&f, VA, KDW_PAGE_DEMAND_ZERO, KD_ERR_DEMAND_ZERO);
    teardown(&f);
}

static void a_table_behind_the_memory_is_junk_and_a_page_there_a_devices(void **state)
{
    struct fixture f;
    struct kdw_paging_opts opts;

    (void)state;
    setup(&f);
    put(&f, VA, 1, UINT64_C(0x900000000) | ON);
    put(&f, VA + 0x200000, 2, UINT64_C(0x900000000) | ON);
    opts = page_tables_opts(&f.tables);
    opts.rules.highest_pfn = 0x3fffff;
    reopen(&f, &opts);
    leads_to(&f, VA, UINT64_C(0x900000000), PAGE);
    assert_int_equal(ends(&f, VA + 0x200000, KDW_PAGE_BEYOND, KD_ERR_BAD_TABLES).level, 2);
    teardown(&f);
}

static void a_table_that_leads_back_into_itself_ends(void **state)
{
    struct fixture f;
    uint64_t self_va = UINT64_C(0xFFFFF6FB7DBED000); /* index 0x1ED at every level */

    (void)state;
    setup(&f);
    put(&f, self_va, 4, f.tables.root_pa | ON);
    leads_to(&f, self_va, f.tables.root_pa, PAGE); /* as in every Windows kernel */
    teardown(&f);
}

/* ---- reading ---- */

static void reads_go_on_over_page_borders(void **state)
{
    struct fixture f;
    uint8_t got[3 * PAGE], expected[3 * PAGE];
    uint64_t fault = 0;

    (void)state;
    setup(&f);
    fill(&f, PA, 1);
    fill(&f, PA + PAGE, 2); /* in a row with the first */
    fill(&f, PA - PAGE, 3); /* not in a row */
    put(&f, VA, 1, PA | ON);
    put(&f, VA + PAGE, 1, (PA + PAGE) | ON);
    put(&f, VA + 2 * PAGE, 1, (PA - PAGE) | ON);
    assert_int_equal(kdw_mem_read(&f.tables.physical.mem, PA, expected, 2 * PAGE, NULL), KD_OK);
    assert_int_equal(
        kdw_mem_read(&f.tables.physical.mem, PA - PAGE, expected + 2 * PAGE, PAGE, NULL), KD_OK);
    assert_int_equal(kdw_mem_read(f.mem, VA, got, sizeof got, &fault), KD_OK);
    assert_memory_equal(got, expected, sizeof got);
    memset(got, 0, sizeof got);
    assert_int_equal(kdw_mem_read(f.mem, VA + PAGE - 3, got, PAGE + 7, &fault), KD_OK);
    assert_memory_equal(got, expected + PAGE - 3, PAGE + 7);

    fake_mem_reset_counts(&f.tables.physical); /* all tables are known */
    assert_int_equal(kdw_mem_read(f.mem, VA, got, sizeof got, &fault), KD_OK);
    assert_int_equal(f.tables.physical.reads, 2); /* pages in a row are read as one */
    teardown(&f);
}

static void a_fault_is_told_to_the_byte(void **state)
{
    struct fixture f;
    uint8_t got[3 * PAGE], expected[PAGE];
    uint64_t fault = 0;

    (void)state;
    setup(&f);
    fill(&f, PA, 1);
    put(&f, VA, 1, PA | ON);
    put(&f, VA + PAGE, 1, UINT64_C(0x0001234500002090));
    assert_int_equal(kdw_mem_read(&f.tables.physical.mem, PA, expected, PAGE, NULL), KD_OK);
    assert_int_equal(kdw_mem_read(f.mem, VA + 16, got, 2 * PAGE, &fault), KD_ERR_PAGED_OUT);
    assert_true(fault == VA + PAGE);
    assert_memory_equal(got, expected + 16, PAGE - 16);

    fake_mem_unmap(&f.tables.physical, PA + 0x800, 1);
    assert_int_equal(kdw_mem_read(f.mem, VA + 16, got, 2 * PAGE, &fault), KD_ERR_NOT_IN_DUMP);
    assert_true(fault == VA + 0x800);
    assert_memory_equal(got, expected + 16, 0x800 - 16);
    assert_int_equal(kdw_mem_read(f.mem, VA + 0x801, got, 16, &fault), KD_OK);
    teardown(&f);
}

static void the_last_byte_of_all_can_be_read(void **state)
{
    struct fixture f;
    uint8_t got[16];
    uint64_t fault = 0;

    (void)state;
    setup(&f);
    fill(&f, PA, 1);
    put(&f, UINT64_MAX, 1, PA | ON);
    assert_int_equal(kdw_mem_read(f.mem, UINT64_MAX - 15, got, 16, &fault), KD_OK);
    assert_int_equal(kdw_mem_read(f.mem, UINT64_MAX - 14, got, 16, &fault), KD_ERR_NOT_MAPPED);
    teardown(&f);
}

static void a_table_that_is_missing_says_why(void **state)
{
    struct fixture f;
    struct kdw_translation t;
    uint64_t entry_pa;

    (void)state;
    setup(&f);
    put(&f, VA, 1, PA | ON);
    entry_pa = page_tables_put(&f.tables, VA, 1, PA | ON);
    fake_mem_unmap(&f.tables.physical, entry_pa & ~UINT64_C(0xfff), PAGE);
    t = ends(&f, VA, KDW_PAGE_NO_TABLE, KD_ERR_NOT_IN_DUMP);
    assert_int_equal(t.level, 1);
    assert_true(t.entry_pa == entry_pa);
    teardown(&f);
}

static void an_entry_is_read_by_itself_where_its_neighbours_are_missing(void **state)
{
    struct fixture f;
    uint64_t entry_pa;

    (void)state;
    setup(&f);
    entry_pa = page_tables_put(&f.tables, VA, 1, PA | ON);
    fake_mem_unmap(&f.tables.physical, (entry_pa & ~UINT64_C(0xfff)), entry_pa & 0xfff);
    leads_to(&f, VA, PA, PAGE);
    teardown(&f);
}

static void tables_are_asked_for_once_until_they_are_dropped(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    put(&f, VA, 1, PA | ON);
    put(&f, VA + PAGE, 1, (PA + 5 * PAGE) | ON);
    fake_mem_reset_counts(&f.tables.physical);
    leads_to(&f, VA, PA, PAGE);
    assert_int_equal(f.tables.physical.reads, 4);
    leads_to(&f, VA + PAGE, PA + 5 * PAGE, PAGE); /* the next entry stands beside it */
    assert_int_equal(f.tables.physical.reads, 4);
    page_tables_put(&f.tables, VA, 1, (PA + PAGE) | ON);
    leads_to(&f, VA, PA, PAGE);
    kdw_paging_drop(f.paging);
    leads_to(&f, VA, PA + PAGE, PAGE);
    teardown(&f);
}

static void a_lost_link_is_passed_on_and_not_remembered(void **state)
{
    struct fixture f;
    struct kdw_translation t;

    (void)state;
    setup(&f);
    put(&f, VA, 1, PA | ON);
    f.tables.physical.fail_from = 3;
    f.tables.physical.fail_with = KD_ERR_TIMEOUT;
    fake_mem_reset_counts(&f.tables.physical);
    assert_int_equal(kdw_paging_translate(f.paging, VA, &t), KD_ERR_TIMEOUT);
    assert_int_equal(f.tables.physical.reads, 3); /* and not asked for once more */
    f.tables.physical.fail_with = KD_OK;
    leads_to(&f, VA, PA, PAGE);
    teardown(&f);
}

/* ---- how it is set up ---- */

static void options_that_make_no_sense_are_refused(void **state)
{
    struct fixture f;
    struct kdw_paging_opts opts;
    struct kdw_paging *p = NULL;

    (void)state;
    setup(&f);
    opts = page_tables_opts(&f.tables);
    opts.levels = 3;
    assert_int_equal(kdw_paging_create(&opts, &p), KD_ERR_USAGE);
    opts.levels = 6;
    assert_int_equal(kdw_paging_create(&opts, &p), KD_ERR_USAGE);
    opts = page_tables_opts(&f.tables);
    opts.physical = NULL;
    assert_int_equal(kdw_paging_create(&opts, &p), KD_ERR_USAGE);
    opts = page_tables_opts(&f.tables);
    opts.rules = (struct kdw_pte_rules){.highest_pfn = 1};
    assert_int_equal(kdw_paging_create(&opts, &p), KD_ERR_USAGE);
    assert_null(p);
    kdw_paging_destroy(NULL);
    teardown(&f);
}

#define BASE     UINT64_C(0xFFFFF80200000000)
#define MI_STATE 0x5000
#define MASK_AT  (MI_STATE + 0x580 + 0xC0)
static const struct fake_field system_fields[] = {{"Hardware", 0x580, 2}, {NULL, 0, 0}};
static const struct fake_field hardware_fields[] = {{"InvalidPteMask", 0xC0, FAKE_UINT(8)},
                                                    {NULL, 0, 0}};
static const struct fake_field transition_fields[] = {{"PageFrameNumber", 0, FAKE_BITS(12, 36)},
                                                      {NULL, 0, 0}};
static const struct fake_type kernel_types[] = {{"_MI_SYSTEM_INFORMATION", 0x1000, system_fields},
                                                {"_MI_HARDWARE_STATE", 0x200, hardware_fields},
                                                {"_MMPTE_TRANSITION", 8, transition_fields},
                                                {NULL, 0, NULL}};
static const struct fake_symbol kernel_symbols[] = {{"MiState", MI_STATE}, {NULL, 0}};

static void the_mask_and_the_layout_are_learnt_from_the_kernel(void **state)
{
    struct fixture f;
    struct fake_symbols symbols;

    (void)state;
    setup(&f);
    fake_symbols_init(&symbols, kernel_types, kernel_symbols);
    put(&f, BASE + MASK_AT, 1, PA | ON);
    fake_mem_u64(&f.tables.physical, PA + MASK_AT % PAGE, MASK | MASK >> 1);
    put(&f, VA, 1, (0x166B7880 ^ MASK) ^ MASK >> 1);
    leads_to(&f, VA, 0x166B7000 | MASK >> 1, PAGE); /* one bit was guessed */
    assert_int_equal(kdw_paging_learn(f.paging, &symbols.symbols, BASE), KD_OK);
    leads_to(&f, VA, 0x166B7000, PAGE);
    put(&f, VA, 1, UINT64_C(0xF0000166B7890)); /* of a frame number of 36 bits */
    leads_to(&f, VA, 0x166B7000, PAGE);
    teardown(&f);
}

static void what_cannot_be_learnt_is_guessed_on(void **state)
{
    static const struct fake_type no_types[] = {{NULL, 0, NULL}};
    struct fixture f;
    struct fake_symbols symbols;

    (void)state;
    setup(&f);
    put(&f, VA, 1, 0x166B7880 ^ MASK);
    fake_symbols_init(&symbols, no_types, kernel_symbols);
    assert_int_equal(kdw_paging_learn(f.paging, &symbols.symbols, BASE), KD_OK);
    leads_to(&f, VA, 0x166B7000, PAGE);
    fake_symbols_init(&symbols, kernel_types, kernel_symbols); /* MiState is not mapped */
    assert_int_equal(kdw_paging_learn(f.paging, &symbols.symbols, BASE), KD_OK);
    leads_to(&f, VA, 0x166B7000, PAGE);
    put(&f, BASE + MASK_AT, 1, PA | ON); /* and here it holds what no mask is */
    fake_mem_u64(&f.tables.physical, PA + MASK_AT % PAGE, MASK | 0x800);
    assert_int_equal(kdw_paging_learn(f.paging, &symbols.symbols, BASE), KD_OK);
    leads_to(&f, VA, 0x166B7000, PAGE);
    f.tables.physical.fail_from = 1;
    f.tables.physical.fail_with = KD_ERR_CANCELLED;
    assert_int_equal(kdw_paging_learn(f.paging, &symbols.symbols, BASE), KD_ERR_CANCELLED);
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_found_through_four_tables),
        cmocka_unit_test(a_page_is_found_through_five_tables),
        cmocka_unit_test(the_bits_between_are_all_the_same_or_it_is_no_address),
        cmocka_unit_test(large_pages_have_their_length_and_no_pat_bit),
        cmocka_unit_test(flags_of_the_root_do_no_harm),
        cmocka_unit_test(without_an_entry_user_space_is_for_the_vad),
        cmocka_unit_test(a_page_in_transition_is_read),
        cmocka_unit_test(tables_in_transition_are_followed_and_never_large),
        cmocka_unit_test(a_page_in_a_page_file_has_its_place),
        cmocka_unit_test(demand_zero_and_files_are_told_apart),
        cmocka_unit_test(a_prototype_leads_to_the_page),
        cmocka_unit_test(a_prototype_may_lead_nowhere_for_a_reason),
        cmocka_unit_test(a_prototype_that_cannot_be_had_says_why),
        cmocka_unit_test(a_prototype_whose_address_may_be_swizzled_is_tried_both_ways),
        cmocka_unit_test(a_table_of_equal_entries_is_junk_at_any_level),
        cmocka_unit_test(a_table_of_equal_entries_that_lead_nowhere_is_an_ordinary_one),
        cmocka_unit_test(a_table_behind_the_memory_is_junk_and_a_page_there_a_devices),
        cmocka_unit_test(a_table_that_leads_back_into_itself_ends),
        cmocka_unit_test(reads_go_on_over_page_borders),
        cmocka_unit_test(a_fault_is_told_to_the_byte),
        cmocka_unit_test(the_last_byte_of_all_can_be_read),
        cmocka_unit_test(a_table_that_is_missing_says_why),
        cmocka_unit_test(an_entry_is_read_by_itself_where_its_neighbours_are_missing),
        cmocka_unit_test(tables_are_asked_for_once_until_they_are_dropped),
        cmocka_unit_test(a_lost_link_is_passed_on_and_not_remembered),
        cmocka_unit_test(options_that_make_no_sense_are_refused),
        cmocka_unit_test(the_mask_and_the_layout_are_learnt_from_the_kernel),
        cmocka_unit_test(what_cannot_be_learnt_is_guessed_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
