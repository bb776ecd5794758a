#include "unxz.h"

#include <lzma.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_LEN = 1 << 20 };

static const uint8_t magic[] = {0xFD, '7', 'z', 'X', 'Z', 0};

struct output {
    uint8_t *bytes;
    size_t cap;
};

bool kdw_is_xz(const uint8_t *data, size_t len)
{
    return len >= sizeof magic && memcmp(data, magic, sizeof magic) == 0;
}

static enum kd_status explain(struct kd_diag *diag, lzma_ret ret)
{
    switch (ret) {
    case LZMA_MEM_ERROR:
        return kd_diag_set(diag, KD_ERR_NO_MEMORY, "out of memory");
    case LZMA_MEMLIMIT_ERROR:
        return kd_diag_set(diag, KD_ERR_LIMIT, "unpacking it takes more than %d MiB of memory",
                           KDW_UNXZ_MEMORY_MAX >> 20);
    case LZMA_OPTIONS_ERROR:
        return kd_diag_set(diag, KD_ERR_UNSUPPORTED, "xz data of a kind that is not known");
    case LZMA_BUF_ERROR:
        return kd_diag_set(diag, KD_ERR_TRUNCATED, "xz data that ends too early");
    default:
        return kd_diag_set(diag, KD_ERR_MALFORMED, "damaged xz data");
    }
}

/* Twice the room, up to the limit: what a header says of the size is not believed. */
static enum kd_status grow(struct output *o, lzma_stream *xz, struct kd_diag *diag)
{
    size_t cap = o->cap == 0 ? FIRST_LEN : o->cap * 2;
    uint8_t *bytes;

    if (o->cap >= KDW_UNXZ_MAX)
        return kd_diag_set(diag, KD_ERR_LIMIT, "xz data of more than %d MiB", KDW_UNXZ_MAX >> 20);
    bytes = realloc(o->bytes, cap);
    if (!bytes)
        return kd_diag_set(diag, KD_ERR_NO_MEMORY, "out of memory");
    xz->next_out = bytes + o->cap;
    xz->avail_out = cap - o->cap;
    o->bytes = bytes;
    o->cap = cap;
    return KD_OK;
}

static enum kd_status unpack(lzma_stream *xz, struct kd_diag *diag, struct output *o)
{
    lzma_ret ret = lzma_stream_decoder(xz, KDW_UNXZ_MEMORY_MAX, LZMA_CONCATENATED);

    while (ret == LZMA_OK) {
        if (xz->avail_out == 0) {
            enum kd_status st = grow(o, xz, diag);

            if (st != KD_OK)
                return st;
        }
        ret = lzma_code(xz, LZMA_FINISH);
    }
    return ret == LZMA_STREAM_END ? KD_OK : explain(diag, ret);
}

enum kd_status kdw_unxz(const uint8_t *data, size_t len, struct kd_diag *diag, uint8_t **out,
                        size_t *out_len)
{
    lzma_stream xz = LZMA_STREAM_INIT;
    struct output o = {NULL, 0};
    enum kd_status st;

    xz.next_in = data;
    xz.avail_in = len;
    st = unpack(&xz, diag, &o);
    if (st == KD_OK) {
        *out = o.bytes;
        *out_len = (size_t)xz.total_out;
    } else {
        free(o.bytes);
    }
    lzma_end(&xz);
    return st;
}
