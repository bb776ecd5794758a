/* Every document is valid JSON, whatever could not be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "message.h"
#include "print.h"
#include "support/capture.h"

static const struct kdw_u64 gap = {.status = KD_ERR_NOT_MAPPED, .fault_va = 0x1234};
static const struct kdw_u64 absent = {.status = KD_ERR_NOT_FOUND};
static char text[] = "C:\\x\033\xc3\xa4";

/* What was printed in between, parsed. */
static json_t *parsed(struct capture *c)
{
    json_error_t error;
    json_t *document;

    (void)capture_end(c);
    document = json_loads(c->text, 0, &error);
    if (!document)
        fail_msg("%s in:\n%s", error.text, c->text);
    capture_free(c);
    assert_false(message_output_has_failed());
    return document;
}

static const char *string_at(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));

    assert_non_null(s);
    return s;
}

static void assert_unreadable(const json_t *o, const char *key, const char *where)
{
    assert_string_equal(string_at(json_object_get(o, key), "unreadable"), where);
}

static void a_system_with_gaps(void **state)
{
    const struct kdw_target target = {.machine = 0x8664,
                                      .build = 18362,
                                      .is_kernel = true,
                                      .kernel_base_va = UINT64_C(0xfffff8026e400000)};
    const struct kdw_system s = {.major = gap,
                                 .suite_mask = absent,
                                 .build_lab = {.status = KD_ERR_LIMIT},
                                 .zone_bias_100ns = {.value = (uint64_t)INT64_C(-324000000000)}};
    struct capture c;
    json_t *o;

    (void)state;
    capture_begin(&c, CAPTURE_OUT);
    print_json_system(&target, &s);
    o = parsed(&c);
    assert_string_equal(string_at(o, "kernel_base"), "0xfffff8026e400000");
    assert_unreadable(o, "nt_major_version", "0x0000000000001234");
    assert_unreadable(o, "build_lab", "limit reached");
    assert_true(json_is_null(json_object_get(o, "suite_mask")));
    assert_true(json_integer_value(json_object_get(o, "time_zone_bias_100ns")) == -324000000000);
    json_decref(o);
}

static void a_bugcheck_is_an_object_of_its_own(void **state)
{
    struct kdw_target target = {.machine = 0x8664, .is_kernel = true, .has_bugcheck = true};
    const struct kdw_system s = {.build_lab = {.utf8 = text}};
    struct capture c;
    json_t *o, *bugcheck;

    (void)state;
    target.bugcheck_code = 0xd1;
    target.bugcheck_parameters[3] = UINT64_C(0xfffff80412345678);
    capture_begin(&c, CAPTURE_OUT);
    print_json_system(&target, &s);
    o = parsed(&c);
    bugcheck = json_object_get(o, "bugcheck");
    assert_int_equal(json_integer_value(json_object_get(bugcheck, "code")), 0xd1);
    assert_string_equal(string_at(bugcheck, "name"), "DRIVER_IRQL_NOT_LESS_OR_EQUAL");
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(bugcheck, "parameters"), 3)),
        "0xfffff80412345678");
    assert_true(json_is_null(json_object_get(o, "ps_loaded_module_list"))); /* nobody knows it */
    json_decref(o);
}

static void a_boot_debugger_has_no_system(void **state)
{
    const struct kdw_target target = {.machine = 0x8664};
    const struct kdw_system s = {0};
    struct capture c;
    json_t *o;

    (void)state;
    capture_begin(&c, CAPTURE_OUT);
    print_json_system(&target, &s);
    o = parsed(&c);
    assert_true(json_is_false(json_object_get(o, "is_kernel")));
    assert_null(json_object_get(o, "nt_major_version"));
    assert_true(json_is_null(json_object_get(o, "processors"))); /* nor were they counted */
    json_decref(o);
}

static void modules_with_gaps(void **state)
{
    struct kdw_module modules[] = {
        {.base_va = {.value = 0x1000},
         .size = {.value = 0x2000},
         .base_name = {.utf8 = text},
         .full_name = {.utf8 = text}},
        {.base_va = {.status = KD_ERR_NOT_RECORDED, .fault_va = 0x1200},
         .base_name = {.status = KD_ERR_NOT_MAPPED, .fault_va = 0x1234},
         .full_name = {.status = KD_ERR_PAGED_OUT, .fault_va = 0x1240}},
    };
    const struct kdw_module_list list = {
        .modules = modules, .len = 2, .end = KD_ERR_CYCLE, .has_gaps = true};
    struct capture c;
    json_t *o, *rows;

    (void)state;
    capture_begin(&c, CAPTURE_OUT);
    print_json_modules(&list);
    o = parsed(&c);
    rows = json_object_get(o, "modules");
    assert_int_equal(json_array_size(rows), 2);
    assert_string_equal(string_at(json_array_get(rows, 0), "name"), text);
    assert_string_equal(string_at(json_array_get(rows, 0), "base"), "0x0000000000001000");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(rows, 0), "size")), 0x2000);
    assert_unreadable(json_array_get(rows, 1), "name", "0x0000000000001234");
    assert_null(json_object_get(json_object_get(json_array_get(rows, 1), "name"), "reason"));
    assert_unreadable(json_array_get(rows, 1), "path", "0x0000000000001240");
    assert_string_equal(string_at(json_object_get(json_array_get(rows, 1), "path"), "reason"),
                        "paged out");
    assert_unreadable(json_array_get(rows, 1), "base", "0x0000000000001200");
    assert_string_equal(string_at(json_object_get(json_array_get(rows, 1), "base"), "reason"),
                        "not in the recording");
    assert_true(json_is_false(json_object_get(o, "complete")));
    assert_string_equal(string_at(o, "end"), "list leads back into itself");
    json_decref(o);
}

static void a_snapshot_is_one_document(void **state)
{
    struct kdw_snapshot s = {.build = 18362};
    struct capture c;
    json_t *o;

    (void)state;
    s.tables[KDW_TABLE_LOGGERS].is_taken = true;
    capture_begin(&c, CAPTURE_OUT);
    print_json_snapshot(&s);
    o = parsed(&c);
    assert_string_equal(string_at(o, "schema"), "kdwalk-snapshot");
    assert_int_equal(json_array_size(json_object_get(json_object_get(o, "tables"), "loggers")), 0);
    assert_true(json_is_true(json_object_get(o, "complete")));
    json_decref(o);
}

static void a_structure_with_gaps(void **state)
{
    static char tag[] = "_THING", name[] = "Field", type[] = "Uint4B", value[] = "0xa";
    struct dt_row rows[] = {
        {.offset = 4, .name = name, .type = type, .value = value},
        {.offset = 8, .name = name, .type = type, .status = KD_ERR_NOT_MAPPED, .fault_va = 0x1234},
    };
    struct dt dt = {.type_name = tag, .has_address = true, .va = 0x1000, .rows = rows, .len = 2};
    struct capture c;
    json_t *o, *fields;

    (void)state;
    capture_begin(&c, CAPTURE_OUT);
    print_json_dt(&dt);
    o = parsed(&c);
    fields = json_object_get(o, "fields");
    assert_string_equal(string_at(json_array_get(fields, 0), "value"), "0xa");
    assert_unreadable(json_array_get(fields, 1), "value", "0x0000000000001234");
    json_decref(o);
    dt.has_address = false;
    capture_begin(&c, CAPTURE_OUT);
    print_json_dt(&dt);
    o = parsed(&c);
    assert_null(json_object_get(o, "address"));
    assert_null(json_object_get(json_array_get(json_object_get(o, "fields"), 0), "value"));
    json_decref(o);
}

static void memory_with_gaps(void **state)
{
    static const uint8_t bytes[] = {0x4d, 0, 0xff, 0xa0, 0};
    const struct memory_gap unmapped = {.len = 1, .status = KD_ERR_NOT_MAPPED};
    const struct memory_gap refused = {1, KD_ERR_NOT_MAPPED, true, 0xc0000001};
    struct memory_dump dump;
    struct capture c;
    json_t *o, *known, *gaps;

    (void)state;
    assert_true(memory_dump_create(&dump, sizeof bytes));
    dump.va = 0x1000;
    memcpy(dump.bytes, bytes, sizeof bytes);
    memory_dump_miss(&dump, 1, &unmapped);
    memory_dump_miss(&dump, 4, &refused);
    capture_begin(&c, CAPTURE_OUT);
    print_json_memory(&dump);
    o = parsed(&c);
    known = json_object_get(o, "known");
    assert_int_equal(json_array_size(known), 2);
    assert_string_equal(string_at(json_array_get(known, 0), "bytes"), "4d");
    assert_string_equal(string_at(json_array_get(known, 1), "address"), "0x0000000000001002");
    assert_string_equal(string_at(json_array_get(known, 1), "bytes"), "ffa0");
    gaps = json_object_get(o, "gaps");
    assert_int_equal(json_array_size(gaps), 2);
    assert_string_equal(string_at(json_array_get(gaps, 0), "address"), "0x0000000000001001");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(gaps, 0), "length")), 1);
    assert_string_equal(string_at(json_array_get(gaps, 0), "reason"), "not mapped");
    assert_null(json_object_get(json_array_get(gaps, 0), "ntstatus"));
    assert_string_equal(string_at(json_array_get(gaps, 1), "ntstatus"), "0xc0000001");
    memory_dump_free(&dump);
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_system_with_gaps),
        cmocka_unit_test(a_boot_debugger_has_no_system),
        cmocka_unit_test(a_bugcheck_is_an_object_of_its_own),
        cmocka_unit_test(modules_with_gaps),
        cmocka_unit_test(a_snapshot_is_one_document),
        cmocka_unit_test(a_structure_with_gaps),
        cmocka_unit_test(memory_with_gaps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
