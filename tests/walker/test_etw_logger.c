#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "etw_parts.h"
#include "support/fake_etw.h"

#include <walker/mem_cache.h>

#define LOGGER "_WMI_LOGGER_CONTEXT"

#define VA_A    UINT64_C(0xffffa80faafd39c0)
#define VA_B    UINT64_C(0xffffa80faafce9c0)
#define FILE_VA UINT64_C(0xffffa80fa0001000)
#define NOWHERE UINT64_C(0xffffa80fdead0000)

static void is(const struct kdw_u64 *v, uint64_t expected)
{
    assert_int_equal(v->status, KD_OK);
    assert_true(v->value == expected);
}

static void is_live(const struct kdw_logger *l, uint32_t slot, uint64_t va, uint64_t state_va)
{
    is(&l->state, KDW_LOGGER_LIVE);
    is(&l->slot, slot);
    is(&l->slot_value, va);
    is(&l->state_va, state_va);
    is(&l->id, slot);
    is(&l->own_state_va, state_va);
    assert_true(l->va == va);
}

/* ---- slots ---- */

static void both_forms_of_the_array_are_walked(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct kdw_logger *l;
        struct kdw_snapshot s;
        struct fake_etw e;

        fake_etw_init(&e, fake_etw_builds[i], 64);
        fake_etw_logger(&e, &e.host, 3, VA_A, "Eventlog-Security");
        fake_etw_logger(&e, &e.host, 63, VA_B, "last");
        fake_etw_take(&e, KDW_PART_LOGGERS, &s);
        l = fake_etw_loggers(&s, 2);
        is_live(&l[0], 3, VA_A, e.host.va);
        is_live(&l[1], 63, VA_B, e.host.va);
        assert_int_equal(l[0].name.status, KD_ERR_NOT_FOUND); /* nobody asked */
        is(&fake_etw_host(&s)->free_slots, 62);
        assert_false(s.tables[KDW_TABLE_CONSUMERS].is_taken);
        assert_true(kdw_snapshot_is_complete(&s));
        kdw_snapshot_free(&s);
        fake_etw_deinit(&e);
    }
}

static void max_loggers_is_honoured(void **state)
{
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "22000", 80);
    fake_etw_logger(&e, &e.host, 79, VA_A, "beyond 64");
    fake_etw_slot(&e, &e.host, 80, VA_B); /* no slot any more */
    fake_etw_take(&e, KDW_PART_LOGGERS, &s);
    is_live(fake_etw_loggers(&s, 1), 79, VA_A, e.host.va);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void a_stopping_logger_is_listed_as_such_with_its_details(void **state)
{
    const struct kdw_logger *l;
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    fake_etw_logger(&e, &e.host, 5, VA_A, "going");
    fake_etw_slot(&e, &e.host, 5, VA_A | 1);
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
    l = fake_etw_loggers(&s, 1);
    is(&l->state, KDW_LOGGER_STOPPING);
    is(&l->slot_value, VA_A | 1);
    is(&l->id, 5);
    assert_true(l->va == VA_A);
    assert_string_equal(l->name.utf8, "going");
    assert_true(kdw_snapshot_is_complete(&s));
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void an_empty_slot_is_listed_as_an_anomaly(void **state)
{
    const struct kdw_logger *l;
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "14393", 64);
    fake_etw_slot(&e, &e.host, 0, 0);
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
    l = fake_etw_loggers(&s, 1);
    is(&l->state, KDW_LOGGER_EMPTY_SLOT);
    is(&l->slot, 0);
    assert_int_equal(l->id.status, KD_ERR_NOT_FOUND);
    is(&fake_etw_host(&s)->free_slots, 63);
    assert_true(kdw_snapshot_is_complete(&s));
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void a_slot_that_cannot_be_read_is_lost_and_the_rest_is_not(void **state)
{
    const struct kdw_logger *l;
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "22000", 256); /* 0xcc0 into a page: 104 slots are in the first */
    fake_etw_logger(&e, &e.host, 2, VA_A, "before");
    fake_etw_logger(&e, &e.host, 255, VA_B, "behind");
    fake_mem_unmap(&e.k.mem, e.host.array_va + 10 * 8 + 4, 1);
    fake_etw_take(&e, KDW_PART_LOGGERS, &s);
    l = fake_etw_loggers(&s, 2 + 94);
    is_live(&l[0], 2, VA_A, e.host.va);
    is_live(&l[95], 255, VA_B, e.host.va);
    for (size_t i = 1; i < 95; i++) {
        is(&l[i].state, KDW_LOGGER_LOST_SLOT);
        is(&l[i].slot, 9 + i);
        assert_int_equal(l[i].slot_value.status, KD_ERR_NOT_MAPPED);
        assert_true(l[i].slot_value.fault_va == e.host.array_va + 8 * (9 + i));
        assert_true(l[i].va == 0);
    }
    is(&fake_etw_host(&s)->free_slots, 256 - 2 - 94);
    assert_false(kdw_snapshot_is_complete(&s));
    kdw_snapshot_free(&s);

    e.k.mem.hole = KD_ERR_NOT_RECORDED; /* of a recording no more than the hole */
    fake_etw_take(&e, KDW_PART_LOGGERS, &s);
    l = fake_etw_loggers(&s, 3);
    is(&l[1].state, KDW_LOGGER_LOST_SLOT);
    assert_int_equal(l[1].slot_value.status, KD_ERR_NOT_RECORDED);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

/* ---- holes ---- */

static void an_unreadable_logger_says_where_and_the_rest_goes_on(void **state)
{
    static const unsigned parts[] = {KDW_PART_LOGGERS, KDW_PART_LOGGER_DETAILS};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct kdw_logger *l;
        struct kdw_snapshot s;
        struct fake_etw e;

        fake_etw_init(&e, "18362", 64);
        fake_etw_slot(&e, &e.host, 2, NOWHERE);
        fake_etw_logger(&e, &e.host, 4, VA_A, "fine");
        fake_etw_take(&e, parts[i], &s);
        l = fake_etw_loggers(&s, 2);
        is(&l[0].state, KDW_LOGGER_UNREADABLE);
        assert_int_equal(l[0].id.status, KD_ERR_NOT_MAPPED);
        assert_true(l[0].id.fault_va == NOWHERE);
        assert_int_equal(l[0].own_state_va.status, KD_ERR_NOT_MAPPED);
        assert_int_equal(l[0].name.status, KD_ERR_NOT_FOUND);
        assert_int_equal(l[0].mode.status, KD_ERR_NOT_FOUND);
        /* two which say it for all of it; nor is there a rundown object */
        assert_int_equal(kdw_snapshot_gaps(&s, NULL, NULL), 2 + i);
        is(&l[1].state, KDW_LOGGER_LIVE);
        assert_int_equal(s.tables[KDW_TABLE_LISTS].len, 0); /* its consumers are not tried */
        assert_false(kdw_snapshot_is_complete(&s));
        kdw_snapshot_free(&s);
        fake_etw_deinit(&e);
    }
}

static void a_logger_whose_second_page_is_missing_keeps_what_stands_in_the_first(void **state)
{
    const uint64_t va = UINT64_C(0xffffa80faafd3f00);
    const struct kdw_logger *l;
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    fake_etw_logger(&e, &e.host, 7, va, "x");
    fake_mem_unmap(&e.k.mem, va + 0x100, 0x1000);
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
    l = fake_etw_loggers(&s, 1);
    is(&l->state, KDW_LOGGER_LIVE);
    is(&l->id, 7);
    is(&l->minimum_buffers, 0);                                 /* at 0xf0 */
    assert_int_equal(l->events_lost.status, KD_ERR_NOT_MAPPED); /* at 0x100 */
    assert_true(l->events_lost.fault_va == va + 0x100);
    assert_int_equal(l->own_state_va.status, KD_ERR_NOT_MAPPED);
    assert_int_equal(l->name.status, KD_ERR_NOT_MAPPED);
    assert_int_equal(s.tables[KDW_TABLE_LISTS].len, 1); /* its consumers */
    assert_false(kdw_snapshot_is_complete(&s));
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void of_a_recorded_context_each_field_is_known_or_not_by_itself(void **state)
{
    const struct kdw_logger *l;
    struct kdw_snapshot s;
    struct fake_etw e;
    uint64_t lost;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    fake_etw_logger(&e, &e.host, 3, VA_A, "name");
    lost = VA_A + fake_kernel_offset(&e.k, LOGGER, "EventsLost");
    e.k.mem.hole = KD_ERR_NOT_RECORDED;
    fake_mem_unmap(&e.k.mem, VA_A, 0x10);
    fake_mem_unmap(&e.k.mem, lost, 1);
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
    l = fake_etw_loggers(&s, 1);
    is(&l->state, KDW_LOGGER_LIVE);
    assert_int_equal(l->id.status, KD_ERR_NOT_RECORDED);
    assert_true(l->id.fault_va == VA_A);
    assert_int_equal(l->events_lost.status, KD_ERR_NOT_RECORDED);
    assert_true(l->events_lost.fault_va == lost);
    is(&l->own_state_va, e.host.va);
    is(&l->collection_on, 1);
    assert_string_equal(l->name.utf8, "name");
    kdw_snapshot_free(&s);

    fake_mem_unmap(&e.k.mem, VA_A, fake_kernel_size(&e.k, LOGGER));
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
    is(&fake_etw_loggers(&s, 1)->state, KDW_LOGGER_UNREADABLE);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void a_recorded_logger_without_its_id_still_has_its_silo(void **state)
{
    const struct kdw_logger *l;
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    fake_etw_logger(&e, &e.host, 7, VA_A, "x");
    e.k.mem.hole = KD_ERR_NOT_RECORDED;
    fake_mem_unmap(&e.k.mem, VA_A, 4);
    fake_etw_take(&e, KDW_PART_LOGGERS, &s);
    l = fake_etw_loggers(&s, 1);
    is(&l->state, KDW_LOGGER_LIVE);
    assert_int_equal(l->id.status, KD_ERR_NOT_RECORDED);
    is(&l->own_state_va, e.host.va);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void pointers_at_the_ends_of_the_address_space_do_no_harm(void **state)
{
    static const uint64_t slots[] = {2, 3, UINT64_MAX, UINT64_MAX - 1, UINT64_MAX - 7, 0x10000};
    const struct kdw_logger *l;
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    for (uint32_t i = 0; i < sizeof slots / sizeof slots[0]; i++)
        fake_etw_slot(&e, &e.host, i, slots[i]);
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
    l = fake_etw_loggers(&s, sizeof slots / sizeof slots[0]);
    for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++)
        is(&l[i].state, KDW_LOGGER_UNREADABLE);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

/* ---- details ---- */

static void every_fact_is_read_in_each_layout(void **state)
{
    static const struct {
        const char *field;
        size_t at;
    } numbers[] = {
        {"BufferSize", offsetof(struct kdw_logger, buffer_size)},
        {"LoggerMode", offsetof(struct kdw_logger, mode)},
        {"AcceptNewEvents", offsetof(struct kdw_logger, accept_new_events)},
        {"GetCpuClock", offsetof(struct kdw_logger, get_cpu_clock)},
        {"LoggerThread", offsetof(struct kdw_logger, thread_va)},
        {"ClockType", offsetof(struct kdw_logger, clock_type)},
        {"FlushTimer", offsetof(struct kdw_logger, flush_timer)},
        {"MinimumBuffers", offsetof(struct kdw_logger, minimum_buffers)},
        {"BuffersAvailable", offsetof(struct kdw_logger, buffers_available)},
        {"NumberOfBuffers", offsetof(struct kdw_logger, buffers)},
        {"MaximumBuffers", offsetof(struct kdw_logger, maximum_buffers)},
        {"EventsLost", offsetof(struct kdw_logger, events_lost)},
        {"PeakBuffersCount", offsetof(struct kdw_logger, peak_buffers)},
        {"BuffersWritten", offsetof(struct kdw_logger, buffers_written)},
        {"LogBuffersLost", offsetof(struct kdw_logger, log_buffers_lost)},
        {"RealTimeBuffersDelivered", offsetof(struct kdw_logger, realtime_buffers_delivered)},
        {"RealTimeBuffersLost", offsetof(struct kdw_logger, realtime_buffers_lost)},
        {"PoolType", offsetof(struct kdw_logger, pool_type)},
        {"TransitionConsumer", offsetof(struct kdw_logger, transition_consumer_va)},
        {"LoggerMutex.OwnerThread", offsetof(struct kdw_logger, mutex_owner_va)},
        {"LoggerLock", offsetof(struct kdw_logger, lock)},
        {"StartTime", offsetof(struct kdw_logger, started_100ns)},
        {"Flags", offsetof(struct kdw_logger, flags)},
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct kdw_logger *l;
        struct kdw_snapshot s;
        struct fake_etw e;

        fake_etw_init(&e, fake_etw_builds[i], 64);
        fake_etw_logger(&e, &e.host, 3, VA_A, "EventLog-System");
        for (uint32_t f = 0; f < sizeof numbers / sizeof numbers[0]; f++)
            fake_kernel_put(&e.k, LOGGER, VA_A, numbers[f].field, 100 + f);
        fake_kernel_put(&e.k, LOGGER, VA_A, "LoggerStatus", 0xc0000001);
        fake_kernel_put_text(&e.k, LOGGER, VA_A, "LogFileName", FILE_VA, "C:\\trace.etl");
        fake_kernel_put_text(&e.k, LOGGER, VA_A, "LogFilePattern", FILE_VA + 0x100, "C:\\%d.etl");
        fake_kernel_put_text(&e.k, LOGGER, VA_A, "NewLogFileName", FILE_VA + 0x200, "C:\\2.etl");
        fake_kernel_put_text(&e.k, LOGGER, VA_A, "RealtimeLogfileName", FILE_VA + 0x300, "rt");
        fake_mem_u64(&e.k.mem, fake_etw_rundown(&e.host, 3) + 64, 6);
        fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
        l = fake_etw_loggers(&s, 1);
        for (uint32_t f = 0; f < sizeof numbers / sizeof numbers[0]; f++)
            is((const struct kdw_u64 *)(const void *)((const uint8_t *)l + numbers[f].at), 100 + f);
        assert_string_equal(l->name.utf8, "EventLog-System");
        is(&l->name_va, VA_A + fake_kernel_size(&e.k, LOGGER));
        assert_string_equal(l->file.utf8, "C:\\trace.etl");
        assert_string_equal(l->file_pattern.utf8, "C:\\%d.etl");
        assert_string_equal(l->new_file.utf8, "C:\\2.etl");
        assert_string_equal(l->realtime_file.utf8, "rt");
        is(&l->status, 0xffffffffc0000001); /* a signed NTSTATUS */
        is(&l->collection_on, 1);
        is(&l->consumers, 0);
        is(&l->rundown_va, fake_etw_rundown(&e.host, 3));
        is(&l->references, 3);
        assert_int_equal(l->callback_context_va.status,
                         fake_kernel_has(&e.k, LOGGER, "CallbackContext") ? KD_OK
                                                                          : KD_ERR_NOT_FOUND);
        assert_true(kdw_snapshot_is_complete(&s));
        kdw_snapshot_free(&s);
        fake_etw_deinit(&e);
    }
}

static void a_file_name_that_is_paged_out_is_a_gap_and_no_more(void **state)
{
    const struct kdw_logger *l;
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    fake_etw_logger(&e, &e.host, 3, VA_A, "name");
    fake_kernel_put_text(&e.k, LOGGER, VA_A, "LogFileName", FILE_VA, "C:\\trace.etl");
    fake_mem_unmap(&e.k.mem, FILE_VA, 0x1000);
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
    l = fake_etw_loggers(&s, 1);
    assert_string_equal(l->name.utf8, "name");
    assert_int_equal(l->file.status, KD_ERR_NOT_MAPPED);
    assert_true(l->file.fault_va == FILE_VA);
    is(&l->collection_on, 1);
    assert_int_equal(kdw_snapshot_gaps(&s, NULL, NULL), 1);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void a_name_of_hostile_length_is_not_followed(void **state)
{
    static const uint16_t lengths[] = {0xffff, 0xfffe, 8193};
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    fake_etw_logger(&e, &e.host, 3, VA_A, "name");
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const struct kdw_logger *l;
        struct kdw_snapshot s;

        fake_mem_u16(&e.k.mem, VA_A + fake_kernel_offset(&e.k, LOGGER, "LoggerName"), lengths[i]);
        fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
        l = fake_etw_loggers(&s, 1);
        assert_int_equal(l->name.status, KD_ERR_LIMIT);
        assert_null(l->name.utf8);
        assert_int_equal(l->file.status, KD_OK);
        kdw_snapshot_free(&s);
    }
    fake_etw_deinit(&e);
}

static void a_name_with_odd_length_controls_and_surrogates_is_kept_as_such(void **state)
{
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    fake_etw_logger(&e, &e.host, 3, VA_A, "\x1b[2J-?-x");
    fake_mem_u16(&e.k.mem, VA_A + fake_kernel_size(&e.k, LOGGER) + 2 * 5, 0xd800);
    fake_mem_u16(&e.k.mem, VA_A + fake_kernel_offset(&e.k, LOGGER, "LoggerName"), 2 * 7 + 1);
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
    assert_string_equal(fake_etw_loggers(&s, 1)->name.utf8, "\x1b[2J-\xef\xbf\xbd-\xef\xbf\xbd");
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void without_its_rundown_array_a_logger_has_no_references(void **state)
{
    const struct kdw_logger *l;
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    fake_etw_logger(&e, &e.host, 3, VA_A, "name");
    fake_kernel_put(&e.k, "_ETW_SILODRIVERSTATE", e.host.va, "EtwpLoggerRundown", NOWHERE);
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
    l = fake_etw_loggers(&s, 1);
    assert_int_equal(l->rundown_va.status, KD_ERR_NOT_MAPPED);
    assert_true(l->rundown_va.fault_va == NOWHERE + 3 * 8);
    assert_int_equal(l->references.status, KD_ERR_NOT_MAPPED);
    assert_true(l->references.fault_va == NOWHERE + 3 * 8);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void a_link_lost_anywhere_ends_the_walk_at_once(void **state)
{
    const uint64_t consumer = UINT64_C(0xffffa80fb0001000);
    struct kdw_snapshot s;
    struct fake_etw e;
    size_t reads;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    fake_etw_logger(&e, &e.host, 3, VA_A, "a");
    fake_etw_logger(&e, &e.host, 4, VA_B, "b");
    fake_kernel_put_text(&e.k, LOGGER, VA_B, "LogFileName", FILE_VA, "C:\\x.etl");
    fake_etw_consumers(&e, VA_A, &consumer, 1);
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
    kdw_snapshot_free(&s);
    reads = e.k.mem.reads;
    s.build = 77;
    for (size_t from = 1; from <= reads; from++) {
        fake_mem_reset_counts(&e.k.mem);
        e.k.mem.fail_from = from;
        e.k.mem.fail_with = KD_ERR_LOST;
        e.k.mem.diag = &e.k.diag;
        assert_int_equal(kdw_snapshot_take(&e.k.kernel, KDW_PART_LOGGER_DETAILS, &s), KD_ERR_LOST);
        assert_int_equal(e.k.mem.reads, from);
        assert_int_equal(s.build, 77);
        assert_non_null(strstr(e.k.diag.text, ": the source explains: target fell silent"));
    }
    fake_etw_deinit(&e);
}

/* ---- what a walk costs: a cache of 1024-byte lines over a link that carries 1024 bytes ---- */

static size_t requests_of(struct fake_etw *e, unsigned parts, size_t loggers)
{
    struct kdw_cache_opts opts = {&e->k.mem.mem, 1024, 1 << 20, 4096};
    struct kdw_cache *cache;
    struct kdw_snapshot s;

    assert_int_equal(kdw_cache_create(&opts, &cache), KD_OK);
    e->k.mem.split = 1024;
    fake_mem_reset_counts(&e->k.mem);
    e->k.kernel.mem = kdw_cache_mem(cache);
    fake_etw_take(e, parts, &s);
    fake_etw_loggers(&s, loggers);
    assert_true(kdw_snapshot_is_complete(&s));
    kdw_snapshot_free(&s);
    kdw_cache_destroy(cache);
    return e->k.mem.requests;
}

static void make_published(struct fake_etw *e)
{
    fake_etw_init(e, "18362", 64);
    for (uint32_t i = 0; i < FAKE_ETW_PUBLISHED; i++)
        if (fake_etw_published[i])
            fake_etw_logger(e, &e->host, i, fake_etw_published[i],
                            "Microsoft-Windows-Something-Or-Other");
}

static void thirty_three_loggers_take_two_requests_each_and_a_few(void **state)
{
    struct fake_etw e;

    (void)state;
    make_published(&e);
    assert_in_range(requests_of(&e, KDW_PART_LOGGERS, 33), 33, 2 * 33 + 15);
    fake_etw_deinit(&e);
}

static void thirty_three_loggers_with_details_take_five_each_and_a_few(void **state)
{
    struct fake_etw e;

    (void)state;
    make_published(&e);
    for (uint32_t i = 0; i < FAKE_ETW_PUBLISHED; i++) {
        uint64_t consumer = UINT64_C(0xffffa80fc0000000) + i * 0x4100u;

        if (!fake_etw_published[i])
            continue;
        if (i % 2) /* each of a process of its own */
            fake_etw_consumers(&e, fake_etw_published[i], &consumer, 1);
        else
            fake_kernel_put_text(&e.k, LOGGER, fake_etw_published[i], "LogFileName", consumer,
                                 "C:\\Windows\\System32\\LogFiles\\WMI\\some-trace.etl");
    }
    assert_in_range(requests_of(&e, KDW_PART_LOGGER_DETAILS, 33), 2 * 33, 5 * 33 + 20);
    fake_etw_deinit(&e);
}

/* A serial line's cache: lines of 256 bytes, runs of them up to what one request carries. */
static void over_a_slow_line_a_context_takes_two_requests(void **state)
{
    struct kdw_cache_opts opts = {NULL, 256, 1 << 20, 4096};
    struct kdw_cache *cache;
    struct kdw_snapshot s;
    struct fake_etw e;
    size_t reads[2];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        fake_etw_init(&e, "18362", 64);
        for (uint32_t l = 0; l < 10 * i; l++)
            fake_etw_logger(&e, &e.host, l, UINT64_C(0xffffa80fd0000000) + l * 0x10000u, "n");
        opts.below = &e.k.mem.mem;
        assert_int_equal(kdw_cache_create(&opts, &cache), KD_OK);
        e.k.kernel.mem = kdw_cache_mem(cache);
        fake_mem_reset_counts(&e.k.mem);
        fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
        reads[i] = e.k.mem.reads;
        kdw_snapshot_free(&s);
        kdw_cache_destroy(cache);
        fake_etw_deinit(&e);
    }
    /* two for the context, one for its name behind it, two for its rundown object */
    assert_in_range(reads[1] - reads[0], 20, 10 * 5);
}

static void a_missing_context_takes_few_requests(void **state)
{
    struct kdw_cache_opts opts = {NULL, 1024, 1 << 20, 4096};
    struct kdw_cache *cache;
    struct kdw_snapshot s;
    struct fake_etw e;
    size_t reads[2];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        fake_etw_init(&e, "18362", 64);
        for (uint32_t l = 0; l < 10 * i; l++)
            fake_etw_slot(&e, &e.host, l, NOWHERE + l * 0x10000u);
        opts.below = &e.k.mem.mem;
        assert_int_equal(kdw_cache_create(&opts, &cache), KD_OK);
        e.k.kernel.mem = kdw_cache_mem(cache);
        fake_mem_reset_counts(&e.k.mem);
        fake_etw_take(&e, KDW_PART_LOGGERS, &s);
        reads[i] = e.k.mem.reads;
        kdw_snapshot_free(&s);
        kdw_cache_destroy(cache);
        fake_etw_deinit(&e);
    }
    assert_in_range(reads[1] - reads[0], 20, 10 * 4); /* a line each for two fields, and exactly */
}

static void a_brief_list_takes_two_requests_a_logger_at_any_alignment(void **state)
{
    (void)state;
    for (uint64_t offset = 0; offset < 1024; offset += 16) {
        struct fake_etw e;

        fake_etw_init(&e, "18362", 64);
        for (uint32_t i = 0; i < 40; i++)
            fake_etw_logger(&e, &e.host, i, UINT64_C(0xffffa80fd0000000) + i * 0x10000u + offset,
                            "n");
        assert_in_range(requests_of(&e, KDW_PART_LOGGERS, 40), 40, 2 * 40 + 15);
        fake_etw_deinit(&e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_of_the_array_are_walked),
        cmocka_unit_test(max_loggers_is_honoured),
        cmocka_unit_test(a_stopping_logger_is_listed_as_such_with_its_details),
        cmocka_unit_test(an_empty_slot_is_listed_as_an_anomaly),
        cmocka_unit_test(a_slot_that_cannot_be_read_is_lost_and_the_rest_is_not),
        cmocka_unit_test(an_unreadable_logger_says_where_and_the_rest_goes_on),
        cmocka_unit_test(a_logger_whose_second_page_is_missing_keeps_what_stands_in_the_first),
        cmocka_unit_test(of_a_recorded_context_each_field_is_known_or_not_by_itself),
        cmocka_unit_test(a_recorded_logger_without_its_id_still_has_its_silo),
        cmocka_unit_test(pointers_at_the_ends_of_the_address_space_do_no_harm),
        cmocka_unit_test(every_fact_is_read_in_each_layout),
        cmocka_unit_test(a_file_name_that_is_paged_out_is_a_gap_and_no_more),
        cmocka_unit_test(a_name_of_hostile_length_is_not_followed),
        cmocka_unit_test(a_name_with_odd_length_controls_and_surrogates_is_kept_as_such),
        cmocka_unit_test(without_its_rundown_array_a_logger_has_no_references),
        cmocka_unit_test(a_link_lost_anywhere_ends_the_walk_at_once),
        cmocka_unit_test(thirty_three_loggers_take_two_requests_each_and_a_few),
        cmocka_unit_test(thirty_three_loggers_with_details_take_five_each_and_a_few),
        cmocka_unit_test(a_brief_list_takes_two_requests_a_logger_at_any_alignment),
        cmocka_unit_test(over_a_slow_line_a_context_takes_two_requests),
        cmocka_unit_test(a_missing_context_takes_few_requests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
