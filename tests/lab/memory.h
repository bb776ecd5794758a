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

#define LAB_PAGE 0x1000u

struct lab_memory;

/* self_slot: the entry of the top table that points to that table itself, so that all tables can be
 * seen at fixed virtual addresses. */
struct lab_memory *lab_memory_create(unsigned self_slot);
void lab_memory_destroy(struct lab_memory *m); /* NULL is fine */
bool lab_memory_failed(const struct lab_memory *m);

uint64_t lab_memory_cr3(const struct lab_memory *m);
/* One more address space with the same system half: its cr3. */
uint64_t lab_memory_add_space(struct lab_memory *m);
uint64_t lab_memory_pte_base(const struct lab_memory *m);
uint64_t lab_memory_pages(const struct lab_memory *m); /* of physical memory */

/* Whole pages around [va, va + len); those that are mapped already stay as they are. */
void lab_memory_map(struct lab_memory *m, uint64_t va, size_t len);
void lab_memory_unmap(struct lab_memory *m, uint64_t va, size_t len);
bool lab_memory_is_mapped(const struct lab_memory *m, uint64_t va);

/* Maps what is not mapped. */
void lab_memory_write(struct lab_memory *m, uint64_t va, const void *bytes, size_t len);

/* How many bytes from the start on could be read. */
size_t lab_memory_read(const struct lab_memory *m, uint64_t va, void *buf, size_t len);
size_t lab_memory_read_physical(const struct lab_memory *m, uint64_t pa, void *buf, size_t len);

#endif
