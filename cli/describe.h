/* describe.h - a KD packet, or a KDNET control datagram, in one line for a person.
 *
 * Source    As the decoders of kdproto say; a payload that they refuse is described by its length. */
#ifndef CLI_DESCRIBE_H
#define CLI_DESCRIBE_H

#include "text.h"

#include <kdproto/kdnet_datagram.h>
#include <kdproto/packet.h>

enum describe_kind { /* what the summary counts */
                     DESCRIBE_POKE,
                     DESCRIBE_RESPONSE,
                     DESCRIBE_HOST_POKE,
                     DESCRIBE_PING,
                     DESCRIBE_BREAK_IN,
                     DESCRIBE_ACKNOWLEDGE,
                     DESCRIBE_RESEND,
                     DESCRIBE_RESET,
                     DESCRIBE_EXCEPTION,
                     DESCRIBE_LOAD_SYMBOLS,
                     DESCRIBE_OTHER_STATE_CHANGE,
                     DESCRIBE_REQUEST, /* manipulate: which one, says the api */
                     DESCRIBE_REPLY,
                     DESCRIBE_PRINT,
                     DESCRIBE_PROMPT,
                     DESCRIBE_FILE_REQUEST,
                     DESCRIBE_FILE_ANSWER,
                     DESCRIBE_OTHER_PACKET,
                     DESCRIBE_DAMAGED,
                     DESCRIBE_KINDS,
};

struct description {
    enum describe_kind kind;
    bool has_packet;
    struct kd_packet packet; /* borrows from the datagram */
    uint32_t api;            /* of requests and replies */
    struct text text;        /* the caller takes it */
};

void describe_datagram(const struct kdnet_datagram *d, struct description *out);
/* "pokes", "prints": how the summary calls them. */
const char *describe_kind_name(enum describe_kind kind);

#endif
