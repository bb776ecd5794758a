/* source.h - the one place where a live session, a recording or a dump becomes a memory source, and
 * the one way in which a command uses it.
 *
 *     open --> collect: read everything --> let it run, take leave --> print
 *          ^                            |
 *          +-- with --wait: it restarted
 *
 * Printing   comes after leaving: nobody's terminal keeps a machine frozen.
 * Restarts   A live target that restarts while it is read makes all that was read void. With --wait
 *            the work is done again from the start, with its new boot.
 * Signals    A wish to stop ends every waiting call with KD_ERR_CANCELLED; a live target is let run
 *            all the same.
 * Messages   What went wrong, and what became of the target where that is not plain, is said here. */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include "cli.h"
#include "memory_dump.h"

#include <walker/kernel.h>
#include <walker/mem.h>
#include <walker/modules.h>
#include <walker/snapshot.h>
#include <walker/target.h>

struct source;

enum source_need {
    SOURCE_ANYTHING, /* a boot debugger will do */
    SOURCE_KERNEL,   /* a live boot debugger is let go on until the NT kernel comes */
};

struct source_job { /* what a command does with a target */
    enum source_need need;
    /* Read everything that is wanted into *work, while the target stands still. A failure is
     * explained in c->diag, and leaves *work as it was: it may be called again. */
    enum kd_status (*collect)(struct cli *c, struct source *s, void *work);
    /* Print what was read, and free it. True: it has gaps. */
    bool (*print)(const struct cli *c, void *work);
};

/* Do the job with the target that the options name. */
enum cli_exit source_run(struct cli *c, const struct source_job *job, void *work);

/* For collect. */
struct kdw_mem *source_mem(struct source *s);
const struct kdw_target *source_target(const struct source *s);
/* Open the target's kernel with symbols from wherever there are some; which those were is said with
 * what is printed. */
enum kd_status source_kernel(struct source *s, struct kdw_kernel *out);
/* A snapshot of the target, of these KDW_PART_... */
enum kd_status source_snapshot(struct source *s, unsigned parts, struct kdw_snapshot *out);
/* Say on stderr, once it runs again, how long a live target stood still. */
void source_tell_freeze(struct source *s);
/* The modules that the kernel has loaded. */
enum kd_status source_modules(struct source *s, struct kdw_module_list *out);
/* The memory that the options name: of a process, behind a page-table root, or that of source_mem. k may be
 * NULL where the next function says so; with its symbols what is not present is told better. */
enum kd_status source_space(struct source *s, struct kdw_kernel *k, struct kdw_mem **out);
bool source_space_needs_kernel(const struct source *s);
/* The byte at va of that memory could not be read: why, and how many from there on, at most max, for the same reason. */
struct memory_gap source_gap(const struct source *s, uint64_t va, size_t max);

#endif
