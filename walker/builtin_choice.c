#include "builtin_choice.h"

#include "builtin_probe.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LANDMARKS_MIN = 2 }; /* a single address is shared by too many kernels to prove anything */

uint32_t kdw_builtin_rva(const struct kdw_builtin_kernel *k, size_t symbol)
{
    return kdw_builtin_rvas[(size_t)(k - kdw_builtin_kernels) * kdw_builtin_symbol_count + symbol];
}

/* ---- choosing ---- */

/* False: there was no room. */
static bool add(struct kdw_choice *c, const struct kdw_builtin_kernel *kernel,
                const struct kdw_builtin_revision *r, uint8_t layout)
{
    if (c->count == KDW_CANDIDATES_MAX)
        return false;
    c->candidates[c->count++] = (struct kdw_candidate){
        .kernel = kernel,
        .build = kernel ? kernel->build : r->build,
        .revision = kernel ? kernel->revision : r->revision,
        .layout = layout,
        .confidence = r ? (enum kdw_builtin_confidence)r->confidence : KDW_BUILTIN_EXACT,
    };
    return true;
}

static const struct kdw_builtin_kernel *kernel_of_pdb(const struct kdw_pdb_id *id)
{
    for (size_t i = 0; i < kdw_builtin_kernel_count; i++) {
        const struct kdw_builtin_kernel *k = &kdw_builtin_kernels[i];

        if (k->age == id->age && memcmp(k->guid, id->guid, sizeof k->guid) == 0)
            return k;
    }
    return NULL;
}

/* The same revision's addresses, unless its PDB is known to be another one than the target's. */
static const struct kdw_builtin_kernel *kernel_of_revision(const struct kdw_builtin_revision *r,
                                                           const struct kdw_pdb_id *id)
{
    for (size_t i = 0; i < kdw_builtin_kernel_count; i++) {
        const struct kdw_builtin_kernel *k = &kdw_builtin_kernels[i];

        if (k->build == r->build && k->revision == r->revision)
            return id ? NULL : k;
    }
    return NULL;
}

static bool choose_by_image(const struct kdw_kernel_facts *facts, struct kdw_choice *c)
{
    bool has_room = true;

    for (size_t i = 0; i < kdw_builtin_revision_count; i++) {
        const struct kdw_builtin_revision *r = &kdw_builtin_revisions[i];
        const struct kdw_builtin_kernel *k;

        if (r->timestamp != facts->timestamp || r->image_size != facts->image_size)
            continue;
        k = kernel_of_revision(r, facts->pdb_id);
        has_room = has_room && add(c, k, k ? NULL : r, k ? k->layout : r->layout);
        if (!k && r->other_layout != r->layout)
            has_room = has_room && add(c, k, r, r->other_layout);
    }
    return has_room && c->count > 0;
}

/* The address that a target names for one of the tables' symbols, if it does. */
static bool landmark_for(const struct kdw_kernel_facts *facts, size_t symbol, uint64_t *rva)
{
    const char *name = kdw_builtin_names + kdw_builtin_symbols[symbol];

    for (size_t i = 0; i < facts->landmark_count; i++) {
        if (strcmp(facts->landmarks[i].name, name) == 0) {
            *rva = facts->landmarks[i].rva;
            return true;
        }
    }
    return false;
}

static bool has_landmarks(const struct kdw_builtin_kernel *k, const struct kdw_kernel_facts *facts)
{
    size_t matches = 0;

    for (size_t i = 0; i < kdw_builtin_symbol_count; i++) {
        uint32_t own = kdw_builtin_rva(k, i);
        uint64_t said;

        if (own == 0 || !landmark_for(facts, i, &said))
            continue;
        if (own != said)
            return false;
        matches++;
    }
    return matches >= LANDMARKS_MIN;
}

static bool choose_by_landmarks(const struct kdw_kernel_facts *facts, struct kdw_choice *c)
{
    bool has_room = true;

    for (size_t i = 0; i < kdw_builtin_kernel_count; i++) {
        const struct kdw_builtin_kernel *k = &kdw_builtin_kernels[i];

        if (has_landmarks(k, facts))
            has_room = has_room && add(c, k, NULL, k->layout);
    }
    return has_room && c->count > 0;
}

/* An identity that none of the tables' kernels has leaves nothing to be guessed by addresses: it is
 * another one, however alike. */
bool kdw_builtin_choose(const struct kdw_kernel_facts *facts, struct kdw_choice *out)
{
    struct kdw_choice c = {.way = KDW_BY_PDB};
    const struct kdw_builtin_kernel *k = facts->pdb_id ? kernel_of_pdb(facts->pdb_id) : NULL;
    bool is_found;

    if (k) {
        is_found = add(&c, k, NULL, k->layout);
    } else if (facts->timestamp != 0 && facts->image_size != 0) {
        c.way = KDW_BY_IMAGE;
        is_found = choose_by_image(facts, &c);
    } else {
        c.way = KDW_BY_LANDMARKS;
        is_found = !facts->pdb_id && choose_by_landmarks(facts, &c);
    }
    if (is_found)
        *out = c;
    return is_found;
}

bool kdw_choice_is_guess(const struct kdw_choice *c)
{
    return c->way == KDW_BY_LANDMARKS || c->way == KDW_BY_STRUCTURES || c->has_found_addresses ||
           c->count > 1 || c->candidates[0].confidence != KDW_BUILTIN_EXACT;
}

/* ---- saying so ---- */

static void say(char text[KDW_CHOICE_TEXT_MAX], const char *fmt, ...) KD_PRINTF(2, 3);

static void say(char text[KDW_CHOICE_TEXT_MAX], const char *fmt, ...)
{
    size_t have = strlen(text);
    va_list ap;

    va_start(ap, fmt);
    /* NOLINTNEXTLINE(*valist*): it is initialised in the line before */
    vsnprintf(text + have, KDW_CHOICE_TEXT_MAX - have, fmt, ap);
    va_end(ap);
}

static bool is_named_before(const struct kdw_choice *c, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (c->candidates[k].build == c->candidates[i].build &&
            c->candidates[k].revision == c->candidates[i].revision)
            return true;
    return false;
}

static void say_versions(const struct kdw_choice *c, char text[KDW_CHOICE_TEXT_MAX])
{
    for (size_t i = 0; i < c->count; i++)
        if (!is_named_before(c, i))
            say(text, "%s10.0.%u.%u", i > 0 ? " or " : "", (unsigned)c->candidates[i].build,
                (unsigned)c->candidates[i].revision);
}

static void say_layouts(const struct kdw_choice *c, char text[KDW_CHOICE_TEXT_MAX])
{
    for (size_t i = 0; i < c->count; i++)
        say(text, "%s%s", i > 0 ? " or " : "",
            kdw_builtin_names + kdw_builtin_layouts[c->candidates[i].layout].name);
}

static void say_structures(const struct kdw_choice *c, char text[KDW_CHOICE_TEXT_MAX])
{
    const char *comma = "";

    for (unsigned bit = 1; bit <= c->seen; bit <<= 1) {
        if (c->seen & bit) {
            say(text, "%s%s", comma, kdw_probe_structure_text((enum kdw_probe_structure)bit));
            comma = ", ";
        }
    }
}

static void say_landmarks(const struct kdw_kernel_facts *facts, char text[KDW_CHOICE_TEXT_MAX])
{
    size_t said = 0;
    uint64_t rva;

    for (size_t i = 0; i < kdw_builtin_symbol_count; i++)
        if (landmark_for(facts, i, &rva))
            say(text, "%s%s", said++ > 0 ? ", " : "", kdw_builtin_names + kdw_builtin_symbols[i]);
}

static const char *say_of(enum kdw_builtin_confidence confidence)
{
    switch (confidence) {
    case KDW_BUILTIN_EXACT:
        return "";
    case KDW_BUILTIN_BETWEEN:
        return "; types as in the revisions before and after it";
    case KDW_BUILTIN_NEAREST:
        return "; types guessed from the nearest revision known";
    case KDW_BUILTIN_EITHER:
        return "; types those on which the revisions before and after it agree";
    }
    return "";
}

void kdw_choice_text(const struct kdw_choice *c, const struct kdw_kernel_facts *facts,
                     char text[KDW_CHOICE_TEXT_MAX])
{
    text[0] = '\0';
    switch (c->way) {
    case KDW_BY_PDB:
        say_versions(c, text);
        say(text, ", by the identity of its PDB");
        break;
    case KDW_BY_IMAGE:
        say_versions(c, text);
        say(text, ", by time stamp and size of its image");
        break;
    case KDW_BY_LANDMARKS:
        say_versions(c, text);
        say(text, ", guessed by the addresses of ");
        say_landmarks(facts, text);
        break;
    case KDW_BY_STRUCTURES:
        say_layouts(c, text);
        say(text, ", guessed by structures in memory: ");
        say_structures(c, text);
        break;
    }
    if (c->count > 1 && (c->way == KDW_BY_STRUCTURES || !is_named_before(c, 1)))
        say(text, "; only what they agree on");
    say(text, "%s", say_of(c->candidates[0].confidence));
    if (c->way == KDW_BY_IMAGE && !c->candidates[0].kernel)
        say(text, c->has_found_addresses ? "; addresses found in memory" : "; no addresses");
}
