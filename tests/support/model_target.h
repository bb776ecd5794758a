/* model_target.h - a target that behaves, behind a link that does not.
 *
 * It keeps to what is known of real ones while they wait for an acknowledgement (RESEND and take
 * the own packet for acknowledged, or ACK and drop), executes whatever request reaches it, halts
 * again at an int3 whose Rip nobody moved, prints and loads modules when it feels like it. Packets
 * in both directions are lost and doubled at random; the same seed gives the same run.
 *
 * Lifetime  The caller's storage; bytes handed out live until the next call. */
#ifndef TESTS_SUPPORT_MODEL_TARGET_H
#define TESTS_SUPPORT_MODEL_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include <kdproto/packet.h>
#include <kdproto/session.h>

enum { MODEL_QUEUE_MAX = 64, MODEL_PACKET_MAX = KD_PACKET_LEN_MAX };

struct model_packet {
    uint8_t bytes[MODEL_PACKET_MAX];
    size_t len;
};

struct model { /* NOLINT(*Padding): there is one, in the order of its subjects */
    uint64_t seed;
    unsigned loss_percent, double_percent, print_percent, module_percent;
    bool lacks_context_ex;

    uint64_t now_ms;
    bool is_running;
    bool is_break_pending;
    uint32_t tx_id, expected_id;
    struct model_packet pending; /* waits for its acknowledgement */
    bool is_pending;
    uint64_t resend_ms;
    struct model_packet deferred; /* a request whose reply comes behind a print */
    bool is_deferred;
    uint8_t stop[KD_PACKET_DATA_MAX]; /* the report of the stop in force */
    size_t stop_len;
    bool is_at_int3;
    uint64_t pc;
    uint8_t context[KD_CONTEXT_LEN];
    uint8_t context_at_stop[KD_CONTEXT_LEN];

    unsigned altered, forbidden, halts; /* Rip moved by one; anything else that alters; stops */
    struct model_packet queue[MODEL_QUEUE_MAX]; /* on its way to the host */
    unsigned queue_head, queue_count;
};

void model_init(struct model *m, uint64_t seed);
uint32_t model_random(struct model *m, uint32_t below);
bool model_chance(struct model *m, unsigned percent);

/* Packets go through the link in both directions. */
void model_hears(struct model *m, struct kd_span bytes);
bool model_says(struct model *m, struct kd_span *bytes);
void model_tick(struct model *m, uint64_t now_ms);
uint64_t model_deadline_ms(const struct model *m);

#endif
