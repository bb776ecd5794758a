#include "cpu_text.h"

#include "facts.h"

#include <inttypes.h>

static const struct kdw_u64 *register_of(const struct kdw_cpu *cpu, enum kdw_cpu_register which)
{
    switch (which) {
    case KDW_CPU_CR0:
        return &cpu->cr0;
    case KDW_CPU_CR4:
        return &cpu->cr4;
    default:
        return &cpu->nx;
    }
}

const char *cpu_feature_state(const struct kdw_cpu *cpu, const struct kdw_cpu_feature *feature)
{
    const struct kdw_u64 *word = register_of(cpu, feature->in);

    if (word->status != KD_OK)
        return fact_unknown(word->status);
    return word->value >> feature->bit & 1 ? "on" : "off";
}

/* All processors have the same. */
static const struct kdw_cpu *first(const struct kdw_snapshot *s)
{
    return s->tables[KDW_TABLE_CPUS].len ? s->tables[KDW_TABLE_CPUS].records : NULL;
}

static void add_variable(struct text *t, const char *name, const struct kdw_u64 *value)
{
    if (!value || value->status == KD_ERR_NOT_FOUND)
        text_add(t, "unknown: the symbols have no %s", name);
    else if (value->status != KD_OK)
        text_add(t, "? (%s)", name);
    else
        text_add(t, "%s (%s is %" PRIu64 ")", value->value ? "on" : "off", name, value->value);
}

void cpu_kva_shadow(struct text *t, const struct kdw_snapshot *s)
{
    const struct kdw_cpu *cpu = first(s);

    add_variable(t, "KiKvaShadow", cpu ? &cpu->kva_shadow : NULL);
}

void cpu_vsm(struct text *t, const struct kdw_snapshot *s)
{
    const struct kdw_cpu *cpu = first(s);

    add_variable(t, "VslVsmEnabled", cpu ? &cpu->vsm_enabled : NULL);
}
