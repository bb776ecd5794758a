#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "provider_names.h"
#include "support/temp_dir.h"

static const uint8_t kernel_process[16] = {0xd6, 0x2c, 0xfb, 0x22, 0x7b, 0x0e, 0x2b, 0x42,
                                           0xa0, 0xc7, 0x2f, 0xad, 0x1f, 0xd0, 0xe7, 0x16};
#define GUID "22fb2cd6-0e7b-422b-a0c7-2fad1fd0e716"

static enum kd_status load(const char *content, struct kd_diag *diag, struct provider_names *out)
{
    struct temp_dir d;
    enum kd_status st;

    temp_dir_create(&d);
    temp_dir_write(&d, "names.csv", content, strlen(content));
    st = provider_names_load(temp_dir_path(&d, "names.csv"), diag, out);
    temp_dir_remove(&d);
    return st;
}

static void known_ones_need_no_file(void **state)
{
    static const uint8_t unknown[16] = {1, 2, 3};
    struct provider_names names = {NULL, 0};

    (void)state;
    assert_string_equal(provider_name(&names, kernel_process), "Microsoft-Windows-Kernel-Process");
    assert_null(provider_name(&names, unknown));
}

static void a_users_names_come_first(void **state)
{
    static const uint8_t mine[16] = {0x04, 0x03, 0x02, 0x01, 0x06, 0x05, 0x08, 0x07,
                                     0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10};
    struct provider_names names;
    struct kd_diag diag = {{0}};

    (void)state;
    assert_int_equal(load("guid,name\r\n"
                          "\n"
                          "# ours\n"
                          "{01020304-0506-0708-090A-0B0C0D0E0F10},\"Ours, and Co\",why\r\n" GUID
                          ",First\n" GUID ",Second",
                          &diag, &names),
                     KD_OK);
    assert_string_equal(provider_name(&names, mine), "Ours, and Co");
    assert_string_equal(provider_name(&names, kernel_process), "First");
    provider_names_free(&names);
}

static void a_bad_line_is_one_clear_error(void **state)
{
    static const struct {
        const char *content, *says;
        enum kd_status st;
    } bad[] = {
        {"# one\nnonsense\n", "line 2 does not begin with a GUID", KD_ERR_MALFORMED},
        {GUID "\n", "line 1 has no name", KD_ERR_MALFORMED},
        {GUID ",\n", "line 1 has no name", KD_ERR_MALFORMED},
        {GUID ",a\x1b[2J\n", "line 1 has no name", KD_ERR_MALFORMED},
        {GUID ",\xff\n", "line 1 has no name", KD_ERR_MALFORMED},
        {"22fb2cd6-0e7b-422b-a0c7-2fad1fd0e71g,x\n", "line 1 does not begin", KD_ERR_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct provider_names names = {NULL, 77};
        struct kd_diag diag = {{0}};

        assert_int_equal(load(bad[i].content, &diag, &names), bad[i].st);
        assert_non_null(strstr(diag.text, bad[i].says));
        assert_int_equal(names.len, 77);
    }
}

static void lines_beyond_reason_are_refused(void **state)
{
    char line[3000];
    struct provider_names names;
    struct kd_diag diag = {{0}};

    (void)state;
    memset(line, 'x', sizeof line);
    memcpy(line, GUID ",", strlen(GUID) + 1);
    line[sizeof line - 1] = '\0';
    assert_int_equal(load(line, &diag, &names), KD_ERR_LIMIT);
    assert_int_equal(provider_names_load("/nowhere/names.csv", &diag, &names), KD_ERR_IO);
    assert_non_null(strstr(diag.text, "/nowhere/names.csv"));
}

static void guids_are_read_as_they_are_written(void **state)
{
    static const char *const wrong[] = {
        "", "22fb2cd6", "{" GUID, GUID "}", GUID "0", "22fb2cd6-0e7b-422b-a0c7_2fad1fd0e716"};
    uint8_t guid[16];

    (void)state;
    assert_true(guid_parse("{22FB2CD6-0e7b-422b-a0c7-2fad1fd0e716}", 38, guid));
    assert_memory_equal(guid, kernel_process, 16);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(guid_parse(wrong[i], strlen(wrong[i]), guid));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_ones_need_no_file),
        cmocka_unit_test(a_users_names_come_first),
        cmocka_unit_test(a_bad_line_is_one_clear_error),
        cmocka_unit_test(lines_beyond_reason_are_refused),
        cmocka_unit_test(guids_are_read_as_they_are_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
