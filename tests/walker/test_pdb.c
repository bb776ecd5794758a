#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <walker/pdb.h>

#include "support/pdb_build.h"
#include "support/temp_dir.h"

enum { /* places in the DBI stream */
       DBI_SIGNATURE = 0,
       DBI_MODULES_LEN = 24,
       DBI_DEBUG_HEADER_LEN = 48,
};

struct sample {
    struct pdb_build *b;
    uint8_t *file;
    size_t len;
    struct kd_diag diag;
    struct kdw_symbols *pdb;
};

/* A kernel in small: a list of loggers, its state, an enum. */
static void describe(struct sample *s)
{
    const struct pdb_member entry[] = {{0x150D, "Flink", 0x603, 0}, {0x150D, "Blink", 0x603, 8}};
    const struct pdb_member parts[] = {{0x150D, "LowPart", 0x22, 0}, {0x150D, "HighPart", 0x12, 4}};
    const struct pdb_member states[] = {{0x1502, "Idle", 0, 0}, {0x1502, "Running", 0, 3}};
    struct pdb_member logger[5];
    uint32_t list_entry, unnamed, state, bit;

    memset(s, 0, sizeof *s);
    s->b = pdb_build_create();
    list_entry = pdb_build_forward(s->b, "_LIST_ENTRY");
    pdb_build_struct(s->b, "_LIST_ENTRY", 16, pdb_build_fields(s->b, entry, 2));
    unnamed =
        pdb_build_udt(s->b, 0x1505, 0, "<unnamed-tag>", NULL, 8, pdb_build_fields(s->b, parts, 2));
    state = pdb_build_enum(s->b, "_STATE", 0x74, pdb_build_fields(s->b, states, 2));
    bit = pdb_build_bitfield(s->b, 0x22, 1, 7);
    logger[0] = (struct pdb_member){0x150D, "LoggerId", 0x22, 0};
    logger[1] = (struct pdb_member){0x150D, "Links", list_entry, 0x10};
    logger[2] = (struct pdb_member){0x150D, "u", unnamed, 0x20};
    logger[3] = (struct pdb_member){0x150D, "State", state, 0x28};
    logger[4] = (struct pdb_member){0x150D, "StackTracing", bit, 0x2C};
    pdb_build_struct(s->b, "_LOGGER", 0x30, pdb_build_fields(s->b, logger, 5));
    pdb_build_public(s->b, "PsLoadedModuleList", 2, 0x130);
    pdb_build_public(s->b, "Absolute", 0, 0x1234);
    pdb_build_section(s->b, 0x1000);
    pdb_build_section(s->b, 0x448000);
}

static void build(struct sample *s)
{
    s->file = pdb_build_file(s->b, &s->len);
}

static enum kd_status open_pdb(struct sample *s)
{
    return kdw_pdb_open_bytes(s->file, s->len, &s->diag, &s->pdb);
}

static void describe_and_open(struct sample *s)
{
    describe(s);
    build(s);
    assert_int_equal(open_pdb(s), KD_OK);
}

static void drop(struct sample *s)
{
    kdw_symbols_close(s->pdb);
    free(s->file);
    pdb_build_destroy(s->b);
}

static void check_all(struct kdw_symbols *pdb)
{
    struct kdw_field f;
    struct kdw_type t;
    const char *name;
    kdw_type_id logger;
    uint64_t rva;

    assert_int_equal(kdw_symbol(pdb, "PsLoadedModuleList", &rva), KD_OK);
    assert_int_equal(rva, 0x448130);
    assert_int_equal(kdw_symbol_near(pdb, 0x448138, &name, &rva), KD_OK);
    assert_string_equal(name, "PsLoadedModuleList");
    assert_int_equal(rva, 0x448130);
    assert_int_equal(kdw_type_by_name(pdb, "_LOGGER", &logger), KD_OK);
    assert_int_equal(kdw_type_describe(pdb, logger, &t), KD_OK);
    assert_int_equal(t.size, 0x30);
    assert_int_equal(kdw_type_field(pdb, logger, "Links.Blink", &f), KD_OK);
    assert_int_equal(f.offset, 0x18);
    assert_int_equal(kdw_type_field(pdb, logger, "u.HighPart", &f), KD_OK);
    assert_int_equal(f.offset, 0x24);
    assert_int_equal(kdw_type_field(pdb, logger, "StackTracing", &f), KD_OK);
    assert_int_equal(kdw_type_describe(pdb, f.type, &t), KD_OK);
    assert_int_equal(t.bit_position, 7);
    assert_int_equal(kdw_type_field(pdb, logger, "State", &f), KD_OK);
    assert_int_equal(kdw_type_enum_name(pdb, f.type, 3, &name), KD_OK);
    assert_string_equal(name, "Running");
}

static void symbols_types_and_members_are_joined(void **state)
{
    struct sample s;

    (void)state;
    describe_and_open(&s);
    check_all(s.pdb);
    drop(&s);
}

static void scattered_files_give_the_same_answers(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    s.b->is_scattered = true;
    build(&s);
    assert_int_equal(open_pdb(&s), KD_OK);
    check_all(s.pdb);
    drop(&s);
}

static void a_file_is_mapped_and_answers_after_it_was_removed(void **state)
{
    struct temp_dir dir;
    struct sample s;

    (void)state;
    describe(&s);
    build(&s);
    temp_dir_create(&dir);
    temp_dir_write(&dir, "x.pdb", s.file, s.len);
    assert_int_equal(kdw_pdb_open(temp_dir_path(&dir, "x.pdb"), &s.diag, &s.pdb), KD_OK);
    temp_dir_remove(&dir);
    check_all(s.pdb);
    drop(&s);
    temp_dir_remove(&dir); /* where a file in use cannot be removed, it is not in use now */
}

static void a_file_that_cannot_be_opened_is_named(void **state)
{
    struct temp_dir dir;
    struct kd_diag diag;
    struct kdw_symbols *pdb;

    (void)state;
    temp_dir_create(&dir);
    temp_dir_write(&dir, "x.pdb", "no PDB", 6);
    assert_int_equal(kdw_pdb_open(temp_dir_path(&dir, "y.pdb"), &diag, &pdb), KD_ERR_IO);
    assert_non_null(strstr(diag.text, "/y.pdb: "));
    assert_int_equal(kdw_pdb_open(temp_dir_path(&dir, "x.pdb"), &diag, &pdb), KD_ERR_MALFORMED);
    assert_non_null(strstr(diag.text, "/x.pdb: not a PDB file"));
    temp_dir_remove(&dir);
}

static void the_dbi_age_counts_and_the_other_only_in_its_absence(void **state)
{
    struct kdw_pdb_id id;
    struct sample s;

    (void)state;
    describe(&s);
    s.b->info_age = 3;
    s.b->dbi_age = 1;
    build(&s);
    assert_int_equal(open_pdb(&s), KD_OK);
    kdw_pdb_identity(s.pdb, &id);
    assert_int_equal(id.age, 1);
    assert_memory_equal(id.guid, s.b->guid, 16);
    assert_string_equal(id.name, "");
    drop(&s);
    describe(&s);
    s.b->info_age = 3;
    s.b->dbi_age = 0;
    build(&s);
    assert_int_equal(open_pdb(&s), KD_OK);
    kdw_pdb_identity(s.pdb, &id);
    assert_int_equal(id.age, 3);
    drop(&s);
}

static void what_is_missing_is_named(void **state)
{
    struct sample s;
    struct kdw_field f;
    const char *name;
    kdw_type_id id;
    uint64_t rva;

    (void)state;
    describe_and_open(&s);
    assert_int_equal(kdw_symbol(s.pdb, "NtBuildLab", &rva), KD_ERR_NOT_FOUND);
    assert_string_equal(s.diag.text, "the PDB has no symbol NtBuildLab");
    assert_int_equal(kdw_symbol(s.pdb, "Absolute", &rva), KD_ERR_NOT_FOUND);
    assert_string_equal(s.diag.text, "symbol Absolute has no address in the image");
    assert_int_equal(kdw_type_by_name(s.pdb, "_EJOB", &id), KD_ERR_NOT_FOUND);
    assert_string_equal(s.diag.text, "the PDB has no type _EJOB");
    assert_int_equal(kdw_type_by_name(s.pdb, "_LOGGER", &id), KD_OK);
    assert_int_equal(kdw_type_field(s.pdb, id, "Links.Middle", &f), KD_ERR_NOT_FOUND);
    assert_non_null(strstr(s.diag.text, "Middle"));
    assert_int_equal(kdw_type_enum_name(s.pdb, id, 0, &name), KD_ERR_NOT_FOUND);
    drop(&s);
}

static void omap_and_original_sections_are_found_in_the_debug_header(void **state)
{
    struct sample s;
    uint64_t rva = 0;

    (void)state;
    describe(&s);
    s.b->has_omap = true;
    pdb_build_original_section(s.b, 0x1000);
    pdb_build_original_section(s.b, 0x400000);
    pdb_build_omap(s.b, 0x400000, 0x777000);
    build(&s);
    assert_int_equal(open_pdb(&s), KD_OK);
    assert_int_equal(kdw_symbol(s.pdb, "PsLoadedModuleList", &rva), KD_OK);
    assert_int_equal(rva, 0x777130);
    drop(&s);
}

static void damage_to_one_stream_costs_only_what_needs_it(void **state)
{
    struct sample s;
    kdw_type_id id;
    uint64_t rva;

    (void)state;
    describe(&s);
    s.b->is_absent[PDB_TPI] = true;
    build(&s);
    assert_int_equal(open_pdb(&s), KD_OK);
    assert_int_equal(kdw_symbol(s.pdb, "PsLoadedModuleList", &rva), KD_OK);
    assert_int_equal(kdw_type_by_name(s.pdb, "_LOGGER", &id), KD_ERR_MALFORMED);
    assert_non_null(strstr(s.diag.text, "type _LOGGER: types: "));
    drop(&s);
    for (int i = 0; i < 3; i++) {
        static const enum pdb_stream needed[] = {PDB_PSGSI, PDB_RECORDS, PDB_SECTIONS};

        describe(&s);
        s.b->is_absent[needed[i]] = true;
        build(&s);
        assert_int_equal(open_pdb(&s), KD_OK);
        assert_int_equal(kdw_type_by_name(s.pdb, "_LOGGER", &id), KD_OK);
        assert_int_equal(kdw_symbol(s.pdb, "PsLoadedModuleList", &rva), KD_ERR_MALFORMED);
        assert_non_null(strstr(s.diag.text, "symbol PsLoadedModuleList: "));
        drop(&s);
    }
}

static void without_identity_or_dbi_it_is_no_pdb_of_an_image(void **state)
{
    static const enum pdb_stream needed[] = {PDB_INFO, PDB_DBI};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct sample s;

        describe(&s);
        s.b->is_absent[needed[i]] = true;
        build(&s);
        assert_int_equal(open_pdb(&s), KD_ERR_MALFORMED);
        assert_null(s.pdb);
        drop(&s);
    }
}

static void a_dbi_header_that_cannot_be_is_refused(void **state)
{
    static const struct {
        size_t at;
        uint32_t v;
        enum kd_status status;
    } damage[] = {
        {DBI_SIGNATURE, 19, KD_ERR_UNSUPPORTED},
        {DBI_MODULES_LEN, 0x80000000, KD_ERR_MALFORMED},
        {DBI_MODULES_LEN, 0x7FFFFFFF, KD_ERR_TRUNCATED},
        {DBI_DEBUG_HEADER_LEN, 0xFFFFFFFF, KD_ERR_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        struct sample s;

        describe(&s);
        build(&s);
        pdb_build_poke32(s.b, s.file, PDB_DBI, damage[i].at, damage[i].v);
        assert_int_equal(open_pdb(&s), damage[i].status);
        drop(&s);
    }
}

static void a_short_debug_header_leaves_streams_out(void **state)
{
    struct sample s;
    uint64_t rva;

    (void)state;
    describe(&s);
    build(&s);
    pdb_build_poke32(s.b, s.file, PDB_DBI, DBI_DEBUG_HEADER_LEN, 12); /* up to the sections */
    assert_int_equal(open_pdb(&s), KD_OK);
    assert_int_equal(kdw_symbol(s.pdb, "PsLoadedModuleList", &rva), KD_OK);
    drop(&s);
    describe(&s);
    build(&s);
    pdb_build_poke32(s.b, s.file, PDB_DBI, DBI_DEBUG_HEADER_LEN, 0);
    assert_int_equal(open_pdb(&s), KD_OK);
    assert_int_equal(kdw_symbol(s.pdb, "PsLoadedModuleList", &rva), KD_ERR_MALFORMED);
    drop(&s);
}

/* Whatever the byte says now: no crash, no hang, and the sanitizers see to the rest. */
static void no_single_byte_makes_it_crash(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    build(&s);
    for (size_t at = 0; at < s.len; at++) {
        uint8_t good = s.file[at];
        struct kdw_field f;
        kdw_type_id id;
        uint64_t rva;

        s.file[at] = (uint8_t)(good ^ 0xFF);
        if (open_pdb(&s) == KD_OK) {
            (void)kdw_symbol(s.pdb, "PsLoadedModuleList", &rva);
            if (kdw_type_by_name(s.pdb, "_LOGGER", &id) == KD_OK)
                (void)kdw_type_field(s.pdb, id, "Links.Blink", &f);
            kdw_symbols_close(s.pdb);
            s.pdb = NULL;
        }
        s.file[at] = good;
    }
    drop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(symbols_types_and_members_are_joined),
        cmocka_unit_test(scattered_files_give_the_same_answers),
        cmocka_unit_test(a_file_is_mapped_and_answers_after_it_was_removed),
        cmocka_unit_test(a_file_that_cannot_be_opened_is_named),
        cmocka_unit_test(the_dbi_age_counts_and_the_other_only_in_its_absence),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(omap_and_original_sections_are_found_in_the_debug_header),
        cmocka_unit_test(damage_to_one_stream_costs_only_what_needs_it),
        cmocka_unit_test(without_identity_or_dbi_it_is_no_pdb_of_an_image),
        cmocka_unit_test(a_dbi_header_that_cannot_be_is_refused),
        cmocka_unit_test(a_short_debug_header_leaves_streams_out),
        cmocka_unit_test(no_single_byte_makes_it_crash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
