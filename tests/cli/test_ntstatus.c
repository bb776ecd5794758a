#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ntstatus.h"

static void known_numbers_have_names(void **state)
{
    (void)state;
    assert_string_equal(ntstatus_name(0), "STATUS_SUCCESS");
    assert_string_equal(ntstatus_name(0x80000003), "STATUS_BREAKPOINT");
    assert_string_equal(ntstatus_name(0xc0000420), "STATUS_ASSERTION_FAILURE");
    assert_null(ntstatus_name(0xc0000421));
}

static void the_number_is_always_shown(void **state)
{
    struct text t = {0};

    (void)state;
    ntstatus_add(&t, 0xc0000001);
    text_add(&t, ", ");
    ntstatus_add(&t, 0x1234);
    assert_string_equal(t.chars, "0xc0000001 STATUS_UNSUCCESSFUL, 0x00001234");
    free(text_take(&t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_numbers_have_names),
        cmocka_unit_test(the_number_is_always_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
