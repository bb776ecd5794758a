#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "print.h"
#include "support/capture.h"

#define STATE UINT64_C(0xffffa80faaf3e000)
#define INNER UINT64_C(0xffffa80fbb000000)
#define VA    UINT64_C(0xffffa80faafce9c0)
#define LINE  "EtwLogger->0xffffa80faafce9c0\tId->03\t_ETW_SILODRIVERSTATE->0xffffa80faaf3e000"

static struct kdw_u64 number(uint64_t value)
{
    return (struct kdw_u64){.value = value};
}

static struct kdw_u64 gap(enum kd_status why, uint64_t at)
{
    return (struct kdw_u64){.status = why, .fault_va = at};
}

static struct kdw_text text(const char *chars)
{
    char *copy = malloc(strlen(chars) + 1);

    assert_non_null(copy);
    strcpy(copy, chars);
    return (struct kdw_text){.utf8 = copy};
}

static struct kdw_etw_state *add_state(struct kdw_snapshot *s, uint64_t va)
{
    struct kdw_etw_state *state = kdw_snapshot_add(s, KDW_TABLE_STATES, va);

    assert_non_null(state);
    state->slots = number(64);
    return state;
}

static struct kdw_logger *add_logger(struct kdw_snapshot *s, uint64_t va, uint64_t state_va)
{
    struct kdw_logger *l = kdw_snapshot_add(s, KDW_TABLE_LOGGERS, va);

    assert_non_null(l);
    l->slot = l->id = number(3);
    l->slot_value = number(va);
    l->state_va = l->own_state_va = number(state_va);
    l->state = number(KDW_LOGGER_LIVE);
    return l;
}

/* A sound logger of a sound host. */
static struct kdw_logger *begin(struct kdw_snapshot *s)
{
    *s = (struct kdw_snapshot){.build = 18362};
    (void)add_state(s, STATE);
    return add_logger(s, VA, STATE);
}

static void print(struct kdw_snapshot *s, bool detailed, struct capture *c)
{
    capture_begin(c, CAPTURE_OUT);
    print_text_loggers(s, detailed);
    (void)capture_end(c);
    kdw_snapshot_free(s);
}

static void assert_prints(struct kdw_snapshot *s, const char *want)
{
    struct capture c;

    print(s, false, &c);
    assert_string_equal(c.text, want);
    capture_free(&c);
}

static void a_sound_logger_is_one_plain_line(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    (void)begin(&s);
    assert_prints(&s, LINE "\n");
}

static void what_is_odd_stands_behind_the_line(void **state)
{
    struct kdw_snapshot s;
    struct kdw_logger *l;

    (void)state;
    begin(&s)->state = number(KDW_LOGGER_STOPPING);
    assert_prints(&s, LINE "\tstopping\n");
    l = begin(&s);
    l->state = number(KDW_LOGGER_UNREADABLE);
    l->id = l->own_state_va = gap(KD_ERR_NOT_MAPPED, VA);
    assert_prints(&s, LINE "\tunreadable at 0xffffa80faafce9c0\n");
    l = begin(&s);
    l->id = number(0x21);
    l->own_state_va = number(0);
    assert_prints(&s, LINE "\tLoggerId 0x21 differs from its slot\tSiloState 0x0 differs\n");
    l = begin(&s);
    l->va = 0;
    l->state = number(KDW_LOGGER_EMPTY_SLOT);
    l->id = l->own_state_va = gap(KD_ERR_NOT_FOUND, 0);
    assert_prints(&s, "EtwLogger->0x0000000000000000\tId->03\t_ETW_SILODRIVERSTATE->"
                      "0xffffa80faaf3e000\tempty slot: a running kernel never writes 0 here\n");
}

static void each_silo_follows_with_its_own_state(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    (void)begin(&s);
    (void)add_state(&s, INNER);
    (void)add_logger(&s, VA + 0x1000, INNER);
    assert_prints(&s, LINE "\nEtwLogger->0xffffa80faafcf9c0\tId->03\t_ETW_SILODRIVERSTATE->"
                           "0xffffa80fbb000000\n");
}

static void what_was_not_recorded_is_named_with_its_field(void **state)
{
    const struct kdw_u64 hole = gap(KD_ERR_NOT_RECORDED, VA);
    struct kdw_consumer *consumer;
    struct kdw_list_walk *list;
    struct kdw_snapshot s;
    struct kdw_logger *l;
    struct capture c;

    (void)state;
    begin(&s)->own_state_va = hole;
    assert_prints(&s, LINE "\tSiloState: not in the recording at 0xffffa80faafce9c0\n");
    l = begin(&s);
    l->own_state_va = l->id = hole;
    l->state = number(KDW_LOGGER_UNREADABLE);
    assert_prints(&s, LINE "\tnot in the recording at 0xffffa80faafce9c0\n");

    l = begin(&s);
    l->name = l->file = l->file_pattern = (struct kdw_text){KD_ERR_NOT_RECORDED, NULL, 0x3000};
    l->buffers = number(0);
    l->buffer_size = l->events_lost = l->started_100ns = hole;
    consumer = kdw_snapshot_add(&s, KDW_TABLE_CONSUMERS, 0x1000);
    assert_non_null(consumer);
    consumer->logger_va = number(VA);
    consumer->pid = hole;
    consumer->process_name = (struct kdw_text){KD_ERR_NOT_RECORDED, NULL, 0x2000};
    list = kdw_snapshot_add(&s, KDW_TABLE_LISTS, 0x4000);
    assert_non_null(list);
    list->owner_va = number(VA);
    list->problem = text("not in the recording");
    list->end_va = number(0x1234);
    print(&s, true, &c);
    assert_non_null(strstr(c.text, "\n    name      (not in the recording at 0x3000)\n"));
    assert_non_null(strstr(c.text, "\n    pattern   (not in the recording at 0x3000)\n"));
    assert_non_null(strstr(c.text, "\n    buffers   0 of ? bytes;"));
    assert_non_null(strstr(c.text,
                           " lost\n"
                           "    missing   StartTime: not in the recording at 0xffffa80faafce9c0\n"
                           "    missing   BufferSize: not in the recording at 0xffffa80faafce9c0\n"
                           "    missing   EventsLost: not in the recording at 0xffffa80faafce9c0\n"
                           "    consumer  (not in the recording at 0x2000), pid ?, at 0x1000; "
                           "UniqueProcessId: not in the recording at 0xffffa80faafce9c0\n"
                           "    consumer  (the list ends here: not in the recording at 0x1234)\n"));
    capture_free(&c);
}

static void add_consumer(struct kdw_snapshot *s)
{
    struct kdw_consumer *c = kdw_snapshot_add(s, KDW_TABLE_CONSUMERS, UINT64_C(0xffffa80fc0012010));

    assert_non_null(c);
    c->logger_va = number(VA);
    c->pid = number(1364);
    c->process_name = text("svchost.exe");
}

static void add_system(struct kdw_snapshot *s, uint64_t groups)
{
    struct kdw_system_logger *system = kdw_snapshot_add(s, KDW_TABLE_SYSTEM, STATE + 0x1000);

    assert_non_null(system);
    system->state_va = number(STATE);
    system->index = number(1);
    system->logger_id = number(3);
    for (size_t i = 0; i < 8; i++)
        system->groups[i] = number(groups);
}

static void details_stand_below_within_a_hundred_columns(void **state)
{
    struct kdw_snapshot s;
    struct kdw_logger *l = begin(&s);
    struct capture c;

    (void)state;
    l->name = text("Eventlog-Security");
    l->file = text("");
    l->file_pattern = text("");
    l->new_file = text("C:\\next.etl");
    l->mode = number(0xffffffff);
    l->flags = number(0x400e);
    l->clock_type = number(1);
    l->started_100ns = number(UINT64_C(132204031121234567));
    l->thread_va = number(UINT64_C(0xffffa80fb0000080));
    l->buffers = number(10);
    l->buffer_size = number(65536);
    l->buffers_available = number((uint64_t)-1); /* a signed field */
    l->minimum_buffers = l->maximum_buffers = l->buffers_written = number(0);
    l->log_buffers_lost = l->realtime_buffers_delivered = l->realtime_buffers_lost = number(0);
    l->events_lost = gap(KD_ERR_NOT_MAPPED, 0x1000);
    add_consumer(&s);
    add_system(&s, 0xffffffff);
    print(&s, true, &c);
    assert_non_null(strstr(c.text, "\n    name      Eventlog-Security\n    file      (none)\n"
                                   "    new file  C:\\next.etl\n"
                                   "    mode      0xffffffff FILE_MODE_SEQUENTIAL "));
    assert_non_null(strstr(c.text, "\n    flags     0x0000400e AutoLogger FsReady RealTime "
                                   "SecurityTrace\n"
                                   "    system    index 1 PROCESS THREAD "));
    assert_non_null(strstr(c.text, " 3:0x80000000 "));
    assert_non_null(strstr(c.text, "\n    clock     performance counter; started "
                                   "2019-12-09T22:11:52.1234567Z; thread 0xffffa80fb0000080\n"));
    assert_non_null(strstr(c.text, "\n    buffers   10 of 65536 bytes; available -1, minimum 0, "
                                   "maximum 0; flush timer - ms\n"
                                   "    written   0 buffers; lost ? events, 0 buffers\n"
                                   "    realtime  0 buffers delivered, 0 lost\n"
                                   "    consumer  svchost.exe, pid 1364, at 0xffffa80fc0012010\n"));
    for (const char *line = c.text; *line; line = strchr(line, '\n') + 1)
        assert_true(strcspn(line, "\n") <= 100);
    assert_non_null(strstr(c.text, "ADDTO_TRIAGE_DUMP\n"));
    assert_null(strstr(c.text, " \n")); /* no blanks at the end of a broken line */
    capture_free(&c);
}

static void a_system_loggers_groups_are_its_own(void **state)
{
    struct kdw_snapshot s;
    struct capture c;

    (void)state;
    begin(&s)->name = text("NT Kernel Logger");
    add_logger(&s, VA + 0x1000, STATE)->slot = number(4);
    add_system(&s, 0);
    print(&s, true, &c);
    assert_non_null(strstr(c.text, "\n    system    index 1\n"));
    assert_null(strstr(strstr(c.text, "    system ") + 1, "    system "));
    capture_free(&c);
}

static void add_lost(struct kdw_snapshot *s, enum kd_status why)
{
    for (uint64_t i = 0; i < 3; i++) {
        struct kdw_logger *l = kdw_snapshot_add(s, KDW_TABLE_LOGGERS, 0);

        assert_non_null(l);
        l->state_va = number(STATE);
        l->slot = number(4 + i);
        l->state = number(KDW_LOGGER_LOST_SLOT);
        l->slot_value = gap(why, 0x5000 + 8 * i);
    }
}

static void what_is_missing_of_the_array_is_said(void **state)
{
    struct kdw_snapshot s = {.build = 18362};
    struct kdw_etw_state *host = add_state(&s, STATE);

    (void)state;
    host->slots = number(1024);
    host->max_loggers = number(0xffffffff);
    add_lost(&s, KD_ERR_NOT_MAPPED);
    assert_prints(&s, "(3 slots of the logger array cannot be read, the first at 0x5000)\n"
                      "(MaxLoggers says 0xffffffff, beyond reason: only 1024 slots were walked)\n");
    add_state(&s, STATE)->max_loggers = number(64);
    add_lost(&s, KD_ERR_NOT_RECORDED);
    assert_prints(&s,
                  "(3 slots of the logger array are not in the recording, the first at 0x5000)\n");
    (void)add_state(&s, STATE);
    add_lost(&s, KD_ERR_PAGED_OUT);
    assert_prints(&s, "(3 slots of the logger array are paged out, the first at 0x5000)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_logger_is_one_plain_line),
        cmocka_unit_test(what_is_odd_stands_behind_the_line),
        cmocka_unit_test(each_silo_follows_with_its_own_state),
        cmocka_unit_test(what_was_not_recorded_is_named_with_its_field),
        cmocka_unit_test(details_stand_below_within_a_hundred_columns),
        cmocka_unit_test(a_system_loggers_groups_are_its_own),
        cmocka_unit_test(what_is_missing_of_the_array_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
