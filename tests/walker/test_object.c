#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_mem.h"
#include "support/fake_symbols.h"

#include <walker/object.h>

#define VA 0xffff800000001000u

enum { ID, STATUS, POINTER, KIND, BITS, SIGNED_BITS, TOP_BIT, NAME, IMAGE, BLOB, MISSING, FIELDS };

static const char *const names[FIELDS] = {"Id",    "Status",     "Pointer", "Kind",
                                          "Bits",  "SignedBits", "Top",     "Name",
                                          "Image", "Blob",       "Missing"};

static const struct fake_field fields[] = {
    {"Id", 0x4, FAKE_UINT(2)},
    {"Status", 0x8, FAKE_INT(4)},
    {"Pointer", 0x10, FAKE_POINTER},
    {"Kind", 0x18, FAKE_ENUM},
    {"Bits", 0x1c, FAKE_BITS(16, 8)},
    {"SignedBits", 0x1c, FAKE_SBITS(0, 4)},
    {"Top", 0x1c, FAKE_BITS(31, 1)},
    {"Name", 0x20, FAKE_STRUCT(16)},
    {"Image", 0x30, FAKE_CHARS(15)},
    {"Blob", 0x40, FAKE_STRUCT(24)},
    {0},
};
static const struct fake_field far_fields[] = {{"Id", 0x10000, FAKE_UINT(4)}, {0}};
static const struct fake_field bad_fields[] = {{"Id", 0, FAKE_BITS(30, 4)}, {0}};
static const struct fake_type types[] = {
    {"_THING", 0x60, fields},
    {"_FAR", 0x10004, far_fields},
    {"_BAD", 4, bad_fields},
    {0},
};
static const struct fake_symbol variables[] = {{0}};

struct fixture {
    struct fake_mem m;
    struct fake_symbols s;
    struct kd_diag diag;
    struct kdw_kernel k;
    struct kdw_field_ref refs[FIELDS];
    struct kdw_layout layout;
};

static void setup(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    fake_mem_init(&f->m);
    fake_symbols_init(&f->s, types, variables);
    f->k = (struct kdw_kernel){.mem = &f->m.mem, .diag = &f->diag, .symbols = &f->s.symbols};
    assert_int_equal(kdw_layout_resolve(&f->k, "_THING", names, FIELDS, f->refs, &f->layout),
                     KD_OK);

    fake_mem_zero(&f->m, VA, 0x60);
    fake_mem_u32(&f->m, VA + 0x4, 0xbeef1234);
    fake_mem_u32(&f->m, VA + 0x8, 0xc0000001);
    fake_mem_u64(&f->m, VA + 0x10, 0xffffa80faaf3e000);
    fake_mem_u32(&f->m, VA + 0x18, 3);
    fake_mem_u32(&f->m, VA + 0x1c, 0x80a5000d);
    fake_mem_unicode(&f->m, VA + 0x20, VA + 0x800, "Circular");
    fake_mem_write(&f->m, VA + 0x30, "fifteen letters!", 16);
}

/* Both ways of reading a field say the same. */
static void field_is(struct fixture *f, size_t field, enum kd_status status, uint64_t value)
{
    struct kdw_object o;
    struct kdw_u64 v;

    assert_int_equal(kdw_field_u64(&f->m.mem, &f->layout, field, VA, &v), status);
    assert_int_equal(v.status, status);
    assert_true(v.value == value);
    assert_int_equal(kdw_object_load(&f->m.mem, &f->layout, VA, &o), KD_OK);
    assert_int_equal(kdw_object_u64(&o, field, &v), status);
    assert_int_equal(v.status, status);
    assert_true(v.value == value);
    kdw_object_free(&o);
}

static void a_field_that_is_not_there_leaves_no_word_behind(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    kd_diag_set(f.k.diag, KD_OK, "type 0x1234 of the PDB: MaxLoggers: not found");
    assert_int_equal(kdw_layout_resolve(&f.k, "_THING", names, FIELDS, f.refs, &f.layout), KD_OK);
    assert_string_equal(f.k.diag->text, "");
    fake_mem_deinit(&f.m);
}

static void fields_are_found_by_name(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    assert_true(f.layout.size == 0x60);
    assert_true(kdw_layout_has(&f.layout, POINTER));
    assert_true(f.refs[POINTER].offset == 0x10);
    assert_false(kdw_layout_has(&f.layout, MISSING));
    fake_mem_deinit(&f.m);
}

static void a_type_that_is_missing_is_named(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    assert_int_equal(kdw_layout_resolve(&f.k, "_NONE", names, FIELDS, f.refs, &f.layout),
                     KD_ERR_NOT_FOUND);
    assert_non_null(strstr(f.diag.text, "_NONE"));
    fake_mem_deinit(&f.m);
}

static void an_optional_type_that_is_missing_has_no_fields(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    assert_int_equal(kdw_layout_resolve_optional(&f.k, "_NONE", names, FIELDS, f.refs, &f.layout),
                     KD_OK);
    for (size_t i = 0; i < FIELDS; i++)
        assert_false(kdw_layout_has(&f.layout, i));
    assert_string_equal(f.diag.text, "");
    field_is(&f, ID, KD_ERR_NOT_FOUND, 0);
    fake_mem_deinit(&f.m);
}

static void a_bit_field_that_leaves_its_integer_is_refused(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    assert_int_equal(kdw_layout_resolve(&f.k, "_BAD", names, 1, f.refs, &f.layout),
                     KD_ERR_MALFORMED);
    assert_non_null(strstr(f.diag.text, "_BAD.Id"));
    fake_mem_deinit(&f.m);
}

static void integers_pointers_enums_and_bits_are_read(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    field_is(&f, ID, KD_OK, 0x1234);
    field_is(&f, STATUS, KD_OK, 0xffffffffc0000001);
    field_is(&f, POINTER, KD_OK, 0xffffa80faaf3e000);
    field_is(&f, KIND, KD_OK, 3);
    field_is(&f, BITS, KD_OK, 0xa5);
    field_is(&f, SIGNED_BITS, KD_OK, (uint64_t)-3);
    field_is(&f, TOP_BIT, KD_OK, 1);
    fake_mem_deinit(&f.m);
}

static void what_is_no_integer_is_refused_as_one(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    field_is(&f, BLOB, KD_ERR_UNSUPPORTED, 0);
    field_is(&f, MISSING, KD_ERR_NOT_FOUND, 0);
    fake_mem_deinit(&f.m);
}

static void strings_are_read(void **state)
{
    struct fixture f;
    struct kdw_object o;
    struct kdw_text t;

    (void)state;
    setup(&f);
    assert_int_equal(kdw_field_unicode(&f.m.mem, &f.layout, NAME, VA, &t), KD_OK);
    assert_string_equal(t.utf8, "Circular");
    kdw_text_free(&t);
    assert_int_equal(kdw_object_load(&f.m.mem, &f.layout, VA, &o), KD_OK);
    assert_int_equal(kdw_object_unicode(&o, NAME, &f.m.mem, &t), KD_OK);
    assert_string_equal(t.utf8, "Circular");
    kdw_text_free(&t);
    assert_int_equal(kdw_object_unicode(&o, ID, &f.m.mem, &t), KD_ERR_UNSUPPORTED);
    assert_int_equal(kdw_object_unicode(&o, MISSING, &f.m.mem, &t), KD_ERR_NOT_FOUND);
    kdw_object_free(&o);
    assert_int_equal(kdw_field_unicode(&f.m.mem, &f.layout, ID, VA, &t), KD_ERR_UNSUPPORTED);
    assert_int_equal(kdw_field_unicode(&f.m.mem, &f.layout, MISSING, VA, &t), KD_ERR_NOT_FOUND);
    assert_int_equal(kdw_field_chars(&f.m.mem, &f.layout, IMAGE, VA, &t), KD_OK);
    assert_string_equal(t.utf8, "fifteen letters");
    kdw_text_free(&t);
    assert_int_equal(kdw_field_chars(&f.m.mem, &f.layout, MISSING, VA, &t), KD_ERR_NOT_FOUND);
    fake_mem_deinit(&f.m);
}

static void an_object_is_loaded_in_one_read_of_the_wanted_span(void **state)
{
    struct fixture f;
    struct kdw_object o;

    (void)state;
    setup(&f);
    assert_int_equal(kdw_object_load(&f.m.mem, &f.layout, VA, &o), KD_OK);
    assert_int_equal(f.m.reads, 1);
    assert_true(f.m.last_at == VA + 4);
    assert_int_equal(f.m.last_len, 0x54);
    kdw_object_free(&o);
    fake_mem_deinit(&f.m);
}

static void fields_before_a_hole_are_known_and_those_in_it_say_where(void **state)
{
    struct fixture f;
    struct kdw_object o;
    struct kdw_u64 v;
    struct kdw_text t;

    (void)state;
    setup(&f);
    fake_mem_unmap(&f.m, VA + 0x1a, 0x20);
    assert_int_equal(kdw_object_load(&f.m.mem, &f.layout, VA, &o), KD_OK);
    assert_int_equal(kdw_object_u64(&o, POINTER, &v), KD_OK);
    assert_true(v.value == 0xffffa80faaf3e000);
    assert_int_equal(kdw_object_u64(&o, KIND, &v), KD_ERR_NOT_MAPPED);
    assert_true(v.fault_va == VA + 0x1a);
    assert_int_equal(kdw_object_unicode(&o, NAME, &f.m.mem, &t), KD_ERR_NOT_MAPPED);
    assert_true(t.fault_va == VA + 0x1a);
    kdw_object_free(&o);
    assert_int_equal(kdw_field_u64(&f.m.mem, &f.layout, KIND, VA, &v), KD_ERR_NOT_MAPPED);
    assert_true(v.fault_va == VA + 0x1a);
    fake_mem_deinit(&f.m);
}

static void a_lost_link_fails_the_load(void **state)
{
    struct fixture f;
    struct kdw_object o;
    struct kdw_u64 v;

    (void)state;
    setup(&f);
    f.m.fail_with = KD_ERR_LOST;
    assert_int_equal(kdw_object_load(&f.m.mem, &f.layout, VA, &o), KD_ERR_LOST);
    assert_int_equal(kdw_field_u64(&f.m.mem, &f.layout, ID, VA, &v), KD_ERR_LOST);
    fake_mem_deinit(&f.m);
}

static void a_layout_beyond_reason_is_not_loaded(void **state)
{
    struct fixture f;
    struct kdw_object o;

    (void)state;
    setup(&f);
    assert_int_equal(kdw_layout_resolve(&f.k, "_FAR", names, 1, f.refs, &f.layout), KD_OK);
    assert_int_equal(kdw_object_load(&f.m.mem, &f.layout, VA, &o), KD_ERR_LIMIT);
    assert_int_equal(f.m.reads, 0);
    fake_mem_deinit(&f.m);
}

static void a_layout_without_fields_loads_as_nothing(void **state)
{
    struct fixture f;
    struct kdw_object o;
    struct kdw_u64 v;

    (void)state;
    setup(&f);
    assert_int_equal(kdw_layout_resolve_optional(&f.k, "_NONE", names, FIELDS, f.refs, &f.layout),
                     KD_OK);
    assert_int_equal(kdw_object_load(&f.m.mem, &f.layout, VA, &o), KD_OK);
    assert_int_equal(f.m.reads, 0);
    assert_int_equal(kdw_object_u64(&o, ID, &v), KD_ERR_NOT_FOUND);
    kdw_object_free(&o);
    fake_mem_deinit(&f.m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_field_that_is_not_there_leaves_no_word_behind),
        cmocka_unit_test(fields_are_found_by_name),
        cmocka_unit_test(a_type_that_is_missing_is_named),
        cmocka_unit_test(an_optional_type_that_is_missing_has_no_fields),
        cmocka_unit_test(a_bit_field_that_leaves_its_integer_is_refused),
        cmocka_unit_test(integers_pointers_enums_and_bits_are_read),
        cmocka_unit_test(what_is_no_integer_is_refused_as_one),
        cmocka_unit_test(strings_are_read),
        cmocka_unit_test(an_object_is_loaded_in_one_read_of_the_wanted_span),
        cmocka_unit_test(fields_before_a_hole_are_known_and_those_in_it_say_where),
        cmocka_unit_test(a_lost_link_fails_the_load),
        cmocka_unit_test(a_layout_beyond_reason_is_not_loaded),
        cmocka_unit_test(a_layout_without_fields_loads_as_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
