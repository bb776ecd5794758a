#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "snapshot_json.h"
#include "snapshot_load.h"
#include "support/made_snapshot.h"
#include "support/temp_dir.h"

#include <stdio.h>

#define HEAD                                                                                       \
    "{\"schema\": \"kdwalk-snapshot\", \"version\": 1, \"build\": 18362, "                         \
    "\"kernel_base\": \"0xfffff8026e400000\", \"tables\": {\"loggers\": ["
#define RECORD "{\"address\": \"0xffffa80faafd39c0\""
#define TAIL   "]}}"

static char *text_of(const struct kdw_snapshot *s)
{
    json_t *document = snapshot_json(s);
    char *text = json_dumps(document, JSON_INDENT(2));

    json_decref(document);
    assert_non_null(text);
    return text;
}

static void what_was_written_is_read_back_fact_by_fact(void **state)
{
    struct kdw_snapshot s, back;
    struct kd_diag diag = {{0}};
    char *text;

    (void)state;
    made_snapshot(&s, 12);
    text = text_of(&s);
    assert_int_equal(snapshot_parse(text, strlen(text), &diag, &back), KD_OK);
    assert_string_equal(diag.text, "");
    assert_true(made_snapshot_is_equal(&s, &back));
    free(text);
    kdw_snapshot_free(&back);
    kdw_snapshot_free(&s);
}

static void what_breaks_off_anywhere_is_refused(void **state)
{
    struct kdw_snapshot s, back = {.build = 77};
    struct kd_diag diag = {{0}};
    char *text;
    size_t len;

    (void)state;
    made_snapshot(&s, 1);
    text = text_of(&s);
    len = strlen(text);
    for (size_t cut = 0; cut < len; cut += 1 + len / 997)
        assert_int_equal(snapshot_parse(text, cut, &diag, &back), KD_ERR_MALFORMED);
    assert_int_equal(back.build, 77);
    free(text);
    kdw_snapshot_free(&s);
}

static void what_is_unknown_is_ignored_and_what_is_missing_is_not_there(void **state)
{
    static const char text[] = HEAD RECORD ", \"slot\": 5, \"later\": [1, {}]}" TAIL;
    struct kd_diag diag = {{0}};
    struct kdw_snapshot s;
    const struct kdw_logger *l;

    (void)state;
    assert_int_equal(snapshot_parse(text, strlen(text), &diag, &s), KD_OK);
    l = kdw_snapshot_find(&s, KDW_TABLE_LOGGERS, UINT64_C(0xffffa80faafd39c0));
    assert_non_null(l);
    assert_int_equal(l->slot.value, 5);
    assert_int_equal(l->name.status, KD_ERR_NOT_FOUND);
    assert_false(s.tables[KDW_TABLE_JOBS].is_taken);
    assert_int_equal(s.time_100ns.status, KD_ERR_NOT_FOUND);
    assert_null(s.symbols);
    kdw_snapshot_free(&s);
}

static void a_bad_fact_is_named(void **state)
{
    static const struct {
        const char *fact, *where;
    } bad[] = {
        {"\"slot\": -1", "loggers[0].slot"},
        {"\"slot\": 9007199254740992", "loggers[0].slot"},
        {"\"slot\": 1.5", "loggers[0].slot"},
        {"\"slot\": \"5\"", "loggers[0].slot"},
        {"\"slot\": \"0x000000000000000G\"", "loggers[0].slot"},
        {"\"slot\": {}", "loggers[0].slot"},
        {"\"slot\": {\"unreadable\": null}", "loggers[0].slot"},
        {"\"slot\": {\"unreadable\": \"0x12\", \"reason\": \"paged out\"}", "loggers[0].slot"},
        {"\"slot\": {\"unreadable\": null, \"reason\": \"because\"}", "loggers[0].slot"},
        {"\"slot\": {\"unreadable\": null, \"reason\": \"ok\"}", "loggers[0].slot"},
        {"\"mode\": 16", "loggers[0].mode"},
        {"\"name\": 16", "loggers[0].name"},
        {"\"status\": true", "loggers[0].status"},
        {"\"started\": \"yesterday\"", "loggers[0].started"},
        {"\"started\": 12", "loggers[0].started"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct kdw_snapshot s = {.build = 77};
        struct kd_diag diag = {{0}};
        char text[512];

        snprintf(text, sizeof text, "%s%s, %s}%s", HEAD, RECORD, bad[i].fact, TAIL);
        assert_int_equal(snapshot_parse(text, strlen(text), &diag, &s), KD_ERR_MALFORMED);
        assert_non_null(strstr(diag.text, bad[i].where));
        assert_int_equal(s.build, 77);
    }
}

static void a_bad_document_is_refused(void **state)
{
    static const struct {
        const char *text;
        enum kd_status status;
        const char *message;
    } bad[] = {
        {"", KD_ERR_MALFORMED, "no JSON"},
        {"[]", KD_ERR_MALFORMED, "no snapshot of kdwalk's"},
        {"{\"loggers\": []}", KD_ERR_MALFORMED, "no snapshot of kdwalk's"},
        {"{\"schema\": \"kdwalk-snapshot\", \"version\": 2}", KD_ERR_UNSUPPORTED, "later kdwalk"},
        {"{\"schema\": \"kdwalk-snapshot\", \"version\": 1, \"build\": 65536, \"kernel_base\": "
         "\"0xfffff8026e400000\"}",
         KD_ERR_MALFORMED, "build or kernel_base"},
        {"{\"schema\": \"kdwalk-snapshot\", \"version\": 1, \"build\": 1, \"kernel_base\": "
         "\"0xfffff8026e400000\"}",
         KD_ERR_MALFORMED, "no tables"},
        {HEAD "7" TAIL, KD_ERR_MALFORMED, "loggers[0]"},
        {HEAD "{}" TAIL, KD_ERR_MALFORMED, "loggers[0].address"},
        {HEAD RECORD ", \"slot\": 1, \"slot\": 2}" TAIL, KD_ERR_MALFORMED, "no JSON"},
        {"{\"schema\": \"kdwalk-snapshot\", \"version\": 1, \"build\": 1, \"kernel_base\": "
         "\"0xfffff8026e400000\", \"tables\": {\"jobs\": {}}}",
         KD_ERR_MALFORMED, "jobs: no list"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct kdw_snapshot s = {.build = 77};
        struct kd_diag diag = {{0}};

        assert_int_equal(snapshot_parse(bad[i].text, strlen(bad[i].text), &diag, &s),
                         bad[i].status);
        assert_non_null(strstr(diag.text, bad[i].message));
        assert_int_equal(s.build, 77);
    }
}

static void more_records_than_a_table_can_have_are_refused(void **state)
{
    size_t max = kdw_snapshot_tables[KDW_TABLE_MONITORS].max;
    struct kdw_snapshot s = {.build = 1}, back = {.build = 77};
    struct kd_diag diag = {{0}};
    json_t *document, *list;
    char *text;

    (void)state;
    s.tables[KDW_TABLE_MONITORS].is_taken = true;
    for (size_t i = 0; i < max; i++)
        assert_non_null(kdw_snapshot_add(&s, KDW_TABLE_MONITORS, 0x40 * i));
    document = snapshot_json(&s);
    list = json_object_get(json_object_get(document, "tables"), "silo_monitors");
    json_array_append(list, json_array_get(list, 0));
    text = json_dumps(document, 0);
    assert_int_equal(snapshot_parse(text, strlen(text), &diag, &back), KD_ERR_LIMIT);
    assert_string_equal(diag.text, "silo_monitors[256]: limit reached");
    assert_int_equal(back.build, 77);
    free(text);
    json_decref(document);
    kdw_snapshot_free(&s);
}

static void files_are_read_and_named_in_errors(void **state)
{
    struct kdw_snapshot s, back;
    struct kd_diag diag = {{0}};
    struct temp_dir dir;
    const char *path;
    json_t *document;

    (void)state;
    temp_dir_create(&dir);
    path = temp_dir_path(&dir, "s.json");
    assert_int_equal(snapshot_load(path, &diag, &back), KD_ERR_IO);
    assert_non_null(strstr(diag.text, "s.json: "));
    made_snapshot(&s, 40); /* longer than the first piece that is read */
    document = snapshot_json(&s);
    assert_int_equal(json_dump_file(document, path, 0), 0);
    json_decref(document);
    assert_int_equal(snapshot_load(path, &diag, &back), KD_OK);
    assert_true(made_snapshot_is_equal(&s, &back));
    kdw_snapshot_free(&back);
    kdw_snapshot_free(&s);
    assert_int_equal(snapshot_load(dir.path, &diag, &back), KD_ERR_IO);
    temp_dir_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read_back_fact_by_fact),
        cmocka_unit_test(what_breaks_off_anywhere_is_refused),
        cmocka_unit_test(what_is_unknown_is_ignored_and_what_is_missing_is_not_there),
        cmocka_unit_test(a_bad_fact_is_named),
        cmocka_unit_test(a_bad_document_is_refused),
        cmocka_unit_test(more_records_than_a_table_can_have_are_refused),
        cmocka_unit_test(files_are_read_and_named_in_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
