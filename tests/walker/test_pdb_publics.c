#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pdb_publics.h"
#include "support/pdb_build.h"

enum { /* places in the PSGSI stream, and in a hash table of n entries */
       TABLE = 28,
       TABLE_VERSION = TABLE + 4,
       TABLE_BUCKETS_LEN = TABLE + 12,
       TABLE_ENTRIES = TABLE + 16,
       BITMAP_LEN = 516,
};

struct sample {
    struct pdb_build *b;
    uint8_t *file;
    struct kd_diag diag;
    struct kdw_msf *msf;
    struct kdw_pdb_publics publics;
};

static void describe(struct sample *s)
{
    char name[32];

    memset(s, 0, sizeof *s);
    s->b = pdb_build_create();
    for (uint32_t i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "Symbol%u", i);
        pdb_build_public(s->b, name, 1, 0x10 * i);
    }
    pdb_build_public(s->b, "PsLoadedModuleList", 2, 0x130);
    pdb_build_global(s->b, 0x110D, "GlobalOnly", 2, 0x40);
    pdb_build_global(s->b, 0x110C, "StaticOnly", 2, 0x48);
}

static void build(struct sample *s)
{
    size_t len;

    s->file = pdb_build_file(s->b, &len);
    assert_int_equal(kdw_msf_open(s->file, len, &s->diag, &s->msf), KD_OK);
}

static enum kd_status open_publics(struct sample *s)
{
    const struct kdw_symbol_streams streams = {PDB_GSI, PDB_PSGSI, PDB_RECORDS};

    return kdw_pdb_publics_open(s->msf, &streams, &s->diag, &s->publics);
}

static void describe_and_open(struct sample *s)
{
    describe(s);
    build(s);
    assert_int_equal(open_publics(s), KD_OK);
}

static void drop(struct sample *s)
{
    kdw_msf_close(s->msf);
    free(s->file);
    pdb_build_destroy(s->b);
}

static void finds(const struct sample *s, const char *name, uint16_t segment, uint32_t offset)
{
    struct kdw_seg_offset at = {0, 0};

    assert_int_equal(kdw_pdb_publics_find(&s->publics, name, &at), KD_OK);
    assert_int_equal(at.segment, segment);
    assert_int_equal(at.offset, offset);
}

static void finds_not(const struct sample *s, const char *name, enum kd_status why)
{
    struct kdw_seg_offset at = {9, 9};

    assert_int_equal(kdw_pdb_publics_find(&s->publics, name, &at), why);
    assert_int_equal(at.segment, 9);
    assert_int_equal(at.offset, 9);
}

static void finds_all(const struct sample *s)
{
    char name[32];

    for (uint32_t i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "Symbol%u", i);
        finds(s, name, 1, 0x10 * i);
    }
    finds(s, "PsLoadedModuleList", 2, 0x130);
}

static void every_public_is_found_by_its_name(void **state)
{
    struct sample s;

    (void)state;
    describe_and_open(&s);
    assert_non_null(s.publics.publics.entries);
    finds_all(&s);
    drop(&s);
}

static void names_that_are_not_there_are_not_found(void **state)
{
    struct sample s;

    (void)state;
    describe_and_open(&s);
    finds_not(&s, "Symbol200", KD_ERR_NOT_FOUND);
    finds_not(&s, "Symbol", KD_ERR_NOT_FOUND);
    finds_not(&s, "", KD_ERR_NOT_FOUND);
    drop(&s);
}

/* Names that differ in case alone share a bucket. */
static void names_of_one_bucket_are_told_apart(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    pdb_build_public(s.b, "symbol7", 2, 0x200);
    pdb_build_public(s.b, "SYMBOL7", 2, 0x204);
    build(&s);
    assert_int_equal(open_publics(&s), KD_OK);
    assert_int_equal(pdb_build_hash("symbol7"), pdb_build_hash("Symbol7"));
    finds(&s, "Symbol7", 1, 0x70);
    finds(&s, "symbol7", 2, 0x200);
    finds(&s, "SYMBOL7", 2, 0x204);
    finds_not(&s, "sYMBOL7", KD_ERR_NOT_FOUND);
    drop(&s);
}

static void globals_are_found_where_no_public_is(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    pdb_build_global(s.b, 0x110D, "Symbol3", 2, 0x999);
    build(&s);
    assert_int_equal(open_publics(&s), KD_OK);
    finds(&s, "GlobalOnly", 2, 0x40);
    finds(&s, "StaticOnly", 2, 0x48);
    finds(&s, "Symbol3", 1, 0x30); /* the public comes first */
    drop(&s);
}

static void records_that_are_no_address_are_passed_over(void **state)
{
    /* reference to a procedure, constant, type name, thread-local */
    static const uint16_t kinds[] = {0x1125, 0x1107, 0x1108, 0x1113};

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct sample s;

        describe(&s);
        pdb_build_global(s.b, kinds[i], "Thing", 1, 4);
        build(&s);
        assert_int_equal(open_publics(&s), KD_OK);
        finds_not(&s, "Thing", KD_ERR_NOT_FOUND);
        drop(&s);
    }
}

static void old_records_have_the_length_of_the_name_in_front(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    pdb_build_public(s.b, "\5Old_x", 3, 0x77);
    s.b->records.data[s.b->records.len - 22] = 0x09; /* S_PUB32_ST; the record has 24 bytes */
    s.b->records.data[s.b->records.len - 21] = 0x10;
    build(&s);
    /* The table files it under its plain name, which the builder does not know: look at all. */
    pdb_build_poke32(s.b, s.file, PDB_PSGSI, TABLE_VERSION, 0);
    assert_int_equal(open_publics(&s), KD_OK);
    finds(&s, "Old_x", 3, 0x77);
    drop(&s);
}

static void a_table_of_another_form_is_replaced_by_a_scan(void **state)
{
    static const size_t damaged[] = {TABLE, TABLE_VERSION, TABLE_BUCKETS_LEN};

    (void)state;
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        struct sample s;

        describe(&s);
        build(&s);
        pdb_build_poke32(s.b, s.file, PDB_PSGSI, damaged[i], BITMAP_LEN);
        assert_int_equal(open_publics(&s), KD_OK);
        assert_null(s.publics.publics.entries);
        finds_all(&s);
        finds_not(&s, "Symbol200", KD_ERR_NOT_FOUND);
        drop(&s);
    }
}

static void a_bitmap_that_contradicts_its_buckets_is_replaced_by_a_scan(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    build(&s);
    pdb_build_poke32(s.b, s.file, PDB_PSGSI, TABLE_ENTRIES + 201 * 8, 0xFFFFFFFF);
    assert_int_equal(open_publics(&s), KD_OK);
    assert_null(s.publics.publics.entries);
    finds_all(&s);
    drop(&s);
}

/* All bucket starts broken one way: past the entries, no multiple of 12, descending. */
static void buckets_that_make_no_sense_are_replaced_by_a_scan(void **state)
{
    static const uint32_t starts[] = {0xFFFFFFF0, 12 * 1000, 7};

    (void)state;
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        struct sample s;

        describe_and_open(&s);
        for (uint32_t k = 0; k < s.publics.publics.bucket_count; k++)
            pdb_build_poke32(s.b, s.file, PDB_PSGSI, TABLE_ENTRIES + 201 * 8 + BITMAP_LEN + 4 * k,
                             starts[i] - 12 * k);
        finds_all(&s);
        drop(&s);
    }
}

static void entries_that_lead_outside_the_records_are_replaced_by_a_scan(void **state)
{
    static const uint32_t offsets[] = {0, 0xFFFFFFFF, 0x10000000};

    (void)state;
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        struct sample s;

        describe_and_open(&s);
        for (size_t k = 0; k < 201; k++)
            pdb_build_poke32(s.b, s.file, PDB_PSGSI, TABLE_ENTRIES + 8 * k, offsets[i]);
        finds_all(&s);
        drop(&s);
    }
}

/* The length of the first record: past the stream's end, and too short to have a kind. */
static void a_damaged_record_makes_not_found_uncertain(void **state)
{
    static const uint16_t lengths[] = {0xFFFF, 1, 0};

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct sample s;

        describe_and_open(&s);
        pdb_build_poke16(s.b, s.file, PDB_RECORDS, 0, lengths[i]);
        finds_not(&s, "Symbol0", KD_ERR_MALFORMED);
        finds(&s, "Symbol1", 1, 0x10);
        drop(&s);
    }
}

static void a_name_without_an_end_is_damage(void **state)
{
    struct sample s;

    (void)state;
    describe_and_open(&s);
    /* "Symbol0" and its padding fill the record up; take the zeros away. */
    for (size_t i = 14; i < 24; i++)
        s.file[pdb_build_at(s.b, PDB_RECORDS, i)] = 'S';
    finds_not(&s, "Symbol0", KD_ERR_MALFORMED);
    drop(&s);
}

static void a_damaged_table_of_globals_costs_no_public(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    build(&s);
    pdb_build_poke32(s.b, s.file, PDB_GSI, 4, 0);
    assert_int_equal(open_publics(&s), KD_OK);
    finds_all(&s);
    finds_not(&s, "GlobalOnly", KD_ERR_MALFORMED);
    drop(&s);
}

static void without_globals_publics_are_all_there_is(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    s.b->is_absent[PDB_GSI] = true;
    build(&s);
    assert_int_equal(open_publics(&s), KD_OK);
    finds_all(&s);
    finds_not(&s, "GlobalOnly", KD_ERR_NOT_FOUND);
    drop(&s);
}

static void sizes_past_the_end_of_the_stream_are_refused(void **state)
{
    (void)state;
    for (size_t at = 0; at < 8; at += 4) {
        struct sample s;

        describe(&s);
        build(&s);
        pdb_build_poke32(s.b, s.file, PDB_PSGSI, at, 0xFFFFFFFF);
        assert_int_equal(open_publics(&s), KD_ERR_TRUNCATED);
        assert_non_null(strstr(s.diag.text, "public symbols"));
        drop(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_public_is_found_by_its_name),
        cmocka_unit_test(names_that_are_not_there_are_not_found),
        cmocka_unit_test(names_of_one_bucket_are_told_apart),
        cmocka_unit_test(globals_are_found_where_no_public_is),
        cmocka_unit_test(records_that_are_no_address_are_passed_over),
        cmocka_unit_test(old_records_have_the_length_of_the_name_in_front),
        cmocka_unit_test(a_table_of_another_form_is_replaced_by_a_scan),
        cmocka_unit_test(a_bitmap_that_contradicts_its_buckets_is_replaced_by_a_scan),
        cmocka_unit_test(buckets_that_make_no_sense_are_replaced_by_a_scan),
        cmocka_unit_test(entries_that_lead_outside_the_records_are_replaced_by_a_scan),
        cmocka_unit_test(a_damaged_record_makes_not_found_uncertain),
        cmocka_unit_test(a_name_without_an_end_is_damage),
        cmocka_unit_test(a_damaged_table_of_globals_costs_no_public),
        cmocka_unit_test(without_globals_publics_are_all_there_is),
        cmocka_unit_test(sizes_past_the_end_of_the_stream_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
