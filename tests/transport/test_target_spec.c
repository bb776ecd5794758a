#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <transport/target_spec.h>

static const uint8_t one_two_three_four[KD_KEY_LEN] = {
    1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0};

static struct kdt_target_spec parsed(const char *text)
{
    struct kdt_target_spec spec;
    struct kd_diag diag = {""};

    memset(&spec, 0xEE, sizeof spec);
    if (kdt_target_spec_parse(text, &diag, &spec) != KD_OK)
        fail_msg("%s: %s", text, diag.text);
    return spec;
}

/* It fails with that status, the complaint mentions the word, and the output is left alone. */
static void check_refused(const char *text, enum kd_status expected, const char *mentioned)
{
    struct kdt_target_spec spec, before;
    struct kd_diag diag = {""};
    enum kd_status st;

    memset(&spec, 0xEE, sizeof spec);
    before = spec;
    st = kdt_target_spec_parse(text, &diag, &spec);
    if (st != expected || !strstr(diag.text, mentioned))
        fail_msg("%s: %s: \"%s\"", text, kd_status_text(st), diag.text);
    assert_memory_equal(&spec, &before, sizeof spec);
}

static void port_and_key_are_taken(void **state)
{
    struct kdt_target_spec spec = parsed("net:port=50000,key=1.2.3.4");

    (void)state;
    assert_int_equal(spec.kind, KDT_LINK_NET);
    assert_int_equal(spec.port, 50000);
    assert_true(spec.has_key);
    assert_memory_equal(spec.key.bytes, one_two_three_four, KD_KEY_LEN);
    assert_string_equal(spec.bind, "");
}

static void order_and_case_of_the_options_do_not_matter(void **state)
{
    struct kdt_target_spec spec = parsed("NET:Bind=10.0.0.1,Key=1.2.3.4,PORT=1");

    (void)state;
    assert_int_equal(spec.port, 1);
    assert_memory_equal(spec.key.bytes, one_two_three_four, KD_KEY_LEN);
    assert_string_equal(spec.bind, "10.0.0.1");
}

static void the_key_may_be_left_for_later(void **state)
{
    struct kdt_target_spec spec = parsed("net:port=65535");
    struct kd_diag diag = {""};

    (void)state;
    assert_false(spec.has_key);
    assert_int_equal(kdt_target_spec_set_key(&spec, "1.2.3.4\n", 8, &diag), KD_OK);
    assert_true(spec.has_key);
    assert_memory_equal(spec.key.bytes, one_two_three_four, KD_KEY_LEN);
}

static void one_line_end_after_a_key_is_allowed(void **state)
{
    static const char *const good[] = {"1.2.3.4", "1.2.3.4\n", "1.2.3.4\r\n"};
    static const char *const bad[] = {"1.2.3.4\n\n", "1.2.3.4\r", "\n", "", "1.2.3.4 \n", "\r\n"};
    struct kdt_target_spec spec = parsed("net:port=5");

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(kdt_target_spec_set_key(&spec, good[i], strlen(good[i]), NULL), KD_OK);
    kdt_target_spec_wipe(&spec);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(kdt_target_spec_set_key(&spec, bad[i], strlen(bad[i]), NULL),
                         KD_ERR_USAGE);
        assert_false(spec.has_key);
    }
}

static void numeric_addresses_of_both_families_are_taken(void **state)
{
    (void)state;
    assert_string_equal(parsed("net:port=5,bind=0.0.0.0").bind, "0.0.0.0");
    assert_string_equal(parsed("net:port=5,bind=::1").bind, "::1");
    assert_string_equal(parsed("net:port=5,bind=fe80::1%eth0").bind, "fe80::1%eth0");
}

static void other_addresses_are_refused(void **state)
{
    static const char *const bad[] = {
        "net:port=5,bind=localhost", "net:port=5,bind=[::1]",     "net:port=5,bind=1.2.3",
        "net:port=5,bind=1.2.3.256", "net:port=5,bind=fe80::1%",  "net:port=5,bind=fe80::1%a b",
        "net:port=5,bind=1.2.3.4%x", "net:port=5,bind=1.2.3.4:5", "net:port=5,bind= 1.2.3.4",
    };
    char longest[200] = "net:port=5,bind=::1%";

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check_refused(bad[i], KD_ERR_USAGE, "bind=");
    memset(longest + strlen(longest), 'x', 150);
    check_refused(longest, KD_ERR_USAGE, "bind=");
}

static void ports_out_of_range_or_not_decimal_are_refused(void **state)
{
    static const char *const bad[] = {
        "0", "65536", "99999999999999999999", "-1", "+5", "0x50", "5 ", "5a", "000005"};
    char text[64];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        strcpy(text, "net:key=1.2.3.4,port=");
        /* NOLINTNEXTLINE(*strcpy): all are short */
        check_refused(strcat(text, bad[i]), KD_ERR_USAGE, "port=");
    }
}

static void what_is_missing_or_repeated_is_named(void **state)
{
    (void)state;
    check_refused("net:", KD_ERR_USAGE, "port= is missing");
    check_refused("net", KD_ERR_USAGE, "port= is missing");
    check_refused("net:key=1.2.3.4", KD_ERR_USAGE, "port= is missing");
    check_refused("net:port=", KD_ERR_USAGE, "port= has no value");
    check_refused("net:port", KD_ERR_USAGE, "port= has no value");
    check_refused("net:port=5,key=", KD_ERR_USAGE, "key= has no value");
    check_refused("net:port=5,bind=", KD_ERR_USAGE, "bind= has no value");
    check_refused("net:port=5,port=5", KD_ERR_USAGE, "port= is given twice");
    check_refused("net:port=5,key=1.2.3.4,key=1.2.3.4", KD_ERR_USAGE, "key= is given twice");
    check_refused("net:port=5,bind=::,bind=::", KD_ERR_USAGE, "bind= is given twice");
    check_refused("net:port=5,", KD_ERR_USAGE, "last comma");
    check_refused("net:port=5,,key=1.2.3.4", KD_ERR_USAGE, "option 2");
}

static void other_links_are_told_apart_from_mistakes(void **state)
{
    (void)state;
    check_refused("com:port=/dev/ttyS0,baud=115200", KD_ERR_UNSUPPORTED, "not built yet");
    check_refused("", KD_ERR_USAGE, "net:");
    check_refused("port=5", KD_ERR_USAGE, "net:");
    check_refused("network:port=5", KD_ERR_USAGE, "net:");
}

static void no_complaint_repeats_a_key(void **state)
{
    static const char *const slips[] = {
        "net:port=5,s3cret.s3cret.s3cret.s3cret",
        "net:port=5,kye=s3cret.s3cret.s3cret.s3cret",
        "net:port=5,key=s3cret.s3cret.s3cret",
        "net:port=5,key=s3cret.s3cret.s3cret.s3cret!",
        "s3cret.s3cret.s3cret.s3cret",
        "net:s3cret.s3cret.s3cret.s3cret=5",
        "net:port=s3cret.s3cret.s3cret.s3cret,key=5",
        "net:port=5,bind=s3cret.s3cret.s3cret.s3cret",
    };

    (void)state;
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
        struct kdt_target_spec spec;
        struct kd_diag diag = {""};

        assert_int_equal(kdt_target_spec_parse(slips[i], &diag, &spec), KD_ERR_USAGE);
        assert_true(strlen(diag.text) > 0);
        assert_null(strstr(diag.text, "s3cret"));
    }
}

static void a_wiped_spec_holds_no_key(void **state)
{
    struct kdt_target_spec spec = parsed("net:port=5,key=1.2.3.4");
    static const uint8_t zero[KD_KEY_LEN];

    (void)state;
    kdt_target_spec_wipe(&spec);
    assert_false(spec.has_key);
    assert_memory_equal(spec.key.bytes, zero, KD_KEY_LEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(port_and_key_are_taken),
        cmocka_unit_test(order_and_case_of_the_options_do_not_matter),
        cmocka_unit_test(the_key_may_be_left_for_later),
        cmocka_unit_test(one_line_end_after_a_key_is_allowed),
        cmocka_unit_test(numeric_addresses_of_both_families_are_taken),
        cmocka_unit_test(other_addresses_are_refused),
        cmocka_unit_test(ports_out_of_range_or_not_decimal_are_refused),
        cmocka_unit_test(what_is_missing_or_repeated_is_named),
        cmocka_unit_test(other_links_are_told_apart_from_mistakes),
        cmocka_unit_test(no_complaint_repeats_a_key),
        cmocka_unit_test(a_wiped_spec_holds_no_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
