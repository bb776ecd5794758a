/* dumped.h - a machine and the file of its memory, read back for tests: offsets typed as numbers, straight
 * from the layouts, nothing of what wrote it. */
#ifndef LAB_DUMPED_H
#define LAB_DUMPED_H

#include <stddef.h>
#include <stdint.h>

#include "dump.h"
#include "machine.h"

struct dumped {
    struct lab_machine *machine;
    const struct lab_machine_info *info;
    const uint8_t *file;
    size_t len;
    uint64_t blocks; /* of 512 bytes, on the disk */
};

/* A fresh machine, written. Whatever fails, fails the test. */
struct dumped dumped_make(const char *kernel, struct lab_dump_options options);
struct dumped dumped_make_with(const char *kernel, struct lab_dump_options options, uint64_t ram);
void dumped_end(struct dumped *d);

uint16_t dumped_u16(const struct dumped *d, uint64_t at);
uint32_t dumped_u32(const struct dumped *d, uint64_t at);
uint64_t dumped_u64(const struct dumped *d, uint64_t at);

/* Where in the file a page is, by its number; DUMPED_NOT: the file does not have it. */
#define DUMPED_NOT UINT64_MAX
uint64_t dumped_page(const struct dumped *d, uint64_t number);
/* The same by virtual address, through the page tables in the file. */
uint64_t dumped_va(const struct dumped *d, uint64_t va);
uint64_t dumped_u64_at_va(const struct dumped *d, uint64_t va);
/* The last entry on the way to va, whether or not it is present. */
uint64_t dumped_entry(const struct dumped *d, uint64_t va);
/* The note of an ELF core with this name, the n-th of them: where its bytes are. */
uint64_t dumped_note(const struct dumped *d, const char *name, unsigned n, uint32_t *len);

#endif
