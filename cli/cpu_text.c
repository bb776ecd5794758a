#include "cpu_text.h"

#include "facts.h"

#include <inttypes.h>
#include <string.h>

static const struct kdw_u64 *register_of(const struct kdw_cpu *cpu, enum kdw_cpu_register which)
{
    switch (which) {
    case KDW_CPU_CR0:
        return &cpu->cr0;
    case KDW_CPU_CR4:
        return &cpu->cr4;
    default:
        return &cpu->efer;
    }
}

const char *cpu_feature_state(const struct kdw_cpu *cpu, const struct kdw_cpu_feature *feature)
{
    const struct kdw_u64 *word = register_of(cpu, feature->in);

    if (word->status != KD_OK)
        return fact_unknown(word->status);
    return word->value >> feature->bit & 1 ? "on" : "off";
}

static const struct kdw_variable *find(const struct kdw_snapshot *s, const char *name)
{
    KDW_EACH(s, KDW_TABLE_VARIABLES, struct kdw_variable, v)
    if (v->name.status == KD_OK && strcmp(v->name.utf8, name) == 0)
        return v;
    return NULL;
}

static void add_variable(struct text *t, const struct kdw_snapshot *s, const char *name)
{
    const struct kdw_variable *v = find(s, name);

    if (!v || v->value.status == KD_ERR_NOT_FOUND)
        text_add(t, "unknown: the symbols have no %s", name);
    else if (v->value.status != KD_OK)
        text_add(t, "? (%s)", name);
    else
        text_add(t, "%s (%s is %" PRIu64 ")", v->value.value ? "on" : "off", name, v->value.value);
}

void cpu_kva_shadow(struct text *t, const struct kdw_snapshot *s)
{
    add_variable(t, s, "KiKvaShadow");
}

void cpu_vsm(struct text *t, const struct kdw_snapshot *s)
{
    add_variable(t, s, "VslVsmEnabled");
}
