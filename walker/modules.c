#include <walker/modules.h>

#include <kdproto/bytes.h>
#include <walker/list.h>
#include <walker/stretch.h>
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

/* An integer of `len` bytes at `offset`. */
static void read_integer(const struct kdw_stretch *entry, size_t offset, size_t len,
                         struct kdw_u64 *out)
{
    const uint8_t *at = NULL;

    *out = (struct kdw_u64){0};
    out->status = kdw_stretch_part(entry, offset, len, &at, &out->fault_va);
    if (out->status == KD_OK) {
        struct kd_reader r = kd_reader_of(at, len);

        out->value = len == 8 ? kd_rd_u64(&r) : kd_rd_u32(&r);
    }
}

static enum kd_status read_name(const struct kdw_stretch *entry, size_t offset,
                                struct kdw_text *out)
{
    const uint8_t *at = NULL;

    *out = (struct kdw_text){0};
    out->status = kdw_stretch_part(entry, offset, KDW_UNICODE_LEN, &at, &out->fault_va);
    return out->status == KD_OK ? kdw_unicode_of(entry->mem, at, out) : out->status;
}

enum kd_status kdw_module_read(struct kdw_mem *mem, uint64_t va, kdw_keep_names *keep,
                               const void *ctx, struct kdw_module *m)
{
    uint8_t bytes[ENTRY_LEN];
    struct kdw_stretch entry;
    enum kd_status st = kdw_stretch_read(mem, va, bytes, sizeof bytes, &entry);

    m->entry_va = va;
    if (st != KD_OK)
        return st;
    read_integer(&entry, ENTRY_DLL_BASE, 8, &m->base_va);
    read_integer(&entry, ENTRY_SIZE_OF_IMAGE, 4, &m->size);
    read_integer(&entry, ENTRY_CHECK_SUM, 4, &m->checksum);
    read_integer(&entry, ENTRY_TIME_DATE_STAMP, 4, &m->timestamp);
    if (keep && keep(ctx, m, &st))
        return st;
    st = read_name(&entry, ENTRY_FULL_DLL_NAME, &m->full_name);
    if (!kdw_ends_walk(st))
        st = read_name(&entry, ENTRY_BASE_DLL_NAME, &m->base_name);
    return kdw_ends_walk(st) ? st : KD_OK;
}

static bool has_gap(const struct kdw_module *m)
{
    return m->base_va.status != KD_OK || m->size.status != KD_OK || m->checksum.status != KD_OK ||
           m->timestamp.status != KD_OK || m->full_name.status != KD_OK ||
           m->base_name.status != KD_OK;
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

        st = m ? kdw_module_read(mem, va, NULL, NULL, m) : KD_ERR_NO_MEMORY;
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

enum kd_status kdw_first_module(struct kdw_mem *mem, uint64_t list_head_va, struct kd_diag *diag,
                                struct kdw_module *out)
{
    struct kdw_module m = {0};
    struct kdw_list list;
    enum kd_status st;
    uint64_t va;

    kdw_list_begin(&list, mem, list_head_va, 1);
    if (kdw_list_next(&list, &va))
        st = kdw_module_read(mem, va, NULL, NULL, &m);
    else
        st = list.end != KD_OK ? list.end : KD_ERR_NOT_FOUND;
    if (st != KD_OK) {
        kdw_module_free(&m);
        return kdw_explain_read(diag, st, "module list at 0x%" PRIx64, list_head_va);
    }
    *out = m;
    return KD_OK;
}

void kdw_module_free(struct kdw_module *m)
{
    kdw_text_free(&m->full_name);
    kdw_text_free(&m->base_name);
}

void kdw_module_list_free(struct kdw_module_list *l)
{
    for (size_t i = 0; i < l->len; i++)
        kdw_module_free(&l->modules[i]);
    free(l->modules);
    *l = (struct kdw_module_list){0};
}
