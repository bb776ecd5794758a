/* Machines are read back by raw offsets, typed here as numbers from the public type tables, never by the
 * structs that filled them. */
#define _XOPEN_SOURCE 700 /* mkdtemp */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine.h"
#include "read_back.h"
#include "table_walk.h"

#define SHARED_DATA 0xfffff78000000000u
#define SLOTS_MAX   256u

struct numbers {
    const char *name;
    uint64_t base, state;
    /* RVAs */
    uint32_t module_list, process_head, silo_globals, host_state, debugger_data, kdbg;
    uint32_t stamp, image_size;
    const char *guid; /* as a symbol store spells it, with the age */
    /* _ETW_SILODRIVERSTATE; max_loggers 0: 64 slots inside the state */
    uint32_t max_loggers, contexts, security_loggers, mask, pid;
    uint32_t globals_etw; /* _ESERVERSILO_GLOBALS */
    /* _WMI_LOGGER_CONTEXT */
    uint32_t logger_size, logger_name, log_file, global_list, buffers, consumers, consumer_count,
        collection_on, flags, silo_state;
    uint32_t process_id, process_links, process_name; /* _EPROCESS */
    size_t loggers, stopping;
    uint32_t lsass;
};

/* clang-format off */
static const struct numbers all[] = {
    {.name = "14393", .base = 0xfffff803c381d000, .state = 0xffff9c876c0c8000,
     .module_list = 0x3081a0, .process_head = 0x302550, .silo_globals = 0x3c0640,
     .host_state = 0x2fe1c0, .debugger_data = 0x2f6088, .kdbg = 0x2f3a40,
     .stamp = 0x5a7e6e98, .image_size = 0x822000, .guid = "6B64770714393000A2068D0C0FFEE0011",
     .contexts = 0x390, .security_loggers = 0x1390, .mask = 0x13a0, .pid = 0x13a4,
     .globals_etw = 0x350,
     .logger_size = 0x440, .logger_name = 0x88, .log_file = 0x98, .global_list = 0x60,
     .buffers = 0xe8,
     .consumers = 0x148, .consumer_count = 0x158, .collection_on = 0x140, .flags = 0x330,
     .silo_state = 0x388,
     .process_id = 0x2e8, .process_links = 0x2f0, .process_name = 0x450,
     .loggers = 21, .stopping = 0, .lsass = 0x2c4},
    {.name = "18362", .base = 0xfffff8026e400000, .state = 0xffffa80faaf3e000,
     .module_list = 0x448130, .process_head = 0x438b40, .silo_globals = 0x58e540,
     .host_state = 0x573008, .debugger_data = 0x42be08, .kdbg = 0x4265e0,
     .stamp = 0x12dcb470, .image_size = 0xab6000, .guid = "616A94E33A4827B451B0E19C14C037921",
     .max_loggers = 0x10, .contexts = 0x1b0, .security_loggers = 0xfb8, .mask = 0xfc8,
     .pid = 0xfd0, .globals_etw = 0x360,
     .logger_size = 0x540, .logger_name = 0x98, .log_file = 0xa8, .global_list = 0x60,
     .buffers = 0xf8,
     .consumers = 0x158, .consumer_count = 0x168, .collection_on = 0x150, .flags = 0x340,
     .silo_state = 0x458,
     .process_id = 0x2e8, .process_links = 0x2f0, .process_name = 0x450,
     .loggers = 33, .stopping = 0, .lsass = 0x2bc},
    {.name = "19041", .base = 0xfffff80563a00000, .state = 0xffffd10a2f6c9000,
     .module_list = 0xc2a2b0, .process_head = 0xc1e0a0, .silo_globals = 0xd24540,
     .host_state = 0xcfb008, .debugger_data = 0xc10dc8, .kdbg = 0xc00b20,
     .stamp = 0xf71f414a, .image_size = 0x1046000, .guid = "89284D0CA6ACC8274B9A44BD5AF9290B1",
     .max_loggers = 0x10, .contexts = 0x1c8, .security_loggers = 0xfd0, .mask = 0xfe0,
     .pid = 0xfe8, .globals_etw = 0x360,
     .logger_size = 0x530, .logger_name = 0x98, .log_file = 0xa8, .global_list = 0x60,
     .buffers = 0xf8,
     .consumers = 0x158, .consumer_count = 0x168, .collection_on = 0x150, .flags = 0x340,
     .silo_state = 0x438,
     .process_id = 0x440, .process_links = 0x448, .process_name = 0x5a8,
     .loggers = 37, .stopping = 1, .lsass = 724},
    {.name = "22000", .base = 0xfffff80742000000, .state = 0xffffbe819e4d2000,
     .module_list = 0xc29b20, .process_head = 0xc1bf00, .silo_globals = 0xd32580,
     .host_state = 0xd05008, .debugger_data = 0xc0b188, .kdbg = 0xc02190,
     .stamp = 0xd1f4b617, .image_size = 0x1047000, .guid = "EF84DCF2B16BB881EBE4BD7C8FE7AA8E1",
     .max_loggers = 0x10, .contexts = 0x1c8, .security_loggers = 0xfd0, .mask = 0xfe0,
     .pid = 0xfe8, .globals_etw = 0x360,
     .logger_size = 0x540, .logger_name = 0x88, .log_file = 0x98, .global_list = 0x50,
     .buffers = 0xe8,
     .consumers = 0x148, .consumer_count = 0x158, .collection_on = 0x140, .flags = 0x330,
     .silo_state = 0x448,
     .process_id = 0x440, .process_links = 0x448, .process_name = 0x5a8,
     .loggers = 50, .stopping = 1, .lsass = 792},
};
/* clang-format on */
#define KERNELS (sizeof(all) / sizeof(all[0]))

static struct lab_machine *machines[KERNELS];

static int make_machines(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        const char *why = "";

        machines[i] = lab_machine_create(all[i].name, LAB_KERNEL_DIR, &why);
        if (!machines[i]) {
            print_error("%s: %s\n", all[i].name, why);
            return -1;
        }
    }
    return 0;
}

static int end_machines(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++)
        lab_machine_destroy(machines[i]);
    return 0;
}

/* The slots of the host silo's loggers, as they are. */
static uint32_t slots_of(const struct lab_machine *m, const struct numbers *n,
                         uint64_t slots[SLOTS_MAX])
{
    uint32_t count = n->max_loggers ? u32(m, n->state + n->max_loggers) : 64;
    uint64_t array = n->max_loggers ? u64(m, n->state + n->contexts) : n->state + n->contexts;

    assert_true(count <= SLOTS_MAX);
    for (uint32_t i = 0; i < count; i++)
        slots[i] = u64(m, array + 8u * i);
    return count;
}

/* _EPROCESS with this id; 0: none. */
static uint64_t process_by_id(const struct lab_machine *m, const struct numbers *n, uint32_t pid)
{
    uint64_t head = n->base + n->process_head;

    for (uint64_t at = u64(m, head); at != head; at = u64(m, at)) {
        uint64_t process = at - n->process_links;

        if (u64(m, process + n->process_id) == pid)
            return process;
    }
    return 0;
}

static void identity_is_the_real_kernels(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        const struct numbers *n = &all[i];
        const struct lab_machine_info *info = lab_machine_info(machines[i]);
        uint64_t pe, debug, rsds;
        uint8_t r[24];
        char key[64];

        assert_string_equal(info->name, n->name);
        assert_int_equal(info->kernel_base, n->base);
        assert_int_equal(info->kernel_size, n->image_size);
        assert_int_equal(u16(machines[i], n->base), 0x5a4d);
        pe = n->base + u32(machines[i], n->base + 0x3c);
        assert_int_equal(u32(machines[i], pe), 0x4550);
        assert_int_equal(u32(machines[i], pe + 8), n->stamp);
        assert_int_equal(u32(machines[i], pe + 24 + 56), n->image_size);
        assert_int_equal(u32(machines[i], pe + 24 + 64), info->kernel_checksum);
        debug = n->base + u32(machines[i], pe + 24 + 160);
        assert_int_equal(u32(machines[i], debug + 12), 2);
        rsds = n->base + u32(machines[i], debug + 20);
        assert_int_equal(u32(machines[i], rsds), 0x53445352);
        read_all(machines[i], rsds, r, sizeof(r));
        snprintf(key, sizeof(key), "%08" PRIX32 "%04X%04X%02X%02X%02X%02X%02X%02X%02X%02X%" PRIX32,
                 u32(machines[i], rsds + 4), (unsigned)u16(machines[i], rsds + 8),
                 (unsigned)u16(machines[i], rsds + 10), r[12], r[13], r[14], r[15], r[16], r[17],
                 r[18], r[19], u32(machines[i], rsds + 20));
        assert_string_equal(key, n->guid);
    }
}

static void loggers_are_those_of_the_published_analyses(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct numbers *n = &all[i];
        uint64_t slots[SLOTS_MAX];
        uint32_t count = slots_of(machines[i], n, slots), next = 0;
        char path[1024], line[256];
        FILE *f;

        snprintf(path, sizeof(path), KDWALK_TEST_DATA "/expected/loggers-%s.txt", n->name);
        f = fopen(path, "r");
        if (!f) {
            print_message("no corpus at %s\n", KDWALK_TEST_DATA);
            skip();
        }
        while (fgets(line, sizeof(line), f)) {
            uint64_t logger, silo;
            unsigned id;
            const char *arrow = strstr(line, "->");

            assert_non_null(arrow);
            assert_int_equal(sscanf(arrow, "->%" SCNx64 " Id->%x _ETW_SILODRIVERSTATE->%" SCNx64,
                                    &logger, &id, &silo),
                             3);
            for (; next < id; next++)
                assert_int_equal(slots[next], 1);
            assert_int_equal(slots[next++], logger);
            assert_int_equal(u32(machines[i], logger), id);
            assert_int_equal(u64(machines[i], logger + n->silo_state), silo);
            assert_int_equal(silo, n->state);
        }
        fclose(f);
        for (; next < count; next++)
            assert_int_equal(slots[next], 1);
    }
}

static void state_fields_are_those_of_the_published_analyses(void **state)
{
    const struct lab_machine *a = machines[0], *b = machines[1];
    uint64_t sa = all[0].state, sb = all[1].state;

    (void)state;
    assert_int_equal(u64(a, sa + 0x190), 0xffff9c876c298270);
    assert_int_equal(u64(a, sa + 0x390), 1);
    assert_int_equal(u16(a, sa + 0x1390), 3);
    assert_int_equal(u16(a, sa + 0x13a0), 3); /* mask 3, not shutting down */
    assert_int_equal(u32(a, sa + 0x13a4), 0x2c4);

    assert_int_equal(u64(b, sb), 0);
    assert_int_equal(u64(b, sb + 0x8), 0xfffff8026e98e540);
    assert_int_equal(u32(b, sb + 0x10), 0x40);
    assert_int_equal(u64(b, sb + 0x1a8), 0xffffa80faae71ac0);
    assert_int_equal(u64(b, 0xffffa80faae71ac0), 0xffffa80faae503f0);
    assert_int_equal(u64(b, sb + 0x1b0), 0xffffa80faae71cc0);
    assert_int_equal(u64(b, 0xffffa80faae71cc0), 1);
    assert_int_equal(u16(b, sb + 0xfb8), 3);
    assert_int_equal(u32(b, sb + 0xfc8), 3);
    assert_int_equal(u32(b, sb + 0xfcc), 0);
    assert_int_equal(u32(b, sb + 0xfd0), 0x2bc);
    assert_int_equal(u64(b, sb + 0x1008), 0x13877c00);
    assert_int_equal(u64(b, sb + 0x1010), 0xffffa80faaf3f240);
    assert_int_equal(u64(b, sb + 0x1018), 0xffff818148a55f70);
    for (uint32_t at = 0x1020; at < 0x1048; at += 8) /* two GUIDs, QpcOffsetFromRoot */
        assert_int_equal(u64(b, sb + at), 0);
    assert_int_equal(u32(b, sb + 0x1048), 0);
}

static void three_routes_lead_to_the_same_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        const struct numbers *n = &all[i];
        uint64_t array =
            n->max_loggers ? u64(machines[i], n->state + n->contexts) : n->state + n->contexts;

        assert_int_equal(u64(machines[i], n->base + n->silo_globals + n->globals_etw), n->state);
        assert_int_equal(u64(machines[i], n->base + n->host_state), n->state);
        assert_int_equal(u64(machines[i], n->base + n->debugger_data + 0x10), array);
    }
}

static void every_logger_keeps_the_kernels_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        const struct numbers *n = &all[i];
        const struct lab_machine *m = machines[i];
        uint64_t slots[SLOTS_MAX];
        uint32_t count = slots_of(m, n, slots);
        size_t live = 0, stopping = 0;

        for (uint32_t id = 0; id < count; id++) {
            uint64_t logger = slots[id] & ~(uint64_t)1;
            char name[128];

            assert_int_not_equal(slots[id], 0);
            if (slots[id] == 1)
                continue;
            live++;
            stopping += slots[id] & 1;
            assert_int_equal(u32(m, logger), id);
            assert_int_equal(u64(m, logger + n->silo_state), n->state);
            assert_int_equal(u64(m, logger + n->logger_name + 8), logger + n->logger_size);
            text_at(m, logger + n->logger_name, name, sizeof(name));
            assert_int_not_equal(name[0], '\0');
            assert_int_equal(list_length(m, logger + n->global_list), u32(m, logger + n->buffers));
            assert_int_equal(list_length(m, logger + n->consumers),
                             u32(m, logger + n->consumer_count));
            assert_int_equal(u32(m, logger + n->collection_on), (slots[id] & 1) == 0);
            assert_int_equal(u32(m, logger + n->flags) >> 6 & 1, slots[id] & 1); /* NoMoreEnable */
        }
        assert_int_equal(live, n->loggers);
        assert_int_equal(stopping, n->stopping);
    }
}

static void consumers_belong_to_listed_processes(void **state)
{
    size_t seen = 0;

    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        const struct numbers *n = &all[i];
        const struct lab_machine *m = machines[i];
        uint64_t slots[SLOTS_MAX];
        uint32_t count = slots_of(m, n, slots);

        for (uint32_t id = 0; id < count; id++) {
            uint64_t logger = slots[id] & ~(uint64_t)1, head = logger + n->consumers;

            if (slots[id] == 1)
                continue;
            for (uint64_t at = u64(m, head); at != head; at = u64(m, at)) {
                uint64_t process = u64(m, at + 0x18);

                assert_int_equal(u16(m, at + 0x58), id);
                assert_int_equal(u64(m, at + 0x98), n->state);
                assert_int_equal(process_by_id(m, n, u32(m, process + n->process_id)), process);
                seen++;
            }
        }
    }
    assert_true(seen > 40);
}

static void security_provider_is_lsass(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        const struct numbers *n = &all[i];
        uint64_t process;
        char name[16] = "";

        assert_int_equal(u32(machines[i], n->state + n->pid), n->lsass);
        process = process_by_id(machines[i], n, n->lsass);
        assert_int_not_equal(process, 0);
        read_all(machines[i], process + n->process_name, name, 15);
        assert_string_equal(name, "lsass.exe");
        assert_int_equal(u16(machines[i], n->state + n->security_loggers), 3);
        assert_int_equal(u16(machines[i], n->state + n->mask) & 0xff, 3);
    }
}

static void newest_machine_has_loggers_above_the_64th(void **state)
{
    uint64_t slots[SLOTS_MAX];

    (void)state;
    assert_int_equal(slots_of(machines[3], &all[3], slots), 80);
    assert_int_not_equal(slots[0x40], 1);
    assert_int_not_equal(slots[0x4f], 1);
}

static void a_log_file_name_can_be_paged_out(void **state)
{
    uint64_t slots[SLOTS_MAX];
    uint32_t count = slots_of(machines[3], &all[3], slots);
    size_t paged = 0;

    (void)state;
    for (uint32_t id = 0; id < count; id++) {
        uint64_t name = (slots[id] & ~(uint64_t)1) + all[3].log_file;
        uint8_t byte;

        if (slots[id] != 1 && u16(machines[3], name) != 0)
            paged +=
                lab_machine_read_virtual(machines[3], u64(machines[3], name + 8), &byte, 1) == 0;
    }
    assert_int_equal(paged, 1);
}

static void reads_stop_at_the_end_of_a_mapping(void **state)
{
    uint64_t slots[SLOTS_MAX];
    uint8_t page[0x1000];
    uint64_t logger, end;

    (void)state;
    slots_of(machines[3], &all[3], slots);
    logger = slots[0x4f];
    end = (logger & ~(uint64_t)0xfff) + 0x1000;
    assert_true(logger + all[3].logger_size < end && logger + 0x600 > end);
    assert_int_equal(lab_machine_read_virtual(machines[3], logger, page, 0x600), end - logger);
    assert_int_equal(lab_machine_read_virtual(machines[3], end, page, 1), 0);
    assert_int_equal(lab_machine_read_virtual(machines[3], end - 1, page, 2), 1);
    assert_int_equal(lab_machine_read_virtual(machines[3], 0x1000, page, 1), 0);
    assert_int_equal(lab_machine_read_virtual(machines[3], 0x7fff80000000000, page, 1), 0);
    assert_int_equal(lab_machine_read_virtual(machines[3], UINT64_MAX - 3, page, 16), 0);
    assert_int_equal(lab_machine_read_virtual(machines[3], logger, page, 0), 0);
}

static void discarded_pages_of_the_image_cannot_be_read(void **state)
{
    uint8_t byte;

    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        uint64_t end = all[i].base + all[i].image_size;

        assert_int_equal(lab_machine_read_virtual(machines[i], end - 1, &byte, 1), 0);
        assert_int_equal(lab_machine_read_virtual(machines[i], end - 0x10001, &byte, 1), 1);
    }
}

/* What a processor would do with this cr3. */
static uint64_t translate(const struct lab_machine *m, uint64_t cr3, uint64_t va)
{
    uint64_t table = cr3;

    for (int shift = 39; shift >= 12; shift -= 9) {
        uint64_t entry = 0;

        assert_int_equal(lab_machine_read_physical(m, table + 8 * (va >> shift & 0x1ff), &entry, 8),
                         8);
        if (!(entry & 1))
            return 0;
        table = entry & 0x000ffffffffff000;
    }
    return table + va % 0x1000;
}

static void page_tables_say_what_virtual_reads_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        uint64_t cr3 = lab_machine_info(machines[i])->cr3;
        const uint64_t at[] = {SHARED_DATA, all[i].base, all[i].base + all[i].kdbg, all[i].state,
                               lab_machine_info(machines[i])->stack};

        for (size_t k = 0; k < sizeof(at) / sizeof(at[0]); k++) {
            uint64_t pa = translate(machines[i], cr3, at[k]), value;

            assert_int_not_equal(pa, 0);
            assert_int_equal(lab_machine_read_physical(machines[i], pa, &value, 8), 8);
            assert_int_equal(value, u64(machines[i], at[k]));
        }
        assert_int_equal(translate(machines[i], cr3, 0xffff800000000000), 0);
    }
}

struct mapped {
    const struct lab_machine *m;
    uint64_t last;
    size_t system, user;
};

static void read_both_ways(void *ctx, unsigned level, uint64_t va, uint64_t pa)
{
    struct mapped *mapped = ctx;
    uint8_t by_va[0x1000], by_pa[0x1000];

    if (level > 0)
        return;
    assert_true(va > mapped->last);
    mapped->last = va;
    assert_int_equal(lab_machine_read_physical(mapped->m, pa, by_pa, 0x1000), 0x1000);
    if (va >> 63) {
        mapped->system++;
        assert_int_equal(lab_machine_read_virtual(mapped->m, va, by_va, 0x1000), 0x1000);
        assert_memory_equal(by_va, by_pa, 0x1000);
    } else {
        mapped->user++;
    }
}

static void every_page_that_the_tables_map_is_read_at_its_address(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        struct mapped all_of_it = {.m = machines[i]};

        table_walk(machines[i], lab_machine_info(machines[i])->cr3, read_both_ways, &all_of_it);
        assert_true(all_of_it.system > all[i].image_size / 0x1000);
        assert_int_equal(all_of_it.user, 0); /* the System process is no program */
    }
}

static void programs_have_a_half_of_their_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        const struct numbers *n = &all[i];
        struct mapped lsass = {.m = machines[i]};
        uint64_t process = process_by_id(machines[i], n, n->lsass), pa, image = 0;
        uint64_t root = u64(machines[i], process + 0x28);
        uint64_t peb = u64(machines[i], process + (n->process_id == 0x2e8 ? 0x3f8 : 0x550));

        table_walk(machines[i], root, read_both_ways, &lsass);
        assert_int_equal(lsass.user, 4);
        assert_int_equal(translate(machines[i], root, 0x7ffe0000),
                         translate(machines[i], root, SHARED_DATA));
        pa = translate(machines[i], root, peb);
        assert_int_not_equal(pa, 0);
        assert_int_equal(translate(machines[i], lab_machine_info(machines[i])->cr3, peb), 0);
        assert_int_equal(lab_machine_read_physical(machines[i], pa + 0x10, &image, 8), 8);
        assert_int_equal(image, 0x7ff600000000 + n->lsass * 0x10000u);
    }
}

static void page_tables_are_seen_at_the_pte_base(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        const struct lab_machine_info *info = lab_machine_info(machines[i]);
        uint64_t base = u64(machines[i], all[i].base + all[i].kdbg + 0x360);
        uint64_t entry = u64(machines[i], base + (all[i].state >> 9 & 0x7ffffffff8));

        assert_int_equal(entry & 0x000ffffffffff000,
                         translate(machines[i], info->cr3, all[i].state & ~(uint64_t)0xfff));
    }
}

static void every_process_has_the_kernel_in_its_own_space(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        const struct numbers *n = &all[i];
        uint64_t system = process_by_id(machines[i], n, 4);
        uint64_t lsass = process_by_id(machines[i], n, n->lsass);
        uint64_t root = u64(machines[i], lsass + 0x28); /* DirectoryTableBase */

        assert_int_equal(u64(machines[i], system + 0x28), lab_machine_info(machines[i])->cr3);
        assert_int_not_equal(root, lab_machine_info(machines[i])->cr3);
        assert_int_equal(translate(machines[i], root, n->state),
                         translate(machines[i], lab_machine_info(machines[i])->cr3, n->state));
        assert_int_not_equal(translate(machines[i], root, SHARED_DATA), 0);
    }
}

static void more_memory_lies_above_the_devices(void **state)
{
    const struct lab_machine_options options = {.ram = UINT64_C(4) << 30};
    struct lab_machine *m = lab_machine_create_with("18362", LAB_KERNEL_DIR, &options, NULL);
    struct mapped all_of_it = {.m = m};
    uint8_t byte;

    (void)state;
    assert_non_null(m);
    table_walk(m, lab_machine_info(m)->cr3, read_both_ways, &all_of_it);
    assert_true(all_of_it.system > all[1].image_size / 0x1000);
    assert_int_equal(lab_machine_read_physical(m, 0x7fffffff, &byte, 1), 1);
    assert_int_equal(lab_machine_read_physical(m, 0x80000000, &byte, 1), 0);
    assert_int_equal(lab_machine_read_physical(m, 0xffffffff, &byte, 1), 0);
    assert_int_equal(lab_machine_read_physical(m, 0x100000000, &byte, 1), 1);
    assert_int_equal(lab_machine_read_physical(m, 0x17fffffff, &byte, 1), 1);
    assert_int_equal(lab_machine_read_physical(m, 0x180000000, &byte, 1), 0);
    assert_int_equal(u32(m, SHARED_DATA + 0x2e8), 0x100000);
    lab_machine_destroy(m);
}

static void physical_memory_ends(void **state)
{
    uint8_t bytes[16];

    (void)state;
    assert_int_equal(lab_machine_read_physical(machines[0], 0, bytes, 16), 16);
    assert_int_equal(lab_machine_read_physical(machines[0], 0x7ffffff8, bytes, 16), 8);
    assert_int_equal(lab_machine_read_physical(machines[0], 0x80000000, bytes, 16), 0);
    assert_int_equal(lab_machine_read_physical(machines[0], UINT64_MAX, bytes, 16), 0);
}

static void debugger_data_leads_to_the_module_list(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        const struct numbers *n = &all[i];
        const struct lab_machine *m = machines[i];
        const struct lab_machine_info *info = lab_machine_info(m);
        uint64_t block = u64(m, info->debugger_data_list), entry, head;
        char name[64];

        assert_int_equal(block, n->base + n->kdbg);
        assert_int_equal(list_length(m, info->debugger_data_list), 1);
        assert_int_equal(u32(m, block + 0x10), 0x4742444b);
        assert_in_range(u32(m, block + 0x14), 0x2a0, 0x1000);
        assert_int_equal(u64(m, block + 0x18), n->base);
        assert_int_equal(u64(m, block + 0x20), info->break_in_pc);
        head = u64(m, block + 0x48);
        assert_int_equal(head, n->base + n->module_list);
        assert_int_equal(head, info->module_list);
        assert_int_equal(u64(m, block + 0x50), n->base + n->process_head);
        assert_int_equal(u16(m, block + 0x2ae), 0x28); /* DirectoryTableBase */

        assert_true(list_length(m, head) >= 12);
        entry = u64(m, head);
        assert_int_equal(u64(m, entry + 0x30), n->base);
        assert_int_equal(u32(m, entry + 0x40), n->image_size);
        text_at(m, entry + 0x58, name, sizeof(name));
        assert_string_equal(name, "ntoskrnl.exe");
        text_at(m, entry + 0x48, name, sizeof(name));
        assert_string_equal(name, info->kernel_path);
    }
}

static void times_are_those_of_the_published_analyses(void **state)
{
    (void)state;
    /* 2018-06-25 07:16:23.767 and 2019-12-26 06:26:37.338, both UTC, zone 9 hours ahead */
    assert_int_equal(u64(machines[0], SHARED_DATA + 0x14) / 10000, 13174384583767);
    assert_int_equal(u64(machines[1], SHARED_DATA + 0x14) / 10000, 13221815197338);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal((int64_t)u64(machines[i], SHARED_DATA + 0x20) / 10000000, -9 * 3600);
    assert_int_equal(u64(machines[0], SHARED_DATA + 0x8) / 10000,
                     (((2 * 24 + 20) * 60 + 12) * 60 + 55) * 1000 + 966);
    assert_int_equal(u64(machines[1], SHARED_DATA + 0x8) / 10000,
                     (((3 * 24 + 5) * 60 + 48) * 60 + 9) * 1000 + 82);
    assert_int_equal(u32(machines[0], SHARED_DATA + 0x264), 3);
    assert_int_equal(u32(machines[1], SHARED_DATA + 0x264), 1);
    assert_int_equal(u32(machines[0], SHARED_DATA + 0x2d0), 0x110);
    assert_int_equal(u32(machines[1], SHARED_DATA + 0x2d0), 0x110);
    assert_int_equal(u32(machines[1], SHARED_DATA + 0x26c), 10);
}

static void stops_are_at_int3s(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        const struct lab_machine_info *info = lab_machine_info(machines[i]);

        assert_int_equal(u16(machines[i], info->break_in_pc), 0xc3cc);
        assert_int_equal(u16(machines[i], info->load_symbols_pc), 0xc3cc);
        for (uint32_t p = 0; p < info->processors; p++) {
            assert_int_equal(u64(machines[i], info->kpcr[p] + 0x18), info->kpcr[p]);
            assert_int_equal(u64(machines[i], info->kpcr[p] + 0x20), info->kprcb[p]);
            assert_int_equal(u32(machines[i], info->kprcb[p] + 0x24), p);
        }
        assert_int_equal(u64(machines[i], info->kprcb[0] + 8), info->thread);
    }
}

static void a_store_holds_every_pdb_under_its_key(void **state)
{
    char dir[] = "/tmp/lab-store-XXXXXX", path[256];
    const char *why = "";

    (void)state;
    assert_non_null(mkdtemp(dir));
    if (!lab_machine_write_store(LAB_KERNEL_DIR, dir, &why))
        fail_msg("%s", why);
    for (size_t i = 0; i < KERNELS; i++) {
        FILE *f;
        char magic[25] = "";

        snprintf(path, sizeof(path), "%s/ntkrnlmp.pdb/%s/ntkrnlmp.pdb", dir, all[i].guid);
        f = fopen(path, "rb");
        assert_non_null(f);
        assert_int_equal(fread(magic, 1, 24, f), 24);
        fclose(f);
        assert_string_equal(magic, "Microsoft C/C++ MSF 7.00");
        assert_int_equal(remove(path), 0);
        snprintf(path, sizeof(path), "%s/ntkrnlmp.pdb/%s", dir, all[i].guid);
        assert_int_equal(rmdir(path), 0);
    }
    snprintf(path, sizeof(path), "%s/ntkrnlmp.pdb", dir);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(dir), 0);
    assert_false(lab_machine_write_store("/nonexistent", "/nonexistent", NULL));
}

static void what_is_missing_is_said(void **state)
{
    const char *why = NULL;

    (void)state;
    assert_null(lab_machine_create("7601", LAB_KERNEL_DIR, &why));
    assert_non_null(strstr(why, "no such kernel"));
    assert_null(lab_machine_create("18362", "/nonexistent", &why));
    assert_non_null(strstr(why, "image"));
    assert_null(lab_machine_create("18362", "/nonexistent", NULL));
    lab_machine_destroy(NULL);
}

static void a_header_that_is_paged_out_cannot_be_read(void **state)
{
    const struct lab_machine_info *info;
    struct lab_machine *m = lab_machine_create("18362", LAB_KERNEL_DIR, NULL);
    uint64_t entry_va;
    uint8_t byte;

    (void)state;
    assert_non_null(m);
    info = lab_machine_info(m);
    assert_int_equal(u32(m, info->kernel_base) & 0xffff, 'M' | 'Z' << 8);
    entry_va = u64(m, info->kernel_base + 0x4265e0 + 0x360) + /* PteBase */
               (info->kernel_base >> 12 & 0xfffffffff) * 8;
    lab_machine_page_out_header(m);
    assert_int_equal(lab_machine_read_virtual(m, info->kernel_base, &byte, 1), 0);
    assert_int_equal(lab_machine_read_virtual(m, info->kernel_base + 0xfff, &byte, 1), 0);
    assert_int_equal(lab_machine_read_virtual(m, info->kernel_base + 0x1000, &byte, 1), 1);
    assert_int_equal(u64(m, entry_va) & 0xc01, 0);     /* not valid, prototype or in transition */
    assert_true(u64(m, entry_va) >> 32 != 0);          /* but in a page file */
    assert_true(u64(m, entry_va) >> 32 != 0xffffffff); /* and it says where */
    lab_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identity_is_the_real_kernels),
        cmocka_unit_test(loggers_are_those_of_the_published_analyses),
        cmocka_unit_test(state_fields_are_those_of_the_published_analyses),
        cmocka_unit_test(three_routes_lead_to_the_same_state),
        cmocka_unit_test(every_logger_keeps_the_kernels_rules),
        cmocka_unit_test(a_header_that_is_paged_out_cannot_be_read),
        cmocka_unit_test(consumers_belong_to_listed_processes),
        cmocka_unit_test(security_provider_is_lsass),
        cmocka_unit_test(newest_machine_has_loggers_above_the_64th),
        cmocka_unit_test(a_log_file_name_can_be_paged_out),
        cmocka_unit_test(reads_stop_at_the_end_of_a_mapping),
        cmocka_unit_test(discarded_pages_of_the_image_cannot_be_read),
        cmocka_unit_test(page_tables_say_what_virtual_reads_say),
        cmocka_unit_test(every_page_that_the_tables_map_is_read_at_its_address),
        cmocka_unit_test(programs_have_a_half_of_their_own),
        cmocka_unit_test(page_tables_are_seen_at_the_pte_base),
        cmocka_unit_test(every_process_has_the_kernel_in_its_own_space),
        cmocka_unit_test(physical_memory_ends),
        cmocka_unit_test(more_memory_lies_above_the_devices),
        cmocka_unit_test(debugger_data_leads_to_the_module_list),
        cmocka_unit_test(times_are_those_of_the_published_analyses),
        cmocka_unit_test(stops_are_at_int3s),
        cmocka_unit_test(a_store_holds_every_pdb_under_its_key),
        cmocka_unit_test(what_is_missing_is_said),
    };

    return cmocka_run_group_tests(tests, make_machines, end_machines);
}
