#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../support/model_target.h"
#include "../support/script_target.h"

static const struct kd_session_opts kdnet = {.dialect = KD_DIALECT_KDNET};
static const struct kd_session_opts stream = {.dialect = KD_DIALECT_STREAM};

/* --- a link that comes and goes --- */

static void a_new_link_begins_with_a_resend(void **state)
{
    struct script t;

    (void)state;
    script_open(&t, &kdnet);
    kd_session_link_up(t.s, true, t.now_ms);
    assert_string_equal(script_sent(&t), "RESEND");
    assert_int_equal(kd_session_run_state(t.s), KD_RUN_UNKNOWN);
    script_close(&t);
}

static void a_link_that_stays_quiet_for_a_second_belongs_to_a_running_target(void **state)
{
    struct script t;

    (void)state;
    script_open(&t, &kdnet);
    kd_session_link_up(t.s, true, t.now_ms);
    script_pass(&t, 999);
    assert_int_equal(kd_session_run_state(t.s), KD_RUN_UNKNOWN);
    script_pass(&t, 1);
    assert_int_equal(kd_session_run_state(t.s), KD_RUN_RUNNING);
    assert_string_equal(script_raised(&t), "");
    script_close(&t);
}

static void nothing_is_done_without_a_link(void **state)
{
    struct script t;

    (void)state;
    script_open(&t, &kdnet);
    kd_session_break_in(t.s, t.now_ms);
    script_stop(&t, 0, &break_in_stop);
    script_pass(&t, 5000);
    assert_string_equal(script_sent(&t), "");
    assert_string_equal(script_raised(&t), "");
    assert_true(kd_session_deadline_ms(t.s) == KD_NEVER);
    kd_session_link_up(t.s, true, t.now_ms); /* the wish waited for it */
    script_pass(&t, 300);
    assert_string_equal(script_sent(&t), "RESEND RESEND RESET(80000000)");
    script_close(&t);
}

static void a_reboot_fails_the_request_and_starts_ids_anew(void **state)
{
    struct script t;
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    script_open(&t, &kdnet);
    script_halt(&t, &break_in_stop);
    script_ask(&t, &read);
    script_ack(&t, 0x80000000);
    kd_session_link_up(t.s, true, t.now_ms);
    assert_string_equal(script_raised(&t), "REPLY(1 target restarted)");
    (void)script_sent(&t);
    script_stop(&t, 0, &break_in_stop);
    assert_string_equal(script_sent(&t), "ACK(0)");
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001000)");
    script_ask(&t, &read);
    assert_string_equal(script_sent(&t), "ReadVirtualMemory(80000000)");
    script_close(&t);
}

static void a_link_that_comes_back_to_the_same_boot_repeats_what_was_outstanding(void **state)
{
    struct script t;
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    script_open(&t, &kdnet);
    script_halt(&t, &break_in_stop);
    script_ask(&t, &read);
    assert_string_equal(script_sent(&t), "ReadVirtualMemory(80000000)");
    kd_session_link_up(t.s, false, t.now_ms);
    script_pass(&t, 0);
    assert_string_equal(script_sent(&t), "RESEND ReadVirtualMemory(80000000)");
    assert_string_equal(script_raised(&t), "");
    script_close(&t);
}

static void a_target_that_ran_is_believed_to_run_when_the_link_comes_back(void **state)
{
    struct script t;

    (void)state;
    script_open(&t, &kdnet);
    kd_session_link_up(t.s, true, t.now_ms);
    script_pass(&t, 1000);
    kd_session_link_down(t.s, KD_ERR_LOST, t.now_ms);
    kd_session_link_up(t.s, false, t.now_ms);
    assert_int_equal(kd_session_run_state(t.s), KD_RUN_RUNNING);
    script_stop(&t, 0, &module_stop); /* so it goes on by itself */
    assert_string_equal(script_raised(&t), "MODULE(disk.sys)");
    script_close(&t);
}

static void a_link_that_goes_down_fails_the_request_with_the_reason(void **state)
{
    struct script t;
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    script_open(&t, &kdnet);
    script_halt(&t, &break_in_stop);
    script_ask(&t, &read);
    kd_session_link_down(t.s, KD_ERR_LOST, t.now_ms);
    assert_string_equal(script_raised(&t), "REPLY(1 target fell silent)");
    assert_int_equal(kd_session_run_state(t.s), KD_RUN_UNKNOWN);
    assert_true(kd_session_deadline_ms(t.s) == KD_NEVER);
    script_close(&t);
}

static void a_halt_wished_for_without_a_link_is_told_when_it_comes_back_to_a_halted_target(
    void **state)
{
    struct script t;

    (void)state;
    script_open(&t, &kdnet);
    script_halt(&t, &break_in_stop);
    kd_session_link_down(t.s, KD_ERR_LOST, t.now_ms);
    kd_session_break_in(t.s, t.now_ms);
    assert_string_equal(script_raised(&t), "");
    kd_session_link_up(t.s, false, t.now_ms);
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001000)");
    script_close(&t);
}

static void the_time_without_a_link_is_not_counted_as_frozen(void **state)
{
    struct script t;

    (void)state;
    script_open(&t, &kdnet);
    script_halt(&t, &step_stop);
    t.now_ms += 100;
    kd_session_link_down(t.s, KD_ERR_LOST, t.now_ms);
    t.now_ms += 5000;
    kd_session_link_up(t.s, false, t.now_ms);
    t.now_ms += 20;
    kd_session_resume(t.s, t.now_ms);
    script_ack(&t, 0x80000000);
    assert_int_equal(kd_session_get_counters(t.s)->freezes, 1);
    assert_int_equal(kd_session_get_counters(t.s)->frozen_ms, 120);
    script_close(&t);
}

static void a_link_that_comes_up_twice_changes_nothing_for_a_target_that_is_resumed(void **state)
{
    struct script t;

    (void)state;
    script_open(&t, &kdnet);
    script_halt(&t, &step_stop);
    kd_session_resume(t.s, t.now_ms);
    kd_session_break_in(t.s, t.now_ms);
    t.now_ms += 100;
    kd_session_link_up(t.s, false, t.now_ms);
    script_pass(&t, 0);
    assert_string_equal(script_sent(&t), "RESEND Continue(80000000)");
    script_ack(&t, 0x80000000);
    assert_string_equal(script_sent(&t), "b");
    assert_string_equal(script_raised(&t), "RESUMED(ok)");
    assert_int_equal(kd_session_get_counters(t.s)->frozen_ms, 100);
    script_close(&t);
}

/* --- bounds --- */

static void what_finds_no_room_is_not_acknowledged(void **state)
{
    struct script t;
    struct kd_event ev;
    struct kd_span out;
    uint32_t id = 0;

    (void)state;
    script_open(&t, &kdnet);
    kd_session_link_up(t.s, true, t.now_ms);
    for (;; id += 2) {
        (void)script_sent(&t);
        script_print(&t, id, "x");
        if (strcmp(script_sent(&t), "") == 0)
            break;
    }
    assert_int_equal(id / 2, KD_SESSION_EVENTS_MAX + 1);
    assert_true(kd_session_next_event(t.s, &ev));
    script_print(&t, id, "y"); /* it is repeated, and now there is */
    assert_true(kd_session_next_output(t.s, &out));
    for (uint32_t i = 0; i < id / 2; i++)
        assert_true(kd_session_next_event(t.s, &ev));
    assert_int_equal(ev.u.text.data[0], 'y');
    assert_false(kd_session_next_event(t.s, &ev));
    script_close(&t);
}

static void acknowledgements_that_nobody_fetches_do_not_pile_up(void **state)
{
    struct script t;
    struct kd_span out;
    unsigned n = 0;

    (void)state;
    script_open(&t, &kdnet);
    kd_session_link_up(t.s, true, t.now_ms);
    script_print(&t, 0, "x");
    for (int i = 0; i < 1000; i++)
        script_print(&t, 0, "x");
    while (kd_session_next_output(t.s, &out))
        n++;
    assert_in_range(n, 2, 40);
    script_close(&t);
}

/* --- streams --- */

static void a_stream_says_nothing_until_it_is_asked_to(void **state)
{
    struct script t;

    (void)state;
    script_open(&t, &stream);
    kd_session_link_up(t.s, true, t.now_ms);
    script_pass(&t, 60000);
    assert_string_equal(script_sent(&t), "");
    assert_string_equal(script_raised(&t), "");
    script_close(&t);
}

static void a_stream_target_that_starts_anew_fails_the_request(void **state)
{
    struct script t;
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    script_open(&t, &stream);
    script_halt(&t, &break_in_stop);
    script_ask(&t, &read);
    assert_string_equal(script_sent(&t), "ReadVirtualMemory(80800000)");
    script_stop(&t, 0x80800800, &module_stop);
    assert_string_equal(script_sent(&t), "ACK(80800000)");
    assert_string_equal(script_raised(&t),
                        "REPLY(1 target restarted) RESTARTED HALTED(fffff80300001500)");
    script_ask(&t, &read); /* our own id means nothing to it: RESET first */
    assert_string_equal(script_sent(&t), "RESET(0)");
    script_control(&t, KD_PACKET_RESET, 0x0005F863);
    assert_string_equal(script_sent(&t), ""); /* what it repeats behind the exchange comes first */
    script_stop(&t, 0x80800000, &module_stop);
    assert_string_equal(script_sent(&t), "ACK(80800000) ReadVirtualMemory(80800000)");
    script_ack(&t, 0x80800000);
    script_reply(&t, 0x80800001);
    assert_string_equal(script_sent(&t), "ACK(80800001)");
    assert_string_equal(script_raised(&t), "REPLY(2 ok)");
    script_close(&t);
}

static void a_halted_stream_target_that_loads_a_module_has_started_anew(void **state)
{
    struct script t;
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    script_open(&t, &stream);
    script_halt(&t, &break_in_stop);
    script_ask(&t, &read);
    (void)script_sent(&t);
    script_stop(&t, 0x80800001, &module_stop); /* its hello was lost */
    assert_string_equal(script_sent(&t), "ACK(80800001)");
    assert_string_equal(script_raised(&t),
                        "REPLY(1 target restarted) RESTARTED HALTED(fffff80300001500)");
    script_close(&t);
}

/* --- a link that loses a tenth of everything --- */

struct run {
    struct model target;
    struct kd_session *s;
    uint64_t now_ms;
    unsigned halted, replies, resumed, left;
    uint64_t asked_va, left_ms;
};

static void take_event(struct run *r, const struct kd_event *ev)
{
    switch (ev->kind) {
    case KD_EVENT_HALTED:
        r->halted++;
        break;
    case KD_EVENT_REPLY:
        r->replies++;
        assert_int_equal(ev->u.reply.status, KD_OK);
        assert_int_equal(ev->u.reply.manipulate.data.len, 300);
        for (size_t i = 0; i < 300; i++)
            assert_int_equal(ev->u.reply.manipulate.data.data[i], script_byte(r->asked_va + i));
        break;
    case KD_EVENT_RESUMED:
        r->resumed++;
        assert_int_equal(ev->u.resumed.status, KD_OK);
        break;
    case KD_EVENT_LEFT:
        r->left++;
        r->left_ms = r->now_ms;
        assert_int_equal(ev->u.resumed.status, KD_OK);
        break;
    case KD_EVENT_LOST:
        fail_msg("lost");
        break;
    default:
        break;
    }
}

/* Deliver what is on the way, a millisecond each; then go on to the next deadline. */
static void step(struct run *r)
{
    struct kd_span bytes;
    struct kd_packet pkt;
    struct kd_event ev;
    uint64_t due, target_due;
    bool was_busy = false;

    while (kd_session_next_output(r->s, &bytes)) {
        model_hears(&r->target, bytes);
        was_busy = true;
    }
    while (model_says(&r->target, &bytes)) {
        assert_int_equal(kd_packet_decode(bytes.data, bytes.len, &pkt), KD_OK);
        kd_session_packet(r->s, &pkt, r->now_ms);
        was_busy = true;
    }
    while (kd_session_next_event(r->s, &ev))
        take_event(r, &ev);
    due = kd_session_deadline_ms(r->s);
    target_due = model_deadline_ms(&r->target);
    if (target_due < due)
        due = target_due;
    if (was_busy || due < r->now_ms + 1 || due == KD_NEVER)
        due = r->now_ms + 1;
    r->now_ms = due;
    model_tick(&r->target, r->now_ms);
    kd_session_tick(r->s, r->now_ms);
}

static void run_until(struct run *r, const unsigned *counter, unsigned value, uint64_t within_ms)
{
    uint64_t end = r->now_ms + within_ms;

    while (*counter < value) {
        assert_true(r->now_ms <= end);
        step(r);
    }
}

static void attach_read_and_leave(uint64_t seed)
{
    static struct run r;
    uint32_t token, reads;
    uint64_t leave_ms;

    memset(&r, 0, sizeof r);
    model_init(&r.target, seed);
    r.target.loss_percent = 10;
    r.target.double_percent = 5;
    r.target.print_percent = 5;
    r.target.module_percent = model_chance(&r.target, 20) ? 2 : 0;
    r.target.lacks_context_ex = model_chance(&r.target, 30);
    r.target.tx_id = model_chance(&r.target, 50) ? 0x926 : 0;
    assert_int_equal(kd_session_create(&kdnet, &r.s), KD_OK);
    kd_session_link_up(r.s, model_chance(&r.target, 50), r.now_ms);
    for (unsigned round = 1; round <= 2; round++) {
        kd_session_break_in(r.s, r.now_ms);
        run_until(&r, &r.halted, round, 20000);
        reads = model_random(&r.target, 8);
        for (uint32_t i = 0; i < reads; i++) {
            struct kd_manipulate read =
                script_read(r.asked_va = UINT64_C(0x1000) * (i + 1) + (seed & 0xFF), 300);

            if (kd_session_run_state(r.s) != KD_RUN_HALTED)
                break;
            assert_int_equal(kd_session_request(r.s, &read, r.now_ms, &token), KD_OK);
            run_until(&r, &r.replies, r.replies + 1, 30000);
        }
        if (round == 1) {
            kd_session_resume(r.s, r.now_ms);
            run_until(&r, &r.resumed, 1, 30000);
            r.halted = 1; /* strays and breakpoints in between */
        }
    }
    /* A module that loads while we linger and whose report is lost is seen by nobody: the target
     * repeats it later than a host can be made to wait. */
    r.target.module_percent = 0;
    leave_ms = r.now_ms;
    kd_session_leave(r.s, r.now_ms);
    run_until(&r, &r.left, 1, 10000);
    assert_true(r.left_ms - leave_ms <= KD_SESSION_LEAVE_MS + KD_SESSION_SLOW_MS);
    assert_int_equal(r.target.forbidden, 0);
    assert_true(r.target.is_running);
    assert_int_equal(kd_session_get_counters(r.s)->altering_requests, 0);
    kd_session_destroy(r.s);
}

static void on_a_lossy_link_every_read_is_right_and_the_target_is_left_running(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3000; seed++)
        attach_read_and_leave(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_link_begins_with_a_resend),
        cmocka_unit_test(a_link_that_stays_quiet_for_a_second_belongs_to_a_running_target),
        cmocka_unit_test(nothing_is_done_without_a_link),
        cmocka_unit_test(a_reboot_fails_the_request_and_starts_ids_anew),
        cmocka_unit_test(a_link_that_comes_back_to_the_same_boot_repeats_what_was_outstanding),
        cmocka_unit_test(a_target_that_ran_is_believed_to_run_when_the_link_comes_back),
        cmocka_unit_test(a_link_that_goes_down_fails_the_request_with_the_reason),
        cmocka_unit_test(
            a_halt_wished_for_without_a_link_is_told_when_it_comes_back_to_a_halted_target),
        cmocka_unit_test(the_time_without_a_link_is_not_counted_as_frozen),
        cmocka_unit_test(a_link_that_comes_up_twice_changes_nothing_for_a_target_that_is_resumed),
        cmocka_unit_test(what_finds_no_room_is_not_acknowledged),
        cmocka_unit_test(acknowledgements_that_nobody_fetches_do_not_pile_up),
        cmocka_unit_test(a_stream_says_nothing_until_it_is_asked_to),
        cmocka_unit_test(a_stream_target_that_starts_anew_fails_the_request),
        cmocka_unit_test(a_halted_stream_target_that_loads_a_module_has_started_anew),
        cmocka_unit_test(on_a_lossy_link_every_read_is_right_and_the_target_is_left_running),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
