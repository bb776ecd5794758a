/* Images of memory with little around it: raw, LiME. */
#include "dump_parts.h"

/* The place in the file is the physical address, with zeros for what is no memory. */
bool dump_write_raw(struct dump *d)
{
    dump_put_pages(d, 0, 0, lab_memory_end(d->memory));
    return true;
}

bool dump_write_lime(struct dump *d)
{
    struct lab_run run = {0};
    uint64_t at = 0;

    while (dump_next_run(d, &run)) {
        dump_put(&d->file, at, "EMiL\1\0\0\0", 8); /* and the version */
        dump_put_u64(&d->file, at + 8, run.first * LAB_PAGE);
        dump_put_u64(&d->file, at + 16, (run.first + run.count) * LAB_PAGE - 1);
        dump_put_pages(d, at + 32, run.first, run.count);
        at += 32 + run.count * LAB_PAGE;
    }
    return true;
}
