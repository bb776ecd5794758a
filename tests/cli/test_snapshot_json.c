#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "snapshot_json.h"
#include "support/made_snapshot.h"
#include "support/snapshot_schema.h"

#include <stdio.h>

#define VA UINT64_C(0xffffa80faafd39c0)

static const char *string_at(const json_t *o, const char *name)
{
    return json_string_value(json_object_get(o, name));
}

static const json_t *first(const json_t *document, const char *table)
{
    return json_array_get(json_object_get(json_object_get(document, "tables"), table), 0);
}

static void facts_have_the_forms_that_the_header_says(void **state)
{
    static const uint8_t id[] = {0x25, 0x96, 0x84, 0x54, 0x78, 0x54, 0x94, 0x49,
                                 0xa5, 0xba, 0x3e, 0x3b, 0x03, 0x28, 0xc3, 0x0d};
    struct kdw_snapshot s = {.build = 18362, .kernel_base_va = UINT64_C(0xfffff8026e400000)};
    struct kdw_process *p = kdw_snapshot_add(&s, KDW_TABLE_PROCESSES, VA);
    struct kdw_job *job = kdw_snapshot_add(&s, KDW_TABLE_JOBS, VA + 8);
    const json_t *o;
    json_t *document;

    (void)state;
    s.tables[KDW_TABLE_PROCESSES].is_taken = s.tables[KDW_TABLE_JOBS].is_taken = true;
    p->pid = (struct kdw_u64){.value = 700};
    p->flags = (struct kdw_u64){.value = 0x14};
    p->exit_status = (struct kdw_u64){.value = (uint64_t)-1073741819};
    p->created_100ns = (struct kdw_u64){.value = UINT64_C(132204031121234567)};
    p->exited_100ns = (struct kdw_u64){.value = UINT64_MAX};
    p->threads = (struct kdw_u64){.value = UINT64_C(1) << 53};
    p->user = (struct kdw_text){.status = KD_ERR_PAGED_OUT, .fault_va = 0x1234};
    p->path = (struct kdw_text){.status = KD_ERR_LIMIT};
    memcpy(job->container_id.bytes, id, sizeof id);
    job->container_id.status = KD_OK;

    document = snapshot_json(&s);
    assert_string_equal(string_at(document, "kernel_base"), "0xfffff8026e400000");
    assert_true(json_is_false(json_object_get(document, "complete")));
    o = first(document, "processes");
    assert_string_equal(string_at(o, "address"), "0xffffa80faafd39c0");
    assert_int_equal(json_integer_value(json_object_get(o, "pid")), 700);
    assert_string_equal(string_at(o, "flags"), "0x0000000000000014");
    assert_int_equal(json_integer_value(json_object_get(o, "exit_status")), -1073741819);
    assert_string_equal(string_at(o, "created"), "2019-12-09T22:11:52.1234567Z");
    assert_string_equal(string_at(o, "exited"), "0xffffffffffffffff");
    assert_string_equal(string_at(o, "threads"), "0x0020000000000000");
    assert_true(json_is_null(json_object_get(o, "job")));
    assert_string_equal(string_at(json_object_get(o, "user"), "unreadable"), "0x0000000000001234");
    assert_string_equal(string_at(json_object_get(o, "user"), "reason"), "paged out");
    assert_true(json_is_null(json_object_get(json_object_get(o, "path"), "unreadable")));
    assert_string_equal(string_at(json_object_get(o, "path"), "reason"), "limit reached");
    assert_string_equal(string_at(first(document, "jobs"), "container_id"),
                        "54849625-5478-4994-a5ba-3e3b0328c30d");
    json_decref(document);
    kdw_snapshot_free(&s);
}

static void gaps_and_cuts_are_listed(void **state)
{
    struct kdw_snapshot s = {.build = 18362};
    struct kdw_process *p = kdw_snapshot_add(&s, KDW_TABLE_PROCESSES, VA);
    json_t *document, *gaps;

    (void)state;
    s.tables[KDW_TABLE_PROCESSES].is_taken = true;
    s.tables[KDW_TABLE_PROCESSES].is_cut = true;
    p->user = (struct kdw_text){.status = KD_ERR_PAGED_OUT, .fault_va = 0x1234};
    document = snapshot_json(&s);
    gaps = json_object_get(document, "gaps");
    assert_int_equal(json_array_size(gaps), 1);
    assert_string_equal(string_at(json_array_get(gaps, 0), "table"), "processes");
    assert_string_equal(string_at(json_array_get(gaps, 0), "record"), "0xffffa80faafd39c0");
    assert_string_equal(string_at(json_array_get(gaps, 0), "fact"), "user");
    assert_string_equal(string_at(json_array_get(gaps, 0), "reason"), "paged out");
    assert_string_equal(string_at(json_array_get(gaps, 0), "address"), "0x0000000000001234");
    assert_string_equal(json_string_value(json_array_get(json_object_get(document, "cut"), 0)),
                        "processes");
    json_decref(document);
    kdw_snapshot_free(&s);
}

/* They are where their facts should be, so nothing is lost. */
static void of_many_gaps_the_rest_is_counted(void **state)
{
    struct kdw_snapshot s = {.build = 18362};
    json_t *document;

    (void)state;
    s.tables[KDW_TABLE_PROCESSES].is_taken = true;
    for (uint64_t i = 0; i < SNAPSHOT_GAPS_MAX / 2; i++) {
        struct kdw_process *p = kdw_snapshot_add(&s, KDW_TABLE_PROCESSES, VA + i);

        p->user.status = p->name.status = KD_ERR_PAGED_OUT;
    }
    document = snapshot_json(&s);
    assert_int_equal(json_array_size(json_object_get(document, "gaps")), SNAPSHOT_GAPS_MAX);
    assert_int_equal(json_integer_value(json_object_get(document, "gaps_omitted")), 0);
    json_decref(document);
    ((struct kdw_process *)s.tables[KDW_TABLE_PROCESSES].records)->path.status = KD_ERR_LIMIT;
    document = snapshot_json(&s);
    assert_int_equal(json_array_size(json_object_get(document, "gaps")), SNAPSHOT_GAPS_MAX);
    assert_int_equal(json_integer_value(json_object_get(document, "gaps_omitted")), 1);
    json_decref(document);
    kdw_snapshot_free(&s);
}

static void only_what_was_looked_at_is_there(void **state)
{
    struct kdw_snapshot s = {.build = 18362};
    json_t *document;

    (void)state;
    s.tables[KDW_TABLE_LOGGERS].is_taken = true;
    document = snapshot_json(&s);
    assert_int_equal(json_object_size(json_object_get(document, "tables")), 1);
    assert_true(json_is_array(json_object_get(json_object_get(document, "tables"), "loggers")));
    assert_true(json_is_true(json_object_get(document, "complete")));
    json_decref(document);
}

static void symbols_from_a_file_of_any_name_are_told(void **state)
{
    static char strange[] = "PDB /srv/\xff.pdb";
    struct kdw_snapshot s = {.symbols = strange, .is_guess = true};
    json_t *document = snapshot_json(&s);
    const json_t *symbols = json_object_get(document, "symbols");

    (void)state;
    assert_non_null(string_at(symbols, "origin"));
    assert_non_null(strstr(string_at(symbols, "origin"), "ff"));
    assert_true(json_is_true(json_object_get(symbols, "guess")));
    json_decref(document);
}

static void every_fact_of_every_table_is_written(void **state)
{
    struct kdw_snapshot s;
    json_t *document;

    (void)state;
    made_snapshot(&s, 3);
    document = snapshot_json(&s);
    for (size_t t = 0; t < KDW_TABLES; t++) {
        const struct kdw_table_info *info = &kdw_snapshot_tables[t];

        if (s.tables[t].is_taken)
            assert_int_equal(json_object_size(first(document, info->name)), info->facts_len);
    }
    json_decref(document);
    kdw_snapshot_free(&s);
}

static void records_of_several_looks_have_the_time_of_each(void **state)
{
    struct kdw_snapshot s = {.looks = 1};
    json_t *o, *looks;

    (void)state;
    s.tables[KDW_TABLE_JOBS].is_taken = true;
    s.look_times_100ns = calloc(2, sizeof *s.look_times_100ns);
    assert_non_null(s.look_times_100ns);
    s.look_times_100ns[1] = UINT64_C(132204411121234567);
    assert_non_null(kdw_snapshot_add(&s, KDW_TABLE_JOBS, 0x1000));
    o = snapshot_json(&s);
    looks = json_object_get(o, "looks");
    assert_string_equal(json_string_value(json_array_get(json_object_get(looks, "times"), 1)),
                        "2019-12-10T08:45:12.1234567Z");
    assert_int_equal(json_integer_value(json_array_get(
                         json_object_get(json_object_get(looks, "records"), "jobs"), 0)),
                     1);
    json_decref(o);
    kdw_snapshot_free(&s);
}

/* The schema is kept as a file, for whoever reads such documents. */
static void the_schema_says_what_the_tables_say(void **state)
{
    json_t *made = snapshot_schema();
    json_t *kept = json_load_file(KDWALK_SCHEMA, 0, NULL);
    bool is_same = json_equal(made, kept);

    (void)state;
    if (!is_same && json_dump_file(made, "snapshot.schema.json", JSON_INDENT(1)) == 0)
        print_message("what it should be is now in snapshot.schema.json, where this test ran\n");
    json_decref(made);
    json_decref(kept);
    assert_true(is_same);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_have_the_forms_that_the_header_says),
        cmocka_unit_test(gaps_and_cuts_are_listed),
        cmocka_unit_test(of_many_gaps_the_rest_is_counted),
        cmocka_unit_test(only_what_was_looked_at_is_there),
        cmocka_unit_test(symbols_from_a_file_of_any_name_are_told),
        cmocka_unit_test(every_fact_of_every_table_is_written),
        cmocka_unit_test(records_of_several_looks_have_the_time_of_each),
        cmocka_unit_test(the_schema_says_what_the_tables_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
