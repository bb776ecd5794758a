#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/capture.h"
#include "support/clean_snapshot.h"
#include "support/lines.h"
#include "views.h"

static void features_are_told_for_each_processor(void **state)
{
    struct kdw_snapshot s = {0};
    struct kdw_cpu *cpu;
    struct capture c;
    const char *text;

    (void)state;
    cpu = kdw_snapshot_add(&s, KDW_TABLE_CPUS, CLEAN_NOWHERE);
    assert_non_null(cpu);
    cpu->number = clean_known(0);
    cpu->cr0 = clean_known(0x80050033);
    cpu->cr4 = clean_known(0x3506f8);
    cpu->cr3 = clean_known(0x1ad000);
    cpu->nx = clean_known(1);
    capture_begin(&c, CAPTURE_OUT);
    view_cpus(&s, true);
    text = capture_end(&c);
    assert_true(lines_have(
        text, "  0  on    on    off   off  off   on  on  0x80050033  0x3506f8  -     -"));
    assert_true(lines_have(text, "    _KPRCB ffffa80f00001000, page tables at 00000000001ad000"));
    assert_true(lines_have(text, "SMEP  the kernel executes no user pages"));
    assert_true(lines_have(text, "KVA shadow: unknown: the symbols have no KiKvaShadow"));
    assert_true(lines_have(text, "VBS:        unknown: the symbols have no VslVsmEnabled"));
    capture_free(&c);
    kdw_snapshot_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_are_told_for_each_processor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
