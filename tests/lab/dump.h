/* dump.h - a machine's physical memory as a file of one of the kinds that debuggers and hypervisors write.
 *
 * Each is told as its writer makes it; nothing of the readers is used. Pages of zeros become holes, so a
 * file takes no more room than what the machine wrote.
 *
 * What may befall the machine before. Pages that hold pool (all in the system half below
 * 0xfffff00000000000: structures, module list, names) draw lots, from one seed: paged out (the entry names a
 * place in a page file, and the page is somebody else's), in transition (the entry says so, and the page is
 * still there), or left out of the file. The rest, the kernel's image, processors, stacks, drivers and page
 * tables, stay: whatever is missing, the kernel can be found.
 *
 * Errors    A text for a person in *why. A regular file that could not be finished is removed; what is none
 *           is not touched. */
#ifndef LAB_DUMP_H
#define LAB_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lab_machine;

struct lab_dump_options {
    const char *type;  /* a name of lab_dump_type */
    bool has_bugcheck; /* else as the type has it */
    uint32_t bugcheck;
    uint64_t parameters[4];
    unsigned page_out, transition, leave_out; /* percent of the pages with pool, 100 in all */
    bool header_out;                          /* paged out too: the kernel's PE header */
    bool encode;                              /* booted without debugging: debugger data encoded */
    bool swizzle; /* bits of entries that are not present are flipped, where the kernel knows how */
    uint64_t seed;
};

/* The types, one by one: name and a line about it; NULL behind the last. */
const char *lab_dump_type(size_t i, const char **about);
/* Changes the machine as the options say, and writes it. */
bool lab_dump_write(struct lab_machine *m, const struct lab_dump_options *o, const char *path,
                    const char **why);

#endif
