#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_people.h"

#define NODE    UINT64_C(0xffffd18001000000)
#define STORAGE UINT64_C(0xffffd18002000000)
#define MORE    UINT64_C(0xffffd18002004800) /* in the middle of a page */
#define OBJECT  UINT64_C(0xffffd18003000040)

static void make(struct fake_people *p)
{
    fake_people_init(p, "18362");
    fake_kernel_put(&p->k, "_ESERVERSILO_GLOBALS", p->host_va, "Storage", STORAGE);
    fake_mem_zero(&p->k.mem, STORAGE, 0x208);
    fake_mem_zero(&p->k.mem, MORE, 0x1000);
}

static const struct kdw_storage_slot *take(struct fake_people *p, struct kdw_snapshot *s,
                                           size_t len)
{
    fake_people_take(p, KDW_PART_SILOS, s);
    assert_int_equal(s->tables[KDW_TABLE_STORAGE].len, len);
    return s->tables[KDW_TABLE_STORAGE].records;
}

static void done(struct fake_people *p, struct kdw_snapshot *s)
{
    kdw_snapshot_free(s);
    fake_people_deinit(p);
}

static void monitors_are_drivers_with_a_slot_and_two_callbacks(void **state)
{
    const struct kdw_monitor *m;
    struct kdw_snapshot s;
    struct fake_people p;
    const uint64_t node = NODE;

    (void)state;
    make(&p);
    fake_mem_zero(&p.k.mem, NODE, 0x40);
    fake_mem_list(&p.k.mem, p.monitors_va, &node, 1);
    fake_mem_u32(&p.k.mem, NODE + 0x14, 7);
    fake_mem_u64(&p.k.mem, NODE + 0x18, 0x1111);
    fake_mem_u64(&p.k.mem, NODE + 0x20, 0x2222);
    fake_mem_unicode(&p.k.mem, NODE + 0x28, NODE + 0x100, "\\Driver\\wcifs");
    take(&p, &s, 0);
    assert_int_equal(s.tables[KDW_TABLE_MONITORS].len, 1);
    m = s.tables[KDW_TABLE_MONITORS].records;
    assert_true(m->va == NODE);
    assert_int_equal(m->slot.value, 7);
    assert_int_equal(m->create_va.value, 0x1111);
    assert_int_equal(m->terminate_va.value, 0x2222);
    assert_string_equal(m->name.utf8, "\\Driver\\wcifs");
    assert_true(kdw_snapshot_is_complete(&s));
    done(&p, &s);
}

static void a_list_that_is_cut_says_where(void **state)
{
    const struct kdw_list_walk *list;
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p);
    fake_mem_u64(&p.k.mem, p.monitors_va, NODE);
    take(&p, &s, 0);
    assert_int_equal(s.tables[KDW_TABLE_LISTS].len, 1);
    list = s.tables[KDW_TABLE_LISTS].records;
    assert_string_equal(list->name.utf8, "PspSiloMonitorList");
    assert_true(list->end_va.value == NODE);
    done(&p, &s);
}

static void slots_are_the_first_and_those_behind_the_pointer(void **state)
{
    const struct kdw_storage_slot *slots;
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p);
    fake_mem_u64(&p.k.mem, STORAGE + 16 * 31 + 8, OBJECT | 1);
    fake_mem_u64(&p.k.mem, STORAGE + 16 * 30 + 8, 1); /* a flag without an object */
    fake_mem_u64(&p.k.mem, STORAGE + 0x200, MORE);
    fake_mem_u64(&p.k.mem, MORE + 8, OBJECT + 16);
    fake_mem_u64(&p.k.mem, MORE + 16 * 255 + 8, OBJECT + 32);
    slots = take(&p, &s, 3);
    assert_int_equal(slots[0].slot.value, 31);
    assert_true(slots[0].object_va.value == OBJECT);
    assert_true(slots[0].va == STORAGE + 16 * 31);
    assert_int_equal(slots[1].slot.value, 32);
    assert_int_equal(slots[2].slot.value, 287);
    assert_true(slots[2].object_va.value == OBJECT + 32);
    assert_true(kdw_snapshot_is_complete(&s));
    done(&p, &s);
}

static void a_page_that_is_missing_is_told_once(void **state)
{
    const struct kdw_storage_slot *slots;
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p);
    fake_mem_u64(&p.k.mem, STORAGE + 0x200, MORE);
    fake_mem_u64(&p.k.mem, MORE + 16 * 128 + 8, OBJECT); /* the first of the next page */
    fake_mem_unmap(&p.k.mem, MORE, 0x800);
    slots = take(&p, &s, 2);
    assert_int_equal(slots[0].slot.value, 32);
    assert_int_equal(slots[0].object_va.status, KD_ERR_NOT_MAPPED);
    assert_int_equal(slots[1].slot.value, 32 + 128);
    assert_true(slots[1].object_va.value == OBJECT);
    done(&p, &s);
}

static void of_a_recording_each_slot_is_known_or_not_by_itself(void **state)
{
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p);
    p.k.mem.hole = KD_ERR_NOT_RECORDED;
    fake_mem_u64(&p.k.mem, STORAGE + 16 * 5 + 8, OBJECT);
    fake_mem_unmap(&p.k.mem, STORAGE + 16 * 3, 16);
    take(&p, &s, 2);
    done(&p, &s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(monitors_are_drivers_with_a_slot_and_two_callbacks),
        cmocka_unit_test(a_list_that_is_cut_says_where),
        cmocka_unit_test(slots_are_the_first_and_those_behind_the_pointer),
        cmocka_unit_test(a_page_that_is_missing_is_told_once),
        cmocka_unit_test(of_a_recording_each_slot_is_known_or_not_by_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
