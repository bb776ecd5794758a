#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/breaks.h"
#include "support/fake_kernel.h"
#include "walk.h"

#define HEAD  UINT64_C(0xffffd18000001000)
#define OWNER UINT64_C(0xffffd18000001800)

enum { ENTRIES = 5, ENTRY_LEN = 0x2000, MOST = 100 };

static uint64_t entry(size_t i)
{
    return UINT64_C(0xffffd18001000000) + ENTRY_LEN * i;
}

struct scene {
    struct fake_kernel k;
    struct kdw_snapshot s;
    struct kdw_walk w;
    struct breaks b;
    size_t left;
    uint64_t noted[MOST];
    size_t len;
    bool owner_is_there;
};

static void begin(struct scene *c)
{
    uint64_t entries[ENTRIES];

    memset(c, 0, sizeof *c);
    fake_kernel_init(&c->k, "18362");
    c->w = (struct kdw_walk){.k = &c->k.kernel, .s = &c->s};
    c->left = MOST;
    c->owner_is_there = true;
    for (size_t i = 0; i < ENTRIES; i++)
        entries[i] = entry(i);
    fake_mem_list(&c->k.mem, HEAD, entries, ENTRIES);
}

/* In breaks of so many reads. */
static void begin_breaks(struct scene *c, size_t reads, enum breaks_cache cached)
{
    begin(c);
    breaks_init(&c->b, &c->k.kernel, reads, cached);
    c->w.opts = breaks_opts(&c->b, 0);
    c->b.ctx = c;
}

static void end(struct scene *c)
{
    if (c->b.kernel)
        breaks_deinit(&c->b);
    kdw_snapshot_free(&c->s);
    fake_kernel_deinit(&c->k);
}

/* An entry becomes a record, and something of it is read. */
static enum kd_status note(struct kdw_walk *w, const void *ctx, uint64_t links_va)
{
    const struct kdw_snapshot *s = w->s;
    struct kdw_job *job;

    assert_null(ctx);
    if (kdw_snapshot_find(s, KDW_TABLE_JOBS, links_va))
        return KD_OK;
    job = kdw_snapshot_add(w->s, KDW_TABLE_JOBS, links_va);
    assert_non_null(job);
    return kdw_walk_u64(w, links_va, &job->id);
}

static enum kd_status owner_is_there(struct kdw_walk *w, const void *owner, bool *out)
{
    const struct scene *c = owner;

    assert_ptr_equal(w, &c->w);
    *out = c->owner_is_there;
    return KD_OK;
}

static struct kdw_walk_list entries_of(const struct scene *c)
{
    return (struct kdw_walk_list){.head_va = HEAD,
                                  .name = "Entries",
                                  .owner_va = OWNER,
                                  .is_there = owner_is_there,
                                  .owner = c};
}

static enum kd_status walk(struct scene *c)
{
    const struct kdw_walk_list list = entries_of(c);
    enum kd_status st = kdw_walk_each(&c->w, &list, &c->left, note, NULL);

    c->len = 0;
    KDW_EACH(&c->s, KDW_TABLE_JOBS, struct kdw_job, job)
    c->noted[c->len++] = job->va;
    return st;
}

static void each(struct scene *c)
{
    assert_int_equal(walk(c), KD_OK);
}

/* These entries and no others, in this order. */
static void are_noted(const struct scene *c, const size_t *entries, size_t len)
{
    assert_int_equal(c->len, len);
    for (size_t i = 0; i < len; i++)
        assert_true(c->noted[i] == entry(entries[i]));
}

static void is_told_once(const struct scene *c, enum kd_status problem)
{
    const struct kdw_list_walk *list = c->s.tables[KDW_TABLE_LISTS].records;

    assert_int_equal(c->s.tables[KDW_TABLE_LISTS].len, 1);
    assert_string_equal(list->name.utf8, "Entries");
    assert_string_equal(list->problem.utf8, kd_status_text(problem));
    assert_true(list->va == HEAD);
    assert_true(list->owner_va.value == OWNER);
}

/* ---- lists, in one look ---- */

static void a_list_is_walked_once_from_its_beginning(void **state)
{
    struct scene c;

    (void)state;
    begin(&c);
    each(&c);
    are_noted(&c, (size_t[]){0, 1, 2, 3, 4}, 5);
    assert_int_equal(c.left, MOST - ENTRIES);
    assert_int_equal(c.s.tables[KDW_TABLE_LISTS].len, 0);
    end(&c);
}

static void what_lies_behind_a_hole_is_found_from_the_other_end(void **state)
{
    const struct kdw_list_walk *list;
    struct scene c;

    (void)state;
    begin(&c);
    fake_mem_unmap(&c.k.mem, entry(2), 16);
    each(&c);
    are_noted(&c, (size_t[]){0, 1, 4, 3}, 4);
    assert_int_equal(c.left, MOST - (ENTRIES - 1));
    is_told_once(&c, KD_ERR_NOT_MAPPED);
    list = c.s.tables[KDW_TABLE_LISTS].records;
    assert_true(list->end_va.value == entry(2));
    end(&c);
}

static void from_the_other_end_it_is_walked_where_that_is_wanted(void **state)
{
    static const struct {
        enum kdw_back back;
        bool has_hole;
        size_t found;
    } cases[] = {
        {KDW_BACK_NEVER, true, 2},        {KDW_BACK_NEVER, false, 2},
        {KDW_BACK_FROM_HOLES, true, 4},   {KDW_BACK_FROM_HOLES, false, 2},
        {KDW_BACK_FROM_ANY_END, true, 4}, {KDW_BACK_FROM_ANY_END, false, 5},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct kdw_walk_list list;
        struct scene c;

        begin(&c);
        list = entries_of(&c);
        list.back = cases[i].back;
        if (cases[i].has_hole)
            fake_mem_unmap(&c.k.mem, entry(2), 16);
        else
            fake_mem_u64(&c.k.mem, entry(1), entry(4)); /* which does not point back */
        assert_int_equal(kdw_walk_each(&c.w, &list, &c.left, note, NULL), KD_OK);
        assert_int_equal(c.s.tables[KDW_TABLE_JOBS].len, cases[i].found);
        end(&c);
    }
}

static void both_ways_together_end_at_the_bound(void **state)
{
    struct scene c;

    (void)state;
    begin(&c);
    c.left = 3;
    each(&c);
    assert_int_equal(c.len, 3);
    assert_int_equal(c.left, 0);
    is_told_once(&c, KD_ERR_LIMIT);
    end(&c);
}

static void a_link_that_is_lost_ends_it(void **state)
{
    struct scene c;

    (void)state;
    for (size_t from = 1; from <= 4; from++) {
        begin(&c);
        c.k.mem.fail_with = KD_ERR_LOST;
        c.k.mem.fail_from = from;
        assert_int_equal(walk(&c), KD_ERR_LOST);
        end(&c);
    }
}

/* ---- units ---- */

struct reading { /* a unit of so many reads, each of which becomes a record */
    size_t reads;
    size_t begun;
};

static enum kd_status read_some(struct kdw_walk *w, void *arg)
{
    struct reading *r = arg;
    enum kd_status st = KD_OK;

    r->begun++;
    for (size_t i = 0; i < r->reads && st == KD_OK; i++) {
        struct kdw_job *job = kdw_snapshot_add(w->s, KDW_TABLE_JOBS, entry(i));

        assert_non_null(job);
        st = kdw_walk_u64(w, HEAD, &job->id);
    }
    return st;
}

static enum kd_status read_some_twice(struct kdw_walk *w, void *arg)
{
    enum kd_status st = kdw_walk_unit(w, read_some, arg);

    return st == KD_OK ? kdw_walk_unit(w, read_some, arg) : st;
}

static void a_unit_that_is_interrupted_is_undone_and_read_again(void **state)
{
    struct reading r = {.reads = 3};
    struct scene c;

    (void)state;
    begin_breaks(&c, 4, UNCACHED);
    assert_int_equal(kdw_walk_unit(&c.w, read_some, &r), KD_OK);
    assert_int_equal(kdw_walk_unit(&c.w, read_some, &r), KD_OK);
    assert_int_equal(r.begun, 3);
    assert_int_equal(c.b.pauses, 1);
    assert_int_equal(c.b.held, 0);
    assert_int_equal(c.s.looks, 1);
    assert_int_equal(c.s.tables[KDW_TABLE_JOBS].len, 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(c.s.tables[KDW_TABLE_JOBS].looks[i], i / 3);
    assert_false(kdw_snapshot_is_of_one_look(&c.s));
    end(&c);
}

static void a_unit_in_a_unit_is_part_of_it(void **state)
{
    struct reading r = {.reads = 3};
    struct scene c;

    (void)state;
    begin_breaks(&c, 7, UNCACHED);
    assert_int_equal(kdw_walk_unit(&c.w, read_some, &(struct reading){.reads = 2}), KD_OK);
    assert_int_equal(kdw_walk_unit(&c.w, read_some_twice, &r), KD_OK);
    assert_int_equal(r.begun, 4);
    assert_int_equal(c.s.tables[KDW_TABLE_JOBS].len, 8);
    assert_int_equal(c.s.tables[KDW_TABLE_JOBS].looks[1], 0);
    for (size_t i = 2; i < 8; i++)
        assert_int_equal(c.s.tables[KDW_TABLE_JOBS].looks[i], 1);
    end(&c);
}

static void a_unit_that_fits_into_no_look_must_end(void **state)
{
    struct reading r = {.reads = 9};
    struct scene c;

    (void)state;
    begin_breaks(&c, 4, UNCACHED);
    assert_int_equal(kdw_walk_unit(&c.w, read_some, &r), KD_OK);
    assert_int_equal(r.begun, 4); /* in three looks, then as long as it takes */
    assert_int_equal(c.b.held, 1);
    assert_int_equal(c.b.most, 9);
    assert_int_equal(kdw_walk_unit(&c.w, read_some, &(struct reading){.reads = 1}), KD_OK);
    assert_int_equal(c.b.pauses, 4); /* the next one may be interrupted again */
    end(&c);
}

static void a_source_that_always_interrupts_ends_the_walk(void **state)
{
    struct reading r = {.reads = 9};
    struct scene c;

    (void)state;
    begin_breaks(&c, 4, UNCACHED);
    c.b.is_inexorable = true;
    assert_int_equal(kdw_walk_unit(&c.w, read_some, &r), KD_ERR_INTERRUPTED);
    assert_true(r.begun < MOST);
    end(&c);
    begin_breaks(&c, 4, UNCACHED);
    c.w.opts.pause = NULL;
    assert_int_equal(kdw_walk_unit(&c.w, read_some, &r), KD_ERR_INTERRUPTED);
    assert_int_equal(c.b.pauses, 0);
    end(&c);
}

static void a_pause_that_fails_ends_the_walk(void **state)
{
    struct reading r = {.reads = 9};
    struct scene c;

    (void)state;
    begin_breaks(&c, 4, UNCACHED);
    c.b.answer = KD_ERR_REBOOTED;
    assert_int_equal(kdw_walk_unit(&c.w, read_some, &r), KD_ERR_REBOOTED);
    assert_int_equal(r.begun, 1);
    end(&c);
}

/* ---- lists, over pauses ---- */

static void a_list_is_the_same_in_breaks_of_any_length(void **state)
{
    (void)state;
    for (size_t reads = 1; reads <= 20; reads++) {
        for (int cached = 0; cached < 2; cached++) {
            struct scene c;

            begin_breaks(&c, reads, cached ? CACHED : UNCACHED);
            each(&c);
            are_noted(&c, (size_t[]){0, 1, 2, 3, 4}, 5);
            assert_int_equal(c.left, MOST - ENTRIES);
            assert_int_equal(c.s.tables[KDW_TABLE_LISTS].len, 0);
            assert_true(c.b.pauses > 0 || reads >= 11 || cached);
            end(&c);
        }
    }
}

static void a_hole_is_gone_round_in_breaks_of_any_length(void **state)
{
    (void)state;
    for (size_t reads = 1; reads <= 20; reads++) {
        struct scene c;

        begin_breaks(&c, reads, UNCACHED);
        fake_mem_unmap(&c.k.mem, entry(2), 16);
        each(&c);
        are_noted(&c, (size_t[]){0, 1, 4, 3}, 4);
        is_told_once(&c, KD_ERR_NOT_MAPPED);
        end(&c);
    }
}

static void link_up(struct scene *c, const size_t *entries, size_t len)
{
    uint64_t vas[ENTRIES];

    for (size_t i = 0; i < len; i++)
        vas[i] = entry(entries[i]);
    fake_mem_list(&c->k.mem, HEAD, vas, len);
}

/* Whatever was reached is taken out, once; its own links stay, as the kernel leaves them. */
static void take_out_the_last(void *ctx, size_t pause)
{
    struct scene *c = ctx;
    const struct kdw_table *t = &c->s.tables[KDW_TABLE_JOBS];
    uint64_t last = t->len ? ((const struct kdw_job *)t->records)[t->len - 1].va : 0;
    uint64_t on = 0, back = 0;

    (void)pause;
    if (last && kdw_mem_u64(&c->k.mem.mem, last, &on) == KD_OK &&
        kdw_mem_u64(&c->k.mem.mem, last + 8, &back) == KD_OK) {
        fake_mem_u64(&c->k.mem, back, on);
        fake_mem_u64(&c->k.mem, on + 8, back);
    }
}

static void where_the_place_is_gone_the_list_begins_anew(void **state)
{
    size_t anew = 0;

    (void)state;
    for (size_t reads = 1; reads <= 20; reads++) {
        size_t taken;
        struct scene c;

        begin_breaks(&c, reads, UNCACHED);
        c.b.meanwhile = take_out_the_last;
        c.b.changes_left = 3; /* of pauses, in which there may be nothing to take out */
        each(&c);
        taken = ENTRIES - c.len;
        anew += taken;
        assert_true(taken <= 3);
        for (size_t i = 1; i < c.len; i++)
            assert_true(c.noted[i] > c.noted[i - 1]); /* in order, none twice */
        assert_int_equal(c.s.tables[KDW_TABLE_LISTS].len, 0);
        assert_int_equal(c.left, MOST - c.len);
        end(&c);
    }
    assert_true(anew > 0);
}

/* Two lists of the same entries in turn: the place is never there any more. */
static void turn_over(void *ctx, size_t pause)
{
    static const size_t orders[2][ENTRIES] = {{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}};

    link_up(ctx, orders[pause % 2], ENTRIES);
}

static void a_list_that_never_keeps_still_is_told_as_broken_off(void **state)
{
    struct scene c;

    (void)state;
    begin_breaks(&c, 7, UNCACHED);
    c.b.meanwhile = turn_over;
    each(&c);
    is_told_once(&c, KD_ERR_INTERRUPTED);
    assert_true(c.len > 0 && c.len < ENTRIES);
    assert_true(c.b.pauses < MOST);
    assert_false(kdw_snapshot_is_complete(&c.s));
    end(&c);
}

static void move_the_second_to_the_end(void *ctx, size_t pause)
{
    (void)pause;
    link_up(ctx, (size_t[]){0, 2, 3, 4, 1}, ENTRIES);
}

static void nobody_is_missed_when_the_place_moves(void **state)
{
    (void)state;
    for (size_t reads = 1; reads <= 20; reads++) {
        struct scene c;

        begin_breaks(&c, reads, UNCACHED);
        c.b.meanwhile = move_the_second_to_the_end;
        each(&c);
        assert_int_equal(c.len, ENTRIES);
        for (size_t i = 0; i < ENTRIES; i++)
            assert_non_null(kdw_snapshot_find(&c.s, KDW_TABLE_JOBS, entry(i)));
        assert_int_equal(c.s.tables[KDW_TABLE_LISTS].len, 0);
        end(&c);
    }
}

static void lose_the_owner(void *ctx, size_t pause)
{
    struct scene *c = ctx;

    (void)pause;
    c->owner_is_there = false;
    fake_mem_u64(&c->k.mem, HEAD, 0x4141414141414141);
    fake_mem_u64(&c->k.mem, HEAD + 8, 0x4141414141414141);
}

static void a_list_ends_with_its_owner_and_is_not_broken(void **state)
{
    (void)state;
    for (size_t reads = 1; reads <= 12; reads++) {
        struct scene c;

        begin_breaks(&c, reads, UNCACHED);
        c.b.meanwhile = lose_the_owner;
        each(&c);
        assert_true(c.len < ENTRIES || c.b.pauses == 0);
        assert_int_equal(c.s.tables[KDW_TABLE_LISTS].len, 0);
        end(&c);
    }
}

/* ---- records of another look ---- */

static const struct kdw_plan_field job_fields[] = {
    KDW_PLAN_U64("JobId", struct kdw_job, id),
    KDW_PLAN_U64("Nonsense", struct kdw_job, flags),
    KDW_PLAN_GUID("ContainerId", struct kdw_job, container_id),
};

static void what_is_still_so_is_compared_in_another_look_only(void **state)
{
    static const size_t members[] = {offsetof(struct kdw_job, id), offsetof(struct kdw_job, flags),
                                     offsetof(struct kdw_job, container_id)};
    struct kdw_plan plan;
    struct kdw_job *job;
    bool is_still = false;
    size_t reads;
    struct scene c;

    (void)state;
    begin(&c);
    fake_kernel_zero(&c.k, "_EJOB", OWNER);
    assert_int_equal(kdw_plan_resolve(&c.w, "_EJOB", job_fields, 3, &plan), KD_OK);
    job = kdw_snapshot_add(&c.s, KDW_TABLE_JOBS, OWNER);
    assert_int_equal(kdw_plan_read(&c.w, &plan, OWNER, job), KD_OK);
    for (int change = 0; change < 3; change++) {
        if (change == 1)
            fake_kernel_put(&c.k, "_EJOB", OWNER, "JobId", 7);
        if (change == 2)
            fake_mem_u64(&c.k.mem, OWNER + fake_kernel_offset(&c.k, "_EJOB", "ContainerId") + 8, 1);
        reads = c.k.mem.reads;
        c.s.looks = 0;
        assert_int_equal(
            kdw_walk_is_still(&c.w, KDW_TABLE_JOBS, 0, &plan, OWNER, members, 3, &is_still), KD_OK);
        assert_true(is_still);
        assert_int_equal(c.k.mem.reads, reads);
        c.s.looks = 1;
        assert_int_equal(
            kdw_walk_is_still(&c.w, KDW_TABLE_JOBS, 0, &plan, OWNER, members, 3, &is_still), KD_OK);
        assert_true(is_still == (change == 0));
        assert_true(c.k.mem.reads > reads);
        fake_kernel_put(&c.k, "_EJOB", OWNER, "JobId", 0);
    }
    end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_walked_once_from_its_beginning),
        cmocka_unit_test(what_lies_behind_a_hole_is_found_from_the_other_end),
        cmocka_unit_test(from_the_other_end_it_is_walked_where_that_is_wanted),
        cmocka_unit_test(both_ways_together_end_at_the_bound),
        cmocka_unit_test(a_link_that_is_lost_ends_it),
        cmocka_unit_test(a_unit_that_is_interrupted_is_undone_and_read_again),
        cmocka_unit_test(a_unit_in_a_unit_is_part_of_it),
        cmocka_unit_test(a_unit_that_fits_into_no_look_must_end),
        cmocka_unit_test(a_source_that_always_interrupts_ends_the_walk),
        cmocka_unit_test(a_pause_that_fails_ends_the_walk),
        cmocka_unit_test(a_list_is_the_same_in_breaks_of_any_length),
        cmocka_unit_test(a_hole_is_gone_round_in_breaks_of_any_length),
        cmocka_unit_test(where_the_place_is_gone_the_list_begins_anew),
        cmocka_unit_test(a_list_that_never_keeps_still_is_told_as_broken_off),
        cmocka_unit_test(nobody_is_missed_when_the_place_moves),
        cmocka_unit_test(a_list_ends_with_its_owner_and_is_not_broken),
        cmocka_unit_test(what_is_still_so_is_compared_in_another_look_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
