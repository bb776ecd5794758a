/* Running and halted: break-in, halts, resumes, and what a target says unasked.
 *
 *   LAB_RUNNING          works through its script; 0x62 halts it between two events
 *   LAB_HALTED           at a break-in or a loaded module; requests; Continue resumes
 *   LAB_AWAITING_ANSWER  asked the host for a file or a line; its answer resumes
 *
 * No instruction is executed. What a resumed machine does is: execute an int3 again that it still
 * stands at, halt for a break-in that came meanwhile, go on with the script. */
#include "target_parts.h"

#include <string.h>

/* ---- prints and questions ---- */

void run_print(struct lab_target *t, const char *text)
{
    struct lab_packet *p = link_slot(t);
    struct lab_debug_io io = {.api = LAB_DEBUG_IO_PRINT, .length = (uint32_t)strlen(text)};

    io.unused = (uint32_t)target_random(t); /* garbage on real targets too [seen] */
    memcpy(link_data(p), &io, sizeof io);
    memcpy(link_data(p) + sizeof io, text, io.length);
    link_queue(t, p, LAB_PACKET_DEBUG_IO, sizeof io + io.length, LAB_GIVES_UP_PRINT);
}

static void say_question(struct lab_target *t)
{
    struct lab_packet *p = link_slot(t);

    memcpy(link_data(p), t->question.data, t->question.len);
    link_queue(t, p, t->question.type, t->question.len, t->question.patience);
}

void run_ask(struct lab_target *t)
{
    t->phase = LAB_AWAITING_ANSWER;
    if (t->question.type == LAB_PACKET_FILE_IO)
        t->stats.file_asked++;
    else
        t->stats.lines_asked++;
    say_question(t);
}

static void ask_file(struct lab_target *t, const struct lab_event *event)
{
    struct lab_question *q = &t->question;
    struct lab_file_create request = {
        .api = LAB_FILE_CREATE,
        .access = 0x00120089,
        .attributes = 0x80,
        .share = 1,
        .disposition = 1,
        .pad = (uint32_t)target_random(t),
    };

    for (size_t i = 0; i < sizeof request.unused; i++)
        request.unused[i] = (uint8_t)target_random(t);
    q->type = LAB_PACKET_FILE_IO;
    q->patience = LAB_GIVES_UP_FILE;
    memcpy(q->data, &request, sizeof request);
    q->len = sizeof request;
    for (const char *c = event->text; *c; c++) {
        q->data[q->len++] = (uint8_t)*c;
        q->data[q->len++] = 0;
    }
    q->data[q->len++] = 0;
    q->data[q->len++] = 0;
    run_ask(t);
}

/* 3.11: the request's header comes back with "no such file", or "no such handle", and nothing else. */
static bool is_refusal(const struct lab_question *q, const uint8_t *data, size_t len)
{
    struct lab_file_create expected;

    memcpy(&expected, q->data, sizeof expected);
    expected.status =
        expected.api == LAB_FILE_CREATE ? LAB_STATUS_NO_SUCH_FILE : LAB_STATUS_INVALID_HANDLE;
    return len == sizeof expected && memcmp(data, &expected, sizeof expected) == 0;
}

/* A boot that got anything but a refusal stays where it is: the host has to notice, and so has
 * whoever reads the statistics. A line may be any. */
void run_answer(struct lab_target *t, uint32_t id, const uint8_t *data, size_t len)
{
    link_accept(t, id);
    if (t->question.type != LAB_PACKET_FILE_IO) {
        t->stats.lines_answered++;
    } else if (is_refusal(&t->question, data, len)) {
        t->stats.file_answered++;
    } else {
        t->stats.file_wrong++;
        return;
    }
    t->phase = LAB_RUNNING;
    run_on(t);
}

/* ---- halting ---- */

static void say_state(struct lab_target *t)
{
    const struct lab_halt *halt = &t->halt;
    struct lab_packet *p = link_slot(t);

    memcpy(link_data(p), &halt->said, sizeof halt->said);
    if (halt->tail_len > 0)
        memcpy(link_data(p) + sizeof halt->said, halt->tail, halt->tail_len);
    link_queue(t, p, LAB_PACKET_STATE_CHANGE64, sizeof halt->said + halt->tail_len, halt->patience);
}

void run_stand(struct lab_target *t)
{
    t->phase = LAB_HALTED;
    t->halt.since_us = t->now_us;
    say_state(t);
}

static void describe_exception(struct lab_target *t, uint32_t code, struct lab_state_change *sc)
{
    t->halt.tail_len = 0;
    sc->new_state = LAB_STATE_EXCEPTION;
    sc->u.exception.code = code;
    sc->u.exception.flags = 0;
    sc->u.exception.record = 0;
    /* The boot debugger's address is one below its PC [seen]. */
    sc->u.exception.address = sc->pc - (t->is_boot ? 1 : 0);
    sc->u.exception.parameters = code == LAB_STATUS_BREAKPOINT ? 1 : 0;
    if (code == LAB_STATUS_BREAKPOINT)
        sc->u.exception.information[0] = 0;
    sc->u.exception.first_chance = 1;
}

static void describe_module(struct lab_target *t, const struct lab_event *module,
                            struct lab_state_change *sc)
{
    bool is_farewell = module->kind == LAB_EVENT_FAREWELL;

    sc->new_state = LAB_STATE_LOAD_SYMBOLS;
    /* Some targets set a flag beside the state (3.1); one of ours does [guess]. */
    if (t->opts.version == 5)
        sc->new_state |= LAB_STATE_ALTERNATE;
    sc->u.module.path_length = is_farewell ? 0 : (uint32_t)strlen(module->text) + 1;
    t->halt.tail = (const uint8_t *)module->text;
    t->halt.tail_len = sc->u.module.path_length;
    sc->u.module.base = module->base;
    sc->u.module.process_id = is_farewell ? 0 : UINT64_MAX;
    sc->u.module.checksum = module->checksum;
    sc->u.module.size = module->size;
    sc->u.module.unload = is_farewell;
}

/* What processor has to say of the halt. Pads and unused words hold garbage, as on real stacks. */
static void describe(struct lab_target *t, uint16_t processor, uint32_t code)
{
    struct lab_state_change *sc = &t->halt.said;

    for (size_t i = 0; i < sizeof *sc; i++)
        ((uint8_t *)sc)[i] = (uint8_t)target_random(t);
    sc->processor_level = t->opts.version == 4 ? 0 : 6;
    sc->processor = processor;
    sc->processors = stage_processors(t);
    sc->thread = t->is_boot ? 0 : t->info->thread;
    sc->pc = t->halt.now[processor].rip;
    if (t->halt.module && processor == LAB_HALTING)
        describe_module(t, t->halt.module, sc);
    else
        describe_exception(t, code, sc);
    registers_report(t, &t->halt.now[processor], &sc->report);
}

static void halt(struct lab_target *t, const struct lab_event *module, uint64_t pc)
{
    uint8_t code = 0;

    t->halt.module = module;
    t->halt.processor = LAB_HALTING;
    t->halt.pc = pc;
    t->halt.is_at_int3 = stage_read(t, pc, &code, 1) == 1 && code == 0xCC;
    for (uint16_t i = 0; i < stage_processors(t); i++) {
        registers_context(t, i, &t->halt.before[i]);
        t->halt.has_context[i] = true;
    }
    t->halt.before[LAB_HALTING].rip = pc;
    memcpy(t->halt.now, t->halt.before, sizeof t->halt.now);
    describe(t, LAB_HALTING, LAB_STATUS_BREAKPOINT);
    t->halt.patience = module ? LAB_GIVES_UP_MODULE : LAB_REPEATS_FOR_EVER;
    run_stand(t);
}

void run_end_freeze(struct lab_target *t)
{
    uint64_t length_us = t->now_us - t->halt.since_us;

    if (t->stats.freezes < LAB_FREEZES_MAX)
        t->stats.freeze_each_us[t->stats.freezes] = length_us;
    t->stats.freezes++;
    t->stats.freeze_us += length_us;
}

/* A halted target remembers it for after its resume (2.3); what it does besides is its dialect's. */
void run_break_in(struct lab_target *t)
{
    bool is_free = t->phase == LAB_RUNNING && link_is_idle(t);

    link_heard(t);
    t->stats.breaks++;
    t->host_gone = false;
    if (is_free || t->rules->keeps_break_in)
        t->is_break_pending = true;
    if (!is_free && t->rules->answers_break_in)
        link_say_again(t);
    run_on(t);
}

void run_greet(struct lab_target *t)
{
    run_print(t, "[lab: a host has come]\r\n");
    if (t->phase == LAB_RUNNING) {
        t->host_gone = false;
        t->is_break_pending = true;
        run_on(t);
    } else {
        run_say_again(t);
    }
}

void run_switch_processor(struct lab_target *t, uint16_t processor)
{
    /* Of a recorded target only what it said itself is known. */
    if (!t->opts.tape && processor < stage_processors(t))
        describe(t, processor, LAB_STATUS_WAKE_DEBUGGER);
    say_state(t);
}

void run_say_again(struct lab_target *t)
{
    if (t->phase == LAB_HALTED)
        say_state(t);
    else if (t->phase == LAB_AWAITING_ANSWER)
        say_question(t);
}

/* ---- running ---- */

static void perform(struct lab_target *t, const struct lab_event *event)
{
    switch (event->kind) {
    case LAB_EVENT_PRINT:
        run_print(t, event->text);
        break;
    case LAB_EVENT_FILE:
        ask_file(t, event);
        break;
    case LAB_EVENT_MODULE:
        halt(t, event, stage_pc(t, STAGE_MODULE));
        break;
    case LAB_EVENT_KERNEL:
        t->kernel_event = (struct lab_event){.kind = LAB_EVENT_KERNEL,
                                             .text = t->info->kernel_path,
                                             .base = t->info->kernel_base,
                                             .size = t->info->kernel_size,
                                             .checksum = t->info->kernel_checksum};
        halt(t, &t->kernel_event, stage_pc(t, STAGE_MODULE));
        break;
    case LAB_EVENT_FAREWELL:
        halt(t, event, stage_pc(t, STAGE_FAREWELL));
        break;
    case LAB_EVENT_NEXT_STAGE:
        target_start_stage(t, false);
        stage_script(t);
        break;
    }
}

/* Go on until something has to be acknowledged or answered, or there is nothing more to do. */
void run_on(struct lab_target *t)
{
    if (t->opts.tape) {
        tape_on(t);
        return;
    }
    while (t->phase == LAB_RUNNING && link_is_idle(t)) {
        const struct lab_event *event;

        if (t->is_break_pending) {
            t->is_break_pending = false;
            halt(t, NULL, stage_pc(t, STAGE_BREAK_IN));
            return;
        }
        if (t->script == t->script_end)
            return;
        event = t->script++;
        if (!t->host_gone || event->kind == LAB_EVENT_NEXT_STAGE)
            perform(t, event);
    }
}

void run_continue(struct lab_target *t)
{
    run_end_freeze(t);
    if (t->halt.is_at_int3 && t->halt.now[t->halt.processor].rip == t->halt.pc) {
        t->stats.rehalts++;
        if (t->opts.tape)
            tape_again(t);
        else
            halt(t, t->halt.module, t->halt.pc);
        return;
    }
    t->phase = LAB_RUNNING;
    if (t->opts.chatter && !t->is_boot && !t->halt.module)
        stage_chatter(t);
    run_on(t);
}

/* Nobody acknowledged: carry on as a machine without a debugger does (2.8). */
void run_given_up(struct lab_target *t, enum lab_patience patience)
{
    t->host_gone = true;
    if (patience == LAB_GIVES_UP_MODULE)
        run_end_freeze(t);
    if (patience == LAB_GIVES_UP_MODULE || patience == LAB_GIVES_UP_FILE)
        t->phase = LAB_RUNNING;
    run_on(t);
}
