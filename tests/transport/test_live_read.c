#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <uv.h>

#include "support/live_pair.h"

static uint8_t buffer[FAKE_LEN];

static void attach(struct live_pair *p, const struct live_pair_opts *opts)
{
    live_pair_attach(p, opts);
    if (p->attached != KD_OK)
        fail_msg("attaching: %s", p->diag.text);
}

static void check_bytes(uint64_t offset, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (buffer[i] != fake_byte(offset + i))
            fail_msg("byte %zu of what was read at 0x%x is wrong", i, (unsigned)offset);
}

static unsigned reads_so_far(const struct live_pair *p)
{
    struct kdt_live_stats stats;

    kdt_live_get_stats(p->live, &stats);
    return (unsigned)stats.session.requests_by_api[KD_API_READ_VIRTUAL - KD_API_FIRST];
}

static void reads_are_split_at_pages_and_at_what_the_link_carries(void **state)
{
    static const struct {
        unsigned offset, len, requests;
    } cases[] = {
        {0, 1, 1},      {0, 1024, 1},       {0, 1025, 2},
        {0xFFF, 2, 2},  {0xC00, 0x400, 1},  {0xE00, 1024, 2},
        {0, 0x1000, 4}, {0x7F8, 0x1000, 5}, {0x6000, 0x4000, 16},
        {0, 0, 0},
    };
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;

    (void)state;
    attach(&p, &opts);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned before = reads_so_far(&p);
        size_t done = 99;

        assert_int_equal(
            kdt_live_read_virtual(p.live, FAKE_VA + cases[i].offset, buffer, cases[i].len, &done),
            KD_OK);
        assert_int_equal(done, cases[i].len);
        assert_int_equal(reads_so_far(&p) - before, cases[i].requests);
        check_bytes(cases[i].offset, cases[i].len);
    }
    assert_true(live_pair_close(&p).is_running);
}

static void what_lies_before_a_hole_is_read_and_the_hole_is_named(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;
    size_t done;

    (void)state;
    attach(&p, &opts);
    memset(buffer, 0xEE, sizeof buffer);
    assert_int_equal(kdt_live_read_virtual(p.live, FAKE_VA + FAKE_HOLE - 1500, buffer, 4000, &done),
                     KD_ERR_NOT_MAPPED);
    assert_int_equal(done, 1500);
    check_bytes(FAKE_HOLE - 1500, 1500);
    assert_int_equal(buffer[1500], 0xEE);
    assert_string_equal(p.diag.text, "not mapped at 0xfffff80012345000");
    assert_int_equal(kdt_live_read_virtual(p.live, FAKE_VA + FAKE_HOLE, buffer, 1, &done),
                     KD_ERR_NOT_MAPPED);
    assert_int_equal(done, 0);
    /* which is no reason not to go on elsewhere */
    assert_int_equal(kdt_live_read_virtual(p.live, FAKE_VA, buffer, 100, &done), KD_OK);
    assert_int_equal(kdt_live_read_virtual(p.live, 0xFFFFFFFFFFFFFFF0u, buffer, 100, &done),
                     KD_ERR_NOT_MAPPED);
    assert_true(live_pair_close(&p).is_running);
}

static void a_target_with_a_smaller_buffer_is_asked_again(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;
    size_t done;

    (void)state;
    opts.target.clamp = 300;
    attach(&p, &opts);
    assert_int_equal(kdt_live_read_virtual(p.live, FAKE_VA, buffer, 2048, &done), KD_OK);
    assert_int_equal(done, 2048);
    check_bytes(0, 2048);
    assert_int_equal(reads_so_far(&p), 7);
    assert_true(live_pair_close(&p).is_running);
}

static void physical_memory_is_read_alike(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;
    size_t done;

    (void)state;
    attach(&p, &opts);
    assert_int_equal(kdt_live_read_physical(p.live, FAKE_PA + 0x123, buffer, 5000, &done), KD_OK);
    assert_int_equal(done, 5000);
    check_bytes(0x123, 5000);
    assert_int_equal(kdt_live_read_physical(p.live, FAKE_PA + FAKE_LEN - 8, buffer, 16, &done),
                     KD_ERR_NOT_MAPPED);
    assert_int_equal(done, 8);
    assert_string_equal(p.diag.text, "not readable at physical address 0x1040000");
    assert_true(live_pair_close(&p).is_running);
}

static void control_space_is_read_for_one_processor(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;
    size_t got = 0;

    (void)state;
    attach(&p, &opts);
    assert_int_equal(kdt_live_read_control(p.live, 1, 2, buffer, KD_SPECIAL_REGISTERS_LEN, &got),
                     KD_OK);
    assert_int_equal(got, KD_SPECIAL_REGISTERS_LEN);
    assert_int_equal(buffer[0x11] | buffer[0x12] << 8, FAKE_CR3 >> 8);
    assert_int_equal(kdt_live_read_control(p.live, 1, 2, buffer, 8, &got), KD_OK);
    assert_int_equal(got, 8); /* although the target speaks of its whole size */
    got = 99;
    assert_int_equal(kdt_live_read_control(p.live, 7, 2, buffer, 8, &got), KD_ERR_REFUSED);
    assert_int_equal(got, 99);
    assert_non_null(strstr(p.diag.text, "processor 7: NTSTATUS 0xC0000001"));
    assert_true(live_pair_close(&p).is_running);
}

static void a_running_target_is_not_read(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;
    size_t done = 99;

    (void)state;
    attach(&p, &opts);
    assert_int_equal(kdt_live_resume(p.live, NULL), KD_OK);
    assert_int_equal(kdt_live_read_virtual(p.live, FAKE_VA, buffer, 10, &done), KD_ERR_INTERRUPTED);
    assert_int_equal(done, 0);
    assert_string_equal(p.diag.text, "the target is not halted");
    assert_true(live_pair_close(&p).is_running);
}

static void a_request_that_is_not_answered_in_time_is_the_end(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;
    size_t done;
    uint64_t begin;

    (void)state;
    opts.live.request_timeout_ms = 700;
    opts.target.mute_after = 3;
    attach(&p, &opts);
    begin = uv_hrtime();
    assert_int_equal(kdt_live_read_virtual(p.live, FAKE_VA, buffer, 4096, &done), KD_ERR_LOST);
    assert_int_equal(done, 2048); /* the version was the first of three answers */
    assert_non_null(strstr(p.diag.text, "ReadVirtualMemory"));
    assert_true((uv_hrtime() - begin) / 1000000 < 2000);
    assert_int_equal(kdt_live_read_virtual(p.live, FAKE_VA, buffer, 10, &done), KD_ERR_LOST);
    assert_int_equal(done, 0);
    assert_non_null(strstr(p.diag.text, "ReadVirtualMemory"));
    begin = uv_hrtime();
    live_pair_close(&p); /* with the request outstanding */
    assert_true((uv_hrtime() - begin) / 1000000 < 4000);
}

static void a_restart_in_the_middle_is_told_and_the_new_boot_can_be_attached_to(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;
    size_t done;

    (void)state;
    opts.target.reboot_after = 3;
    attach(&p, &opts);
    assert_int_equal(kdt_live_read_virtual(p.live, FAKE_VA, buffer, 4096, &done), KD_ERR_REBOOTED);
    assert_int_equal(done, 2048);
    assert_string_equal(p.diag.text, "the target restarted");
    assert_int_equal(kdt_live_read_virtual(p.live, FAKE_VA, buffer, 4096, &done), KD_ERR_REBOOTED);
    assert_int_equal(kdt_live_next_stage(p.live, &p.version, &p.stop), KD_OK);
    assert_int_equal(kdt_live_read_virtual(p.live, FAKE_VA, buffer, 4096, &done), KD_OK);
    check_bytes(0, 4096);
    assert_true(live_pair_close(&p).is_running);
}

static void leaving_after_a_restart_is_quick(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;
    uint64_t begin;
    size_t done;

    (void)state;
    opts.target.reboot_after = 1;
    attach(&p, &opts);
    assert_int_equal(kdt_live_read_virtual(p.live, FAKE_VA, buffer, 8, &done), KD_ERR_REBOOTED);
    begin = uv_hrtime();
    kdt_live_leave(p.live, NULL);
    assert_true((uv_hrtime() - begin) / 1000000 < 3000);
    assert_true(live_pair_close(&p).is_running);
}

static void a_target_that_takes_two_seconds_to_answer_is_read_all_the_same(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct kdt_live_stats stats;
    struct live_pair p;
    struct fake_target_seen seen;
    uint64_t begin;
    size_t done;

    (void)state;
    opts.target.think_ms = 2000;
    attach(&p, &opts);
    begin = uv_hrtime();
    if (kdt_live_read_virtual(p.live, FAKE_VA, buffer, 2048, &done) != KD_OK)
        fail_msg("after %zu bytes: %s", done, p.diag.text);
    check_bytes(0, 2048);
    assert_true((uv_hrtime() - begin) / 1000000 < 12000); /* not until the patience is over */
    kdt_live_get_stats(p.live, &stats);
    assert_int_equal(stats.session.requests_by_api[KD_API_READ_VIRTUAL - KD_API_FIRST], 2);
    assert_in_range(stats.session.resends, 0,
                    5); /* attaching, the first answer; then it is known */
    assert_int_equal(kdt_live_leave(p.live, NULL), KD_OK);
    seen = live_pair_close(&p);
    assert_true(seen.is_running);
    assert_int_equal(seen.reads, 2); /* nor was one of them asked again */
}

static void cancel_soon(void *arg)
{
    uv_sleep(100);
    kdt_live_cancel(arg);
}

static void a_read_is_cancelled_in_its_middle_and_the_target_runs_on(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;
    enum kd_status st = KD_OK;
    uv_thread_t thread;
    uint64_t begin = uv_hrtime();
    size_t done = 0;

    (void)state;
    attach(&p, &opts);
    assert_int_equal(uv_thread_create(&thread, cancel_soon, p.live), 0);
    while (st == KD_OK && (uv_hrtime() - begin) / 1000000 < 5000)
        st = kdt_live_read_virtual(p.live, FAKE_VA + 0x6000, buffer, 0x20000, &done);
    uv_thread_join(&thread);
    assert_int_equal(st, KD_ERR_CANCELLED);
    check_bytes(0x6000, done);
    assert_int_equal(kdt_live_leave(p.live, NULL), KD_OK);
    assert_true(live_pair_close(&p).is_running);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_are_split_at_pages_and_at_what_the_link_carries),
        cmocka_unit_test(what_lies_before_a_hole_is_read_and_the_hole_is_named),
        cmocka_unit_test(a_target_with_a_smaller_buffer_is_asked_again),
        cmocka_unit_test(physical_memory_is_read_alike),
        cmocka_unit_test(control_space_is_read_for_one_processor),
        cmocka_unit_test(a_running_target_is_not_read),
        cmocka_unit_test(a_request_that_is_not_answered_in_time_is_the_end),
        cmocka_unit_test(a_restart_in_the_middle_is_told_and_the_new_boot_can_be_attached_to),
        cmocka_unit_test(leaving_after_a_restart_is_quick),
        cmocka_unit_test(a_target_that_takes_two_seconds_to_answer_is_read_all_the_same),
        cmocka_unit_test(a_read_is_cancelled_in_its_middle_and_the_target_runs_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
