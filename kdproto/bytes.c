#include <kdproto/bytes.h>

#include <assert.h>
#include <string.h>

void kd_rd_seek(struct kd_reader *r, size_t pos)
{
    if (r->failed || pos > r->len)
        r->failed = true;
    else
        r->pos = pos;
}

void kd_rd_copy(struct kd_reader *r, void *out, size_t n)
{
    const uint8_t *at = kd_rd_take(r, n);

    if (n == 0)
        return; /* out may be NULL */
    if (at)
        memcpy(out, at, n);
    else
        memset(out, 0, n);
}

struct kd_writer kd_writer_of(void *data, size_t cap)
{
    struct kd_writer w = {data, cap, 0, false};

    return w;
}

bool kd_writer_ok(const struct kd_writer *w)
{
    return !w->failed;
}

static uint8_t *room(struct kd_writer *w, size_t n)
{
    uint8_t *at;

    if (w->failed || n > w->cap - w->pos) {
        w->failed = true;
        return NULL;
    }
    at = w->data + w->pos;
    w->pos += n;
    return at;
}

static void put_le(struct kd_writer *w, uint64_t v, size_t n)
{
    uint8_t *at = room(w, n);

    if (at)
        for (size_t i = 0; i < n; i++)
            at[i] = (uint8_t)(v >> (8 * i));
}

void kd_wr_u8(struct kd_writer *w, uint8_t v)
{
    put_le(w, v, 1);
}

void kd_wr_u16(struct kd_writer *w, uint16_t v)
{
    put_le(w, v, 2);
}

void kd_wr_u16be(struct kd_writer *w, uint16_t v)
{
    kd_wr_u16(w, (uint16_t)(v << 8 | v >> 8));
}

void kd_wr_u32(struct kd_writer *w, uint32_t v)
{
    put_le(w, v, 4);
}

void kd_wr_u64(struct kd_writer *w, uint64_t v)
{
    put_le(w, v, 8);
}

void kd_wr_zero(struct kd_writer *w, size_t n)
{
    uint8_t *at = room(w, n);

    if (at && n)
        memset(at, 0, n);
}

void kd_wr_bytes(struct kd_writer *w, const void *data, size_t n)
{
    uint8_t *at = room(w, n);

    if (at && n)
        memcpy(at, data, n);
}

void kd_wr_patch_u32(struct kd_writer *w, size_t at, uint32_t v)
{
    if (w->failed)
        return;
    assert(at <= w->pos && w->pos - at >= 4);
    for (size_t i = 0; i < 4; i++)
        w->data[at + i] = (uint8_t)(v >> (8 * i));
}
