#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_mem.h"
#include "support/fake_symbols.h"

#include <walker/process_find.h>

#define BASE UINT64_C(0xfffff8026e400000)
#define HEAD (BASE + 0x438b40)
#define AT   UINT64_C(0xffffa80fb0000000)

enum { LINKS = 0x2f0, ID = 0x2e8, NAME = 0x450, ROOT = 0x28, APART = 0x2000, PROCESSES_MAX = 40 };

/* Of 10.0.18362.535 [seen]. */
static const struct fake_field kprocess_fields[] = {
    {"DirectoryTableBase", ROOT, FAKE_UINT(8)},
    {0},
};
enum { KPROCESS = 2 }; /* its number among the types, from 1 */
static const struct fake_field process_fields[] = {
    {"Pcb", 0, KPROCESS},
    {"UniqueProcessId", ID, FAKE_POINTER},
    {"ActiveProcessLinks", LINKS, FAKE_STRUCT(16)},
    {"ImageFileName", NAME, FAKE_CHARS(15)},
    {0},
};
static const struct fake_field rootless_fields[] = {
    {"UniqueProcessId", ID, FAKE_POINTER},
    {"ActiveProcessLinks", LINKS, FAKE_STRUCT(16)},
    {"ImageFileName", NAME, FAKE_CHARS(15)},
    {0},
};
static const struct fake_type types[] = {
    {"_EPROCESS", 0x880, process_fields}, {"_KPROCESS", 0x2e0, kprocess_fields}, {0}};
static const struct fake_type rootless[] = {{"_EPROCESS", 0x880, rootless_fields}, {0}};
static const struct fake_symbol variables[] = {{"PsActiveProcessHead", 0x438b40}, {0}};

struct machine {
    struct fake_mem mem;
    struct fake_symbols symbols;
    struct kdw_target target;
    struct kd_diag diag;
    struct kdw_kernel kernel;
    uint64_t links[PROCESSES_MAX];
    size_t count;
};

static void add(struct machine *m, uint64_t id, const char *name, uint64_t root)
{
    uint64_t va = AT + APART * m->count;

    fake_mem_zero(&m->mem, va, 0x880);
    fake_mem_u64(&m->mem, va + ID, id);
    fake_mem_u64(&m->mem, va + ROOT, root);
    fake_mem_write(&m->mem, va + NAME, name, strlen(name));
    m->links[m->count++] = va + LINKS;
    fake_mem_list(&m->mem, HEAD, m->links, m->count);
}

static int setup(void **state)
{
    static struct machine m;

    memset(&m, 0, sizeof m);
    fake_mem_init(&m.mem);
    fake_symbols_init(&m.symbols, types, variables);
    m.target.kernel_base_va = BASE;
    m.kernel = (struct kdw_kernel){.mem = &m.mem.mem,
                                   .target = &m.target,
                                   .diag = &m.diag,
                                   .base_va = BASE,
                                   .symbols = &m.symbols.symbols};
    add(&m, 4, "System", 0x1ad002);
    add(&m, 700, "lsass.exe", 0x12345000);
    add(&m, 820, "svchost.exe", 0x2222000);
    add(&m, 900, "SearchProtocol", 0x3333000);
    add(&m, 1156, "svchost.exe", 0x4444000);
    *state = &m;
    return 0;
}

static int teardown(void **state)
{
    fake_mem_deinit(&((struct machine *)*state)->mem);
    return 0;
}

static void by_name(struct machine *m, const char *name, enum kd_status st, const char *says)
{
    struct kdw_found_process p = {.id = 77};

    assert_int_equal(kdw_process_by_name(&m->kernel, name, &p), st);
    assert_string_equal(m->diag.text, says);
    if (st != KD_OK)
        assert_int_equal(p.id, 77);
}

static void a_process_is_found_by_id_and_by_name(void **state)
{
    struct machine *m = *state;
    struct kdw_found_process p = {0};

    assert_int_equal(kdw_process_by_id(&m->kernel, 700, &p), KD_OK);
    assert_true(p.va == AT + APART && p.dtb == 0x12345000 && p.id == 700);
    assert_string_equal(m->diag.text, "");
    assert_int_equal(kdw_process_by_name(&m->kernel, "LSASS.exe", &p), KD_OK);
    assert_true(p.va == AT + APART && p.dtb == 0x12345000 && p.id == 700);
    assert_int_equal(kdw_process_by_id(&m->kernel, 4, &p), KD_OK);
    assert_true(p.dtb == 0x1ad002); /* flags and all */
}

static void the_walk_by_id_ends_where_it_is_found(void **state)
{
    struct machine *m = *state;
    struct kdw_found_process p;

    fake_mem_unmap(&m->mem, m->links[3], 16);
    assert_int_equal(kdw_process_by_id(&m->kernel, 820, &p), KD_OK);
    assert_string_equal(m->diag.text, "");
}

static void of_a_long_name_the_kernel_keeps_fourteen_characters(void **state)
{
    struct machine *m = *state;

    by_name(m, "SearchProtocolHost.exe", KD_OK, "");
    by_name(m, "searchprotocol", KD_OK, "");
    by_name(m, "SearchProtoco", KD_ERR_NOT_FOUND,
            "there is no process called SearchProtoco among 5");
    by_name(m, "lsass", KD_ERR_NOT_FOUND, "there is no process called lsass among 5");
    by_name(m, "lsass.exe.exe", KD_ERR_NOT_FOUND,
            "there is no process called lsass.exe.exe among 5");
}

static void several_of_one_name_are_told_apart_by_their_ids(void **state)
{
    struct machine *m = *state;

    by_name(m, "svchost.exe", KD_ERR_USAGE,
            "2 processes are called svchost.exe: give the id of one of them: 820, 1156");
    for (uint64_t i = 0; i < 34; i++)
        add(m, 2000 + 4 * i, "svchost.exe", 0x5555000);
    assert_int_equal(kdw_process_by_name(&m->kernel, "svchost.exe", &(struct kdw_found_process){0}),
                     KD_ERR_USAGE);
    assert_non_null(strstr(m->diag.text, "36 processes are called svchost.exe: "));
    assert_non_null(strstr(m->diag.text, "2116, ..."));
}

static void who_is_not_there_is_not_found(void **state)
{
    struct machine *m = *state;
    struct kdw_found_process p;

    assert_int_equal(kdw_process_by_id(&m->kernel, 701, &p), KD_ERR_NOT_FOUND);
    assert_string_equal(m->diag.text, "there is no process with the id 701 among 5");
}

static void a_list_that_breaks_off_is_told(void **state)
{
    struct machine *m = *state;

    fake_mem_unmap(&m->mem, m->links[3], 16);
    by_name(m, "explorer.exe", KD_ERR_NOT_FOUND,
            "there is no process called explorer.exe among 3; the list of processes breaks off "
            "after 3, at 0xffffa80fb00062f0: not mapped");
    /* one may be behind the break */
    by_name(m, "lsass.exe", KD_OK,
            "the list of processes breaks off after 3, at 0xffffa80fb00062f0: not mapped");
    fake_mem_unmap(&m->mem, HEAD, 16);
    by_name(m, "lsass.exe", KD_ERR_NOT_FOUND,
            "there is no process called lsass.exe among 0; the list of processes breaks off after "
            "0, at 0xfffff8026e838b40: not mapped");
}

static void a_list_that_leads_into_itself_ends(void **state)
{
    struct machine *m = *state;

    fake_mem_u64(&m->mem, m->links[4], m->links[1]);
    by_name(m, "explorer.exe", KD_ERR_NOT_FOUND,
            "there is no process called explorer.exe among 5; the list of processes breaks off "
            "after 5, at 0xffffa80fb00022f0: list leads back into itself");
}

static void processes_that_cannot_be_read_are_counted(void **state)
{
    struct machine *m = *state;

    fake_mem_unmap(&m->mem, AT + NAME, 16);
    fake_mem_unmap(&m->mem, AT + 3 * APART + NAME, 16);
    by_name(m, "lsass.exe", KD_OK, "2 of 5 processes could not be read");
    by_name(m, "System", KD_ERR_NOT_FOUND,
            "there is no process called System among 5; 2 of 5 processes could not be read");
}

static void a_root_that_cannot_be_had_is_told(void **state)
{
    struct machine *m = *state;

    fake_mem_unmap(&m->mem, AT + APART + ROOT, 8);
    by_name(m, "lsass.exe", KD_ERR_NOT_MAPPED,
            "the page-table root of the process called lsass.exe: not mapped");
    fake_mem_u64(&m->mem, AT + 3 * APART + ROOT, 0);
    by_name(m, "SearchProtocol", KD_ERR_NOT_FOUND,
            "the process called SearchProtocol has no page tables any more");
}

static void symbols_without_that_field_are_told(void **state)
{
    struct machine *m = *state;

    fake_symbols_init(&m->symbols, rootless, variables);
    by_name(m, "lsass.exe", KD_ERR_NOT_FOUND,
            "field _EPROCESS.Pcb.DirectoryTableBase: the kernel's symbols have none");
}

static void a_lost_link_ends_the_search(void **state)
{
    struct machine *m = *state;

    for (size_t i = 1; i < 12; i++) {
        struct kdw_found_process p;

        fake_mem_reset_counts(&m->mem);
        m->mem.fail_from = i;
        m->mem.fail_with = KD_ERR_LOST;
        assert_int_equal(kdw_process_by_name(&m->kernel, "lsass.exe", &p), KD_ERR_LOST);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_process_is_found_by_id_and_by_name),
        TEST(the_walk_by_id_ends_where_it_is_found),
        TEST(of_a_long_name_the_kernel_keeps_fourteen_characters),
        TEST(several_of_one_name_are_told_apart_by_their_ids),
        TEST(who_is_not_there_is_not_found),
        TEST(a_list_that_breaks_off_is_told),
        TEST(a_list_that_leads_into_itself_ends),
        TEST(processes_that_cannot_be_read_are_counted),
        TEST(a_root_that_cannot_be_had_is_told),
        TEST(symbols_without_that_field_are_told),
        TEST(a_lost_link_ends_the_search),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
