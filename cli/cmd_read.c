#include "cli.h"
#include "message.h"
#include "number.h"
#include "print.h"
#include "source.h"

#include <stdio.h>

enum {
    LENGTH_MAX =
        64 * 1024 * 1024, /* held in memory, so that the target need not wait for the output */
    PIECE = 64 * 1024,    /* one read of the cache */
};

static const char range_beyond[] = "the range goes beyond the end of the address space";

struct work {
    struct number_place place;
    struct memory_dump dump;
};

/* Everything that can be read of it; the rest is gaps. */
static enum kd_status read_with_gaps(struct source *s, struct kdw_mem *mem,
                                     struct memory_dump *dump)
{
    size_t at = 0;

    while (at < dump->len) {
        size_t want = dump->len - at < PIECE ? dump->len - at : PIECE;
        uint64_t va = dump->va + at;
        uint64_t fault = va;
        enum kd_status st = kdw_mem_read(mem, va, dump->bytes + at, want, &fault);
        struct memory_gap gap;

        at += st == KD_OK ? want : (size_t)(fault - va);
        if (st == KD_OK)
            continue;
        if (!kd_is_unreadable(st))
            return st;
        gap = source_gap(s, fault, dump->len - at);
        memory_dump_miss(dump, at, &gap);
        at += gap.len;
    }
    return KD_OK;
}

static bool is_beyond(uint64_t va, size_t len)
{
    return len - 1 > UINT64_MAX - va;
}

static enum kd_status find_address(struct cli *c, struct kdw_kernel *kernel, struct work *w)
{
    enum kd_status st = number_resolve(kernel, &w->place, &w->dump.va);

    if (st == KD_OK && is_beyond(w->dump.va, w->dump.len))
        st = kd_diag_set(&c->diag, KD_ERR_USAGE, "%s", range_beyond);
    return st;
}

/* What is to be read, and of which memory. */
static enum kd_status find_memory(struct cli *c, struct source *s, struct work *w,
                                  struct kdw_mem **mem)
{
    struct kdw_kernel kernel;
    enum kd_status st;

    w->dump.va = w->place.va;
    if (!w->place.is_symbol && !source_space_needs_kernel(s))
        return source_space(s, NULL, mem);
    st = source_kernel(s, &kernel);
    if (st != KD_OK)
        return st;
    st = find_address(c, &kernel, w);
    if (st == KD_OK)
        st = source_space(s, &kernel, mem);
    kdw_kernel_close(&kernel);
    return st;
}

static enum kd_status collect(struct cli *c, struct source *s, void *data)
{
    struct work *w = data;
    struct kdw_mem *mem = NULL;
    enum kd_status st = find_memory(c, s, w, &mem);

    if (st != KD_OK)
        return st;
    memory_dump_clear(&w->dump); /* of an earlier boot */
    return read_with_gaps(s, mem, &w->dump);
}

static bool print(const struct cli *c, void *data)
{
    const struct work *w = data;

    if (c->options.raw)
        fwrite(w->dump.bytes, 1, w->dump.len, stdout);
    else if (c->options.json)
        print_json_memory(&w->dump);
    else
        print_text_memory(&w->dump);
    return memory_dump_has_gaps(&w->dump);
}

/* What can be refused before any target is touched. */
static bool take_arguments(const struct cli *c, struct number_place *place, size_t *length)
{
    uint64_t len;

    if (!number_place(c->arguments[0], place))
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
    if (!place->is_symbol && is_beyond(place->va, (size_t)len)) {
        message_error("%s", range_beyond);
        return false;
    }
    *length = (size_t)len;
    return true;
}

enum cli_exit cmd_read(struct cli *c)
{
    struct source_job job = {SOURCE_ANYTHING, collect, print};
    struct work w = {0};
    enum cli_exit status;
    size_t len;

    if (!take_arguments(c, &w.place, &len))
        return CLI_FAILED;
    if (w.place.is_symbol || c->options.space.kind > CLI_SPACE_ROOT)
        job.need = SOURCE_KERNEL;
    if (!memory_dump_create(&w.dump, len)) {
        message_error("%s", kd_status_text(KD_ERR_NO_MEMORY));
        return CLI_FAILED;
    }
    status = source_run(c, &job, &w);
    memory_dump_free(&w.dump);
    return status;
}
