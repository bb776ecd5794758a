#include <walker/modules.h>

#include <kdproto/bytes.h>
#include <walker/list.h>
#include <walker/text.h>

#include <inttypes.h>
#include <stdlib.h>

/* _KLDR_DATA_TABLE_ENTRY [seen]; the links come first. */
enum {
    ENTRY_DLL_BASE = 0x30,
    ENTRY_SIZE_OF_IMAGE = 0x40,
    ENTRY_FULL_DLL_NAME = 0x48,
    ENTRY_BASE_DLL_NAME = 0x58,
    ENTRY_CHECK_SUM = 0x78,
    ENTRY_TIME_DATE_STAMP = 0x9c,
    ENTRY_LEN = 0xa0,
};

/* The name at `offset` of an entry of which `got` bytes are known. */
static enum kd_status read_name(struct kdw_mem *mem, const uint8_t *entry, size_t got,
                                size_t offset, uint64_t fault, struct kdw_text *out)
{
    if (offset + KDW_UNICODE_LEN > got) {
        *out = (struct kdw_text){.status = KD_ERR_NOT_MAPPED, .fault_va = fault};
        return KD_ERR_NOT_MAPPED;
    }
    return kdw_unicode_of(mem, entry + offset, out);
}

/* Fails with what ends a walk only. */
static enum kd_status read_entry(struct kdw_mem *mem, uint64_t va, struct kdw_module *m)
{
    uint8_t entry[ENTRY_LEN] = {0};
    struct kd_reader r = kd_reader_of(entry, sizeof entry);
    size_t got;
    enum kd_status st;

    m->entry_va = va;
    m->status = kdw_mem_read(mem, va, entry, sizeof entry, &m->fault_va);
    if (kdw_ends_walk(m->status))
        return m->status;
    got = m->status == KD_OK ? sizeof entry : (size_t)(m->fault_va - va);
    for (size_t i = got; i < sizeof entry; i++)
        entry[i] = 0; /* a source may have scribbled behind the fault */

    kd_rd_seek(&r, ENTRY_DLL_BASE);
    m->base_va = kd_rd_u64(&r);
    kd_rd_seek(&r, ENTRY_SIZE_OF_IMAGE);
    m->size = kd_rd_u32(&r);
    kd_rd_seek(&r, ENTRY_CHECK_SUM);
    m->checksum = kd_rd_u32(&r);
    kd_rd_seek(&r, ENTRY_TIME_DATE_STAMP);
    m->timestamp = kd_rd_u32(&r);

    st = read_name(mem, entry, got, ENTRY_FULL_DLL_NAME, m->fault_va, &m->full_name);
    if (!kdw_ends_walk(st))
        st = read_name(mem, entry, got, ENTRY_BASE_DLL_NAME, m->fault_va, &m->base_name);
    return kdw_ends_walk(st) ? st : KD_OK;
}

static bool has_gap(const struct kdw_module *m)
{
    return m->status != KD_OK || m->full_name.status != KD_OK || m->base_name.status != KD_OK;
}

/* Room for one more, zeroed; counted at once so that whatever it comes to own is freed. */
static struct kdw_module *add(struct kdw_module_list *l, size_t *room)
{
    if (l->len == *room) {
        size_t more = *room ? 2 * *room : 64;
        struct kdw_module *bigger = realloc(l->modules, more * sizeof *bigger);

        if (!bigger)
            return NULL;
        l->modules = bigger;
        *room = more;
    }
    l->modules[l->len] = (struct kdw_module){0};
    return &l->modules[l->len++];
}

enum kd_status kdw_modules(struct kdw_mem *mem, uint64_t list_head_va, struct kd_diag *diag,
                           struct kdw_module_list *out)
{
    struct kdw_module_list l = {0};
    struct kdw_list list;
    enum kd_status st = KD_OK;
    uint64_t va;
    size_t room = 0;

    if (list_head_va == 0)
        return kd_diag_set(diag, KD_ERR_NOT_FOUND,
                           "the target does not say where its module list is");
    kdw_list_begin(&list, mem, list_head_va, KDW_MODULES_MAX);
    while (st == KD_OK && kdw_list_next(&list, &va)) {
        struct kdw_module *m = add(&l, &room);

        st = m ? read_entry(mem, va, m) : KD_ERR_NO_MEMORY;
        if (st == KD_OK && has_gap(m))
            l.has_gaps = true;
    }
    if (st == KD_OK && (kdw_ends_walk(list.end) || (list.end != KD_OK && l.len == 0)))
        st = list.end;
    if (st != KD_OK) {
        kdw_module_list_free(&l);
        return kdw_explain_read(diag, st, "module list at 0x%" PRIx64, list_head_va);
    }
    l.end = list.end;
    l.end_va = list.end_va;
    l.has_gaps = l.has_gaps || list.end != KD_OK;
    *out = l;
    return KD_OK;
}

void kdw_module_list_free(struct kdw_module_list *l)
{
    for (size_t i = 0; i < l->len; i++) {
        kdw_text_free(&l->modules[i].full_name);
        kdw_text_free(&l->modules[i].base_name);
    }
    free(l->modules);
    *l = (struct kdw_module_list){0};
}
