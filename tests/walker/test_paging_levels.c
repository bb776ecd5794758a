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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shared_page_tells_how_many_levels),
        cmocka_unit_test(without_that_page_known_addresses_tell),
        cmocka_unit_test(an_address_of_57_bits_needs_five),
        cmocka_unit_test(a_lost_link_is_passed_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
