/* kdlab replay: a target that has a recording behind it. The one file where the lab meets what it is there to
 * test: transport/replay.h knows what a recorded target said and answers, the lab how a target does that. */
#include "kdlab.h"
#include "serve_parts.h"

#include <transport/replay.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert(sizeof(struct lab_context) == KD_CONTEXT_LEN, "CONTEXT");
static_assert(sizeof(struct lab_manipulate) == KD_MANIPULATE_HEADER_LEN, "manipulate header");

struct playing {
    struct kdt_replay *replay;
    uint64_t unexpected;
};

/* ---- the tape ---- */

static struct lab_said as_lab_says(const struct kdt_said *s)
{
    static const enum lab_said_kind kinds[] = {
        [KDT_SAID_NOTE] = LAB_SAID_NOTE,
        [KDT_SAID_QUESTION] = LAB_SAID_QUESTION,
        [KDT_SAID_STOP] = LAB_SAID_STOP,
        [KDT_SAID_BOOT] = LAB_SAID_BOOT,
    };

    return (struct lab_said){
        .kind = kinds[s->kind],
        .type = s->type,
        .data = s->data.data,
        .len = s->data.len,
        .awaits_break_in = s->awaits_halt,
    };
}

static bool next(void *ctx, struct lab_said *out)
{
    struct playing *p = ctx;
    struct kdt_said said;
    enum kd_status st = kdt_replay_next(p->replay, &said);

    if (st == KD_ERR_NO_MEMORY) { /* memory that it does not know of would be refused */
        serve_failed("the recording", kd_status_text(st));
        exit(KDLAB_FAILED);
    }
    if (st == KD_OK)
        *out = as_lab_says(&said);
    return st == KD_OK;
}

static void stop_again(void *ctx, struct lab_said *out)
{
    struct playing *p = ctx;
    struct kdt_said said;

    kdt_replay_stop_again(p->replay, &said);
    *out = as_lab_says(&said);
}

static bool context(void *ctx, uint16_t processor, struct lab_context *out)
{
    struct playing *p = ctx;
    uint8_t bytes[KD_CONTEXT_LEN];

    if (!kdt_replay_context(p->replay, processor, bytes))
        return false;
    memcpy(out, bytes, sizeof *out);
    return true;
}

static bool lacks_context_ex(void *ctx)
{
    struct playing *p = ctx;

    return kdt_replay_lacks_context_ex(p->replay);
}

static bool answer(void *ctx, const uint8_t *request, size_t len, size_t max, uint8_t *reply,
                   size_t *reply_len)
{
    struct playing *p = ctx;
    struct kd_manipulate asked, answered;

    return kd_manipulate_decode(request, len, false, &asked) == KD_OK &&
           kdt_replay_answer(p->replay, &asked, max, &answered) == KD_OK &&
           kd_manipulate_encode(&answered, reply, KD_MANIPULATE_HEADER_LEN + max, reply_len) ==
               KD_OK;
}

static void unexpected(void *ctx, const struct lab_manipulate *request)
{
    struct playing *p = ctx;
    const char *name = kd_api_name(request->api);
    bool is_read = kd_api_class(request->api) == KD_API_READS;

    if (p->unexpected++ >= LAB_UNEXPECTED_MAX)
        return;
    fprintf(stderr, "kdlab replay: %s: ", is_read ? "not in the recording" : "refused");
    if (name)
        fprintf(stderr, "%s", name);
    else
        fprintf(stderr, "request 0x%" PRIx32, request->api);
    if (request->api == KD_API_READ_VIRTUAL || request->api == KD_API_READ_PHYSICAL)
        fprintf(stderr, " 0x%" PRIx64 ", %" PRIu32 " bytes\n", request->u.memory.address,
                request->u.memory.count);
    else
        fprintf(stderr, ", processor %u\n", request->processor);
}

static struct lab_tape tape_of(struct playing *p, const char *name)
{
    return (struct lab_tape){
        .name = name,
        .ctx = p,
        .next = next,
        .stop_again = stop_again,
        .context = context,
        .lacks_context_ex = lacks_context_ex,
        .answer = answer,
        .unexpected = unexpected,
    };
}

/* ---- the command ---- */

static int open_replay(const struct serve_settings *s, struct kdt_replay **out)
{
    struct kd_diag diag = {""};
    struct kdnet_key key;
    const struct kdt_recording_opts opts = {
        .path = s->subject,
        .key = s->has_key ? &key : NULL,
        .diag = &diag,
    };
    enum kd_status st, end;

    memcpy(key.bytes, s->target.key, sizeof key.bytes);
    st = kdt_replay_open(&opts, out);
    memset(key.bytes, 0, sizeof key.bytes);
    if (st != KD_OK) {
        fprintf(stderr, "kdlab replay: %s\n", diag.text);
        return KDLAB_FAILED;
    }
    end = kdt_replay_facts(*out)->end;
    if (end != KD_OK)
        fprintf(stderr, "kdlab replay: warning: %s: %s; what is there is played\n", s->subject,
                diag.text);
    return 0;
}

/* As it was recorded, of the versions that are known. */
static uint8_t kdnet_version(const struct kdt_replay *replay)
{
    uint8_t version = kdt_replay_facts(replay)->kdnet_version;

    return version == 2 || version == 4 ? version : 5;
}

int kdlab_replay(int argc, char **argv, const char *kernel_dir)
{
    struct serve_settings s = {0};
    struct playing p = {0};
    struct lab_tape tape;
    int status;

    (void)kernel_dir;
    if (serve_wants_help(argc, argv)) {
        fputs(replay_usage, stdout);
        return 0;
    }
    status = serve_take_settings(&s, SERVE_RECORDING, argc, argv);
    if (status == 0)
        status = open_replay(&s, &p.replay);
    if (status != 0)
        return status;
    tape = tape_of(&p, s.subject);
    s.target.tape = &tape;
    if (s.target.version == 0)
        s.target.version = kdnet_version(p.replay);
    status = serve_target(&s);
    if (p.unexpected > LAB_UNEXPECTED_MAX)
        fprintf(stderr, "kdlab replay: %" PRIu64 " unexpected requests in all\n", p.unexpected);
    kdt_replay_close(p.replay);
    return status;
}
