#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "print.h"
#include "support/capture.h"

#define STATE UINT64_C(0xffffa80faaf3e000)
#define LINE  "EtwLogger->0xffffa80faafce9c0\tId->03\t_ETW_SILODRIVERSTATE->0xffffa80faaf3e000"

static char name[] = "Eventlog-Security";
static char nothing[] = "";
static char image[] = "svchost.exe";

static struct kdw_logger sound(void)
{
    struct kdw_logger l = {
        .slot = 3,
        .va = UINT64_C(0xffffa80faafce9c0),
        .state_va = STATE,
        .id = {.value = 3},
        .silo_state = {.value = STATE},
    };

    return l;
}

static void print_one(struct kdw_logger *l, bool detailed, struct capture *c)
{
    struct kdw_logger_list list = {
        .loggers = l, .len = 1, .slots = 64, .max_loggers = {.status = KD_ERR_NOT_FOUND}};

    capture_begin(c, CAPTURE_OUT);
    print_text_loggers(&list, detailed);
    (void)capture_end(c);
}

static void assert_brief(struct kdw_logger l, const char *want)
{
    struct capture c;

    print_one(&l, false, &c);
    assert_string_equal(c.text, want);
    capture_free(&c);
}

static void a_sound_logger_is_one_plain_line(void **state)
{
    (void)state;
    assert_brief(sound(), LINE "\n");
}

static void what_is_odd_stands_behind_the_line(void **state)
{
    struct kdw_logger l = sound();

    (void)state;
    l.state = KDW_LOGGER_STOPPING;
    assert_brief(l, LINE "\tstopping\n");
    l = sound();
    l.state = KDW_LOGGER_UNREADABLE;
    l.id = l.silo_state =
        (struct kdw_u64){.status = KD_ERR_NOT_MAPPED, .fault_va = UINT64_C(0xffffa80faafce9c0)};
    assert_brief(l, LINE "\tunreadable at 0xffffa80faafce9c0\n");
    l = sound();
    l.id.value = 0x21;
    l.silo_state.value = 0;
    assert_brief(l, LINE "\tLoggerId 0x21 differs from its slot\tSiloState 0x0 differs\n");
    l = sound();
    l.va = 0;
    l.state = KDW_LOGGER_EMPTY_SLOT;
    l.id.status = l.silo_state.status = KD_ERR_NOT_FOUND;
    assert_brief(l, "EtwLogger->0x0000000000000000\tId->03\t_ETW_SILODRIVERSTATE->"
                    "0xffffa80faaf3e000\tempty slot: a running kernel never writes 0 here\n");
}

static void what_was_not_recorded_is_named_with_its_field(void **state)
{
    const struct kdw_u64 gap = {.status = KD_ERR_NOT_RECORDED,
                                .fault_va = UINT64_C(0xffffa80faafce9c0)};
    struct kdw_consumer consumer = {
        .va = 0x1000, .process_id = gap, .process_name = {KD_ERR_NOT_RECORDED, NULL, 0x2000}};
    struct kdw_logger l = sound();
    struct capture c;

    (void)state;
    l.silo_state = gap;
    assert_brief(l, LINE "\tSiloState: not in the recording at 0xffffa80faafce9c0\n");
    l.state = KDW_LOGGER_UNREADABLE;
    l.id = gap;
    assert_brief(l, LINE "\tnot in the recording at 0xffffa80faafce9c0\n");

    l = sound();
    l.has_details = true;
    l.name = l.log_file = (struct kdw_text){KD_ERR_NOT_RECORDED, NULL, 0x3000};
    l.buffer_size = l.events_lost = gap;
    l.consumers = &consumer;
    l.consumers_len = 1;
    l.consumers_status = KD_ERR_NOT_RECORDED;
    l.consumers_end_va = 0x1234;
    print_one(&l, true, &c);
    assert_non_null(strstr(c.text, "\n    name      (not in the recording at 0x3000)\n"));
    assert_non_null(strstr(c.text, "\n    buffers   0 of ? bytes;"));
    assert_non_null(strstr(c.text,
                           " lost\n"
                           "    missing   BufferSize: not in the recording at 0xffffa80faafce9c0\n"
                           "    missing   EventsLost: not in the recording at 0xffffa80faafce9c0\n"
                           "    consumer  (not in the recording at 0x2000), pid ?, at 0x1000; "
                           "UniqueProcessId: not in the recording at 0xffffa80faafce9c0\n"
                           "    consumer  (the list ends here: not in the recording at 0x1234)\n"));
    capture_free(&c);
}

static void details_stand_below_within_a_hundred_columns(void **state)
{
    struct kdw_consumer consumer = {.va = UINT64_C(0xffffa80fc0012010),
                                    .process_id = {.value = 1364},
                                    .process_name = {.utf8 = image}};
    struct kdw_logger l = sound();
    struct capture c;

    (void)state;
    l.has_details = true;
    l.name.utf8 = name;
    l.log_file.utf8 = nothing;
    l.mode.value = 0xffffffff;
    l.flags.value = 0x400e;
    l.buffers.value = 10;
    l.buffer_size.value = 65536;
    l.buffers_available.value = (uint64_t)-1; /* a signed field */
    l.flush_timer.status = KD_ERR_NOT_FOUND;
    l.events_lost.status = KD_ERR_NOT_MAPPED;
    l.consumers = &consumer;
    l.consumers_len = 1;
    l.consumers_status = KD_ERR_MISMATCH;
    l.consumers_end_va = 0x1234;
    print_one(&l, true, &c);
    assert_non_null(strstr(c.text, "\n    name      Eventlog-Security\n    file      (none)\n"
                                   "    mode      0xffffffff FILE_MODE_SEQUENTIAL "));
    assert_non_null(strstr(c.text, "\n    flags     0x0000400e AutoLogger FsReady RealTime "
                                   "SecurityTrace\n"));
    assert_non_null(strstr(c.text,
                           "\n    buffers   10 of 65536 bytes; available -1, minimum 0, "
                           "maximum 0; flush timer - ms\n"
                           "    written   0 buffers; lost ? events, 0 buffers\n"
                           "    realtime  0 buffers delivered, 0 lost\n"
                           "    consumer  svchost.exe, pid 1364, at 0xffffa80fc0012010\n"
                           "    consumer  (the list ends here: does not match at 0x1234)\n"));
    for (const char *line = c.text; *line; line = strchr(line, '\n') + 1)
        assert_true(strcspn(line, "\n") <= 100);
    assert_non_null(strstr(c.text, "ADDTO_TRIAGE_DUMP\n"));
    assert_null(strstr(c.text, " \n")); /* no blanks at the end of a broken line */
    capture_free(&c);
}

static void what_is_missing_of_the_array_is_said(void **state)
{
    struct kdw_logger_list list = {.slots = 1024,
                                   .max_loggers = {.value = 0xffffffff},
                                   .unreadable_slots = 3,
                                   .unreadable_slots_va = 0x5000,
                                   .unreadable_slots_status = KD_ERR_NOT_MAPPED};
    struct capture c;

    (void)state;
    capture_begin(&c, CAPTURE_OUT);
    print_text_loggers(&list, false);
    assert_string_equal(
        capture_end(&c),
        "(3 slots of the logger array cannot be read, the first at 0x5000)\n"
        "(MaxLoggers says 0xffffffff, beyond reason: only 1024 slots were walked)\n");
    capture_free(&c);
    list.max_loggers.value = 1024;
    list.unreadable_slots_status = KD_ERR_NOT_RECORDED;
    capture_begin(&c, CAPTURE_OUT);
    print_text_loggers(&list, false);
    assert_string_equal(
        capture_end(&c),
        "(3 slots of the logger array are not in the recording, the first at 0x5000)\n");
    capture_free(&c);
    list.unreadable_slots_status = KD_ERR_PAGED_OUT;
    capture_begin(&c, CAPTURE_OUT);
    print_text_loggers(&list, false);
    assert_string_equal(capture_end(&c),
                        "(3 slots of the logger array are paged out, the first at 0x5000)\n");
    capture_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_logger_is_one_plain_line),
        cmocka_unit_test(what_is_odd_stands_behind_the_line),
        cmocka_unit_test(what_was_not_recorded_is_named_with_its_field),
        cmocka_unit_test(details_stand_below_within_a_hundred_columns),
        cmocka_unit_test(what_is_missing_of_the_array_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
