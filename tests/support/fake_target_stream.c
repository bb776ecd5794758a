/* The stream carrier: a unix socket that listens, or connects. */
#include "fake_target_parts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    FIRST_ID = (int)0x80800000,
    SYNC_BIT = 0x800,
    RECONNECT_MS = 20,
};

struct stream {
    int listening, connected; /* -1: not */
    uint32_t host_id;         /* expected next */
    uint32_t saved_host_id;   /* as a virtual machine's snapshot has it */
    uint64_t connect_ms;      /* when to try again */
    uint8_t held[KD_PACKET_LEN_MAX + 1];
    size_t len;
};

/* --- out --- */

static void put(struct fake_target *t, const void *bytes, size_t len)
{
    struct stream *s = t->carried;
    const uint8_t *at = bytes;

    while (len > 0 && s->connected >= 0 && !t->is_silent) {
        ssize_t done = send(s->connected, at, t->opts.is_split ? 1 : len, MSG_NOSIGNAL);

        if (done <= 0)
            return;
        fake_said(t, at, (size_t)done);
        at += done;
        len -= (size_t)done;
    }
}

static void stream_send(struct fake_target *t, const uint8_t *packet, size_t len)
{
    static const uint8_t trailer = KD_TRAILER;
    static const char noise[] = "b iii 00 i\xAA 000"; /* a leader seems to begin early */

    if (t->opts.is_noisy)
        put(t, noise, sizeof noise - 1);
    put(t, packet, len);
    if (packet[0] == '0')
        put(t, &trailer, 1);
}

/* --- in --- */

static void cut(struct fake_target *t)
{
    struct stream *s = t->carried;

    if (s->connected >= 0)
        close(s->connected);
    s->connected = -1;
    s->len = 0;
    s->connect_ms = fake_clock_ms() + RECONNECT_MS;
    t->seen.cuts++;
}

/* The whole packet at the beginning of what is held; 0: not yet. */
static size_t packet_len(const struct stream *s)
{
    struct kd_packet header;
    size_t len = KD_PACKET_HEADER_LEN;

    if (s->len < len || kd_packet_peek(s->held, len, &header) != KD_OK)
        return 0;
    len += header.len;
    return s->len < len + !header.is_control ? 0 : len;
}

static void take(struct fake_target *t)
{
    struct stream *s = t->carried;

    while (s->len > 0) {
        bool is_packet = s->held[0] == '0' || s->held[0] == 'i';
        size_t len = is_packet ? packet_len(s) : 1;
        size_t whole = is_packet && s->held[0] == '0' ? len + 1 : len;

        if (len == 0)
            return;
        fake_payload(t, (struct kd_span){s->held, len});
        if (s->connected < 0)
            return;
        s->len -= whole;
        memmove(s->held, s->held + whole, s->len);
    }
}

static void stream_receive(struct fake_target *t)
{
    struct stream *s = t->carried;
    ssize_t len;

    if (s->connected < 0) {
        s->connected = accept(s->listening, NULL, NULL);
        t->seen.connections += s->connected >= 0;
        return;
    }
    len = recv(s->connected, s->held + s->len, sizeof s->held - s->len, 0);
    if (len <= 0) {
        cut(t);
        return;
    }
    fake_heard(t, s->held + s->len, (size_t)len);
    s->len += (size_t)len;
    take(t);
}

/* --- connections --- */

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};

    strncpy(to.sun_path, path, sizeof to.sun_path - 1);
    return to;
}

static void try_to_connect(struct fake_target *t)
{
    const struct sockaddr_un to = address_of(t->opts.path);
    struct stream *s = t->carried;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    s->connect_ms = fake_clock_ms() + RECONNECT_MS;
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0) {
        s->connected = fd;
        t->seen.connections++;
    } else if (fd >= 0) {
        close(fd);
    }
}

static bool stream_open(struct fake_target *t)
{
    const struct sockaddr_un at = address_of(t->opts.path);
    struct stream *s = calloc(1, sizeof *s);

    t->carried = s;
    if (!s)
        return false;
    s->listening = s->connected = -1;
    s->host_id = (uint32_t)FIRST_ID;
    t->id = (uint32_t)(t->opts.is_halted ? FIRST_ID : FIRST_ID | SYNC_BIT);
    if (t->opts.connects)
        return true;
    unlink(t->opts.path);
    s->listening = socket(AF_UNIX, SOCK_STREAM, 0);
    return s->listening >= 0 && bind(s->listening, (const struct sockaddr *)&at, sizeof at) == 0 &&
           listen(s->listening, 1) == 0;
}

static void stream_close(struct fake_target *t)
{
    struct stream *s = t->carried;

    if (!s)
        return;
    if (s->connected >= 0)
        close(s->connected);
    if (s->listening >= 0) {
        close(s->listening);
        unlink(t->opts.path);
    }
    free(s);
}

static int stream_fd(const struct fake_target *t)
{
    const struct stream *s = t->carried;

    return s->connected >= 0 ? s->connected : s->listening;
}

static void stream_tick(struct fake_target *t)
{
    const struct stream *s = t->carried;

    if (t->opts.connects && s->connected < 0 && fake_clock_ms() >= s->connect_ms)
        try_to_connect(t);
}

static uint64_t stream_due_ms(const struct fake_target *t)
{
    const struct stream *s = t->carried;

    return t->opts.connects && s->connected < 0 ? s->connect_ms : UINT64_MAX;
}

static bool stream_is_heard(const struct fake_target *t)
{
    const struct stream *s = t->carried;

    return s->connected >= 0;
}

/* --- ids --- */

static uint32_t stream_ack_of(uint32_t id)
{
    return id & ~(uint32_t)SYNC_BIT;
}

static uint32_t stream_id_after(uint32_t id)
{
    return stream_ack_of(id) ^ 1;
}

static bool stream_is_expected(struct fake_target *t, uint32_t id)
{
    struct stream *s = t->carried;

    if (id != s->host_id)
        return false;
    s->host_id ^= 1;
    return true;
}

static void stream_restart(struct fake_target *t)
{
    static const char boot_text[] = "\r\nstarting the kernel 0000\r\n";
    struct stream *s = t->carried;

    put(t, boot_text, sizeof boot_text - 1);
    s->host_id = (uint32_t)FIRST_ID;
    t->id = (uint32_t)(FIRST_ID | SYNC_BIT);
}

static void stream_reset(struct fake_target *t)
{
    struct stream *s = t->carried;

    s->host_id = (uint32_t)FIRST_ID;
    t->id = (uint32_t)FIRST_ID;
    if (t->is_unacknowledged) /* it is repeated with the new id */
        memcpy(t->packet + 8, &t->id, sizeof t->id);
    fake_send_control(t, KD_PACKET_RESET, 0x5F863); /* its id is noise [doc] */
}

static void stream_save(struct fake_target *t)
{
    struct stream *s = t->carried;

    s->saved_host_id = s->host_id;
}

static void stream_restore(struct fake_target *t)
{
    struct stream *s = t->carried;

    s->host_id = s->saved_host_id;
}

const struct fake_carrier fake_carrier_stream = {
    .open = stream_open,
    .close = stream_close,
    .fd = stream_fd,
    .send = stream_send,
    .receive = stream_receive,
    .tick = stream_tick,
    .due_ms = stream_due_ms,
    .is_heard = stream_is_heard,
    .id_after = stream_id_after,
    .ack_of = stream_ack_of,
    .is_expected = stream_is_expected,
    .restart = stream_restart,
    .reset = stream_reset,
    .cut = cut,
    .save = stream_save,
    .restore = stream_restore,
    .announces_itself = true,
};
