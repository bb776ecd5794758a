/* decode_summary.h - what the records of a recording amount to.
 *
 * Counts all of them, whatever is shown. Its memory grows by 4 bytes for each answered request and
 * each stop, and by nothing else.
 *
 * Lifetime  Begins as {0}; decode_summary_clear frees what it holds. */
#ifndef CLI_DECODE_SUMMARY_H
#define CLI_DECODE_SUMMARY_H

#include "describe.h"
#include "durations.h"

enum {
    DECODE_BOOTS_MAX = 64, /* of more than these only the number is known */
};

enum decode_from { DECODE_FROM_TARGET, DECODE_FROM_HOST, DECODE_FROM_UNKNOWN, DECODE_FROMS };

struct decode_side { /* what came from one end */
    uint64_t records;
    uint64_t wire_bytes;
    uint64_t repeated;
    uint64_t kinds[DESCRIBE_KINDS];
};

struct decode_api {
    uint64_t requests; /* repeated ones not counted */
    uint64_t failed;   /* answers that say so */
    uint64_t bytes;    /* that answers brought */
};

struct decode_conversation {
    bool is_stream;
    struct kdt_endpoint host, target; /* whoever reads the recording fills them in at the end */
    uint8_t version;                  /* of KDNET, as it was last; 0: nothing of it was opened */
    uint64_t records;
    unsigned stop; /* in which it stands, as far as that is known; 0: none */
    uint64_t stop_ns;
};

struct decode_boot {
    unsigned conversation;
    uint64_t time_ns; /* since 1970 */
    struct kd_version version;
};

struct decode_summary {
    bool has_records;
    uint64_t first_ns, last_ns; /* since 1970; of the first record, and of the latest */
    struct decode_side sides[DECODE_FROMS];
    struct decode_api apis[KD_API_COUNT];
    struct decode_api other_apis; /* with numbers that are not known */
    /* Why datagrams of KDNET stayed closed: damage or another key; no handshake; no key; else. */
    uint64_t not_opened_key, not_opened_handshake, not_opened_no_key, not_opened_other;
    uint64_t opened_data; /* datagrams of KDNET's data channel */
    struct decode_conversation conversations[KDT_CONVERSATIONS_MAX];
    struct decode_boot boots[DECODE_BOOTS_MAX];
    unsigned boots_len;
    struct durations round_trips;
    struct durations freezes;
    uint64_t freezes_without_end;       /* a stop whose end is not in the recording */
    struct kdt_recording_counts counts; /* likewise */
};

void decode_summary_add(struct decode_summary *s, const struct kdt_record *record);
void decode_summary_end(struct decode_summary *s); /* after the last record */
void decode_summary_clear(struct decode_summary *s);

uint64_t decode_summary_kind(const struct decode_summary *s, enum describe_kind kind);

#endif
