/* dump_parts.h - what the files that read dumps share.
 *
 * Each format is one file with one function, which reads the format's headers, fills in the facts
 * and leaves an index: which place of an address space stands where in the file. There are two
 * kinds of index, extents and a bitmap; all else is the same for every format and is in dump.c.
 *
 *     dump.c          which format; facts, warnings, reading through the index
 *     dump_header.c   the header of Windows' dumps, and which layout follows it
 *     dump_extents.c  index: stretches of addresses, sorted
 *     dump_bitmap.c   index: a bit for each page (types 2, 5, 6, 7)
 *     dump_runs.c     type 1            dump_elf.c   ELF cores
 *     dump_ranges.c   types 8, 9, 0xA   dump_lime.c  LiME's images
 *     dump_triage.c   type 4            dump_raw.c   raw images, and searching roots in memory
 *
 * Bounds    No count or offset is believed before it was compared with the file's length; offsets of
 *           pages are compared when they are read, for a file that is cut short is still of use. */
#ifndef WALKER_DUMP_PARTS_H
#define WALKER_DUMP_PARTS_H

#include "map_pieces.h"

#include <kdproto/bytes.h>
#include <walker/dump.h>

enum {
    DUMP_PAGE_LEN = 0x1000,
    DUMP_HEADER_LEN = 0x2000, /* Windows' header; what the layout needs stands behind it */
};
#define DUMP_PFN_END  ((uint64_t)1 << 40)         /* physical addresses have 52 bits */
#define DUMP_DTB(cr3) ((cr3)&0x000FFFFFFFFFF000u) /* without flags and PCID */

struct dump_place {
    uint64_t offset; /* in the file, perhaps behind its end */
    uint64_t len;    /* how much follows there, at least 1 */
};

struct dump_index {
    bool (*find)(const struct dump_index *x, uint64_t at, struct dump_place *out);
    /* The lowest address >= at that the file has. */
    bool (*next)(const struct dump_index *x, uint64_t at, uint64_t *found);
    void (*destroy)(struct dump_index *x);
    uint64_t end; /* behind the highest address, or what a bitmap says the machine has */
    uint64_t pages_total, pages_present;
};

struct kdw_dump {
    struct kdw_mem mem; /* first: reads through the index */
    struct kdw_map map; /* {NULL, 0} where the bytes are the caller's */
    struct kdw_map_pieces pieces;
    struct kd_span file;
    struct kd_diag *diag;
    struct dump_index *index;
    struct kdw_dump_facts facts;
    struct {
        uint64_t offset;
        uint32_t count;
    } drivers; /* of a triage dump, inside the file */
};

/* The whole file, set to offset; failed where that is outside. */
struct kd_reader dump_reader(const struct kdw_dump *d, uint64_t offset);
/* Note something that is wrong, but does not keep the dump from being read. */
void dump_warn(struct kdw_dump *d, const char *fmt, ...) KD_PRINTF(2, 3);

/* Formats. Each leaves index, kind, what and the facts that are its own. */
enum kd_status dump_open_windows(struct kdw_dump *d);
enum kd_status dump_open_runs(struct kdw_dump *d);
enum kd_status dump_open_old_bitmap(struct kdw_dump *d);
enum kd_status dump_open_bitmap(struct kdw_dump *d);
enum kd_status dump_open_ranges(struct kdw_dump *d);
enum kd_status dump_open_triage(struct kdw_dump *d);
enum kd_status dump_open_elf(struct kdw_dump *d);
enum kd_status dump_open_lime(struct kdw_dump *d);
enum kd_status dump_open_raw(struct kdw_dump *d);

/* The facts of the Windows header at `header`, DUMP_HEADER_LEN bytes in the file or a note of it. */
enum kd_status dump_read_header(struct kdw_dump *d, const uint8_t *header);
/* Whether what follows the header makes sense as an old bitmap only. */
bool dump_is_old_bitmap(const struct kdw_dump *d);
/* Whether the header describes runs that fill the file. */
bool dump_runs_fit(const struct kdw_dump *d);
/* The kernel's base, as the first driver of a triage dump; 0: unknown. */
uint64_t dump_first_driver_va(const struct kdw_dump *d);
/* Page-table root and a place inside the kernel, where they are not known yet: the code that starts
 * a processor keeps them in the first MiB of memory. */
void dump_use_low_stub(struct kdw_dump *d);

/* Extents: [at, at + len) stands at offset. Added in any order, then finished once, which sorts
 * them and makes them an index. Where two overlap the one that begins lower is taken, and of two
 * that begin together the longer: that covers all that any covers. */
struct dump_extents;
enum kd_status dump_extents_create(struct kdw_dump *d, struct dump_extents **out); /* is d->index */
enum kd_status dump_extents_add(struct kdw_dump *d, struct dump_extents *x, uint64_t at,
                                uint64_t len, uint64_t offset);
/* False: some overlapped. */
bool dump_extents_finish(struct kdw_dump *d, struct dump_extents *x);

#endif
