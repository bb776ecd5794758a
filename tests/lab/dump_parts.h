/* dump_parts.h - what the files that write dumps share; nobody else includes it.
 *
 *   dump.c          the types; a machine made ready, then written
 *   dump_pages.c    what each page of memory is for, and what becomes of it
 *   dump_file.c     a file with holes
 *   dump_header.c   Windows' header
 *   dump_windows.c  what follows it: runs, bitmaps, ranges
 *   dump_triage.c   or: the little that a small dump holds
 *   dump_other.c    raw images, LiME
 *   dump_qemu.c     cores and dumps of QEMU */
#ifndef LAB_DUMP_PARTS_H
#define LAB_DUMP_PARTS_H

#include "dump.h"
#include "machine_parts.h"

/* ---- the file ---- */

struct dump_file {
    int fd;
    int error; /* errno of what failed first */
    uint64_t len;
};

/* NULL, or what is wrong. */
const char *dump_file_create(struct dump_file *f, const char *path);
/* False, with the reason in error, when anything failed since. */
bool dump_file_finish(struct dump_file *f);
void dump_put(struct dump_file *f, uint64_t at, const void *bytes, size_t len);
void dump_put_u32(struct dump_file *f, uint64_t at, uint32_t value);
void dump_put_u64(struct dump_file *f, uint64_t at, uint64_t value);

/* ---- pages ---- */

enum {                    /* what a page is for */
       PAGE_TABLE = 1,    /* a page table, of whatever space */
       PAGE_SYSTEM = 2,   /* mapped in the system half */
       PAGE_USER = 4,     /* mapped in a user half */
       PAGE_LEFT_OUT = 8, /* the file is to be without it */
};

/* ---- one dump ---- */

#define DUMP_HEADER      0x2000u
#define LIVE_SYSTEM_DUMP 0x161u /* no crash */
#define KDBG_MAX         0x1000u

struct dump;

struct dump_type {
    const char *name, *about;
    bool (*write)(struct dump *d);
    uint32_t windows_type; /* DumpType; 0: no Windows header */
    uint32_t attributes;
    const char *signature; /* of a bitmap */
    uint8_t content;       /* pages for any of this; 0: all that there are */
    bool has_page_list;    /* says of each page whether it is there */
    bool is_qemu;          /* a driver in the guest gives QEMU a header */
    uint32_t bugcheck;     /* what the machine stopped with; 0: it runs */
};

struct dump {
    struct lab_machine *machine;
    struct lab_memory *memory;
    const struct lab_dump_options *options;
    const struct dump_type *type;
    uint8_t *pages; /* by page number */
    struct dump_file file;
    uint8_t kdbg[KDBG_MAX]; /* the debugger data block, plain */
    uint64_t kdbg_va, kdbg_copy_va;
    uint32_t bugcheck; /* 0: none */
    uint8_t header[DUMP_HEADER];
    const char *why;
};

/* Fields of the debugger data block. */
uint64_t kdbg_u64(const struct dump *d, size_t at);
uint16_t kdbg_u16(const struct dump *d, size_t at);
uint32_t kdbg_len(const struct dump *d);

/* dump_pages.c: what each is for; then what the options want of them. */
bool dump_take_stock(struct dump *d);
bool dump_decide_fates(struct dump *d);
bool dump_has_page(const struct dump *d, uint64_t number);
/* The next run of pages that the file has, from *run's end on; zeroed to begin with. */
bool dump_next_run(const struct dump *d, struct lab_run *run);
void dump_put_pages(struct dump *d, uint64_t at, uint64_t number, uint64_t count);

/* dump_header.c: made from the machine as it stopped, changed where a writer does, and written when it is
 * known how long the file is. */
#define DUMP_CONTEXT   0x348u
#define DUMP_EXCEPTION 0xf00u
void dump_make_header(struct dump *d);
void dump_header_u32(struct dump *d, size_t at, uint32_t value);
void dump_header_u64(struct dump *d, size_t at, uint64_t value);
uint64_t dump_context_va(const struct dump *d, uint32_t processor);
void dump_put_header(struct dump *d);

bool dump_write_runs(struct dump *d);
bool dump_write_bitmap(struct dump *d);
bool dump_write_old_bitmap(struct dump *d);
bool dump_write_ranges(struct dump *d);
bool dump_write_triage(struct dump *d);
bool dump_write_raw(struct dump *d);
bool dump_write_lime(struct dump *d);
bool dump_write_elf(struct dump *d);
bool dump_write_win_dmp(struct dump *d);

#endif
