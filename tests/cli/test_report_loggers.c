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

static void a_logger_is_a_row(void **state)
{
    struct kdw_snapshot s;
    struct kdw_logger *l;
    struct report r;
    struct page p;
    const char *text;

    (void)state;
    clean_snapshot(&s);
    l = clean_record(&s, KDW_TABLE_LOGGERS, CLEAN_DEFENDER);
    l->buffers = clean_known(12);
    l->buffer_size = clean_known(65536);
    l->events_lost = clean_known(4);
    clean_rename(&l->file, "C:\\a.etl");
    l->file.status = KD_OK;
    ((struct kdw_logger *)clean_record(&s, KDW_TABLE_LOGGERS, CLEAN_OTHER))->state =
        clean_known(KDW_LOGGER_UNREADABLE);
    page_report(&r, &s, NULL);
    page_begin(&p);
    report_loggers(&p.html, &r);
    text = page_end(&p);
    assert_int_equal(page_count(text, "data-t=\"loggers\""), 5);
    text = strstr(text, "<b>DefenderApiLogger</b>");
    assert_non_null(text);
    assert_true(page_has(text, "<span class=\"chip k-pass\">on</span></td><td class=\"wrap small\">"
                               "REAL_TIME_MODE</td><td class=\"num\">1</td><td class=\"wrap\">"));
    assert_true(page_has(text, "C:\\a.etl</td><td class=\"num\">12 \xc3\x97 64 KiB</td>"));
    assert_true(page_has(text, "<td class=\"num warn\">4</td>"));
    assert_true(page_has(text, "<span class=\"chip k-unreadable\">unreadable</span>"));
    page_free(&p);
    report_free(&r);
}

static void without_a_table_there_is_no_section(void **state)
{
    struct kdw_snapshot s;
    struct report r;
    struct page p;

    (void)state;
    clean_snapshot(&s);
    s.tables[KDW_TABLE_LOGGERS].is_taken = false;
    page_report(&r, &s, NULL);
    page_begin(&p);
    report_loggers(&p.html, &r);
    assert_int_equal(page_count(page_end(&p), "<section"), 0);
    page_free(&p);
    report_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_logger_is_a_row),
        cmocka_unit_test(without_a_table_there_is_no_section),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
