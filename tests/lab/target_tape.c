/* A target that plays a tape: what it says comes one after the other while it runs, each behind the
 * acknowledgement or answer of the one before, and a moment later.
 *
 *   a stop that the host wanted      waits for its break-in
 *   all else                         comes by itself
 *   nothing more                     a break-in halts it once more, as often as it comes
 *   nobody acknowledges              what can be given up is (2.8), as if no debugger was there */
#include "target_parts.h"

#include <string.h>

#define PAUSE_US 1000 /* so that not all of it comes at once where nothing is acknowledged */

/* ---- what is said ---- */

/* Has it something to say? It is looked up no sooner than it can be said: until then the tape answers for
 * the stop that it told last. */
static bool is_something_coming(struct lab_target *t)
{
    const struct lab_tape *tape = t->opts.tape;
    struct lab_coming *c = &t->coming;

    if (c->state == LAB_COMING_UNSEEN)
        c->state = tape->next(tape->ctx, &c->said) ? LAB_COMING_IS_THERE : LAB_COMING_IS_OVER;
    return t->is_break_pending || (c->state == LAB_COMING_IS_THERE && !c->said.awaits_break_in);
}

static uint32_t first_word(const struct lab_said *s)
{
    uint32_t word = 0;

    if (s->len >= sizeof word)
        memcpy(&word, s->data, sizeof word);
    return word;
}

static enum lab_patience patience_with(const struct lab_said *s)
{
    switch (s->kind) {
    case LAB_SAID_NOTE:
        return LAB_GIVES_UP_PRINT;
    case LAB_SAID_QUESTION:
        return first_word(s) == LAB_FILE_CREATE ? LAB_GIVES_UP_FILE : LAB_REPEATS_FOR_EVER;
    case LAB_SAID_STOP:
        return (first_word(s) & ~LAB_STATE_ALTERNATE) == LAB_STATE_LOAD_SYMBOLS
                   ? LAB_GIVES_UP_MODULE
                   : LAB_REPEATS_FOR_EVER;
    case LAB_SAID_BOOT:
        break;
    }
    return LAB_REPEATS_FOR_EVER;
}

/* As much as a packet of this link holds. A print says how long it is. */
static size_t put_cut(const struct lab_target *t, const struct lab_said *s, uint8_t *out)
{
    size_t len = s->len < link_data_max(t) ? s->len : link_data_max(t);
    uint32_t text_len = (uint32_t)(len - sizeof(struct lab_debug_io));

    memcpy(out, s->data, len);
    if (len < s->len && s->type == LAB_PACKET_DEBUG_IO)
        memcpy(out + offsetof(struct lab_debug_io, length), &text_len, sizeof text_len);
    return len;
}

static void note(struct lab_target *t, const struct lab_said *s)
{
    struct lab_packet *p = link_slot(t);
    size_t len = put_cut(t, s, link_data(p));

    link_queue(t, p, (enum lab_packet_type)s->type, len, patience_with(s));
}

static void ask(struct lab_target *t, const struct lab_said *s)
{
    t->question.type = (enum lab_packet_type)s->type;
    t->question.patience = patience_with(s);
    t->question.len = put_cut(t, s, t->question.data);
    run_ask(t);
}

/* ---- halting ---- */

/* Who cannot read the registers cannot move Rip either, and would never get it to run again. */
static bool is_at_int3(const struct lab_halt *h)
{
    return h->processor < LAB_PROCESSORS_MAX && h->has_context[h->processor] &&
           h->before[h->processor].rip == h->pc && h->said.report.instruction_count > 0 &&
           h->said.report.instructions[0] == 0xCC;
}

static void halt(struct lab_target *t, const struct lab_said *s)
{
    const struct lab_tape *tape = t->opts.tape;
    struct lab_halt *h = &t->halt;

    memcpy(&h->said, s->data, sizeof h->said);
    h->tail = s->data + sizeof h->said;
    h->tail_len = s->len - sizeof h->said;
    if (h->tail_len > link_data_max(t) - sizeof h->said)
        h->tail_len = link_data_max(t) - sizeof h->said;
    h->patience = patience_with(s);
    h->module = NULL;
    h->processor = h->said.processor;
    h->pc = h->said.pc;
    for (uint16_t i = 0; i < LAB_PROCESSORS_MAX; i++)
        h->has_context[i] = i < stage_processors(t) && tape->context(tape->ctx, i, &h->before[i]);
    h->is_at_int3 = is_at_int3(h);
    tape_again(t);
}

void tape_again(struct lab_target *t)
{
    memcpy(t->halt.now, t->halt.before, sizeof t->halt.now);
    run_stand(t);
}

/* ---- running ---- */

static void perform(struct lab_target *t, const struct lab_said *s)
{
    switch (s->kind) {
    case LAB_SAID_NOTE:
        note(t, s);
        break;
    case LAB_SAID_QUESTION:
        ask(t, s);
        break;
    case LAB_SAID_STOP:
        halt(t, s);
        break;
    case LAB_SAID_BOOT:
        target_start_stage(t, false);
        break;
    }
}

void tape_on(struct lab_target *t)
{
    const struct lab_tape *tape = t->opts.tape;
    struct lab_coming *c = &t->coming;

    while (t->now_us >= tape_due_us(t) && is_something_coming(t)) {
        struct lab_said said = c->said;

        if (c->state == LAB_COMING_IS_OVER)
            tape->stop_again(tape->ctx, &said);
        else
            c->state = LAB_COMING_UNSEEN;
        if (t->host_gone && patience_with(&said) != LAB_REPEATS_FOR_EVER)
            continue;
        if (said.awaits_break_in || c->state == LAB_COMING_IS_OVER)
            t->is_break_pending = false;
        c->at_us = t->now_us + PAUSE_US;
        perform(t, &said);
    }
}

uint64_t tape_due_us(const struct lab_target *t)
{
    const struct lab_coming *c = &t->coming;
    bool waits = c->state == LAB_COMING_IS_OVER ||
                 (c->state == LAB_COMING_IS_THERE && c->said.awaits_break_in);

    if (!t->opts.tape || t->phase != LAB_RUNNING || !link_is_idle(t) ||
        (waits && !t->is_break_pending))
        return UINT64_MAX;
    return c->at_us;
}

/* ---- what is answered ---- */

void tape_unexpected(struct lab_target *t, const struct lab_manipulate *in)
{
    if (t->stats.unexpected < LAB_UNEXPECTED_MAX)
        t->stats.unexpected_each[t->stats.unexpected] = *in;
    t->stats.unexpected++;
    t->opts.tape->unexpected(t->opts.tape->ctx, in);
}

bool tape_lacks_context_ex(const struct lab_target *t)
{
    return t->opts.tape->lacks_context_ex(t->opts.tape->ctx);
}

static bool is_memory(const struct lab_manipulate *m)
{
    return m->api == 0x3130 || m->api == 0x313D; /* virtual, physical */
}

/* The link's own rules come first: how much a reply carries, and whether a read may fail in the middle. */
void tape_reply(struct lab_target *t, struct lab_call *c)
{
    const struct lab_tape *tape = t->opts.tape;
    const uint8_t *request = c->data - sizeof *c->in;
    uint8_t reply[sizeof *c->out + LAB_DATA_MAX];
    size_t len, max = c->out_max;

    if (is_memory(c->in) && max > t->rules->read_max)
        max = t->rules->read_max;
    if (!tape->answer(tape->ctx, request, sizeof *c->in + c->data_len, max, reply, &len)) {
        tape_unexpected(t, c->in);
        if (is_memory(c->in))
            c->out->u.memory.actual = 0;
        return;
    }
    memcpy(c->out, reply, sizeof *c->out);
    c->out_len = len - sizeof *c->out;
    if (is_memory(c->in) && c->out->status != LAB_STATUS_SUCCESS && !t->rules->reads_in_part)
        c->out->u.memory.actual = (uint32_t)(c->out_len = 0);
    memcpy(c->out_data, reply + sizeof *c->out, c->out_len);
    if (is_memory(c->in))
        t->stats.bytes_read += c->out_len;
}
