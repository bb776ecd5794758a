#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "describe.h"
#include "support/made_record.h"

#include <kdproto/context_x64.h>

#define VA UINT64_C(0xfffff8026e5fc1f0)

/* One name for one address. */
static void add_name(struct describe_names *names, const struct kdt_record *record, uint64_t va,
                     struct text *t)
{
    (void)names;
    (void)record;
    if (va == VA)
        text_add(t, " nt!KeBugCheck+0x10");
}

static struct describe_names names = {add_name};

static void assert_meaning(const struct made_record *m, struct describe_names *with,
                           const char *want)
{
    struct description d;

    describe_record(&m->record, with, &d);
    assert_string_equal(d.meaning.len ? d.meaning.chars : "", want);
    describe_free(&d);
}

/* What a request is described as, and its reply, which says the same and brings data. */
static void describes(struct kd_manipulate what, const char *request, const char *reply)
{
    struct kd_span data = what.data;
    struct made_record m;

    what.data.len = 0;
    made_manipulate(&m, true, &what);
    assert_meaning(&m, NULL, request);
    what.data = data;
    made_manipulate(&m, false, &what);
    assert_meaning(&m, NULL, reply);
}

static void a_read_names_its_address_and_length(void **state)
{
    static const uint8_t bytes[16] = {0};
    struct kd_manipulate m = {.api = KD_API_READ_VIRTUAL, .data = {bytes, 16}};

    (void)state;
    m.u.memory.va = 0xad5e60;
    m.u.memory.count = m.u.memory.actual = 16;
    describes(m, "ReadVirtualMemory 0xad5e60, 16 bytes", "ReadVirtualMemory 0xad5e60, 16 bytes");
    m.api = KD_API_READ_PHYSICAL;
    describes(m, "ReadPhysicalMemory 0xad5e60, 16 bytes", "ReadPhysicalMemory 0xad5e60, 16 bytes");
    m.api = KD_API_WRITE_VIRTUAL;
    describes(m, "WriteVirtualMemory 0xad5e60, 16 bytes", "WriteVirtualMemory 0xad5e60, 16 bytes");
}

static void a_reply_counts_what_it_brings_not_what_it_claims(void **state)
{
    static const uint8_t bytes[8] = {0};
    struct kd_manipulate m = {.api = KD_API_READ_VIRTUAL, .data = {bytes, 8}};

    (void)state;
    m.u.memory.va = 0x1000;
    m.u.memory.count = 16;
    m.u.memory.actual = 12;
    describes(m, "ReadVirtualMemory 0x1000, 16 bytes", "ReadVirtualMemory 0x1000, 8 of 16 bytes");
}

static void a_failed_reply_shows_its_status(void **state)
{
    struct kd_manipulate what = {.api = KD_API_READ_VIRTUAL, .status = 0xc0000001};
    struct made_record m;

    (void)state;
    what.u.memory.va = UINT64_C(0xfffff780000003d8);
    what.u.memory.count = 816;
    made_manipulate(&m, false, &what);
    assert_meaning(&m, NULL,
                   "ReadVirtualMemory 0xfffff780000003d8, 0 of 816 bytes, "
                   "0xc0000001 STATUS_UNSUCCESSFUL");
    what.status = 0x103; /* noise of WinDbg's */
    made_manipulate(&m, true, &what);
    assert_meaning(&m, NULL, "ReadVirtualMemory 0xfffff780000003d8, 816 bytes");
}

static void an_answer_says_how_long_it_took(void **state)
{
    struct made_record m;

    (void)state;
    made_manipulate(&m, false, &(struct kd_manipulate){.api = KD_API_SET_CONTEXT});
    m.record.is_answer = true;
    m.record.asked_ns = m.record.time_ns - 46000;
    assert_meaning(&m, NULL, "SetContext processor 0, 46 us");
    m.record.asked_ns = m.record.time_ns + 1; /* a capture out of order */
    assert_meaning(&m, NULL, "SetContext processor 0");
}

static void addresses_are_followed_by_their_names(void **state)
{
    struct kd_manipulate read = {.api = KD_API_READ_VIRTUAL};
    struct kd_manipulate physical = {.api = KD_API_READ_PHYSICAL};
    struct kd_state_change stop = {
        .kind = KD_STATE_EXCEPTION, .pc_va = VA, .is_first_chance = true};
    struct made_record m;

    (void)state;
    read.u.memory.va = physical.u.memory.va = VA;
    made_manipulate(&m, true, &read);
    assert_meaning(&m, &names, "ReadVirtualMemory 0xfffff8026e5fc1f0 nt!KeBugCheck+0x10, 0 bytes");
    made_manipulate(&m, true, &physical); /* another space: no names */
    assert_meaning(&m, &names, "ReadPhysicalMemory 0xfffff8026e5fc1f0, 0 bytes");
    made_state_change(&m, &stop, NULL, 0);
    assert_meaning(&m, &names,
                   "stop 1: 0x00000000 STATUS_SUCCESS at 0xfffff8026e5fc1f0 nt!KeBugCheck+0x10");
}

static void contexts_show_where_the_processor_is(void **state)
{
    uint8_t context[KD_CONTEXT_LEN] = {0};
    struct kd_manipulate m = {.api = KD_API_GET_CONTEXT, .processor = 3};

    (void)state;
    kd_x64_context_set_rip(context, 0xa79685);
    m.data = (struct kd_span){context, sizeof context};
    describes(m, "GetContext processor 3", "GetContext processor 3, rip 0xa79685");
    m.api = KD_API_GET_CONTEXT_EX;
    m.u.context.count = m.u.context.copied = KD_CONTEXT_LEN;
    describes(m, "GetContextEx processor 3, offset 0, 1232 bytes",
              "GetContextEx processor 3, offset 0, 1232 bytes, rip 0xa79685");
    m.data.len = m.u.context.copied = 1024;
    describes(m, "GetContextEx processor 3, offset 0, 1232 bytes",
              "GetContextEx processor 3, offset 0, 1024 of 1232 bytes, rip 0xa79685");
    m.u.context.offset = 1024;
    m.u.context.count = m.u.context.copied = m.data.len = 208;
    describes(m, "GetContextEx processor 3, offset 1024, 208 bytes",
              "GetContextEx processor 3, offset 1024, 208 bytes");
}

static void control_space_has_names(void **state)
{
    struct kd_manipulate m = {.api = KD_API_READ_CONTROL_SPACE, .processor = 1};

    (void)state;
    m.u.memory.va = KD_X64_CONTROL_SPECIAL;
    m.u.memory.count = 224;
    describes(m, "ReadControlSpace special registers, processor 1, 224 bytes",
              "ReadControlSpace special registers, processor 1, 0 of 224 bytes");
    m.u.memory.va = UINT64_MAX;
    m.api = KD_API_WRITE_CONTROL_SPACE;
    m.u.memory.actual = 224;
    describes(m, "WriteControlSpace index 18446744073709551615, processor 1, 224 bytes",
              "WriteControlSpace index 18446744073709551615, processor 1, 224 bytes");
}

static void the_version_says_what_the_target_is(void **state)
{
    struct kd_manipulate what = {.api = KD_API_GET_VERSION};
    struct made_record m;

    (void)state;
    made_manipulate(&m, true, &what);
    assert_meaning(&m, NULL, "GetVersion64");
    what.u.version = (struct kd_version){
        .major = 0x040f, .minor = 10586, .machine = 0x8664, .kernel_base_va = 0x96f000};
    made_manipulate(&m, false, &what);
    m.record.boot = 2;
    m.record.is_new_boot = true;
    assert_meaning(&m, NULL,
                   "GetVersion64 boot 2 begins: boot debugger, build 10586, x64, base 0x96f000");
    m.record.is_new_boot = false;
    m.record.boot = 0;
    assert_meaning(&m, NULL, "GetVersion64 boot debugger, build 10586, x64, base 0x96f000");
    m.record.boot = 2;
    m.record.manipulate.u.version.major = 0x800f;
    m.record.manipulate.u.version.debugger_data_list_va = 0x1000;
    m.record.manipulate.u.version.machine = 0x1234;
    assert_meaning(&m, NULL,
                   "GetVersion64 boot 2: NT kernel, build 10586, machine 0x1234, base 0x96f000");
}

static void a_continue_says_how_and_ends_its_stop(void **state)
{
    struct kd_manipulate what = {.api = KD_API_CONTINUE2};
    struct made_record m;

    (void)state;
    what.u.go.status = 0x10001;
    made_manipulate(&m, true, &what);
    m.record.ends_stop = true;
    m.record.stop = 4;
    assert_meaning(&m, NULL, "Continue2 0x00010001 DBG_EXCEPTION_HANDLED, stop 4 ends");
}

static void breakpoints_and_registers(void **state)
{
    struct kd_manipulate m = {.api = KD_API_WRITE_BREAKPOINT};

    (void)state;
    m.u.breakpoint.va = 0x1000;
    m.u.breakpoint.handle = 9;
    describes(m, "WriteBreakPoint 0x1000", "WriteBreakPoint 0x1000, handle 9");
    m.api = KD_API_RESTORE_BREAKPOINT;
    describes(m, "RestoreBreakPoint handle 9", "RestoreBreakPoint handle 9");
    m = (struct kd_manipulate){.api = KD_API_READ_MSR};
    m.u.msr.msr = 0xc0000082;
    m.u.msr.value = UINT64_C(0xfffff80000000000);
    describes(m, "ReadMSR 0xc0000082", "ReadMSR 0xc0000082, value 0xfffff80000000000");
    m.api = KD_API_WRITE_MSR;
    describes(m, "WriteMSR 0xc0000082, value 0xfffff80000000000",
              "WriteMSR 0xc0000082, value 0xfffff80000000000");
}

static void ports_and_buses(void **state)
{
    struct kd_manipulate m = {.api = KD_API_READ_IO};

    (void)state;
    m.u.io.port = 0x3f8;
    m.u.io.size = 1;
    m.u.io.value = 0x60;
    describes(m, "ReadIoSpace port 0x3f8, 1 bytes", "ReadIoSpace port 0x3f8, 1 bytes, value 0x60");
    m.api = KD_API_WRITE_IO_EXTENDED;
    describes(m, "WriteIoSpaceExtended port 0x3f8, 1 bytes, value 0x60",
              "WriteIoSpaceExtended port 0x3f8, 1 bytes, value 0x60");
    m = (struct kd_manipulate){.api = KD_API_GET_BUS_DATA};
    m.u.bus.type = 4;
    m.u.bus.slot = 3;
    m.u.bus.len = 64;
    describes(m, "GetBusData type 4, bus 0, slot 3, offset 0, 64 bytes",
              "GetBusData type 4, bus 0, slot 3, offset 0, 64 bytes");
}

static void the_other_uses_of_memory(void **state)
{
    struct kd_manipulate m = {.api = KD_API_SEARCH_MEMORY};

    (void)state;
    m.u.search.start_va = 0x1000;
    m.u.search.len = 4096;
    m.u.search.pattern_len = 4;
    describes(m, "SearchMemory from 0x1000, a pattern of 4 in 4096 bytes",
              "SearchMemory at 0x1000, a pattern of 4 in 4096 bytes");
    m = (struct kd_manipulate){.api = KD_API_QUERY_MEMORY};
    m.u.query.va = 0x1000;
    m.u.query.address_space = 2;
    m.u.query.flags = 5;
    describes(m, "QueryMemory 0x1000", "QueryMemory 0x1000, space 2, flags 0x5");
    m = (struct kd_manipulate){.api = KD_API_FILL_MEMORY};
    m.u.fill.va = 0x1000;
    m.u.fill.len = 64;
    describes(m, "FillMemory 0x1000, 64 bytes", "FillMemory 0x1000, 64 bytes");
}

static void what_ends_or_redirects_a_stop(void **state)
{
    struct kd_manipulate m = {.api = KD_API_SWITCH_PROCESSOR, .processor = 2};

    (void)state;
    describes(m, "SwitchProcessor to 2", "SwitchProcessor to 2");
    m.api = KD_API_REBOOT;
    describes(m, "Reboot", "Reboot");
    m = (struct kd_manipulate){.api = KD_API_SWITCH_PARTITION};
    m.u.partition = 1;
    describes(m, "SwitchPartition to 1", "SwitchPartition to 1");
}

static void a_function_that_nobody_knows_is_numbered(void **state)
{
    struct made_record m;

    (void)state;
    made_manipulate(&m, true, &(struct kd_manipulate){.api = KD_API_REBOOT});
    m.record.manipulate.api = 0x3177;
    assert_meaning(&m, NULL, "function 0x3177");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_names_its_address_and_length),
        cmocka_unit_test(a_reply_counts_what_it_brings_not_what_it_claims),
        cmocka_unit_test(a_failed_reply_shows_its_status),
        cmocka_unit_test(an_answer_says_how_long_it_took),
        cmocka_unit_test(addresses_are_followed_by_their_names),
        cmocka_unit_test(contexts_show_where_the_processor_is),
        cmocka_unit_test(control_space_has_names),
        cmocka_unit_test(the_version_says_what_the_target_is),
        cmocka_unit_test(a_continue_says_how_and_ends_its_stop),
        cmocka_unit_test(breakpoints_and_registers),
        cmocka_unit_test(ports_and_buses),
        cmocka_unit_test(the_other_uses_of_memory),
        cmocka_unit_test(what_ends_or_redirects_a_stop),
        cmocka_unit_test(a_function_that_nobody_knows_is_numbered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
