#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/dump_check.h"

enum { SECOND = 32 + 0x9EC00 - 0x1000 };

/* As a PC has it: low memory ends inside a page. */
static void make(struct dump_build *b)
{
    *b = (struct dump_build){0};
    dump_build_lime(b, 0x1000, 0x9EBFF);
    dump_build_lime(b, 0x100000, 0x103FFF);
}

static void ranges_need_not_end_with_a_page(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b);
    dump_open_ok(&o, &b);
    assert_int_equal(o.facts->kind, KDW_DUMP_LIME);
    assert_string_equal(o.facts->what, "LiME image");
    assert_false(o.facts->has_header);
    dump_has(&o, 0x1000, 0x9EC00 - 0x1000);
    dump_has(&o, 0x100000, 0x4000);
    dump_fails(&o, 0x9EBF8, 16, KD_ERR_NOT_IN_DUMP, 0x9EC00);
    dump_fails(&o, 0xFFF, 1, KD_ERR_NOT_IN_DUMP, 0xFFF);
    dump_fails(&o, 0x104000, 1, KD_ERR_NOT_IN_DUMP, 0x104000);
    assert_true(o.facts->physical_end == 0x104000);
    dump_warns_nothing(&o);
    dump_done(&o);
    dump_build_free(&b);
}

static void what_follows_damage_is_left_out(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b);
    dump_build_u32(&b, SECOND, 7);
    dump_open_ok(&o, &b);
    dump_has(&o, 0x1000, 0x9EC00 - 0x1000);
    dump_fails(&o, 0x100000, 1, KD_ERR_NOT_IN_DUMP, 0x100000);
    dump_warns(&o, "no whole header of a range at 0x9dc20");
    dump_done(&o);
    dump_build_free(&b);
}

static void a_file_that_is_cut_short_has_what_is_before_its_end(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b);
    dump_build_resize(&b, b.len - 0x1800);
    dump_open_ok(&o, &b);
    dump_has(&o, 0x100000, 0x2800);
    dump_fails(&o, 0x102000, 0x1000, KD_ERR_CUT_OFF, 0x102800);
    dump_warns(&o, "cut short");
    dump_done(&o);
    dump_build_free(&b);
}

static void a_first_range_that_makes_no_sense_is_refused(void **state)
{
    struct dump_build b;

    (void)state;
    make(&b);
    dump_build_u32(&b, 4, 2);
    dump_is_refused(&b, KD_ERR_UNSUPPORTED, "first range has no header that is understood");
    dump_build_u32(&b, 4, 1);
    dump_build_u64(&b, 16, 0xFFF); /* ends before it begins */
    dump_is_refused(&b, KD_ERR_MALFORMED, "first range");
    dump_build_u64(&b, 8, 0);
    dump_build_u64(&b, 16, UINT64_MAX); /* whose length wraps around */
    dump_is_refused(&b, KD_ERR_MALFORMED, "first range");
    dump_build_resize(&b, 31);
    dump_is_refused(&b, KD_ERR_TRUNCATED, "first range");
    dump_build_free(&b);
}

static void the_systems_root_is_found_in_low_memory(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b);
    dump_build_low_stub(&b, 32 - 0x1000, 0x13000, 0xfffff8047bbf4210u, 0x102000);
    dump_open_ok(&o, &b);
    assert_true(o.facts->dtb == 0x102000);
    assert_true(o.facts->kernel_hint_va == 0xfffff8047bbf4210u);
    dump_warns_nothing(&o);
    dump_done(&o);
    dump_build_free(&b);
}

static void it_may_be_cut_anywhere(void **state)
{
    struct dump_build b;

    (void)state;
    make(&b);
    dump_stands_cuts(&b, 100);
    dump_build_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_need_not_end_with_a_page),
        cmocka_unit_test(what_follows_damage_is_left_out),
        cmocka_unit_test(a_file_that_is_cut_short_has_what_is_before_its_end),
        cmocka_unit_test(a_first_range_that_makes_no_sense_is_refused),
        cmocka_unit_test(the_systems_root_is_found_in_low_memory),
        cmocka_unit_test(it_may_be_cut_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
