#include "handle_table.h"

enum {
    PAGE_LEN = 4096,
    POINTER_LEN = 8,
    POINTERS = PAGE_LEN / POINTER_LEN,
    ENTRY_LEN_MIN = 8,
    LEVEL_BITS = 3,
    HANDLE_STEP = 4,   /* handles count in fours [doc] */
    POINTER_SHIFT = 4, /* what is pointed to is aligned to 16 bytes */
};
#define POINTER_TOP UINT64_C(0xffff000000000000) /* of every kernel address */

enum kd_status kdw_handle_plan_resolve(struct kdw_walk *w, struct kdw_handle_plan *out)
{
    static const char *const names[] = {"ObjectPointerBits"};
    bool has_code = false;
    enum kd_status st =
        kdw_walk_offset(w, "_HANDLE_TABLE", "TableCode", &out->table_code, &has_code);

    if (st == KD_OK)
        st = kdw_layout_resolve_optional(w->k, "_HANDLE_TABLE_ENTRY", names, 1, &out->pointer,
                                         &out->entry);
    out->exists = has_code && out->pointer.exists && out->entry.size >= ENTRY_LEN_MIN &&
                  out->entry.size <= PAGE_LEN;
    out->per_leaf = out->exists ? (size_t)(PAGE_LEN / out->entry.size) : 0;
    return st;
}

void kdw_handle_table_hole(struct kdw_handle_table *t, enum kd_status why, uint64_t va)
{
    if (t->broken.end != KD_OK && !kdw_ends_walk(why))
        return; /* the first is told */
    t->broken.end = why;
    t->broken.end_va = va;
}

static bool stop(struct kdw_handle_table *t, enum kd_status why, uint64_t va)
{
    kdw_handle_table_hole(t, why, va);
    t->leaf_va = 0;
    return false;
}

/* A pointer in a page of pointers; 0 there is the end of all. */
static bool follow(struct kdw_handle_table *t, uint64_t page_va, size_t number, uint64_t *out)
{
    uint64_t va = page_va + POINTER_LEN * number;
    enum kd_status st = kdw_mem_u64(t->w->k->mem, va, out);

    if (st != KD_OK)
        return stop(t, st, va);
    return *out != 0;
}

/* Where leaf number t->leaf is; 0: there is none. */
static void find_leaf(struct kdw_handle_table *t)
{
    uint64_t at = t->code & ~(uint64_t)LEVEL_BITS;
    bool is_there = at != 0;

    switch (t->code & LEVEL_BITS) {
    case 0:
        is_there = is_there && t->leaf == 0;
        break;
    case 1:
        is_there = is_there && t->leaf < POINTERS && follow(t, at, t->leaf, &at);
        break;
    case 2:
        is_there = is_there && t->leaf / POINTERS < POINTERS &&
                   follow(t, at, t->leaf / POINTERS, &at) && follow(t, at, t->leaf % POINTERS, &at);
        break;
    default:
        is_there = stop(t, KD_ERR_MALFORMED, t->va + t->plan->table_code);
    }
    t->leaf_va = is_there ? at : 0;
    t->index = 1; /* the first is the kernel's own */
}

static void next_leaf(struct kdw_handle_table *t)
{
    if (t->leaf_va == 0)
        return; /* all is over */
    t->leaf++;
    find_leaf(t);
}

void kdw_handle_table_begin(struct kdw_handle_table *t, struct kdw_walk *w,
                            const struct kdw_handle_plan *plan, uint64_t va, size_t limit)
{
    enum kd_status st;

    *t = (struct kdw_handle_table){
        .w = w, .plan = plan, .va = va, .limit = limit, .broken.head_va = va};
    if (!plan->exists)
        return;
    st = kdw_mem_u64(w->k->mem, va + plan->table_code, &t->code);
    if (st == KD_OK)
        find_leaf(t);
    else
        kdw_handle_table_hole(t, st, va + plan->table_code);
}

void kdw_handle_table_resume(struct kdw_handle_table *t)
{
    size_t index = t->index;
    uint64_t va = t->va + t->plan->table_code;
    enum kd_status st = kdw_mem_u64(t->w->k->mem, va, &t->code);

    if (st != KD_OK) {
        (void)stop(t, st, va);
        return;
    }
    find_leaf(t);
    t->index = index;
}

/* The entry at va. False: it is not in use, or not known; then that is noted. */
static bool read_entry(struct kdw_handle_table *t, uint64_t va, uint64_t *pointer_va)
{
    struct kdw_u64 bits;
    enum kd_status st = kdw_field_u64(t->w->k->mem, &t->plan->entry, 0, va, &bits);

    if (kdw_ends_walk(st))
        return stop(t, st, va);
    if (st != KD_OK)
        kdw_handle_table_hole(t, st, bits.fault_va);
    if (kd_is_page_unreadable(st)) { /* it takes the rest of the leaf with it */
        t->looked_at += t->plan->per_leaf - t->index;
        t->index = t->plan->per_leaf;
    }
    *pointer_va = bits.value << POINTER_SHIFT | POINTER_TOP;
    return st == KD_OK && bits.value != 0;
}

bool kdw_handle_table_next(struct kdw_handle_table *t, struct kdw_handle *out)
{
    for (; t->leaf_va; next_leaf(t)) {
        while (t->leaf_va && t->index < t->plan->per_leaf) {
            size_t index = t->index++;

            out->entry_va = t->leaf_va + index * t->plan->entry.size;
            out->handle = HANDLE_STEP * (uint64_t)(t->leaf * t->plan->per_leaf + index);
            if (t->looked_at >= t->limit)
                return stop(t, KD_ERR_LIMIT, out->entry_va);
            t->looked_at++;
            if (!read_entry(t, out->entry_va, &out->pointer_va))
                continue;
            t->broken.count++;
            return true;
        }
    }
    return false;
}

enum kd_status kdw_handle_table_end(struct kdw_handle_table *t, const char *name, uint64_t owner_va)
{
    return kdw_walk_list_end(t->w, &t->broken, name, owner_va);
}

struct way { /* through a table */
    const struct kdw_handle_plan *plan;
    const struct kdw_walk_list *list;
    kdw_note_handle *note;
    const void *ctx;
    size_t limit;

    struct kdw_handle_table at;
    uint32_t look; /* in which that was true */
    bool has_begun, is_over;
};

/* The place in this look, in *at; way->is_over: there is none any more. */
static enum kd_status find_place(struct kdw_walk *w, struct way *way, struct kdw_handle_table *at)
{
    bool is_there = true;
    enum kd_status st = KD_OK;

    if (way->has_begun && way->look == w->s->looks)
        return KD_OK;
    if (way->list->is_there)
        st = way->list->is_there(w, way->list->owner, &is_there);
    way->is_over = !is_there;
    if (st != KD_OK || !is_there)
        return st;
    if (way->has_begun)
        kdw_handle_table_resume(at);
    else
        kdw_handle_table_begin(at, w, way->plan, way->list->head_va, way->limit);
    return kdw_ends_walk(at->broken.end) ? at->broken.end : KD_OK;
}

/* A unit: the next handle. */
static enum kd_status step(struct kdw_walk *w, void *arg)
{
    struct way *way = arg;
    struct kdw_handle_table at = way->at; /* nothing of a step counts that was interrupted */
    struct kdw_handle handle;
    enum kd_status st;

    way->is_over = false;
    st = find_place(w, way, &at);
    if (st != KD_OK || way->is_over)
        return st;
    way->is_over = !kdw_handle_table_next(&at, &handle);
    if (way->is_over)
        st = kdw_ends_walk(at.broken.end) ? at.broken.end : KD_OK;
    else
        st = way->note(w, way->ctx, &at, &handle);
    if (st != KD_OK)
        return st;
    way->at = at;
    way->look = w->s->looks;
    way->has_begun = true;
    return KD_OK;
}

enum kd_status kdw_handle_table_each(struct kdw_walk *w, const struct kdw_handle_plan *plan,
                                     const struct kdw_walk_list *list, size_t *left,
                                     kdw_note_handle *note, const void *ctx)
{
    struct way way = {.plan = plan, .list = list, .note = note, .ctx = ctx, .limit = *left};
    enum kd_status st = KD_OK;

    while (st == KD_OK && !way.is_over)
        st = kdw_walk_unit(w, step, &way);
    *left -= way.at.looked_at < *left ? way.at.looked_at : *left;
    return st == KD_OK && way.has_begun ? kdw_handle_table_end(&way.at, list->name, list->owner_va)
                                        : st;
}
