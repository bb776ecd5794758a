#include "watch_text.h"

#include "facts.h"
#include "grid.h"
#include "message.h"
#include "ntstatus.h"
#include "record_text.h"
#include "watch_time.h"

#include <walker/bugcheck.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FINDINGS_SHOWN = 5, STDOUT = 1 };

static const char *const reasons[] = {
    [WATCH_FIRST] = "first",
    [WATCH_EVERY] = "in time",
    [WATCH_ON_MODULE] = "module",
    [WATCH_ON_PRINT] = "print",
    [WATCH_ON_EXCEPTION] = "exception",
    [WATCH_ON_BUGCHECK] = "bugcheck",
};

struct telling { /* of one event */
    const struct watch_event *e;
    bool is_verbose;
    void *ctx;
    watch_on_line *on_line;
};

/* ---- a line ---- */

/* Takes what is to be said. */
static void give_line(const struct telling *w, char sign, struct text *what)
{
    char *chars = text_take(what);

    if (!text_is_lost(chars))
        w->on_line(w->ctx, &(struct watch_line){w->e->when.host_ns, sign, chars});
    free(chars);
}

/* ---- what the target's structures say ---- */

static void add_since(struct text *t, const struct telling *w)
{
    char time[WATCH_CLOCK_TEXT];

    if (!w->is_verbose)
        return;
    watch_clock_text(w->e->since.host_ns, time);
    text_add(t, "  (not yet at %s)", time);
}

static void tell_change(const struct telling *w)
{
    static const char signs[] = {[KDW_APPEARED] = '+', [KDW_VANISHED] = '-', [KDW_CHANGED] = '~'};
    const struct kdw_change *c = &w->e->u.change;
    const struct kdw_table_info *info = &kdw_snapshot_tables[c->table];
    const void *record = c->from ? c->from : c->to;
    struct text t = {0}, name = {0};
    char *called;

    record_name(&name, c->table, record);
    called = text_take(&name);
    t.failed = !called;
    text_add(&t, "%s%s%s at ", info->one, called && *called ? " " : "", called ? called : "");
    free(called);
    record_fact(&t, &info->facts[0], record);
    if (c->fact) {
        text_add(&t, ": %s ", c->fact->name);
        record_fact(&t, c->fact, c->from);
        text_add(&t, " -> ");
        record_fact(&t, c->fact, c->to);
    }
    add_since(&t, w);
    give_line(w, signs[c->kind], &t);
}

static void tell_finding(const struct telling *w, const struct kdw_finding *f)
{
    const void *record = kdw_snapshot_find(w->e->u.verdict.snapshot, f->table, f->va);
    struct text t = {0};

    text_add(&t, "%s", kdw_snapshot_tables[f->table].one);
    if (record) {
        text_add(&t, " ");
        record_name(&t, f->table, record);
    }
    text_add(&t, " at %016" PRIx64 ": %s", f->va, f->what);
    if (f->actual.status == KD_OK)
        text_add(&t, " is 0x%" PRIx64, f->actual.value);
    if (f->expected.status == KD_OK)
        text_add(&t, ", should be 0x%" PRIx64, f->expected.value);
    else if (f->expected_text)
        text_add(&t, ", should be %s", f->expected_text);
    give_line(w, '\0', &t);
}

static void tell_verdict(const struct telling *w)
{
    const struct watch_verdict *v = &w->e->u.verdict;
    size_t failing = 0;
    struct text t = {0};

    text_add(&t, "%s %s", kdw_checks[v->check].id, kdw_verdict_text(v->to));
    if (v->from != v->to)
        text_add(&t, ", was %s", kdw_verdict_text(v->from));
    text_add(&t, ": %s", kdw_checks[v->check].title);
    add_since(&t, w);
    give_line(w, v->to == KDW_FAIL ? '!' : ' ', &t);
    for (size_t i = 0; i < v->list->len; i++)
        if (v->list->findings[i].check == v->check && v->list->findings[i].verdict == KDW_FAIL &&
            failing++ < FINDINGS_SHOWN)
            tell_finding(w, &v->list->findings[i]);
    if (failing > FINDINGS_SHOWN) {
        text_add(&t, "and %zu more", failing - FINDINGS_SHOWN);
        give_line(w, '\0', &t);
    }
}

/* ---- what the target says ---- */

/* A line of its own for each of the target's. */
static void tell_print(const struct telling *w)
{
    const char *at = (const char *)w->e->u.text.data;
    size_t left = w->e->u.text.len;

    while (left > 0) {
        const char *end = memchr(at, '\n', left);
        size_t len = end ? (size_t)(end - at) : left;
        struct text t = {0};

        text_add(&t, "print: ");
        text_add_escaped(&t, at, len && at[len - 1] == '\r' ? len - 1 : len);
        give_line(w, ' ', &t);
        len += end ? 1 : 0;
        at += len;
        left -= len;
    }
}

static void add_path(struct text *t, struct kd_span path)
{
    if (path.len > 0)
        text_add_escaped(t, (const char *)path.data, path.len);
    else
        text_add(t, "?");
}

static void tell_module(const struct telling *w)
{
    const struct kd_state_change *stop = &w->e->u.stop;
    struct text t = {0};

    text_add(&t, "module %s: ", stop->is_unload ? "unloaded" : "loaded");
    add_path(&t, stop->path);
    text_add(&t, " at %016" PRIx64 ", 0x%" PRIx32 " bytes", stop->image_base_va, stop->image_size);
    give_line(w, ' ', &t);
}

static void tell_exception(const struct telling *w)
{
    const struct kd_state_change *stop = &w->e->u.stop;
    struct text t = {0};

    text_add(&t, "exception ");
    ntstatus_add(&t, stop->exception_code);
    text_add(&t, " at %016" PRIx64 ", %s chance, processor %u", stop->exception_va,
             stop->is_first_chance ? "first" : "second", stop->processor);
    give_line(w, '!', &t);
}

static void tell_bugcheck(const struct telling *w)
{
    const struct watch_bugcheck *b = &w->e->u.bugcheck;
    const char *name = kdw_bugcheck_name(b->code);
    struct text t = {0};

    text_add(&t, "bugcheck 0x%" PRIx32 "%s%s (", b->code, name ? " " : "", name ? name : "");
    for (size_t i = 0; i < 4; i++)
        text_add(&t, "%s%016" PRIx64, i ? ", " : "", b->parameters[i]);
    text_add(&t, ")");
    give_line(w, '!', &t);
}

/* ---- the watch itself ---- */

static void tell_target(const struct telling *w, const char *how)
{
    const struct watch_target *seen = &w->e->u.target;
    struct text t = {0};

    text_add(&t, "%s build %u, kernel at %016" PRIx64 ", symbols: ", how, seen->target->build,
             seen->target->kernel_base_va);
    text_add_escaped(&t, seen->symbols, strlen(seen->symbols));
    if (seen->is_guess)
        text_add(&t, " (a guess)");
    give_line(w, ' ', &t);
}

static void tell_sample(const struct telling *w)
{
    const struct watch_sample *s = &w->e->u.sample;
    struct text t = {0};

    text_add(
        &t, "sample %" PRIu64 " (%s): frozen %.1f ms, %" PRIu64 " requests, %" PRIu64 " structures",
        s->number, reasons[s->reason], (double)s->frozen_us / 1000.0, s->requests, s->units);
    if (s->all_units)
        text_add(&t, " of %" PRIu64, s->all_units);
    text_add(&t, ", sweep %" PRIu64, s->sweep);
    give_line(w, ' ', &t);
}

static void tell_text(const struct telling *w, char sign, const char *what)
{
    struct text t = {0};

    text_add(&t, "%s", what);
    text_add_escaped(&t, (const char *)w->e->u.text.data, w->e->u.text.len);
    give_line(w, sign, &t);
}

void watch_text_lines(const struct watch_event *e, bool is_verbose, void *ctx,
                      watch_on_line *on_line)
{
    const struct telling w = {e, is_verbose, ctx, on_line};

    switch (e->kind) {
    case WATCH_BEGIN:
        tell_target(&w, "watching");
        break;
    case WATCH_ATTACHED:
        tell_target(&w, "it is there again:");
        break;
    case WATCH_SAMPLE:
        if (is_verbose)
            tell_sample(&w);
        break;
    case WATCH_CHANGE:
        tell_change(&w);
        break;
    case WATCH_VERDICT:
        tell_verdict(&w);
        break;
    case WATCH_PRINT:
        tell_print(&w);
        break;
    case WATCH_MODULE:
        tell_module(&w);
        break;
    case WATCH_EXCEPTION:
        tell_exception(&w);
        break;
    case WATCH_BUGCHECK:
        tell_bugcheck(&w);
        break;
    case WATCH_REBOOT:
        tell_text(&w, '!', "the target restarted");
        break;
    case WATCH_LOST:
        tell_text(&w, '!', "the target does not answer: ");
        break;
    case WATCH_SAVED:
        tell_text(&w, ' ', "snapshot saved: ");
        break;
    case WATCH_MARK:
        tell_text(&w, '*', e->u.text.len ? "mark: " : "mark");
        break;
    }
}

/* ---- printed ---- */

static const char *colour_of(char sign)
{
    switch (sign) {
    case '+':
        return "\033[32m";
    case '-':
        return "\033[31m";
    case '~':
        return "\033[33m";
    case '!':
        return "\033[1;31m";
    default:
        return NULL;
    }
}

static void print_line(void *ctx, const struct watch_line *line)
{
    const char *colour = message_colours(STDOUT) ? colour_of(line->sign) : NULL;
    char time[WATCH_CLOCK_TEXT];

    (void)ctx;
    if (line->sign) {
        watch_clock_text(line->host_ns, time);
        printf("%s  %s%c %s%s\n", time, colour ? colour : "", line->sign, line->chars,
               colour ? "\033[0m" : "");
    } else {
        printf("                %s\n", line->chars);
    }
}

static void tell(struct watch_sink *sink, const struct watch_event *e)
{
    const struct watch_text *w = (const struct watch_text *)sink;

    message_progress_end();
    watch_text_lines(e, w->is_verbose, NULL, print_line);
    if (fflush(stdout) != 0) /* who reads this reads along */
        message_output_failed("standard output");
}

void watch_text_init(struct watch_text *t, bool is_verbose)
{
    *t = (struct watch_text){.sink.tell = tell, .is_verbose = is_verbose};
}
