#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "object_header.h"
#include "support/fake_kernel.h"

#define HEADER "_OBJECT_HEADER"
#define OBJECT UINT64_C(0xffffa80fb0001230)
#define TYPE   UINT64_C(0xffffa80fb0008000)

static void make(struct fake_kernel *k)
{
    fake_kernel_init(k, "22000");
    fake_mem_u32(&k->mem, fake_kernel_global(k, "ObHeaderCookie"), 0xa7);
    fake_mem_u64(&k->mem, fake_kernel_global(k, "PsJobType"), TYPE);
    fake_kernel_put(k, "_OBJECT_TYPE", TYPE, "Index", 6);
    fake_kernel_put(k, HEADER, OBJECT - fake_kernel_offset(k, HEADER, "Body"), "TypeIndex",
                    6 ^ 0xa7 ^ 0x12); /* its header is at ...1200 */
}

static struct kdw_object_headers plan_of(struct kdw_walk *w)
{
    struct kdw_object_headers headers;

    assert_int_equal(kdw_object_headers_plan(w, &headers), KD_OK);
    return headers;
}

static void the_index_of_an_object_is_that_of_its_type(void **state)
{
    struct fake_kernel k;
    struct kdw_snapshot s = {0};
    struct kdw_walk w = {.k = &k.kernel, .s = &s};
    struct kdw_object_headers headers;
    struct kdw_u64 of_object, of_type;

    (void)state;
    make(&k);
    headers = plan_of(&w);
    assert_int_equal(kdw_object_type_index(&w, &headers, OBJECT, &of_object), KD_OK);
    assert_int_equal(kdw_type_index_of(&w, &headers, "PsJobType", &of_type), KD_OK);
    assert_int_equal(of_object.status, KD_OK);
    assert_int_equal(of_object.value, 6);
    assert_int_equal(of_type.status, KD_OK);
    assert_int_equal(of_type.value, 6);
    fake_kernel_deinit(&k);
}

static void without_the_byte_that_is_drawn_at_boot_no_index_is_known(void **state)
{
    struct fake_kernel k;
    struct kdw_snapshot s = {0};
    struct kdw_walk w = {.k = &k.kernel, .s = &s};
    struct kdw_object_headers headers;
    struct kdw_u64 index;

    (void)state;
    make(&k);
    fake_mem_unmap(&k.mem, fake_kernel_global(&k, "ObHeaderCookie"), 4);
    headers = plan_of(&w);
    assert_int_equal(kdw_object_type_index(&w, &headers, OBJECT, &index), KD_OK);
    assert_int_equal(index.status, KD_ERR_NOT_MAPPED);
    assert_true(index.fault_va == fake_kernel_global(&k, "ObHeaderCookie"));
    fake_kernel_deinit(&k);
}

static void a_header_that_cannot_be_read_says_where(void **state)
{
    struct fake_kernel k;
    struct kdw_snapshot s = {0};
    struct kdw_walk w = {.k = &k.kernel, .s = &s};
    struct kdw_object_headers headers;
    struct kdw_u64 index;

    (void)state;
    make(&k);
    headers = plan_of(&w);
    assert_int_equal(kdw_object_type_index(&w, &headers, 0xdead0030, &index), KD_OK);
    assert_int_equal(index.status, KD_ERR_NOT_MAPPED);
    assert_true(index.fault_va == 0xdead0018);
    fake_kernel_deinit(&k);
}

static void a_type_that_the_symbols_lack_is_not_found(void **state)
{
    struct fake_kernel k;
    struct kdw_snapshot s = {0};
    struct kdw_walk w = {.k = &k.kernel, .s = &s};
    struct kdw_object_headers headers;
    struct kdw_u64 index;

    (void)state;
    make(&k);
    headers = plan_of(&w);
    assert_int_equal(kdw_type_index_of(&w, &headers, "NoSuchType", &index), KD_OK);
    assert_int_equal(index.status, KD_ERR_NOT_FOUND);
    headers.exist = false;
    assert_int_equal(kdw_object_type_index(&w, &headers, OBJECT, &index), KD_OK);
    assert_int_equal(index.status, KD_ERR_NOT_FOUND);
    assert_int_equal(kdw_type_index_of(&w, &headers, "PsJobType", &index), KD_OK);
    assert_int_equal(index.status, KD_ERR_NOT_FOUND);
    fake_kernel_deinit(&k);
}

static void what_ends_a_walk_ends_it(void **state)
{
    struct fake_kernel k;
    struct kdw_snapshot s = {0};
    struct kdw_walk w = {.k = &k.kernel, .s = &s};
    struct kdw_object_headers headers;
    struct kdw_u64 index;

    (void)state;
    make(&k);
    headers = plan_of(&w);
    k.mem.fail_with = KD_ERR_TIMEOUT;
    k.mem.fail_from = k.mem.reads + 1;
    assert_int_equal(kdw_object_headers_plan(&w, &headers), KD_ERR_TIMEOUT);
    assert_int_equal(kdw_object_type_index(&w, &headers, OBJECT, &index), KD_ERR_TIMEOUT);
    assert_int_equal(kdw_type_index_of(&w, &headers, "PsJobType", &index), KD_ERR_TIMEOUT);
    fake_kernel_deinit(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_index_of_an_object_is_that_of_its_type),
        cmocka_unit_test(without_the_byte_that_is_drawn_at_boot_no_index_is_known),
        cmocka_unit_test(a_header_that_cannot_be_read_says_where),
        cmocka_unit_test(a_type_that_the_symbols_lack_is_not_found),
        cmocka_unit_test(what_ends_a_walk_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
