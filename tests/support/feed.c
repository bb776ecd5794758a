#include "support/feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A copy with no spare byte at its end. */
static uint8_t *exact_copy(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);

    assert_non_null(copy);
    if (len)
        memcpy(copy, bytes, len);
    return copy;
}

static enum kd_status decode_copy(feed_decode decode, void *ctx, const uint8_t *bytes, size_t len)
{
    uint8_t *copy = exact_copy(bytes, len);
    enum kd_status st = decode(ctx, copy, len);

    free(copy);
    return st;
}

void feed_prefixes_fail(feed_decode decode, void *ctx, const uint8_t *bytes, size_t len,
                        size_t least)
{
    for (size_t n = 0; n < len; n++)
        if (decode_copy(decode, ctx, bytes, n) == KD_OK && n < least)
            fail_msg("the first %zu of %zu bytes were accepted", n, len);
    if (decode_copy(decode, ctx, bytes, len) != KD_OK)
        fail_msg("the whole input was refused");
}

void feed_one_byte_too_many_fails(feed_decode decode, void *ctx, const uint8_t *bytes, size_t len)
{
    uint8_t *longer = malloc(len + 1);
    enum kd_status st;

    assert_non_null(longer);
    memcpy(longer, bytes, len);
    longer[len] = 0;
    st = decode(ctx, longer, len + 1);
    free(longer);
    if (st == KD_OK)
        fail_msg("%zu bytes and one more were accepted", len);
}

void feed_say(struct feed_log *log, const char *fmt, ...)
{
    size_t room = sizeof log->text - log->len;
    va_list ap;
    int n;

    va_start(ap, fmt);
    /* NOLINTNEXTLINE(*valist*): it is initialised in the line before */
    n = vsnprintf(log->text + log->len, room, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= room)
        fail_msg("more came out than a feed_log holds");
    log->len += (size_t)n;
}

static void run_parts(feed_stream run, void *ctx, const struct kd_span *parts, size_t count,
                      struct feed_log *log)
{
    log->len = 0;
    log->text[0] = '\0';
    run(ctx, parts, count, log);
}

static void split_in_two(feed_stream run, void *ctx, const uint8_t *bytes, size_t len,
                         const struct feed_log *whole)
{
    struct feed_log *log = malloc(sizeof *log);

    assert_non_null(log);
    for (size_t at = 0; at <= len; at++) {
        const struct kd_span parts[] = {{bytes, at}, {bytes + at, len - at}};

        run_parts(run, ctx, parts, 2, log);
        if (strcmp(log->text, whole->text) != 0)
            fail_msg("split at %zu gives\n%sin one piece\n%s", at, log->text, whole->text);
    }
    free(log);
}

static void byte_by_byte(feed_stream run, void *ctx, const uint8_t *bytes, size_t len,
                         const struct feed_log *whole)
{
    struct kd_span *parts = calloc(len ? len : 1, sizeof *parts);
    struct feed_log *log = malloc(sizeof *log);

    assert_non_null(parts);
    assert_non_null(log);
    for (size_t i = 0; i < len; i++)
        parts[i] = (struct kd_span){bytes + i, 1};
    run_parts(run, ctx, parts, len, log);
    if (strcmp(log->text, whole->text) != 0)
        fail_msg("byte by byte gives\n%sin one piece\n%s", log->text, whole->text);
    free(log);
    free(parts);
}

void feed_splits_agree(feed_stream run, void *ctx, const uint8_t *bytes, size_t len)
{
    const struct kd_span all = {bytes, len};
    struct feed_log *whole = malloc(sizeof *whole);

    assert_non_null(whole);
    run_parts(run, ctx, &all, 1, whole);
    split_in_two(run, ctx, bytes, len, whole);
    byte_by_byte(run, ctx, bytes, len, whole);
    free(whole);
}
