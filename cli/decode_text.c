/* decode_text.c - a recorded session for a person.
 *
 *        10    0.005010 H>T request  80000000 GetVersion64
 *     packet     seconds     what           id meaning
 *
 * The number is that of the packet in the file, as Wireshark counts them; the time is what --at
 * takes. */
#include "decode_print.h"

#include "message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { NUMBER_MAX = 24 };

/* --- records ----------------------------------------------------------------------------------- */

static const char *direction(const struct kdt_record *rec)
{
    if (rec->kind == KDT_RECORD_UNVERIFIED)
        return "?";
    return rec->is_from_host ? "H>T" : "T>H";
}

void decode_text_record(const struct kdt_record *rec, uint64_t first_ns,
                        struct describe_names *names)
{
    /* Captures of several interfaces need not be in order of time. */
    int64_t ns = (int64_t)(rec->time_ns - first_ns);
    char id[NUMBER_MAX] = "";
    struct description what;
    struct text line = {0};

    if (rec->kind == KDT_RECORD_PACKET)
        snprintf(id, sizeof id, "%" PRIx32, rec->packet.id);
    text_add(&line, "%5" PRIu64 " %11.6f %-3s %-8s %8s ", rec->number, (double)ns / 1e9,
             direction(rec), describe_kind_label(describe_kind(rec)), id);
    if (rec->conversation > 0)
        text_add(&line, "[%u] ", rec->conversation + 1);
    describe_record(rec, names, &what);
    if (what.meaning.len)
        text_add(&line, "%s", what.meaning.chars);
    if (line.failed || what.meaning.failed) {
        message_output_failed(kd_status_text(KD_ERR_NO_MEMORY));
    } else {
        while (line.chars[line.len - 1] == ' ')
            line.chars[--line.len] = '\0';
        puts(line.chars);
    }
    describe_free(&what);
    free(line.chars);
}

/* --- summary: what it was ---------------------------------------------------------------------- */

static void print_time(uint64_t ns)
{
    time_t seconds = (time_t)(ns / 1000000000);
    const struct tm *utc = gmtime(&seconds);
    char text[64];

    if (utc && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", utc) > 0)
        printf("%s.%06" PRIu64 "Z", text, ns % 1000000000 / 1000);
    else
        printf("%" PRIu64 " s after 1970", ns / 1000000000);
}

static void print_endpoint(const struct kdt_endpoint *e)
{
    struct text t = {0};
    char *chars;

    describe_endpoint(e, &t);
    chars = text_take(&t);
    printf("%s", chars ? chars : "?");
    free(chars);
}

static void print_conversations(const struct decode_summary *s)
{
    for (unsigned i = 0; i < s->counts.conversations; i++) {
        const struct decode_conversation *c = &s->conversations[i];

        printf("conversation %u: ", i + 1);
        if (c->is_stream) {
            printf("stream");
        } else {
            printf("host ");
            print_endpoint(&c->host);
            printf(", target ");
            print_endpoint(&c->target);
            if (c->version)
                printf(", KDNET version %u", c->version);
        }
        printf(", %" PRIu64 " records\n", c->records);
    }
}

static void print_boots(const struct decode_summary *s)
{
    for (unsigned i = 0; i < s->boots_len; i++) {
        const struct decode_boot *b = &s->boots[i];
        struct text t = {0};
        char *chars;

        describe_version(&b->version, &t);
        chars = text_take(&t);
        printf("boot %u: %s, seen at %.6f", i + 1, chars ? chars : "?",
               (double)(int64_t)(b->time_ns - s->first_ns) / 1e9);
        if (s->counts.conversations > 1)
            printf(", conversation %u", b->conversation + 1);
        putchar('\n');
        free(chars);
    }
    if (s->counts.boots > s->boots_len)
        printf("%u boots more\n", s->counts.boots - s->boots_len);
}

/* --- summary: tables --------------------------------------------------------------------------- */

static void print_row(const char *what, const uint64_t *values, size_t len)
{
    printf("%-33s", what);
    for (size_t i = 0; i < len; i++) {
        char number[NUMBER_MAX] = "-";

        if (values[i])
            snprintf(number, sizeof number, "%" PRIu64, values[i]);
        printf(" %13s", number);
    }
    putchar('\n');
}

static void print_sides(const struct decode_summary *s)
{
    const struct decode_side *target = &s->sides[DECODE_FROM_TARGET];
    const struct decode_side *host = &s->sides[DECODE_FROM_HOST];

    printf("\n%-33s %13s %13s\n", "", "from target", "from host");
    print_row("records", (uint64_t[]){target->records, host->records}, 2);
    print_row("bytes on the wire", (uint64_t[]){target->wire_bytes, host->wire_bytes}, 2);
    print_row("repeated", (uint64_t[]){target->repeated, host->repeated}, 2);
    for (int kind = 0; kind < DESCRIBE_UNVERIFIED; kind++)
        if (target->kinds[kind] || host->kinds[kind])
            print_row(describe_kind_plural(kind),
                      (uint64_t[]){target->kinds[kind], host->kinds[kind]}, 2);
}

static void print_api(const char *name, const struct decode_api *api)
{
    if (api->requests || api->failed || api->bytes)
        print_row(name, (uint64_t[]){api->requests, api->failed, api->bytes}, 3);
}

static void print_apis(const struct decode_summary *s)
{
    if (decode_summary_kind(s, DESCRIBE_REQUEST) + decode_summary_kind(s, DESCRIBE_REPLY) == 0)
        return;
    printf("\n%-33s %13s %13s %13s\n", "", "requests", "failed", "bytes read");
    for (uint32_t i = 0; i < KD_API_COUNT; i++)
        print_api(kd_api_name(KD_API_FIRST + i), &s->apis[i]);
    print_api("other functions", &s->other_apis);
}

static void print_lost(const struct durations *d)
{
    if (!durations_are_whole(d))
        printf(" (out of memory: the middle is that of %zu)", d->kept);
}

static void print_round_trips(struct durations *d)
{
    char median[DURATION_TEXT_MAX], most[DURATION_TEXT_MAX], longest[DURATION_TEXT_MAX];

    printf("%" PRIu64 " round trip%s", d->count, d->count == 1 ? "" : "s");
    if (d->count)
        printf(": median %s, 99 %% %s, longest %s",
               duration_text(durations_percentile(d, 50), median),
               duration_text(durations_percentile(d, 99), most),
               duration_text(d->longest_ns, longest));
    print_lost(d);
    putchar('\n');
}

static void print_freezes(struct durations *d, uint64_t without_end)
{
    char median[DURATION_TEXT_MAX], total[DURATION_TEXT_MAX], longest[DURATION_TEXT_MAX];

    printf("%" PRIu64 " freeze%s", d->count, d->count == 1 ? "" : "s");
    if (d->count)
        printf(": together %s, median %s, longest %s", duration_text(d->total_ns, total),
               duration_text(durations_percentile(d, 50), median),
               duration_text(d->longest_ns, longest));
    print_lost(d);
    if (without_end)
        printf("; of %" PRIu64 " more the end is not in the recording", without_end);
    putchar('\n');
}

/* What else was in the file, and what was not to be had. */
static void print_rest(const struct decode_summary *s)
{
    const struct {
        uint64_t count;
        const char *what;
    } rest[] = {
        {s->not_opened_key, "unopened: damaged, or another key"},
        {s->not_opened_handshake, "unopened: no handshake"},
        {s->not_opened_no_key, "unopened: no key was given"},
        {s->not_opened_other, "unopened: other reasons"},
        {s->counts.duplicates, "captured twice"},
        {s->counts.other, "other UDP datagrams"},
        {s->counts.incomplete, "fragments without the rest"},
        {s->counts.not_udp, "packets without a whole datagram"},
        {s->counts.cut, "of these cut short when captured"},
    };
    bool has_begun = false;

    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++) {
        if (rest[i].count == 0)
            continue;
        if (!has_begun)
            putchar('\n');
        has_begun = true;
        print_row(rest[i].what, &rest[i].count, 1);
    }
}

void decode_text_summary(struct decode_summary *s)
{
    char took[DURATION_TEXT_MAX];

    printf("\n%" PRIu64 " packets in %s, from ", s->counts.packets,
           duration_text(s->last_ns - s->first_ns, took));
    print_time(s->first_ns);
    putchar('\n');
    if (s->counts.kdnet)
        printf("%" PRIu64 " of %" PRIu64 " KDNET datagrams verified\n", s->counts.verified,
               s->counts.kdnet);
    if (s->counts.stream_bytes)
        printf("%" PRIu64 " bytes of streams\n", s->counts.stream_bytes);
    print_conversations(s);
    print_boots(s);
    print_sides(s);
    print_apis(s);
    putchar('\n');
    print_round_trips(&s->round_trips);
    print_freezes(&s->freezes, s->freezes_without_end);
    print_rest(s);
}
