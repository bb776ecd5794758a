/* A bit for each page of the machine; the pages whose bits are set follow each other in the file. So
 * page n stands where the number of set bits below n says. Counting those from the beginning would be
 * a walk over a MiB for each lookup: a table with the count at every 512th bit leaves at most eight
 * words to be counted. The bitmap itself stays where it is, in the mapped file. */
#include "dump_parts.h"

#include "le.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    /* The headers behind Windows' own: Windows 8 and later, and before [doc]. */
    NEW_FIRST_PAGE = 0x2020,
    NEW_BITMAP = 0x2038,
    OLD_FIRST_PAGE = 0x200C,
    OLD_BITMAP = 0x2028,

    WORD_BITS = 64,
    BLOCK_BITS = 512,
    BLOCK_WORDS = BLOCK_BITS / WORD_BITS,
};
/* A machine of 64 TiB, whose bitmap takes 2 GiB to pass over: no Windows of today has more [doc]. */
#define BITS_MAX ((uint64_t)1 << 34)

struct bitmap {
    struct dump_index index; /* first */
    const uint8_t *bytes;
    uint64_t bits;
    uint64_t first_page;
    uint32_t ranks[]; /* set bits before each block, and behind the last */
};

struct bitmap_header {
    uint64_t at; /* of the bitmap in the file */
    uint64_t bits, present, first_page;
    bool is_whole; /* inside the file */
};

static unsigned count_ones(uint64_t v)
{
    v -= v >> 1 & 0x5555555555555555u;
    v = (v & 0x3333333333333333u) + (v >> 2 & 0x3333333333333333u);
    v = (v + (v >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
    return (unsigned)(v * 0x0101010101010101u >> 56);
}

static uint64_t blocks_of(uint64_t bits)
{
    return (bits + BLOCK_BITS - 1) / BLOCK_BITS;
}

/* Bits [64 * i, 64 * i + 64), those behind the last as zeros. */
static uint64_t word_at(const struct bitmap *b, uint64_t i)
{
    const uint8_t *p = b->bytes + 8 * i;
    uint64_t left = b->bits - WORD_BITS * i;
    uint64_t word = 0;

    if (left >= WORD_BITS)
        return le32(p) | (uint64_t)le32(p + 4) << 32;
    for (uint64_t byte = 0; 8 * byte < left; byte++)
        word |= (uint64_t)p[byte] << 8 * byte;
    return word & (((uint64_t)1 << left) - 1);
}

static bool find_page(const struct dump_index *index, uint64_t at, struct dump_place *out)
{
    const struct bitmap *b = (const struct bitmap *)index;
    uint64_t pfn = at / DUMP_PAGE_LEN, in_page = at % DUMP_PAGE_LEN;
    uint64_t last = pfn / WORD_BITS, bit = (uint64_t)1 << pfn % WORD_BITS;
    uint64_t rank, word;

    if (pfn >= b->bits)
        return false;
    word = word_at(b, last);
    if (!(word & bit))
        return false;
    rank = b->ranks[pfn / BLOCK_BITS] + (uint64_t)count_ones(word & (bit - 1));
    for (uint64_t i = pfn / BLOCK_BITS * BLOCK_WORDS; i < last; i++)
        rank += count_ones(word_at(b, i));
    out->offset = b->first_page + rank * DUMP_PAGE_LEN + in_page;
    out->len = DUMP_PAGE_LEN - in_page;
    return true;
}

static bool next_page(const struct dump_index *index, uint64_t at, uint64_t *found)
{
    const struct bitmap *b = (const struct bitmap *)index;
    uint64_t pfn = at / DUMP_PAGE_LEN;

    while (pfn < b->bits) {
        uint64_t block = pfn / BLOCK_BITS;
        uint64_t word;

        if (b->ranks[block] == b->ranks[block + 1]) {
            pfn = (block + 1) * BLOCK_BITS;
            continue;
        }
        word = word_at(b, pfn / WORD_BITS) >> pfn % WORD_BITS;
        if (word == 0) {
            pfn = (pfn / WORD_BITS + 1) * WORD_BITS;
            continue;
        }
        pfn += count_ones(~word & (word - 1)); /* zeros below the lowest one */
        *found = pfn == at / DUMP_PAGE_LEN ? at : pfn * DUMP_PAGE_LEN;
        return true;
    }
    return false;
}

static void destroy_bitmap(struct dump_index *index)
{
    free((struct bitmap *)index);
}

/* One pass over the bitmap. False: more pages than a rank can count. */
static bool count_pages(struct bitmap *b)
{
    uint64_t words = (b->bits + WORD_BITS - 1) / WORD_BITS;
    uint64_t count = 0;

    for (uint64_t i = 0; i < words; i++) {
        uint64_t word = word_at(b, i);

        if (i % BLOCK_WORDS == 0)
            b->ranks[i / BLOCK_WORDS] = (uint32_t)count;
        count += count_ones(word);
        if (count > UINT32_MAX)
            return false;
    }
    b->ranks[blocks_of(b->bits)] = (uint32_t)count;
    b->index.pages_total = count;
    return true;
}

/* The table is a sixteenth of the bitmap, which is inside the file. */
static enum kd_status index_bitmap(struct kdw_dump *d, const struct bitmap_header *h)
{
    struct bitmap *b = calloc(1, sizeof *b + (size_t)(blocks_of(h->bits) + 1) * sizeof *b->ranks);
    uint64_t room = (d->file.len - h->first_page) / DUMP_PAGE_LEN;

    if (!b)
        return kd_diag_set(d->diag, KD_ERR_NO_MEMORY, "out of memory");
    b->index.find = find_page;
    b->index.next = next_page;
    b->index.destroy = destroy_bitmap;
    b->index.end = h->bits * DUMP_PAGE_LEN;
    b->bytes = d->file.data + h->at;
    b->bits = h->bits;
    b->first_page = h->first_page;
    d->index = &b->index;
    if (!count_pages(b))
        return kd_diag_set(d->diag, KD_ERR_LIMIT, "bitmap of more than 16 TiB of pages");
    b->index.pages_present = b->index.pages_total < room ? b->index.pages_total : room;
    if (b->index.pages_total != h->present)
        dump_warn(d, "header says %" PRIu64 " pages, its bitmap %" PRIu64 ", which is believed",
                  h->present, b->index.pages_total);
    return KD_OK;
}

/* ---- headers ---- */

static struct bitmap_header read_new(const struct kdw_dump *d)
{
    struct kd_reader r = dump_reader(d, NEW_FIRST_PAGE);
    struct bitmap_header h = {.at = NEW_BITMAP};

    h.first_page = kd_rd_u64(&r);
    h.present = kd_rd_u64(&r);
    h.bits = kd_rd_u64(&r);
    h.is_whole = kd_reader_ok(&r);
    return h;
}

static struct bitmap_header read_old(const struct kdw_dump *d)
{
    struct kd_reader r = dump_reader(d, OLD_FIRST_PAGE);
    struct bitmap_header h = {.at = OLD_BITMAP};

    h.first_page = kd_rd_u32(&r);
    h.bits = kd_rd_u32(&r);
    h.present = kd_rd_u32(&r);
    h.is_whole = kd_reader_ok(&r);
    return h;
}

/* The bitmap stands before the first page, both inside the file. */
static bool fits(const struct kdw_dump *d, const struct bitmap_header *h)
{
    uint64_t len = h->bits / 8 + (h->bits % 8 != 0);

    return h->is_whole && h->first_page <= d->file.len && h->at <= h->first_page &&
           len <= h->first_page - h->at;
}

static enum kd_status open_bitmap(struct kdw_dump *d, const struct bitmap_header *h)
{
    if (!h->is_whole)
        return kd_diag_set(d->diag, KD_ERR_TRUNCATED, "ends inside the header of its bitmap");
    if (h->first_page > d->file.len)
        return kd_diag_set(d->diag, KD_ERR_TRUNCATED,
                           "ends before its first page, which should be at 0x%" PRIx64,
                           h->first_page);
    if (!fits(d, h))
        return kd_diag_set(d->diag, KD_ERR_MALFORMED,
                           "bitmap of %" PRIu64 " pages does not fit before the first page, at "
                           "0x%" PRIx64,
                           h->bits, h->first_page);
    if (h->bits > BITS_MAX)
        return kd_diag_set(d->diag, KD_ERR_LIMIT,
                           "bitmap of %" PRIu64 " pages: a machine of more than 64 TiB", h->bits);
    return index_bitmap(d, h);
}

enum kd_status dump_open_bitmap(struct kdw_dump *d)
{
    struct bitmap_header h = read_new(d);

    return open_bitmap(d, &h);
}

enum kd_status dump_open_old_bitmap(struct kdw_dump *d)
{
    struct bitmap_header h = read_old(d);

    return open_bitmap(d, &h);
}

bool dump_is_old_bitmap(const struct kdw_dump *d)
{
    struct bitmap_header new_one = read_new(d), old_one = read_old(d);

    return !fits(d, &new_one) && fits(d, &old_one);
}
