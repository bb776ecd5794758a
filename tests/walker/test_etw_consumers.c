#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_etw.h"

#include <walker/etw.h>

#define CONSUMER "_ETW_REALTIME_CONSUMER"

#define VA 0xffffa80faafd39c0u

static const uint64_t consumers[] = {0xffffa80fb0001000u, 0xffffa80fb0003040u, 0xffffa80fb0002080u};

static void make(struct fake_etw *e, enum fake_etw_build build)
{
    fake_etw_init(e, build, 64);
    fake_etw_logger(e, 3, VA, "EventLog-System");
    fake_etw_consumers(e, VA, consumers, 3);
}

static const struct kdw_logger *read_one(struct fake_etw *e, struct kdw_logger_list *l)
{
    assert_int_equal(kdw_loggers_of_host(&e->kernel, KDW_DETAILED, l), KD_OK);
    assert_int_equal(l->len, 1);
    return &l->loggers[0];
}

static uint64_t process_of(size_t consumer)
{
    return consumers[consumer] + 0x100000;
}

static void consumers_lead_to_their_processes(void **state)
{
    static const enum fake_etw_build builds[] = {FAKE_14393, FAKE_18362, FAKE_22000};

    (void)state;
    for (size_t b = 0; b < 3; b++) {
        struct fake_etw e;
        struct kdw_logger_list list;
        const struct kdw_logger *l;

        make(&e, builds[b]);
        fake_etw_process(&e, process_of(2), 0x2bc, "fifteenletters.");
        l = read_one(&e, &list);
        assert_int_equal(l->consumers_len, 3);
        assert_int_equal(l->consumers_status, KD_OK);
        for (size_t i = 0; i < 3; i++) {
            assert_true(l->consumers[i].va == consumers[i]);
            assert_true(l->consumers[i].process_va.value == process_of(i));
        }
        assert_int_equal(l->consumers[0].process_id.value, 0x100);
        assert_string_equal(l->consumers[0].process_name.utf8, "svchost.exe");
        assert_int_equal(l->consumers[2].process_id.value, 0x2bc);
        assert_string_equal(l->consumers[2].process_name.utf8, "fifteenletters.");
        assert_int_equal(l->consumer_count.value, 3);
        assert_false(list.has_gaps);
        kdw_logger_list_free(&list);
        fake_etw_deinit(&e);
    }
}

static void a_cyclic_list_ends_and_says_so(void **state)
{
    struct fake_etw e;
    struct kdw_logger_list list;
    const struct kdw_logger *l;

    (void)state;
    make(&e, FAKE_18362);
    fake_mem_u64(&e.mem, consumers[2], consumers[1]);
    l = read_one(&e, &list);
    assert_int_equal(l->consumers_len, 3);
    assert_int_equal(l->consumers_status, KD_ERR_CYCLE);
    assert_true(l->consumers_end_va == consumers[1]);
    assert_true(list.has_gaps);
    kdw_logger_list_free(&list);
    fake_etw_deinit(&e);
}

static void a_list_into_nowhere_keeps_what_it_had(void **state)
{
    struct fake_etw e;
    struct kdw_logger_list list;
    const struct kdw_logger *l;

    (void)state;
    make(&e, FAKE_18362);
    fake_mem_u64(&e.mem, consumers[0], 0);
    l = read_one(&e, &list);
    assert_int_equal(l->consumers_len, 1);
    assert_int_equal(l->consumers_status, KD_ERR_NOT_MAPPED);
    assert_true(l->consumers_end_va == 0);
    assert_true(list.has_gaps);
    kdw_logger_list_free(&list);
    fake_etw_deinit(&e);
}

static void an_unreadable_process_is_a_gap_and_no_more(void **state)
{
    struct fake_etw e;
    struct kdw_logger_list list;
    const struct kdw_logger *l;

    (void)state;
    make(&e, FAKE_18362);
    fake_etw_put(&e, CONSUMER, consumers[0], "ProcessObject", 0xffffa80fdead0000u);
    fake_etw_put(&e, CONSUMER, consumers[1], "ProcessObject", 0);
    l = read_one(&e, &list);
    assert_int_equal(l->consumers_len, 3);
    assert_int_equal(l->consumers[0].process_id.status, KD_ERR_NOT_MAPPED);
    assert_int_equal(l->consumers[0].process_name.status, KD_ERR_NOT_MAPPED);
    assert_null(l->consumers[0].process_name.utf8);
    assert_int_equal(l->consumers[1].process_va.status, KD_OK);
    assert_int_equal(l->consumers[1].process_id.status, KD_ERR_NOT_FOUND);
    assert_string_equal(l->consumers[2].process_name.utf8, "svchost.exe");
    assert_true(list.has_gaps);
    kdw_logger_list_free(&list);
    fake_etw_deinit(&e);
}

static void a_consumer_that_breaks_off_behind_its_links_is_listed(void **state)
{
    struct fake_etw e;
    struct kdw_logger_list list;
    const struct kdw_logger *l;

    (void)state;
    make(&e, FAKE_18362);
    fake_mem_unmap(&e.mem, consumers[1] + 0x18, 8);
    l = read_one(&e, &list);
    assert_int_equal(l->consumers_len, 3);
    assert_int_equal(l->consumers[1].process_va.status, KD_ERR_NOT_MAPPED);
    assert_true(l->consumers[1].process_va.fault_va == consumers[1] + 0x18);
    assert_int_equal(l->consumers[1].process_id.status, KD_ERR_NOT_FOUND);
    assert_true(list.has_gaps);
    kdw_logger_list_free(&list);
    fake_etw_deinit(&e);
}

static void a_kernel_without_these_types_still_lists_its_loggers(void **state)
{
    struct fake_type types[8];
    struct fake_etw e;
    struct kdw_logger_list list;
    const struct kdw_logger *l;
    size_t n = 0;

    (void)state;
    make(&e, FAKE_18362);
    for (const struct fake_type *t = e.symbols.types; t->name; t++)
        if (strcmp(t->name, "_EPROCESS") != 0)
            types[n++] = *t;
    types[n] = (struct fake_type){0};
    e.symbols.types = types;
    l = read_one(&e, &list);
    assert_int_equal(l->consumers_len, 3);
    assert_int_equal(l->consumers[0].process_id.status, KD_ERR_NOT_FOUND);
    assert_int_equal(l->consumers[0].process_name.status, KD_ERR_NOT_FOUND);
    assert_false(list.has_gaps);
    kdw_logger_list_free(&list);

    for (n = 0; strcmp(types[n].name, CONSUMER) != 0;)
        n++;
    types[n].name = "_SOMETHING_ELSE";
    l = read_one(&e, &list);
    assert_int_equal(l->consumers_status, KD_ERR_NOT_FOUND);
    assert_int_equal(l->consumers_len, 0);
    kdw_logger_list_free(&list);
    fake_etw_deinit(&e);
}

/* `loggers` loggers with `each` consumers, all of one process. */
static void make_many(struct fake_etw *e, uint32_t loggers, size_t each)
{
    fake_etw_init(e, FAKE_22000, loggers);
    fake_etw_process(e, process_of(0), 4, "System");
    for (uint32_t i = 0; i < loggers; i++) {
        uint64_t va = 0xffffa80fc0000000u + i * 0x10000u;
        uint64_t links[KDW_CONSUMERS_MAX + 1];

        fake_etw_logger(e, i, va, "many");
        for (size_t c = 0; c < each; c++) {
            links[c] = va + 0x1000 + c * 0x20;
            fake_mem_zero(&e->mem, links[c], 0x20);
            fake_mem_u64(&e->mem, links[c] + 0x18, process_of(0));
        }
        fake_mem_list(&e->mem, va + fake_etw_offset(e, "_WMI_LOGGER_CONTEXT", "Consumers"), links,
                      each);
    }
}

static void a_list_longer_than_the_limit_is_cut(void **state)
{
    struct fake_etw e;
    struct kdw_logger_list list;

    (void)state;
    make_many(&e, 1, KDW_CONSUMERS_MAX);
    assert_int_equal(read_one(&e, &list)->consumers_status, KD_OK);
    assert_false(list.has_gaps);
    kdw_logger_list_free(&list);
    fake_etw_deinit(&e);

    make_many(&e, 1, KDW_CONSUMERS_MAX + 1);
    assert_int_equal(read_one(&e, &list)->consumers_status, KD_ERR_LIMIT);
    assert_int_equal(list.loggers[0].consumers_len, KDW_CONSUMERS_MAX);
    assert_true(list.has_gaps);
    kdw_logger_list_free(&list);
    fake_etw_deinit(&e);
}

static void one_walk_lists_only_so_many_consumers(void **state)
{
    enum { EACH = 200, LOGGERS = KDW_CONSUMERS_ALL / EACH + 2 };
    struct fake_etw e;
    struct kdw_logger_list list;
    size_t total = 0;

    (void)state;
    make_many(&e, LOGGERS, EACH);
    assert_int_equal(kdw_loggers_of_host(&e.kernel, KDW_DETAILED, &list), KD_OK);
    assert_int_equal(list.len, LOGGERS);
    for (size_t i = 0; i < list.len; i++)
        total += list.loggers[i].consumers_len;
    assert_int_equal(total, KDW_CONSUMERS_ALL);
    assert_int_equal(list.loggers[0].consumers_status, KD_OK);
    assert_int_equal(list.loggers[LOGGERS - 1].consumers_status, KD_ERR_LIMIT);
    assert_true(list.has_gaps);
    kdw_logger_list_free(&list);
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
        cmocka_unit_test(a_kernel_without_these_types_still_lists_its_loggers),
        cmocka_unit_test(a_list_longer_than_the_limit_is_cut),
        cmocka_unit_test(one_walk_lists_only_so_many_consumers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
