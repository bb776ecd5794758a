#include <walker/list.h>

#include <kdproto/bytes.h>

/* Both links of one entry. */
static enum kd_status read_links(struct kdw_mem *mem, uint64_t va, uint64_t *flink, uint64_t *blink)
{
    uint8_t bytes[16] = {0};
    struct kd_reader r = kd_reader_of(bytes, sizeof bytes);
    enum kd_status st;

    st = kdw_mem_read(mem, va, bytes, sizeof bytes, NULL);
    if (st != KD_OK)
        return st;
    *flink = kd_rd_u64(&r);
    *blink = kd_rd_u64(&r);
    return KD_OK;
}

static bool stop(struct kdw_list *l, enum kd_status why, uint64_t va)
{
    l->end = why;
    l->end_va = va;
    return false;
}

/* Walks the list once more, over memory that was just read. */
static bool was_given_out(const struct kdw_list *l, uint64_t va)
{
    uint64_t at = l->head_va;

    for (size_t i = 0; i < l->count; i++) {
        uint64_t blink;

        if (read_links(l->mem, at, &at, &blink) != KD_OK)
            return false;
        if (at == va)
            return true;
    }
    return false;
}

void kdw_list_begin(struct kdw_list *l, struct kdw_mem *mem, uint64_t head_va, size_t limit)
{
    *l = (struct kdw_list){.mem = mem, .head_va = head_va, .last_va = head_va, .limit = limit};
    l->end = read_links(mem, head_va, &l->next_va, &l->head_back);
    if (l->end != KD_OK)
        (void)stop(l, l->end, head_va);
}

bool kdw_list_next(struct kdw_list *l, uint64_t *entry_va)
{
    uint64_t va = l->next_va;
    uint64_t flink = 0, blink = 0;
    enum kd_status st;

    if (l->end != KD_OK)
        return false;
    if (va == l->head_va)
        return l->head_back == l->last_va ? false : stop(l, KD_ERR_MISMATCH, va);
    if (l->count == l->limit)
        return stop(l, KD_ERR_LIMIT, va);
    st = read_links(l->mem, va, &flink, &blink);
    if (st != KD_OK)
        return stop(l, st, va);
    if (blink != l->last_va)
        return stop(l, was_given_out(l, va) ? KD_ERR_CYCLE : KD_ERR_MISMATCH, va);
    l->last_va = va;
    l->next_va = flink;
    l->count++;
    *entry_va = va;
    return true;
}
