/* dump.h - a file that holds a machine's memory: a crash dump, a raw image, a hypervisor's core.
 *
 * What a file is, its content tells and never its name. It is mapped, not read: opening looks at its
 * headers, its index of pages (once, from end to end) and, where those do not name the page-table
 * root, at the first MiB of memory. What a page holds is looked at when it is asked for.
 *
 *     physical memory  all kinds but triage dumps; paging.h makes addresses of it
 *     virtual memory   triage dumps: blocks of a few kernel structures, no page tables
 *
 * A file that is damaged or cut short is opened as far as it can be; `warnings` says what is wrong.
 *
 * Lifetime  From _open to _close. Memory and facts belong to the dump; diag must outlive it.
 * Errors    KD_ERR_UNSUPPORTED (another kind of file: which, and what to do about it),
 *           KD_ERR_TRUNCATED, KD_ERR_MALFORMED, KD_ERR_LIMIT, and map.h's. Of reads: KD_ERR_NOT_IN_DUMP
 *           (the file never had this place), KD_ERR_CUT_OFF (it had, and ends before it).
 * Source    Public types of crash dumps and writers of the other kinds [doc]; a triage dump [seen]. */
#ifndef WALKER_DUMP_H
#define WALKER_DUMP_H

#include <kdproto/diag.h>
#include <walker/mem.h>
#include <walker/modules.h>
#include <walker/target.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    KDW_DUMP_WARNINGS_MAX = 8,
    KDW_DUMP_WARNING_LEN = 160, /* with its NUL */
};

enum kdw_dump_kind {
    KDW_DUMP_RUNS,       /* Windows: all memory, type 1 */
    KDW_DUMP_OLD_BITMAP, /* Windows 7 and older: kernel memory, type 2 */
    KDW_DUMP_BITMAP,     /* Windows 8 and later: types 5, 6, 7 */
    KDW_DUMP_RANGES,     /* written by a newer debugger: types 8, 9, 0xA */
    KDW_DUMP_TRIAGE,     /* "small": type 4 */
    KDW_DUMP_ELF,        /* QEMU's and VirtualBox's cores */
    KDW_DUMP_LIME,
    KDW_DUMP_RAW,
};

enum {                           /* attributes */
       KDW_DUMP_NO_ROOM = 0x4,   /* the writer ran out of space: the highest pages are missing */
       KDW_DUMP_LIVE = 0x10,     /* taken of a running system */
       KDW_DUMP_FILTERED = 0x40, /* "active memory": pages of no interest were left out */
};

/* What the file says of the machine. Unknown is 0 throughout, unless said otherwise. */
struct kdw_dump_facts {
    enum kdw_dump_kind kind;
    const char *what; /* for people: "kernel memory dump" */

    bool has_header; /* a Windows dump header; without one all from here to suite_mask is unknown */
    uint32_t dump_type;
    uint32_t attributes;
    uint32_t writer_status; /* the writer's NTSTATUS */
    uint32_t build;
    bool is_checked;
    uint64_t module_list_va, process_list_va; /* PsLoadedModuleList, PsActiveProcessHead */
    uint64_t debugger_data_va;                /* KdDebuggerDataBlock, see debugger_data.h */
    uint64_t debugger_data_copy_va;           /* a decoded copy that a guest's driver made */
    uint64_t pfn_database_va; /* of the variable where inside the kernel, else of the array */
    bool has_bugcheck;
    uint32_t bugcheck_code; /* see bugcheck.h */
    uint64_t bugcheck_parameters[4];
    uint64_t time_100ns, uptime_100ns; /* since 1601, UTC; since boot */
    bool has_product;
    uint32_t product_type, suite_mask;

    uint16_t machine; /* 0x8664: AMD64; 0xAA64: ARM64 */
    uint32_t processor_count;
    uint64_t dtb;            /* page-table root; see kdw_dump_find_root */
    uint64_t cr4;            /* bit 12: five levels; 0: unknown */
    uint64_t rip;            /* of the processor that the header or the first note describes */
    uint64_t idt_va;         /* interrupt table of a processor */
    uint64_t kernel_hint_va; /* some place inside the kernel's image, for kernel_scan.h */

    uint64_t physical_end;               /* behind the highest page; 0 for triage dumps */
    uint64_t pages_total, pages_present; /* by the index, and of those inside the file */

    size_t warning_count;
    char warnings[KDW_DUMP_WARNINGS_MAX][KDW_DUMP_WARNING_LEN];
};

struct kdw_dump;

enum kd_status kdw_dump_open(const char *path, struct kd_diag *diag, struct kdw_dump **out);
/* The same over bytes that the caller keeps: tests and fuzzing. */
enum kd_status kdw_dump_open_bytes(const void *data, size_t len, struct kd_diag *diag,
                                   struct kdw_dump **out);
void kdw_dump_close(struct kdw_dump *d); /* NULL is fine */

const struct kdw_dump_facts *kdw_dump_facts(const struct kdw_dump *d);
/* The same as a target's. Its kernel base is known of triage dumps only. */
struct kdw_target kdw_dump_target(const struct kdw_dump *d);

struct kdw_mem *kdw_dump_physical(struct kdw_dump *d); /* NULL: a triage dump has none */
struct kdw_mem *kdw_dump_virtual(struct kdw_dump *d);  /* NULL: not a triage dump */

/* The list of loaded modules that a triage dump carries in place of memory. KD_ERR_NOT_FOUND: it has
 * none, or it is another kind of dump. */
enum kd_status kdw_dump_modules(struct kdw_dump *d, struct kdw_module_list *out);

/* Where the header names no page-table root, or one that is not in the dump: the lowest page at or
 * above from_pa that looks like a root, because one entry in its upper half leads back to it.
 * That is so of every process's, and each maps the kernel; a caller tries what it finds, and goes on
 * from the next page. KD_ERR_NOT_FOUND: none below KDW_DUMP_ROOT_END, where the loader puts the
 * system's. Reads up to that much memory: seconds, unlike all else here. */
#define KDW_DUMP_ROOT_END 0x100000000u
enum kd_status kdw_dump_find_root(struct kdw_dump *d, uint64_t from_pa, uint64_t *root_pa);

#ifdef __cplusplus
}
#endif
#endif
