#include <transport/recorded_memory.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* address --hash--> page --> block --> byte
 *
 * A page is found once for all the bytes of it that a call is about, and its blocks by counting.
 * Pages and blocks lie in arrays that only grow, so nothing is allocated for a single one, and they
 * name each other by number, which survives the growing. */

enum {
    PAGE = 4096,
    BLOCK = KDT_RECORDED_BLOCK,
    BLOCKS = PAGE / BLOCK, /* of a page */
    SLOTS_MIN = 64,        /* a power of two */
};

struct block {
    uint64_t known; /* bit i: byte i is known */
    uint8_t bytes[BLOCK];
};

struct page {
    uint64_t no; /* its address divided by PAGE */
    uint32_t refused_status;
    uint32_t refused_from;   /* offset; PAGE: nothing was refused */
    uint32_t blocks[BLOCKS]; /* number of each block plus one; 0: nothing of it was ever known */
};

struct kdt_recorded_memory {
    uint32_t *slots;   /* open addressing: number of a page plus one; 0: empty */
    size_t slot_count; /* a power of two, at least twice page_count */
    struct page *pages;
    size_t page_count, page_room;
    struct block *blocks;
    size_t block_count, block_room;
    uint64_t known;
};

enum kd_status kdt_recorded_memory_create(struct kdt_recorded_memory **out)
{
    struct kdt_recorded_memory *m = calloc(1, sizeof *m);

    if (!m)
        return KD_ERR_NO_MEMORY;
    m->slot_count = SLOTS_MIN;
    m->slots = calloc(m->slot_count, sizeof *m->slots);
    if (!m->slots) {
        free(m);
        return KD_ERR_NO_MEMORY;
    }
    *out = m;
    return KD_OK;
}

void kdt_recorded_memory_destroy(struct kdt_recorded_memory *m)
{
    if (!m)
        return;
    free(m->slots);
    free(m->pages);
    free(m->blocks);
    free(m);
}

/* The slot that holds the page, or the empty one where it belongs. */
static size_t slot_of(const struct kdt_recorded_memory *m, uint64_t no)
{
    size_t mask = m->slot_count - 1;
    /* The upper half of the product depends on all bits that differ between neighbours, and pages
     * that lie at equal distances. */
    size_t i = (size_t)((no * 0x9E3779B97F4A7C15u) >> 32) & mask;

    while (m->slots[i] && m->pages[m->slots[i] - 1].no != no)
        i = (i + 1) & mask;
    return i;
}

static struct page *find_page(const struct kdt_recorded_memory *m, uint64_t no)
{
    uint32_t page = m->slots[slot_of(m, no)];

    return page ? &m->pages[page - 1] : NULL;
}

/* An array of `room` items, all in use, twice as large: NULL and unchanged where that fails. Slots
 * and pages name items by number in 32 bits, so no array gets longer than those count. */
static void *grown(void *items, size_t item_len, size_t *room)
{
    size_t more = *room ? *room * 2 : SLOTS_MIN;
    void *moved;

    if (more > UINT32_MAX / 2 || more > SIZE_MAX / item_len)
        return NULL;
    moved = realloc(items, more * item_len);
    if (moved)
        *room = more;
    return moved;
}

static enum kd_status double_slots(struct kdt_recorded_memory *m)
{
    size_t count = m->slot_count * 2;
    uint32_t *slots = calloc(count, sizeof *slots);

    if (!slots)
        return KD_ERR_NO_MEMORY;
    free(m->slots);
    m->slots = slots;
    m->slot_count = count;
    for (size_t i = 0; i < m->page_count; i++)
        m->slots[slot_of(m, m->pages[i].no)] = (uint32_t)i + 1;
    return KD_OK;
}

static enum kd_status add_page(struct kdt_recorded_memory *m, uint64_t no, struct page **out)
{
    struct page *page;

    if (m->page_count == m->page_room) {
        struct page *pages = grown(m->pages, sizeof *pages, &m->page_room);

        if (!pages)
            return KD_ERR_NO_MEMORY;
        m->pages = pages;
    }
    assert(m->pages); /* there is room for one more */
    if ((m->page_count + 1) * 2 > m->slot_count && double_slots(m) != KD_OK)
        return KD_ERR_NO_MEMORY;
    page = &m->pages[m->page_count++];
    memset(page, 0, sizeof *page);
    page->no = no;
    page->refused_from = PAGE;
    m->slots[slot_of(m, no)] = (uint32_t)m->page_count;
    *out = page;
    return KD_OK;
}

static enum kd_status page_for(struct kdt_recorded_memory *m, uint64_t no, struct page **out)
{
    struct page *page = find_page(m, no);

    if (!page)
        return add_page(m, no, out);
    *out = page;
    return KD_OK;
}

static enum kd_status block_for(struct kdt_recorded_memory *m, struct page *page, size_t no,
                                struct block **out)
{
    if (!page->blocks[no]) {
        if (m->block_count == m->block_room) {
            struct block *blocks = grown(m->blocks, sizeof *blocks, &m->block_room);

            if (!blocks)
                return KD_ERR_NO_MEMORY;
            m->blocks = blocks;
        }
        m->blocks[m->block_count].known = 0;
        page->blocks[no] = (uint32_t)++m->block_count;
    }
    *out = &m->blocks[page->blocks[no] - 1];
    return KD_OK;
}

/* len, shortened to what is left of the address space. */
static size_t within_space(uint64_t at, size_t len)
{
    return len && len - 1 > UINT64_MAX - at ? (size_t)(UINT64_MAX - at) + 1 : len;
}

/* len, shortened to what is left of the page or block that `offset` lies in. */
static size_t within(size_t unit, size_t offset, size_t len)
{
    size_t left = unit - offset % unit;

    return len < left ? len : left;
}

/* len bits from `first` on, len >= 1. */
static uint64_t bits(size_t first, size_t len)
{
    return UINT64_MAX >> (64 - len) << first;
}

static unsigned count_bits(uint64_t v)
{
    v -= v >> 1 & 0x5555555555555555u; /* pairs of bits, each holding its count */
    v = (v & 0x3333333333333333u) + (v >> 2 & 0x3333333333333333u);
    v = (v + (v >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
    return (unsigned)(v * 0x0101010101010101u >> 56); /* the sum of all bytes */
}

static void put_into_block(struct kdt_recorded_memory *m, struct block *block, size_t offset,
                           const uint8_t *bytes, size_t len)
{
    uint64_t range = bits(offset, len);

    memcpy(block->bytes + offset, bytes, len);
    if (range & ~block->known) {
        m->known += count_bits(range & ~block->known);
        block->known |= range;
    }
}

static enum kd_status put_into_page(struct kdt_recorded_memory *m, struct page *page, size_t offset,
                                    const uint8_t *bytes, size_t len)
{
    while (len) {
        size_t n = within(BLOCK, offset, len);
        struct block *block;
        enum kd_status st = block_for(m, page, offset / BLOCK, &block);

        if (st != KD_OK)
            return st;
        put_into_block(m, block, offset % BLOCK, bytes, n);
        offset += n;
        bytes += n;
        len -= n;
    }
    return KD_OK;
}

enum kd_status kdt_recorded_memory_put(struct kdt_recorded_memory *m, uint64_t at,
                                       const uint8_t *bytes, size_t len)
{
    len = within_space(at, len);
    while (len) {
        size_t n = within(PAGE, (size_t)(at % PAGE), len);
        struct page *page;
        enum kd_status st = page_for(m, at / PAGE, &page);

        if (st == KD_OK)
            st = put_into_page(m, page, (size_t)(at % PAGE), bytes, n);
        if (st != KD_OK)
            return st;
        at += n;
        bytes += n;
        len -= n;
    }
    return KD_OK;
}

static void forget(struct kdt_recorded_memory *m, const struct page *page, size_t offset,
                   size_t len)
{
    while (len) {
        size_t n = within(BLOCK, offset, len);
        uint32_t no = page->blocks[offset / BLOCK];

        if (no) {
            struct block *block = &m->blocks[no - 1];
            uint64_t range = bits(offset % BLOCK, n);

            m->known -= count_bits(block->known & range);
            block->known &= ~range;
        }
        offset += n;
        len -= n;
    }
}

enum kd_status kdt_recorded_memory_refuse(struct kdt_recorded_memory *m, uint64_t at, size_t len,
                                          uint32_t ntstatus)
{
    const uint32_t offset = (uint32_t)(at % PAGE);
    struct page *page;
    enum kd_status st;

    if (len == 0)
        return KD_OK; /* nothing was asked for */
    st = page_for(m, at / PAGE, &page);
    if (st != KD_OK)
        return st;
    forget(m, page, offset, within(PAGE, offset, len));
    if (offset < page->refused_from)
        page->refused_from = offset;
    page->refused_status = ntstatus;
    return KD_OK;
}

/* How many of at most max bits, beginning with the lowest, are as that one. */
static size_t run_of(uint64_t v, size_t max)
{
    uint64_t others = v & 1 ? ~v : v;
    size_t n = 1;

    if (!(others & bits(0, max)))
        return max;
    while (!(others >> n & 1))
        n++;
    return n;
}

/* What is known within the block that `at` lies in. */
static uint64_t known_from(const struct kdt_recorded_memory *m, const struct page *page,
                           size_t offset)
{
    uint32_t no = page->blocks[offset / BLOCK];

    return no ? m->blocks[no - 1].known >> offset % BLOCK : 0;
}

static size_t read_page(const struct kdt_recorded_memory *m, const struct page *page, size_t offset,
                        uint8_t *buf, size_t len)
{
    size_t done = 0;

    while (done < len) {
        size_t n = within(BLOCK, offset, len - done);
        uint64_t known = known_from(m, page, offset);
        size_t run = known & 1 ? run_of(known, n) : 0;

        if (run)
            memcpy(buf + done, m->blocks[page->blocks[offset / BLOCK] - 1].bytes + offset % BLOCK,
                   run);
        done += run;
        offset += run;
        if (run < n)
            break;
    }
    return done;
}

size_t kdt_recorded_memory_read(const struct kdt_recorded_memory *m, uint64_t at, uint8_t *buf,
                                size_t len)
{
    size_t done = 0;

    len = within_space(at, len);
    while (done < len) {
        const size_t offset = (size_t)((at + done) % PAGE);
        const size_t n = within(PAGE, offset, len - done);
        const struct page *page = find_page(m, (at + done) / PAGE);
        const size_t run = page ? read_page(m, page, offset, buf + done, n) : 0;

        done += run;
        if (run < n)
            break;
    }
    return done;
}

/* As kdt_recorded_memory_gap, but looks no further than one block, or a page of which nothing is
 * known. */
static enum kdt_recorded_gap gap_here(const struct kdt_recorded_memory *m, uint64_t at, size_t *len,
                                      uint32_t *ntstatus)
{
    const size_t offset = (size_t)(at % PAGE);
    const struct page *page = find_page(m, at / PAGE);
    uint64_t known;

    if (!page) {
        *len = PAGE - offset;
        return KDT_GAP_UNRECORDED;
    }
    known = known_from(m, page, offset);
    *len = run_of(known, BLOCK - offset % BLOCK);
    if (known & 1)
        return KDT_GAP_NONE;
    if (offset >= page->refused_from) {
        *ntstatus = page->refused_status;
        return KDT_GAP_REFUSED;
    }
    if (*len > page->refused_from - offset)
        *len = page->refused_from - offset;
    return KDT_GAP_UNRECORDED;
}

enum kdt_recorded_gap kdt_recorded_memory_gap(const struct kdt_recorded_memory *m, uint64_t at,
                                              size_t max, size_t *len, uint32_t *ntstatus)
{
    uint32_t status = 0, next_status = 0;
    size_t done, n;
    enum kdt_recorded_gap gap = gap_here(m, at, &done, &status);

    max = within_space(at, max);
    while (done < max && gap_here(m, at + done, &n, &next_status) == gap && next_status == status)
        done += n;
    *len = done < max ? done : max;
    if (gap == KDT_GAP_REFUSED)
        *ntstatus = status;
    return gap;
}

uint64_t kdt_recorded_memory_bytes(const struct kdt_recorded_memory *m)
{
    return m->known;
}
