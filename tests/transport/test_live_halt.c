#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "support/live_pair.h"

static void check_kernel(const struct live_pair *p)
{
    if (p->attached != KD_OK)
        fail_msg("attaching: %s: %s", kd_status_text(p->attached), p->diag.text);
    assert_int_equal(p->version.major, 0x000F);
    assert_int_equal(p->version.minor, FAKE_BUILD);
    assert_int_equal(p->version.machine, 0x8664);
    assert_true(p->version.kernel_base_va == FAKE_KERNEL_BASE);
    assert_true(p->version.module_list_va == FAKE_VA);
    assert_true(p->version.debugger_data_list_va == FAKE_VA + 0x100);
    assert_int_equal(p->stop.kind, KD_STATE_EXCEPTION);
    assert_int_equal(p->stop.exception_code, (uint32_t)KD_STATUS_BREAKPOINT);
    assert_true(p->stop.pc_va == FAKE_STOP_PC);
    assert_int_equal(p->stop.processor_count, 2);
    assert_int_equal(kdt_live_run_state(p->live), KD_RUN_HALTED);
}

/* It runs, past the int3 that it stood at, and nothing else of it was changed. */
static void check_let_go(const struct fake_target_seen *seen)
{
    assert_true(seen->is_running);
    assert_true(seen->contexts_set >= 1);
    assert_true(seen->has_rip_changed_by_one);
    assert_int_equal(seen->other_altering, 0);
}

static void a_running_target_is_halted_and_let_go(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct fake_target_seen seen;
    struct live_pair p;
    bool is_presumed = true;

    (void)state;
    live_pair_attach(&p, &opts);
    check_kernel(&p);
    assert_int_equal(kdt_live_leave(p.live, &is_presumed), KD_OK);
    assert_false(is_presumed);
    seen = live_pair_close(&p);
    assert_int_equal(seen.handshakes, 1);
    check_let_go(&seen);
}

static void progress_tells_the_story_in_order(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;

    (void)state;
    live_pair_attach(&p, &opts);
    check_kernel(&p);
    assert_true(p.progress[KDT_PROGRESS_LISTENING] >= 1);
    assert_int_equal(p.progress[KDT_PROGRESS_POKED], 1);
    assert_int_equal(p.progress[KDT_PROGRESS_LINKED], 1);
    assert_int_equal(p.progress[KDT_PROGRESS_HALTED], 1);
    assert_int_equal(p.progress[KDT_PROGRESS_LEFT], 0);
    kdt_live_leave(p.live, NULL);
    assert_int_equal(p.progress[KDT_PROGRESS_RESUMING], 1);
    assert_int_equal(p.progress[KDT_PROGRESS_LEFT], 1);
    live_pair_close(&p);
}

static void every_known_version_of_kdnet_is_spoken(void **state)
{
    static const uint8_t versions[] = {2, 4, 5};

    (void)state;
    for (size_t i = 0; i < sizeof versions; i++) {
        struct live_pair_opts opts = live_pair_defaults();
        struct live_pair p;

        opts.target.version = versions[i];
        live_pair_attach(&p, &opts);
        check_kernel(&p);
        assert_true(live_pair_close(&p).is_running);
    }
}

static void a_target_that_stands_already_is_found_standing(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct fake_target_seen seen;
    struct live_pair p;

    (void)state;
    opts.target.is_halted = true;
    live_pair_attach(&p, &opts);
    check_kernel(&p);
    assert_int_equal(kdt_live_leave(p.live, NULL), KD_OK);
    seen = live_pair_close(&p);
    assert_int_equal(seen.break_ins, 0);
    check_let_go(&seen);
}

static void what_is_lost_on_the_way_is_made_up_for(void **state)
{
    (void)state;
    for (unsigned lost = 1; lost <= 4; lost++) {
        struct live_pair_opts opts = live_pair_defaults();
        struct fake_target_seen seen;
        struct live_pair p;

        opts.target.drop_first = lost;
        live_pair_attach(&p, &opts);
        check_kernel(&p);
        assert_int_equal(kdt_live_leave(p.live, NULL), KD_OK);
        seen = live_pair_close(&p);
        assert_int_equal(seen.datagrams_dropped, lost);
        check_let_go(&seen);
    }
}

static void what_the_target_prints_is_handed_on(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;

    (void)state;
    opts.target.prints = true;
    live_pair_attach(&p, &opts);
    check_kernel(&p);
    assert_string_equal(p.printed, "hello\n");
    assert_true(live_pair_close(&p).is_running);
}

static void a_boot_debugger_is_followed_to_the_kernel(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct fake_target_seen seen;
    struct live_pair p;

    (void)state;
    opts.target.is_boot_debugger = true;
    live_pair_attach(&p, &opts);
    assert_int_equal(p.attached, KD_OK);
    assert_int_equal(p.version.major, 0x040F);
    p.attached = kdt_live_next_stage(p.live, &p.version, &p.stop);
    check_kernel(&p);
    assert_true(p.progress[KDT_PROGRESS_BOOT_STAGE] >= 1);
    assert_int_equal(kdt_live_leave(p.live, NULL), KD_OK);
    seen = live_pair_close(&p);
    assert_int_equal(seen.handshakes, 2);
    check_let_go(&seen);
}

static void a_target_that_was_resumed_can_be_halted_again(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct fake_target_seen seen;
    struct live_pair p;
    bool is_presumed = true;

    (void)state;
    live_pair_attach(&p, &opts);
    check_kernel(&p);
    assert_int_equal(kdt_live_resume(p.live, &is_presumed), KD_OK);
    assert_false(is_presumed);
    assert_int_equal(kdt_live_run_state(p.live), KD_RUN_RUNNING);
    assert_int_equal(kdt_live_resume(p.live, NULL), KD_ERR_INTERRUPTED);
    p.attached = kdt_live_attach(p.live, &p.version, &p.stop);
    check_kernel(&p);
    assert_int_equal(kdt_live_leave(p.live, NULL), KD_OK);
    seen = live_pair_close(&p);
    assert_int_equal(seen.break_ins, 2);
    check_let_go(&seen);
}

/* --- when time is up --- */

static void check_timeout(struct live_pair_opts *opts, const char *mentioned)
{
    struct live_pair p;
    uint64_t begin = uv_hrtime();

    opts->live.attach_timeout_ms = 1500;
    live_pair_attach(&p, opts);
    if (p.attached != KD_ERR_TIMEOUT || !strstr(p.diag.text, mentioned))
        fail_msg("%s: \"%s\"", kd_status_text(p.attached), p.diag.text);
    assert_true(p.progress[KDT_PROGRESS_LISTENING] + p.progress[KDT_PROGRESS_BREAKING] >= 2);
    assert_true((uv_hrtime() - begin) / 1000000 < 3000);
    live_pair_close(&p);
    assert_true((uv_hrtime() - begin) / 1000000 < 6000);
}

static void no_target_at_all_leads_to_advice(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();

    (void)state;
    opts.is_alone = true;
    check_timeout(&opts, "no target called");
}

static void a_target_that_does_not_hear_us_leads_to_advice(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();

    (void)state;
    opts.target.is_deaf = true;
    check_timeout(&opts, "(KDNET version 5) and was answered");
}

static void a_target_that_never_halts_is_said_to_be_linked(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();

    (void)state;
    opts.target.never_halts = true;
    check_timeout(&opts, "linked, but did not halt");
}

static void a_target_that_halts_and_says_no_more_is_told_when_time_is_up(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();

    (void)state;
    opts.target.answers_nothing = true;
    check_timeout(&opts, "halted, but did not answer");
}

static void a_wrong_key_is_told_when_a_right_one_had_time_to_call(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;
    uint64_t begin = uv_hrtime();

    (void)state;
    opts.target.key = "1.2.3.5";
    opts.live.attach_timeout_ms = 30000;
    live_pair_attach(&p, &opts);
    assert_int_equal(p.attached, KD_ERR_AUTH);
    assert_non_null(strstr(p.diag.text, "do not verify with this key"));
    assert_null(strstr(p.diag.text, "1.2.3"));
    assert_true((uv_hrtime() - begin) / 1000000 > 9000);
    assert_true((uv_hrtime() - begin) / 1000000 < 13000);
    assert_int_equal(live_pair_close(&p).handshakes, 0);
}

static void forged_calls_do_not_keep_a_target_with_the_key_away(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct fake_target_opts honest = opts.target;
    struct fake_target *target;
    struct live_pair p;

    (void)state;
    opts.target.key = "1.2.3.5"; /* the forger, heard first and more often */
    live_pair_open(&p, &opts);
    uv_sleep(500); /* ten of its calls wait in the socket */
    honest.host_port = p.port;
    target = fake_target_start(&honest);
    assert_non_null(target);
    assert_int_equal(kdt_live_attach(p.live, &p.version, &p.stop), KD_OK);
    kdt_live_leave(p.live, NULL);
    assert_true(fake_target_stop(target).is_running);
    live_pair_close(&p);
}

static void a_wrong_key_is_told_also_after_a_single_call(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;

    (void)state;
    opts.target.key = "1.2.3.5";
    opts.target.poke_ms = 60000;
    opts.live.attach_timeout_ms = 500;
    live_pair_open(&p, &opts);
    assert_int_equal(kdt_live_attach(p.live, &p.version, &p.stop), KD_ERR_AUTH);
    kdt_live_close(p.live);
    fake_target_stop(p.target);
}

static void datagrams_of_something_else_lead_to_advice(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct live_pair p;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    (void)state;
    opts.is_alone = true;
    opts.live.attach_timeout_ms = 500;
    live_pair_open(&p, &opts);
    to.sin_port = htons(p.port);
    for (int i = 0; i < 5; i++)
        sendto(fd, "not what it should be", 21, 0, (struct sockaddr *)&to, sizeof to);
    assert_int_equal(kdt_live_attach(p.live, &p.version, &p.stop), KD_ERR_TIMEOUT);
    assert_non_null(strstr(p.diag.text, "5 datagrams arrived"));
    close(fd);
    live_pair_close(&p);
}

/* --- targets that do not leave us alone --- */

static uint64_t ms_since(uint64_t begin)
{
    return (uv_hrtime() - begin) / 1000000;
}

static void a_target_that_prints_without_end_is_halted_and_left_in_time(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct fake_target_seen seen;
    struct live_pair p;
    uint64_t begin;

    (void)state;
    opts.target.prints_on = true;
    live_pair_attach(&p, &opts);
    check_kernel(&p);
    begin = uv_hrtime();
    assert_int_equal(kdt_live_leave(p.live, NULL), KD_OK);
    assert_true(ms_since(begin) < 2500);
    seen = live_pair_close(&p);
    check_let_go(&seen);
}

static void a_target_that_prints_without_end_and_never_halts_ends_with_the_timeout(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();

    (void)state;
    opts.target.prints_on = true;
    opts.target.never_halts = true;
    check_timeout(&opts, "linked, but did not halt");
}

static void a_target_that_halts_without_end_is_left_in_time(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct fake_target_seen seen;
    struct live_pair p;
    uint64_t begin;

    (void)state;
    opts.target.halts_on = true;
    live_pair_attach(&p, &opts);
    check_kernel(&p);
    begin = uv_hrtime();
    kdt_live_leave(p.live, NULL);
    assert_true(ms_since(begin) < 2500);
    seen = live_pair_close(&p);
    assert_true(seen.continues > 10); /* to the end of the time there was */
    assert_int_equal(seen.other_altering, 0);
}

static void resuming_a_target_that_halts_at_once_is_a_resume_and_a_halt(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;

    (void)state;
    opts.target.halts_on = true;
    live_pair_attach(&p, &opts);
    check_kernel(&p);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(kdt_live_resume(p.live, NULL), KD_OK);
        assert_int_equal(kdt_live_attach(p.live, &p.version, &p.stop), KD_OK);
    }
    assert_int_equal(p.stop.exception_code, (uint32_t)KD_STATUS_SINGLE_STEP);
    live_pair_close(&p);
}

/* --- leaving what does not answer --- */

static void leaving_a_dead_target_takes_no_longer_than_promised(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;
    uint64_t begin;
    bool is_presumed = false;

    (void)state;
    opts.target.silent_after = 1; /* the version, and no more */
    live_pair_attach(&p, &opts);
    check_kernel(&p);
    begin = uv_hrtime();
    if (kdt_live_leave(p.live, &is_presumed) == KD_OK)
        assert_true(is_presumed);
    assert_true((uv_hrtime() - begin) / 1000000 < 3000);
    live_pair_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_running_target_is_halted_and_let_go),
        cmocka_unit_test(progress_tells_the_story_in_order),
        cmocka_unit_test(every_known_version_of_kdnet_is_spoken),
        cmocka_unit_test(a_target_that_stands_already_is_found_standing),
        cmocka_unit_test(what_is_lost_on_the_way_is_made_up_for),
        cmocka_unit_test(what_the_target_prints_is_handed_on),
        cmocka_unit_test(a_boot_debugger_is_followed_to_the_kernel),
        cmocka_unit_test(a_target_that_was_resumed_can_be_halted_again),
        cmocka_unit_test(no_target_at_all_leads_to_advice),
        cmocka_unit_test(a_target_that_does_not_hear_us_leads_to_advice),
        cmocka_unit_test(a_target_that_never_halts_is_said_to_be_linked),
        cmocka_unit_test(a_target_that_halts_and_says_no_more_is_told_when_time_is_up),
        cmocka_unit_test(a_wrong_key_is_told_when_a_right_one_had_time_to_call),
        cmocka_unit_test(forged_calls_do_not_keep_a_target_with_the_key_away),
        cmocka_unit_test(a_wrong_key_is_told_also_after_a_single_call),
        cmocka_unit_test(datagrams_of_something_else_lead_to_advice),
        cmocka_unit_test(a_target_that_prints_without_end_is_halted_and_left_in_time),
        cmocka_unit_test(a_target_that_prints_without_end_and_never_halts_ends_with_the_timeout),
        cmocka_unit_test(a_target_that_halts_without_end_is_left_in_time),
        cmocka_unit_test(resuming_a_target_that_halts_at_once_is_a_resume_and_a_halt),
        cmocka_unit_test(leaving_a_dead_target_takes_no_longer_than_promised),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
