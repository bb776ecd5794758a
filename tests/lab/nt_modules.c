/* nt_modules.c - the list of loaded modules of one kernel, and the headers of those that are mapped. */
#include "nt_parts.h"

struct loaded {
    const char *name, *full_name;
    uint64_t base;
    uint32_t size, checksum, timestamp;
};

static void add(struct lab_machine *m, const struct loaded *l)
{
    struct _KLDR_DATA_TABLE_ENTRY e = {0};
    uint64_t va = pool_alloc(m, sizeof(e), "MmLd");

    e.DllBase = target_pointer(l->base);
    e.EntryPoint = target_pointer(l->base + 0x1000);
    e.SizeOfImage = e.SizeOfImageNotRounded = l->size;
    e.CheckSum = l->checksum;
    e.TimeDateStamp = l->timestamp;
    e.Flags = 0x09004000;
    e.LoadCount = 1;
    put(m, va, &e, sizeof(e));
    put_string(m, va + offsetof(struct _KLDR_DATA_TABLE_ENTRY, FullDllName), l->full_name, "MmLd");
    put_string(m, va + offsetof(struct _KLDR_DATA_TABLE_ENTRY, BaseDllName), l->name, "MmLd");
    list_append(m, m->info.module_list, va);
    tell(m->truth, TRUTH_MODULES, va);
    tell_word(m->truth, "base", l->base);
    tell_number(m->truth, "size", l->size);
    tell_text(m->truth, "name", l->name);
    tell_text(m->truth, "path", l->full_name);
}

/* A page with the headers of an image that has one section and says nothing of its PDB. */
static void headers(struct lab_machine *m, const struct loaded *l)
{
    const uint64_t pe = l->base + 0xe8, optional = pe + 24, section = optional + 240;

    put(m, l->base, "MZ", 2);
    put_u32(m, l->base + 0x3c, 0xe8);
    put(m, pe, "PE\0\0", 4);
    put_u32(m, pe + 4, 0x8664 | 1 << 16);
    put_u32(m, pe + 8, l->timestamp);
    put_u32(m, pe + 20, 240 | 0x22 << 16);
    put_u32(m, optional, 0x20b);
    put_u32(m, optional + 16, 0x1000);
    put_u64(m, optional + 24, l->base);
    put_u32(m, optional + 32, LAB_PAGE);
    put_u32(m, optional + 36, 0x200);
    put_u32(m, optional + 56, l->size);
    put_u32(m, optional + 60, 0x400);
    put_u32(m, optional + 64, l->checksum);
    put_u32(m, optional + 108, 16);
    put(m, section, ".text", 5);
    put_u32(m, section + 8, l->size - 0x1000);
    put_u32(m, section + 12, 0x1000);
    put_u32(m, section + 36, 0x68000020);
}

void nt_modules(struct lab_machine *m)
{
    struct loaded kernel = {
        .name = "ntoskrnl.exe",
        .full_name = m->info.kernel_path,
        .base = m->info.kernel_base,
        .size = m->info.kernel_size,
        .checksum = m->info.kernel_checksum,
        .timestamp = m->kernel_timestamp,
    };

    list_init(m, m->info.module_list);
    add(m, &kernel);
    for (size_t i = 0; i < m->cast->module_count; i++) {
        const struct lab_module *module = &m->cast->modules[i];
        char full_name[128] = "";
        struct loaded l = {module->name, full_name, module->base, module->size, 0, 0};

        l.timestamp = module->timestamp;
        l.checksum = module->timestamp % 0xfffff;
        strncat(full_name, module->folder, 90);
        strncat(full_name, module->name, 30);
        add(m, &l);
        if (!module->is_paged_out)
            headers(m, &l);
    }
}
