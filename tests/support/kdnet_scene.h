/* kdnet_scene.h - a host's end of KDNET and a target to try it with.
 *
 * The target is written out here: it pokes, takes responses by the rules known of real targets, and
 * sends pings and data. Time stands still unless a test or a next poke moves it. A KD packet's place
 * is taken by words, because KDNET does not look inside. What does not happen as expected fails the
 * running test. */
#ifndef TESTS_SUPPORT_KDNET_SCENE_H
#define TESTS_SUPPORT_KDNET_SCENE_H

#include <kdproto/kdnet.h>

#include "support/test_crypto.h"

extern const struct kdnet_address scene_somebody; /* in a poke: whom the target is connected to */
extern const struct kdnet_address scene_nobody;

struct datagram {
    uint8_t bytes[KDNET_DATAGRAM_MAX];
    size_t len;
    struct kdnet_peer peer; /* where it came from, or goes to */
};

struct target {
    uint8_t version;
    struct kdnet_peer peer;
    struct kdnet_poke poke; /* the last one sent */
    uint64_t poke_sequence;
    uint8_t data_key[KD_KEY_LEN];
    uint64_t sent_sequence;
    uint64_t received_sequence;
};

struct scene {
    struct test_crypto crypto;
    struct kdnet_key key;
    struct kdnet *host;
    struct target target;
    uint64_t now_ms;
};

/* cmocka's setup and teardown; *state is the scene. */
int scene_start(void **state);
int scene_stop(void **state);

/* ---- what the target does: datagrams to deliver, or to lose ---- */

struct datagram target_seals(struct scene *s, const uint8_t *aes_key,
                             const struct kdnet_datagram *d);
struct datagram target_poke(struct scene *s);      /* the poke that it stands at */
struct datagram target_next_poke(struct scene *s); /* three seconds later: the next one */
void target_reboots(struct scene *s);
/* Take a response as targets do: the sequence is the current or the previous one, part B is its
 * own. Says whether it was taken. */
bool target_takes(struct scene *s, struct datagram response);
struct datagram target_sends(struct scene *s, const void *payload, size_t len);
struct datagram target_ping(struct scene *s);
struct datagram target_says(struct scene *s, const char *words);

/* ---- what the host does ---- */

void host_receives(struct scene *s, struct datagram d);
void host_says(struct scene *s, const char *words);
bool host_output(struct scene *s, struct datagram *out);
const struct kdnet_counters *counters(const struct scene *s);

struct kdnet_event expect_event(struct scene *s, enum kdnet_event_kind kind);
void expect_quiet(struct scene *s); /* no event, no output */
void expect_ignored(struct scene *s, struct datagram d);
void expect_packet(struct scene *s, const char *words);
void expect_linked(struct scene *s, bool is_new_boot);
struct datagram expect_response(struct scene *s);
struct datagram expect_first_response(struct scene *s); /* to the poke that was told as POKED */
/* The next output opens under the target's key and has the next sequence. */
void expect_sent(struct scene *s, const char *words);
void expect_alive(struct scene *s); /* packets go both ways */

/* The whole handshake of a first session. */
void link_up(struct scene *s);
/* The same after a poke that calls in the middle of a session. */
void link_again(struct scene *s, struct datagram call, bool is_new_boot);

#endif
