/* ETW states and loggers of every silo keep the kernel's rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "read_back.h"
#include "silos.h"

#define SLOTS 8u /* for security loggers */

/* ---- states ---- */

static void state_fits(const struct silo *s)
{
    if (!s->n->max_loggers)
        return;
    assert_int_equal(u64(s->m, s->state), s->job);
    assert_int_equal(u64(s->m, s->state + s->n->own_globals), s->globals);
    assert_int_equal(u64(s->m, s->state + s->n->contexts),
                     u64(s->m, s->state + s->n->rundowns) +
                         8 * u32(s->m, s->state + s->n->max_loggers));
}

static void states_lead_back_to_their_silos(void **state)
{
    (void)state;
    silos_each(state_fits);
}

static void security_fits(const struct silo *s)
{
    uint8_t mask = u8(s->m, s->state + s->n->mask);
    uint64_t entry = s->state + (s->n->max_loggers ? 0x18 : 0);

    assert_int_equal(u16(s->m, s->state + s->n->security_loggers), 3);
    assert_int_equal(mask & 1, 1);
    for (unsigned k = 0; k < SLOTS; k++) {
        uint16_t id = u16(s->m, s->state + s->n->security_loggers + 2 * k);
        uint64_t slot = entry + s->n->slots + 0x20 * k;

        assert_int_equal(mask >> k & 1, id != 0);
        assert_int_equal(u32(s->m, slot), id != 0);
        if (id == 0)
            continue;
        assert_int_equal(u8(s->m, slot + 4), 0xff);
        assert_int_equal(u16(s->m, slot + 6), id);
        assert_int_equal(u32(s->m, slot + 8), 0x40);
        assert_true(u64(s->m, slot + 0x10) == ~(uint64_t)0);
        assert_int_equal(u32(s->m, silo_logger(s, id) + s->n->flags) >> 14 & 1, 1);
    }
}

static void security_loggers_are_told_alike_everywhere(void **state)
{
    (void)state;
    silos_each(security_fits);
}

/* ---- loggers ---- */

/* Slots that are free hold 1; others count, whether their loggers live or stop. */
static void loggers_counted(const struct silo *s)
{
    uint64_t array = s->state + s->n->contexts;
    uint32_t count = 0;

    if (!s->n->counters)
        return;
    array = u64(s->m, array);
    for (uint32_t i = 0; i < silo_slots(s); i++)
        count += u64(s->m, array + 8 * i) != 1;
    assert_int_equal(u32(s->m, s->state + s->n->counters + 0xc), count);
}

static void loggers_are_counted(void **state)
{
    (void)state;
    silos_each(loggers_counted);
}

#define MOST_HANDLES 0x800u

/* Which handle of a process leads to the object; 0: none does. */
static uint32_t handle_to(const struct silo *s, uint64_t process, uint64_t object)
{
    uint64_t table = u64(s->m, process + s->n->handles);

    for (uint32_t handle = 4; handle < MOST_HANDLES; handle += 4)
        if (handle_target(s->m, table, handle) == object - 0x30)
            return handle;
    return 0;
}

static size_t consumers, on_second_pages;

static void consumers_fit(const struct silo *s)
{
    uint32_t handle;

    for (uint16_t id = 0; id < silo_slots(s); id++) {
        uint64_t logger = silo_logger(s, id), head = logger + s->n->consumers;

        if (!logger)
            continue;
        assert_int_equal(list_length(s->m, head), u32(s->m, head + 0x10));
        for (uint64_t at = u64(s->m, head); at != head; at = u64(s->m, at), consumers++) {
            assert_int_equal(u16(s->m, at + 0x58), id);
            assert_int_equal(u64(s->m, at + 0x98), s->state);
            handle = handle_to(s, u64(s->m, at + 0x18), at);
            assert_int_not_equal(handle, 0);
            on_second_pages += handle > 0x400;
        }
    }
}

static void consumers_have_a_handle_in_their_process(void **state)
{
    (void)state;
    consumers = on_second_pages = 0;
    silos_each(consumers_fit);
    assert_true(consumers > 100 && on_second_pages > 0);
}

/* A bit for each kernel logger, which says the same of itself, and events that it is for. */
static void system_loggers_fit(const struct silo *s)
{
    uint64_t settings = s->state + s->n->settings;
    uint32_t active, own = 0;

    if (!s->n->settings)
        return;
    active = u32(s->m, settings + 0x10);
    for (uint16_t id = 0; id < silo_slots(s); id++) {
        uint64_t logger = silo_logger(s, id);
        uint32_t flags = logger ? u32(s->m, logger + s->n->flags) : 0;
        uint32_t index = flags >> 16 & 0xff;

        if (!(flags & 0x20)) /* KernelTrace */
            continue;
        own |= 1u << index;
        assert_int_equal(u8(s->m, settings + 2 * index), id);
        assert_int_not_equal(u32(s->m, settings + 0x34 + 0x20 * index), 0);
        assert_int_equal(u32(s->m, settings + 0x14) & u32(s->m, settings + 0x34 + 0x20 * index),
                         u32(s->m, settings + 0x34 + 0x20 * index));
    }
    assert_int_equal(active, own);
}

static void system_loggers_are_told_alike_everywhere(void **state)
{
    (void)state;
    silos_each(system_loggers_fit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_lead_back_to_their_silos),
        cmocka_unit_test(security_loggers_are_told_alike_everywhere),
        cmocka_unit_test(loggers_are_counted),
        cmocka_unit_test(consumers_have_a_handle_in_their_process),
        cmocka_unit_test(system_loggers_are_told_alike_everywhere),
    };

    return cmocka_run_group_tests(tests, silos_make_machines, silos_end_machines);
}
