/* store_path.h - going down into folders of symbols, whatever the case of their names, and keeping
 * notes on the way. */
#ifndef WALKER_STORE_PATH_H
#define WALKER_STORE_PATH_H

#include "symbol_path.h"

#include <kdproto/diag.h>

enum { KDW_NOTES_MAX = 320 }; /* what goes beyond is cut: a kd_diag would not hold it either */

struct kdw_store_path { /* grows by whole components */
    char text[KDW_PLACE_MAX];
};

/* Go down to a component that exists: spelled as given or, where the file system tells cases apart
 * and the store's writer did not, spelled otherwise. False: it stays where it was. */
bool kdw_store_enter(struct kdw_store_path *p, const char *component);
bool kdw_store_has_file(const char *folder, const char *name);

/* Append to the notes, as far as there is room. */
void kdw_note(char notes[KDW_NOTES_MAX], const char *fmt, ...) KD_PRINTF(2, 3);
/* A place of a symbol path that is a folder and may be looked into; else a note on what is in the
 * way. */
bool kdw_place_is_open(const struct kdw_place *place, char notes[KDW_NOTES_MAX]);

#endif
