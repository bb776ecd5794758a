/* Providers, registrations and loggers of every silo keep the kernel's rules: read back by raw offsets, typed
 * here as numbers from the public type tables, on each kernel in more than one shape. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "machine.h"
#include "read_back.h"

#define KERNELS 4
#define SHAPES  3
#define SLOTS   8u
#define PAGED   0x1000000u /* LoggerMode */
#define KERNEL  1u         /* flags of a registration */
#define USER    2u
#define NEEDED  0x80u /* inserted */

struct numbers {
    const char *name;
    /* RVAs; 0: the kernel has no such thing */
    uint32_t silo_globals, job_list, threat_handle, process_handle, registry_handle, hal, disk,
        file, text_end;
    uint32_t job_globals, globals_etw; /* _EJOB, _ESERVERSILO_GLOBALS */
    /* _ETW_SILODRIVERSTATE; max_loggers 0: 64 slots inside */
    uint32_t own_globals, max_loggers, rundowns, contexts, table, security_loggers, mask, pid,
        counters, settings;
    /* _ETW_GUID_ENTRY; host 0: there is none */
    uint32_t references, guid, registrations, all, slots, own_state, host;
    /* _WMI_LOGGER_CONTEXT */
    uint32_t consumers, flags;
    uint32_t process_id, process_name, handles; /* _EPROCESS */
};

/* clang-format off */
static const struct numbers all[KERNELS] = {
    {.name = "14393", .silo_globals = 0x3c0640, .job_list = 0x749468, .process_handle = 0x2fe380,
     .registry_handle = 0x749150, .hal = 0x2f33e0, .disk = 0x327338, .file = 0x2f3898,
     .text_end = 0x14c000, .job_globals = 0x4e8, .globals_etw = 0x350,
     .rundowns = 0x190, .contexts = 0x390, .table = 0x590, .security_loggers = 0x1390,
     .mask = 0x13a0, .pid = 0x13a4,
     .references = 0x10, .guid = 0x18, .registrations = 0x28, .all = 0x50, .slots = 0x70,
     .own_state = 0x178,
     .consumers = 0x148, .flags = 0x330,
     .process_id = 0x2e8, .process_name = 0x450, .handles = 0x418},
    {.name = "18362", .silo_globals = 0x58e540, .job_list = 0x9ae388, .threat_handle = 0x434c78,
     .process_handle = 0x434820, .registry_handle = 0x9ae010, .hal = 0x428ce0, .disk = 0x4660e0,
     .file = 0x426378, .text_end = 0x1cc000, .job_globals = 0x4e8, .globals_etw = 0x360,
     .own_globals = 0x8, .max_loggers = 0x10, .rundowns = 0x1a8, .contexts = 0x1b0, .table = 0x1b8,
     .security_loggers = 0xfb8, .mask = 0xfc8, .pid = 0xfd0, .counters = 0xff8, .settings = 0x104c,
     .references = 0x10, .guid = 0x18, .registrations = 0x28, .all = 0x50, .slots = 0x70,
     .own_state = 0x178,
     .consumers = 0x158, .flags = 0x340,
     .process_id = 0x2e8, .process_name = 0x450, .handles = 0x418},
    {.name = "19041", .silo_globals = 0xd24540, .job_list = 0xd2d350, .threat_handle = 0xc19e28,
     .process_handle = 0xc199d8, .registry_handle = 0xd2d018, .hal = 0xc00590, .disk = 0xc545d0,
     .file = 0xc00ee0, .text_end = 0x408000, .job_globals = 0x4f8, .globals_etw = 0x360,
     .own_globals = 0x8, .max_loggers = 0x10, .rundowns = 0x1c0, .contexts = 0x1c8, .table = 0x1d0,
     .security_loggers = 0xfd0, .mask = 0xfe0, .pid = 0xfe8, .counters = 0x1010, .settings = 0x1070,
     .references = 0x20, .guid = 0x28, .registrations = 0x38, .all = 0x60, .slots = 0x80,
     .own_state = 0x188, .host = 0x190,
     .consumers = 0x158, .flags = 0x340,
     .process_id = 0x440, .process_name = 0x5a8, .handles = 0x570},
    {.name = "22000", .silo_globals = 0xd32580, .job_list = 0xd3b310, .threat_handle = 0xc15d38,
     .process_handle = 0xc15db0, .registry_handle = 0xd3b010, .hal = 0xc01be0, .disk = 0xc4ef10,
     .file = 0xc00300, .text_end = 0x42b000, .job_globals = 0x5b8, .globals_etw = 0x360,
     .own_globals = 0x8, .max_loggers = 0x10, .rundowns = 0x1c0, .contexts = 0x1c8, .table = 0x1d0,
     .security_loggers = 0xfd0, .mask = 0xfe0, .pid = 0xfe8, .counters = 0x1018, .settings = 0x1088,
     .references = 0x20, .guid = 0x28, .registrations = 0x38, .all = 0x60, .slots = 0x80,
     .own_state = 0x188, .host = 0x190,
     .consumers = 0x148, .flags = 0x330,
     .process_id = 0x440, .process_name = 0x5a8, .handles = 0x570},
};
/* clang-format on */

static struct lab_machine *machines[KERNELS][SHAPES];

static int make_machines(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS * SHAPES; i++) {
        const struct lab_machine_options options = {.seed = 1 + 59 * (i % SHAPES)};
        const char *why = "";

        machines[i / SHAPES][i % SHAPES] =
            lab_machine_create_with(all[i / SHAPES].name, LAB_KERNEL_DIR, &options, &why);
        if (!machines[i / SHAPES][i % SHAPES]) {
            print_error("%s: %s\n", all[i / SHAPES].name, why);
            return -1;
        }
    }
    return 0;
}

static int end_machines(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS * SHAPES; i++)
        lab_machine_destroy(machines[i / SHAPES][i % SHAPES]);
    return 0;
}

/* One ETW state of one machine. */
struct silo {
    const struct lab_machine *m;
    const struct numbers *n;
    uint64_t job, globals, state;
};

static uint64_t base_of(const struct silo *s)
{
    return lab_machine_info(s->m)->kernel_base;
}

typedef void check_fn(const struct silo *s);

static void on_silos(const struct lab_machine *m, const struct numbers *n, check_fn *check)
{
    uint64_t base = lab_machine_info(m)->kernel_base, head = base + n->job_list;
    struct silo host = {m, n, 0, base + n->silo_globals, 0};
    size_t count = 0;

    host.state = u64(m, host.globals + n->globals_etw);
    check(&host);
    for (uint64_t at = u64(m, head); at != head; at = u64(m, at)) {
        struct silo s = {m, n, at - 0x18, u64(m, at - 0x18 + n->job_globals), 0};

        if (!s.globals)
            continue;
        s.state = u64(m, s.globals + n->globals_etw);
        check(&s);
        count++;
    }
    assert_in_range(count, 0, 2);
}

static void on_each(check_fn *check)
{
    for (size_t i = 0; i < KERNELS * SHAPES; i++)
        on_silos(machines[i / SHAPES][i % SHAPES], &all[i / SHAPES], check);
}

/* A live logger of that id, else 0. */
static uint64_t logger_of(const struct silo *s, uint16_t id)
{
    uint64_t array = s->state + s->n->contexts, slot;

    if (s->n->max_loggers) {
        assert_true(id < u32(s->m, s->state + s->n->max_loggers));
        array = u64(s->m, array);
    }
    slot = u64(s->m, array + 8u * id);
    return slot & 1 ? 0 : slot;
}

typedef void entry_fn(const struct silo *s, uint64_t entry, unsigned bucket, unsigned type);

static size_t on_entries(const struct silo *s, entry_fn *check)
{
    size_t count = 0;

    for (unsigned i = 0; i < 64 * 3; i++) {
        uint64_t head = s->state + s->n->table + i / 3 * 0x38 + i % 3 * 0x10;

        for (uint64_t at = u64(s->m, head); at != head; at = u64(s->m, at), count++)
            check(s, at, i / 3, i % 3);
    }
    return count;
}

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
    on_each(state_fits);
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
        assert_int_equal(u32(s->m, logger_of(s, id) + s->n->flags) >> 14 & 1, 1);
    }
}

static void security_loggers_are_told_alike_everywhere(void **state)
{
    (void)state;
    on_each(security_fits);
}

/* ---- loggers ---- */

static uint32_t slots_of(const struct silo *s)
{
    return s->n->max_loggers ? u32(s->m, s->state + s->n->max_loggers) : 64;
}

/* Slots that are free hold 1; others count, whether their loggers live or stop. */
static void loggers_counted(const struct silo *s)
{
    uint64_t array = s->state + s->n->contexts;
    uint32_t count = 0;

    if (!s->n->counters)
        return;
    array = u64(s->m, array);
    for (uint32_t i = 0; i < slots_of(s); i++)
        count += u64(s->m, array + 8 * i) != 1;
    assert_int_equal(u32(s->m, s->state + s->n->counters + 0xc), count);
}

static void loggers_are_counted(void **state)
{
    (void)state;
    on_each(loggers_counted);
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

    for (uint16_t id = 0; id < slots_of(s); id++) {
        uint64_t logger = logger_of(s, id), head = logger + s->n->consumers;

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
    on_each(consumers_fit);
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
    for (uint16_t id = 0; id < slots_of(s); id++) {
        uint64_t logger = logger_of(s, id);
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
    on_each(system_loggers_fit);
}

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
    size_t count = on_entries(s, entry_stands_right);

    assert_true(count >= (s->job ? 20 : 300));
    if (s->n->counters)
        assert_int_equal(u32(s->m, s->state + s->n->counters), count);
}

static void entries_stand_in_their_buckets_and_are_counted(void **state)
{
    (void)state;
    on_each(entries_fit);
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
        assert_int_not_equal(logger_of(s, u16(s->m, slot + 6)), 0);
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
    on_entries(s, sum_is_right);
}

static void slots_are_for_live_loggers_and_summed_up(void **state)
{
    (void)state;
    on_each(sums_fit);
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
        on_entries(s, host_is_right);
}

static void entries_of_server_silos_hang_on_the_hosts(void **state)
{
    (void)state;
    on_each(hosts_fit);
}

/* ---- registrations ---- */

/* Slots of an entry that a registration should be allowed to write for. */
static uint8_t expected_mask(const struct silo *s, uint64_t entry, bool is_kernel)
{
    uint8_t mask = 0;

    for (unsigned k = 0; entry && k < SLOTS; k++) {
        uint64_t slot = entry + s->n->slots + 0x20 * k;
        uint64_t logger = u32(s->m, slot) ? logger_of(s, u16(s->m, slot + 6)) : 0;

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
    on_entries(s, registrations_are_right);
}

static void registrations_say_what_they_may_write_for(void **state)
{
    (void)state;
    kernels = users = members = refused = 0;
    on_each(registrations_fit);
    assert_true(kernels > 1000 && users > 10000 && members > 500 && refused > 0);
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
            threats += list_length(s->m, logger_of(s, u16(s->m, slot + 6)) + s->n->consumers) > 0;
    }
}

static void handle_fits(const struct silo *s, uint32_t variable, uint32_t first_word)
{
    uint64_t reg = variable ? u64(s->m, base_of(s) + variable) : 0;

    if (!variable)
        return;
    assert_int_equal(u16(s->m, reg + 0x62) & (KERNEL | NEEDED), KERNEL | NEEDED);
    assert_int_equal(u32(s->m, u64(s->m, reg + 0x20) + s->n->guid), first_word);
}

static void variables_fit(const struct silo *s)
{
    uint64_t hal = base_of(s) + s->n->hal, end = base_of(s) + s->n->text_end;

    if (s->job)
        return;
    threats = 0;
    on_entries(s, note_threats);
    assert_true(threats > 0);
    handle_fits(s, s->n->threat_handle, 0xf4e1897c);
    handle_fits(s, s->n->process_handle, 0x22fb2cd6);
    handle_fits(s, s->n->registry_handle, 0x70eb4f03);
    for (uint32_t i = 8; i < 0x200; i += 8)
        assert_true(u64(s->m, hal + i) == 0 || is_in_a_module(s, u64(s->m, hal + i)));
    for (uint32_t i = 0; i < 4; i++) {
        uint64_t file = u64(s->m, base_of(s) + s->n->file + 8 * i);
        uint64_t disk = u64(s->m, base_of(s) + s->n->disk + 8 * (i % 2));

        assert_true(file > base_of(s) && file < end && disk > base_of(s) && disk < end);
    }
}

static void variables_lead_where_they_should(void **state)
{
    (void)state;
    on_each(variables_fit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_lead_back_to_their_silos),
        cmocka_unit_test(security_loggers_are_told_alike_everywhere),
        cmocka_unit_test(loggers_are_counted),
        cmocka_unit_test(consumers_have_a_handle_in_their_process),
        cmocka_unit_test(system_loggers_are_told_alike_everywhere),
        cmocka_unit_test(entries_stand_in_their_buckets_and_are_counted),
        cmocka_unit_test(slots_are_for_live_loggers_and_summed_up),
        cmocka_unit_test(entries_of_server_silos_hang_on_the_hosts),
        cmocka_unit_test(registrations_say_what_they_may_write_for),
        cmocka_unit_test(variables_lead_where_they_should),
    };

    return cmocka_run_group_tests(tests, make_machines, end_machines);
}
