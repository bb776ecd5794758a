/* walk_unit.c - a walk in pieces: between two of them it may pause, while the target runs. */
#include "walk.h"

enum {
    /* A unit that was interrupted in the middle of a look, and again in the two next, is too long for any: in one
     * of these whoever paused may have read something else first, hardly in both. */
    HELD_FROM = 3,
    TRIES_MAX = 16, /* for a source that interrupts all the same */
    /* Of a list in which whatever was reached is taken out meanwhile: then its end is not worth more pauses. */
    RESTARTS_MAX = 4,
};

static enum kd_status begin_look(struct kdw_walk *w)
{
    enum kd_status st = w->opts.pause(w->opts.ctx);

    if (st == KD_OK)
        w->s->looks++;
    return st;
}

enum kd_status kdw_walk_unit(struct kdw_walk *w, kdw_unit *unit, void *arg)
{
    struct kdw_snapshot_mark mark;
    enum kd_status st;

    if (w->is_in_unit)
        return unit(w, arg);
    mark = kdw_snapshot_mark(w->s);
    for (unsigned tries = 0;; tries++) {
        if (w->opts.unit)
            w->opts.unit(w->opts.ctx, tries >= HELD_FROM);
        w->is_in_unit = true;
        st = unit(w, arg);
        w->is_in_unit = false;
        if (st != KD_ERR_INTERRUPTED || !w->opts.pause || tries == TRIES_MAX)
            return st;
        kdw_snapshot_rewind(w->s, &mark);
        st = begin_look(w);
        if (st != KD_OK)
            return st;
    }
}

/* ---- lists ---- */

struct way { /* through a list, from one end */
    const struct kdw_walk_list *list;
    kdw_note *note;
    const void *ctx;
    size_t limit;
    bool is_back;

    struct kdw_list at;
    uint32_t look; /* in which that was true */
    bool has_begun, is_over, is_lost;
};

/* The list's place in this look, in *at. */
static enum kd_status find_place(struct kdw_walk *w, struct way *way, struct kdw_list *at)
{
    bool is_there = true;
    enum kd_status st = KD_OK;

    if (way->has_begun && way->look == w->s->looks)
        return KD_OK;
    if (way->list->is_there)
        st = way->list->is_there(w, way->list->owner, &is_there);
    if (st != KD_OK || !is_there) {
        way->is_over = true;
        return st;
    }
    if (way->has_begun)
        way->is_lost = !kdw_list_resume(at);
    else if (way->is_back)
        kdw_list_begin_back(at, w->k->mem, way->list->head_va, way->limit);
    else
        kdw_list_begin(at, w->k->mem, way->list->head_va, way->limit);
    return kdw_ends_walk(at->end) ? at->end : KD_OK;
}

/* A unit: the next entry. */
static enum kd_status step(struct kdw_walk *w, void *arg)
{
    struct way *way = arg;
    struct kdw_list at = way->at; /* nothing of a step counts that was interrupted */
    uint64_t links_va;
    enum kd_status st;

    way->is_over = way->is_lost = false;
    st = find_place(w, way, &at);
    if (st != KD_OK || way->is_over || way->is_lost)
        return st;
    way->is_over = !kdw_list_next(&at, &links_va);
    if (way->is_over)
        st = kdw_ends_walk(at.end) ? at.end : KD_OK;
    else
        st = way->note(w, way->ctx, links_va);
    if (st != KD_OK)
        return st;
    way->at = at;
    way->look = w->s->looks;
    way->has_begun = true;
    return KD_OK;
}

/* *is_told_off: it is not to be walked to its end. */
static enum kd_status go(struct kdw_walk *w, struct way *way, bool *is_told_off)
{
    const struct kdw_snapshot_mark mark = kdw_snapshot_mark(w->s);
    enum kd_status st = KD_OK;

    for (unsigned restarts = 0;; restarts++) {
        do
            st = kdw_walk_unit(w, step, way);
        while (st == KD_OK && !way->is_over && !way->is_lost);
        *is_told_off = way->is_lost && restarts == RESTARTS_MAX;
        if (st != KD_OK || !way->is_lost || *is_told_off)
            return st;
        kdw_snapshot_rewind(w->s, &mark);
        way->at = (struct kdw_list){0};
        way->has_begun = false;
    }
}

static bool goes_back(enum kdw_back back, enum kd_status end)
{
    return back == KDW_BACK_FROM_ANY_END ? end != KD_OK
                                         : back == KDW_BACK_FROM_HOLES && kd_is_unreadable(end);
}

enum kd_status kdw_walk_each(struct kdw_walk *w, const struct kdw_walk_list *list, size_t *left,
                             kdw_note *note, const void *ctx)
{
    struct way way = {.list = list, .note = note, .ctx = ctx, .limit = *left};
    struct way back = way;
    bool is_told_off = false;
    enum kd_status st = go(w, &way, &is_told_off);

    *left -= way.at.count;
    if (st != KD_OK)
        return st;
    if (is_told_off) {
        way.at.end = KD_ERR_INTERRUPTED;
        way.at.end_va = way.at.last_va;
        return kdw_walk_list_tell(w, &way.at, list->name, list->owner_va);
    }
    if (goes_back(list->back, way.at.end)) {
        back.is_back = true;
        back.limit = *left;
        st = go(w, &back, &is_told_off);
        *left -= back.at.count;
    }
    return st == KD_OK ? kdw_walk_list_end(w, &way.at, list->name, list->owner_va) : st;
}
