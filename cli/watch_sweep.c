#include "watch_sweep.h"

#include <walker/debugger_data.h>
#include <walker/system.h>

#include <stdlib.h>
#include <string.h>

enum {
    NS_PER_MS = 1000000,
    WISH_MS = 100,
    MAX_MS = 60 * 1000, /* of one call; many follow each other */
};

struct pass { /* that is being read, or was and is not told of yet */
    struct watch_sweep *sweep;
    enum watch_pass which;
    struct watch_read read;
    bool is_complete;
    uint64_t breaks;    /* in which it was read, since its turn began */
    uint64_t begun;     /* of its structures, in this break */
    uint64_t units;     /* read so far */
    uint64_t all_units; /* of the pass that was completed last */
};

struct watch_sweep {
    struct watch_sweep_opts opts;
    struct watch_state *state;
    struct source *source;
    struct source_hearing hearing; /* the source's as long as it is open */
    struct kdw_kernel kernel;
    struct pass passes[WATCH_PASSES];
    struct watch_sample sample; /* the break that lasts */
    struct watch_when when;     /* it began */
    struct source_cost told;    /* with the samples until now */
    bool has_run;               /* since this boot is watched: what it says is of that time */
    bool was_here;              /* another boot was watched before */
    bool is_done;
    uint64_t begun_ns, due_ns;
    bool has_stop; /* it halted by itself */
    struct kd_state_change stop;
    bool has_bugcheck; /* that is not told yet */
    bool is_crashed;   /* this boot, and it was told */
    struct watch_bugcheck bugcheck;
    struct kdw_snapshot crash; /* taken at it */
};

/* ---- telling ---- */

static void tell(struct watch_sweep *w, struct watch_event *e)
{
    w->opts.tell(w->opts.ctx, e);
}

static struct watch_event event_now(const struct watch_sweep *w, enum watch_kind kind)
{
    return (struct watch_event){.kind = kind, .when.host_ns = source_time_ns(w->source)};
}

static bool on_print(void *ctx, struct kd_span text)
{
    struct watch_sweep *w = ctx;
    struct watch_event e = event_now(w, WATCH_PRINT);

    if (!w->has_run)
        return false;
    e.u.text = text;
    tell(w, &e);
    return watch_trigger_is_print(w->opts.trigger, text);
}

/* Then it is told of when it runs again. */
static bool stays_at_module(void *ctx, const struct kd_state_change *load)
{
    const struct watch_sweep *w = ctx;

    return !load->is_unload && watch_trigger_is_module(w->opts.trigger, load->path);
}

static void on_module(void *ctx, const struct kd_state_change *load)
{
    struct watch_sweep *w = ctx;
    struct watch_event e = event_now(w, WATCH_MODULE);

    if (!w->has_run)
        return;
    e.u.stop = *load;
    tell(w, &e);
}

static void tell_stop(struct watch_sweep *w)
{
    struct watch_event e = {.when = w->when, .u.stop = w->stop};

    if (!w->has_stop)
        return;
    w->has_stop = false;
    e.kind = w->stop.kind == KD_STATE_LOAD_SYMBOLS ? WATCH_MODULE : WATCH_EXCEPTION;
    if (!w->has_bugcheck) {
        tell(w, &e);
        return;
    }
    e.kind = WATCH_BUGCHECK;
    e.u.bugcheck = w->bugcheck;
    tell(w, &e);
}

/* What was read is compared now that the target runs. */
static enum kd_status tell_passes(struct watch_sweep *w)
{
    enum kd_status st = KD_OK;

    for (size_t i = 0; i < WATCH_PASSES && st == KD_OK; i++) {
        struct pass *p = &w->passes[i];
        const struct kdw_snapshot *known;

        if (!p->is_complete)
            continue;
        p->is_complete = false;
        st = watch_state_take(w->state, p->which, w->sample.number, &p->read);
        known = watch_state_known(w->state, p->which);
        if (st == KD_OK)
            w->opts.found(w->opts.ctx,
                          p->which == WATCH_PASS_WHOLE ? WATCH_FOUND_WHOLE : WATCH_FOUND_VOLATILE,
                          &w->when, known);
    }
    return st;
}

/* ---- one break ---- */

static enum kd_status begin_break(struct watch_sweep *w, enum watch_reason reason)
{
    struct kdw_u64 time;
    enum kd_status st;

    source_limit(w->source, 0);
    w->sample = (struct watch_sample){
        .number = w->sample.number + 1, .reason = reason, .sweep = w->sample.sweep};
    w->when = (struct watch_when){.host_ns = source_time_ns(w->source)};
    for (size_t i = 0; i < WATCH_PASSES; i++)
        w->passes[i].begun = 0;
    st = kdw_system_time(w->kernel.mem, w->kernel.target, &time);
    if (st == KD_OK && time.status == KD_OK)
        w->when.target_100ns = time.value;
    return st;
}

static enum kd_status end_break(struct watch_sweep *w)
{
    struct watch_event e = {.kind = WATCH_SAMPLE, .when = w->when};
    struct source_cost after;
    enum kd_status st;

    w->has_run = true;
    st = source_let_go(w->source);
    source_get_cost(w->source, &after);
    w->sample.frozen_us = after.frozen_us - w->told.frozen_us;
    w->sample.requests = after.requests - w->told.requests;
    w->sample.bytes = after.bytes - w->told.bytes;
    w->told = after;
    w->sample.all_units =
        w->passes[WATCH_PASS_VOLATILE].all_units + w->passes[WATCH_PASS_WHOLE].all_units;
    tell_stop(w);
    e.u.sample = w->sample;
    tell(w, &e);
    return st == KD_OK ? tell_passes(w) : st;
}

static bool is_over(const struct watch_sweep *w)
{
    if (w->opts.count && w->sample.number >= w->opts.count)
        return true;
    return w->opts.for_ms &&
           source_time_ns(w->source) - w->begun_ns >= (uint64_t)w->opts.for_ms * NS_PER_MS;
}

/* ---- between two breaks ---- */

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static enum watch_wish wish(const struct watch_sweep *w)
{
    return w->opts.wish ? w->opts.wish(w->opts.ctx) : WATCH_GO_ON;
}

/* For a while, at most until it is time. */
static enum kd_status listen(struct watch_sweep *w, uint64_t due_ns)
{
    uint64_t now_ns = source_time_ns(w->source);
    uint64_t left_ms = due_ns > now_ns ? (due_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS : 0;

    if (w->opts.wish && left_ms > WISH_MS)
        left_ms = WISH_MS;
    return source_listen(w->source, left_ms < MAX_MS ? (uint32_t)left_ms : MAX_MS, &w->stop);
}

/* Until it is time, somebody wishes it, or the target stands by itself. */
static enum kd_status listen_until(struct watch_sweep *w, uint64_t due_ns)
{
    enum watch_wish wished = WATCH_GO_ON;
    enum kd_status st = KD_ERR_TIMEOUT;

    while (st == KD_ERR_TIMEOUT && wished != WATCH_NOW &&
           (wished == WATCH_PAUSE || source_time_ns(w->source) < due_ns)) {
        st = listen(w, wished == WATCH_PAUSE ? UINT64_MAX : due_ns);
        wished = wish(w);
        if (wished == WATCH_ENOUGH) {
            w->is_done = true;
            return KD_ERR_CANCELLED;
        }
    }
    return st;
}

/* It stands by itself; or because of a break-in that it did not follow in time. */
static enum watch_reason reason_of_stop(struct watch_sweep *w, bool was_busy)
{
    if (was_busy && w->stop.kind == KD_STATE_EXCEPTION &&
        w->stop.exception_code == KD_STATUS_BREAKPOINT)
        return WATCH_EVERY;
    w->has_stop = true;
    return w->stop.kind == KD_STATE_LOAD_SYMBOLS ? WATCH_ON_MODULE : WATCH_ON_EXCEPTION;
}

static void tell_busy(struct watch_sweep *w)
{
    static const char why[] = "it did not halt in time, and is asked again";
    struct watch_event e = event_now(w, WATCH_LOST);

    e.u.text = (struct kd_span){(const uint8_t *)why, sizeof why - 1};
    tell(w, &e);
}

static enum kd_status await(struct watch_sweep *w, enum watch_reason *reason)
{
    bool is_busy = false;

    for (;;) {
        enum kd_status st = listen_until(w, w->due_ns);

        if (st == KD_OK) {
            *reason = reason_of_stop(w, is_busy);
            return KD_OK;
        }
        if (st != KD_ERR_TIMEOUT && st != KD_ERR_INTERRUPTED)
            return st;
        *reason = st == KD_ERR_TIMEOUT ? WATCH_EVERY : WATCH_ON_PRINT;
        st = source_catch(w->source);
        if (st != KD_ERR_BUSY)
            return st;
        if (!is_busy)
            tell_busy(w);
        is_busy = true;
        w->due_ns = source_time_ns(w->source) + (uint64_t)w->opts.every_ms * NS_PER_MS;
    }
}

/* Waits for the next break: until its time has come, or for another reason. */
static enum kd_status await_break(struct watch_sweep *w, enum watch_reason *reason)
{
    if (is_over(w)) {
        w->is_done = true;
        return KD_ERR_CANCELLED;
    }
    w->due_ns = later(w->due_ns + (uint64_t)w->opts.every_ms * NS_PER_MS,
                      source_time_ns(w->source) + w->sample.frozen_us * 1000);
    return await(w, reason);
}

/* ---- crashes ---- */

/* A crash is told by what the kernel notes of it, wherever its int3 comes from. It is looked for where the
 * target stood without being asked. */
static enum kd_status look_for_bugcheck(struct watch_sweep *w)
{
    uint64_t words[5] = {0}, va = 0;
    enum kd_status st = kdw_kernel_symbol(&w->kernel, "KiBugCheckData", &va);

    for (size_t i = 0; i < 5 && st == KD_OK; i++)
        st = kdw_mem_u64(w->kernel.mem, va + 8 * i, &words[i]);
    if (kdw_ends_walk(st))
        return st;
    if (st == KD_OK && words[0] != 0) {
        w->has_bugcheck = w->has_stop = true;
        w->bugcheck.code = (uint32_t)words[0];
        memcpy(w->bugcheck.parameters, words + 1, sizeof w->bugcheck.parameters);
    }
    return KD_OK;
}

static enum kd_status enter_break(struct watch_sweep *w, enum watch_reason reason)
{
    bool was_asked = reason != WATCH_FIRST && reason != WATCH_ON_EXCEPTION;
    enum kd_status st = begin_break(w, reason);

    return st == KD_OK && !was_asked && !w->is_crashed ? look_for_bugcheck(w) : st;
}

static void keep_crash(struct watch_sweep *w)
{
    w->has_bugcheck = false;
    w->is_crashed = true; /* a kernel halts more than once for it */
    w->opts.found(w->opts.ctx, WATCH_FOUND_CRASH, &w->when, &w->crash);
    kdw_snapshot_free(&w->crash);
}

/* All of it is read, however long that takes: it will not run again. */
static enum kd_status end_with_crash(struct watch_sweep *w)
{
    enum kd_status st;

    source_limit(w->source, 0);
    w->sample.reason = WATCH_ON_BUGCHECK;
    st = kdw_snapshot_take(&w->kernel, KDW_PART_ALL, &w->crash);
    if (st != KD_OK)
        return st;
    if (w->opts.after_bugcheck == WATCH_AFTER_STAY) {
        source_abandon(w->source);
        tell_stop(w);
        keep_crash(w);
        w->is_done = true;
        return KD_ERR_CANCELLED;
    }
    st = end_break(w);
    keep_crash(w);
    return st;
}

/* ---- from break to break ---- */

/* Into a break in which there is something to go on with. */
static enum kd_status enter_sound_break(struct watch_sweep *w, enum watch_reason reason)
{
    enum kd_status st = enter_break(w, reason);

    while (st == KD_OK && w->has_bugcheck) {
        st = end_with_crash(w);
        if (st == KD_OK)
            st = await_break(w, &reason);
        if (st == KD_OK)
            st = enter_break(w, reason);
    }
    return st;
}

static enum kd_status next_break(struct watch_sweep *w)
{
    enum watch_reason reason = WATCH_EVERY;
    enum kd_status st = end_break(w);

    if (st == KD_OK)
        st = await_break(w, &reason);
    return st == KD_OK ? enter_sound_break(w, reason) : st;
}

/* ---- passes ---- */

static enum kd_status take(struct watch_sweep *w, enum watch_pass which);

static void on_unit(void *ctx, bool must_end)
{
    struct pass *p = ctx;
    struct watch_sweep *w = p->sweep;

    p->begun++;
    p->units++;
    w->sample.units++;
    source_limit(w->source, must_end ? 0 : (uint64_t)w->opts.freeze_budget_ms * 1000);
}

/* Both passes get as many breaks; what is volatile, where it fits into a part of one, a part of each. */
static bool is_turn_of_volatile(const struct watch_sweep *w, const struct pass *whole)
{
    return whole->begun > 1 && whole->breaks >= w->passes[WATCH_PASS_VOLATILE].breaks;
}

/* The walk can go no further in this break: what it was at is not read yet. */
static enum kd_status on_pause(void *ctx)
{
    struct pass *p = ctx;
    struct watch_sweep *w = p->sweep;
    bool is_turn_over = p->which == WATCH_PASS_WHOLE && is_turn_of_volatile(w, p);
    enum kd_status st;

    p->units--;
    w->sample.units--;
    st = next_break(w);
    if (st == KD_OK && is_turn_over) {
        st = take(w, WATCH_PASS_VOLATILE);
        p->breaks = 0;
    }
    p->breaks++;
    return st == KD_OK ? watch_read_look(&p->read, &w->when) : st;
}

static enum kd_status take(struct watch_sweep *w, enum watch_pass which)
{
    struct pass *p = &w->passes[which];
    const struct kdw_snapshot_opts opts = {
        .parts = watch_pass_parts(which, w->opts.only),
        .before = watch_state_known(w->state, which),
        .ctx = p,
        .pause = on_pause,
        .unit = on_unit,
    };
    enum kd_status st;

    if (!opts.parts)
        return KD_OK;
    watch_read_free(&p->read);
    p->units = 0;
    p->breaks = 1;
    st = watch_read_look(&p->read, &w->when);
    if (st == KD_OK)
        st = kdw_snapshot_take_with(&w->kernel, &opts, &p->read.snapshot);
    if (st != KD_OK)
        return st;
    p->is_complete = true;
    p->all_units = p->units;
    return KD_OK;
}

static enum kd_status sweep(struct watch_sweep *w)
{
    enum kd_status st;

    w->sample.sweep++;
    st = take(w, WATCH_PASS_VOLATILE);
    return st == KD_OK ? take(w, WATCH_PASS_WHOLE) : st;
}

/* ---- one boot ---- */

static void tell_target(struct watch_sweep *w)
{
    struct watch_event e = event_now(w, w->was_here ? WATCH_ATTACHED : WATCH_BEGIN);

    e.u.target =
        (struct watch_target){source_target(w->source), kdw_symbols_origin(w->kernel.symbols),
                              kdw_symbols_is_guess(w->kernel.symbols)};
    tell(w, &e);
    w->was_here = true;
}

/* The target stands, the kernel is open. */
static enum kd_status watch(struct watch_sweep *w)
{
    enum kd_status st;

    if (!w->begun_ns)
        w->begun_ns = source_time_ns(w->source);
    w->due_ns = source_time_ns(w->source);
    tell_target(w);
    st = enter_sound_break(w, WATCH_FIRST);
    while (st == KD_OK) {
        st = sweep(w);
        if (st == KD_OK)
            st = next_break(w);
    }
    return st;
}

enum kd_status watch_sweep_run(struct watch_sweep *w, struct source *s)
{
    uint64_t base_va = w->kernel.base_va;
    enum kd_status st;

    w->source = s;
    w->has_run = false;
    st = source_watch(s, &w->hearing); /* which may take it to another stop */
    if (st == KD_OK)
        st = source_kernel(s, &w->kernel);
    if (st != KD_OK)
        return st;
    w->has_stop = w->has_bugcheck = w->is_crashed = false;
    if (w->was_here && base_va != w->kernel.base_va)
        watch_state_forget(w->state);
    st = watch(w);
    kdw_kernel_close(&w->kernel);
    return w->is_done ? KD_OK : st;
}

enum kd_status watch_sweep_create(const struct watch_sweep_opts *opts, struct watch_sweep **out)
{
    struct watch_sweep *w = calloc(1, sizeof *w);
    enum kd_status st;

    if (!w)
        return KD_ERR_NO_MEMORY;
    w->opts = *opts;
    w->hearing = (struct source_hearing){w, on_print, stays_at_module, on_module};
    for (size_t i = 0; i < WATCH_PASSES; i++) {
        w->passes[i].sweep = w;
        w->passes[i].which = (enum watch_pass)i;
    }
    st = watch_state_create(opts->only, opts->ctx, opts->tell, &w->state);
    if (st != KD_OK) {
        free(w);
        return st;
    }
    *out = w;
    return KD_OK;
}

void watch_sweep_destroy(struct watch_sweep *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < WATCH_PASSES; i++)
        watch_read_free(&w->passes[i].read);
    kdw_snapshot_free(&w->crash);
    watch_state_destroy(w->state);
    free(w);
}
