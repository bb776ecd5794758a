#include "cli.h"
#include "message.h"
#include "platform.h"
#include "snapshot_file.h"
#include "source.h"
#include "text.h"
#include "watch_json.h"
#include "watch_sweep.h"
#include "watch_tally.h"
#include "watch_text.h"
#include "watch_time.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct watch {
    struct cli *cli;
    struct watch_sweep *sweep;
    struct watch_text text;
    struct watch_json json;
    struct watch_tally tally;
    struct watch_sink *shown; /* text or json */
};

/* ---- events ---- */

static void show_progress(const struct watch_event *e)
{
    const struct watch_sample *s = &e->u.sample;

    message_progress("sample %" PRIu64 ": frozen %.1f ms, %" PRIu64 " requests, sweep %" PRIu64,
                     s->number, (double)s->frozen_us / 1000.0, s->requests, s->sweep);
}

static void tell(void *ctx, const struct watch_event *e)
{
    struct watch *w = ctx;

    w->tally.sink.tell(&w->tally.sink, e);
    w->shown->tell(w->shown, e);
    if (e->kind == WATCH_SAMPLE && !w->cli->options.json)
        show_progress(e);
}

/* kdwalk-20261124T140312.345Z.json */
static char *path_of(const struct watch *w, const struct watch_when *when)
{
    const char *folder = w->cli->options.watch.save;
    char time[WATCH_TIME_TEXT];
    struct text t = {0};

    watch_time_text(when->host_ns, time);
    text_add(&t, "%s/kdwalk-", folder ? folder : ".");
    for (const char *c = time; *c; c++)
        if (*c != '-' && *c != ':')
            text_add(&t, "%c", *c);
    text_add(&t, ".json");
    return text_take(&t);
}

static void save(void *ctx, enum watch_found what, const struct watch_when *when,
                 const struct kdw_snapshot *s)
{
    struct watch *w = ctx;
    struct watch_event e = {.kind = WATCH_SAVED, .when = *when};
    char *path;

    if (what == WATCH_FOUND_VOLATILE || (what == WATCH_FOUND_WHOLE && !w->cli->options.watch.save))
        return;
    path = path_of(w, when);
    if (!path) {
        message_output_failed(kd_status_text(KD_ERR_NO_MEMORY));
        return;
    }
    e.u.text = (struct kd_span){(const uint8_t *)path, strlen(path)};
    if (snapshot_file_write(s, path))
        tell(w, &e);
    free(path);
}

/* ---- one boot after the other ---- */

static bool may_come_back(enum kd_status st)
{
    return st == KD_ERR_REBOOTED || st == KD_ERR_LOST;
}

static void tell_loss(struct watch *w, struct source *s, enum kd_status st)
{
    struct watch_event e = {.kind = st == KD_ERR_REBOOTED ? WATCH_REBOOT : WATCH_LOST,
                            .when.host_ns = source_time_ns(s)};
    const char *why = w->cli->diag.text;

    if (e.kind == WATCH_LOST)
        e.u.text = (struct kd_span){(const uint8_t *)why, strlen(why)};
    tell(w, &e);
    kd_diag_clear(&w->cli->diag);
}

/* It may take any time: a machine sleeps as long as its owner does. */
static enum kd_status await_return(struct source *s, enum kd_status why)
{
    enum kd_status st = source_return(s, why);

    while (st == KD_ERR_TIMEOUT || may_come_back(st))
        st = source_return(s, st == KD_ERR_TIMEOUT ? KD_ERR_LOST : st);
    return st;
}

/* A watch ends when its user wants it to, that of a recording with that. */
static bool is_end(const struct cli *c, enum kd_status st)
{
    return st == KD_ERR_CANCELLED || (st == KD_ERR_NOT_FOUND && c->options.recording);
}

static enum kd_status collect(struct cli *c, struct source *s, void *work)
{
    struct watch *w = work;
    enum kd_status st = watch_sweep_run(w->sweep, s);

    while (may_come_back(st)) {
        tell_loss(w, s, st);
        st = await_return(s, st);
        if (st == KD_OK)
            st = watch_sweep_run(w->sweep, s);
    }
    if (is_end(c, st) && w->tally.samples) {
        kd_diag_clear(&c->diag);
        return KD_OK;
    }
    return st;
}

static bool print(const struct cli *c, void *work)
{
    struct watch *w = work;

    message_progress_end();
    if (c->options.json)
        watch_json_end(&w->tally);
    else
        watch_tally_print(&w->tally);
    return w->tally.losses > 0;
}

static enum cli_exit run(struct watch *w)
{
    static const struct source_job job = {SOURCE_KERNEL, collect, print};

    return source_run(w->cli, &job, w);
}

static bool is_usable(const struct cli *c)
{
    const char *folder = c->options.watch.save;

    if (c->options.dump)
        message_error("a dump stands still: only a live target, -k, or a recording, -r, can be "
                      "watched");
    else if (folder && !platform_is_folder(folder))
        message_error("--save %s: there is no such folder", folder);
    else
        return true;
    return false;
}

enum cli_exit cmd_watch(struct cli *c)
{
    const struct cli_watch_options *o = &c->options.watch;
    struct watch w = {.cli = c};
    struct watch_sweep_opts opts = {
        .only = o->only,
        .every_ms = o->every_ms,
        .freeze_budget_ms = o->freeze_budget_ms,
        .count = o->count,
        .for_ms = o->for_ms,
        .after_bugcheck = o->stays_after_bugcheck ? WATCH_AFTER_STAY : WATCH_AFTER_GO,
        .ctx = &w,
        .tell = tell,
        .found = save,
    };
    struct watch_trigger *trigger;
    enum cli_exit status = CLI_FAILED;

    if (!is_usable(c))
        return CLI_FAILED;
    trigger = watch_trigger_create(o->on_module, o->on_print);
    if (!trigger)
        return CLI_FAILED;
    opts.trigger = trigger;
    c->options.wait = true;
    watch_text_init(&w.text, c->options.verbose);
    watch_json_init(&w.json, o->only, o->every_ms, o->freeze_budget_ms);
    watch_tally_init(&w.tally);
    w.shown = c->options.json ? &w.json.sink : &w.text.sink;
    if (watch_sweep_create(&opts, &w.sweep) == KD_OK)
        status = run(&w);
    else
        message_error("%s", kd_status_text(KD_ERR_NO_MEMORY));
    watch_sweep_destroy(w.sweep);
    watch_trigger_destroy(trigger);
    return status;
}
