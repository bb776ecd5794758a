#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/fake_symbols.h"

#include <walker/pte.h>

#define MASK (UINT64_C(1) << 45)

static struct kdw_pte decode(uint64_t entry)
{
    struct kdw_pte_rules rules = kdw_pte_rules_default();

    return kdw_pte_decode(&rules, entry);
}

/* With a mask that is known, as on a machine of 16 GiB. */
static struct kdw_pte decode_swizzled(uint64_t mask, uint64_t entry)
{
    struct kdw_pte_rules rules = kdw_pte_rules_default();

    rules.knows_swizzle_mask = true;
    rules.swizzle_mask = mask;
    rules.highest_pfn = 0x3fffff;
    return kdw_pte_decode(&rules, entry);
}

static void a_present_entry_is_an_address_without_its_flags(void **state)
{
    struct kdw_pte pte = decode(0x8A00000012345863u); /* NX, software bits above */

    (void)state;
    assert_int_equal(pte.kind, KDW_PTE_PRESENT);
    assert_true(pte.pa == 0x12345000);
    assert_true(decode(UINT64_MAX).pa == 0x000FFFFFFFFFF000u);
    assert_true(decode(0xC01).kind == KDW_PTE_PRESENT); /* whatever the other bits would say */
    assert_true(kdw_pte_leads_on(&pte));
}

static void nothing_is_nothing(void **state)
{
    struct kdw_pte pte = decode(0);

    (void)state;
    assert_int_equal(pte.kind, KDW_PTE_ZERO);
    assert_false(kdw_pte_leads_on(&pte));
}

static void a_transition_entry_has_its_frame(void **state)
{
    struct kdw_pte pte = decode(0x00000000166B7880u); /* of crash-dump.md, 8.3 */

    (void)state;
    assert_int_equal(pte.kind, KDW_PTE_TRANSITION);
    assert_true(pte.pa == 0x166B7000);
    assert_true(kdw_pte_leads_on(&pte));
}

static void a_prototype_comes_before_a_transition(void **state)
{
    struct kdw_pte pte = decode(0x8A0512345678u << 16 | 0xC80);

    (void)state;
    assert_int_equal(pte.kind, KDW_PTE_PROTOTYPE);
    assert_true(pte.prototype_va == 0xFFFF8A0512345678u);
    assert_true(decode(UINT64_C(0x7A0512345678) << 16 | 0x480).prototype_va == 0x7A0512345678u);
}

static void what_only_has_a_protection_is_demand_zero(void **state)
{
    (void)state;
    assert_int_equal(decode(0x80).kind, KDW_PTE_DEMAND_ZERO);
    assert_int_equal(decode(0xC0 | 0x3ff << 16).kind,
                     KDW_PTE_DEMAND_ZERO);                           /* and a count of uses */
    assert_int_equal(decode(MASK | 0x80).kind, KDW_PTE_DEMAND_ZERO); /* swizzled */
}

static void all_ones_in_the_page_number_is_for_the_vad(void **state)
{
    (void)state;
    assert_int_equal(decode(0xFFFFFFFF00000080u).kind, KDW_PTE_LOOKUP);
    assert_int_equal(decode(0xFFFFFFFF00000480u).kind, KDW_PTE_LOOKUP);
    assert_int_equal(decode(0xFFFFFFFFFFFF0480u).kind, KDW_PTE_LOOKUP);
    assert_int_equal(decode_swizzled(MASK, 0xFFFFFFFF00000080u).kind, KDW_PTE_LOOKUP);
}

static void high_ones_over_low_zeros_mark_a_file(void **state)
{
    (void)state;
    assert_int_equal(decode(0xFFFF812345670080u).kind, KDW_PTE_FILE);
    assert_int_equal(decode(0xFFFF812345670084u).kind, KDW_PTE_PAGE_FILE);
    assert_int_equal(decode(0xFFFF012345670080u).kind, KDW_PTE_PAGE_FILE);
}

static void a_page_file_has_a_number_and_a_page(void **state)
{
    struct kdw_pte pte = decode(0x0001234500002090u);

    (void)state;
    assert_int_equal(pte.kind, KDW_PTE_PAGE_FILE);
    assert_int_equal(pte.page_file, 2);
    assert_true(pte.page_file_page == 0x12345);
    assert_int_equal(decode(0x2090).kind, KDW_PTE_PAGE_FILE);       /* its first page */
    assert_int_equal(decode(0x100000080u).kind, KDW_PTE_PAGE_FILE); /* of the first file */
}

static void a_known_mask_is_undone_where_the_swizzle_bit_is_clear(void **state)
{
    struct kdw_pte pte = decode_swizzled(MASK, 0x166B7880 ^ MASK);

    (void)state;
    assert_true(pte.pa == 0x166B7000);
    pte = decode_swizzled(MASK, 0x166B7890); /* not swizzled */
    assert_true(pte.pa == 0x166B7000);
    pte = decode_swizzled(0, 0x166B7880);
    assert_true(pte.pa == 0x166B7000);
    pte = decode_swizzled(MASK, 0x166B7880); /* undone, it would lead out of the machine */
    assert_true(pte.pa == 0x166B7000);

    pte = decode_swizzled(MASK, 0x0001234500002080u ^ MASK);
    assert_int_equal(pte.kind, KDW_PTE_PAGE_FILE);
    assert_true(pte.page_file_page == 0x12345);
    pte = decode_swizzled(MASK, 0x80 ^ MASK);
    assert_int_equal(pte.kind, KDW_PTE_DEMAND_ZERO);
    pte = decode_swizzled(0, 0x80 | MASK); /* then it is a page number */
    assert_int_equal(pte.kind, KDW_PTE_PAGE_FILE);

    pte = decode_swizzled(MASK, (0x8A0512345678u << 16 | 0x480) ^ MASK);
    assert_true(pte.prototype_va == 0xFFFF8A0512345678u);
    assert_true(pte.unswizzled_va == 0);
}

static void an_unknown_mask_is_tried_where_the_frame_is_too_high(void **state)
{
    struct kdw_pte_rules rules = kdw_pte_rules_default();

    (void)state;
    assert_true(decode(0x166B7880 | MASK).pa == 0x166B7000);
    assert_true(decode(0x166B7890 | MASK).pa ==
                (0x166B7000 | MASK)); /* it says it is not swizzled */
    rules.highest_pfn = 0x3FFFFFFFF;  /* 64 TiB: as it stands, it is possible */
    assert_true(kdw_pte_decode(&rules, 0x166B7880 | MASK).pa == (0x166B7000 | MASK));
    rules.highest_pfn = 0x166B6;
    assert_true(kdw_pte_decode(&rules, 0x166B7880 | MASK).pa == 0x166B7000);
}

static void of_a_prototype_that_may_be_swizzled_both_addresses_are_given(void **state)
{
    const uint64_t va = 0xFFFF8A0532345678u; /* with the bit that the usual mask falls on */
    struct kdw_pte pte = decode(va << 16 | 0x480);

    (void)state;
    assert_true(pte.prototype_va == va);
    assert_true(pte.unswizzled_va == va - 0x20000000);
    pte = decode(va << 16 | 0x490);
    assert_true(pte.prototype_va == va);
    assert_true(pte.unswizzled_va == 0);
    pte = decode((va - 0x20000000) << 16 | 0x480);
    assert_true(pte.unswizzled_va == 0);
}

/* ---- the layout by symbols ---- */

static const struct fake_field windows_7_software[] = {
    {"PageFileLow", 0, FAKE_BITS(1, 4)},
    {"Prototype", 0, FAKE_BITS(10, 1)},
    {"Transition", 0, FAKE_BITS(11, 1)},
    {"PageFileHigh", 4, FAKE_BITS(0, 32)},
    {NULL, 0, 0},
};
static const struct fake_field transition_36[] = {{"PageFrameNumber", 0, FAKE_BITS(12, 36)},
                                                  {NULL, 0, 0}};
static const struct fake_field new_prototype[] = {{"ProtoAddress", 0, FAKE_BITS(17, 47)},
                                                  {NULL, 0, 0}};

static enum kd_status learn(const struct fake_type *types, struct kdw_pte_layout *layout)
{
    static const struct fake_symbol none[] = {{NULL, 0}};
    struct fake_symbols symbols;

    fake_symbols_init(&symbols, types, none);
    return kdw_pte_layout_learn(&symbols.symbols, layout);
}

static void is_bits(struct kdw_pte_bits bits, unsigned position, unsigned length)
{
    assert_int_equal(bits.position, position);
    assert_int_equal(bits.length, length);
}

static void the_layout_of_an_old_kernel_is_learnt(void **state)
{
    static const struct fake_type types[] = {{"_MMPTE_SOFTWARE", 8, windows_7_software},
                                             {"_MMPTE_TRANSITION", 8, transition_36},
                                             {"_MMPTE_PROTOTYPE", 8, new_prototype},
                                             {NULL, 0, NULL}};
    struct kdw_pte_rules rules = kdw_pte_rules_default();
    struct kdw_pte pte;

    (void)state;
    assert_int_equal(learn(types, &rules.layout), KD_OK);
    is_bits(rules.layout.swizzle, 4, 0);
    is_bits(rules.layout.page_file_low, 1, 4);
    is_bits(rules.layout.page_file_high, 32, 32);
    is_bits(rules.layout.transition_pfn, 12, 36);
    is_bits(rules.layout.prototype_va, 17, 47);
    pte = kdw_pte_decode(&rules, 0x0000123400000086u);
    assert_int_equal(pte.kind, KDW_PTE_PAGE_FILE);
    assert_int_equal(pte.page_file, 3);
    assert_true(pte.page_file_page == 0x1234);
    /* Without a swizzle bit nothing is swizzled. */
    assert_int_equal(kdw_pte_decode(&rules, MASK | 0x80).kind, KDW_PTE_PAGE_FILE);
    assert_true(kdw_pte_decode(&rules, 0xF0000166B7880u).pa == 0x166B7000); /* bits 48 to 51 */
}

static void what_symbols_do_not_say_stays_as_it_was(void **state)
{
    static const struct fake_type transition_only[] = {{"_MMPTE_TRANSITION", 8, transition_36},
                                                       {NULL, 0, NULL}};
    static const struct fake_type unknown_fields[] = {{"_MMPTE_TRANSITION", 8, new_prototype},
                                                      {NULL, 0, NULL}};
    static const struct fake_type nothing[] = {{NULL, 0, NULL}};
    struct kdw_pte_layout layout = kdw_pte_rules_default().layout;

    (void)state;
    assert_int_equal(learn(transition_only, &layout), KD_OK);
    is_bits(layout.transition_pfn, 12, 36);
    is_bits(layout.swizzle, 4, 1);
    is_bits(layout.prototype_va, 16, 48);
    assert_int_equal(learn(unknown_fields, &layout), KD_OK);
    is_bits(layout.transition_pfn, 12, 36);
    assert_int_equal(learn(nothing, &layout), KD_ERR_NOT_FOUND);
    is_bits(layout.transition_pfn, 12, 36);
}

static void a_layout_that_no_entry_can_have_is_refused(void **state)
{
    static const struct fake_field lists[][2] = {
        {{"PageFrameNumber", 0, FAKE_BITS(30, 40)}, {NULL, 0, 0}}, /* beyond the entry */
        {{"PageFrameNumber", 4, FAKE_BITS(0, 33)}, {NULL, 0, 0}},
        {{"PageFrameNumber", 0, FAKE_BITS(12, 41)}, {NULL, 0, 0}}, /* no address is that long */
        {{"PageFrameNumber", 0, FAKE_BITS(12, 0)}, {NULL, 0, 0}},
        {{"PageFrameNumber", 0, FAKE_BITS(200, 8)}, {NULL, 0, 0}},
        {{"PageFrameNumber", 8, FAKE_BITS(0, 8)}, {NULL, 0, 0}},
        {{"PageFrameNumber", 0, FAKE_UINT(8)}, {NULL, 0, 0}},
    };
    struct kdw_pte_rules rules = kdw_pte_rules_default();

    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const struct fake_type types[] = {{"_MMPTE_TRANSITION", 8, lists[i]}, {NULL, 0, NULL}};

        assert_int_equal(learn(types, &rules.layout), KD_ERR_MALFORMED);
        is_bits(rules.layout.transition_pfn, 12, 40);
    }
    assert_true(kdw_pte_rules_are_sound(&rules));
    rules.layout.prototype.length = 0;
    assert_false(kdw_pte_rules_are_sound(&rules));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_present_entry_is_an_address_without_its_flags),
        cmocka_unit_test(nothing_is_nothing),
        cmocka_unit_test(a_transition_entry_has_its_frame),
        cmocka_unit_test(a_prototype_comes_before_a_transition),
        cmocka_unit_test(what_only_has_a_protection_is_demand_zero),
        cmocka_unit_test(all_ones_in_the_page_number_is_for_the_vad),
        cmocka_unit_test(high_ones_over_low_zeros_mark_a_file),
        cmocka_unit_test(a_page_file_has_a_number_and_a_page),
        cmocka_unit_test(a_known_mask_is_undone_where_the_swizzle_bit_is_clear),
        cmocka_unit_test(an_unknown_mask_is_tried_where_the_frame_is_too_high),
        cmocka_unit_test(of_a_prototype_that_may_be_swizzled_both_addresses_are_given),
        cmocka_unit_test(the_layout_of_an_old_kernel_is_learnt),
        cmocka_unit_test(what_symbols_do_not_say_stays_as_it_was),
        cmocka_unit_test(a_layout_that_no_entry_can_have_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
