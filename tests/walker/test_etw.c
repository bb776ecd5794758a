#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_etw.h"

#include <walker/etw.h>
#include <walker/mem_cache.h>

#define STATE  "_ETW_SILODRIVERSTATE"
#define LOGGER "_WMI_LOGGER_CONTEXT"

#define VA_A 0xffffa80faafd39c0u
#define VA_B 0xffffa80faafce9c0u
#define VA_C 0xffffa80faae69a40u

static void list_loggers(struct fake_etw *e, struct kdw_logger_list *l)
{
    assert_int_equal(kdw_loggers_of_host(&e->kernel, KDW_BRIEF, l), KD_OK);
    assert_string_equal(e->diag.text, "");
}

static void is_live(const struct kdw_logger *l, uint32_t slot, uint64_t va, uint64_t state_va)
{
    assert_int_equal(l->state, KDW_LOGGER_LIVE);
    assert_int_equal(l->slot, slot);
    assert_true(l->va == va);
    assert_true(l->state_va == state_va);
    assert_int_equal(l->id.status, KD_OK);
    assert_int_equal(l->id.value, slot);
    assert_int_equal(l->silo_state.status, KD_OK);
    assert_true(l->silo_state.value == state_va);
    assert_false(l->has_details);
}

static void both_forms_of_the_array_are_walked(void **state)
{
    static const enum fake_etw_build builds[] = {FAKE_14393, FAKE_18362, FAKE_22000};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fake_etw e;
        struct kdw_logger_list l;

        fake_etw_init(&e, builds[i], 64);
        fake_etw_logger(&e, 3, VA_A, "Eventlog-Security");
        fake_etw_logger(&e, 63, VA_B, "last");
        list_loggers(&e, &l);
        assert_int_equal(l.slots, 64);
        assert_int_equal(l.free_slots, 62);
        assert_int_equal(l.len, 2);
        is_live(&l.loggers[0], 3, VA_A, e.state_va);
        is_live(&l.loggers[1], 63, VA_B, e.state_va);
        assert_false(l.has_gaps);
        assert_true(l.routes.agree);
        assert_true(l.routes.state_va == e.state_va);
        assert_true(l.routes.state_array.value == e.array_va);
        assert_int_equal(l.max_loggers.status, builds[i] == FAKE_14393 ? KD_ERR_NOT_FOUND : KD_OK);
        kdw_logger_list_free(&l);
        fake_etw_deinit(&e);
    }
}

static void max_loggers_is_honoured(void **state)
{
    struct fake_etw e;
    struct kdw_logger_list l;

    (void)state;
    fake_etw_init(&e, FAKE_22000, 80);
    fake_etw_logger(&e, 79, VA_A, "beyond 64");
    fake_etw_slot(&e, 80, VA_B); /* no slot any more */
    list_loggers(&e, &l);
    assert_int_equal(l.slots, 80);
    assert_int_equal(l.max_loggers.value, 80);
    assert_int_equal(l.len, 1);
    is_live(&l.loggers[0], 79, VA_A, e.state_va);
    assert_false(l.has_gaps);
    kdw_logger_list_free(&l);
    fake_etw_deinit(&e);
}

static void a_stopping_logger_is_listed_as_such(void **state)
{
    struct fake_etw e;
    struct kdw_logger_list l;

    (void)state;
    fake_etw_init(&e, FAKE_18362, 64);
    fake_etw_logger(&e, 5, VA_A, "stopping");
    fake_etw_slot(&e, 5, VA_A | 1);
    list_loggers(&e, &l);
    assert_int_equal(l.len, 1);
    assert_int_equal(l.loggers[0].state, KDW_LOGGER_STOPPING);
    assert_true(l.loggers[0].va == VA_A);
    assert_int_equal(l.loggers[0].id.value, 5);
    assert_false(l.has_gaps);
    kdw_logger_list_free(&l);
    fake_etw_deinit(&e);
}

static void an_empty_slot_is_listed_as_an_anomaly(void **state)
{
    struct fake_etw e;
    struct kdw_logger_list l;

    (void)state;
    fake_etw_init(&e, FAKE_14393, 64);
    fake_etw_slot(&e, 0, 0);
    list_loggers(&e, &l);
    assert_int_equal(l.len, 1);
    assert_int_equal(l.loggers[0].state, KDW_LOGGER_EMPTY_SLOT);
    assert_int_equal(l.loggers[0].slot, 0);
    assert_int_equal(l.loggers[0].id.status, KD_ERR_NOT_FOUND);
    assert_int_equal(l.free_slots, 63);
    assert_false(l.has_gaps);
    kdw_logger_list_free(&l);
    fake_etw_deinit(&e);
}

static void an_unreadable_logger_says_where_and_the_rest_goes_on(void **state)
{
    static const enum kdw_detail details[] = {KDW_BRIEF, KDW_DETAILED};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fake_etw e;
        struct kdw_logger_list l;

        fake_etw_init(&e, FAKE_18362, 64);
        fake_etw_slot(&e, 2, 0xffffa80fdead0000u);
        fake_etw_logger(&e, 4, VA_A, "fine");
        assert_int_equal(kdw_loggers_of_host(&e.kernel, details[i], &l), KD_OK);
        assert_int_equal(l.len, 2);
        assert_int_equal(l.loggers[0].state, KDW_LOGGER_UNREADABLE);
        assert_int_equal(l.loggers[0].id.status, KD_ERR_NOT_MAPPED);
        assert_true(l.loggers[0].id.fault_va == 0xffffa80fdead0000u);
        assert_int_equal(l.loggers[0].silo_state.status, KD_ERR_NOT_MAPPED);
        assert_false(l.loggers[0].has_details);
        assert_int_equal(l.loggers[1].state, KDW_LOGGER_LIVE);
        assert_true(l.has_gaps);
        kdw_logger_list_free(&l);
        fake_etw_deinit(&e);
    }
}

static void a_logger_whose_second_page_is_missing_keeps_its_id(void **state)
{
    struct fake_etw e;
    struct kdw_logger_list l;
    const uint64_t va = 0xffffa80faafd3fc0u;

    (void)state;
    fake_etw_init(&e, FAKE_18362, 64);
    fake_etw_logger(&e, 7, va, "x");
    fake_mem_unmap(&e.mem, va + 0x40, 0x1000);
    list_loggers(&e, &l);
    assert_int_equal(l.loggers[0].state, KDW_LOGGER_LIVE);
    assert_int_equal(l.loggers[0].id.value, 7);
    assert_int_equal(l.loggers[0].silo_state.status, KD_ERR_NOT_MAPPED);
    assert_true(l.has_gaps);
    kdw_logger_list_free(&l);
    fake_etw_deinit(&e);
}

static void a_recorded_logger_without_its_id_still_has_its_silo(void **state)
{
    const uint64_t va = 0xffffa80faafd3000u;
    struct fake_etw e;
    struct kdw_logger_list l;

    (void)state;
    fake_etw_init(&e, FAKE_18362, 64);
    fake_etw_logger(&e, 7, va, "x");
    e.mem.hole = KD_ERR_NOT_RECORDED;
    fake_mem_unmap(&e.mem, va, 4);
    list_loggers(&e, &l);
    assert_int_equal(l.loggers[0].state, KDW_LOGGER_LIVE);
    assert_int_equal(l.loggers[0].id.status, KD_ERR_NOT_RECORDED);
    assert_true(l.loggers[0].silo_state.value == e.state_va);
    assert_true(l.has_gaps);
    kdw_logger_list_free(&l);
    fake_mem_unmap(&e.mem, va, 0x1000);
    list_loggers(&e, &l);
    assert_int_equal(l.loggers[0].state, KDW_LOGGER_UNREADABLE);
    assert_int_equal(l.loggers[0].id.status, KD_ERR_NOT_RECORDED);
    kdw_logger_list_free(&l);
    fake_etw_deinit(&e);
}

static void of_a_recorded_array_the_slots_around_a_gap_are_walked(void **state)
{
    struct fake_etw e;
    struct kdw_logger_list l;

    (void)state;
    fake_etw_init(&e, FAKE_18362, 64);
    fake_etw_logger(&e, 3, 0xffffa80faafd3000u, "x");
    fake_etw_logger(&e, 6, 0xffffa80faafd5000u, "y");
    e.mem.hole = KD_ERR_NOT_RECORDED;
    fake_mem_unmap(&e.mem, e.array_va + 4 * 8 + 7, 2);
    list_loggers(&e, &l);
    assert_int_equal(l.len, 2);
    assert_int_equal(l.loggers[1].slot, 6);
    assert_int_equal(l.unreadable_slots, 2);
    assert_true(l.unreadable_slots_va == e.array_va + 4 * 8);
    assert_int_equal(l.unreadable_slots_status, KD_ERR_NOT_RECORDED);
    assert_true(l.has_gaps);
    kdw_logger_list_free(&l);

    l.len = 77;
    fake_mem_unmap(&e.mem, e.array_va, 64 * 8);
    assert_int_equal(kdw_loggers_of_host(&e.kernel, KDW_BRIEF, &l), KD_ERR_NOT_RECORDED);
    assert_non_null(strstr(e.diag.text, "logger array at 0xffffa80faae71cc0 of the ETW state at "
                                        "0xffffa80faaf3e000: not in the recording"));
    assert_int_equal(l.len, 77);
    fake_etw_deinit(&e);
}

static void pointers_at_the_ends_of_the_address_space_do_no_harm(void **state)
{
    static const uint64_t slots[] = {2, 3, UINT64_MAX, UINT64_MAX - 1, UINT64_MAX - 7, 0x10000};
    struct fake_etw e;
    struct kdw_logger_list l;

    (void)state;
    fake_etw_init(&e, FAKE_18362, 64);
    for (uint32_t i = 0; i < sizeof slots / sizeof slots[0]; i++)
        fake_etw_slot(&e, i, slots[i]);
    list_loggers(&e, &l);
    assert_int_equal(l.len, sizeof slots / sizeof slots[0]);
    for (size_t i = 0; i < l.len; i++)
        assert_int_equal(l.loggers[i].state, KDW_LOGGER_UNREADABLE);
    kdw_logger_list_free(&l);
    fake_etw_deinit(&e);
}

static void an_array_that_cannot_be_read_fails_with_its_address(void **state)
{
    struct fake_etw e;
    struct kdw_logger_list l = {.len = 77};

    (void)state;
    fake_etw_init(&e, FAKE_18362, 64);
    fake_mem_unmap(&e.mem, e.array_va, 64 * 8);
    assert_int_equal(kdw_loggers_of_host(&e.kernel, KDW_BRIEF, &l), KD_ERR_NOT_MAPPED);
    assert_string_equal(e.diag.text,
                        "loggers of the host silo: logger array at 0xffffa80faae71cc0 of the ETW "
                        "state at 0xffffa80faaf3e000: not mapped");
    assert_int_equal(l.len, 77);
    fake_etw_deinit(&e);
}

static void an_array_that_is_readable_in_part_is_walked_around_the_hole(void **state)
{
    struct fake_etw e;
    struct kdw_logger_list l;

    (void)state;
    fake_etw_init(&e, FAKE_22000, 256); /* 0xcc0 into a page: 104 slots are in the first page */
    fake_etw_logger(&e, 2, VA_A, "before");
    fake_etw_logger(&e, 255, VA_B, "behind");
    fake_mem_unmap(&e.mem, e.array_va + 10 * 8 + 4, 1);
    list_loggers(&e, &l);
    assert_int_equal(l.len, 2);
    is_live(&l.loggers[0], 2, VA_A, e.state_va);
    is_live(&l.loggers[1], 255, VA_B, e.state_va);
    assert_int_equal(l.unreadable_slots, 104 - 10);
    assert_true(l.unreadable_slots_va == e.array_va + 10 * 8);
    assert_int_equal(l.free_slots, 256 - 2 - (104 - 10));
    assert_true(l.has_gaps);
    kdw_logger_list_free(&l);
    fake_etw_deinit(&e);
}

static void a_max_loggers_beyond_reason_is_cut_and_none_is_refused(void **state)
{
    struct fake_etw e;
    struct kdw_logger_list l;

    (void)state;
    fake_etw_init(&e, FAKE_18362, 2000);
    fake_etw_put(&e, STATE, e.state_va, "MaxLoggers", 0xffffffff);
    fake_etw_logger(&e, 1, VA_A, "a");
    list_loggers(&e, &l);
    assert_int_equal(l.slots, KDW_LOGGERS_MAX);
    assert_int_equal(l.max_loggers.value, 0xffffffff);
    assert_int_equal(l.len, 1);
    assert_true(l.has_gaps);
    kdw_logger_list_free(&l);

    fake_etw_put(&e, STATE, e.state_va, "MaxLoggers", 0);
    assert_int_equal(kdw_loggers_of_host(&e.kernel, KDW_BRIEF, &l), KD_ERR_MALFORMED);
    assert_non_null(strstr(e.diag.text, "no slots"));
    fake_etw_deinit(&e);
}

static void routes_that_disagree_are_reported(void **state)
{
    struct fake_etw e;
    struct kdw_logger_list l;

    (void)state;
    fake_etw_init(&e, FAKE_18362, 64);
    fake_mem_u64(&e.mem, fake_etw_global(&e, "EtwpHostSiloState"), 0xffffa80f11110000u);
    list_loggers(&e, &l);
    assert_false(l.routes.agree);
    assert_true(l.routes.state_va == e.state_va);
    assert_true(l.routes.by_host_pointer.value == 0xffffa80f11110000u);
    kdw_logger_list_free(&l);

    fake_mem_u64(&e.mem, fake_etw_global(&e, "EtwpHostSiloState"), e.state_va);
    fake_mem_u64(&e.mem, fake_etw_global(&e, "EtwpDebuggerData") + 0x10, e.array_va - 8);
    list_loggers(&e, &l);
    assert_false(l.routes.agree);
    assert_true(l.routes.logger_array.value == e.array_va - 8);
    assert_true(l.routes.state_array.value == e.array_va);
    kdw_logger_list_free(&l);
    fake_etw_deinit(&e);
}

static void the_second_route_is_taken_where_the_first_leads_nowhere(void **state)
{
    struct fake_etw e;
    struct kdw_logger_list l;
    uint64_t globals;

    (void)state;
    fake_etw_init(&e, FAKE_18362, 64);
    fake_etw_logger(&e, 9, VA_A, "found");
    globals = fake_etw_global(&e, "PspHostSiloGlobals");
    fake_etw_put(&e, "_ESERVERSILO_GLOBALS", globals, "EtwSiloState", 0xffffa80f11110000u);
    list_loggers(&e, &l);
    assert_true(l.routes.state_va == e.state_va);
    assert_false(l.routes.agree);
    assert_true(l.has_gaps);
    assert_int_equal(l.len, 1);
    kdw_logger_list_free(&l);

    fake_etw_put(&e, "_ESERVERSILO_GLOBALS", globals, "EtwSiloState", 0);
    list_loggers(&e, &l);
    assert_true(l.routes.state_va == e.state_va);
    assert_false(l.routes.agree);
    kdw_logger_list_free(&l);

    fake_mem_zero(&e.mem, 0xffffa80f11110000u, 0x1200); /* readable, but no state */
    fake_etw_put(&e, "_ESERVERSILO_GLOBALS", globals, "EtwSiloState", 0xffffa80f11110000u);
    list_loggers(&e, &l);
    assert_true(l.routes.state_va == e.state_va);
    assert_int_equal(l.len, 1);
    kdw_logger_list_free(&l);

    fake_mem_unmap(&e.mem, globals + fake_etw_offset(&e, "_ESERVERSILO_GLOBALS", "EtwSiloState"),
                   8);
    list_loggers(&e, &l);
    assert_true(l.routes.state_va == e.state_va);
    assert_int_equal(l.routes.by_silo_globals.status, KD_ERR_NOT_MAPPED);
    assert_true(l.routes.agree); /* all that could be read */
    assert_true(l.has_gaps);
    kdw_logger_list_free(&l);
    fake_etw_deinit(&e);
}

static void a_kernel_without_a_route_still_has_the_others(void **state)
{
    static const struct fake_symbol only_pointer[] = {{"EtwpHostSiloState", 0x573008}, {0}};
    static const struct fake_symbol none[] = {{0}};
    struct fake_etw e;
    struct kdw_logger_list l;

    (void)state;
    fake_etw_init(&e, FAKE_18362, 64);
    fake_etw_logger(&e, 9, VA_A, "found");
    e.symbols.variables = only_pointer;
    list_loggers(&e, &l);
    assert_int_equal(l.routes.by_silo_globals.status, KD_ERR_NOT_FOUND);
    assert_int_equal(l.routes.logger_array.status, KD_ERR_NOT_FOUND);
    assert_true(l.routes.agree);
    assert_false(l.has_gaps);
    assert_int_equal(l.len, 1);
    kdw_logger_list_free(&l);

    e.symbols.variables = none;
    assert_int_equal(kdw_loggers_of_host(&e.kernel, KDW_BRIEF, &l), KD_ERR_NOT_FOUND);
    assert_non_null(strstr(e.diag.text, "neither PspHostSiloGlobals nor EtwpHostSiloState"));
    fake_etw_deinit(&e);
}

static void a_state_without_an_array_is_not_supported(void **state)
{
    static const struct fake_field no_fields[] = {{0}};
    static const struct fake_type types[] = {
        {STATE, 0x200, no_fields}, {LOGGER, 0x400, no_fields}, {0}};
    struct fake_etw e;
    struct kdw_logger_list l;

    (void)state;
    fake_etw_init(&e, FAKE_18362, 64);
    e.symbols.types = types;
    assert_int_equal(kdw_loggers_of_host(&e.kernel, KDW_BRIEF, &l), KD_ERR_UNSUPPORTED);
    assert_non_null(strstr(e.diag.text, "no logger array"));
    fake_etw_deinit(&e);
}

static void a_link_lost_anywhere_ends_the_walk_at_once(void **state)
{
    const uint64_t consumer = 0xffffa80fb0001000u;
    struct fake_etw e;
    struct kdw_logger_list l = {.len = 77};
    size_t reads;

    (void)state;
    fake_etw_init(&e, FAKE_18362, 64);
    fake_etw_logger(&e, 3, VA_A, "a");
    fake_etw_logger(&e, 4, VA_B, "b");
    fake_etw_put_text(&e, LOGGER, VA_B, "LogFileName", VA_C, "C:\\x.etl");
    fake_etw_consumers(&e, VA_A, &consumer, 1);
    assert_int_equal(kdw_loggers_of_host(&e.kernel, KDW_DETAILED, &l), KD_OK);
    kdw_logger_list_free(&l);
    reads = e.mem.reads;
    l.len = 77;
    for (size_t from = 1; from <= reads; from++) {
        fake_mem_reset_counts(&e.mem);
        e.mem.fail_from = from;
        e.mem.fail_with = KD_ERR_LOST;
        e.mem.diag = &e.diag;
        assert_int_equal(kdw_loggers_of_host(&e.kernel, KDW_DETAILED, &l), KD_ERR_LOST);
        assert_int_equal(e.mem.reads, from);
        assert_int_equal(l.len, 77);
        assert_non_null(strstr(e.diag.text, "host silo: "));
        assert_non_null(strstr(e.diag.text, ": the source explains: target fell silent"));
    }
    fake_etw_deinit(&e);
}

/* ---- what a walk costs: a cache of 1024-byte lines over a link that carries 1024 bytes ---- */

static void make_published(struct fake_etw *e)
{
    fake_etw_init(e, FAKE_18362, 64);
    for (uint32_t i = 0; i < FAKE_ETW_PUBLISHED; i++)
        if (fake_etw_published[i])
            fake_etw_logger(e, i, fake_etw_published[i], "Microsoft-Windows-Something-Or-Other");
}

static size_t requests_of(struct fake_etw *e, enum kdw_detail detail, size_t loggers)
{
    struct kdw_cache_opts opts = {&e->mem.mem, 1024, 1 << 20, 4096};
    struct kdw_cache *cache;
    struct kdw_logger_list l;

    assert_int_equal(kdw_cache_create(&opts, &cache), KD_OK);
    e->mem.split = 1024;
    fake_mem_reset_counts(&e->mem);
    e->kernel.mem = kdw_cache_mem(cache);
    assert_int_equal(kdw_loggers_of_host(&e->kernel, detail, &l), KD_OK);
    assert_int_equal(l.len, loggers);
    assert_false(l.has_gaps);
    kdw_logger_list_free(&l);
    kdw_cache_destroy(cache);
    return e->mem.requests;
}

static void thirty_three_loggers_take_two_requests_each_and_a_few(void **state)
{
    struct fake_etw e;

    (void)state;
    make_published(&e);
    assert_in_range(requests_of(&e, KDW_BRIEF, 33), 33, 2 * 33 + 15);
    fake_etw_deinit(&e);
}

static void thirty_three_loggers_with_details_take_five_each_and_a_few(void **state)
{
    struct fake_etw e;

    (void)state;
    make_published(&e);
    for (uint32_t i = 0; i < FAKE_ETW_PUBLISHED; i++) {
        uint64_t consumer = 0xffffa80fc0000000u + i * 0x4100u;

        if (!fake_etw_published[i])
            continue;
        if (i % 2) /* each of a process of its own */
            fake_etw_consumers(&e, fake_etw_published[i], &consumer, 1);
        else
            fake_etw_put_text(&e, LOGGER, fake_etw_published[i], "LogFileName", consumer,
                              "C:\\Windows\\System32\\LogFiles\\WMI\\some-trace.etl");
    }
    assert_in_range(requests_of(&e, KDW_DETAILED, 33), 2 * 33, 5 * 33 + 20);
    fake_etw_deinit(&e);
}

static void a_brief_list_takes_two_requests_a_logger_at_any_alignment(void **state)
{
    (void)state;
    for (uint64_t offset = 0; offset < 1024; offset += 16) {
        struct fake_etw e;

        fake_etw_init(&e, FAKE_18362, 64);
        for (uint32_t i = 0; i < 40; i++)
            fake_etw_logger(&e, i, 0xffffa80fd0000000u + i * 0x10000u + offset, "n");
        assert_in_range(requests_of(&e, KDW_BRIEF, 40), 40, 2 * 40 + 15);
        fake_etw_deinit(&e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_of_the_array_are_walked),
        cmocka_unit_test(max_loggers_is_honoured),
        cmocka_unit_test(a_stopping_logger_is_listed_as_such),
        cmocka_unit_test(an_empty_slot_is_listed_as_an_anomaly),
        cmocka_unit_test(an_unreadable_logger_says_where_and_the_rest_goes_on),
        cmocka_unit_test(a_logger_whose_second_page_is_missing_keeps_its_id),
        cmocka_unit_test(a_recorded_logger_without_its_id_still_has_its_silo),
        cmocka_unit_test(of_a_recorded_array_the_slots_around_a_gap_are_walked),
        cmocka_unit_test(pointers_at_the_ends_of_the_address_space_do_no_harm),
        cmocka_unit_test(an_array_that_cannot_be_read_fails_with_its_address),
        cmocka_unit_test(an_array_that_is_readable_in_part_is_walked_around_the_hole),
        cmocka_unit_test(a_max_loggers_beyond_reason_is_cut_and_none_is_refused),
        cmocka_unit_test(routes_that_disagree_are_reported),
        cmocka_unit_test(the_second_route_is_taken_where_the_first_leads_nowhere),
        cmocka_unit_test(a_kernel_without_a_route_still_has_the_others),
        cmocka_unit_test(a_state_without_an_array_is_not_supported),
        cmocka_unit_test(a_link_lost_anywhere_ends_the_walk_at_once),
        cmocka_unit_test(thirty_three_loggers_take_two_requests_each_and_a_few),
        cmocka_unit_test(thirty_three_loggers_with_details_take_five_each_and_a_few),
        cmocka_unit_test(a_brief_list_takes_two_requests_a_logger_at_any_alignment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
