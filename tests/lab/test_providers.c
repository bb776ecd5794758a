/* Providers and registrations of every silo keep the kernel's rules, and variables lead to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "read_back.h"
#include "silos.h"

#define SLOTS  8u
#define PAGED  0x1000000u /* LoggerMode */
#define KERNEL 1u         /* flags of a registration */
#define USER   2u
#define NEEDED 0x80u /* inserted */

/* ---- entries ---- */

static unsigned slots_in_use(const struct silo *s, uint64_t entry)
{
    unsigned count = 0;

    for (unsigned k = 0; k < SLOTS; k++)
        count += u32(s->m, entry + s->n->slots + 0x20 * k) != 0;
    return count;
}

static void entry_stands_right(const struct silo *s, uint64_t entry, unsigned bucket, unsigned type)
{
    uint64_t guid = entry + s->n->guid;
    uint32_t hash =
        u32(s->m, guid) ^ u32(s->m, guid + 4) ^ u32(s->m, guid + 8) ^ u32(s->m, guid + 12);
    /* of a group, members are listed by their second link */
    size_t listed = list_length(s->m, entry + s->n->registrations);

    (void)type;
    assert_int_equal(hash & 63, bucket);
    assert_int_equal(u64(s->m, entry + s->n->own_state), s->state);
    assert_int_equal(u64(s->m, entry + s->n->references), slots_in_use(s, entry) + listed);
}

static void entries_fit(const struct silo *s)
{
    size_t count = silo_each_entry(s, entry_stands_right);

    assert_true(count >= (s->job ? 20 : 300));
    if (s->n->counters)
        assert_int_equal(u32(s->m, s->state + s->n->counters), count);
}

static void entries_stand_in_their_buckets_and_are_counted(void **state)
{
    (void)state;
    silos_each(entries_fit);
}

static void sum_is_right(const struct silo *s, uint64_t entry, unsigned bucket, unsigned type)
{
    uint64_t any = 0, all_words = ~(uint64_t)0, sum = entry + s->n->all;
    uint32_t property = 0, in_use = slots_in_use(s, entry);
    uint8_t level = 0;

    (void)bucket;
    (void)type;
    for (unsigned k = 0; k < SLOTS; k++) {
        uint64_t slot = entry + s->n->slots + 0x20 * k;

        if (!u32(s->m, slot))
            continue;
        assert_int_not_equal(silo_logger(s, u16(s->m, slot + 6)), 0);
        level = u8(s->m, slot + 4) > level ? u8(s->m, slot + 4) : level;
        property |= u32(s->m, slot + 8);
        any |= u64(s->m, slot + 0x10);
        all_words &= u64(s->m, slot + 0x18);
    }
    assert_int_equal(u32(s->m, sum), in_use > 0);
    assert_int_equal(u8(s->m, sum + 4), level);
    assert_int_equal(u32(s->m, sum + 8), property);
    assert_true(u64(s->m, sum + 0x10) == any);
    assert_true(u64(s->m, sum + 0x18) == (in_use ? all_words : 0));
}

static void sums_fit(const struct silo *s)
{
    silo_each_entry(s, sum_is_right);
}

static void slots_are_for_live_loggers_and_summed_up(void **state)
{
    (void)state;
    silos_each(sums_fit);
}

/* An entry of a server silo hangs on the host's of the same GUID. */
static void host_is_right(const struct silo *s, uint64_t entry, unsigned bucket, unsigned type)
{
    uint64_t host = u64(s->m, entry + s->n->host), at;
    uint8_t own[16], hosts[16];
    bool found = false;

    (void)bucket;
    (void)type;
    assert_int_equal(host != 0, s->job != 0);
    if (!host)
        return;
    read_all(s->m, entry + s->n->guid, own, sizeof(own));
    read_all(s->m, host + s->n->guid, hosts, sizeof(hosts));
    assert_memory_equal(own, hosts, sizeof(own));
    for (at = u64(s->m, host + 0x10); at != host + 0x10; at = u64(s->m, at))
        found = found || at - 0x10 == entry;
    assert_true(found);
}

static void hosts_fit(const struct silo *s)
{
    if (s->n->host)
        silo_each_entry(s, host_is_right);
}

static void entries_of_server_silos_hang_on_the_hosts(void **state)
{
    (void)state;
    silos_each(hosts_fit);
}

/* ---- registrations ---- */

/* Slots of an entry that a registration should be allowed to write for. */
static uint8_t expected_mask(const struct silo *s, uint64_t entry, bool is_kernel)
{
    uint8_t mask = 0;

    for (unsigned k = 0; entry && k < SLOTS; k++) {
        uint64_t slot = entry + s->n->slots + 0x20 * k;
        uint64_t logger = u32(s->m, slot) ? silo_logger(s, u16(s->m, slot + 6)) : 0;

        if (logger && !(is_kernel && u32(s->m, logger + 0xc) & PAGED))
            mask |= (uint8_t)(1u << k);
    }
    return mask;
}

static bool is_in_a_module(const struct silo *s, uint64_t code)
{
    uint64_t head = lab_machine_info(s->m)->module_list;

    for (uint64_t at = u64(s->m, head); at != head; at = u64(s->m, at))
        if (code - u64(s->m, at + 0x30) < u32(s->m, at + 0x40))
            return true;
    return false;
}

static size_t kernels, users, members, refused;

static void registration_is_right(const struct silo *s, uint64_t reg)
{
    uint64_t entry = u64(s->m, reg + 0x20), group = u64(s->m, reg + 0x28);
    uint16_t flags = u16(s->m, reg + 0x62);
    bool is_kernel = flags & KERNEL;
    uint8_t mask = u8(s->m, reg + 0x64);

    assert_true((flags & NEEDED) == NEEDED && !(flags & 0x40));
    assert_int_equal(is_kernel, !(flags & USER));
    assert_int_equal(mask, expected_mask(s, entry, is_kernel));
    assert_int_equal(u8(s->m, reg + 0x65), expected_mask(s, group, is_kernel));
    refused += mask != expected_mask(s, entry, false);
    members += group != 0;
    if (is_kernel) {
        kernels++;
        assert_true(u64(s->m, reg + 0x58) == 0 || is_in_a_module(s, u64(s->m, reg + 0x58)));
    } else {
        users++;
        assert_int_not_equal(u32(s->m, u64(s->m, reg + 0x50) + s->n->process_id), 0);
    }
}

static void registrations_are_right(const struct silo *s, uint64_t entry, unsigned bucket,
                                    unsigned type)
{
    uint64_t head = entry + s->n->registrations, offset = type == 2 ? 0x10 : 0;

    (void)bucket;
    for (uint64_t at = u64(s->m, head); at != head; at = u64(s->m, at)) {
        assert_int_equal(u64(s->m, at - offset + (type == 2 ? 0x28 : 0x20)), entry);
        if (type != 2)
            registration_is_right(s, at);
    }
}

static void registrations_fit(const struct silo *s)
{
    silo_each_entry(s, registrations_are_right);
}

static void registrations_say_what_they_may_write_for(void **state)
{
    (void)state;
    kernels = users = members = refused = 0;
    silos_each(registrations_fit);
    assert_true(kernels > 1000 && users > 10000 && members > 500);
    assert_true(refused > 0); /* the kernel may not write for those with paged memory */
}

/* ---- variables ---- */

static const uint8_t threat_intelligence[16] = {0x7c, 0x89, 0xe1, 0xf4, 0x5d, 0xbb, 0x68, 0x56,
                                                0xf1, 0xd8, 0x04, 0x0f, 0x4d, 0x8d, 0xd3, 0x44};

static size_t threats;

/* It is enabled for a live logger that somebody listens to. */
static void note_threats(const struct silo *s, uint64_t entry, unsigned bucket, unsigned type)
{
    uint8_t guid[16];

    (void)bucket;
    (void)type;
    read_all(s->m, entry + s->n->guid, guid, sizeof(guid));
    for (unsigned k = 0; k < SLOTS && memcmp(guid, threat_intelligence, 16) == 0; k++) {
        uint64_t slot = entry + s->n->slots + 0x20 * k;

        if (u32(s->m, slot))
            threats += list_length(s->m, silo_logger(s, u16(s->m, slot + 6)) + s->n->consumers) > 0;
    }
}

static void handle_fits(const struct silo *s, uint32_t variable, uint32_t first_word)
{
    uint64_t reg = variable ? u64(s->m, silo_base(s) + variable) : 0;

    if (!variable)
        return;
    assert_int_equal(u16(s->m, reg + 0x62) & (KERNEL | NEEDED), KERNEL | NEEDED);
    assert_int_equal(u32(s->m, u64(s->m, reg + 0x20) + s->n->guid), first_word);
}

static void variables_fit(const struct silo *s)
{
    uint64_t hal = silo_base(s) + s->n->hal, end = silo_base(s) + s->n->text_end;

    if (s->job)
        return;
    threats = 0;
    silo_each_entry(s, note_threats);
    assert_true(threats > 0);
    handle_fits(s, s->n->threat_handle, 0xf4e1897c);
    handle_fits(s, s->n->process_handle, 0x22fb2cd6);
    handle_fits(s, s->n->registry_handle, 0x70eb4f03);
    for (uint32_t i = 8; i < 0x200; i += 8)
        assert_true(u64(s->m, hal + i) == 0 || is_in_a_module(s, u64(s->m, hal + i)));
    for (uint32_t i = 0; i < 4; i++) {
        uint64_t file = u64(s->m, silo_base(s) + s->n->file + 8 * i);
        uint64_t disk = u64(s->m, silo_base(s) + s->n->disk + 8 * (i % 2));

        assert_true(file > silo_base(s) && file < end && disk > silo_base(s) && disk < end);
    }
}

static void variables_lead_where_they_should(void **state)
{
    (void)state;
    silos_each(variables_fit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_stand_in_their_buckets_and_are_counted),
        cmocka_unit_test(slots_are_for_live_loggers_and_summed_up),
        cmocka_unit_test(entries_of_server_silos_hang_on_the_hosts),
        cmocka_unit_test(registrations_say_what_they_may_write_for),
        cmocka_unit_test(variables_lead_where_they_should),
    };

    return cmocka_run_group_tests(tests, silos_make_machines, silos_end_machines);
}
