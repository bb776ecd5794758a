#include "decode_filter.h"

#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    POKES = 1 << 0,
    HANDSHAKE = 1 << 1,
    CONTROL = 1 << 2,
    BREAK_INS = 1 << 3,
    STOPS = 1 << 4,
    REQUESTS = 1 << 5,
    REPLIES = 1 << 6,
    READS = 1 << 7,
    WRITES = 1 << 8,
    REGISTERS = 1 << 9,
    PRINTS = 1 << 10,
    FILES = 1 << 11,
    DAMAGED = 1 << 12,
};

static const struct {
    const char *name;
    unsigned bit;
    const char *text;
} rows[] = {
    {"pokes", POKES, "KDNET: a target calls, a host asks to be called"},
    {"handshake", HANDSHAKE, "KDNET: responses and pings"},
    {"control", CONTROL, "acknowledgements, RESEND, RESET"},
    {"breakins", BREAK_INS, "a host asks the target to halt"},
    {"stops", STOPS, "the target halts, and is let go on"},
    {"requests", REQUESTS, "all that a host asks of a halted target"},
    {"replies", REPLIES, "all that it answers"},
    {"reads", READS, "memory is read, searched or queried"},
    {"writes", WRITES, "whatever alters the target: memory, registers, breakpoints"},
    {"registers", REGISTERS, "contexts, control space, MSRs"},
    {"prints", PRINTS, "what the target prints, asks and is answered"},
    {"files", FILES, "what files it wants, and what it gets"},
    {"damaged", DAMAGED, "what is damaged, unknown, or could not be opened"},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

/* --- what a record is -------------------------------------------------------------------------- */

static unsigned bits_of_api(uint32_t api)
{
    unsigned bits = kd_api_class(api) == KD_API_ALTERS ? WRITES : 0;

    switch (api) {
    case KD_API_READ_VIRTUAL:
    case KD_API_READ_PHYSICAL:
    case KD_API_SEARCH_MEMORY:
    case KD_API_QUERY_MEMORY:
        return bits | READS;
    case KD_API_GET_CONTEXT:
    case KD_API_SET_CONTEXT:
    case KD_API_GET_CONTEXT_EX:
    case KD_API_SET_CONTEXT_EX:
    case KD_API_READ_CONTROL_SPACE:
    case KD_API_WRITE_CONTROL_SPACE:
    case KD_API_READ_MSR:
    case KD_API_WRITE_MSR:
        return bits | REGISTERS;
    default:
        return bits;
    }
}

static unsigned bits_of(const struct kdt_record *rec)
{
    switch (describe_kind(rec)) {
    case DESCRIBE_POKE:
    case DESCRIBE_HOST_POKE:
        return POKES;
    case DESCRIBE_RESPONSE:
    case DESCRIBE_PING:
        return HANDSHAKE;
    case DESCRIBE_BREAK_IN:
        return BREAK_INS;
    case DESCRIBE_ACKNOWLEDGE:
    case DESCRIBE_RESEND:
    case DESCRIBE_RESET:
        return CONTROL;
    case DESCRIBE_EXCEPTION:
    case DESCRIBE_LOAD_SYMBOLS:
    case DESCRIBE_OTHER_STATE_CHANGE:
        return STOPS;
    case DESCRIBE_REQUEST:
        return REQUESTS | bits_of_api(rec->manipulate.api) | (rec->ends_stop ? STOPS : 0);
    case DESCRIBE_REPLY:
        return REPLIES | bits_of_api(rec->manipulate.api);
    case DESCRIBE_PRINT:
    case DESCRIBE_PROMPT:
    case DESCRIBE_ANSWER:
        return PRINTS;
    case DESCRIBE_FILE_REQUEST:
    case DESCRIBE_FILE_ANSWER:
        return FILES;
    case DESCRIBE_UNKNOWN:
    case DESCRIBE_DAMAGED:
    case DESCRIBE_UNVERIFIED:
        return DAMAGED;
    default: /* packets of other types */
        return 0;
    }
}

bool decode_filter_shows(const struct decode_filter *f, const struct kdt_record *record)
{
    return f->chosen == 0 || (bits_of(record) & f->chosen) != 0;
}

/* --- what was chosen --------------------------------------------------------------------------- */

static unsigned bit_of_name(const char *name, size_t len)
{
    for (size_t i = 0; i < ROWS; i++)
        if (strlen(rows[i].name) == len && memcmp(rows[i].name, name, len) == 0)
            return rows[i].bit;
    return 0;
}

static bool refuse(const char *name, size_t len)
{
    struct text known = {0};

    for (size_t i = 0; i < ROWS; i++)
        text_add(&known, "%s%s", i ? ", " : "", rows[i].name);
    message_error("--only: '%.*s' is none of %s", (int)len, name,
                  known.failed ? "those it takes" : known.chars);
    free(text_take(&known));
    return false;
}

bool decode_filter_parse(const char *text, struct decode_filter *out)
{
    unsigned chosen = 0;

    for (;;) {
        size_t len = strcspn(text, ",");
        unsigned bit = bit_of_name(text, len);

        if (bit == 0)
            return refuse(text, len);
        chosen |= bit;
        if (text[len] == '\0')
            break;
        text += len + 1;
    }
    out->chosen = chosen;
    return true;
}

void decode_filter_help(void)
{
    puts("\nKINDS for --only, with commas between them:");
    for (size_t i = 0; i < ROWS; i++)
        printf("  %-10s %s\n", rows[i].name, rows[i].text);
}
