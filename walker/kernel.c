#include <walker/kernel.h>

#include <walker/modules.h>

#include <inttypes.h>

/* Loaders copy time stamp, size and checksum of an image into the list of modules [seen]: they are known
 * where its headers are not in memory any more. */
static enum kd_status identify_by_list(struct kdw_kernel *k)
{
    struct kdw_module first;
    enum kd_status st = kdw_first_module(k->mem, k->target->module_list_va, NULL, &first);

    if (st != KD_OK)
        return kdw_ends_walk(st) ? st : KD_OK;
    if (first.base_va.status == KD_OK && first.base_va.value == k->base_va &&
        first.timestamp.status == KD_OK && first.size.status == KD_OK) {
        k->pe.timestamp = (uint32_t)first.timestamp.value;
        k->pe.image_size = (uint32_t)first.size.value;
        k->pe.checksum = (uint32_t)first.checksum.value; /* 0 where it is not known */
    }
    kdw_module_free(&first);
    return KD_OK;
}

enum kd_status kdw_kernel_open(struct kdw_mem *mem, const struct kdw_target *target,
                               struct kd_diag *diag, struct kdw_kernel *out)
{
    struct kdw_kernel k = {.mem = mem, .target = target, .diag = diag};
    enum kd_status st;

    k.base_va = target->kernel_base_va;
    if (k.base_va == 0)
        return kd_diag_set(diag, KD_ERR_NOT_FOUND, "the target does not say where its kernel is");
    st = kdw_pe_read(mem, k.base_va, diag, &k.pe);
    if (st != KD_OK)
        kd_diag_add(diag, st, "kernel");
    if (kd_is_unreadable(st) && target->module_list_va != 0)
        st = identify_by_list(&k);
    if (st != KD_OK && !kd_is_unreadable(st))
        return st;
    *out = k;
    return KD_OK;
}

/* A variable whose place the target itself names must be where the symbols put it. */
static enum kd_status check_landmark(struct kdw_kernel *k, struct kdw_symbols *symbols)
{
    uint64_t said = k->target->module_list_va;
    uint64_t rva;
    enum kd_status st;

    if (said == 0)
        return KD_OK;
    st = kdw_symbol(symbols, "PsLoadedModuleList", &rva);
    if (st != KD_OK)
        return kd_diag_set(k->diag, st, "PsLoadedModuleList in the kernel's symbols: %s",
                           kd_status_text(st));
    if (k->base_va + rva != said)
        return kd_diag_set(k->diag, KD_ERR_MISMATCH,
                           "the symbols are of another kernel: they put PsLoadedModuleList at "
                           "0x%" PRIx64 ", the target has it at 0x%" PRIx64,
                           k->base_va + rva, said);
    return KD_OK;
}

enum kd_status kdw_kernel_use_symbols(struct kdw_kernel *k, struct kdw_symbols *symbols)
{
    enum kd_status st = check_landmark(k, symbols);

    if (st != KD_OK)
        return st;
    kdw_symbols_close(k->symbols);
    k->symbols = symbols;
    return KD_OK;
}

void kdw_kernel_close(struct kdw_kernel *k)
{
    kdw_symbols_close(k->symbols);
    k->symbols = NULL;
}

enum kd_status kdw_kernel_symbol(struct kdw_kernel *k, const char *name, uint64_t *va)
{
    uint64_t rva;
    enum kd_status st = kdw_symbol(k->symbols, name, &rva);

    if (st != KD_OK)
        return kd_diag_set(k->diag, st, "%s in the kernel's symbols: %s", name, kd_status_text(st));
    *va = k->base_va + rva;
    return KD_OK;
}

enum kd_status kdw_kernel_symbol_near(struct kdw_kernel *k, uint64_t va, const char **name,
                                      uint64_t *offset)
{
    uint64_t name_rva;
    enum kd_status st;

    if (va < k->base_va || va - k->base_va >= k->pe.image_size)
        return KD_ERR_NOT_FOUND;
    st = kdw_symbol_near(k->symbols, va - k->base_va, name, &name_rva);
    if (st == KD_OK)
        *offset = va - k->base_va - name_rva;
    return st;
}
