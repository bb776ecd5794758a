/* walk_names.h - the names of all that a walk may ask a kernel's symbols for.
 *
 * They are those of the built-in tables, which were made of what the walker looks at, and what lies
 * beyond them because it is of use in dumps alone. Whoever makes symbols for the walker out of
 * others takes these. */
#ifndef WALKER_WALK_NAMES_H
#define WALKER_WALK_NAMES_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Return false to stop. Names are in static storage. */
typedef bool kdw_name_visit(void *ctx, const char *name);

/* Structures, unions and enumerations, each once: "_ETW_SILODRIVERSTATE". */
void kdw_walk_each_type_name(kdw_name_visit *visit, void *ctx);
/* Variables: "PspHostSiloGlobals". */
void kdw_walk_each_symbol_name(kdw_name_visit *visit, void *ctx);

#ifdef __cplusplus
}
#endif
#endif
