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

/* Everything that can be read of [va, va + len), pages that cannot be marked unknown. */
static enum kd_status read_with_holes(struct kdw_mem *mem, struct memory_dump *dump, uint8_t *bytes,
                                      uint8_t *is_known, bool *has_gaps)
{
    size_t at = 0;

    while (at < dump->len) {
        size_t want = dump->len - at < PIECE ? dump->len - at : PIECE;
        uint64_t va = dump->va + at;
        uint64_t fault = va;
        enum kd_status st = kdw_mem_read(mem, va, bytes + at, want, &fault);
        size_t got = st == KD_OK ? want : (size_t)(fault - va);

        memset(is_known + at, 1, got);
        at += got;
        if (st == KD_OK)
            continue;
        if (st != KD_ERR_NOT_MAPPED)
            return st;
        *has_gaps = true;
        got = PAGE - (size_t)(fault & (PAGE - 1)); /* the rest of that page is a hole */
        at = got < dump->len - at ? at + got : dump->len;
    }
    return KD_OK;
}

static bool is_beyond(uint64_t va, size_t len)
{
    return len - 1 > UINT64_MAX - va;
}

static enum kd_status find_address(struct cli *c, struct source *source,
                                   const struct number_place *place, struct memory_dump *dump)
{
    struct kdw_kernel kernel;
    enum kd_status st;

    dump->va = place->va;
    if (!place->is_symbol)
        return KD_OK;
    st = source_kernel(source, &kernel);
    if (st != KD_OK)
        return st;
    st = number_resolve(&kernel, place, &dump->va);
    kdw_kernel_close(&kernel);
    if (st == KD_OK && is_beyond(dump->va, dump->len))
        st = kd_diag_set(&c->diag, KD_ERR_USAGE, "%s", range_beyond);
    return st;
}

static void print_dump(const struct cli *c, const struct memory_dump *dump)
{
    if (c->options.raw)
        fwrite(dump->bytes, 1, dump->len, stdout);
    else if (c->options.json)
        print_json_memory(dump);
    else
        print_text_memory(dump);
}

static enum cli_exit read_and_print(struct cli *c, const struct number_place *place,
                                    struct memory_dump dump, uint8_t *bytes, uint8_t *is_known)
{
    bool has_gaps = false;
    struct source *source;
    enum cli_exit status;
    enum kd_status st = source_open(c, place->is_symbol ? SOURCE_KERNEL : SOURCE_ANYTHING, &source);

    if (st != KD_OK)
        return CLI_FAILED;
    st = find_address(c, source, place, &dump);
    if (st == KD_OK)
        st = read_with_holes(source_mem(source), &dump, bytes, is_known, &has_gaps);
    status = source_leave(source, st);
    if (st == KD_OK) {
        print_dump(c, &dump);
        if (has_gaps)
            status = CLI_GAPS;
    }
    source_close(source);
    return status;
}

enum cli_exit cmd_read(struct cli *c)
{
    struct memory_dump dump = {0};
    struct number_place place;
    uint8_t *bytes, *is_known;
    enum cli_exit status = CLI_FAILED;
    uint64_t len;

    if (!number_place(c->arguments[0], &place))
        return CLI_FAILED;
    if (!number_length(c->arguments[1], &len) || len == 0) {
        message_error("LENGTH is a number of bytes above 0, like 64, 0x40 or 4K");
        return CLI_FAILED;
    }
    if (len > LENGTH_MAX) {
        message_error("LENGTH is at most 64M, for the target stands still meanwhile");
        return CLI_FAILED;
    }
    if (c->options.raw && c->options.json) {
        message_error("--raw and --json exclude each other");
        return CLI_FAILED;
    }
    if (!place.is_symbol && is_beyond(place.va, (size_t)len)) {
        message_error("%s", range_beyond);
        return CLI_FAILED;
    }
    bytes = calloc(1, (size_t)len);
    is_known = calloc(1, (size_t)len);
    dump.bytes = bytes;
    dump.is_known = is_known;
    dump.len = (size_t)len;
    if (bytes && is_known)
        status = read_and_print(c, &place, dump, bytes, is_known);
    else
        message_error("%s", kd_status_text(KD_ERR_NO_MEMORY));
    free(bytes);
    free(is_known);
    return status;
}
