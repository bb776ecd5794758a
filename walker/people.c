#include "people.h"

enum kd_status kdw_place_resolve(struct kdw_walk *w, const char *type, const char *field,
                                 struct kdw_place *out)
{
    return kdw_walk_offset(w, type, field, &out->offset, &out->exists);
}

void *kdw_walk_find(struct kdw_walk *w, enum kdw_table_id table, uint64_t va)
{
    uint8_t *records = w->s->tables[table].records;
    const uint8_t *found = kdw_snapshot_find(w->s, table, va);

    return found ? records + (found - records) : NULL;
}

/* From one end; how many entries, as far as *left allows. */
static enum kd_status note_each(struct kdw_walk *w, struct kdw_list *walk, size_t *left,
                                kdw_note *note, const void *ctx)
{
    uint64_t links_va;
    enum kd_status st = KD_OK;

    while (st == KD_OK && kdw_list_next(walk, &links_va))
        st = note(w, ctx, links_va);
    *left -= walk->count;
    return st == KD_OK && kdw_ends_walk(walk->end) ? walk->end : st;
}

enum kd_status kdw_people_each(struct kdw_walk *w, const struct kdw_people_list *list, size_t *left,
                               kdw_note *note, const void *ctx)
{
    struct kdw_list walk, back;
    enum kd_status st;

    kdw_list_begin(&walk, w->k->mem, list->head_va, *left);
    st = note_each(w, &walk, left, note, ctx);
    if (st == KD_OK && walk.end != KD_OK) {
        kdw_list_begin_back(&back, w->k->mem, list->head_va, *left);
        st = note_each(w, &back, left, note, ctx);
    }
    return st == KD_OK ? kdw_walk_list_end(w, &walk, list->name, list->owner_va) : st;
}
