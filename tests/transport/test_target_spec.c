#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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

static void text_of_no_link_leads_to_examples(void **state)
{
    (void)state;
    check_refused("", KD_ERR_USAGE, "net:");
    check_refused("port=5", KD_ERR_USAGE, "net:");
    check_refused("network:port=5", KD_ERR_USAGE, "com:port=/dev/ttyS0");
    check_refused("1394:channel=5", KD_ERR_USAGE, "com:pipe");
}

/* --- com: --- */

static void a_serial_port_is_taken(void **state)
{
    struct kdt_target_spec spec = parsed("com:port=/dev/ttyS0,baud=9600");

    (void)state;
    assert_int_equal(spec.kind, KDT_LINK_SERIAL);
    assert_string_equal(spec.place, "/dev/ttyS0");
    assert_int_equal(spec.baud, 9600);
    assert_false(spec.has_key || spec.reconnect || spec.is_server);
    spec = parsed("COM:Baud=4000000,Port=/dev/serial/by-id/usb-x");
    assert_string_equal(spec.place, "/dev/serial/by-id/usb-x");
    assert_int_equal(spec.baud, 4000000);
    assert_int_equal(parsed("com:port=/dev/ttyUSB0").baud, 115200);
}

static void only_standard_rates_are_taken_and_the_others_learn_which_those_are(void **state)
{
    static const char *const good[] = {"110",    "300",    "1200",   "19200",  "38400",  "57600",
                                       "115200", "230400", "460800", "921600", "1500000"};
    static const char *const bad[] = {"0",          "1",     "115201",           "-9600",
                                      "+9600",      "9600 ", "0x2580",           "9k6",
                                      "4294976896", "fast",  "12345678901234567"};
    char text[64];

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        snprintf(text, sizeof text, "com:port=/dev/ttyS0,baud=%s", good[i]);
        parsed(text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(text, sizeof text, "com:port=/dev/ttyS0,baud=%s", bad[i]);
        check_refused(text, KD_ERR_USAGE, "there are 110, 300, ");
        check_refused(text, KD_ERR_USAGE, " and 4000000");
    }
}

static void a_port_by_its_dos_name_leads_to_devices(void **state)
{
    (void)state;
    check_refused("com:port=COM3", KD_ERR_USAGE, "/dev/ttyS0");
    check_refused("com:port=com1,baud=115200", KD_ERR_USAGE, "/dev/ttyS0");
    check_refused("com:port=ttyS0", KD_ERR_USAGE, "/dev/ttyS0");
}

static void a_pipe_is_taken_with_its_options_in_any_order(void **state)
{
    struct kdt_target_spec spec = parsed("com:pipe,port=/run/vm/com1.sock");

    (void)state;
    assert_int_equal(spec.kind, KDT_LINK_PIPE);
    assert_string_equal(spec.place, "/run/vm/com1.sock");
    assert_false(spec.reconnect || spec.is_server);
    assert_int_equal(spec.baud, 0);
    spec = parsed("com:resets=0,RECONNECT,port=kd.sock,Pipe");
    assert_int_equal(spec.kind, KDT_LINK_PIPE);
    assert_string_equal(spec.place, "kd.sock");
    assert_true(spec.reconnect && !spec.is_server);
    spec = parsed("com:pipe,port=/x,server,resets=12");
    assert_true(spec.is_server && !spec.reconnect);
}

static void a_tcp_port_is_taken_with_a_host_of_any_kind(void **state)
{
    struct kdt_target_spec spec = parsed("com:ipport=5555,port=127.0.0.1");

    (void)state;
    assert_int_equal(spec.kind, KDT_LINK_TCP);
    assert_string_equal(spec.place, "127.0.0.1");
    assert_int_equal(spec.port, 5555);
    assert_false(spec.reconnect);
    spec = parsed("com:port=[fe80::1%eth0],reconnect,ipport=65535");
    assert_string_equal(spec.place, "fe80::1%eth0");
    assert_int_equal(spec.port, 65535);
    assert_true(spec.reconnect);
    assert_string_equal(parsed("com:ipport=1,port=::1").place, "::1");
    assert_string_equal(parsed("com:ipport=1,port=vm-host.example.org").place,
                        "vm-host.example.org");
}

static void what_a_stream_lacks_is_shown_by_an_example(void **state)
{
    (void)state;
    check_refused("com:", KD_ERR_USAGE, "com:port=/dev/ttyS0,baud=115200");
    check_refused("com", KD_ERR_USAGE, "com:port=/dev/ttyS0,baud=115200");
    check_refused("com:pipe", KD_ERR_USAGE, "com:pipe,port=/run/vm/com1.sock");
    check_refused("com:ipport=5", KD_ERR_USAGE, "com:ipport=5555,port=127.0.0.1");
    check_refused("com:port=", KD_ERR_USAGE, "port= has no value");
    check_refused("com:port", KD_ERR_USAGE, "port= has no value");
    check_refused("com:port=/x,baud=", KD_ERR_USAGE, "baud= has no value");
    check_refused("com:port=/x,ipport", KD_ERR_USAGE, "ipport= has no value");
    check_refused("com:pipe=1,port=/x", KD_ERR_USAGE, "pipe takes no value");
    check_refused("com:pipe,port=/x,reconnect=", KD_ERR_USAGE, "reconnect takes no value");
    check_refused("com:pipe,port=/x,resets=none", KD_ERR_USAGE, "resets= wants a decimal number");
    check_refused("com:port=a host,ipport=5", KD_ERR_USAGE, "name or address of a host");
    check_refused("com:port=[],ipport=5", KD_ERR_USAGE, "name or address of a host");
    check_refused("com:port=/dev/ttyS0,ipport=5", KD_ERR_USAGE, "name or address of a host");
    check_refused("com:port=h,ipport=0", KD_ERR_USAGE, "ipport= wants");
    check_refused("com:port=h,ipport=65536", KD_ERR_USAGE, "ipport= wants");
    check_refused("com:port=/x,", KD_ERR_USAGE, "last comma");
    check_refused("com:port=/x,,baud=9600", KD_ERR_USAGE, "option 2");
}

static void what_contradicts_itself_or_comes_twice_is_refused(void **state)
{
    (void)state;
    check_refused("com:port=/x,reconnect", KD_ERR_USAGE, "are for pipes");
    check_refused("com:port=/x,server", KD_ERR_USAGE, "are for pipes");
    check_refused("com:port=/x,resets=0", KD_ERR_USAGE, "are for pipes");
    check_refused("com:pipe,port=/x,baud=9600", KD_ERR_USAGE, "neither goes with pipe");
    check_refused("com:pipe,port=/x,ipport=5", KD_ERR_USAGE, "neither goes with pipe");
    check_refused("com:port=h,ipport=5,baud=9600", KD_ERR_USAGE, "do not go with ipport=");
    check_refused("com:port=h,ipport=5,server", KD_ERR_USAGE, "do not go with ipport=");
    check_refused("com:port=/x,port=/y", KD_ERR_USAGE, "port= is given twice");
    check_refused("com:pipe,pipe,port=/x", KD_ERR_USAGE, "pipe is given twice");
    check_refused("com:pipe,port=/x,key=1.2.3.4", KD_ERR_USAGE, "option 3 is not known");
    check_refused("net:port=5,reconnect", KD_ERR_USAGE, "option 2 is not known");
}

static void names_that_fit_nowhere_are_refused(void **state)
{
    char text[400] = "com:pipe,port=/";

    (void)state;
    memset(text + strlen(text), 'x', 106); /* the longest that a unix socket can have */
    parsed(text);
    strcat(text, "x"); /* NOLINT(*strcpy): there is room */
    check_refused(text, KD_ERR_USAGE, "107 characters");
    check_refused("com:pipe,port=\\\\.\\pipe\\kd", KD_ERR_USAGE, "unix socket");
    strcpy(text, "com:port=/"); /* NOLINT(*strcpy): there is room */
    memset(text + strlen(text), 'x', 300);
    check_refused(text, KD_ERR_USAGE, "longer than any name");
}

static void a_place_is_named_for_people(void **state)
{
    static const struct {
        const char *spec, *place;
    } cases[] = {
        {"net:port=50000,key=1.2.3.4", "port 50000"}, {"com:port=/dev/ttyS0", "/dev/ttyS0"},
        {"com:pipe,port=/run/a.sock", "/run/a.sock"}, {"com:ipport=5,port=h.org", "h.org:5"},
        {"com:ipport=5,port=::1", "[::1]:5"},
    };
    char place[KDT_PLACE_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct kdt_target_spec spec = parsed(cases[i].spec);

        kdt_target_spec_place(&spec, place);
        assert_string_equal(place, cases[i].place);
    }
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
        "com:port=s3cret.s3cret.s3cret.s3cret",
        "com:port=/dev/ttyS0,baud=s3cret",
        "com:port=/dev/ttyS0,s3cret.s3cret.s3cret.s3cret",
        "com:pipe,port=/x,kye=s3cret.s3cret.s3cret.s3cret",
        "com:pipe,port=/x,resets=s3cret",
        "com:ipport=s3cret,port=localhost",
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
        cmocka_unit_test(text_of_no_link_leads_to_examples),
        cmocka_unit_test(a_serial_port_is_taken),
        cmocka_unit_test(only_standard_rates_are_taken_and_the_others_learn_which_those_are),
        cmocka_unit_test(a_port_by_its_dos_name_leads_to_devices),
        cmocka_unit_test(a_pipe_is_taken_with_its_options_in_any_order),
        cmocka_unit_test(a_tcp_port_is_taken_with_a_host_of_any_kind),
        cmocka_unit_test(what_a_stream_lacks_is_shown_by_an_example),
        cmocka_unit_test(what_contradicts_itself_or_comes_twice_is_refused),
        cmocka_unit_test(names_that_fit_nowhere_are_refused),
        cmocka_unit_test(a_place_is_named_for_people),
        cmocka_unit_test(no_complaint_repeats_a_key),
        cmocka_unit_test(a_wiped_spec_holds_no_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
