#include "fake_machine.h"

#include "machine.h"

#include <string.h>

#define CODE 0xFFFFF80100010000u

static const struct lab_machine_info info = {
    .name = "fake",
    .build = 18362,
    .processors = 2,
    .kernel_base = FAKE_KERNEL_BASE,
    .kernel_size = 0xAB7000,
    .kernel_checksum = 0x988C4D,
    .kernel_path = "\\SystemRoot\\system32\\ntoskrnl.exe",
    .module_list = 0xFFFFF80100101000,
    .debugger_data_list = 0xFFFFF80100101010,
    .break_in_pc = FAKE_BREAK_PC,
    .load_symbols_pc = FAKE_MODULE_PC,
    .thread = 0xFFFF80011111A080,
    .stack = 0xFFFF800122221000,
    .cr3 = 0x1AD002,
    .cr4 = 0x1506F8,
    .kpcr = {0xFFFFF80100020000, 0xFFFF800133330000},
    .kprcb = {0xFFFFF80100020180, 0xFFFF800133330180},
};

uint8_t fake_byte(uint64_t at)
{
    return (uint8_t)(at ^ at >> 8);
}

const struct lab_machine_info *lab_machine_info(const struct lab_machine *m)
{
    (void)m;
    return &info;
}

static size_t fill(uint64_t start, size_t region_len, uint64_t at, uint8_t *out, size_t len)
{
    uint64_t offset = at - start;

    if (offset >= region_len)
        return 0;
    if (len > region_len - offset)
        len = region_len - (size_t)offset;
    for (size_t i = 0; i < len; i++)
        out[i] = fake_byte(at + i);
    return len;
}

static void put_int3(uint64_t pc, uint64_t at, uint8_t *out, size_t len)
{
    static const uint8_t code[2] = {0xCC, 0xC3};

    for (uint64_t i = 0; i < sizeof code; i++)
        if (pc + i - at < len)
            out[pc + i - at] = code[i];
}

size_t lab_machine_read_virtual(const struct lab_machine *m, uint64_t va, void *buf, size_t len)
{
    size_t n = fill(FAKE_DATA, FAKE_DATA_LEN, va, buf, len);

    (void)m;
    if (n > 0)
        return n;
    n = fill(CODE, 0x1000, va, buf, len);
    put_int3(FAKE_BREAK_PC, va, buf, n);
    put_int3(FAKE_MODULE_PC, va, buf, n);
    return n;
}

size_t lab_machine_read_physical(const struct lab_machine *m, uint64_t pa, void *buf, size_t len)
{
    (void)m;
    return fill(FAKE_PHYSICAL, FAKE_PHYSICAL_LEN, pa, buf, len);
}
