#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../kdproto/event_queue.h"

static struct kd_event_queue q;

static int empty(void **state)
{
    (void)state;
    memset(&q, 0, sizeof q);
    return 0;
}

static struct kd_event text(const char *s)
{
    struct kd_event ev = {.kind = KD_EVENT_PRINT};

    ev.u.text = (struct kd_span){(const uint8_t *)s, strlen(s)};
    return ev;
}

static void events_come_out_in_the_order_they_went_in(void **state)
{
    struct kd_event a = text("a"), b = {.kind = KD_EVENT_LOST}, got;

    (void)state;
    assert_false(kd_event_queue_take(&q, &got));
    kd_event_queue_put(&q, &a);
    kd_event_queue_put(&q, &b);
    assert_true(kd_event_queue_take(&q, &got));
    assert_int_equal(got.kind, KD_EVENT_PRINT);
    assert_true(kd_event_queue_take(&q, &got));
    assert_int_equal(got.kind, KD_EVENT_LOST);
    assert_false(kd_event_queue_take(&q, &got));
}

static void the_bytes_of_an_event_are_copied(void **state)
{
    char line[] = "before";
    struct kd_event ev = text(line), got;

    (void)state;
    kd_event_queue_put(&q, &ev);
    memset(line, 'x', sizeof line);
    assert_true(kd_event_queue_take(&q, &got));
    assert_int_equal(got.u.text.len, 6);
    assert_memory_equal(got.u.text.data, "before", 6);
}

static void replies_and_stops_carry_their_bytes_too(void **state)
{
    static const uint8_t bytes[] = {1, 2, 3};
    struct kd_event reply = {.kind = KD_EVENT_REPLY}, stop = {.kind = KD_EVENT_MODULE}, got;

    (void)state;
    reply.u.reply.manipulate.data = (struct kd_span){bytes, 3};
    stop.u.halted.path = (struct kd_span){bytes, 2};
    kd_event_queue_put(&q, &reply);
    kd_event_queue_put(&q, &stop);
    assert_true(kd_event_queue_take(&q, &got));
    assert_ptr_not_equal(got.u.reply.manipulate.data.data, bytes);
    assert_memory_equal(got.u.reply.manipulate.data.data, bytes, 3);
    assert_true(kd_event_queue_take(&q, &got));
    assert_int_equal(got.u.halted.path.len, 2);
    assert_memory_equal(got.u.halted.path.data, bytes, 2);
}

static void packets_are_refused_while_slots_for_our_own_events_remain(void **state)
{
    struct kd_event ev = text("x"), got;
    unsigned n = 0;

    (void)state;
    while (kd_event_queue_has_room(&q)) {
        kd_event_queue_put(&q, &ev);
        n++;
    }
    assert_int_equal(n, KD_SESSION_EVENTS_MAX + 1);
    assert_true(KD_EVENT_SLOTS - n >= 4);
    assert_true(kd_event_queue_take(&q, &got));
    assert_true(kd_event_queue_has_room(&q));
}

static void a_full_queue_drops_what_comes_and_keeps_what_is_there(void **state)
{
    struct kd_event first = text("first"), more = text("more"), got;

    (void)state;
    kd_event_queue_put(&q, &first);
    for (int i = 0; i < 100; i++)
        kd_event_queue_put(&q, &more);
    for (int i = 0; i < KD_EVENT_SLOTS; i++) {
        assert_true(kd_event_queue_take(&q, &got));
        assert_int_equal(got.u.text.len, i == 0 ? 5 : 4);
    }
    assert_false(kd_event_queue_take(&q, &got));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(events_come_out_in_the_order_they_went_in, empty),
        cmocka_unit_test_setup(the_bytes_of_an_event_are_copied, empty),
        cmocka_unit_test_setup(replies_and_stops_carry_their_bytes_too, empty),
        cmocka_unit_test_setup(packets_are_refused_while_slots_for_our_own_events_remain, empty),
        cmocka_unit_test_setup(a_full_queue_drops_what_comes_and_keeps_what_is_there, empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
