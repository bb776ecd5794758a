/* snapshot_load.h - a document of snapshot_json.h back into a snapshot.
 *
 * Facts and tables that are not known are ignored, and those that are not there are as if the kernel had
 * no such thing: documents of older and newer versions of the same schema can be read.
 *
 * Errors  KD_ERR_MALFORMED: it is no such document, or a fact is none; diag says where ("loggers[3].slot").
 *         KD_ERR_UNSUPPORTED: a version that came later. KD_ERR_LIMIT: larger than any snapshot can be.
 *         KD_ERR_IO: the file cannot be read. Outputs are untouched by failure. */
#ifndef CLI_SNAPSHOT_LOAD_H
#define CLI_SNAPSHOT_LOAD_H

#include <kdproto/diag.h>
#include <walker/snapshot.h>

#include <stdio.h>

enum kd_status snapshot_load(const char *path, struct kd_diag *diag, struct kdw_snapshot *out);
/* The same of a file that is open, and of a text in memory. */
enum kd_status snapshot_read(FILE *file, struct kd_diag *diag, struct kdw_snapshot *out);
enum kd_status snapshot_parse(const char *text, size_t len, struct kd_diag *diag,
                              struct kdw_snapshot *out);

#endif
