/* tape.h - what a target says and answers that has a recording behind it instead of a machine.
 *
 * The wire is the target's own business: ids, acknowledgements, repetition, keys. So is what would alter
 * it: contexts are kept here, and all other requests of that kind are refused, as with a machine.
 *
 * Packets are handed over as they were said: the data of a KD packet, without its header.
 *
 * Lifetime  The tape outlives the target; what it says is valid as long as the tape. */
#ifndef LAB_TAPE_H
#define LAB_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lab_said_kind {
    LAB_SAID_NOTE,     /* a print or the like, to be acknowledged */
    LAB_SAID_QUESTION, /* for a file or a line, to be answered */
    LAB_SAID_STOP,     /* a state change */
    LAB_SAID_BOOT,     /* no packet: from here on it is another stage */
};

struct lab_said {
    enum lab_said_kind kind;
    uint16_t type; /* of the packet */
    const uint8_t *data;
    size_t len;
    bool awaits_break_in; /* a stop that came because the host wanted it */
};

struct lab_manipulate;
struct lab_context;

struct lab_tape {
    const char *name; /* for people */
    void *ctx;
    /* What it says next, while it runs; false: nothing more. */
    bool (*next)(void *ctx, struct lab_said *out);
    /* Where it halts when nothing more is said and a host breaks in. */
    void (*stop_again)(void *ctx, struct lab_said *out);

    /* Of the stop that was said last: */
    bool (*context)(void *ctx, uint16_t processor, struct lab_context *out); /* false: unknown */
    bool (*lacks_context_ex)(void *ctx);
    /* The reply to a request that alters nothing: header and at most max bytes of data. false: nobody
     * knows what it would have said. */
    bool (*answer)(void *ctx, const uint8_t *request, size_t len, size_t max, uint8_t *reply,
                   size_t *reply_len);
    /* A request was refused because it is not on the tape. */
    void (*unexpected)(void *ctx, const struct lab_manipulate *request);
};

#endif
