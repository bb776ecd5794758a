#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pdb_types.h"
#include "support/pdb_build.h"

enum { /* places in the TPI stream's header */
       HEADER_LEN = 4,
       FIRST = 8,
       END = 12,
       RECORDS_LEN = 16,
       HASH_STREAM = 20,
       HASH_KEY_LEN = 24,
       HASH_BUCKETS = 28,
       HASHES_AT = 32,
       HASHES_LEN = 36,
       MARKS_AT = 40,
       RECORDS = 56,
       COUNT = 200, /* structures in the sample */
};

struct sample {
    struct pdb_build *b;
    uint8_t *file;
    struct kd_diag diag;
    struct kdw_msf *msf;
    struct kdw_types types;
};

/* Structures _S0 to _S199, each after a pointer to its forward reference: 0x1000 + 3 * i + 2. */
static void describe(struct sample *s)
{
    char name[16];

    memset(s, 0, sizeof *s);
    s->b = pdb_build_create();
    for (uint32_t i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "_S%u", i);
        pdb_build_pointer(s->b, pdb_build_forward(s->b, name));
        pdb_build_struct(s->b, name, 8 * i, 0);
    }
}

static kdw_type_id nth(uint32_t i)
{
    return 0x1000 + 3 * i + 2;
}

static void build(struct sample *s)
{
    size_t len;

    s->file = pdb_build_file(s->b, &len);
    assert_int_equal(kdw_msf_open(s->file, len, &s->diag, &s->msf), KD_OK);
}

static void drop(struct sample *s)
{
    kdw_types_close(&s->types);
    kdw_msf_close(s->msf);
    free(s->file);
    pdb_build_destroy(s->b);
}

static enum kd_status open_types(struct sample *s)
{
    return kdw_types_open(s->msf, &s->diag, &s->types);
}

static void is_struct(struct sample *s, kdw_type_id type, uint32_t size)
{
    struct kdw_record rec;
    struct kdw_udt u;

    assert_int_equal(kdw_types_record(&s->types, type, &rec), KD_OK);
    assert_true(kdw_udt_decode(&rec, &u));
    assert_int_equal(u.size, size);
    assert_false(u.properties & KDW_UDT_FORWARD);
}

/* Every type by index and by name. */
static void finds_all(struct sample *s)
{
    char name[16];

    for (uint32_t i = 0; i < COUNT; i++) {
        kdw_type_id id = 0;

        snprintf(name, sizeof name, "_S%u", i);
        assert_int_equal(kdw_types_find(&s->types, name, &id), KD_OK);
        assert_int_equal(id, nth(i));
        is_struct(s, id, 8 * i);
    }
}

static void finds_not(struct sample *s, const char *name, enum kd_status why)
{
    kdw_type_id id = 7;

    assert_int_equal(kdw_types_find(&s->types, name, &id), why);
    assert_int_equal(id, 7);
}

static void types_are_found_by_index_and_by_name(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    build(&s);
    assert_int_equal(open_types(&s), KD_OK);
    assert_non_null(s.types.hashes);
    assert_non_null(s.types.marks);
    finds_all(&s);
    finds_not(&s, "_S200", KD_ERR_NOT_FOUND);
    finds_not(&s, "_s1", KD_ERR_NOT_FOUND);
    drop(&s);
}

static void few_look_ups_allocate_nothing_and_many_make_a_table(void **state)
{
    struct kdw_record rec;
    struct sample s;

    (void)state;
    describe(&s);
    build(&s);
    assert_int_equal(open_types(&s), KD_OK);
    assert_int_equal(kdw_types_record(&s.types, nth(9), &rec), KD_OK);
    assert_null(s.types.offsets);
    for (unsigned i = 0; i < 2000; i++)
        assert_int_equal(kdw_types_record(&s.types, nth(i % COUNT), &rec), KD_OK);
    assert_non_null(s.types.offsets);
    finds_all(&s);
    drop(&s);
}

static void indices_that_are_none_are_not_found(void **state)
{
    static const kdw_type_id none[] = {0, 0x74, 0xFFF, 0x1000 + 3 * COUNT, UINT32_MAX};
    struct kdw_record rec;
    struct sample s;

    (void)state;
    describe(&s);
    build(&s);
    assert_int_equal(open_types(&s), KD_OK);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(kdw_types_record(&s.types, none[i], &rec), KD_ERR_NOT_FOUND);
    drop(&s);
}

static void names_with_one_hash_are_told_apart(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    for (uint32_t i = 0; i < COUNT; i++)
        pdb_build_set_hash(s.b, nth(i), pdb_build_hash("_S17"));
    build(&s);
    assert_int_equal(open_types(&s), KD_OK);
    is_struct(&s, nth(17), 8 * 17);
    for (unsigned i = 0; i < 3; i++) {
        kdw_type_id id;

        assert_int_equal(kdw_types_find(&s.types, "_S17", &id), KD_OK);
        assert_int_equal(id, nth(17));
    }
    drop(&s);
}

static void of_several_definitions_the_largest_is_taken_then_the_last(void **state)
{
    for (int has_hashes = 0; has_hashes < 2; has_hashes++) {
        struct sample s;
        kdw_type_id last, id = 0;

        (void)state;
        describe(&s);
        (void)pdb_build_struct(s.b, "_S3", 0x555, 0);
        last = pdb_build_struct(s.b, "_S3", 0x555, 0);
        (void)pdb_build_struct(s.b, "_S3", 0x554, 0);
        s.b->is_absent[PDB_TPI_HASH] = !has_hashes;
        build(&s);
        assert_int_equal(open_types(&s), KD_OK);
        assert_int_equal(kdw_types_find(&s.types, "_S3", &id), KD_OK);
        assert_int_equal(id, last);
        drop(&s);
    }
}

static void unions_enums_and_late_forms_of_structs_are_found(void **state)
{
    static const uint16_t leaves[] = {0x1504, 0x1505, 0x1506, 0x1507, 0x1519,
                                      0x1608, 0x1609, 0x160A, 0x160B};

    (void)state;
    for (size_t i = 0; i < sizeof leaves / sizeof leaves[0]; i++) {
        struct sample s;
        struct kdw_record rec;
        struct kdw_udt u;
        kdw_type_id made, id = 0;

        describe(&s);
        made = pdb_build_udt(s.b, leaves[i], 0, "_NAMED", NULL, 0x74, 0x1000);
        build(&s);
        assert_int_equal(open_types(&s), KD_OK);
        assert_int_equal(kdw_types_find(&s.types, "_NAMED", &id), KD_OK);
        assert_int_equal(id, made);
        assert_int_equal(kdw_types_record(&s.types, id, &rec), KD_OK);
        assert_true(kdw_udt_decode(&rec, &u));
        assert_string_equal(u.name, "_NAMED");
        assert_int_equal(u.fields, 0x1000);
        assert_int_equal(leaves[i] == 0x1507 ? u.underlying : u.size, 0x74);
        drop(&s);
    }
}

static void a_type_in_a_function_goes_by_its_unique_name(void **state)
{
    for (int has_hashes = 0; has_hashes < 2; has_hashes++) {
        struct sample s;
        kdw_type_id local, plain, id = 0;

        (void)state;
        describe(&s);
        plain = pdb_build_udt(s.b, 0x1505, 0, "Plain", ".?AUPlain@@", 8, 0);
        local = pdb_build_udt(s.b, 0x1505, 0x100, "Local", ".?AULocal@?1@@", 8, 0);
        s.b->is_absent[PDB_TPI_HASH] = !has_hashes;
        build(&s);
        assert_int_equal(open_types(&s), KD_OK);
        finds_not(&s, "Local", KD_ERR_NOT_FOUND);
        assert_int_equal(kdw_types_find(&s.types, ".?AULocal@?1@@", &id), KD_OK);
        assert_int_equal(id, local);
        assert_int_equal(kdw_types_find(&s.types, "Plain", &id), KD_OK);
        assert_int_equal(id, plain);
        drop(&s);
    }
}

static void types_without_a_name_of_their_own_are_not_found_by_one(void **state)
{
    static const char *const names[] = {"<unnamed-tag>", "__unnamed", "_S::<unnamed-tag>",
                                        "_S::__unnamed"};

    (void)state;
    for (int has_hashes = 0; has_hashes < 2; has_hashes++) {
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            struct sample s;
            kdw_type_id type;

            describe(&s);
            type = pdb_build_struct(s.b, names[i], 8, 0);
            pdb_build_set_hash(s.b, type, pdb_build_hash(names[i]));
            type = pdb_build_udt(s.b, 0x1505, 0x100, "f::Local", NULL, 8, 0);
            pdb_build_set_hash(s.b, type, pdb_build_hash("f::Local"));
            s.b->is_absent[PDB_TPI_HASH] = !has_hashes;
            build(&s);
            assert_int_equal(open_types(&s), KD_OK);
            finds_not(&s, names[i], KD_ERR_NOT_FOUND);
            finds_not(&s, "f::Local", KD_ERR_NOT_FOUND);
            drop(&s);
        }
    }
}

static void a_forward_reference_leads_to_its_definition(void **state)
{
    struct sample s;
    struct kdw_record rec;
    struct kdw_udt u;
    kdw_type_id forward, local_forward, local, id = 0;

    (void)state;
    describe(&s);
    forward = pdb_build_forward(s.b, "_S5");
    local_forward = pdb_build_udt(s.b, 0x1505, 0x180, "Local", ".?AULocal@?1@@", 0, 0);
    local = pdb_build_udt(s.b, 0x1505, 0x100, "Local", ".?AULocal@?1@@", 8, 0);
    build(&s);
    assert_int_equal(open_types(&s), KD_OK);
    assert_int_equal(kdw_types_record(&s.types, forward, &rec), KD_OK);
    assert_true(kdw_udt_decode(&rec, &u));
    assert_int_equal(kdw_types_definition(&s.types, &u, &id), KD_OK);
    assert_int_equal(id, nth(5));
    assert_int_equal(kdw_types_record(&s.types, local_forward, &rec), KD_OK);
    assert_true(kdw_udt_decode(&rec, &u));
    assert_int_equal(kdw_types_definition(&s.types, &u, &id), KD_OK);
    assert_int_equal(id, local);
    drop(&s);
}

static void without_hashes_all_records_are_looked_at(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    s.b->is_absent[PDB_TPI_HASH] = true;
    build(&s);
    assert_int_equal(open_types(&s), KD_OK);
    assert_null(s.types.hashes);
    finds_all(&s);
    finds_not(&s, "_S200", KD_ERR_NOT_FOUND);
    drop(&s);
}

/* One field of the header at a time, so that the hash values cannot be trusted. */
static void hashes_that_cannot_be_right_are_not_used(void **state)
{
    static const struct {
        size_t at;
        uint32_t v;
    } damage[] = {{HASH_KEY_LEN, 2},
                  {HASH_BUCKETS, 0},
                  {HASHES_AT, 0xFFFFFFFF},
                  {HASHES_LEN, 4 * COUNT},
                  {HASHES_LEN, 12 * COUNT + 1},
                  {HASHES_AT, 0x2000}};

    (void)state;
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        struct sample s;

        describe(&s);
        build(&s);
        pdb_build_poke32(s.b, s.file, PDB_TPI, damage[i].at, damage[i].v);
        assert_int_equal(open_types(&s), KD_OK);
        assert_null(s.types.hashes);
        finds_all(&s);
        drop(&s);
    }
}

/* The first two marks: {0x1000, 0}, {0x100x, at least 256}. */
static void marks_that_cannot_be_right_are_not_used(void **state)
{
    static const struct {
        size_t at;
        uint32_t v;
    } damage[] = {{0, 0x1001}, {4, 4}, {8, 0x1000}, {8, 0x7FFFFFFF}, {12, 0}, {12, 0x7FFFFFFF}};

    (void)state;
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        struct sample s;

        describe(&s);
        build(&s);
        pdb_build_poke32(s.b, s.file, PDB_TPI_HASH, 12 * COUNT + damage[i].at, damage[i].v);
        assert_int_equal(open_types(&s), KD_OK);
        assert_null(s.types.marks);
        finds_all(&s);
        drop(&s);
    }
}

/* In order, inside the records, and wrong: the second mark is one record early. */
static void a_mark_that_lies_is_noticed_and_costs_no_type(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    build(&s);
    s.file[pdb_build_at(s.b, PDB_TPI_HASH, 12 * COUNT + 8)] -= 1;
    assert_int_equal(open_types(&s), KD_OK);
    assert_non_null(s.types.marks);
    finds_all(&s);
    assert_non_null(s.types.offsets);
    drop(&s);
}

static void without_marks_a_table_is_made(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    s.b->mark_every = 0;
    build(&s);
    assert_int_equal(open_types(&s), KD_OK);
    finds_all(&s);
    assert_non_null(s.types.offsets);
    drop(&s);
}

static void a_header_that_contradicts_the_stream_is_refused(void **state)
{
    static const struct {
        size_t at;
        uint32_t v;
    } damage[] = {{HEADER_LEN, 55}, {HEADER_LEN, 0xFFFFFFFF}, {RECORDS_LEN, 0xFFFFFFFF},
                  {FIRST, 0xFFF},   {FIRST, 0x7FFFFFFF},      {END, 0xFFFFFFFF},
                  {END, 0xFFF},     {RECORDS_LEN, 4}};

    (void)state;
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        struct sample s;

        describe(&s);
        build(&s);
        pdb_build_poke32(s.b, s.file, PDB_TPI, damage[i].at, damage[i].v);
        assert_int_not_equal(open_types(&s), KD_OK);
        assert_non_null(strstr(s.diag.text, "types"));
        drop(&s);
    }
}

static void records_end_at_one_whose_length_cannot_be(void **state)
{
    static const uint16_t lengths[] = {0, 1, 0xFFFF};

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        for (uint32_t marks = 0; marks <= 100000; marks += 100000) {
            struct sample s;
            struct kdw_record rec;

            describe(&s);
            s.b->mark_every = marks;
            build(&s);
            /* the second record: behind a forward reference to _S0 */
            pdb_build_poke16(s.b, s.file, PDB_TPI, RECORDS + 28, lengths[i]);
            assert_int_equal(open_types(&s), KD_OK);
            assert_int_equal(kdw_types_record(&s.types, 0x1000, &rec), KD_OK);
            assert_int_equal(kdw_types_record(&s.types, 0x1001, &rec), KD_ERR_TRUNCATED);
            assert_int_equal(kdw_types_record(&s.types, nth(7), &rec), KD_ERR_TRUNCATED);
            finds_not(&s, "_S7", KD_ERR_TRUNCATED);
            drop(&s);
        }
    }
}

static void a_name_that_runs_out_of_its_record_is_damage(void **state)
{
    struct sample s;
    struct kdw_record rec;
    struct kdw_udt u;
    kdw_type_id type;

    (void)state;
    describe(&s);
    type = pdb_build_struct(s.b, "_LAST", 8, 0);
    memset(s.b->types.data + s.b->types.len - 6, 'x', 6);
    build(&s);
    assert_int_equal(open_types(&s), KD_OK);
    assert_int_equal(kdw_types_record(&s.types, type, &rec), KD_OK);
    assert_false(kdw_udt_decode(&rec, &u));
    finds_not(&s, "_LAST", KD_ERR_NOT_FOUND);
    drop(&s);
}

static void numbers_of_every_kind_are_read_over(void **state)
{
    static const struct {
        uint8_t bytes[20];
        size_t len;
        bool is_integer, is_negative;
        uint64_t bits;
    } numbers[] = {
        {{0x34, 0x12}, 2, true, false, 0x1234},
        {{0xFF, 0x7F}, 2, true, false, 0x7FFF},
        {{0x00, 0x80, 0xFE}, 3, true, true, UINT64_MAX - 1},
        {{0x01, 0x80, 0xFF, 0xFF}, 4, true, true, UINT64_MAX},
        {{0x02, 0x80, 0xFF, 0xFF}, 4, true, false, 0xFFFF},
        {{0x03, 0x80, 0, 0, 0, 0x80}, 6, true, true, 0xFFFFFFFF80000000ull},
        {{0x04, 0x80, 0, 0, 0, 0x80}, 6, true, false, 0x80000000},
        {{0x09, 0x80, 1, 0, 0, 0, 0, 0, 0, 0x80}, 10, true, true, 0x8000000000000001ull},
        {{0x0A, 0x80, 1, 0, 0, 0, 0, 0, 0, 0x80}, 10, true, false, 0x8000000000000001ull},
        {{0x1C, 0x80, 1, 2}, 4, false, false, 0},
        {{0x05, 0x80, 1, 2, 3, 4}, 6, false, false, 0},
        {{0x0B, 0x80}, 8, false, false, 0},
        {{0x06, 0x80}, 10, false, false, 0},
        {{0x1A, 0x80}, 10, false, false, 0},
        {{0x07, 0x80}, 12, false, false, 0},
        {{0x08, 0x80}, 18, false, false, 0},
        {{0x17, 0x80}, 18, false, false, 0},
        {{0x18, 0x80}, 18, false, false, 0},
        {{0x19, 0x80}, 18, false, false, 0},
        {{0x10, 0x80, 3, 0, 1, 2, 3}, 7, false, false, 0},
        {{0x1B, 0x80, 'a', 'b', 0}, 5, false, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct kd_reader r = kd_reader_of(numbers[i].bytes, numbers[i].len);
        struct kdw_number n = kdw_rd_number(&r);

        assert_true(kd_reader_ok(&r));
        assert_int_equal(kd_reader_left(&r), 0);
        assert_int_equal(n.is_integer, numbers[i].is_integer);
        assert_int_equal(n.is_negative, numbers[i].is_negative);
        assert_true(n.bits == numbers[i].bits);
        for (size_t len = 0; len < numbers[i].len; len++) {
            r = kd_reader_of(numbers[i].bytes, len);
            (void)kdw_rd_number(&r);
            assert_false(kd_reader_ok(&r));
        }
    }
}

static void a_number_of_an_unknown_kind_fails(void **state)
{
    static const uint8_t bytes[] = {0x0C, 0x80, 0, 0, 0, 0, 0, 0, 0, 0};
    struct kd_reader r = kd_reader_of(bytes, sizeof bytes);

    (void)state;
    (void)kdw_rd_number(&r);
    assert_false(kd_reader_ok(&r));
}

static void sizes_are_not_negative_and_below_4_gib(void **state)
{
    static const struct {
        uint8_t bytes[10];
        size_t len;
        bool ok;
    } sizes[] = {
        {{0x04, 0x80, 0xFF, 0xFF, 0xFF, 0xFF}, 6, true},
        {{0x00, 0x80, 0xFF}, 3, false},
        {{0x09, 0x80, 0, 0, 0, 0, 1, 0, 0, 0}, 10, false},
        {{0x05, 0x80, 0, 0, 0, 0}, 6, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct kd_reader r = kd_reader_of(sizes[i].bytes, sizes[i].len);

        assert_int_equal(kdw_rd_size(&r), sizes[i].ok ? 0xFFFFFFFF : 0);
        assert_int_equal(kd_reader_ok(&r), sizes[i].ok);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_found_by_index_and_by_name),
        cmocka_unit_test(few_look_ups_allocate_nothing_and_many_make_a_table),
        cmocka_unit_test(indices_that_are_none_are_not_found),
        cmocka_unit_test(names_with_one_hash_are_told_apart),
        cmocka_unit_test(of_several_definitions_the_largest_is_taken_then_the_last),
        cmocka_unit_test(unions_enums_and_late_forms_of_structs_are_found),
        cmocka_unit_test(a_type_in_a_function_goes_by_its_unique_name),
        cmocka_unit_test(types_without_a_name_of_their_own_are_not_found_by_one),
        cmocka_unit_test(a_forward_reference_leads_to_its_definition),
        cmocka_unit_test(without_hashes_all_records_are_looked_at),
        cmocka_unit_test(hashes_that_cannot_be_right_are_not_used),
        cmocka_unit_test(marks_that_cannot_be_right_are_not_used),
        cmocka_unit_test(a_mark_that_lies_is_noticed_and_costs_no_type),
        cmocka_unit_test(without_marks_a_table_is_made),
        cmocka_unit_test(a_header_that_contradicts_the_stream_is_refused),
        cmocka_unit_test(records_end_at_one_whose_length_cannot_be),
        cmocka_unit_test(a_name_that_runs_out_of_its_record_is_damage),
        cmocka_unit_test(numbers_of_every_kind_are_read_over),
        cmocka_unit_test(a_number_of_an_unknown_kind_fails),
        cmocka_unit_test(sizes_are_not_negative_and_below_4_gib),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
