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

#define AT(second) "\"time\":\"2026-11-24T03:41:" second "Z\",\"target_time\":null"

static const char *row_of(struct page *p, struct kdw_snapshot *s, const char *line)
{
    struct report r;
    const char *text;

    page_report(&r, s, line);
    page_begin(p);
    report_event(&p->html, &r, &r.lines.events[0], 1);
    text = page_end(p);
    report_free(&r);
    return text;
}

static void a_change_tells_from_what_to_what_and_when(void **state)
{
    struct kdw_snapshot s;
    struct page p;
    const char *text;

    (void)state;
    clean_snapshot(&s);
    text = row_of(
        &p, &s,
        "{\"event\":\"changed\",\"time\":\"2026-11-24T03:41:21.500Z\",\"target_time\":"
        "\"2026-11-24T03:40:00.0000001Z\",\"since\":\"2026-11-24T03:41:20.250Z\",\"table\":"
        "\"loggers\",\"address\":\"0xffffa80fb1003000\",\"name\":\"3 Eventlog-Security\",\"fact\":"
        "\"mode\",\"from\":\"0x0000000000000100\",\"to\":{\"unreadable\":null,\"reason\":"
        "\"paged out\"}}\n");
    assert_true(
        page_has(text, "<tr id=\"e1\" class=\"r-changed\" data-k=\"changed\" data-t=\"loggers\""));
    assert_true(page_has(text,
                         "<time title=\"by the target&#39;s clock: 2026-11-24T03:40:00.0000001Z\">"
                         "03:41:21.500</time><span class=\"since\"> \xe2\x88\x92"
                         "1.250 s</span>"));
    assert_true(page_has(text, "<b>3 Eventlog-Security</b> <code>ffffa80fb1003000</code>"));
    assert_true(page_has(text, "<code class=\"fact\">mode</code> <span class=\"from\">0x100</span> "
                               "\xe2\x86\x92 <span class=\"to\">? (paged out)</span>"));
    page_free(&p);
}

/* The record says so itself, or a snapshot that has it. */
static void an_event_belongs_to_a_silo(void **state)
{
    static const char *const lines[] = {
        "{\"event\":\"vanished\"," AT(
            "21.000") ",\"table\":\"processes\",\"address\":\"0x0000000000000010\","
                      "\"record\":{\"silo\":\"0xffffa80fac000000\",\"pid\":7,\"job\":null}}\n",
        "{\"event\":\"changed\"," AT(
            "21.000") ",\"table\":\"loggers\",\"address\":\"0xffffa80fb1003000\"}\n",
        "{\"event\":\"vanished\"," AT(
            "21.000") ",\"table\":\"loggers\",\"address\":\"0x0000000000000010\","
                      "\"record\":{\"etw_state\":\"0xffffa80fab000000\"}}\n"};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct kdw_snapshot s;
        struct page p;
        const char *text;

        clean_snapshot(&s);
        ((struct kdw_silo *)clean_record(&s, KDW_TABLE_SILOS, CLEAN_JOB))->id = clean_known(136);
        text = row_of(&p, &s, lines[i]);
        assert_true(page_has(text, " data-s=\"136\""));
        page_free(&p);
    }
}

static void a_record_has_its_facts_below(void **state)
{
    struct page p;
    const char *text = row_of(
        &p, NULL,
        "{\"event\":\"appeared\"," AT(
            "21.000") ",\"table\":\"processes\",\"address\":"
                      "\"0xffffa80fd0001000\",\"name\":\"700 lsass.exe\",\"record\":{\"pid\":700,"
                      "\"protection\":\"0x0000000000000041\",\"job\":null}}\n");

    (void)state;
    assert_true(page_has(text, "<summary>facts</summary>"));
    assert_true(page_has(text, "<dt>pid</dt><dd>700</dd><dt>protection</dt><dd>0x41</dd></dl>"));
    page_free(&p);
}

static void a_verdict_has_its_evidence_below(void **state)
{
    struct page p;
    const char *text = row_of(
        &p, NULL,
        "{\"event\":\"verdict\"," AT(
            "21.000") ",\"check\":\"T3\",\"title\":\"slots hold loggers\",\"from\":"
                      "\"pass\",\"to\":\"fail\",\"findings\":[{\"verdict\":\"fail\",\"check\":"
                      "\"T3\",\"table\":\"loggers\","
                      "\"address\":\"0xffffa80fb0005000\",\"field\":\"LoggerId\",\"actual\":"
                      "\"0x0000000000000007\","
                      "\"expected\":\"0x0000000000000005\",\"meaning\":\"it was moved\"}]}\n");

    (void)state;
    assert_true(page_has(text, "<b>T3</b> slots hold loggers"));
    assert_true(page_has(text, "<span class=\"chip k-fail\">verdict</span>"));
    assert_true(page_has(text, "<summary>1 finding</summary>"));
    assert_true(page_has(text,
                         "<code class=\"fact\">LoggerId</code> is <code>0x7</code>, should be "
                         "<code>0x5</code>"));
    assert_true(page_has(text, "it was moved"));
    page_free(&p);
}

static void what_the_machine_does_is_told(void **state)
{
    static const struct {
        const char *line, *told;
    } events[] = {
        {"{\"event\":\"print\"," AT("21.000") ",\"text\":\"a <b>\\n\\r\\n\"}\n",
         "<samp>a &lt;b&gt;</samp>"},
        {"{\"event\":\"module\"," AT(
             "21.000") ",\"name\":\"mal.sys\",\"base\":\"0xfffff80500000000\",\"size\":"
                       "4096,\"unloaded\":true}\n",
         "unloaded, base 0xfffff80500000000, 4096 bytes"},
        {"{\"event\":\"exception\"," AT(
             "21.000") ",\"code\":\"0x00000000c0000005\",\"address\":"
                       "\"0xfffff80500001234\",\"first_chance\":false,\"processor\":1}\n",
         "0xc0000005 STATUS_ACCESS_VIOLATION, at 0xfffff80500001234, second chance, processor 1"},
        {"{\"event\":\"bugcheck\"," AT(
             "21.000") ",\"code\":\"0x000000000000007e\",\"name\":\"X\",\"parameters\":"
                       "[\"0x1\",\"0x2\",\"0x3\",\"0x4\",\"0x5\"]}\n",
         "0x000000000000007e; parameters 0x1, 0x2, 0x3, 0x4</td>"},
        {"{\"event\":\"mark\"," AT("21.000") ",\"text\":\"here\"}\n", "<td>here</td>"},
        {"{\"event\":\"lost\"," AT("21.000") ",\"reason\":\"silence\"}\n", "<td>silence</td>"},
        {"{\"event\":\"snapshot\"," AT("21.000") ",\"file\":\"a.json\"}\n", "<td>a.json</td>"},
        {"{\"event\":\"begin\"," AT("21.000") ",\"version\":1,\"build\":19041,\"every_ms\":500}\n",
         "build 19041, a sample every 500 ms"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        struct page p;

        assert_true(page_has(row_of(&p, NULL, events[i].line), events[i].told));
        page_free(&p);
    }
}

static void members_of_another_type_are_no_trouble(void **state)
{
    for (int kind = 0; kind < REPORT_EVENT_KINDS; kind++) {
        struct text line = {0};
        struct page p;
        char *chars;

        (void)state;
        text_add(&line,
                 "{\"event\":\"%s\"," AT(
                     "21.000") ",\"table\":[],\"address\":5,\"name\":{},\"record\":7,"
                               "\"findings\":{},\"parameters\":\"x\",\"text\":null,\"fact\":[],"
                               "\"from\":[],\"to\":{},"
                               "\"check\":1,\"title\":2,\"since\":3,\"code\":[],\"file\":0,"
                               "\"version\":\"1\"}\n",
                 report_event_name((enum report_event_kind)kind));
        chars = text_take(&line);
        assert_true(page_has(row_of(&p, NULL, chars), "<tr id=\"e1\""));
        page_free(&p);
        free(chars);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_tells_from_what_to_what_and_when),
        cmocka_unit_test(an_event_belongs_to_a_silo),
        cmocka_unit_test(a_record_has_its_facts_below),
        cmocka_unit_test(a_verdict_has_its_evidence_below),
        cmocka_unit_test(what_the_machine_does_is_told),
        cmocka_unit_test(members_of_another_type_are_no_trouble),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
