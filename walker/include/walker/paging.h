/* paging.h - one virtual address space of x64 Windows over physical memory.
 *
 * The page tables are walked here instead of by the target, so that physical memory of any origin can
 * be read by virtual address, and of a live target the memory of another process. What the processor
 * would fault on is read all the same where it is still in memory (pages in transition, prototypes);
 * where it is not, the status says why.
 *
 *     opts = {.physical = mem, .dtb = cr3, .levels = 4, .rules = kdw_pte_rules_default()};
 *     kdw_paging_create(&opts, &p);
 *     kdw_mem_u64(kdw_paging_mem(p), va, &value);
 *
 * Lifetime  The physical source must outlive it; its kdw_mem lives inside it.
 * Bounds    Levels, one hop to a prototype and caches are of fixed size: tables that lead back into
 *           themselves cost no more than others.
 * Errors    Of a read: KD_ERR_NOT_MAPPED, _PAGED_OUT, _DEMAND_ZERO, _FILE_BACKED, _NEEDS_VAD, _BAD_TABLES,
 *           and what the physical source answers, for a table as for the page itself.
 * Source    The walk: processor manuals [doc]. Entries: pte.h. */
#ifndef WALKER_PAGING_H
#define WALKER_PAGING_H

#include <walker/mem.h>
#include <walker/pte.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdw_paging;

enum {
    KDW_CR4_LA57 = 1 << 12, /* set in CR4: five levels; else four [doc] */
    KDW_TRANSLATION_TEXT_MAX = 256,
};

struct kdw_paging_opts {
    struct kdw_mem *physical;
    uint64_t dtb;   /* as CR3 or DirectoryTableBase has it: flags do no harm */
    uint8_t levels; /* 4 or 5 */
    struct kdw_pte_rules rules;
};

/* KD_ERR_USAGE for other levels or unsound rules, KD_ERR_NO_MEMORY. */
enum kd_status kdw_paging_create(const struct kdw_paging_opts *opts, struct kdw_paging **out);
void kdw_paging_destroy(struct kdw_paging *p); /* NULL is fine */
struct kdw_mem *kdw_paging_mem(struct kdw_paging *p);
/* As it was created, and has learned since: with another dtb, another space of the same machine. */
struct kdw_paging_opts kdw_paging_get_opts(const struct kdw_paging *p);
/* The target ran: nothing that is known stays true. */
void kdw_paging_drop(struct kdw_paging *p);
/* Take from the kernel's symbols, and by them from its memory, how its entries are to be read. What
 * cannot be had stays as it was; fails with damaged symbols and with what ends a walk. */
enum kd_status kdw_paging_learn(struct kdw_paging *p, struct kdw_symbols *symbols,
                                uint64_t kernel_base_va);

/* How many levels this address space has, opts->levels not asked: by addresses of the kernel's that
 * are known to be good (0 stands for unknown), and by the page that is at the same address in every
 * kernel. KD_ERR_NOT_FOUND: neither four nor five lead anywhere. */
enum kd_status kdw_paging_find_levels(const struct kdw_paging_opts *opts, const uint64_t *known_vas,
                                      size_t len, uint8_t *levels);

/* Is this no space of Windows, because the page that is at the same address in all of them is not where
 * these tables lead? False where that page cannot be had at all. Fails where the first table cannot be
 * read, and with what ends a walk. */
enum kd_status kdw_paging_is_doubtful(struct kdw_paging *p, bool *is_doubtful);

enum kdw_page_state {
    KDW_PAGE_PRESENT,
    KDW_PAGE_TRANSITION,
    KDW_PAGE_NOT_CANONICAL, /* no address at all */
    KDW_PAGE_NO_ENTRY,
    KDW_PAGE_IN_VAD, /* user space without an entry, or one that says so */
    KDW_PAGE_DEMAND_ZERO,
    KDW_PAGE_IN_FILE,
    KDW_PAGE_IN_PAGE_FILE,
    KDW_PAGE_NO_TABLE,      /* the entry, or its prototype, cannot be read: status says why */
    KDW_PAGE_EQUAL_ENTRIES, /* 512 of them: this is no page table */
    KDW_PAGE_BEYOND,        /* the next table would lie behind the machine's memory */
    KDW_PAGE_NO_PROTOTYPE,  /* what is said to be one cannot be */
};

struct kdw_translation {
    enum kd_status status; /* KD_OK: pa holds */
    enum kdw_page_state state;
    uint64_t va, pa;
    uint64_t page_len; /* 4 KiB, 2 MiB, 1 GiB */

    /* What decided: an entry of a table of this level, 1 (PTE) to 5 (PML5E), ... */
    uint8_t level;
    uint64_t entry, entry_pa;
    /* ... which may have sent us to a prototype (0: it did not) */
    uint64_t prototype_va, prototype;

    uint32_t page_file;
    uint64_t page_file_page;
};

/* Where va is, or why it is nowhere; fills *out in every case and returns its status. */
enum kd_status kdw_paging_translate(struct kdw_paging *p, uint64_t va, struct kdw_translation *out);
/* The same for people: "paged out: page 0x1234 of page file 2; PTE 0x0000123400002090 at PA 0x5008". */
void kdw_translation_text(const struct kdw_translation *t, char text[KDW_TRANSLATION_TEXT_MAX]);

#ifdef __cplusplus
}
#endif
#endif
