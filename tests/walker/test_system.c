#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_mem.h"

#include <walker/mem_cache.h>
#include <walker/system.h>

#define SHARED 0xfffff78000000000u
#define BASE   0xfffff8026e400000u
#define HEAD   (BASE + 0x500000)
#define BLOCK  (BASE + 0x4265e0)
#define LAB    (BASE + 0x465f20)

static const struct kdw_target target = {.kernel_base_va = BASE, .debugger_data_list_va = HEAD};

static void put_time(struct fake_mem *m, uint64_t at, uint64_t v)
{
    fake_mem_u32(m, at, (uint32_t)v);
    fake_mem_u32(m, at + 4, (uint32_t)(v >> 32));
    fake_mem_u32(m, at + 8, (uint32_t)(v >> 32));
}

static void put_block(struct fake_mem *m, uint64_t at, uint64_t base)
{
    fake_mem_zero(m, at, 0x360);
    fake_mem_write(m, at + 0x10, "KDBG", 4);
    fake_mem_u32(m, at + 0x14, 0x360);
    fake_mem_u64(m, at + 0x18, base);
    fake_mem_u64(m, at + 0x208, LAB);
}

static void make(struct fake_mem *m)
{
    static const uint64_t block = BLOCK;

    fake_mem_init(m);
    fake_mem_zero(m, SHARED, 0x1000);
    put_time(m, SHARED + 0x08, 0x00000284aabbccdd);
    put_time(m, SHARED + 0x14, 0x01d5bbb4d0d6f8a4);
    put_time(m, SHARED + 0x20, (uint64_t)-324000000000); /* UTC + 9:00 */
    fake_mem_u32(m, SHARED + 0x264, 1);
    fake_mem_u32(m, SHARED + 0x26c, 10);
    fake_mem_u32(m, SHARED + 0x270, 0);
    fake_mem_u32(m, SHARED + 0x2d0, 0x110);
    put_block(m, BLOCK, BASE);
    fake_mem_list(m, HEAD, &block, 1);
    fake_mem_write(m, LAB, "18362.1.amd64fre.19h1_release.190318-1202", 42);
    fake_mem_zero(m, LAB + 42, 300);
}

static void read_system(struct fake_mem *m, struct kdw_system *s)
{
    struct kd_diag diag = {""};

    assert_int_equal(kdw_system_read(&m->mem, &target, &diag, s), KD_OK);
    assert_string_equal(diag.text, "");
}

static void all_facts_are_read(void **state)
{
    struct fake_mem m;
    struct kdw_system s;

    (void)state;
    make(&m);
    read_system(&m, &s);
    assert_false(s.has_gaps);
    assert_int_equal(s.major.value, 10);
    assert_int_equal(s.minor.value, 0);
    assert_int_equal(s.product_type.value, 1);
    assert_int_equal(s.suite_mask.value, 0x110);
    assert_true(s.time_100ns.value == 0x01d5bbb4d0d6f8a4);
    assert_true((int64_t)s.zone_bias_100ns.value == -324000000000);
    assert_true(s.uptime_100ns.value == 0x00000284aabbccdd);
    assert_string_equal(s.build_lab.utf8, "18362.1.amd64fre.19h1_release.190318-1202");
    kdw_system_free(&s);
    fake_mem_deinit(&m);
}

static void it_takes_few_requests(void **state)
{
    struct fake_mem m;
    struct kdw_cache *cache;
    struct kdw_cache_opts opts = {&m.mem, 1024, 1 << 20, 4096};
    struct kdw_system s;

    (void)state;
    make(&m);
    m.split = 1024;
    assert_int_equal(kdw_cache_create(&opts, &cache), KD_OK);
    assert_int_equal(kdw_system_read(kdw_cache_mem(cache), &target, NULL, &s), KD_OK);
    assert_false(s.has_gaps);
    assert_in_range(m.requests, 4, 6); /* shared page, list head, block, build lab */
    kdw_system_free(&s);
    kdw_cache_destroy(cache);
    fake_mem_deinit(&m);
}

static void without_the_shared_page_the_rest_is_read(void **state)
{
    struct fake_mem m;
    struct kdw_system s;

    (void)state;
    make(&m);
    fake_mem_unmap(&m, SHARED, 0x1000);
    read_system(&m, &s);
    assert_true(s.has_gaps);
    assert_int_equal(s.major.status, KD_ERR_NOT_MAPPED);
    assert_true(s.major.fault_va == SHARED);
    assert_int_equal(s.time_100ns.status, KD_ERR_NOT_MAPPED);
    assert_non_null(s.build_lab.utf8);
    kdw_system_free(&s);
    fake_mem_deinit(&m);
}

static void what_stands_before_a_hole_in_the_shared_page_is_known(void **state)
{
    struct fake_mem m;
    struct kdw_system s;

    (void)state;
    make(&m);
    fake_mem_unmap(&m, SHARED + 0x268, 0x100);
    read_system(&m, &s);
    assert_true(s.has_gaps);
    assert_int_equal(s.product_type.status, KD_OK);
    assert_int_equal(s.major.status, KD_ERR_NOT_MAPPED);
    assert_true(s.major.fault_va == SHARED + 0x268);
    assert_int_equal(s.uptime_100ns.status, KD_OK);
    kdw_system_free(&s);
    fake_mem_deinit(&m);
}

static void a_time_caught_in_its_update_is_tried_again_and_then_said_to_differ(void **state)
{
    struct fake_mem m;
    struct kdw_system s;

    (void)state;
    make(&m);
    fake_mem_u32(&m, SHARED + 0x14 + 8, 0x01d5bbb5);
    read_system(&m, &s);
    assert_true(s.has_gaps);
    assert_int_equal(s.time_100ns.status, KD_ERR_MISMATCH);
    assert_int_equal(s.uptime_100ns.status, KD_OK);
    assert_in_range(m.reads, 5, 10);
    kdw_system_free(&s);
    fake_mem_deinit(&m);
}

/* A source in which the time is settled at the second look. */
static struct fake_mem settling;
static size_t looks;

static enum kd_status settling_read(struct kdw_mem *mem, uint64_t at, void *buf, size_t len,
                                    uint64_t *fault)
{
    (void)mem;
    if (++looks == 2)
        put_time(&settling, SHARED + 0x14, 0x01d5bbb500000000);
    return kdw_mem_read(&settling.mem, at, buf, len, fault);
}

static void a_time_that_settles_is_read(void **state)
{
    struct kdw_mem mem = {settling_read};
    struct kdw_system s;

    (void)state;
    make(&settling);
    looks = 0;
    fake_mem_u32(&settling, SHARED + 0x14 + 8, 0x01d5bbb5);
    assert_int_equal(kdw_system_read(&mem, &target, NULL, &s), KD_OK);
    assert_false(s.has_gaps);
    assert_true(s.time_100ns.value == 0x01d5bbb500000000);
    kdw_system_free(&s);
    fake_mem_deinit(&settling);
}

static void other_blocks_on_the_list_are_passed_over(void **state)
{
    static const uint64_t blocks[] = {BLOCK + 0x1000, BLOCK + 0x2000, BLOCK + 0x3000, BLOCK};
    struct fake_mem m;
    struct kdw_system s;

    (void)state;
    make(&m);
    put_block(&m, blocks[0], BASE + 0x1000); /* of another image */
    put_block(&m, blocks[1], BASE);
    fake_mem_write(&m, blocks[1] + 0x10, "GNRL", 4);
    put_block(&m, blocks[2], BASE);
    fake_mem_u32(&m, blocks[2] + 0x14, 0x200); /* too short to name the build lab */
    fake_mem_list(&m, HEAD, blocks, 4);
    for (size_t i = 0; i < 3; i++)
        fake_mem_u64(&m, blocks[i] + 0x208, LAB + 100);
    read_system(&m, &s);
    assert_string_equal(s.build_lab.utf8, "18362.1.amd64fre.19h1_release.190318-1202");
    kdw_system_free(&s);
    fake_mem_deinit(&m);
}

static void without_a_block_of_the_kernel_the_build_lab_is_not_found(void **state)
{
    static const uint32_t sizes[] = {0, 0x29f, 0x1001, 0xffffffff};
    struct kdw_target none = target;
    struct fake_mem m;
    struct kdw_system s;

    (void)state;
    make(&m);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        fake_mem_u32(&m, BLOCK + 0x14, sizes[i]);
        read_system(&m, &s);
        assert_true(s.has_gaps);
        assert_int_equal(s.build_lab.status, KD_ERR_NOT_FOUND);
        kdw_system_free(&s);
    }
    none.debugger_data_list_va = 0;
    assert_int_equal(kdw_system_read(&m.mem, &none, NULL, &s), KD_OK);
    assert_int_equal(s.build_lab.status, KD_ERR_NOT_FOUND);
    assert_int_equal(s.major.status, KD_OK);
    fake_mem_deinit(&m);
}

static void a_list_of_blocks_without_end_is_left(void **state)
{
    struct fake_mem m;
    struct kdw_system s;

    (void)state;
    make(&m);
    fake_mem_u64(&m, BLOCK, BLOCK);
    fake_mem_u32(&m, BLOCK + 0x10, 0);
    read_system(&m, &s);
    assert_int_equal(s.build_lab.status, KD_ERR_NOT_FOUND);
    assert_in_range(m.reads, 1, 40);
    fake_mem_deinit(&m);
}

static void holes_on_the_way_to_the_build_lab_say_where(void **state)
{
    static const uint64_t holes[] = {HEAD, BLOCK + 0x10, BLOCK + 0x208, LAB + 5};

    (void)state;
    for (size_t i = 0; i < sizeof holes / sizeof holes[0]; i++) {
        struct fake_mem m;
        struct kdw_system s;

        make(&m);
        fake_mem_unmap(&m, holes[i], 1);
        read_system(&m, &s);
        assert_true(s.has_gaps);
        assert_int_equal(s.build_lab.status, KD_ERR_NOT_MAPPED);
        assert_true(s.build_lab.fault_va == holes[i]);
        assert_int_equal(s.major.status, KD_OK);
        fake_mem_deinit(&m);
    }
}

static void a_lost_link_fails_it(void **state)
{
    (void)state;
    for (size_t from = 1; from <= 5; from++) {
        struct fake_mem m;
        struct kd_diag diag = {""};
        struct kdw_system s = {.has_gaps = true};

        make(&m);
        m.fail_from = from;
        m.fail_with = KD_ERR_REBOOTED;
        m.diag = &diag;
        assert_int_equal(kdw_system_read(&m.mem, &target, &diag, &s), KD_ERR_REBOOTED);
        assert_int_equal(m.reads, from);
        assert_non_null(strstr(diag.text, ": the source explains: target restarted"));
        fake_mem_deinit(&m);
    }
}

static void what_memory_lacks_the_target_may_know(void **state)
{
    struct kdw_target dumped = target;
    struct kd_diag diag = {""};
    struct fake_mem m;
    struct kdw_system s;

    (void)state;
    dumped.time_100ns = 0x01d5bbb400000000;
    dumped.uptime_100ns = 37470000;
    dumped.product_type = 3;
    dumped.suite_mask = 0x110;
    make(&m);
    assert_int_equal(kdw_system_read(&m.mem, &dumped, &diag, &s), KD_OK);
    assert_true(s.time_100ns.value == 0x01d5bbb4d0d6f8a4); /* memory has it */
    assert_int_equal(s.product_type.value, 1);
    kdw_system_free(&s);
    fake_mem_unmap(&m, SHARED, 0x1000);
    assert_int_equal(kdw_system_read(&m.mem, &dumped, &diag, &s), KD_OK);
    assert_int_equal(s.time_100ns.status, KD_OK);
    assert_true(s.time_100ns.value == 0x01d5bbb400000000);
    assert_true(s.uptime_100ns.value == 37470000);
    assert_int_equal(s.product_type.value, 3);
    assert_int_equal(s.suite_mask.value, 0x110);
    assert_int_equal(s.zone_bias_100ns.status, KD_ERR_NOT_MAPPED);
    assert_true(s.has_gaps);
    kdw_system_free(&s);
    fake_mem_deinit(&m);
}

static void a_build_lab_whose_place_is_known_needs_no_block(void **state)
{
    struct kdw_target dumped = {.kernel_base_va = BASE, .build_lab_va = LAB};
    struct kd_diag diag = {""};
    struct fake_mem m;
    struct kdw_system s;

    (void)state;
    make(&m);
    fake_mem_unmap(&m, BLOCK, 0x360);
    assert_int_equal(kdw_system_read(&m.mem, &dumped, &diag, &s), KD_OK);
    assert_string_equal(s.build_lab.utf8, "18362.1.amd64fre.19h1_release.190318-1202");
    assert_false(s.has_gaps);
    kdw_system_free(&s);
    fake_mem_deinit(&m);
}

static void a_target_that_says_nothing_is_completed(void **state)
{
    struct kdw_target image = {.kernel_base_va = BASE};
    struct kdw_target full = {.build = 22000, .processor_count = 1};
    struct fake_mem m;

    (void)state;
    make(&m);
    fake_mem_u32(&m, SHARED + 0x260, 18362);
    fake_mem_u32(&m, SHARED + 0x3c0, 2);
    assert_int_equal(kdw_system_complete(&m.mem, &image), KD_OK);
    assert_int_equal(image.build, 18362);
    assert_int_equal(image.processor_count, 2);
    assert_true(image.is_mp);
    assert_int_equal(kdw_system_complete(&m.mem, &full), KD_OK); /* what it says is not touched */
    assert_int_equal(full.build, 22000);
    assert_int_equal(full.processor_count, 1);
    assert_false(full.is_mp);
    fake_mem_u32(&m, SHARED + 0x260, 0xf0004a61); /* no build */
    image = (struct kdw_target){0};
    fake_mem_unmap(&m, SHARED + 0x3c0, 4);
    assert_int_equal(kdw_system_complete(&m.mem, &image), KD_OK);
    assert_int_equal(image.build, 0);
    assert_int_equal(image.processor_count, 0);
    m.fail_with = KD_ERR_LOST;
    m.fail_from = m.reads + 1;
    assert_int_equal(kdw_system_complete(&m.mem, &image), KD_ERR_LOST);
    fake_mem_deinit(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_facts_are_read),
        cmocka_unit_test(it_takes_few_requests),
        cmocka_unit_test(without_the_shared_page_the_rest_is_read),
        cmocka_unit_test(what_stands_before_a_hole_in_the_shared_page_is_known),
        cmocka_unit_test(a_time_caught_in_its_update_is_tried_again_and_then_said_to_differ),
        cmocka_unit_test(a_time_that_settles_is_read),
        cmocka_unit_test(other_blocks_on_the_list_are_passed_over),
        cmocka_unit_test(without_a_block_of_the_kernel_the_build_lab_is_not_found),
        cmocka_unit_test(a_list_of_blocks_without_end_is_left),
        cmocka_unit_test(holes_on_the_way_to_the_build_lab_say_where),
        cmocka_unit_test(a_lost_link_fails_it),
        cmocka_unit_test(what_memory_lacks_the_target_may_know),
        cmocka_unit_test(a_build_lab_whose_place_is_known_needs_no_block),
        cmocka_unit_test(a_target_that_says_nothing_is_completed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
