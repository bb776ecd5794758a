#include <walker/mem_cache.h>

#include <stdlib.h>
#include <string.h>

enum {
    LINE_LEN_MIN = 64,
    LINE_LEN_MAX = 4096,     /* a page: a longer line could be half mapped for an ordinary reason */
    RUN_MAX = 64 * 1024,     /* longest single read below */
    BUCKETS_MAX = 64 * 1024, /* a power of two */
};

/* What is known of one byte of a ragged line. From HOLE on it cannot be read, and its status says why:
 * HOLE + status, all of which fit a byte. */
enum byte_state { UNKNOWN, HELD, HOLE };
_Static_assert(HOLE + KD_ERR_NO_MEMORY <= UINT8_MAX, "a hole's reason fits a byte");

/* A line is whole, or ragged: then map says of every byte what is known of it. */
struct line {
    struct line *next; /* in its bucket */
    uint64_t no;       /* its address divided by the line length */
    uint8_t *map;      /* a byte_state for each byte; NULL: all are held */
    uint8_t data[];
};

struct kdw_cache {
    struct kdw_mem mem; /* first: the read function gets this */
    struct kdw_mem *below;
    uint32_t line_len, hole_len;
    size_t max_bytes, used_bytes;
    size_t run_lines;    /* longest run of lines fetched by one read */
    uint8_t *run;        /* where a run arrives */
    size_t bucket_count; /* a power of two */
    struct line **buckets;
};

static struct line **bucket_of(struct kdw_cache *c, uint64_t no)
{
    /* Lines in use are neighbours or lie at equal offsets of pages; the multiplication spreads
     * both. */
    return &c->buckets[((no * 0x9e3779b97f4a7c15u) >> 32) & (c->bucket_count - 1)];
}

static struct line *find(struct kdw_cache *c, uint64_t no)
{
    struct line *l = *bucket_of(c, no);

    while (l && l->no != no)
        l = l->next;
    return l;
}

/* What a line costs at most: its bytes, its map, itself. */
static size_t line_cost(const struct kdw_cache *c)
{
    return 2 * (size_t)c->line_len + sizeof(struct line);
}

static struct line *add(struct kdw_cache *c, uint64_t no)
{
    struct line **bucket = bucket_of(c, no);
    struct line *l = malloc(sizeof *l + c->line_len);

    if (!l)
        return NULL;
    l->no = no;
    l->map = NULL;
    l->next = *bucket;
    *bucket = l;
    c->used_bytes += sizeof *l + c->line_len;
    return l;
}

static enum kd_status add_whole(struct kdw_cache *c, uint64_t no, const uint8_t *bytes)
{
    struct line *l = add(c, no);

    if (!l)
        return KD_ERR_NO_MEMORY;
    memcpy(l->data, bytes, c->line_len);
    return KD_OK;
}

/* The byte at `offset` of a ragged line cannot be read, nor what is missing together with it. What
 * was read behind it before stays. */
static void mark_hole(const struct kdw_cache *c, struct line *l, size_t offset, enum kd_status why)
{
    size_t end = (offset | (c->hole_len - 1)) + 1; /* lines are aligned: offsets are as addresses */

    if (end > c->line_len)
        end = c->line_len;
    for (size_t i = offset; i < end; i++)
        if (l->map[i] != HELD)
            l->map[i] = (uint8_t)(HOLE + why);
}

/* A line of which the first `got` bytes were read. */
static enum kd_status add_ragged(struct kdw_cache *c, uint64_t no, const uint8_t *bytes, size_t got)
{
    uint8_t *map = malloc(c->line_len);
    struct line *l = map ? add(c, no) : NULL;

    if (!l) {
        free(map);
        return KD_ERR_NO_MEMORY;
    }
    memcpy(l->data, bytes, got);
    memset(map, HELD, got);
    memset(map + got, UNKNOWN, c->line_len - got);
    l->map = map;
    c->used_bytes += c->line_len;
    return KD_OK;
}

void kdw_cache_drop(struct kdw_cache *c)
{
    for (size_t i = 0; i < c->bucket_count; i++) {
        while (c->buckets[i]) {
            struct line *l = c->buckets[i];

            c->buckets[i] = l->next;
            free(l->map);
            free(l);
        }
    }
    c->used_bytes = 0;
}

/* Fetch the missing lines from number `first` to at most `last` in one read. Afterwards line
 * `first` is there, unless this fails.
 *
 * A failed read of lines brought what stands before the fault and proves no more: the target may
 * refuse a request for one byte that nobody wants, and one that replays a recording knows any bytes.
 * So no hole is remembered here; what is wanted is asked for exactly, in fetch_piece. */
static enum kd_status fetch_run(struct kdw_cache *c, uint64_t first, uint64_t last)
{
    uint64_t at = first * c->line_len;
    uint64_t fault = at;
    size_t count = 1;
    size_t got, len;
    enum kd_status st;

    while (count < c->run_lines && first + count <= last && !find(c, first + count))
        count++;
    len = count * c->line_len;
    st = kdw_mem_read(c->below, at, c->run, len, &fault);
    if (st != KD_OK && !kd_is_unreadable(st))
        return st;
    got = st == KD_OK ? len : (size_t)(fault - at);

    if (c->max_bytes - c->used_bytes < count * line_cost(c))
        kdw_cache_drop(c); /* now, so that nothing of this run is dropped before it is served */
    for (size_t i = 0; i < count; i++) {
        const uint8_t *bytes = c->run + i * c->line_len;
        size_t left = got - i * c->line_len;

        if (left < c->line_len)
            return add_ragged(c, first + i, bytes, left); /* what follows was not tried */
        st = add_whole(c, first + i, bytes);
        if (st != KD_OK)
            return st;
    }
    return KD_OK;
}

/* Ask for exactly the n unknown bytes at `offset` of a ragged line. */
static enum kd_status fetch_piece(struct kdw_cache *c, struct line *l, size_t offset, size_t n)
{
    uint64_t at = l->no * c->line_len + offset;
    uint64_t fault = at;
    enum kd_status st = kdw_mem_read(c->below, at, l->data + offset, n, &fault);
    size_t got;

    if (st != KD_OK && !kd_is_unreadable(st))
        return st;
    got = st == KD_OK ? n : (size_t)(fault - at);
    memset(l->map + offset, HELD, got);
    if (got < n)
        mark_hole(c, l, offset + got, st);
    return KD_OK;
}

/* Copy what line l holds of its bytes [offset, offset + want): *got of them without a gap. Fewer than
 * wanted: the next one is a hole, and its reason is returned. */
static enum kd_status serve(struct kdw_cache *c, struct line *l, size_t offset, size_t want,
                            uint8_t *out, size_t *got)
{
    size_t n = 0;

    while (l->map && n < want && l->map[offset + n] <= HELD) {
        size_t unknown = 0;

        while (n + unknown < want && l->map[offset + n + unknown] == UNKNOWN)
            unknown++;
        if (unknown > 0) {
            enum kd_status st = fetch_piece(c, l, offset + n, unknown);

            if (st != KD_OK)
                return st;
        } else {
            n++;
        }
    }
    if (!l->map)
        n = want;
    memcpy(out, l->data + offset, n);
    *got = n;
    return n == want ? KD_OK : (enum kd_status)(l->map[offset + n] - HOLE);
}

static enum kd_status cache_read(struct kdw_mem *m, uint64_t at, void *buf, size_t len,
                                 uint64_t *fault)
{
    struct kdw_cache *c = (struct kdw_cache *)m;
    uint64_t last = (at + (len - 1)) / c->line_len;
    uint8_t *out = buf;
    size_t done = 0;

    while (done < len) {
        uint64_t no = (at + done) / c->line_len;
        size_t offset = (size_t)((at + done) % c->line_len);
        size_t want = c->line_len - offset;
        struct line *l = find(c, no);
        enum kd_status st = KD_OK;
        size_t got = 0;

        if (want > len - done)
            want = len - done;
        if (!l) {
            st = fetch_run(c, no, last);
            l = find(c, no);
        }
        if (st == KD_OK)
            st = serve(c, l, offset, want, out + done, &got);
        done += got;
        if (st != KD_OK) {
            *fault = at + done;
            return st;
        }
    }
    return KD_OK;
}

static bool is_power_of_two(uint32_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

enum kd_status kdw_cache_create(const struct kdw_cache_opts *opts, struct kdw_cache **out)
{
    struct kdw_cache *c;
    size_t lines;

    if (!opts->below || !is_power_of_two(opts->line_len) || opts->line_len < LINE_LEN_MIN ||
        opts->line_len > LINE_LEN_MAX || !is_power_of_two(opts->hole_len) ||
        opts->hole_len > LINE_LEN_MAX || opts->max_bytes / opts->line_len < KDW_CACHE_LINES_MIN)
        return KD_ERR_USAGE;
    c = calloc(1, sizeof *c);
    if (!c)
        return KD_ERR_NO_MEMORY;
    c->mem.read = cache_read;
    c->below = opts->below;
    c->line_len = opts->line_len;
    c->hole_len = opts->hole_len;
    c->max_bytes = opts->max_bytes;

    lines = opts->max_bytes / line_cost(c);
    c->run_lines = RUN_MAX / c->line_len;
    if (c->run_lines > lines)
        c->run_lines = lines;
    for (c->bucket_count = 1; c->bucket_count < lines && c->bucket_count < BUCKETS_MAX;)
        c->bucket_count *= 2;
    c->run = malloc(c->run_lines * c->line_len);
    c->buckets = calloc(c->bucket_count, sizeof(struct line *));
    if (!c->run || !c->buckets) {
        kdw_cache_destroy(c);
        return KD_ERR_NO_MEMORY;
    }
    *out = c;
    return KD_OK;
}

void kdw_cache_destroy(struct kdw_cache *c)
{
    if (!c)
        return;
    if (c->buckets)
        kdw_cache_drop(c);
    free(c->buckets);
    free(c->run);
    free(c);
}

struct kdw_mem *kdw_cache_mem(struct kdw_cache *c)
{
    return &c->mem;
}
