/* A target that plays a tape, over KDNET and the dialects of a stream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "packets.h"
#include "plain_host.h"

#define PC         UINT64_C(0xFFFFF80000000100)
#define VA         UINT64_C(0xFFFFF80000002000)
#define REFUSED    0xC0000001u
#define PAUSE_US   1000u
#define ID_0       0x80800000u
#define ID_1       0x80800001u
#define ID_SYNC    0x80800800u
#define CREATE_LEN 64

/* ---- the tape ---- */

static struct {
    struct lab_said said[160];
    size_t count, at;
    struct lab_said last; /* what stop_again says; no data: may not be asked for */
    uint16_t processors_known;
    uint8_t context[CONTEXT_LEN];
    bool lacks_context_ex;
    const char *memory; /* what is answered to any read, as far as it goes */
    uint64_t unexpected;
    struct lab_manipulate unexpected_last;
    struct lab_state_change state;
} tape_state;

static bool next(void *ctx, struct lab_said *out)
{
    (void)ctx;
    if (tape_state.at == tape_state.count)
        return false;
    *out = tape_state.said[tape_state.at++];
    return true;
}

static void stop_again(void *ctx, struct lab_said *out)
{
    (void)ctx;
    assert_non_null(tape_state.last.data);
    *out = tape_state.last;
}

static bool context(void *ctx, uint16_t processor, struct lab_context *out)
{
    (void)ctx;
    if (processor >= tape_state.processors_known)
        return false;
    memcpy(out, tape_state.context, sizeof *out);
    return true;
}

static bool lacks_context_ex(void *ctx)
{
    (void)ctx;
    return tape_state.lacks_context_ex;
}

static bool answer(void *ctx, const uint8_t *request, size_t len, size_t max, uint8_t *reply,
                   size_t *reply_len)
{
    uint32_t count = get32(request + 24);
    size_t n = tape_state.memory ? strlen(tape_state.memory) : 0;

    (void)ctx;
    assert_int_equal(len, 56);
    if (!tape_state.memory)
        return false;
    if (count > max)
        count = (uint32_t)max;
    if (n > count)
        n = count;
    memcpy(reply, request, 56);
    put32(reply + 8, n < count ? REFUSED : 0);
    put32(reply + 28, (uint32_t)n);
    memcpy(reply + 56, tape_state.memory, n);
    *reply_len = 56 + n;
    return true;
}

static void unexpected(void *ctx, const struct lab_manipulate *request)
{
    (void)ctx;
    tape_state.unexpected++;
    tape_state.unexpected_last = *request;
}

static const struct lab_tape tape = {
    .name = "tape.pcap",
    .next = next,
    .stop_again = stop_again,
    .context = context,
    .lacks_context_ex = lacks_context_ex,
    .answer = answer,
    .unexpected = unexpected,
};

static const struct lab_target_options net = {.tape = &tape};
static const struct lab_target_options ntkd = {.tape = &tape, .carrier = LAB_OVER_STREAM};
static const struct lab_target_options minimal = {
    .tape = &tape, .carrier = LAB_OVER_STREAM, .dialect = LAB_DIALECT_MINIMAL};

static struct plain_host h;

static int setup(void **state)
{
    (void)state;
    memset(&tape_state, 0, sizeof tape_state);
    tape_state.processors_known = 1;
    memset(tape_state.context, 0x5A, sizeof tape_state.context);
    put64(tape_state.context + 0xF8, PC);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    host_stop(&h);
    return 0;
}

/* ---- what is on it ---- */

static void will_say(enum lab_said_kind kind, uint16_t type, const void *data, size_t len)
{
    assert_true(tape_state.count < sizeof tape_state.said / sizeof *tape_state.said);
    tape_state.said[tape_state.count++] =
        (struct lab_said){.kind = kind, .type = type, .data = data, .len = len};
}

#define PRINT "\x30\x32\0\0\0\0\0\0\x05\0\0\0\0\0\0\0hello"
#define LINE  "\x31\x32\0\0\0\0\0\0\x02\0\0\0\x50\0\0\0? "

static void will_print(void)
{
    will_say(LAB_SAID_NOTE, DEBUG_IO, PRINT, sizeof PRINT - 1);
}

static struct lab_said a_stop(uint32_t new_state)
{
    struct lab_state_change *sc = &tape_state.state;

    sc->new_state = new_state;
    sc->processors = 1;
    sc->pc = PC;
    sc->u.exception.code = LAB_STATUS_BREAKPOINT;
    sc->report.instruction_count = 2;
    sc->report.instructions[0] = 0xCC;
    return (struct lab_said){.kind = LAB_SAID_STOP,
                             .type = STATE_CHANGE,
                             .data = (const uint8_t *)sc,
                             .len = sizeof *sc};
}

static void will_stop(uint32_t new_state, bool awaits_break_in)
{
    struct lab_said said = a_stop(new_state);

    will_say(said.kind, said.type, said.data, said.len);
    tape_state.said[tape_state.count - 1].awaits_break_in = awaits_break_in;
}

static void will_ask_for_a_file(uint32_t api)
{
    static uint8_t requests[2][CREATE_LEN + 4];
    uint8_t *request = requests[api != 0x3430];

    memset(request, 0xEE, sizeof requests[0]);
    put32(request, api);
    put32(request + 4, 0);
    will_say(LAB_SAID_QUESTION, FILE_IO, request, sizeof requests[0]);
}

/* ---- the host ---- */

static void expect_print(uint32_t id)
{
    size_t len;
    const uint8_t *d = host_expect_data(&h, DEBUG_IO, id, &len);

    assert_int_equal(len, sizeof PRINT - 1);
    assert_memory_equal(d, PRINT, len);
}

static void expect_state(uint32_t id)
{
    size_t len;
    const uint8_t *d = host_expect_data(&h, STATE_CHANGE, id, &len);

    assert_int_equal(len, 240);
    assert_memory_equal(d, &tape_state.state, 240);
}

static void acknowledge(uint32_t id)
{
    host_control(&h, ACKNOWLEDGE, id);
    host_wait(&h, PAUSE_US);
}

/* Linked, and standing at a stop that came by itself under id 0; the next id is 2. */
static void start_at_stop(const struct lab_target_options *opts)
{
    will_stop(LAB_STATE_EXCEPTION, false);
    host_start(&h, opts);
    host_link(&h);
    expect_state(0);
    acknowledge(0);
    host_expect_silence(&h);
}

static const uint8_t *ask(uint32_t api, uint64_t at, uint32_t count, uint32_t reply_id, size_t *len)
{
    uint8_t request[56] = {0};

    put32(request, api);
    put64(request + 16, at);
    put32(request + 24, count);
    put32(request + 28, 0x7FF7); /* garbage */
    return host_ask(&h, request, NULL, 0, reply_id, len);
}

static void expect_read(uint32_t reply_id, uint32_t count, const char *text, uint32_t status)
{
    size_t len;
    const uint8_t *d = ask(READ_VIRTUAL, VA, count, reply_id, &len);

    assert_int_equal(get32(d + 8), status);
    assert_int_equal(get32(d + 28), strlen(text));
    assert_int_equal(len, 56 + strlen(text));
    assert_memory_equal(d + 56, text, strlen(text));
}

/* ---- what is said, and when ---- */

static void what_comes_first_waits_for_the_host(void **state)
{
    (void)state;
    will_print();
    will_stop(LAB_STATE_LOAD_SYMBOLS, false);
    host_start(&h, &net);
    host_link(&h);
    expect_print(0);
    host_wait(&h, SECOND_US / 4);
    host_expect_silence(&h); /* the stop comes behind the acknowledgement */
    host_control(&h, ACKNOWLEDGE, 0);
    expect_state(2);
    assert_false(lab_target_is_running(h.target));
}

static void over_a_stream_it_is_repeated_however_long_nobody_listens(void **state)
{
    (void)state;
    will_print();
    will_stop(LAB_STATE_EXCEPTION, false);
    host_start(&h, &ntkd);
    expect_print(ID_SYNC);
    for (int i = 0; i < 100; i++) {
        host_wait(&h, SECOND_US / 2);
        expect_print(ID_SYNC);
    }
    acknowledge(ID_0);
    expect_state(ID_1);
    assert_int_equal(host_stats(&h)->given_up, 0);
}

static void a_stop_that_was_asked_for_waits_for_a_break_in(void **state)
{
    (void)state;
    will_stop(LAB_STATE_EXCEPTION, true);
    host_start(&h, &net);
    host_link(&h);
    host_wait(&h, SECOND_US);
    host_expect_silence(&h);
    assert_true(lab_target_is_running(h.target));
    host_break_in(&h);
    expect_state(0);
    assert_int_equal(host_stats(&h)->freezes, 0);
}

static void a_break_in_is_kept_while_something_else_is_said(void **state)
{
    (void)state;
    will_print();
    will_stop(LAB_STATE_EXCEPTION, true);
    host_start(&h, &net);
    host_link(&h);
    expect_print(0);
    host_break_in(&h);
    host_expect_silence(&h);
    acknowledge(0);
    expect_state(2);
}

static void a_question_for_a_file_waits_for_its_refusal(void **state)
{
    uint8_t refusal[CREATE_LEN];
    size_t len;

    (void)state;
    will_ask_for_a_file(0x3430);
    will_ask_for_a_file(0x3433);
    will_print();
    host_start(&h, &net);
    host_link(&h);
    memcpy(refusal, host_expect_data(&h, FILE_IO, 0, &len), sizeof refusal);
    assert_int_equal(len, CREATE_LEN + 4);
    acknowledge(0);
    host_data(&h, FILE_IO, h.id, refusal, sizeof refusal); /* as if it had been served */
    host_expect_control(&h, ACKNOWLEDGE, h.id);
    host_wait(&h, PAUSE_US);
    host_expect_silence(&h);
    assert_int_equal(host_stats(&h)->file_wrong, 1);
    put32(refusal + 4, 0xC000000F);
    h.id += 2;
    host_data(&h, FILE_IO, h.id, refusal, sizeof refusal);
    host_expect_control(&h, ACKNOWLEDGE, h.id);
    host_wait(&h, PAUSE_US);
    put32(refusal, 0x3433);
    put32(refusal + 4, 0xC0000008);
    host_expect_data(&h, FILE_IO, 2, &len);
    acknowledge(2);
    h.id += 2;
    host_data(&h, FILE_IO, h.id, refusal, sizeof refusal);
    host_expect_control(&h, ACKNOWLEDGE, h.id);
    host_wait(&h, PAUSE_US);
    expect_print(4);
    assert_int_equal(host_stats(&h)->file_answered, 2);
}

static void a_question_for_a_line_takes_any(void **state)
{
    (void)state;
    will_say(LAB_SAID_QUESTION, DEBUG_IO, LINE, sizeof LINE - 1);
    will_print();
    host_start(&h, &net);
    host_link(&h);
    host_accept(&h, DEBUG_IO, 0);
    host_wait(&h, PAUSE_US);
    host_expect_silence(&h);
    host_data(&h, DEBUG_IO, h.id, LINE, sizeof LINE - 1);
    host_expect_control(&h, ACKNOWLEDGE, h.id);
    host_wait(&h, PAUSE_US);
    expect_print(2);
    assert_int_equal(host_stats(&h)->lines_asked, 1);
    assert_int_equal(host_stats(&h)->lines_answered, 1);
}

static void what_nobody_acknowledges_is_given_up_but_not_a_break(void **state)
{
    (void)state;
    will_print();
    will_print();
    will_ask_for_a_file(0x3430);
    will_stop(LAB_STATE_LOAD_SYMBOLS, false);
    will_stop(LAB_STATE_EXCEPTION, false);
    host_start(&h, &net);
    host_link(&h);
    expect_print(0);
    acknowledge(0);
    for (int i = 0; i < 20; i++) { /* a host was there, and left */
        expect_print(2);
        host_wait(&h, SECOND_US / 2);
        while (i % 6 == 5 && h.count > 0 && h.inbox[h.first].is_control)
            host_take(&h);
    }
    host_wait(&h, 60 * SECOND_US);
    assert_int_equal(host_stats(&h)->given_up, 1);
    assert_int_equal(host_stats(&h)->file_asked, 0);
    assert_false(lab_target_is_running(h.target));
    while (host_take(&h) && h.count > 1)
        ;
    expect_state(2); /* under the id that nobody acknowledged */
}

static void another_boot_is_another_stage(void **state)
{
    uint8_t nonce_b[24];

    (void)state;
    will_print();
    will_say(LAB_SAID_BOOT, 0, NULL, 0);
    will_print();
    host_start(&h, &net);
    host_link(&h);
    memcpy(nonce_b, h.poke + 10, sizeof nonce_b);
    expect_print(0);
    acknowledge(0);
    host_expect_poke(&h);
    assert_memory_not_equal(h.poke + 10, nonce_b, sizeof nonce_b);
    host_answer_poke(&h, 2);
    host_expect_ping(&h);
    expect_print(0);
    assert_int_equal(host_stats(&h)->stages, 2);
}

static void over_a_stream_another_boot_begins_with_the_sync_bit(void **state)
{
    (void)state;
    will_print();
    will_print();
    will_say(LAB_SAID_BOOT, 0, NULL, 0);
    will_print();
    host_start(&h, &ntkd);
    expect_print(ID_SYNC);
    acknowledge(ID_0);
    expect_print(ID_1);
    acknowledge(ID_1);
    expect_print(ID_SYNC);
}

static void behind_the_end_each_break_in_halts_it_again(void **state)
{
    (void)state;
    start_at_stop(&net);
    tape_state.last = a_stop(LAB_STATE_EXCEPTION);
    for (uint32_t id = 2; id < 20; id += 6) {
        uint8_t registers[CONTEXT_LEN];

        host_get_context(&h, registers, id);
        host_advance_rip(&h, registers, id + 2);
        host_continue(&h);
        host_wait(&h, SECOND_US / 2);
        host_expect_silence(&h);
        assert_true(lab_target_is_running(h.target));
        host_break_in(&h);
        expect_state(id + 4);
        acknowledge(id + 4);
    }
    assert_int_equal(host_stats(&h)->altering, 0);
    assert_int_equal(host_stats(&h)->unexpected, 0);
}

static void a_hundred_prints_are_not_said_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        will_print();
    host_start(&h, &minimal); /* which waits for nobody */
    host_wait(&h, 200 * PAUSE_US);
    assert_int_equal(h.count, 100);
}

static void a_stub_says_where_it_stands_to_a_host_that_resets_it(void **state)
{
    (void)state;
    will_stop(LAB_STATE_EXCEPTION, false);
    host_start(&h, &minimal);
    expect_state(ID_1);
    host_control(&h, RESET, 0);
    host_expect_control(&h, RESET, 0xDEADBEEF);
    host_expect_data(&h, DEBUG_IO, ID_0, NULL);
    expect_state(ID_1);
}

static void a_long_print_is_cut_to_what_the_link_carries(void **state)
{
    static uint8_t print[16 + 2000] = {0x30, 0x32, [8] = 0xD0, 0x07};
    const struct lab_target_options net5 = {.tape = &tape, .version = 5};
    const uint8_t *d;
    size_t len;

    (void)state;
    will_say(LAB_SAID_NOTE, DEBUG_IO, print, sizeof print);
    host_start(&h, &net5);
    host_link(&h);
    d = host_expect_data(&h, DEBUG_IO, 0, &len);
    assert_int_equal(len, 0x480);
    assert_int_equal(get32(d + 8), 0x480 - 16);
}

/* ---- what is answered ---- */

static void memory_comes_from_the_tape(void **state)
{
    (void)state;
    start_at_stop(&net);
    tape_state.memory = "known";
    expect_read(2, 5, "known", 0);
    expect_read(4, 8, "known", REFUSED);
    tape_state.memory = "";
    expect_read(6, 8, "", REFUSED);
    assert_int_equal(host_stats(&h)->bytes_read, 10);
    assert_int_equal(tape_state.unexpected, 0);
    assert_int_equal(host_stats(&h)->altering, 0);
}

static void no_reply_is_longer_than_the_link_allows(void **state)
{
    static char much[2000];
    size_t len;
    const uint8_t *d;

    (void)state;
    memset(much, 'm', sizeof much - 1);
    start_at_stop(&net);
    tape_state.memory = much;
    d = ask(READ_VIRTUAL, VA, 1999, 2, &len);
    assert_int_equal(len, 56 + 1024);
    assert_int_equal(get32(d + 8), 0);
    assert_int_equal(get32(d + 28), 1024);
}

static void a_stub_reads_all_or_nothing(void **state)
{
    uint8_t request[56] = {0};
    const uint8_t *d;

    (void)state;
    will_stop(LAB_STATE_EXCEPTION, false);
    tape_state.memory = "known";
    host_start(&h, &minimal);
    expect_state(ID_1);
    put32(request, READ_VIRTUAL);
    put32(request + 24, 6);
    d = host_ask(&h, request, NULL, 0, ID_0, NULL);
    assert_int_equal(get32(d + 8), REFUSED);
    assert_int_equal(get32(d + 28), 0);
}

static void what_is_not_on_the_tape_is_refused_and_told(void **state)
{
    const uint8_t *d;
    size_t len;

    (void)state;
    start_at_stop(&net);
    expect_read(2, 8, "", REFUSED);
    assert_int_equal(tape_state.unexpected, 1);
    assert_int_equal(tape_state.unexpected_last.api, READ_VIRTUAL);
    assert_true(tape_state.unexpected_last.u.memory.address == VA);
    d = ask(GET_VERSION, 0, 0, 4, &len);
    assert_int_equal(get32(d + 8), REFUSED);
    assert_int_equal(len, 56);
    d = ask(0x4000, 0, 0, 6, &len);
    assert_int_equal(get32(d + 8), REFUSED);
    d = ask(0x315C, 0, 0, 8, &len);
    assert_int_equal(get32(d + 8), REFUSED);
    assert_int_equal(tape_state.unexpected, 4);
    assert_int_equal(host_stats(&h)->unexpected, 4);
    assert_int_equal(host_stats(&h)->altering, 1); /* what nobody knows may alter anything */
}

static void what_alters_is_refused_though_it_may_be_on_the_tape(void **state)
{
    size_t len;

    (void)state;
    start_at_stop(&net);
    tape_state.memory = "written";
    assert_int_equal(get32(ask(0x3131, VA, 0, 2, &len) + 8), REFUSED);
    assert_int_equal(get32(ask(0x3135, 1, 0, 4, &len) + 8), REFUSED);
    assert_int_equal(host_stats(&h)->altering, 2);
    assert_int_equal(tape_state.unexpected, 2);
}

static void a_switch_to_another_processor_shows_the_same_stop(void **state)
{
    uint8_t request[56] = {0};

    (void)state;
    start_at_stop(&net);
    put32(request, 0x3150);
    request[6] = 1;
    host_request(&h, request, NULL, 0);
    host_expect_control(&h, ACKNOWLEDGE, h.id);
    expect_state(2);
    assert_int_equal(host_stats(&h)->altering, 1);
    assert_int_equal(tape_state.unexpected, 1);
}

static void statistics_tell_what_was_unexpected(void **state)
{
    json_t *o, *each;
    char *text;

    (void)state;
    start_at_stop(&net);
    for (uint32_t i = 0; i < 25; i++)
        expect_read(2 + 2 * i, 8, "", REFUSED);
    text = lab_target_stats_json(h.target, h.now_us);
    o = json_loads(text, 0, NULL);
    free(text);
    assert_non_null(o);
    assert_string_equal(json_string_value(json_object_get(o, "recording")), "tape.pcap");
    assert_int_equal(json_integer_value(json_object_get(o, "unexpected")), 25);
    each = json_object_get(o, "unexpected_requests");
    assert_int_equal(json_array_size(each), LAB_UNEXPECTED_MAX);
    each = json_array_get(each, 0);
    assert_string_equal(json_string_value(json_object_get(each, "name")), "ReadVirtualMemory");
    assert_string_equal(json_string_value(json_object_get(each, "address")), "0xfffff80000002000");
    assert_int_equal(json_integer_value(json_object_get(each, "count")), 8);
    json_decref(o);
}

/* ---- registers ---- */

static void rip_may_be_moved_past_the_recorded_int3(void **state)
{
    uint8_t registers[CONTEXT_LEN];

    (void)state;
    start_at_stop(&net);
    host_get_context(&h, registers, 2);
    assert_memory_equal(registers, tape_state.context, CONTEXT_LEN);
    host_advance_rip(&h, registers, 4);
    host_get_context(&h, registers, 6);
    assert_true(get64(registers + 0xF8) == PC + 1);
    host_continue(&h);
    host_wait(&h, SECOND_US);
    host_expect_silence(&h);
    assert_int_equal(host_stats(&h)->rip_advances, 1);
    assert_int_equal(host_stats(&h)->altering, 0);
}

static void registers_that_are_set_otherwise_are_counted(void **state)
{
    uint8_t registers[CONTEXT_LEN];

    (void)state;
    start_at_stop(&net);
    host_get_context(&h, registers, 2);
    registers[0x78]++;
    host_advance_rip(&h, registers, 4);
    assert_int_equal(host_stats(&h)->altering, 1);
    assert_int_equal(host_stats(&h)->rip_advances, 0);
}

static void continued_at_the_int3_it_halts_again(void **state)
{
    uint8_t registers[CONTEXT_LEN];

    (void)state;
    start_at_stop(&net);
    host_continue(&h);
    expect_state(2);
    acknowledge(2);
    host_get_context(&h, registers, 4);
    assert_true(get64(registers + 0xF8) == PC);
    assert_int_equal(host_stats(&h)->rehalts, 1);
}

static void whose_registers_nobody_recorded_it_goes_on_all_the_same(void **state)
{
    size_t len;

    (void)state;
    tape_state.processors_known = 0;
    start_at_stop(&net);
    assert_int_equal(get32(ask(GET_CONTEXT, 0, 0, 2, &len) + 8), REFUSED);
    assert_int_equal(tape_state.unexpected, 1);
    host_continue(&h);
    host_wait(&h, SECOND_US);
    host_expect_silence(&h);
    assert_true(lab_target_is_running(h.target));
}

static void slices_are_refused_as_they_were_where_a_whole_context_fits(void **state)
{
    size_t len;

    (void)state;
    tape_state.lacks_context_ex = true;
    start_at_stop(&net);
    assert_int_equal(get32(ask(GET_CONTEXT_EX, 0x40000000000, 0, 2, &len) + 8), REFUSED);
    assert_int_equal(tape_state.unexpected, 0);
}

static void slices_are_answered_where_a_whole_context_does_not_fit(void **state)
{
    const struct lab_target_options net5 = {.tape = &tape, .version = 5};
    const uint8_t *d;
    size_t len;

    (void)state;
    tape_state.lacks_context_ex = true;
    start_at_stop(&net5);
    assert_int_equal(get32(ask(GET_CONTEXT, 0, 0, 2, &len) + 8), REFUSED);
    d = ask(GET_CONTEXT_EX, UINT64_C(1024) << 32, 0, 4, &len); /* offset 0, 1024 bytes */
    assert_int_equal(get32(d + 8), 0);
    assert_int_equal(get32(d + 24), 1024);
    assert_memory_equal(d + 56, tape_state.context, 1024);
}

static void a_state_change_of_no_possible_processor_is_said_as_it_is(void **state)
{
    size_t len;

    (void)state;
    tape_state.state.processor = 0xFFFF;
    tape_state.processors_known = 0xFFFF;
    start_at_stop(&net);
    assert_int_equal(get32(ask(GET_CONTEXT, 0, 0, 2, &len) + 8), 0);
    host_continue(&h);
    host_wait(&h, SECOND_US);
    host_expect_silence(&h);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, stop)
    const struct CMUnitTest tests[] = {
        TEST(what_comes_first_waits_for_the_host),
        TEST(over_a_stream_it_is_repeated_however_long_nobody_listens),
        TEST(a_stop_that_was_asked_for_waits_for_a_break_in),
        TEST(a_break_in_is_kept_while_something_else_is_said),
        TEST(a_question_for_a_file_waits_for_its_refusal),
        TEST(a_question_for_a_line_takes_any),
        TEST(what_nobody_acknowledges_is_given_up_but_not_a_break),
        TEST(another_boot_is_another_stage),
        TEST(over_a_stream_another_boot_begins_with_the_sync_bit),
        TEST(behind_the_end_each_break_in_halts_it_again),
        TEST(a_hundred_prints_are_not_said_at_once),
        TEST(a_stub_says_where_it_stands_to_a_host_that_resets_it),
        TEST(a_long_print_is_cut_to_what_the_link_carries),
        TEST(memory_comes_from_the_tape),
        TEST(no_reply_is_longer_than_the_link_allows),
        TEST(a_stub_reads_all_or_nothing),
        TEST(what_is_not_on_the_tape_is_refused_and_told),
        TEST(what_alters_is_refused_though_it_may_be_on_the_tape),
        TEST(a_switch_to_another_processor_shows_the_same_stop),
        TEST(statistics_tell_what_was_unexpected),
        TEST(rip_may_be_moved_past_the_recorded_int3),
        TEST(registers_that_are_set_otherwise_are_counted),
        TEST(continued_at_the_int3_it_halts_again),
        TEST(whose_registers_nobody_recorded_it_goes_on_all_the_same),
        TEST(slices_are_refused_as_they_were_where_a_whole_context_fits),
        TEST(slices_are_answered_where_a_whole_context_does_not_fit),
        TEST(a_state_change_of_no_possible_processor_is_said_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
