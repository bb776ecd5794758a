#include "map_pieces.h"

#include <string.h>

enum { NOTE_BITS = 10 };
_Static_assert(KDW_PIECE_NOTES == 1 << NOTE_BITS, "a note for each number of so many bits");

/* Its note, or the empty one that can become it: three in four are. */
static uint64_t *note_of(struct kdw_map_pieces *pieces, uint64_t number)
{
    size_t i = (size_t)((number * 0x9e3779b97f4a7c15u) >> (64 - NOTE_BITS));

    while (pieces->notes[i] != 0 && pieces->notes[i] != number + 1)
        i = (i + 1) % KDW_PIECE_NOTES;
    return &pieces->notes[i];
}

void kdw_map_touch(const struct kdw_map *m, struct kdw_map_pieces *pieces, uint64_t offset,
                   uint64_t *len)
{
    uint64_t number = offset / KDW_PIECE_LEN, at = number * KDW_PIECE_LEN;
    uint64_t rest = m->len - offset, to_end = KDW_PIECE_LEN - (offset - at);

    if (*note_of(pieces, number) == 0) {
        if (pieces->count == KDW_PIECES) {
            kdw_map_let_go(m);
            memset(pieces, 0, sizeof *pieces);
        }
        kdw_map_fetch(m, at, KDW_PIECE_LEN);
        *note_of(pieces, number) = number + 1;
        pieces->count++;
    }
    if (*len > rest)
        *len = rest;
    if (*len > to_end)
        *len = to_end;
}
