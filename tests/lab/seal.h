/* seal.h - KDNET datagrams from the target's side: sealing, opening, and the key they need.
 *
 * Knows headers, encryption and MACs (kd-protocol.md 1.2-1.6), nothing of what the payloads mean, and
 * works in both directions, so that a test can play the host with it.
 *
 * Lifetime  The caller owns a seal from _create to _destroy, which wipes its keys. The payload of an
 *           opened message lies inside the seal and is valid until the next lab_seal_open.
 * Errors    enum lab_bad. A failing cryptographic primitive aborts: the lab has no use without it. */
#ifndef LAB_SEAL_H
#define LAB_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LAB_KEY_LEN      32
#define LAB_POKE_LEN     344
#define LAB_RESPONSE_LEN 322
#define LAB_PAYLOAD_MAX  1440 /* KD header and the largest data of any version (0x580), and some */
#define LAB_DATAGRAM_MAX 1504

/* Why a datagram was not listened to. The first part is found here, the rest by the target. */
enum lab_bad {
    LAB_GOOD,
    LAB_BAD_LENGTH,
    LAB_BAD_MAGIC,
    LAB_BAD_FLAGS,
    LAB_BAD_NO_DATA_KEY,
    LAB_BAD_MAC,
    LAB_BAD_PADDING,
    LAB_BAD_VERSION,
    LAB_BAD_DIRECTION,
    LAB_BAD_REPLAY,
    LAB_BAD_RESPONSE,
    LAB_BAD_KINDS
};
const char *lab_bad_text(enum lab_bad bad); /* one word, as the statistics name it */

/* "w.x.y.z" to the 32-byte control key; false for everything 1.5 rejects. */
bool lab_key_parse(const char *text, uint8_t key[LAB_KEY_LEN]);

struct lab_message {
    uint8_t version;
    bool is_control; /* else the data channel */
    bool from_host;
    uint64_t sequence;
    const uint8_t *payload;
    size_t len;
};

struct lab_seal;

struct lab_seal *lab_seal_create(const uint8_t control_key[LAB_KEY_LEN]);
void lab_seal_destroy(struct lab_seal *s); /* NULL is fine */

/* The data key is made of the control key and the host's response; a new boot has none. */
void lab_seal_link(struct lab_seal *s, const uint8_t response[LAB_RESPONSE_LEN]);
void lab_seal_link_key(struct lab_seal *s, const uint8_t data_key[LAB_KEY_LEN]); /* a known one */
void lab_seal_unlink(struct lab_seal *s);
const uint8_t *lab_seal_data_key(const struct lab_seal *s); /* NULL before a response */

/* Seal m (at most LAB_PAYLOAD_MAX bytes of payload) into out; returns the datagram's length. A data
 * message needs a link. */
size_t lab_seal_message(struct lab_seal *s, const struct lab_message *m,
                        uint8_t out[LAB_DATAGRAM_MAX]);

/* Open one datagram. *m is filled only when LAB_GOOD is returned. */
enum lab_bad lab_seal_open(struct lab_seal *s, const uint8_t *datagram, size_t len,
                           struct lab_message *m);

#endif
