#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/capture.h"
#include "watch_trigger.h"

static struct kd_span span(const char *chars)
{
    return (struct kd_span){(const uint8_t *)chars, strlen(chars)};
}

static void a_module_is_named_as_its_file(void **state)
{
    struct watch_trigger *t = watch_trigger_create("Evil", NULL);

    (void)state;
    assert_non_null(t);
    assert_true(watch_trigger_is_module(t, span("\\SystemRoot\\drivers\\EVIL.SYS")));
    assert_true(watch_trigger_is_module(t, span("evil")));
    assert_false(watch_trigger_is_module(t, span("\\evil\\good.sys")));
    assert_false(watch_trigger_is_module(t, span("notevil.sys")));
    assert_false(watch_trigger_is_module(t, span("evil2.sys")));
    assert_false(watch_trigger_is_module(t, span("")));
    assert_false(watch_trigger_is_print(t, span("evil")));
    watch_trigger_destroy(t);
}

static void each_line_of_a_print_is_matched(void **state)
{
    const uint8_t hidden[] = "ok\0boom here"; /* a NUL hides nothing */
    struct watch_trigger *t = watch_trigger_create(NULL, "^boo+m|here$");

    (void)state;
    assert_non_null(t);
    assert_true(watch_trigger_is_print(t, span("first\r\nbooom 7\r\n")));
    assert_true(watch_trigger_is_print(t, span("it is here\r\nlast")));
    assert_false(watch_trigger_is_print(t, span("no boom, none heresay\n")));
    assert_true(watch_trigger_is_print(t, (struct kd_span){hidden, sizeof hidden - 1}));
    assert_false(watch_trigger_is_print(t, span("")));
    assert_false(watch_trigger_is_module(t, span("boom")));
    watch_trigger_destroy(t);
}

static void a_wrong_expression_is_explained(void **state)
{
    struct capture err;

    (void)state;
    capture_begin(&err, CAPTURE_ERR);
    assert_null(watch_trigger_create(NULL, "(open"));
    (void)capture_end(&err);
    assert_non_null(strstr(err.text, "--on-print: no regular expression: "));
    capture_free(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_module_is_named_as_its_file),
        cmocka_unit_test(each_line_of_a_print_is_matched),
        cmocka_unit_test(a_wrong_expression_is_explained),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
