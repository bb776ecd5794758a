/* map.h - a file as bytes, mapped read-only.
 *
 * Lifetime  From _open to _close; the bytes go away with the map. The file may be replaced by
 *           rename meanwhile, as stores do. Nobody may cut it short: the system would end us, and
 *           leave a target halted that is. Copying every PDB would guard against that, for ten
 *           times the memory and a start slower than the whole walk; it was not thought worth it.
 * Errors    KD_ERR_NOT_FOUND (no such file), KD_ERR_IO (cannot be opened or mapped, or is no
 *           regular file); diag says which file and why. An empty file is {NULL, 0}. */
#ifndef WALKER_MAP_H
#define WALKER_MAP_H

#include <kdproto/diag.h>

#include <stddef.h>
#include <stdint.h>

struct kdw_map {
    const uint8_t *data;
    size_t len;
};

enum kd_status kdw_map_open(const char *path, struct kd_diag *diag, struct kdw_map *out);
void kdw_map_close(struct kdw_map *m); /* leaves {NULL, 0}, which may be closed again */

/* Advice to the system, which may be without effect. */
void kdw_map_read_nothing_ahead(const struct kdw_map *m); /* fetch what is asked for alone */
/* Soon to be read. at is a multiple of 64 KiB; what lies behind the end does no harm. */
void kdw_map_fetch(const struct kdw_map *m, uint64_t at, uint64_t len);
void kdw_map_let_go(const struct kdw_map *m); /* none of it is read soon again */

#endif
