#include "people.h"

#define SESSION        "_MM_SESSION_SPACE"
#define FIELDS(fields) (sizeof(fields) / sizeof((fields)[0]))

static const struct kdw_plan_field session_fields[] = {
    KDW_PLAN_U64("SessionId", struct kdw_session, id),
    KDW_PLAN_U64("CreateTime", struct kdw_session, created_100ns),
    KDW_PLAN_U64("ProcessReferenceToSession", struct kdw_session, processes),
};

/* Newer kernels have another structure, of which symbols tell nothing. */
enum kd_status kdw_session_plan(struct kdw_walk *w, struct kdw_session_plans *out)
{
    enum kd_status st = kdw_plan_resolve_optional(w, SESSION, session_fields,
                                                  FIELDS(session_fields), &out->session);

    return st == KD_OK ? kdw_place_resolve(w, SESSION, "ProcessList", &out->processes) : st;
}

static enum kd_status add_session(struct kdw_walk *w, const struct kdw_session_plans *plans,
                                  const struct kdw_process *p, struct kdw_session **out)
{
    struct kdw_session *s = kdw_snapshot_add(w->s, KDW_TABLE_SESSIONS, p->session_va.value);
    enum kd_status st;

    if (!s)
        return w->s->tables[KDW_TABLE_SESSIONS].is_cut ? KD_OK : KD_ERR_NO_MEMORY;
    *out = s;
    st = kdw_plan_read(w, &plans->session, s->va, s);
    if (s->id.status == KD_ERR_NOT_FOUND)
        s->id = p->token_session; /* all that is known of it */
    return st;
}

enum kd_status kdw_session_note(struct kdw_walk *w, const struct kdw_session_plans *plans,
                                struct kdw_process *p)
{
    struct kdw_session *s;
    enum kd_status st = KD_OK;

    if (p->session_va.status != KD_OK)
        p->session_id = p->session_va;
    if (!kdw_is_set(&p->session_va))
        return KD_OK; /* the System process is in none */
    s = kdw_walk_find(w, KDW_TABLE_SESSIONS, p->session_va.value);
    if (!s)
        st = add_session(w, plans, p, &s);
    if (st == KD_OK && s)
        p->session_id = s->id;
    return st;
}
