#include "hostile_mutate.h"

#include "random.h"
#include "truth.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MUTATIONS_MAX = 200,
    HOPS_MAX = 8, /* along a list, before it is led back */
    NOISE_MAX = 512,
    FARM_PAGES = 4, /* of one kind of text */
};

/* Pages of the hostile kernel's own, where no machine of the lab has any. */
#define FARMS       UINT64_C(0xffffdead00000000)
#define DIRECTORIES UINT64_C(0xffffdead10000000)

struct mutator {
    struct hostile_memory *m;
    const struct hostile_places *places;
    uint64_t random;
};

static uint64_t below(struct mutator *t, uint64_t bound)
{
    return lab_random(&t->random) % bound;
}

/* ---- places ---- */

static bool read_needs(FILE *f, struct hostile_places *out)
{
    size_t room = 0;
    struct hostile_range r;

    while (fscanf(f, "%" SCNx64 " %" SCNu64, &r.va, &r.len) == 2) {
        if (out->needed_len == room) {
            struct hostile_range *more;

            room = room ? 2 * room : 4096;
            more = realloc(out->needed, room * sizeof *more);
            if (!more)
                return false;
            out->needed = more;
        }
        out->needed[out->needed_len++] = r;
    }
    return out->needed_len > 0;
}

bool hostile_places_find(struct lab_machine *machine, struct hostile_places *out)
{
    FILE *f = tmpfile();
    bool ok = f && lab_machine_truth(machine);

    *out = (struct hostile_places){.kernel_va = lab_machine_info(machine)->kernel_base};
    if (ok) {
        truth_print_needs(lab_machine_truth(machine), f);
        rewind(f);
        ok = read_needs(f, out);
    }
    if (f)
        fclose(f);
    return ok;
}

void hostile_places_free(struct hostile_places *places)
{
    free(places->needed);
    places->needed = NULL;
}

/* Any needed byte: by range, so that small structures get their share, or by page of a large one. */
static uint64_t any_place(struct mutator *t)
{
    const struct hostile_range *r = &t->places->needed[below(t, t->places->needed_len)];

    if (t->places->doors_len && below(t, 50) == 0)
        return t->places->doors[below(t, t->places->doors_len)];
    return r->va + below(t, r->len);
}

/* A needed word. */
static uint64_t any_word(struct mutator *t)
{
    return any_place(t) & ~UINT64_C(7);
}

static bool is_pointer(uint64_t value)
{
    return value >> 47 == 0x1ffff && value != UINT64_MAX;
}

/* A needed word that leads somewhere, where there is one nearby; else any. */
static uint64_t any_pointer(struct mutator *t)
{
    uint64_t va = any_word(t), value = 0;

    for (unsigned i = 0; i < 16; i++)
        if (hostile_memory_u64(t->m, va + 8u * i, &value) && is_pointer(value))
            return va + 8u * i;
    return va;
}

/* ---- pointers ---- */

static uint64_t wild_pointer(struct mutator *t)
{
    uint64_t structure = any_place(t);

    switch (below(t, 12)) {
    case 0:
        return 0;
    case 1:
        return 1 + below(t, 4096);
    case 2:
        return lab_random(&t->random) & UINT64_C(0x7fffffffffff); /* user space */
    case 3:
        return lab_random(&t->random); /* most likely not canonical */
    case 4:
        return UINT64_MAX - below(t, 64);
    case 5:
        return t->places->kernel_va + below(t, 1 << 20);
    case 6:
        return structure | (HOSTILE_PAGE - 1 - below(t, 16)); /* the last bytes of a page */
    case 7:
        return structure + below(t, 64); /* not aligned, in the middle */
    case 8:
        return UINT64_C(0xffff800000000000) | (lab_random(&t->random) >> 17);
    case 9:
        return FARMS + below(t, 1 << 16);
    default:
        return structure & ~UINT64_C(7);
    }
}

static void set_wild(struct mutator *t)
{
    hostile_memory_write_u64(t->m, any_pointer(t), wild_pointer(t));
}

/* A list that leads back to where it was, or in a direction that nobody expects. */
static void set_loop(struct mutator *t)
{
    uint64_t first = any_pointer(t), last = first, next;
    uint64_t hops = below(t, HOPS_MAX);

    for (uint64_t i = 0; i < hops; i++)
        if (hostile_memory_u64(t->m, last, &next) && is_pointer(next))
            last = next;
    switch (below(t, 4)) {
    case 0:
        hostile_memory_write_u64(t->m, last, last);
        break;
    case 1:
        hostile_memory_write_u64(t->m, last + 8, first); /* the back link */
        break;
    case 2: /* a ring that is whole in itself */
        hostile_memory_write_u64(t->m, last, first);
        hostile_memory_write_u64(t->m, first + 8, last);
        break;
    default:
        hostile_memory_write_u64(t->m, last, first);
    }
}

static void swap_pointers(struct mutator *t)
{
    uint64_t a = any_pointer(t), b = any_pointer(t), of_a, of_b;

    if (!hostile_memory_u64(t->m, a, &of_a) || !hostile_memory_u64(t->m, b, &of_b))
        return;
    hostile_memory_write_u64(t->m, a, of_b);
    hostile_memory_write_u64(t->m, b, of_a);
}

/* ---- numbers and bits ---- */

static void flip_bits(struct mutator *t)
{
    uint64_t va = any_word(t), value;
    uint64_t bits = 1 + below(t, 3);

    if (!hostile_memory_u64(t->m, va, &value))
        return;
    for (uint64_t i = 0; i < bits; i++)
        value ^= UINT64_C(1) << below(t, 64);
    hostile_memory_write_u64(t->m, va, value);
}

static void set_huge(struct mutator *t)
{
    static const uint64_t values[] = {
        0,          1,
        0x7f,       0x80,
        0xff,       0x100,
        0x7fff,     0x8000,
        0xfffe,     0xffff,
        0x10000,    0x100000,
        0x7fffffff, 0x80000000,
        0xffffffff, 0x100000000 /* more */,
        INT64_MAX,  UINT64_C(1) << 63,
        UINT64_MAX,
    };
    static const size_t lens[] = {1, 2, 4, 8};
    uint64_t value = values[below(t, sizeof values / sizeof values[0])];
    size_t len = lens[below(t, 4)];
    uint64_t va = any_place(t) & ~(uint64_t)(len - 1);
    uint8_t bytes[8];

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
    hostile_memory_write(t->m, va, bytes, len);
}

/* ---- texts ---- */

/* What terminals obey, what is no character, what has no width, what turns lines around. */
static uint16_t bad_unit(struct mutator *t, uint64_t kind)
{
    static const uint16_t turns[] = {0x200e, 0x2028, 0x202e, 0x2066,
                                     0x2069, 0x061c, 0xfeff, 0x00ad};

    switch (kind) {
    case 0:
        return (uint16_t)below(t, 0x20);
    case 1:
        return (uint16_t)(0x7f + below(t, 0x21)); /* DEL, C1 */
    case 2:
        return (uint16_t)(0xd800 + below(t, 0x800)); /* surrogates, few of them paired */
    case 3:
        return (uint16_t)(0x300 + below(t, 0x70)); /* combining marks */
    case 4:
        return turns[below(t, sizeof turns / sizeof turns[0])];
    case 5:
        return 0x1b; /* and nothing else */
    case 6:
        return below(t, 2) ? '"' : '\\';
    default:
        return (uint16_t)lab_random(&t->random);
    }
}

static void fill_bad_text(struct mutator *t, uint64_t va, size_t units)
{
    uint64_t kind = below(t, 8);

    for (size_t i = 0; i < units; i++) {
        uint16_t unit = bad_unit(t, kind);
        const uint8_t bytes[2] = {(uint8_t)unit, (uint8_t)(unit >> 8)};

        hostile_memory_write(t->m, va + 2 * i, bytes, 2);
    }
}

/* A _UNICODE_STRING in needed bytes: two lengths that fit each other, and a pointer behind. 0: none near. */
static uint64_t any_string(struct mutator *t)
{
    for (unsigned tries = 0; tries < 32; tries++) {
        uint64_t va = any_word(t), lengths, buffer;

        for (unsigned i = 0; i < 8; i++, va += 8) {
            if (!hostile_memory_u64(t->m, va, &lengths) ||
                !hostile_memory_u64(t->m, va + 8, &buffer))
                break;
            if ((lengths & 0xffff) && (lengths & 0xffff) <= (lengths >> 16 & 0xffff) &&
                (lengths & 0xffff) < 0x1000 && is_pointer(buffer))
                return va;
        }
    }
    return 0;
}

/* One that is longer than anybody expects, in pages of its own. */
static void lead_to_farm(struct mutator *t, uint64_t string_va)
{
    uint64_t farm = FARMS + below(t, 8) * FARM_PAGES * HOSTILE_PAGE;
    uint64_t length = below(t, 2) ? 8192 - below(t, 64) : below(t, 0x10000);

    for (unsigned i = 0; i < FARM_PAGES; i++)
        hostile_memory_make(t->m, farm + (uint64_t)i * HOSTILE_PAGE);
    fill_bad_text(t, farm, FARM_PAGES * HOSTILE_PAGE / 2);
    hostile_memory_write_u64(t->m, string_va, length | UINT64_C(0xffff) << 16);
    hostile_memory_write_u64(t->m, string_va + 8, farm + below(t, 3));
}

static void set_text(struct mutator *t)
{
    uint64_t va = any_string(t), lengths, buffer;

    if (va == 0)
        return;
    if (below(t, 2)) {
        lead_to_farm(t, va);
        return;
    }
    if (!hostile_memory_u64(t->m, va, &lengths) || !hostile_memory_u64(t->m, va + 8, &buffer))
        return;
    fill_bad_text(t, buffer, (size_t)(lengths & 0xffff) / 2);
}

/* ---- whole pieces ---- */

/* A table of handles that has no end: pages of pointers to any page, to one and the same, to themselves. Rare, for
 * all that may be looked at is. */
static void set_directory(struct mutator *t)
{
    uint64_t page = DIRECTORIES + below(t, 4) * HOSTILE_PAGE, kind = below(t, 3), code_va, code;

    if (t->places->codes_len == 0 || below(t, 4))
        return;
    code_va = t->places->codes[below(t, t->places->codes_len)];
    if (!hostile_memory_u64(t->m, code_va, &code))
        return;
    hostile_memory_make(t->m, page);
    for (uint64_t i = 0; i < HOSTILE_PAGE; i += 8) {
        uint64_t to = kind == 0   ? any_place(t) & ~(uint64_t)(HOSTILE_PAGE - 1)
                      : kind == 1 ? code & ~UINT64_C(7)
                                  : page;

        hostile_memory_write_u64(t->m, page + i, to);
    }
    hostile_memory_write_u64(t->m, code_va, page | (1 + below(t, 3)));
}

static void write_noise(struct mutator *t)
{
    uint8_t bytes[NOISE_MAX];
    size_t len = (size_t)(1 + below(t, sizeof bytes));
    uint64_t kind = below(t, 4);

    for (size_t i = 0; i < len; i++)
        bytes[i] = kind == 0 ? 0 : kind == 1 ? 0xff : (uint8_t)lab_random(&t->random);
    hostile_memory_write(t->m, any_place(t), bytes, len);
}

/* One structure over another. */
static void copy_piece(struct mutator *t)
{
    uint64_t from = any_word(t), to = any_word(t), words = 1 + below(t, NOISE_MAX / 8), value;

    for (uint64_t i = 0; i < words; i++)
        if (hostile_memory_u64(t->m, from + 8 * i, &value))
            hostile_memory_write_u64(t->m, to + 8 * i, value);
}

static void take_page(struct mutator *t)
{
    static const enum kd_status whys[] = {KD_ERR_NOT_MAPPED, KD_ERR_PAGED_OUT, KD_ERR_BAD_TABLES,
                                          KD_ERR_NOT_IN_DUMP, KD_ERR_NOT_MEMORY};

    hostile_memory_remove(t->m, any_place(t), whys[below(t, sizeof whys / sizeof whys[0])]);
}

/* ---- all of them ---- */

unsigned hostile_mutate(struct hostile_memory *m, const struct hostile_places *places,
                        uint64_t seed)
{
    static void (*const ways[])(struct mutator * t) = {
        flip_bits, flip_bits, set_wild, set_wild,    set_loop,   set_loop,  swap_pointers,
        set_huge,  set_huge,  set_text, write_noise, copy_piece, take_page, set_directory,
    };
    struct mutator t = {m, places, seed};
    uint64_t most = below(&t, 4) ? 8 : MUTATIONS_MAX;
    unsigned count = 1 + (unsigned)below(&t, most);

    for (unsigned i = 0; i < count; i++)
        ways[below(&t, sizeof ways / sizeof ways[0])](&t);
    return count;
}
