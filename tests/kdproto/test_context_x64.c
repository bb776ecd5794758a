#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <kdproto/context_x64.h>

#include "support/feed.h"
#include "support/hex.h"

/* Field by field; the values of the boot debugger where they are known, else the offset. */
static const char special[] = "1300008000000000"                 /* 00 Cr0 */
                              "0800000000000000"                 /* 08 Cr2 */
                              "00b01a0000000000"                 /* 10 Cr3 */
                              "6806040000000000"                 /* 18 Cr4 */
                              "2000000000000000"                 /* 20 Dr0 */
                              "2800000000000000"                 /* 28 Dr1 */
                              "3000000000000000"                 /* 30 Dr2 */
                              "3800000000000000"                 /* 38 Dr3 */
                              "f00ffeff00000000"                 /* 40 Dr6 */
                              "0004000000000000"                 /* 48 Dr7 */
                              "ffffffffffff7f0000901a0000000000" /* 50 Gdtr */
                              "ffffffffffffff0f00a01a0000000000" /* 60 Idtr */
                              "4000 7200 801f0000"               /* 70 Tr, Ldtr, MxCsr */
                              "7800000000000000"                 /* 78 DebugControl */
                              "8000000000000000"                 /* 80 LastBranchTo */
                              "8800000000000000"                 /* 88 LastBranchFrom */
                              "9000000000000000"                 /* 90 LastExceptionTo */
                              "9800000000000000"                 /* 98 LastExceptionFrom */
                              "0f00000000000000"                 /* a0 Cr8 */
                              "00a0f66b02f8ffff"                 /* a8 GsBase */
                              "b000000000000000"                 /* b0 GsSwap */
                              "b800000000000000"                 /* b8 Star */
                              "c000000000000000"                 /* c0 LStar */
                              "c800000000000000"                 /* c8 CStar */
                              "d000000000000000"                 /* d0 SyscallMask */
                              "0700000000000000";                /* d8 Xcr0 */

static enum kd_status decode(void *ctx, const uint8_t *bytes, size_t len)
{
    struct kd_x64_special s;

    (void)ctx;
    return kd_x64_special_decode(bytes, len, &s);
}

static void special_registers_are_decoded(void **state)
{
    uint8_t bytes[KD_SPECIAL_REGISTERS_LEN];
    struct kd_x64_special s;

    (void)state;
    assert_int_equal(hex_decode(special, bytes, sizeof bytes), sizeof bytes);
    assert_int_equal(kd_x64_special_decode(bytes, sizeof bytes, &s), KD_OK);
    assert_true(s.cr0 == 0x80000013);
    assert_true(s.cr2 == 8);
    assert_true(s.cr3 == 0x1ab000);
    assert_true(s.cr4 == 0x40668);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(s.dr[i], 0x20 + 8 * i);
    assert_true(s.dr6 == 0xfffe0ff0);
    assert_true(s.dr7 == 0x400);
    assert_int_equal(s.gdtr.limit, 0x7f);
    assert_true(s.gdtr.base_va == 0x1a9000);
    assert_int_equal(s.idtr.limit, 0xfff);
    assert_true(s.idtr.base_va == 0x1aa000);
    assert_int_equal(s.tr, 0x40);
    assert_int_equal(s.ldtr, 0x72);
    assert_int_equal(s.mxcsr, 0x1f80);
    assert_true(s.debug_control == 0x78);
    assert_true(s.last_branch_to == 0x80);
    assert_true(s.last_branch_from == 0x88);
    assert_true(s.last_exception_to == 0x90);
    assert_true(s.last_exception_from == 0x98);
    assert_true(s.cr8 == 15);
    assert_true(s.gs_base == 0xfffff8026bf6a000);
    assert_true(s.gs_swap == 0xb0);
    assert_true(s.star == 0xb8);
    assert_true(s.lstar == 0xc0);
    assert_true(s.cstar == 0xc8);
    assert_true(s.syscall_mask == 0xd0);
    assert_true(s.xcr0 == 7);
}

static void fewer_special_registers_are_refused_and_more_are_not(void **state)
{
    uint8_t bytes[KD_SPECIAL_REGISTERS_LEN + 8] = {0};

    (void)state;
    hex_decode(special, bytes, sizeof bytes);
    feed_prefixes_fail(decode, NULL, bytes, sizeof bytes, KD_SPECIAL_REGISTERS_LEN);
}

static void a_context_gives_its_flags_and_its_program_counter(void **state)
{
    uint8_t context[KD_CONTEXT_LEN] = {0};

    (void)state;
    hex_decode("1b001000", context + 0x30, 4);
    hex_decode("8596a70001f8ffff", context + 0xf8, 8);
    assert_int_equal(kd_x64_context_flags(context), 0x10001b);
    assert_true(kd_x64_context_rip(context) == 0xfffff80100a79685);
}

static void setting_the_program_counter_changes_nothing_else(void **state)
{
    uint8_t context[KD_CONTEXT_LEN], before[KD_CONTEXT_LEN];

    (void)state;
    for (size_t i = 0; i < sizeof context; i++)
        context[i] = (uint8_t)(i * 7);
    memcpy(before, context, sizeof before);
    kd_x64_context_set_rip(context, 0xfffff8026bd72b91);
    assert_true(kd_x64_context_rip(context) == 0xfffff8026bd72b91);
    assert_memory_equal(context, before, 0xf8);
    assert_memory_equal(context + 0x100, before + 0x100, sizeof context - 0x100);
}

static void a_dtb_is_cr3_without_what_is_no_address(void **state)
{
    (void)state;
    assert_true(kd_dtb_of_cr3(0x1ab000) == 0x1ab000);
    assert_true(kd_dtb_of_cr3(0x80000000001ab002) == 0x1ab000); /* PCID 2, no flush */
    assert_true(kd_dtb_of_cr3(UINT64_MAX) == 0x000ffffffffff000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(special_registers_are_decoded),
        cmocka_unit_test(fewer_special_registers_are_refused_and_more_are_not),
        cmocka_unit_test(a_context_gives_its_flags_and_its_program_counter),
        cmocka_unit_test(setting_the_program_counter_changes_nothing_else),
        cmocka_unit_test(a_dtb_is_cr3_without_what_is_no_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
