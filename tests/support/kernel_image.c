#include "kernel_image.h"

#include <walker/pdb_id.h>

#include <stdlib.h>

static void put_rsds(struct fake_mem *m, uint64_t record_va, const char *guid)
{
    uint8_t bytes[16];

    if (!kdw_pdb_guid_parse(guid, bytes))
        abort();
    fake_mem_write(m, record_va, "RSDS", 4);
    fake_mem_write(m, record_va + 4, bytes, sizeof bytes);
    fake_mem_u32(m, record_va + 20, 1);
    fake_mem_write(m, record_va + 24, "ntkrnlmp.pdb", 13);
}

void kernel_image_put(struct fake_mem *m, uint64_t base_va, const struct kernel_image *image)
{
    enum { NEW = 0x100, OPTIONAL = NEW + 24, DEBUG = 0x1000, RECORD = 0x1100 };

    fake_mem_zero(m, base_va, 0x2000);
    fake_mem_write(m, base_va, "MZ", 2);
    fake_mem_u32(m, base_va + 0x3c, NEW);
    fake_mem_write(m, base_va + NEW, "PE\0", 4);
    fake_mem_u16(m, base_va + NEW + 4, 0x8664);
    fake_mem_u32(m, base_va + NEW + 8, image->timestamp);
    fake_mem_u16(m, base_va + NEW + 20, 0xf0);
    fake_mem_u16(m, base_va + OPTIONAL, 0x20b);
    fake_mem_u32(m, base_va + OPTIONAL + 56, image->image_size);
    fake_mem_u32(m, base_va + OPTIONAL + 108, 16);
    if (!image->pdb_guid)
        return;
    fake_mem_u32(m, base_va + OPTIONAL + 160, DEBUG);
    fake_mem_u32(m, base_va + OPTIONAL + 164, 28);
    fake_mem_u32(m, base_va + DEBUG + 12, 2); /* CodeView */
    fake_mem_u32(m, base_va + DEBUG + 16, 24 + 13);
    fake_mem_u32(m, base_va + DEBUG + 20, RECORD);
    put_rsds(m, base_va + RECORD, image->pdb_guid);
}

void kernel_image_put_block(struct fake_mem *m, uint64_t head_va, uint64_t block_va,
                            uint64_t base_va, uint64_t module_list_va, uint64_t process_list_va)
{
    enum { LEN = 0x380 };

    fake_mem_zero(m, block_va, LEN);
    fake_mem_list(m, head_va, &block_va, 1);
    fake_mem_write(m, block_va + 0x10, "KDBG", 4);
    fake_mem_u32(m, block_va + 0x14, LEN);
    fake_mem_u64(m, block_va + 0x18, base_va);
    fake_mem_u64(m, block_va + 0x48, module_list_va);
    fake_mem_u64(m, block_va + 0x50, process_list_va);
}
