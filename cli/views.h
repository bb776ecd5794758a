/* views.h - what each command of the walk prints: functions of a snapshot, one file each (view_*.c).
 *
 * A plain view has one line for each thing, of at most 100 columns; a verbose one adds lines below it and cuts
 * nothing. Texts of the target are escaped. */
#ifndef CLI_VIEWS_H
#define CLI_VIEWS_H

#include "provider_names.h"

#include <walker/snapshot.h>

void view_silos(const struct kdw_snapshot *s, bool is_verbose);
void view_jobs(const struct kdw_snapshot *s, bool is_verbose, bool is_tree);
void view_sessions(const struct kdw_snapshot *s, bool is_verbose);
void view_processes(const struct kdw_snapshot *s, bool is_verbose, bool is_tree);
void view_cpus(const struct kdw_snapshot *s, bool is_verbose);
/* Details: what each is enabled for, and who has registered it. */
void view_providers(const struct kdw_snapshot *s, const struct provider_names *names,
                    bool is_verbose, bool has_details);
/* The process at va, through all layers, and who logs it. */
void view_layers(const struct kdw_snapshot *s, const struct provider_names *names, bool is_verbose,
                 uint64_t process_va);

#endif
