/* Everybody who lives on a machine, read back by raw offsets, typed here as numbers from the public type
 * tables: on each kernel in more than one shape. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>

#include "machine.h"
#include "read_back.h"

#define KERNELS      4
#define SHAPES       3
#define LIMIT_READY  0x400000u
#define FLAG_SILO    (1u << 30)
#define TYPE_JOB     6
#define TYPE_PROCESS 7
#define TYPE_TOKEN   5

struct numbers {
    const char *name;
    /* RVAs */
    uint32_t process_head, job_list, cid_table, type_table, cookie, monitors;
    /* _EPROCESS; server_silo 0: there is none */
    uint32_t pid, links, parent, memory_links, session_links, session, token, job, job_links,
        handles, image, threads, exit_time, protection, server_silo;
    /* _EJOB */
    uint32_t depth, siblings, children, parent_job, root, job_id, globals, storage, flags;
    uint32_t globals_state; /* _ESERVERSILO_GLOBALS */
};

/* clang-format off */
static const struct numbers all[KERNELS] = {
    {.name = "14393", .process_head = 0x302550, .job_list = 0x749468, .cid_table = 0x3ab4e0,
     .type_table = 0x3abb20, .cookie = 0x3ab5fc, .monitors = 0x302410,
     .pid = 0x2e8, .links = 0x2f0, .parent = 0x3e0, .memory_links = 0x610, .session_links = 0x340,
     .session = 0x400, .token = 0x358, .job = 0x3b0, .job_links = 0x470, .handles = 0x418,
     .image = 0x450, .threads = 0x498, .exit_time = 0x690, .protection = 0x6ca,
     .depth = 0x36a, .siblings = 0x400, .children = 0x410, .parent_job = 0x420, .root = 0x430,
     .job_id = 0x4d4, .globals = 0x4e8, .storage = 0x508, .flags = 0x518,
     .globals_state = 0x3e0},
    {.name = "18362", .process_head = 0x438b40, .job_list = 0x9ae388, .cid_table = 0x574530,
     .type_table = 0x574d50, .cookie = 0x574684, .monitors = 0x438a00,
     .pid = 0x2e8, .links = 0x2f0, .parent = 0x3e8, .memory_links = 0x640, .session_links = 0x348,
     .session = 0x400, .token = 0x360, .job = 0x3b8, .job_links = 0x470, .handles = 0x418,
     .image = 0x450, .threads = 0x498, .exit_time = 0x6c0, .protection = 0x6fa,
     .server_silo = 0x6f0,
     .depth = 0x36a, .siblings = 0x410, .children = 0x420, .parent_job = 0x430, .root = 0x438,
     .job_id = 0x4c4, .globals = 0x4e8, .storage = 0x508, .flags = 0x518,
     .globals_state = 0x440},
    {.name = "19041", .process_head = 0xc1e0a0, .job_list = 0xd2d350, .cid_table = 0xcfc5d0,
     .type_table = 0xcfce80, .cookie = 0xcfc72c, .monitors = 0xc1df10,
     .pid = 0x440, .links = 0x448, .parent = 0x540, .memory_links = 0x7c0, .session_links = 0x4a0,
     .session = 0x558, .token = 0x4b8, .job = 0x510, .job_links = 0x5c8, .handles = 0x570,
     .image = 0x5a8, .threads = 0x5f0, .exit_time = 0x840, .protection = 0x87a,
     .server_silo = 0x870,
     .depth = 0x36a, .siblings = 0x410, .children = 0x420, .parent_job = 0x430, .root = 0x438,
     .job_id = 0x4d4, .globals = 0x4f8, .storage = 0x518, .flags = 0x528,
     .globals_state = 0x458},
    {.name = "22000", .process_head = 0xc1bf00, .job_list = 0xd3b310, .cid_table = 0xd06a58,
     .type_table = 0xd07490, .cookie = 0xd06c08, .monitors = 0xc1bd50,
     .pid = 0x440, .links = 0x448, .parent = 0x540, .memory_links = 0x7c0, .session_links = 0x4a0,
     .session = 0x558, .token = 0x4b8, .job = 0x510, .job_links = 0x5c8, .handles = 0x570,
     .image = 0x5a8, .threads = 0x5f0, .exit_time = 0x840, .protection = 0x87a,
     .server_silo = 0x870,
     .depth = 0x42a, .siblings = 0x4d0, .children = 0x4e0, .parent_job = 0x4f0, .root = 0x4f8,
     .job_id = 0x594, .globals = 0x5b8, .storage = 0x5d8, .flags = 0x5e8,
     .globals_state = 0x518},
};
/* clang-format on */

static struct lab_machine *machines[KERNELS][SHAPES];

static int make_machines(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS * SHAPES; i++) {
        const struct lab_machine_options options = {.seed = 1 + 41 * (i % SHAPES)};
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

typedef void check_fn(const struct lab_machine *m, const struct numbers *n);

static void on_each(check_fn *check)
{
    for (size_t i = 0; i < KERNELS * SHAPES; i++)
        check(machines[i / SHAPES][i % SHAPES], &all[i / SHAPES]);
}

static uint64_t base_of(const struct lab_machine *m)
{
    return lab_machine_info(m)->kernel_base;
}

/* The type index of an object, as its header hides it. */
static uint8_t type_of(const struct lab_machine *m, const struct numbers *n, uint64_t object)
{
    uint64_t header = object - 0x30;

    return (uint8_t)(u8(m, header + 0x18) ^ (header >> 8 & 0xff) ^ u8(m, base_of(m) + n->cookie));
}

/* The process whose link this is, or 0: it is a head. */
static uint64_t process_of_link(const struct lab_machine *m, const struct numbers *n, uint64_t link,
                                uint32_t offset)
{
    uint8_t byte;
    uint64_t process = link - offset;

    if (lab_machine_read_virtual(m, process + n->pid, &byte, 1) != 1 || process % 16 != 0 ||
        type_of(m, n, process) != TYPE_PROCESS)
        return 0;
    return process;
}

/* ---- processes ---- */

static size_t processes_by(const struct lab_machine *m, const struct numbers *n, uint32_t offset)
{
    uint64_t first = u64(m, base_of(m) + n->process_head) - n->links + offset, at = first;
    size_t count = 0, heads = 0;

    do {
        if (process_of_link(m, n, at, offset))
            count++;
        else
            heads++;
        assert_int_equal(u64(m, u64(m, at) + 8), at);
        at = u64(m, at);
    } while (at != first && count < 1000);
    assert_int_equal(heads, 1);
    return count;
}

static void same_in_every_list(const struct lab_machine *m, const struct numbers *n)
{
    uint64_t head = base_of(m) + n->process_head, ids = u64(m, base_of(m) + n->cid_table);
    size_t count = 0;

    for (uint64_t at = u64(m, head); at != head; at = u64(m, at), count++) {
        uint64_t process = at - n->links;
        uint32_t pid = u32(m, process + n->pid);

        assert_int_equal(type_of(m, n, process), TYPE_PROCESS);
        assert_int_equal(handle_target(m, ids, pid), process);
        assert_int_not_equal(pid % 1024, 0);
    }
    assert_true(count >= 40);
    assert_int_equal(processes_by(m, n, n->links), count);
    assert_int_equal(processes_by(m, n, n->memory_links), count);
}

static void every_list_has_the_same_processes(void **state)
{
    (void)state;
    on_each(same_in_every_list);
}

static void in_its_session(const struct lab_machine *m, const struct numbers *n)
{
    uint64_t head = base_of(m) + n->process_head, sessions = 0;
    size_t with_session = 0;

    for (uint64_t at = u64(m, head); at != head; at = u64(m, at)) {
        uint64_t process = at - n->links, session = u64(m, process + n->session), link;
        uint64_t token = u64(m, process + n->token) & ~(uint64_t)15;
        bool found = false;

        if (session == 0)
            continue;
        with_session++;
        sessions |= (uint64_t)1 << u32(m, session + 8);
        assert_int_equal(list_length(m, session + 0x10), u32(m, session + 0xc));
        for (link = u64(m, session + 0x10); link != session + 0x10; link = u64(m, link))
            found = found || link - n->session_links == process;
        assert_true(found);
        assert_int_equal(u32(m, token + 0x78), u32(m, session + 8)); /* SessionId */
    }
    assert_int_equal(sessions & 7, 7);
    assert_int_equal(sessions & (sessions + 1), 0); /* one after the other */
    assert_true(with_session > 35);
}

static void processes_are_listed_in_their_sessions(void **state)
{
    (void)state;
    on_each(in_its_session);
}

static void threads_counted(const struct lab_machine *m, const struct numbers *n)
{
    uint64_t head = base_of(m) + n->process_head;

    for (uint64_t at = u64(m, head); at != head; at = u64(m, at)) {
        uint64_t process = at - n->links;
        bool ended = u64(m, process + n->exit_time) != 0;

        assert_int_equal(list_length(m, process + n->threads - 0x10), u32(m, process + n->threads));
        assert_int_equal(u32(m, process + n->threads) == 0, ended);
        assert_int_equal(u64(m, process + n->handles) == 0, ended);
    }
}

static void who_has_ended_has_neither_threads_nor_handles(void **state)
{
    (void)state;
    on_each(threads_counted);
}

/* ---- tokens ---- */

static uint32_t integrity_of(const struct lab_machine *m, uint64_t token)
{
    uint32_t index = u32(m, token + 0xd0);
    uint64_t sid;

    if (index == 0xffffffff)
        return index;
    assert_true(index < u32(m, token + 0x7c));
    sid = u64(m, u64(m, token + 0x98) + 16 * index);
    assert_int_equal(u8(m, sid), 1);
    assert_int_equal(u8(m, sid + 1), 1);
    assert_int_equal(u8(m, sid + 7), 16);
    return u32(m, sid + 8);
}

static void tokens_fit(const struct lab_machine *m, const struct numbers *n)
{
    uint64_t head = base_of(m) + n->process_head;
    size_t packages = 0, levels[6] = {0};

    for (uint64_t at = u64(m, head); at != head; at = u64(m, at)) {
        uint64_t process = at - n->links, token = u64(m, process + n->token) & ~(uint64_t)15;
        uint64_t package = u64(m, token + 0x310), trust = u64(m, token + 0x450);
        uint8_t protection = u8(m, process + n->protection);
        uint32_t integrity = integrity_of(m, token);

        assert_int_equal(type_of(m, n, token), TYPE_TOKEN);
        assert_int_equal(trust != 0, (protection & 7) != 0);
        if (trust) /* S-1-19-512 is light, 1024 full */
            assert_int_equal(u32(m, trust + 8), (protection & 7) == 1 ? 512 : 1024);
        if (package) {
            packages++;
            assert_int_equal(integrity, 0x1000);
            assert_int_equal(u8(m, package + 7), 15);
            assert_true(u32(m, token + 0x320) > 0);
        }
        levels[integrity == 0xffffffff ? 5 : integrity >> 12]++;
    }
    assert_true(packages >= 3);
    for (size_t i = 1; i < 5; i++)
        assert_true(levels[i] > 0);
}

static void tokens_fit_their_processes(void **state)
{
    (void)state;
    on_each(tokens_fit);
}

/* ---- jobs and silos ---- */

static void jobs_fit(const struct lab_machine *m, const struct numbers *n)
{
    uint64_t head = base_of(m) + n->job_list;
    size_t count = 0, silos = 0, servers = 0;
    uint32_t last_id = 0;

    for (uint64_t at = u64(m, head); at != head; at = u64(m, at), count++) {
        uint64_t job = at - 0x18, parent = u64(m, job + n->parent_job);
        uint64_t globals = u64(m, job + n->globals), link;
        uint32_t flags = u32(m, job + n->flags), here = 0;

        assert_int_equal(type_of(m, n, job), TYPE_JOB);
        assert_true(u32(m, job + n->job_id) > last_id);
        last_id = u32(m, job + n->job_id);
        assert_int_equal(u8(m, job + n->depth), parent != 0);
        assert_int_equal(u64(m, job + n->root), parent ? parent : job);
        if (parent)
            assert_int_equal(list_length(m, parent + n->children), 1);
        for (link = u64(m, job + 0x28); link != job + 0x28; link = u64(m, link), here++)
            assert_int_equal(u64(m, link - n->job_links + n->job), job);
        if (list_length(m, job + n->children) == 0)
            assert_int_equal(u32(m, job + 0xd8), here);
        else
            assert_true(u32(m, job + 0xd8) >= here);
        silos += (flags & FLAG_SILO) != 0;
        if (!globals)
            continue;
        servers++;
        assert_true(flags & FLAG_SILO);
        assert_int_equal(parent, 0);
        assert_true(u32(m, job + 0x100) & LIMIT_READY);
        assert_int_equal(u32(m, globals + n->globals_state), 1);
        assert_int_equal(u32(m, globals + n->globals_state + 4), 0x103);
    }
    assert_in_range(servers, 0, 2);
    assert_int_equal(silos, servers + 1);
    assert_int_equal(count, 5 + servers + (servers > 0));
}

static void jobs_are_possible_ones(void **state)
{
    (void)state;
    on_each(jobs_fit);
}

static void silo_of_process(const struct lab_machine *m, const struct numbers *n)
{
    uint64_t head = base_of(m) + n->process_head;

    for (uint64_t at = u64(m, head); at != head; at = u64(m, at)) {
        uint64_t process = at - n->links, silo = u64(m, process + n->job);

        while (silo && !u64(m, silo + n->globals))
            silo = u64(m, silo + n->parent_job);
        if (n->server_silo)
            assert_int_equal(u64(m, process + n->server_silo), silo);
    }
}

static void processes_know_their_server_silo(void **state)
{
    (void)state;
    on_each(silo_of_process);
}

static void storage_fits(const struct lab_machine *m, const struct numbers *n)
{
    uint64_t head = base_of(m) + n->monitors, jobs = base_of(m) + n->job_list;

    assert_int_equal(list_length(m, head), 6);
    for (uint64_t at = u64(m, jobs); at != jobs; at = u64(m, at)) {
        uint64_t storage = u64(m, at - 0x18 + n->storage);
        uint64_t monitor;

        assert_int_equal(storage != 0, (u32(m, at - 0x18 + n->flags) & FLAG_SILO) != 0);
        for (monitor = u64(m, head); storage && monitor != head; monitor = u64(m, monitor)) {
            uint32_t slot = u32(m, monitor + 0x14);
            uint64_t entry =
                slot < 32 ? storage + 16 * slot : u64(m, storage + 0x200) + 16 * (slot - 32);

            assert_int_not_equal(u64(m, entry + 8) & ~(uint64_t)1, 0);
        }
    }
}

static void silos_keep_something_for_each_monitor(void **state)
{
    (void)state;
    on_each(storage_fits);
}

/* ---- shapes ---- */

static void the_usual_shape_is_what_was_promised(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        const struct lab_machine *m = machines[i][0];

        assert_in_range(list_length(m, base_of(m) + all[i].process_head), 60, 80);
        assert_int_equal(list_length(m, base_of(m) + all[i].job_list), 8);
    }
}

static void machines_of_one_shape_are_the_same_and_of_others_differ(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        struct lab_machine *again = lab_machine_create(all[i].name, LAB_KERNEL_DIR, NULL);
        uint64_t jobs = base_of(machines[i][0]) + all[i].job_list;
        uint64_t id = u64(again, jobs) - 0x18 + all[i].job_id;
        uint64_t other = u64(machines[i][1], jobs) - 0x18 + all[i].job_id;

        for (uint64_t at = u64(again, jobs); at != jobs; at = u64(again, at))
            assert_int_equal(u32(again, at - 0x18 + all[i].job_id),
                             u32(machines[i][0], at - 0x18 + all[i].job_id));
        assert_true(id != other || u32(again, id) != u32(machines[i][1], id));
        lab_machine_destroy(again);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_list_has_the_same_processes),
        cmocka_unit_test(processes_are_listed_in_their_sessions),
        cmocka_unit_test(who_has_ended_has_neither_threads_nor_handles),
        cmocka_unit_test(tokens_fit_their_processes),
        cmocka_unit_test(jobs_are_possible_ones),
        cmocka_unit_test(processes_know_their_server_silo),
        cmocka_unit_test(silos_keep_something_for_each_monitor),
        cmocka_unit_test(the_usual_shape_is_what_was_promised),
        cmocka_unit_test(machines_of_one_shape_are_the_same_and_of_others_differ),
    };

    return cmocka_run_group_tests(tests, make_machines, end_machines);
}
