/* serve_parts.h - what the files of `kdlab serve` and `kdlab replay` share; nobody else includes it.
 *
 *   serve.c          the loop: host, wire, target, wire, host; serve: a machine behind it
 *   kdlab_replay.c   replay: a recording behind it
 *   serve_options.c  the command lines
 *   serve_net.c      the host over UDP; the second socket of an attacker
 *   serve_stream.c   the host over a byte stream: unix socket, TCP, pty
 *   serve_forge.c    when datagrams are forged, and how fast (forge.h says what they are)
 *   serve_stats.c    what happened, as JSON
 *
 * Units  now_us: CLOCK_MONOTONIC. */
#ifndef LAB_SERVE_PARTS_H
#define LAB_SERVE_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forge.h"
#include "line.h"
#include "machine.h"
#include "target.h"

#define SERVE_RECEIVE_MAX 4096 /* bytes taken at once; no datagram of a host is as long */
#define SERVE_WHERE_MAX   300  /* an address and its NUL */

/* One line on stderr, which begins with the command that serve_take_settings was given; returns
 * KDLAB_FAILED. */
int serve_failed(const char *what, const char *why);

/* ---- options ---- */

enum serve_link_kind { SERVE_NET, SERVE_PIPE, SERVE_TCP, SERVE_PTY };

struct serve_settings {
    enum serve_link_kind kind;
    const char *where;   /* HOST:PORT, PATH, ADDR:PORT; NULL for a pty */
    const char *subject; /* the kernel, or the recording */
    const char *stats;
    uint64_t time_limit_s;
    uint64_t forge; /* how many datagrams */
    struct lab_machine_options machine;
    uint64_t page_out; /* percent */
    bool header_out;   /* the kernel's headers are paged out */
    bool has_key;
    bool has_seed;
    uint64_t seed;
    struct lab_line_faults faults; /* both ways */
    struct lab_target_options target;
};

enum serve_command { SERVE_MACHINE, SERVE_RECORDING };

/* 0, or an exit status after a line on stderr. A key that was given is in target.key. */
int serve_take_settings(struct serve_settings *s, enum serve_command command, int argc,
                        char **argv);
extern const char serve_usage[], replay_usage[];
bool serve_wants_help(int argc, char **argv);

/* ---- all of it ---- */

/* The target of these settings on their link, until a signal or the time limit ends it: 0, or an exit
 * status after a line on stderr. */
int serve_target(struct serve_settings *s);

/* ---- the link to the host ---- */

struct serve_link;

struct serve_link_ops {
    const char *name; /* as the options and the statistics call it */
    /* In the first line of the output, before the place. NULL: the place is the whole line. */
    const char *greeting;
    /* Some bytes, or a datagram, that came from the host; false: nothing now. */
    bool (*receive)(struct serve_link *l, uint8_t buf[SERVE_RECEIVE_MAX], size_t *len);
    /* Never waits: what no host is there for, or a host does not take, is lost. */
    void (*send)(struct serve_link *l, const uint8_t *bytes, size_t len);
    void (*close)(struct serve_link *l);
};

struct serve_link { /* descriptors: -1 where there is none */
    const struct serve_link_ops *ops;
    char where[SERVE_WHERE_MAX]; /* where the host is or may find the target */
    int poll_fd;          /* readable: there is something to receive, or a host that connects */
    int opened_fd;        /* pty: readable when a host has opened it */
    uint64_t connections; /* hosts that came, over a stream */
    uint64_t bytes_lost;  /* said to nobody, or to a host that did not read */

    int host_fd;      /* a pty's is its master */
    bool has_host;    /* pty: somebody has opened the slave */
    int listener;     /* unix socket, TCP */
    const char *path; /* unix socket: the file to remove */
    int other_fd;     /* UDP: the socket of an attacker */
    uint64_t answers; /* that came to it */
};

/* To open a link: 0, or an exit status after a line on stderr; to be closed in any case. */

/* serve_net.c; fills in what a poke says of the two ends. */
int serve_open_net(struct serve_settings *s, struct serve_link *l);
/* Send from the target's own socket or from another one; false: it could not be sent. */
bool serve_net_inject(struct serve_link *l, bool from_other, const uint8_t *bytes, size_t len);
/* How many datagrams the other socket was sent until now; a host has no reason to send it any. */
uint64_t serve_net_answers(struct serve_link *l);
/* "ADDR:PORT" or "[ADDR]:PORT"; the port is a number from min_port. */
struct serve_place {
    char text[SERVE_WHERE_MAX]; /* cut into the two */
    const char *host, *port;
};
bool serve_cut_place(const char *text, unsigned long min_port, struct serve_place *out);

/* serve_stream.c */
int serve_open_pipe(const struct serve_settings *s, struct serve_link *l);
int serve_open_tcp(const struct serve_settings *s, struct serve_link *l);
int serve_open_pty(struct serve_link *l);

/* ---- forging ---- */

struct serve_forging {
    struct lab_forge *forge; /* NULL: nothing is forged */
    const struct lab_target *target;
    uint64_t stage;         /* of the target, whose datagrams are remembered */
    uint64_t left;          /* to be sent in this life */
    uint64_t burst_left;    /* in this burst */
    uint64_t next_slice_us; /* UINT64_MAX: no burst */
    uint64_t by_kind[LAB_FORGE_KINDS];
    uint64_t sent, from_other;
};

bool serve_forging_start(struct serve_forging *f, const struct serve_settings *s, uint64_t seed,
                         const struct lab_target *t); /* false: out of memory */
void serve_forging_end(struct serve_forging *f);
/* A real datagram of the host. */
void serve_forging_heard(struct serve_forging *f, const uint8_t *datagram, size_t len);
/* A real one of the target has been sent; if it is data, a burst follows it. */
void serve_forging_said(struct serve_forging *f, const uint8_t *datagram, size_t len,
                        uint64_t now_us);
/* While a burst lasts the target's next datagram waits, or the session would outrun the forger. */
bool serve_forging_lasts(const struct serve_forging *f);
uint64_t serve_forging_deadline(const struct serve_forging *f); /* UINT64_MAX: no burst */
void serve_forging_tick(struct serve_forging *f, struct serve_link *l, uint64_t now_us);

/* ---- statistics ---- */

struct serve_report {
    const struct serve_settings *settings;
    const struct lab_target *target;
    struct serve_link *link;
    const struct lab_line *to_target, *from_target;
    const struct serve_forging *forging;
};

/* Beside its place first, so that a reader never sees half of it. 0 or KDLAB_FAILED. */
int serve_write_stats(const struct serve_report *r, uint64_t now_us);

#endif
