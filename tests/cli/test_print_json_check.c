#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "print_check.h"
#include "support/clean_snapshot.h"

static json_t *document(struct kdw_snapshot *s)
{
    struct kdw_check_list list;
    json_t *o;

    assert_int_equal(kdw_check_run(s, &list), KD_OK);
    o = check_json(s, &list);
    kdw_check_free(&list);
    kdw_snapshot_free(s);
    assert_non_null(o);
    return o;
}

static json_t *check_of(json_t *o, size_t t)
{
    return json_array_get(json_object_get(o, "checks"), t - 1);
}

static json_t *first_finding(json_t *o, size_t t)
{
    return json_array_get(json_object_get(check_of(o, t), "findings"), 0);
}

static void assert_text(json_t *object, const char *member, const char *expected)
{
    assert_string_equal(json_string_value(json_object_get(object, member)), expected);
}

/* All members of an object are those that its schema requires, and the other way round. */
static void assert_has_all(json_t *object, json_t *schema)
{
    json_t *required = json_object_get(schema, "required"), *name;
    size_t i;

    assert_true(json_is_array(required));
    assert_int_equal(json_object_size(object), json_array_size(required));
    json_array_foreach(required, i, name)
        assert_non_null(json_object_get(object, json_string_value(name)));
}

static void the_document_has_what_its_schema_says(void **state)
{
    json_t *schema = json_load_file(KDWALK_CHECK_SCHEMA, 0, NULL), *defs;
    struct kdw_snapshot s;
    json_t *o;

    (void)state;
    assert_non_null(schema);
    clean_snapshot(&s);
    ((struct kdw_etw_state *)clean_record(&s, KDW_TABLE_STATES, CLEAN_HOST))->shutdown =
        clean_known(1);
    o = document(&s);
    defs = json_object_get(schema, "$defs");
    assert_has_all(o, schema);
    assert_has_all(json_object_get(o, "summary"),
                   json_object_get(json_object_get(schema, "properties"), "summary"));
    for (size_t t = 1; t <= KDW_CHECKS; t++)
        assert_has_all(check_of(o, t), json_object_get(defs, "check"));
    assert_has_all(first_finding(o, 26), json_object_get(defs, "finding"));
    json_decref(o);
    json_decref(schema);
}

static void a_clean_kernel_has_27_that_passed(void **state)
{
    struct kdw_snapshot s;
    json_t *o, *summary;

    (void)state;
    clean_snapshot(&s);
    o = document(&s);
    assert_text(o, "schema", "kdwalk-check");
    summary = json_object_get(o, "summary");
    assert_int_equal(json_integer_value(json_object_get(summary, "pass")), KDW_CHECKS);
    assert_int_equal(json_integer_value(json_object_get(summary, "fail")), 0);
    assert_text(check_of(o, 1), "id", "T1");
    assert_text(check_of(o, 27), "id", "T27");
    json_decref(o);
}

static void a_finding_says_all_that_is_known_of_it(void **state)
{
    struct kdw_snapshot s;
    json_t *o, *f;

    (void)state;
    clean_snapshot(&s);
    ((struct kdw_logger *)clean_record(&s, KDW_TABLE_LOGGERS, CLEAN_OTHER))->collection_on =
        clean_known(0);
    o = document(&s);
    f = first_finding(o, 18);
    assert_text(check_of(o, 18), "verdict", "fail");
    assert_text(f, "verdict", "fail");
    assert_text(f, "check", "T18");
    assert_text(f, "silo", "0x0000000000000000");
    assert_text(f, "table", "loggers");
    assert_text(f, "address", "0xffffa80fb0005000");
    assert_text(f, "field", "CollectionOn");
    assert_text(f, "actual", "0x0000000000000000");
    assert_text(f, "expected", "0x0000000000000001");
    json_decref(o);
}

static void what_cannot_be_read_says_where_and_why(void **state)
{
    struct kdw_snapshot s;
    json_t *o, *actual;

    (void)state;
    clean_snapshot(&s);
    ((struct kdw_logger *)clean_record(&s, KDW_TABLE_LOGGERS, CLEAN_OTHER))->collection_on =
        clean_unreadable();
    o = document(&s);
    actual = json_object_get(first_finding(o, 18), "actual");
    assert_text(check_of(o, 18), "verdict", "unreadable");
    assert_text(actual, "unreadable", "0xffffa80f00001000");
    assert_text(actual, "reason", "not mapped");
    assert_false(json_is_true(json_object_get(o, "complete")));
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_document_has_what_its_schema_says),
        cmocka_unit_test(a_clean_kernel_has_27_that_passed),
        cmocka_unit_test(a_finding_says_all_that_is_known_of_it),
        cmocka_unit_test(what_cannot_be_read_says_where_and_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
