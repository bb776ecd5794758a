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
