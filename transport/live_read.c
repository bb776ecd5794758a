#include "live_internal.h"

#include <inttypes.h>
#include <string.h>

enum {
    REQUEST_TIMEOUT_MS = 10000, /* a target repeats what we missed every 500 ms [doc] */
    PAGE_SIZE = 4096,
    FRAMING_LEN = 256, /* around a reply: request, acknowledgements, headers */
};

/* A slow line's own time comes on top: request and reply, headers, acknowledgements, and as much
 * again for what is repeated. */
static uint64_t timeout_ms(const struct kdt_live *l, const struct kd_manipulate *request)
{
    uint64_t timeout = l->opts.request_timeout_ms ? l->opts.request_timeout_ms : REQUEST_TIMEOUT_MS;
    uint64_t len = KD_PACKET_DATA_MAX;

    if (request->api == KD_API_READ_VIRTUAL || request->api == KD_API_READ_PHYSICAL)
        len = request->u.memory.count;
    if (l->channel->bytes_per_second)
        timeout += 2 * (FRAMING_LEN + len) * 1000 / l->channel->bytes_per_second;
    return timeout;
}

/* KD_ERR_LOST while the session is not over: the connection was cut meanwhile. */
static enum kd_status ask(struct kdt_live *l, const struct kd_manipulate *request,
                          uint64_t until_ms)
{
    uint64_t now = kdt_live_now_ms(l);
    uint64_t timeout = timeout_ms(l, request);
    enum kd_status st;

    l->seen &= ~(unsigned)SEEN_REPLY;
    st = kd_session_request(l->session, request, now, &l->token);
    if (st == KD_ERR_INTERRUPTED)
        return kd_diag_set(l->opts.diag, st, "the target is not halted");
    if (st != KD_OK)
        return kd_diag_set(l->opts.diag, st, "%s", kd_status_text(st));
    kdt_live_flush(l);
    st = kdt_live_wait(l, SEEN_REPLY, kd_sooner(now + timeout, until_ms));
    if (st != KD_OK)
        kd_session_drop_request(l->session);
    if (st == KD_ERR_TIMEOUT && l->over == KD_OK && now + timeout <= until_ms)
        return kd_diag_set(l->opts.diag,
                           kdt_live_end(l, KD_ERR_LOST,
                                        "the target did not answer %s within %" PRIu64 " ms",
                                        kd_api_name(request->api), timeout),
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

enum kd_status kdt_live_request(struct kdt_live *l, const struct kd_manipulate *request,
                                uint64_t until_ms)
{
    bool may_repeat = kd_api_class(request->api) == KD_API_READS;
    enum kd_status st = kdt_live_begin(l);

    while (st == KD_OK) {
        if (l->is_cut)
            st = kdt_live_await_link(l, until_ms);
        if (st == KD_OK)
            st = ask(l, request, until_ms);
        if (st != KD_ERR_LOST || l->over != KD_OK || !may_repeat)
            return st;
        st = KD_OK; /* it was cut: again, over the next connection */
    }
    return st;
}

/* --- memory --- */

/* What surely can be answered as a whole, if its first byte can be read: within one page, because a
 * target that meets an unreadable page in a request need not say what it could read before it; and
 * no more than came before, because a target may refuse what is too large for it. */
static uint32_t safe_piece_at(const struct kdt_live *l, uint64_t at)
{
    uint32_t piece = PAGE_SIZE - (uint32_t)(at % PAGE_SIZE);

    return piece < l->read_proven ? piece : l->read_proven;
}

static uint32_t piece_at(const struct kdt_live *l, uint64_t at, size_t left)
{
    size_t piece = l->read_piece;
    size_t page = PAGE_SIZE - (size_t)(at % PAGE_SIZE);

    if (!l->channel->may_cross_pages && piece > page)
        piece = page;
    return (uint32_t)(piece < left ? piece : left);
}

/* This target wants, or gives, less at a time: half of it, but no less than what it gave. */
static void ask_for_less(struct kdt_live *l, uint32_t asked, uint32_t got)
{
    uint32_t less = asked / 2 > got ? asked / 2 : got;

    if (less < KDT_READ_MIN)
        less = KDT_READ_MIN;
    if (less < l->read_piece)
        l->read_piece = less;
}

/* An answer that ends where no page does, and names no error: the target's buffer was full. */
static void learn(struct kdt_live *l, const struct kd_manipulate *request, uint32_t got)
{
    uint64_t end = request->u.memory.va + got;

    if (got > l->read_proven)
        l->read_proven = got;
    if (got < request->u.memory.count && end % PAGE_SIZE != 0 &&
        !kd_ntstatus_is_failure(l->reply.status))
        ask_for_less(l, request->u.memory.count, got);
}

/* Up to `want` bytes at `at`: *got of them, 0 where the first cannot be read. */
static enum kd_status read_piece(struct kdt_live *l, uint32_t api, uint64_t at, uint32_t want,
                                 void *buf, uint32_t *got)
{
    uint32_t safe = safe_piece_at(l, at);
    struct kd_manipulate request = {.api = api, .u.memory = {.va = at, .count = want}};
    enum kd_status st = kdt_live_request(l, &request, KD_NEVER);
    struct kd_span bytes = {NULL, 0};

    if (st == KD_ERR_LIMIT && want > KDT_READ_MIN) {
        ask_for_less(l, want, 0);
        return read_piece(l, api, at, want / 2, buf, got);
    }
    if (st != KD_OK)
        return st;
    bytes = kd_manipulate_read_data(&l->reply, want);
    if (bytes.len == 0 && want > safe)
        return read_piece(l, api, at, safe, buf, got);
    if (bytes.len > 0)
        memcpy(buf, bytes.data, bytes.len);
    *got = (uint32_t)bytes.len;
    if (bytes.len > 0)
        learn(l, &request, *got);
    return KD_OK;
}

/* A short answer is not believed to be the last word: the rest is asked for from there, so that no
 * byte that came is asked for twice. An answer of nothing is, so each turn gets on. */
static enum kd_status read_memory(struct kdt_live *l, uint32_t api, uint64_t at, void *buf,
                                  size_t len, size_t *done)
{
    *done = 0;
    while (*done < len) {
        uint64_t next = at + *done;
        uint32_t got = 0;
        enum kd_status st =
            read_piece(l, api, next, piece_at(l, next, len - *done), (uint8_t *)buf + *done, &got);

        if (st != KD_OK)
            return st;
        if (got == 0)
            return kd_diag_set(l->opts.diag, KD_ERR_NOT_MAPPED,
                               api == KD_API_READ_PHYSICAL
                                   ? "not readable at physical address 0x%" PRIx64
                                   : "not mapped at 0x%" PRIx64,
                               next);
        *done += got;
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
