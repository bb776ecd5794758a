#include "live_internal.h"

#include <stdlib.h>
#include <string.h>

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
    kdt_link_udp_close(l->link);
    uv_close((uv_handle_t *)&l->waker, NULL);
    uv_close((uv_handle_t *)&l->timer, NULL);
    uv_run(&l->loop, UV_RUN_DEFAULT); /* until the last close callback has run */
    uv_loop_close(&l->loop);
}

static void destroy_protocol(struct kdt_live *l)
{
    kd_session_destroy(l->session);
    kdnet_destroy(l->kdnet); /* before its primitives */
    kdt_crypto_destroy(l->crypto);
}

static enum kd_status create_protocol(struct kdt_live *l, const struct kdt_target_spec *spec)
{
    struct kd_session_opts session = {.dialect = KD_DIALECT_KDNET};
    struct kdnet_opts kdnet = {.key = spec->key};
    enum kd_status st = kdt_crypto_create(&l->crypto);

    if (st == KD_OK) {
        kdnet.crypto = kdt_crypto_table(l->crypto);
        st = kdnet_create(&kdnet, &l->kdnet);
    }
    kdt_wipe(&kdnet, sizeof kdnet);
    if (st == KD_OK)
        st = kd_session_create(&session, &l->session);
    if (st != KD_OK)
        kd_diag_set(l->opts.diag, st, "setting up cryptography and session: %s",
                    kd_status_text(st));
    return st;
}

static enum kd_status open_link(struct kdt_live *l, const struct kdt_target_spec *spec)
{
    const struct kdt_link_udp_opts link = {
        .loop = &l->loop,
        .bind = spec->bind,
        .port = spec->port,
        .ctx = l,
        .on_datagram = kdt_live_on_datagram,
    };

    return kdt_link_udp_open(&link, l->opts.diag, &l->link);
}

enum kd_status kdt_live_open(const struct kdt_live_opts *opts, struct kdt_live **out)
{
    struct kdt_live *l;
    enum kd_status st;

    if (!opts->spec->has_key)
        return kd_diag_set(opts->diag, KD_ERR_USAGE, "key= is missing");
    l = calloc(1, sizeof *l);
    if (!l)
        return kd_diag_set(opts->diag, KD_ERR_NO_MEMORY, "out of memory");
    l->opts = *opts;
    l->opts.spec = NULL; /* borrowed until we return */
    l->port = opts->spec->port;
    l->armed_ms = l->deadline_ms = l->progress_ms = l->wrong_key_ms = KD_NEVER;
    atomic_init(&l->is_cancelled, false);
    st = open_loop(l);
    if (st != KD_OK) {
        free(l);
        return st;
    }
    l->opened_ms = kdt_live_now_ms(l);
    if (opts->deadline_ms)
        l->deadline_ms = l->opened_ms + opts->deadline_ms;
    st = create_protocol(l, opts->spec);
    if (st == KD_OK)
        st = open_link(l, opts->spec);
    if (st != KD_OK) {
        close_loop(l);
        destroy_protocol(l);
        free(l);
        return st;
    }
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
    destroy_protocol(l);
    free(l);
}

/* --- what there is to know --- */

enum kd_run_state kdt_live_run_state(const struct kdt_live *l)
{
    return kd_session_run_state(l->session);
}

void kdt_live_get_stats(const struct kdt_live *l, struct kdt_live_stats *out)
{
    const struct kdt_link_udp_counters *link = kdt_link_udp_get_counters(l->link);
    const struct kdnet_counters *kdnet = kdnet_get_counters(l->kdnet);

    *out = (struct kdt_live_stats){
        .session = *kd_session_get_counters(l->session),
        .datagrams_sent = link->datagrams_sent,
        .datagrams_received = link->datagrams_received,
        .bytes_sent = link->bytes_sent,
        .bytes_received = link->bytes_received,
        .refused = link->truncated + l->bad_packets + kdnet->bad_length + kdnet->bad_header +
                   kdnet->bad_mac + kdnet->bad_direction + kdnet->replayed + kdnet->foreign_peer +
                   kdnet->unexpected + kdnet->overflow + kdnet->crypto_failed,
    };
}
