/* kernel_image.h - the headers of a kernel's image in made-up memory, and what a debugger is told of it
 * elsewhere. */
#ifndef TESTS_SUPPORT_KERNEL_IMAGE_H
#define TESTS_SUPPORT_KERNEL_IMAGE_H

#include "fake_mem.h"

struct kernel_image {
    uint32_t timestamp, image_size;
    const char *pdb_guid; /* 32 digits, of ntkrnlmp.pdb with age 1; NULL: the image names no PDB */
};

/* Two pages of headers at base_va. */
void kernel_image_put(struct fake_mem *m, uint64_t base_va, const struct kernel_image *image);
/* A debugger data block at block_va that names these addresses; the list that it is on has its head at
 * head_va. */
void kernel_image_put_block(struct fake_mem *m, uint64_t head_va, uint64_t block_va,
                            uint64_t base_va, uint64_t module_list_va, uint64_t process_list_va);

#endif
