#include "support/lab_kernel.h"

#include "machine.h"

#include <walker/object.h>
#include <walker/pdb.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const lab_kernel_names[LAB_KERNELS] = {"14393", "18362", "19041", "22000"};

static void must(enum kd_status st, const struct lab_kernel *l)
{
    if (st == KD_OK)
        return;
    fprintf(stderr, "lab kernel: %s: %s\n", kd_status_text(st), l->diag.text);
    abort();
}

static void tell_target(struct lab_kernel *l)
{
    const struct lab_machine_info *info = lab_machine_info(l->machine);

    l->target = (struct kdw_target){.machine = 0x8664,
                                    .build = info->build,
                                    .is_kernel = true,
                                    .processor_count = info->processors,
                                    .kernel_base_va = info->kernel_base,
                                    .module_list_va = info->module_list,
                                    .debugger_data_list_va = info->debugger_data_list,
                                    .dtb = info->cr3};
}

void lab_kernel_begin(struct lab_kernel *l, const char *name)
{
    struct kdw_symbols *pdb = NULL;
    const char *why = "";
    char path[512];

    *l = (struct lab_kernel){.machine = lab_machine_create(name, LAB_KERNEL_DIR, &why)};
    if (!l->machine) {
        fprintf(stderr, "lab kernel: %s\n", why);
        abort();
    }
    tell_target(l);
    l->memory = hostile_memory_create(l->machine);
    snprintf(path, sizeof path, "%s/%s/ntkrnlmp.pdb", LAB_KERNEL_DIR, name);
    must(kdw_kernel_open(hostile_memory_mem(l->memory), &l->target, &l->diag, &l->kernel), l);
    must(kdw_pdb_open(path, &l->diag, &pdb), l);
    must(kdw_kernel_use_symbols(&l->kernel, pdb), l);
}

void lab_kernel_end(struct lab_kernel *l)
{
    kdw_kernel_close(&l->kernel);
    hostile_memory_destroy(l->memory);
    lab_machine_destroy(l->machine);
}

bool lab_kernel_field(struct lab_kernel *l, const char *type, uint64_t va, const char *field,
                      uint64_t *field_va)
{
    struct kdw_field_ref ref;
    struct kdw_layout layout;

    must(kdw_layout_resolve_optional(&l->kernel, type, &field, 1, &ref, &layout), l);
    *field_va = va + ref.offset;
    return ref.exists;
}

uint64_t lab_kernel_u64(struct lab_kernel *l, uint64_t va)
{
    uint64_t value = 0;

    must(kdw_mem_u64(hostile_memory_mem(l->memory), va, &value), l);
    return value;
}

size_t lab_kernel_size(struct lab_kernel *l, const char *type)
{
    struct kdw_layout layout;

    must(kdw_layout_resolve(&l->kernel, type, NULL, 0, NULL, &layout), l);
    return (size_t)layout.size;
}

void lab_kernel_unlink(struct lab_kernel *l, const char *type, uint64_t va, const char *field)
{
    uint64_t on, back;

    if (field && !lab_kernel_field(l, type, va, field, &va))
        return;
    on = lab_kernel_u64(l, va);
    back = lab_kernel_u64(l, va + 8);
    if (on == 0)
        return; /* it is in none */
    hostile_memory_write_u64(l->memory, back, on);
    hostile_memory_write_u64(l->memory, on + 8, back);
}

void lab_kernel_overwrite(struct lab_kernel *l, uint64_t va, size_t len)
{
    for (size_t i = 0; i < len; i += 8)
        hostile_memory_write_u64(l->memory, va + i, UINT64_C(0x6b6a6968edececeb) + i);
}
