#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <kdproto/status.h>

static void every_status_has_a_phrase_of_its_own(void **state)
{
    (void)state;
    for (int a = KD_OK; a <= KD_ERR_NO_MEMORY; a++) {
        assert_string_not_equal(kd_status_text((enum kd_status)a), "unknown status");
        for (int b = KD_OK; b < a; b++)
            assert_string_not_equal(kd_status_text((enum kd_status)a),
                                    kd_status_text((enum kd_status)b));
    }
}

static void a_number_that_is_no_status_is_said_to_be_unknown(void **state)
{
    (void)state;
    assert_string_equal(kd_status_text((enum kd_status)(KD_ERR_NO_MEMORY + 1)), "unknown status");
}

static void unreadable_is_what_concerns_one_place_in_memory(void **state)
{
    (void)state;
    for (int st = KD_OK; st <= KD_ERR_NO_MEMORY; st++)
        assert_int_equal(kd_is_unreadable((enum kd_status)st),
                         st >= KD_ERR_NOT_MAPPED && st <= KD_ERR_CUT_OFF);
}

static void what_a_file_lacks_need_not_be_a_page(void **state)
{
    (void)state;
    for (int st = KD_OK; st <= KD_ERR_NO_MEMORY; st++)
        assert_int_equal(kd_is_page_unreadable((enum kd_status)st),
                         kd_is_unreadable((enum kd_status)st) && st != KD_ERR_NOT_RECORDED &&
                             st != KD_ERR_NOT_IN_DUMP && st != KD_ERR_CUT_OFF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_phrase_of_its_own),
        cmocka_unit_test(a_number_that_is_no_status_is_said_to_be_unknown),
        cmocka_unit_test(unreadable_is_what_concerns_one_place_in_memory),
        cmocka_unit_test(what_a_file_lacks_need_not_be_a_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
