#include <walker/kernel_scan.h>

#include <kdproto/bytes.h>
#include <walker/modules.h>
#include <walker/pe.h>
#include <walker/text.h>

#include <inttypes.h>
#include <string.h>

enum {
    PAGE_LEN = 0x1000,
    LARGE_PAGE_LEN = 0x200000,
    NEW_HEADER = 0x3C,  /* in the DOS header: where the PE header is */
    EXPORTS = 24 + 112, /* in the PE header of a 64-bit image: address of the export directory */
    EXPORT_NAME = 12,   /* in the export directory: RVA of the image's name */
    GATE_LEN = 16,
};

static bool is_kernel_pdb(const char *name)
{
    return strcmp(name, "ntkrnlmp.pdb") == 0 || strcmp(name, "ntoskrnl.pdb") == 0;
}

static enum kd_status read_u32(struct kdw_mem *mem, uint64_t at, uint32_t *out)
{
    uint8_t bytes[4] = {0};
    struct kd_reader r = kd_reader_of(bytes, sizeof bytes);
    enum kd_status st = kdw_mem_read(mem, at, bytes, sizeof bytes, NULL);

    if (st == KD_OK)
        *out = kd_rd_u32(&r);
    return st;
}

/* The name that the image itself exports under: for headers whose RSDS record is not there. */
static bool exports_as_kernel(struct kdw_mem *mem, uint64_t base_va, uint32_t image_size)
{
    uint32_t headers = 0, exports = 0, name_rva = 0;
    struct kdw_text name;
    bool is_it;

    if (read_u32(mem, base_va + NEW_HEADER, &headers) != KD_OK || headers >= image_size ||
        read_u32(mem, base_va + headers + EXPORTS, &exports) != KD_OK || exports >= image_size ||
        exports == 0 || read_u32(mem, base_va + exports + EXPORT_NAME, &name_rva) != KD_OK ||
        name_rva >= image_size || kdw_chars_read(mem, base_va + name_rva, 16, &name) != KD_OK)
        return false;
    is_it = strcmp(name.utf8, "ntoskrnl.exe") == 0;
    kdw_text_free(&name);
    return is_it;
}

static enum kd_status look_at(struct kdw_mem *mem, uint64_t va, bool *is_kernel)
{
    uint8_t magic[2] = {0};
    struct kdw_pe pe;
    enum kd_status st = kdw_mem_read(mem, va, magic, sizeof magic, NULL);

    *is_kernel = false;
    if (st != KD_OK || magic[0] != 'M' || magic[1] != 'Z')
        return st;
    st = kdw_pe_read(mem, va, NULL, &pe);
    if (st == KD_OK)
        *is_kernel = pe.has_pdb_id ? is_kernel_pdb(pe.pdb_id.name)
                                   : exports_as_kernel(mem, va, pe.image_size);
    return st;
}

/* Every `step` bytes downwards. */
static enum kd_status scan(struct kdw_mem *mem, uint64_t inside_va, uint64_t step,
                           uint64_t *base_va)
{
    uint64_t va = inside_va - inside_va % step;

    for (uint64_t back = 0; back < KDW_KERNEL_SCAN_MAX && back <= va; back += step) {
        bool is_kernel;
        enum kd_status st = look_at(mem, va - back, &is_kernel);

        if (kdw_ends_walk(st))
            return st;
        if (is_kernel) {
            *base_va = va - back;
            return KD_OK;
        }
    }
    return KD_ERR_NOT_FOUND;
}

enum kd_status kdw_kernel_scan(struct kdw_mem *mem, uint64_t inside_va, struct kd_diag *diag,
                               uint64_t *base_va)
{
    /* Where there are large pages the kernel begins with one: a few looks instead of thousands. */
    enum kd_status st = scan(mem, inside_va, LARGE_PAGE_LEN, base_va);

    if (st == KD_ERR_NOT_FOUND)
        st = scan(mem, inside_va, PAGE_LEN, base_va);
    if (st == KD_ERR_NOT_FOUND)
        return kd_diag_set(diag, st, "no image of the kernel in the %d MiB below 0x%" PRIx64,
                           KDW_KERNEL_SCAN_MAX >> 20, inside_va);
    return st == KD_OK ? KD_OK : kd_diag_add(diag, st, "looking for the kernel's image");
}

static bool is_kernels_entry(const struct kdw_module *m, uint64_t list_head_va)
{
    uint64_t base = m->base_va.value, size = m->size.value;

    return m->base_va.status == KD_OK && m->size.status == KD_OK && base >> 63 != 0 &&
           base % PAGE_LEN == 0 && size % PAGE_LEN == 0 && size <= KDW_KERNEL_SCAN_MAX &&
           list_head_va >= base && list_head_va - base < size &&
           (m->base_name.status != KD_OK || strcmp(m->base_name.utf8, "ntoskrnl.exe") == 0);
}

enum kd_status kdw_kernel_of_list(struct kdw_mem *mem, uint64_t list_head_va, uint64_t *base_va)
{
    struct kdw_module first;
    enum kd_status st = kdw_first_module(mem, list_head_va, NULL, &first);

    if (st != KD_OK)
        return kdw_ends_walk(st) ? st : KD_ERR_NOT_FOUND;
    st = is_kernels_entry(&first, list_head_va) ? KD_OK : KD_ERR_NOT_FOUND;
    if (st == KD_OK)
        *base_va = first.base_va.value;
    kdw_module_free(&first);
    return st;
}

enum kd_status kdw_first_handler(struct kdw_mem *mem, uint64_t idt_va, struct kd_diag *diag,
                                 uint64_t *handler_va)
{
    uint8_t gate[GATE_LEN] = {0};
    struct kd_reader r = kd_reader_of(gate, sizeof gate);
    enum kd_status st = kdw_mem_read(mem, idt_va, gate, sizeof gate, NULL);
    uint64_t low, middle;

    if (st != KD_OK)
        return kdw_explain_read(diag, st, "interrupt table at 0x%" PRIx64, idt_va);
    low = kd_rd_u16(&r);
    kd_rd_skip(&r, 4); /* selector, flags */
    middle = kd_rd_u16(&r);
    *handler_va = low | middle << 16 | (uint64_t)kd_rd_u32(&r) << 32;
    return KD_OK;
}
