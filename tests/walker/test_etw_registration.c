#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_etw.h"

#define ENTRY "_ETW_REG_ENTRY"

#define PROVIDER UINT64_C(0xffffa80fb1000040)
#define OTHER    UINT64_C(0xffffa80fb1002040)
#define GROUP    UINT64_C(0xffffa80fb1004040)
#define REG_A    UINT64_C(0xffffa80fb2000040)
#define REG_B    UINT64_C(0xffffa80fb2002040)
#define PROCESS  UINT64_C(0xffffa80fb3000080)
#define TRAITS   UINT64_C(0xffffa80fb4000000)

enum { USER = 2, KERNEL = 1 }; /* Flags */

static void is(const struct kdw_u64 *v, uint64_t expected)
{
    assert_int_equal(v->status, KD_OK);
    assert_true(v->value == expected);
}

static const struct kdw_registration *registrations(const struct kdw_snapshot *s, size_t len)
{
    assert_int_equal(s->tables[KDW_TABLE_REGISTRATIONS].len, len);
    return s->tables[KDW_TABLE_REGISTRATIONS].records;
}

/* A provider and a group, nobody registered yet. */
static void make(struct fake_etw *e, const char *build)
{
    fake_etw_init(e, build, 64);
    fake_etw_providers(e, &e->host, 3, KDW_PROVIDER_TRACE, (uint64_t[]){PROVIDER, OTHER}, 2);
    fake_etw_providers(e, &e->host, 1, KDW_PROVIDER_GROUP, (uint64_t[]){GROUP}, 1);
}

static void put(struct fake_etw *e, uint64_t va, const char *field, uint64_t value)
{
    fake_kernel_put(&e->k, ENTRY, va, field, value);
}

static void take(struct fake_etw *e, struct kdw_snapshot *s)
{
    fake_etw_take(e, KDW_PART_PROVIDERS, s);
}

static void a_programs_registration_names_its_process(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct kdw_registration *r;
        struct kdw_snapshot s;
        struct fake_etw e;

        make(&e, fake_etw_builds[i]);
        fake_etw_registrations(&e, PROVIDER, (uint64_t[]){REG_A}, 1);
        fake_etw_process(&e, PROCESS, 0x2c4, "lsass.exe");
        put(&e, REG_A, "Flags", USER | 0xa0);
        put(&e, REG_A, "Process", PROCESS);
        put(&e, REG_A, "Callback", 0x7ffb10001a30);
        put(&e, REG_A, "Index", 0x11);
        put(&e, REG_A, "EnableMask", 0x81);
        put(&e, REG_A, "GroupEnableMask", 0x02);
        take(&e, &s);
        r = registrations(&s, 1);
        is(&r->provider_va, PROVIDER);
        is(&r->own_provider_va, PROVIDER);
        is(&r->listed_group_va, 0);
        is(&r->group_va, 0);
        is(&r->flags, USER | 0xa0);
        is(&r->index, 0x11);
        is(&r->enable_mask, 0x81);
        is(&r->group_mask, 0x02);
        is(&r->process_va, PROCESS);
        is(&r->pid, 0x2c4);
        assert_string_equal(r->process_name.utf8, "lsass.exe");
        is(&r->callback_va, 0x7ffb10001a30);
        assert_int_equal(r->context_va.status, KD_ERR_NOT_FOUND);
        assert_int_equal(r->session_id.status, KD_ERR_NOT_FOUND);
        assert_int_equal(r->traits_name.status, KD_ERR_NOT_FOUND);
        assert_true(kdw_snapshot_is_complete(&s));
        kdw_snapshot_free(&s);
        fake_etw_deinit(&e);
    }
}

static void a_kernels_registration_has_a_callback_and_its_context(void **state)
{
    const struct kdw_registration *r;
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    make(&e, "22000");
    fake_etw_registrations(&e, PROVIDER, (uint64_t[]){REG_A}, 1);
    put(&e, REG_A, "Flags", KERNEL | 0x10);
    put(&e, REG_A, "CallbackContext", 0xffffa80fb5555550);
    put(&e, REG_A, "Callback", FAKE_KERNEL_BASE + 0x1234);
    put(&e, REG_A, "SessionId", 2);
    put(&e, REG_A, "HostEnableMask", 4);
    put(&e, REG_A, "HostGroupEnableMask", 8);
    take(&e, &s);
    r = registrations(&s, 1);
    is(&r->context_va, 0xffffa80fb5555550);
    is(&r->callback_va, FAKE_KERNEL_BASE + 0x1234);
    is(&r->session_id, 2);
    is(&r->host_mask, 4);
    is(&r->host_group_mask, 8);
    assert_int_equal(r->process_va.status, KD_ERR_NOT_FOUND);
    assert_int_equal(r->pid.status, KD_ERR_NOT_FOUND);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void what_a_provider_calls_itself_is_read(void **state)
{
    const struct kdw_registration *r;
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    make(&e, "18362");
    fake_etw_registrations(&e, PROVIDER, (uint64_t[]){REG_A, REG_B}, 2);
    put(&e, REG_A, "Traits", TRAITS);
    put(&e, REG_B, "Traits", 0xffffa80fdead0000);
    fake_mem_write(&e.k.mem, TRAITS + fake_kernel_offset(&e.k, "_ETW_PROVIDER_TRAITS", "Traits"),
                   "\x0e\0Contoso.Disk\0\x13", 16);
    take(&e, &s);
    r = registrations(&s, 2);
    assert_int_equal(r[0].traits_name.status, KD_OK);
    assert_string_equal(r[0].traits_name.utf8, "Contoso.Disk");
    assert_int_equal(r[1].traits_name.status, KD_ERR_NOT_MAPPED);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void one_that_is_in_a_group_is_one_record(void **state)
{
    const struct kdw_registration *r;
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    make(&e, "22000");
    fake_etw_registrations(&e, PROVIDER, (uint64_t[]){REG_A, REG_B}, 2);
    fake_etw_group(&e, GROUP, (uint64_t[]){REG_B}, 1);
    take(&e, &s);
    r = registrations(&s, 2);
    is(&r[0].listed_group_va, 0);
    is(&r[1].provider_va, PROVIDER);
    is(&r[1].listed_group_va, GROUP);
    is(&r[1].group_va, GROUP);
    assert_true(kdw_snapshot_is_complete(&s));
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void one_that_only_its_group_lists_has_no_provider(void **state)
{
    const struct kdw_registration *r;
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    make(&e, "22000");
    fake_etw_registrations(&e, PROVIDER, (uint64_t[]){REG_A}, 1);
    fake_etw_group(&e, GROUP, (uint64_t[]){REG_A}, 1);
    fake_etw_registrations(&e, OTHER, (uint64_t[]){REG_B}, 1);
    fake_mem_list(&e.k.mem, PROVIDER + fake_kernel_offset(&e.k, "_ETW_GUID_ENTRY", "RegListHead"),
                  NULL, 0); /* unlinked */
    take(&e, &s);
    r = registrations(&s, 2);
    assert_true(r[0].va == REG_B);
    assert_true(r[1].va == REG_A);
    is(&r[1].provider_va, 0);
    is(&r[1].own_provider_va, PROVIDER);
    is(&r[1].listed_group_va, GROUP);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void whose_it_is_stays_unknown_where_its_flags_are(void **state)
{
    const uint64_t va = UINT64_C(0xffffa80fb2000fa0); /* its flags are at ...1002 */
    const struct kdw_registration *r;
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    make(&e, "18362");
    fake_etw_registrations(&e, PROVIDER, (uint64_t[]){va}, 1);
    fake_mem_unmap(&e.k.mem, UINT64_C(0xffffa80fb2001000), 0x1000);
    take(&e, &s);
    r = registrations(&s, 1);
    is(&r->own_provider_va, PROVIDER);
    assert_int_equal(r->flags.status, KD_ERR_NOT_MAPPED);
    assert_int_equal(r->process_va.status, KD_ERR_NOT_MAPPED);
    assert_int_equal(r->context_va.status, KD_ERR_NOT_MAPPED);
    assert_int_equal(r->traits_name.status, KD_ERR_NOT_MAPPED);
    assert_false(kdw_snapshot_is_complete(&s));
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void a_process_that_cannot_be_read_is_a_gap(void **state)
{
    const struct kdw_registration *r;
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    make(&e, "18362");
    fake_etw_registrations(&e, PROVIDER, (uint64_t[]){REG_A}, 1);
    put(&e, REG_A, "Flags", USER);
    put(&e, REG_A, "Process", 0xffffa80fdead0000);
    take(&e, &s);
    r = registrations(&s, 1);
    assert_int_equal(r->pid.status, KD_ERR_NOT_MAPPED);
    assert_int_equal(r->process_name.status, KD_ERR_NOT_MAPPED);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void a_broken_list_is_told(void **state)
{
    const struct kdw_list_walk *broken;
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    make(&e, "18362");
    fake_etw_registrations(&e, PROVIDER, (uint64_t[]){REG_A, REG_B}, 2);
    fake_mem_u64(&e.k.mem, REG_A, 0xffffa80fdead0000);
    take(&e, &s);
    assert_true(registrations(&s, 2)[1].va == REG_B); /* from the other end */
    assert_int_equal(s.tables[KDW_TABLE_LISTS].len, 1);
    broken = s.tables[KDW_TABLE_LISTS].records;
    assert_string_equal(broken->name.utf8, "RegListHead");
    is(&broken->owner_va, PROVIDER);
    is(&broken->end_va, 0xffffa80fdead0000);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_programs_registration_names_its_process),
        cmocka_unit_test(a_kernels_registration_has_a_callback_and_its_context),
        cmocka_unit_test(what_a_provider_calls_itself_is_read),
        cmocka_unit_test(one_that_is_in_a_group_is_one_record),
        cmocka_unit_test(one_that_only_its_group_lists_has_no_provider),
        cmocka_unit_test(whose_it_is_stays_unknown_where_its_flags_are),
        cmocka_unit_test(a_process_that_cannot_be_read_is_a_gap),
        cmocka_unit_test(a_broken_list_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
