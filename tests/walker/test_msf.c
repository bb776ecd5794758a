#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "msf.h"
#include "support/pdb_build.h"

enum { /* places in the superblock */
       BLOCK_SIZE = 0x20,
       BLOCK_COUNT = 0x28,
       DIRECTORY_LEN = 0x2C,
       LIST_BLOCK = 0x34,
};

struct sample {
    struct pdb_build *b;
    uint8_t *file;
    size_t len;
    struct kd_diag diag;
    struct kdw_msf *msf;
};

/* Enough symbols that the record stream takes several blocks. */
static void describe(struct sample *s)
{
    char name[] = "Symbol00";

    memset(s, 0, sizeof *s);
    s->b = pdb_build_create();
    for (uint32_t i = 0; i < 100; i++) {
        name[6] = (char)('0' + i / 10);
        name[7] = (char)('0' + i % 10);
        pdb_build_public(s->b, name, 1, i);
    }
}

static void build(struct sample *s)
{
    s->file = pdb_build_file(s->b, &s->len);
}

static enum kd_status open_msf(struct sample *s)
{
    return kdw_msf_open(s->file, s->len, &s->diag, &s->msf);
}

static void drop(struct sample *s)
{
    kdw_msf_close(s->msf);
    free(s->file);
    pdb_build_destroy(s->b);
}

static void poke32(struct sample *s, size_t at, uint32_t v)
{
    for (size_t i = 0; i < 4; i++)
        s->file[at + i] = (uint8_t)(v >> 8 * i);
}

static uint32_t peek32(const struct sample *s, size_t at)
{
    return s->file[at] | (uint32_t)s->file[at + 1] << 8 | (uint32_t)s->file[at + 2] << 16 |
           (uint32_t)s->file[at + 3] << 24;
}

/* The directory, by the two steps that lead to it: its first block. */
static size_t directory_at(const struct sample *s)
{
    size_t list = (size_t)peek32(s, LIST_BLOCK) * s->b->block_size;

    return (size_t)peek32(s, list) * s->b->block_size;
}

/* Damage one word of a good file, then see how it opens. */
static void opens_as(size_t at, uint32_t v, enum kd_status expected, const char *text)
{
    struct sample s;

    describe(&s);
    build(&s);
    poke32(&s, at, v);
    assert_int_equal(open_msf(&s), expected);
    assert_non_null(strstr(s.diag.text, text));
    assert_null(s.msf);
    drop(&s);
}

static void contiguous_streams_are_handed_out_where_they_stand(void **state)
{
    struct sample s;
    struct kd_span span;

    (void)state;
    describe(&s);
    build(&s);
    assert_int_equal(open_msf(&s), KD_OK);
    assert_int_equal(kdw_msf_stream(s.msf, PDB_RECORDS, &span), KD_OK);
    assert_ptr_equal(span.data, s.file + pdb_build_at(s.b, PDB_RECORDS, 0));
    assert_int_equal(span.len, s.b->records.len);
    drop(&s);
}

static void scattered_streams_are_put_together_once(void **state)
{
    struct sample s;
    struct kd_span span, again;

    (void)state;
    describe(&s);
    s.b->is_scattered = true;
    build(&s);
    assert_int_equal(open_msf(&s), KD_OK);
    assert_int_equal(kdw_msf_stream(s.msf, PDB_RECORDS, &span), KD_OK);
    assert_int_equal(span.len, s.b->records.len);
    assert_memory_equal(span.data, s.b->records.data, span.len);
    assert_int_equal(kdw_msf_stream(s.msf, PDB_RECORDS, &again), KD_OK);
    assert_ptr_equal(again.data, span.data);
    drop(&s);
}

static void parts_are_read_across_scattered_blocks(void **state)
{
    struct sample s;
    uint8_t buf[700];

    (void)state;
    describe(&s);
    s.b->is_scattered = true;
    build(&s);
    assert_int_equal(open_msf(&s), KD_OK);
    assert_int_equal(kdw_msf_read(s.msf, PDB_RECORDS, 500, buf, sizeof buf), KD_OK);
    assert_memory_equal(buf, s.b->records.data + 500, sizeof buf);
    assert_int_equal(kdw_msf_read(s.msf, PDB_RECORDS, s.b->records.len, buf, 0), KD_OK);
    assert_int_equal(kdw_msf_read(s.msf, PDB_RECORDS, s.b->records.len - 3, buf, 4),
                     KD_ERR_TRUNCATED);
    assert_int_equal(kdw_msf_read(s.msf, PDB_RECORDS, UINT64_MAX, buf, 4), KD_ERR_TRUNCATED);
    drop(&s);
}

static void every_block_size_of_the_format_is_read(void **state)
{
    (void)state;
    for (uint32_t size = 512; size <= 65536; size *= 2) {
        struct sample s;
        struct kd_span span;

        describe(&s);
        s.b->block_size = size;
        build(&s);
        assert_int_equal(open_msf(&s), KD_OK);
        assert_int_equal(kdw_msf_stream(s.msf, PDB_RECORDS, &span), KD_OK);
        assert_int_equal(span.len, s.b->records.len);
        assert_memory_equal(span.data, s.b->records.data, span.len);
        drop(&s);
    }
}

/* 512 * 512 / 4 blocks of directory list begin a second list block: 32 MiB of streams do. */
static void a_directory_whose_list_takes_several_blocks_is_read(void **state)
{
    struct sample s;
    struct kd_span span;

    (void)state;
    describe(&s);
    for (uint32_t i = 0; i < (9u << 20); i++)
        pdb_put32(&s.b->omap, i);
    build(&s);
    assert_true(peek32(&s, DIRECTORY_LEN) > 512 * 512 / 4);
    assert_int_equal(open_msf(&s), KD_OK);
    assert_int_equal(kdw_msf_stream(s.msf, PDB_OMAP, &span), KD_OK);
    assert_int_equal(span.len, s.b->omap.len);
    assert_memory_equal(span.data, s.b->omap.data, span.len);
    drop(&s);
}

static void absent_streams_are_none(void **state)
{
    struct sample s;
    struct kd_span span = {NULL, 7};

    (void)state;
    describe(&s);
    s.b->is_absent[PDB_IPI] = true;
    build(&s);
    assert_int_equal(open_msf(&s), KD_OK);
    assert_true(kdw_msf_has(s.msf, PDB_RECORDS));
    assert_false(kdw_msf_has(s.msf, PDB_IPI));
    assert_false(kdw_msf_has(s.msf, PDB_STREAMS));
    assert_false(kdw_msf_has(s.msf, KDW_MSF_NO_STREAM));
    assert_int_equal(kdw_msf_stream(s.msf, PDB_IPI, &span), KD_ERR_NOT_FOUND);
    assert_int_equal(kdw_msf_stream(s.msf, PDB_STREAMS, &span), KD_ERR_NOT_FOUND);
    assert_int_equal(kdw_msf_stream(s.msf, KDW_MSF_NO_STREAM, &span), KD_ERR_NOT_FOUND);
    assert_int_equal(span.len, 7);
    assert_int_equal(kdw_msf_stream(s.msf, PDB_OLD_DIRECTORY, &span), KD_OK);
    assert_int_equal(span.len, 0);
    assert_non_null(span.data); /* a reader may point at its end */
    drop(&s);
}

static void other_kinds_of_files_are_refused_by_name(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum kd_status status;
        const char *text;
    } kinds[] = {
        {"Microsoft C/C++ program database 2.00\r\n\x1aJG\0\0", 44, KD_ERR_UNSUPPORTED, "2.00"},
        {"BSJB\1\0\1\0", 8, KD_ERR_UNSUPPORTED, ".NET"},
        {"MSCF\0\0\0\0", 8, KD_ERR_UNSUPPORTED, "expand it"},
        {"<html>", 6, KD_ERR_MALFORMED, "not a PDB"},
        {"", 0, KD_ERR_MALFORMED, "not a PDB"},
    };
    struct kd_diag diag;
    struct kdw_msf *m;

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        assert_int_equal(kdw_msf_open(kinds[i].bytes, kinds[i].len, &diag, &m), kinds[i].status);
        assert_non_null(strstr(diag.text, kinds[i].text));
    }
}

static void a_file_cut_short_anywhere_is_refused(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    build(&s);
    for (size_t len = 0; len < s.len; len += len < 0x60 ? 1 : 97) {
        uint8_t *copy = malloc(len ? len : 1);

        assert_non_null(copy);
        memcpy(copy, s.file, len);
        assert_int_not_equal(kdw_msf_open(copy, len, &s.diag, &s.msf), KD_OK);
        if (len >= 0x60)
            assert_non_null(strstr(s.diag.text, "incomplete"));
        free(copy);
    }
    drop(&s);
}

static void a_block_size_that_is_none_is_refused(void **state)
{
    static const uint32_t sizes[] = {0, 1, 256, 513, 768, 131072, 0x80000000};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        opens_as(BLOCK_SIZE, sizes[i], KD_ERR_MALFORMED, "block size");
}

static void a_directory_that_cannot_be_is_refused(void **state)
{
    (void)state;
    opens_as(DIRECTORY_LEN, 0xFFFFFFFF, KD_ERR_MALFORMED, "does not fit");
    opens_as(DIRECTORY_LEN, 0x7FFFFFFF, KD_ERR_MALFORMED, "does not fit");
    opens_as(DIRECTORY_LEN, 0, KD_ERR_MALFORMED, "cut short");
    opens_as(DIRECTORY_LEN, 40, KD_ERR_MALFORMED, "cut short");
    opens_as(BLOCK_COUNT, 0, KD_ERR_MALFORMED, "does not fit");
    opens_as(BLOCK_COUNT, 0xFFFFFFFF, KD_ERR_TRUNCATED, "incomplete");
    opens_as(LIST_BLOCK, 0, KD_ERR_MALFORMED, "stream directory");
    opens_as(LIST_BLOCK, 0xFFFFFFFF, KD_ERR_MALFORMED, "stream directory");
}

static void more_streams_than_the_directory_has_room_for_are_refused(void **state)
{
    static const uint32_t counts[] = {0xFFFFFFFF, 0x3FFFFFFF, 1000};

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct sample s;

        describe(&s);
        build(&s);
        poke32(&s, directory_at(&s), counts[i]);
        assert_int_equal(open_msf(&s), KD_ERR_MALFORMED);
        drop(&s);
    }
}

static void a_stream_longer_than_its_block_list_is_refused(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    build(&s);
    poke32(&s, directory_at(&s) + 4 + 4 * PDB_ORIGINAL_SECTIONS, 0xFFFFFFF0);
    assert_int_equal(open_msf(&s), KD_ERR_MALFORMED);
    drop(&s);
}

/* Block numbers of a stream stand behind all sizes and the numbers of the streams before it. */
static size_t first_block_of(const struct sample *s, enum pdb_stream stream)
{
    size_t at = directory_at(s) + 4 + 4 * PDB_STREAMS;

    for (size_t i = 0; i < (size_t)stream; i++)
        at += s->b->blocks[i].len;
    return at;
}

static void blocks_outside_the_data_damage_their_stream_only(void **state)
{
    /* the superblock, both free block maps of an interval, and beyond the end */
    static const uint32_t blocks[] = {0, 1, 2, 513, 0xFFFFFFFF};

    (void)state;
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        struct sample s;
        struct kd_span span;
        uint8_t byte;

        describe(&s);
        build(&s);
        poke32(&s, first_block_of(&s, PDB_RECORDS) + 4, blocks[i]);
        assert_int_equal(open_msf(&s), KD_OK);
        assert_int_equal(kdw_msf_stream(s.msf, PDB_RECORDS, &span), KD_ERR_MALFORMED);
        assert_non_null(strstr(s.diag.text, "stream 7: block 1"));
        assert_int_equal(kdw_msf_read(s.msf, PDB_RECORDS, 512, &byte, 1), KD_ERR_MALFORMED);
        assert_int_equal(kdw_msf_read(s.msf, PDB_RECORDS, 511, &byte, 1), KD_OK);
        assert_int_equal(kdw_msf_stream(s.msf, PDB_PSGSI, &span), KD_OK);
        drop(&s);
    }
}

/* A few bytes of directory can name one block a million times. */
static void scattered_streams_larger_than_the_file_are_refused(void **state)
{
    enum { BLOCKS = 1000 };
    uint8_t *file = calloc(1, 24 * 512);
    struct sample s = {.b = pdb_build_create(), .file = file, .len = 24 * 512};
    struct kd_span span;

    (void)state;
    assert_non_null(file);
    memcpy(file,
           "Microsoft C/C++ MSF 7.00\r\n\x1a"
           "DS",
           29);
    poke32(&s, BLOCK_SIZE, 512);
    poke32(&s, BLOCK_COUNT, 24);
    poke32(&s, DIRECTORY_LEN, 8 + 4 * BLOCKS);
    poke32(&s, LIST_BLOCK, 3);
    for (uint32_t i = 0; i < 8; i++)
        poke32(&s, 3 * 512 + 4 * i, 4 + i);
    poke32(&s, 4 * 512, 1);
    poke32(&s, 4 * 512 + 4, BLOCKS * 512);
    for (uint32_t i = 0; i < BLOCKS; i++)
        poke32(&s, 4 * 512 + 8 + 4 * i, 12);
    assert_int_equal(open_msf(&s), KD_OK);
    assert_int_equal(kdw_msf_stream(s.msf, 0, &span), KD_ERR_LIMIT);
    drop(&s);
}

static void padding_behind_the_last_block_is_harmless(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    build(&s);
    s.file = realloc(s.file, s.len + 5);
    assert_non_null(s.file);
    memset(s.file + s.len, 0, 5);
    s.len += 5;
    assert_int_equal(open_msf(&s), KD_OK);
    drop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contiguous_streams_are_handed_out_where_they_stand),
        cmocka_unit_test(scattered_streams_are_put_together_once),
        cmocka_unit_test(parts_are_read_across_scattered_blocks),
        cmocka_unit_test(every_block_size_of_the_format_is_read),
        cmocka_unit_test(a_directory_whose_list_takes_several_blocks_is_read),
        cmocka_unit_test(absent_streams_are_none),
        cmocka_unit_test(other_kinds_of_files_are_refused_by_name),
        cmocka_unit_test(a_file_cut_short_anywhere_is_refused),
        cmocka_unit_test(a_block_size_that_is_none_is_refused),
        cmocka_unit_test(a_directory_that_cannot_be_is_refused),
        cmocka_unit_test(more_streams_than_the_directory_has_room_for_are_refused),
        cmocka_unit_test(a_stream_longer_than_its_block_list_is_refused),
        cmocka_unit_test(blocks_outside_the_data_damage_their_stream_only),
        cmocka_unit_test(scattered_streams_larger_than_the_file_are_refused),
        cmocka_unit_test(padding_behind_the_last_block_is_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
