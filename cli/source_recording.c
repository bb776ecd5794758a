/* source_recording.c - a recorded target (-r): what was read of it, as memory. Only what was recorded
 * is known; the rest is gaps. */
#include "message.h"
#include "platform.h"
#include "source_kind.h"

#include <transport/recorded_target.h>

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

struct recorded_mem {
    struct kdw_mem mem; /* first: the read function gets this */
    const struct kdt_recorded_memory *memory;
};

struct recording {
    struct kdt_recorded_target *target;
    struct recorded_mem virt, phys;
    time_t begun_s; /* to read the file */
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

    if (got == len)
        return KD_OK;
    *fault = at + got;
    return is_stopped ? KD_ERR_CANCELLED : gap_in(rm, at + got, 1).status;
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
    r->virt = (struct recorded_mem){{read_recorded}, kdt_recorded_target_virtual(r->target)};
    r->phys = (struct recorded_mem){{read_recorded}, kdt_recorded_target_physical(r->target)};
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
    kdt_recorded_target_close(r->target);
    free(r);
}

const struct source_kind source_recording = {
    .open = open_recording,
    .close = close_recording,
    .gap = gap_recorded,
    .physical = physical_recorded,
    .physical_gap = physical_gap,
};
