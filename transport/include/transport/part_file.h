/* part_file.h - a file that is there whole or not at all.
 *
 * It is written beside its place, under a name that nobody else comes upon and no search takes for
 * one of symbols (".ntkrnlmp.pdb.0123456789abcdef.part"), and gets its own name once it is whole.
 * What fails leaves nothing, and a file that had the name as it was.
 *
 * A process that is killed leaves its part. The next file of the same name removes those that have
 * not grown for an hour, which no transfer pauses.
 *
 * Lifetime  From _create or _output to _publish or _discard; either may be called after any failure, and
 *           _discard after all. path and diag are borrowed. */
#ifndef TRANSPORT_PART_FILE_H
#define TRANSPORT_PART_FILE_H

#include <kdproto/diag.h>

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdt_part_file {
    const char *path; /* what it shall be called */
    struct kd_diag *diag;
    char *part; /* what it is called so far; NULL: it is not there, or written in place */
    FILE *file; /* to be written to, unbuffered: a full disk shows in the write that meets it */
};

/* KD_ERR_IO: the folder takes no file. */
enum kd_status kdt_part_file_create(const char *path, struct kd_diag *diag,
                                    struct kdt_part_file *out);
/* The same for a path that a person gave: a device or a pipe of that name is written to as it is. */
enum kd_status kdt_part_file_output(const char *path, struct kd_diag *diag,
                                    struct kdt_part_file *out);
/* Empty again. */
enum kd_status kdt_part_file_restart(struct kdt_part_file *p);
/* Nothing more is written: part may be looked at now. */
enum kd_status kdt_part_file_close(struct kdt_part_file *p);
/* Closed or not: it gets its name. */
enum kd_status kdt_part_file_publish(struct kdt_part_file *p);
void kdt_part_file_discard(struct kdt_part_file *p);
/* errno, as what became of this file. */
enum kd_status kdt_part_file_failed(const struct kdt_part_file *p, const char *what);

#ifdef __cplusplus
}
#endif
#endif
