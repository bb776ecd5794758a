#include "process_text.h"

#include "facts.h"

#include <walker/layer_names.h>

void process_protection(struct text *t, const struct kdw_process *p)
{
    char name[KDW_PROTECTION_TEXT];

    if (p->protection.status == KD_OK)
        text_add(t, "%s", kdw_protection_text(p->protection.value, name));
    else
        text_add(t, "%s", fact_unknown(p->protection.status));
}

void process_integrity(struct text *t, const struct kdw_process *p)
{
    bool has_token = p->token_va.status == KD_OK && p->token_va.value != 0;

    if (p->integrity.status == KD_ERR_NOT_FOUND && has_token)
        text_add(t, "no label");
    else
        fact_name(t, &p->integrity, kdw_integrity_name);
}

static void add_words(struct text *t, const struct kdw_process *p,
                      const char *(*name_of)(unsigned word, unsigned bit))
{
    const struct kdw_u64 *words[] = {&p->mitigation_flags, &p->mitigation_flags2};
    const char *separator = "";

    for (unsigned word = 0; word < 2; word++) {
        if (words[word]->status != KD_OK && words[word]->status != KD_ERR_NOT_FOUND) {
            text_add(t, "%s?", separator);
            separator = ", ";
        }
        for (unsigned bit = 0; bit < 32 && words[word]->status == KD_OK; bit++) {
            const char *name = words[word]->value >> bit & 1 ? name_of(word, bit) : NULL;

            if (!name)
                continue;
            text_add(t, "%s%s", separator, name);
            separator = ", ";
        }
    }
    if (!separator[0])
        text_add(t, "-");
}

void process_restrictions(struct text *t, const struct kdw_process *p)
{
    add_words(t, p, kdw_restriction_name);
}

void process_mitigations(struct text *t, const struct kdw_process *p)
{
    add_words(t, p, kdw_mitigation_name);
}

bool process_is_contained(const struct kdw_process *p)
{
    return p->package.status == KD_OK && p->package.utf8[0];
}

bool process_has_exited(const struct kdw_process *p)
{
    return p->exited_100ns.status == KD_OK && p->exited_100ns.value != 0;
}
