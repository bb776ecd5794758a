/* silo_monitor.c - drivers that are told of silos, and what they keep with each.
 *
 * Source    Nodes of the list: a public debugger script after public research [doc]: links, slot at
 *           0x14, callbacks at 0x18 and 0x20, the driver's name at 0x28. Storage: 32 entries of a lock
 *           and a pointer whose bit 0 is a flag, then a pointer to 256 more [guess: public listings]. */
#include "people.h"

enum {
    NODE_SLOT = 0x14,
    NODE_CREATE = 0x18,
    NODE_TERMINATE = 0x20,
    NODE_NAME = 0x28,

    PAGE_LEN = 4096,
    ENTRY_LEN = 16,
    ENTRY_POINTER = 8,
    FIRST_ENTRIES = 32,
    MORE_ENTRIES = 256,
};
#define POINTER_FLAG UINT64_C(1)

/* ---- storage ---- */

/* Entries one after the other, of which the first has this number. One that cannot be read stands for all
 * that are missing with it. */
static enum kd_status read_entries(struct kdw_walk *w, uint64_t silo_va, uint64_t va, size_t first,
                                   size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint64_t at = va + ENTRY_LEN * i;
        struct kdw_storage_slot *slot;
        struct kdw_u64 object;
        enum kd_status st = kdw_walk_u64(w, at + ENTRY_POINTER, &object);

        if (st != KD_OK)
            return st;
        if (object.status == KD_OK && (object.value & ~POINTER_FLAG) == 0)
            continue;
        slot = kdw_snapshot_add(w->s, KDW_TABLE_STORAGE, at);
        if (!slot)
            return w->s->tables[KDW_TABLE_STORAGE].is_cut ? KD_OK : KD_ERR_NO_MEMORY;
        slot->silo_va = kdw_known(silo_va);
        slot->slot = kdw_known(first + i);
        slot->object_va = object;
        if (object.status == KD_OK)
            slot->object_va.value &= ~POINTER_FLAG;
        else if (kd_is_page_unreadable(object.status))
            i += (PAGE_LEN - 1 - (object.fault_va & (PAGE_LEN - 1))) / ENTRY_LEN;
    }
    return KD_OK;
}

enum kd_status kdw_storage_read(struct kdw_walk *w, uint64_t silo_va, uint64_t storage_va)
{
    struct kdw_u64 more;
    enum kd_status st = read_entries(w, silo_va, storage_va, 0, FIRST_ENTRIES);

    if (st == KD_OK)
        st = kdw_walk_u64(w, storage_va + ENTRY_LEN * FIRST_ENTRIES, &more);
    if (st != KD_OK || !kdw_is_set(&more))
        return st;
    return read_entries(w, silo_va, more.value, FIRST_ENTRIES, MORE_ENTRIES);
}

/* ---- monitors ---- */

/* Links come first in a node. */
static enum kd_status note_monitor(struct kdw_walk *w, const void *ctx, uint64_t va)
{
    struct kdw_monitor *m;
    enum kd_status st;

    (void)ctx;
    if (kdw_snapshot_find(w->s, KDW_TABLE_MONITORS, va))
        return KD_OK;
    m = kdw_snapshot_add(w->s, KDW_TABLE_MONITORS, va);
    if (!m)
        return w->s->tables[KDW_TABLE_MONITORS].is_cut ? KD_OK : KD_ERR_NO_MEMORY;
    st = kdw_walk_u32(w, va + NODE_SLOT, &m->slot);
    if (st == KD_OK)
        st = kdw_walk_u64(w, va + NODE_CREATE, &m->create_va);
    if (st == KD_OK)
        st = kdw_walk_u64(w, va + NODE_TERMINATE, &m->terminate_va);
    if (st != KD_OK)
        return st;
    st = kdw_unicode_read(w->k->mem, va + NODE_NAME, &m->name);
    return kdw_ends_walk(st) ? st : KD_OK;
}

enum kd_status kdw_walk_monitors(struct kdw_walk *w)
{
    struct kdw_walk_list list = {.name = "PspSiloMonitorList", .back = KDW_BACK_NEVER};
    size_t left = kdw_snapshot_tables[KDW_TABLE_MONITORS].max;
    enum kd_status st;

    if (!(w->asked & KDW_PART_SILOS))
        return KD_OK;
    w->s->tables[KDW_TABLE_MONITORS].is_taken = true;
    st = kdw_walk_symbol(w, list.name, &list.head_va);
    if (st != KD_OK)
        return st == KD_ERR_NOT_FOUND ? KD_OK : st;
    return kdw_walk_each(w, &list, &left, note_monitor, NULL);
}
