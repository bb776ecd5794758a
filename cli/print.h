/* print.h - what the walker found, for people (print_text*.c) and for programs (print_json.c).
 *
 * Printers only format: everything was read before, and the target runs again while they write.
 * Addresses are strings in JSON, because its numbers end at 2^53. */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include "dt.h"
#include "memory_dump.h"

#include <walker/modules.h>
#include <walker/snapshot.h>
#include <walker/system.h>
#include <walker/target.h>

void print_text_system(const struct kdw_target *target, const struct kdw_system *system);
void print_text_modules(const struct kdw_module_list *modules);
void print_text_loggers(const struct kdw_snapshot *s, bool detailed);
void print_text_dt(const struct dt *dt);
void print_text_memory(const struct memory_dump *dump);

void print_json_system(const struct kdw_target *target, const struct kdw_system *system);
void print_json_modules(const struct kdw_module_list *modules);
void print_json_snapshot(const struct kdw_snapshot *s);
void print_json_dt(const struct dt *dt);
void print_json_memory(const struct memory_dump *dump);

#endif
