#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_mem.h"

#include <walker/debugger_data.h>

#define BLOCK      0xfffff80700c1d040u
#define NEVER_AT   0xfffff80700d01000u
#define ALWAYS_AT  0xfffff80700d01010u
#define ENCODED_AT 0xfffff80700d01888u
#define NEVER      0x1122334455667788u
#define ALWAYS     0x99aabbccddeeff00u
#define KERNEL     0xfffff80700800000u

static const struct kdw_debugger_keys keys = {NEVER_AT, ALWAYS_AT, ENCODED_AT};

enum { LEN = 0x380 };

static void put_plain(struct fake_mem *m, uint32_t len)
{
    fake_mem_init(m);
    fake_mem_zero(m, BLOCK, LEN);
    fake_mem_u64(m, BLOCK, 0xfffff80700c1d040u);
    fake_mem_write(m, BLOCK + 0x10, "KDBG", 4);
    fake_mem_u32(m, BLOCK + 0x14, len);
    fake_mem_u64(m, BLOCK + 0x18, KERNEL);
    fake_mem_u64(m, BLOCK + 0x48, KERNEL + 1);
    fake_mem_u64(m, BLOCK + 0x50, KERNEL + 2);
    fake_mem_u64(m, BLOCK + 0x58, KERNEL + 3);
    fake_mem_u64(m, BLOCK + 0x88, KERNEL + 4);
    fake_mem_u64(m, BLOCK + 0xC0, KERNEL + 5);
    fake_mem_u64(m, BLOCK + 0x208, KERNEL + 6);
    fake_mem_u64(m, BLOCK + 0x218, KERNEL + 7);
    fake_mem_u64(m, BLOCK + 0x270, KERNEL + 9);
    fake_mem_u16(m, BLOCK + 0x2be, 0x24);
    fake_mem_u16(m, BLOCK + 0x2c0, 0x1111);
    fake_mem_u16(m, BLOCK + 0x2f2, 0xf0);
    fake_mem_u64(m, BLOCK + 0x330, KERNEL + 8);
    fake_mem_u64(m, BLOCK + 0x360, 0xffffb40000000000u);
    fake_mem_u64(m, NEVER_AT, NEVER);
    fake_mem_u64(m, ALWAYS_AT, ALWAYS);
}

/* The way back, written down once more: plain to encoded. */
static uint64_t encode(uint64_t plain, uint64_t never, uint64_t always)
{
    uint64_t v = plain ^ always, swapped = 0;
    unsigned n = never & 63;

    for (unsigned i = 0; i < 8; i++)
        swapped |= (v >> 8 * i & 0xFF) << 8 * (7 - i);
    v = swapped ^ ENCODED_AT;
    if (n > 0)
        v = v >> n | v << (64 - n);
    return v ^ never;
}

static void encode_block(struct fake_mem *m, uint64_t never)
{
    fake_mem_u64(m, NEVER_AT, never);
    for (uint64_t at = BLOCK; at < BLOCK + LEN; at += 8) {
        uint64_t v = 0;

        assert_int_equal(kdw_mem_u64(&m->mem, at, &v), KD_OK);
        fake_mem_u64(m, at, encode(v, never, ALWAYS));
    }
}

static void expect_fields(const struct kdw_debugger_data *d)
{
    assert_int_equal(d->len, LEN);
    assert_true(d->kernel_base_va == KERNEL);
    assert_true(d->module_list_va == KERNEL + 1);
    assert_true(d->process_list_va == KERNEL + 2);
    assert_true(d->cid_table_va == KERNEL + 3);
    assert_true(d->bugcheck_va == KERNEL + 4);
    assert_true(d->pfn_database_va == KERNEL + 5);
    assert_true(d->build_lab_va == KERNEL + 6);
    assert_true(d->processor_block_va == KERNEL + 7);
    assert_int_equal(d->prcb_number, 0x24);
    assert_int_equal(d->prcb_special_registers, 0xf0);
    assert_true(d->etwp_debugger_data_va == KERNEL + 8);
    assert_true(d->physical_memory_va == KERNEL + 9);
    assert_true(d->pte_base == 0xffffb40000000000u);
}

static void a_plain_block_needs_no_keys(void **state)
{
    struct kdw_debugger_data d;
    struct kd_diag diag = {""};
    struct fake_mem m;

    (void)state;
    put_plain(&m, LEN);
    assert_int_equal(kdw_debugger_data_read(&m.mem, BLOCK, NULL, &diag, &d), KD_OK);
    assert_false(d.was_encoded);
    expect_fields(&d);
    assert_string_equal(diag.text, "");
    fake_mem_unmap(&m, NEVER_AT, 8); /* nor are they read where they are known */
    assert_int_equal(kdw_debugger_data_read(&m.mem, BLOCK, &keys, &diag, &d), KD_OK);
    assert_false(d.was_encoded);
    fake_mem_deinit(&m);
}

/* Three words whose plain and encoded values were published. */
static void published_words_are_decoded(void **state)
{
    struct kdw_debugger_data d;
    struct fake_mem m;

    (void)state;
    assert_true(encode(0xfffff80700c1d040u, NEVER, ALWAYS) == 0xff9de3938fade4c5u);
    assert_true(encode(0x000003804742444bu, NEVER, ALWAYS) == 0x00967710c82a1f3au);
    assert_true(encode(0, NEVER, ALWAYS) == 0x00dd33528faa1c3au);
    put_plain(&m, LEN);
    for (uint64_t at = BLOCK; at < BLOCK + LEN; at += 8)
        fake_mem_u64(&m, at, 0x00dd33528faa1c3au);
    fake_mem_u64(&m, BLOCK, 0xff9de3938fade4c5u);
    fake_mem_u64(&m, BLOCK + 0x10, 0x00967710c82a1f3au);
    fake_mem_u64(&m, BLOCK + 0x18, 0xff9de3938fade4c5u);
    assert_int_equal(kdw_debugger_data_read(&m.mem, BLOCK, &keys, NULL, &d), KD_OK);
    assert_true(d.was_encoded);
    assert_int_equal(d.len, 0x380);
    assert_true(d.kernel_base_va == 0xfffff80700c1d040u);
    assert_true(d.module_list_va == 0 && d.pte_base == 0);
    fake_mem_deinit(&m);
}

static void an_encoded_block_is_decoded_with_any_rotation(void **state)
{
    static const uint64_t nevers[] = {NEVER, NEVER & ~(uint64_t)63, NEVER | 63, 1};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct kdw_debugger_data d;
        struct fake_mem m;

        put_plain(&m, LEN);
        encode_block(&m, nevers[i]);
        assert_int_equal(kdw_debugger_data_read(&m.mem, BLOCK, &keys, NULL, &d), KD_OK);
        assert_true(d.was_encoded);
        expect_fields(&d);
        fake_mem_deinit(&m);
    }
}

static void without_the_right_keys_there_is_no_block(void **state)
{
    struct kdw_debugger_keys wrong = keys;
    struct kdw_debugger_data d;
    struct kd_diag diag;
    struct fake_mem m;

    (void)state;
    put_plain(&m, LEN);
    encode_block(&m, NEVER);
    assert_int_equal(kdw_debugger_data_read(&m.mem, BLOCK, NULL, &diag, &d), KD_ERR_NOT_FOUND);
    assert_non_null(strstr(diag.text, "0xfffff80700c1d040: not there, or encoded"));
    wrong.encoded_va += 8;
    assert_int_equal(kdw_debugger_data_read(&m.mem, BLOCK, &wrong, &diag, &d), KD_ERR_NOT_FOUND);
    assert_non_null(strstr(diag.text, "with other keys"));
    fake_mem_deinit(&m);
}

static void a_short_block_lacks_what_came_later(void **state)
{
    struct kdw_debugger_data d;
    struct fake_mem m;

    (void)state;
    put_plain(&m, 0x340);
    assert_int_equal(kdw_debugger_data_read(&m.mem, BLOCK, NULL, NULL, &d), KD_OK);
    assert_true(d.build_lab_va == KERNEL + 6);
    assert_true(d.pte_base == 0);
    fake_mem_deinit(&m);
}

static void lengths_that_make_no_sense_are_no_block(void **state)
{
    static const uint32_t lengths[] = {0, 0x2F8, 0x384, 0x1008, 0xFFFFFFF8};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct kdw_debugger_data d;
        struct fake_mem m;

        put_plain(&m, lengths[i]);
        assert_int_equal(kdw_debugger_data_read(&m.mem, BLOCK, NULL, NULL, &d), KD_ERR_NOT_FOUND);
        fake_mem_deinit(&m);
    }
}

static void what_cannot_be_read_is_said(void **state)
{
    struct kdw_debugger_data d;
    struct kd_diag diag = {""};
    struct fake_mem m;

    (void)state;
    put_plain(&m, LEN);
    fake_mem_unmap(&m, BLOCK + 0x200, 8);
    assert_int_equal(kdw_debugger_data_read(&m.mem, BLOCK, NULL, &diag, &d), KD_ERR_NOT_MAPPED);
    assert_string_equal(diag.text, "debugger data block at 0xfffff80700c1d040: not mapped");
    fake_mem_unmap(&m, BLOCK, 8);
    assert_int_equal(kdw_debugger_data_read(&m.mem, BLOCK, NULL, &diag, &d), KD_ERR_NOT_MAPPED);
    fake_mem_deinit(&m);
    put_plain(&m, LEN);
    encode_block(&m, NEVER);
    fake_mem_unmap(&m, ALWAYS_AT, 8);
    assert_int_equal(kdw_debugger_data_read(&m.mem, BLOCK, &keys, &diag, &d), KD_ERR_NOT_MAPPED);
    fake_mem_deinit(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_block_needs_no_keys),
        cmocka_unit_test(published_words_are_decoded),
        cmocka_unit_test(an_encoded_block_is_decoded_with_any_rotation),
        cmocka_unit_test(without_the_right_keys_there_is_no_block),
        cmocka_unit_test(a_short_block_lacks_what_came_later),
        cmocka_unit_test(lengths_that_make_no_sense_are_no_block),
        cmocka_unit_test(what_cannot_be_read_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
