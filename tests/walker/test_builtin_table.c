#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "builtin_table.h"
#include "support/layout_memory.h"
#include "support/layout_table.h"

static struct kd_diag diag;

static struct kdw_symbols *table_of(uint8_t first, uint8_t second)
{
    const struct kdw_choice c = {.candidates = {{.layout = first}, {.layout = second}},
                                 .count = first == second ? 1 : 2};
    struct kdw_symbols *s;

    assert_int_equal(kdw_builtin_table(&c, NULL, 0, &diag, &s), KD_OK);
    return s;
}

/* UINT64_MAX: no such field. */
static uint64_t offset_of(struct kdw_symbols *s, const char *type, const char *field)
{
    struct kdw_field f;
    kdw_type_id id;

    if (kdw_type_by_name(s, type, &id) != KD_OK || kdw_type_field(s, id, field, &f) != KD_OK)
        return UINT64_MAX;
    return f.offset;
}

/* The file whose layout is called so. */
static const char *path_of(const char *name)
{
    static char path[512];
    unsigned build = 0, revision = 0;
    const char *part = strstr(name, "(in part)") ? "-partial" : "";

    if (sscanf(name, "a kernel after %u", &build) == 1)
        snprintf(path, sizeof path, KDWALK_TABLES "/layouts/post%u-16slot-partial.csv", build);
    else if (sscanf(name, "%u.%u", &build, &revision) == 2)
        snprintf(path, sizeof path, KDWALK_TABLES "/layouts/%u-r%u.csv", build, revision);
    else
        snprintf(path, sizeof path, KDWALK_TABLES "/layouts/%u%s.csv", build, part);
    return path;
}

static void each_layout_is_its_file(void **state)
{
    (void)state;
    assert_int_equal(kdw_builtin_layout_count, 29);
    for (uint8_t i = 0; i < kdw_builtin_layout_count; i++) {
        const char *name = kdw_builtin_names + kdw_builtin_layouts[i].name;
        struct kdw_symbols *s = table_of(i, i);
        size_t fields = layout_table_check(s, path_of(name));

        if (fields < (strstr(name, "(in part)") ? 130u : 850u))
            fail_msg("%s has %u fields", name, (unsigned)fields);
        kdw_symbols_close(s);
    }
}

/* As they are written down for people who look at memory themselves. */
static void the_fields_by_which_layouts_are_told_apart_are_where_they_should_be(void **state)
{
    static const struct {
        const char *layout;
        uint64_t entry_state, logger_name, logger_state, process_id;
    } facts[] = {
        {"14393", 0x178, 0x88, 0x388, 0x2e8},
        {"17763", 0x178, 0x98, 0x458, 0x2e0},
        {"18362", 0x178, 0x98, 0x458, 0x2e8},
        {"17763.2452", 0x188, 0x98, 0x438, 0x2e0},
        {"19041.1466", 0x188, 0x98, 0x438, 0x440},
        {"22621", 0x188, 0x88, 0x448, 0x440},
        {"26100", 0x188, 0x88, 0x550, 0x1d0},
        {"15063 (in part)", 0x178, UINT64_MAX, UINT64_MAX, UINT64_MAX},
        {"16299 (in part)", 0x178, UINT64_MAX, UINT64_MAX, UINT64_MAX},
        {"17134 (in part)", 0x178, UINT64_MAX, UINT64_MAX, UINT64_MAX},
        {"a kernel after 26100 (in part)", 0x288, UINT64_MAX, UINT64_MAX, UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        uint8_t layout = layout_number(facts[i].layout);
        struct kdw_symbols *s = table_of(layout, layout);

        assert_true(offset_of(s, "_ETW_GUID_ENTRY", "SiloState") == facts[i].entry_state);
        assert_true(offset_of(s, "_WMI_LOGGER_CONTEXT", "LoggerName") == facts[i].logger_name);
        assert_true(offset_of(s, "_WMI_LOGGER_CONTEXT", "SiloState") == facts[i].logger_state);
        assert_true(offset_of(s, "_EPROCESS", "UniqueProcessId") == facts[i].process_id);
        kdw_symbols_close(s);
    }
}

static void two_candidates_answer_what_both_say(void **state)
{
    uint8_t first = layout_number("17134 (in part)"), second = layout_number("18362");
    struct kdw_symbols *s = table_of(first, second);
    struct kdw_type t;
    kdw_type_id id;

    (void)state;
    assert_int_equal(offset_of(s, "_ETW_SILODRIVERSTATE", "EtwpLoggerContext"), 0x1b0);
    assert_int_equal(kdw_type_by_name(s, "_ETW_SILODRIVERSTATE", &id), KD_OK);
    assert_int_equal(kdw_type_describe(s, id, &t), KD_OK);
    assert_int_equal(t.size, 0); /* 0x11c0 and 0x11f8 */
    assert_int_equal(kdw_type_by_name(s, "_WMI_LOGGER_CONTEXT", &id), KD_ERR_NOT_FOUND);
    assert_true(layout_table_check_partly(s, path_of("18362")) > 300);
    kdw_symbols_close(s);
}

static void landmarks_are_symbols(void **state)
{
    const struct kdw_landmark landmarks[] = {{"PsLoadedModuleList", 0x448130},
                                             {"NtBuildLab", UINT64_MAX}}; /* in no image */
    const struct kdw_choice c = {.count = 1};
    struct kdw_symbols *s;
    uint64_t rva = 0;

    (void)state;
    assert_int_equal(kdw_builtin_table(&c, landmarks, 2, &diag, &s), KD_OK);
    assert_int_equal(kdw_symbol(s, "PsLoadedModuleList", &rva), KD_OK);
    assert_int_equal(rva, 0x448130);
    assert_int_equal(kdw_symbol(s, "NtBuildLab", &rva), KD_ERR_NOT_FOUND);
    kdw_symbols_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_layout_is_its_file),
        cmocka_unit_test(the_fields_by_which_layouts_are_told_apart_are_where_they_should_be),
        cmocka_unit_test(two_candidates_answer_what_both_say),
        cmocka_unit_test(landmarks_are_symbols),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
