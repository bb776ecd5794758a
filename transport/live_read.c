#include "live_internal.h"

#include <inttypes.h>
#include <string.h>

enum {
    REQUEST_TIMEOUT_MS = 10000, /* a target repeats what we missed every 500 ms [doc] */
    PAGE_SIZE = 4096,
};

enum kd_status kdt_live_request(struct kdt_live *l, const struct kd_manipulate *request,
                                uint64_t until_ms)
{
    uint32_t timeout_ms =
        l->opts.request_timeout_ms ? l->opts.request_timeout_ms : REQUEST_TIMEOUT_MS;
    enum kd_status st = kdt_live_begin(l);
    uint64_t now = kdt_live_now_ms(l);

    if (st != KD_OK)
        return st;
    l->seen &= ~(unsigned)SEEN_REPLY;
    st = kd_session_request(l->session, request, now, &l->token);
    if (st == KD_ERR_INTERRUPTED)
        return kd_diag_set(l->opts.diag, st, "the target is not halted");
    if (st != KD_OK)
        return kd_diag_set(l->opts.diag, st, "%s", kd_status_text(st));
    kdt_live_flush(l);
    st = kdt_live_wait(l, SEEN_REPLY, kd_sooner(now + timeout_ms, until_ms));
    if (st != KD_OK)
        kd_session_drop_request(l->session);
    if (st == KD_ERR_TIMEOUT && l->over == KD_OK && now + timeout_ms <= until_ms)
        return kd_diag_set(l->opts.diag,
                           kdt_live_end(l, st, "the target did not answer %s within %" PRIu32 " ms",
                                        kd_api_name(request->api), timeout_ms),
                           "%s", l->reason.text);
    if (st != KD_OK)
        return st;
    /* A request that the session gave up was mostly given up for a reason that ends all. */
    if (l->reply_status != KD_OK && l->over != KD_OK)
        return kdt_live_begin(l);
    if (l->reply_status != KD_OK)
        return kd_diag_set(l->opts.diag, l->reply_status, "%s: %s", kd_api_name(request->api),
                           kd_status_text(l->reply_status));
    return KD_OK;
}

/* How much to ask for at once: what the link carries, and never across a page, because a target
 * that meets one unreadable page in a request need not say what it could read before it. */
static uint32_t piece_at(const struct kdt_live *l, uint64_t at, size_t left)
{
    size_t piece = PAGE_SIZE - (size_t)(at % PAGE_SIZE);

    if (piece > l->read_piece)
        piece = l->read_piece;
    return (uint32_t)(piece < left ? piece : left);
}

/* A short answer is not believed to be the last word, for a target may have a smaller buffer than
 * we think: the rest is asked for from there. An answer of nothing is, so each turn gets on. */
static enum kd_status read_memory(struct kdt_live *l, uint32_t api, uint64_t at, void *buf,
                                  size_t len, size_t *done)
{
    *done = 0;
    while (*done < len) {
        struct kd_manipulate request = {
            .api = api,
            .u.memory = {.va = at + *done, .count = piece_at(l, at + *done, len - *done)},
        };
        struct kd_span got;
        enum kd_status st = kdt_live_request(l, &request, KD_NEVER);

        if (st != KD_OK)
            return st;
        got = kd_manipulate_read_data(&l->reply, request.u.memory.count);
        if (got.len == 0)
            return kd_diag_set(l->opts.diag, KD_ERR_NOT_MAPPED, "not mapped at 0x%" PRIx64,
                               at + *done);
        memcpy((uint8_t *)buf + *done, got.data, got.len);
        *done += got.len;
    }
    return KD_OK;
}

enum kd_status kdt_live_read_virtual(struct kdt_live *l, uint64_t va, void *buf, size_t len,
                                     size_t *done)
{
    return read_memory(l, KD_API_READ_VIRTUAL, va, buf, len, done);
}

enum kd_status kdt_live_read_physical(struct kdt_live *l, uint64_t pa, void *buf, size_t len,
                                      size_t *done)
{
    return read_memory(l, KD_API_READ_PHYSICAL, pa, buf, len, done);
}

enum kd_status kdt_live_read_control(struct kdt_live *l, uint16_t processor, uint64_t index,
                                     void *buf, size_t len, size_t *got)
{
    struct kd_manipulate request = {
        .api = KD_API_READ_CONTROL_SPACE,
        .processor = processor,
        .u.memory = {.va = index, .count = (uint32_t)(len < l->read_piece ? len : l->read_piece)},
    };
    struct kd_span bytes;
    enum kd_status st = kdt_live_request(l, &request, KD_NEVER);

    if (st != KD_OK)
        return st;
    bytes = kd_manipulate_read_data(&l->reply, request.u.memory.count);
    if (bytes.len == 0)
        return kd_diag_set(l->opts.diag, KD_ERR_REFUSED,
                           "control space %" PRIu64 " of processor %u: NTSTATUS 0x%08" PRIX32,
                           index, processor, l->reply.status);
    memcpy(buf, bytes.data, bytes.len);
    *got = bytes.len;
    return KD_OK;
}
