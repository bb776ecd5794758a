/* source.h - the one place where a live session becomes a memory source.
 *
 * Lifetime  source_open to source_close. Between them the target is halted, so read what is needed,
 * call source_leave, and print afterwards: nobody's terminal keeps a machine frozen. Signals   A
 * wish to stop ends every waiting call with KD_ERR_CANCELLED; source_leave still lets the target
 * run. */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include "cli.h"

#include <walker/kernel.h>
#include <walker/mem.h>
#include <walker/target.h>

struct source;

enum source_need {
    SOURCE_ANYTHING, /* a boot debugger will do */
    SOURCE_KERNEL,   /* a boot debugger is let go on until the NT kernel comes */
};

/* Attach to what -k names, halt it. On failure a message was printed and the target let go. */
enum kd_status source_open(struct cli *c, enum source_need need, struct source **out);
struct kdw_mem *source_mem(struct source *s);
const struct kdw_target *source_target(const struct source *s);

/* Let the target run and take leave. st: how the work so far ended; a failure is printed, with
 * c->diag, and what became of the target is said where that is not plain. Returns the exit status
 * so far. */
enum cli_exit source_leave(struct source *s, enum kd_status st);
void source_close(struct source *s); /* NULL is fine */

/* Open the kernel behind a source with symbols from -y. The status goes to source_leave. */
enum kd_status source_kernel(struct source *s, struct kdw_kernel *out);

#endif
