/* page_tables.h - a physical memory with page tables in it, entry by entry as a test wants them.
 *
 * Lifetime  page_tables_init to page_tables_deinit. */
#ifndef TESTS_SUPPORT_PAGE_TABLES_H
#define TESTS_SUPPORT_PAGE_TABLES_H

#include "support/fake_mem.h"

#include <walker/paging.h>

enum { ON = 0x63 }; /* present, writable, accessed, dirty */

struct page_tables {
    struct fake_mem physical; /* its hole: KD_ERR_NOT_IN_DUMP */
    unsigned levels;
    uint64_t root_pa;
    uint64_t next_pa; /* where the next table will be made */
};

void page_tables_init(struct page_tables *t, unsigned levels);
void page_tables_deinit(struct page_tables *t);
/* Write the entry of this level on the way to va; the tables above are made where they are missing.
 * Returns its physical address. */
uint64_t page_tables_put(struct page_tables *t, uint64_t va, unsigned level, uint64_t entry);
/* An address space over these tables, by the default rules. */
struct kdw_paging_opts page_tables_opts(struct page_tables *t);

#endif
