#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "builtin_choice.h"
#include "builtin_probe.h"

/* What all of the tables' rows lead to is in test_builtin.c; here is how the ways differ. */

static const struct kdw_builtin_revision *revision(uint16_t build, uint16_t number)
{
    for (size_t i = 0; i < kdw_builtin_revision_count; i++)
        if (kdw_builtin_revisions[i].build == build && kdw_builtin_revisions[i].revision == number)
            return &kdw_builtin_revisions[i];
    fail_msg("10.0.%u.%u is not in the tables", (unsigned)build, (unsigned)number);
    return NULL;
}

static struct kdw_kernel_facts image_of(const struct kdw_builtin_revision *r)
{
    return (struct kdw_kernel_facts){.timestamp = r->timestamp, .image_size = r->image_size};
}

static void is_chosen_as(const struct kdw_kernel_facts *facts, bool is_guess, const char *text)
{
    char said[KDW_CHOICE_TEXT_MAX];
    struct kdw_choice c;

    assert_true(kdw_builtin_choose(facts, &c));
    assert_int_equal(kdw_choice_is_guess(&c), is_guess);
    kdw_choice_text(&c, facts, said);
    assert_string_equal(said, text);
}

static void the_identity_of_the_pdb_goes_before_all_else(void **state)
{
    const struct kdw_landmark lies[] = {{"PsLoadedModuleList", 1}, {"KdDebuggerDataBlock", 2}};
    struct kdw_pdb_id id = {.age = kdw_builtin_kernels[0].age};
    struct kdw_kernel_facts facts = image_of(revision(18362, 535));

    (void)state;
    memcpy(id.guid, kdw_builtin_kernels[0].guid, sizeof id.guid);
    facts.pdb_id = &id;
    facts.landmarks = lies;
    facts.landmark_count = 2;
    is_chosen_as(&facts, false, "10.0.14393.4583, by the identity of its PDB");
}

static void an_age_of_another_build_is_another_kernel(void **state)
{
    struct kdw_pdb_id id = {.age = kdw_builtin_kernels[0].age + 1};
    const struct kdw_kernel_facts facts = {.pdb_id = &id};
    struct kdw_choice c;

    (void)state;
    memcpy(id.guid, kdw_builtin_kernels[0].guid, sizeof id.guid);
    assert_false(kdw_builtin_choose(&facts, &c));
}

static void how_sure_the_types_of_a_revision_are_is_said(void **state)
{
    static const struct {
        uint16_t build, revision;
        const char *text;
    } cases[] = {
        {14393, 4771, "; types as in the revisions before and after it; no addresses"},
        {14393, 0, "; types guessed from the nearest revision known; no addresses"},
        {14393, 6451, "; types guessed from the nearest revision known; no addresses"},
        {17763, 1007, "; types guessed from the nearest revision known; no addresses"},
        {17763, 2369,
         "; types those on which the revisions before and after it agree; no addresses"},
        {22621, 1, "; types guessed from the nearest revision known; no addresses"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct kdw_kernel_facts facts = image_of(revision(cases[i].build, cases[i].revision));
        char text[KDW_CHOICE_TEXT_MAX];

        snprintf(text, sizeof text, "10.0.%u.%u, by time stamp and size of its image%s",
                 (unsigned)cases[i].build, (unsigned)cases[i].revision, cases[i].text);
        is_chosen_as(&facts, true, text);
    }
}

static void revisions_with_equal_images_are_both_named(void **state)
{
    const struct kdw_kernel_facts facts = image_of(revision(22621, 1483));

    (void)state;
    is_chosen_as(&facts, true,
                 "10.0.22621.1483 or 10.0.22621.1485, by time stamp and size of its image; only "
                 "what they agree on; types guessed from the nearest revision known; no addresses");
}

static void a_known_pdb_keeps_the_addresses_of_its_namesake_away(void **state)
{
    struct kdw_pdb_id other = {.age = 1, .guid = {0xAA}};
    struct kdw_kernel_facts facts = image_of(revision(18362, 535));
    struct kdw_choice c;

    (void)state;
    assert_true(kdw_builtin_choose(&facts, &c));
    assert_non_null(c.candidates[0].kernel);
    facts.pdb_id = &other;
    assert_true(kdw_builtin_choose(&facts, &c));
    assert_null(c.candidates[0].kernel);
    is_chosen_as(&facts, false,
                 "10.0.18362.535, by time stamp and size of its image; no addresses");
}

static void landmarks_count_only_where_nothing_else_is_known(void **state)
{
    const struct kdw_landmark landmarks[] = {
        {"NoSuchVariable", 5}, {"PsLoadedModuleList", 0x448130}, {"PspHostSiloGlobals", 0x58e540}};
    struct kdw_kernel_facts facts = {.landmarks = landmarks, .landmark_count = 3};
    struct kdw_choice c;

    (void)state;
    is_chosen_as(&facts, true,
                 "10.0.18362.535, guessed by the addresses of PsLoadedModuleList, "
                 "PspHostSiloGlobals");
    facts.landmark_count = 2; /* of one known variable */
    assert_false(kdw_builtin_choose(&facts, &c));
    facts.landmark_count = 3;
    facts.timestamp = 1;
    facts.image_size = 1;
    assert_false(kdw_builtin_choose(&facts, &c));
}

static void structures_name_layouts_and_what_was_seen(void **state)
{
    struct kdw_choice c = {.way = KDW_BY_STRUCTURES,
                           .count = 1,
                           .seen = KDW_SEES_STATE | KDW_SEES_PROCESS};
    const struct kdw_kernel_facts facts = {0};
    char said[KDW_CHOICE_TEXT_MAX];

    (void)state;
    assert_true(kdw_choice_is_guess(&c));
    kdw_choice_text(&c, &facts, said);
    assert_string_equal(said, "14393, guessed by structures in memory: ETW state, System process");
    c.count = 2;
    c.candidates[1].layout = 1;
    kdw_choice_text(&c, &facts, said);
    assert_string_equal(said, "14393 or 14393.5006, guessed by structures in memory: ETW state, "
                              "System process; only what they agree on");
}

static void addresses_that_were_found_make_a_guess(void **state)
{
    const struct kdw_pdb_id other = {.age = 1, .guid = {0xAA}};
    struct kdw_kernel_facts facts = image_of(revision(18362, 535));
    char said[KDW_CHOICE_TEXT_MAX];
    struct kdw_choice c;

    (void)state;
    facts.pdb_id = &other;
    assert_true(kdw_builtin_choose(&facts, &c));
    assert_false(kdw_choice_is_guess(&c));
    c.has_found_addresses = true;
    assert_true(kdw_choice_is_guess(&c));
    kdw_choice_text(&c, &facts, said);
    assert_string_equal(said, "10.0.18362.535, by time stamp and size of its image; addresses "
                              "found in memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_identity_of_the_pdb_goes_before_all_else),
        cmocka_unit_test(an_age_of_another_build_is_another_kernel),
        cmocka_unit_test(how_sure_the_types_of_a_revision_are_is_said),
        cmocka_unit_test(revisions_with_equal_images_are_both_named),
        cmocka_unit_test(a_known_pdb_keeps_the_addresses_of_its_namesake_away),
        cmocka_unit_test(landmarks_count_only_where_nothing_else_is_known),
        cmocka_unit_test(structures_name_layouts_and_what_was_seen),
        cmocka_unit_test(addresses_that_were_found_make_a_guess),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
