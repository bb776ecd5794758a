#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <walker/symbols.h>

/* A source that knows a few members: type 1 has A at 8, of type 2; type 2 has B at 0x10, of type 3. */
static enum kd_status fake_field(struct kdw_symbols *s, kdw_type_id type, const char *name,
                                 struct kdw_field *out)
{
    static const struct {
        kdw_type_id type;
        struct kdw_field field;
    } known[] = {{1, {"A", 8, 2}}, {2, {"B", 0x10, 3}}};

    (void)s;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].type == type && strcmp(known[i].field.name, name) == 0) {
            *out = known[i].field;
            return KD_OK;
        }
    }
    return KD_ERR_NOT_FOUND;
}

static const struct kdw_symbols_ops ops = {.field = fake_field};
static struct kdw_symbols source = {.ops = &ops};

static void a_plain_name_is_asked_as_it_is(void **state)
{
    struct kdw_field f;

    (void)state;
    assert_int_equal(kdw_type_field(&source, 1, "A", &f), KD_OK);
    assert_int_equal(f.offset, 8);
    assert_int_equal(f.type, 2);
}

static void dots_lead_into_members_and_offsets_add_up(void **state)
{
    struct kdw_field f;

    (void)state;
    assert_int_equal(kdw_type_field(&source, 1, "A.B", &f), KD_OK);
    assert_int_equal(f.offset, 0x18);
    assert_int_equal(f.type, 3);
    assert_string_equal(f.name, "B");
}

static void a_path_with_a_part_missing_is_not_found(void **state)
{
    static const char *const paths[] = {"", ".", "A.", ".A", "A..B", "A.C", "A.B.C", "B"};
    struct kdw_field f = {"untouched", 1, 1};

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        assert_int_equal(kdw_type_field(&source, 1, paths[i], &f), KD_ERR_NOT_FOUND);
    assert_string_equal(f.name, "untouched");
}

static void a_part_longer_than_any_name_is_not_found(void **state)
{
    char path[600];
    struct kdw_field f;

    (void)state;
    memset(path, 'A', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(kdw_type_field(&source, 1, path, &f), KD_ERR_NOT_FOUND);
}

static void closing_nothing_is_fine(void **state)
{
    (void)state;
    kdw_symbols_close(NULL);
}

static int closed;

static void count_close(struct kdw_symbols *s)
{
    (void)s;
    closed++;
}

static void where_symbols_are_from_is_told_until_they_are_closed(void **state)
{
    static const struct kdw_symbols_ops closing = {.close = count_close};
    struct kdw_symbols s = {.ops = &closing};

    (void)state;
    assert_string_equal(kdw_symbols_origin(&s), "");
    assert_false(kdw_symbols_is_guess(&s));
    kdw_symbols_set_origin(&s, "PDB %s", "/a");
    kdw_symbols_set_origin(&s, "%s of %d words", "a text", 5);
    assert_string_equal(kdw_symbols_origin(&s), "a text of 5 words");
    s.is_guess = true;
    assert_true(kdw_symbols_is_guess(&s));
    kdw_symbols_close(&s);
    assert_int_equal(closed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_name_is_asked_as_it_is),
        cmocka_unit_test(dots_lead_into_members_and_offsets_add_up),
        cmocka_unit_test(a_path_with_a_part_missing_is_not_found),
        cmocka_unit_test(a_part_longer_than_any_name_is_not_found),
        cmocka_unit_test(closing_nothing_is_fine),
        cmocka_unit_test(where_symbols_are_from_is_told_until_they_are_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
