/* source_recording.c - a recorded target (-r): what was read of it, as memory. Only what was recorded
 * is known; the rest is gaps. */
#include "message.h"
#include "platform.h"
#include "source_kind.h"
#include "source_watch.h"

#include <transport/recorded_stops.h>
#include <transport/recorded_target.h>

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

struct recorded_mem {
    struct kdw_mem mem; /* first: the read function gets this */
    const struct kdt_recorded_memory *memory;
    const bool *is_limited;
};

struct replay { /* of a recording that is watched: stop by stop, from its first */
    struct kdt_recorded_stops *stops; /* NULL: it is not watched */
    const struct source_hearing *hearing;
    bool has_stop; /* the one that stands, or the next */
    bool is_standing;
    bool is_limited; /* what was not read in this stop is for the next one */
    unsigned conversation;
    struct kdt_recorded_stop stop;
    uint64_t now_ns; /* then */
    struct source_cost cost;
};

struct recording {
    struct kdt_recorded_target *target;
    struct recorded_mem virt, phys;
    time_t begun_s; /* to read the file */
    struct replay replay;
};

static volatile sig_atomic_t is_stopped;

static void on_stop(void)
{
    is_stopped = 1;
}

/* ---- memory ---- */

static struct memory_gap gap_in(const struct recorded_mem *m, uint64_t at, size_t max)
{
    struct memory_gap gap = {.status = KD_ERR_NOT_RECORDED};

    if (kdt_recorded_memory_gap(m->memory, at, max, &gap.len, &gap.ntstatus) == KDT_GAP_REFUSED) {
        gap.is_refusal = true;
        gap.status = KD_ERR_NOT_MAPPED;
    }
    return gap;
}

static struct memory_gap gap_recorded(const struct source *s, uint64_t va, size_t max)
{
    return gap_in(&((const struct recording *)s->state)->virt, va, max);
}

static struct memory_gap physical_gap(const struct source *s, uint64_t pa, size_t max)
{
    return gap_in(&((const struct recording *)s->state)->phys, pa, max);
}

static enum kd_status read_recorded(struct kdw_mem *m, uint64_t at, void *buf, size_t len,
                                    uint64_t *fault)
{
    const struct recorded_mem *rm = (const struct recorded_mem *)m;
    size_t got = is_stopped ? 0 : kdt_recorded_memory_read(rm->memory, at, buf, len);
    enum kd_status st;

    if (got == len)
        return KD_OK;
    *fault = at + got;
    if (is_stopped)
        return KD_ERR_CANCELLED;
    st = gap_in(rm, at + got, 1).status;
    return st == KD_ERR_NOT_RECORDED && *rm->is_limited ? KD_ERR_INTERRUPTED : st;
}

static enum kd_status physical_recorded(struct source *s, struct kdw_paging_opts *out)
{
    struct recording *r = s->state;

    if (kdt_recorded_memory_bytes(r->phys.memory) == 0)
        return kd_diag_set(&s->cli->diag, KD_ERR_NOT_FOUND,
                           "%s: no physical memory was read while it was recorded, so page tables "
                           "are not in it; --dtb and --process need a recording of themselves",
                           s->cli->options.recording);
    *out = source_paging_of(&r->phys.mem, kdt_recorded_target_facts(r->target)->cr4);
    return KD_OK;
}

/* ---- what is said ---- */

static bool show_progress(void *ctx, uint64_t done, uint64_t total)
{
    const struct source *s = ctx;
    const struct recording *r = s->state;

    if (time(NULL) > r->begun_s + 1 && total > 0)
        message_progress("reading %s: %.0f %%", s->cli->options.recording,
                         100.0 * (double)done / (double)total);
    return !is_stopped;
}

static void say_what_it_holds(const struct source *s, const struct kdt_recorded_facts *f)
{
    const struct cli_options *o = &s->cli->options;

    if (f->end != KD_OK)
        message_warning("%s breaks off: %s; what was recorded until then is used", o->recording,
                        s->cli->diag.text);
    if (f->counts.cut > 0)
        message_warning("%" PRIu64 " of %" PRIu64 " packets in %s were cut short when captured",
                        f->counts.cut, f->counts.packets, o->recording);
    if (f->sealed > 0)
        message_warning("%" PRIu64 " of %" PRIu64 " datagrams of KDNET in %s cannot be opened",
                        f->sealed, f->counts.kdnet, o->recording);
    if (s->cli->command->options & CLI_OPT_WATCH)
        return; /* all of it is played */
    if (o->moment.kind == KDT_MOMENT_LAST && (f->boots > 1 || f->targets > 1))
        message_note("%s holds %u boots of %u target%s: this is boot %u, build %u, at the end; "
                     "--stop N or --at TIME picks another moment",
                     o->recording, f->boots, f->targets, f->targets == 1 ? "" : "s", f->boot,
                     f->version.minor);
}

/* ---- the kind ---- */

static enum kd_status open_recording(struct source *s, enum source_need need)
{
    const struct cli_options *o = &s->cli->options;
    struct recording *r = calloc(1, sizeof *r);
    const struct kdt_recorded_target_opts opts = {
        .recording = {o->recording, o->has_key ? &o->key : NULL, &s->cli->diag},
        .moment = o->moment.kind,
        .stop = o->moment.stop,
        .time_ns = o->moment.time_ns,
        .needs_kernel = need == SOURCE_KERNEL,
        .ctx = s,
        .on_progress = show_progress,
    };
    const struct kdt_recorded_facts *facts;
    enum kd_status st;

    if (!r)
        return KD_ERR_NO_MEMORY;
    r->begun_s = time(NULL);
    s->state = r;
    platform_catch_signals(on_stop);
    st = kdt_recorded_target_open(&opts, &r->target);
    if (is_stopped) /* which may also have interrupted a read of the file */
        return KD_ERR_CANCELLED;
    if (st == KD_ERR_USAGE)
        return kd_diag_set(&s->cli->diag, st,
                           "%s is of KDNET, so its key is needed: --key W.X.Y.Z, --key-file or "
                           "KDWALK_KEY",
                           o->recording);
    if (st != KD_OK)
        return st;
    facts = kdt_recorded_target_facts(r->target);
    r->virt = (struct recorded_mem){
        {read_recorded}, kdt_recorded_target_virtual(r->target), &r->replay.is_limited};
    r->phys = (struct recorded_mem){
        {read_recorded}, kdt_recorded_target_physical(r->target), &r->replay.is_limited};
    s->mem = &r->virt.mem;
    s->target = source_target_of(&facts->version, &facts->stop);
    s->target.dtb = facts->dtb;
    message_progress_end();
    say_what_it_holds(s, facts);
    kd_diag_clear(&s->cli->diag);
    return KD_OK;
}

static void close_recording(struct source *s)
{
    struct recording *r = s->state;

    if (!r)
        return;
    kdt_recorded_stops_close(r->replay.stops);
    kdt_recorded_target_close(r->target);
    free(r);
}

/* ---- watched: the same breaks again ---- */

/* What was said, and the stops that were too short to be one. */
static void hear(struct replay *r, const struct kdt_told *told, bool *is_enough)
{
    const struct source_hearing *h = r->hearing;

    r->now_ns = told->time_ns;
    if (told->event.kind == KD_EVENT_PRINT && h->on_print(h->ctx, told->event.u.text))
        *is_enough = true;
    if (told->event.kind != KD_EVENT_MODULE)
        return;
    h->on_module(h->ctx, &told->event.u.halted);
    r->cost.frozen_us += (told->stop.end_ns - told->stop.begin_ns) / 1000;
}

/* A stop of the kernel; what came before it belongs to nobody. */
static bool is_first_stop(const struct kdt_told *told)
{
    return told->event.kind == KD_EVENT_HALTED && told->stop.has_version &&
           kd_version_is_nt_kernel(&told->stop.version);
}

/* Hear what comes until the next stop. */
static enum kd_status hear_until_stop(struct source *s, bool *is_enough)
{
    struct replay *r = &((struct recording *)s->state)->replay;
    struct kdt_told told;
    enum kd_status st = KD_OK;

    while (st == KD_OK && !r->has_stop) {
        st = is_stopped ? KD_ERR_CANCELLED : kdt_recorded_stops_next(r->stops, &told);
        if (st != KD_OK || told.conversation != r->conversation)
            continue;
        if (told.event.kind == KD_EVENT_RESTARTED || told.event.kind == KD_EVENT_RESTARTING) {
            r->now_ns = told.time_ns;
            return kd_diag_set(&s->cli->diag, KD_ERR_REBOOTED, "the target restarted");
        }
        r->has_stop = told.event.kind == KD_EVENT_HALTED && told.stop.bytes_read > 0; /* no stray */
        r->stop = told.stop;
        if (!r->has_stop)
            hear(r, &told, is_enough);
    }
    return st;
}

static void stand(struct source *s)
{
    struct recording *rec = s->state;
    struct replay *r = &rec->replay;

    r->is_standing = true;
    r->is_limited = false;
    r->now_ns = r->stop.begin_ns;
    rec->virt.memory = r->stop.virt;
    rec->phys.memory = r->stop.phys;
}

/* The first stop from here on in which there was a kernel. */
static enum kd_status stand_first(struct source *s)
{
    struct replay *r = &((struct recording *)s->state)->replay;
    struct kdt_told told = {.time_ns = 0};
    enum kd_status st = KD_OK;

    while (st == KD_OK && !is_first_stop(&told))
        st = is_stopped ? KD_ERR_CANCELLED : kdt_recorded_stops_next(r->stops, &told);
    if (st != KD_OK)
        return st;
    r->conversation = told.conversation;
    r->has_stop = true;
    r->stop = told.stop;
    s->target = source_target_of(&told.stop.version, &told.stop.change);
    s->target.dtb = told.stop.dtb;
    stand(s);
    return KD_OK;
}

static enum kd_status watch_recording(struct source *s, const struct source_hearing *hearing)
{
    const struct cli_options *o = &s->cli->options;
    const struct kdt_recording_opts opts = {o->recording, o->has_key ? &o->key : NULL,
                                            &s->cli->diag};
    struct replay *r = &((struct recording *)s->state)->replay;
    enum kd_status st;

    r->hearing = hearing;
    if (r->stops)
        return KD_OK; /* another boot of it */
    st = kdt_recorded_stops_open(&opts, &r->stops);
    return st == KD_OK ? stand_first(s) : st;
}

static enum kd_status let_go_recording(struct source *s)
{
    struct replay *r = &((struct recording *)s->state)->replay;

    r->is_standing = r->has_stop = false;
    r->now_ns = r->stop.end_ns;
    r->cost.frozen_us += (r->stop.end_ns - r->stop.begin_ns) / 1000;
    r->cost.requests += r->stop.requests;
    r->cost.bytes += r->stop.bytes_read;
    return KD_OK;
}

static enum kd_status listen_recording(struct source *s, uint32_t ms, struct kd_state_change *stop)
{
    struct replay *r = &((struct recording *)s->state)->replay;
    bool is_enough = false;
    enum kd_status st = hear_until_stop(s, &is_enough);

    if (st != KD_OK)
        return st;
    if (is_enough)
        return KD_ERR_INTERRUPTED;
    if (r->stop.was_wanted) { /* when it was time, as it was then */
        r->now_ns += (uint64_t)ms * 1000000;
        return KD_ERR_TIMEOUT;
    }
    *stop = r->stop.change;
    stand(s);
    return KD_OK;
}

static enum kd_status catch_recording(struct source *s)
{
    bool is_enough = false;
    enum kd_status st = hear_until_stop(s, &is_enough);

    if (st == KD_OK)
        stand(s);
    return st;
}

static enum kd_status again_recording(struct source *s, enum kd_status st)
{
    struct replay *r = &((struct recording *)s->state)->replay;

    if (!r->stops || (st != KD_ERR_REBOOTED && st != KD_ERR_LOST))
        return st;
    r->has_stop = false;
    return stand_first(s);
}

static void abandon_recording(struct source *s)
{
    (void)s; /* it was left as it was */
}

static void limit_recording(struct source *s, uint64_t freeze_us)
{
    ((struct recording *)s->state)->replay.is_limited = freeze_us != 0;
}

static void get_cost_recording(const struct source *s, struct source_cost *out)
{
    *out = ((const struct recording *)s->state)->replay.cost;
}

static uint64_t time_then(const struct source *s)
{
    return ((const struct recording *)s->state)->replay.now_ns;
}

static const struct source_watching watching = {
    .begin = watch_recording,
    .let_go = let_go_recording,
    .listen = listen_recording,
    .catch = catch_recording,
    .abandon = abandon_recording,
    .limit = limit_recording,
    .get_cost = get_cost_recording,
    .time_ns = time_then,
};

const struct source_kind source_recording = {
    .open = open_recording,
    .again = again_recording,
    .close = close_recording,
    .gap = gap_recorded,
    .physical = physical_recorded,
    .physical_gap = physical_gap,
    .watching = &watching,
};
