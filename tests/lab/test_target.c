/* The rules of kd-protocol.md 5.6 and what they name, one by one, over an engine without sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_machine.h"
#include "plain_host.h"

#define POKE_US (3 * SECOND_US)
#define ACK_US  (SECOND_US / 2)

static struct plain_host h;
static const struct lab_target_options plain;

static int stop(void **state)
{
    (void)state;
    host_stop(&h);
    return 0;
}

/* A request without data that only reads. */
static const uint8_t *get_version(void)
{
    static uint8_t header[56];

    put32(header, GET_VERSION);
    return header;
}

/* ---- pokes ---- */

static void the_first_poke_comes_at_once_and_says_who_is_there(void **state)
{
    static const uint8_t v4_mapped[12] = {[10] = 0xFF, [11] = 0xFF};
    static const uint8_t zero[256];
    const uint8_t *p;

    (void)state;
    host_start(&h, &plain);
    host_wait(&h, 0);
    assert_int_equal(h.poke_sequence, 3);
    p = host_expect_poke(&h)->payload;
    assert_memory_equal(p, "\1\1", 2);
    assert_memory_equal(p + 34, v4_mapped, 12);
    assert_memory_equal(p + 46, "\xC0\xA8\x02\x48\xC7\xA7", 6); /* 192.168.2.72, 51111 big-endian */
    assert_memory_equal(p + 52, v4_mapped, 12);
    assert_memory_equal(p + 64, "\xC0\xA8\x02\x01\xC3\x50", 6);
    assert_memory_equal(p + 70, v4_mapped, 12); /* connected to nobody: ::ffff:0.0.0.0, port 0 */
    assert_memory_equal(p + 82, zero, 6);
    assert_memory_equal(p + 88, zero, 256);
    host_expect_silence(&h);
}

static void pokes_come_every_three_seconds_with_sequence_3_and_nonce_1_more(void **state)
{
    uint8_t first[LAB_POKE_LEN];

    (void)state;
    host_start(&h, &plain);
    host_wait(&h, 0);
    memcpy(first, host_expect_poke(&h)->payload, sizeof first);
    for (uint64_t i = 1; i <= 5; i++) {
        host_wait(&h, POKE_US - 1);
        host_expect_silence(&h);
        host_wait(&h, 1);
        host_expect_poke(&h);
        assert_int_equal(h.poke_sequence, 3 + 3 * i);
        assert_true(get64(h.poke + 2) == get64(first + 2) + i);
        assert_memory_equal(h.poke + 10, first + 10, sizeof first - 10); /* all else stays */
    }
}

static void pokes_go_on_while_halted_and_name_the_host(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_halt(&h, 0);
    host_wait(&h, POKE_US);
    host_expect_poke(&h);
    assert_memory_equal(h.poke + 82, "\xC0\xA8\x02\x01\xC3\x50", 6);
    assert_int_equal(h.poke_sequence, 6);
    host_expect_silence(&h); /* heard already: no ping */
}

static void an_empty_control_datagram_asks_for_a_poke(void **state)
{
    const struct lab_message m = {.version = 4, .is_control = true, .from_host = true};

    (void)state;
    host_start(&h, &plain);
    host_wait(&h, 0);
    host_expect_poke(&h);
    host_raw(&h, &m);
    host_expect_poke(&h);
    assert_int_equal(h.poke_sequence, 6);
    host_wait(&h, POKE_US - 1);
    host_expect_silence(&h);
}

/* ---- handshake ---- */

/* A response to the last poke with one thing changed; true when the target took it. */
static bool takes_response(uint64_t sequence, size_t len, size_t flip_at)
{
    uint8_t response[LAB_RESPONSE_LEN + 1] = {1, 2};
    const struct lab_message m = {.version = 4,
                                  .is_control = true,
                                  .from_host = true,
                                  .sequence = sequence,
                                  .payload = response,
                                  .len = len};
    uint8_t datagram[LAB_DATAGRAM_MAX];
    uint64_t before = host_stats(&h)->handshakes;
    size_t datagram_len;

    memcpy(response + 2, h.poke + 2, 32);
    response[flip_at] ^= 0x40;
    datagram_len = lab_seal_message(h.seal, &m, datagram);
    lab_target_datagram(h.target, datagram, datagram_len, h.now_us);
    return host_stats(&h)->handshakes > before;
}

static void a_response_must_fit_the_poke(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_wait(&h, 2 * POKE_US);
    assert_int_equal(h.poke_sequence, 9);
    assert_false(takes_response(9, LAB_RESPONSE_LEN, 0));  /* type */
    assert_false(takes_response(9, LAB_RESPONSE_LEN, 1));  /* subtype */
    assert_false(takes_response(9, LAB_RESPONSE_LEN, 10)); /* nonce B */
    assert_false(takes_response(9, LAB_RESPONSE_LEN, 33)); /* nonce B */
    assert_false(takes_response(9, LAB_RESPONSE_LEN - 1, 40));
    assert_false(takes_response(9, LAB_RESPONSE_LEN + 1, 40));
    assert_false(takes_response(3, LAB_RESPONSE_LEN, 40)); /* two pokes old */
    assert_false(takes_response(12, LAB_RESPONSE_LEN, 40));
    assert_int_equal(host_stats(&h)->bad_datagrams[LAB_BAD_RESPONSE], 8);
    assert_true(takes_response(9, LAB_RESPONSE_LEN, 40));
    assert_true(takes_response(6, LAB_RESPONSE_LEN, 40)); /* one poke old */
    assert_true(takes_response(9, LAB_RESPONSE_LEN, 2));  /* nonce A is not compared */
}

static void the_ping_is_the_first_datagram_and_repeated_until_the_host_speaks(void **state)
{
    const struct heard *ping;

    (void)state;
    host_start(&h, &plain);
    host_wait(&h, 0);
    host_expect_poke(&h);
    host_answer_poke(&h, 7);
    ping = host_take(&h);
    assert_int_equal(ping->sequence, 1);
    assert_int_equal(ping->len, 12);
    assert_int_equal(get64(ping->payload), 0);
    host_wait(&h, POKE_US);
    host_expect_poke(&h);
    host_expect_ping(&h);
    host_control(&h, RESEND, 0); /* running: ignored, but heard */
    host_wait(&h, POKE_US);
    host_expect_poke(&h);
    host_expect_silence(&h);
}

static void a_new_response_starts_both_sequences_again_and_keeps_the_ids(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_halt(&h, 0);
    host_ask(&h, get_version(), NULL, 0, 2, NULL);
    host_wait(&h, POKE_US);
    host_expect_poke(&h);
    host_answer_poke(&h, 2);
    assert_int_equal(host_take(&h)->sequence, 1);
    assert_int_equal(h.sequence, 0);
    host_ask(&h, get_version(), NULL, 0, 4, NULL);
    assert_int_equal(host_stats(&h)->handshakes, 2);
}

static void what_was_pending_follows_the_ping(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_break_in(&h);
    host_expect_data(&h, STATE_CHANGE, 0, NULL);
    host_answer_poke(&h, 9); /* a new host process, which knows nothing of it */
    host_expect_ping(&h);
    host_expect_data(&h, STATE_CHANGE, 0, NULL);
}

/* ---- datagrams ---- */

static void bad_datagrams_change_nothing_and_are_never_answered(void **state)
{
    const uint8_t break_in = 'b';
    struct lab_message m = {
        .version = 4, .from_host = true, .sequence = 1, .payload = &break_in, .len = 1};
    uint8_t datagram[LAB_DATAGRAM_MAX];
    size_t len;

    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    m.from_host = false;
    host_raw(&h, &m);
    m.from_host = true;
    m.version = 5;
    host_raw(&h, &m);
    m.version = 4;
    len = lab_seal_message(h.seal, &m, datagram);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        datagram[bit / 8] ^= (uint8_t)(1 << bit % 8);
        lab_target_datagram(h.target, datagram, len, h.now_us);
        datagram[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t n = 0; n < len; n++)
        lab_target_datagram(h.target, datagram, n, h.now_us);
    host_wait(&h, SECOND_US);
    host_expect_silence(&h);
    assert_true(lab_target_is_running(h.target));
    assert_int_equal(host_stats(&h)->bad_datagrams[LAB_BAD_DIRECTION], 1);
    assert_int_equal(host_stats(&h)->bad_datagrams[LAB_GOOD], 1); /* the response */
    lab_target_datagram(h.target, datagram, len, h.now_us);       /* it was good all the time */
    assert_false(lab_target_is_running(h.target));
}

static void a_sequence_is_heard_only_once_and_never_goes_back(void **state)
{
    const uint8_t break_in = 'b';
    struct lab_message m = {
        .version = 4, .from_host = true, .sequence = 5, .payload = &break_in, .len = 1};

    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_raw(&h, &m);
    host_raw(&h, &m);
    m.sequence = 4;
    host_raw(&h, &m);
    assert_int_equal(host_stats(&h)->breaks, 1);
    assert_int_equal(host_stats(&h)->bad_datagrams[LAB_BAD_REPLAY], 2);
    m.sequence = 9; /* a gap is a loss */
    host_raw(&h, &m);
    assert_int_equal(host_stats(&h)->breaks, 2);
}

static void every_datagram_of_the_target_has_the_next_sequence(void **state)
{
    uint64_t expected = 2; /* the ping was 1 */
    const struct heard *in;

    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_break_in(&h);
    host_wait(&h, 2 * SECOND_US);
    host_control(&h, RESEND, 0);
    host_control(&h, RESET, 0x80000000);
    while ((in = host_take(&h)))
        assert_int_equal(in->sequence, expected++);
    assert_int_equal(expected, 10); /* 1 + 4 repeated in time, 1 RESENT, RESET and 1 more */
}

/* ---- running and halted ---- */

static void a_running_target_ignores_all_but_the_break_in(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_control(&h, RESET, 0x80000000);
    host_control(&h, RESEND, 0);
    host_control(&h, ACKNOWLEDGE, 0);
    host_request(&h, get_version(), NULL, 0);
    host_payload(&h, "garbage", 7);
    host_payload(&h, "bb", 2);
    host_expect_silence(&h);
    assert_true(lab_target_is_running(h.target));
    host_break_in(&h);
    host_expect_data(&h, STATE_CHANGE, 0, NULL);
    assert_false(lab_target_is_running(h.target));
}

static void a_break_in_is_reported_as_an_exception_at_the_int3(void **state)
{
    const uint8_t *d;
    size_t len;

    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_break_in(&h);
    d = host_expect_data(&h, STATE_CHANGE, 0, &len);
    assert_int_equal(len, 240);
    assert_int_equal(get32(d), 0x3030);
    assert_int_equal(get16(d + 6), 0);
    assert_int_equal(get32(d + 8), 2);
    assert_true(get64(d + 24) == FAKE_BREAK_PC);
    assert_int_equal(get32(d + 32), 0x80000003);
    assert_true(get64(d + 48) == FAKE_BREAK_PC);
    assert_int_equal(get32(d + 56), 1);
    assert_int_equal(get32(d + 184), 1);
    assert_int_equal(get32(d + 192), 0xFFFF0FF0);
    assert_int_equal(get32(d + 200), 0x400);
    assert_int_equal(get32(d + 208), 0x202);
    assert_int_equal(get16(d + 212), 16);
    assert_memory_equal(d + 216, "\xCC\xC3", 2);
    assert_int_equal(get16(d + 232), 0x10);
    assert_int_equal(get16(d + 238), 0x53);
}

static uint8_t context_of_halt[CONTEXT_LEN];

static void fetch_context(uint32_t reply_id)
{
    uint8_t header[56] = {0};
    size_t len;
    const uint8_t *reply;

    put32(header, GET_CONTEXT);
    reply = host_ask(&h, header, NULL, 0, reply_id, &len);
    assert_int_equal(get32(reply + 8), 0);
    assert_int_equal(len, 56 + CONTEXT_LEN);
    memcpy(context_of_halt, reply + 56, CONTEXT_LEN);
}

static void advance_rip(uint32_t reply_id)
{
    uint8_t header[56] = {0};

    put32(header, SET_CONTEXT);
    put64(context_of_halt + 0xF8, get64(context_of_halt + 0xF8) + 1);
    assert_int_equal(get32(host_ask(&h, header, context_of_halt, CONTEXT_LEN, reply_id, NULL) + 8),
                     0);
}

static void continued_behind_the_int3_it_runs(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_halt(&h, 0);
    host_wait(&h, SECOND_US);
    fetch_context(2);
    assert_true(get64(context_of_halt + 0xF8) == FAKE_BREAK_PC);
    advance_rip(4);
    host_continue(&h);
    host_expect_silence(&h);
    assert_true(lab_target_is_running(h.target));
    assert_int_equal(host_stats(&h)->rip_advances, 1);
    assert_int_equal(host_stats(&h)->altering, 0);
    assert_int_equal(host_stats(&h)->freezes, 1);
    assert_int_equal(host_stats(&h)->freeze_us, SECOND_US);
}

static void continued_at_the_int3_it_halts_again_at_once(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_halt(&h, 0);
    host_continue(&h);
    host_expect_data(&h, STATE_CHANGE, 2, NULL);
    assert_false(lab_target_is_running(h.target));
    assert_int_equal(host_stats(&h)->rehalts, 1);
}

static void a_break_in_while_halted_halts_again_after_the_continue(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_halt(&h, 0);
    host_break_in(&h);
    host_expect_silence(&h);
    fetch_context(2);
    advance_rip(4);
    host_continue(&h);
    host_expect_data(&h, STATE_CHANGE, 6, NULL);
    assert_int_equal(host_stats(&h)->rehalts, 0);
}

static void a_repeated_continue_finds_a_running_target_deaf(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_halt(&h, 0);
    fetch_context(2);
    advance_rip(4);
    host_continue(&h);
    h.id -= 2;
    host_request(&h, get_version(), NULL, 0);
    host_expect_silence(&h);
}

/* ---- ids and acknowledgements ---- */

static void ids_start_at_zero_or_where_the_kernel_stands_and_step_by_two(void **state)
{
    const struct lab_target_options opts = {.first_id = 0x926};

    (void)state;
    host_start(&h, &opts);
    host_link(&h);
    host_halt(&h, 0x926);
    host_ask(&h, get_version(), NULL, 0, 0x928, NULL);
    host_ask(&h, get_version(), NULL, 0, 0x92A, NULL);
}

static void an_unacknowledged_halt_is_repeated_for_ever_with_its_id(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_break_in(&h);
    host_expect_data(&h, STATE_CHANGE, 0, NULL);
    for (int i = 0; i < 50; i++) {
        host_wait(&h, ACK_US);
        while (h.inbox[h.first].is_control)
            host_take(&h);
        host_expect_data(&h, STATE_CHANGE, 0, NULL);
        host_control(&h, ACKNOWLEDGE, 2); /* of something else */
    }
    assert_int_equal(host_stats(&h)->retransmissions, 50);
    host_control(&h, ACKNOWLEDGE, 0);
    host_wait(&h, SECOND_US);
    host_expect_silence(&h);
}

static void a_reply_is_repeated_until_acknowledged(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_halt(&h, 0);
    host_request(&h, get_version(), NULL, 0);
    host_expect_control(&h, ACKNOWLEDGE, 0x80000000);
    host_expect_data(&h, MANIPULATE, 2, NULL);
    host_wait(&h, ACK_US);
    host_expect_data(&h, MANIPULATE, 2, NULL);
    host_control(&h, ACKNOWLEDGE, 2);
    host_wait(&h, ACK_US);
    host_expect_silence(&h);
}

static void a_print_is_given_up_after_three_tries_or_twenty_once_a_host_was_heard(void **state)
{
    const struct lab_target_options opts = {.boot = true};
    uint64_t before;

    (void)state;
    host_start(&h, &opts);
    host_link(&h);
    host_wait(&h, 60 * (uint64_t)SECOND_US); /* unheard, a boot debugger waits */
    assert_int_equal(host_stats(&h)->given_up, 0);
    host_payload(&h, "x", 1); /* heard: its greeting, then its module and files are given up */
    before = host_stats(&h)->retransmissions;
    h.count = 0;
    host_wait(&h, 21 * ACK_US);
    assert_int_equal(host_stats(&h)->given_up, 1);
    assert_in_range(host_stats(&h)->retransmissions - before, 0, 22);
    assert_int_equal(host_stats(&h)->stages, 2); /* nobody is there: on to the kernel, silently */
    h.count = 0;
    host_wait(&h, POKE_US);
    host_expect_poke(&h);
}

static void the_expected_host_packet_in_place_of_an_ack_means_resend_and_counts_as_ack(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_break_in(&h);
    host_expect_data(&h, STATE_CHANGE, 0, NULL);
    host_request(&h, get_version(), NULL, 0); /* without having acknowledged */
    host_expect_control(&h, RESEND, 0);
    host_expect_silence(&h);
    assert_int_equal(host_stats(&h)->requests, 0);
    host_ask(&h, get_version(), NULL, 0, 2, NULL); /* the same again */
    assert_int_equal(host_stats(&h)->requests, 1);
}

static void another_host_packet_in_place_of_an_ack_is_acknowledged_and_lost(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_break_in(&h);
    host_expect_data(&h, STATE_CHANGE, 0, NULL);
    h.id = 0x80000004;
    host_request(&h, get_version(), NULL, 0);
    host_expect_control(&h, ACKNOWLEDGE, 0x80000004);
    host_expect_data(&h, STATE_CHANGE, 0, NULL);
    host_expect_silence(&h);
    assert_int_equal(host_stats(&h)->requests, 0);
}

static void the_loss_recovery_of_the_capture_happens_again(void **state)
{
    size_t len;

    /* C4#195-206: our ACK of a reply is lost, and so is the second reply. */
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_halt(&h, 0);
    host_request(&h, get_version(), NULL, 0);
    host_expect_control(&h, ACKNOWLEDGE, h.id);
    host_expect_data(&h, MANIPULATE, 2, NULL); /* lost */
    h.id += 2;
    host_request(&h, get_version(), NULL, 0); /* #197, the same request anew */
    host_expect_control(&h, RESEND, 0);       /* #198 */
    host_request(&h, get_version(), NULL, 0); /* #199 */
    host_expect_control(&h, ACKNOWLEDGE, h.id);
    host_expect_data(&h, MANIPULATE, 4, NULL); /* #201, not what the host expects */
    h.id += 2;
    host_control(&h, RESET, h.id);     /* #202 */
    host_expect_control(&h, RESET, 4); /* #203 */
    host_expect_data(&h, MANIPULATE, 4, &len);
    host_control(&h, ACKNOWLEDGE, 4);
    host_ask(&h, get_version(), NULL, 0, 6, NULL);
}

static void reset_of_a_halt_pending_is_answered_and_repeats_it(void **state)
{
    const struct lab_target_options opts = {.first_id = 0x926};

    (void)state;
    host_start(&h, &opts);
    host_link(&h);
    host_break_in(&h);
    host_expect_data(&h, STATE_CHANGE, 0x926, NULL); /* V20 */
    host_control(&h, RESET, 0x80000000);             /* V21 */
    host_expect_control(&h, RESET, 0x926);           /* V22 */
    host_expect_data(&h, STATE_CHANGE, 0x926, NULL);
    host_expect_silence(&h);
}

static void reset_adopts_the_id_that_the_host_will_use(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_break_in(&h);
    h.id = 0x80000700;
    host_control(&h, RESET, h.id);
    h.count = 0;
    host_request(&h, get_version(), NULL, 0); /* now the expected one: taken for an ACK */
    host_expect_control(&h, RESEND, 0);
    host_expect_silence(&h);
}

static void asked_again_while_idle_a_halted_target_says_its_state_anew(void **state)
{
    uint8_t first[240];

    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_break_in(&h);
    memcpy(first, host_expect_data(&h, STATE_CHANGE, 0, NULL), sizeof first);
    host_control(&h, ACKNOWLEDGE, 0);
    host_control(&h, RESEND, 0);
    assert_memory_equal(host_expect_data(&h, STATE_CHANGE, 2, NULL), first, sizeof first);
    host_control(&h, ACKNOWLEDGE, 2);
    host_control(&h, RESET, 0x80000000);
    host_expect_control(&h, RESET, 4);
    assert_memory_equal(host_expect_data(&h, STATE_CHANGE, 4, NULL), first, sizeof first);
}

static void ids_of_requests_are_not_checked_and_repeats_are_executed_again(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_halt(&h, 0);
    h.id = 0x80000ABC;
    host_ask(&h, get_version(), NULL, 0, 2, NULL);
    h.id -= 2; /* the host did not get our ACK and says it again */
    host_ask(&h, get_version(), NULL, 0, 4, NULL);
    assert_int_equal(host_stats(&h)->requests, 2);
}

static void packets_that_make_no_sense_are_answered_with_resend(void **state)
{
    uint8_t p[LAB_PAYLOAD_MAX] = {0};

    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_halt(&h, 0);
    put32(p, 0x31313131); /* leader */
    host_payload(&h, p, 16);
    host_expect_control(&h, RESEND, 0);
    put32(p, 0x30303030);
    put32(p + 4, 2 | 56u << 16); /* says 56 bytes, has 55 */
    host_payload(&h, p, 16 + 55);
    host_expect_control(&h, RESEND, 0);
    put32(p + 12, 1); /* checksum */
    host_payload(&h, p, 16 + 56);
    host_expect_control(&h, RESEND, 0);
    host_payload(&h, p, 15);
    host_expect_control(&h, RESEND, 0);
    host_payload(&h, p, 0);
    host_expect_control(&h, RESEND, 0);
    host_data(&h, MANIPULATE, h.id, p, 55); /* too short a request */
    host_expect_control(&h, RESEND, 0);
    host_data(&h, FILE_IO, h.id, p, 64); /* nobody asked */
    host_expect_control(&h, RESEND, 0);
    host_control(&h, 12, 0);
    host_expect_control(&h, RESEND, 0);
    host_expect_silence(&h);
    assert_int_equal(host_stats(&h)->bad_packets, 8);
    assert_int_equal(host_stats(&h)->requests, 0);
}

static void assert_limit(uint8_t version, size_t limit)
{
    const struct lab_target_options opts = {.version = version};
    static const uint8_t data[LAB_PAYLOAD_MAX];

    host_start(&h, &opts);
    host_link(&h);
    host_halt(&h, 0);
    host_request(&h, get_version(), data, limit - 56 + 1);
    host_expect_control(&h, RESEND, 0);
    host_expect_silence(&h);
    host_ask(&h, get_version(), data, limit - 56, 2, NULL);
    host_stop(&h);
}

static void packets_above_the_limit_of_the_version_are_refused(void **state)
{
    (void)state;
    assert_limit(2, 0x580);
    assert_limit(4, 0x580);
    assert_limit(5, 0x480);
}

/* ---- what it says unasked ---- */

static void accept(uint16_t type, uint32_t id)
{
    host_expect_data(&h, type, id, NULL);
    host_control(&h, ACKNOWLEDGE, id);
}

/* Continue a stop at an int3 whose Rip stands there, as 3.6 demands. */
static void continue_behind_int3(uint32_t reply_id)
{
    fetch_context(reply_id);
    advance_rip(reply_id + 2);
    host_continue(&h);
}

/* Expect the file request under id and answer it, one byte changed (64: one byte less). */
static void answer_file(uint32_t id, size_t damage)
{
    uint8_t answer[64];
    size_t len;
    const uint8_t *d = host_expect_data(&h, FILE_IO, id, &len);

    assert_true(len > 64 && len % 2 == 0);
    assert_int_equal(get32(d), 0x3430);
    assert_int_equal(get32(d + 4), 0);
    assert_int_equal(get32(d + 8), 0x120089);
    assert_int_equal(get32(d + 16), 1);
    assert_int_equal(d[64], '\\');
    assert_int_equal(get16(d + len - 2), 0);
    memcpy(answer, d, sizeof answer);
    put32(answer + 4, 0xC000000F);
    if (damage < sizeof answer)
        answer[damage] ^= 1;
    host_control(&h, ACKNOWLEDGE, id);
    host_data(&h, FILE_IO, h.id, answer, damage == 64 ? 63 : 64);
    host_expect_control(&h, ACKNOWLEDGE, h.id);
    h.id += 2;
}

#define UNDAMAGED 99

static void a_booting_machine_speaks_waits_and_becomes_the_kernel(void **state)
{
    const struct lab_target_options opts = {.boot = true};
    uint8_t nonce_b[24];
    const uint8_t *d;
    uint32_t id = 6;
    size_t len;

    (void)state;
    host_start(&h, &opts);
    host_link(&h);
    memcpy(nonce_b, h.poke + 10, sizeof nonce_b);
    d = host_expect_data(&h, DEBUG_IO, 0, &len); /* it was pending */
    assert_int_equal(len, 16 + 30);
    assert_memory_equal(d + 16, "BD: Boot Debugger Initialized\n", 30);
    host_control(&h, RESEND, 0);
    accept(DEBUG_IO, 0);

    d = host_expect_data(&h, STATE_CHANGE, 2, &len);
    assert_int_equal(len, 240 + 12);
    assert_int_equal(get32(d), 0x3031);
    assert_int_equal(get32(d + 8), 1);
    assert_true(get64(d + 16) == 0);
    assert_true(get64(d + 24) == 0xA79685);
    assert_int_equal(get32(d + 32), 12);
    assert_true(get64(d + 40) == 0x96F000);
    assert_true(get64(d + 48) == UINT64_MAX);
    assert_int_equal(get32(d + 56), 0x149E3F);
    assert_int_equal(get32(d + 60), 0x17D000);
    assert_int_equal(d[64], 0);
    assert_memory_equal(d + 216, "\xCC\xC3\xCC", 3);
    assert_string_equal((const char *)d + 240, "winload.efi");
    host_control(&h, ACKNOWLEDGE, 2);
    d = host_ask(&h, get_version(), NULL, 0, 4, NULL);
    assert_int_equal(get16(d + 16), 0x040F);
    assert_true(get64(d + 48) == 0); /* no debugger data: not the kernel */
    continue_behind_int3(6);
    id = 10;

    for (int i = 0; i < 3; i++, id += 2)
        answer_file(id, UNDAMAGED);
    accept(DEBUG_IO, id);
    id += 2;
    for (int i = 0; i < 2; i++, id += 2)
        answer_file(id, UNDAMAGED);
    accept(DEBUG_IO, id);
    id += 2;

    d = host_expect_data(&h, STATE_CHANGE, id, &len); /* farewell */
    assert_int_equal(len, 240);
    assert_int_equal(get32(d), 0x3031);
    assert_int_equal(get32(d + 32), 0);
    assert_true(get64(d + 40) == UINT64_MAX);
    assert_int_equal(d[64], 1);
    assert_int_not_equal(d[216], 0xCC);
    host_control(&h, ACKNOWLEDGE, id);
    host_continue(&h);

    host_wait(&h, 0); /* the kernel: a session of its own */
    host_expect_poke(&h);
    assert_int_equal(h.poke_sequence, 3);
    assert_memory_not_equal(h.poke + 10, nonce_b, sizeof nonce_b);
    h.id = 0x80000000;
    host_answer_poke(&h, 3);
    host_expect_ping(&h);
    accept(DEBUG_IO, 0);
    d = host_expect_data(&h, STATE_CHANGE, 2, &len);
    assert_true(get64(d + 24) == FAKE_MODULE_PC);
    assert_true(get64(d + 40) == FAKE_KERNEL_BASE);
    assert_string_equal((const char *)d + 240, "\\SystemRoot\\system32\\ntoskrnl.exe");
    host_control(&h, ACKNOWLEDGE, 2);
    continue_behind_int3(4);
    host_expect_silence(&h);
    assert_true(lab_target_is_running(h.target));
    assert_int_equal(host_stats(&h)->file_asked, 5);
    assert_int_equal(host_stats(&h)->file_answered, 5);
    assert_int_equal(host_stats(&h)->altering, 0);
    assert_int_equal(host_stats(&h)->prints_acked, 4);
}

static void start_until_first_file(void)
{
    const struct lab_target_options opts = {.boot = true};

    host_start(&h, &opts);
    host_link(&h);
    accept(DEBUG_IO, 0);
    accept(STATE_CHANGE, 2);
    continue_behind_int3(4);
}

static void a_wrong_file_answer_is_counted_and_the_boot_stands_still(void **state)
{
    static const size_t damages[] = {0, 4, 8, 36, 63, 64};

    (void)state;
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        start_until_first_file();
        answer_file(8, damages[i]);
        host_expect_silence(&h);
        assert_int_equal(host_stats(&h)->file_wrong, 1);
        assert_int_equal(host_stats(&h)->file_answered, 0);
        host_control(&h, RESEND, 0); /* asks again, and a right answer goes on */
        answer_file(10, UNDAMAGED);
        host_expect_data(&h, FILE_IO, 12, NULL);
        host_stop(&h);
    }
}

static void a_repeated_file_answer_is_acknowledged_and_dropped(void **state)
{
    static const uint8_t any[64];

    (void)state;
    start_until_first_file();
    answer_file(8, UNDAMAGED);
    host_expect_data(&h, FILE_IO, 10, NULL);
    host_control(&h, ACKNOWLEDGE, 10);
    host_data(&h, FILE_IO, h.id - 2, any, sizeof any); /* our ACK was lost */
    host_expect_control(&h, ACKNOWLEDGE, h.id - 2);
    host_expect_silence(&h);
    assert_int_equal(host_stats(&h)->file_wrong, 0);
}

static void a_break_in_while_booting_halts_the_boot_debugger_after_the_module(void **state)
{
    const struct lab_target_options opts = {.boot = true};
    const uint8_t *d;

    (void)state;
    host_start(&h, &opts);
    host_link(&h);
    host_break_in(&h);
    accept(DEBUG_IO, 0);
    d = host_expect_data(&h, STATE_CHANGE, 2, NULL);
    assert_int_equal(get32(d), 0x3030);
    assert_int_equal(get32(d + 32), 0x80000003);
    assert_true(get64(d + 24) == get64(d + 48) + 1); /* the boot debugger's address is one less */
    assert_int_equal(d[216], 0xCC);
    host_control(&h, ACKNOWLEDGE, 2);
    continue_behind_int3(4);
    d = host_expect_data(&h, STATE_CHANGE, 8, NULL);
    assert_int_equal(get32(d), 0x3031);
}

static void chatter_comes_between_request_and_reply_and_after_a_resume(void **state)
{
    const struct lab_target_options opts = {.chatter = true};
    uint8_t set_context[56] = {0};
    const uint8_t *d;

    (void)state;
    host_start(&h, &opts);
    host_link(&h);
    host_halt(&h, 0);
    fetch_context(2);
    advance_rip(4);
    host_request(&h, get_version(), NULL, 0);
    host_expect_control(&h, ACKNOWLEDGE, h.id);
    h.id += 2;
    host_expect_data(&h, DEBUG_IO, 6, NULL);
    host_expect_silence(&h); /* the reply waits for the print's ACK */
    host_control(&h, ACKNOWLEDGE, 6);
    host_expect_data(&h, MANIPULATE, 8, NULL);
    host_control(&h, ACKNOWLEDGE, 8);
    host_continue(&h);
    accept(DEBUG_IO, 10);
    d = host_expect_data(&h, STATE_CHANGE, 12, NULL);
    assert_int_equal(get32(d), 0x3031);
    assert_true(get64(d + 24) == FAKE_MODULE_PC);
    host_control(&h, ACKNOWLEDGE, 12);
    fetch_context(14);
    put32(set_context, SET_CONTEXT);
    put64(context_of_halt + 0xF8, FAKE_MODULE_PC + 1);
    host_request(&h, set_context, context_of_halt, CONTEXT_LEN);
    host_expect_control(&h, ACKNOWLEDGE, h.id);
    h.id += 2;
    accept(DEBUG_IO, 16); /* every third request */
    accept(MANIPULATE, 18);
    host_continue(&h);
    host_expect_silence(&h);
    assert_true(lab_target_is_running(h.target));
    assert_int_equal(host_stats(&h)->freezes, 2);
    assert_int_equal(host_stats(&h)->altering, 0);
}

/* The bytes between the fields that 3.1 lists, of a load-symbols state change. */
static const size_t module_pads[] = {12, 36, 65, 100, 191};

static void what_no_field_uses_holds_garbage_and_version_5_flags_its_state(void **state)
{
    const struct lab_target_options opts = {.boot = true, .version = 5, .seed = 4711};
    uint8_t garbage = 0;
    const uint8_t *d;

    (void)state;
    host_start(&h, &opts);
    host_link(&h);
    d = host_expect_data(&h, DEBUG_IO, 0, NULL);
    assert_int_not_equal(get32(d + 12), 0);
    host_control(&h, ACKNOWLEDGE, 0);
    d = host_expect_data(&h, STATE_CHANGE, 2, NULL);
    assert_int_equal(get32(d), 0x13031);
    for (size_t i = 0; i < sizeof module_pads / sizeof *module_pads; i++)
        garbage |= d[module_pads[i]];
    assert_int_not_equal(garbage, 0);
    assert_int_equal(get32(d + 32), 12);
}

static void reboot_after_n_requests_starts_everything_anew_once(void **state)
{
    const struct lab_target_options opts = {.reboot_after = 2, .first_id = 0x100};
    uint8_t nonce_b[24];

    (void)state;
    host_start(&h, &opts);
    host_link(&h);
    memcpy(nonce_b, h.poke + 10, sizeof nonce_b);
    host_halt(&h, 0x100);
    host_ask(&h, get_version(), NULL, 0, 0x102, NULL);
    host_request(&h, get_version(), NULL, 0);
    host_expect_control(&h, ACKNOWLEDGE, h.id);
    host_expect_data(&h, MANIPULATE, 0x104, NULL);
    assert_true(lab_target_is_running(h.target));
    host_control(&h, ACKNOWLEDGE, 0x104); /* nobody there who knows the key */
    host_wait(&h, 0);
    host_expect_poke(&h);
    assert_int_equal(h.poke_sequence, 3);
    assert_memory_not_equal(h.poke + 10, nonce_b, sizeof nonce_b);
    assert_int_equal(get32(h.poke + 82), 0);
    host_answer_poke(&h, 5);
    host_expect_ping(&h);
    h.id = 0x80000000;
    host_halt(&h, 0);
    host_ask(&h, get_version(), NULL, 0, 2, NULL);
    host_ask(&h, get_version(), NULL, 0, 4, NULL);
    assert_int_equal(host_stats(&h)->reboots, 1);
    assert_int_equal(host_stats(&h)->bad_datagrams[LAB_BAD_NO_DATA_KEY], 1);
}

static void silent_after_n_requests_it_says_and_hears_nothing(void **state)
{
    const struct lab_target_options opts = {.silent_after = 1};

    (void)state;
    host_start(&h, &opts);
    host_link(&h);
    host_halt(&h, 0);
    host_ask(&h, get_version(), NULL, 0, 2, NULL);
    host_request(&h, get_version(), NULL, 0);
    host_wait(&h, 60 * (uint64_t)SECOND_US);
    host_expect_silence(&h);
    assert_false(lab_target_is_running(h.target));
    assert_int_equal(host_stats(&h)->requests, 1);
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(the_first_poke_comes_at_once_and_says_who_is_there),
        TEST(pokes_come_every_three_seconds_with_sequence_3_and_nonce_1_more),
        TEST(pokes_go_on_while_halted_and_name_the_host),
        TEST(an_empty_control_datagram_asks_for_a_poke),
        TEST(a_response_must_fit_the_poke),
        TEST(the_ping_is_the_first_datagram_and_repeated_until_the_host_speaks),
        TEST(a_new_response_starts_both_sequences_again_and_keeps_the_ids),
        TEST(what_was_pending_follows_the_ping),
        TEST(bad_datagrams_change_nothing_and_are_never_answered),
        TEST(a_sequence_is_heard_only_once_and_never_goes_back),
        TEST(every_datagram_of_the_target_has_the_next_sequence),
        TEST(a_running_target_ignores_all_but_the_break_in),
        TEST(a_break_in_is_reported_as_an_exception_at_the_int3),
        TEST(continued_behind_the_int3_it_runs),
        TEST(continued_at_the_int3_it_halts_again_at_once),
        TEST(a_break_in_while_halted_halts_again_after_the_continue),
        TEST(a_repeated_continue_finds_a_running_target_deaf),
        TEST(ids_start_at_zero_or_where_the_kernel_stands_and_step_by_two),
        TEST(an_unacknowledged_halt_is_repeated_for_ever_with_its_id),
        TEST(a_reply_is_repeated_until_acknowledged),
        TEST(a_print_is_given_up_after_three_tries_or_twenty_once_a_host_was_heard),
        TEST(the_expected_host_packet_in_place_of_an_ack_means_resend_and_counts_as_ack),
        TEST(another_host_packet_in_place_of_an_ack_is_acknowledged_and_lost),
        TEST(the_loss_recovery_of_the_capture_happens_again),
        TEST(reset_of_a_halt_pending_is_answered_and_repeats_it),
        TEST(reset_adopts_the_id_that_the_host_will_use),
        TEST(asked_again_while_idle_a_halted_target_says_its_state_anew),
        TEST(ids_of_requests_are_not_checked_and_repeats_are_executed_again),
        TEST(packets_that_make_no_sense_are_answered_with_resend),
        cmocka_unit_test(packets_above_the_limit_of_the_version_are_refused),
        TEST(a_booting_machine_speaks_waits_and_becomes_the_kernel),
        cmocka_unit_test(a_wrong_file_answer_is_counted_and_the_boot_stands_still),
        TEST(a_repeated_file_answer_is_acknowledged_and_dropped),
        TEST(a_break_in_while_booting_halts_the_boot_debugger_after_the_module),
        TEST(chatter_comes_between_request_and_reply_and_after_a_resume),
        TEST(what_no_field_uses_holds_garbage_and_version_5_flags_its_state),
        TEST(reboot_after_n_requests_starts_everything_anew_once),
        TEST(silent_after_n_requests_it_says_and_hears_nothing),
    };
    return cmocka_run_group_tests_name("lab.test_target", tests, NULL, NULL);
}
