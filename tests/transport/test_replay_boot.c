#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/replay_scene.h"
#include "transport/replay_boot.h"

#define VA      UINT64_C(0xFFFFF80000001000)
#define REFUSED 0xC0000001u

static struct replay_boot boot;

static int setup(void **state)
{
    (void)state;
    return replay_boot_init(&boot) != KD_OK;
}

static int teardown(void **state)
{
    (void)state;
    replay_boot_deinit(&boot);
    return 0;
}

/* ---- what is read ---- */

static void read_at(unsigned stop, uint64_t va, uint32_t count, uint32_t status, const char *data)
{
    struct kd_manipulate reply = scene_read(va, count, data ? (uint32_t)strlen(data) : 0, data);

    reply.status = status;
    assert_int_equal(replay_boot_read(&boot, stop, &reply), KD_OK);
}

static void expect_bytes(uint64_t va, const char *text)
{
    uint8_t buf[64];

    assert_int_equal(kdt_recorded_memory_read(boot.whole.virt, va, buf, strlen(text)),
                     strlen(text));
    assert_memory_equal(buf, text, strlen(text));
}

static void what_is_read_again_unchanged_is_kept_once(void **state)
{
    (void)state;
    read_at(1, VA, 4, 0, "abcd");
    read_at(1, VA, 4, 0, "abcd");
    read_at(2, VA + 1, 2, 0, "bc");
    assert_int_equal(boot.reading_count, 1);
    read_at(2, VA, 4, 0, "abXd");
    read_at(3, VA, 5, 0, "abXde");
    assert_int_equal(boot.reading_count, 3);
    expect_bytes(VA, "abXde");
}

static void a_refusal_is_kept_once_as_well(void **state)
{
    (void)state;
    read_at(1, VA + 0xFF0, 0x40, REFUSED, NULL); /* beyond the page: only that far it is known */
    read_at(1, VA + 0xFF0, 0x40, REFUSED, NULL);
    assert_int_equal(boot.reading_count, 1);
    read_at(1, VA + 0xFF0, 0x40, 0xC0000005, NULL);
    read_at(1, VA + 0xFF0, 4, 0, "back");
    read_at(1, VA + 0xFF0, 0x40, 0xC0000005, NULL);
    assert_int_equal(boot.reading_count, 4);
}

static void a_read_that_failed_in_the_middle_is_both(void **state)
{
    size_t len;
    uint32_t ntstatus = 0;

    (void)state;
    read_at(1, VA, 8, REFUSED, "abcd");
    expect_bytes(VA, "abcd");
    assert_int_equal(kdt_recorded_memory_gap(boot.whole.virt, VA + 4, 4, &len, &ntstatus),
                     KDT_GAP_REFUSED);
    assert_int_equal(ntstatus, REFUSED);
}

static void a_read_that_a_link_cut_short_refuses_nothing(void **state)
{
    size_t len;
    uint32_t ntstatus;

    (void)state;
    read_at(1, VA, 8, 0, "abcd");
    assert_int_equal(kdt_recorded_memory_gap(boot.whole.virt, VA + 4, 4, &len, &ntstatus),
                     KDT_GAP_UNRECORDED);
}

static void nothing_lies_behind_the_end_of_the_address_space(void **state)
{
    size_t len;
    uint32_t ntstatus;

    (void)state;
    read_at(1, UINT64_MAX - 3, 8, REFUSED, "last");
    expect_bytes(UINT64_MAX - 3, "last");
    assert_int_equal(kdt_recorded_memory_gap(boot.whole.virt, 0, 4, &len, &ntstatus),
                     KDT_GAP_UNRECORDED);
}

static void physical_memory_is_another_space(void **state)
{
    struct kd_manipulate reply = scene_read(VA, 4, 4, "phys");
    uint8_t buf[4];

    (void)state;
    reply.api = KD_API_READ_PHYSICAL;
    assert_int_equal(replay_boot_read(&boot, 1, &reply), KD_OK);
    assert_int_equal(kdt_recorded_memory_read(boot.whole.virt, VA, buf, 4), 0);
    assert_int_equal(kdt_recorded_memory_read(boot.whole.phys, VA, buf, 4), 4);
}

/* ---- what is answered ---- */

static struct kd_manipulate msr(uint16_t processor, uint32_t number, uint64_t value)
{
    struct kd_manipulate m = request_of(KD_API_READ_MSR, processor);

    m.u.msr.msr = number;
    m.u.msr.value = value;
    return m;
}

static void answers(unsigned stop, const struct kd_manipulate *reply)
{
    struct replay_asked asked = replay_asked_of(reply);

    assert_int_equal(replay_boot_answer(&boot, &asked, stop, reply), KD_OK);
}

static void answers_msr(unsigned stop, uint16_t processor, uint32_t number, uint64_t value)
{
    struct kd_manipulate m = msr(processor, number, value);

    answers(stop, &m);
}

/* 0: there is none. */
static uint64_t found(unsigned stop, uint16_t processor, uint32_t number)
{
    struct kd_manipulate m = msr(processor, number, 0);
    struct replay_asked asked = replay_asked_of(&m);
    const struct replay_answer *a = replay_boot_find(&boot, &asked, stop, 0);

    return a ? a->reply.u.msr.value : 0;
}

static void the_answer_of_the_nearest_stop_counts(void **state)
{
    (void)state;
    answers_msr(9, 0, 0x10, 109);
    answers_msr(2, 0, 0x10, 102);
    answers_msr(5, 0, 0x10, 105);
    answers_msr(5, 1, 0x10, 205);
    answers_msr(5, 0, 0x11, 305);
    replay_boot_sort(&boot);
    assert_int_equal(found(1, 0, 0x10), 102);
    assert_int_equal(found(2, 0, 0x10), 102);
    assert_int_equal(found(4, 0, 0x10), 105);
    assert_int_equal(found(5, 0, 0x10), 105);
    assert_int_equal(found(7, 0, 0x10), 105); /* as near as the other: the earlier one */
    assert_int_equal(found(8, 0, 0x10), 109);
    assert_int_equal(found(UINT32_MAX, 0, 0x10), 109);
    assert_int_equal(found(5, 1, 0x10), 205);
    assert_int_equal(found(5, 0, 0x11), 305);
    assert_int_equal(found(5, 2, 0x10), 0);
    assert_int_equal(found(5, 0, 0x12), 0);
}

static void of_several_answers_in_one_stop_the_first_is_left(void **state)
{
    (void)state;
    answers_msr(1, 0, 0x10, 1);
    answers_msr(1, 0, 0x10, 2);
    answers_msr(1, 0, 0x10, 3);
    replay_boot_sort(&boot);
    assert_int_equal(boot.answer_count, 1);
    assert_int_equal(found(1, 0, 0x10), 1);
}

static void an_answer_that_tells_more_is_the_better_one(void **state)
{
    struct kd_manipulate m = request_of(KD_API_READ_CONTROL_SPACE, 0);
    struct replay_asked asked;

    (void)state;
    m.u.memory.va = 2;
    m.status = REFUSED;
    answers(1, &m);
    m.status = 0;
    m.u.memory.count = m.u.memory.actual = 8;
    m.data = (struct kd_span){(const uint8_t *)"eighteen", 8};
    answers(1, &m);
    m.data.len = m.u.memory.count = m.u.memory.actual = 5;
    answers(1, &m);
    replay_boot_sort(&boot);
    asked = replay_asked_of(&m);
    assert_int_equal(replay_boot_find(&boot, &asked, 1, 0)->reply.data.len, 8);
    assert_null(replay_boot_find(&boot, &asked, 1, 9));
}

static bool is_same(struct kd_manipulate a, struct kd_manipulate b)
{
    struct replay_asked x = replay_asked_of(&a), y = replay_asked_of(&b);

    return memcmp(&x, &y, sizeof x) == 0;
}

static void requests_differ_by_what_identifies_them(void **state)
{
    struct kd_manipulate a = request_of(KD_API_SEARCH_MEMORY, 0), b = a;

    (void)state;
    a.data = b.data = (struct kd_span){(const uint8_t *)"MZ", 2};
    assert_true(is_same(a, b));
    b.data.data = (const uint8_t *)"ZM";
    assert_false(is_same(a, b));
    b = a;
    b.u.search.len = 1;
    assert_false(is_same(a, b));
    a = request_of(KD_API_GET_CONTEXT_EX, 0);
    b = a;
    b.u.context.count = 7; /* how much is no part of what */
    assert_true(is_same(a, b));
    b.u.context.offset = 8;
    assert_false(is_same(a, b));
    assert_true(is_same(request_of(KD_API_GET_VERSION, 0xFFFF), request_of(KD_API_GET_VERSION, 0)));
    assert_false(is_same(request_of(KD_API_GET_CONTEXT, 1), request_of(KD_API_GET_CONTEXT, 0)));
    a = request_of(KD_API_GET_BUS_DATA, 0);
    b = a;
    b.u.bus.slot = 1;
    assert_false(is_same(a, b));
    a = request_of(KD_API_QUERY_MEMORY, 0);
    b = a;
    b.u.query.va = VA;
    assert_false(is_same(a, b));
}

/* ---- what is said ---- */

static void a_stop_moves_with_all_it_said(void **state)
{
    struct replay_boot after;
    const struct kdt_said print = {.kind = KDT_SAID_NOTE, .data = {(const uint8_t *)"p", 1}};
    const struct kdt_said stop = {.kind = KDT_SAID_STOP, .data = {(const uint8_t *)"stop", 4}};

    (void)state;
    assert_int_equal(replay_boot_init(&after), KD_OK);
    assert_int_equal(replay_boot_say(&boot, &print), KD_OK);
    assert_int_equal(replay_boot_say(&boot, &stop), KD_OK);
    assert_int_equal(replay_boot_take_stop(&after, &boot), KD_OK);
    assert_int_equal(boot.said_count, 1);
    assert_int_equal(boot.stops, 0);
    assert_int_equal(after.stops, 1);
    assert_memory_equal(after.said[0].data.data, "stop", 4);
    assert_ptr_not_equal(after.said[0].data.data, stop.data.data);
    replay_boot_deinit(&after);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_read_again_unchanged_is_kept_once),
        TEST(a_refusal_is_kept_once_as_well),
        TEST(a_read_that_failed_in_the_middle_is_both),
        TEST(a_read_that_a_link_cut_short_refuses_nothing),
        TEST(nothing_lies_behind_the_end_of_the_address_space),
        TEST(physical_memory_is_another_space),
        TEST(the_answer_of_the_nearest_stop_counts),
        TEST(of_several_answers_in_one_stop_the_first_is_left),
        TEST(an_answer_that_tells_more_is_the_better_one),
        TEST(requests_differ_by_what_identifies_them),
        TEST(a_stop_moves_with_all_it_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
