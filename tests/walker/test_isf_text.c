#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "isf_text.h"

static struct kd_diag diag;

static struct isf_text text_of(const char *text)
{
    kd_diag_clear(&diag);
    return isf_text_of(text, strlen(text), &diag);
}

/* Notes each name and the kind of its value: "a:1 b:\" ". */
struct notes {
    struct isf_text *t;
    char text[128];
};

static enum kd_status note_member(void *ctx, const char *name)
{
    static const char *const kinds[] = {"{", "[", "\"", "int", "real", "true", "false", "null"};
    struct notes *n = ctx;
    json_t *value;
    enum kd_status st = isf_text_value(n->t, &value);

    if (st != KD_OK)
        return st;
    strcat(n->text, name);
    strcat(n->text, ":");
    strcat(n->text, kinds[json_typeof(value)]);
    strcat(n->text, " ");
    json_decref(value);
    return KD_OK;
}

static enum kd_status walk(const char *text, struct notes *n)
{
    struct isf_text t = text_of(text);
    enum kd_status st;

    *n = (struct notes){.t = &t};
    st = isf_text_members(&t, note_member, n);
    return st == KD_OK ? isf_text_end(&t) : st;
}

static void members_are_taken_one_by_one(void **state)
{
    struct notes n;

    (void)state;
    assert_int_equal(walk(" { \"a\" : 1 ,\n\t\"b\":\"x\",\"c\":{\"d\":[]},\"\":null}\r\n", &n),
                     KD_OK);
    assert_string_equal(n.text, "a:int b:\" c:{ :null ");
    assert_int_equal(walk("{}", &n), KD_OK);
    assert_string_equal(n.text, "");
}

static void a_value_is_left_behind_at_its_end(void **state)
{
    struct isf_text t = text_of("  [1,2] \"next\"");
    json_t *value;

    (void)state;
    assert_int_equal(isf_text_value(&t, &value), KD_OK);
    assert_int_equal(json_array_size(value), 2);
    json_decref(value);
    assert_string_equal(t.at, " \"next\"");
    assert_int_equal(isf_text_end(&t), KD_ERR_MALFORMED);
}

static void every_shorter_text_ends_too_early(void **state)
{
    static const char whole[] = "{\"a\":[1],\"b\":{\"c\":\"x\"}}";
    struct notes n;

    (void)state;
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        char cut[sizeof whole] = {0};

        memcpy(cut, whole, len);
        assert_int_equal(walk(cut, &n), KD_ERR_TRUNCATED);
        assert_string_equal(diag.text, "the ISF text ends too early");
    }
    assert_int_equal(walk(whole, &n), KD_OK);
}

static void what_is_no_object_says_where(void **state)
{
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"[1]", "no object at byte 0"},
        {"  1", "no object at byte 2"},
        {"{1:2}", "something other than a name at byte 2"},
        {"{\"a\" 1}", "a name without a value at byte 5"},
        {"{\"a\":1 \"b\":2}", "an object without its end at byte 7"},
        {"{\"a\":1,}", "no JSON at byte 7"},
        {"{\"a\":?}", "no JSON at byte 5"},
        {"{\"a\":1}{", "something behind the end at byte 7"},
    };
    struct notes n;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(walk(wrong[i].text, &n), KD_ERR_MALFORMED);
        if (!strstr(diag.text, wrong[i].says))
            fail_msg("%s: \"%s\" does not say \"%s\"", wrong[i].text, diag.text, wrong[i].says);
    }
}

static void a_value_has_a_largest_length(void **state)
{
    char *text = malloc(KDW_ISF_VALUE_MAX + 3);
    struct isf_text t;
    json_t *value;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', KDW_ISF_VALUE_MAX + 2);
    text[0] = text[KDW_ISF_VALUE_MAX - 1] = '"';
    text[KDW_ISF_VALUE_MAX] = '\0';
    t = text_of(text);
    assert_int_equal(isf_text_value(&t, &value), KD_OK);
    assert_int_equal(json_string_length(value), KDW_ISF_VALUE_MAX - 2);
    json_decref(value);
    text[KDW_ISF_VALUE_MAX - 1] = 'x';
    text[KDW_ISF_VALUE_MAX] = '"';
    text[KDW_ISF_VALUE_MAX + 1] = '\0';
    t = text_of(text);
    assert_int_equal(isf_text_value(&t, &value), KD_ERR_LIMIT);
    assert_string_equal(diag.text, "a value of more than 512 KiB");
    free(text);
}

static void members_of_a_value_are_of_their_kind_and_size(void **state)
{
    struct isf_text t =
        text_of("{\"n\":4294967295,\"big\":4294967296,\"less\":-1,\"s\":\"x\",\"r\":1.0}");
    json_int_t n;
    uint32_t word = 7;
    json_t *d;

    (void)state;
    assert_int_equal(isf_text_value(&t, &d), KD_OK);
    assert_true(isf_u32(d, "n", &word));
    assert_int_equal(word, UINT32_MAX);
    word = 7;
    assert_false(isf_u32(d, "big", &word) || isf_u32(d, "less", &word) || isf_u32(d, "s", &word) ||
                 isf_u32(d, "r", &word) || isf_u32(d, "absent", &word));
    assert_int_equal(word, 7);
    assert_true(isf_integer(d, "less", -1, 0, &n) && n == -1);
    assert_false(isf_integer(d, "less", 0, 9, &n));
    assert_string_equal(isf_string(d, "s"), "x");
    assert_null(isf_string(d, "n"));
    assert_null(isf_string(d, "absent"));
    assert_null(isf_string(NULL, "s"));
    json_decref(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_taken_one_by_one),
        cmocka_unit_test(a_value_is_left_behind_at_its_end),
        cmocka_unit_test(every_shorter_text_ends_too_early),
        cmocka_unit_test(what_is_no_object_says_where),
        cmocka_unit_test(a_value_has_a_largest_length),
        cmocka_unit_test(members_of_a_value_are_of_their_kind_and_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
