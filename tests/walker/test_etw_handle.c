#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/fake_kernel.h"
#include "walk.h"

#define PROCESS  UINT64_C(0xffffa80fb0000080)
#define TABLE    UINT64_C(0xffffa80fb0001000)
#define LEAF     UINT64_C(0xffffa80fb0100000)
#define TYPE     UINT64_C(0xffffa80fb0008000)
#define CONSUMER UINT64_C(0xffffa80fb1000230) /* its header: ...200 */
#define OTHER    UINT64_C(0xffffa80fb1001230)

enum { COOKIE = 0xa7, INDEX = 0x31, OTHER_INDEX = 7, HEADER_LEN = 0x30, ENTRY_LEN = 16 };

struct scene {
    struct fake_kernel k;
    struct kdw_snapshot s;
};

static void put_object(struct scene *c, uint64_t va, uint8_t index)
{
    uint64_t header = va - HEADER_LEN;

    fake_kernel_zero(&c->k, "_OBJECT_HEADER", header);
    fake_kernel_put(&c->k, "_OBJECT_HEADER", header, "TypeIndex",
                    (uint8_t)(index ^ COOKIE ^ header >> 8));
}

static void use(struct scene *c, size_t number, uint64_t object_va)
{
    fake_mem_u64(&c->k.mem, LEAF + number * ENTRY_LEN, (object_va - HEADER_LEN) >> 4 << 20 | 1);
}

/* A process with a consumer, and something else that it has a handle to. */
static void make(struct scene *c)
{
    struct kdw_process *p;

    fake_kernel_init(&c->k, "18362");
    fake_mem_u32(&c->k.mem, fake_kernel_global(&c->k, "ObHeaderCookie"), COOKIE);
    fake_mem_u64(&c->k.mem, fake_kernel_global(&c->k, "EtwpRealTimeConnectionObjectType"), TYPE);
    fake_kernel_put(&c->k, "_OBJECT_TYPE", TYPE, "Index", INDEX);
    fake_kernel_put(&c->k, "_HANDLE_TABLE", TABLE, "TableCode", LEAF);
    fake_mem_zero(&c->k.mem, LEAF, 4096);
    put_object(c, CONSUMER, INDEX);
    put_object(c, OTHER, OTHER_INDEX);
    use(c, 1, OTHER);
    use(c, 2, CONSUMER);
    c->s = (struct kdw_snapshot){0};
    p = kdw_snapshot_add(&c->s, KDW_TABLE_PROCESSES, PROCESS);
    assert_non_null(p);
    p->handle_table_va = kdw_known(TABLE);
    c->s.tables[KDW_TABLE_PROCESSES].is_taken = true;
}

static void end(struct scene *c)
{
    kdw_snapshot_free(&c->s);
    fake_kernel_deinit(&c->k);
}

static enum kd_status walk_after(struct scene *c, const struct kdw_snapshot *before)
{
    struct kdw_walk w = {
        .k = &c->k.kernel, .s = &c->s, .parts = KDW_PART_EVIDENCE, .opts.before = before};

    return kdw_walk_handles(&w);
}

static enum kd_status walk(struct scene *c)
{
    return walk_after(c, NULL);
}

static const struct kdw_consumer_handle *handles(struct scene *c, size_t len)
{
    assert_int_equal(walk(c), KD_OK);
    assert_true(c->s.tables[KDW_TABLE_HANDLES].is_taken);
    assert_int_equal(c->s.tables[KDW_TABLE_HANDLES].len, len);
    return c->s.tables[KDW_TABLE_HANDLES].records;
}

static void a_handle_to_a_consumer_is_known_by_its_type(void **state)
{
    const struct kdw_consumer_handle *h;
    struct scene c;

    (void)state;
    make(&c);
    h = handles(&c, 1);
    assert_true(h->va == LEAF + 2 * ENTRY_LEN);
    assert_true(h->process_va.value == PROCESS);
    assert_int_equal(h->handle.value, 8);
    assert_true(h->object_va.value == CONSUMER);
    assert_int_equal(c.s.tables[KDW_TABLE_LISTS].len, 0);
    end(&c);
}

static void a_header_that_cannot_be_read_may_be_a_consumers(void **state)
{
    const struct kdw_list_walk *broken;
    struct scene c;

    (void)state;
    make(&c);
    fake_mem_unmap(&c.k.mem, CONSUMER - HEADER_LEN, HEADER_LEN);
    (void)handles(&c, 0);
    assert_int_equal(c.s.tables[KDW_TABLE_LISTS].len, 1);
    broken = c.s.tables[KDW_TABLE_LISTS].records;
    assert_true(broken->va == TABLE);
    assert_true(broken->owner_va.value == PROCESS);
    assert_string_equal(broken->name.utf8, "ObjectTable");
    assert_true(broken->end_va.value == CONSUMER - HEADER_LEN + 0x18);
    end(&c);
}

static void one_that_a_logger_lists_needs_no_header(void **state)
{
    struct scene c;

    (void)state;
    make(&c);
    fake_mem_unmap(&c.k.mem, CONSUMER - HEADER_LEN, HEADER_LEN);
    assert_non_null(kdw_snapshot_add(&c.s, KDW_TABLE_CONSUMERS, CONSUMER));
    assert_true(handles(&c, 1)->object_va.value == CONSUMER);
    assert_int_equal(c.s.tables[KDW_TABLE_LISTS].len, 0);
    end(&c);
}

static void nobody_looks_where_types_cannot_be_told_or_no_process_was_looked_for(void **state)
{
    struct scene c;

    (void)state;
    make(&c);
    fake_mem_unmap(&c.k.mem, TYPE, 0x100);
    assert_int_equal(walk(&c), KD_OK);
    assert_false(c.s.tables[KDW_TABLE_HANDLES].is_taken);
    c.s.tables[KDW_TABLE_PROCESSES].is_taken = false;
    fake_kernel_put(&c.k, "_OBJECT_TYPE", TYPE, "Index", INDEX);
    assert_int_equal(walk(&c), KD_OK);
    assert_false(c.s.tables[KDW_TABLE_HANDLES].is_taken);
    end(&c);
}

static void tables_of_all_processes_share_one_bound(void **state)
{
    struct scene c;

    (void)state;
    make(&c);
    for (size_t i = 3; i < 12; i++)
        use(&c, i, CONSUMER);
    fake_kernel_put(&c.k, "_HANDLE_TABLE", TABLE, "TableCode", (LEAF + 0x1000) | 2);
    for (uint64_t i = 0; i < 512; i++) { /* 16 million entries, most of them unused */
        fake_mem_u64(&c.k.mem, LEAF + 0x1000 + 8 * i, LEAF + 0x2000);
        fake_mem_u64(&c.k.mem, LEAF + 0x2000 + 8 * i, LEAF);
    }
    (void)handles(&c, 10 + KDW_REPEATED_MAX); /* again and again the same ones */
    assert_true(c.s.tables[KDW_TABLE_HANDLES].is_cut);
    assert_int_equal(c.s.tables[KDW_TABLE_LISTS].len, 1);
    assert_true(c.k.mem.reads < 2 * 1024 * 1024);
    end(&c);
}

/* The walk that comes next. */
static struct kdw_snapshot begin_next(struct scene *c)
{
    struct kdw_snapshot before = c->s;
    struct kdw_process *p;

    c->s = (struct kdw_snapshot){0};
    p = kdw_snapshot_add(&c->s, KDW_TABLE_PROCESSES, PROCESS);
    assert_non_null(p);
    p->handle_table_va = kdw_known(TABLE);
    c->s.tables[KDW_TABLE_PROCESSES].is_taken = true;
    return before;
}

static void what_was_no_consumer_is_not_looked_at_again(void **state)
{
    struct kdw_snapshot before;
    struct scene c;

    (void)state;
    make(&c);
    (void)handles(&c, 1);
    assert_int_equal(c.s.handles.len, 1);
    before = begin_next(&c);
    fake_mem_unmap(&c.k.mem, OTHER - HEADER_LEN, HEADER_LEN); /* nobody would miss it */
    assert_int_equal(walk_after(&c, &before), KD_OK);
    assert_int_equal(c.s.tables[KDW_TABLE_HANDLES].len, 1);
    assert_int_equal(c.s.tables[KDW_TABLE_LISTS].len, 0);
    assert_int_equal(c.s.handles.len, 1); /* and the next walk knows it, too */
    kdw_snapshot_free(&before);
    end(&c);
}

static void a_handle_that_changed_is_looked_at_again(void **state)
{
    struct scene c;

    (void)state;
    for (int change = 0; change < 2; change++) {
        struct kdw_snapshot before;

        make(&c);
        (void)handles(&c, 1);
        before = begin_next(&c);
        if (change == 0)
            use(&c, 1, CONSUMER); /* to another object */
        else
            fake_mem_u64(&c.k.mem, LEAF + ENTRY_LEN + 8, 0x12019f); /* with another access */
        put_object(&c, OTHER, INDEX);
        assert_int_equal(walk_after(&c, &before), KD_OK);
        assert_int_equal(c.s.tables[KDW_TABLE_HANDLES].len, 2);
        kdw_snapshot_free(&before);
        end(&c);
    }
}

static void headers_have_a_bound_and_what_lies_behind_it_is_told(void **state)
{
    const struct kdw_list_walk *broken;
    struct kdw_snapshot before;
    struct scene c;

    (void)state;
    make(&c);
    for (size_t i = 1; i < 256; i++)
        use(&c, i, OTHER);
    fake_kernel_put(&c.k, "_HANDLE_TABLE", TABLE, "TableCode", (LEAF + 0x1000) | 1);
    for (uint64_t i = 0; i < 512; i++)
        fake_mem_u64(&c.k.mem, LEAF + 0x1000 + 8 * i, LEAF); /* 130,000 handles */
    (void)handles(&c, 0);
    assert_true(c.s.tables[KDW_TABLE_HANDLES].is_cut);
    assert_int_equal(c.s.tables[KDW_TABLE_LISTS].len, 1);
    broken = c.s.tables[KDW_TABLE_LISTS].records;
    assert_string_equal(broken->problem.utf8, kd_status_text(KD_ERR_LIMIT));
    before = begin_next(&c);
    assert_int_equal(walk_after(&c, &before), KD_OK);
    assert_false(c.s.tables[KDW_TABLE_HANDLES].is_cut); /* it got to the end */
    assert_int_equal(c.s.tables[KDW_TABLE_LISTS].len, 0);
    kdw_snapshot_free(&before);
    end(&c);
}

static void what_ends_a_walk_ends_it_wherever_it_comes(void **state)
{
    enum kd_status st = KD_ERR_TIMEOUT;
    struct scene c;

    (void)state;
    make(&c);
    c.k.mem.fail_with = KD_ERR_TIMEOUT;
    for (size_t n = 1; st == KD_ERR_TIMEOUT; n++) {
        c.k.mem.fail_from = c.k.mem.reads + n;
        st = walk(&c);
    }
    assert_int_equal(st, KD_OK);
    end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handle_to_a_consumer_is_known_by_its_type),
        cmocka_unit_test(a_header_that_cannot_be_read_may_be_a_consumers),
        cmocka_unit_test(one_that_a_logger_lists_needs_no_header),
        cmocka_unit_test(nobody_looks_where_types_cannot_be_told_or_no_process_was_looked_for),
        cmocka_unit_test(tables_of_all_processes_share_one_bound),
        cmocka_unit_test(what_was_no_consumer_is_not_looked_at_again),
        cmocka_unit_test(a_handle_that_changed_is_looked_at_again),
        cmocka_unit_test(headers_have_a_bound_and_what_lies_behind_it_is_told),
        cmocka_unit_test(what_ends_a_walk_ends_it_wherever_it_comes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
