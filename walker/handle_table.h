/* handle_table.h - all entries of a handle table that are in use; private to the walker.
 *
 *     kdw_handle_table_begin(&table, w, &plan, table_va, limit);
 *     while (kdw_handle_table_next(&table, &handle))
 *         ...
 *     st = kdw_handle_table_end(&table, "ObjectTable", process_va);
 *
 * or, over pauses, kdw_handle_table_each: numbers stay, however a table grows, so it goes on at the number that
 * was reached.
 *
 * A table is a page of entries (a leaf), a page of pointers to leaves, or one of pointers to those: the
 * low bits of TableCode tell. Pages of pointers are filled from their beginning, so the first 0 ends
 * them. The first entry of each leaf is the kernel's own.
 *
 * Holes     A leaf that cannot be read is stepped over; where the first hole was, _end says.
 * Bounds    At most `limit` entries are looked at, in use or not.
 * Source    Levels and entries: public symbols [seen], public listings [guess]. */
#ifndef WALKER_HANDLE_TABLE_H
#define WALKER_HANDLE_TABLE_H

#include "walk.h"

struct kdw_handle {
    uint64_t entry_va;
    uint64_t handle;     /* 4, 8, ...; in PspCidTable the id of a process or thread */
    uint64_t pointer_va; /* the header of an object; in PspCidTable the object itself */
};

struct kdw_handle_plan {
    uint64_t table_code; /* offset */
    struct kdw_field_ref pointer;
    struct kdw_layout entry;
    size_t per_leaf; /* entries */
    bool exists;     /* the symbols have all of this */
};

struct kdw_handle_table {
    struct kdw_walk *w;
    const struct kdw_handle_plan *plan;
    uint64_t va;
    uint64_t code;           /* TableCode */
    uint64_t leaf_va;        /* 0: all were given out */
    size_t leaf, index;      /* number of that leaf, and of the entry in it that comes next */
    size_t looked_at, limit; /* entries */
    struct kdw_list broken;  /* where it did not end as it should, as of a list */
};

/* The plan must stay where it is. Fails with what ends a walk. */
enum kd_status kdw_handle_plan_resolve(struct kdw_walk *w, struct kdw_handle_plan *out);

void kdw_handle_table_begin(struct kdw_handle_table *t, struct kdw_walk *w,
                            const struct kdw_handle_plan *plan, uint64_t va, size_t limit);
bool kdw_handle_table_next(struct kdw_handle_table *t, struct kdw_handle *out);
/* The target ran: where the pages are now. */
void kdw_handle_table_resume(struct kdw_handle_table *t);
/* What a handle leads to cannot be read: as bad as a hole in the table itself. */
void kdw_handle_table_hole(struct kdw_handle_table *t, enum kd_status why, uint64_t va);
/* As kdw_walk_list_end. */
enum kd_status kdw_handle_table_end(struct kdw_handle_table *t, const char *name,
                                    uint64_t owner_va);

typedef enum kd_status kdw_note_handle(struct kdw_walk *w, const void *ctx,
                                       struct kdw_handle_table *t, const struct kdw_handle *h);
/* All of the table at list->head_va, each a unit; otherwise as kdw_walk_each, of which list says the rest. */
enum kd_status kdw_handle_table_each(struct kdw_walk *w, const struct kdw_handle_plan *plan,
                                     const struct kdw_walk_list *list, size_t *left,
                                     kdw_note_handle *note, const void *ctx);

#endif
