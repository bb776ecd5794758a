/* layers_keep.h - what one process has to do with: the rest is left out of a snapshot. */
#ifndef CLI_LAYERS_KEEP_H
#define CLI_LAYERS_KEEP_H

#include <walker/snapshot.h>

/* The process and its parent, its jobs, silos and session, the loggers that it consumes or that its providers are
 * enabled for. Processors, variables and modules stay. */
void layers_keep(struct kdw_snapshot *s, uint64_t process_va);

#endif
