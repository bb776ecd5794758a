#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pdb_members.h"
#include "support/pdb_build.h"

enum { /* simple types */
       T_VOID = 0x03,
       T_LONG = 0x12,
       T_UCHAR = 0x20,
       T_ULONG = 0x22,
       T_UQUAD = 0x23,
       T_PVOID = 0x603,
};

struct sample {
    struct pdb_build *b;
    uint8_t *file;
    struct kd_diag diag;
    struct kdw_msf *msf;
    struct kdw_types types;
};

static void describe(struct sample *s)
{
    memset(s, 0, sizeof *s);
    s->b = pdb_build_create();
}

static void build(struct sample *s)
{
    size_t len;

    s->file = pdb_build_file(s->b, &len);
    assert_int_equal(kdw_msf_open(s->file, len, &s->diag, &s->msf), KD_OK);
    assert_int_equal(kdw_types_open(s->msf, &s->diag, &s->types), KD_OK);
}

static void drop(struct sample *s)
{
    kdw_types_close(&s->types);
    kdw_msf_close(s->msf);
    free(s->file);
    pdb_build_destroy(s->b);
}

#define FIELDS(s, ...)                                                                             \
    pdb_build_fields((s)->b, (const struct pdb_member[]){__VA_ARGS__},                             \
                     sizeof((const struct pdb_member[]){__VA_ARGS__}) / sizeof(struct pdb_member))
#define MEMBER(name, type, offset)                                                                 \
    {                                                                                              \
        0x150D, name, type, offset                                                                 \
    }
#define CONSTANT(name, value)                                                                      \
    {                                                                                              \
        0x1502, name, 0, value                                                                     \
    }
#define BASE(type, offset)                                                                         \
    {                                                                                              \
        0x1400, NULL, type, offset                                                                 \
    }
#define CONTINUED(list)                                                                            \
    {                                                                                              \
        0x1404, NULL, list, 0                                                                      \
    }

static struct kdw_type described(struct sample *s, kdw_type_id type)
{
    struct kdw_type d;

    memset(&d, 0xEE, sizeof d);
    assert_int_equal(kdw_types_describe(&s->types, type, &d), KD_OK);
    return d;
}

static void has_field(struct sample *s, kdw_type_id type, const char *name, uint64_t offset,
                      kdw_type_id field_type)
{
    struct kdw_field f;

    assert_int_equal(kdw_types_field(&s->types, type, name, &f), KD_OK);
    assert_string_equal(f.name, name);
    assert_int_equal(f.offset, offset);
    assert_int_equal(f.type, field_type);
}

static void has_no_field(struct sample *s, kdw_type_id type, const char *name, enum kd_status why)
{
    struct kdw_field f = {"untouched", 1, 1};

    assert_int_equal(kdw_types_field(&s->types, type, name, &f), why);
    assert_string_equal(f.name, "untouched");
}

struct seen {
    char names[256];
    size_t count, stop_after;
};

static bool see(void *ctx, const struct kdw_field *f)
{
    struct seen *seen = ctx;
    size_t have = strlen(seen->names);

    snprintf(seen->names + have, sizeof seen->names - have, "%s@%u ", f->name, (unsigned)f->offset);
    return ++seen->count != seen->stop_after;
}

static void lists(struct sample *s, kdw_type_id type, const char *names, enum kd_status expected)
{
    struct seen seen = {{0}, 0, 0};

    assert_int_equal(kdw_types_each_field(&s->types, type, see, &seen), expected);
    assert_string_equal(seen.names, names);
}

static void simple_types_are_what_the_table_says(void **state)
{
    static const struct {
        kdw_type_id type;
        enum kdw_type_kind kind;
        bool is_signed;
        uint64_t size;
    } simple[] = {
        {0x00, KDW_TYPE_UNKNOWN, false, 0},  {0x03, KDW_TYPE_VOID, false, 0},
        {0x08, KDW_TYPE_INT, true, 4},       {0x10, KDW_TYPE_CHAR, true, 1},
        {0x20, KDW_TYPE_CHAR, false, 1},     {0x70, KDW_TYPE_CHAR, true, 1},
        {0x68, KDW_TYPE_INT, true, 1},       {0x69, KDW_TYPE_INT, false, 1},
        {0x11, KDW_TYPE_INT, true, 2},       {0x21, KDW_TYPE_INT, false, 2},
        {0x71, KDW_TYPE_WCHAR, false, 2},    {0x12, KDW_TYPE_INT, true, 4},
        {0x22, KDW_TYPE_INT, false, 4},      {0x74, KDW_TYPE_INT, true, 4},
        {0x75, KDW_TYPE_INT, false, 4},      {0x13, KDW_TYPE_INT, true, 8},
        {0x23, KDW_TYPE_INT, false, 8},      {0x76, KDW_TYPE_INT, true, 8},
        {0x77, KDW_TYPE_INT, false, 8},      {0x79, KDW_TYPE_INT, false, 16},
        {0x30, KDW_TYPE_BOOL, false, 1},     {0x33, KDW_TYPE_BOOL, false, 8},
        {0x40, KDW_TYPE_FLOAT, true, 4},     {0x41, KDW_TYPE_FLOAT, true, 8},
        {0xFF, KDW_TYPE_UNKNOWN, false, 0},  {0x603, KDW_TYPE_POINTER, false, 8},
        {0x403, KDW_TYPE_POINTER, false, 4},
    };
    struct sample s;

    (void)state;
    describe(&s);
    build(&s);
    for (size_t i = 0; i < sizeof simple / sizeof simple[0]; i++) {
        struct kdw_type d = described(&s, simple[i].type);

        assert_int_equal(d.kind, simple[i].kind);
        assert_int_equal(d.is_signed, simple[i].is_signed);
        assert_int_equal(d.size, simple[i].size);
        assert_null(d.name);
    }
    assert_int_equal(described(&s, 0x603).target, T_VOID);
    assert_int_equal(described(&s, 0x622).target, T_ULONG);
    drop(&s);
}

static void pointers_arrays_and_functions_are_described(void **state)
{
    static const uint8_t function[] = {3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t old_32_bit_pointer[] = {0x22, 0, 0, 0, 0x0A, 0, 0, 0};
    struct sample s;
    struct kdw_type d;
    kdw_type_id point, pointer, array, arrays, odd, of_nothing, procedure, old;

    (void)state;
    describe(&s);
    point = pdb_build_struct(s.b, "_POINT", 24, 0);
    pointer = pdb_build_pointer(s.b, point);
    array = pdb_build_array(s.b, point, 240);
    arrays = pdb_build_array(s.b, array, 480);
    odd = pdb_build_array(s.b, point, 241);
    of_nothing = pdb_build_array(s.b, T_VOID, 240);
    procedure = pdb_build_record(s.b, 0x1008, function, sizeof function);
    old = pdb_build_record(s.b, 0x1002, old_32_bit_pointer, sizeof old_32_bit_pointer);
    build(&s);
    d = described(&s, pointer);
    assert_int_equal(d.kind, KDW_TYPE_POINTER);
    assert_int_equal(d.size, 8);
    assert_int_equal(d.target, point);
    assert_int_equal(described(&s, old).size, 4);
    d = described(&s, array);
    assert_int_equal(d.kind, KDW_TYPE_ARRAY);
    assert_int_equal(d.size, 240);
    assert_int_equal(d.target, point);
    assert_int_equal(d.count, 10);
    assert_int_equal(described(&s, arrays).count, 2);
    assert_int_equal(described(&s, odd).size, 241);
    assert_int_equal(described(&s, odd).count, 0); /* not known: bytes are all there is to say */
    assert_int_equal(described(&s, of_nothing).count, 0);
    assert_int_equal(described(&s, procedure).kind, KDW_TYPE_FUNCTION);
    drop(&s);
}

static void structs_unions_and_enums_are_described(void **state)
{
    struct sample s;
    struct kdw_type d;
    kdw_type_id structure, large, onion, late_union, colour;

    (void)state;
    describe(&s);
    structure = pdb_build_struct(s.b, "_S", 24, 0);
    large = pdb_build_struct(s.b, "_LARGE", 0x123456, 0);
    onion = pdb_build_udt(s.b, 0x1506, 0, "_U", NULL, 16, 0);
    late_union = pdb_build_udt(s.b, 0x160A, 0, "_U2", NULL, 16, 0);
    colour = pdb_build_enum(s.b, "_E", T_LONG, 0);
    build(&s);
    d = described(&s, structure);
    assert_int_equal(d.kind, KDW_TYPE_STRUCT);
    assert_string_equal(d.name, "_S");
    assert_int_equal(d.size, 24);
    assert_int_equal(described(&s, large).size, 0x123456);
    assert_int_equal(described(&s, onion).kind, KDW_TYPE_UNION);
    assert_int_equal(described(&s, late_union).kind, KDW_TYPE_UNION);
    d = described(&s, colour);
    assert_int_equal(d.kind, KDW_TYPE_ENUM);
    assert_string_equal(d.name, "_E");
    assert_int_equal(d.size, 4);
    assert_true(d.is_signed);
    assert_int_equal(d.target, T_LONG);
    drop(&s);
}

static void bit_fields_are_described_with_their_integer(void **state)
{
    struct sample s;
    struct kdw_type d;
    kdw_type_id ulong_type, bits, outside, empty;

    (void)state;
    describe(&s);
    ulong_type = pdb_build_modifier(s.b, T_ULONG);
    bits = pdb_build_bitfield(s.b, ulong_type, 3, 29);
    outside = pdb_build_bitfield(s.b, ulong_type, 4, 29);
    empty = pdb_build_bitfield(s.b, ulong_type, 0, 3);
    build(&s);
    d = described(&s, bits);
    assert_int_equal(d.kind, KDW_TYPE_BITFIELD);
    assert_int_equal(d.size, 4);
    assert_int_equal(d.bit_position, 29);
    assert_int_equal(d.bit_length, 3);
    assert_int_equal(d.target, ulong_type);
    assert_int_equal(described(&s, outside).kind, KDW_TYPE_UNKNOWN);
    assert_int_equal(described(&s, empty).kind, KDW_TYPE_UNKNOWN);
    drop(&s);
}

static void modifiers_aliases_and_forward_references_are_seen_through(void **state)
{
    static const uint8_t alias[] = {0, 0x10, 0, 0, 'A', 0}; /* of type 0x1000 */
    struct sample s;
    kdw_type_id constant, forward, twice, named, lost;

    (void)state;
    describe(&s);
    forward = pdb_build_forward(s.b, "_S");
    constant = pdb_build_modifier(s.b, forward);
    twice = pdb_build_modifier(s.b, constant);
    named = pdb_build_record(s.b, 0x150A, alias, sizeof alias);
    pdb_build_struct(s.b, "_S", 40, FIELDS(&s, MEMBER("A", T_ULONG, 8)));
    lost = pdb_build_forward(s.b, "_NOWHERE");
    build(&s);
    assert_int_equal(described(&s, twice).size, 40);
    assert_int_equal(described(&s, named).size, 40);
    has_field(&s, twice, "A", 8, T_ULONG);
    has_field(&s, named, "A", 8, T_ULONG);
    assert_int_equal(described(&s, lost).kind, KDW_TYPE_STRUCT);
    assert_string_equal(described(&s, lost).name, "_NOWHERE");
    assert_int_equal(described(&s, lost).size, 0);
    has_no_field(&s, lost, "A", KD_ERR_NOT_FOUND);
    drop(&s);
}

static void members_are_found_and_listed_in_order(void **state)
{
    struct sample s;
    kdw_type_id type;

    (void)state;
    describe(&s);
    type =
        pdb_build_struct(s.b, "_S", 0x10010,
                         FIELDS(&s, MEMBER("First", T_ULONG, 0), MEMBER("Second", T_PVOID, 8),
                                MEMBER("Overlaid", T_UCHAR, 8), MEMBER("Far", T_UQUAD, 0x10000)));
    build(&s);
    has_field(&s, type, "First", 0, T_ULONG);
    has_field(&s, type, "Overlaid", 8, T_UCHAR);
    has_field(&s, type, "Far", 0x10000, T_UQUAD);
    has_no_field(&s, type, "first", KD_ERR_NOT_FOUND);
    has_no_field(&s, type, "Firs", KD_ERR_NOT_FOUND);
    lists(&s, type, "First@0 Second@8 Overlaid@8 Far@65536 ", KD_OK);
    drop(&s);
}

static void a_visitor_may_stop(void **state)
{
    struct seen seen = {{0}, 0, 2};
    struct sample s;
    kdw_type_id type;

    (void)state;
    describe(&s);
    type = pdb_build_struct(
        s.b, "_S", 12,
        FIELDS(&s, MEMBER("A", T_ULONG, 0), MEMBER("B", T_ULONG, 4), MEMBER("C", T_ULONG, 8)));
    build(&s);
    assert_int_equal(kdw_types_each_field(&s.types, type, see, &seen), KD_OK);
    assert_string_equal(seen.names, "A@0 B@4 ");
    drop(&s);
}

static void long_lists_go_on_in_another(void **state)
{
    struct sample s;
    kdw_type_id tail, middle, type;

    (void)state;
    describe(&s);
    tail = FIELDS(&s, MEMBER("E", T_ULONG, 16));
    middle = FIELDS(&s, MEMBER("C", T_ULONG, 8), MEMBER("D", T_ULONG, 12), CONTINUED(tail));
    type = pdb_build_struct(
        s.b, "_S", 20,
        FIELDS(&s, MEMBER("A", T_ULONG, 0), MEMBER("B", T_ULONG, 4), CONTINUED(middle)));
    build(&s);
    lists(&s, type, "A@0 B@4 C@8 D@12 E@16 ", KD_OK);
    has_field(&s, type, "E", 16, T_ULONG);
    drop(&s);
}

static void members_of_bases_and_nameless_members_count_as_ones_own(void **state)
{
    struct sample s;
    kdw_type_id base, inner, outer, type;

    (void)state;
    describe(&s);
    base = pdb_build_struct(s.b, "_BASE", 8, FIELDS(&s, MEMBER("InBase", T_ULONG, 4)));
    inner = pdb_build_udt(s.b, 0x1506, 0, "<unnamed-tag>", NULL, 8,
                          FIELDS(&s, MEMBER("Low", T_ULONG, 0), MEMBER("Both", T_UQUAD, 0)));
    outer = pdb_build_udt(s.b, 0x1505, 0, "<unnamed-tag>", NULL, 24,
                          FIELDS(&s, MEMBER("Pad", T_UQUAD, 0), MEMBER("", inner, 8)));
    type = pdb_build_struct(
        s.b, "_S", 40, FIELDS(&s, BASE(base, 0), MEMBER("", outer, 16), MEMBER("u1", inner, 32)));
    build(&s);
    has_field(&s, type, "InBase", 4, T_ULONG);
    has_field(&s, type, "Both", 24, T_UQUAD);
    has_field(&s, type, "u1", 32, inner);
    lists(&s, type, "InBase@4 Pad@16 Low@24 Both@24 u1@32 ", KD_OK);
    drop(&s);
}

/* Entries of C++ classes, as bytes: each is to be read over exactly. */
static void other_entries_of_a_list_are_passed_over(void **state)
{
    static const struct {
        uint8_t bytes[40];
        size_t len;
    } entries[] = {
        {{0x0E, 0x15, 3, 0, 0x22, 0, 0, 0, 's', 0}, 10},                   /* static */
        {{0x10, 0x15, 0, 0, 0x00, 0x10, 0, 0, 'n', 0}, 10},                /* nested type */
        {{0x12, 0x15, 3, 0, 0x00, 0x10, 0, 0, 'n', 0}, 10},                /* the same, extended */
        {{0x0F, 0x15, 2, 0, 0x00, 0x10, 0, 0, 'm', 0}, 10},                /* overloads */
        {{0x11, 0x15, 3, 0, 0x00, 0x10, 0, 0, 'm', 0}, 10},                /* method */
        {{0x11, 0x15, 0x13, 0, 0x00, 0x10, 0, 0, 8, 0, 0, 0, 'v', 0}, 14}, /* introducing */
        {{0x11, 0x15, 0x1B, 0, 0x00, 0x10, 0, 0, 8, 0, 0, 0, 'p', 0}, 14}, /* pure */
        {{0x09, 0x14, 0, 0, 0x00, 0x10, 0, 0}, 8},                         /* virtual table */
        {{0x0A, 0x14, 0, 0, 0x00, 0x10, 0, 0}, 8},                         /* friend class */
        {{0x0C, 0x14, 0, 0, 0x00, 0x10, 0, 0, 8, 0, 0, 0}, 12},            /* its offset */
        {{0x0C, 0x15, 0, 0, 0x00, 0x10, 0, 0, 'f', 0}, 10},                /* friend function */
        {{0x01, 0x14, 3, 0, 0x00, 0x10, 0, 0, 0x03, 6, 0, 0, 8, 0, 1, 0}, 16}, /* virtual base */
        {{0x02, 0x14, 3, 0, 0x00, 0x10, 0, 0, 0x03, 6, 0, 0, 8, 0, 1, 0}, 16}, /* indirect one */
        {{0xF3, 0xF2, 0xF1}, 3},                                               /* padding */
        {{0xF0, 0xF0}, 2},                                                     /* of no length */
    };
    static const uint8_t member[] = {0x0D, 0x15, 3, 0, 0x22, 0, 0, 0, 8, 0, 'A', 0};

    (void)state;
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        struct sample s;
        uint8_t body[64];
        kdw_type_id type;

        memcpy(body, entries[i].bytes, entries[i].len);
        memcpy(body + entries[i].len, member, sizeof member);
        describe(&s);
        type = pdb_build_struct(
            s.b, "_S", 16, pdb_build_record(s.b, 0x1203, body, entries[i].len + sizeof member));
        build(&s);
        lists(&s, type, "A@8 ", KD_OK);
        drop(&s);
    }
}

static void an_unknown_entry_ends_its_list_and_keeps_what_was_read(void **state)
{
    static const uint8_t body[] = {0x0D, 0x15, 3, 0, 0x22, 0, 0, 0, 8, 0, 'A', 0, 0x77, 0x17, 1, 2,
                                   0x0D, 0x15, 3, 0, 0x22, 0, 0, 0, 8, 0, 'B', 0};
    struct sample s;
    kdw_type_id type;

    (void)state;
    describe(&s);
    type = pdb_build_struct(s.b, "_S", 16, pdb_build_record(s.b, 0x1203, body, sizeof body));
    build(&s);
    lists(&s, type, "A@8 ", KD_ERR_UNSUPPORTED);
    has_field(&s, type, "A", 8, T_ULONG);
    has_no_field(&s, type, "B", KD_ERR_UNSUPPORTED); /* it may be there: not "not found" */
    drop(&s);
}

static void a_list_cut_short_anywhere_fails_or_is_a_shorter_list(void **state)
{
    static const uint8_t body[] = {0x0D, 0x15, 3, 0, 0x22, 0, 0, 0, 0x04, 0x80, 8, 0, 0, 0, 'A', 0};

    (void)state;
    for (size_t len = 0; len <= sizeof body; len++) {
        struct sample s;
        struct seen seen = {{0}, 0, 0};
        kdw_type_id type;
        enum kd_status st;

        describe(&s);
        type = pdb_build_struct(s.b, "_S", 16, pdb_build_record(s.b, 0x1203, body, len));
        build(&s);
        st = kdw_types_each_field(&s.types, type, see, &seen);
        assert_int_equal(st == KD_OK, len == 0 || len == sizeof body);
        assert_int_equal(seen.count, len == sizeof body);
        drop(&s);
    }
}

static void continuations_that_cannot_end_are_refused(void **state)
{
    struct sample s;
    kdw_type_id self, type, later, to_struct, structure, twice;

    (void)state;
    describe(&s);
    structure = pdb_build_struct(s.b, "_X", 4, 0);
    self = FIELDS(&s, MEMBER("A", T_ULONG, 0), CONTINUED(0x1001));
    assert_int_equal(self, 0x1001);
    type = pdb_build_struct(s.b, "_SELF", 4, self);
    later =
        pdb_build_struct(s.b, "_LATER", 4, FIELDS(&s, MEMBER("A", T_ULONG, 0), CONTINUED(0x1010)));
    to_struct = pdb_build_struct(s.b, "_STRUCT", 4,
                                 FIELDS(&s, MEMBER("A", T_ULONG, 0), CONTINUED(structure)));
    twice =
        pdb_build_struct(s.b, "_TWICE", 4,
                         FIELDS(&s, MEMBER("A", T_ULONG, 0), CONTINUED(0x1001), CONTINUED(0x1001)));
    build(&s);
    lists(&s, type, "A@0 ", KD_ERR_MALFORMED);
    lists(&s, later, "A@0 ", KD_ERR_MALFORMED);
    lists(&s, to_struct, "A@0 ", KD_ERR_MALFORMED);
    lists(&s, twice, "A@0 ", KD_ERR_MALFORMED);
    drop(&s);
}

static void more_continuations_than_any_list_has_are_refused(void **state)
{
    for (unsigned hops = 64; hops <= 65; hops++) {
        struct sample s;
        kdw_type_id list, type;

        (void)state;
        describe(&s);
        list = FIELDS(&s, MEMBER("Last", T_ULONG, 0));
        for (unsigned i = 0; i < hops; i++)
            list = FIELDS(&s, CONTINUED(list));
        type = pdb_build_struct(s.b, "_S", 4, list);
        build(&s);
        lists(&s, type, hops == 64 ? "Last@0 " : "", hops == 64 ? KD_OK : KD_ERR_LIMIT);
        drop(&s);
    }
}

static void types_that_lead_back_to_themselves_are_unknown(void **state)
{
    struct sample s;

    (void)state;
    describe(&s);
    pdb_build_modifier(s.b, 0x1000);
    pdb_build_array(s.b, 0x1001, 8);
    pdb_build_bitfield(s.b, 0x1002, 1, 1);
    pdb_build_enum(s.b, "_E", 0x1003, 0);
    pdb_build_modifier(s.b, 0x1005);
    pdb_build_modifier(s.b, 0x1004);
    build(&s);
    for (kdw_type_id type = 0x1000; type < 0x1006; type++)
        assert_int_equal(described(&s, type).kind, KDW_TYPE_UNKNOWN);
    lists(&s, 0x1000, "", KD_ERR_CYCLE);
    drop(&s);
}

static void a_structure_that_contains_itself_is_a_bounded_walk(void **state)
{
    struct sample s;
    struct seen seen = {{0}, 0, 0};

    (void)state;
    describe(&s);
    /* the list is 0x1000, the structure 0x1001: base of itself, and twice a nameless member */
    FIELDS(&s, BASE(0x1001, 0), MEMBER("", 0x1001, 0), MEMBER("", 0x1001, 0));
    pdb_build_struct(s.b, "_S", 8, 0x1000);
    build(&s);
    assert_int_equal(kdw_types_each_field(&s.types, 0x1001, see, &seen), KD_ERR_LIMIT);
    assert_int_equal(seen.count, 0);
    drop(&s);
}

static void more_members_than_any_structure_has_are_refused(void **state)
{
    struct sample s;
    struct pdb_member *many = calloc(4000, sizeof *many);
    struct seen seen = {{0}, 0, 0};
    kdw_type_id list = 0, type;

    (void)state;
    assert_non_null(many);
    describe(&s);
    for (size_t i = 0; i < 4000; i++)
        many[i] = (struct pdb_member){0x150D, "m", T_UCHAR, 0};
    for (unsigned i = 0; i < 17; i++) {
        many[3999] = (struct pdb_member)CONTINUED(list);
        list = pdb_build_fields(s.b, many, list ? 4000 : 3999);
    }
    type = pdb_build_struct(s.b, "_S", 8, list);
    build(&s);
    assert_int_equal(kdw_types_each_field(&s.types, type, see, &seen), KD_ERR_LIMIT);
    assert_true(seen.count < 65536);
    drop(&s);
    free(many);
}

static void a_damaged_base_costs_no_member_of_ones_own(void **state)
{
    struct sample s;
    kdw_type_id type;

    (void)state;
    describe(&s);
    type = pdb_build_struct(s.b, "_S", 8, FIELDS(&s, BASE(0x9999, 0), MEMBER("A", T_ULONG, 4)));
    build(&s);
    lists(&s, type, "A@4 ", KD_ERR_NOT_FOUND);
    has_field(&s, type, "A", 4, T_ULONG);
    drop(&s);
}

static void types_without_members_have_none(void **state)
{
    struct sample s;
    kdw_type_id empty, pointer, colour;

    (void)state;
    describe(&s);
    empty = pdb_build_struct(s.b, "_EMPTY", 1, 0);
    pointer = pdb_build_pointer(s.b, empty);
    colour = pdb_build_enum(s.b, "_E", T_LONG, FIELDS(&s, CONSTANT("Red", 0)));
    build(&s);
    lists(&s, empty, "", KD_OK);
    lists(&s, pointer, "", KD_ERR_NOT_FOUND);
    lists(&s, T_ULONG, "", KD_ERR_NOT_FOUND);
    lists(&s, colour, "", KD_ERR_NOT_FOUND);
    lists(&s, 0x7777, "", KD_ERR_NOT_FOUND);
    drop(&s);
}

static void a_wrong_leaf_in_place_of_a_type_is_unknown(void **state)
{
    static const uint8_t argument_list[] = {0, 0, 0, 0};
    struct sample s;
    kdw_type_id wrong, list, with_struct_for_list, structure;

    (void)state;
    describe(&s);
    wrong = pdb_build_record(s.b, 0x1201, argument_list, sizeof argument_list);
    list = FIELDS(&s, MEMBER("A", T_ULONG, 0));
    structure = pdb_build_struct(s.b, "_S", 4, list);
    with_struct_for_list = pdb_build_struct(s.b, "_T", 4, structure);
    build(&s);
    assert_int_equal(described(&s, wrong).kind, KDW_TYPE_UNKNOWN);
    assert_int_equal(described(&s, list).kind, KDW_TYPE_UNKNOWN);
    assert_int_equal(described(&s, 0x7777).kind, KDW_TYPE_UNKNOWN);
    lists(&s, with_struct_for_list, "", KD_ERR_MALFORMED);
    drop(&s);
}

static void a_negative_or_huge_offset_is_damage(void **state)
{
    static const int64_t offsets[] = {-1, INT64_C(0x100000000)};

    (void)state;
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        struct sample s;
        kdw_type_id type;

        describe(&s);
        type = pdb_build_struct(s.b, "_S", 8, FIELDS(&s, MEMBER("A", T_ULONG, offsets[i])));
        build(&s);
        lists(&s, type, "", KD_ERR_MALFORMED);
        drop(&s);
    }
}

static void enum_constants_have_names(void **state)
{
    struct sample s;
    const char *name = NULL;
    kdw_type_id tail, colour, wide;

    (void)state;
    describe(&s);
    tail = FIELDS(&s, CONSTANT("Top", 0x80000000ll), CONSTANT("Max", 0x7FFFFFFF));
    colour = pdb_build_enum(s.b, "_E", T_LONG,
                            FIELDS(&s, CONSTANT("Zero", 0), CONSTANT("Minus", -1),
                                   CONSTANT("Nought", 0), CONTINUED(tail)));
    wide =
        pdb_build_enum(s.b, "_W", T_UQUAD,
                       FIELDS(&s, CONSTANT("Wide", INT64_C(0x1234567890)), CONSTANT("Narrow", 1)));
    build(&s);
    assert_int_equal(kdw_types_enum_name(&s.types, colour, 0, &name), KD_OK);
    assert_string_equal(name, "Zero"); /* the first of several */
    assert_int_equal(kdw_types_enum_name(&s.types, colour, -1, &name), KD_OK);
    assert_string_equal(name, "Minus");
    assert_int_equal(kdw_types_enum_name(&s.types, colour, 0xFFFFFFFF, &name), KD_OK);
    assert_string_equal(name, "Minus");
    assert_int_equal(kdw_types_enum_name(&s.types, colour, INT32_MIN, &name), KD_OK);
    assert_string_equal(name, "Top");
    assert_int_equal(kdw_types_enum_name(&s.types, colour, 0x7FFFFFFF, &name), KD_OK);
    assert_string_equal(name, "Max");
    assert_int_equal(kdw_types_enum_name(&s.types, wide, 0x1234567890, &name), KD_OK);
    assert_string_equal(name, "Wide");
    name = "untouched";
    assert_int_equal(kdw_types_enum_name(&s.types, wide, 0x34567890, &name), KD_ERR_NOT_FOUND);
    assert_int_equal(kdw_types_enum_name(&s.types, colour, 5, &name), KD_ERR_NOT_FOUND);
    assert_int_equal(kdw_types_enum_name(&s.types, T_LONG, 5, &name), KD_ERR_NOT_FOUND);
    assert_string_equal(name, "untouched");
    drop(&s);
}

struct sum {
    size_t count;
    int64_t values[4];
};

static bool add_up(void *ctx, const char *name, int64_t value)
{
    struct sum *sum = ctx;

    assert_true(strlen(name) > 0);
    sum->values[sum->count++] = value;
    return sum->count < 3;
}

static void enum_constants_are_listed_as_they_are_stored(void **state)
{
    struct sample s;
    struct sum sum = {0};
    kdw_type_id signs, none;

    (void)state;
    describe(&s);
    signs = pdb_build_enum(s.b, "_E", T_LONG,
                           FIELDS(&s, CONSTANT("Top", 0x80000000ll), CONSTANT("Minus", -1),
                                  CONSTANT("Five", 5), CONSTANT("Six", 6)));
    none = pdb_build_enum(s.b, "_N", T_LONG, 0);
    build(&s);
    assert_int_equal(kdw_types_each_constant(&s.types, signs, add_up, &sum), KD_OK);
    assert_int_equal(sum.count, 3); /* the visitor had enough */
    assert_int_equal(sum.values[0], INT32_MIN);
    assert_int_equal(sum.values[1], -1);
    assert_int_equal(sum.values[2], 5);
    assert_int_equal(kdw_types_each_constant(&s.types, none, add_up, &sum), KD_ERR_NOT_FOUND);
    assert_int_equal(kdw_types_each_constant(&s.types, T_LONG, add_up, &sum), KD_ERR_NOT_FOUND);
    drop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simple_types_are_what_the_table_says),
        cmocka_unit_test(pointers_arrays_and_functions_are_described),
        cmocka_unit_test(structs_unions_and_enums_are_described),
        cmocka_unit_test(bit_fields_are_described_with_their_integer),
        cmocka_unit_test(modifiers_aliases_and_forward_references_are_seen_through),
        cmocka_unit_test(members_are_found_and_listed_in_order),
        cmocka_unit_test(a_visitor_may_stop),
        cmocka_unit_test(long_lists_go_on_in_another),
        cmocka_unit_test(members_of_bases_and_nameless_members_count_as_ones_own),
        cmocka_unit_test(other_entries_of_a_list_are_passed_over),
        cmocka_unit_test(an_unknown_entry_ends_its_list_and_keeps_what_was_read),
        cmocka_unit_test(a_list_cut_short_anywhere_fails_or_is_a_shorter_list),
        cmocka_unit_test(continuations_that_cannot_end_are_refused),
        cmocka_unit_test(more_continuations_than_any_list_has_are_refused),
        cmocka_unit_test(types_that_lead_back_to_themselves_are_unknown),
        cmocka_unit_test(a_structure_that_contains_itself_is_a_bounded_walk),
        cmocka_unit_test(more_members_than_any_structure_has_are_refused),
        cmocka_unit_test(a_damaged_base_costs_no_member_of_ones_own),
        cmocka_unit_test(types_without_members_have_none),
        cmocka_unit_test(a_wrong_leaf_in_place_of_a_type_is_unknown),
        cmocka_unit_test(a_negative_or_huge_offset_is_damage),
        cmocka_unit_test(enum_constants_have_names),
        cmocka_unit_test(enum_constants_are_listed_as_they_are_stored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
