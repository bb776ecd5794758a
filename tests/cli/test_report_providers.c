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

static void those_that_feed_a_logger_come_first(void **state)
{
    struct kdw_snapshot s;
    struct report r;
    struct page p;
    const char *text, *threats, *idle;

    (void)state;
    clean_snapshot(&s);
    page_report(&r, &s, NULL);
    page_begin(&p);
    report_providers(&p.html, &r);
    text = page_end(&p);
    threats = strstr(text, "<b>Microsoft-Windows-Threat-Intelligence</b>");
    idle = strstr(text, "00030201-0000-0000-0000-000000000000");
    assert_non_null(threats);
    assert_non_null(idle);
    assert_true(threats < idle);
    assert_true(page_has(threats,
                         "<td class=\"wrap\">0x4 DefenderApiLogger, level 5, keywords "
                         "0xffffffffffffffff</td><td class=\"wrap\">driver.sys+0x100</td>"));
    assert_int_equal(page_count(text, "data-t=\"providers\""), 6);
    page_free(&p);
    report_free(&r);
}

static void a_logger_that_is_gone_is_told(void **state)
{
    struct kdw_snapshot s;
    struct report r;
    struct page p;

    (void)state;
    clean_snapshot(&s);
    ((struct kdw_enable *)clean_record(&s, KDW_TABLE_ENABLES, CLEAN_THREATS + 0x70))->logger_id =
        clean_known(60);
    page_report(&r, &s, NULL);
    page_begin(&p);
    report_providers(&p.html, &r);
    assert_true(page_has(page_end(&p), "0x3c (no such logger), level 5"));
    page_free(&p);
    report_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_that_feed_a_logger_come_first),
        cmocka_unit_test(a_logger_that_is_gone_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
