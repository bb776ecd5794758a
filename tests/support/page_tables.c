#include "support/page_tables.h"

#include <assert.h>

static const uint64_t frame_mask = 0x000FFFFFFFFFF000;

static uint64_t make_table(struct page_tables *t)
{
    uint64_t pa = t->next_pa;

    t->next_pa += 0x1000;
    fake_mem_zero(&t->physical, pa, 0x1000);
    return pa;
}

void page_tables_init(struct page_tables *t, unsigned levels)
{
    fake_mem_init(&t->physical);
    t->physical.hole = KD_ERR_NOT_IN_DUMP;
    t->levels = levels;
    t->next_pa = 0x1000;
    t->root_pa = make_table(t);
}

void page_tables_deinit(struct page_tables *t)
{
    fake_mem_deinit(&t->physical);
}

uint64_t page_tables_put(struct page_tables *t, uint64_t va, unsigned level, uint64_t entry)
{
    uint64_t table_pa = t->root_pa;

    for (unsigned at = t->levels;; at--) {
        uint64_t entry_pa = table_pa + 8 * (va >> (12 + 9 * (at - 1)) & 0x1ff);
        uint64_t upper = 0;

        if (at == level) {
            fake_mem_u64(&t->physical, entry_pa, entry);
            return entry_pa;
        }
        assert(kdw_mem_u64(&t->physical.mem, entry_pa, &upper) == KD_OK);
        if (upper == 0) {
            upper = make_table(t) | ON;
            fake_mem_u64(&t->physical, entry_pa, upper);
        }
        table_pa = upper & frame_mask;
    }
}

struct kdw_paging_opts page_tables_opts(struct page_tables *t)
{
    return (struct kdw_paging_opts){.physical = &t->physical.mem,
                                    .dtb = t->root_pa,
                                    .levels = (uint8_t)t->levels,
                                    .rules = kdw_pte_rules_default()};
}
