/* Images that say nothing of themselves: memory as it is, byte n of the file being byte n of memory.
 * Where the page tables of the system begin is found in the memory itself; that serves cores and
 * LiME images as well, and dumps whose root is not in them. */
#include "dump_parts.h"

#include "le.h"

enum {
    /* The code that starts a processor: a jump of five bytes, then what it loads [doc]. */
    STUB_FIRST = 0x1000,
    STUB_END = 0x100000,
    STUB_KERNEL_ENTRY = 0x70,
    STUB_CR3 = 0xA0,
    STUB_LEN = 0xA8,

    ENTRIES = 512,
    KERNEL_ENTRIES_MIN = 6, /* entries of tables that only the kernel may use [doc] */
    ZEROS_MIN = 64,         /* "many" in each half [guess]: a root is mostly empty */
};

static uint64_t le64(const uint8_t *p)
{
    return le32(p) | (uint64_t)le32(p + 4) << 32;
}

static bool find_low_stub(struct kdw_dump *d, uint64_t *root_pa, uint64_t *kernel_va)
{
    for (uint64_t pa = STUB_FIRST; pa < STUB_END; pa += DUMP_PAGE_LEN) {
        uint8_t stub[STUB_LEN] = {0};
        uint64_t entry, cr3;

        if (kdw_mem_read(&d->mem, pa, stub, sizeof stub, NULL) != KD_OK)
            continue;
        entry = le64(stub + STUB_KERNEL_ENTRY);
        cr3 = le64(stub + STUB_CR3);
        if ((le64(stub) & 0xFFFFFFFFFFFF00FFu) == 0x00000001000600E9u &&
            (entry & 0xFFFFF80000000003u) == 0xFFFFF80000000000u &&
            (cr3 & 0xFFFFFF0000000FFFu) == 0 && cr3 != 0) {
            *root_pa = cr3;
            *kernel_va = entry;
            return true;
        }
    }
    return false;
}

void dump_use_low_stub(struct kdw_dump *d)
{
    uint64_t root_pa, kernel_va;

    if (!find_low_stub(d, &root_pa, &kernel_va))
        return;
    if (d->facts.dtb == 0)
        d->facts.dtb = root_pa;
    if (d->facts.kernel_hint_va == 0)
        d->facts.kernel_hint_va = kernel_va;
}

enum kd_status dump_open_raw(struct kdw_dump *d)
{
    struct dump_extents *x = NULL;
    enum kd_status st = dump_extents_create(d, &x);

    d->facts.kind = KDW_DUMP_RAW;
    d->facts.what = "raw memory image";
    if (st == KD_OK)
        st = dump_extents_add(d, x, 0, d->file.len, 0);
    if (st != KD_OK)
        return st;
    (void)dump_extents_finish(d, x);
    dump_use_low_stub(d);
    return KD_OK;
}

/* One entry of the upper half leads back to the page, so that the tables are addresses as well;
 * some lead to tables of the kernel's; most lead nowhere [doc]. */
static bool is_root(const uint8_t *page, uint64_t pa)
{
    unsigned kernel_entries = 0, low_zeros = 0, high_zeros = 0;
    bool has_self_map = false;

    for (unsigned i = 0; i < ENTRIES; i++) {
        uint64_t entry = le64(page + 8 * i);

        if (entry == 0)
            ++*(i < ENTRIES / 2 ? &low_zeros : &high_zeros);
        if (i < ENTRIES / 2)
            continue;
        if ((entry & 0x8000000000000087u) == 3)
            kernel_entries++;
        if ((entry & 0x0000FFFFFFFFF083u) == pa + 3)
            has_self_map = true;
    }
    return has_self_map && kernel_entries >= KERNEL_ENTRIES_MIN && low_zeros >= ZEROS_MIN &&
           high_zeros >= ZEROS_MIN;
}

enum kd_status kdw_dump_find_root(struct kdw_dump *d, uint64_t from_pa, uint64_t *root_pa)
{
    const uint64_t page_mask = DUMP_PAGE_LEN - 1;
    uint64_t pa = from_pa;

    if (!kdw_dump_physical(d))
        return kd_diag_set(d->diag, KD_ERR_NOT_FOUND, "a triage dump has no page tables");
    while (pa < KDW_DUMP_ROOT_END && d->index->next(d->index, pa, &pa)) {
        uint8_t page[DUMP_PAGE_LEN];

        if (pa >= KDW_DUMP_ROOT_END)
            break;
        pa = (pa + page_mask) & ~page_mask; /* a piece may begin anywhere */
        if (kdw_mem_read(&d->mem, pa, page, sizeof page, NULL) == KD_OK && is_root(page, pa)) {
            *root_pa = pa;
            return KD_OK;
        }
        pa += DUMP_PAGE_LEN;
    }
    return kd_diag_set(d->diag, KD_ERR_NOT_FOUND, "no page tables of a system in the first %u MiB",
                       (unsigned)(KDW_DUMP_ROOT_END >> 20));
}
