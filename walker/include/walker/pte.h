/* pte.h - what one entry of a page table of x64 Windows says.
 *
 * An entry that the processor would follow is the processor's business: present, and a physical
 * address. Any other is the kernel's: it says where the page is instead, in bits whose places differ
 * between kernels. An entry goes in, its meaning comes out; no memory is read here.
 *
 * Swizzling: kernels since 15063 or so flip high bits of entries that are not present, so that the
 * processor cannot be lured into memory behind them (L1TF). Which bits, MiState knows.
 *
 * Source    Processor manuals for entries that are present [doc]; _MMPTE_SOFTWARE, _TRANSITION and
 *           _PROTOTYPE in the symbols of kernels from 14393 to 26100 [seen]; the order of the tests and
 *           the usual mask [doc]; what is assumed where the mask is unknown [guess]. */
#ifndef WALKER_PTE_H
#define WALKER_PTE_H

#include <walker/symbols.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdw_pte_bits {
    uint8_t position, length; /* length 0: there is no such field */
};

struct kdw_pte_layout {                                /* of entries that are not present */
    struct kdw_pte_bits swizzle;                       /* one bit; 0: high bits were flipped */
    struct kdw_pte_bits prototype, transition;         /* one bit each */
    struct kdw_pte_bits transition_pfn;                /* page frame number */
    struct kdw_pte_bits page_file_low, page_file_high; /* which page file; which page of it */
    struct kdw_pte_bits prototype_va;                  /* to be sign-extended */
};

struct kdw_pte_rules { /* how a kernel's entries are to be read */
    struct kdw_pte_layout layout;
    bool knows_swizzle_mask; /* else it is guessed, entry by entry */
    uint64_t swizzle_mask;   /* InvalidPteMask; 0: this machine has no need of it */
    uint64_t highest_pfn;    /* of the machine's memory; 0: unknown */
};

/* As kernels from 1607 to 24H2 have it; nothing known of the machine. */
struct kdw_pte_rules kdw_pte_rules_default(void);
/* No field that an entry cannot hold, none missing but the swizzle bit. */
bool kdw_pte_rules_are_sound(const struct kdw_pte_rules *rules);
/* The layout by a kernel's symbols; what they do not say stays as it is in *layout. KD_ERR_NOT_FOUND:
 * they say nothing. KD_ERR_MALFORMED: what they say makes no sense. */
enum kd_status kdw_pte_layout_learn(struct kdw_symbols *symbols, struct kdw_pte_layout *layout);

enum kdw_pte_kind {
    KDW_PTE_PRESENT,     /* pa */
    KDW_PTE_TRANSITION,  /* pa: taken from its owner, but not yet used for anything else */
    KDW_PTE_ZERO,        /* all of it */
    KDW_PTE_PROTOTYPE,   /* prototype_va: another entry there speaks for it */
    KDW_PTE_DEMAND_ZERO, /* nobody touched it yet */
    KDW_PTE_LOOKUP,      /* the list of the process's regions (VADs) knows */
    KDW_PTE_FILE,        /* in the file that is mapped there */
    KDW_PTE_PAGE_FILE,   /* page_file, page_file_page */
};

struct kdw_pte {
    enum kdw_pte_kind kind;
    uint64_t pa; /* of the page or the next table; of a large page the low bits are flags */
    uint64_t prototype_va;
    uint64_t unswizzled_va; /* where the entry may have been swizzled: its prototype then; else 0 */
    uint32_t page_file;
    uint64_t page_file_page;
};

/* Does it lead to memory? */
bool kdw_pte_leads_on(const struct kdw_pte *pte);
struct kdw_pte kdw_pte_decode(const struct kdw_pte_rules *rules, uint64_t entry);

#ifdef __cplusplus
}
#endif
#endif
