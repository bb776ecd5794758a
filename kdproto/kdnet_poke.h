/* kdnet_poke.h - what a poke means to a host that has a session (private to kdproto).
 *
 * A target pokes every three seconds for as long as it runs: to call a debugger, and while one is
 * connected to say that it lives. Answering makes a new data key, so a keep-alive must not be
 * answered, and a call must.
 *
 *     part B changed                              another boot or boot stage       call
 *     sequence and part A equal to the last       the network's duplicate          stale
 *     sequence rises, connected to somebody       keep-alive                       alive
 *     sequence rises, connected to nobody         it has no session                call
 *     sequence back, part A never seen            a boot that kept part B          call
 *     sequence back, part A of this boot's past   replayed, or reordered           stale
 *     ... and two more rise from there, or the    a snapshot of the machine was
 *         session is silent                       restored                         call
 *
 * A call that was none (a recording played back) does no harm: the target refuses an answer whose
 * sequence is not its current one, and the caller keeps the session until the answer's key proves
 * itself.
 *
 * Source    Counters, periods and addresses of 427 pokes of one session [seen]; what targets accept
 *           [doc]; the table [guess]. */
#ifndef KDPROTO_KDNET_POKE_H
#define KDPROTO_KDNET_POKE_H

#include <kdproto/kdnet_datagram.h>

enum { KDNET_SNAPSHOT_MS = 4000 }; /* more than one period of pokes */

enum kdnet_poke_meaning { KDNET_POKE_CALL, KDNET_POKE_ALIVE, KDNET_POKE_STALE };

struct kdnet_trail { /* the pokes of the session's boot stage so far */
    uint8_t nonce_b[KDNET_NONCE_B_LEN];
    uint64_t first_a, last_a;
    uint64_t last_sequence;
    uint64_t back_sequence; /* the last of the back_count pokes that rose after a step back */
    unsigned back_count;
};

/* The session begins with the answer to this poke. */
struct kdnet_trail kdnet_trail_of(const struct kdnet_poke *poke, uint64_t sequence);
enum kdnet_poke_meaning kdnet_trail_judge(struct kdnet_trail *t, const struct kdnet_poke *poke,
                                          uint64_t sequence, bool is_silent);
/* A data datagram proved that the session goes on from where it was. */
void kdnet_trail_confirm(struct kdnet_trail *t);

#endif
