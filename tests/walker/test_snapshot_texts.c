#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "walk.h"

#include <walker/text.h>

enum { LONG = 16384 };

static struct kdw_text text_of(char filler, size_t len)
{
    struct kdw_text t = {.status = KD_OK, .utf8 = malloc(len + 1)};

    assert_non_null(t.utf8);
    memset(t.utf8, filler, len);
    t.utf8[len] = '\0';
    return t;
}

static struct kdw_process *add_process(struct kdw_snapshot *s, char filler, size_t len)
{
    struct kdw_process *p = kdw_snapshot_add(s, KDW_TABLE_PROCESSES, 0x1000 + len);

    assert_non_null(p);
    p->path = text_of(filler, len);
    return p;
}

static const struct kdw_process *process(const struct kdw_snapshot *s, size_t i)
{
    return (const struct kdw_process *)s->tables[KDW_TABLE_PROCESSES].records + i;
}

/* As many as there is room for in a snapshot, and one more. */
static size_t fill(struct kdw_snapshot *s, char filler, size_t printed)
{
    size_t count = KDW_LONG_TEXTS_MAX / (printed * LONG) + 1;

    for (size_t i = 0; i < count; i++)
        (void)add_process(s, filler, LONG);
    return count;
}

static void long_texts_are_kept_while_there_is_room(void **state)
{
    struct kdw_snapshot s = {.build = 18362};
    size_t count = fill(&s, 'a', 1);

    (void)state;
    kdw_snapshot_bound_texts(&s);
    for (size_t i = 0; i + 1 < count; i++)
        assert_int_equal(process(&s, i)->path.status, KD_OK);
    assert_int_equal(process(&s, count - 1)->path.status, KD_ERR_LIMIT);
    assert_null(process(&s, count - 1)->path.utf8);
    assert_false(kdw_snapshot_is_complete(&s)); /* and it is said */
    kdw_snapshot_free(&s);
}

static void short_texts_are_kept_behind_any_number_of_long_ones(void **state)
{
    struct kdw_snapshot s = {.build = 18362};
    size_t count = fill(&s, 'a', 1);

    (void)state;
    (void)add_process(&s, 'b', KDW_SHORT_TEXT);
    (void)add_process(&s, 'c', KDW_SHORT_TEXT + 1);
    kdw_snapshot_bound_texts(&s);
    assert_int_equal(process(&s, count)->path.status, KD_OK);
    assert_int_equal(process(&s, count + 1)->path.status, KD_ERR_LIMIT);
    kdw_snapshot_free(&s);
}

static void what_is_printed_as_an_escape_counts_as_one(void **state)
{
    struct kdw_snapshot s = {.build = 18362};
    size_t count = fill(&s, '\x1b', 6);

    (void)state;
    kdw_snapshot_bound_texts(&s);
    assert_int_equal(process(&s, count - 2)->path.status, KD_OK);
    assert_int_equal(process(&s, count - 1)->path.status, KD_ERR_LIMIT);
    kdw_snapshot_free(&s);
}

static void what_was_kept_once_is_kept_again(void **state)
{
    struct kdw_snapshot s = {.build = 18362};
    size_t count = fill(&s, 'a', 1);

    (void)state;
    kdw_snapshot_bound_texts(&s);
    kdw_snapshot_bound_texts(&s);
    for (size_t i = 0; i + 1 < count; i++)
        assert_int_equal(process(&s, i)->path.status, KD_OK);
    kdw_snapshot_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_texts_are_kept_while_there_is_room),
        cmocka_unit_test(short_texts_are_kept_behind_any_number_of_long_ones),
        cmocka_unit_test(what_is_printed_as_an_escape_counts_as_one),
        cmocka_unit_test(what_was_kept_once_is_kept_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
