/* nt_provider.c - providers of one kernel, what enables them, and who has registered them. */
#include "nt_parts.h"

#define ENTRY(field) offsetof(struct _ETW_GUID_ENTRY, field)

void nt_tell_enable(const struct lab_machine *m, uint64_t entry, unsigned slot,
                    const struct _TRACE_ENABLE_INFO *info)
{
    struct truth *t = m->truth;

    tell(t, TRUTH_ENABLES, entry + ENTRY(EnableInfo) + slot * sizeof(*info));
    tell_word(t, "provider", entry);
    tell_number(t, "slot", slot);
    tell_number(t, "enabled", info->IsEnabled);
    tell_number(t, "level", info->Level);
    tell_number(t, "logger_id", info->LoggerId);
    tell_word(t, "property", info->EnableProperty);
    tell_word(t, "any_keyword", info->MatchAnyKeyword);
    tell_word(t, "all_keyword", info->MatchAllKeyword);
}
