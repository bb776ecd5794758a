/* file_io.h - files that a target wants from the host (packet type 11), and the host's refusal.
 *
 * A booting target asks for replacements of its drivers, one after the other, and is blocked until
 * each request is answered. The host serves no files: every answer says that there is none. Because
 * an unanswered request hangs the boot, only a missing header is an error; what follows the header
 * is clamped to what is there, and a kind newer than ours can be refused too.
 *
 * Lifetime  The spans borrow from the packet.
 * Source    Create and its refusal: 33 of each in one session [seen]. Read, write, close [doc]. */
#ifndef KDPROTO_FILE_IO_H
#define KDPROTO_FILE_IO_H

#include <kdproto/bytes.h>
#include <kdproto/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum kd_file_io_kind {
    KD_FILE_IO_CREATE = 0x3430,
    KD_FILE_IO_READ = 0x3431,
    KD_FILE_IO_WRITE = 0x3432,
    KD_FILE_IO_CLOSE = 0x3433,
};

enum { KD_FILE_IO_HEADER_LEN = 64 };

struct kd_file_io {
    uint32_t kind;         /* enum kd_file_io_kind, or a number newer than that */
    struct kd_span header; /* as it came: an answer repeats it, noise included [seen] */

    /* create */
    uint32_t access, attributes, share, disposition, options;
    struct kd_span path; /* UTF-16LE without its NUL: an even number of bytes */

    /* read, write, close */
    uint64_t handle;
    uint64_t offset;     /* read, write */
    uint32_t len;        /* read, write: as announced */
    struct kd_span data; /* write: as much of len as is there */
};

/* KD_ERR_TRUNCATED without a whole header. */
enum kd_status kd_file_io_decode(const uint8_t *buf, size_t len, struct kd_file_io *out);

/* The data of the packet that refuses a request: no such file, or no such handle. */
void kd_file_io_refuse(const struct kd_file_io *request, uint8_t out[KD_FILE_IO_HEADER_LEN]);

#ifdef __cplusplus
}
#endif
#endif
