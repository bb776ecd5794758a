#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "etw_walk.h"
#include "support/fake_etw.h"

static void fields_tell_the_generations_apart(void **state)
{
    struct fake_etw e;
    struct etw_walk w;

    (void)state;
    fake_etw_init(&e, FAKE_14393, 64);
    assert_int_equal(kdw_etw_begin(&w, &e.kernel, KDW_BRIEF), KD_OK);
    assert_false(kdw_layout_has(&w.state, STATE_MAX_LOGGERS));
    assert_false(kdw_layout_has(&w.state, STATE_LOGGER_CONTEXT));
    assert_true(kdw_layout_has(&w.state, STATE_WMIP_LOGGER_CONTEXT));
    assert_true(w.state_refs[STATE_WMIP_LOGGER_CONTEXT].size == 64 * 8);
    fake_etw_deinit(&e);

    fake_etw_init(&e, FAKE_18362, 64);
    assert_int_equal(kdw_etw_begin(&w, &e.kernel, KDW_BRIEF), KD_OK);
    assert_true(kdw_layout_has(&w.state, STATE_MAX_LOGGERS));
    assert_true(w.state_refs[STATE_LOGGER_CONTEXT].offset == 0x1b0);
    assert_false(kdw_layout_has(&w.state, STATE_WMIP_LOGGER_CONTEXT));
    fake_etw_deinit(&e);
}

static void a_brief_walk_wants_two_fields_of_a_logger_and_no_consumers(void **state)
{
    struct fake_etw e;
    struct etw_walk w;

    (void)state;
    fake_etw_init(&e, FAKE_18362, 64);
    assert_int_equal(kdw_etw_begin(&w, &e.kernel, KDW_BRIEF), KD_OK);
    assert_int_equal(w.logger.len, LOGGER_BRIEF_FIELDS);
    assert_int_equal(w.consumer.len, 0);
    assert_int_equal(e.mem.reads, 0);
    fake_etw_deinit(&e);
}

static void every_detail_has_a_name_that_some_kernel_knows(void **state)
{
    struct fake_etw e;
    struct etw_walk w;

    (void)state;
    fake_etw_init(&e, FAKE_22000, 64);
    assert_int_equal(kdw_etw_begin(&w, &e.kernel, KDW_DETAILED), KD_OK);
    for (size_t i = 0; i < LOGGER_FIELDS; i++)
        assert_true(kdw_layout_has(&w.logger, i));
    for (size_t i = 0; i < CONSUMER_FIELDS; i++)
        assert_true(kdw_layout_has(&w.consumer, i));
    for (size_t i = 0; i < PROCESS_FIELDS; i++)
        assert_true(kdw_layout_has(&w.process, i));
    fake_etw_deinit(&e);
}

static void a_kernel_without_loggers_is_refused_by_name(void **state)
{
    static const struct fake_type none[] = {{0}};
    struct fake_etw e;
    struct etw_walk w;

    (void)state;
    fake_etw_init(&e, FAKE_18362, 64);
    e.symbols.types = none;
    assert_int_equal(kdw_etw_begin(&w, &e.kernel, KDW_BRIEF), KD_ERR_NOT_FOUND);
    assert_non_null(strstr(e.diag.text, "_ETW_SILODRIVERSTATE"));
    fake_etw_deinit(&e);
}

static void a_missing_field_is_no_gap_and_a_hole_is_one(void **state)
{
    struct etw_walk w = {0};

    (void)state;
    assert_false(kdw_etw_note(&w, KD_OK));
    assert_false(kdw_etw_note(&w, KD_ERR_NOT_FOUND));
    assert_false(w.has_gaps);
    assert_false(kdw_etw_note(&w, KD_ERR_NOT_MAPPED));
    assert_true(w.has_gaps);
    assert_true(kdw_etw_note(&w, KD_ERR_LOST));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_tell_the_generations_apart),
        cmocka_unit_test(a_brief_walk_wants_two_fields_of_a_logger_and_no_consumers),
        cmocka_unit_test(every_detail_has_a_name_that_some_kernel_knows),
        cmocka_unit_test(a_kernel_without_loggers_is_refused_by_name),
        cmocka_unit_test(a_missing_field_is_no_gap_and_a_hole_is_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
