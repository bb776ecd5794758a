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

static const char *picture_of(struct kdw_snapshot *s, struct page *p)
{
    static const struct provider_names names = {NULL, 0};

    page_begin(p);
    report_picture(&p->html, s, &names);
    return page_end(p);
}

static void every_line_joins_two_boxes(void **state)
{
    struct kdw_snapshot s;
    struct page p;
    const char *text;

    (void)state;
    clean_snapshot(&s);
    text = picture_of(&s, &p);
    assert_int_equal(page_count(text, "<path"), 8);
    assert_int_equal(page_count(text, "<g class=\"node "), 13);
    for (const char *at = text; (at = strstr(at, " data-a=\""));) {
        char box[32];

        at += strlen(" data-a=\"");
        snprintf(box, sizeof box, " data-n=\"%.*s\"", (int)strcspn(at, "\""), at);
        assert_true(page_has(text, box));
        at = strstr(at, " data-b=\"") + strlen(" data-b=\"");
        snprintf(box, sizeof box, " data-n=\"%.*s\"", (int)strcspn(at, "\""), at);
        assert_true(page_has(text, box));
    }
    page_free(&p);
    kdw_snapshot_free(&s);
}

static void boxes_say_what_they_are(void **state)
{
    struct kdw_snapshot s;
    struct kdw_logger *l;
    struct page p;
    const char *text;

    (void)state;
    clean_snapshot(&s);
    l = clean_record(&s, KDW_TABLE_LOGGERS, CLEAN_DEFENDER);
    l->events_lost = clean_known(7);
    clean_rename(&l->file, "C:\\Windows\\x.etl");
    l->file.status = KD_OK;
    text = picture_of(&s, &p);
    assert_true(page_has(text, "<title>1 provider: Threat-Intelligence</title>"));
    assert_true(page_has(text, "<g class=\"node logger lossy\" data-n=\"l2\">"));
    assert_true(
        page_has(text, "<title>DefenderApiLogger: 0x4, silo host, 1 in, 7 events lost</title>"));
    assert_true(page_has(text, "<title>x.etl: C:\\Windows\\x.etl</title>"));
    assert_true(page_has(text, "Kernel events"));
    assert_true(page_has(text,
                         "Drawn: 5 of 5 sources, 5 of 5 loggers that are fed or heard, 4 of 4 who "
                         "hear them"));
    page_free(&p);
    kdw_snapshot_free(&s);
}

static void a_long_name_is_cut_between_characters(void **state)
{
    struct kdw_snapshot s;
    struct page p;
    const char *text;
    char name[201];

    (void)state;
    for (size_t i = 0; i < 100; i++)
        memcpy(name + 2 * i, "\xc3\xa9", 2);
    name[200] = '\0';
    clean_snapshot(&s);
    clean_rename(&((struct kdw_logger *)clean_record(&s, KDW_TABLE_LOGGERS, CLEAN_OTHER))->name,
                 name);
    text = picture_of(&s, &p); /* which checks that it is UTF-8 */
    assert_true(page_has(text, "\xc3\xa9\xe2\x80\xa6</text>"));
    page_free(&p);
    kdw_snapshot_free(&s);
}

static void where_nothing_is_connected_nothing_is_drawn(void **state)
{
    struct kdw_snapshot s = {.build = 19041};
    struct page p;

    (void)state;
    assert_int_equal(page_count(picture_of(&s, &p), "<svg"), 0);
    page_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_joins_two_boxes),
        cmocka_unit_test(boxes_say_what_they_are),
        cmocka_unit_test(a_long_name_is_cut_between_characters),
        cmocka_unit_test(where_nothing_is_connected_nothing_is_drawn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
