#include <walker/pte.h>

#include <stddef.h>

static const uint64_t present = 1;
static const uint64_t frame_mask = 0x000FFFFFFFFFF000;
static const uint64_t usual_swizzle_mask = UINT64_C(1) << 45; /* on Intel's processors [doc] */
/* Of a mapped file, since 22621 [doc]; as a page number in a page file no machine has it. */
static const uint64_t file_mask = 0xFFFF80000000000F, file_marker = 0xFFFF800000000000;
enum {
    PAGE_SHIFT = 12,
    /* Where the machine's memory is not known: the frame that has the usual mask's bit, 32 TiB. */
    PFN_BITS = 45 - PAGE_SHIFT,
};

struct kdw_pte_rules kdw_pte_rules_default(void)
{
    /* Windows 10 has 36 bits of frame number, Windows 11 40; the four above are 0 in the former. */
    static const struct kdw_pte_rules rules = {.layout = {.swizzle = {4, 1},
                                                          .prototype = {10, 1},
                                                          .transition = {11, 1},
                                                          .transition_pfn = {12, 40},
                                                          .page_file_low = {12, 4},
                                                          .page_file_high = {32, 32},
                                                          .prototype_va = {16, 48}}};

    return rules;
}

static bool fits(struct kdw_pte_bits bits, unsigned longest)
{
    return bits.length >= 1 && bits.length <= longest && bits.position <= 64 - bits.length;
}

static bool layout_is_sound(const struct kdw_pte_layout *l)
{
    return (l->swizzle.length == 0 || fits(l->swizzle, 1)) && fits(l->prototype, 1) &&
           fits(l->transition, 1) && fits(l->transition_pfn, 40) && fits(l->page_file_low, 32) &&
           fits(l->page_file_high, 64) && fits(l->prototype_va, 64);
}

bool kdw_pte_rules_are_sound(const struct kdw_pte_rules *rules)
{
    return layout_is_sound(&rules->layout);
}

/* ---- the layout by symbols ---- */

struct source {
    const char *type, *field;
    size_t at; /* in struct kdw_pte_layout */
};

static enum kd_status learn_field(struct kdw_symbols *symbols, kdw_type_id type,
                                  const struct source *source, struct kdw_pte_layout *layout)
{
    struct kdw_pte_bits *bits = (struct kdw_pte_bits *)((char *)layout + source->at);
    struct kdw_field field = {0};
    struct kdw_type what = {0};
    enum kd_status st = kdw_type_field(symbols, type, source->field, &field);

    if (st == KD_ERR_NOT_FOUND && bits == &layout->swizzle) {
        bits->length = 0; /* an older kernel */
        return KD_OK;
    }
    if (st == KD_OK)
        st = kdw_type_describe(symbols, field.type, &what);
    if (st != KD_OK)
        return st == KD_ERR_NOT_FOUND ? KD_OK : st;
    if (what.kind != KDW_TYPE_BITFIELD || field.offset >= 8 || what.bit_position >= 64)
        return KD_ERR_MALFORMED;
    bits->position = (uint8_t)(8 * field.offset + what.bit_position);
    bits->length = what.bit_length;
    return KD_OK;
}

enum kd_status kdw_pte_layout_learn(struct kdw_symbols *symbols, struct kdw_pte_layout *layout)
{
    static const struct source sources[] = {
        {"_MMPTE_SOFTWARE", "SwizzleBit", offsetof(struct kdw_pte_layout, swizzle)},
        {"_MMPTE_SOFTWARE", "Prototype", offsetof(struct kdw_pte_layout, prototype)},
        {"_MMPTE_SOFTWARE", "Transition", offsetof(struct kdw_pte_layout, transition)},
        {"_MMPTE_SOFTWARE", "PageFileLow", offsetof(struct kdw_pte_layout, page_file_low)},
        {"_MMPTE_SOFTWARE", "PageFileHigh", offsetof(struct kdw_pte_layout, page_file_high)},
        {"_MMPTE_TRANSITION", "PageFrameNumber", offsetof(struct kdw_pte_layout, transition_pfn)},
        {"_MMPTE_PROTOTYPE", "ProtoAddress", offsetof(struct kdw_pte_layout, prototype_va)},
    };
    struct kdw_pte_layout learnt = *layout;
    bool is_any_known = false;

    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        kdw_type_id type = 0;
        enum kd_status st = kdw_type_by_name(symbols, sources[i].type, &type);

        if (st == KD_ERR_NOT_FOUND)
            continue;
        if (st == KD_OK)
            st = learn_field(symbols, type, &sources[i], &learnt);
        if (st != KD_OK)
            return st;
        is_any_known = true;
    }
    if (!is_any_known)
        return KD_ERR_NOT_FOUND;
    if (!layout_is_sound(&learnt))
        return KD_ERR_MALFORMED;
    *layout = learnt;
    return KD_OK;
}

/* ---- one entry ---- */

static uint64_t all_ones(unsigned length)
{
    return UINT64_MAX >> (64 - length);
}

static uint64_t take(uint64_t entry, struct kdw_pte_bits bits)
{
    return entry >> bits.position & all_ones(bits.length);
}

static bool may_be_swizzled(const struct kdw_pte_rules *rules, uint64_t entry)
{
    return rules->layout.swizzle.length != 0 && take(entry, rules->layout.swizzle) == 0;
}

/* The entry as it was before it was swizzled; without a mask as if by the usual one, where that may
 * have been. */
static uint64_t unswizzled(const struct kdw_pte_rules *rules, uint64_t entry)
{
    if (!may_be_swizzled(rules, entry))
        return entry;
    return rules->knows_swizzle_mask ? entry ^ rules->swizzle_mask : entry & ~usual_swizzle_mask;
}

static void decode_transition(const struct kdw_pte_rules *rules, uint64_t entry,
                              struct kdw_pte *pte)
{
    struct kdw_pte_bits bits = rules->layout.transition_pfn;
    uint64_t highest = rules->highest_pfn ? rules->highest_pfn : all_ones(PFN_BITS);
    uint64_t as_it_stands = take(entry, bits), plain = take(unswizzled(rules, entry), bits);
    uint64_t pfn = rules->knows_swizzle_mask ? plain : as_it_stands;

    if (pfn > highest) /* out of the machine: then it is to be read the other way */
        pfn = rules->knows_swizzle_mask ? as_it_stands : plain;
    pte->kind = KDW_PTE_TRANSITION;
    pte->pa = pfn << PAGE_SHIFT;
}

static uint64_t prototype_va(const struct kdw_pte_rules *rules, uint64_t entry)
{
    struct kdw_pte_bits bits = rules->layout.prototype_va;
    uint64_t va = take(entry, bits);
    uint64_t sign = UINT64_C(1) << (bits.length - 1);

    return (va ^ sign) - sign;
}

static void decode_prototype(const struct kdw_pte_rules *rules, uint64_t entry, struct kdw_pte *pte)
{
    uint64_t plain = unswizzled(rules, entry);

    pte->kind = KDW_PTE_PROTOTYPE;
    pte->prototype_va = prototype_va(rules, rules->knows_swizzle_mask ? plain : entry);
    if (!rules->knows_swizzle_mask && plain != entry)
        pte->unswizzled_va = prototype_va(rules, plain);
}

bool kdw_pte_leads_on(const struct kdw_pte *pte)
{
    return pte->kind == KDW_PTE_PRESENT || pte->kind == KDW_PTE_TRANSITION;
}

struct kdw_pte kdw_pte_decode(const struct kdw_pte_rules *rules, uint64_t entry)
{
    const struct kdw_pte_layout *l = &rules->layout;
    uint64_t plain = unswizzled(rules, entry);
    /* In the place of a page number, and so in that of a prototype's address. */
    bool is_lookup = take(entry, l->page_file_high) == all_ones(l->page_file_high.length);
    struct kdw_pte pte = {0};

    if (entry & present) {
        pte.pa = entry & frame_mask;
    } else if (entry == 0) {
        pte.kind = KDW_PTE_ZERO;
    } else if (take(entry, l->prototype)) {
        if (is_lookup)
            pte.kind = KDW_PTE_LOOKUP;
        else
            decode_prototype(rules, entry, &pte);
    } else if (take(entry, l->transition)) {
        decode_transition(rules, entry, &pte);
    } else if (take(plain, l->page_file_low) == 0 && take(plain, l->page_file_high) == 0) {
        pte.kind = KDW_PTE_DEMAND_ZERO;
    } else if (is_lookup) {
        pte.kind = KDW_PTE_LOOKUP;
    } else if ((entry & file_mask) == file_marker) {
        pte.kind = KDW_PTE_FILE;
    } else {
        pte.kind = KDW_PTE_PAGE_FILE;
        pte.page_file = (uint32_t)take(plain, l->page_file_low);
        pte.page_file_page = take(plain, l->page_file_high);
    }
    return pte;
}
