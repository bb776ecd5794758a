/* Type 1, and what others write as such: a short table of runs in the header, then their pages one
 * after the other, in the order of the table. */
#include "dump_parts.h"

#include <inttypes.h>

enum {
    DESCRIPTOR = 0x88, /* in the header */
    PAGES = 8,         /* at +4 in some readers, but there is padding [doc] */
    RUNS = 0x10,
    RUNS_MAX = 43, /* 42 fit the descriptor; QEMU uses the padding behind it for one more [doc] */
};
static const uint32_t fill = 0x45474150; /* nothing was written */

struct run {
    uint64_t base, count; /* pages */
    uint64_t offset;      /* in the file */
};

struct runs {
    struct run runs[RUNS_MAX];
    uint32_t count, stated_count;
    uint64_t pages, stated_pages;
};

static enum kd_status read_runs(const struct kdw_dump *d, struct runs *out)
{
    struct kd_reader r = dump_reader(d, DESCRIPTOR);
    struct runs rs = {0};

    rs.stated_count = kd_rd_u32(&r);
    kd_rd_seek(&r, DESCRIPTOR + PAGES);
    rs.stated_pages = kd_rd_u64(&r);
    if (rs.stated_count == fill || rs.stated_count == 0)
        return kd_diag_set(d->diag, KD_ERR_MALFORMED, "its header describes no memory");
    rs.count = rs.stated_count < RUNS_MAX ? rs.stated_count : RUNS_MAX;
    for (uint32_t i = 0; i < rs.count; i++) {
        struct run *run = &rs.runs[i];

        run->base = kd_rd_u64(&r);
        run->count = kd_rd_u64(&r);
        run->offset = DUMP_HEADER_LEN + rs.pages * DUMP_PAGE_LEN;
        if (run->base > DUMP_PFN_END || run->count > DUMP_PFN_END - run->base)
            return kd_diag_set(d->diag, KD_ERR_MALFORMED,
                               "run %" PRIu32 " goes past the end of physical memory", i);
        rs.pages += run->count; /* 43 times 2^40 at most */
    }
    *out = rs;
    return KD_OK;
}

/* Run i without what runs before it in the table have: of those that overlap the first is the one
 * that is right. *is_cut: there was such. */
static enum kd_status add_run(struct kdw_dump *d, struct dump_extents *x, const struct runs *rs,
                              uint32_t i, bool *is_cut)
{
    const struct run *run = &rs->runs[i];
    uint64_t pfn = run->base, end = run->base + run->count;
    enum kd_status st = KD_OK;

    while (pfn < end && st == KD_OK) {
        uint64_t stop = end, covered = pfn;

        for (uint32_t j = 0; j < i; j++) {
            const struct run *before = &rs->runs[j];

            if (pfn < before->base && before->base < stop)
                stop = before->base;
            if (pfn >= before->base && pfn - before->base < before->count)
                covered = before->base + before->count;
        }
        if (covered > pfn) {
            *is_cut = true;
            pfn = covered;
        } else {
            st = dump_extents_add(d, x, pfn * DUMP_PAGE_LEN, (stop - pfn) * DUMP_PAGE_LEN,
                                  run->offset + (pfn - run->base) * DUMP_PAGE_LEN);
            pfn = stop;
        }
    }
    return st;
}

enum kd_status dump_open_runs(struct kdw_dump *d)
{
    struct dump_extents *x = NULL;
    bool is_cut = false;
    struct runs rs;
    enum kd_status st = read_runs(d, &rs);

    if (st == KD_OK)
        st = dump_extents_create(d, &x);
    for (uint32_t i = 0; st == KD_OK && i < rs.count; i++)
        st = add_run(d, x, &rs, i, &is_cut);
    if (st != KD_OK)
        return st;
    (void)dump_extents_finish(d, x);
    if (rs.stated_count > RUNS_MAX)
        dump_warn(d, "header says %" PRIu32 " runs of memory, and has room for %d", rs.stated_count,
                  RUNS_MAX);
    else if (rs.pages != rs.stated_pages)
        dump_warn(d, "header says %" PRIu64 " pages, its runs %" PRIu64 ", which are believed",
                  rs.stated_pages, rs.pages);
    if (is_cut)
        dump_warn(d, "runs of memory overlap: of two the first is believed");
    return KD_OK;
}

bool dump_runs_fit(const struct kdw_dump *d)
{
    struct runs rs;

    return read_runs(d, &rs) == KD_OK &&
           rs.pages <= (d->file.len - DUMP_HEADER_LEN) / DUMP_PAGE_LEN;
}
