/* process_text.h - how a process is protected and restricted, in words. */
#ifndef CLI_PROCESS_TEXT_H
#define CLI_PROCESS_TEXT_H

#include "text.h"

#include <walker/snapshot.h>

void process_protection(struct text *t, const struct kdw_process *p); /* "Lsa-Light" */
/* "system"; "no label": a token without one is treated as medium [doc]. */
void process_integrity(struct text *t, const struct kdw_process *p);
/* What it is kept from by its mitigations, in people's words; "-": nothing. */
void process_restrictions(struct text *t, const struct kdw_process *p);
/* All its mitigations, as the kernel calls them. */
void process_mitigations(struct text *t, const struct kdw_process *p);
/* Is it in an AppContainer? Whose token cannot be read may be in one. */
bool process_is_contained(const struct kdw_process *p);
bool process_has_exited(const struct kdw_process *p);

#endif
