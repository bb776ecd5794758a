/* map_pieces.h - a mapped file that may be larger than memory: how much of it is held there.
 *
 * A dump is read in two ways, a few pages here and there, or from end to end in search of something.
 * The system guesses what comes next: it may fetch megabytes around each page of the first kind, and
 * keeps all that the second passes by, gigabytes. So the file is read in pieces, each fetched as a whole
 * when it is touched; when there are KDW_PIECES of them, 16 MiB, all are let go and it begins anew.
 *
 * All of it is advice to the system. The bytes are there at any time, touched or not. */
#ifndef WALKER_MAP_PIECES_H
#define WALKER_MAP_PIECES_H

#include "map.h"

enum {
    KDW_PIECE_LEN = 64 << 10, /* what Linux maps at a time of what it has already [doc] */
    KDW_PIECES = 256,
    KDW_PIECE_NOTES = 1024, /* a power of two; far more, so that looking one up is quick */
};

struct kdw_map_pieces { /* zeroed: nothing is held */
    size_t count;
    uint64_t notes[KDW_PIECE_NOTES]; /* a hash table: numbers of pieces + 1 */
};

/* The bytes from offset on, which is inside the file, will be read: as many as *len, which is cut at the
 * end of their piece and of the file. */
void kdw_map_touch(const struct kdw_map *m, struct kdw_map_pieces *pieces, uint64_t offset,
                   uint64_t *len);

#endif
