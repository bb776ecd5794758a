#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <walker/mem_cache.h>

#include "builtin_probe.h"
#include "builtin_structures.h"
#include "support/layout_memory.h"

static const char *name_of(uint8_t layout)
{
    return kdw_builtin_names + kdw_builtin_layouts[layout].name;
}

static struct kdw_choice look(const struct layout_memory *m, struct kdw_found *found)
{
    struct kdw_choice c = {.way = KDW_BY_STRUCTURES};

    *found = (struct kdw_found){.count = 0};
    assert_int_equal(kdw_builtin_look(&m->facts, &c, found), KD_OK);
    return c;
}

static bool has_layout(const struct kdw_choice *c, uint8_t layout)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->candidates[i].layout == layout)
            return true;
    return false;
}

static uint64_t found_va(const struct layout_memory *m, const struct kdw_found *found,
                         const char *name)
{
    for (size_t i = 0; i < found->count; i++)
        if (strcmp(found->all[i].name, name) == 0)
            return m->base_va + found->all[i].rva;
    return 0;
}

static void every_layout_is_among_those_that_fit_its_memory(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < kdw_builtin_layout_count; i++) {
        struct layout_memory m;
        struct kdw_found found;
        struct kdw_choice c;

        layout_memory_init(&m, i);
        c = look(&m, &found);
        if (!has_layout(&c, i) || c.count > 6)
            fail_msg("%s: %u layouts fit", name_of(i), (unsigned)c.count);
        assert_true(c.has_found_addresses);
        if (m.globals_va != 0)
            assert_true(found_va(&m, &found, "PspHostSiloGlobals") == m.globals_va);
        if (!(c.seen & KDW_SEES_SILO))
            assert_true(found_va(&m, &found, "EtwpHostSiloState") == m.pointer_va);
        layout_memory_deinit(&m);
    }
}

static void layouts_that_differ_where_nobody_looks_are_all_named(void **state)
{
    struct layout_memory m;
    struct kdw_found found;
    struct kdw_choice c;

    (void)state;
    layout_memory_init(&m, layout_number("22621"));
    c = look(&m, &found);
    assert_int_equal(c.count, 3);
    assert_true(has_layout(&c, layout_number("22000.434")));
    assert_true(has_layout(&c, layout_number("22000.795")));
    assert_true(has_layout(&c, layout_number("22621")));
    layout_memory_deinit(&m);
}

static void one_structure_proves_nothing(void **state)
{
    struct layout_memory m;
    struct kdw_found found;

    (void)state;
    layout_memory_init(&m, layout_number("18362"));
    m.facts.landmarks = m.landmarks + 1; /* no way to the loggers */
    m.facts.landmark_count = 1;
    assert_int_equal(look(&m, &found).count, 0);
    assert_int_equal(found.count, 0);
    m.facts.landmark_count = 2;                  /* a process, and how large one is */
    assert_int_equal(look(&m, &found).count, 2); /* 18362 and 18362.720 */
    assert_int_equal(found.count, 0);
    m.facts.landmark_count = 0;
    assert_int_equal(look(&m, &found).count, 0);
    layout_memory_deinit(&m);
}

static void of_two_that_a_revision_may_have_the_one_that_fits_is_kept(void **state)
{
    const uint8_t fits = layout_number("17763.2452"), other = layout_number("17763.2114");
    struct kdw_choice c = {.way = KDW_BY_IMAGE,
                           .candidates = {{.build = 17763, .revision = 2369, .layout = other},
                                          {.build = 17763, .revision = 2369, .layout = fits}},
                           .count = 2};
    struct layout_memory m;
    struct kdw_found found;

    (void)state;
    layout_memory_init(&m, fits);
    assert_int_equal(kdw_builtin_look(&m.facts, &c, &found), KD_OK);
    assert_int_equal(c.way, KDW_BY_IMAGE);
    assert_int_equal(c.count, 1);
    assert_int_equal(c.candidates[0].layout, fits);
    assert_int_equal(c.candidates[0].revision, 2369);
    assert_true(found_va(&m, &found, "PspHostSiloGlobals") == m.globals_va);
    layout_memory_deinit(&m);
}

static void an_identity_stays_where_memory_contradicts_it(void **state)
{
    const uint8_t tabled = layout_number("19041");
    struct kdw_choice c = {.way = KDW_BY_IMAGE, .candidates = {{.layout = tabled}}, .count = 1};
    struct layout_memory m;
    struct kdw_found found = {.count = 0};

    (void)state;
    layout_memory_init(&m, layout_number("22000"));
    assert_int_equal(kdw_builtin_look(&m.facts, &c, &found), KD_OK);
    assert_int_equal(c.count, 1);
    assert_int_equal(c.candidates[0].layout, tabled);
    assert_false(c.has_found_addresses);
    assert_int_equal(found.count, 0);
    layout_memory_deinit(&m);
}

/* A machine stands still meanwhile. */
static void all_layouts_together_cost_few_requests(void **state)
{
    static const char *const layouts[] = {"14393", "18362", "26100"};

    (void)state;
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        struct layout_memory m;
        struct kdw_cache_opts opts = {NULL, 1024, 1 << 20, 4096};
        struct kdw_cache *cache;
        struct kdw_found found;

        layout_memory_init(&m, layout_number(layouts[i]));
        opts.below = &m.mem.mem;
        assert_int_equal(kdw_cache_create(&opts, &cache), KD_OK);
        m.facts.mem = kdw_cache_mem(cache);
        fake_mem_reset_counts(&m.mem);
        assert_true(look(&m, &found).count > 0);
        print_message("%s: %u reads\n", layouts[i], (unsigned)m.mem.reads);
        assert_true(m.mem.reads <= 60);
        kdw_cache_destroy(cache);
        layout_memory_deinit(&m);
    }
}

static void what_ends_a_walk_ends_this(void **state)
{
    struct kdw_choice c = {.way = KDW_BY_STRUCTURES};
    struct kdw_found found;
    struct layout_memory m;
    enum kd_status st = KD_ERR_LOST;

    (void)state;
    layout_memory_init(&m, layout_number("14393"));
    m.mem.fail_with = KD_ERR_LOST;
    for (m.mem.fail_from = 1; st == KD_ERR_LOST; m.mem.fail_from += 37) {
        fake_mem_reset_counts(&m.mem);
        st = kdw_builtin_look(&m.facts, &c, &found);
        assert_int_equal(c.count != 0, st == KD_OK);
    }
    assert_int_equal(st, KD_OK); /* there were no more reads to fail */
    layout_memory_deinit(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layout_is_among_those_that_fit_its_memory),
        cmocka_unit_test(layouts_that_differ_where_nobody_looks_are_all_named),
        cmocka_unit_test(one_structure_proves_nothing),
        cmocka_unit_test(of_two_that_a_revision_may_have_the_one_that_fits_is_kept),
        cmocka_unit_test(an_identity_stays_where_memory_contradicts_it),
        cmocka_unit_test(all_layouts_together_cost_few_requests),
        cmocka_unit_test(what_ends_a_walk_ends_this),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
