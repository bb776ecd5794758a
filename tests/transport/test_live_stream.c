#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/resource.h>
#include <uv.h>

#include "support/live_pair.h"
#include "support/tape.h"

static uint8_t buffer[FAKE_LEN];

static uint64_t ms_since(uint64_t begin)
{
    return (uv_hrtime() - begin) / 1000000;
}

/* For what does not depend on how it came to stand, which takes a second. */
static struct live_pair_opts standing(void)
{
    struct live_pair_opts opts = live_pair_stream_defaults();

    opts.target.is_halted = true;
    return opts;
}

static void attach(struct live_pair *p, const struct live_pair_opts *opts)
{
    live_pair_attach(p, opts);
    if (p->attached != KD_OK)
        fail_msg("attaching: %s: %s", kd_status_text(p->attached), p->diag.text);
    assert_int_equal(p->version.minor, FAKE_BUILD);
}

static void check_bytes(uint64_t offset, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (buffer[i] != fake_byte(offset + i))
            fail_msg("byte %zu of what was read at 0x%x is wrong", i, (unsigned)offset);
}

/* It runs, past the int3 that it stood at, and nothing else of it was changed. */
static void check_let_go(struct live_pair *p)
{
    struct fake_target_seen seen;

    if (kdt_live_leave(p->live, NULL) != KD_OK)
        fail_msg("leaving: %s", p->diag.text);
    seen = live_pair_close(p);
    assert_true(seen.is_running);
    assert_true(seen.contexts_set >= 1);
    assert_true(seen.has_rip_changed_by_one);
    assert_int_equal(seen.other_altering, 0);
}

static unsigned reads_so_far(const struct live_pair *p)
{
    struct kdt_live_stats stats;

    kdt_live_get_stats(p->live, &stats);
    return (unsigned)stats.session.requests_by_api[KD_API_READ_VIRTUAL - KD_API_FIRST];
}

static void read_all(struct live_pair *p, uint64_t offset, size_t len)
{
    size_t done;

    if (kdt_live_read_virtual(p->live, FAKE_VA + offset, buffer, len, &done) != KD_OK)
        fail_msg("after %zu bytes: %s", done, p->diag.text);
    assert_int_equal(done, len);
    check_bytes(offset, len);
}

static void a_running_target_is_halted_read_and_let_go(void **state)
{
    struct live_pair_opts opts = live_pair_stream_defaults();
    struct live_pair p;

    (void)state;
    attach(&p, &opts);
    assert_int_equal(kdt_live_run_state(p.live), KD_RUN_HALTED);
    assert_int_equal(p.progress[KDT_PROGRESS_LINKED], 1);
    assert_int_equal(p.progress[KDT_PROGRESS_HALTED], 1);
    read_all(&p, 0x123, 10000);
    check_let_go(&p);
}

static void a_target_that_stands_already_is_found_standing(void **state)
{
    struct live_pair_opts opts = live_pair_stream_defaults();
    struct live_pair p;

    (void)state;
    opts.target.is_halted = true;
    attach(&p, &opts);
    read_all(&p, 0, 100);
    check_let_go(&p);
}

static void bytes_one_by_one_and_noise_between_packets_do_no_harm(void **state)
{
    struct live_pair_opts opts = standing();
    struct live_pair p;

    (void)state;
    opts.target.is_split = true;
    opts.target.is_noisy = true;
    attach(&p, &opts);
    read_all(&p, 0x6000, 20000);
    check_let_go(&p);
}

static void what_the_target_prints_is_handed_on(void **state)
{
    struct live_pair_opts opts = live_pair_stream_defaults();
    struct live_pair p;

    (void)state;
    opts.target.prints = true;
    attach(&p, &opts);
    assert_string_equal(p.printed, "hello\n");
    check_let_go(&p);
}

/* --- reads --- */

static void a_read_takes_what_one_reply_carries_across_pages(void **state)
{
    static const struct {
        unsigned offset, len, requests;
    } cases[] = {
        {0, 1, 1},     {0, 3944, 1},          {0, 3945, 2},       {0x800, 0x1000, 2},
        {0xFFF, 2, 1}, {0x6000, 0x10000, 17}, {0x7F8, 0x1000, 2}, {0, 0, 0},
    };
    struct live_pair_opts opts = standing();
    struct live_pair p;

    (void)state;
    attach(&p, &opts);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned before = reads_so_far(&p);

        read_all(&p, cases[i].offset, cases[i].len);
        assert_int_equal(reads_so_far(&p) - before, cases[i].requests);
    }
    check_let_go(&p);
}

/* Returns how many requests that took. */
static unsigned read_into_the_hole(struct live_pair *p, unsigned before_hole)
{
    unsigned before = reads_so_far(p);
    uint64_t at = FAKE_HOLE - before_hole;
    size_t done;

    memset(buffer, 0xEE, sizeof buffer);
    assert_int_equal(
        kdt_live_read_virtual(p->live, FAKE_VA + at, buffer, before_hole + 9000, &done),
        KD_ERR_NOT_MAPPED);
    assert_int_equal(done, before_hole);
    check_bytes(at, before_hole);
    assert_int_equal(buffer[before_hole], 0xEE);
    assert_string_equal(p->diag.text, "not mapped at 0xfffff80012345000");
    return reads_so_far(p) - before;
}

static void a_hole_in_the_middle_of_a_piece_is_found_where_it_begins(void **state)
{
    struct live_pair_opts opts = standing();
    struct kdt_live_stats stats;
    struct live_pair p;

    (void)state;
    attach(&p, &opts);
    read_all(&p, 0, 3944);                             /* so large a piece is possible */
    assert_int_equal(read_into_the_hole(&p, 1500), 2); /* what came, then the hole */
    assert_int_equal(read_into_the_hole(&p, 0), 1);
    kdt_live_get_stats(p.live, &stats);
    assert_int_equal(stats.session.bytes_read, 3944 + 1500); /* nothing was asked for twice */
    check_let_go(&p);
}

static void a_target_that_says_nothing_of_what_it_could_read_is_asked_up_to_the_page(void **state)
{
    struct live_pair_opts opts = standing();
    struct kdt_live_stats stats;
    struct live_pair p;

    (void)state;
    opts.target.is_all_or_nothing = true;
    attach(&p, &opts);
    read_all(&p, 0, 3944);
    assert_int_equal(read_into_the_hole(&p, 1500), 3); /* nothing; up to the page; the hole */
    assert_int_equal(read_into_the_hole(&p, 0), 1);
    kdt_live_get_stats(p.live, &stats);
    assert_int_equal(stats.session.bytes_read, 3944 + 1500);
    check_let_go(&p);
}

static void a_target_that_refuses_large_reads_is_asked_for_less(void **state)
{
    struct live_pair_opts opts = standing();
    struct live_pair p;

    (void)state;
    opts.target.refuses_over = 1024;
    attach(&p, &opts);
    read_all(&p, 0x6000, 4096);
    check_let_go(&p);
}

/* Asking for a packet again and again is how KDNET targets refuse what is too large [doc]. */
static void a_target_that_asks_again_and_again_is_asked_for_half(void **state)
{
    struct live_pair_opts opts = standing();
    struct live_pair p;

    (void)state;
    opts.target.resends_over = 1024;
    attach(&p, &opts);
    read_all(&p, 0x6000, 4096);
    assert_int_equal(reads_so_far(&p), 2 + 5); /* 3944, 1972, then 986 each */
    check_let_go(&p);
}

static void a_target_with_a_smaller_buffer_is_asked_for_no_more_than_it_gives(void **state)
{
    struct live_pair_opts opts = standing();
    struct live_pair p;

    (void)state;
    opts.target.clamp = 2000;
    attach(&p, &opts);
    read_all(&p, 0x6000, 20000);
    assert_int_equal(reads_so_far(&p), 10);
    check_let_go(&p);
}

static void physical_memory_and_control_space_are_read_alike(void **state)
{
    struct live_pair_opts opts = standing();
    struct live_pair p;
    size_t got;

    (void)state;
    attach(&p, &opts);
    assert_int_equal(kdt_live_read_physical(p.live, FAKE_PA + 0x123, buffer, 9000, &got), KD_OK);
    check_bytes(0x123, 9000);
    assert_int_equal(kdt_live_read_control(p.live, 1, 2, buffer, 224, &got), KD_OK);
    assert_int_equal(got, 224);
    assert_int_equal(buffer[0x11] | buffer[0x12] << 8, FAKE_CR3 >> 8);
    check_let_go(&p);
}

/* --- reboots --- */

static void a_restart_in_the_middle_is_told_and_the_new_boot_can_be_attached_to(void **state)
{
    struct live_pair_opts opts = live_pair_stream_defaults();
    struct live_pair p;
    size_t done;

    (void)state;
    opts.target.reboot_after = 3;
    attach(&p, &opts);
    assert_int_equal(kdt_live_read_virtual(p.live, FAKE_VA, buffer, 20000, &done), KD_ERR_REBOOTED);
    assert_int_equal(done, 2 * 3944);
    assert_string_equal(p.diag.text, "the target restarted");
    assert_int_equal(kdt_live_read_virtual(p.live, FAKE_VA, buffer, 4096, &done), KD_ERR_REBOOTED);
    if (kdt_live_next_stage(p.live, &p.version, &p.stop) != KD_OK)
        fail_msg("%s", p.diag.text);
    read_all(&p, 0, 10000);
    check_let_go(&p);
}

static void a_boot_debugger_is_followed_to_the_kernel(void **state)
{
    struct live_pair_opts opts = live_pair_stream_defaults();
    struct live_pair p;

    (void)state;
    opts.target.is_boot_debugger = true;
    attach(&p, &opts);
    assert_int_equal(p.version.major, 0x040F);
    if (kdt_live_next_stage(p.live, &p.version, &p.stop) != KD_OK)
        fail_msg("%s", p.diag.text);
    assert_int_equal(p.version.major, 0x000F);
    assert_true(p.progress[KDT_PROGRESS_BOOT_STAGE] >= 1);
    read_all(&p, 0, 100);
    check_let_go(&p);
}

/* --- connections that end --- */

static void a_connection_that_ends_is_the_end_of_the_session(void **state)
{
    struct live_pair_opts opts = standing();
    struct live_pair p;
    uint64_t begin;
    size_t done;

    (void)state;
    opts.target.cut_after = 3;
    attach(&p, &opts);
    assert_int_equal(kdt_live_read_virtual(p.live, FAKE_VA, buffer, 20000, &done), KD_ERR_IO);
    assert_int_equal(done, 2 * 3944);
    assert_non_null(strstr(p.diag.text, "kd.sock closed the connection"));
    assert_int_equal(kdt_live_read_virtual(p.live, FAKE_VA, buffer, 10, &done), KD_ERR_IO);
    begin = uv_hrtime();
    assert_int_equal(kdt_live_next_stage(p.live, &p.version, &p.stop), KD_ERR_IO); /* in vain */
    assert_int_equal(kdt_live_leave(p.live, NULL), KD_ERR_LOST);
    assert_non_null(strstr(p.diag.text, "may be halted"));
    assert_true(ms_since(begin) < 500);
    live_pair_close(&p);
}

static void a_connection_that_ends_is_made_anew_where_that_is_wished(void **state)
{
    struct live_pair_opts opts = standing();
    struct kdt_live_stats stats;
    struct fake_target_seen seen;
    struct live_pair p;

    (void)state;
    opts.stream = ",reconnect";
    opts.target.cut_after = 3;
    attach(&p, &opts);
    read_all(&p, 0x6000, 20000);
    kdt_live_get_stats(p.live, &stats);
    assert_int_equal(stats.session.bytes_read, 20000); /* the one that was lost came once */
    assert_int_equal(kdt_live_leave(p.live, NULL), KD_OK);
    seen = live_pair_close(&p);
    assert_int_equal(seen.connections, 2);
    assert_true(seen.is_running);
}

static void a_target_is_let_go_over_a_connection_made_anew_for_it(void **state)
{
    struct live_pair_opts opts = standing();
    struct fake_target_seen seen;
    struct live_pair p;
    uint64_t begin = 0;

    (void)state;
    opts.stream = ",reconnect";
    opts.target.cut_after = 1; /* the version, and then the first request of leaving */
    attach(&p, &opts);
    begin = uv_hrtime();
    if (kdt_live_leave(p.live, NULL) != KD_OK)
        fail_msg("%s", p.diag.text);
    assert_true(ms_since(begin) < 5000);
    seen = live_pair_close(&p);
    assert_int_equal(seen.cuts, 2); /* and the one by us */
    assert_true(seen.is_running);
}

static void a_connection_that_does_not_come_back_is_the_truth_at_the_end(void **state)
{
    struct live_pair_opts opts = standing();
    struct live_pair p;
    uint64_t begin;
    size_t done;

    (void)state;
    opts.stream = ",reconnect";
    opts.live.attach_timeout_ms = 2000;
    attach(&p, &opts);
    fake_target_stop(p.target);
    p.target = NULL;
    begin = uv_hrtime();
    assert_int_equal(kdt_live_read_virtual(p.live, FAKE_VA, buffer, 10, &done), KD_ERR_LOST);
    assert_non_null(strstr(p.diag.text, "there is no "));
    assert_true(ms_since(begin) >= 1900 && ms_since(begin) < 3500);
    assert_true(p.progress[KDT_PROGRESS_CONNECTING] >= 1);
    begin = uv_hrtime();
    assert_int_equal(kdt_live_leave(p.live, NULL), KD_ERR_LOST);
    assert_non_null(strstr(p.diag.text, "may be halted"));
    assert_true(ms_since(begin) < 3000);
    live_pair_close(&p);
}

/* --- connections that begin --- */

static void nobody_to_connect_to_is_told_at_once_with_advice(void **state)
{
    struct live_pair_opts opts = live_pair_stream_defaults();
    struct live_pair p;
    uint64_t begin = uv_hrtime();

    (void)state;
    opts.is_alone = true;
    live_pair_attach(&p, &opts);
    assert_int_equal(p.attached, KD_ERR_NOT_FOUND);
    assert_non_null(strstr(p.diag.text, "there is no "));
    assert_non_null(strstr(p.diag.text, "-chardev"));
    assert_int_equal(kdt_live_leave(p.live, NULL), KD_OK);
    live_pair_close(&p);
    assert_true(ms_since(begin) < 500);
}

static void nobody_to_connect_to_is_waited_for_where_that_is_wished(void **state)
{
    struct live_pair_opts opts = live_pair_stream_defaults();
    struct live_pair p;

    (void)state;
    opts.is_alone = true;
    opts.stream = ",reconnect";
    opts.live.attach_timeout_ms = 700;
    live_pair_attach(&p, &opts);
    assert_int_equal(p.attached, KD_ERR_TIMEOUT);
    assert_non_null(strstr(p.diag.text, "no connection within 0.7 s"));
    assert_non_null(strstr(p.diag.text, "there is no "));
    assert_true(p.progress[KDT_PROGRESS_CONNECTING] >= 1);
    assert_int_equal(kdt_live_leave(p.live, NULL), KD_OK);
    live_pair_close(&p);
}

struct late {
    struct fake_target_opts opts;
    struct fake_target *target;
};

static void start_later(void *arg)
{
    struct late *late = arg;

    uv_sleep(400);
    late->target = fake_target_start(&late->opts);
}

static void a_target_that_comes_later_is_found(void **state)
{
    struct live_pair_opts opts = live_pair_stream_defaults();
    struct late late = {.target = NULL};
    struct live_pair p;
    uv_thread_t thread;

    (void)state;
    opts.is_alone = true;
    opts.stream = ",reconnect";
    live_pair_open(&p, &opts);
    late.opts.path = temp_dir_path(&p.dir, "kd.sock");
    assert_int_equal(uv_thread_create(&thread, start_later, &late), 0);
    assert_int_equal(kdt_live_attach(p.live, &p.version, &p.stop), KD_OK);
    uv_thread_join(&thread);
    p.target = late.target;
    check_let_go(&p);
}

static void a_host_that_listens_is_connected_to(void **state)
{
    struct live_pair_opts opts = live_pair_stream_defaults();
    struct fake_target_seen seen;
    struct live_pair p;

    (void)state;
    opts.stream = ",server,reconnect";
    opts.target.connects = true;
    opts.target.cut_after = 2;
    attach(&p, &opts);
    read_all(&p, 0, 10000);
    assert_int_equal(kdt_live_leave(p.live, NULL), KD_OK);
    seen = live_pair_close(&p);
    assert_true(seen.is_running);
    assert_true(seen.connections >= 2);
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
    assert_true(p.progress[KDT_PROGRESS_BREAKING] >= 1);
    live_pair_close(&p);
    assert_true(ms_since(begin) < 1500 + 2 * 3000);
}

static void silence_leads_to_advice(void **state)
{
    struct live_pair_opts opts = live_pair_stream_defaults();

    (void)state;
    opts.target.never_halts = true;
    check_timeout(&opts, "nothing arrived from");
}

static void a_target_that_speaks_but_does_not_halt_is_said_to_be_there(void **state)
{
    struct live_pair_opts opts = live_pair_stream_defaults();

    (void)state;
    opts.target.never_halts = true;
    opts.target.prints_on = true;
    check_timeout(&opts, "a target speaks on");
}

/* --- stopping --- */

static void cancel_soon(void *arg)
{
    uv_sleep(100);
    kdt_live_cancel(arg);
}

static void a_read_is_cancelled_in_its_middle_and_the_target_runs_on(void **state)
{
    struct live_pair_opts opts = standing();
    struct live_pair p;
    enum kd_status st = KD_OK;
    uv_thread_t thread;
    uint64_t begin = uv_hrtime();
    size_t done = 0;

    (void)state;
    attach(&p, &opts);
    assert_int_equal(uv_thread_create(&thread, cancel_soon, p.live), 0);
    while (st == KD_OK && ms_since(begin) < 5000)
        st = kdt_live_read_virtual(p.live, FAKE_VA + 0x6000, buffer, 0x20000, &done);
    uv_thread_join(&thread);
    assert_int_equal(st, KD_ERR_CANCELLED);
    check_bytes(0x6000, done);
    begin = uv_hrtime();
    check_let_go(&p);
    assert_true(ms_since(begin) < 2500);
}

static void waiting_for_a_connection_is_cancelled(void **state)
{
    struct live_pair_opts opts = live_pair_stream_defaults();
    struct live_pair p;
    uv_thread_t thread;
    uint64_t begin = uv_hrtime();

    (void)state;
    opts.is_alone = true;
    opts.stream = ",reconnect";
    live_pair_open(&p, &opts);
    assert_int_equal(uv_thread_create(&thread, cancel_soon, p.live), 0);
    assert_int_equal(kdt_live_attach(p.live, &p.version, &p.stop), KD_ERR_CANCELLED);
    uv_thread_join(&thread);
    live_pair_close(&p);
    assert_true(ms_since(begin) < 1000);
}

static void packets_are_counted_in_both_directions(void **state)
{
    struct live_pair_opts opts = standing();
    struct kdt_live_stats before, after;
    struct live_pair p;

    (void)state;
    attach(&p, &opts);
    kdt_live_get_stats(p.live, &before);
    read_all(&p, 0, 7888);
    kdt_live_get_stats(p.live, &after);
    assert_int_equal(after.packets_sent - before.packets_sent, 4); /* requests and ACKs */
    assert_int_equal(after.packets_received - before.packets_received, 4);
    assert_int_equal(after.bytes_sent - before.bytes_sent, 2 * (16 + 56 + 1 + 16));
    assert_int_equal(after.bytes_received - before.bytes_received, 2 * (16 + 16 + 56 + 3944 + 1));
    assert_int_equal(after.garbled + after.unsent + after.refused, 0);
    check_let_go(&p);
}

static void what_goes_over_the_wire_is_recorded_in_order(void **state)
{
    static struct fake_wire wire;
    struct live_pair_opts opts = standing();
    struct live_pair p;
    struct tape t;
    size_t first;

    (void)state;
    tape_begin(&t);
    opts.live.recorder = t.recorder;
    opts.target.wire = &wire;
    attach(&p, &opts);
    tape_read(&t);
    first = t.count;
    read_all(&p, 0, 3 * 3944);
    tape_read(&t);
    assert_string_equal(tape_turns(&t, first, TAPE_STREAM_HOST), "HTHTHTH");
    check_let_go(&p);
    tape_read(&t);
    tape_check_wire(&t, &wire, TAPE_STREAM_HOST);
    tape_end(&t);
}

/* The recording is a witness of the session and no part of it. */
static void a_recording_that_fails_is_no_harm(void **state)
{
    struct live_pair_opts opts = standing();
    struct rlimit limit;
    struct live_pair p;
    struct tape t;

    (void)state;
    tape_begin(&t);
    opts.live.recorder = t.recorder;
    attach(&p, &opts);
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 1000;
    setrlimit(RLIMIT_FSIZE, &limit);
    read_all(&p, 0, 10000);
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_FSIZE, &limit);
    read_all(&p, 0x6000, 10000);
    check_let_go(&p);
    tape_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_running_target_is_halted_read_and_let_go),
        cmocka_unit_test(a_target_that_stands_already_is_found_standing),
        cmocka_unit_test(bytes_one_by_one_and_noise_between_packets_do_no_harm),
        cmocka_unit_test(what_the_target_prints_is_handed_on),
        cmocka_unit_test(a_read_takes_what_one_reply_carries_across_pages),
        cmocka_unit_test(a_hole_in_the_middle_of_a_piece_is_found_where_it_begins),
        cmocka_unit_test(a_target_that_says_nothing_of_what_it_could_read_is_asked_up_to_the_page),
        cmocka_unit_test(a_target_that_refuses_large_reads_is_asked_for_less),
        cmocka_unit_test(a_target_that_asks_again_and_again_is_asked_for_half),
        cmocka_unit_test(a_target_with_a_smaller_buffer_is_asked_for_no_more_than_it_gives),
        cmocka_unit_test(physical_memory_and_control_space_are_read_alike),
        cmocka_unit_test(a_restart_in_the_middle_is_told_and_the_new_boot_can_be_attached_to),
        cmocka_unit_test(a_boot_debugger_is_followed_to_the_kernel),
        cmocka_unit_test(a_connection_that_ends_is_the_end_of_the_session),
        cmocka_unit_test(a_connection_that_ends_is_made_anew_where_that_is_wished),
        cmocka_unit_test(a_target_is_let_go_over_a_connection_made_anew_for_it),
        cmocka_unit_test(a_connection_that_does_not_come_back_is_the_truth_at_the_end),
        cmocka_unit_test(nobody_to_connect_to_is_told_at_once_with_advice),
        cmocka_unit_test(nobody_to_connect_to_is_waited_for_where_that_is_wished),
        cmocka_unit_test(a_target_that_comes_later_is_found),
        cmocka_unit_test(a_host_that_listens_is_connected_to),
        cmocka_unit_test(silence_leads_to_advice),
        cmocka_unit_test(a_target_that_speaks_but_does_not_halt_is_said_to_be_there),
        cmocka_unit_test(a_read_is_cancelled_in_its_middle_and_the_target_runs_on),
        cmocka_unit_test(waiting_for_a_connection_is_cancelled),
        cmocka_unit_test(packets_are_counted_in_both_directions),
        cmocka_unit_test(what_goes_over_the_wire_is_recorded_in_order),
        cmocka_unit_test(a_recording_that_fails_is_no_harm),
    };

    signal(SIGPIPE, SIG_IGN); /* as live.h wants it */
    signal(SIGXFSZ, SIG_IGN); /* as recorder.h wants it */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
