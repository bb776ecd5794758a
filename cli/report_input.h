/* report_input.h - what a report is made of: told by what stands in a file, not by its name.
 *
 * Bounds    REPORT_STATES_MAX snapshots, REPORT_FILES_MAX files of events, REPORT_SPOOL_MAX bytes of what
 *           can be read only once.
 * Errors    enum kd_status with a diag that names the file. Outputs are untouched by failure. */
#ifndef CLI_REPORT_INPUT_H
#define CLI_REPORT_INPUT_H

#include "report.h"

#include <kdproto/kdnet_key.h>

enum { REPORT_SPOOL_MAX = 1 << 30 };

enum report_input_kind {
    REPORT_INPUT_SNAPSHOT,
    REPORT_INPUT_EVENTS,
    REPORT_INPUT_RECORDING,
    REPORT_INPUT_MEMORY /* anything else: its reader explains what it is not */
};

/* To be read from its beginning, and again: a pipe is copied to where it can be. */
enum kd_status report_input_open(const char *path, struct kd_diag *diag, FILE **file,
                                 enum report_input_kind *kind);
/* A document of snapshot_json.h. Closes the file, whatever happens. */
enum kd_status report_add_document(struct report *r, FILE *file, const char *name,
                                   struct kd_diag *diag);
/* Takes the snapshot, whatever happens. */
enum kd_status report_add_snapshot(struct report *r, const char *name,
                                   struct kdw_snapshot *snapshot, struct kd_diag *diag);
/* What a recording tells of time: when the target stood still, what it printed and loaded, where it
 * restarted. key: NULL: none. */
enum kd_status report_add_recording(struct report *r, const char *path, const struct kdnet_key *key,
                                    struct kd_diag *diag);
/* After the last input: all in its order, and judged. */
enum kd_status report_settle(struct report *r, struct kd_diag *diag);
/* Something is not known, or could not be read. */
bool report_has_gaps(const struct report *r);

#endif
