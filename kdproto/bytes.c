#include <kdproto/bytes.h>

#include <assert.h>
#include <string.h>

struct kd_reader kd_reader_of(const void *data, size_t len)
{
    struct kd_reader r = {data, len, 0, false};

    return r;
}

bool kd_reader_ok(const struct kd_reader *r)
{
    return !r->failed;
}

size_t kd_reader_left(const struct kd_reader *r)
{
    return r->failed ? 0 : r->len - r->pos;
}

/* The one place that moves forward: n bytes from here, or NULL and failed for good. */
static const uint8_t *take(struct kd_reader *r, size_t n)
{
    const uint8_t *at;

    if (r->failed || n > r->len - r->pos) {
        r->failed = true;
        return NULL;
    }
    if (!r->data)
        return NULL; /* nothing of nothing: NULL + 0 is undefined */
    at = r->data + r->pos;
    r->pos += n;
    return at;
}

static uint64_t take_le(struct kd_reader *r, size_t n)
{
    const uint8_t *at = take(r, n);
    uint64_t v = 0;

    if (at)
        for (size_t i = n; i-- > 0;)
            v = v << 8 | at[i];
    return v;
}

uint8_t kd_rd_u8(struct kd_reader *r)
{
    return (uint8_t)take_le(r, 1);
}

uint16_t kd_rd_u16(struct kd_reader *r)
{
    return (uint16_t)take_le(r, 2);
}

uint16_t kd_rd_u16be(struct kd_reader *r)
{
    uint16_t v = kd_rd_u16(r);

    return (uint16_t)(v << 8 | v >> 8);
}

uint32_t kd_rd_u32(struct kd_reader *r)
{
    return (uint32_t)take_le(r, 4);
}

uint64_t kd_rd_u64(struct kd_reader *r)
{
    return take_le(r, 8);
}

void kd_rd_skip(struct kd_reader *r, size_t n)
{
    (void)take(r, n);
}

void kd_rd_seek(struct kd_reader *r, size_t pos)
{
    if (r->failed || pos > r->len)
        r->failed = true;
    else
        r->pos = pos;
}

void kd_rd_copy(struct kd_reader *r, void *out, size_t n)
{
    const uint8_t *at = take(r, n);

    if (n == 0)
        return; /* out may be NULL */
    if (at)
        memcpy(out, at, n);
    else
        memset(out, 0, n);
}

struct kd_span kd_rd_span(struct kd_reader *r, size_t n)
{
    const uint8_t *at = take(r, n);
    struct kd_span s = {at, at ? n : 0};

    return s;
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
