#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <kdproto/state_change.h>

#include "kdproto/vectors_kd.h"
#include "support/feed.h"
#include "support/vector.h"

static enum kd_status decode(void *ctx, const uint8_t *bytes, size_t len)
{
    struct kd_state_change sc;

    (void)ctx;
    return kd_state_change_decode(bytes, len, &sc);
}

/* The data of a vector, to be altered. */
static size_t data_of(const char *hex, uint8_t *out)
{
    struct vector v;

    vector_load(&v, hex);
    memcpy(out, v.packet.data, v.packet.len);
    return v.packet.len;
}

static void put_u32(uint8_t *at, uint32_t value)
{
    struct kd_writer w = kd_writer_of(at, 4);

    kd_wr_u32(&w, value);
}

static struct kd_state_change decoded(const uint8_t *bytes, size_t len)
{
    struct kd_state_change sc;

    assert_int_equal(kd_state_change_decode(bytes, len, &sc), KD_OK);
    return sc;
}

static void the_exception_that_answers_a_break_in_is_decoded(void **state)
{
    static const uint8_t code[16] = {0xcc, 0xc3, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc,
                                     0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00};
    struct kd_state_change sc;
    struct vector v;

    (void)state;
    vector_load(&v, V20_BREAK_IN);
    assert_int_equal(v.packet.type, KD_PACKET_STATE_CHANGE64);
    assert_int_equal(v.packet.id, 0x926);
    assert_int_equal(v.packet.len, 240);
    assert_int_equal(kd_checksum(v.packet.data, v.packet.len), 0x2f8e);

    sc = decoded(v.packet.data, v.packet.len);
    assert_int_equal(sc.kind, KD_STATE_EXCEPTION);
    assert_int_equal(sc.processor, 0);
    assert_int_equal(sc.processor_count, 1);
    assert_true(sc.thread_va == 0xfffff8026bf65a00);
    assert_true(sc.pc_va == 0xfffff8026bd72b90);
    assert_int_equal(sc.exception_code, KD_STATUS_BREAKPOINT);
    assert_int_equal(sc.exception_flags, 0);
    assert_true(sc.exception_va == 0xfffff8026bd72b90);
    assert_int_equal(sc.parameter_count, 1);
    assert_true(sc.parameters[0] == 0);
    assert_true(sc.parameters[14] == 0); /* noise in the packet */
    assert_true(sc.is_first_chance);
    assert_int_equal(sc.dr6, 0xffff0ff0);
    assert_int_equal(sc.dr7, 0x400);
    assert_int_equal(sc.eflags, 0x202);
    assert_int_equal(sc.code_len, 16);
    assert_memory_equal(sc.code, code, 16);
    assert_int_equal(sc.report_flags, 3);
    assert_int_equal(sc.cs, 0x10);
    assert_int_equal(sc.ds, 0x2b);
    assert_int_equal(sc.es, 0x2b);
    assert_int_equal(sc.fs, 0x53);
    assert_int_equal(sc.path.len, 0);
    assert_false(kd_state_change_is_farewell(&sc));
}

static void a_load_symbols_stop_is_decoded(void **state)
{
    static const uint8_t code[16] = {0xcc, 0xc3, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc,
                                     0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc};
    struct kd_state_change sc;
    struct vector v;

    (void)state;
    vector_load(&v, V7_LOAD_SYMBOLS);
    assert_int_equal(v.packet.type, KD_PACKET_STATE_CHANGE64);
    assert_int_equal(v.packet.id, 2);
    assert_int_equal(v.packet.len, 252);
    assert_int_equal(kd_checksum(v.packet.data, v.packet.len), 0x2f4c);

    sc = decoded(v.packet.data, v.packet.len);
    assert_int_equal(sc.kind, KD_STATE_LOAD_SYMBOLS);
    assert_int_equal(sc.processor, 0);
    assert_int_equal(sc.processor_count, 1);
    assert_true(sc.thread_va == 0);
    assert_true(sc.pc_va == 0xa79685);
    assert_true(sc.image_base_va == 0x96f000);
    assert_true(sc.process_id == UINT64_MAX);
    assert_int_equal(sc.image_checksum, 0x149e3f);
    assert_int_equal(sc.image_size, 0x17d000);
    assert_false(sc.is_unload);
    assert_int_equal(sc.path.len, 11);
    assert_memory_equal(sc.path.data, "winload.efi", 11);
    assert_int_equal(sc.dr6, 0xfffe0ff0);
    assert_int_equal(sc.dr7, 0x400);
    assert_int_equal(sc.eflags, 6);
    assert_int_equal(sc.code_len, 16);
    assert_memory_equal(sc.code, code, 16);
    assert_int_equal(sc.report_flags, 1);
    assert_int_equal(sc.cs, 0x10);
    assert_int_equal(sc.ds, 0x30);
    assert_int_equal(sc.exception_code, 0);
    assert_false(kd_state_change_is_farewell(&sc));
}

static void an_unload_of_everything_is_a_farewell(void **state)
{
    uint8_t bytes[KD_STATE_CHANGE_LEN] = {0};
    struct kd_writer w = kd_writer_of(bytes, sizeof bytes);
    struct kd_state_change sc;

    (void)state;
    kd_wr_u32(&w, 0x3031); /* NewState */
    kd_wr_zero(&w, 28);
    kd_wr_u32(&w, 0);          /* PathNameLength */
    kd_wr_u32(&w, 0xfffff801); /* padding, noise */
    kd_wr_u64(&w, UINT64_MAX); /* BaseOfDll */
    kd_wr_u64(&w, 0);          /* ProcessId */
    kd_wr_zero(&w, 8);         /* CheckSum, SizeOfImage */
    kd_wr_u8(&w, 1);           /* UnloadSymbols */
    sc = decoded(bytes, sizeof bytes);
    assert_true(kd_state_change_is_farewell(&sc));
    assert_int_equal(sc.path.len, 0);

    bytes[64] = 0; /* loaded, not unloaded */
    sc = decoded(bytes, sizeof bytes);
    assert_false(kd_state_change_is_farewell(&sc));
    bytes[64] = 1;
    bytes[40] = 0; /* some image, not all */
    sc = decoded(bytes, sizeof bytes);
    assert_false(kd_state_change_is_farewell(&sc));
}

static void only_a_missing_fixed_part_is_an_error(void **state)
{
    uint8_t bytes[512];
    size_t len = data_of(V7_LOAD_SYMBOLS, bytes);

    (void)state;
    feed_prefixes_fail(decode, NULL, bytes, len, KD_STATE_CHANGE_LEN);
    len = data_of(V20_BREAK_IN, bytes);
    feed_prefixes_fail(decode, NULL, bytes, len, KD_STATE_CHANGE_LEN);
}

static void the_output_is_untouched_on_failure(void **state)
{
    uint8_t bytes[512];
    struct kd_state_change sc = {.kind = 77};

    (void)state;
    data_of(V20_BREAK_IN, bytes);
    assert_int_equal(kd_state_change_decode(bytes, 239, &sc), KD_ERR_TRUNCATED);
    assert_int_equal(sc.kind, 77);
}

static void the_alternate_form_of_a_state_is_the_same_state(void **state)
{
    uint8_t bytes[512];
    size_t len = data_of(V20_BREAK_IN, bytes);

    (void)state;
    put_u32(bytes, 0x13030);
    assert_int_equal(decoded(bytes, len).kind, KD_STATE_EXCEPTION);
    assert_int_equal(decoded(bytes, len).exception_code, KD_STATUS_BREAKPOINT);
}

static void a_kind_newer_than_ours_leaves_its_own_fields_zero(void **state)
{
    uint8_t bytes[512];
    size_t len = data_of(V20_BREAK_IN, bytes);
    struct kd_state_change sc;

    (void)state;
    put_u32(bytes, 0x3039);
    sc = decoded(bytes, len);
    assert_int_equal(sc.kind, 0x3039);
    assert_true(sc.pc_va == 0xfffff8026bd72b90);
    assert_int_equal(sc.dr7, 0x400);
    assert_int_equal(sc.exception_code, 0);
    assert_true(sc.image_base_va == 0);
}

static void a_path_never_reaches_beyond_the_packet(void **state)
{
    uint8_t bytes[512];
    size_t len = data_of(V7_LOAD_SYMBOLS, bytes);

    (void)state;
    put_u32(bytes + 32, 0xffffffff);
    assert_int_equal(decoded(bytes, len).path.len, 11);
    assert_int_equal(decoded(bytes, len - 5).path.len, 7); /* "winload", and no NUL left */
    put_u32(bytes + 32, 4);
    assert_int_equal(decoded(bytes, len).path.len, 4);
}

static void counts_beyond_their_maximum_count_as_zero(void **state)
{
    uint8_t bytes[512];
    size_t len = data_of(V20_BREAK_IN, bytes);
    struct kd_state_change sc;

    (void)state;
    put_u32(bytes + 56, 15);
    sc = decoded(bytes, len);
    assert_int_equal(sc.parameter_count, 15);
    assert_true(sc.parameters[14] == 0x093d4dc864b3e683);
    put_u32(bytes + 56, 16);
    assert_int_equal(decoded(bytes, len).parameter_count, 0);
    bytes[212] = 17; /* InstructionCount */
    assert_int_equal(decoded(bytes, len).code_len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_exception_that_answers_a_break_in_is_decoded),
        cmocka_unit_test(a_load_symbols_stop_is_decoded),
        cmocka_unit_test(an_unload_of_everything_is_a_farewell),
        cmocka_unit_test(only_a_missing_fixed_part_is_an_error),
        cmocka_unit_test(the_output_is_untouched_on_failure),
        cmocka_unit_test(the_alternate_form_of_a_state_is_the_same_state),
        cmocka_unit_test(a_kind_newer_than_ours_leaves_its_own_fields_zero),
        cmocka_unit_test(a_path_never_reaches_beyond_the_packet),
        cmocka_unit_test(counts_beyond_their_maximum_count_as_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
