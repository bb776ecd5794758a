/* source_kind.h - what a kind of source does for source.c: open its target, and let go of it.
 *
 * One file a kind: source_live.c (-k), source_recording.c (-r), source_dump.c (-z). source.c picks one
 * by the options and calls, in this order:
 *
 *     open --> the command collects --> leave --> it prints --> close
 *              ^                    |
 *              +------- again ------+   where that says so
 *
 * Whatever fails, leave and close still follow. Failures are explained in cli->diag.
 * Private to cli/source*.c. */
#ifndef CLI_SOURCE_KIND_H
#define CLI_SOURCE_KIND_H

#include "source.h"
#include "symbol_choice.h"

#include <kdproto/manipulate.h>
#include <kdproto/state_change.h>
#include <walker/paging.h>
#include <walker/ram.h>

struct source_cost;
struct source_hearing;

struct source_watching { /* as source_watch.h */
    enum kd_status (*begin)(struct source *s, const struct source_hearing *hearing);
    enum kd_status (*let_go)(struct source *s);
    enum kd_status (*listen)(struct source *s, uint32_t ms, struct kd_state_change *stop);
    enum kd_status (*catch)(struct source *s);
    void (*abandon)(struct source *s);
    void (*limit)(struct source *s, uint64_t freeze_us);
    void (*get_cost)(const struct source *s, struct source_cost *out);
    uint64_t (*time_ns)(const struct source *s);
};

struct source_kind {
    bool stands_still; /* somebody's machine does, from open to leave */
    /* Until the target stands still, and mem and target of the source are its own. */
    enum kd_status (*open)(struct source *s, enum source_need need);
    /* Collecting failed with st. KD_OK: begin anew, with what stands still now. NULL: never. */
    enum kd_status (*again)(struct source *s, enum kd_status st);
    /* Nothing more is read. failed: no output will follow. NULL: nothing to do. */
    void (*leave)(struct source *s, bool failed);
    void (*close)(struct source *s);
    /* As source_gap. */
    struct memory_gap (*gap)(const struct source *s, uint64_t va, size_t max);
    /* The kernel's symbols are there: what they say of this source. NULL: nothing that matters. */
    enum kd_status (*learn)(struct source *s, struct kdw_kernel *k);
    /* Its physical memory, for address spaces that are not its current one: everything but the dtb; levels
     * 0 where nobody knows, highest_pfn 0 where it is the kernel that knows. */
    enum kd_status (*physical)(struct source *s, struct kdw_paging_opts *out);
    /* As source_gap, of physical memory. NULL: what is missing is a page. */
    struct memory_gap (*physical_gap)(const struct source *s, uint64_t pa, size_t max);
    /* As source_modules. NULL: they are where the target has its list. */
    enum kd_status (*modules)(struct source *s, struct kdw_module_list *out);
    const struct source_watching *watching; /* NULL: it cannot be let go */
};

struct source {
    const struct source_kind *kind;
    struct cli *cli;
    struct kdw_mem *mem;
    struct kdw_target target;
    void *state; /* the kind's own; NULL: not even begun */
    struct symbol_choice symbols;
    struct kdw_paging *space; /* source_space.c's, over mem's physical side; NULL: none is wanted */
    struct kdw_ram ram;       /* what it stays inside of */
    struct kd_diag remark;    /* on it, for later; empty: none */
    bool tells_freeze;        /* once it was left: for how many ms somebody's machine stood still */
    uint64_t frozen_ms;
};

extern const struct source_kind source_live, source_recording, source_dump;

/* Find symbols for the source's kernel, and learn from them. */
enum kd_status source_load_symbols(struct source *s, struct kdw_kernel *k);
/* source_space.c: before its memory goes away, and on any memory that _space gave. */
void source_space_drop(struct source *s);
/* What _physical answers where it knows memory and CR4 (0: it does not), and nothing more. */
struct kdw_paging_opts source_paging_of(struct kdw_mem *physical, uint64_t cr4);
struct memory_gap source_space_gap(const struct source *s, uint64_t va, size_t max);

/* What a halted target says of itself. */
struct kdw_target source_target_of(const struct kd_version *v, const struct kd_state_change *stop);

#endif
