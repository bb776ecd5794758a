#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pdb_address.h"
#include "support/pdb_build.h"

struct sample {
    struct pdb_build *b;
    uint8_t *file;
    struct kd_diag diag;
    struct kdw_msf *msf;
    struct kdw_pdb_sections sections;
};

/* Two sections at 0x1000 and 0x5000. Before the image was reordered they stood at 0x1000 and 0x8000. */
static void describe(struct sample *s)
{
    memset(s, 0, sizeof *s);
    s->b = pdb_build_create();
    pdb_build_section(s->b, 0x1000);
    pdb_build_section(s->b, 0x5000);
    pdb_build_original_section(s->b, 0x1000);
    pdb_build_original_section(s->b, 0x8000);
}

static enum kd_status open_sections(struct sample *s, uint16_t omap, uint16_t original)
{
    const struct kdw_section_streams streams = {PDB_SECTIONS, omap, original};
    size_t len;

    s->file = pdb_build_file(s->b, &len);
    assert_int_equal(kdw_msf_open(s->file, len, &s->diag, &s->msf), KD_OK);
    return kdw_pdb_sections_open(s->msf, &streams, &s->diag, &s->sections);
}

static void drop(struct sample *s)
{
    kdw_msf_close(s->msf);
    free(s->file);
    pdb_build_destroy(s->b);
}

static void is_at(const struct sample *s, uint16_t segment, uint32_t offset, uint64_t expected)
{
    const struct kdw_seg_offset at = {segment, offset};
    uint64_t rva = 0;

    assert_int_equal(kdw_pdb_rva(&s->sections, at, &rva), KD_OK);
    assert_int_equal(rva, expected);
}

static void is_nowhere(const struct sample *s, uint16_t segment, uint32_t offset)
{
    const struct kdw_seg_offset at = {segment, offset};
    uint64_t rva = 7;

    assert_int_equal(kdw_pdb_rva(&s->sections, at, &rva), KD_ERR_NOT_FOUND);
    assert_int_equal(rva, 7);
}

static void an_offset_counts_from_its_section(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    assert_int_equal(open_sections(&s, 0xFFFF, 0xFFFF), KD_OK);
    is_at(&s, 1, 0x10, 0x1010);
    is_at(&s, 2, 0, 0x5000);
    is_at(&s, 2, 0xFFFFFFFF, 0x100004FFFull);
    drop(&s);
}

static void segments_that_are_no_section_have_no_address(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    assert_int_equal(open_sections(&s, 0xFFFF, 0xFFFF), KD_OK);
    is_nowhere(&s, 0, 0x10);
    is_nowhere(&s, 3, 0x10);
    is_nowhere(&s, 0xFFFF, 0x10);
    drop(&s);
}

static void reordered_images_are_read_through_their_map(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    pdb_build_omap(s.b, 0x1000, 0x3000);
    pdb_build_omap(s.b, 0x1100, 0); /* dropped */
    pdb_build_omap(s.b, 0x8000, 0x5000);
    pdb_build_omap(s.b, 0x8020, 0x1800);
    assert_int_equal(open_sections(&s, PDB_OMAP, PDB_ORIGINAL_SECTIONS), KD_OK);
    is_at(&s, 1, 0, 0x3000);
    is_at(&s, 1, 0xFF, 0x30FF);
    is_nowhere(&s, 1, 0x100);
    is_nowhere(&s, 1, 0x180);
    is_at(&s, 2, 0x1F, 0x501F);
    is_at(&s, 2, 0x20, 0x1800);
    is_at(&s, 2, 0x30, 0x1810);
    drop(&s);
}

static void what_lies_below_the_map_has_no_address(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    pdb_build_omap(s.b, 0x1008, 0x3000);
    assert_int_equal(open_sections(&s, PDB_OMAP, PDB_ORIGINAL_SECTIONS), KD_OK);
    is_nowhere(&s, 1, 7);
    is_at(&s, 1, 8, 0x3000);
    drop(&s);
}

static void half_a_map_is_not_used_and_said_to_be_there(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    pdb_build_omap(s.b, 0x1000, 0x3000);
    assert_int_equal(open_sections(&s, PDB_OMAP, 0xFFFF), KD_OK);
    assert_non_null(strstr(s.diag.text, "half an address map"));
    is_at(&s, 2, 0, 0x5000);
    drop(&s);
    describe(&s);
    assert_int_equal(open_sections(&s, 0xFFFF, PDB_ORIGINAL_SECTIONS), KD_OK);
    assert_non_null(strstr(s.diag.text, "half an address map"));
    is_at(&s, 2, 0, 0x5000);
    drop(&s);
}

static void a_map_that_is_not_sorted_is_refused(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    pdb_build_omap(s.b, 0x2000, 0x3000);
    pdb_build_omap(s.b, 0x1000, 0x4000);
    assert_int_equal(open_sections(&s, PDB_OMAP, PDB_ORIGINAL_SECTIONS), KD_ERR_MALFORMED);
    assert_non_null(strstr(s.diag.text, "not sorted"));
    drop(&s);
}

static void a_map_of_odd_length_is_refused(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    pdb_build_omap(s.b, 0x1000, 0x3000);
    pdb_put32(&s.b->omap, 0x2000);
    assert_int_equal(open_sections(&s, PDB_OMAP, PDB_ORIGINAL_SECTIONS), KD_ERR_MALFORMED);
    drop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offset_counts_from_its_section),
        cmocka_unit_test(segments_that_are_no_section_have_no_address),
        cmocka_unit_test(reordered_images_are_read_through_their_map),
        cmocka_unit_test(what_lies_below_the_map_has_no_address),
        cmocka_unit_test(half_a_map_is_not_used_and_said_to_be_there),
        cmocka_unit_test(a_map_that_is_not_sorted_is_refused),
        cmocka_unit_test(a_map_of_odd_length_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
