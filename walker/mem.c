#include <walker/mem.h>

#include <kdproto/bytes.h>

#include <stdarg.h>
#include <stdio.h>

enum kd_status kdw_mem_read(struct kdw_mem *m, uint64_t at, void *buf, size_t len, uint64_t *fault)
{
    uint64_t unreadable = at;
    enum kd_status st = KD_ERR_NOT_MAPPED;

    if (len == 0)
        return KD_OK;
    if (at + (len - 1) >= at)
        st = m->read(m, at, buf, len, &unreadable);
    if (st != KD_OK && fault) /* a fault outside of what was asked proves nothing to be read */
        *fault = unreadable - at < len ? unreadable : at;
    return st;
}

enum kd_status kdw_mem_u64(struct kdw_mem *m, uint64_t at, uint64_t *out)
{
    uint8_t bytes[8] = {0};
    struct kd_reader r = kd_reader_of(bytes, sizeof bytes);
    enum kd_status st;

    st = kdw_mem_read(m, at, bytes, sizeof bytes, NULL);
    if (st == KD_OK)
        *out = kd_rd_u64(&r);
    return st;
}

bool kdw_ends_walk(enum kd_status st)
{
    if (kd_is_unreadable(st))
        return false;
    switch (st) {
    case KD_OK:
    case KD_ERR_TRUNCATED:
    case KD_ERR_MALFORMED:
    case KD_ERR_UNSUPPORTED:
    case KD_ERR_MISMATCH:
    case KD_ERR_NOT_FOUND:
    case KD_ERR_REFUSED:
    case KD_ERR_LIMIT:
    case KD_ERR_CYCLE:
        return false;
    default:
        return true;
    }
}

enum kd_status kdw_explain_read(struct kd_diag *diag, enum kd_status st, const char *fmt, ...)
{
    char phrase[KD_DIAG_MAX];
    va_list ap;

    va_start(ap, fmt);
    /* NOLINTNEXTLINE(*valist*): it is initialised in the line before */
    vsnprintf(phrase, sizeof phrase, fmt, ap);
    va_end(ap);
    if (!kdw_ends_walk(st))
        kd_diag_clear(diag);
    return kd_diag_add(diag, st, "%s", phrase);
}
