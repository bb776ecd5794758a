/* snapshot_file.h - a snapshot written to a file: whole or not at all, so that what fails leaves a file that
 * was there before. */
#ifndef CLI_SNAPSHOT_FILE_H
#define CLI_SNAPSHOT_FILE_H

#include <walker/snapshot.h>

/* False: it could not be written, and message.h has said so. */
bool snapshot_file_write(const struct kdw_snapshot *s, const char *path);

#endif
