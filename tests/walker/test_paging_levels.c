#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/page_tables.h"

#define KERNEL      UINT64_C(0xFFFFF80123456000)
#define SHARED_DATA UINT64_C(0xFFFFF78000000000)
#define PA          UINT64_C(0x40000000)

enum { NT_MAJOR_VERSION = 0x26C };

static enum kd_status find(struct page_tables *t, uint64_t known_va, uint8_t *levels)
{
    const uint64_t known_vas[] = {0, known_va};
    struct kdw_paging_opts opts = page_tables_opts(t);

    opts.levels = 0; /* that is the question */
    return kdw_paging_find_levels(&opts, known_vas, 2, levels);
}

static void the_shared_page_tells_how_many_levels(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct page_tables t;
        uint8_t found = 0;

        page_tables_init(&t, levels);
        page_tables_put(&t, SHARED_DATA, 1, PA | ON);
        fake_mem_u32(&t.physical, PA + NT_MAJOR_VERSION, levels == 4 ? 6 : 10);
        assert_int_equal(find(&t, 0, &found), KD_OK);
        assert_int_equal(found, levels);
        fake_mem_u32(&t.physical, PA + NT_MAJOR_VERSION, 7); /* no Windows says that */
        found = 77;
        assert_int_equal(find(&t, 0, &found), KD_ERR_NOT_FOUND);
        assert_int_equal(found, 77);
        page_tables_deinit(&t);
    }
}

static void without_that_page_known_addresses_tell(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct page_tables t;
        uint8_t found = 0;

        page_tables_init(&t, levels);
        page_tables_put(&t, KERNEL, 1, PA | ON);
        assert_int_equal(find(&t, KERNEL + 0x123, &found), KD_OK);
        assert_int_equal(found, levels);
        assert_int_equal(find(&t, 0, &found), KD_ERR_NOT_FOUND);
        assert_int_equal(find(&t, KERNEL + 0x1000, &found), KD_ERR_NOT_FOUND);
        page_tables_deinit(&t);
    }
}

static void an_address_of_57_bits_needs_five(void **state)
{
    struct page_tables t;
    uint8_t found = 0;

    (void)state;
    page_tables_init(&t, 4);
    assert_int_equal(find(&t, UINT64_C(0xFF12345678901000), &found), KD_OK);
    assert_int_equal(found, 5);
    assert_int_equal(t.physical.reads, 0);
    assert_int_equal(find(&t, UINT64_C(0x8012345678901000), &found), KD_ERR_NOT_FOUND); /* of 64 */
    page_tables_deinit(&t);
}

static void a_lost_link_is_passed_on(void **state)
{
    struct page_tables t;
    uint8_t found = 77;

    (void)state;
    page_tables_init(&t, 4);
    t.physical.fail_from = 1;
    t.physical.fail_with = KD_ERR_LOST;
    assert_int_equal(find(&t, KERNEL, &found), KD_ERR_LOST);
    assert_int_equal(found, 77);
    page_tables_deinit(&t);
}

static enum kd_status is_doubtful(struct page_tables *t, bool *out)
{
    const struct kdw_paging_opts opts = page_tables_opts(t);
    struct kdw_paging *p;
    enum kd_status st;

    assert_int_equal(kdw_paging_create(&opts, &p), KD_OK);
    st = kdw_paging_is_doubtful(p, out);
    kdw_paging_destroy(p);
    return st;
}

static void tables_that_do_not_lead_to_the_shared_page_are_doubtful(void **state)
{
    struct page_tables t;
    bool doubtful = true;

    (void)state;
    page_tables_init(&t, 4);
    page_tables_put(&t, SHARED_DATA, 1, PA | ON);
    fake_mem_u32(&t.physical, PA + NT_MAJOR_VERSION, 10);
    assert_int_equal(is_doubtful(&t, &doubtful), KD_OK);
    assert_false(doubtful);
    fake_mem_u32(&t.physical, PA + NT_MAJOR_VERSION, 0xa00a);
    assert_int_equal(is_doubtful(&t, &doubtful), KD_OK);
    assert_true(doubtful);
    page_tables_put(&t, SHARED_DATA, 1, 0);
    doubtful = false;
    assert_int_equal(is_doubtful(&t, &doubtful), KD_OK);
    assert_true(doubtful);
    page_tables_deinit(&t);
}

static void what_the_source_lacks_raises_no_doubt(void **state)
{
    struct page_tables t;
    bool doubtful = true;

    (void)state;
    page_tables_init(&t, 4);
    page_tables_put(&t, SHARED_DATA, 1, PA | ON); /* and there is no such page */
    assert_int_equal(is_doubtful(&t, &doubtful), KD_OK);
    assert_false(doubtful);
    fake_mem_unmap(&t.physical, t.root_pa, 0x1000);
    doubtful = true;
    assert_int_equal(is_doubtful(&t, &doubtful), KD_ERR_NOT_IN_DUMP);
    assert_true(doubtful);
    page_tables_deinit(&t);
}

static void a_lost_link_is_no_doubt(void **state)
{
    (void)state;
    for (size_t i = 1; i <= 4; i++) {
        struct page_tables t;
        bool doubtful = true;

        page_tables_init(&t, 4);
        page_tables_put(&t, SHARED_DATA, 1, PA | ON);
        fake_mem_u32(&t.physical, PA + NT_MAJOR_VERSION, 10);
        fake_mem_reset_counts(&t.physical);
        t.physical.fail_from = i;
        t.physical.fail_with = KD_ERR_CANCELLED;
        assert_int_equal(is_doubtful(&t, &doubtful), KD_ERR_CANCELLED);
        page_tables_deinit(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shared_page_tells_how_many_levels),
        cmocka_unit_test(without_that_page_known_addresses_tell),
        cmocka_unit_test(an_address_of_57_bits_needs_five),
        cmocka_unit_test(a_lost_link_is_passed_on),
        cmocka_unit_test(tables_that_do_not_lead_to_the_shared_page_are_doubtful),
        cmocka_unit_test(what_the_source_lacks_raises_no_doubt),
        cmocka_unit_test(a_lost_link_is_no_doubt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
