#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <kdproto/diag.h>

static void each_layer_puts_what_it_knows_in_front(void **state)
{
    struct kd_diag d;

    (void)state;
    kd_diag_clear(&d);
    assert_int_equal(kd_diag_set(&d, KD_ERR_NOT_MAPPED, "not mapped at 0x%x", 0x10),
                     KD_ERR_NOT_MAPPED);
    assert_int_equal(kd_diag_add(&d, KD_ERR_NOT_MAPPED, "LoggerName"), KD_ERR_NOT_MAPPED);
    kd_diag_add(&d, KD_ERR_NOT_MAPPED, "logger at 0x%x", 8);
    assert_string_equal(d.text, "logger at 0x8: LoggerName: not mapped at 0x10");
}

static void adding_to_nothing_names_the_status(void **state)
{
    struct kd_diag d;

    (void)state;
    kd_diag_clear(&d);
    kd_diag_add(&d, KD_ERR_TIMEOUT, "reading the version");
    assert_string_equal(d.text, "reading the version: timed out");
}

static void a_new_explanation_replaces_the_old_one(void **state)
{
    struct kd_diag d;

    (void)state;
    kd_diag_clear(&d);
    kd_diag_set(&d, KD_ERR_IO, "first");
    kd_diag_set(&d, KD_ERR_IO, "second");
    assert_string_equal(d.text, "second");
}

static void too_long_an_explanation_loses_its_end_only(void **state)
{
    struct kd_diag d;
    char longer[KD_DIAG_MAX + 100];

    (void)state;
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    kd_diag_clear(&d);
    kd_diag_set(&d, KD_ERR_IO, "%s", longer);
    assert_int_equal(strlen(d.text), KD_DIAG_MAX - 1);
    kd_diag_add(&d, KD_ERR_IO, "front");
    assert_memory_equal(d.text, "front: xxx", 10);
    assert_int_equal(strlen(d.text), KD_DIAG_MAX - 1);
}

static void nobody_listening_is_allowed(void **state)
{
    (void)state;
    kd_diag_clear(NULL);
    assert_int_equal(kd_diag_set(NULL, KD_ERR_IO, "x"), KD_ERR_IO);
    assert_int_equal(kd_diag_add(NULL, KD_ERR_LOST, "x"), KD_ERR_LOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_layer_puts_what_it_knows_in_front),
        cmocka_unit_test(adding_to_nothing_names_the_status),
        cmocka_unit_test(a_new_explanation_replaces_the_old_one),
        cmocka_unit_test(too_long_an_explanation_loses_its_end_only),
        cmocka_unit_test(nobody_listening_is_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
