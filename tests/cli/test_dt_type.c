/* The names of types, as WinDbg writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dt_value.h"
#include "support/dt_types.h"

static void assert_type(kdw_type_id type, const char *want)
{
    struct one_field symbols = one_field("", 0, NONE);
    struct kdw_kernel kernel = {.symbols = &symbols.symbols};
    struct text t = {0};
    char *got;

    dt_add_type(&t, &kernel, type);
    got = text_take(&t);
    assert_string_equal(got, want);
    free(got);
}

static void plain_types_are_named_by_their_size(void **state)
{
    (void)state;
    assert_type(UINT4, "Uint4B");
    assert_type(INT4, "Int4B");
    assert_type(INT16, "Int16B");
    assert_type(UCHAR, "UChar");
    assert_type(CHAR, "Char");
    assert_type(WCHAR, "Wchar");
    assert_type(BOOL, "Bool");
    assert_type(FLOAT, "Float");
    assert_type(DOUBLE, "Double");
    assert_type(LONG_DOUBLE, "Float10B");
    assert_type(VOID, "Void");
}

static void pointers_and_arrays_stand_before_what_they_are_made_of(void **state)
{
    (void)state;
    assert_type(PTR_PTR, "Ptr64 Ptr64 _THING");
    assert_type(PTR_VOID, "Ptr64 Void");
    assert_type(PTR32, "Ptr32 Void");
    assert_type(PTR_WCHAR, "Ptr64 Wchar");
    assert_type(PTR_FUNCTION, "Ptr64 function");
    assert_type(ARRAY_U2, "[8] Uint2B");
    assert_type(ARRAY_ARRAY, "[3] [8] Uint2B");
    assert_type(ARRAY_FUNCTION, "[28] Ptr64 function");
    assert_type(ARRAY_STRUCT, "[64] _THING");
}

static void tagged_types_go_by_their_tag(void **state)
{
    (void)state;
    assert_type(STRUCT, "_THING");
    assert_type(ENUM, "_STATE");
    assert_type(UNNAMED, "<unnamed-tag>");
    assert_type(UNKNOWN_TAG, "\\xff\\x1b[m"); /* a PDB may come from anywhere */
}

static void assert_tag(const char *tag, const char *want)
{
    const struct kdw_type type = {.kind = KDW_TYPE_STRUCT, .name = tag};
    struct text t = {0};
    char *chars;

    dt_add_tag(&t, &type);
    chars = text_take(&t);
    assert_string_equal(chars, want);
    free(chars);
}

static void types_without_a_tag_are_called_the_same_whoever_made_the_symbols(void **state)
{
    (void)state;
    assert_tag("<anonymous-tag>", "<unnamed-tag>");
    assert_tag("_KPROCESS::<unnamed-type-SecureState>", "<unnamed-tag>");
    assert_tag("__unnamed_1f3a", "<unnamed-tag>");
    assert_tag("_A::_B", "_A::_B");
    assert_tag("std::less<int>", "std::less<int>");
}

static void bit_fields_say_where_they_are(void **state)
{
    (void)state;
    assert_type(BITS, "Pos 3, 3 Bits");
}

static void what_is_unknown_or_without_end_is_a_question_mark(void **state)
{
    (void)state;
    assert_type(NONE, "?");
    assert_type(TYPES, "?");
    assert_type(SELF_POINTER, "Ptr64 Ptr64 Ptr64 Ptr64 Ptr64 Ptr64 Ptr64 Ptr64 Ptr64 ?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_types_are_named_by_their_size),
        cmocka_unit_test(pointers_and_arrays_stand_before_what_they_are_made_of),
        cmocka_unit_test(tagged_types_go_by_their_tag),
        cmocka_unit_test(types_without_a_tag_are_called_the_same_whoever_made_the_symbols),
        cmocka_unit_test(bit_fields_say_where_they_are),
        cmocka_unit_test(what_is_unknown_or_without_end_is_a_question_mark),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
