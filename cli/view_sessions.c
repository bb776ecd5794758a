/* view_sessions.c - the terminal sessions, and who is in them. */
#include "facts.h"
#include "grid.h"
#include "labels.h"
#include "process_text.h"
#include "views.h"

#include <inttypes.h>

static bool is_in(const struct kdw_process *p, const struct kdw_session *session)
{
    return p->session_id.status == KD_OK && session->id.status == KD_OK &&
           p->session_id.value == session->id.value && !process_has_exited(p);
}

/* The service session of which silo, or its console. */
static void add_role(struct text *t, const struct kdw_snapshot *s,
                     const struct kdw_session *session)
{
    const char *separator = "";

    KDW_EACH(s, KDW_TABLE_SILOS, struct kdw_silo, silo)
    {
        struct kdw_u64 va = {.value = silo->va};
        bool is_service = silo->service_session.status == KD_OK &&
                          silo->service_session.value == session->id.value;
        bool is_console = silo->console_session.status == KD_OK &&
                          silo->console_session.value == session->id.value;

        if (session->id.status != KD_OK || !(is_service || is_console))
            continue;
        text_add(t, "%s%s%s%s of ", separator, is_service ? "services" : "",
                 is_service && is_console ? ", console" : "",
                 !is_service && is_console ? "console" : "");
        label_silo(t, s, &va);
        separator = "; ";
    }
    if (!separator[0])
        text_add(t, "-");
}

static void add_processes(struct text *t, const struct kdw_snapshot *s,
                          const struct kdw_session *session)
{
    const char *separator = "";

    KDW_EACH(s, KDW_TABLE_PROCESSES, struct kdw_process, p)
    {
        if (!is_in(p, session))
            continue;
        text_add(t, "%s", separator);
        fact_text(t, &p->name);
        separator = ", ";
    }
}

static size_t count(const struct kdw_snapshot *s, const struct kdw_session *session)
{
    size_t n = 0;

    KDW_EACH(s, KDW_TABLE_PROCESSES, struct kdw_process, p)
    n += is_in(p, session);
    return n;
}

void view_sessions(const struct kdw_snapshot *s, bool is_verbose)
{
    static const struct grid_column columns[] = {
        {"session", GRID_RIGHT}, {"created", GRID_LEFT}, {"counted", GRID_RIGHT},
        {"found", GRID_RIGHT},   {"role", GRID_LEFT},    {"processes", GRID_FLEXIBLE},
    };
    struct grid g;

    grid_begin(&g, columns, sizeof columns / sizeof columns[0], is_verbose);
    KDW_EACH(s, KDW_TABLE_SESSIONS, struct kdw_session, session)
    {
        fact_number(grid_cell(&g), &session->id);
        fact_time(grid_cell(&g), &session->created_100ns);
        fact_number(grid_cell(&g), &session->processes);
        text_add(grid_cell(&g), "%zu", count(s, session));
        add_role(grid_cell(&g), s, session);
        add_processes(grid_cell(&g), s, session);
        if (is_verbose && session->va)
            text_add(grid_remark(&g), "_MM_SESSION_SPACE %016" PRIx64, session->va);
    }
    grid_print(&g);
}
