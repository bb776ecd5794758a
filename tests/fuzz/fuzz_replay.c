/* fuzz_replay.c - any file as a recording that is played, with the key of the seeds: the host asks at each
 * stop what the recorded one asked, and all answers are ones that a target may send. */
#define _POSIX_C_SOURCE 200809L /* fmemopen */

#include "../../transport/recording_stream.h"
#include "../../transport/replay_script.h"

#include <stdlib.h>

enum { ASKED_MAX = 32, STOPS_MAX = 64, PROCESSORS = 3 };

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct kdnet_key key = {{8, [8] = 8, [16] = 8, [24] = 8}}; /* 8.8.8.8 */

struct host {
    struct kd_manipulate asked[ASKED_MAX]; /* without data */
    unsigned count;
    volatile unsigned sink; /* so that all bytes are really read */
};

static void read_bytes(struct host *h, struct kd_span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        h->sink += bytes.data[i];
}

static struct kdt_recording *open_recording(const uint8_t *data, size_t size, struct kd_diag *diag)
{
    const struct kdt_recording_opts opts = {.key = &key, .diag = diag};
    struct kdt_recording *recording;
    FILE *stream = size ? fmemopen((void *)(uintptr_t)data, size, "rb") : NULL;

    if (!stream || kdt_recording_open_stream(stream, &opts, &recording) != KD_OK)
        return NULL;
    return recording;
}

static void learn_requests(struct host *h, struct kdt_recording *recording)
{
    struct kdt_record rec;

    while (h->count < ASKED_MAX && kdt_recording_next(recording, &rec) == KD_OK) {
        if (rec.kind != KDT_RECORD_PACKET || !rec.has_manipulate || !rec.is_from_host)
            continue;
        h->asked[h->count] = rec.manipulate;
        h->asked[h->count++].data = (struct kd_span){0};
    }
}

static void check_memory(const struct kd_manipulate *request, const struct kd_manipulate *reply)
{
    if (request->api != KD_API_READ_VIRTUAL && request->api != KD_API_READ_PHYSICAL)
        return;
    REQUIRE(reply->u.memory.va == request->u.memory.va);
    REQUIRE(reply->u.memory.actual == reply->data.len);
    REQUIRE(reply->data.len <= request->u.memory.count);
}

static void ask(struct host *h, struct kdt_replay *r, const struct kd_manipulate *request,
                size_t max)
{
    uint8_t packet[KD_PACKET_DATA_MAX];
    struct kd_manipulate reply;
    size_t len;

    if (kdt_replay_answer(r, request, max, &reply) != KD_OK)
        return;
    REQUIRE(reply.api == request->api && reply.processor == request->processor);
    REQUIRE(kd_api_class(reply.api) == KD_API_READS);
    REQUIRE(reply.data.len <= max);
    check_memory(request, &reply);
    read_bytes(h, reply.data);
    REQUIRE(kd_manipulate_encode(&reply, packet, sizeof packet, &len) == KD_OK);
}

static void ask_all(struct host *h, struct kdt_replay *r)
{
    static const size_t maxima[] = {0, 7, 1024, KD_PACKET_DATA_MAX - KD_MANIPULATE_HEADER_LEN};
    uint8_t context[KD_CONTEXT_LEN];

    for (unsigned i = 0; i < h->count; i++)
        for (size_t k = 0; k < sizeof maxima / sizeof *maxima; k++)
            ask(h, r, &h->asked[i], maxima[k]);
    for (uint16_t i = 0; i < PROCESSORS; i++)
        if (kdt_replay_context(r, i, context))
            read_bytes(h, (struct kd_span){context, sizeof context});
    h->sink += kdt_replay_lacks_context_ex(r);
}

static void play(struct host *h, struct kdt_replay *r)
{
    size_t stops = 0, boots = 1;
    struct kdt_said said;

    while (kdt_replay_next(r, &said) == KD_OK) {
        read_bytes(h, said.data);
        boots += said.kind == KDT_SAID_BOOT;
        if (said.kind != KDT_SAID_STOP)
            continue;
        REQUIRE(said.data.len >= KD_STATE_CHANGE_LEN);
        if (stops++ < STOPS_MAX)
            ask_all(h, r);
    }
    REQUIRE(stops == kdt_replay_facts(r)->stops && stops > 0);
    REQUIRE(boots == kdt_replay_facts(r)->boots);
    kdt_replay_stop_again(r, &said);
    REQUIRE(said.kind == KDT_SAID_STOP && said.data.len >= KD_STATE_CHANGE_LEN);
    ask_all(h, r);
    REQUIRE(kdt_replay_next(r, &said) == KD_ERR_NOT_FOUND);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct host h = {.count = 0};
    struct kd_diag diag = {""};
    struct kdt_recording *recording = open_recording(data, size, &diag);
    struct kdt_replay *replay;
    enum kd_status st;

    if (!recording)
        return 0;
    learn_requests(&h, recording);
    kdt_recording_close(recording);
    recording = open_recording(data, size, &diag);
    REQUIRE(recording != NULL);
    kd_diag_clear(&diag);
    st = kdt_replay_open_recording(recording, &diag, &replay);
    kdt_recording_close(recording);
    if (st == KD_OK) {
        play(&h, replay);
        kdt_replay_close(replay);
    } else {
        REQUIRE(diag.text[0]); /* an error without an explanation */
    }
    return 0;
}
