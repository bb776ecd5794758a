#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "print_check.h"
#include "support/capture.h"
#include "support/clean_snapshot.h"

static struct kdw_logger *other_logger(struct kdw_snapshot *s)
{
    return clean_record(s, KDW_TABLE_LOGGERS, CLEAN_OTHER);
}

static void print(struct kdw_snapshot *s, bool detailed, struct capture *c)
{
    struct kdw_check_list list;

    assert_int_equal(kdw_check_run(s, &list), KD_OK);
    capture_begin(c, CAPTURE_OUT);
    print_text_check(s, &list, detailed);
    (void)capture_end(c);
    kdw_check_free(&list);
    kdw_snapshot_free(s);
}

static size_t count_lines(const char *text, size_t *longest)
{
    size_t count = 0;

    *longest = 0;
    for (const char *at = text; *at; count++) {
        size_t len = strcspn(at, "\n");

        if (len > *longest)
            *longest = len;
        at += len + (at[len] == '\n');
    }
    return count;
}

static void a_clean_kernel_is_a_line_for_each_check_and_a_summary(void **state)
{
    struct kdw_snapshot s;
    struct capture c;
    size_t longest;

    (void)state;
    clean_snapshot(&s);
    print(&s, false, &c);
    assert_int_equal(count_lines(c.text, &longest), 1 + KDW_CHECKS + 2);
    assert_true(longest <= 100);
    assert_non_null(strstr(c.text, "\nT27  pass           T3 to T19 hold in each server silo\n"));
    assert_non_null(strstr(c.text, "\n0 failed, 0 in transition, 0 unreadable, 0 not applicable, "
                                   "27 passed; "));
    assert_null(strstr(c.text, "\033"));
    capture_free(&c);
}

static void what_failed_stands_below_with_value_and_meaning(void **state)
{
    struct kdw_snapshot s;
    struct capture c;

    (void)state;
    clean_snapshot(&s);
    other_logger(&s)->collection_on = clean_known(0);
    print(&s, false, &c);
    assert_non_null(strstr(c.text, "\nT18  fail           live loggers collect events\n"));
    assert_non_null(strstr(c.text,
                           "\n\nT18  fail: logger DiagLog at 0xffffa80fb0005000\n"
                           "    CollectionOn is 0x0, should be 0x1\n"
                           "    it would mean: a logger was paused in place: it looks alive and "
                           "gets nothing\n"));
    assert_non_null(strstr(c.text, "\n1 failed, "));
    capture_free(&c);
}

static void a_silos_finding_names_the_silo_and_the_check_that_is_repeated(void **state)
{
    struct kdw_snapshot s;
    struct capture c;

    (void)state;
    clean_snapshot(&s);
    ((struct kdw_provider *)clean_record(&s, KDW_TABLE_PROVIDERS, CLEAN_SILOED))->enabled =
        clean_known(0);
    print(&s, false, &c);
    assert_non_null(strstr(c.text,
                           "\nT27  fail: provider {04040404-0000-0000-0000-000000000000} at "
                           "0xffffa80fc1000000 (T8)\n"
                           "    in the silo at 0xffffa80fac000000\n"
                           "    ProviderEnableInfo.IsEnabled is 0x0, should be 1\n"));
    capture_free(&c);
}

static void what_cannot_be_read_says_where(void **state)
{
    struct kdw_snapshot s;
    struct capture c;

    (void)state;
    clean_snapshot(&s);
    other_logger(&s)->collection_on = clean_unreadable();
    print(&s, false, &c);
    assert_non_null(strstr(c.text, "\nT18  unreadable: logger DiagLog at 0xffffa80fb0005000\n"
                                   "    CollectionOn is not mapped at 0xffffa80f00001000, "
                                   "should be readable\n"));
    capture_free(&c);
}

static void information_shows_only_in_detail(void **state)
{
    struct kdw_snapshot s;
    struct capture brief, detailed;

    (void)state;
    clean_snapshot(&s);
    print(&s, false, &brief);
    clean_snapshot(&s);
    print(&s, true, &detailed);
    assert_null(strstr(brief.text, "information"));
    assert_non_null(strstr(detailed.text, "\nT27  information: ETW state at "));
    capture_free(&brief);
    capture_free(&detailed);
}

static void names_of_the_targets_making_do_nothing_to_a_terminal(void **state)
{
    struct kdw_snapshot s;
    struct capture c;

    (void)state;
    clean_snapshot(&s);
    other_logger(&s)->collection_on = clean_known(0);
    clean_rename(&other_logger(&s)->name, "\033[2Jevil\n");
    print(&s, false, &c);
    assert_null(strchr(c.text, '\033'));
    assert_null(strstr(c.text, "evil\n"));
    capture_free(&c);
}

static void a_long_sentence_takes_several_lines(void **state)
{
    struct kdw_snapshot s;
    struct capture c;
    size_t longest;

    (void)state;
    clean_snapshot(&s);
    ((struct kdw_provider *)clean_record(&s, KDW_TABLE_PROVIDERS, CLEAN_THREATS))->references =
        clean_known(1);
    print(&s, false, &c);
    (void)count_lines(c.text, &longest);
    assert_true(longest <= 100);
    assert_non_null(strstr(c.text, "no clean machine has confirmed yet"));
    capture_free(&c);
}

static void what_a_kernel_does_not_have_says_so_in_the_place_of_the_title(void **state)
{
    struct kdw_snapshot s = {.build = 19041};
    struct capture c;

    (void)state;
    for (size_t i = 0; i < KDW_TABLES; i++)
        s.tables[i].is_taken = true;
    print(&s, false, &c);
    assert_non_null(strstr(c.text, "\nT27  not applicable there is no server silo\n"));
    capture_free(&c);
}

static void findings_beyond_those_kept_are_counted(void **state)
{
    struct kdw_snapshot s;
    struct capture c;

    (void)state;
    clean_snapshot(&s);
    for (uint64_t i = 0; i < 300; i++) {
        struct kdw_job *job = kdw_snapshot_add(&s, KDW_TABLE_JOBS, CLEAN_PLAIN + 0x1000 * (i + 1));

        assert_non_null(job);
        job->found = clean_known(KDW_FOUND_PROCESS);
    }
    print(&s, false, &c);
    assert_non_null(strstr(c.text, "\nT25  and 100 more findings\n"));
    capture_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clean_kernel_is_a_line_for_each_check_and_a_summary),
        cmocka_unit_test(what_failed_stands_below_with_value_and_meaning),
        cmocka_unit_test(a_silos_finding_names_the_silo_and_the_check_that_is_repeated),
        cmocka_unit_test(what_cannot_be_read_says_where),
        cmocka_unit_test(information_shows_only_in_detail),
        cmocka_unit_test(names_of_the_targets_making_do_nothing_to_a_terminal),
        cmocka_unit_test(a_long_sentence_takes_several_lines),
        cmocka_unit_test(what_a_kernel_does_not_have_says_so_in_the_place_of_the_title),
        cmocka_unit_test(findings_beyond_those_kept_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
