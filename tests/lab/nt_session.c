/* nt_session.c - the terminal sessions of one kernel. */
#include "nt_parts.h"

#define SESSION(field) offsetof(struct _MM_SESSION_SPACE, field)

void nt_sessions(struct lab_machine *m)
{
    for (size_t i = 0; i < m->cast->session_count; i++) {
        struct cast_session *s = &m->cast->sessions[i];
        struct _MM_SESSION_SPACE space = {0};

        space.ReferenceCount = (I4B)s->processes + 1;
        space.SessionId = s->id;
        space.ProcessReferenceToSession = (I4B)s->processes;
        space.CreateTime = s->created;
        s->va = pool_alloc(m, sizeof(space), "MmSs");
        put(m, s->va, &space, sizeof(space));
        list_init(m, s->va + SESSION(ProcessList));
        if (i == 0)
            list_init(m, s->va + SESSION(WsListEntry));
        else
            list_append(m, m->cast->sessions[0].va + SESSION(WsListEntry),
                        s->va + SESSION(WsListEntry));
        tell(m->truth, TRUTH_SESSIONS, s->va);
        tell_number(m->truth, "id", s->id);
        tell_time(m->truth, "created", s->created);
        tell_number(m->truth, "processes", s->processes);
    }
}
