#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_kernel.h"
#include "walk.h"

#define ENTRY UINT64_C(0xffffa80fb1000000)
#define TEXTS UINT64_C(0xffffa80fb1100000)

static uint64_t module_list(struct fake_kernel *k)
{
    return fake_kernel_global(k, "PsLoadedModuleList");
}

static void make(struct fake_kernel *k, const char *build)
{
    fake_kernel_init(k, build);
    fake_mem_list(&k->mem, module_list(k), NULL, 0);
}

static void take(struct fake_kernel *k, struct kdw_snapshot *s)
{
    struct kdw_walk w = {.k = &k->kernel, .s = s, .parts = KDW_PART_EVIDENCE};

    *s = (struct kdw_snapshot){0};
    assert_int_equal(kdw_walk_evidence(&w), KD_OK);
    assert_string_equal(k->diag.text, "");
    assert_true(s->tables[KDW_TABLE_MODULES].is_taken);
    assert_true(s->tables[KDW_TABLE_VARIABLES].is_taken);
}

/* NULL: there is none. */
static const struct kdw_variable *variable(const struct kdw_snapshot *s, const char *name,
                                           uint64_t index)
{
    KDW_EACH(s, KDW_TABLE_VARIABLES, struct kdw_variable, v)
    if (strcmp(v->name.utf8, name) == 0 && v->index.value == index)
        return v;
    return NULL;
}

static void is(const struct kdw_u64 *v, uint64_t expected)
{
    assert_int_equal(v->status, KD_OK);
    assert_true(v->value == expected);
}

/* ---- variables ---- */

static void handles_of_providers_are_words(void **state)
{
    const struct kdw_variable *v;
    struct kdw_snapshot s;
    struct fake_kernel k;
    uint64_t va;

    (void)state;
    make(&k, "22000");
    va = fake_kernel_global(&k, "EtwThreatIntProvRegHandle");
    fake_mem_u64(&k.mem, va, 0xffffa80fb5555550);
    fake_mem_unmap(&k.mem, fake_kernel_global(&k, "EtwpPsProvRegHandle"), 8);
    take(&k, &s);
    v = variable(&s, "EtwThreatIntProvRegHandle", 0);
    assert_non_null(v);
    assert_true(v->va == va);
    is(&v->value, 0xffffa80fb5555550);
    assert_non_null(variable(&s, "EtwCpuStarvationProvRegHandle", 0));
    v = variable(&s, "EtwpPsProvRegHandle", 0);
    assert_non_null(v);
    assert_int_equal(v->value.status, KD_ERR_NOT_MAPPED);
    kdw_snapshot_free(&s);
    fake_kernel_deinit(&k);
}

static void what_a_kernel_does_not_have_is_no_record(void **state)
{
    struct kdw_snapshot s;
    struct fake_kernel k;

    (void)state;
    make(&k, "14393");
    take(&k, &s);
    assert_null(variable(&s, "EtwThreatIntProvRegHandle", 0));
    assert_non_null(variable(&s, "EtwpPsProvRegHandle", 0));
    assert_null(variable(&s, "KiKvaShadow", 0)); /* no built-in table has its address */
    kdw_snapshot_free(&s);
    fake_kernel_deinit(&k);
}

static void entries_of_an_array_share_its_name(void **state)
{
    struct kdw_snapshot s;
    struct fake_kernel k;
    uint64_t va;

    (void)state;
    make(&k, "18362");
    va = fake_kernel_global(&k, "EtwpFileIoNotifyRoutines");
    for (uint64_t i = 0; i < 8; i++)
        fake_mem_u64(&k.mem, va + 8 * i, 0x1000 + i);
    va = fake_kernel_global(&k, "HalPrivateDispatchTable");
    for (uint64_t i = 0; i < 100; i++)
        fake_mem_u64(&k.mem, va + 8 * i, 0x2000 + i);
    take(&k, &s);
    is(&variable(&s, "EtwpFileIoNotifyRoutines", 3)->value, 0x1003);
    assert_null(variable(&s, "EtwpFileIoNotifyRoutines", 4));
    assert_non_null(variable(&s, "EtwpDiskIoNotifyRoutines", 1));
    assert_null(variable(&s, "EtwpDiskIoNotifyRoutines", 2));
    is(&variable(&s, "HalPrivateDispatchTable", 63)->value, 0x203f);
    assert_null(variable(&s, "HalPrivateDispatchTable", 64)); /* how long it is, nothing says */
    kdw_snapshot_free(&s);
    fake_kernel_deinit(&k);
}

static void of_a_function_it_is_told_where_it_is(void **state)
{
    const struct kdw_variable *v;
    struct kdw_snapshot s;
    struct fake_kernel k;

    (void)state;
    make(&k, "18362");
    take(&k, &s);
    v = variable(&s, "EtwpGetCycleCount", 0);
    assert_non_null(v);
    assert_true(v->va == fake_kernel_global(&k, "EtwpGetCycleCount"));
    assert_int_equal(v->value.status, KD_ERR_NOT_FOUND);
    kdw_snapshot_free(&s);
    fake_kernel_deinit(&k);
}

/* ---- modules ---- */

static void put_module(struct fake_kernel *k, uint64_t va, uint64_t base_va, const char *name)
{
    const char type[] = "_KLDR_DATA_TABLE_ENTRY";

    fake_mem_zero(&k->mem, va, 0xa0);
    fake_kernel_put(k, type, va, "DllBase", base_va);
    fake_kernel_put(k, type, va, "SizeOfImage", 0x8000);
    fake_kernel_put_text(k, type, va, "BaseDllName", TEXTS + (va & 0xffff), name);
    fake_kernel_put_text(k, type, va, "FullDllName", TEXTS + 0x800 + (va & 0xffff), "\\a\\b.sys");
}

static void modules_are_those_of_the_list(void **state)
{
    const uint64_t entries[] = {ENTRY, ENTRY + 0x1000};
    const struct kdw_module_fact *m;
    struct kdw_snapshot s;
    struct fake_kernel k;

    (void)state;
    make(&k, "18362");
    put_module(&k, entries[0], FAKE_KERNEL_BASE, "ntoskrnl.exe");
    put_module(&k, entries[1], 0xfffff80264000000, "hal.dll");
    fake_mem_list(&k.mem, module_list(&k), entries, 2);
    take(&k, &s);
    assert_int_equal(s.tables[KDW_TABLE_MODULES].len, 2);
    m = kdw_snapshot_find(&s, KDW_TABLE_MODULES, entries[1]);
    assert_non_null(m);
    is(&m->base_va, 0xfffff80264000000);
    is(&m->size, 0x8000);
    assert_string_equal(m->name.utf8, "hal.dll");
    assert_string_equal(m->path.utf8, "\\a\\b.sys");
    assert_int_equal(s.tables[KDW_TABLE_LISTS].len, 0);
    kdw_snapshot_free(&s);
    fake_kernel_deinit(&k);
}

static void a_broken_list_keeps_what_it_had(void **state)
{
    const uint64_t entries[] = {ENTRY, ENTRY + 0x1000};
    const struct kdw_list_walk *broken;
    struct kdw_snapshot s;
    struct fake_kernel k;

    (void)state;
    make(&k, "18362");
    put_module(&k, entries[0], FAKE_KERNEL_BASE, "ntoskrnl.exe");
    fake_mem_list(&k.mem, module_list(&k), entries, 2);
    fake_mem_unmap(&k.mem, entries[1], 16);
    take(&k, &s);
    assert_int_equal(s.tables[KDW_TABLE_MODULES].len, 1);
    assert_int_equal(s.tables[KDW_TABLE_LISTS].len, 1);
    broken = s.tables[KDW_TABLE_LISTS].records;
    assert_string_equal(broken->name.utf8, "PsLoadedModuleList");
    is(&broken->entries, 1);
    is(&broken->end_va, entries[1]);
    kdw_snapshot_free(&s);
    fake_kernel_deinit(&k);
}

static void a_list_that_cannot_be_entered_is_told(void **state)
{
    struct kdw_snapshot s;
    struct fake_kernel k;

    (void)state;
    make(&k, "18362");
    fake_mem_unmap(&k.mem, module_list(&k), 16);
    take(&k, &s);
    assert_int_equal(s.tables[KDW_TABLE_MODULES].len, 0);
    assert_int_equal(s.tables[KDW_TABLE_LISTS].len, 1);
    kdw_snapshot_free(&s);

    k.target.module_list_va = 0xffffa80fdead0000; /* which is believed first */
    take(&k, &s);
    assert_true(((struct kdw_list_walk *)s.tables[KDW_TABLE_LISTS].records)->va ==
                0xffffa80fdead0000);
    kdw_snapshot_free(&s);
    fake_kernel_deinit(&k);
}

static void what_ends_a_walk_ends_it_wherever_it_comes(void **state)
{
    enum kd_status st = KD_ERR_LOST;
    struct fake_kernel k;

    (void)state;
    make(&k, "18362");
    put_module(&k, ENTRY, FAKE_KERNEL_BASE, "ntoskrnl.exe");
    fake_mem_list(&k.mem, module_list(&k), (uint64_t[]){ENTRY}, 1);
    k.mem.fail_with = KD_ERR_LOST;
    for (size_t n = 1; st == KD_ERR_LOST; n++) {
        struct kdw_snapshot s = {0};
        struct kdw_walk w = {.k = &k.kernel, .s = &s, .parts = KDW_PART_EVIDENCE};

        k.mem.fail_from = k.mem.reads + n;
        st = kdw_walk_evidence(&w);
        kdw_snapshot_free(&s);
    }
    assert_int_equal(st, KD_OK);
    fake_kernel_deinit(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handles_of_providers_are_words),
        cmocka_unit_test(what_a_kernel_does_not_have_is_no_record),
        cmocka_unit_test(entries_of_an_array_share_its_name),
        cmocka_unit_test(of_a_function_it_is_told_where_it_is),
        cmocka_unit_test(modules_are_those_of_the_list),
        cmocka_unit_test(a_broken_list_keeps_what_it_had),
        cmocka_unit_test(a_list_that_cannot_be_entered_is_told),
        cmocka_unit_test(what_ends_a_walk_ends_it_wherever_it_comes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
