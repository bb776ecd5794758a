/* debug_io.h - what a target prints, and the lines it asks for (packet type 3).
 *
 * A target that asks for a line is blocked until it gets one, so an announced length that is wrong
 * is clamped to what is there and never an error.
 *
 * Lifetime  text borrows from the packet.
 * Source    Print [seen]; get string [doc]. */
#ifndef KDPROTO_DEBUG_IO_H
#define KDPROTO_DEBUG_IO_H

#include <kdproto/bytes.h>
#include <kdproto/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum kd_debug_io_kind {
    KD_DEBUG_IO_PRINT = 0x3230,
    KD_DEBUG_IO_GET_STRING = 0x3231, /* must be answered */
};

enum { KD_DEBUG_IO_HEADER_LEN = 16 };

struct kd_debug_io {
    uint32_t kind; /* enum kd_debug_io_kind */
    uint16_t processor_level;
    uint16_t processor;
    uint32_t answer_max; /* get string: the most bytes that the target takes */
    struct kd_span text; /* what it prints, or its prompt: any bytes, no NUL at the end */
};

/* KD_ERR_TRUNCATED without a whole header; KD_ERR_UNSUPPORTED for another kind. */
enum kd_status kd_debug_io_decode(const uint8_t *buf, size_t len, struct kd_debug_io *out);

/* The data of the packet that answers a get string: the request's header, then the line, cut to
 * what the target takes. KD_ERR_USAGE when the request asks for no line, KD_ERR_LIMIT when cap is
 * too small. */
enum kd_status kd_debug_io_answer(const struct kd_debug_io *request, struct kd_span line,
                                  uint8_t *buf, size_t cap, size_t *len);

#ifdef __cplusplus
}
#endif
#endif
