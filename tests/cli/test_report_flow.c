#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report_flow.h"
#include "support/clean_snapshot.h"

static void who_feeds_and_who_hears_is_joined(void **state)
{
    struct kdw_snapshot s;
    struct flow *f = malloc(sizeof *f);

    (void)state;
    assert_non_null(f);
    clean_snapshot(&s);
    assert_true(flow_make(&s, f));
    /* the host's security provider, Threat-Intelligence, a group; the silo's two, for one logger; kernel events */
    assert_int_equal(f->sources_len, 5);
    assert_int_equal(f->all_sources, 5);
    assert_int_equal(f->loggers_len, 5);
    assert_int_equal(f->hearers_len, 3);
    assert_int_equal(f->fed_len, 5);
    assert_int_equal(f->heard_len, 3);
    for (size_t i = 0; i < f->fed_len; i++) {
        const struct flow_source *source = &f->sources[f->fed[i].other];

        assert_ptr_equal(source->loggers[0], f->loggers[f->fed[i].logger].logger);
        assert_int_equal(source->providers, source->system                          ? 0
                                            : source->loggers[0]->va == CLEAN_SILOS ? 2
                                                                                    : 1);
    }
    kdw_snapshot_free(&s);
    free(f);
}

static void a_process_that_hears_two_loggers_is_one(void **state)
{
    struct kdw_snapshot s;
    struct flow *f = malloc(sizeof *f);

    (void)state;
    assert_non_null(f);
    clean_snapshot(&s);
    ((struct kdw_consumer *)clean_record(&s, KDW_TABLE_CONSUMERS, CLEAN_DEFENDER + CLEAN_CONSUMER))
        ->process_va = clean_known(CLEAN_LSASS);
    assert_true(flow_make(&s, f));
    assert_int_equal(f->hearers_len, 2);
    assert_int_equal(f->heard_len, 3);
    kdw_snapshot_free(&s);
    free(f);
}

static void a_log_file_hears_as_well(void **state)
{
    struct kdw_snapshot s;
    struct flow *f = malloc(sizeof *f);
    struct kdw_logger *l;

    (void)state;
    assert_non_null(f);
    clean_snapshot(&s);
    l = clean_record(&s, KDW_TABLE_LOGGERS, CLEAN_OTHER);
    clean_rename(&l->file, "C:\\a.etl");
    l->file.status = KD_OK;
    assert_true(flow_make(&s, f));
    assert_int_equal(f->hearers_len, 4);
    assert_ptr_equal(f->hearers[f->heard[3].other].file_of ? f->hearers[f->heard[3].other].file_of
                                                           : f->hearers[f->heard[2].other].file_of,
                     l);
    kdw_snapshot_free(&s);
    free(f);
}

/* What is enabled for nobody, or switched off, feeds nobody. */
static void what_feeds_nobody_is_no_source(void **state)
{
    struct kdw_snapshot s;
    struct flow *f = malloc(sizeof *f);

    (void)state;
    assert_non_null(f);
    clean_snapshot(&s);
    ((struct kdw_enable *)clean_record(&s, KDW_TABLE_ENABLES, CLEAN_THREATS + 0x70))->logger_id =
        clean_known(60);
    ((struct kdw_enable *)clean_record(&s, KDW_TABLE_ENABLES, CLEAN_GROUP + 0x90))->enabled =
        clean_known(0);
    assert_true(flow_make(&s, f));
    assert_int_equal(f->sources_len, 3);
    kdw_snapshot_free(&s);
    free(f);
}

/* Though forty times as many providers feed others. */
static void no_logger_stands_there_as_if_nobody_fed_it(void **state)
{
    enum { LARGE = FLOW_MAX - 5, EACH = 3 };
    struct kdw_snapshot s;
    struct flow *f = malloc(sizeof *f);
    bool has_threats = false;

    (void)state;
    assert_non_null(f);
    clean_snapshot(&s);
    for (uint64_t i = 0; i < LARGE;
         i++) { /* loggers that are fed by 3 each, and in pairs by 3 more */
        struct kdw_logger *l =
            kdw_snapshot_add(&s, KDW_TABLE_LOGGERS, CLEAN_CIRCULAR + 0x100000 + 0x1000 * i);

        assert_non_null(l);
        l->state_va = clean_known(CLEAN_HOST);
        l->slot = clean_known(10 + i);
        for (uint64_t k = 0; k < 2 * EACH; k++) {
            uint64_t va = CLEAN_THREATS + 0x100000 + 0x10000 * i + 0x1000 * k;
            struct kdw_provider *p = kdw_snapshot_add(&s, KDW_TABLE_PROVIDERS, va);

            assert_non_null(p);
            p->state_va = clean_known(CLEAN_HOST);
            for (uint64_t slot = 0; slot < (k < EACH ? 1 : 2); slot++) {
                struct kdw_enable *e = kdw_snapshot_add(&s, KDW_TABLE_ENABLES, va + 0x70 + slot);

                assert_non_null(e);
                e->provider_va = clean_known(va);
                e->enabled = clean_known(1);
                e->logger_id = clean_known(10 + (i + slot) % LARGE);
            }
        }
    }
    assert_true(flow_make(&s, f));
    assert_int_equal(f->sources_len, FLOW_MAX);
    assert_int_equal(f->all_sources, 2 * LARGE + 5);
    for (size_t i = 0; i < f->sources_len; i++)
        has_threats |= f->sources[i].providers == 1 && f->sources[i].named[0]->va == CLEAN_THREATS;
    assert_true(has_threats);
    kdw_snapshot_free(&s);
    free(f);
}

static void the_most_connected_are_kept_and_all_are_counted(void **state)
{
    enum { MANY = 3 * FLOW_MAX };
    struct kdw_snapshot s;
    struct flow *f = malloc(sizeof *f);
    bool has_popular = false;

    (void)state;
    assert_non_null(f);
    clean_snapshot(&s);
    for (uint64_t i = 0; i < MANY; i++) {
        struct kdw_logger *l =
            kdw_snapshot_add(&s, KDW_TABLE_LOGGERS, CLEAN_CIRCULAR + 0x100000 + 0x1000 * i);
        struct kdw_consumer *c =
            kdw_snapshot_add(&s, KDW_TABLE_CONSUMERS, CLEAN_CIRCULAR + 0x900000 + 0x1000 * i);

        assert_non_null(l);
        assert_non_null(c);
        l->state_va = clean_known(CLEAN_HOST);
        l->slot = clean_known(10 + i);
        c->logger_va = clean_known(l->va);
        c->process_va = clean_known(0x1000 + i);
    }
    for (uint64_t i = 0; i < 20; i++) { /* the last is heard most */
        struct kdw_consumer *c = kdw_snapshot_add(&s, KDW_TABLE_CONSUMERS, 0x5000 + i);

        assert_non_null(c);
        c->logger_va = clean_known(CLEAN_CIRCULAR + 0x100000 + 0x1000 * (MANY - 1));
        c->process_va = clean_known(0x8000 + i);
    }
    assert_true(flow_make(&s, f));
    assert_int_equal(f->loggers_len, FLOW_MAX);
    assert_int_equal(f->all_loggers, MANY + 5);
    assert_int_equal(f->hearers_len, FLOW_MAX);
    assert_int_equal(f->all_hearers, MANY + 20 + 3);
    for (size_t i = 0; i < f->loggers_len; i++)
        has_popular |= f->loggers[i].hearers == 21;
    assert_true(has_popular);
    for (size_t i = 0; i < f->heard_len; i++)
        assert_true(f->heard[i].other < f->hearers_len && f->heard[i].logger < f->loggers_len);
    kdw_snapshot_free(&s);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_feeds_and_who_hears_is_joined),
        cmocka_unit_test(a_process_that_hears_two_loggers_is_one),
        cmocka_unit_test(a_log_file_hears_as_well),
        cmocka_unit_test(what_feeds_nobody_is_no_source),
        cmocka_unit_test(no_logger_stands_there_as_if_nobody_fed_it),
        cmocka_unit_test(the_most_connected_are_kept_and_all_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
