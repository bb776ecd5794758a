#include "cli.h"
#include "message.h"
#include "number.h"
#include "print.h"
#include "source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LENGTH_MAX =
        64 * 1024 * 1024, /* held in memory, so that the target need not wait for the output */
    PAGE = 4096,
    PIECE = 64 * 1024, /* one read of the cache */
};

static const char range_beyond[] = "the range goes beyond the end of the address space";

struct work {
    struct number_place place;
    uint8_t *bytes, *is_known; /* as dump has them, to be filled */
    struct memory_dump dump;
    bool has_gaps;
};

/* Everything that can be read of [va, va + len), pages that cannot be marked unknown. */
static enum kd_status read_with_holes(struct kdw_mem *mem, struct work *w)
{
    const struct memory_dump *dump = &w->dump;
    size_t at = 0;

    while (at < dump->len) {
        size_t want = dump->len - at < PIECE ? dump->len - at : PIECE;
        uint64_t va = dump->va + at;
        uint64_t fault = va;
        enum kd_status st = kdw_mem_read(mem, va, w->bytes + at, want, &fault);
        size_t got = st == KD_OK ? want : (size_t)(fault - va);

        memset(w->is_known + at, 1, got);
        at += got;
        if (st == KD_OK)
            continue;
        if (st != KD_ERR_NOT_MAPPED)
            return st;
        w->has_gaps = true;
        got = PAGE - (size_t)(fault & (PAGE - 1)); /* the rest of that page is a hole */
        at = got < dump->len - at ? at + got : dump->len;
    }
    return KD_OK;
}

static bool is_beyond(uint64_t va, size_t len)
{
    return len - 1 > UINT64_MAX - va;
}

static enum kd_status find_address(struct cli *c, struct source *s, struct work *w)
{
    struct kdw_kernel kernel;
    enum kd_status st;

    w->dump.va = w->place.va;
    if (!w->place.is_symbol)
        return KD_OK;
    st = source_kernel(s, &kernel);
    if (st != KD_OK)
        return st;
    st = number_resolve(&kernel, &w->place, &w->dump.va);
    kdw_kernel_close(&kernel);
    if (st == KD_OK && is_beyond(w->dump.va, w->dump.len))
        st = kd_diag_set(&c->diag, KD_ERR_USAGE, "%s", range_beyond);
    return st;
}

static enum kd_status collect(struct cli *c, struct source *s, void *data)
{
    struct work *w = data;
    enum kd_status st = find_address(c, s, w);

    if (st != KD_OK)
        return st;
    memset(w->bytes, 0, w->dump.len); /* of an earlier boot */
    memset(w->is_known, 0, w->dump.len);
    w->has_gaps = false;
    return read_with_holes(source_mem(s), w);
}

static bool print(const struct cli *c, void *data)
{
    const struct work *w = data;

    if (c->options.raw)
        fwrite(w->bytes, 1, w->dump.len, stdout);
    else if (c->options.json)
        print_json_memory(&w->dump);
    else
        print_text_memory(&w->dump);
    return w->has_gaps;
}

/* What can be refused before any target is touched. */
static bool take_arguments(const struct cli *c, struct work *w)
{
    uint64_t len;

    if (!number_place(c->arguments[0], &w->place))
        return false;
    if (!number_length(c->arguments[1], &len) || len == 0) {
        message_error("LENGTH is a number of bytes above 0, like 64, 0x40 or 4K");
        return false;
    }
    if (len > LENGTH_MAX) {
        message_error("LENGTH is at most 64M, for the target stands still meanwhile");
        return false;
    }
    if (c->options.raw && c->options.json) {
        message_error("--raw and --json exclude each other");
        return false;
    }
    if (!w->place.is_symbol && is_beyond(w->place.va, (size_t)len)) {
        message_error("%s", range_beyond);
        return false;
    }
    w->dump.len = (size_t)len;
    return true;
}

enum cli_exit cmd_read(struct cli *c)
{
    struct source_job job = {SOURCE_ANYTHING, collect, print};
    struct work w = {0};
    enum cli_exit status = CLI_FAILED;

    if (!take_arguments(c, &w))
        return CLI_FAILED;
    if (w.place.is_symbol)
        job.need = SOURCE_KERNEL;
    w.dump.bytes = w.bytes = malloc(w.dump.len);
    w.dump.is_known = w.is_known = malloc(w.dump.len);
    if (w.bytes && w.is_known)
        status = source_run(c, &job, &w);
    else
        message_error("%s", kd_status_text(KD_ERR_NO_MEMORY));
    free(w.bytes);
    free(w.is_known);
    return status;
}
