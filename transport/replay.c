#include "replay_script.h"

#include <kdproto/context_x64.h>

#include <stdlib.h>
#include <string.h>

enum { STATUS_SUCCESS = 0 };
enum { EXCEPTION_AT = 32, EXCEPTION_LEN = 160 }; /* in a state change */
#define STATUS_UNSUCCESSFUL                                                                        \
    0xC0000001u /* what a place that cannot be read is refused with [seen] */

struct kdt_replay {
    struct replay_script script;
    struct kdt_replay_facts facts;

    size_t boot, said; /* the next thing */
    size_t fed;        /* readings of this boot that are in `known` */
    struct replay_memory known;

    /* What counts for answers. */
    const struct replay_boot *here;
    unsigned stop;
    const struct kdt_said *standing; /* NULL: it has not stopped in this boot */
    bool is_over;                    /* stands again behind the end: all memory counts */

    uint8_t data[KD_PACKET_DATA_MAX];   /* of an answer out of memory */
    uint8_t again[KD_STATE_CHANGE_LEN]; /* of a stop behind the end */
};

static const struct kdt_said restart = {.kind = KDT_SAID_BOOT};

/* ---- opening ---- */

static enum kd_status enter_boot(struct kdt_replay *r, size_t boot)
{
    struct replay_memory known;
    enum kd_status st = replay_memory_create(&known);

    if (st != KD_OK)
        return st;
    replay_memory_destroy(&r->known);
    r->known = known;
    r->boot = boot;
    r->said = r->fed = 0;
    r->here = &r->script.boots[boot];
    r->stop = 0;
    r->standing = NULL;
    return KD_OK;
}

static void count(struct kdt_replay *r)
{
    r->facts.kdnet_version = r->script.boots[0].kdnet_version;
    r->facts.boots = r->script.boot_count;
    for (size_t i = 0; i < r->script.boot_count; i++)
        r->facts.stops += r->script.boots[i].stops;
    r->facts.end = r->script.end;
}

enum kd_status kdt_replay_open_recording(struct kdt_recording *recording, struct kd_diag *diag,
                                         struct kdt_replay **out)
{
    struct kdt_replay *r = calloc(1, sizeof *r);
    enum kd_status st;

    if (!r)
        return kd_diag_set(diag, KD_ERR_NO_MEMORY, "out of memory");
    st = replay_script_read(recording, diag, &r->script);
    if (st == KD_OK) {
        st = enter_boot(r, 0);
        if (st != KD_OK)
            kd_diag_set(diag, st, "out of memory");
    }
    if (st != KD_OK) {
        kdt_replay_close(r);
        return st;
    }
    count(r);
    *out = r;
    return KD_OK;
}

enum kd_status kdt_replay_open(const struct kdt_recording_opts *opts, struct kdt_replay **out)
{
    struct kdt_recording *recording;
    enum kd_status st = kdt_recording_open(opts, &recording);

    if (st != KD_OK)
        return st;
    st = kdt_replay_open_recording(recording, opts->diag, out);
    kdt_recording_close(recording);
    return st == KD_OK ? KD_OK : kd_diag_add(opts->diag, st, "%s", opts->path);
}

void kdt_replay_close(struct kdt_replay *r)
{
    if (!r)
        return;
    replay_memory_destroy(&r->known);
    replay_script_free(&r->script);
    free(r);
}

const struct kdt_replay_facts *kdt_replay_facts(const struct kdt_replay *r)
{
    return &r->facts;
}

/* ---- what it says unasked ---- */

/* All that was read until the end of the stop at hand. */
static enum kd_status feed(struct kdt_replay *r)
{
    while (r->fed < r->here->reading_count && r->here->readings[r->fed].stop <= r->stop) {
        enum kd_status st = replay_memory_feed(&r->known, &r->here->readings[r->fed]);

        if (st != KD_OK)
            return st;
        r->fed++;
    }
    return KD_OK;
}

enum kd_status kdt_replay_next(struct kdt_replay *r, struct kdt_said *out)
{
    const struct replay_boot *boot = &r->script.boots[r->boot];
    enum kd_status st = KD_OK;

    if (r->said == boot->said_count) {
        if (r->boot + 1 == r->script.boot_count)
            return KD_ERR_NOT_FOUND;
        st = enter_boot(r, r->boot + 1);
        if (st == KD_OK)
            *out = restart;
        return st;
    }
    if (boot->said[r->said].kind == KDT_SAID_STOP) {
        r->stop++;
        r->standing = &boot->said[r->said];
        st = feed(r);
    }
    if (st == KD_OK)
        *out = boot->said[r->said++];
    return st;
}

/* What a break-in leads to, at a place where the recording knows another reason to stop. A host that waits
 * for its break-in lets a module load go on by itself, and would wait for ever. The layout is that of
 * state_change.h. */
static void break_there(struct kdt_replay *r, struct kdt_said *said)
{
    struct kd_writer w = kd_writer_of(r->again, sizeof r->again);
    struct kd_state_change sc;

    if (kd_state_change_decode(said->data.data, said->data.len, &sc) != KD_OK ||
        sc.kind == KD_STATE_EXCEPTION)
        return;
    memcpy(r->again, said->data.data, sizeof r->again);
    kd_wr_u32(&w, KD_STATE_EXCEPTION);
    w = kd_writer_of(r->again + EXCEPTION_AT, EXCEPTION_LEN);
    kd_wr_u32(&w, KD_STATUS_BREAKPOINT);
    kd_wr_zero(&w, 4 + 8); /* flags, where the target keeps it */
    kd_wr_u64(&w, sc.pc_va);
    kd_wr_zero(&w, 4 + 4 + KD_EXCEPTION_PARAMETERS_MAX * 8);
    kd_wr_u32(&w, true); /* first chance */
    kd_wr_zero(&w, 4);
    said->data = (struct kd_span){r->again, sizeof r->again};
}

void kdt_replay_stop_again(struct kdt_replay *r, struct kdt_said *out)
{
    r->here = &r->script.boots[r->script.last_boot];
    r->standing = &r->here->said[r->script.last_said];
    r->stop = 0;
    for (const struct kdt_said *s = r->here->said; s <= r->standing; s++)
        r->stop += s->kind == KDT_SAID_STOP;
    r->is_over = true;
    *out = *r->standing;
    break_there(r, out);
}

/* ---- memory ---- */

/* len, shortened to what is left of the address space. */
static size_t within_space(uint64_t at, size_t len)
{
    return len && len - 1 > UINT64_MAX - at ? (size_t)(UINT64_MAX - at) + 1 : len;
}

/* What was known by now and what became known later, byte by byte; *gap says why there is no more. */
static size_t read_memory(const struct kdt_recorded_memory *now,
                          const struct kdt_recorded_memory *later, uint64_t at, uint8_t *buf,
                          size_t len, enum kdt_recorded_gap *gap, uint32_t *ntstatus)
{
    size_t done = 0, n, part;

    len = within_space(at, len);
    do {
        n = kdt_recorded_memory_read(now, at + done, buf + done, len - done);
        done += n;
        if (done == len)
            break;
        *gap = kdt_recorded_memory_gap(now, at + done, len - done, &part, ntstatus);
        n = kdt_recorded_memory_read(later, at + done, buf + done, part);
        done += n;
    } while (n > 0 && done < len);
    if (done < len && *gap == KDT_GAP_UNRECORDED)
        *gap = kdt_recorded_memory_gap(later, at + done, 1, &part, ntstatus);
    return done;
}

static enum kd_status answer_read(struct kdt_replay *r, const struct kd_manipulate *request,
                                  size_t max, struct kd_manipulate *out)
{
    const struct replay_memory *now = r->is_over ? &r->here->whole : &r->known;
    const struct replay_memory *later = &r->here->whole;
    bool is_physical = request->api == KD_API_READ_PHYSICAL;
    enum kdt_recorded_gap gap = KDT_GAP_NONE;
    uint32_t ntstatus = STATUS_UNSUCCESSFUL;
    size_t n;

    if (max > sizeof r->data)
        max = sizeof r->data;
    if (max > request->u.memory.count)
        max = request->u.memory.count;
    n = read_memory(is_physical ? now->phys : now->virt, is_physical ? later->phys : later->virt,
                    request->u.memory.va, r->data, max, &gap, &ntstatus);
    out->data = (struct kd_span){r->data, n};
    out->u.memory.actual = (uint32_t)n;
    if (n == max)
        out->status = STATUS_SUCCESS;
    else
        out->status = gap == KDT_GAP_REFUSED ? ntstatus : STATUS_UNSUCCESSFUL;
    return n == 0 && gap == KDT_GAP_UNRECORDED ? KD_ERR_NOT_RECORDED : KD_OK;
}

/* ---- other answers ---- */

/* As much as is wanted and known: unlike memory it is short, and fetched in one piece. */
static void cut_control_space(const struct kd_manipulate *request, size_t max,
                              const struct kd_manipulate *reply, struct kd_manipulate *out)
{
    out->u.memory.count = request->u.memory.count;
    if (max > request->u.memory.count)
        max = request->u.memory.count;
    if (request->u.memory.count == reply->u.memory.count && out->data.len <= max)
        return; /* as it came: some targets report more than they send [doc] */
    if (out->data.len > max)
        out->data.len = max;
    out->u.memory.actual = (uint32_t)out->data.len;
}

enum kd_status kdt_replay_answer(struct kdt_replay *r, const struct kd_manipulate *request,
                                 size_t max, struct kd_manipulate *out)
{
    struct replay_asked asked = replay_asked_of(request);
    struct kd_manipulate reply = *request;
    const struct replay_answer *answer;
    enum kd_status st;

    if (request->api == KD_API_READ_VIRTUAL || request->api == KD_API_READ_PHYSICAL) {
        st = answer_read(r, request, max, &reply);
        if (st == KD_OK)
            *out = reply;
        return st;
    }
    answer = replay_boot_find(r->here, &asked, r->stop, 0);
    if (!answer)
        return KD_ERR_NOT_RECORDED;
    reply = answer->reply;
    reply.processor = request->processor;
    reply.processor_level = request->processor_level;
    if (reply.api == KD_API_READ_CONTROL_SPACE)
        cut_control_space(request, max, &answer->reply, &reply);
    if (reply.data.len > max)
        return KD_ERR_LIMIT;
    *out = reply;
    return KD_OK;
}

/* ---- contexts ---- */

static bool join_slices(const struct kdt_replay *r, uint16_t processor, unsigned stop,
                        uint8_t out[KD_CONTEXT_LEN])
{
    struct replay_asked asked = {.api = KD_API_GET_CONTEXT_EX, .processor = processor};

    while (asked.at < KD_CONTEXT_LEN) {
        const struct replay_answer *a = replay_boot_find(r->here, &asked, stop, 1);
        size_t n;

        if (!a || a->stop != stop)
            return false;
        n = a->reply.data.len;
        if (n > KD_CONTEXT_LEN - asked.at)
            n = KD_CONTEXT_LEN - (size_t)asked.at;
        memcpy(out + asked.at, a->reply.data.data, n);
        asked.at += n;
    }
    return true;
}

/* Fetched at once or in slices; at that stop, or wherever it was. */
static bool find_context(const struct kdt_replay *r, uint16_t processor, bool is_elsewhere,
                         uint8_t out[KD_CONTEXT_LEN])
{
    struct replay_asked whole = {.api = KD_API_GET_CONTEXT, .processor = processor};
    struct replay_asked slice = {.api = KD_API_GET_CONTEXT_EX, .processor = processor};
    const struct replay_answer *a = replay_boot_find(r->here, &whole, r->stop, KD_CONTEXT_LEN);

    if (a && (is_elsewhere || a->stop == r->stop)) {
        memcpy(out, a->reply.data.data, KD_CONTEXT_LEN);
        return true;
    }
    a = replay_boot_find(r->here, &slice, r->stop, 1);
    return a && (is_elsewhere || a->stop == r->stop) && join_slices(r, processor, a->stop, out);
}

/* What a host sets when it goes on, it takes from the CONTEXT; the two have to agree where it stands. */
static void move_to_standing(const struct kdt_replay *r, uint16_t processor,
                             uint8_t context[KD_CONTEXT_LEN])
{
    struct kd_state_change sc;

    if (r->standing &&
        kd_state_change_decode(r->standing->data.data, r->standing->data.len, &sc) == KD_OK &&
        sc.processor == processor)
        kd_x64_context_set_rip(context, sc.pc_va);
}

bool kdt_replay_context(const struct kdt_replay *r, uint16_t processor, uint8_t out[KD_CONTEXT_LEN])
{
    uint8_t context[KD_CONTEXT_LEN];

    if (!find_context(r, processor, false, context)) {
        if (!find_context(r, processor, true, context))
            return false;
        move_to_standing(r, processor, context);
    }
    memcpy(out, context, KD_CONTEXT_LEN);
    return true;
}

bool kdt_replay_lacks_context_ex(const struct kdt_replay *r)
{
    const struct replay_boot *boot = r->here;
    bool was_refused = false;

    for (size_t i = 0; i < boot->answer_count; i++) {
        const struct replay_answer *a = &boot->answers[i];

        if (a->asked.api == KD_API_GET_CONTEXT_EX && a->reply.data.len > 0)
            return false;
        was_refused |= a->asked.api == KD_API_GET_CONTEXT_EX;
    }
    return was_refused;
}
