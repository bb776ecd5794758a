#include "watch_tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SUB_BITS = 6, SUB = 1 << SUB_BITS };

/* ---- freezes ---- */

/* Below 64 us each its own class, above 64 of them for each power of two. */
static size_t class_of(uint64_t us)
{
    unsigned shift = 0;

    while (us >> shift >= 2 * SUB)
        shift++;
    return (size_t)shift * SUB + (size_t)(us >> shift);
}

static uint64_t end_of_class(size_t i)
{
    size_t shift = i < 2 * SUB ? 0 : i / SUB - 1;
    uint64_t first = i - shift * SUB;

    return ((first + 1) << shift) - 1;
}

uint64_t watch_tally_freeze_us(const struct watch_tally *t, unsigned per_mille)
{
    uint64_t wanted = (t->samples * per_mille + 999) / 1000, seen = 0;

    for (size_t i = 0; i < WATCH_TALLY_CLASSES && t->samples; i++) {
        seen += t->classes[i];
        if (seen >= wanted)
            return end_of_class(i) < t->worst_us ? end_of_class(i) : t->worst_us;
    }
    return 0;
}

static void note_sample(struct watch_tally *t, const struct watch_event *e)
{
    const struct watch_sample *s = &e->u.sample;
    size_t i = class_of(s->frozen_us);

    t->samples++;
    t->requests += s->requests;
    t->bytes += s->bytes;
    t->frozen_us += s->frozen_us;
    t->classes[i < WATCH_TALLY_CLASSES ? i : WATCH_TALLY_CLASSES - 1]++;
    if (s->frozen_us > t->worst_us)
        t->worst_us = s->frozen_us;
    if (s->sweep != t->last_sweep) {
        if (t->last_sweep && e->when.host_ns - t->sweep_ns > t->longest_sweep_ns)
            t->longest_sweep_ns = e->when.host_ns - t->sweep_ns;
        t->last_sweep = s->sweep;
        t->sweep_ns = e->when.host_ns;
        t->sweeps++;
    }
}

static void tell(struct watch_sink *sink, const struct watch_event *e)
{
    struct watch_tally *t = (struct watch_tally *)sink;

    if (!t->begun_ns)
        t->begun_ns = e->when.host_ns;
    t->last_ns = e->when.host_ns;
    switch (e->kind) {
    case WATCH_SAMPLE:
        note_sample(t, e);
        break;
    case WATCH_CHANGE:
        t->changes[e->u.change.table]++;
        break;
    case WATCH_VERDICT:
        t->verdicts++;
        break;
    case WATCH_PRINT:
        t->prints++;
        break;
    case WATCH_MODULE:
        t->modules++;
        break;
    case WATCH_EXCEPTION:
        t->exceptions++;
        break;
    case WATCH_BUGCHECK:
        t->bugchecks++;
        break;
    case WATCH_REBOOT:
        t->reboots++;
        break;
    case WATCH_LOST:
        t->losses++;
        break;
    case WATCH_BEGIN:
    case WATCH_ATTACHED:
    case WATCH_SAVED:
    case WATCH_MARK:
        break;
    }
}

void watch_tally_init(struct watch_tally *t)
{
    memset(t, 0, sizeof *t);
    t->sink.tell = tell;
}

/* ---- at the end ---- */

static void add_unseen(char out[WATCH_UNSEEN_TEXT], double seconds, const char *what)
{
    snprintf(out, WATCH_UNSEEN_TEXT, "%s came and went within %.3g s", what, seconds);
}

size_t watch_tally_unseen(const struct watch_tally *t,
                          char out[WATCH_UNSEEN_MAX][WATCH_UNSEEN_TEXT])
{
    double total_s = (double)(t->last_ns - t->begun_ns) / 1e9;
    double sample_s = t->samples ? total_s / (double)t->samples : 0;
    double sweep_s = (double)t->longest_sweep_ns / 1e9;
    size_t len = 0;

    if (t->samples < 2)
        return 0;
    add_unseen(out[len++], sample_s, "of loggers and consumers: what");
    if (sweep_s > sample_s)
        add_unseen(out[len++], sweep_s, "of all else: what");
    if (t->losses || t->reboots)
        snprintf(out[len++], WATCH_UNSEEN_TEXT,
                 "whatever happened while the target was silent or restarting (%" PRIu64 " times)",
                 t->losses + t->reboots);
    return len;
}

static void print_counts(const struct watch_tally *t)
{
    const char *separator = "changes        ";

    for (size_t i = 0; i < KDW_TABLES; i++) {
        if (!t->changes[i])
            continue;
        printf("%s%s %" PRIu64, separator, kdw_snapshot_tables[i].name, t->changes[i]);
        separator = ", ";
    }
    printf("%s\n", separator[0] == ',' ? "" : "changes        none");
    printf("besides        %" PRIu64 " verdicts, %" PRIu64 " prints, %" PRIu64 " modules, %" PRIu64
           " exceptions, %" PRIu64 " bugchecks\n",
           t->verdicts, t->prints, t->modules, t->exceptions, t->bugchecks);
}

void watch_tally_print(const struct watch_tally *t)
{
    char unseen[WATCH_UNSEEN_MAX][WATCH_UNSEEN_TEXT];
    size_t len = watch_tally_unseen(t, unseen);

    printf("\nsamples        %" PRIu64 ", of %" PRIu64 " sweep%s, in %.1f s\n", t->samples,
           t->sweeps, t->sweeps == 1 ? "" : "s", (double)(t->last_ns - t->begun_ns) / 1e9);
    printf("frozen         median %.1f ms, 99 %% %.1f ms, worst %.1f ms; together %.1f ms\n",
           (double)watch_tally_freeze_us(t, 500) / 1000.0,
           (double)watch_tally_freeze_us(t, 990) / 1000.0, (double)t->worst_us / 1000.0,
           (double)t->frozen_us / 1000.0);
    printf("requests       %" PRIu64 ", %" PRIu64 " bytes\n", t->requests, t->bytes);
    print_counts(t);
    for (size_t i = 0; i < len; i++)
        printf("%s%s\n", i ? "               " : "not seen       ", unseen[i]);
}
