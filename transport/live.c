#include "live_internal.h"

#include <stdlib.h>
#include <string.h>

enum { READ_SAFE = 1024 }; /* every known target answers a read of so much [doc] */

static void on_wake(uv_async_t *waker)
{
    (void)waker; /* that the poll ends is all */
}

void kdt_live_cancel(struct kdt_live *l)
{
    atomic_store(&l->is_cancelled, true);
    uv_async_send(&l->waker);
}

static enum kd_status open_loop(struct kdt_live *l)
{
    int err = uv_loop_init(&l->loop);

    if (err)
        return kd_diag_set(l->opts.diag, KD_ERR_IO, "event loop: %s", uv_strerror(err));
    uv_timer_init(&l->loop, &l->timer);
    l->timer.data = l;
    err = uv_async_init(&l->loop, &l->waker, on_wake);
    if (err) {
        uv_close((uv_handle_t *)&l->timer, NULL);
        uv_run(&l->loop, UV_RUN_DEFAULT);
        uv_loop_close(&l->loop);
        return kd_diag_set(l->opts.diag, KD_ERR_IO, "event loop: %s", uv_strerror(err));
    }
    return KD_OK;
}

static void close_loop(struct kdt_live *l)
{
    if (l->channel)
        l->channel->verbs->close(l->channel);
    uv_close((uv_handle_t *)&l->waker, NULL);
    uv_close((uv_handle_t *)&l->timer, NULL);
    uv_run(&l->loop, UV_RUN_DEFAULT); /* until the last close callback has run */
    uv_loop_close(&l->loop);
}

static enum kd_status open_channel(struct kdt_live *l, const struct kdt_target_spec *spec)
{
    const struct kdt_channel_opts opts = {.loop = &l->loop,
                                          .spec = spec,
                                          .ctx = l,
                                          .on_event = kdt_live_on_channel,
                                          .recorder = l->opts.recorder};

    if (spec->kind == KDT_LINK_NET)
        return kdt_channel_net_open(&opts, l->opts.diag, &l->channel);
    return kdt_channel_stream_open(&opts, l->opts.diag, &l->channel);
}

static enum kd_status create_session(struct kdt_live *l)
{
    const struct kd_session_opts opts = {.dialect = l->channel->dialect,
                                         .bytes_per_second = l->channel->bytes_per_second,
                                         .stays_at_module = l->opts.stays_at_module,
                                         .ctx = l->opts.ctx};
    enum kd_status st = kd_session_create(&opts, &l->session);

    return st == KD_OK ? KD_OK : kd_diag_set(l->opts.diag, st, "session: %s", kd_status_text(st));
}

enum kd_status kdt_live_open(const struct kdt_live_opts *opts, struct kdt_live **out)
{
    struct kdt_live *l;
    enum kd_status st;

    l = calloc(1, sizeof *l);
    if (!l)
        return kd_diag_set(opts->diag, KD_ERR_NO_MEMORY, "out of memory");
    l->opts = *opts;
    l->opts.spec = NULL; /* borrowed until we return */
    l->armed_ms = l->deadline_ms = l->progress_ms = l->cut_ms = KD_NEVER;
    atomic_init(&l->is_cancelled, false);
    st = open_loop(l);
    if (st != KD_OK) {
        free(l);
        return st;
    }
    l->opened_ms = kdt_live_now_ms(l);
    if (opts->deadline_ms)
        l->deadline_ms = l->opened_ms + opts->deadline_ms;
    st = open_channel(l, opts->spec);
    if (st == KD_OK)
        st = create_session(l);
    if (st != KD_OK) {
        close_loop(l);
        free(l);
        return st;
    }
    l->read_piece = l->channel->read_max;
    l->read_proven = READ_SAFE;
    *out = l;
    return KD_OK;
}

void kdt_live_close(struct kdt_live *l)
{
    if (!l)
        return;
    if (!l->has_left)
        (void)kdt_live_leave(l, NULL);
    close_loop(l);
    kd_session_destroy(l->session);
    free(l);
}

/* --- what there is to know --- */

enum kd_run_state kdt_live_run_state(const struct kdt_live *l)
{
    return kd_session_run_state(l->session);
}

uint32_t kdt_live_line_len(const struct kdt_live *l)
{
    return l->channel->line_len;
}

enum kd_status kdt_live_over(const struct kdt_live *l)
{
    return l->over;
}

static uint64_t last_stop_ns(const struct kdt_live *l)
{
    return (l->is_frozen ? uv_hrtime() : l->thawed_ns) - l->froze_ns;
}

uint64_t kdt_live_frozen_us(const struct kdt_live *l)
{
    return last_stop_ns(l) / 1000;
}

void kdt_live_get_stats(const struct kdt_live *l, struct kdt_live_stats *out)
{
    *out = (struct kdt_live_stats){
        .session = *kd_session_get_counters(l->session),
        .packets_sent = l->packets_sent,
        .packets_received = l->packets_received,
        .frozen_us = (l->frozen_ns + last_stop_ns(l)) / 1000,
    };
    l->channel->verbs->add_stats(l->channel, out);
}
