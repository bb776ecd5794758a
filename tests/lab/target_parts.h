/* target_parts.h - what the files of the target share; nobody else includes it. */
#ifndef LAB_TARGET_PARTS_H
#define LAB_TARGET_PARTS_H

#include "packets.h"
#include "random.h"
#include "target.h"

#define LAB_POKE_PERIOD_US 3000000u /* 1.7 [seen] */
#define LAB_ACK_WAIT_US    500000u  /* 2.8 [guess] */
#define LAB_DATA_MAX       4096     /* of any carrier and dialect */
#define LAB_PROCESSORS_MAX 64

/* The ways of KDNET and of each dialect on a byte stream: the rows of the table in target_link.c. */
struct link_rules {
    uint32_t tx_first;                   /* id of its first packet after a start */
    uint32_t rx_first;                   /* id of a host's first packet */
    uint32_t data_max;                   /* bytes in a packet; 0: the KDNET version says */
    uint32_t read_max;                   /* bytes of memory a reply carries */
    bool toggles_ids;                    /* bit 0; else steps of two */
    bool drops_repeats;                  /* what the host repeats is not executed again */
    bool awaits_ack;                     /* and repeats until it comes or patience ends */
    bool waits_at_boot;                  /* for a first word of any host, however long */
    bool hears_reset;                    /* while running as well, and halts for it */
    bool keeps_break_in;                 /* while halted, for after its resume */
    bool answers_break_in;               /* while halted or waiting: says the last word again */
    bool reads_in_part;                  /* up to the first byte that is not there */
    unsigned tries_unheard, tries_heard; /* before and after a host has answered */
    void (*on_reset)(struct lab_target *t, uint32_t id);
};

/* One packet waiting for its acknowledgement, or for the one before it. */
enum lab_patience { /* what happens when nobody acknowledges (2.8) */
                    LAB_REPEATS_FOR_EVER,
                    LAB_GIVES_UP_PRINT,
                    LAB_GIVES_UP_MODULE,
                    LAB_GIVES_UP_FILE,
};
struct lab_packet {
    enum lab_patience patience;
    enum lab_packet_type type;
    size_t len; /* header and data */
    uint8_t bytes[sizeof(struct lab_header) + LAB_DATA_MAX];
};
#define LAB_QUEUE_MAX 2 /* a print, and the reply that it came in front of */

#define LAB_STREAM_PACKET_MAX (sizeof(struct lab_header) + LAB_DATA_MAX + 1) /* and the trailer */

struct lab_output {
    size_t len;
    uint8_t bytes[LAB_STREAM_PACKET_MAX]; /* no datagram is longer */
};
#define LAB_OUTPUT_MAX 32
#define LAB_OUTPUT_BURST                                                                           \
    16 /* no datagram, byte or tick makes more: a header looks again at 15 bytes */

/* The packet that is arriving in a byte stream. */
struct lab_stream {
    uint8_t run_byte; /* hunting: what may become a leader, and how much of it came */
    unsigned run;
    size_t have, need;  /* have 0: hunting */
    uint64_t due_us;    /* of the next byte; UINT64_MAX while hunting */
    uint64_t spoken_us; /* when the last byte said is out */
    uint8_t bytes[LAB_STREAM_PACKET_MAX];
};

/* What a target says or does unasked, one after the other while it runs. */
enum lab_event_kind {
    LAB_EVENT_PRINT,
    LAB_EVENT_FILE,
    LAB_EVENT_MODULE,
    LAB_EVENT_KERNEL,     /* the module that is the kernel itself */
    LAB_EVENT_FAREWELL,   /* unload of everything: this stage ends */
    LAB_EVENT_NEXT_STAGE, /* the boot debugger is gone, the kernel's begins */
};
struct lab_event {
    enum lab_event_kind kind;
    const char *text; /* what is printed, the path of the module or file */
    uint64_t base;
    uint32_t size, checksum;
};

enum lab_phase {
    LAB_RUNNING,        /* polls for the break-in byte */
    LAB_HALTED,         /* waits for requests */
    LAB_AWAITING_ANSWER /* waits for the answer to its question */
};

struct lab_halt {
    const struct lab_event *module; /* a load-symbols stop; NULL: a break-in */
    uint16_t processor;             /* that noticed */
    uint64_t pc;
    bool is_at_int3; /* that processor stands at one, and would execute it again */
    uint64_t since_us;
    struct lab_state_change said; /* and is said again when the host asks */
    const uint8_t *tail;          /* and what follows it: a path */
    size_t tail_len;
    enum lab_patience patience;
    bool has_context[LAB_PROCESSORS_MAX];
    struct lab_context before[LAB_PROCESSORS_MAX]; /* as the halt found them */
    struct lab_context now[LAB_PROCESSORS_MAX];    /* as the host left them */
};
#define LAB_HALTING 0 /* the processor of a machine that notices a break-in and loads modules */

/* What the host is asked for, and asked again. */
struct lab_question {
    enum lab_packet_type type; /* FILE_IO, DEBUG_IO */
    enum lab_patience patience;
    size_t len;
    uint8_t data[LAB_DATA_MAX];
};

/* What is to be said next of a tape. */
struct lab_coming {
    enum { LAB_COMING_UNSEEN, LAB_COMING_IS_THERE, LAB_COMING_IS_OVER } state;
    struct lab_said said;
    uint64_t at_us; /* not before */
};

struct lab_target {
    struct lab_target_options opts;
    const struct lab_machine_info *info; /* NULL: there is a tape */
    struct lab_seal *seal;
    struct lab_stats stats;
    uint64_t now_us;
    uint64_t random;
    bool is_silent;
    struct lab_output output[LAB_OUTPUT_MAX];
    unsigned output_first, output_count;

    /* one boot stage */
    bool is_boot; /* the boot debugger, not the kernel yet */
    const struct lab_event *script, *script_end;
    struct lab_event kernel_event;
    bool host_gone; /* nobody acknowledges: carry on as if there was no debugger */
    bool was_heard; /* a host has spoken to this stage */

    /* target_kdnet.c */
    uint64_t poke_at_us;
    uint64_t poke_sequence;
    uint64_t nonce_a;
    uint8_t nonce_b[24];
    uint8_t info_block[256]; /* of the last response */
    bool is_linked;
    bool is_heard; /* since the last handshake */
    uint64_t tx_sequence, rx_sequence;

    /* target_stream.c */
    struct lab_stream stream;

    /* target_link.c */
    const struct link_rules *rules;
    uint32_t tx_id; /* of the packet being sent, or the next one */
    uint32_t rx_id; /* expected from the host */
    struct lab_packet queue[LAB_QUEUE_MAX];
    unsigned queue_first, queue_count;
    const struct lab_packet *sent_last; /* NULL: nothing in this stage */
    uint64_t tries;
    uint64_t resend_at_us;

    /* target_run.c */
    enum lab_phase phase;
    bool is_break_pending;
    struct lab_halt halt;
    struct lab_question question;

    /* target_tape.c */
    struct lab_coming coming;
};

/* A request, and the reply to it. */
struct lab_call {
    const struct lab_manipulate *in;
    const uint8_t *data; /* what followed the request's header */
    size_t data_len;
    struct lab_manipulate *out; /* begins as a copy of *in, refused */
    uint8_t *out_data;
    size_t out_max, out_len;
};

/* target.c */
void target_start_stage(struct lab_target *t, bool is_boot);
void target_reboot(struct lab_target *t);
uint64_t target_random(struct lab_target *t);           /* repeatable; no secret is made of it */
struct lab_output *target_output(struct lab_target *t); /* the next one, to be filled */

/* target_kdnet.c */
void kdnet_start_stage(struct lab_target *t);
void kdnet_datagram(struct lab_target *t, const uint8_t *bytes, size_t len);
void kdnet_poke(struct lab_target *t);
void net_send(struct lab_target *t, const uint8_t *payload, size_t len); /* data channel */

/* target_stream.c */
void stream_start_stage(struct lab_target *t);
void stream_bytes(struct lab_target *t, const uint8_t *bytes, size_t len);
void stream_tick(struct lab_target *t);
void stream_send(struct lab_target *t, const uint8_t *packet, size_t len);
uint64_t stream_spoken_us(const struct lab_target *t); /* when all that was said is out */
void stream_boot_text(struct lab_target *t); /* what a machine prints before there is a kernel */

/* target_link.c */
const struct link_rules *link_rules_of(const struct lab_target_options *opts);
void link_start_stage(struct lab_target *t, uint32_t first_id);
void link_payload(struct lab_target *t, const uint8_t *payload, size_t len); /* of a datagram */
void link_packet(struct lab_target *t, const struct lab_header *h, const uint8_t *data);
void link_heard(struct lab_target *t);         /* by a host, whatever it said */
bool link_is_deaf(const struct lab_target *t); /* to all but the break-in byte */
uint32_t link_sum(const uint8_t *bytes, size_t len);
struct lab_packet *link_slot(struct lab_target *t); /* to be filled, then queued */
uint8_t *link_data(struct lab_packet *p);           /* its LAB_DATA_MAX bytes of data */
void link_queue(struct lab_target *t, struct lab_packet *p, enum lab_packet_type type,
                size_t data_len, enum lab_patience patience);
void link_accept(struct lab_target *t, uint32_t id); /* acknowledge, expect the next */
void link_refuse(struct lab_target *t);              /* RESEND: this makes no sense here */
bool link_is_idle(const struct lab_target *t);       /* nothing awaits its acknowledgement */
void link_transmit_again(struct lab_target *t);
void link_say_again(struct lab_target *t); /* what is outstanding, or what it stands at */
void link_tick(struct lab_target *t);
uint32_t link_data_max(const struct lab_target *t);

/* target_run.c */
void run_on(struct lab_target *t);
void run_print(struct lab_target *t, const char *text);
void run_break_in(struct lab_target *t);
void run_greet(struct lab_target *t); /* a host that has just come: a print, and halt */
void run_continue(struct lab_target *t);
void run_switch_processor(struct lab_target *t, uint16_t processor);
void run_say_again(struct lab_target *t); /* asked to, with nothing outstanding */
void run_answer(struct lab_target *t, uint32_t id, const uint8_t *data, size_t len);
void run_ask(struct lab_target *t);   /* the question that was made ready */
void run_stand(struct lab_target *t); /* at the halt that was made ready; says so */
void run_given_up(struct lab_target *t, enum lab_patience patience);
void run_end_freeze(struct lab_target *t);

/* target_tape.c */
void tape_on(struct lab_target *t); /* as run_on */
void tape_again(struct lab_target *t);
uint64_t tape_due_us(const struct lab_target *t); /* when it has something to say */
bool tape_lacks_context_ex(const struct lab_target *t);
void tape_reply(struct lab_target *t, struct lab_call *c);
void tape_unexpected(struct lab_target *t, const struct lab_manipulate *in);

/* target_requests.c */
const char *requests_name(size_t index); /* of LAB_API_FIRST + index; NULL: no such request */
void requests_handle(struct lab_target *t, uint32_t id, const uint8_t *data, size_t len);

/* target_stage.c */
enum stage_stop { STAGE_BREAK_IN, STAGE_MODULE, STAGE_FAREWELL };
uint64_t stage_pc(const struct lab_target *t, enum stage_stop stop);
void stage_script(struct lab_target *t);  /* what is said while it boots */
void stage_restart(struct lab_target *t); /* by a kernel that a host has been debugging before */
void stage_chatter(struct lab_target *t); /* and after a resume */
size_t stage_read(const struct lab_target *t, uint64_t va, void *buf, size_t len);
size_t stage_read_physical(const struct lab_target *t, uint64_t pa, void *buf, size_t len);
void stage_version(const struct lab_target *t, struct lab_manipulate *m);
uint16_t stage_processors(const struct lab_target *t);

/* target_registers.c */
void registers_context(const struct lab_target *t, uint16_t processor, struct lab_context *out);
void registers_report(const struct lab_target *t, const struct lab_context *context,
                      struct lab_control_report *out);
size_t registers_control_space(const struct lab_target *t, uint16_t processor, uint64_t index,
                               uint8_t out[sizeof(struct lab_special_registers)]);
bool registers_msr(const struct lab_target *t, uint16_t processor, uint32_t number, uint64_t *out);

#endif
