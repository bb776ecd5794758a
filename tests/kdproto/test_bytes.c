#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <kdproto/bytes.h>

static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static void integers_are_read_low_byte_first(void **state)
{
    struct kd_reader r = kd_reader_of(bytes, sizeof bytes);

    (void)state;
    assert_int_equal(kd_rd_u8(&r), 1);
    assert_int_equal(kd_rd_u16(&r), 0x0302);
    assert_int_equal(kd_rd_u32(&r), 0x07060504);
    assert_true(kd_rd_u64(&r) == 0x0f0e0d0c0b0a0908ull);
    assert_true(kd_reader_ok(&r));
    assert_int_equal(kd_reader_left(&r), 0);
}

static void ports_are_read_high_byte_first(void **state)
{
    struct kd_reader r = kd_reader_of(bytes, 2);

    (void)state;
    assert_int_equal(kd_rd_u16be(&r), 0x0102);
}

static void a_reader_that_ran_out_stays_failed_and_yields_zeros(void **state)
{
    struct kd_reader r = kd_reader_of(bytes, 3);
    uint8_t out[4] = {9, 9, 9, 9};

    (void)state;
    assert_int_equal(kd_rd_u32(&r), 0);
    assert_false(kd_reader_ok(&r));
    assert_int_equal(kd_rd_u8(&r), 0);
    assert_int_equal(kd_reader_left(&r), 0);
    kd_rd_copy(&r, out, 4);
    assert_int_equal(out[0] | out[1] | out[2] | out[3], 0);
    assert_null(kd_rd_span(&r, 1).data);
}

static void lengths_that_would_wrap_fail(void **state)
{
    struct kd_reader r = kd_reader_of(bytes, sizeof bytes);

    (void)state;
    kd_rd_skip(&r, 4);
    kd_rd_skip(&r, SIZE_MAX - 2);
    assert_false(kd_reader_ok(&r));
}

static void seeking_stays_inside(void **state)
{
    struct kd_reader r = kd_reader_of(bytes, sizeof bytes);

    (void)state;
    kd_rd_seek(&r, 14);
    assert_int_equal(kd_rd_u8(&r), 15);
    kd_rd_seek(&r, 15);
    assert_true(kd_reader_ok(&r));
    kd_rd_seek(&r, 16);
    assert_false(kd_reader_ok(&r));
}

static void spans_borrow_and_copies_copy(void **state)
{
    struct kd_reader r = kd_reader_of(bytes, sizeof bytes);
    struct kd_span s = kd_rd_span(&r, 2);
    uint8_t out[2];

    (void)state;
    assert_ptr_equal(s.data, bytes);
    assert_int_equal(s.len, 2);
    kd_rd_copy(&r, out, 2);
    assert_int_equal(out[1], 4);
    kd_rd_copy(&r, NULL, 0);
    assert_true(kd_reader_ok(&r));
}

static void nothing_can_be_taken_from_nothing(void **state)
{
    struct kd_reader r = kd_reader_of(NULL, 0);
    uint8_t out;

    (void)state;
    kd_rd_skip(&r, 0);
    kd_rd_copy(&r, &out, 0);
    assert_int_equal(kd_rd_span(&r, 0).len, 0);
    assert_true(kd_reader_ok(&r));
    assert_int_equal(kd_rd_u8(&r), 0);
    assert_false(kd_reader_ok(&r));
}

static void what_is_written_reads_back(void **state)
{
    uint8_t buf[32];
    struct kd_writer w = kd_writer_of(buf, sizeof buf);
    struct kd_reader r;

    (void)state;
    kd_wr_u8(&w, 0xab);
    kd_wr_u16(&w, 0x1234);
    kd_wr_u16be(&w, 0x1234);
    kd_wr_u32(&w, 0xdeadbeef);
    kd_wr_u64(&w, 0x1122334455667788ull);
    kd_wr_zero(&w, 2);
    kd_wr_bytes(&w, "xy", 2);
    kd_wr_patch_u32(&w, 5, 7);
    assert_true(kd_writer_ok(&w));
    assert_int_equal(w.pos, 21);
    r = kd_reader_of(buf, w.pos);
    assert_int_equal(kd_rd_u8(&r), 0xab);
    assert_int_equal(kd_rd_u16(&r), 0x1234);
    assert_int_equal(kd_rd_u16be(&r), 0x1234);
    assert_int_equal(kd_rd_u32(&r), 7);
    assert_true(kd_rd_u64(&r) == 0x1122334455667788ull);
    assert_int_equal(kd_rd_u16(&r), 0);
    assert_int_equal(kd_rd_u16(&r), 'x' | 'y' << 8);
}

static void a_full_writer_stays_failed_and_writes_nothing_more(void **state)
{
    uint8_t buf[4] = {0, 0, 0, 0x55};
    struct kd_writer w = kd_writer_of(buf, 3);

    (void)state;
    kd_wr_u32(&w, 0xffffffff);
    assert_false(kd_writer_ok(&w));
    kd_wr_u8(&w, 1);
    assert_int_equal(buf[0], 0);
    assert_int_equal(buf[3], 0x55);
    assert_int_equal(w.pos, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_read_low_byte_first),
        cmocka_unit_test(ports_are_read_high_byte_first),
        cmocka_unit_test(a_reader_that_ran_out_stays_failed_and_yields_zeros),
        cmocka_unit_test(lengths_that_would_wrap_fail),
        cmocka_unit_test(seeking_stays_inside),
        cmocka_unit_test(spans_borrow_and_copies_copy),
        cmocka_unit_test(nothing_can_be_taken_from_nothing),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(a_full_writer_stays_failed_and_writes_nothing_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
