/* fuzz_capture.c - any file as a capture: it is read to its end or to one error. */
#define _POSIX_C_SOURCE 200809L /* fmemopen */

#include "../../transport/capture_stream.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned sum(struct kd_span bytes)
{
    unsigned total = 0;

    for (size_t i = 0; i < bytes.len; i++)
        total += bytes.data[i];
    return total;
}

static void must(bool is_well)
{
    if (!is_well)
        abort();
}

static void check_counts(const struct kdt_capture *c)
{
    uint64_t done, total;

    must(kdt_capture_skipped(c) + kdt_capture_incomplete(c) <= kdt_capture_packets(c));
    must(kdt_capture_cut(c) <= kdt_capture_skipped(c));
    kdt_capture_position(c, &done, &total);
    must(done <= total);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    volatile unsigned sink = 0; /* so that each payload is really read */
    struct kd_diag diag = {""};
    struct kdt_capture *capture;
    struct kdt_datagram d;
    FILE *stream;
    enum kd_status st;

    if (size == 0)
        return 0; /* fmemopen has no empty files */
    stream = fmemopen((void *)(uintptr_t)data, size, "rb");
    if (!stream)
        return 0;
    st = kdt_capture_open_stream(stream, &diag, &capture);
    if (st == KD_OK) {
        while ((st = kdt_capture_next(capture, &d)) == KD_OK)
            sink += sum(d.payload);
        (void)sink;
        must(kdt_capture_next(capture, &d) == st); /* the end stays */
        check_counts(capture);
        kdt_capture_close(capture);
    }
    must(st == KD_ERR_NOT_FOUND || diag.text[0]); /* no error without an explanation */
    return 0;
}
