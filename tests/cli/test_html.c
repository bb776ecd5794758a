#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "html.h"
#include "support/page.h"

#include <errno.h>

static void what_is_put_in_stays_text(void **state)
{
    struct page p;
    const char *text;

    (void)state;
    page_begin(&p);
    html_start(&p.html, "p");
    html_attribute(&p.html, "title", "\"><script>alert('1')</script>");
    html_text(&p.html, "<script>alert(\"1\" & '2')</script>");
    html_end(&p.html, "p");
    text = page_end(&p);
    assert_string_equal(
        text,
        "<!DOCTYPE html>\n\n<p title=\"&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;\">"
        "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;</p>\n");
    page_free(&p);
}

static void nobody_obeys_what_is_put_in(void **state)
{
    struct page p;
    const char *text;

    (void)state;
    page_begin(&p);
    html_start(&p.html, "b");
    html_text(&p.html, "\x1b[2J\ttab\nline \xe2\x80\xaegpj.exe \xff\xc3 \xc2\x9b \xd7\x90");
    html_end(&p.html, "b");
    text = page_end(&p);
    assert_true(page_has(
        text, "<b>\\x1b[2J\\x09tab\\nline \\u202egpj.exe \\xff\\xc3 \\u009b \xd7\x90</b>"));
    page_free(&p);
}

static void elements_nest_and_some_have_no_end(void **state)
{
    struct page p;

    (void)state;
    page_begin(&p);
    html_start(&p.html, "ul");
    html_element(&p.html, "li", NULL, "a");
    html_element(&p.html, "li", "b c", "");
    html_start(&p.html, "input");
    html_attributef(&p.html, "data-n", "%d", 7);
    html_end(&p.html, "input");
    html_end(&p.html, "ul");
    assert_string_equal(page_end(&p), "<!DOCTYPE html>\n\n<ul>\n<li>a</li>\n<li class=\"b c\"></li>"
                                      "<input data-n=\"7\"></ul>\n");
    page_free(&p);
}

static void texts_that_were_put_together_are_taken(void **state)
{
    struct text t = {0};
    struct page p;
    const char *text;

    (void)state;
    page_begin(&p);
    html_start(&p.html, "a");
    text_add(&t, "#%d", 4);
    html_take_attribute(&p.html, "href", &t);
    text_add(&t, "%s", "<4>");
    html_take(&p.html, &t);
    html_textf(&p.html, "%s%d", "&", 5);
    html_end(&p.html, "a");
    html_elementf(&p.html, "i", "k", "%c", '<');
    text = page_end(&p);
    assert_true(page_has(text, "<a href=\"#4\">&lt;4&gt;&amp;5</a><i class=\"k\">&lt;</i>"));
    page_free(&p);
}

static void a_page_larger_than_the_buffer_is_whole(void **state)
{
    struct page p;

    (void)state;
    page_begin(&p);
    html_start(&p.html, "div");
    for (int i = 0; i < 100000; i++)
        html_elementf(&p.html, "i", NULL, "%d", i % 10);
    html_end(&p.html, "div");
    assert_int_equal(page_count(page_end(&p), "</i>"), 100000);
    assert_true(p.len > HTML_BUFFER);
    page_free(&p);
}

static void a_write_that_fails_is_told_at_the_end(void **state)
{
    struct html h;
    FILE *full = fopen("/dev/full", "wb");

    (void)state;
    assert_non_null(full);
    setvbuf(full, NULL, _IONBF, 0);
    html_begin(&h, full);
    for (int i = 0; i < HTML_BUFFER; i++)
        html_element(&h, "i", NULL, "a");
    assert_int_equal(html_finish(&h), KD_ERR_IO);
    assert_int_equal(errno, ENOSPC);
    fclose(full);
}

static void the_first_failure_counts(void **state)
{
    struct html h;
    FILE *f = tmpfile();

    (void)state;
    assert_non_null(f);
    html_begin(&h, f);
    html_fail(&h, KD_ERR_NO_MEMORY);
    html_fail(&h, KD_ERR_IO);
    assert_int_equal(html_finish(&h), KD_ERR_NO_MEMORY);
    assert_int_equal(ftell(f), 0); /* nothing more is written */
    fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_in_stays_text),
        cmocka_unit_test(nobody_obeys_what_is_put_in),
        cmocka_unit_test(elements_nest_and_some_have_no_end),
        cmocka_unit_test(texts_that_were_put_together_are_taken),
        cmocka_unit_test(a_page_larger_than_the_buffer_is_whole),
        cmocka_unit_test(a_write_that_fails_is_told_at_the_end),
        cmocka_unit_test(the_first_failure_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
