#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "provider_links.h"
#include "support/clean_snapshot.h"

static void enables_are_found_by_their_provider(void **state)
{
    struct provider_links links;
    const struct provider_link *of;
    struct kdw_snapshot s;
    size_t count;

    (void)state;
    clean_snapshot(&s);
    assert_true(provider_links_enables(&s, &links));
    assert_int_equal(links.len, s.tables[KDW_TABLE_ENABLES].len);
    of = provider_links_of(&links, CLEAN_THREATS, &count);
    assert_int_equal(count, 1);
    assert_true(((const struct kdw_enable *)of->record)->provider_va.value == CLEAN_THREATS);
    (void)provider_links_of(&links, CLEAN_NOWHERE, &count);
    assert_int_equal(count, 0);
    provider_links_free(&links);
    kdw_snapshot_free(&s);
}

static void a_member_is_its_groups_as_well(void **state)
{
    struct provider_links links;
    const struct provider_link *own, *of_group;
    struct kdw_snapshot s;
    size_t count;

    (void)state;
    clean_snapshot(&s);
    assert_true(provider_links_registrations(&s, &links));
    own = provider_links_of(&links, CLEAN_MEMBER, &count);
    assert_int_equal(count, 1);
    of_group = provider_links_of(&links, CLEAN_GROUP, &count);
    assert_int_equal(count, 1);
    assert_ptr_equal(own->record, of_group->record);
    provider_links_free(&links);
    kdw_snapshot_free(&s);
}

static void nothing_has_no_links(void **state)
{
    struct kdw_snapshot s = {0};
    struct provider_links links;
    size_t count = 1;

    (void)state;
    assert_true(provider_links_enables(&s, &links));
    (void)provider_links_of(&links, CLEAN_THREATS, &count);
    assert_int_equal(count, 0);
    provider_links_free(&links);
}

/* A group has its members' registrations as well, and not their names. */
static void what_a_provider_calls_itself_is_in_its_own_registrations(void **state)
{
    struct provider_links links;
    struct kdw_registration *r;
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    r = clean_record(&s, KDW_TABLE_REGISTRATIONS, CLEAN_MEMBER + CLEAN_REG);
    clean_rename(&r->traits_name, "Mine");
    r->traits_name.status = KD_OK;
    assert_true(provider_links_registrations(&s, &links));
    assert_ptr_equal(
        provider_links_own_name(&links, clean_record(&s, KDW_TABLE_PROVIDERS, CLEAN_MEMBER)),
        &r->traits_name);
    assert_null(
        provider_links_own_name(&links, clean_record(&s, KDW_TABLE_PROVIDERS, CLEAN_GROUP)));
    assert_null(
        provider_links_own_name(&links, clean_record(&s, KDW_TABLE_PROVIDERS, CLEAN_THREATS)));
    provider_links_free(&links);
    kdw_snapshot_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enables_are_found_by_their_provider),
        cmocka_unit_test(a_member_is_its_groups_as_well),
        cmocka_unit_test(nothing_has_no_links),
        cmocka_unit_test(what_a_provider_calls_itself_is_in_its_own_registrations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
