#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "document.h"
#include "message.h"
#include "support/capture.h"

/* What was printed, and that nothing else was said. */
static void assert_printed(json_t *document, const char *want)
{
    struct capture out, err;

    capture_begin(&out, CAPTURE_OUT);
    capture_begin(&err, CAPTURE_ERR);
    document_print(document);
    (void)capture_end(&err);
    (void)capture_end(&out);
    assert_string_equal(err.text, "");
    assert_string_equal(out.text, want);
    capture_free(&err);
    capture_free(&out);
}

static void a_whole_document_is_printed(void **state)
{
    json_t *list = json_array();
    json_t *o = json_object();

    (void)state;
    document_add(list, json_integer(1));
    document_put(o, "list", list);
    assert_printed(o, "{\n  \"list\": [\n    1\n  ]\n}\n");
    assert_false(message_output_has_failed());
}

static void assert_streamed(size_t items, const char *want)
{
    struct capture out;

    capture_begin(&out, CAPTURE_OUT);
    document_stream_begin("records");
    for (size_t i = 0; i < items; i++)
        document_stream_item(json_pack("{s:i}", "n", (int)i));
    document_stream_end("summary", json_pack("{s:i}", "count", (int)items));
    (void)capture_end(&out);
    assert_string_equal(out.text, want);
    capture_free(&out);
}

static void a_stream_has_an_object_a_line(void **state)
{
    (void)state;
    assert_streamed(0, "{\"records\": [\n], \"summary\": {\n  \"count\": 0\n}}\n");
    assert_streamed(2, "{\"records\": [\n{\"n\": 0},\n{\"n\": 1}\n], \"summary\": {\n"
                       "  \"count\": 2\n}}\n");
    assert_false(message_output_has_failed());
}

static void documents_name_the_symbols_that_were_used(void **state)
{
    struct capture out;

    (void)state;
    document_name_symbols("PDB /a\xff", true); /* a file's name need not be UTF-8 */
    assert_printed(json_object(), "{\n  \"symbols\": {\n    \"origin\": \"PDB /a\\\\xff\",\n"
                                  "    \"guess\": true\n  }\n}\n");
    capture_begin(&out, CAPTURE_OUT);
    document_stream_begin("records");
    document_stream_end("summary", json_object());
    (void)capture_end(&out);
    assert_string_equal(out.text,
                        "{\"records\": [\n], \"summary\": {}, \"symbols\": {\"origin\": \"PDB "
                        "/a\\\\xff\", \"guess\": true}}\n");
    capture_free(&out);
    document_name_symbols("", false);
    assert_printed(json_object(), "{}\n");
}

static void words_have_16_digits_and_odd_text_is_escaped(void **state)
{
    json_t *word = document_word(0xfffff80212345678), *text = document_escaped("a\xff\x1b");

    (void)state;
    assert_string_equal(json_string_value(word), "0xfffff80212345678");
    assert_string_equal(json_string_value(text), "a\\xff\\x1b");
    json_decref(word);
    json_decref(text);
    word = document_word(7);
    assert_string_equal(json_string_value(word), "0x0000000000000007");
    json_decref(word);
}

/* JSON would take them as they are; it reads the same. */
static void what_a_terminal_obeys_is_escaped_in_texts(void **state)
{
    json_t *o = json_pack("{s:s}", "\x7f", "a\xc2\x9b[2J\xe2\x80\xaez\xc3\xa4\x1b");
    char *text = document_text(o, JSON_COMPACT);
    json_t *again = json_loads(text, 0, NULL);

    (void)state;
    assert_string_equal(text, "{\"\\u007f\":\"a\\u009b[2J\\u202ez\xc3\xa4\\u001B\"}");
    assert_true(json_equal(o, again));
    free(text);
    json_decref(again);
    assert_printed(o, "{\n  \"\\u007f\": \"a\\u009b[2J\\u202ez\xc3\xa4\\u001B\"\n}\n");
}

/* The failure is said once in a run, so this is the last test of it. */
static void a_document_that_lost_something_is_not_printed(void **state)
{
    json_t *o = json_object();
    struct capture out, err;

    (void)state;
    document_put(o, "name", json_string("\xff")); /* NULL: it is no UTF-8 */
    capture_begin(&out, CAPTURE_OUT);
    capture_begin(&err, CAPTURE_ERR);
    document_print(o);
    document_print(NULL);
    (void)capture_end(&err);
    (void)capture_end(&out);
    assert_string_equal(out.text, "");
    assert_string_equal(err.text, "kdwalk: error: the output could not be written: not all of it "
                                  "could be put into JSON\n");
    assert_true(message_output_has_failed());
    capture_free(&err);
    capture_free(&out);
    assert_printed(json_object(), "{}\n"); /* the next one starts afresh */
    capture_begin(&out, CAPTURE_OUT);
    document_stream_begin("records");
    document_stream_item(json_pack("{s:i}", "n", 1));
    document_stream_item(NULL); /* what is lost leaves a document that can be parsed */
    document_stream_item(json_pack("{s:i}", "n", 3));
    document_stream_end("summary", NULL);
    (void)capture_end(&out);
    assert_string_equal(out.text,
                        "{\"records\": [\n{\"n\": 1},\n{\"n\": 3}\n], \"summary\": null}\n");
    capture_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_document_is_printed),
        cmocka_unit_test(a_stream_has_an_object_a_line),
        cmocka_unit_test(documents_name_the_symbols_that_were_used),
        cmocka_unit_test(words_have_16_digits_and_odd_text_is_escaped),
        cmocka_unit_test(what_a_terminal_obeys_is_escaped_in_texts),
        cmocka_unit_test(a_document_that_lost_something_is_not_printed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
