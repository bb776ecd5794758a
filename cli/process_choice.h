/* process_choice.h - one process, as people name it: its PID, its address, its name. */
#ifndef CLI_PROCESS_CHOICE_H
#define CLI_PROCESS_CHOICE_H

#include <kdproto/diag.h>
#include <walker/snapshot.h>

/* "716"; "0xffff9c8780082040"; "lsass.exe" in any case of letters, the file's whole name where the kernel keeps
 * but its beginning. Of several with one PID the one that lives. KD_ERR_NOT_FOUND: there is none, and diag
 * says so; KD_ERR_USAGE: several have that name, and diag has their PIDs. */
enum kd_status process_choice_find(const char *text, const struct kdw_snapshot *s,
                                   struct kd_diag *diag, uint64_t *process_va);

#endif
