#include "symbol_server.h"

#include "message.h"
#include "platform.h"

#include <transport/fetch.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SHOW_EVERY_MS = 100 };

struct transfer {
    const struct kdw_pdb_id *wanted;
    uint64_t done;
    double shown_ms; /* when it was */
};

static volatile sig_atomic_t is_stopped;

static void on_stop(void)
{
    is_stopped = 1;
}

static double now_ms(void)
{
    struct timespec t;

    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double mib(uint64_t bytes)
{
    return (double)bytes / (1 << 20);
}

static bool show_progress(void *ctx, uint64_t done, uint64_t total)
{
    struct transfer *t = ctx;
    double now = now_ms();

    t->done = done;
    /* A clock that was set back shows too often, once. */
    if (now >= t->shown_ms && now < t->shown_ms + SHOW_EVERY_MS)
        return !is_stopped;
    t->shown_ms = now;
    if (total)
        message_progress("fetching %s: %.1f of %.1f MiB, %u %%", t->wanted->name, mib(done),
                         mib(total), (unsigned)(100.0 * (double)done / (double)total));
    else
        message_progress("fetching %s: %.1f MiB", t->wanted->name, mib(done));
    return !is_stopped;
}

static enum kd_status check(void *ctx, const char *part_path, struct kd_diag *diag)
{
    const struct transfer *t = ctx;
    enum kd_status st = kdw_pdb_verify(part_path, t->wanted, diag);

    if (st != KD_OK && st != KD_ERR_MISMATCH) /* the rest names a file that nobody will find */
        kd_diag_set(diag, st, "what the server sends is no PDB file");
    return st;
}

static enum kd_status fetch_now(const char *url, const char *path, const struct kdw_pdb_id *wanted,
                                struct kd_diag *diag)
{
    struct transfer t = {.wanted = wanted};
    const struct kdt_fetch_opts opts = {
        .url = url,
        .path = path,
        .diag = diag,
        .ctx = &t,
        .check = check,
        .on_progress = show_progress,
    };
    enum kd_status st;

    platform_catch_signals(on_stop);
    st = kdt_fetch(&opts);
    platform_release_signals();
    message_progress_end();
    if (st == KD_OK)
        message_note("fetched %s, %.1f MiB: %s", wanted->name, mib(t.done), path);
    return st;
}

static enum kd_status fetch(void *ctx, const char *url, const char *path,
                            const struct kdw_pdb_id *wanted, struct kd_diag *diag)
{
    struct symbol_server *s = ctx;

    if (s->is_over)
        return kd_diag_set(diag, s->failure, "%s", s->why.text);
    if (s->is_held_up) {
        s->is_wanted = true;
        s->wanted = *wanted;
        return KD_ERR_CANCELLED;
    }
    s->failure = fetch_now(url, path, wanted, diag);
    if (s->failure != KD_OK && diag)
        s->why = *diag;
    return s->failure;
}

void symbol_server_init(struct symbol_server *s)
{
    const char *scratch = getenv("TMPDIR");

    memset(s, 0, sizeof *s);
    s->server.ctx = s;
    s->server.fetch = fetch;
    s->server.scratch = scratch && scratch[0] ? scratch : "/tmp";
    if (platform_cache_folder("kdwalk/symbols", s->default_store, sizeof s->default_store))
        s->server.default_store = s->default_store;
}

enum kd_status symbol_server_catch_up(struct symbol_server *s, const char *symbol_path,
                                      struct kd_diag *diag)
{
    struct kdw_symbols *pdb;
    enum kd_status st;

    s->is_held_up = false;
    s->is_wanted = false;
    kd_diag_clear(diag);
    st = kdw_symstore_open(symbol_path, &s->server, &s->wanted, diag, &pdb);
    if (st == KD_OK) {
        kdw_symbols_close(pdb);
        return KD_OK;
    }
    if (st == KD_ERR_CANCELLED || st == KD_ERR_NO_MEMORY)
        return st;
    s->is_over = true;
    kd_diag_clear(diag);
    return KD_OK;
}
