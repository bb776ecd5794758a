/* cpu_text.h - which protections the processors and the kernel below the processes have on. */
#ifndef CLI_CPU_TEXT_H
#define CLI_CPU_TEXT_H

#include "text.h"

#include <walker/layer_names.h>
#include <walker/snapshot.h>

/* "on", "off", "?", "-". */
const char *cpu_feature_state(const struct kdw_cpu *cpu, const struct kdw_cpu_feature *feature);
/* "on (KiKvaShadow 1)", "off (...)", "unknown: the symbols have no KiKvaShadow". */
void cpu_kva_shadow(struct text *t, const struct kdw_snapshot *s);
void cpu_vsm(struct text *t, const struct kdw_snapshot *s);

#endif
