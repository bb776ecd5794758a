#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <walker/isf.h>

static void an_isf_file_is_said_to_be_unread(void **state)
{
    struct kdw_symbols *s = NULL;
    struct kd_diag diag = {""};

    (void)state;
    assert_int_equal(kdw_isf_open("x.json", &diag, &s), KD_ERR_UNSUPPORTED);
    assert_string_equal(diag.text, "x.json: ISF files are not read by this build");
    assert_int_equal(kdw_isf_open_bytes("{}", 2, &diag, &s), KD_ERR_UNSUPPORTED);
    assert_null(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_isf_file_is_said_to_be_unread)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
