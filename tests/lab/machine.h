/* machine.h - one simulated machine: a kernel image, its memory, its registers.
 *
 * Written from the target's side of the documents; nothing of kdproto, transport or walker is used in the
 * lab, so that one misreading cannot hide in both. The machine is built once and then only read: what
 * makes it talk KD is target.h. Before that a little may befall it, and more before its memory becomes a
 * file, see dump.h.
 *
 * Lifetime  _create to _destroy.
 * Errors    A text for a person in *why (static or inside the machine), NULL: fine. */
#ifndef LAB_MACHINE_H
#define LAB_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lab_machine;

/* name: "14393", "18362", "19041", "22000"; kernel_dir: where the built images are (ntoskrnl.exe and
 * ntkrnlmp.pdb in a folder for each name). */
struct lab_machine *lab_machine_create(const char *name, const char *kernel_dir, const char **why);
/* The same, but as somebody wants it. */
#define LAB_TAMPERS 27
struct lab_machine_options {
    uint64_t ram;  /* a power of two, from 2 GiB to 64 GiB; 0: 2 GiB */
    uint64_t seed; /* of all that the scene leaves open; 0: the usual one */
    bool tell;     /* note what is built, see lab_machine_truth */
    /* And then: bit N - 1: somebody changed what check TN is to find; and it is caught in the middle of
     * changes, which locks that are held tell. */
    uint32_t tampers;
    bool race;
};
struct lab_machine *lab_machine_create_with(const char *name, const char *kernel_dir,
                                            const struct lab_machine_options *options,
                                            const char **why);
void lab_machine_destroy(struct lab_machine *m);

/* Copy as much of [va, va + len) as is mapped without a hole; returns how many bytes from va on. The
 * machine's own page tables decide (4 levels, info.cr3), and physical reads see them: zeros where nothing
 * was ever written. */
size_t lab_machine_read_virtual(const struct lab_machine *m, uint64_t va, void *buf, size_t len);
size_t lab_machine_read_physical(const struct lab_machine *m, uint64_t pa, void *buf, size_t len);

/* The first page of the kernel's image, with its headers, goes to a page file. */
void lab_machine_page_out_header(struct lab_machine *m);
/* The same for this percentage of the pages that hold pool, by lot. */
void lab_machine_page_out(struct lab_machine *m, unsigned percent, uint64_t seed);

/* What the kernel says of itself. */
struct lab_machine_info {
    const char *name;
    uint16_t build;
    uint32_t processors;
    uint64_t kernel_base; /* image base of ntoskrnl.exe */
    uint32_t kernel_size;
    uint32_t kernel_checksum;
    const char *kernel_path;     /* "\\SystemRoot\\system32\\ntoskrnl.exe" */
    uint64_t module_list;        /* PsLoadedModuleList */
    uint64_t debugger_data_list; /* head of the list with KDDEBUGGER_DATA64 */
    uint64_t break_in_pc;     /* DbgBreakPointWithStatus: the address of its int3 (CC C3 follows) */
    uint64_t load_symbols_pc; /* the int3 where a load-symbols stop stands */
    uint64_t thread;          /* KTHREAD of the processor that halts */
    uint64_t stack;           /* an rsp inside mapped kernel stack */
    uint64_t cr3, cr4;
    uint64_t kpcr[64], kprcb[64]; /* per processor */
};
const struct lab_machine_info *lab_machine_info(const struct lab_machine *m);

/* What was built, told while it was built and not read back; NULL: nobody was to tell. */
struct truth *lab_machine_truth(struct lab_machine *m);

/* Copy the PDBs of all built kernels into dir as a symbol store (name/key/name). */
bool lab_machine_write_store(const char *kernel_dir, const char *dir, const char **why);

#endif
