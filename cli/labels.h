/* labels.h - what leads from one record of a snapshot to another, in few words: of which silo, which job. */
#ifndef CLI_LABELS_H
#define CLI_LABELS_H

#include "text.h"

#include <walker/snapshot.h>

/* "host", or the id of the silo's job; an address that leads to no silo stays one. */
void label_silo(struct text *t, const struct kdw_snapshot *s, const struct kdw_u64 *silo_va);
/* The silo that an ETW state belongs to. */
void label_silo_of_state(struct text *t, const struct kdw_snapshot *s,
                         const struct kdw_u64 *state_va);
/* The ids of a job and of those that it is in, from the outermost: "30/78". 0: "-". */
void label_job_path(struct text *t, const struct kdw_snapshot *s, const struct kdw_u64 *job_va);
/* A container's GUID; all zero, as in what is none: "-". */
void label_container(struct text *t, const struct kdw_guid *id);
/* The logger that stands in a slot of a state; NULL: there is none. */
const struct kdw_logger *logger_in_slot(const struct kdw_snapshot *s,
                                        const struct kdw_u64 *state_va, const struct kdw_u64 *id);
/* The name of the loaded module that va lies in, and how far: "tcpip.sys+0x1b3c0"; outside of all: the
 * address. 0: "-". */
void label_code(struct text *t, const struct kdw_snapshot *s, const struct kdw_u64 *va);

/* It was walked to its end: what is not on it is not there. */
bool label_list_is_whole(const struct kdw_snapshot *s, const char *name);
/* Where something was not found though others like it were. routes: bits of KDW_FOUND_...; name_of: as in
 * layer_names.h. "hidden: not on PsActiveProcessHead; found by MmProcessLinks, PspCidTable". */
void label_hidden(struct text *t, uint64_t routes, const char *(*name_of)(unsigned bit));

/* The process that a pid meant when the child was made: pids are used again. NULL: it is gone. */
const struct kdw_process *process_parent(const struct kdw_snapshot *s,
                                         const struct kdw_process *child);

#endif
