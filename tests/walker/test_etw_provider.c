#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_etw.h"
#include "walk.h"

#define STATE    "_ETW_SILODRIVERSTATE"
#define PROVIDER "_ETW_GUID_ENTRY"
#define SLOT     "_TRACE_ENABLE_INFO"

#define VA_A UINT64_C(0xffffa80fb1000040)
#define VA_B UINT64_C(0xffffa80fb1002040)
#define VA_C UINT64_C(0xffffa80fb1004040)

static const uint8_t guid[16] = {0x7c, 0x89, 0xe1, 0xf4, 0x5d, 0xbb, 0x68, 0x56,
                                 0xf1, 0xd8, 0x04, 0x0f, 0x4d, 0x8d, 0xd3, 0x44};

static void is(const struct kdw_u64 *v, uint64_t expected)
{
    assert_int_equal(v->status, KD_OK);
    assert_true(v->value == expected);
}

static const struct kdw_provider *provider(const struct kdw_snapshot *s, uint64_t va)
{
    const struct kdw_provider *p = kdw_snapshot_find(s, KDW_TABLE_PROVIDERS, va);

    assert_non_null(p);
    return p;
}

static uint64_t security_of(struct fake_etw *e)
{
    return e->host.va + fake_kernel_offset(&e->k, STATE, "EtwpSecurityProviderGuidEntry");
}

static void put_slot(struct fake_etw *e, uint64_t provider_va, size_t slot, uint64_t logger_id)
{
    uint64_t va = provider_va + fake_kernel_offset(&e->k, PROVIDER, "EnableInfo") +
                  slot * fake_kernel_size(&e->k, SLOT);

    fake_kernel_put(&e->k, SLOT, va, "IsEnabled", 1);
    fake_kernel_put(&e->k, SLOT, va, "Level", 5);
    fake_kernel_put(&e->k, SLOT, va, "LoggerId", logger_id);
    fake_kernel_put(&e->k, SLOT, va, "EnableProperty", 0x80);
    fake_kernel_put(&e->k, SLOT, va, "MatchAnyKeyword", UINT64_C(0x8000000000000001));
    fake_kernel_put(&e->k, SLOT, va, "MatchAllKeyword", 1);
}

static void a_provider_is_found_by_its_bucket_and_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct kdw_provider *p;
        struct kdw_snapshot s;
        struct fake_etw e;

        fake_etw_init(&e, fake_etw_builds[i], 64);
        fake_etw_providers(&e, &e.host, 0, KDW_PROVIDER_TRACE, (uint64_t[]){VA_A, VA_B}, 2);
        fake_etw_providers(&e, &e.host, 63, KDW_PROVIDER_GROUP, (uint64_t[]){VA_C}, 1);
        fake_mem_u64(&e.k.mem,
                     e.host.va + fake_kernel_offset(&e.k, STATE, "EtwpGuidHashTable") + 0x30, 0x11);
        fake_etw_take(&e, KDW_PART_PROVIDERS, &s);
        assert_int_equal(s.tables[KDW_TABLE_PROVIDERS].len, 4);
        p = provider(&s, VA_B);
        is(&p->type, KDW_PROVIDER_TRACE);
        is(&p->bucket, 0);
        is(&p->bucket_lock, 0x11);
        is(&p->state_va, e.host.va);
        is(&p->own_state_va, e.host.va);
        p = provider(&s, VA_C);
        is(&p->type, KDW_PROVIDER_GROUP);
        is(&p->bucket, 63);
        is(&p->bucket_lock, 0);
        assert_true(kdw_snapshot_is_complete(&s));
        kdw_snapshot_free(&s);
        fake_etw_deinit(&e);
    }
}

static void the_security_provider_is_in_no_bucket(void **state)
{
    const struct kdw_provider *p;
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "22000", 64);
    put_slot(&e, security_of(&e), 0, 3);
    fake_etw_take(&e, KDW_PART_PROVIDERS, &s);
    p = provider(&s, security_of(&e));
    is(&p->type, KDW_PROVIDER_SECURITY);
    assert_int_equal(p->bucket.status, KD_ERR_NOT_FOUND);
    assert_int_equal(p->bucket_lock.status, KD_ERR_NOT_FOUND);
    assert_int_equal(s.tables[KDW_TABLE_ENABLES].len, 1);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void every_fact_of_an_entry_is_read(void **state)
{
    static const struct {
        const char *field;
        size_t at;
    } facts[] = {
        {"RefCount", offsetof(struct kdw_provider, references)},
        {"HostEntry", offsetof(struct kdw_provider, host_entry_va)},
        {"ProviderEnableInfo.IsEnabled", offsetof(struct kdw_provider, enabled)},
        {"ProviderEnableInfo.Level", offsetof(struct kdw_provider, level)},
        {"ProviderEnableInfo.EnableProperty", offsetof(struct kdw_provider, property)},
        {"ProviderEnableInfo.MatchAnyKeyword", offsetof(struct kdw_provider, any_keyword)},
        {"ProviderEnableInfo.MatchAllKeyword", offsetof(struct kdw_provider, all_keyword)},
        {"LockOwner", offsetof(struct kdw_provider, lock_owner_va)},
        {"FilterData", offsetof(struct kdw_provider, filter_va)},
        {"SecurityDescriptor", offsetof(struct kdw_provider, descriptor_va)},
    };
    const struct kdw_provider *p;
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "22000", 64);
    fake_etw_providers(&e, &e.host, 7, KDW_PROVIDER_NOTIFICATION, (uint64_t[]){VA_A}, 1);
    fake_mem_write(&e.k.mem, VA_A + fake_kernel_offset(&e.k, PROVIDER, "Guid"), guid, 16);
    fake_mem_u64(&e.k.mem, VA_A + fake_kernel_offset(&e.k, PROVIDER, "Lock"), 0x21);
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
        fake_kernel_put(&e.k, PROVIDER, VA_A, facts[i].field, i + 1);
    fake_etw_take(&e, KDW_PART_PROVIDERS, &s);
    p = provider(&s, VA_A);
    is(&p->type, KDW_PROVIDER_NOTIFICATION);
    assert_memory_equal(p->guid.bytes, guid, 16);
    is(&p->lock, 0x21);
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
        is((const struct kdw_u64 *)((const uint8_t *)p + facts[i].at), i + 1);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void an_older_kernel_has_no_host_entries(void **state)
{
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "14393", 64);
    fake_etw_providers(&e, &e.host, 7, KDW_PROVIDER_TRACE, (uint64_t[]){VA_A}, 1);
    fake_etw_take(&e, KDW_PART_PROVIDERS, &s);
    assert_int_equal(provider(&s, VA_A)->host_entry_va.status, KD_ERR_NOT_FOUND);
    assert_true(kdw_snapshot_is_complete(&s));
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void slots_that_are_not_all_zero_are_enables(void **state)
{
    const struct kdw_enable *enables;
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    fake_etw_providers(&e, &e.host, 1, KDW_PROVIDER_TRACE, (uint64_t[]){VA_A}, 1);
    put_slot(&e, VA_A, 7, 0x24);
    fake_mem_write(&e.k.mem, VA_A + fake_kernel_offset(&e.k, PROVIDER, "EnableInfo") + 0x44,
                   (uint8_t[]){4}, 1); /* of slot 2 only the level is left */
    fake_etw_take(&e, KDW_PART_PROVIDERS, &s);
    assert_int_equal(s.tables[KDW_TABLE_ENABLES].len, 2);
    enables = s.tables[KDW_TABLE_ENABLES].records;
    is(&enables[0].slot, 2);
    is(&enables[0].enabled, 0);
    is(&enables[0].level, 4);
    is(&enables[1].slot, 7);
    is(&enables[1].provider_va, VA_A);
    is(&enables[1].enabled, 1);
    is(&enables[1].level, 5);
    is(&enables[1].logger_id, 0x24);
    is(&enables[1].property, 0x80);
    is(&enables[1].any_keyword, UINT64_C(0x8000000000000001));
    is(&enables[1].all_keyword, 1);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void a_slot_that_cannot_be_read_may_be_in_use(void **state)
{
    const uint64_t va = UINT64_C(0xffffa80fb1000f20); /* its slots begin at ...fa0 */
    const struct kdw_enable *enables;
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "22000", 64);
    fake_etw_providers(&e, &e.host, 1, KDW_PROVIDER_TRACE, (uint64_t[]){va}, 1);
    fake_mem_unmap(&e.k.mem, UINT64_C(0xffffa80fb1001000), 0x1000);
    fake_etw_take(&e, KDW_PART_PROVIDERS, &s);
    assert_int_equal(s.tables[KDW_TABLE_ENABLES].len, 5); /* three were zero */
    enables = s.tables[KDW_TABLE_ENABLES].records;
    is(&enables[0].slot, 3);
    assert_int_equal(enables[0].enabled.status, KD_ERR_NOT_MAPPED);
    assert_int_equal(provider(&s, va)->own_state_va.status, KD_ERR_NOT_MAPPED);
    is(&provider(&s, va)->references, 0);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void a_broken_bucket_is_told_and_the_others_are_walked(void **state)
{
    const struct kdw_list_walk *broken;
    struct kdw_snapshot s;
    struct fake_etw e;
    uint64_t table;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    table = e.host.va + fake_kernel_offset(&e.k, STATE, "EtwpGuidHashTable");
    fake_etw_providers(&e, &e.host, 1, KDW_PROVIDER_TRACE, (uint64_t[]){VA_A, VA_B}, 2);
    fake_etw_providers(&e, &e.host, 2, KDW_PROVIDER_TRACE, (uint64_t[]){VA_C}, 1);
    fake_mem_u64(&e.k.mem, VA_B, VA_B); /* leads to itself */
    fake_etw_take(&e, KDW_PART_PROVIDERS, &s);
    (void)provider(&s, VA_A);
    (void)provider(&s, VA_B);
    (void)provider(&s, VA_C);
    assert_int_equal(s.tables[KDW_TABLE_LISTS].len, 1);
    broken = s.tables[KDW_TABLE_LISTS].records;
    assert_true(broken->va == table + 0x38);
    assert_string_equal(broken->name.utf8, "EtwpGuidHashTable");
    is(&broken->owner_va, e.host.va);
    is(&broken->entries, 2);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void what_lies_behind_a_hole_is_found_from_the_other_end(void **state)
{
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    fake_etw_providers(&e, &e.host, 1, KDW_PROVIDER_TRACE, (uint64_t[]){VA_A, VA_B, VA_C}, 3);
    fake_mem_unmap(&e.k.mem, VA_B, 0x1000);
    fake_etw_take(&e, KDW_PART_PROVIDERS, &s);
    assert_int_equal(s.tables[KDW_TABLE_PROVIDERS].len, 3); /* with the security provider */
    (void)provider(&s, VA_A);
    (void)provider(&s, VA_C);
    assert_int_equal(s.tables[KDW_TABLE_LISTS].len, 1);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void more_than_the_table_holds_are_cut(void **state)
{
    const size_t max = kdw_snapshot_tables[KDW_TABLE_PROVIDERS].max;
    const struct kdw_list_walk *broken;
    struct kdw_snapshot s = {0};
    struct fake_etw e;
    struct kdw_walk w = {.k = &e.k.kernel, .s = &s, .parts = KDW_PART_PROVIDERS};

    (void)state;
    fake_etw_init(&e, "22000", 64);
    fake_etw_providers(&e, &e.host, 9, KDW_PROVIDER_TRACE, (uint64_t[]){VA_A, VA_B, VA_C}, 3);
    assert_non_null(kdw_snapshot_add(&s, KDW_TABLE_STATES, e.host.va));
    for (size_t i = 1; i <= max - 2; i++) /* the security provider, and one more */
        assert_non_null(kdw_snapshot_add(&s, KDW_TABLE_PROVIDERS, VA_C + 0x1000 * i));
    assert_int_equal(kdw_walk_providers(&w), KD_OK);
    assert_int_equal(s.tables[KDW_TABLE_PROVIDERS].len, max);
    (void)provider(&s, VA_A);
    assert_null(kdw_snapshot_find(&s, KDW_TABLE_PROVIDERS, VA_B));
    broken = s.tables[KDW_TABLE_LISTS].records;
    is(&broken->end_va, VA_B);
    is(&broken->entries, 1);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void nobody_looks_unless_asked(void **state)
{
    struct kdw_snapshot s;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "22000", 64);
    fake_etw_take(&e, KDW_PART_LOGGER_DETAILS, &s);
    assert_false(s.tables[KDW_TABLE_PROVIDERS].is_taken);
    assert_false(s.tables[KDW_TABLE_ENABLES].is_taken);
    assert_false(s.tables[KDW_TABLE_REGISTRATIONS].is_taken);
    kdw_snapshot_free(&s);
    fake_etw_deinit(&e);
}

static void what_ends_a_walk_ends_it_wherever_it_comes(void **state)
{
    enum kd_status st = KD_ERR_TIMEOUT;
    struct fake_etw e;

    (void)state;
    fake_etw_init(&e, "18362", 64);
    fake_etw_providers(&e, &e.host, 1, KDW_PROVIDER_TRACE, (uint64_t[]){VA_A, VA_B}, 2);
    fake_etw_providers(&e, &e.host, 2, KDW_PROVIDER_GROUP, (uint64_t[]){VA_C}, 1);
    fake_etw_registrations(&e, VA_B, (uint64_t[]){VA_A + 0x800}, 1);
    fake_etw_group(&e, VA_C, (uint64_t[]){VA_A + 0x800}, 1);
    put_slot(&e, VA_A, 7, 0x24);
    e.k.mem.fail_with = KD_ERR_TIMEOUT;
    for (size_t n = 1; st == KD_ERR_TIMEOUT; n++) {
        struct kdw_snapshot s = {0};

        e.k.mem.fail_from = e.k.mem.reads + n;
        st = kdw_snapshot_take(&e.k.kernel, KDW_PART_PROVIDERS, &s);
        kdw_snapshot_free(&s);
    }
    assert_int_equal(st, KD_OK);
    fake_etw_deinit(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_provider_is_found_by_its_bucket_and_type),
        cmocka_unit_test(the_security_provider_is_in_no_bucket),
        cmocka_unit_test(every_fact_of_an_entry_is_read),
        cmocka_unit_test(an_older_kernel_has_no_host_entries),
        cmocka_unit_test(slots_that_are_not_all_zero_are_enables),
        cmocka_unit_test(a_slot_that_cannot_be_read_may_be_in_use),
        cmocka_unit_test(a_broken_bucket_is_told_and_the_others_are_walked),
        cmocka_unit_test(what_lies_behind_a_hole_is_found_from_the_other_end),
        cmocka_unit_test(more_than_the_table_holds_are_cut),
        cmocka_unit_test(nobody_looks_unless_asked),
        cmocka_unit_test(what_ends_a_walk_ends_it_wherever_it_comes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
