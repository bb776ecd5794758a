#include "map_pieces.h"

enum { PLACE_BITS = 7 };
_Static_assert(KDW_PIECES == 1 << PLACE_BITS, "a place for each number of so many bits");

/* Neighbours get different places, and so do pieces at equal distances. */
static uint64_t *place_of(struct kdw_map_pieces *pieces, uint64_t number)
{
    return &pieces->held[(number * 0x9e3779b97f4a7c15u) >> (64 - PLACE_BITS)];
}

void kdw_map_touch(const struct kdw_map *m, struct kdw_map_pieces *pieces, uint64_t offset,
                   uint64_t *len)
{
    uint64_t number = offset / KDW_PIECE_LEN, at = number * KDW_PIECE_LEN;
    uint64_t rest = m->len - offset, to_end = KDW_PIECE_LEN - (offset - at);
    uint64_t *place = place_of(pieces, number);

    if (*place != number + 1) {
        if (*place != 0)
            kdw_map_let_go(m, (*place - 1) * KDW_PIECE_LEN, KDW_PIECE_LEN);
        kdw_map_fetch(m, at, KDW_PIECE_LEN);
        *place = number + 1;
    }
    if (*len > rest)
        *len = rest;
    if (*len > to_end)
        *len = to_end;
}
