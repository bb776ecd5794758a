#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <walker/isf.h>

#include "isf_text.h"

#define META                                                                                       \
    "\"metadata\":{\"format\":\"6.1.0\",\"windows\":{\"pdb\":{\"GUID\":"                           \
    "\"616A94E33A4827B451B0E19C14C03792\",\"age\":1,\"database\":\"ntkrnlmp.pdb\"}}}"
#define BASES                                                                                      \
    "\"base_types\":{"                                                                             \
    "\"unsigned long\":{\"kind\":\"int\",\"signed\":false,\"size\":4,\"endian\":\"little\"},"      \
    "\"HRESULT\":{\"kind\":\"int\",\"signed\":false,\"size\":4,\"endian\":\"little\"},"            \
    "\"wchar\":{\"kind\":\"int\",\"signed\":true,\"size\":2,\"endian\":\"little\"},"               \
    "\"int\":{\"kind\":\"int\",\"signed\":true,\"size\":4,\"endian\":\"little\"},"                 \
    "\"pointer\":{\"kind\":\"int\",\"signed\":false,\"size\":8,\"endian\":\"little\"}}"
#define ULONG "{\"kind\":\"base\",\"name\":\"unsigned long\"}"

static struct kd_diag diag;

static enum kd_status parse(const char *text, struct kdw_symbols **out)
{
    kd_diag_clear(&diag);
    return kdw_isf_open_bytes(text, strlen(text), &diag, out);
}

static struct kdw_symbols *open_text(const char *text)
{
    struct kdw_symbols *s = NULL;

    if (parse(text, &s) != KD_OK)
        fail_msg("%s", diag.text);
    return s;
}

/* A file with these user types, their fields or whatever else is to be looked at. */
static struct kdw_symbols *open_types(const char *types)
{
    char text[4096];

    snprintf(text, sizeof text, "{\"user_types\":{%s}," META "," BASES "}", types);
    return open_text(text);
}

static void is_refused(const char *text, enum kd_status st, const char *says)
{
    struct kdw_symbols *s;

    assert_int_equal(parse(text, &s), st);
    if (!strstr(diag.text, says))
        fail_msg("\"%s\" does not say \"%s\"", diag.text, says);
}

static struct kdw_type field_type(struct kdw_symbols *s, const char *type_name, const char *path)
{
    struct kdw_field f;
    struct kdw_type t;
    kdw_type_id type;

    assert_int_equal(kdw_type_by_name(s, type_name, &type), KD_OK);
    assert_int_equal(kdw_type_field(s, type, path, &f), KD_OK);
    assert_int_equal(kdw_type_describe(s, f.type, &t), KD_OK);
    return t;
}

static void sections_come_in_any_order_and_unknown_ones_are_passed_over(void **state)
{
    struct kdw_symbols *s =
        open_text(" {\"later\" : [1, {\"x\":null}],\n\"user_types\":{\"_A\":{\"kind\":\"struct\","
                  "\"size\":4,\"fields\":{\"F\":{\"offset\":0,\"type\":" ULONG "}}}},"
                  "\"symbols\":{},\"enums\":{}," META "," BASES "}\n");
    struct kdw_type t = field_type(s, "_A", "F");

    (void)state;
    assert_int_equal(t.kind, KDW_TYPE_INT);
    assert_int_equal(t.size, 4);
    assert_false(t.is_signed);
    kdw_symbols_close(s);
}

static void every_kind_of_type_is_told(void **state)
{
    struct kdw_symbols *s = open_types(
        "\"_A\":{\"kind\":\"struct\",\"size\":64,\"fields\":{"
        "\"P\":{\"offset\":0,\"type\":{\"kind\":\"pointer\",\"subtype\":{\"kind\":\"function\"}}},"
        "\"V\":{\"offset\":8,\"type\":{\"kind\":\"array\",\"count\":3,\"subtype\":{\"kind\":"
        "\"array\",\"count\":2,\"subtype\":" ULONG "}}},"
        "\"B\":{\"offset\":32,\"type\":{\"kind\":\"bitfield\",\"bit_length\":3,\"bit_position\":4,"
        "\"type\":" ULONG "}},"
        "\"Wild\":{\"offset\":32,\"type\":{\"kind\":\"bitfield\",\"bit_length\":3,\"bit_position\":"
        "30,\"type\":" ULONG "}},"
        "\"H\":{\"offset\":36,\"type\":{\"kind\":\"base\",\"name\":\"HRESULT\"}},"
        "\"W\":{\"offset\":40,\"type\":{\"kind\":\"base\",\"name\":\"wchar\"}},"
        "\"N\":{\"offset\":48,\"type\":{\"kind\":\"struct\",\"name\":\"_NOT_THERE\"}},"
        "\"M\":{\"offset\":48,\"type\":{\"kind\":\"base\",\"name\":\"no such base\"}},"
        "\"E\":{\"offset\":48,\"type\":{\"kind\":\"enum\",\"name\":\"_NO_ENUM\"}},"
        "\"New\":{\"offset\":48,\"type\":{\"kind\":\"of tomorrow\"}}}}");
    struct kdw_type t = field_type(s, "_A", "P");

    (void)state;
    assert_int_equal(t.kind, KDW_TYPE_POINTER);
    assert_int_equal(t.size, 8);
    assert_int_equal(kdw_type_describe(s, t.target, &t), KD_OK);
    assert_int_equal(t.kind, KDW_TYPE_FUNCTION);
    t = field_type(s, "_A", "V");
    assert_int_equal(t.kind, KDW_TYPE_ARRAY);
    assert_int_equal(t.count, 3);
    assert_int_equal(t.size, 24);
    t = field_type(s, "_A", "B");
    assert_int_equal(t.kind, KDW_TYPE_BITFIELD);
    assert_int_equal(t.bit_position, 4);
    assert_int_equal(t.bit_length, 3);
    assert_int_equal(t.size, 4);
    assert_int_equal(field_type(s, "_A", "Wild").kind, KDW_TYPE_UNKNOWN);
    assert_true(field_type(s, "_A", "H").is_signed);
    assert_int_equal(field_type(s, "_A", "W").kind, KDW_TYPE_WCHAR);
    t = field_type(s, "_A", "N"); /* of unknown size, and no harm to its neighbours */
    assert_int_equal(t.kind, KDW_TYPE_STRUCT);
    assert_string_equal(t.name, "_NOT_THERE");
    assert_int_equal(t.size, 0);
    assert_int_equal(field_type(s, "_A", "M").kind, KDW_TYPE_UNKNOWN);
    assert_int_equal(field_type(s, "_A", "E").kind, KDW_TYPE_ENUM);
    assert_int_equal(field_type(s, "_A", "New").kind, KDW_TYPE_UNKNOWN);
    kdw_symbols_close(s);
}

static bool spell(void *ctx, const struct kdw_field *f)
{
    char *text = ctx;
    size_t have = strlen(text);

    snprintf(text + have, 256 - have, "%s@%u ", f->name, (unsigned)f->offset);
    return true;
}

static void members_come_by_offset_and_bit_and_nameless_parts_are_looked_into(void **state)
{
    struct kdw_symbols *s = open_types(
        "\"_A\":{\"kind\":\"struct\",\"size\":24,\"fields\":{"
        "\"Last\":{\"offset\":16,\"type\":" ULONG "},"
        "\"part\":{\"offset\":8,\"anonymous\":true,\"type\":{\"kind\":\"union\",\"name\":\"U\"}},"
        "\"B2\":{\"offset\":0,\"type\":{\"kind\":\"bitfield\",\"bit_length\":1,\"bit_position\":5,"
        "\"type\":" ULONG "}},"
        "\"B1\":{\"offset\":0,\"type\":{\"kind\":\"bitfield\",\"bit_length\":1,\"bit_position\":0,"
        "\"type\":" ULONG "}},"
        "\"Whole\":{\"offset\":0,\"type\":" ULONG "}}},"
        "\"U\":{\"kind\":\"union\",\"size\":8,\"fields\":{"
        "\"X\":{\"offset\":0,\"type\":" ULONG "},\"Y\":{\"offset\":4,\"type\":" ULONG "}}}");
    char text[256] = "";
    struct kdw_field f;
    kdw_type_id type;

    (void)state;
    assert_int_equal(kdw_type_by_name(s, "_A", &type), KD_OK);
    assert_int_equal(kdw_type_each_field(s, type, spell, text), KD_OK);
    assert_string_equal(text, "Whole@0 B1@0 B2@0 X@8 Y@12 Last@16 ");
    assert_int_equal(kdw_type_field(s, type, "Y", &f), KD_OK);
    assert_int_equal(f.offset, 12);
    assert_int_equal(kdw_type_field(s, type, "part", &f), KD_ERR_NOT_FOUND);
    kdw_symbols_close(s);
}

static void a_part_that_contains_itself_ends(void **state)
{
    struct kdw_symbols *s = open_types(
        "\"_A\":{\"kind\":\"struct\",\"size\":24,\"fields\":{\"p\":{\"offset\":0,\"anonymous\":"
        "true,\"type\":{\"kind\":\"struct\",\"name\":\"_A\"}},\"q\":{\"offset\":0,\"anonymous\":"
        "true,\"type\":{\"kind\":\"struct\",\"name\":\"_A\"}}}}");
    struct kdw_field f;
    kdw_type_id type;

    (void)state;
    assert_int_equal(kdw_type_by_name(s, "_A", &type), KD_OK);
    assert_int_equal(kdw_type_field(s, type, "F", &f), KD_ERR_LIMIT);
    kdw_symbols_close(s);
}

static void constants_have_names_and_may_be_negative(void **state)
{
    struct kdw_symbols *s = open_text(
        "{\"enums\":{\"_E\":{\"base\":\"int\",\"size\":4,\"constants\":{\"Minus\":-2147483647,"
        "\"One\":1}}}," BASES "," META "}");
    const char *name = NULL;
    struct kdw_type t;
    kdw_type_id type;

    (void)state;
    assert_int_equal(kdw_type_by_name(s, "_E", &type), KD_OK);
    assert_int_equal(kdw_type_describe(s, type, &t), KD_OK);
    assert_int_equal(t.kind, KDW_TYPE_ENUM);
    assert_true(t.is_signed);
    assert_int_equal(kdw_type_describe(s, t.target, &t), KD_OK);
    assert_int_equal(t.kind, KDW_TYPE_INT);
    assert_int_equal(kdw_type_enum_name(s, type, -2147483647, &name), KD_OK);
    assert_string_equal(name, "Minus");
    assert_int_equal(kdw_type_enum_name(s, type, 2, &name), KD_ERR_NOT_FOUND);
    kdw_symbols_close(s);
}

static void symbols_are_found_by_their_true_name_before_a_shortened_one(void **state)
{
    struct kdw_symbols *s =
        open_text("{\"symbols\":{"
                  "\"Foo\":{\"address\":16,\"linkage_name\":\"_Foo\"},"
                  "\"_Foo\":{\"address\":32,\"linkage_name\":\"__Foo\"},"
                  "\"Bar\":{\"address\":48,\"linkage_name\":\"\\u007fBar\"},"
                  "\"Twice\":{\"address\":64},\"Twice\":{\"address\":80}}," META "}");
    static const struct {
        const char *name;
        uint64_t rva;
    } wanted[] = {{"Foo", 16},
                  {"_Foo", 16},
                  {"__Foo", 32},
                  {"Bar", 48},
                  {"\x7f"
                   "Bar",
                   48},
                  {"Twice", 80}};
    const char *name = NULL;
    uint64_t rva = 0;

    (void)state;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        assert_int_equal(kdw_symbol(s, wanted[i].name, &rva), KD_OK);
        assert_int_equal(rva, wanted[i].rva);
    }
    assert_int_equal(kdw_symbol(s, "Baz", &rva), KD_ERR_NOT_FOUND);
    assert_int_equal(kdw_symbol_near(s, 0x1000, &name, &rva), KD_OK);
    assert_string_equal(name, "Twice");
    assert_int_equal(kdw_symbol_near(s, 15, &name, &rva), KD_ERR_NOT_FOUND);
    kdw_symbols_close(s);
}

static void what_is_no_isf_file_is_said_in_one_sentence(void **state)
{
    (void)state;
    is_refused("", KD_ERR_TRUNCATED, "nothing in it");
    is_refused("<html>log in</html>", KD_ERR_MALFORMED, "no object at byte 0");
    is_refused("{}", KD_ERR_MALFORMED, "it has no metadata");
    is_refused("{" META "} x", KD_ERR_MALFORMED, "something behind the end");
    is_refused("{" META, KD_ERR_TRUNCATED, "ends too early");
    is_refused("{" META ",\"symbols\":{\"A\":{\"address\":", KD_ERR_TRUNCATED, "ends too early");
    is_refused("{" META ",\"symbols\":{\"A\" {}}}", KD_ERR_MALFORMED, "a name without a value");
    is_refused("{" META ",\"symbols\":{7:{}}}", KD_ERR_MALFORMED, "other than a name");
    is_refused("{" META ",\"symbols\":[]}", KD_ERR_MALFORMED, "no object");
    is_refused("{" META ",\"symbols\":{\"A\":{\"address\":1} \"B\"}}", KD_ERR_MALFORMED,
               "an object without its end");
    is_refused("{" META ",\"symbols\":{\"A\":tru}}", KD_ERR_MALFORMED, "no JSON");
    is_refused("{\"metadata\":{\"format\":\"2.0.0\"}}", KD_ERR_UNSUPPORTED, "version");
    is_refused("{\"metadata\":{\"format\":\"6.1.0\",\"linux\":{}}}", KD_ERR_UNSUPPORTED,
               "not made from a PDB");
    is_refused("{\"metadata\":{\"format\":\"6.1.0\",\"windows\":{\"pdb\":{\"GUID\":\"12\"}}}}",
               KD_ERR_MALFORMED, "identity");
}

static void addresses_and_sizes_that_cannot_be_are_refused(void **state)
{
    static const char *const addresses[] = {"-1",     "4294967296", "1.5",
                                            "\"16\"", "null",       "99999999999999999999"};
    char text[1024];

    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        struct kdw_symbols *s;

        snprintf(text, sizeof text, "{" META ",\"symbols\":{\"A\":{\"address\":%s}}}",
                 addresses[i]);
        assert_int_equal(parse(text, &s), KD_ERR_MALFORMED);
    }
    is_refused("{" META ",\"user_types\":{\"_A\":{\"kind\":\"struct\",\"size\":-4,\"fields\":{}}}}",
               KD_ERR_MALFORMED, "no user type");
    is_refused("{" META ",\"user_types\":{\"_A\":{\"kind\":\"struct\",\"size\":4,\"fields\":{"
               "\"F\":{\"offset\":0}}}}}",
               KD_ERR_MALFORMED, "does not say what it is");
    is_refused("{" META ",\"enums\":{\"_E\":{\"base\":\"int\",\"size\":4,\"constants\":{\"A\":1.5}"
               "}}}",
               KD_ERR_MALFORMED, "no whole number");
}

/* count times text, in a text that is begun and ended by what goes round it. */
static char *repeat(const char *begin, const char *text, size_t count, const char *end)
{
    size_t n = strlen(text);
    char *all = malloc(strlen(begin) + count * n + strlen(end) + 1);
    char *at = all;

    assert_non_null(all);
    at += sprintf(at, "%s", begin);
    for (size_t i = 0; i < count; i++, at += n)
        memcpy(at, text, n);
    sprintf(at, "%s", end);
    return all;
}

static void depth_and_length_have_bounds(void **state)
{
    char *text = repeat("{" META ",\"x\":", "[", 100000, "");

    (void)state;
    is_refused(text, KD_ERR_LIMIT, "levels");
    free(text);
    text = repeat("{" META ",\"x\":[", "[],", KDW_ISF_VALUE_MAX / 3 + 10, "[]]}");
    is_refused(text, KD_ERR_LIMIT, "a value of more than 512 KiB");
    free(text);
    text = repeat("{" META ",\"symbols\":{\"", "n", 10000, "\":{\"address\":1}}}");
    kdw_symbols_close(open_text(text)); /* names have no bound of their own */
    free(text);
}

static void types_within_types_end_at_a_depth(void **state)
{
    char *inner = repeat(ULONG, "}", 40, "}}}}}");
    char *text = repeat("{" META ",\"user_types\":{\"_A\":{\"kind\":\"struct\",\"size\":8,"
                        "\"fields\":{\"F\":{\"offset\":0,\"type\":",
                        "{\"kind\":\"pointer\",\"subtype\":", 40, inner);

    (void)state;
    is_refused(text, KD_ERR_LIMIT, "a type of more than 32 levels");
    free(text);
    free(inner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_come_in_any_order_and_unknown_ones_are_passed_over),
        cmocka_unit_test(every_kind_of_type_is_told),
        cmocka_unit_test(members_come_by_offset_and_bit_and_nameless_parts_are_looked_into),
        cmocka_unit_test(a_part_that_contains_itself_ends),
        cmocka_unit_test(constants_have_names_and_may_be_negative),
        cmocka_unit_test(symbols_are_found_by_their_true_name_before_a_shortened_one),
        cmocka_unit_test(what_is_no_isf_file_is_said_in_one_sentence),
        cmocka_unit_test(addresses_and_sizes_that_cannot_be_are_refused),
        cmocka_unit_test(depth_and_length_have_bounds),
        cmocka_unit_test(types_within_types_end_at_a_depth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
