/* A session that stays: listening to a target that runs, halting it again, and what may befall it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <uv.h>

#include "support/live_pair.h"

#include <transport/recorded_stops.h>

enum { BREAK_MS = 3000, LISTEN_MS = 3000 };

static uint64_t since_ms(uint64_t begin_ns)
{
    return (uv_hrtime() - begin_ns) / 1000000;
}

/* Attached, and let run. */
static void begin_with(struct live_pair *p, const struct live_pair_opts *opts)
{
    live_pair_attach(p, opts);
    if (p->attached != KD_OK)
        fail_msg("attaching: %s", p->diag.text);
    assert_int_equal(kdt_live_resume(p->live, NULL), KD_OK);
}

static void begin(struct live_pair *p)
{
    struct live_pair_opts opts = live_pair_defaults();

    begin_with(p, &opts);
}

static void break_well(struct live_pair *p)
{
    if (kdt_live_break(p->live, BREAK_MS, &p->stop) != KD_OK)
        fail_msg("breaking: %s", p->diag.text);
    assert_int_equal(kdt_live_run_state(p->live), KD_RUN_HALTED);
    assert_int_equal(p->stop.exception_code, (uint32_t)KD_STATUS_BREAKPOINT);
    assert_true(p->stop.pc_va == FAKE_STOP_PC);
}

static void read_well(struct live_pair *p)
{
    uint8_t buf[64];
    size_t done;

    assert_int_equal(kdt_live_read_virtual(p->live, FAKE_VA, buf, sizeof buf, &done), KD_OK);
    assert_int_equal(buf[7], fake_byte(7));
}

static void end_running(struct live_pair *p)
{
    struct fake_target_seen seen;

    assert_int_equal(kdt_live_leave(p->live, NULL), KD_OK);
    seen = live_pair_close(p);
    assert_true(seen.is_running);
    assert_true(seen.has_rip_changed_by_one);
    assert_int_equal(seen.other_altering, 0);
}

/* --- what is heard --- */

static void a_running_target_with_nothing_to_say_is_heard_for_the_time(void **state)
{
    struct live_pair p;
    uint64_t from;

    (void)state;
    begin(&p);
    from = uv_hrtime();
    assert_int_equal(kdt_live_listen(p.live, 200, &p.stop), KD_ERR_TIMEOUT);
    assert_true(since_ms(from) >= 190 && since_ms(from) < 1500);
    assert_int_equal(kdt_live_over(p.live), KD_OK);
    assert_int_equal(kdt_live_listen(p.live, 0, &p.stop), KD_ERR_TIMEOUT);
    assert_int_equal(kdt_live_run_state(p.live), KD_RUN_RUNNING);
    end_running(&p);
}

static void prints_are_handed_on_while_listening(void **state)
{
    struct live_pair p;

    (void)state;
    begin(&p);
    fake_target_do(p.target, FAKE_PRINTS);
    assert_int_equal(kdt_live_listen(p.live, 300, &p.stop), KD_ERR_TIMEOUT);
    assert_string_equal(p.printed, "hello\n");
    end_running(&p);
}

static void a_print_may_be_the_end_of_listening(void **state)
{
    struct live_pair p;
    uint64_t from;

    (void)state;
    begin(&p);
    p.has_enough = true;
    fake_target_do(p.target, FAKE_PRINTS);
    from = uv_hrtime();
    assert_int_equal(kdt_live_listen(p.live, LISTEN_MS, &p.stop), KD_ERR_INTERRUPTED);
    assert_true(since_ms(from) < LISTEN_MS / 2);
    p.has_enough = false;
    assert_int_equal(kdt_live_listen(p.live, 100, &p.stop), KD_ERR_TIMEOUT); /* once only */
    break_well(&p);
    end_running(&p);
}

static void enough_that_was_said_before_listening_counts(void **state)
{
    struct live_pair p;

    (void)state;
    begin(&p);
    kdt_live_stop_listening(p.live);
    assert_int_equal(kdt_live_listen(p.live, LISTEN_MS, &p.stop), KD_ERR_INTERRUPTED);
    assert_int_equal(kdt_live_listen(p.live, 0, &p.stop), KD_ERR_TIMEOUT);
    end_running(&p);
}

static void an_exception_halts_it_and_ends_listening(void **state)
{
    struct live_pair p;

    (void)state;
    begin(&p);
    fake_target_do(p.target, FAKE_FAULTS);
    assert_int_equal(kdt_live_listen(p.live, LISTEN_MS, &p.stop), KD_OK);
    assert_int_equal(p.stop.kind, KD_STATE_EXCEPTION);
    assert_int_equal(p.stop.exception_code, (uint32_t)KD_STATUS_SINGLE_STEP);
    assert_true(p.stop.exception_va == FAKE_FAULT_PC);
    assert_true(p.stop.is_first_chance);
    read_well(&p);
    assert_int_equal(kdt_live_listen(p.live, LISTEN_MS, &p.stop), KD_OK); /* it still stands */
    assert_true(p.stop.pc_va == FAKE_FAULT_PC);
    assert_int_equal(kdt_live_resume(p.live, NULL), KD_OK);
    assert_int_equal(kdt_live_listen(p.live, 100, &p.stop), KD_ERR_TIMEOUT);
    end_running(&p);
}

static void a_loaded_module_goes_on_by_itself(void **state)
{
    struct live_pair p;

    (void)state;
    begin(&p);
    fake_target_do(p.target, FAKE_LOADS);
    assert_int_equal(kdt_live_listen(p.live, 300, &p.stop), KD_ERR_TIMEOUT);
    assert_int_equal(p.modules, 1);
    assert_int_equal(kdt_live_run_state(p.live), KD_RUN_RUNNING);
    end_running(&p);
}

static bool is_the_module(void *ctx, const struct kd_state_change *load)
{
    const struct live_pair *p = ctx;

    return p->modules == 1 && load->image_base_va == FAKE_MODULE_BASE;
}

static void a_module_stays_where_the_caller_wants_it(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;

    (void)state;
    opts.live.stays_at_module = is_the_module; /* the second one */
    begin_with(&p, &opts);
    fake_target_do(p.target, FAKE_LOADS);
    assert_int_equal(kdt_live_listen(p.live, 300, &p.stop), KD_ERR_TIMEOUT);
    assert_int_equal(p.modules, 1);
    fake_target_do(p.target, FAKE_LOADS);
    assert_int_equal(kdt_live_listen(p.live, LISTEN_MS, &p.stop), KD_OK);
    assert_int_equal(p.stop.kind, KD_STATE_LOAD_SYMBOLS);
    assert_int_equal(p.stop.path.len, strlen(FAKE_MODULE));
    assert_memory_equal(p.stop.path.data, FAKE_MODULE, strlen(FAKE_MODULE));
    assert_int_equal(p.modules, 1);
    read_well(&p);
    assert_int_equal(kdt_live_resume(p.live, NULL), KD_OK);
    break_well(&p);
    end_running(&p);
}

/* --- halting it again --- */

static void it_is_halted_again_and_again(void **state)
{
    struct live_pair_opts opts[] = {live_pair_defaults(), live_pair_stream_defaults()};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct kdt_live_stats before, after;
        struct live_pair p;

        begin_with(&p, &opts[i]);
        kdt_live_get_stats(p.live, &before);
        for (int n = 0; n < 50; n++) {
            break_well(&p);
            read_well(&p);
            assert_int_equal(kdt_live_resume(p.live, NULL), KD_OK);
        }
        kdt_live_get_stats(p.live, &after);
        assert_int_equal(after.session.freezes - before.session.freezes, 50);
        assert_int_equal(after.session.resets, before.session.resets);
        assert_int_equal(after.session.resends, before.session.resends);
        assert_int_equal(after.session.altering_requests, 0);
        /* No more than what is needed: a read; two slices of the CONTEXT there and back; Continue. */
        assert_int_equal(after.session.requests - before.session.requests, 50 * 6);
        end_running(&p);
    }
}

static void a_target_that_stands_is_halted_at_once(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;

    (void)state;
    live_pair_attach(&p, &opts);
    break_well(&p);
    assert_int_equal(kdt_live_break(p.live, 0, &p.stop), KD_OK);
    read_well(&p);
    end_running(&p);
}

static void a_busy_target_is_no_lost_one(void **state)
{
    struct live_pair p;

    (void)state;
    begin(&p);
    fake_target_do(p.target, FAKE_IS_BUSY);
    uv_sleep(100);
    assert_int_equal(kdt_live_break(p.live, 200, &p.stop), KD_ERR_TIMEOUT);
    assert_non_null(strstr(p.diag.text, "did not halt"));
    assert_int_equal(kdt_live_over(p.live), KD_OK);
    assert_int_equal(kdt_live_listen(p.live, 100, &p.stop), KD_ERR_TIMEOUT);
    fake_target_do(p.target, FAKE_IS_IDLE); /* the b is still pending in it */
    assert_int_equal(kdt_live_listen(p.live, LISTEN_MS, &p.stop), KD_OK);
    assert_true(p.stop.pc_va == FAKE_STOP_PC);
    assert_int_equal(kdt_live_resume(p.live, NULL), KD_OK);
    break_well(&p);
    end_running(&p);
}

static void leaving_undoes_a_halt_that_came_too_late(void **state)
{
    struct live_pair p;

    (void)state;
    begin(&p);
    fake_target_do(p.target, FAKE_IS_BUSY);
    uv_sleep(100);
    assert_int_equal(kdt_live_break(p.live, 100, &p.stop), KD_ERR_TIMEOUT);
    fake_target_do(p.target, FAKE_IS_IDLE);
    end_running(&p);
}

static void the_time_that_it_stood_is_known(void **state)
{
    struct kdt_live_stats stats;
    struct live_pair p;
    uint64_t us;

    (void)state;
    begin(&p);
    break_well(&p);
    uv_sleep(120);
    us = kdt_live_frozen_us(p.live);
    assert_true(us >= 118000 && us < 1000000);
    assert_int_equal(kdt_live_resume(p.live, NULL), KD_OK);
    us = kdt_live_frozen_us(p.live);
    assert_true(us >= 120000 && us < 1000000);
    uv_sleep(30);
    assert_true(kdt_live_frozen_us(p.live) == us); /* that stop is over */
    break_well(&p);
    assert_true(kdt_live_frozen_us(p.live) < us);
    kdt_live_get_stats(p.live, &stats);
    assert_true(stats.frozen_us > us && stats.frozen_us < 2 * us + 1000000);
    assert_true(stats.frozen_us / 1000 + 3 > stats.session.frozen_ms);
    end_running(&p);
}

/* What a recorder wrote of it, stop by stop. */
static void a_recording_of_it_tells_the_same_stops(void **state)
{
    struct live_pair_opts opts = live_pair_stream_defaults();
    uint64_t standing_us[5];
    struct kdt_recorder_opts recorder = {0};
    struct kdt_recording_opts recording = {0};
    struct kdt_recorded_stops *stops;
    struct kd_diag diag;
    struct temp_dir dir;
    struct kdt_told told;
    struct live_pair p;

    (void)state;
    temp_dir_create(&dir);
    recorder.path = temp_dir_path(&dir, "r.pcapng");
    assert_int_equal(kdt_recorder_create(&recorder, &diag, &opts.live.recorder), KD_OK);
    begin_with(&p, &opts);
    for (int i = 0; i < 5; i++) {
        break_well(&p);
        uv_sleep(10 * (unsigned)i);
        read_well(&p);
        assert_int_equal(kdt_live_resume(p.live, NULL), KD_OK);
        standing_us[i] = kdt_live_frozen_us(p.live);
    }
    fake_target_do(p.target, FAKE_PRINTS);
    assert_int_equal(kdt_live_listen(p.live, 200, &p.stop), KD_ERR_TIMEOUT);
    end_running(&p);
    kdt_recorder_destroy(opts.live.recorder);

    recording.path = temp_dir_path(&dir, "r.pcapng");
    recording.diag = &diag;
    assert_int_equal(kdt_recorded_stops_open(&recording, &stops), KD_OK);
    assert_int_equal(kdt_recorded_stops_next(stops, &told), KD_OK);
    assert_true(told.stop.is_version_new);
    for (int i = 0; i < 5; i++) {
        uint64_t us;

        assert_int_equal(kdt_recorded_stops_next(stops, &told), KD_OK);
        assert_int_equal(told.event.kind, KD_EVENT_HALTED);
        us = (told.stop.end_ns - told.stop.begin_ns) / 1000;
        assert_in_range(us, standing_us[i] > 5000 ? standing_us[i] - 5000 : 0,
                        standing_us[i] + 5000);
        assert_int_equal(kdt_recorded_memory_bytes(told.stop.virt), 64);
        assert_true(told.stop.change.pc_va == FAKE_STOP_PC);
    }
    assert_int_equal(kdt_recorded_stops_next(stops, &told), KD_OK);
    assert_int_equal(told.event.kind, KD_EVENT_PRINT);
    assert_memory_equal(told.event.u.text.data, "hello\n", 6);
    assert_int_equal(kdt_recorded_stops_next(stops, &told), KD_ERR_NOT_FOUND);
    kdt_recorded_stops_close(stops);
    temp_dir_remove(&dir);
}

/* --- what may befall it --- */

/* The session is over for the reason, and goes on with the next stage. */
static void recovers_from(struct live_pair *p, enum kd_status reason)
{
    assert_int_equal(kdt_live_over(p->live), reason);
    assert_int_equal(kdt_live_break(p->live, BREAK_MS, &p->stop), reason); /* at once */
    if (kdt_live_next_stage(p->live, &p->version, &p->stop) != KD_OK)
        fail_msg("next stage: %s", p->diag.text);
    assert_int_equal(p->version.minor, FAKE_BUILD);
    read_well(p);
    assert_int_equal(kdt_live_resume(p->live, NULL), KD_OK);
    break_well(p);
    read_well(p);
    end_running(p);
}

static void a_restart_ends_listening_and_is_followed(void **state)
{
    struct live_pair_opts opts[] = {live_pair_defaults(), live_pair_stream_defaults()};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct live_pair p;

        begin_with(&p, &opts[i]);
        fake_target_do(p.target, FAKE_REBOOTS);
        assert_int_equal(kdt_live_listen(p.live, LISTEN_MS, &p.stop), KD_ERR_REBOOTED);
        recovers_from(&p, KD_ERR_REBOOTED);
    }
}

static void a_restart_during_a_break_is_followed(void **state)
{
    struct live_pair_opts opts[] = {live_pair_defaults(), live_pair_stream_defaults()};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct live_pair p;

        begin_with(&p, &opts[i]);
        fake_target_do(p.target, FAKE_IS_BUSY);
        uv_sleep(100);
        fake_target_do(p.target, FAKE_REBOOTS);
        fake_target_do(p.target, FAKE_IS_IDLE);
        assert_int_equal(kdt_live_break(p.live, BREAK_MS, &p.stop), KD_ERR_REBOOTED);
        recovers_from(&p, KD_ERR_REBOOTED);
    }
}

/* The target's half of the session goes back in time, and nobody is told. */
static void a_restored_snapshot_counts_as_a_restart(void **state)
{
    struct live_pair p;

    (void)state;
    begin(&p);
    fake_target_do(p.target, FAKE_IS_SAVED);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(kdt_live_listen(p.live, 100, &p.stop), KD_ERR_TIMEOUT);
        break_well(&p);
        read_well(&p);
        assert_int_equal(kdt_live_resume(p.live, NULL), KD_OK);
    }
    fake_target_do(p.target, FAKE_IS_RESTORED);
    assert_int_equal(kdt_live_listen(p.live, LISTEN_MS, &p.stop), KD_ERR_REBOOTED);
    recovers_from(&p, KD_ERR_REBOOTED);
}

/* A stream has no session that could be set back, only ids; and its boot is the same. */
static void a_snapshot_restored_behind_a_stream_is_halted_like_any_target(void **state)
{
    struct live_pair_opts opts = live_pair_stream_defaults();

    (void)state;
    for (int odd = 0; odd < 2; odd++) {
        struct live_pair p;

        begin_with(&p, &opts);
        fake_target_do(p.target, FAKE_IS_SAVED);
        for (int i = 0; i < 2 + odd; i++) {
            assert_int_equal(kdt_live_listen(p.live, 100, &p.stop), KD_ERR_TIMEOUT);
            break_well(&p);
            read_well(&p);
            assert_int_equal(kdt_live_resume(p.live, NULL), KD_OK);
        }
        fake_target_do(p.target, FAKE_IS_RESTORED);
        assert_int_equal(kdt_live_listen(p.live, 200, &p.stop), KD_ERR_TIMEOUT);
        break_well(&p);
        read_well(&p);
        end_running(&p);
    }
}

static void a_cut_ends_listening_and_the_connection_is_made_anew(void **state)
{
    struct live_pair_opts opts = live_pair_stream_defaults();
    struct live_pair p;

    (void)state;
    opts.stream = ",reconnect";
    begin_with(&p, &opts);
    fake_target_do(p.target, FAKE_CUTS);
    assert_int_equal(kdt_live_listen(p.live, LISTEN_MS, &p.stop), KD_ERR_LOST);
    assert_non_null(strstr(p.diag.text, "cut"));
    recovers_from(&p, KD_ERR_LOST);
}

static void a_cut_between_two_calls_is_told_by_the_next(void **state)
{
    struct live_pair_opts opts = live_pair_stream_defaults();
    struct live_pair p;

    (void)state;
    opts.stream = ",reconnect";
    begin_with(&p, &opts);
    fake_target_do(p.target, FAKE_CUTS);
    uv_sleep(150);
    assert_int_equal(kdt_live_break(p.live, LISTEN_MS, &p.stop), KD_ERR_LOST);
    recovers_from(&p, KD_ERR_LOST);
}

/* As long as a pulled cable takes to show. */
static void silence_of_ten_seconds_is_the_end_and_waking_a_new_beginning(void **state)
{
    struct live_pair_opts opts = live_pair_stream_defaults();
    struct live_pair p, mute;
    uint64_t from = uv_hrtime();

    (void)state;
    begin(&p);
    begin_with(&mute, &opts);
    fake_target_do(p.target, FAKE_SLEEPS);
    fake_target_do(mute.target, FAKE_SLEEPS);
    assert_int_equal(kdt_live_listen(p.live, 20000, &p.stop), KD_ERR_LOST);
    assert_true(since_ms(from) >= 9000 && since_ms(from) < 15000);
    assert_int_equal(kdt_live_listen(mute.live, 100, &mute.stop), KD_ERR_TIMEOUT);
    fake_target_do(p.target, FAKE_WAKES);
    fake_target_do(mute.target, FAKE_WAKES);
    recovers_from(&p, KD_ERR_LOST);
    uv_sleep(100);
    break_well(&mute); /* a stream owes nothing: it is there */
    end_running(&mute);
}

static void what_is_final_stays_so(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;

    (void)state;
    opts.live.deadline_ms = 2500;
    begin_with(&p, &opts);
    assert_int_equal(kdt_live_listen(p.live, 10000, &p.stop), KD_ERR_TIMEOUT);
    assert_int_equal(kdt_live_over(p.live), KD_ERR_TIMEOUT); /* the session's own deadline */
    kdt_live_cancel(p.live);
    assert_int_equal(kdt_live_break(p.live, 1000, &p.stop), KD_ERR_TIMEOUT);
    end_running(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_running_target_with_nothing_to_say_is_heard_for_the_time),
        cmocka_unit_test(prints_are_handed_on_while_listening),
        cmocka_unit_test(a_print_may_be_the_end_of_listening),
        cmocka_unit_test(enough_that_was_said_before_listening_counts),
        cmocka_unit_test(an_exception_halts_it_and_ends_listening),
        cmocka_unit_test(a_loaded_module_goes_on_by_itself),
        cmocka_unit_test(a_module_stays_where_the_caller_wants_it),
        cmocka_unit_test(it_is_halted_again_and_again),
        cmocka_unit_test(a_target_that_stands_is_halted_at_once),
        cmocka_unit_test(a_busy_target_is_no_lost_one),
        cmocka_unit_test(leaving_undoes_a_halt_that_came_too_late),
        cmocka_unit_test(the_time_that_it_stood_is_known),
        cmocka_unit_test(a_recording_of_it_tells_the_same_stops),
        cmocka_unit_test(a_restart_ends_listening_and_is_followed),
        cmocka_unit_test(a_restart_during_a_break_is_followed),
        cmocka_unit_test(a_restored_snapshot_counts_as_a_restart),
        cmocka_unit_test(a_snapshot_restored_behind_a_stream_is_halted_like_any_target),
        cmocka_unit_test(a_cut_ends_listening_and_the_connection_is_made_anew),
        cmocka_unit_test(a_cut_between_two_calls_is_told_by_the_next),
        cmocka_unit_test(silence_of_ten_seconds_is_the_end_and_waking_a_new_beginning),
        cmocka_unit_test(what_is_final_stays_so),
    };

    signal(SIGPIPE, SIG_IGN); /* as every program with a session does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
