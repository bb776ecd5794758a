/* nt_code.c - variables of one kernel that lead to code: what somebody who wants to be called would change. */
#include "nt_parts.h"

#define CODE_START  0x1000u
#define HAL_VERSION 0x2e /* of the table's form [guess] */
#define HAL_ENTRIES 63u  /* functions behind it */

/* Some place in the kernel's code: the same each time for the same number. */
static uint64_t kernel_code(const struct lab_machine *m, uint32_t number)
{
    return at_rva(m, CODE_START + number * 0x1d0 % (NT_TEXT_END - CODE_START));
}

/* Before 19041 the hardware abstraction layer is a module of its own. */
static uint64_t hal_code(const struct lab_machine *m, uint32_t number)
{
    const struct lab_module *hal = &m->cast->modules[0];

    if (NT_BUILD >= 19041 || strcmp(hal->name, "hal.dll") != 0)
        return kernel_code(m, number);
    return hal->base + CODE_START + number * 0x1d0 % (hal->size - CODE_START);
}

/* A version and functions, of which not all have to be there [doc]. */
static void hal_private_dispatch(struct lab_machine *m)
{
    uint64_t table = at_rva(m, NT_RVA_HalPrivateDispatchTable);

    put_u32(m, table, HAL_VERSION);
    for (uint32_t i = 0; i < HAL_ENTRIES; i++)
        if (i % 9 != 4)
            put_u64(m, table + 8 + 8 * i, i % 3 ? hal_code(m, i) : kernel_code(m, i));
}

void nt_code(struct lab_machine *m)
{
    hal_private_dispatch(m);
    for (uint32_t i = 0; i < 2; i++)
        put_u64(m, at_rva(m, NT_RVA_EtwpDiskIoNotifyRoutines) + 8 * i, kernel_code(m, 100 + i));
    for (uint32_t i = 0; i < 4; i++)
        put_u64(m, at_rva(m, NT_RVA_EtwpFileIoNotifyRoutines) + 8 * i, kernel_code(m, 110 + i));
}
