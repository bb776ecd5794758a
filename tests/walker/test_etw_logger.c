#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_etw.h"

#include <walker/etw.h>

#define LOGGER "_WMI_LOGGER_CONTEXT"

#define VA   0xffffa80faafd39c0u
#define FILE 0xffffa80fa0001000u

/* The one logger of the fake kernel, in detail. */
static const struct kdw_logger *read_one(struct fake_etw *e, struct kdw_logger_list *l)
{
    assert_int_equal(kdw_loggers_of_host(&e->kernel, KDW_DETAILED, l), KD_OK);
    assert_int_equal(l->len, 1);
    return &l->loggers[0];
}

static void is(const struct kdw_u64 *v, uint64_t expected)
{
    assert_int_equal(v->status, KD_OK);
    assert_true(v->value == expected);
}

static void details_are_read_in_each_layout(void **state)
{
    static const enum fake_etw_build builds[] = {FAKE_14393, FAKE_18362, FAKE_22000};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        static const char *const fields[] = {
            "BufferSize",      "LoggerMode",      "FlushTimer",          "MinimumBuffers",
            "MaximumBuffers",  "EventsLost",      "BuffersWritten",      "LogBuffersLost",
            "Flags",           "NumberOfBuffers", "RealTimeBuffersLost", "RealTimeBuffersDelivered",
            "BuffersAvailable"};
        struct fake_etw e;
        struct kdw_logger_list list;
        const struct kdw_logger *l;

        fake_etw_init(&e, builds[i], 64);
        fake_etw_logger(&e, 3, VA, "EventLog-System");
        for (uint32_t f = 0; f < sizeof fields / sizeof fields[0]; f++)
            fake_etw_put(&e, LOGGER, VA, fields[f], 100 + f);
        fake_etw_put(&e, LOGGER, VA, "LoggerStatus", 0xc0000001);
        fake_etw_put_text(&e, LOGGER, VA, "LogFileName", FILE, "C:\\trace.etl");
        l = read_one(&e, &list);
        assert_true(l->has_details);
        assert_string_equal(l->name.utf8, "EventLog-System");
        assert_string_equal(l->log_file.utf8, "C:\\trace.etl");
        is(&l->id, 3);
        is(&l->silo_state, e.state_va);
        is(&l->buffer_size, 100);
        is(&l->mode, 101);
        is(&l->flush_timer, 102);
        is(&l->minimum_buffers, 103);
        is(&l->maximum_buffers, 104);
        is(&l->events_lost, 105);
        is(&l->buffers_written, 106);
        is(&l->log_buffers_lost, 107);
        is(&l->flags, 108);
        is(&l->buffers, 109);
        is(&l->realtime_buffers_lost, 110);
        is(&l->realtime_buffers_delivered, 111);
        is(&l->buffers_available, 112);
        is(&l->logger_status, 0xffffffffc0000001); /* a signed NTSTATUS */
        is(&l->collection_on, 1);
        is(&l->consumer_count, 0);
        assert_int_equal(l->consumers_status, KD_OK);
        assert_false(list.has_gaps);
        kdw_logger_list_free(&list);
        fake_etw_deinit(&e);
    }
}

static void a_stopping_logger_has_details_too(void **state)
{
    struct fake_etw e;
    struct kdw_logger_list list;
    const struct kdw_logger *l;

    (void)state;
    fake_etw_init(&e, FAKE_18362, 64);
    fake_etw_logger(&e, 3, VA, "going");
    fake_etw_slot(&e, 3, VA | 1);
    l = read_one(&e, &list);
    assert_int_equal(l->state, KDW_LOGGER_STOPPING);
    assert_string_equal(l->name.utf8, "going");
    kdw_logger_list_free(&list);
    fake_etw_deinit(&e);
}

static void a_file_name_that_is_paged_out_is_a_gap_and_no_more(void **state)
{
    struct fake_etw e;
    struct kdw_logger_list list;
    const struct kdw_logger *l;

    (void)state;
    fake_etw_init(&e, FAKE_18362, 64);
    fake_etw_logger(&e, 3, VA, "name");
    fake_etw_put_text(&e, LOGGER, VA, "LogFileName", FILE, "C:\\trace.etl");
    fake_mem_unmap(&e.mem, FILE, 0x1000);
    l = read_one(&e, &list);
    assert_string_equal(l->name.utf8, "name");
    assert_int_equal(l->log_file.status, KD_ERR_NOT_MAPPED);
    assert_true(l->log_file.fault_va == FILE);
    is(&l->collection_on, 1);
    assert_true(list.has_gaps);
    kdw_logger_list_free(&list);
    fake_etw_deinit(&e);
}

static void a_name_of_hostile_length_is_not_followed(void **state)
{
    static const uint16_t lengths[] = {0xffff, 0xfffe, 8193};
    struct fake_etw e;
    struct kdw_logger_list list;

    (void)state;
    fake_etw_init(&e, FAKE_18362, 64);
    fake_etw_logger(&e, 3, VA, "name");
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const struct kdw_logger *l;

        fake_mem_u16(&e.mem, VA + fake_etw_offset(&e, LOGGER, "LoggerName"), lengths[i]);
        l = read_one(&e, &list);
        assert_int_equal(l->name.status, KD_ERR_LIMIT);
        assert_null(l->name.utf8);
        assert_int_equal(l->log_file.status, KD_OK);
        assert_true(list.has_gaps);
        kdw_logger_list_free(&list);
    }
    fake_etw_deinit(&e);
}

static void a_name_with_odd_length_controls_and_surrogates_is_shown_as_such(void **state)
{
    struct fake_etw e;
    struct kdw_logger_list list;
    uint64_t text_va;

    (void)state;
    fake_etw_init(&e, FAKE_18362, 64);
    fake_etw_logger(&e, 3, VA, "\x1b[2J-?-x");
    text_va = VA + fake_etw_size(&e, LOGGER);
    fake_mem_u16(&e.mem, text_va + 2 * 5, 0xd800);
    fake_mem_u16(&e.mem, VA + fake_etw_offset(&e, LOGGER, "LoggerName"), 2 * 7 + 1);
    assert_string_equal(read_one(&e, &list)->name.utf8, "\x1b[2J-\xef\xbf\xbd-\xef\xbf\xbd");
    kdw_logger_list_free(&list);
    fake_etw_deinit(&e);
}

static void a_context_that_breaks_off_keeps_what_stands_before_the_hole(void **state)
{
    const uint64_t va = 0xffffa80faafd3f00u;
    struct fake_etw e;
    struct kdw_logger_list list;
    const struct kdw_logger *l;

    (void)state;
    fake_etw_init(&e, FAKE_18362, 64);
    fake_etw_logger(&e, 3, va, "name");
    fake_mem_unmap(&e.mem, va + 0x100, 0x1000);
    l = read_one(&e, &list);
    assert_int_equal(l->state, KDW_LOGGER_LIVE);
    assert_true(l->has_details);
    is(&l->id, 3);
    is(&l->minimum_buffers, 0);                                 /* at 0xf0 */
    assert_int_equal(l->events_lost.status, KD_ERR_NOT_MAPPED); /* at 0x100 */
    assert_true(l->events_lost.fault_va == va + 0x100);
    assert_int_equal(l->silo_state.status, KD_ERR_NOT_MAPPED);
    assert_int_equal(l->name.status, KD_ERR_NOT_MAPPED);
    assert_int_equal(l->consumers_status, KD_ERR_NOT_MAPPED);
    assert_true(list.has_gaps);
    kdw_logger_list_free(&list);
    fake_etw_deinit(&e);
}

static void a_hole_in_a_context_costs_few_reads(void **state)
{
    const uint64_t va = 0xffffa80faafd3ff8u;
    struct fake_etw e;
    struct kdw_logger_list list;
    size_t reads;

    (void)state;
    fake_etw_init(&e, FAKE_18362, 64);
    assert_int_equal(kdw_loggers_of_host(&e.kernel, KDW_DETAILED, &list), KD_OK);
    kdw_logger_list_free(&list);
    reads = e.mem.reads;
    fake_etw_logger(&e, 3, va, "name");
    fake_mem_unmap(&e.mem, va + 8, 0x1000);
    fake_mem_reset_counts(&e.mem);
    (void)read_one(&e, &list);
    assert_in_range(e.mem.reads - reads, 1, 2); /* the context; the head of its consumers */
    kdw_logger_list_free(&list);
    fake_etw_deinit(&e);
}

static void of_a_recorded_context_each_field_is_known_or_not_by_itself(void **state)
{
    const uint64_t missing = VA + 0x40;
    struct fake_etw e;
    struct kdw_logger_list list;
    const struct kdw_logger *l;

    (void)state;
    fake_etw_init(&e, FAKE_18362, 64);
    fake_etw_logger(&e, 3, VA, "name");
    e.mem.hole = KD_ERR_NOT_RECORDED;
    fake_mem_unmap(&e.mem, VA, 0x10);
    fake_mem_unmap(&e.mem, missing, 0x10);
    fake_mem_unmap(&e.mem, VA + fake_etw_offset(&e, LOGGER, "EventsLost"), 1);
    l = read_one(&e, &list);
    assert_int_equal(l->state, KDW_LOGGER_LIVE);
    assert_true(l->has_details);
    assert_int_equal(l->id.status, KD_ERR_NOT_RECORDED);
    assert_true(l->id.fault_va == VA);
    assert_int_equal(l->events_lost.status, KD_ERR_NOT_RECORDED);
    assert_true(l->events_lost.fault_va == VA + fake_etw_offset(&e, LOGGER, "EventsLost"));
    is(&l->silo_state, e.state_va);
    is(&l->collection_on, 1);
    assert_string_equal(l->name.utf8, "name");
    assert_true(list.has_gaps);
    kdw_logger_list_free(&list);

    fake_mem_unmap(&e.mem, VA, fake_etw_size(&e, LOGGER));
    l = read_one(&e, &list);
    assert_int_equal(l->state, KDW_LOGGER_UNREADABLE);
    assert_false(l->has_details);
    assert_int_equal(l->id.status, KD_ERR_NOT_RECORDED);
    kdw_logger_list_free(&list);
    fake_etw_deinit(&e);
}

static void fields_that_this_kernel_lacks_are_no_gaps(void **state)
{
    static const struct fake_field fields[] = {{"LoggerId", 0, FAKE_UINT(4)}, {0}};
    struct fake_type types[8];
    struct fake_etw e;
    struct kdw_logger_list list;
    const struct kdw_logger *l;
    size_t n = 0;

    (void)state;
    fake_etw_init(&e, FAKE_18362, 64);
    fake_etw_logger(&e, 3, VA, "name");
    do {
        types[n] = e.symbols.types[n];
        if (types[n].name && strcmp(types[n].name, LOGGER) == 0)
            types[n].fields = fields;
    } while (types[n++].name);
    e.symbols.types = types;
    l = read_one(&e, &list);
    is(&l->id, 3);
    assert_int_equal(l->name.status, KD_ERR_NOT_FOUND);
    assert_int_equal(l->flush_timer.status, KD_ERR_NOT_FOUND);
    assert_int_equal(l->consumers_status, KD_ERR_NOT_FOUND);
    assert_false(list.has_gaps);
    kdw_logger_list_free(&list);
    fake_etw_deinit(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(details_are_read_in_each_layout),
        cmocka_unit_test(a_stopping_logger_has_details_too),
        cmocka_unit_test(a_file_name_that_is_paged_out_is_a_gap_and_no_more),
        cmocka_unit_test(a_name_of_hostile_length_is_not_followed),
        cmocka_unit_test(a_name_with_odd_length_controls_and_surrogates_is_shown_as_such),
        cmocka_unit_test(a_context_that_breaks_off_keeps_what_stands_before_the_hole),
        cmocka_unit_test(a_hole_in_a_context_costs_few_reads),
        cmocka_unit_test(of_a_recorded_context_each_field_is_known_or_not_by_itself),
        cmocka_unit_test(fields_that_this_kernel_lacks_are_no_gaps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
