#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <walker/mem_cache.h>
#include <walker/pe.h>

#include "support/fake_mem.h"

enum {
    PE_AT = 0xF8,
    OPTIONAL_AT = PE_AT + 24,
    DEBUG_AT = 0x35000,
    RSDS_AT = 0x36F80,
    RSDS_LEN = 37,
    IMAGE_SIZE = 0xAB7000,
};
static const uint64_t base = 0xFFFFF80011A00000;

struct sample {
    struct fake_mem mem;
    struct kd_diag diag;
    struct kdw_pe pe;
};

static void put_debug_entry(struct sample *s, unsigned i, uint32_t type, uint32_t len, uint32_t rva)
{
    uint64_t at = base + DEBUG_AT + 28 * i;

    fake_mem_zero(&s->mem, at, 28);
    fake_mem_u32(&s->mem, at + 12, type);
    fake_mem_u32(&s->mem, at + 16, len);
    fake_mem_u32(&s->mem, at + 20, rva);
}

static void put_rsds(struct sample *s, uint32_t rva, const char *name)
{
    static const uint8_t guid[16] = {0xE3, 0x94, 0x6A, 0x61, 0x48, 0x3A, 0xB4, 0x27};
    uint64_t at = base + rva;

    fake_mem_write(&s->mem, at, "RSDS", 4);
    fake_mem_write(&s->mem, at + 4, guid, sizeof guid);
    fake_mem_u32(&s->mem, at + 20, 1);
    fake_mem_write(&s->mem, at + 24, name, strlen(name) + 1);
}

/* A 64-bit kernel's headers; its debug directory has the CodeView entry in second place. */
static void make(struct sample *s)
{
    memset(s, 0, sizeof *s);
    fake_mem_init(&s->mem);
    fake_mem_zero(&s->mem, base, 0x400);
    fake_mem_write(&s->mem, base, "MZ", 2);
    fake_mem_u32(&s->mem, base + 0x3C, PE_AT);
    fake_mem_write(&s->mem, base + PE_AT, "PE\0\0", 4);
    fake_mem_u16(&s->mem, base + PE_AT + 4, 0x8664);
    fake_mem_u32(&s->mem, base + PE_AT + 8, 0xFC9570F0);
    fake_mem_u16(&s->mem, base + PE_AT + 20, 240);
    fake_mem_u16(&s->mem, base + OPTIONAL_AT, 0x20B);
    fake_mem_u32(&s->mem, base + OPTIONAL_AT + 56, IMAGE_SIZE);
    fake_mem_u32(&s->mem, base + OPTIONAL_AT + 64, 0x987654);
    fake_mem_u32(&s->mem, base + OPTIONAL_AT + 108, 16);
    fake_mem_u32(&s->mem, base + OPTIONAL_AT + 160, DEBUG_AT);
    fake_mem_u32(&s->mem, base + OPTIONAL_AT + 164, 3 * 28);
    put_debug_entry(s, 0, 13, 0x400, 0x37000);
    put_debug_entry(s, 1, 2, RSDS_LEN, RSDS_AT);
    put_debug_entry(s, 2, 16, 36, 0x37400);
    put_rsds(s, RSDS_AT, "ntkrnlmp.pdb");
}

static enum kd_status read_pe(struct sample *s)
{
    return kdw_pe_read(&s->mem.mem, base, &s->diag, &s->pe);
}

static void headers_and_identity_are_read(void **state)
{
    struct sample s;
    char key[KDW_PDB_KEY_MAX];

    (void)state;
    make(&s);
    assert_int_equal(read_pe(&s), KD_OK);
    assert_int_equal(s.pe.machine, 0x8664);
    assert_int_equal(s.pe.timestamp, 0xFC9570F0);
    assert_int_equal(s.pe.image_size, IMAGE_SIZE);
    assert_int_equal(s.pe.checksum, 0x987654);
    assert_true(s.pe.has_pdb_id);
    assert_string_equal(s.pe.pdb_id.name, "ntkrnlmp.pdb");
    kdw_pdb_id_key(&s.pe.pdb_id, key);
    assert_string_equal(key, "616A94E33A4827B400000000000000001");
    assert_string_equal(s.diag.text, "");
    fake_mem_deinit(&s.mem);
}

static void behind_a_cache_that_takes_one_request_for_each_place(void **state)
{
    struct sample s;
    struct kdw_cache *cache;
    struct kdw_cache_opts opts = {.line_len = 1024, .max_bytes = 1 << 20, .hole_len = 4096};

    (void)state;
    make(&s);
    opts.below = &s.mem.mem;
    fake_mem_zero(&s.mem, base + DEBUG_AT, 0x2000); /* whole lines, as in a real image */
    put_debug_entry(&s, 0, 2, RSDS_LEN, RSDS_AT);
    put_rsds(&s, RSDS_AT, "ntkrnlmp.pdb");
    assert_int_equal(kdw_cache_create(&opts, &cache), KD_OK);
    fake_mem_reset_counts(&s.mem);
    assert_int_equal(kdw_pe_read(kdw_cache_mem(cache), base, &s.diag, &s.pe), KD_OK);
    assert_true(s.pe.has_pdb_id);
    assert_int_equal(s.mem.requests, 3); /* headers, debug directory, record */
    kdw_cache_destroy(cache);
    fake_mem_deinit(&s.mem);
}

static void images_of_32_bits_have_their_directories_elsewhere(void **state)
{
    struct sample s;

    (void)state;
    make(&s);
    fake_mem_zero(&s.mem, base + OPTIONAL_AT + 92, 148);
    fake_mem_u16(&s.mem, base + PE_AT + 20, 224);
    fake_mem_u16(&s.mem, base + OPTIONAL_AT, 0x10B);
    fake_mem_u32(&s.mem, base + OPTIONAL_AT + 92, 16);
    fake_mem_u32(&s.mem, base + OPTIONAL_AT + 144, DEBUG_AT);
    fake_mem_u32(&s.mem, base + OPTIONAL_AT + 148, 3 * 28);
    assert_int_equal(read_pe(&s), KD_OK);
    assert_true(s.pe.has_pdb_id);
    assert_int_equal(s.pe.image_size, IMAGE_SIZE);
    fake_mem_deinit(&s.mem);
}

/* What is there is kept, and diag says what is not. */
static void has_no_identity(struct sample *s, const char *why)
{
    assert_int_equal(read_pe(s), KD_OK);
    assert_false(s->pe.has_pdb_id);
    assert_int_equal(s->pe.image_size, IMAGE_SIZE);
    assert_non_null(strstr(s->diag.text, "which PDB it has is not known"));
    assert_non_null(strstr(s->diag.text, why));
    fake_mem_deinit(&s->mem);
}

static void an_unreadable_debug_directory_is_a_partial_answer(void **state)
{
    struct sample s;

    (void)state;
    make(&s);
    fake_mem_unmap(&s.mem, base + DEBUG_AT, 84);
    has_no_identity(&s, "debug directory: not mapped at 0xfffff80011a35000");
}

static void an_unreadable_record_is_a_partial_answer(void **state)
{
    struct sample s;

    (void)state;
    make(&s);
    fake_mem_unmap(&s.mem, base + RSDS_AT + 30, 1);
    has_no_identity(&s, "RSDS record: not mapped at 0xfffff80011a36f9e");
}

static void an_image_without_debug_directory_says_so(void **state)
{
    struct sample s;

    (void)state;
    make(&s);
    fake_mem_u32(&s.mem, base + OPTIONAL_AT + 160, 0);
    has_no_identity(&s, "no debug directory");
    make(&s);
    fake_mem_u32(&s.mem, base + OPTIONAL_AT + 108, 6); /* directories: one too few */
    has_no_identity(&s, "no debug directory");
    make(&s);
    fake_mem_u16(&s.mem, base + PE_AT + 20, 160); /* no room for the seventh */
    has_no_identity(&s, "no debug directory");
    make(&s);
    fake_mem_u32(&s.mem, base + OPTIONAL_AT + 164, 27);
    has_no_identity(&s, "no debug directory");
}

static void a_directory_without_a_usable_record_says_so(void **state)
{
    struct sample s;

    (void)state;
    make(&s);
    put_debug_entry(&s, 1, 4, RSDS_LEN, RSDS_AT);
    has_no_identity(&s, "names no PDB");
    make(&s);
    put_debug_entry(&s, 1, 2, RSDS_LEN, 0); /* in the file only */
    has_no_identity(&s, "names no PDB");
    make(&s);
    fake_mem_write(&s.mem, base + RSDS_AT, "NB10", 4);
    has_no_identity(&s, "old 2.00 format");
    make(&s);
    fake_mem_zero(&s.mem, base + RSDS_AT, RSDS_LEN);
    has_no_identity(&s, "RSDS record at RVA 0x36f80");
    make(&s);
    put_debug_entry(&s, 1, 2, RSDS_LEN - 1, RSDS_AT); /* the name's end is left out */
    has_no_identity(&s, "RSDS record at RVA 0x36f80");
    make(&s);
    put_rsds(&s, RSDS_AT, "..");
    put_debug_entry(&s, 1, 2, 27, RSDS_AT);
    has_no_identity(&s, "RSDS record at RVA 0x36f80");
}

static void places_outside_the_image_are_not_read(void **state)
{
    struct sample s;

    (void)state;
    make(&s);
    put_debug_entry(&s, 1, 2, RSDS_LEN, IMAGE_SIZE - RSDS_LEN + 1);
    has_no_identity(&s, "outside the image");
    make(&s);
    put_debug_entry(&s, 1, 2, 0xFFFFFFFF, RSDS_AT);
    has_no_identity(&s, "outside the image");
    make(&s);
    fake_mem_u32(&s.mem, base + OPTIONAL_AT + 160, 0xFFFFFFF0);
    has_no_identity(&s, "outside the image");
    make(&s);
    fake_mem_u32(&s.mem, base + OPTIONAL_AT + 164, 0xFFFFFFFF);
    has_no_identity(&s, "outside the image");
}

static void a_second_record_makes_good_for_a_damaged_first(void **state)
{
    struct sample s;

    (void)state;
    make(&s);
    put_debug_entry(&s, 0, 2, RSDS_LEN, 0x37000);
    assert_int_equal(read_pe(&s), KD_OK);
    assert_true(s.pe.has_pdb_id);
    assert_string_equal(s.diag.text, "");
    fake_mem_deinit(&s.mem);
}

static void a_long_path_before_the_name_is_read_to_its_end(void **state)
{
    char path[900];
    struct sample s;

    (void)state;
    make(&s);
    memset(path, 'a', sizeof path);
    memcpy(path + sizeof path - 7, "\\x.pdb", 7);
    fake_mem_zero(&s.mem, base + RSDS_AT, 2000);
    put_rsds(&s, RSDS_AT, path);
    put_debug_entry(&s, 1, 2, 24 + sizeof path, RSDS_AT);
    assert_int_equal(read_pe(&s), KD_OK);
    assert_true(s.pe.has_pdb_id);
    assert_string_equal(s.pe.pdb_id.name, "x.pdb");
    fake_mem_deinit(&s.mem);
}

static void fails(struct sample *s, enum kd_status expected, const char *why)
{
    s->pe.machine = 7;
    assert_int_equal(read_pe(s), expected);
    assert_int_equal(s->pe.machine, 7);
    assert_non_null(strstr(s->diag.text, "image at 0xfffff80011a00000: "));
    assert_non_null(strstr(s->diag.text, why));
    fake_mem_deinit(&s->mem);
}

static void without_usable_headers_there_is_no_image(void **state)
{
    struct sample s;

    (void)state;
    make(&s);
    fake_mem_unmap(&s.mem, base, 64);
    fails(&s, KD_ERR_NOT_MAPPED, "DOS header: not mapped at 0xfffff80011a00000");
    make(&s);
    s.mem.hole = KD_ERR_NOT_RECORDED;
    fake_mem_unmap(&s.mem, base, 64);
    fails(&s, KD_ERR_NOT_RECORDED, "DOS header: not in the recording at 0xfffff80011a00000");
    make(&s);
    fake_mem_write(&s.mem, base, "ZM", 2);
    fails(&s, KD_ERR_MALFORMED, "MZ");
    make(&s);
    fake_mem_u32(&s.mem, base + 0x3C, 0xFFFFFFFF);
    fails(&s, KD_ERR_NOT_MAPPED, "PE header: not mapped at 0xfffff801119fffff");
    make(&s);
    fake_mem_u32(&s.mem, base + 0x3C, 0);
    fails(&s, KD_ERR_MALFORMED, "no PE signature");
    make(&s);
    fake_mem_u16(&s.mem, base + OPTIONAL_AT, 0x107);
    fails(&s, KD_ERR_MALFORMED, "unknown form");
    make(&s);
    fake_mem_u16(&s.mem, base + PE_AT + 20, 64);
    fails(&s, KD_ERR_MALFORMED, "unknown form");
    make(&s);
    fake_mem_u32(&s.mem, base + OPTIONAL_AT + 56, PE_AT);
    fails(&s, KD_ERR_MALFORMED, "outside the image's own size");
}

/* A link that dies on the second of two records: not the first one's damage. */
static void a_link_that_dies_on_the_way_ends_the_reading(void **state)
{
    struct sample s;

    (void)state;
    make(&s);
    put_debug_entry(&s, 0, 2, RSDS_LEN, 0x37000);
    s.mem.fail_with = KD_ERR_LOST;
    s.mem.diag = &s.diag;
    s.mem.fail_from = 6;
    fails(&s, KD_ERR_LOST, "RSDS record: the source explains: target fell silent");
}

/* A dead link is no missing debug directory. */
static void a_failure_of_the_link_is_passed_on(void **state)
{
    (void)state;
    for (size_t from = 1; from <= 5; from++) {
        struct sample s;

        make(&s);
        s.mem.fail_with = KD_ERR_TIMEOUT;
        s.mem.fail_from = from;
        fails(&s, KD_ERR_TIMEOUT, ": ");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_and_identity_are_read),
        cmocka_unit_test(behind_a_cache_that_takes_one_request_for_each_place),
        cmocka_unit_test(images_of_32_bits_have_their_directories_elsewhere),
        cmocka_unit_test(an_unreadable_debug_directory_is_a_partial_answer),
        cmocka_unit_test(an_unreadable_record_is_a_partial_answer),
        cmocka_unit_test(an_image_without_debug_directory_says_so),
        cmocka_unit_test(a_directory_without_a_usable_record_says_so),
        cmocka_unit_test(places_outside_the_image_are_not_read),
        cmocka_unit_test(a_second_record_makes_good_for_a_damaged_first),
        cmocka_unit_test(a_long_path_before_the_name_is_read_to_its_end),
        cmocka_unit_test(without_usable_headers_there_is_no_image),
        cmocka_unit_test(a_link_that_dies_on_the_way_ends_the_reading),
        cmocka_unit_test(a_failure_of_the_link_is_passed_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
