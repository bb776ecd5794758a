#include "tape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void tape_begin(struct tape *t)
{
    struct kdt_recorder_opts opts = {.path = t->path};
    struct kd_diag diag;

    memset(t, 0, sizeof *t);
    temp_dir_create(&t->dir);
    snprintf(t->path, sizeof t->path, "%s", temp_dir_path(&t->dir, "tape.pcap"));
    if (kdt_recorder_create(&opts, &diag, &t->recorder) != KD_OK)
        fail_msg("%s", diag.text);
}

static void forget(struct tape *t)
{
    free(t->all);
    free(t->bytes);
    t->all = NULL;
    t->bytes = NULL;
    t->count = t->len = 0;
}

void tape_end(struct tape *t)
{
    kdt_recorder_destroy(t->recorder);
    forget(t);
    temp_dir_remove(&t->dir);
}

static void add(struct tape *t, const struct kdt_datagram *d)
{
    t->all = realloc(t->all, (t->count + 1) * sizeof *t->all);
    t->bytes = realloc(t->bytes, t->len + d->payload.len + 1);
    if (!t->all || !t->bytes)
        abort();
    t->all[t->count++] = (struct taped){.from = d->from, .to = d->to, .len = d->payload.len};
    if (d->payload.len)
        memcpy(t->bytes + t->len, d->payload.data, d->payload.len);
    t->len += d->payload.len;
}

void tape_read(struct tape *t)
{
    struct kdt_capture *c;
    struct kdt_datagram d;
    struct kd_diag diag;
    enum kd_status st;
    size_t at = 0;

    forget(t);
    if (kdt_capture_open(t->path, &diag, &c) != KD_OK)
        fail_msg("%s", diag.text);
    while ((st = kdt_capture_next(c, &d)) == KD_OK)
        add(t, &d);
    assert_int_equal(st, KD_ERR_NOT_FOUND);
    assert_int_equal(kdt_capture_skipped(c), 0);
    kdt_capture_close(c);
    for (size_t i = 0; i < t->count; at += t->all[i++].len)
        t->all[i].bytes = t->bytes + at; /* they do not move any more */
}

const char *tape_turns(const struct tape *t, size_t first, uint16_t host_port)
{
    static char text[64];
    size_t len = 0;

    for (size_t i = first; i < t->count && len + 1 < sizeof text; i++) {
        char who = t->all[i].from.port == host_port ? 'H' : 'T';

        if (len == 0 || text[len - 1] != who)
            text[len++] = who;
    }
    text[len] = '\0';
    return text;
}

/* All that one end said, or all that the other did. */
static size_t said_by(const struct tape *t, bool is_host, uint16_t host_port, uint8_t *buf)
{
    size_t len = 0;

    for (size_t i = 0; i < t->count; i++) {
        const struct taped *d = &t->all[i];

        if ((d->from.port == host_port) != is_host)
            continue;
        assert_true(d->len <= FAKE_WIRE_MAX - len);
        memcpy(buf + len, d->bytes, d->len);
        len += d->len;
    }
    return len;
}

void tape_check_wire(const struct tape *t, const struct fake_wire *wire, uint16_t host_port)
{
    static uint8_t bytes[FAKE_WIRE_MAX];
    size_t len = said_by(t, true, host_port, bytes);

    assert_in_range(wire->heard_len, 1, len);
    assert_memory_equal(bytes, wire->heard, wire->heard_len);
    len = said_by(t, false, host_port, bytes);
    assert_in_range(len, 1, wire->said_len);
    assert_memory_equal(bytes, wire->said, len);
}
