#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <walker/isf.h>
#include <walker/isf_write.h>
#include <walker/pdb.h>
#include <walker/walk_names.h>

#include "support/layout_table.h"
#include "support/pdb_build.h"

#define DATA KDWALK_TEST_DATA
enum { DEPTH_MAX = 8, KERNELS = 4, REALS = 3 };

static struct kd_diag diag;

static struct kdw_isf_metadata metadata_of(const struct kdw_pdb_id *id)
{
    struct kdw_isf_metadata m = {.pdb = *id, .machine = 0x8664, .producer_version = "0.1"};

    snprintf(m.pdb.name, sizeof m.pdb.name, "ntkrnlmp.pdb");
    return m;
}

/* Written, and read back; len: of the text. */
static struct kdw_symbols *written(struct kdw_symbols *s, const struct kdw_pdb_id *id,
                                   struct kdw_isf_counts *counts, size_t *len)
{
    const struct kdw_isf_metadata m = metadata_of(id);
    struct kdw_symbols *isf = NULL;
    char *text = NULL;

    kd_diag_clear(&diag);
    if (kdw_isf_write(s, &m, &diag, &text, len, counts) != KD_OK)
        fail_msg("%s", diag.text);
    assert_string_equal(diag.text, "");
    if (kdw_isf_open_bytes(text, *len, &diag, &isf) != KD_OK)
        fail_msg("%s", diag.text);
    free(text);
    return isf;
}

/* ---- two sets of symbols, compared ---- */

struct pair {
    struct kdw_symbols *original, *copy;
    const char *name; /* of the type that is looked at */
    kdw_type_id ids[2];
    size_t types, fields, constants, symbols;
};

/* Do two types say the same, whatever they are called or made of? Structures within each other are
 * compared where they stand in the list, and by name and size here. */
static bool reads_alike(const struct pair *p, kdw_type_id original, kdw_type_id copy,
                        unsigned depth, bool is_contained)
{
    struct kdw_type a, b;

    assert_int_equal(kdw_type_describe(p->original, original, &a), KD_OK);
    assert_int_equal(kdw_type_describe(p->copy, copy, &b), KD_OK);
    if (a.kind != b.kind || a.is_signed != b.is_signed || a.count != b.count ||
        a.bit_position != b.bit_position || a.bit_length != b.bit_length ||
        (a.name == NULL) != (b.name == NULL) || (a.name && strcmp(a.name, b.name) != 0))
        return false;
    if (is_contained && a.size != b.size)
        return false;
    if (depth == DEPTH_MAX || (a.kind != KDW_TYPE_POINTER && a.kind != KDW_TYPE_ARRAY))
        return true;
    return reads_alike(p, a.target, b.target, depth + 1,
                       is_contained && a.kind != KDW_TYPE_POINTER);
}

static bool compare_field(void *ctx, const struct kdw_field *f)
{
    struct pair *p = ctx;
    struct kdw_field copy;

    if (kdw_type_field(p->copy, p->ids[1], f->name, &copy) != KD_OK)
        fail_msg("no %s.%s", p->name, f->name);
    if (copy.offset != f->offset || !reads_alike(p, f->type, copy.type, 0, true))
        fail_msg("%s.%s differs", p->name, f->name);
    p->fields++;
    return true;
}

struct constant {
    const char *name;
    int64_t value;
    bool is_there;
};

static bool is_constant(void *ctx, const char *name, int64_t value)
{
    struct constant *c = ctx;

    c->is_there = c->is_there || (strcmp(name, c->name) == 0 && value == c->value);
    return true;
}

static bool compare_constant(void *ctx, const char *name, int64_t value)
{
    struct pair *p = ctx;
    struct constant c = {name, value, false};

    assert_int_equal(kdw_type_each_constant(p->copy, p->ids[1], is_constant, &c), KD_OK);
    if (!c.is_there)
        fail_msg("%s has no %s", p->name, name);
    p->constants++;
    return true;
}

static bool count_one(void *ctx, const struct kdw_field *f)
{
    (void)f;
    ++*(size_t *)ctx;
    return true;
}

static bool compare_type(void *ctx, const char *name)
{
    struct pair *p = ctx;
    enum kd_status st = kdw_type_by_name(p->original, name, &p->ids[0]);
    size_t before = p->fields, count = 0;
    struct kdw_type a, b;

    assert_int_equal(kdw_type_by_name(p->copy, name, &p->ids[1]), st);
    if (st == KD_ERR_NOT_FOUND)
        return true;
    p->name = name;
    assert_int_equal(kdw_type_describe(p->original, p->ids[0], &a), KD_OK);
    assert_int_equal(kdw_type_describe(p->copy, p->ids[1], &b), KD_OK);
    assert_int_equal(a.kind, b.kind);
    assert_int_equal(a.size, b.size);
    assert_string_equal(a.name, b.name);
    p->types++;
    if (a.kind == KDW_TYPE_ENUM) {
        (void)kdw_type_each_constant(p->original, p->ids[0], compare_constant, p);
        return true;
    }
    assert_int_equal(kdw_type_each_field(p->original, p->ids[0], compare_field, p), KD_OK);
    assert_int_equal(kdw_type_each_field(p->copy, p->ids[1], count_one, &count), KD_OK);
    assert_int_equal(count, p->fields - before);
    return true;
}

static bool compare_symbol(void *ctx, const char *name)
{
    struct pair *p = ctx;
    uint64_t a = 0, b = 0;
    enum kd_status st = kdw_symbol(p->original, name, &a);

    assert_int_equal(kdw_symbol(p->copy, name, &b), st);
    assert_int_equal(a, b);
    p->symbols += st == KD_OK;
    return true;
}

static struct pair compare(struct kdw_symbols *original, struct kdw_symbols *copy)
{
    struct pair p = {.original = original, .copy = copy};

    kdw_walk_each_type_name(compare_type, &p);
    kdw_walk_each_symbol_name(compare_symbol, &p);
    return p;
}

/* ---- kernels ---- */

static void a_kernel_pdb_is_read_back_with_all_that_a_walk_asks_for(void **state)
{
    static const char *const builds[KERNELS] = {"14393", "18362", "19041", "22000"};
    size_t looked_at = 0;

    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        struct kdw_symbols *pdb, *isf;
        struct kdw_isf_counts counts;
        struct kdw_pdb_id id, copied;
        char path[512];
        struct pair p;
        size_t len;

        snprintf(path, sizeof path, KDWALK_LAB_KERNELS "/%s/ntkrnlmp.pdb", builds[i]);
        if (kdw_pdb_open(path, &diag, &pdb) != KD_OK)
            continue;
        looked_at++;
        kdw_pdb_identity(pdb, &id);
        assert_int_equal(kdw_pdb_machine(pdb), 0x8664);
        isf = written(pdb, &id, &counts, &len);
        kdw_isf_identity(isf, &copied);
        assert_true(kdw_pdb_id_equal(&id, &copied));
        p = compare(pdb, isf);
        print_message("%s: %zu types, %zu fields, %zu constants, %zu symbols; %zu bytes\n",
                      builds[i], p.types, p.fields, p.constants, p.symbols, len);
        assert_true(p.types > 70 && p.fields > 800 && p.constants > 20 && p.symbols > 40);
        assert_true(counts.types >= p.types && counts.symbols == p.symbols);
        assert_true(len < 1 << 20);
        kdw_symbols_close(isf);
        kdw_symbols_close(pdb);
    }
    if (looked_at == 0) {
        print_message("skipped: the lab's kernels are not built\n");
        skip();
    }
}

/* Real symbols have what the lab's have not: what nobody uses, and names of all kinds. */
static void real_symbols_stay_what_they_are(void **state)
{
    static const struct real {
        const char *file, *layout;
    } reals[REALS] = {
        {DATA "/isf/616A94E33A4827B451B0E19C14C03792-1.json.xz", DATA "/layouts/18362.csv"},
        {DATA "/isf/89284D0CA6ACC8274B9A44BD5AF9290B-1.json.xz", DATA "/layouts/19041-r1826.csv"},
        {DATA "/isf/EF84DCF2B16BB881EBE4BD7C8FE7AA8E-1.json.xz", DATA "/layouts/22000-r795.csv"},
    };

    (void)state;
    for (size_t i = 0; i < REALS; i++) {
        struct kdw_symbols *whole, *isf;
        struct kdw_isf_counts counts;
        struct kdw_pdb_id id;
        struct pair p;
        size_t len;

        if (kdw_isf_open(reals[i].file, &diag, &whole) != KD_OK) {
            print_message("skipped: %s\n", diag.text);
            skip();
        }
        kdw_isf_identity(whole, &id);
        isf = written(whole, &id, &counts, &len);
        p = compare(whole, isf);
        assert_int_equal(layout_table_check(isf, reals[i].layout),
                         layout_table_check(whole, reals[i].layout));
        print_message("%zu of %zu types asked for, %zu fields, %zu symbols; %zu bytes\n", p.types,
                      counts.types, p.fields, p.symbols, len);
        assert_true(p.types > 70 && p.fields > 1500 && p.symbols > 40 && len < 1 << 20);
        kdw_symbols_close(isf);
        kdw_symbols_close(whole);
    }
}

/* ---- made up ---- */

enum {
    T_VOID = 0x03,
    T_LONG = 0x12,
    T_ULONG = 0x22,
    T_INT1 = 0x68,
    T_COMPLEX = 0x50,
    T_PTR64 = 0x600
};

struct made {
    struct pdb_build *b;
    uint8_t *file;
    struct kdw_symbols *pdb;
};

static struct made made_of(struct pdb_build *b)
{
    struct made m = {.b = b};
    size_t len;

    m.file = pdb_build_file(b, &len);
    if (kdw_pdb_open_bytes(m.file, len, &diag, &m.pdb) != KD_OK)
        fail_msg("%s", diag.text);
    return m;
}

static void close_made(struct made *m)
{
    kdw_symbols_close(m->pdb);
    free(m->file);
    pdb_build_destroy(m->b);
}

static struct pdb_member member(const char *name, uint32_t type, int64_t offset)
{
    return (struct pdb_member){0x150D, name, type, offset};
}

/* A kernel whose _GUID has these members. */
static struct made guid_of(struct pdb_build *b, const struct pdb_member *members, size_t count)
{
    pdb_build_struct(b, "_GUID", 64, pdb_build_fields(b, members, count));
    return made_of(b);
}

static struct kdw_symbols *copy_of(struct made *m, size_t *types)
{
    struct kdw_pdb_id id = {.age = 1};
    struct kdw_isf_counts counts;
    struct kdw_symbols *isf;
    size_t len;

    isf = written(m->pdb, &id, &counts, &len);
    *types = counts.types;
    return isf;
}

static void what_is_contained_is_defined_and_what_is_pointed_to_is_named(void **state)
{
    struct pdb_build *b = pdb_build_create();
    const struct pdb_member part[] = {member("Low", T_ULONG, 0)};
    const struct pdb_member enumerators[] = {{0x1502, "One", 0, 1}, {0x1502, "Minus", 0, -2}};
    struct pdb_member all[6];
    struct kdw_symbols *isf;
    struct kdw_type t;
    kdw_type_id type;
    struct made m;
    struct pair p;
    size_t types;

    (void)state;
    all[0] = member("Part", pdb_build_struct(b, "_PART", 4, pdb_build_fields(b, part, 1)), 0);
    all[1] = member("Far", pdb_build_pointer(b, pdb_build_struct(b, "_FAR", 4, 0)), 8);
    all[2] = member(
        "Unnamed",
        pdb_build_udt(b, 0x1505, 0, "<unnamed-tag>", NULL, 4, pdb_build_fields(b, part, 1)), 16);
    all[3] =
        member("Kind", pdb_build_enum(b, "_KIND", T_LONG, pdb_build_fields(b, enumerators, 2)), 24);
    all[4] = member("Bits", pdb_build_bitfield(b, T_ULONG, 3, 4), 28);
    all[5] = member("Parts", pdb_build_array(b, T_INT1, 5), 32);
    m = guid_of(b, all, 6);
    isf = copy_of(&m, &types);
    p = compare(m.pdb, isf);
    assert_int_equal(p.fields, 6);
    assert_int_equal(types, 4); /* _GUID, _PART, the unnamed one, _KIND */
    assert_int_equal(kdw_type_by_name(isf, "_PART", &type), KD_OK);
    assert_int_equal(kdw_type_by_name(isf, "_FAR", &type), KD_ERR_NOT_FOUND);
    assert_int_equal(kdw_type_by_name(isf, "_KIND", &type), KD_OK);
    assert_int_equal(kdw_type_describe(isf, type, &t), KD_OK);
    assert_true(t.is_signed && t.size == 4);
    kdw_symbols_close(isf);
    close_made(&m);
}

static void a_member_that_nobody_understands_is_missing(void **state)
{
    struct pdb_build *b = pdb_build_create();
    struct pdb_member all[3];
    struct kdw_symbols *isf;
    struct kdw_field f;
    kdw_type_id type;
    struct made m;
    size_t types;

    (void)state;
    all[0] = member("Complex", T_COMPLEX, 0);
    all[1] = member("Several", pdb_build_array(b, T_COMPLEX, 16), 8);
    all[2] = member("Known", pdb_build_pointer(b, T_COMPLEX), 24);
    m = guid_of(b, all, 3);
    isf = copy_of(&m, &types);
    assert_int_equal(kdw_type_by_name(isf, "_GUID", &type), KD_OK);
    assert_int_equal(kdw_type_field(isf, type, "Complex", &f), KD_ERR_NOT_FOUND);
    assert_int_equal(kdw_type_field(isf, type, "Several", &f), KD_ERR_NOT_FOUND);
    assert_int_equal(kdw_type_field(isf, type, "Known", &f), KD_OK);
    assert_int_equal(f.offset, 24);
    kdw_symbols_close(isf);
    close_made(&m);
}

static void is_refused(struct made *m, enum kd_status st, const char *says)
{
    const struct kdw_pdb_id id = {.age = 1};
    const struct kdw_isf_metadata metadata = metadata_of(&id);
    struct kdw_isf_counts counts = {77, 77};
    char *text = NULL;
    size_t len;

    kd_diag_clear(&diag);
    assert_int_equal(kdw_isf_write(m->pdb, &metadata, &diag, &text, &len, &counts), st);
    if (!strstr(diag.text, says))
        fail_msg("\"%s\" does not say \"%s\"", diag.text, says);
    assert_null(text);
    assert_int_equal(counts.types, 77);
}

static void what_is_no_kernel_s_type_ends_it_and_says_which_it_was(void **state)
{
    struct pdb_build *b = pdb_build_create();
    struct pdb_member deep = member("Deep", T_PTR64 + T_VOID, 0);
    const struct pdb_member odd = member("\xFF\xFE", T_ULONG, 0);
    struct made m;

    (void)state;
    for (int i = 0; i < 40; i++)
        deep.type = pdb_build_pointer(b, deep.type);
    m = guid_of(b, &deep, 1);
    is_refused(&m, KD_ERR_LIMIT, "_GUID: a type of more than 32 levels");
    close_made(&m);
    m = guid_of(pdb_build_create(), &odd, 1);
    is_refused(&m, KD_ERR_MALFORMED, "_GUID: a name that is no text");
    close_made(&m);
}

/* A file of a megabyte that would make a document of gigabytes. */
static void many_types_with_one_long_list_are_refused(void **state)
{
    enum { LONG = 1500, MANY = 100 };
    struct pdb_build *b = pdb_build_create();
    static struct pdb_member list[LONG], all[MANY];
    static char names[LONG][8], tags[MANY][8];
    struct made m;
    uint32_t fields;

    (void)state;
    for (size_t i = 0; i < LONG; i++) {
        snprintf(names[i], sizeof names[i], "f%zu", i);
        list[i] = member(names[i], T_ULONG, 4 * (int64_t)i);
    }
    fields = pdb_build_fields(b, list, LONG);
    for (size_t i = 0; i < MANY; i++) {
        snprintf(tags[i], sizeof tags[i], "_T%zu", i);
        all[i] = member(tags[i], pdb_build_struct(b, tags[i], 4 * LONG, fields), 0);
    }
    m = guid_of(b, all, MANY);
    is_refused(&m, KD_ERR_LIMIT, ": more than 65536 members");
    close_made(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kernel_pdb_is_read_back_with_all_that_a_walk_asks_for),
        cmocka_unit_test(real_symbols_stay_what_they_are),
        cmocka_unit_test(what_is_contained_is_defined_and_what_is_pointed_to_is_named),
        cmocka_unit_test(a_member_that_nobody_understands_is_missing),
        cmocka_unit_test(what_is_no_kernel_s_type_ends_it_and_says_which_it_was),
        cmocka_unit_test(many_types_with_one_long_list_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
