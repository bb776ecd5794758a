/* From a comparison to a verdict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check_parts.h"
#include "support/clean_snapshot.h"

struct judge {
    struct kdw_snapshot s;
    struct kdw_check_list list;
    struct kdw_checker c;
};

static int begin(void **state)
{
    static struct judge j;

    j = (struct judge){.s = {.build = 19041}};
    clean_snapshot(&j.s);
    j.c = (struct kdw_checker){.s = &j.s, .out = &j.list};
    *state = &j;
    return 0;
}

static int end(void **state)
{
    struct judge *j = *state;

    kdw_check_free(&j->list);
    kdw_snapshot_free(&j->s);
    return 0;
}

static const struct kdw_subject somebody = {KDW_TABLE_LOGGERS, CLEAN_OTHER, KDW_FAIL};

static void what_is_equal_is_judged_and_no_finding(void **state)
{
    struct judge *j = *state;
    const struct kdw_u64 fact = clean_known(3);

    kdw_check_equal(&j->c, &somebody, "X", &fact, 3);
    assert_int_equal(j->list.results[0].judged, 1);
    assert_int_equal(j->list.len, 0);
}

static void what_differs_is_what_its_subject_is_at_worst(void **state)
{
    struct judge *j = *state;
    const struct kdw_u64 fact = clean_known(4);
    struct kdw_subject locked = somebody;

    locked.at_worst = KDW_IN_TRANSITION;
    kdw_check_equal(&j->c, &locked, "X", &fact, 3);
    assert_int_equal(j->list.results[0].verdict, KDW_IN_TRANSITION);
    kdw_check_equal(&j->c, &somebody, "X", &fact, 3);
    assert_int_equal(j->list.results[0].verdict, KDW_FAIL);
    assert_int_equal(j->list.findings[1].actual.value, 4);
    assert_int_equal(j->list.findings[1].expected.value, 3);
}

static void what_cannot_be_read_is_a_finding_and_not_judged(void **state)
{
    struct judge *j = *state;
    const struct kdw_u64 fact = clean_unreadable();

    kdw_check_equal(&j->c, &somebody, "X", &fact, 3);
    assert_int_equal(j->list.results[0].judged, 0);
    assert_int_equal(j->list.results[0].verdict, KDW_UNREADABLE);
    assert_int_equal(j->list.findings[0].actual.fault_va, CLEAN_NOWHERE);
}

static void what_this_kernel_does_not_have_is_no_finding(void **state)
{
    struct judge *j = *state;
    const struct kdw_u64 fact = {.status = KD_ERR_NOT_FOUND};

    kdw_check_equal(&j->c, &somebody, "X", &fact, 3);
    assert_int_equal(j->list.results[0].judged, 0);
    assert_int_equal(j->list.len, 0);
}

static void information_outweighs_nothing(void **state)
{
    struct judge *j = *state;

    kdw_check_inform(&j->c, &somebody, "X", NULL, "so it is");
    assert_int_equal(j->list.results[0].verdict, KDW_INFORMATION);
    assert_int_equal(j->list.len, 1);
    assert_string_equal(j->list.findings[0].meaning, "so it is");
}

static void a_lock_is_free_held_or_not_known(void **state)
{
    struct kdw_subject subject = somebody;
    struct kdw_u64 lock = clean_known(2);

    (void)state;
    kdw_subject_lock(&subject, &lock, KDW_PUSH_LOCK_HELD);
    assert_int_equal(subject.at_worst, KDW_FAIL); /* somebody waits, nobody holds it */
    lock.status = KD_ERR_NOT_FOUND;
    kdw_subject_lock(&subject, &lock, KDW_OWNED);
    assert_int_equal(subject.at_worst, KDW_FAIL);
    lock.status = KD_OK;
    kdw_subject_lock(&subject, &lock, KDW_OWNED);
    assert_int_equal(subject.at_worst, KDW_IN_TRANSITION);
    lock = clean_unreadable();
    kdw_subject_lock(&subject, &lock, KDW_OWNED);
    assert_int_equal(subject.at_worst, KDW_UNREADABLE);
}

static void code_is_in_the_kernel_in_a_module_or_nowhere(void **state)
{
    struct judge *j = *state;

    assert_int_equal(kdw_place_of(&j->c, CLEAN_KERNEL), KDW_IN_KERNEL);
    assert_int_equal(kdw_place_of(&j->c, CLEAN_KERNEL + 0xffffff), KDW_IN_KERNEL);
    assert_int_equal(kdw_place_of(&j->c, CLEAN_KERNEL + 0x1000000), KDW_NOWHERE);
    assert_int_equal(kdw_place_of(&j->c, CLEAN_KERNEL - 1), KDW_NOWHERE);
    assert_int_equal(kdw_place_of(&j->c, CLEAN_DRIVER + 8), KDW_IN_MODULE);
    j->s.tables[KDW_TABLE_MODULES].is_cut = true;
    assert_int_equal(kdw_place_of(&j->c, CLEAN_NOWHERE), KDW_PLACE_UNKNOWN);
}

static void texts_are_the_same_in_any_case_of_letters(void **state)
{
    struct kdw_text text = {.status = KD_OK, .utf8 = (char[]){"LSASS.exe"}};

    (void)state;
    assert_true(kdw_text_is(&text, "lsass.exe"));
    assert_false(kdw_text_is(&text, "lsass.ex"));
    assert_false(kdw_text_is(&text, "lsass.exe2"));
    text.status = KD_ERR_PAGED_OUT;
    assert_false(kdw_text_is(&text, "lsass.exe"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_equal_is_judged_and_no_finding, begin, end),
        cmocka_unit_test_setup_teardown(what_differs_is_what_its_subject_is_at_worst, begin, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_is_a_finding_and_not_judged, begin,
                                        end),
        cmocka_unit_test_setup_teardown(what_this_kernel_does_not_have_is_no_finding, begin, end),
        cmocka_unit_test_setup_teardown(information_outweighs_nothing, begin, end),
        cmocka_unit_test(a_lock_is_free_held_or_not_known),
        cmocka_unit_test_setup_teardown(code_is_in_the_kernel_in_a_module_or_nowhere, begin, end),
        cmocka_unit_test(texts_are_the_same_in_any_case_of_letters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
