#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <walker/pdb_id.h>

#include "support/feed.h"

/* The record of a Windows 10 kernel, 10.0.18362.535, as its identity is published. */
static const uint8_t kernel[] = {'R',  'S',  'D',  'S',  0xE3, 0x94, 0x6A, 0x61, 0x48, 0x3A,
                                 0xB4, 0x27, 0x51, 0xB0, 0xE1, 0x9C, 0x14, 0xC0, 0x37, 0x92,
                                 1,    0,    0,    0,    'n',  't',  'k',  'r',  'n',  'l',
                                 'm',  'p',  '.',  'p',  'd',  'b',  0};

static enum kd_status decode(void *ctx, const uint8_t *bytes, size_t len)
{
    return kdw_pdb_id_decode(bytes, len, ctx);
}

static enum kd_status decode_named(const char *name, size_t name_len, struct kdw_pdb_id *id)
{
    uint8_t record[24 + 1200];

    memcpy(record, kernel, 24);
    memcpy(record + 24, name, name_len);
    return kdw_pdb_id_decode(record, 24 + name_len, id);
}

static void a_kernels_record_gives_its_identity_and_key(void **state)
{
    struct kdw_pdb_id id;
    char key[KDW_PDB_KEY_MAX], guid[KDW_PDB_GUID_MAX];

    (void)state;
    assert_int_equal(kdw_pdb_id_decode(kernel, sizeof kernel, &id), KD_OK);
    assert_string_equal(id.name, "ntkrnlmp.pdb");
    assert_int_equal(id.age, 1);
    kdw_pdb_id_key(&id, key);
    assert_string_equal(key, "616A94E33A4827B451B0E19C14C037921");
    kdw_pdb_id_guid(&id, guid);
    assert_string_equal(guid, "616A94E33A4827B451B0E19C14C03792");
}

static void records_cut_short_are_refused(void **state)
{
    struct kdw_pdb_id id;

    (void)state;
    feed_prefixes_fail(decode, &id, kernel, sizeof kernel, sizeof kernel);
}

static void what_follows_the_name_is_padding(void **state)
{
    uint8_t padded[sizeof kernel + 3] = {0};
    struct kdw_pdb_id id;

    (void)state;
    memcpy(padded, kernel, sizeof kernel);
    padded[sizeof kernel] = 'x';
    assert_int_equal(kdw_pdb_id_decode(padded, sizeof padded, &id), KD_OK);
    assert_string_equal(id.name, "ntkrnlmp.pdb");
}

static void ages_are_hexadecimal_without_padding(void **state)
{
    static const struct {
        uint32_t age;
        const char *end;
    } ages[] = {{1, "1"}, {10, "a"}, {16, "10"}, {0xFFFFFFFF, "ffffffff"}};
    struct kdw_pdb_id id;
    char key[KDW_PDB_KEY_MAX];

    (void)state;
    assert_int_equal(kdw_pdb_id_decode(kernel, sizeof kernel, &id), KD_OK);
    for (size_t i = 0; i < sizeof ages / sizeof ages[0]; i++) {
        id.age = ages[i].age;
        kdw_pdb_id_key(&id, key);
        assert_string_equal(key + 32, ages[i].end);
    }
}

static void the_path_of_a_private_build_is_cut_to_its_last_part(void **state)
{
    static const char *const paths[] = {"d:\\build\\obj\\x.pdb", "/src/out/x.pdb", "c:\\a/x.pdb"};
    struct kdw_pdb_id id;

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_int_equal(decode_named(paths[i], strlen(paths[i]) + 1, &id), KD_OK);
        assert_string_equal(id.name, "x.pdb");
    }
}

static void names_unfit_for_a_path_are_refused(void **state)
{
    static const char *const names[] = {"",
                                        ".",
                                        "..",
                                        "a\\..",
                                        "a/",
                                        "c:x.pdb",
                                        "a\nb",
                                        "a\x7f",
                                        "\x1b[2J.pdb",
                                        "a\xff",
                                        "\xc0\xaf.pdb",
                                        "\xe2\x82",
                                        "\x80.x",
                                        "\xed\xa0\x80",
                                        "\xf4\x90\x80\x80",
                                        "\xc2\x9b",
                                        "\xf0\x80\x80\x80"};
    struct kdw_pdb_id id = {.age = 77};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(decode_named(names[i], strlen(names[i]) + 1, &id), KD_ERR_MALFORMED);
    assert_int_equal(id.age, 77);
}

static void names_in_utf_8_are_taken(void **state)
{
    static const char *const names[] = {"tr\xc3\xa9sor.pdb", "\xe6\xa0\xb8.pdb",
                                        "\xf0\x9f\xa6\x80.pdb", "with space.pdb"};
    struct kdw_pdb_id id;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(decode_named(names[i], strlen(names[i]) + 1, &id), KD_OK);
        assert_string_equal(id.name, names[i]);
    }
}

static void the_longest_name_has_255_bytes(void **state)
{
    char name[300];
    struct kdw_pdb_id id;

    (void)state;
    memset(name, 'a', sizeof name);
    name[255] = '\0';
    assert_int_equal(decode_named(name, 256, &id), KD_OK);
    assert_int_equal(strlen(id.name), 255);
    name[255] = 'a';
    name[256] = '\0';
    assert_int_equal(decode_named(name, 257, &id), KD_ERR_MALFORMED);
}

static void the_old_record_is_refused_by_name(void **state)
{
    static const uint8_t nb10[] = {'N', 'B', '1', '0', 0, 0, 0, 0, 1, 2, 3, 4, 1, 0, 0, 0, 'x', 0};
    struct kdw_pdb_id id;

    (void)state;
    assert_int_equal(kdw_pdb_id_decode(nb10, sizeof nb10, &id), KD_ERR_UNSUPPORTED);
}

static void another_signature_is_damage(void **state)
{
    uint8_t record[sizeof kernel];
    struct kdw_pdb_id id;

    (void)state;
    memcpy(record, kernel, sizeof kernel);
    record[3] = 'X';
    assert_int_equal(kdw_pdb_id_decode(record, sizeof record, &id), KD_ERR_MALFORMED);
}

static void guid_and_age_make_the_identity_and_the_name_does_not(void **state)
{
    struct kdw_pdb_id a, b;

    (void)state;
    assert_int_equal(kdw_pdb_id_decode(kernel, sizeof kernel, &a), KD_OK);
    b = a;
    b.name[0] = 'N';
    assert_true(kdw_pdb_id_equal(&a, &b));
    b.age = 2;
    assert_false(kdw_pdb_id_equal(&a, &b));
    b = a;
    b.guid[15] ^= 1;
    assert_false(kdw_pdb_id_equal(&a, &b));
}

static void a_guid_reads_back_from_its_digits(void **state)
{
    static const char *const wrong[] = {
        "", "616A94E33A4827B451B0E19C14C0379", "616A94E33A4827B451B0E19C14C037922",
        "616A94E33A4827B451B0E19C14C0379G", "616A94E3-3A48-27B4-51B0-E19C14C03"};
    struct kdw_pdb_id id = {.age = 1};
    char guid[KDW_PDB_GUID_MAX];

    (void)state;
    assert_true(kdw_pdb_guid_parse("616a94e33A4827B451B0E19C14C03792", id.guid));
    assert_int_equal(id.guid[0], 0xE3); /* Data1 is little-endian */
    kdw_pdb_id_guid(&id, guid);
    assert_string_equal(guid, "616A94E33A4827B451B0E19C14C03792");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(kdw_pdb_guid_parse(wrong[i], id.guid));
    assert_int_equal(id.guid[0], 0xE3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kernels_record_gives_its_identity_and_key),
        cmocka_unit_test(records_cut_short_are_refused),
        cmocka_unit_test(what_follows_the_name_is_padding),
        cmocka_unit_test(ages_are_hexadecimal_without_padding),
        cmocka_unit_test(the_path_of_a_private_build_is_cut_to_its_last_part),
        cmocka_unit_test(names_unfit_for_a_path_are_refused),
        cmocka_unit_test(names_in_utf_8_are_taken),
        cmocka_unit_test(the_longest_name_has_255_bytes),
        cmocka_unit_test(the_old_record_is_refused_by_name),
        cmocka_unit_test(another_signature_is_damage),
        cmocka_unit_test(guid_and_age_make_the_identity_and_the_name_does_not),
        cmocka_unit_test(a_guid_reads_back_from_its_digits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
