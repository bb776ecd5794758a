#include "source.h"

#include "message.h"
#include "platform.h"
#include "ranges.h"

#include <transport/live.h>
#include <walker/mem_cache.h>

#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum {
    PAGE = 4096,
    CACHE_MAX = 64 * 1024 * 1024, /* far above what any walk needs; a bound against hostile lists */
    NT_KERNEL_KIND = 0,           /* bits 8..14 of GetVersion64's MajorVersion */
    CHECKED_BUILD = 0x0C,
};

struct source {
    struct cli *cli;
    struct kdt_live *live;
    struct kdw_mem mem; /* the live session as a memory source */
    struct kdw_cache *cache;
    struct kdw_target target;
    struct ranges read;   /* of this boot */
    uint64_t bytes_twice; /* read, though they had been already */
};

/* What the signal handler needs: it runs between any two instructions of ours. */
static struct kdt_live *volatile signalled_live;
static volatile sig_atomic_t is_stopped;

static void on_stop(void)
{
    struct kdt_live *live = signalled_live;

    is_stopped = 1;
    if (live)
        kdt_live_cancel(live);
}

static enum kd_status read_live(struct kdw_mem *m, uint64_t at, void *buf, size_t len,
                                uint64_t *fault)
{
    struct source *s = (struct source *)((char *)m - offsetof(struct source, mem));
    size_t done = 0;
    enum kd_status st = kdt_live_read_virtual(s->live, at, buf, len, &done);

    s->bytes_twice += ranges_add(&s->read, at, done);
    if (st != KD_OK && fault)
        *fault = at + done;
    return st;
}

static void show_progress(void *ctx, enum kdt_progress_kind kind, uint64_t ms)
{
    const struct source *s = ctx;
    const unsigned seconds = (unsigned)(ms / 1000);

    switch (kind) {
    case KDT_PROGRESS_LISTENING:
        if (seconds)
            message_progress("waiting for a target to call on port %u: %u of %g s",
                             s->cli->options.target.port, seconds,
                             s->cli->options.timeout_ms / 1000.0);
        break;
    case KDT_PROGRESS_CONNECTING:
        if (seconds) {
            char place[KDT_PLACE_TEXT_MAX];

            kdt_target_spec_place(&s->cli->options.target, place);
            message_progress("waiting for a connection, %s: %u of %g s", place, seconds,
                             s->cli->options.timeout_ms / 1000.0);
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

static bool is_nt_kernel(const struct kd_version *v)
{
    return ((v->major >> 8) & 0x7f) == NT_KERNEL_KIND && v->debugger_data_list_va != 0;
}

static struct kdw_target target_of(const struct kd_version *v, const struct kd_state_change *stop)
{
    struct kdw_target t = {
        .machine = v->machine,
        .build = v->minor,
        .is_checked = (v->major & 0xff) == CHECKED_BUILD,
        .is_mp = (v->flags & 1) != 0,
        .is_kernel = is_nt_kernel(v),
        .processor_count = stop->processor_count,
        .kernel_base_va = v->kernel_base_va,
        .module_list_va = v->module_list_va,
        .debugger_data_list_va = v->debugger_data_list_va,
    };

    return t;
}

struct kdw_mem *source_mem(struct source *s)
{
    return kdw_cache_mem(s->cache);
}

const struct kdw_target *source_target(const struct source *s)
{
    return &s->target;
}

static bool is_blank(const char *text)
{
    return !text || text[strspn(text, " \t;")] == '\0';
}

enum kd_status source_kernel(struct source *s, struct kdw_kernel *out)
{
    struct cli *c = s->cli;
    enum kd_status st = kdw_kernel_open(source_mem(s), &s->target, &c->diag, out);

    if (st != KD_OK)
        return st;
    st = kdw_kernel_load_symbols(out, c->options.symbol_path);
    if (st == KD_ERR_NOT_FOUND && is_blank(c->options.symbol_path))
        kd_diag_add(&c->diag, st, "no symbol path was given (-y or _NT_SYMBOL_PATH)");
    if (st != KD_OK)
        kdw_kernel_close(out);
    return st;
}

static void print_stats(const struct source *s)
{
    struct kdt_live_stats stats;
    const struct kd_session_counters *n = &stats.session;

    kdt_live_get_stats(s->live, &stats);
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
            s->bytes_twice);
    fprintf(stderr, "packets        %" PRIu64 " out, %" PRIu64 " in, %" PRIu64 " damaged\n",
            stats.packets_sent, stats.packets_received, stats.garbled);
    fprintf(stderr, "on the wire    %" PRIu64 " bytes out, %" PRIu64 " in\n", stats.bytes_sent,
            stats.bytes_received);
    fprintf(stderr, "repeated       %" PRIu64 " packets, %" PRIu64 " RESEND, %" PRIu64 " RESET\n",
            n->retransmissions, n->resends, n->resets);
    if (s->cli->options.target.kind == KDT_LINK_NET)
        fprintf(stderr, "not accepted   %" PRIu64 " of %" PRIu64 " datagrams\n", stats.refused,
                stats.datagrams_received);
    fprintf(stderr, "frozen         %" PRIu64 " ms in %" PRIu64 " freeze%s\n", n->frozen_ms,
            n->freezes, n->freezes == 1 ? "" : "s");
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

static void say_failure(const struct cli *c, enum kd_status st)
{
    if (st == KD_ERR_CANCELLED)
        message_error("interrupted");
    else if (st == KD_ERR_REBOOTED && !c->options.wait)
        message_error("the target restarted, and what was read of it is void; with --wait the work "
                      "starts over with its new boot");
    else if (st == KD_ERR_NO_MEMORY) /* anywhere, with no word on where */
        message_error("%s", kd_status_text(st));
    else if (st != KD_OK)
        message_error("%s", c->diag.text[0] ? c->diag.text : kd_status_text(st));
}

/* --- one run --- */

static enum kd_status open_live(struct source *s)
{
    const struct cli_options *o = &s->cli->options;
    struct kdt_live_opts opts = {
        .spec = &o->target,
        .attach_timeout_ms = o->timeout_ms,
        .deadline_ms = o->deadline_ms,
        .diag = &s->cli->diag,
        .ctx = s,
        .on_progress = show_progress,
    };
    enum kd_status st;

    platform_catch_signals(on_stop);
    st = kdt_live_open(&opts, &s->live);
    if (st != KD_OK)
        return st;
    signalled_live = s->live;
    if (is_stopped) /* it came before there was anything to cancel */
        kdt_live_cancel(s->live);
    return KD_OK;
}

/* The work itself, with the boot of the target that stands still now. */
static enum kd_status collect(struct source *s, const struct source_job *job, void *work)
{
    const struct kdw_cache_opts opts = {&s->mem, kdt_live_line_len(s->live), CACHE_MAX, PAGE};
    enum kd_status st = kdw_cache_create(&opts, &s->cache);

    ranges_clear(&s->read); /* of the boot before */
    if (st != KD_OK)
        return st;
    st = job->collect(s->cli, s, work);
    kdw_cache_destroy(s->cache); /* it holds for as long as the target stands */
    s->cache = NULL;
    return st;
}

static enum kd_status attach_and_collect(struct source *s, const struct source_job *job, void *work)
{
    bool needs_kernel = job->need == SOURCE_KERNEL;
    struct kd_version version;
    struct kd_state_change stop;
    enum kd_status st = kdt_live_attach(s->live, &version, &stop);

    for (;;) {
        while (st == KD_OK && needs_kernel && !is_nt_kernel(&version))
            st = kdt_live_next_stage(s->live, &version, &stop);
        if (st == KD_OK) {
            s->target = target_of(&version, &stop);
            st = collect(s, job, work);
        }
        if ((st != KD_ERR_REBOOTED && st != KD_ERR_LOST) || !s->cli->options.wait)
            return st;
        if (st == KD_ERR_LOST)
            message_warning("%s; waiting for it to come back, then the work starts over",
                            s->cli->diag.text);
        else
            message_warning("the target restarted: the work starts over with its new boot");
        kd_diag_clear(&s->cli->diag);
        needs_kernel = needs_kernel || s->target.is_kernel; /* it is to be again what it was */
        st = kdt_live_next_stage(s->live, &version, &stop);
    }
}

/* Let the target run. st: how the work ended. */
static void leave(struct source *s, enum kd_status st)
{
    struct kdt_live_stats stats;
    bool is_presumed = false;
    enum kd_status leaving;

    message_progress_end();
    say_failure(s->cli, st);
    if (!s->live)
        return;
    leaving = kdt_live_leave(s->live, &is_presumed);
    message_progress_end();
    kdt_live_get_stats(s->live, &stats);
    if (stats.session.freezes)
        say_fate(s->cli, leaving, is_presumed, st != KD_OK);
}

static void close_live(struct source *s)
{
    if (s->live && s->cli->options.stats) {
        fflush(stdout); /* what was printed comes first, where both go to one terminal */
        print_stats(s);
    }
    signalled_live = NULL;
    kdt_live_close(s->live);
    ranges_clear(&s->read);
}

enum cli_exit source_run(struct cli *c, const struct source_job *job, void *work)
{
    struct source s = {.cli = c, .mem.read = read_live};
    bool has_gaps = false;
    enum kd_status st = open_live(&s);

    if (st == KD_OK)
        st = attach_and_collect(&s, job, work);
    leave(&s, st);
    if (st == KD_OK)
        has_gaps = job->print(c, work);
    close_live(&s);
    if (st != KD_OK)
        return CLI_FAILED;
    return has_gaps ? CLI_GAPS : CLI_COMPLETE;
}
