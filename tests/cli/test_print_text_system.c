#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "print.h"
#include "support/capture.h"

#define MINUTE INT64_C(600000000) /* in 100 ns */

static const struct kdw_target two_processors = {
    .machine = 0x8664,
    .build = 18362,
    .is_mp = true,
    .is_kernel = true,
    .processor_count = 2,
    .kernel_base_va = UINT64_C(0xfffff8026e400000),
    .module_list_va = UINT64_C(0xfffff8026e848130),
};

static char lab[] = "18362.1.amd64fre.19h1_release.190318-1202";

/* The facts behind the published block of that kernel. */
static struct kdw_system published(void)
{
    struct kdw_system s = {
        .major = {.value = 10},
        .minor = {.value = 0},
        .product_type = {.value = 1},
        .suite_mask = {.value = 0x110},
        .build_lab = {.utf8 = lab},
        .time_100ns = {.value = UINT64_C(132218151973380000)},
        .zone_bias_100ns = {.value = (uint64_t)(-9 * 60 * MINUTE)},
        .uptime_100ns = {.value = UINT64_C(2800890820000)},
    };

    return s;
}

static void assert_line(const struct kdw_target *target, const struct kdw_system *s,
                        const char *line)
{
    struct capture c;

    capture_begin(&c, CAPTURE_OUT);
    print_text_system(target, s);
    (void)capture_end(&c);
    if (!strstr(c.text, line))
        fail_msg("no \"%s\" in:\n%s", line, c.text);
    capture_free(&c);
}

static void the_published_block_is_printed_whole(void **state)
{
    struct kdw_system s = published();

    (void)state;
    assert_line(&two_processors, &s,
                "Windows 10 Kernel Version 18362 MP (2 procs) Free x64\n"
                "Product: WinNt, suite: TerminalServer SingleUserTS\n"
                "Built by: 18362.1.amd64fre.19h1_release.190318-1202\n"
                "Machine Name:\n"
                "Kernel base = 0xfffff802`6e400000 PsLoadedModuleList = 0xfffff802`6e848130\n"
                "Debug session time: Thu Dec 26 15:26:37.338 2019 (UTC + 9:00)\n"
                "System Uptime: 3 days 5:48:09.082\n");
}

static void other_machines_are_named_as_what_they_are(void **state)
{
    struct kdw_system s = published();
    struct kdw_target t = two_processors;

    (void)state;
    t.is_mp = false;
    t.is_checked = true;
    t.machine = 0xAA64;
    assert_line(&t, &s, "Windows 10 Kernel Version 18362 UP Checked ARM64\n");
    t.machine = 0x1234;
    s.major.value = 6;
    s.minor.value = 3;
    assert_line(&t, &s, "Windows 8.1 Kernel Version 18362 UP Checked unknown machine\n");
    s.minor.value = 9;
    assert_line(&t, &s, "Windows 6.9 Kernel Version");
    s.product_type.value = 3;
    s.suite_mask.value = 0;
    assert_line(&t, &s, "\nProduct: Server\n");
    s.product_type.value = 77;
    assert_line(&t, &s, "\nProduct: 0x4d\n");
}

static void processors_that_nobody_counted_are_unknown(void **state)
{
    struct kdw_system s = published();
    struct kdw_target t = two_processors;

    (void)state;
    t.processor_count = 0;
    assert_line(&t, &s, "Windows 10 Kernel Version 18362 MP (unknown procs) Free x64\n");
}

static void time_zones_lie_on_both_sides(void **state)
{
    struct kdw_system s = published();

    (void)state;
    s.zone_bias_100ns.value = (uint64_t)(8 * 60 * MINUTE);
    assert_line(&two_processors, &s, "Wed Dec 25 22:26:37.338 2019 (UTC - 8:00)\n");
    s.zone_bias_100ns.value = (uint64_t)(210 * MINUTE);
    assert_line(&two_processors, &s, "(UTC - 3:30)\n");
    s.zone_bias_100ns.value = (uint64_t)(-345 * MINUTE);
    assert_line(&two_processors, &s, "(UTC + 5:45)\n");
    s.zone_bias_100ns.value = (uint64_t)(30 * MINUTE);
    assert_line(&two_processors, &s, "(UTC - 0:30)\n");
    s.zone_bias_100ns.value = 0;
    assert_line(&two_processors, &s, "Thu Dec 26 6:26:37.338 2019 (UTC + 0:00)\n");
}

static void times_that_make_no_sense_are_shown_as_they_are(void **state)
{
    struct kdw_system s = published();

    (void)state;
    s.time_100ns.value = UINT64_MAX; /* would be 1601 with that zone */
    assert_line(&two_processors, &s, "Debug session time: (0xffffffffffffffff is no time)\n");
    s.time_100ns.value = INT64_MAX;
    s.zone_bias_100ns.value = (uint64_t)INT64_MIN;
    assert_line(&two_processors, &s, "Debug session time: (");
    s.uptime_100ns.value = UINT64_MAX;
    assert_line(&two_processors, &s, "System Uptime: 21350398 days ");
}

static void a_time_without_its_zone_is_that_of_greenwich(void **state)
{
    struct kdw_system s = published();

    (void)state;
    s.zone_bias_100ns = (struct kdw_u64){.status = KD_ERR_NOT_IN_DUMP, .fault_va = 0x1234};
    assert_line(&two_processors, &s,
                "Debug session time: Thu Dec 26 6:26:37.338 2019 UTC, zone (not in the dump at "
                "0x1234)\n");
}

static void what_a_small_dump_left_out_is_told_once_at_the_end(void **state)
{
    const struct kdw_u64 gap = {.status = KD_ERR_NOT_IN_DUMP, .fault_va = 0x1234};
    struct kdw_target t = two_processors;
    struct kdw_system s = published();

    (void)state;
    t.has_bugcheck = true;
    s.major = s.minor = s.zone_bias_100ns = gap;
    assert_line(&t, &s, "Windows Kernel Version 18362 MP (2 procs) Free x64\nProduct: WinNt, ");
    assert_line(&t, &s, "Debug session time: Thu Dec 26 6:26:37.338 2019 UTC\n");
    assert_line(&t, &s,
                "00000000`00000000\n"
                "Version of Windows, time zone: (not in the dump at 0x1234)\n");
    s.minor = published().minor; /* not the page, but some of it: each says so for itself */
    assert_line(&t, &s, "Windows (not in the dump at 0x1234) Kernel Version 18362 ");
    assert_line(&t, &s, " UTC, zone (not in the dump at 0x1234)\n");
}

static void a_bugcheck_stands_below(void **state)
{
    struct kdw_system s = published();
    struct kdw_target t = two_processors;

    (void)state;
    t.has_bugcheck = true;
    t.bugcheck_code = 0x1000007e;
    t.bugcheck_parameters[0] = UINT64_C(0xffffffffc0000005);
    t.bugcheck_parameters[3] = 7;
    assert_line(&t, &s,
                "System Uptime: 3 days 5:48:09.082\n"
                "Bugcheck code 1000007E (SYSTEM_THREAD_EXCEPTION_NOT_HANDLED)\n"
                "Arguments ffffffff`c0000005 00000000`00000000 00000000`00000000 "
                "00000000`00000007\n");
    t.bugcheck_code = 0xabcdef;
    assert_line(&t, &s, "\nBugcheck code 00ABCDEF\nArguments ");
}

static void a_module_list_that_is_nowhere_known_is_unknown(void **state)
{
    struct kdw_system s = published();
    struct kdw_target t = two_processors;

    (void)state;
    t.module_list_va = 0;
    assert_line(&t, &s, "Kernel base = 0xfffff802`6e400000 PsLoadedModuleList = (unknown)\n");
}

static void what_cannot_be_read_says_so(void **state)
{
    const struct kdw_u64 gap = {.status = KD_ERR_NOT_MAPPED, .fault_va = 0x1234};
    struct kdw_system s = {gap, gap, gap, gap, {KD_ERR_NOT_MAPPED, NULL, 0x5678},
                           gap, gap, gap, true};

    (void)state;
    assert_line(&two_processors, &s,
                "Windows Kernel Version 18362 MP (2 procs) Free x64\n"
                "Product: (unreadable)\n"
                "Built by: (unreadable at 0x5678)\n"
                "Machine Name:\n"
                "Kernel base = 0xfffff802`6e400000 PsLoadedModuleList = 0xfffff802`6e848130\n"
                "Debug session time: (unreadable)\n"
                "System Uptime: (unreadable)\n");
}

static void what_was_not_recorded_says_so_and_where(void **state)
{
    const struct kdw_u64 gap = {.status = KD_ERR_NOT_RECORDED, .fault_va = 0x1234};
    struct kdw_system s = {gap, gap, gap, gap, {KD_ERR_NOT_RECORDED, NULL, 0x5678},
                           gap, gap, gap, true};

    (void)state;
    assert_line(&two_processors, &s,
                "Windows (not in the recording at 0x1234) "
                "Kernel Version 18362 MP (2 procs) Free x64\n"
                "Product: (not in the recording at 0x1234), suite: (not in the recording at "
                "0x1234)\n"
                "Built by: (not in the recording at 0x5678)\n"
                "Machine Name:\n"
                "Kernel base = 0xfffff802`6e400000 PsLoadedModuleList = 0xfffff802`6e848130\n"
                "Debug session time: (not in the recording at 0x1234)\n"
                "System Uptime: (not in the recording at 0x1234)\n");
}

static void a_boot_debugger_is_no_kernel(void **state)
{
    struct kdw_target t = two_processors;
    struct kdw_system s = {0};

    (void)state;
    t.is_kernel = false;
    assert_line(&t, &s,
                "Boot debugger of build 18362 Free x64: not the NT kernel yet\n"
                "Image base = 0xfffff802`6e400000 Loaded module list = 0xfffff802`6e848130\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_block_is_printed_whole),
        cmocka_unit_test(other_machines_are_named_as_what_they_are),
        cmocka_unit_test(processors_that_nobody_counted_are_unknown),
        cmocka_unit_test(time_zones_lie_on_both_sides),
        cmocka_unit_test(times_that_make_no_sense_are_shown_as_they_are),
        cmocka_unit_test(a_time_without_its_zone_is_that_of_greenwich),
        cmocka_unit_test(what_a_small_dump_left_out_is_told_once_at_the_end),
        cmocka_unit_test(a_bugcheck_stands_below),
        cmocka_unit_test(a_module_list_that_is_nowhere_known_is_unknown),
        cmocka_unit_test(what_cannot_be_read_says_so),
        cmocka_unit_test(what_was_not_recorded_says_so_and_where),
        cmocka_unit_test(a_boot_debugger_is_no_kernel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
