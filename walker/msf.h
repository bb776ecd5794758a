/* msf.h - the container of a PDB: one file of blocks, many streams.
 *
 * Nothing is copied where a stream's blocks follow one another in the file, as in most files of
 * most linkers [seen]: it is handed out where it stands. Others are put together on first use.
 *
 * Lifetime  Borrows the file's bytes, which must outlive it. Spans live as long as the container.
 * Bounds    What is put together is never more, in all, than the file is long: honest streams share
 *           no blocks.
 * Errors    KD_ERR_UNSUPPORTED (an older or a different kind of file, named), KD_ERR_TRUNCATED
 *           (shorter than it says), KD_ERR_MALFORMED. A damaged stream is its own failure only.
 * Source    Container layout: format owner's published source [doc], real files [seen]. */
#ifndef WALKER_MSF_H
#define WALKER_MSF_H

#include <kdproto/bytes.h>
#include <kdproto/diag.h>

enum { KDW_MSF_NO_STREAM = 0xFFFF }; /* how a 16-bit field says "no such stream" */

struct kdw_msf;

enum kd_status kdw_msf_open(const void *data, size_t len, struct kd_diag *diag,
                            struct kdw_msf **out);
void kdw_msf_close(struct kdw_msf *m); /* NULL is fine */

/* False for KDW_MSF_NO_STREAM, a number past the last, and a stream marked as deleted. */
bool kdw_msf_has(const struct kdw_msf *m, uint32_t stream);
/* A whole stream; KD_ERR_NOT_FOUND when there is none of that number. */
enum kd_status kdw_msf_stream(struct kdw_msf *m, uint32_t stream, struct kd_span *out);
/* len bytes out of a stream that is not wanted whole. KD_ERR_TRUNCATED: it ends before. */
enum kd_status kdw_msf_read(struct kdw_msf *m, uint32_t stream, uint64_t offset, void *buf,
                            size_t len);

#endif
