/* replay_script.h - a recording as what its targets said and answered, boot by boot.
 *
 * Built in one pass over the recording; replay.c plays it. */
#ifndef TRANSPORT_REPLAY_SCRIPT_H
#define TRANSPORT_REPLAY_SCRIPT_H

#include "replay_boot.h"

struct replay_script {
    struct replay_boot *boots; /* in the order of play; at least one stop is in them */
    size_t boot_count;
    size_t last_boot, last_said; /* where the last stop is that was no farewell */
    enum kd_status end;          /* KD_OK, or how the file broke off */
};

/* From where the recording stands to its end. */
enum kd_status replay_script_read(struct kdt_recording *recording, struct kd_diag *diag,
                                  struct replay_script *out);
void replay_script_free(struct replay_script *s);

/* kdt_replay_open over a recording that is open, and stays the caller's. */
enum kd_status kdt_replay_open_recording(struct kdt_recording *recording, struct kd_diag *diag,
                                         struct kdt_replay **out);

#endif
