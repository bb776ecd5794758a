/* nt_token.c - the token of one process: who runs it, and how far its word is trusted. */
#include "nt_parts.h"

#define TOKEN(field) offsetof(struct _TOKEN, field)

/* Attributes of groups [doc]. */
#define ENABLED   0x7u  /* mandatory, by default, now */
#define INTEGRITY 0x60u /* says how far, and is in force */

static const struct cast_sid everyone = {1, 1, {0}}, users = {5, 2, {32, 545}},
                             administrators = {5, 2, {32, 544}};

static size_t put_sid(struct lab_machine *m, uint64_t va, const struct cast_sid *s)
{
    uint8_t sid[8 + 4 * 11] = {1, s->count};

    sid[7] = s->authority;
    for (uint8_t i = 0; i < s->count; i++)
        memcpy(sid + 8 + 4 * i, &s->sub[i], 4);
    put(m, va, sid, 8 + 4u * s->count);
    return 8 + 4u * s->count;
}

static uint64_t new_sid(struct lab_machine *m, const struct cast_sid *s)
{
    uint64_t va;

    if (s->count == 0)
        return 0;
    va = pool_alloc(m, 8 + 4u * s->count, "Sesi");
    put_sid(m, va, s);
    return va;
}

/* User, groups and, last, the label: an array and behind it the SIDs, in the token's own allocation. */
static uint32_t groups(struct lab_machine *m, const struct cast_token *t, uint64_t array)
{
    const struct cast_sid label = {16, 1, {t->integrity}};
    const struct cast_sid *all[5] = {&t->user, &everyone, &users};
    uint32_t count = 3;
    uint64_t sid;

    if (t->integrity != CAST_NO_LABEL && t->integrity >= 0x3000)
        all[count++] = &administrators;
    if (t->integrity != CAST_NO_LABEL)
        all[count++] = &label;
    sid = array + count * sizeof(struct _SID_AND_ATTRIBUTES);
    for (uint32_t i = 0; i < count; i++) {
        struct _SID_AND_ATTRIBUTES entry = {target_pointer(sid), i == 0 ? 0 : ENABLED};

        if (all[i] == &label)
            entry.Attributes = INTEGRITY;
        put(m, array + i * sizeof(entry), &entry, sizeof(entry));
        sid += put_sid(m, sid, all[i]);
    }
    return count;
}

static uint64_t capabilities(struct lab_machine *m, uint32_t count)
{
    uint64_t array = pool_alloc(m, count * sizeof(struct _SID_AND_ATTRIBUTES), "Seca");

    for (uint32_t i = 0; i < count; i++) {
        const struct cast_sid sid = {15, 2, {3, i + 1}};
        struct _SID_AND_ATTRIBUTES entry = {target_pointer(new_sid(m, &sid)), 4};

        put(m, array + i * sizeof(entry), &entry, sizeof(entry));
    }
    return array;
}

void nt_token(struct lab_machine *m, struct cast_process *p)
{
    struct cast_token *t = &p->token;
    uint64_t variable = TOKEN(VariablePart);
    struct _TOKEN token = {0};

    t->va = nt_object(m, sizeof(token) + 0x120, INDEX_TOKEN, "Toke");
    memcpy(token.TokenSource.SourceName, "User32 ", 8);
    token.TokenId.LowPart = 0x1000 + p->pid * 3;
    token.AuthenticationId.LowPart = t->user.count == 1 && t->user.sub[0] == 18 ? 0x3e7 : 0x2f1a4;
    token.ModifiedId.LowPart = token.TokenId.LowPart + 1;
    token.Privileges.Present = t->integrity >= 0x3000 ? 0x1ff2ffffbc : 0x602880000;
    token.Privileges.Enabled = token.Privileges.EnabledByDefault = 0x800000;
    token.SessionId = p->session == NOBODY ? 0 : m->cast->sessions[p->session].id;
    token.TokenType = TokenPrimary;
    token.TokenFlags = t->flags;
    token.TokenInUse = p->exited == 0;
    token.MandatoryPolicy = t->policy;
    token.UserAndGroups = target_pointer(t->va + variable);
    token.UserAndGroupCount = groups(m, t, t->va + variable);
    token.IntegrityLevelIndex =
        t->integrity == CAST_NO_LABEL ? 0xffffffff : token.UserAndGroupCount - 1;
    token.Package = target_pointer(new_sid(m, &t->package));
    token.TrustLevelSid = target_pointer(new_sid(m, &t->trust));
    token.CapabilityCount = t->capabilities;
    if (t->capabilities)
        token.Capabilities = target_pointer(capabilities(m, t->capabilities));
    put(m, t->va, &token, variable); /* all before what groups() wrote */
}
