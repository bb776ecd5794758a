#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_people.h"

#define TOKEN   "_TOKEN"
#define PROCESS UINT64_C(0xffffd18001000080)
#define VA      UINT64_C(0xffffd18002000060)
#define GROUPS  UINT64_C(0xffffd18003000000)
#define USER    UINT64_C(0xffffd18003000100)
#define LABEL   UINT64_C(0xffffd18003000200)
#define PACKAGE UINT64_C(0xffffd18003000300)
#define TRUST   UINT64_C(0xffffd18003000400)

static const uint32_t user[] = {21, 1417705386, 2309867194u, 1001}, label[] = {0x2000},
                      package[] = {2, 7, 8}, trust[] = {512, 8192};

/* A process of a user in an AppContainer. */
static void make(struct fake_people *p, const char *build)
{
    fake_people_init(p, build);
    fake_people_process(p, PROCESS, 0x1234, "calc.exe");
    fake_people_process_is_listed(p, PROCESS, 0x1234);
    fake_kernel_put(&p->k, "_EPROCESS", PROCESS, "Token", VA | 0xb);
    fake_kernel_zero(&p->k, TOKEN, VA);
    fake_kernel_put(&p->k, TOKEN, VA, "SessionId", 2);
    fake_kernel_put(&p->k, TOKEN, VA, "TokenFlags", 0x4000);
    fake_kernel_put(&p->k, TOKEN, VA, "MandatoryPolicy", 3);
    fake_kernel_put(&p->k, TOKEN, VA, "CapabilityCount", 5);
    fake_kernel_put(&p->k, TOKEN, VA, "UserAndGroups", GROUPS);
    fake_kernel_put(&p->k, TOKEN, VA, "UserAndGroupCount", 2);
    fake_kernel_put(&p->k, TOKEN, VA, "IntegrityLevelIndex", 1);
    fake_kernel_put(&p->k, TOKEN, VA, "Package", PACKAGE);
    fake_kernel_put(&p->k, TOKEN, VA, "TrustLevelSid", TRUST);
    fake_mem_zero(&p->k.mem, GROUPS, 32);
    fake_mem_u64(&p->k.mem, GROUPS, USER);
    fake_mem_u64(&p->k.mem, GROUPS + 16, LABEL);
    fake_people_sid(p, USER, 5, user, 4);
    fake_people_sid(p, LABEL, 16, label, 1);
    fake_people_sid(p, PACKAGE, 15, package, 3);
    fake_people_sid(p, TRUST, 19, trust, 2);
}

static const struct kdw_process *take(struct fake_people *p, struct kdw_snapshot *s)
{
    const struct kdw_process *found;

    fake_people_take(p, KDW_PART_PROCESSES, s);
    found = fake_people_find(s, PROCESS);
    assert_non_null(found);
    return found;
}

static void done(struct fake_people *p, struct kdw_snapshot *s)
{
    kdw_snapshot_free(s);
    fake_people_deinit(p);
}

static void every_fact_of_a_token_is_read_in_each_generation(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct kdw_process *found;
        struct kdw_snapshot s;
        struct fake_people p;

        make(&p, fake_people_builds[i]);
        found = take(&p, &s);
        assert_true(found->token_va.value == VA); /* without the count in its low bits */
        assert_int_equal(found->token_session.value, 2);
        assert_int_equal(found->token_flags.value, 0x4000);
        assert_int_equal(found->policy.value, 3);
        assert_int_equal(found->capabilities.value, 5);
        assert_string_equal(found->user.utf8, "S-1-5-21-1417705386-2309867194-1001");
        assert_int_equal(found->integrity.status, KD_OK);
        assert_int_equal(found->integrity.value, 0x2000);
        assert_string_equal(found->package.utf8, "S-1-15-2-7-8");
        assert_string_equal(found->trust_level.utf8, "S-1-19-512-8192");
        assert_true(kdw_snapshot_is_complete(&s));
        done(&p, &s);
    }
}

static void what_a_token_has_none_of_is_no_gap(void **state)
{
    const struct kdw_process *found;
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    fake_kernel_put(&p.k, TOKEN, VA, "IntegrityLevelIndex", 0xffffffff);
    fake_kernel_put(&p.k, TOKEN, VA, "Package", 0);
    fake_kernel_put(&p.k, TOKEN, VA, "TrustLevelSid", 0);
    found = take(&p, &s);
    assert_int_equal(found->integrity.status, KD_ERR_NOT_FOUND);
    assert_int_equal(found->package.status, KD_ERR_NOT_FOUND);
    assert_int_equal(found->trust_level.status, KD_ERR_NOT_FOUND);
    assert_int_equal(found->user.status, KD_OK);
    assert_true(kdw_snapshot_is_complete(&s));
    done(&p, &s);
}

static void an_authority_beyond_32_bits_is_written_in_hexadecimal(void **state)
{
    static const uint8_t sid[8] = {1, 0, 0x01, 0x02, 0, 0, 0, 3};
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    fake_mem_write(&p.k.mem, USER, sid, sizeof sid);
    assert_string_equal(take(&p, &s)->user.utf8, "S-1-0x010200000003");
    done(&p, &s);
}

static void what_is_no_sid_is_told_with_its_place(void **state)
{
    static const uint8_t long_one[8] = {1, 16, 0, 0, 0, 0, 0, 5}, old_one[8] = {2, 1};
    const struct kdw_process *found;
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    fake_mem_write(&p.k.mem, USER, long_one, sizeof long_one);
    fake_mem_write(&p.k.mem, TRUST, old_one, sizeof old_one);
    fake_people_sid(&p, LABEL, 16, NULL, 0); /* nothing that could be a level */
    found = take(&p, &s);
    assert_int_equal(found->user.status, KD_ERR_MALFORMED);
    assert_true(found->user.fault_va == USER);
    assert_int_equal(found->trust_level.status, KD_ERR_MALFORMED);
    assert_int_equal(found->integrity.status, KD_ERR_MALFORMED);
    assert_string_equal(found->package.utf8, "S-1-15-2-7-8");
    done(&p, &s);
}

static void an_index_beyond_the_groups_is_not_followed(void **state)
{
    const struct kdw_process *found;
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    fake_kernel_put(&p.k, TOKEN, VA, "IntegrityLevelIndex", 2);
    found = take(&p, &s);
    assert_int_equal(found->integrity.status, KD_ERR_MALFORMED);
    assert_true(found->integrity.fault_va == GROUPS);
    done(&p, &s);
}

static void holes_are_told_fact_by_fact(void **state)
{
    const struct kdw_process *found;
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    fake_mem_unmap(&p.k.mem, USER + 12, 4);
    fake_mem_unmap(&p.k.mem, GROUPS + 16, 8);
    fake_mem_unmap(&p.k.mem, VA + fake_kernel_offset(&p.k, TOKEN, "Package"), 8);
    found = take(&p, &s);
    assert_int_equal(found->user.status, KD_ERR_NOT_MAPPED);
    assert_true(found->user.fault_va == USER + 12);
    assert_int_equal(found->integrity.status, KD_ERR_NOT_MAPPED);
    assert_true(found->integrity.fault_va == GROUPS + 16);
    assert_int_equal(found->package.status, KD_ERR_NOT_MAPPED);
    assert_int_equal(found->trust_level.status, KD_OK);
    assert_false(kdw_snapshot_is_complete(&s));
    done(&p, &s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fact_of_a_token_is_read_in_each_generation),
        cmocka_unit_test(what_a_token_has_none_of_is_no_gap),
        cmocka_unit_test(an_authority_beyond_32_bits_is_written_in_hexadecimal),
        cmocka_unit_test(what_is_no_sid_is_told_with_its_place),
        cmocka_unit_test(an_index_beyond_the_groups_is_not_followed),
        cmocka_unit_test(holes_are_told_fact_by_fact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
