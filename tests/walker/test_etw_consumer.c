#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "etw_parts.h"
#include "support/fake_etw.h"

#define CONSUMER "_ETW_REALTIME_CONSUMER"
#define VA       UINT64_C(0xffffa80faafd39c0)

static const uint64_t consumers[] = {UINT64_C(0xffffa80fb0001000), UINT64_C(0xffffa80fb0003040),
                                     UINT64_C(0xffffa80fb0002080)};

static void make(struct fake_etw *e, const char *build)
{
    fake_etw_init(e, build, 64);
    fake_etw_logger(e, &e->host, 3, VA, "EventLog-System");
    fake_etw_consumers(e, VA, consumers, 3);
}

static uint64_t process_of(size_t consumer)
{
    return consumers[consumer] + 0x100000;
}

static const struct kdw_list_walk *broken_list(const struct kdw_snapshot *s)
{
    const struct kdw_list_walk *list = s->tables[KDW_TABLE_LISTS].records;

    assert_int_equal(s->tables[KDW_TABLE_LISTS].len, 1);
    assert_string_equal(list->name.utf8, "Consumers");
    assert_true(list->owner_va.value == VA);
    assert_false(kdw_snapshot_is_complete(s));
    return list;
}

static void consumers_lead_to_their_processes(void **state)
{
    (void)state;
    for (size_t b = 0; b < 3; b++) {
        const struct kdw_consumer *c;
        struct kdw_snapshot s;
        struct fake_etw e;

        make(&e, fake_etw_builds[b]);
        fake_etw_process(&e, process_of(2), 0x2bc, "fifteenletters.");
        fake_kernel_put(&e.k, CONSUMER, consumers[1], "LoggerId", 3);
        fake_kernel_put(&e.k, CONSUMER, consumers[1], "Flags", 4);
        fake_kernel_put(&e.k, CONSUMER, consumers[1], "BuffersLost", 9);
        fake_kernel_put(&e.k, CONSUMER, consumers[1], "SiloState", e.host.va);
        fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
        c = fake_etw_consumers_of(&s, 3);
        for (size_t i = 0; i < 3; i++) {
            assert_true(c[i].va == consumers[i]);
            assert_true(c[i].logger_va.value == VA);
            assert_true(c[i].process_va.value == process_of(i));
        }
        assert_int_equal(c[0].pid.value, 0x100);
        assert_string_equal(c[0].process_name.utf8, "svchost.exe");
        assert_int_equal(c[1].logger_id.value, 3);
        assert_int_equal(c[1].flags.value, 4);
        assert_int_equal(c[1].buffers_lost.value, 9);
        assert_true(c[1].own_state_va.value == e.host.va);
        assert_int_equal(c[2].pid.value, 0x2bc);
        assert_string_equal(c[2].process_name.utf8, "fifteenletters.");
        assert_int_equal(fake_etw_loggers(&s, 1)->consumers.value, 3);
        assert_true(kdw_snapshot_is_complete(&s));
        kdw_snapshot_free(&s);
        fake_etw_deinit(&e);
    }
}

static void a_cyclic_list_ends_and_says_so(void **state)
{
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    make(&e, "18362");
    fake_mem_u64(&e.k.mem, consumers[2], consumers[1]);
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
    fake_etw_consumers_of(&s, 3);
    assert_string_equal(broken_list(&s)->problem.utf8, "list leads back into itself");
    assert_true(broken_list(&s)->end_va.value == consumers[1]);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void a_list_into_nowhere_keeps_what_it_had(void **state)
{
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    make(&e, "18362");
    fake_mem_u64(&e.k.mem, consumers[0], 0);
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
    fake_etw_consumers_of(&s, 1);
    assert_string_equal(broken_list(&s)->problem.utf8, "not mapped");
    assert_true(broken_list(&s)->end_va.value == 0);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void an_unreadable_process_is_a_gap_and_no_more(void **state)
{
    const struct kdw_consumer *c;
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    make(&e, "18362");
    fake_kernel_put(&e.k, CONSUMER, consumers[0], "ProcessObject", UINT64_C(0xffffa80fdead0000));
    fake_kernel_put(&e.k, CONSUMER, consumers[1], "ProcessObject", 0);
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
    c = fake_etw_consumers_of(&s, 3);
    assert_int_equal(c[0].pid.status, KD_ERR_NOT_MAPPED);
    assert_int_equal(c[0].process_name.status, KD_ERR_NOT_MAPPED);
    assert_null(c[0].process_name.utf8);
    assert_int_equal(c[1].process_va.status, KD_OK);
    assert_int_equal(c[1].pid.status, KD_ERR_NOT_FOUND);
    assert_string_equal(c[2].process_name.utf8, "svchost.exe");
    assert_int_equal(kdw_snapshot_gaps(&s, NULL, NULL), 2);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void a_consumer_that_breaks_off_behind_its_links_is_listed(void **state)
{
    const struct kdw_consumer *c;
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    make(&e, "18362");
    fake_mem_unmap(&e.k.mem, consumers[1] + 0x18, 8);
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
    c = fake_etw_consumers_of(&s, 3);
    assert_int_equal(c[1].process_va.status, KD_ERR_NOT_MAPPED);
    assert_true(c[1].process_va.fault_va == consumers[1] + 0x18);
    assert_int_equal(c[1].pid.status, KD_ERR_NOT_FOUND);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

/* `loggers` loggers with `each` consumers, all of one process. */
static void make_many(struct fake_etw *e, uint32_t loggers, size_t each)
{
    fake_etw_init(e, "22000", loggers);
    fake_etw_process(e, process_of(0), 4, "System");
    for (uint32_t i = 0; i < loggers; i++) {
        uint64_t va = VA + i * 0x10000u;
        uint64_t links[KDW_CONSUMERS_MAX + 1];

        fake_etw_logger(e, &e->host, i, va, "many");
        for (size_t c = 0; c < each; c++) {
            links[c] = va + 0x1000 + c * 0x20;
            fake_mem_zero(&e->k.mem, links[c], 0xa0);
        }
        for (size_t c = 0; c < each; c++)
            fake_mem_u64(&e->k.mem, links[c] + 0x18, process_of(0));
        fake_mem_list(&e->k.mem, va + fake_kernel_offset(&e->k, "_WMI_LOGGER_CONTEXT", "Consumers"),
                      links, each);
    }
}

static void a_list_longer_than_the_limit_is_cut(void **state)
{
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    make_many(&e, 1, KDW_CONSUMERS_MAX);
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
    fake_etw_consumers_of(&s, KDW_CONSUMERS_MAX);
    assert_true(kdw_snapshot_is_complete(&s));
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);

    make_many(&e, 1, KDW_CONSUMERS_MAX + 1);
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
    fake_etw_consumers_of(&s, KDW_CONSUMERS_MAX);
    assert_string_equal(broken_list(&s)->problem.utf8, "limit reached");
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void one_walk_lists_only_so_many_consumers(void **state)
{
    enum { EACH = 200 };
    size_t max = kdw_snapshot_tables[KDW_TABLE_CONSUMERS].max;
    uint32_t loggers = (uint32_t)(max / EACH + 2);
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    make_many(&e, loggers, EACH);
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
    fake_etw_loggers(&s, loggers);
    fake_etw_consumers_of(&s, max);
    assert_int_equal(s.tables[KDW_TABLE_LISTS].len, 2); /* the last two break off */
    assert_false(kdw_snapshot_is_complete(&s));
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(consumers_lead_to_their_processes),
        cmocka_unit_test(a_cyclic_list_ends_and_says_so),
        cmocka_unit_test(a_list_into_nowhere_keeps_what_it_had),
        cmocka_unit_test(an_unreadable_process_is_a_gap_and_no_more),
        cmocka_unit_test(a_consumer_that_breaks_off_behind_its_links_is_listed),
        cmocka_unit_test(a_list_longer_than_the_limit_is_cut),
        cmocka_unit_test(one_walk_lists_only_so_many_consumers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
