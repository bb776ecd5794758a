#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <kdproto/context_x64.h>

#include "transport/recorded_boot.h"

#define VA UINT64_C(0xfffff80000001f00)

static const uint8_t bytes[256] = {1, 2, 3, 4, [255] = 99};

static int setup(void **state)
{
    return kdt_recorded_boot_create((struct kdt_recorded_boot **)state) == KD_OK ? 0 : -1;
}

static int teardown(void **state)
{
    kdt_recorded_boot_destroy(*state);
    return 0;
}

/* A reply of `actual` bytes to a request for `count`. */
static void answers(struct kdt_recorded_boot *b, uint32_t api, uint64_t va, uint32_t count,
                    uint32_t actual, uint32_t status)
{
    struct kd_manipulate m = {.api = api, .status = status};

    m.u.memory.va = va;
    m.u.memory.count = count;
    m.u.memory.actual = actual;
    m.data = (struct kd_span){bytes, actual};
    assert_int_equal(kdt_recorded_boot_reply(b, &m), KD_OK);
}

static void is_known(const struct kdt_recorded_memory *m, uint64_t va, size_t len)
{
    uint8_t buf[sizeof bytes];

    assert_int_equal(kdt_recorded_memory_read(m, va, buf, sizeof buf), len);
    assert_memory_equal(buf, bytes, len);
}

static void is_gap(const struct kdt_recorded_memory *m, uint64_t va, enum kdt_recorded_gap why,
                   uint32_t status)
{
    size_t len;
    uint32_t ntstatus = 0;

    assert_int_equal(kdt_recorded_memory_gap(m, va, 1, &len, &ntstatus), why);
    assert_int_equal(ntstatus, status);
}

static void what_came_is_known_by_its_address_space(void **state)
{
    struct kdt_recorded_boot *b = *state;

    answers(b, KD_API_READ_VIRTUAL, VA, 16, 16, 0);
    answers(b, KD_API_READ_PHYSICAL, 0x1000, 8, 8, 0);
    is_known(b->virt, VA, 16);
    is_known(b->phys, 0x1000, 8);
    is_gap(b->virt, 0x1000, KDT_GAP_UNRECORDED, 0);
    is_gap(b->virt, VA + 16, KDT_GAP_UNRECORDED, 0);
}

static void what_was_refused_has_its_status(void **state)
{
    struct kdt_recorded_boot *b = *state;

    answers(b, KD_API_READ_VIRTUAL, VA, 16, 0, 0xC0000001);
    is_gap(b->virt, VA, KDT_GAP_REFUSED, 0xC0000001);
    answers(b, KD_API_READ_VIRTUAL, VA + 0x1000, 16, 0, 0); /* nothing came of it all the same */
    is_gap(b->virt, VA + 0x1000, KDT_GAP_REFUSED, 0);
}

static void of_an_answer_in_part_the_rest_is_refused_or_open(void **state)
{
    struct kdt_recorded_boot *b = *state;

    answers(b, KD_API_READ_VIRTUAL, VA, 32, 16, 0xC0000001);
    is_known(b->virt, VA, 16);
    is_gap(b->virt, VA + 16, KDT_GAP_REFUSED, 0xC0000001);
    answers(b, KD_API_READ_VIRTUAL, VA + 0x2000, 32, 16, 0); /* it had no more room */
    is_known(b->virt, VA + 0x2000, 16);
    is_gap(b->virt, VA + 0x2000 + 16, KDT_GAP_UNRECORDED, 0);
}

static void later_answers_replace_earlier_ones(void **state)
{
    struct kdt_recorded_boot *b = *state;

    answers(b, KD_API_READ_VIRTUAL, VA, 16, 16, 0);
    answers(b, KD_API_READ_VIRTUAL, VA, 16, 0, 0xC0000001);
    is_gap(b->virt, VA, KDT_GAP_REFUSED, 0xC0000001);
    answers(b, KD_API_READ_VIRTUAL, VA, 16, 16, 0);
    is_known(b->virt, VA, 16);
}

static void hostile_counts_are_harmless(void **state)
{
    struct kdt_recorded_boot *b = *state;

    answers(b, KD_API_READ_VIRTUAL, UINT64_MAX - 3, UINT32_MAX, 16, 0);
    is_known(b->virt, UINT64_MAX - 3, 4);
    answers(b, KD_API_READ_VIRTUAL, UINT64_MAX - 3, UINT32_MAX, 0, 0xC0000001);
    is_gap(b->virt, UINT64_MAX, KDT_GAP_REFUSED, 0xC0000001);
    answers(b, KD_API_READ_VIRTUAL, 0, UINT32_MAX, 0, 0xC0000001);
    is_gap(b->virt, 0, KDT_GAP_REFUSED, 0xC0000001);
    answers(b, KD_API_READ_VIRTUAL, VA, 0, 0, 0);
    is_gap(b->virt, VA, KDT_GAP_UNRECORDED, 0);
}

static void the_version_is_that_of_the_last_good_reply(void **state)
{
    struct kdt_recorded_boot *b = *state;
    struct kd_manipulate m = {.api = KD_API_GET_VERSION};

    m.u.version.minor = 18362;
    assert_int_equal(kdt_recorded_boot_reply(b, &m), KD_OK);
    assert_true(b->has_version);
    assert_int_equal(b->version.minor, 18362);
    m.u.version.minor = 1;
    m.status = 0xC0000001;
    assert_int_equal(kdt_recorded_boot_reply(b, &m), KD_OK);
    assert_int_equal(b->version.minor, 18362);
}

/* Special registers of a processor, of which `len` bytes came. */
static void answers_special(struct kdt_recorded_boot *b, uint16_t processor, uint64_t cr3,
                            uint32_t len)
{
    uint8_t special[KD_SPECIAL_REGISTERS_LEN] = {0};
    struct kd_manipulate m = {.api = KD_API_READ_CONTROL_SPACE, .processor = processor};
    struct kd_writer w = kd_writer_of(special, sizeof special);

    kd_wr_zero(&w, 16);
    kd_wr_u64(&w, cr3);
    m.u.memory.va = KD_X64_CONTROL_SPECIAL;
    m.u.memory.count = m.u.memory.actual = len;
    m.data = (struct kd_span){special, len};
    assert_int_equal(kdt_recorded_boot_reply(b, &m), KD_OK);
}

static void the_page_tables_are_those_of_the_processor_that_stopped(void **state)
{
    struct kdt_recorded_boot *b = *state;
    struct kd_state_change stop = {.kind = KD_STATE_EXCEPTION, .processor = 1};
    struct kd_manipulate version = {.api = KD_API_GET_VERSION};

    version.u.version.machine = 0x8664;
    assert_int_equal(kdt_recorded_boot_reply(b, &version), KD_OK);
    answers_special(b, 1, 0x1ab002, KD_SPECIAL_REGISTERS_LEN);
    assert_false(b->has_dtb); /* nobody knows which one stopped */
    stop.path = (struct kd_span){bytes, 4};
    kdt_recorded_boot_stop(b, &stop);
    assert_int_equal(b->stop.path.len, 0);
    answers_special(b, 0, 0x777000, KD_SPECIAL_REGISTERS_LEN);
    answers_special(b, 1, 0x777000, 100);
    assert_false(b->has_dtb);
    answers_special(b, 1, 0x1ab002, KD_SPECIAL_REGISTERS_LEN);
    assert_true(b->has_dtb);
    assert_true(b->dtb == 0x1ab000);
    kdt_recorded_boot_stop(b, &stop);
    assert_false(b->has_dtb);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_came_is_known_by_its_address_space),
        TEST(what_was_refused_has_its_status),
        TEST(of_an_answer_in_part_the_rest_is_refused_or_open),
        TEST(later_answers_replace_earlier_ones),
        TEST(hostile_counts_are_harmless),
        TEST(the_version_is_that_of_the_last_good_reply),
        TEST(the_page_tables_are_those_of_the_processor_that_stopped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
