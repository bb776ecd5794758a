#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <walker/isf.h>
#include <walker/isf_write.h>

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

static void nor_is_one_written(void **state)
{
    const struct kdw_isf_metadata metadata = {.machine = 0x8664};
    struct kdw_isf_counts counts;
    struct kd_diag diag = {""};
    char *text = NULL;
    size_t len;

    (void)state;
    assert_int_equal(kdw_isf_write(NULL, &metadata, &diag, &text, &len, &counts),
                     KD_ERR_UNSUPPORTED);
    assert_null(text);
    assert_string_equal(diag.text, "ISF files are not written by this build");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_isf_file_is_said_to_be_unread),
        cmocka_unit_test(nor_is_one_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
