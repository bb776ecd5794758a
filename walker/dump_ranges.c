/* Types 8, 9 and 0xA, from newer debuggers: a table of ranges, then their pages in its order. */
#include "dump_parts.h"

#include <inttypes.h>

enum {
    METADATA_LEN = 0x2010,
    FIRST_PAGE_SLACK = 0x2020, /* how much the first page's offset is more than that [doc] */
    ENTRIES = 0x2030,
    ENTRY_LEN = 16,
    TYPE_COMPLETE = 0xA, /* the only one whose number of pages is documented [doc] */
};

struct ranges {
    uint64_t first_page;
    uint64_t stated_pages;
    bool has_stated_pages;
    uint64_t entries_max; /* the table may be longer than what is in it, and then has zeros */
};

static enum kd_status read_header(struct kdw_dump *d, struct ranges *out)
{
    struct kd_reader r = dump_reader(d, METADATA_LEN);
    struct ranges rs = {0};
    uint64_t metadata_len = kd_rd_u64(&r);

    rs.first_page = kd_rd_u64(&r);
    kd_rd_skip(&r, 4 + 4); /* number of ranges, unknown */
    rs.stated_pages = kd_rd_u64(&r);
    if (!kd_reader_ok(&r) || rs.first_page > d->file.len)
        return kd_diag_set(d->diag, KD_ERR_TRUNCATED, "ends inside its table of ranges");
    if (rs.first_page < ENTRIES)
        return kd_diag_set(d->diag, KD_ERR_MALFORMED, "its first page stands inside its header");
    if (metadata_len != rs.first_page - FIRST_PAGE_SLACK)
        dump_warn(d, "the length of its table of ranges and the first page's offset disagree");
    rs.has_stated_pages = d->facts.dump_type == TYPE_COMPLETE;
    rs.entries_max = (rs.first_page - ENTRIES) / ENTRY_LEN;
    *out = rs;
    return KD_OK;
}

static enum kd_status add_ranges(struct kdw_dump *d, struct dump_extents *x,
                                 const struct ranges *rs, uint64_t *pages)
{
    struct kd_reader r = dump_reader(d, ENTRIES);
    enum kd_status st = KD_OK;

    for (uint64_t i = 0; st == KD_OK && i < rs->entries_max; i++) {
        uint64_t pfn = kd_rd_u64(&r);
        uint64_t count = kd_rd_u64(&r);

        if (rs->has_stated_pages ? *pages >= rs->stated_pages : pfn == 0 && count == 0)
            break;
        if (pfn > DUMP_PFN_END || count > DUMP_PFN_END - pfn || count > DUMP_PFN_END - *pages)
            return kd_diag_set(d->diag, KD_ERR_MALFORMED,
                               "range %" PRIu64 " goes past the end of physical memory", i);
        st = dump_extents_add(d, x, pfn * DUMP_PAGE_LEN, count * DUMP_PAGE_LEN,
                              rs->first_page + *pages * DUMP_PAGE_LEN);
        *pages += count;
    }
    return st;
}

enum kd_status dump_open_ranges(struct kdw_dump *d)
{
    struct dump_extents *x = NULL;
    uint64_t pages = 0;
    struct ranges rs = {0};
    enum kd_status st = read_header(d, &rs);

    if (st == KD_OK)
        st = dump_extents_create(d, &x);
    if (st == KD_OK)
        st = add_ranges(d, x, &rs, &pages);
    if (st != KD_OK)
        return st;
    if (!dump_extents_finish(d, x))
        dump_warn(d, "ranges of memory overlap");
    if (rs.has_stated_pages && pages != rs.stated_pages)
        dump_warn(d, "header says %" PRIu64 " pages, its ranges %" PRIu64 ", which are believed",
                  rs.stated_pages, pages);
    return KD_OK;
}
