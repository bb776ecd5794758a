/* paging.c - an address goes through four or five tables, each indexed by nine of its bits.
 *
 *     translate --> look_up: one entry a level, until one names a page or leads nowhere
 *         |             |
 *         |             +--> read_entry: through lines of tables that are kept
 *         +--> follow_prototype: the entry sends us to another one; looks that up, once */
#include <walker/paging.h>

#include <kdproto/bytes.h>

#include <stdlib.h>
#include <string.h>

enum {
    PAGE_SHIFT = 12,
    PAGE_LEN = 1 << PAGE_SHIFT,
    INDEX_BITS = 9, /* of an address, for each level */
    INDEX_MAX = (1 << INDEX_BITS) - 1,
    ENTRY_LEN = 8,
    LEVELS_MIN = 4,
    LEVELS_MAX = 5,
    LARGE = 0x80, /* in an entry of level 2 or 3: it names a page */
    LARGE_LEVEL_MAX = 3,

    /* A piece of a table that one read brings: what any link carries in one request, and enough for
     * 256 KiB of addresses. */
    LINE_LEN = 512,
    LINES = 512, /* a power of two, as the next */
    PAGES = 1024,
};
static const uint64_t root_mask = 0x000FFFFFFFFFF000; /* of CR3; the rest are flags and the PCID */
static const uint64_t guard_end_va = 0x10000;         /* below it nobody can allocate [doc] */

struct table_line {
    uint64_t tag;             /* its physical address + 1; 0: empty */
    bool is_of_equal_entries; /* not this line alone: the whole table, and they lead on */
    uint8_t bytes[LINE_LEN];
};

struct known_page {
    uint64_t tag; /* its virtual address + 1; 0: empty */
    uint64_t pa;
};

struct kdw_paging {
    struct kdw_mem mem; /* first: the read function gets this */
    struct kdw_paging_opts opts;
    struct known_page pages[PAGES];
    struct table_line lines[LINES];
};

static enum kd_status end(struct kdw_translation *t, enum kdw_page_state state, enum kd_status st)
{
    t->state = state;
    t->status = st;
    return st;
}

/* ---- entries of tables ---- */

/* Are all 512 entries of a table the same, as no table's are? Asked where a line of it is suspect. */
static enum kd_status check_table(struct kdw_paging *p, uint64_t table_pa, bool *is_junk)
{
    uint8_t table[PAGE_LEN];
    enum kd_status st = kdw_mem_read(p->opts.physical, table_pa, table, sizeof table, NULL);

    *is_junk = st == KD_OK && memcmp(table, table + ENTRY_LEN, sizeof table - ENTRY_LEN) == 0;
    return kdw_ends_walk(st) ? st : KD_OK;
}

static struct kdw_pte decode_at(const struct kdw_paging *p, const uint8_t *bytes, uint64_t *entry)
{
    struct kd_reader r = kd_reader_of(bytes, ENTRY_LEN);

    *entry = kd_rd_u64(&r);
    return kdw_pte_decode(&p->opts.rules, *entry);
}

static enum kd_status load_line(struct kdw_paging *p, uint64_t pa, struct table_line *line)
{
    struct kdw_pte first;
    uint64_t entry;
    enum kd_status st;

    line->tag = 0; /* whatever it held is written over */
    line->is_of_equal_entries = false;
    st = kdw_mem_read(p->opts.physical, pa, line->bytes, sizeof line->bytes, NULL);
    if (st != KD_OK)
        return st;
    first = decode_at(p, line->bytes, &entry);
    if (kdw_pte_leads_on(&first) &&
        memcmp(line->bytes, line->bytes + ENTRY_LEN, sizeof line->bytes - ENTRY_LEN) == 0)
        st = check_table(p, pa & ~(uint64_t)(PAGE_LEN - 1), &line->is_of_equal_entries);
    if (st == KD_OK)
        line->tag = pa + 1;
    return st;
}

/* The entry that t->entry_pa names, into t->entry and *pte. */
static enum kd_status read_entry(struct kdw_paging *p, struct kdw_translation *t,
                                 struct kdw_pte *pte)
{
    uint64_t pa = t->entry_pa & ~(uint64_t)(LINE_LEN - 1);
    /* Tables begin at pages, and what is used of them at like offsets; this spreads both. */
    size_t slot = (size_t)((pa / LINE_LEN * 0x9e3779b97f4a7c15u) >> 32) & (LINES - 1);
    struct table_line *line = &p->lines[slot];
    enum kd_status st = line->tag == pa + 1 ? KD_OK : load_line(p, pa, line);

    if (st == KD_OK) {
        *pte = decode_at(p, line->bytes + (t->entry_pa - pa), &t->entry);
        return line->is_of_equal_entries ? end(t, KDW_PAGE_EQUAL_ENTRIES, KD_ERR_BAD_TABLES)
                                         : KD_OK;
    }
    if (kd_is_unreadable(st)) /* its neighbours may be what is missing, of a recording */
        st = kdw_mem_u64(p->opts.physical, t->entry_pa, &t->entry);
    if (st != KD_OK)
        return end(t, KDW_PAGE_NO_TABLE, st);
    *pte = kdw_pte_decode(&p->opts.rules, t->entry);
    return KD_OK;
}

/* ---- the walk ---- */

static bool is_canonical(uint64_t va, unsigned levels)
{
    unsigned bits = PAGE_SHIFT + INDEX_BITS * levels - 1; /* all from this one on are the same */

    return va >> bits == 0 || va >> bits == UINT64_MAX >> bits;
}

static bool is_kernel_va(uint64_t va)
{
    return va >> 63 != 0;
}

static enum kd_status arrive(struct kdw_translation *t, const struct kdw_pte *pte, unsigned level)
{
    t->page_len = UINT64_C(1) << (PAGE_SHIFT + INDEX_BITS * (level - 1));
    t->pa = (pte->pa & ~(t->page_len - 1)) | (t->va & (t->page_len - 1));
    return end(t, pte->kind == KDW_PTE_PRESENT ? KDW_PAGE_PRESENT : KDW_PAGE_TRANSITION, KD_OK);
}

/* No entry. In the kernel's space that is all; user space may be given out and not yet in any table. */
static enum kd_status end_without_entry(struct kdw_translation *t)
{
    if (is_kernel_va(t->va) || t->va < guard_end_va)
        return end(t, KDW_PAGE_NO_ENTRY, KD_ERR_NOT_MAPPED);
    return end(t, KDW_PAGE_IN_VAD, KD_ERR_NEEDS_VAD);
}

/* The entry leads to no memory. */
static enum kd_status end_nowhere(struct kdw_translation *t, const struct kdw_pte *pte)
{
    switch (pte->kind) {
    case KDW_PTE_PROTOTYPE: /* tables are not shared that way [guess] */
        return end(t, KDW_PAGE_NO_PROTOTYPE, KD_ERR_BAD_TABLES);
    case KDW_PTE_DEMAND_ZERO:
        if (t->level > 1) /* a table of zeros, once it is one */
            return end_without_entry(t);
        return end(t, KDW_PAGE_DEMAND_ZERO, KD_ERR_DEMAND_ZERO);
    case KDW_PTE_LOOKUP:
        return end(t, KDW_PAGE_IN_VAD, KD_ERR_NEEDS_VAD);
    case KDW_PTE_FILE:
        return end(t, KDW_PAGE_IN_FILE, KD_ERR_FILE_BACKED);
    case KDW_PTE_PAGE_FILE:
        t->page_file = pte->page_file;
        t->page_file_page = pte->page_file_page;
        return end(t, KDW_PAGE_IN_PAGE_FILE, KD_ERR_PAGED_OUT);
    default:
        return end_without_entry(t);
    }
}

/* Does the entry name a page, of whatever size? One that is not present never names a large one. */
static bool names_page(const struct kdw_translation *t, const struct kdw_pte *pte)
{
    return t->level == 1 ||
           (t->level <= LARGE_LEVEL_MAX && pte->kind == KDW_PTE_PRESENT && (t->entry & LARGE));
}

/* From the root to the entry that decides, which is left in *pte. A page's prototype is for the caller
 * to follow; until then it leads nowhere. */
static enum kd_status look_up(struct kdw_paging *p, uint64_t va, struct kdw_translation *t,
                              struct kdw_pte *pte)
{
    uint64_t highest = p->opts.rules.highest_pfn;
    uint64_t table_pa = p->opts.dtb;

    *t = (struct kdw_translation){.va = va, .level = p->opts.levels};
    if (!is_canonical(va, p->opts.levels))
        return end(t, KDW_PAGE_NOT_CANONICAL, KD_ERR_NOT_MAPPED);
    for (;; t->level--) {
        unsigned shift = PAGE_SHIFT + INDEX_BITS * (t->level - 1U);
        enum kd_status st;

        t->entry_pa = table_pa + ENTRY_LEN * (va >> shift & INDEX_MAX);
        st = read_entry(p, t, pte);
        if (st != KD_OK)
            return st;
        if (!kdw_pte_leads_on(pte))
            return end_nowhere(t, pte);
        if (names_page(t, pte))
            return arrive(t, pte, t->level);
        /* A page may lie there and belong to a device; a table lies in memory. */
        if (highest != 0 && pte->pa >> PAGE_SHIFT > highest)
            return end(t, KDW_PAGE_BEYOND, KD_ERR_BAD_TABLES);
        table_pa = pte->pa;
    }
}

/* ---- prototypes ---- */

/* The entry at va, in paged pool. It lies there in an ordinary way: not by another prototype. */
static enum kd_status read_prototype(struct kdw_paging *p, uint64_t va, uint64_t *entry)
{
    struct kdw_translation t;
    struct kdw_pte pte;
    enum kd_status st;

    if (!is_kernel_va(va) || va % ENTRY_LEN != 0)
        return KD_ERR_BAD_TABLES;
    st = look_up(p, va, &t, &pte);
    return st == KD_OK ? kdw_mem_u64(p->opts.physical, t.pa, entry) : st;
}

static enum kd_status follow_prototype(struct kdw_paging *p, const struct kdw_pte *pte,
                                       struct kdw_translation *t)
{
    struct kdw_pte prototype;
    enum kd_status st;

    t->prototype_va = pte->prototype_va;
    st = read_prototype(p, t->prototype_va, &t->prototype);
    if (kd_is_unreadable(st) && pte->unswizzled_va != 0) {
        enum kd_status as_it_stands = st;

        st = read_prototype(p, pte->unswizzled_va, &t->prototype);
        if (st == KD_OK)
            t->prototype_va = pte->unswizzled_va;
        else if (kd_is_unreadable(st))
            st = as_it_stands;
    }
    if (st != KD_OK)
        return end(t, st == KD_ERR_BAD_TABLES ? KDW_PAGE_NO_PROTOTYPE : KDW_PAGE_NO_TABLE, st);
    prototype = kdw_pte_decode(&p->opts.rules, t->prototype);
    if (kdw_pte_leads_on(&prototype))
        return arrive(t, &prototype, 1);
    /* Here these two mean something else than in a table: the bit of a prototype says that a file's
     * subsection is pointed to, and nothing at all that nobody has touched the page. */
    if (prototype.kind == KDW_PTE_PROTOTYPE)
        prototype.kind = KDW_PTE_FILE;
    if (prototype.kind == KDW_PTE_ZERO)
        prototype.kind = KDW_PTE_DEMAND_ZERO;
    return end_nowhere(t, &prototype);
}

enum kd_status kdw_paging_translate(struct kdw_paging *p, uint64_t va, struct kdw_translation *out)
{
    struct kdw_pte pte = {.kind = KDW_PTE_ZERO};
    enum kd_status st = look_up(p, va, out, &pte);

    return pte.kind == KDW_PTE_PROTOTYPE && out->level == 1 ? follow_prototype(p, &pte, out) : st;
}

/* ---- reading ---- */

/* As _translate, of a page: what is asked again and again is where the same few pages are. */
static enum kd_status find_page(struct kdw_paging *p, uint64_t va, uint64_t *pa)
{
    struct known_page *known = &p->pages[va >> PAGE_SHIFT & (PAGES - 1)];
    struct kdw_translation t;
    enum kd_status st = KD_OK;

    if (known->tag != va + 1) {
        st = kdw_paging_translate(p, va, &t);
        if (st == KD_OK)
            *known = (struct known_page){va + 1, t.pa};
    }
    if (st == KD_OK)
        *pa = known->pa;
    return st;
}

/* Where va is, and how many bytes from there on, at most max, lie there next to each other: one read
 * of the source for all of them. */
static enum kd_status find_run(struct kdw_paging *p, uint64_t va, size_t max, uint64_t *pa,
                               size_t *len)
{
    uint64_t page_va = va & ~(uint64_t)(PAGE_LEN - 1);
    uint64_t page_pa = 0, next_pa = 0;
    enum kd_status st = find_page(p, page_va, &page_pa);
    size_t n = PAGE_LEN - (size_t)(va - page_va);

    if (st != KD_OK)
        return st;
    *pa = page_pa + (va - page_va);
    /* A page that cannot be found here is asked for again, and then its reason is told. */
    while (n < max && find_page(p, va + n, &next_pa) == KD_OK && next_pa == *pa + n)
        n += PAGE_LEN;
    *len = n < max ? n : max;
    return KD_OK;
}

static enum kd_status read_virtual(struct kdw_mem *m, uint64_t at, void *buf, size_t len,
                                   uint64_t *fault)
{
    struct kdw_paging *p = (struct kdw_paging *)m;
    uint8_t *out = buf;
    size_t done = 0;

    while (done < len) {
        uint64_t pa = 0, fault_pa = 0;
        size_t n = 0;
        enum kd_status st = find_run(p, at + done, len - done, &pa, &n);

        if (st == KD_OK) {
            fault_pa = pa;
            st = kdw_mem_read(p->opts.physical, pa, out + done, n, &fault_pa);
        }
        if (st != KD_OK) {
            *fault = at + done + (fault_pa - pa);
            return st;
        }
        done += n;
    }
    return KD_OK;
}

struct kdw_mem *kdw_paging_mem(struct kdw_paging *p)
{
    return &p->mem;
}

struct kdw_paging_opts kdw_paging_get_opts(const struct kdw_paging *p)
{
    return p->opts;
}

/* ---- life ---- */

enum kd_status kdw_paging_create(const struct kdw_paging_opts *opts, struct kdw_paging **out)
{
    struct kdw_paging *p;

    if (!opts->physical || opts->levels < LEVELS_MIN || opts->levels > LEVELS_MAX ||
        !kdw_pte_rules_are_sound(&opts->rules))
        return KD_ERR_USAGE;
    p = calloc(1, sizeof *p);
    if (!p)
        return KD_ERR_NO_MEMORY;
    p->mem.read = read_virtual;
    p->opts = *opts;
    p->opts.dtb &= root_mask;
    *out = p;
    return KD_OK;
}

void kdw_paging_destroy(struct kdw_paging *p)
{
    free(p);
}

void kdw_paging_drop(struct kdw_paging *p)
{
    memset(p->pages, 0, sizeof p->pages);
    memset(p->lines, 0, sizeof p->lines);
}

/* MiState.Hardware.InvalidPteMask. A mask that would flip what tells kinds of entries apart is none. */
static enum kd_status read_swizzle_mask(struct kdw_paging *p, struct kdw_symbols *symbols,
                                        uint64_t kernel_base_va, uint64_t *mask)
{
    struct kdw_field field = {0};
    kdw_type_id type = 0;
    uint64_t rva = 0, value = 0;
    enum kd_status st = kdw_symbol(symbols, "MiState", &rva);

    if (st == KD_OK)
        st = kdw_type_by_name(symbols, "_MI_SYSTEM_INFORMATION", &type);
    if (st == KD_OK)
        st = kdw_type_field(symbols, type, "Hardware.InvalidPteMask", &field);
    if (st == KD_OK)
        st = kdw_mem_u64(&p->mem, kernel_base_va + rva + field.offset, &value);
    if (st == KD_OK && (value & (PAGE_LEN - 1)) != 0)
        st = KD_ERR_NOT_FOUND;
    if (st == KD_OK)
        *mask = value;
    return st;
}

enum kd_status kdw_paging_learn(struct kdw_paging *p, struct kdw_symbols *symbols,
                                uint64_t kernel_base_va)
{
    struct kdw_pte_rules rules = p->opts.rules;
    enum kd_status st = kdw_pte_layout_learn(symbols, &rules.layout);

    if (st == KD_OK || st == KD_ERR_NOT_FOUND)
        st = read_swizzle_mask(p, symbols, kernel_base_va, &rules.swizzle_mask);
    if (st == KD_OK)
        rules.knows_swizzle_mask = true;
    else if (st != KD_ERR_NOT_FOUND && !kd_is_unreadable(st))
        return st;
    p->opts.rules = rules;
    kdw_paging_drop(p); /* some of it was found by the rules of before */
    return KD_OK;
}
