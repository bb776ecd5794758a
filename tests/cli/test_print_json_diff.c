#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "diff_print.h"
#include "support/capture.h"
#include "support/made_snapshot.h"

#define VA UINT64_C(0xffffa80fc0027570)

static struct kdw_process *add_process(struct diff_side *s, uint64_t pid)
{
    struct kdw_process *p = kdw_snapshot_add(&s->snapshot, KDW_TABLE_PROCESSES, VA + pid);

    assert_non_null(p);
    p->pid = (struct kdw_u64){.value = pid};
    p->created_100ns = (struct kdw_u64){.value = 1};
    p->found = (struct kdw_u64){.value = KDW_FOUND_LIST};
    return p;
}

static json_t *compare(struct diff_side *from, struct diff_side *to)
{
    struct kdw_diff diff;
    json_t *document;

    assert_int_equal(kdw_diff(&from->snapshot, &to->snapshot, KDW_DIFF_WITHOUT_COUNTERS, &diff),
                     KD_OK);
    document = diff_json(from, to, &diff);
    assert_non_null(document);
    kdw_diff_free(&diff);
    kdw_snapshot_free(&from->snapshot);
    kdw_snapshot_free(&to->snapshot);
    return document;
}

/* {"appeared": ...} of processes, in the form that jansson sorts. */
static void assert_processes(const json_t *document, const char *want)
{
    json_t *tables = json_object_get(document, "tables");
    char *got = json_dumps(json_object_get(tables, "processes"), JSON_COMPACT);

    assert_string_equal(got, want);
    free(got);
}

static void changed_facts_stand_together_with_both_values(void **state)
{
    struct diff_side from = {.file = "a"}, to = {.file = "b"};
    struct kdw_process *a, *b;
    json_t *document;

    (void)state;
    from.snapshot.tables[KDW_TABLE_PROCESSES].is_taken = true;
    to.snapshot.tables[KDW_TABLE_PROCESSES].is_taken = true;
    to.snapshot.tables[KDW_TABLE_JOBS].is_taken = true;
    a = add_process(&from, 4);
    b = add_process(&to, 4);
    a->protection = (struct kdw_u64){.value = 0x41};
    b->protection = (struct kdw_u64){.value = 0};
    a->session_id = (struct kdw_u64){.value = 1};
    b->session_id = (struct kdw_u64){.value = 2};
    document = compare(&from, &to);
    assert_processes(document,
                     "{\"appeared\":[],\"vanished\":[],\"changed\":[{"
                     "\"from\":\"0xffffa80fc0027574\",\"to\":\"0xffffa80fc0027574\",\"facts\":{"
                     "\"session_id\":{\"from\":1,\"to\":2},"
                     "\"protection\":{\"from\":\"0x0000000000000041\","
                     "\"to\":\"0x0000000000000000\"}}}],"
                     "\"not_comparable\":0,\"only_from\":[],\"only_to\":[]}");
    assert_string_equal(json_string_value(json_object_get(document, "schema")), DIFF_SCHEMA);
    assert_int_equal(json_integer_value(json_object_get(document, "version")), DIFF_VERSION);
    assert_int_equal(json_array_size(json_object_get(document, "only_from")), 0);
    assert_string_equal(json_string_value(json_array_get(json_object_get(document, "only_to"), 0)),
                        "jobs");
    json_decref(document);
}

static void what_appeared_and_vanished_is_there_as_a_whole(void **state)
{
    struct diff_side from = {.file = "a\xff"}, to = {.file = "b"};
    const json_t *processes, *one;
    json_t *document;

    (void)state;
    from.snapshot.tables[KDW_TABLE_PROCESSES].is_taken = true;
    to.snapshot.tables[KDW_TABLE_PROCESSES].is_taken = true;
    add_process(&from, 4);
    add_process(&from, 8);
    add_process(&to, 4);
    add_process(&to, 12);
    document = compare(&from, &to);
    processes = json_object_get(json_object_get(document, "tables"), "processes");
    one = json_array_get(json_object_get(processes, "vanished"), 0);
    assert_int_equal(json_integer_value(json_object_get(one, "pid")), 8);
    one = json_array_get(json_object_get(processes, "appeared"), 0);
    assert_int_equal(json_integer_value(json_object_get(one, "pid")), 12);
    assert_int_equal(json_object_size(one), kdw_snapshot_tables[KDW_TABLE_PROCESSES].facts_len);
    one = json_object_get(document, "from"); /* a name that is no UTF-8 is escaped */
    assert_string_equal(json_string_value(json_object_get(one, "file")), "a\\xff");
    json_decref(document);
}

static void all_of_a_full_snapshot_can_be_told(void **state)
{
    struct diff_side from = {.file = "a"}, to = {.file = "b"};
    json_t *document;
    const char *table;
    json_t *value;
    size_t appeared = 0;

    (void)state;
    made_snapshot(&from.snapshot, 2);
    made_snapshot(&to.snapshot, 7);
    document = compare(&from, &to);
    json_object_foreach(json_object_get(document, "tables"), table, value) appeared +=
        json_array_size(json_object_get(value, "appeared"));
    assert_true(appeared > 0);
    json_decref(document);
}

static void it_is_printed_as_one_document(void **state)
{
    struct diff_side from = {.file = "a"}, to = {.file = "b"};
    struct kdw_diff diff;
    struct capture c;
    json_t *document;

    (void)state;
    assert_int_equal(kdw_diff(&from.snapshot, &to.snapshot, KDW_DIFF_WITHOUT_COUNTERS, &diff),
                     KD_OK);
    capture_begin(&c, CAPTURE_OUT);
    print_json_diff(&from, &to, &diff);
    (void)capture_end(&c);
    document = json_loads(c.text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(document);
    assert_int_equal(json_object_size(json_object_get(document, "tables")), 0);
    json_decref(document);
    capture_free(&c);
    kdw_diff_free(&diff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changed_facts_stand_together_with_both_values),
        cmocka_unit_test(what_appeared_and_vanished_is_there_as_a_whole),
        cmocka_unit_test(all_of_a_full_snapshot_can_be_told),
        cmocka_unit_test(it_is_printed_as_one_document),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
