/* source_live.c - a live target (-k): attached to, halted, read through a cache, let run again. Where
 * -w asks for it, the whole session is recorded. */
#include "message.h"
#include "platform.h"
#include "ranges.h"
#include "source_kind.h"
#include "source_watch.h"

#include <kdproto/context_x64.h>
#include <transport/live.h>
#include <walker/mem_cache.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    PAGE = 4096,
    CACHE_MAX = 64 * 1024 * 1024, /* far above what any walk needs; a bound against hostile lists */
};

struct live;

struct live_mem {       /* the session as a memory source: virtual, or physical */
    struct kdw_mem mem; /* first: the read function gets this */
    struct live *live;
    enum kd_status (*read)(struct kdt_live *session, uint64_t at, void *buf, size_t len,
                           size_t *done);
    struct ranges known;     /* of this boot */
    struct kdw_cache *cache; /* of what stands still now */
};

struct live {
    struct live_mem virt, phys;
    struct source *source;
    struct kdt_recorder *recorder; /* NULL: nobody asked for one */
    struct kdt_live *session;
    bool needs_kernel;
    struct kd_version version;
    struct kd_state_change stop;
    uint64_t bytes_twice; /* read, though they had been already */

    /* where it is watched */
    const struct source_hearing *hearing;
    uint64_t limit_us;   /* of a freeze; 0: none */
    uint64_t request_us; /* what one read takes */
    uint64_t release_us; /* and letting it go: at an int3 that is a few requests */
    bool is_abandoned;
};

/* ---- signals ---- */

/* What the signal handler needs: it runs between any two instructions of ours. */
static struct kdt_live *volatile signalled_session;
static volatile sig_atomic_t is_stopped;

static void on_stop(void)
{
    struct kdt_live *session = signalled_session;

    is_stopped = 1;
    if (session)
        kdt_live_cancel(session);
}

/* ---- what is said meanwhile ---- */

static void show_progress(void *ctx, enum kdt_progress_kind kind, uint64_t ms)
{
    const struct live *l = ctx;
    const struct cli_options *o = &l->source->cli->options;
    const unsigned seconds = (unsigned)(ms / 1000);

    switch (kind) {
    case KDT_PROGRESS_LISTENING:
        if (seconds)
            message_progress("waiting for a target to call on port %u: %u of %g s", o->target.port,
                             seconds, o->timeout_ms / 1000.0);
        break;
    case KDT_PROGRESS_CONNECTING:
        if (seconds) {
            char place[KDT_PLACE_TEXT_MAX];

            kdt_target_spec_place(&o->target, place);
            message_progress("waiting for a connection, %s: %u of %g s", place, seconds,
                             o->timeout_ms / 1000.0);
        }
        break;
    case KDT_PROGRESS_READING:
        if (seconds)
            message_progress("reading the halted target: %u s", seconds);
        break;
    case KDT_PROGRESS_POKED:
        message_progress("a target calls");
        break;
    case KDT_PROGRESS_BREAKING:
        if (seconds)
            message_progress("asking the target to halt: %u s", seconds);
        break;
    case KDT_PROGRESS_BOOT_STAGE:
        message_progress("the target is booting: waiting for its kernel");
        break;
    case KDT_PROGRESS_LINKED:
    case KDT_PROGRESS_HALTED:
    case KDT_PROGRESS_RESUMING:
    case KDT_PROGRESS_LEFT:
        message_progress_end();
        break;
    }
}

static void say_recording_ended(void *ctx, const char *reason)
{
    const struct live *l = ctx;

    message_warning("the recording in %s ends here: %s; the session goes on",
                    l->source->cli->options.record, reason);
}

/* What became of the target is plain after success, and must be said after anything else. */
static void say_fate(const struct cli *c, enum kd_status leaving, bool is_presumed, bool failed)
{
    if (leaving != KD_OK)
        message_warning("%s; attach again to make sure that it runs", c->diag.text);
    else if (is_presumed)
        message_warning("the target did not acknowledge the last continue; it is presumed running");
    else if (failed)
        fprintf(stderr, "kdwalk: the target was left running\n");
}

static void print_stats(const struct live *l)
{
    struct kdt_live_stats stats;
    const struct kd_session_counters *n = &stats.session;

    kdt_live_get_stats(l->session, &stats);
    fprintf(stderr, "requests       %" PRIu64 " (", n->requests);
    for (uint32_t i = 0, shown = 0; i < KD_API_COUNT; i++) {
        if (!n->requests_by_api[i])
            continue;
        fprintf(stderr, "%s%s %" PRIu64, shown++ ? ", " : "", kd_api_name(KD_API_FIRST + i),
                n->requests_by_api[i]);
    }
    fprintf(stderr, ")\n");
    fprintf(stderr, "round trips    %" PRIu64 "\n", n->round_trips);
    fprintf(stderr, "memory read    %" PRIu64 " bytes, %" PRIu64 " of them twice\n", n->bytes_read,
            l->bytes_twice);
    fprintf(stderr, "packets        %" PRIu64 " out, %" PRIu64 " in, %" PRIu64 " damaged\n",
            stats.packets_sent, stats.packets_received, stats.garbled);
    fprintf(stderr, "on the wire    %" PRIu64 " bytes out, %" PRIu64 " in\n", stats.bytes_sent,
            stats.bytes_received);
    fprintf(stderr, "repeated       %" PRIu64 " packets, %" PRIu64 " RESEND, %" PRIu64 " RESET\n",
            n->retransmissions, n->resends, n->resets);
    if (l->source->cli->options.target.kind == KDT_LINK_NET)
        fprintf(stderr, "not accepted   %" PRIu64 " of %" PRIu64 " datagrams\n", stats.refused,
                stats.datagrams_received);
    fprintf(stderr, "frozen         %" PRIu64 " ms in %" PRIu64 " freeze%s\n", n->frozen_ms,
            n->freezes, n->freezes == 1 ? "" : "s");
}

/* ---- what the target says ---- */

static void hear(void *ctx, const struct kd_event *ev)
{
    const struct live *l = ctx;
    const struct source_hearing *h = l->hearing;

    if (h && ev->kind == KD_EVENT_MODULE)
        h->on_module(h->ctx, &ev->u.halted);
    if (h && ev->kind == KD_EVENT_PRINT && h->on_print(h->ctx, ev->u.text))
        kdt_live_stop_listening(l->session);
}

static bool stays_at_module(void *ctx, const struct kd_state_change *load)
{
    const struct source_hearing *h = ((const struct live *)ctx)->hearing;

    return h && h->stays_at_module(h->ctx, load);
}

/* ---- the target that stands still ---- */

/* Is there no time left for one more read, and for letting it go? */
static bool has_stood_enough(const struct live *l)
{
    return l->limit_us &&
           kdt_live_frozen_us(l->session) + l->request_us + l->release_us > l->limit_us;
}

/* What a read takes as a rule: one that was held up somewhere says little of the next. */
static uint64_t usual(uint64_t usual_us, uint64_t took_us)
{
    uint64_t more_us = usual_us + usual_us / 4 + 1;

    return usual_us == 0 || took_us < more_us ? took_us : more_us;
}

/* Request by request: what does not fit is not begun. */
static enum kd_status read_within_limit(struct live_mem *lm, uint64_t at, uint8_t *buf, size_t len,
                                        size_t *done)
{
    struct live *l = lm->live;
    size_t piece = kdt_live_line_len(l->session);
    enum kd_status st = KD_OK;

    for (*done = 0; *done < len && st == KD_OK;) {
        uint64_t before_us = kdt_live_frozen_us(l->session);
        size_t want = len - *done < piece ? len - *done : piece, got = 0;

        if (has_stood_enough(l))
            return KD_ERR_INTERRUPTED;
        st = lm->read(l->session, at + *done, buf + *done, want, &got);
        l->request_us = usual(l->request_us, kdt_live_frozen_us(l->session) - before_us);
        *done += got;
    }
    return st;
}

static enum kd_status read_live(struct kdw_mem *m, uint64_t at, void *buf, size_t len,
                                uint64_t *fault)
{
    struct live_mem *lm = (struct live_mem *)m;
    size_t done = 0;
    enum kd_status st = lm->live->limit_us ? read_within_limit(lm, at, buf, len, &done)
                                           : lm->read(lm->live->session, at, buf, len, &done);

    lm->live->bytes_twice += ranges_add(&lm->known, at, done);
    if (st != KD_OK)
        *fault = at + done;
    return st;
}

/* It stands still: what is read of it is kept until it runs. */
static enum kd_status keep_what_is_read(struct live_mem *lm)
{
    const struct kdw_cache_opts opts = {&lm->mem, kdt_live_line_len(lm->live->session), CACHE_MAX,
                                        PAGE};

    return kdw_cache_create(&opts, &lm->cache);
}

static void forget(struct live_mem *lm)
{
    kdw_cache_destroy(lm->cache);
    lm->cache = NULL;
    ranges_clear(&lm->known);
}

static enum kd_status make_readable(struct live *l)
{
    enum kd_status st = keep_what_is_read(&l->virt);

    if (st != KD_OK)
        return st;
    l->source->mem = kdw_cache_mem(l->virt.cache);
    l->source->target = source_target_of(&l->version, &l->stop);
    return KD_OK;
}

static void drop_what_was_read(struct live *l)
{
    source_space_drop(l->source);
    forget(&l->virt);
    forget(&l->phys);
    l->source->mem = NULL;
}

static enum kd_status next_stage(struct live *l)
{
    return kdt_live_next_stage(l->session, &l->version, &l->stop);
}

/* After a restart, or silence: wait for the target to be there again. */
static enum kd_status await_return(struct live *l, enum kd_status st)
{
    struct kd_diag *diag = &l->source->cli->diag;

    if (l->hearing)
        ; /* whoever watches tells it as an event */
    else if (st == KD_ERR_LOST)
        message_warning("%s; waiting for it to come back, then the work starts over", diag->text);
    else
        message_warning("the target restarted: the work starts over with its new boot");
    kd_diag_clear(diag);
    l->needs_kernel = l->needs_kernel || l->source->target.is_kernel; /* again what it was */
    return next_stage(l);
}

/* st: how attaching, or collecting, ended. Until the target that is wanted stands still. */
static enum kd_status settle(struct live *l, enum kd_status st)
{
    for (;;) {
        while (st == KD_OK && l->needs_kernel && !kd_version_is_nt_kernel(&l->version))
            st = next_stage(l);
        if ((st != KD_ERR_REBOOTED && st != KD_ERR_LOST) || !l->source->cli->options.wait)
            return st == KD_OK ? make_readable(l) : st;
        st = await_return(l, st);
    }
}

/* ---- the kind ---- */

static enum kd_status create_recorder(struct live *l)
{
    const struct kdt_recorder_opts opts = {
        .path = l->source->cli->options.record,
        .ctx = l,
        .on_failed = say_recording_ended,
    };

    return opts.path ? kdt_recorder_create(&opts, &l->source->cli->diag, &l->recorder) : KD_OK;
}

static enum kd_status open_session(struct live *l)
{
    const struct cli_options *o = &l->source->cli->options;
    struct kdt_live_opts opts = {
        .spec = &o->target,
        .attach_timeout_ms = o->timeout_ms,
        .deadline_ms = o->deadline_ms,
        .diag = &l->source->cli->diag,
        .ctx = l,
        .on_progress = show_progress,
        .on_event = hear,
        .stays_at_module = stays_at_module,
        .recorder = l->recorder,
    };
    enum kd_status st = kdt_live_open(&opts, &l->session);

    if (st != KD_OK)
        return st;
    signalled_session = l->session;
    if (is_stopped) /* it came before there was anything to cancel */
        kdt_live_cancel(l->session);
    return KD_OK;
}

static enum kd_status open_live(struct source *s, enum source_need need)
{
    struct live *l = calloc(1, sizeof *l);
    enum kd_status st;

    if (!l)
        return KD_ERR_NO_MEMORY;
    l->virt = (struct live_mem){.mem.read = read_live, .live = l, .read = kdt_live_read_virtual};
    l->phys = (struct live_mem){.mem.read = read_live, .live = l, .read = kdt_live_read_physical};
    l->source = s;
    l->needs_kernel = need == SOURCE_KERNEL;
    s->state = l;
    platform_catch_signals(on_stop);
    st = create_recorder(l); /* a file that cannot be made is told before the target is touched */
    if (st == KD_OK)
        st = open_session(l);
    if (st == KD_OK)
        st = settle(l, kdt_live_attach(l->session, &l->version, &l->stop));
    return st;
}

static enum kd_status again_live(struct source *s, enum kd_status st)
{
    struct live *l = s->state;

    drop_what_was_read(l);
    l->limit_us = 0;
    return settle(l, st);
}

static void leave_live(struct source *s, bool failed)
{
    struct live *l = s->state;
    struct kdt_live_stats stats;
    bool is_presumed = false;
    enum kd_status leaving;

    if (!l || !l->session)
        return;
    if (l->is_abandoned)
        message_note("the target was left halted");
    drop_what_was_read(l);
    leaving = kdt_live_leave(l->session, &is_presumed);
    message_progress_end();
    kdt_live_get_stats(l->session, &stats);
    s->frozen_ms = stats.session.frozen_ms;
    if (stats.session.freezes && !l->is_abandoned)
        say_fate(s->cli, leaving, is_presumed, failed);
}

static void close_live(struct source *s)
{
    struct live *l = s->state;

    if (!l)
        return;
    if (l->session && s->cli->options.stats) {
        fflush(stdout); /* what was printed comes first, where both go to one terminal */
        print_stats(l);
    }
    signalled_session = NULL;
    kdt_live_close(l->session);
    kdt_recorder_destroy(l->recorder);
    free(l);
}

/* A target maps pages: the rest of one is as unreadable as the byte that failed. */
static struct memory_gap gap_live(const struct source *s, uint64_t va, size_t max)
{
    size_t rest = PAGE - (size_t)(va & (PAGE - 1));

    (void)s;
    return (struct memory_gap){.len = rest < max ? rest : max, .status = KD_ERR_NOT_MAPPED};
}

/* ---- its physical memory ---- */

/* Stays 0 where the target does not say. */
static enum kd_status read_cr4(struct live *l, uint64_t *cr4)
{
    uint8_t bytes[KD_SPECIAL_REGISTERS_LEN];
    struct kd_x64_special special;
    size_t got = 0;
    enum kd_status st = kdt_live_read_control(l->session, l->stop.processor, KD_X64_CONTROL_SPECIAL,
                                              bytes, sizeof bytes, &got);

    if (kdw_ends_walk(st))
        return st;
    if (st == KD_OK && kd_x64_special_decode(bytes, got, &special) == KD_OK)
        *cr4 = special.cr4;
    return KD_OK;
}

static enum kd_status physical_live(struct source *s, struct kdw_paging_opts *out)
{
    struct live *l = s->state;
    uint64_t cr4 = 0;
    enum kd_status st = l->phys.cache ? KD_OK : keep_what_is_read(&l->phys);

    if (st == KD_OK)
        st = read_cr4(l, &cr4);
    if (st != KD_OK)
        return st;
    *out = source_paging_of(kdw_cache_mem(l->phys.cache), cr4);
    return KD_OK;
}

/* ---- watched: let go, and halted again ---- */

static enum kd_status watch_live(struct source *s, const struct source_hearing *hearing)
{
    struct live *l = s->state;

    l->hearing = hearing;
    return KD_OK;
}

static enum kd_status let_go_live(struct source *s)
{
    struct live *l = s->state;
    uint64_t before_us = kdt_live_frozen_us(l->session);
    enum kd_status st;

    kdw_cache_drop(l->virt.cache);
    ranges_clear(&l->virt.known);
    st = kdt_live_resume(l->session, NULL);
    l->release_us = usual(l->release_us, kdt_live_frozen_us(l->session) - before_us);
    return st;
}

/* The deadline of the whole command is how a watch may end. */
static bool is_past_deadline(const struct live *l, enum kd_status st)
{
    return st == KD_ERR_TIMEOUT && kdt_live_over(l->session) != KD_OK;
}

static enum kd_status listen_live(struct source *s, uint32_t ms, struct kd_state_change *stop)
{
    const struct live *l = s->state;
    enum kd_status st = kdt_live_listen(l->session, ms, stop);

    return is_past_deadline(l, st) ? KD_ERR_CANCELLED : st;
}

static enum kd_status catch_live(struct source *s)
{
    struct live *l = s->state;
    enum kd_status st = kdt_live_break(l->session, s->cli->options.timeout_ms, &l->stop);

    if (is_past_deadline(l, st))
        return KD_ERR_CANCELLED;
    return st == KD_ERR_TIMEOUT ? KD_ERR_BUSY : st;
}

static void abandon_live(struct source *s)
{
    struct live *l = s->state;

    kdt_live_abandon(l->session);
    l->is_abandoned = true;
}

static void limit_live(struct source *s, uint64_t freeze_us)
{
    ((struct live *)s->state)->limit_us = freeze_us;
}

static void get_cost_live(const struct source *s, struct source_cost *out)
{
    const struct live *l = s->state;
    struct kdt_live_stats stats;

    kdt_live_get_stats(l->session, &stats);
    *out = (struct source_cost){.frozen_us = stats.frozen_us,
                                .requests = stats.session.requests,
                                .bytes = stats.session.bytes_read};
}

static uint64_t time_now(const struct source *s)
{
    struct timespec now = {0};

    (void)s;
    (void)timespec_get(&now, TIME_UTC);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static const struct source_watching watching = {
    .begin = watch_live,
    .let_go = let_go_live,
    .listen = listen_live,
    .catch = catch_live,
    .abandon = abandon_live,
    .limit = limit_live,
    .get_cost = get_cost_live,
    .time_ns = time_now,
};

const struct source_kind source_live = {
    .stands_still = true,
    .open = open_live,
    .again = again_live,
    .leave = leave_live,
    .close = close_live,
    .gap = gap_live,
    .physical = physical_live,
    .watching = &watching,
};
