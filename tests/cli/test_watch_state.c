#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/clean_snapshot.h"
#include "watch_state.h"

#define PROCESS UINT64_C(0xffffa80fd0008000)
#define STATE   UINT64_C(0xffffa80faa000000)
#define LOGGER  UINT64_C(0xffffa80fb0002000)

enum { HEARD_MAX = 16 };

struct heard { /* what was told, copied: an event borrows */
    struct watch_event events[HEARD_MAX];
    uint64_t values[HEARD_MAX]; /* of a changed fact, afterwards */
    size_t len;
};

static void hear(void *ctx, const struct watch_event *e)
{
    struct heard *h = ctx;

    assert_in_range(h->len, 0, HEARD_MAX - 1);
    h->events[h->len] = *e;
    if (e->kind == WATCH_CHANGE && e->u.change.fact)
        memcpy(&h->values[h->len],
               (const uint8_t *)e->u.change.to + e->u.change.fact->offset +
                   offsetof(struct kdw_u64, value),
               sizeof h->values[0]);
    h->len++;
}

static struct watch_state *begin(unsigned only, struct heard *h)
{
    struct watch_state *s = NULL;

    *h = (struct heard){.len = 0};
    assert_int_equal(watch_state_create(only, h, hear, &s), KD_OK);
    return s;
}

/* A look began at each of these moments. */
static struct watch_read read_of(uint64_t first_ns, size_t looks)
{
    struct watch_read r = {.looks_len = 0};

    for (size_t i = 0; i < looks; i++) {
        struct watch_when when = {.host_ns = first_ns + i};

        assert_int_equal(watch_read_look(&r, &when), KD_OK);
    }
    for (size_t i = 0; i < KDW_TABLES; i++)
        r.snapshot.tables[i].is_taken = true;
    return r;
}

static struct kdw_process *add_process(struct watch_read *r, uint64_t pid, unsigned found)
{
    struct kdw_process *p =
        kdw_snapshot_add(&r->snapshot, KDW_TABLE_PROCESSES, PROCESS + 0x1000 * pid);

    assert_non_null(p);
    p->pid = clean_known(pid);
    p->created_100ns = clean_known(1000 + pid);
    p->found = clean_known(found);
    p->protection = clean_known(0x41);
    return p;
}

static void take(struct watch_state *s, enum watch_pass pass, uint64_t sample, struct watch_read *r)
{
    assert_int_equal(watch_state_take(s, pass, sample, r), KD_OK);
    assert_null(r->looks);
}

static void what_changes_is_told_once_and_when_it_had_not(void **state)
{
    struct heard h;
    struct watch_state *s = begin(WATCH_PS, &h);
    struct watch_read r = read_of(100, 1);

    (void)state;
    (void)add_process(&r, 4, KDW_FOUND_LIST);
    take(s, WATCH_PASS_WHOLE, 1, &r);
    assert_int_equal(h.len, 0); /* nobody knows what was before */
    r = read_of(200, 1);
    add_process(&r, 4, KDW_FOUND_LIST)->protection = clean_known(0);
    (void)add_process(&r, 8, KDW_FOUND_LIST);
    take(s, WATCH_PASS_WHOLE, 2, &r);
    assert_int_equal(h.len, 2);
    assert_int_equal(h.events[0].u.change.kind, KDW_CHANGED);
    assert_string_equal(h.events[0].u.change.fact->name, "protection");
    assert_int_equal(h.values[0], 0);
    assert_int_equal(h.events[0].when.host_ns, 200);
    assert_int_equal(h.events[0].since.host_ns, 100);
    assert_int_equal(h.events[0].sample, 2);
    assert_int_equal(h.events[1].u.change.kind, KDW_APPEARED);
    r = read_of(300, 1);
    add_process(&r, 4, KDW_FOUND_LIST)->protection = clean_known(0);
    take(s, WATCH_PASS_WHOLE, 3, &r);
    assert_int_equal(h.len, 3);
    assert_int_equal(h.events[2].u.change.kind, KDW_VANISHED);
    assert_int_equal(h.events[2].when.host_ns, 300);
    assert_int_equal(h.events[2].since.host_ns, 200);
    assert_non_null(watch_state_known(s, WATCH_PASS_WHOLE));
    watch_state_forget(s);
    assert_null(watch_state_known(s, WATCH_PASS_WHOLE));
    watch_state_destroy(s);
}

static void a_window_is_that_of_the_looks_at_the_record(void **state)
{
    struct heard h;
    struct watch_state *s = begin(WATCH_PS, &h);
    struct watch_read r = read_of(100, 3);

    (void)state;
    (void)add_process(&r, 4, KDW_FOUND_LIST);
    r.snapshot.looks = 2;
    (void)add_process(&r, 8, KDW_FOUND_LIST);
    take(s, WATCH_PASS_WHOLE, 3, &r);
    r = read_of(200, 3);
    (void)add_process(&r, 4, KDW_FOUND_LIST);
    r.snapshot.looks = 1;
    add_process(&r, 8, KDW_FOUND_LIST)->protection = clean_known(0);
    r.snapshot.looks = 2;
    (void)add_process(&r, 12, KDW_FOUND_LIST);
    take(s, WATCH_PASS_WHOLE, 6, &r);
    assert_int_equal(h.len, 2);
    assert_int_equal(h.events[0].since.host_ns, 102);
    assert_int_equal(h.events[0].when.host_ns, 201);
    assert_int_equal(h.events[1].since.host_ns, 100); /* its list was read later than that */
    assert_int_equal(h.events[1].when.host_ns, 202);
    watch_state_destroy(s);
}

/* Found by the table of ids alone, because the list was read before it came. */
static void what_looks_hidden_in_two_looks_must_do_so_twice(void **state)
{
    struct heard h;
    struct watch_state *s = begin(WATCH_PS, &h);
    struct watch_read r = read_of(100, 1);

    (void)state;
    (void)add_process(&r, 4, KDW_FOUND_LIST | KDW_FOUND_CID);
    take(s, WATCH_PASS_WHOLE, 1, &r);
    for (int i = 0; i < 2; i++) {
        r = read_of(200, 2);
        r.snapshot.looks = 1;
        (void)add_process(&r, 4, KDW_FOUND_LIST);
        (void)add_process(&r, 8, KDW_FOUND_CID);
        take(s, WATCH_PASS_WHOLE, 3, &r);
        assert_int_equal(h.len, i ? 2 : 0);
    }
    assert_string_equal(h.events[0].u.change.fact->name, "found");
    assert_int_equal(h.values[0], KDW_FOUND_LIST);
    assert_int_equal(h.events[1].u.change.kind, KDW_APPEARED);
    watch_state_destroy(s);
}

static void what_was_hidden_for_one_pass_was_not(void **state)
{
    struct heard h;
    struct watch_state *s = begin(WATCH_PS, &h);
    struct watch_read r = read_of(100, 1);

    (void)state;
    (void)add_process(&r, 4, KDW_FOUND_LIST);
    take(s, WATCH_PASS_WHOLE, 1, &r);
    r = read_of(200, 2);
    r.snapshot.looks = 1;
    (void)add_process(&r, 4, KDW_FOUND_LIST | KDW_FOUND_CID);
    (void)add_process(&r, 8, KDW_FOUND_CID);
    take(s, WATCH_PASS_WHOLE, 3, &r);
    r = read_of(300, 2);
    r.snapshot.looks = 1;
    (void)add_process(&r, 4, KDW_FOUND_LIST);
    (void)add_process(&r, 8, KDW_FOUND_LIST | KDW_FOUND_CID);
    take(s, WATCH_PASS_WHOLE, 5, &r);
    assert_int_equal(h.len, 1);
    assert_int_equal(h.events[0].u.change.kind, KDW_APPEARED);
    watch_state_destroy(s);
}

static void hidden_in_one_look_is_hidden(void **state)
{
    struct heard h;
    struct watch_state *s = begin(WATCH_PS, &h);
    struct watch_read r = read_of(100, 1);

    (void)state;
    (void)add_process(&r, 4, KDW_FOUND_LIST);
    take(s, WATCH_PASS_WHOLE, 1, &r);
    r = read_of(200, 1);
    (void)add_process(&r, 4, KDW_FOUND_LIST);
    (void)add_process(&r, 8, KDW_FOUND_CID);
    take(s, WATCH_PASS_WHOLE, 2, &r);
    assert_int_equal(h.len, 1);
    watch_state_destroy(s);
}

static void each_pass_tells_its_own_tables_and_only_those_that_are_watched(void **state)
{
    struct heard h;
    struct watch_state *s = begin(WATCH_LOGGERS, &h);

    (void)state;
    assert_int_equal(watch_pass_parts(WATCH_PASS_WHOLE, WATCH_LOGGERS), 0);
    assert_int_equal(watch_pass_parts(WATCH_PASS_VOLATILE, WATCH_PS), 0);
    assert_int_equal(watch_pass_parts(WATCH_PASS_WHOLE, WATCH_ALL), KDW_PART_ALL);
    for (uint64_t i = 0; i < 2; i++) {
        struct watch_read r = read_of(100 * i, 1);
        struct kdw_logger *l = kdw_snapshot_add(&r.snapshot, KDW_TABLE_LOGGERS, LOGGER);

        l->state_va = clean_known(STATE);
        l->slot = clean_known(3);
        l->mode = clean_known(i);
        (void)add_process(&r, 4 + i, KDW_FOUND_LIST);
        take(s, WATCH_PASS_VOLATILE, i + 1, &r);
    }
    assert_int_equal(h.len, 1);
    assert_string_equal(h.events[0].u.change.fact->name, "mode");
    watch_state_destroy(s);
}

/* ---- checks ---- */

static struct watch_read clean_read(uint64_t at_ns, size_t looks, bool is_shut_down)
{
    struct watch_read r = read_of(at_ns, looks);

    clean_snapshot(&r.snapshot);
    r.snapshot.looks = (uint32_t)looks - 1;
    if (is_shut_down)
        ((struct kdw_etw_state *)clean_record(&r.snapshot, KDW_TABLE_STATES, CLEAN_HOST))
            ->shutdown = clean_known(1);
    return r;
}

static size_t verdicts(const struct heard *h)
{
    size_t count = 0;

    for (size_t i = 0; i < h->len; i++)
        count += h->events[i].kind == WATCH_VERDICT;
    return count;
}

static void a_verdict_is_told_when_it_changes(void **state)
{
    struct heard h;
    struct watch_state *s = begin(WATCH_CHECKS, &h);
    struct watch_read r = clean_read(100, 1, false);

    (void)state;
    take(s, WATCH_PASS_WHOLE, 1, &r);
    assert_int_equal(h.len, 0);
    for (int i = 0; i < 2; i++) {
        r = clean_read(200, 1, true);
        take(s, WATCH_PASS_WHOLE, 2, &r);
        assert_int_equal(verdicts(&h), 1);
    }
    assert_string_equal(kdw_checks[h.events[0].u.verdict.check].id, "T26");
    assert_int_equal(h.events[0].u.verdict.from, KDW_PASS);
    assert_int_equal(h.events[0].u.verdict.to, KDW_FAIL);
    r = clean_read(300, 1, false);
    take(s, WATCH_PASS_WHOLE, 4, &r);
    assert_int_equal(verdicts(&h), 2);
    watch_state_destroy(s);
}

static void what_fails_from_the_beginning_is_told(void **state)
{
    struct heard h;
    struct watch_state *s = begin(WATCH_CHECKS, &h);
    struct watch_read r = clean_read(100, 1, true);

    (void)state;
    take(s, WATCH_PASS_WHOLE, 1, &r);
    assert_int_equal(verdicts(&h), 1);
    assert_int_equal(h.events[0].u.verdict.from, KDW_FAIL);
    watch_state_destroy(s);
}

static void a_verdict_over_several_looks_must_come_twice(void **state)
{
    struct heard h;
    struct watch_state *s = begin(WATCH_CHECKS, &h);
    const bool shut_down[] = {false, true, false, true, true};
    const size_t told[] = {0, 0, 0, 0, 1};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct watch_read r = clean_read(100 * i, i ? 2 : 1, shut_down[i]);

        take(s, WATCH_PASS_WHOLE, i, &r);
        assert_int_equal(verdicts(&h), told[i]);
    }
    watch_state_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_changes_is_told_once_and_when_it_had_not),
        cmocka_unit_test(a_window_is_that_of_the_looks_at_the_record),
        cmocka_unit_test(what_looks_hidden_in_two_looks_must_do_so_twice),
        cmocka_unit_test(what_was_hidden_for_one_pass_was_not),
        cmocka_unit_test(hidden_in_one_look_is_hidden),
        cmocka_unit_test(each_pass_tells_its_own_tables_and_only_those_that_are_watched),
        cmocka_unit_test(a_verdict_is_told_when_it_changes),
        cmocka_unit_test(what_fails_from_the_beginning_is_told),
        cmocka_unit_test(a_verdict_over_several_looks_must_come_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
