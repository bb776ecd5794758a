/* hostile_mutate.h - what somebody hostile does to a kernel's memory: one to two hundred mutations, from a seed.
 *
 * Most hit bytes that a walk needs, which the lab tells (kdlab truth --needs): elsewhere nobody would notice. What
 * they write is what hurts: single bits, pointers in circles and to nowhere, swapped and doubled structures, huge
 * counts and lengths, texts that terminals obey, noise, missing pages.
 *
 * Lifetime  The places are found once for a machine, and then only read. */
#ifndef HOSTILE_MUTATE_H
#define HOSTILE_MUTATE_H

#include "hostile_memory.h"

struct hostile_range {
    uint64_t va, len;
};

struct hostile_places {
    struct hostile_range *needed; /* in order */
    size_t needed_len;
    uint64_t kernel_va; /* the image: where a pointer would do most harm */
    uint64_t doors[32]; /* variables that all the rest is found by */
    size_t doors_len;
    uint64_t codes[128]; /* what says of tables of handles where they are, and how deep */
    size_t codes_len;
};

/* The machine was to tell (lab_machine_options). False: it cannot be told. */
bool hostile_places_find(struct lab_machine *machine, struct hostile_places *out);
void hostile_places_free(struct hostile_places *places);

/* Returns how many mutations; the same seed makes the same ones. */
unsigned hostile_mutate(struct hostile_memory *m, const struct hostile_places *places,
                        uint64_t seed);

#endif
