#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "handle_table.h"
#include "support/fake_kernel.h"

#define TABLE UINT64_C(0xffffa80fb0001000)
#define TOP   UINT64_C(0xffffa80fb0010000)
#define MID   UINT64_C(0xffffa80fb0020000)
#define LEAF  UINT64_C(0xffffa80fb0100000) /* the first; others follow page by page */

enum { PER_LEAF = 256, ENTRY_LEN = 16, PAGE_LEN = 4096, MAX = 1 << 16 };

struct scene {
    struct fake_kernel k;
    struct kdw_snapshot s;
    struct kdw_walk w;
    struct kdw_handle_plan plan;
    struct kdw_handle_table table;
};

static void begin(struct scene *c)
{
    fake_kernel_init(&c->k, "18362");
    c->s = (struct kdw_snapshot){0};
    c->w = (struct kdw_walk){.k = &c->k.kernel, .s = &c->s};
    assert_int_equal(kdw_handle_plan_resolve(&c->w, &c->plan), KD_OK);
    assert_true(c->plan.exists);
}

static void end(struct scene *c)
{
    kdw_snapshot_free(&c->s);
    fake_kernel_deinit(&c->k);
}

static void code(struct scene *c, uint64_t value)
{
    fake_kernel_put(&c->k, "_HANDLE_TABLE", TABLE, "TableCode", value);
}

static uint64_t entry_va(size_t number)
{
    return LEAF + number / PER_LEAF * PAGE_LEN + number % PER_LEAF * ENTRY_LEN;
}

static void leaf(struct scene *c, size_t number)
{
    fake_mem_zero(&c->k.mem, LEAF + number * PAGE_LEN, PAGE_LEN);
    fake_mem_u64(&c->k.mem, LEAF + number * PAGE_LEN, TOP); /* the kernel's own entry */
}

/* Unlocked, with references and attributes beside the pointer. */
static void use(struct scene *c, size_t number, uint64_t to)
{
    fake_mem_u64(&c->k.mem, entry_va(number), to >> 4 << 20 | 0xfffd);
}

static void start(struct scene *c, size_t limit)
{
    kdw_handle_table_begin(&c->table, &c->w, &c->plan, TABLE, limit);
}

static void is_next(struct scene *c, size_t number, uint64_t to)
{
    struct kdw_handle h;

    assert_true(kdw_handle_table_next(&c->table, &h));
    assert_true(h.entry_va == entry_va(number));
    assert_int_equal(h.handle, 4 * number);
    assert_true(h.pointer_va == to);
}

static void is_over(struct scene *c, enum kd_status why, uint64_t va)
{
    struct kdw_handle h;

    assert_false(kdw_handle_table_next(&c->table, &h));
    assert_int_equal(c->table.broken.end, why);
    assert_true(c->table.broken.end_va == va);
    assert_int_equal(kdw_handle_table_end(&c->table, "ObjectTable", TOP), KD_OK);
    assert_int_equal(c->s.tables[KDW_TABLE_LISTS].len, why == KD_OK ? 0 : 1);
}

static void a_table_of_one_page_gives_what_is_in_use(void **state)
{
    struct scene c;

    (void)state;
    begin(&c);
    code(&c, LEAF);
    leaf(&c, 0);
    use(&c, 1, 0xffffa80fb1111110);
    use(&c, 255, 0xffffa80fb2222220);
    start(&c, MAX);
    is_next(&c, 1, 0xffffa80fb1111110);
    is_next(&c, 255, 0xffffa80fb2222220);
    is_over(&c, KD_OK, 0);
    end(&c);
}

static void a_page_of_pointers_ends_at_its_first_zero(void **state)
{
    struct scene c;

    (void)state;
    begin(&c);
    code(&c, MID | 1);
    fake_mem_zero(&c.k.mem, MID, PAGE_LEN);
    for (size_t i = 0; i < 3; i++) {
        leaf(&c, i);
        fake_mem_u64(&c.k.mem, MID + 8 * i, i == 2 ? 0 : LEAF + i * PAGE_LEN);
        use(&c, i * PER_LEAF + 7, 0xffffa80fb1111110 + 0x10 * i);
    }
    start(&c, MAX);
    is_next(&c, 7, 0xffffa80fb1111110);
    is_next(&c, PER_LEAF + 7, 0xffffa80fb1111120);
    is_over(&c, KD_OK, 0);
    end(&c);
}

static void pages_of_pointers_to_pages_of_pointers_are_followed(void **state)
{
    struct scene c;

    (void)state;
    begin(&c);
    code(&c, TOP | 2);
    fake_mem_zero(&c.k.mem, TOP, PAGE_LEN);
    fake_mem_zero(&c.k.mem, MID, 2 * PAGE_LEN);
    for (size_t i = 0; i < 513; i++) {
        leaf(&c, i);
        fake_mem_u64(&c.k.mem, MID + 8 * i, LEAF + i * PAGE_LEN); /* one page after the other */
    }
    fake_mem_u64(&c.k.mem, TOP, MID);
    fake_mem_u64(&c.k.mem, TOP + 8, MID + PAGE_LEN);
    use(&c, 512 * PER_LEAF + 1, 0xffffa80fb1111110);
    start(&c, 1 << 20);
    is_next(&c, 512 * PER_LEAF + 1, 0xffffa80fb1111110);
    is_over(&c, KD_OK, 0);
    end(&c);
}

static void a_leaf_that_cannot_be_read_is_stepped_over_and_told(void **state)
{
    struct scene c;

    (void)state;
    begin(&c);
    code(&c, MID | 1);
    fake_mem_zero(&c.k.mem, MID, PAGE_LEN);
    fake_mem_u64(&c.k.mem, MID, LEAF + 0x100000); /* nothing is there */
    fake_mem_u64(&c.k.mem, MID + 8, LEAF + PAGE_LEN);
    leaf(&c, 1);
    use(&c, PER_LEAF + 2, 0xffffa80fb1111110);
    start(&c, MAX);
    is_next(&c, PER_LEAF + 2, 0xffffa80fb1111110);
    is_over(&c, KD_ERR_NOT_MAPPED, LEAF + 0x100000 + ENTRY_LEN);
    end(&c);
}

static void an_entry_that_was_not_recorded_is_a_hole_of_its_own(void **state)
{
    struct scene c;

    (void)state;
    begin(&c);
    c.k.mem.hole = KD_ERR_NOT_RECORDED;
    code(&c, LEAF);
    leaf(&c, 0);
    use(&c, 3, 0xffffa80fb1111110);
    fake_mem_unmap(&c.k.mem, entry_va(2), 8);
    start(&c, MAX);
    is_next(&c, 3, 0xffffa80fb1111110);
    is_over(&c, KD_ERR_NOT_RECORDED, entry_va(2));
    end(&c);
}

static void a_table_that_leads_into_itself_ends_at_the_limit(void **state)
{
    struct kdw_handle h;
    struct scene c;
    size_t given = 0;

    (void)state;
    begin(&c);
    code(&c, MID | 1);
    for (size_t i = 0; i < 512; i++)
        fake_mem_u64(&c.k.mem, MID + 8 * i, MID);
    start(&c, 1000);
    while (kdw_handle_table_next(&c.table, &h))
        given++;
    assert_int_equal(given, 1000);
    assert_int_equal(c.table.broken.end, KD_ERR_LIMIT);
    end(&c);
}

static void pages_that_are_not_there_count_against_the_limit(void **state)
{
    struct scene c;

    (void)state;
    begin(&c);
    code(&c, MID | 1);
    for (size_t i = 0; i < 512; i++)
        fake_mem_u64(&c.k.mem, MID + 8 * i, LEAF + 0x100000);
    start(&c, 1000);
    is_over(&c, KD_ERR_NOT_MAPPED, LEAF + 0x100000 + ENTRY_LEN);
    assert_true(c.k.mem.reads < 20);
    end(&c);
}

static void tables_that_make_no_sense_are_told(void **state)
{
    static const struct {
        uint64_t code;
        enum kd_status why;
        uint64_t va;
    } cases[] = {
        {0, KD_OK, 0},
        {1, KD_OK, 0},
        {MID | 1, KD_ERR_NOT_MAPPED, MID},
        {TOP | 2, KD_ERR_NOT_MAPPED, TOP},
        {TOP | 3, KD_ERR_MALFORMED, TABLE + 8},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene c;

        begin(&c);
        code(&c, cases[i].code);
        start(&c, MAX);
        is_over(&c, cases[i].why, cases[i].va);
        end(&c);
    }
}

static void a_table_that_cannot_be_read_is_told(void **state)
{
    struct scene c;

    (void)state;
    begin(&c);
    start(&c, MAX);
    is_over(&c, KD_ERR_NOT_MAPPED, TABLE + 8);
    end(&c);
}

static void what_ends_a_walk_ends_it(void **state)
{
    struct kdw_handle h;

    (void)state;
    for (size_t from = 1; from <= 3; from++) {
        struct scene c;

        begin(&c);
        code(&c, MID | 1);
        fake_mem_u64(&c.k.mem, MID, LEAF);
        leaf(&c, 0);
        c.k.mem.fail_with = KD_ERR_CANCELLED;
        c.k.mem.fail_from = from;
        start(&c, MAX);
        assert_false(kdw_handle_table_next(&c.table, &h));
        assert_int_equal(kdw_handle_table_end(&c.table, "ObjectTable", TOP), KD_ERR_CANCELLED);
        assert_int_equal(c.k.mem.reads, from); /* nobody asks again */
        end(&c);
    }
}

/* ---- over pauses ---- */

static void a_table_that_grew_is_gone_on_with_at_the_same_number(void **state)
{
    struct scene c;

    (void)state;
    begin(&c);
    code(&c, LEAF);
    leaf(&c, 0);
    leaf(&c, 1);
    use(&c, 1, 0xffffa80fb1111110);
    use(&c, 255, 0xffffa80fb2222220);
    use(&c, PER_LEAF + 3, 0xffffa80fb3333330);
    start(&c, MAX);
    is_next(&c, 1, 0xffffa80fb1111110);
    fake_mem_zero(&c.k.mem, MID, PAGE_LEN); /* the first page is one of several now */
    fake_mem_u64(&c.k.mem, MID, LEAF);
    fake_mem_u64(&c.k.mem, MID + 8, LEAF + PAGE_LEN);
    code(&c, MID | 1);
    kdw_handle_table_resume(&c.table);
    is_next(&c, 255, 0xffffa80fb2222220);
    is_next(&c, PER_LEAF + 3, 0xffffa80fb3333330);
    is_over(&c, KD_OK, 0);
    end(&c);
}

static void a_table_that_cannot_be_read_any_more_is_told(void **state)
{
    struct scene c;

    (void)state;
    begin(&c);
    code(&c, LEAF);
    leaf(&c, 0);
    use(&c, 1, 0xffffa80fb1111110);
    use(&c, 2, 0xffffa80fb1111120);
    start(&c, MAX);
    is_next(&c, 1, 0xffffa80fb1111110);
    fake_mem_unmap(&c.k.mem, TABLE, PAGE_LEN);
    kdw_handle_table_resume(&c.table);
    is_over(&c, KD_ERR_NOT_MAPPED, TABLE + fake_kernel_offset(&c.k, "_HANDLE_TABLE", "TableCode"));
    end(&c);
}

static enum kd_status count(struct kdw_walk *w, const void *ctx, struct kdw_handle_table *t,
                            const struct kdw_handle *h)
{
    (void)t;
    assert_null(ctx);
    return kdw_snapshot_add(w->s, KDW_TABLE_HANDLES, h->entry_va) ? KD_OK : KD_ERR_NO_MEMORY;
}

static enum kd_status is_gone(struct kdw_walk *w, const void *owner, bool *out)
{
    (void)w;
    assert_null(owner);
    *out = false;
    return KD_OK;
}

static void each_handle_is_told_and_none_of_an_owner_that_is_gone(void **state)
{
    struct kdw_walk_list list = {.head_va = TABLE, .name = "ObjectTable"};
    struct scene c;
    size_t left = MAX;

    (void)state;
    begin(&c);
    code(&c, LEAF);
    leaf(&c, 0);
    for (size_t i = 1; i < 8; i++)
        use(&c, i, 0xffffa80fb1111110);
    assert_int_equal(kdw_handle_table_each(&c.w, &c.plan, &list, &left, count, NULL), KD_OK);
    assert_int_equal(c.s.tables[KDW_TABLE_HANDLES].len, 7);
    assert_int_equal(left, MAX - 255);
    left = 3;
    assert_int_equal(kdw_handle_table_each(&c.w, &c.plan, &list, &left, count, NULL), KD_OK);
    assert_int_equal(c.s.tables[KDW_TABLE_HANDLES].len, 10);
    assert_int_equal(left, 0);
    assert_int_equal(c.s.tables[KDW_TABLE_LISTS].len, 1);
    list.is_there = is_gone;
    left = MAX;
    assert_int_equal(kdw_handle_table_each(&c.w, &c.plan, &list, &left, count, NULL), KD_OK);
    assert_int_equal(c.s.tables[KDW_TABLE_HANDLES].len, 10);
    assert_int_equal(c.s.tables[KDW_TABLE_LISTS].len, 1);
    end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_of_one_page_gives_what_is_in_use),
        cmocka_unit_test(a_page_of_pointers_ends_at_its_first_zero),
        cmocka_unit_test(pages_of_pointers_to_pages_of_pointers_are_followed),
        cmocka_unit_test(a_leaf_that_cannot_be_read_is_stepped_over_and_told),
        cmocka_unit_test(an_entry_that_was_not_recorded_is_a_hole_of_its_own),
        cmocka_unit_test(a_table_that_leads_into_itself_ends_at_the_limit),
        cmocka_unit_test(pages_that_are_not_there_count_against_the_limit),
        cmocka_unit_test(tables_that_make_no_sense_are_told),
        cmocka_unit_test(a_table_that_cannot_be_read_is_told),
        cmocka_unit_test(what_ends_a_walk_ends_it),
        cmocka_unit_test(a_table_that_grew_is_gone_on_with_at_the_same_number),
        cmocka_unit_test(a_table_that_cannot_be_read_any_more_is_told),
        cmocka_unit_test(each_handle_is_told_and_none_of_an_owner_that_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
