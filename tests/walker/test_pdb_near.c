#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pdb_near.h"
#include "support/pdb_build.h"

struct sample {
    struct pdb_build *b;
    uint8_t *file;
    struct kd_diag diag;
    struct kdw_msf *msf;
    struct kdw_pdb_publics publics;
    struct kdw_pdb_sections sections;
    struct kdw_pdb_near near_names;
};

/* Two sections at 0x1000 and 0x5000. */
static void describe(struct sample *s)
{
    memset(s, 0, sizeof *s);
    s->b = pdb_build_create();
    pdb_build_section(s->b, 0x1000);
    pdb_build_section(s->b, 0x5000);
    pdb_build_public(s->b, "Last", 2, 0x30);
    pdb_build_public(s->b, "First", 1, 0x10);
    pdb_build_public(s->b, "Second", 1, 0x40);
    pdb_build_public(s->b, "Third", 2, 0x20);
    pdb_build_public(s->b, "FoldedIntoThird", 2, 0x20);
    pdb_build_public(s->b, "NoSuchSection", 7, 0x20);
}

static void build(struct sample *s, bool has_omap)
{
    const struct kdw_symbol_streams streams = {PDB_GSI, PDB_PSGSI, PDB_RECORDS};
    const struct kdw_section_streams sections = {
        PDB_SECTIONS, has_omap ? PDB_OMAP : KDW_MSF_NO_STREAM,
        has_omap ? PDB_ORIGINAL_SECTIONS : KDW_MSF_NO_STREAM};
    size_t len;

    s->file = pdb_build_file(s->b, &len);
    assert_int_equal(kdw_msf_open(s->file, len, &s->diag, &s->msf), KD_OK);
    assert_int_equal(kdw_pdb_publics_open(s->msf, &streams, &s->diag, &s->publics), KD_OK);
    assert_int_equal(kdw_pdb_sections_open(s->msf, &sections, &s->diag, &s->sections), KD_OK);
    assert_int_equal(kdw_pdb_near_open(&s->publics, &s->sections, &s->near_names), KD_OK);
}

static void drop(struct sample *s)
{
    kdw_pdb_near_close(&s->near_names);
    kdw_msf_close(s->msf);
    free(s->file);
    pdb_build_destroy(s->b);
}

static void finds(const struct sample *s, uint64_t rva, const char *name, uint64_t name_rva)
{
    const char *found = NULL;
    uint64_t at = 0;

    assert_int_equal(kdw_pdb_near_find(&s->near_names, &s->publics, rva, &found, &at), KD_OK);
    assert_string_equal(found, name);
    assert_int_equal(at, name_rva);
}

static void finds_nothing(const struct sample *s, uint64_t rva)
{
    const char *found = "untouched";
    uint64_t at = 9;

    assert_int_equal(kdw_pdb_near_find(&s->near_names, &s->publics, rva, &found, &at),
                     KD_ERR_NOT_FOUND);
    assert_string_equal(found, "untouched");
    assert_int_equal(at, 9);
}

static void an_address_has_the_name_at_or_below_it(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    build(&s, false);
    finds(&s, 0x1010, "First", 0x1010);
    finds(&s, 0x103f, "First", 0x1010);
    finds(&s, 0x1040, "Second", 0x1040);
    finds(&s, 0x4fff, "Second", 0x1040);
    finds(&s, 0x502f, "Third", 0x5020);
    finds(&s, UINT64_MAX, "Last", 0x5030);
    drop(&s);
}

static void names_end_with_their_section(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    build(&s, false);
    finds_nothing(&s, 0);
    finds_nothing(&s, 0x100f);
    finds_nothing(&s, 0x5000);
    finds_nothing(&s, 0x501f);
    drop(&s);
}

static void a_symbol_where_a_section_begins_is_found(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    pdb_build_public(s.b, "AtTheStart", 2, 0);
    build(&s, false);
    finds(&s, 0x5000, "AtTheStart", 0x5000);
    finds(&s, 0x501f, "AtTheStart", 0x5000);
    drop(&s);
}

static void of_a_reordered_image_places_are_those_after_it(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    pdb_build_original_section(s.b, 0x1000);
    pdb_build_original_section(s.b, 0x8000);
    pdb_build_omap(s.b, 0x1000, 0x6000); /* the first section went behind the second */
    pdb_build_omap(s.b, 0x8000, 0x2000);
    s.b->has_omap = true;
    build(&s, true);
    finds(&s, 0x2020, "Third", 0x2020);
    finds(&s, 0x6015, "First", 0x6010);
    finds(&s, 0x6040, "Second", 0x6040);
    finds_nothing(&s, 0x2000);
    drop(&s);
}

static void damaged_records_are_left_out(void **state)
{
    struct sample s;
    size_t len;

    (void)state;
    describe(&s);
    s.file = pdb_build_file(s.b, &len);
    for (size_t at = 0; at < 64; at += 2) { /* each 16-bit unit of the first records in turn */
        struct sample t = s;
        const struct kdw_symbol_streams streams = {PDB_GSI, PDB_PSGSI, PDB_RECORDS};
        const struct kdw_section_streams sections = {PDB_SECTIONS, KDW_MSF_NO_STREAM,
                                                     KDW_MSF_NO_STREAM};
        const char *name;
        uint64_t rva;

        t.file = malloc(len);
        assert_non_null(t.file);
        memcpy(t.file, s.file, len);
        pdb_build_poke16(s.b, t.file, PDB_RECORDS, at, 0xffff);
        assert_int_equal(kdw_msf_open(t.file, len, &t.diag, &t.msf), KD_OK);
        assert_int_equal(kdw_pdb_publics_open(t.msf, &streams, &t.diag, &t.publics), KD_OK);
        assert_int_equal(kdw_pdb_sections_open(t.msf, &sections, &t.diag, &t.sections), KD_OK);
        assert_int_equal(kdw_pdb_near_open(&t.publics, &t.sections, &t.near_names), KD_OK);
        for (uint64_t address = 0; address < 0x6000; address += 0x10)
            if (kdw_pdb_near_find(&t.near_names, &t.publics, address, &name, &rva) == KD_OK)
                assert_true(rva <= address && strlen(name) < 32);
        kdw_pdb_near_close(&t.near_names);
        kdw_msf_close(t.msf);
        free(t.file);
    }
    free(s.file);
    pdb_build_destroy(s.b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_has_the_name_at_or_below_it),
        cmocka_unit_test(names_end_with_their_section),
        cmocka_unit_test(a_symbol_where_a_section_begins_is_found),
        cmocka_unit_test(of_a_reordered_image_places_are_those_after_it),
        cmocka_unit_test(damaged_records_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
