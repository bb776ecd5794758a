/* fake_target_parts.h - what the files of the fake target share.
 *
 *     fake_target.c          the machine: packets, requests, its thread
 *     fake_target_deeds.c    what it does when the test says so
 *     fake_target_net.c      carried by KDNET datagrams
 *     fake_target_stream.c   carried by a unix socket */
#ifndef TESTS_SUPPORT_FAKE_TARGET_PARTS_H
#define TESTS_SUPPORT_FAKE_TARGET_PARTS_H

#include "fake_target.h"

#include <kdproto/context_x64.h>
#include <kdproto/packet.h>

#include <stdatomic.h>
#include <uv.h>

struct fake_target;

struct fake_carrier {
    bool (*open)(struct fake_target *t);
    void (*close)(struct fake_target *t); /* also after _open failed */
    int (*fd)(const struct fake_target *t);
    void (*send)(struct fake_target *t, const uint8_t *packet, size_t len);
    void (*receive)(struct fake_target *t); /* its fd is readable */
    void (*tick)(struct fake_target *t);
    uint64_t (*due_ms)(const struct fake_target *t);
    bool (*is_heard)(const struct fake_target *t); /* a host is there */
    uint32_t (*id_after)(uint32_t id);
    uint32_t (*ack_of)(uint32_t id);
    bool (*is_expected)(struct fake_target *t, uint32_t id); /* of a host's packet, once each */
    void (*restart)(struct fake_target *t);
    void (*reset)(struct fake_target *t); /* the host sent RESET */
    void (*cut)(struct fake_target *t);
    void (*save)(struct fake_target *t); /* as a virtual machine's snapshot has it */
    void (*restore)(struct fake_target *t);
    bool announces_itself; /* a new boot, by halting; else by a handshake */
};

extern const struct fake_carrier fake_carrier_net, fake_carrier_stream;

struct fake_target {
    struct fake_target_opts opts;
    struct fake_target_seen seen;
    uv_thread_t thread;
    atomic_bool is_ending;
    const struct fake_carrier *carrier;
    void *carried; /* the carrier's own */

    bool is_silent, is_mute;
    bool is_halted, is_kernel, has_printed, is_break_pending;
    bool is_break_missed; /* it never halts, as it is */
    bool is_at_module;    /* halted by a module load */
    atomic_int deed;      /* enum fake_deed; to be done */
    uint32_t saved_id;
    uint8_t context[KD_CONTEXT_LEN];

    uint32_t id;            /* of the next packet */
    bool is_unacknowledged; /* the packet below waits for the host's acknowledgement */
    uint8_t packet[KD_PACKET_LEN_MAX];
    size_t packet_len;
    uint64_t resend_ms;
};

uint64_t fake_clock_ms(void);

/* What the test wants done, if it does. */
void fake_do(struct fake_target *t);
void fake_halt_at(struct fake_target *t, uint64_t pc);
void fake_print(struct fake_target *t);
void fake_restart(struct fake_target *t);
void fake_send_packet(struct fake_target *t, uint16_t type, const uint8_t *data, size_t len);

/* One packet, or the break-in byte, came from the host. */
void fake_payload(struct fake_target *t, struct kd_span payload);
/* For the test that wants to know what passed. */
void fake_heard(struct fake_target *t, const void *bytes, size_t len);
void fake_said(struct fake_target *t, const void *bytes, size_t len);
void fake_transmit(struct fake_target *t); /* what is unacknowledged, once more */
void fake_send_control(struct fake_target *t, uint16_t type, uint32_t id);

#endif
