/* dump_system.h - the Windows in a dump: its virtual memory, and what a live target would say of itself.
 *
 * A dump's header says a part of that, a raw image nothing. Each step looks where the one before left
 * something open:
 *
 *     page tables  the root that the file names; else each that is found in its memory
 *     kernel       its debugger data block; else the first of its modules; else the image around a place
 *                  that is inside: where a processor was, or starts. Where no header names the
 *                  block and the list of modules, they are searched in the image
 *     the rest     _learn: the kernel's symbols, which also decode the debugger data block
 *
 * Of a triage dump the header and the list of drivers are all there is.
 *
 * Lifetime  From _find to _deinit; the dump, and the facts in it, must outlive it.
 * Errors    KD_ERR_NOT_FOUND: no page tables, or no kernel in them; KD_ERR_UNSUPPORTED: of a machine whose
 *           page tables are not understood. */
#ifndef WALKER_DUMP_SYSTEM_H
#define WALKER_DUMP_SYSTEM_H

#include <walker/dump.h>
#include <walker/kernel.h>
#include <walker/paging.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdw_dump_system {
    const struct kdw_dump_facts *facts;
    struct kdw_mem *mem;       /* virtual */
    struct kdw_paging *paging; /* NULL: of a triage dump */
    struct kdw_target target;
};

enum kd_status kdw_dump_system_find(struct kdw_dump *d, struct kd_diag *diag,
                                    struct kdw_dump_system *out);
void kdw_dump_system_deinit(struct kdw_dump_system *s); /* a zeroed one is fine */

/* Is it known where the list of modules and the build lab are? If not, symbols can tell. */
bool kdw_dump_system_is_complete(const struct kdw_dump_system *s);
/* k has its symbols, and reads s->mem: learn from them how pages that are not present are to be read,
 * and what s->target lacks. Not of a triage dump. */
enum kd_status kdw_dump_system_learn(struct kdw_dump_system *s, struct kdw_kernel *k);

#ifdef __cplusplus
}
#endif
#endif
