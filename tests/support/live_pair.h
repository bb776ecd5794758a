/* live_pair.h - a live session and the fake target that it is about, on a port, or a socket, of their own. */
#ifndef TESTS_SUPPORT_LIVE_PAIR_H
#define TESTS_SUPPORT_LIVE_PAIR_H

#include "fake_target.h"
#include "temp_dir.h"

#include <transport/live.h>

struct live_pair {
    struct kdt_live *live;
    struct fake_target *target; /* NULL: there is none */
    uint16_t port;
    struct temp_dir dir; /* streams: the socket is in it */
    struct kd_diag diag;
    struct kd_version version;
    struct kd_state_change stop;
    enum kd_status attached;
    unsigned progress[KDT_PROGRESS_LEFT + 1]; /* how often each was reported */
    char printed[64];
    unsigned modules; /* loads that the session continued */
    bool has_enough;  /* a print is the end of listening */
};

/* What a test changes of these, it sets before _open: the port is filled in there. */
struct live_pair_opts {
    struct kdt_live_opts live;
    struct fake_target_opts target;
    const char *key;    /* of the host; the target's is in its own options */
    const char *stream; /* instead of KDNET: options behind "com:pipe,port=..."; NULL: KDNET */
    bool is_alone;      /* no target */
};

struct live_pair_opts live_pair_defaults(void);
/* The same over a unix socket. */
struct live_pair_opts live_pair_stream_defaults(void);

/* Fails the running test if the session cannot be opened or the target not be started. */
void live_pair_open(struct live_pair *p, const struct live_pair_opts *opts);
/* The same, and attach; the outcome is in p->attached. */
void live_pair_attach(struct live_pair *p, const struct live_pair_opts *opts);
/* Close the session without another word, then the target. */
struct fake_target_seen live_pair_close(struct live_pair *p);

#endif
