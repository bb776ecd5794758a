/* plain_host.h - the other end of a target, for its tests: says exactly what the test tells it to, over
 * KDNET or a byte stream.
 *
 * Written from kd-protocol.md by offsets, not by packets.h, so that a wrong structure there shows.
 * It acknowledges nothing and answers no poke unless told to. What the target sent lies in an inbox and
 * is taken in order; a message that is not the expected one fails the running test. */
#ifndef LAB_PLAIN_HOST_H
#define LAB_PLAIN_HOST_H

#include "seal.h"
#include "target.h"

#define HOST_INBOX      256
#define HOST_PACKET_MAX (16 + 4096 + 1) /* in a byte stream; no datagram carries more */

enum { /* KD packet types and what tests ask for, as the document numbers them */
       MANIPULATE = 2,
       DEBUG_IO = 3,
       ACKNOWLEDGE = 4,
       RESEND = 5,
       RESET = 6,
       STATE_CHANGE = 7,
       FILE_IO = 11,
       READ_VIRTUAL = 0x3130,
       GET_CONTEXT = 0x3132,
       SET_CONTEXT = 0x3133,
       CONTINUE = 0x3136,
       READ_CONTROL_SPACE = 0x3137,
       GET_VERSION = 0x3146,
       GET_CONTEXT_EX = 0x315F,
       SET_CONTEXT_EX = 0x3160,
};
#define CONTEXT_LEN 1232
#define SECOND_US   1000000u

struct heard {
    bool is_control; /* the channel, not the packet */
    uint64_t sequence;
    size_t len;
    uint8_t payload[HOST_PACKET_MAX];
};

struct plain_host {
    bool is_stream;
    struct lab_target *target;
    struct lab_seal *seal;
    uint8_t version;
    uint64_t now_us;
    uint64_t sequence; /* of our last data datagram */
    uint32_t id;       /* of our next data packet; after a reset, the test's business */
    uint8_t poke[LAB_POKE_LEN];
    uint64_t poke_sequence;
    struct heard inbox[HOST_INBOX];
    unsigned first, count;
};

uint16_t get16(const uint8_t *p);
uint32_t get32(const uint8_t *p);
uint64_t get64(const uint8_t *p);
void put32(uint8_t *p, uint32_t v);
void put64(uint8_t *p, uint64_t v);

/* A target with these options (machine, key and addresses are filled in), no datagram yet. */
void host_start(struct plain_host *h, const struct lab_target_options *opts);
void host_stop(struct plain_host *h);
const struct lab_stats *host_stats(const struct plain_host *h);

/* Let time pass; every deadline on the way is kept. */
void host_wait(struct plain_host *h, uint64_t us);

/* ---- saying ---- */
void host_raw(struct plain_host *h, const struct lab_message *m); /* any datagram at all */
void host_answer_poke(struct plain_host *h, uint8_t random);      /* the last one heard */
void host_payload(struct plain_host *h, const void *payload, size_t len);
void host_bytes(struct plain_host *h, const void *bytes,
                size_t len); /* over a stream, as they are */
void host_break_in(struct plain_host *h);
void host_control(struct plain_host *h, uint16_t type, uint32_t id);
void host_data(struct plain_host *h, uint16_t type, uint32_t id, const void *data, size_t len);
/* A request under our next id, which is not advanced. header: 56 bytes. */
void host_request(struct plain_host *h, const uint8_t *header, const void *data, size_t len);

/* ---- hearing ---- */
const struct heard *host_take(struct plain_host *h); /* NULL: nothing */
void host_expect_silence(struct plain_host *h);
const struct heard *host_expect_poke(struct plain_host *h);
void host_expect_ping(struct plain_host *h);
void host_expect_control(struct plain_host *h, uint16_t type, uint32_t id);
void host_expect_text(struct plain_host *h, const char *text); /* over a stream, no packet */
/* A data packet of this type and id with a correct header; returns its data. */
const uint8_t *host_expect_data(struct plain_host *h, uint16_t type, uint32_t id, size_t *len);

/* The same, and acknowledge it. */
void host_accept(struct plain_host *h, uint16_t type, uint32_t id);

/* ---- both ---- */
void host_link(struct plain_host *h); /* the first poke, its answer, the ping */
/* Break in and acknowledge the halt, which comes under this id. */
void host_halt(struct plain_host *h, uint32_t id);
/* Request, its ACK, its reply under this id, our ACK; returns the reply's data (56 bytes and more). */
const uint8_t *host_ask(struct plain_host *h, const uint8_t *header, const void *data, size_t len,
                        uint32_t reply_id, size_t *reply_len);
extern const uint8_t HOST_ASKS_VERSION[56]; /* a request that needs no data */
void host_get_context(struct plain_host *h, uint8_t context[CONTEXT_LEN], uint32_t reply_id);
/* Add 1 to Rip in context and on the target. */
void host_advance_rip(struct plain_host *h, uint8_t context[CONTEXT_LEN], uint32_t reply_id);
void host_continue(struct plain_host *h); /* and its ACK */

#endif
