#include "silos.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "read_back.h"

#define KERNELS 4
#define SHAPES  3

/* clang-format off */
static const struct silo_numbers all[KERNELS] = {
    {.name = "14393", .silo_globals = 0x3c0640, .job_list = 0x749468, .process_handle = 0x2fe380,
     .registry_handle = 0x749150, .hal = 0x2f33e0, .disk = 0x327338, .file = 0x2f3898,
     .text_end = 0x14c000, .job_globals = 0x4e8, .globals_etw = 0x350,
     .rundowns = 0x190, .contexts = 0x390, .table = 0x590, .security_loggers = 0x1390,
     .mask = 0x13a0, .pid = 0x13a4,
     .references = 0x10, .guid = 0x18, .registrations = 0x28, .all = 0x50, .slots = 0x70,
     .own_state = 0x178,
     .consumers = 0x148, .flags = 0x330,
     .process_id = 0x2e8, .handles = 0x418},
    {.name = "18362", .silo_globals = 0x58e540, .job_list = 0x9ae388, .threat_handle = 0x434c78,
     .process_handle = 0x434820, .registry_handle = 0x9ae010, .hal = 0x428ce0, .disk = 0x4660e0,
     .file = 0x426378, .text_end = 0x1cc000, .job_globals = 0x4e8, .globals_etw = 0x360,
     .own_globals = 0x8, .max_loggers = 0x10, .rundowns = 0x1a8, .contexts = 0x1b0, .table = 0x1b8,
     .security_loggers = 0xfb8, .mask = 0xfc8, .pid = 0xfd0, .counters = 0xff8, .settings = 0x104c,
     .references = 0x10, .guid = 0x18, .registrations = 0x28, .all = 0x50, .slots = 0x70,
     .own_state = 0x178,
     .consumers = 0x158, .flags = 0x340,
     .process_id = 0x2e8, .handles = 0x418},
    {.name = "19041", .silo_globals = 0xd24540, .job_list = 0xd2d350, .threat_handle = 0xc19e28,
     .process_handle = 0xc199d8, .registry_handle = 0xd2d018, .hal = 0xc00590, .disk = 0xc545d0,
     .file = 0xc00ee0, .text_end = 0x408000, .job_globals = 0x4f8, .globals_etw = 0x360,
     .own_globals = 0x8, .max_loggers = 0x10, .rundowns = 0x1c0, .contexts = 0x1c8, .table = 0x1d0,
     .security_loggers = 0xfd0, .mask = 0xfe0, .pid = 0xfe8, .counters = 0x1010, .settings = 0x1070,
     .references = 0x20, .guid = 0x28, .registrations = 0x38, .all = 0x60, .slots = 0x80,
     .own_state = 0x188, .host = 0x190,
     .consumers = 0x158, .flags = 0x340,
     .process_id = 0x440, .handles = 0x570},
    {.name = "22000", .silo_globals = 0xd32580, .job_list = 0xd3b310, .threat_handle = 0xc15d38,
     .process_handle = 0xc15db0, .registry_handle = 0xd3b010, .hal = 0xc01be0, .disk = 0xc4ef10,
     .file = 0xc00300, .text_end = 0x42b000, .job_globals = 0x5b8, .globals_etw = 0x360,
     .own_globals = 0x8, .max_loggers = 0x10, .rundowns = 0x1c0, .contexts = 0x1c8, .table = 0x1d0,
     .security_loggers = 0xfd0, .mask = 0xfe0, .pid = 0xfe8, .counters = 0x1018, .settings = 0x1088,
     .references = 0x20, .guid = 0x28, .registrations = 0x38, .all = 0x60, .slots = 0x80,
     .own_state = 0x188, .host = 0x190,
     .consumers = 0x148, .flags = 0x330,
     .process_id = 0x440, .handles = 0x570},
};
/* clang-format on */

static struct lab_machine *machines[KERNELS][SHAPES];

int silos_make_machines(void **state)
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

int silos_end_machines(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS * SHAPES; i++)
        lab_machine_destroy(machines[i / SHAPES][i % SHAPES]);
    return 0;
}

uint64_t silo_base(const struct silo *s)
{
    return lab_machine_info(s->m)->kernel_base;
}

static void on_silos(const struct lab_machine *m, const struct silo_numbers *n, silo_fn *check)
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

void silos_each(silo_fn *check)
{
    for (size_t i = 0; i < KERNELS * SHAPES; i++)
        on_silos(machines[i / SHAPES][i % SHAPES], &all[i / SHAPES], check);
}

uint32_t silo_slots(const struct silo *s)
{
    return s->n->max_loggers ? u32(s->m, s->state + s->n->max_loggers) : 64;
}

uint64_t silo_logger(const struct silo *s, uint16_t id)
{
    uint64_t array = s->state + s->n->contexts, slot;

    assert_true(id < silo_slots(s));
    if (s->n->max_loggers)
        array = u64(s->m, array);
    slot = u64(s->m, array + 8u * id);
    return slot & 1 ? 0 : slot;
}

size_t silo_each_entry(const struct silo *s, silo_entry_fn *check)
{
    size_t count = 0;

    for (unsigned i = 0; i < 64 * 3; i++) {
        uint64_t head = s->state + s->n->table + i / 3 * 0x38 + i % 3 * 0x10;

        for (uint64_t at = u64(s->m, head); at != head; at = u64(s->m, at), count++)
            check(s, at, i / 3, i % 3);
    }
    return count;
}
