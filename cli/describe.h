/* describe.h - one record of a recording in words, for a person.
 *
 * Whatever the target said is escaped: no terminal obeys it.
 *
 * Source    As the decoders of kdproto say; what they refuse is described by its length. */
#ifndef CLI_DESCRIBE_H
#define CLI_DESCRIBE_H

#include "text.h"

#include <transport/recording.h>

enum describe_kind { /* what the summary counts, and what --only chooses from */
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
                     DESCRIBE_REQUEST,
                     DESCRIBE_REPLY,
                     DESCRIBE_PRINT,
                     DESCRIBE_PROMPT,
                     DESCRIBE_ANSWER,
                     DESCRIBE_FILE_REQUEST,
                     DESCRIBE_FILE_ANSWER,
                     DESCRIBE_OTHER_PACKET,
                     DESCRIBE_UNKNOWN,
                     DESCRIBE_DAMAGED,
                     DESCRIBE_UNVERIFIED,
                     DESCRIBE_KINDS,
};

enum describe_kind describe_kind(const struct kdt_record *record);
const char *describe_kind_label(enum describe_kind kind);  /* "poke": in front of one */
const char *describe_kind_plural(enum describe_kind kind); /* "pokes": in the summary */

/* What addresses are called, where that is known. */
struct describe_names {
    /* Append " nt!Name+0x10", as va is called in the boot of the record, or nothing. */
    void (*add)(struct describe_names *names, const struct kdt_record *record, uint64_t va,
                struct text *t);
};

struct description {
    struct text meaning; /* one line, without the kind's label */
    struct text words;   /* of that, what somebody printed, asked for or named: a text or a path */
};

/* The caller frees it. names may be NULL. */
void describe_record(const struct kdt_record *record, struct describe_names *names,
                     struct description *out);
void describe_free(struct description *d);

/* "boot debugger" */
const char *describe_version_kind(const struct kd_version *v);
/* "boot debugger, build 10586, x64, base 0x96f000" */
void describe_version(const struct kd_version *v, struct text *t);
/* "192.168.2.1:50000", "[fe80:0:0:0:0:0:0:1]:50000" */
void describe_endpoint(const struct kdt_endpoint *e, struct text *t);

#endif
