#include "live_pair.h"

#include "free_port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void on_progress(void *ctx, enum kdt_progress_kind kind, uint64_t ms)
{
    struct live_pair *p = ctx;

    (void)ms;
    p->progress[kind]++;
}

static void on_event(void *ctx, const struct kd_event *ev)
{
    struct live_pair *p = ctx;

    if (ev->kind == KD_EVENT_MODULE)
        p->modules++;
    if (ev->kind == KD_EVENT_PRINT && p->has_enough)
        kdt_live_stop_listening(p->live);
    if (ev->kind == KD_EVENT_PRINT)
        snprintf(p->printed, sizeof p->printed, "%.*s", (int)ev->u.text.len,
                 (const char *)ev->u.text.data);
}

struct live_pair_opts live_pair_defaults(void)
{
    return (struct live_pair_opts){
        .live = {.attach_timeout_ms = 8000},
        .target = {.key = "1.2.3.4"},
        .key = "1.2.3.4",
    };
}

struct live_pair_opts live_pair_stream_defaults(void)
{
    struct live_pair_opts opts = live_pair_defaults();

    opts.stream = "";
    return opts;
}

/* The text after -k. */
static void name_link(struct live_pair *p, const struct live_pair_opts *opts, char *text,
                      size_t cap)
{
    if (opts->stream) {
        temp_dir_create(&p->dir);
        snprintf(text, cap, "com:pipe,port=%s%s", temp_dir_path(&p->dir, "kd.sock"), opts->stream);
    } else {
        p->port = free_port();
        snprintf(text, cap, "net:port=%u,key=%s", p->port, opts->key);
    }
}

static void start_target(struct live_pair *p, const struct live_pair_opts *opts)
{
    struct fake_target_opts target = opts->target;

    target.host_port = p->port;
    if (opts->stream)
        target.path = temp_dir_path(&p->dir, "kd.sock");
    p->target = fake_target_start(&target);
    assert_non_null(p->target);
}

void live_pair_open(struct live_pair *p, const struct live_pair_opts *opts)
{
    struct kdt_live_opts live = opts->live;
    struct kdt_target_spec spec;
    char text[400];
    enum kd_status st;

    memset(p, 0, sizeof *p);
    name_link(p, opts, text, sizeof text);
    if (!opts->is_alone && opts->stream && !opts->target.connects)
        start_target(p, opts); /* there must be something to connect to */
    assert_int_equal(kdt_target_spec_parse(text, &p->diag, &spec), KD_OK);
    live.spec = &spec;
    live.diag = &p->diag;
    live.ctx = p;
    live.on_progress = on_progress;
    live.on_event = on_event;
    st = kdt_live_open(&live, &p->live);
    kdt_target_spec_wipe(&spec);
    if (st != KD_OK)
        fail_msg("opening: %s", p->diag.text);
    if (!opts->is_alone && !p->target)
        start_target(p, opts);
}

void live_pair_attach(struct live_pair *p, const struct live_pair_opts *opts)
{
    live_pair_open(p, opts);
    p->attached = kdt_live_attach(p->live, &p->version, &p->stop);
}

struct fake_target_seen live_pair_close(struct live_pair *p)
{
    struct fake_target_seen seen = {0};

    kdt_live_close(p->live);
    if (p->target)
        seen = fake_target_stop(p->target);
    if (p->dir.path[0])
        temp_dir_remove(&p->dir);
    return seen;
}
