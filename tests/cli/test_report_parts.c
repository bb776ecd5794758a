#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report_parts.h"
#include "support/clean_snapshot.h"
#include "support/page.h"

static char *silo_of(const struct kdw_snapshot *s, enum kdw_table_id table, uint64_t va)
{
    struct text t = {0};
    const void *record = kdw_snapshot_find(s, table, va);

    assert_non_null(record);
    report_silo_of(&t, s, table, record);
    return text_take(&t);
}

static void every_record_leads_to_its_silo(void **state)
{
    static const struct {
        enum kdw_table_id table;
        uint64_t va;
        const char *silo;
    } records[] = {
        {KDW_TABLE_SILOS, CLEAN_JOB, "136"},
        {KDW_TABLE_PROCESSES, CLEAN_INSIDE, "136"},
        {KDW_TABLE_PROCESSES, CLEAN_LSASS, "host"},
        {KDW_TABLE_STATES, CLEAN_SILO, "136"},
        {KDW_TABLE_LOGGERS, CLEAN_SILOS, "136"},
        {KDW_TABLE_LOGGERS, CLEAN_OTHER, "host"},
        {KDW_TABLE_CONSUMERS, CLEAN_SILOS + CLEAN_CONSUMER, "136"},
        {KDW_TABLE_PROVIDERS, CLEAN_SILOED, "136"},
        {KDW_TABLE_ENABLES, CLEAN_SILOED + 0x70, "136"},
        {KDW_TABLE_REGISTRATIONS, CLEAN_THREATS + CLEAN_REG, "host"},
        {KDW_TABLE_SECURITY, CLEAN_SILO + 0xfb8, "136"},
        {KDW_TABLE_SYSTEM, CLEAN_HOST + 0x104e, "host"},
        {KDW_TABLE_JOBS, CLEAN_PLAIN, ""},
    };
    struct kdw_snapshot s;
    char *none;

    (void)state;
    clean_snapshot(&s);
    ((struct kdw_silo *)clean_record(&s, KDW_TABLE_SILOS, CLEAN_JOB))->id = clean_known(136);
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        char *silo = silo_of(&s, records[i].table, records[i].va);

        assert_string_equal(silo, records[i].silo);
        free(silo);
    }
    ((struct kdw_logger *)clean_record(&s, KDW_TABLE_LOGGERS, CLEAN_OTHER))->state_va =
        clean_unreadable();
    none = silo_of(&s, KDW_TABLE_LOGGERS, CLEAN_OTHER);
    assert_string_equal(none, "");
    free(none);
    kdw_snapshot_free(&s);
}

static void rows_say_what_they_are_filtered_by(void **state)
{
    struct page p;
    const char *text;

    (void)state;
    page_begin(&p);
    html_start(&p.html, "i");
    report_filter(&p.html, "fail", KDW_TABLE_JOBS, "host");
    html_end(&p.html, "i");
    html_start(&p.html, "b");
    report_filter(&p.html, NULL, KDW_TABLES, "");
    html_end(&p.html, "b");
    text = page_end(&p);
    assert_true(page_has(text, "<i data-k=\"fail\" data-t=\"jobs\" data-s=\"host\"></i><b></b>"));
    page_free(&p);
}

static void what_is_left_out_is_told(void **state)
{
    struct page p;
    const char *text;

    (void)state;
    page_begin(&p);
    report_left_out(&p.html, 10, 10, "things");
    report_left_out(&p.html, 10, 12, "things");
    text = page_end(&p);
    assert_true(page_has(text, "<p class=\"cut\">10 of 12 things are shown"));
    assert_int_equal(page_count(text, "<p"), 1);
    page_free(&p);
}

static void a_page_has_an_end(void **state)
{
    struct html h = {.len = REPORT_BYTES_MAX - 1};

    (void)state;
    assert_true(report_has_room(&h, 4, 5));
    assert_false(report_has_room(&h, 5, 5));
    h.len++;
    assert_false(report_has_room(&h, 0, 5));
}

static void a_table_has_a_box_of_its_own(void **state)
{
    static const char *const columns[] = {"A", "B"};
    struct text t = {0};
    struct page p;
    const char *text;

    (void)state;
    page_begin(&p);
    report_table_start(&p.html, "kind", "What it is", columns, 2);
    html_start(&p.html, "tr");
    text_add(&t, "1");
    report_cell(&p.html, NULL, &t);
    text_add(&t, "2");
    report_cell(&p.html, "num", &t);
    html_end(&p.html, "tr");
    report_table_end(&p.html);
    text = page_end(&p);
    assert_true(page_has(text, "role=\"region\" tabindex=\"0\" aria-label=\"What it is\""));
    assert_true(page_has(text, "<th scope=\"col\">A</th><th scope=\"col\">B</th>"));
    assert_true(page_has(text, "<td>1</td><td class=\"num\">2</td>"));
    page_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_record_leads_to_its_silo),
        cmocka_unit_test(rows_say_what_they_are_filtered_by),
        cmocka_unit_test(what_is_left_out_is_told),
        cmocka_unit_test(a_page_has_an_end),
        cmocka_unit_test(a_table_has_a_box_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
