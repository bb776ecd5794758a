/* token.c - who runs a process, and how far its word is trusted.
 *
 * Source    Fields: public symbols [seen]. A SID: revision, count, six bytes of authority (most
 *           significant first), sub-authorities of four bytes; an index of -1: no label [doc]. */
#include "people.h"

#include <kdproto/bytes.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN          "_TOKEN"
#define FIELDS(fields) (sizeof(fields) / sizeof((fields)[0]))
#define NO_LABEL       UINT64_C(0xffffffff)

enum {
    SID_HEAD = 8,
    SID_PARTS_MAX = 15, /* [doc] */
    SID_TEXT = 24 + 11 * SID_PARTS_MAX,
};

static const struct kdw_plan_field token_fields[] = {
    KDW_PLAN_U64("SessionId", struct kdw_process, token_session),
    KDW_PLAN_U64("TokenFlags", struct kdw_process, token_flags),
    KDW_PLAN_U64("MandatoryPolicy", struct kdw_process, policy),
    KDW_PLAN_U64("CapabilityCount", struct kdw_process, capabilities),
};

/* What leads to SIDs. */
struct pointers {
    struct kdw_u64 groups_va, groups, label, package_va, trust_va;
};
static const struct kdw_plan_field pointer_fields[] = {
    KDW_PLAN_U64("UserAndGroups", struct pointers, groups_va),
    KDW_PLAN_U64("UserAndGroupCount", struct pointers, groups),
    KDW_PLAN_U64("IntegrityLevelIndex", struct pointers, label),
    KDW_PLAN_U64("Package", struct pointers, package_va),
    KDW_PLAN_U64("TrustLevelSid", struct pointers, trust_va),
};

enum kd_status kdw_token_plan(struct kdw_walk *w, struct kdw_token_plans *out)
{
    static const char *const names[] = {"Sid"};
    struct kdw_field_ref ref;
    struct kdw_layout entry;
    enum kd_status st =
        kdw_plan_resolve_optional(w, TOKEN, token_fields, FIELDS(token_fields), &out->token);

    if (st == KD_OK)
        st = kdw_plan_resolve_optional(w, TOKEN, pointer_fields, FIELDS(pointer_fields),
                                       &out->pointers);
    if (st == KD_OK)
        st = kdw_layout_resolve_optional(w->k, "_SID_AND_ATTRIBUTES", names, 1, &ref, &entry);
    out->entry_size = st == KD_OK && ref.exists && ref.offset == 0 ? entry.size : 0;
    return st;
}

/* ---- security identifiers ---- */

struct sid {
    uint8_t revision;
    uint64_t authority;
    size_t len;
    uint32_t parts[SID_PARTS_MAX];
};

/* Its status and fault say how it went; fails with what ends a walk. */
static enum kd_status read_sid(struct kdw_walk *w, uint64_t va, struct kdw_u64 *how,
                               struct sid *out)
{
    uint8_t bytes[SID_HEAD + 4 * SID_PARTS_MAX] = {0};
    struct kd_reader r = kd_reader_of(bytes, sizeof bytes);
    uint64_t fault = va;
    enum kd_status st = kdw_mem_read(w->k->mem, va, bytes, SID_HEAD, &fault);

    memset(out, 0, sizeof *out);
    out->revision = bytes[0];
    out->len = bytes[1];
    if (st == KD_OK && (out->revision != 1 || out->len > SID_PARTS_MAX))
        st = KD_ERR_MALFORMED;
    if (st == KD_OK)
        st = kdw_mem_read(w->k->mem, va + SID_HEAD, bytes + SID_HEAD, 4 * out->len, &fault);
    for (size_t i = 2; i < SID_HEAD; i++)
        out->authority = out->authority << 8 | bytes[i];
    kd_rd_skip(&r, SID_HEAD);
    for (size_t i = 0; i < SID_PARTS_MAX; i++)
        out->parts[i] = kd_rd_u32(&r);
    *how = (struct kdw_u64){.status = st, .fault_va = fault};
    return kdw_ends_walk(st) ? st : KD_OK;
}

/* S-1-5-18; an authority beyond 32 bits is written in hexadecimal [doc]. */
static enum kd_status sid_text(const struct sid *s, struct kdw_text *out)
{
    char *text = malloc(SID_TEXT);
    int len;

    if (!text)
        return KD_ERR_NO_MEMORY;
    len = snprintf(text, SID_TEXT, s->authority >> 32 ? "S-%u-0x%012" PRIx64 : "S-%u-%" PRIu64,
                   s->revision, s->authority);
    for (size_t i = 0; i < s->len; i++)
        len += snprintf(text + len, SID_TEXT - (size_t)len, "-%" PRIu32, s->parts[i]);
    *out = (struct kdw_text){.status = KD_OK, .utf8 = text};
    return KD_OK;
}

/* The SID that a pointer leads to; where it leads nowhere there is none. */
static enum kd_status read_sid_text(struct kdw_walk *w, const struct kdw_u64 *pointer,
                                    struct kdw_text *out)
{
    struct kdw_u64 how;
    struct sid sid;
    enum kd_status st;

    *out = (struct kdw_text){.status = pointer->status, .fault_va = pointer->fault_va};
    if (pointer->status != KD_OK)
        return KD_OK;
    out->status = KD_ERR_NOT_FOUND;
    if (pointer->value == 0)
        return KD_OK;
    st = read_sid(w, pointer->value, &how, &sid);
    if (how.status == KD_OK)
        return sid_text(&sid, out);
    *out = (struct kdw_text){.status = how.status, .fault_va = how.fault_va};
    return st;
}

/* ---- user and label: of the groups, two ---- */

/* Pointer to the SID of group `number`, or why there is none. */
static enum kd_status read_group(struct kdw_walk *w, const struct kdw_token_plans *plans,
                                 const struct pointers *p, uint64_t number, struct kdw_u64 *out)
{
    *out = p->groups_va;
    if (p->groups_va.status != KD_OK)
        return KD_OK;
    *out = (struct kdw_u64){.status = plans->entry_size ? p->groups.status : KD_ERR_NOT_FOUND,
                            .fault_va = p->groups.fault_va};
    if (out->status != KD_OK)
        return KD_OK;
    if (number >= p->groups.value) {
        *out = (struct kdw_u64){.status = KD_ERR_MALFORMED, .fault_va = p->groups_va.value};
        return KD_OK;
    }
    return kdw_walk_u64(w, p->groups_va.value + number * plans->entry_size, out);
}

static enum kd_status read_user(struct kdw_walk *w, const struct kdw_token_plans *plans,
                                const struct pointers *p, struct kdw_text *out)
{
    struct kdw_u64 sid_va;
    enum kd_status st = read_group(w, plans, p, 0, &sid_va);

    return st == KD_OK ? read_sid_text(w, &sid_va, out) : st;
}

static enum kd_status read_integrity(struct kdw_walk *w, const struct kdw_token_plans *plans,
                                     const struct pointers *p, struct kdw_u64 *out)
{
    struct kdw_u64 sid_va;
    struct sid sid;
    enum kd_status st;

    *out = p->label;
    if (p->label.status != KD_OK)
        return KD_OK;
    *out = (struct kdw_u64){.status = KD_ERR_NOT_FOUND};
    if (p->label.value == NO_LABEL)
        return KD_OK;
    st = read_group(w, plans, p, p->label.value, &sid_va);
    *out = sid_va;
    if (st != KD_OK || sid_va.status != KD_OK)
        return st;
    st = read_sid(w, sid_va.value, out, &sid);
    if (out->status == KD_OK && sid.len == 0)
        *out = (struct kdw_u64){.status = KD_ERR_MALFORMED, .fault_va = sid_va.value};
    else if (out->status == KD_OK)
        *out = kdw_known(sid.parts[sid.len - 1]);
    return st;
}

/* Its user, package and trust level are those that a token was made with, and a process that keeps its
 * token keeps them. The label may be lowered, and what else it says may change. */
enum kd_status kdw_token_read(struct kdw_walk *w, const struct kdw_token_plans *plans,
                              const struct kdw_process *before, struct kdw_process *p)
{
    const struct kdw_u64 none = {.status = KD_ERR_NOT_FOUND};
    struct pointers pointers = {none, none, none, none, none};
    bool is_same = before && kdw_is_same_known(&before->token_va, &p->token_va);
    enum kd_status st = kdw_plan_read(w, &plans->token, p->token_va.value, p);

    if (st == KD_OK)
        st = kdw_plan_read(w, &plans->pointers, p->token_va.value, &pointers);
    if (st == KD_OK && !kdw_walk_keeps(is_same ? &before->user : NULL, &p->user, &st))
        st = read_user(w, plans, &pointers, &p->user);
    if (st == KD_OK)
        st = read_integrity(w, plans, &pointers, &p->integrity);
    if (st == KD_OK && !kdw_walk_keeps(is_same ? &before->package : NULL, &p->package, &st))
        st = read_sid_text(w, &pointers.package_va, &p->package);
    if (st == KD_OK && !kdw_walk_keeps(is_same ? &before->trust_level : NULL, &p->trust_level, &st))
        st = read_sid_text(w, &pointers.trust_va, &p->trust_level);
    return st;
}
