/* memory.h - a machine's physical memory and the page tables that give it a virtual space.
 *
 * Nothing but physical pages holds anything: a virtual address is translated by walking the tables that
 * stand in physical memory, as a processor does, so that what ReadVirtual answers and what a reader finds
 * by cr3 and ReadPhysical cannot differ. Neighbouring virtual pages lie in pages that are not neighbours.
 *
 * Lifetime  _create to _destroy.
 * Errors    Out of memory is remembered, not returned: ask _failed when all is built. */
#ifndef LAB_MEMORY_H
#define LAB_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LAB_PAGE       0x1000u
#define LAB_LARGE_PAGE 0x200000u

struct lab_memory;

/* self_slot: the entry of the top table that points to that table itself, so that all tables can be
 * seen at fixed virtual addresses. ram: in bytes, a power of two from LAB_RAM_MIN to LAB_RAM_MAX; what
 * is more than the least begins at 4 GiB, and devices lie between. */
#define LAB_RAM_MIN 0x80000000u
#define LAB_RAM_MAX 0x1000000000u
struct lab_memory *lab_memory_create(unsigned self_slot, uint64_t ram);
void lab_memory_destroy(struct lab_memory *m); /* NULL is fine */
bool lab_memory_failed(const struct lab_memory *m);

uint64_t lab_memory_cr3(const struct lab_memory *m);
/* One more address space with the same system half: its cr3. */
uint64_t lab_memory_add_space(struct lab_memory *m);
/* A root that leads to the user half of that space and to nothing of the system's. */
uint64_t lab_memory_add_shadow(struct lab_memory *m, uint64_t cr3);
uint64_t lab_memory_pte_base(const struct lab_memory *m);

/* Physical memory, in pages: how many there are; behind the last one; and those that an operating system
 * is given, as the firmware says. */
struct lab_run {
    uint64_t first, count;
};
#define LAB_RUNS_MAX 3
uint64_t lab_memory_pages(const struct lab_memory *m);
uint64_t lab_memory_end(const struct lab_memory *m);
size_t lab_memory_runs(const struct lab_memory *m, struct lab_run out[LAB_RUNS_MAX]);
/* What a page holds, by its number; NULL: zeros. */
const uint8_t *lab_memory_page(const struct lab_memory *m, uint64_t number);
void lab_memory_write_physical(struct lab_memory *m, uint64_t pa, const void *bytes, size_t len);

/* Whole pages around [va, va + len); those that are mapped already stay as they are. */
void lab_memory_map(struct lab_memory *m, uint64_t va, size_t len);
void lab_memory_unmap(struct lab_memory *m, uint64_t va, size_t len);
bool lab_memory_is_mapped(const struct lab_memory *m, uint64_t va);

/* Maps what is not mapped. */
void lab_memory_write(struct lab_memory *m, uint64_t va, const void *bytes, size_t len);

/* The user half of one space, by its cr3. One page, and what of the system half is seen there too. */
void lab_memory_write_user(struct lab_memory *m, uint64_t cr3, uint64_t va, const void *bytes,
                           size_t len);
void lab_memory_share(struct lab_memory *m, uint64_t cr3, uint64_t va, uint64_t system_va);

/* The entry of a page of a user half, to be changed; the tables above it are made. NULL: no memory. */
uint64_t *lab_memory_user_entry(struct lab_memory *m, uint64_t cr3, uint64_t va);
/* The machine's one page of 2 MiB, at va in the user half of a space: its physical address. */
uint64_t lab_memory_map_large(struct lab_memory *m, uint64_t cr3, uint64_t va);

/* Each entry of all tables that is present, once, tables before what is in them: level 3 is the top
 * table, level 0 the one whose entries lead to pages. Entries of level 0 may be changed meanwhile. Of
 * level 1, LAB_ENTRY_LARGE says that it leads to a page of 2 MiB. */
typedef void lab_entry_fn(void *ctx, uint64_t va, unsigned level, uint64_t *entry);
void lab_memory_visit(struct lab_memory *m, lab_entry_fn *visit, void *ctx);
#define LAB_ENTRY_FRAME 0x000ffffffffff000u
#define LAB_ENTRY_LARGE 0x80u
/* Entries of level 0 that are not present, in kernels from 1607 on: public symbols [seen]. */
#define LAB_ENTRY_PROTOTYPE    0x400u
#define LAB_ENTRY_TRANSITION   0x800u
#define LAB_ENTRY_READ_WRITE   0x80u /* Protection: 4 */
#define LAB_ENTRY_NOT_SWIZZLED 0x10u
/* When its page went to a page file. Could be read and written. */
#define LAB_ENTRY_PAGED_OUT(file, page)                                                            \
    ((uint64_t)(page) << 32 | (uint64_t)(file) << 12 | LAB_ENTRY_READ_WRITE)

/* How many bytes from the start on could be read. */
size_t lab_memory_read(const struct lab_memory *m, uint64_t va, void *buf, size_t len);
size_t lab_memory_read_physical(const struct lab_memory *m, uint64_t pa, void *buf, size_t len);

#endif
