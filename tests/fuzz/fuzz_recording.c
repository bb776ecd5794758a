/* fuzz_recording.c - any file as a recording, with the key of the seeds: it is told to its end or to one
 * error, and what it tells holds together; stop by stop as well. */
#define _POSIX_C_SOURCE 200809L /* fmemopen */

#include "../../transport/recording_stream.h"

#include <stdlib.h>

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct kdnet_key key = {{8, [8] = 8, [16] = 8, [24] = 8}}; /* 8.8.8.8 */

struct seen { /* until now */
    uint64_t number;
    unsigned stops, boots;
    volatile unsigned sink; /* so that all bytes are really read */
};

static void read_bytes(struct seen *seen, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        seen->sink += bytes[i];
}

static void check_packet(struct seen *seen, const struct kdt_record *rec)
{
    read_bytes(seen, rec->packet.data, rec->packet.len);
    if (rec->has_manipulate)
        read_bytes(seen, rec->manipulate.data.data, rec->manipulate.data.len);
    if (rec->has_state_change)
        read_bytes(seen, rec->state_change.path.data, rec->state_change.path.len);
    REQUIRE(!rec->is_answer || (rec->has_manipulate && !rec->is_from_host));
    REQUIRE(!rec->ends_stop || (rec->has_manipulate && rec->is_from_host && rec->stop));
    REQUIRE(!rec->is_new_stop || rec->stop == ++seen->stops);
    REQUIRE(!rec->is_new_boot || rec->boot == ++seen->boots);
}

static void check(struct seen *seen, const struct kdt_recording *r, const struct kdt_record *rec)
{
    struct kdt_endpoint host, target;

    REQUIRE(rec->number >= seen->number && (rec->is_stream || rec->number > seen->number));
    seen->number = rec->number;
    kdt_recording_ends(r, rec->conversation, &host, &target);
    read_bytes(seen, rec->datagram.payload.data, rec->datagram.payload.len);
    if (rec->kind == KDT_RECORD_PACKET)
        check_packet(seen, rec);
    REQUIRE((rec->status == KD_OK) == (rec->kind != KDT_RECORD_UNVERIFIED));
    REQUIRE(rec->stop <= seen->stops && rec->boot <= seen->boots);
}

static void check_counts(const struct seen *seen, const struct kdt_recording *r)
{
    struct kdt_recording_counts counts;

    kdt_recording_get_counts(r, &counts);
    REQUIRE(counts.stops == seen->stops && counts.boots == seen->boots);
    REQUIRE(counts.verified <= counts.kdnet);
    REQUIRE(counts.conversations <= KDT_CONVERSATIONS_MAX);
    REQUIRE(counts.not_udp + counts.other + counts.duplicates + counts.kdnet <= counts.packets);
}

/* Stop by stop: each is told once, and nothing else has a number. */
static void check_stops(struct seen *seen, const uint8_t *data, size_t size)
{
    struct kd_diag diag = {""};
    const struct kdt_recording_opts opts = {NULL, &key, &diag};
    FILE *stream = fmemopen((void *)(uintptr_t)data, size, "rb");
    struct kdt_recorded_stops *s;
    struct kdt_told told;
    unsigned stops = 0;

    if (!stream || kdt_recorded_stops_open_stream(stream, &opts, &s) != KD_OK)
        return;
    while (kdt_recorded_stops_next(s, &told) == KD_OK) {
        if (!told.stop.number) {
            read_bytes(seen, told.event.u.text.data, told.event.u.text.len);
            continue;
        }
        stops++;
        read_bytes(seen, told.stop.change.path.data, told.stop.change.path.len);
        seen->sink += (unsigned)kdt_recorded_memory_bytes(told.stop.virt);
    }
    REQUIRE(stops == seen->stops);
    kdt_recorded_stops_close(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kd_diag diag = {""};
    const struct kdt_recording_opts opts = {NULL, &key, &diag};
    struct seen seen = {0};
    struct kdt_recording *r;
    struct kdt_record rec;
    enum kd_status st;
    FILE *stream = size ? fmemopen((void *)(uintptr_t)data, size, "rb") : NULL;

    if (!stream)
        return 0; /* fmemopen has no empty files */
    st = kdt_recording_open_stream(stream, &opts, &r);
    if (st == KD_OK) {
        while ((st = kdt_recording_next(r, &rec)) == KD_OK)
            check(&seen, r, &rec);
        check_counts(&seen, r);
        kdt_recording_close(r);
        check_stops(&seen, data, size);
    }
    REQUIRE(st == KD_ERR_NOT_FOUND || diag.text[0]); /* an error explains itself */
    return 0;
}
