#include <walker/list.h>

#include <kdproto/bytes.h>

/* Both links of one entry: the one that leads on, and the one that leads back. */
static enum kd_status read_links(const struct kdw_list *l, uint64_t va, uint64_t *on,
                                 uint64_t *back)
{
    uint8_t bytes[16] = {0};
    struct kd_reader r = kd_reader_of(bytes, sizeof bytes);
    enum kd_status st;

    st = kdw_mem_read(l->mem, va, bytes, sizeof bytes, NULL);
    if (st != KD_OK)
        return st;
    *(l->is_back ? back : on) = kd_rd_u64(&r);
    *(l->is_back ? on : back) = kd_rd_u64(&r);
    return KD_OK;
}

static bool stop(struct kdw_list *l, enum kd_status why, uint64_t va)
{
    l->end = why;
    l->end_va = va;
    return false;
}

/* Why va does not point back: it was given out before, or it is none of this list. Walks the list once
 * more, over memory that was just read; after a pause it was not, and need not lead through the same. */
static enum kd_status why_no_way_back(const struct kdw_list *l, uint64_t va)
{
    uint64_t at = l->head_va;

    for (size_t i = 0; i < l->count && !l->is_resumed; i++) {
        uint64_t back;
        enum kd_status st = read_links(l, at, &at, &back);

        if (st != KD_OK)
            return kdw_ends_walk(st) ? st : KD_ERR_MISMATCH;
        if (at == va)
            return KD_ERR_CYCLE;
    }
    return KD_ERR_MISMATCH;
}

static void begin(struct kdw_list *l)
{
    l->last_va = l->prev_va = l->head_va;
    l->end = read_links(l, l->head_va, &l->next_va, &l->head_back);
    if (l->end != KD_OK)
        (void)stop(l, l->end, l->head_va);
}

void kdw_list_begin(struct kdw_list *l, struct kdw_mem *mem, uint64_t head_va, size_t limit)
{
    *l = (struct kdw_list){.mem = mem, .head_va = head_va, .limit = limit};
    begin(l);
}

void kdw_list_begin_back(struct kdw_list *l, struct kdw_mem *mem, uint64_t head_va, size_t limit)
{
    *l = (struct kdw_list){.mem = mem, .is_back = true, .head_va = head_va, .limit = limit};
    begin(l);
}

bool kdw_list_next(struct kdw_list *l, uint64_t *entry_va)
{
    uint64_t va = l->next_va;
    uint64_t on = 0, back = 0;
    enum kd_status st;

    if (l->end != KD_OK)
        return false;
    if (va == l->head_va)
        return l->head_back == l->last_va ? false : stop(l, KD_ERR_MISMATCH, va);
    if (l->count == l->limit)
        return stop(l, KD_ERR_LIMIT, va);
    st = read_links(l, va, &on, &back);
    if (st != KD_OK)
        return stop(l, st, va);
    if (back != l->last_va)
        return stop(l, why_no_way_back(l, va), va);
    l->prev_va = l->last_va;
    l->last_va = va;
    l->next_va = on;
    l->count++;
    *entry_va = va;
    return true;
}

/* Whether the last entry and the one before it still point to each other. */
static enum kd_status find_place(const struct kdw_list *l, uint64_t *next_va)
{
    uint64_t next = 0, back = 0, on = 0, before = 0;
    enum kd_status st = read_links(l, l->last_va, &next, &back);

    if (st == KD_OK && back == l->prev_va)
        st = read_links(l, l->prev_va, &on, &before);
    if (st == KD_OK && (back != l->prev_va || on != l->last_va))
        st = KD_ERR_MISMATCH;
    if (st == KD_OK)
        *next_va = next;
    return st;
}

bool kdw_list_resume(struct kdw_list *l)
{
    uint64_t next_va = 0;
    enum kd_status st = read_links(l, l->head_va, &next_va, &l->head_back);

    if (st == KD_OK && l->count > 0)
        st = find_place(l, &next_va);
    if (st != KD_OK)
        return stop(l, st, l->last_va);
    l->next_va = next_va;
    l->is_resumed = true;
    return true;
}
