/* provider_choice.h - which providers of a snapshot to keep: one as people name it, a silo's, a logger's, a
 * process's. What belongs to the others is left out of all tables. */
#ifndef CLI_PROVIDER_CHOICE_H
#define CLI_PROVIDER_CHOICE_H

#include "provider_names.h"
#include "silo_choice.h"

#include <kdproto/diag.h>
#include <walker/snapshot.h>

struct provider_choice {
    const char *name; /* a GUID, a name, or a part of one; NULL: all of them */
    const struct provider_names *names;
    struct silo_choice silo;
    bool has_logger, has_process;
    uint64_t logger_id, process_pid;
    const char *
        process_name; /* in the pid's place, and found among the snapshot's processes; NULL: the pid */
};

/* KD_ERR_NOT_FOUND: nothing is called so, or there is no such silo or process; KD_ERR_USAGE: several are,
 * and diag names some. */
enum kd_status provider_choice_keep(const struct provider_choice *choice, struct kdw_snapshot *s,
                                    struct kd_diag *diag);

#endif
