/* LiME: a header of 32 bytes before each range of memory, then its bytes. Ranges need not begin or
 * end with a page: they are what the machine's map of memory says. */
#include "dump_parts.h"

#include <inttypes.h>

enum { RANGE_HEADER_LEN = 32, VERSION = 1 };
static const uint32_t magic = 0x4C694D45;

struct range {
    uint64_t first, last; /* inclusive */
    uint64_t data;        /* its bytes in the file */
};

static enum kd_status read_range(const struct kdw_dump *d, uint64_t offset, struct range *out)
{
    struct kd_reader r = dump_reader(d, offset);
    uint32_t its_magic = kd_rd_u32(&r), version = kd_rd_u32(&r);
    struct range range = {.data = offset + RANGE_HEADER_LEN};

    range.first = kd_rd_u64(&r);
    range.last = kd_rd_u64(&r);
    kd_rd_skip(&r, 8); /* reserved */
    if (!kd_reader_ok(&r))
        return KD_ERR_TRUNCATED;
    if (its_magic != magic || range.last < range.first || range.last == UINT64_MAX)
        return KD_ERR_MALFORMED;
    if (version != VERSION)
        return KD_ERR_UNSUPPORTED;
    *out = range;
    return KD_OK;
}

static enum kd_status add_ranges(struct kdw_dump *d, struct dump_extents *x)
{
    uint64_t offset = 0;
    enum kd_status st = KD_OK;

    while (st == KD_OK && offset < d->file.len) {
        struct range range;
        uint64_t len;

        st = read_range(d, offset, &range);
        if (st != KD_OK && offset > 0) {
            dump_warn(d, "no whole header of a range at 0x%" PRIx64 ": what follows is not read",
                      offset);
            return KD_OK;
        }
        if (st != KD_OK)
            return kd_diag_set(d->diag, st, "its first range has no header that is understood");
        len = range.last - range.first + 1;
        st = dump_extents_add(d, x, range.first, len, range.data);
        offset = len > d->file.len - range.data ? d->file.len : range.data + len;
    }
    return st;
}

enum kd_status dump_open_lime(struct kdw_dump *d)
{
    struct dump_extents *x = NULL;
    enum kd_status st = dump_extents_create(d, &x);

    d->facts.kind = KDW_DUMP_LIME;
    d->facts.what = "LiME image";
    if (st == KD_OK)
        st = add_ranges(d, x);
    if (st != KD_OK)
        return st;
    if (!dump_extents_finish(d, x))
        dump_warn(d, "ranges of memory overlap");
    dump_use_low_stub(d);
    return KD_OK;
}
