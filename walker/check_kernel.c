/* check_kernel.c - what the kernel as a whole is led by: tables of routines, the ways to its ETW states. */
#include "check_parts.h"

/* ---- T2, T22 ---- */

static bool is_array(const struct kdw_variable *v, const char *name)
{
    return kdw_text_is(&v->name, name);
}

/* The table begins with its version, which leads nowhere; functions that nobody provides are 0 [doc]. */
void kdw_check_hal(struct kdw_checker *c)
{
    if (!kdw_check_has(c, KDW_TABLE_VARIABLES) || !kdw_check_has(c, KDW_TABLE_MODULES))
        return;
    KDW_EACH(c->s, KDW_TABLE_VARIABLES, struct kdw_variable, v)
    {
        struct kdw_subject entry = {KDW_TABLE_VARIABLES, v->va, KDW_FAIL};

        if (!is_array(v, "HalPrivateDispatchTable") || kdw_value(&v->index) == 0 ||
            (v->value.status == KD_OK && v->value.value == 0))
            continue;
        kdw_check_code(c, &entry, "HalPrivateDispatchTable", &v->value, false);
    }
}

static void check_routine(struct kdw_checker *c, const struct kdw_variable *v, const char *name)
{
    struct kdw_subject routine = {KDW_TABLE_VARIABLES, v->va, KDW_FAIL};

    if (v->value.status == KD_OK && v->value.value == 0)
        kdw_check_inform(c, &routine, name, &v->value, "nobody is called, not even the kernel");
    else
        kdw_check_code(c, &routine, name, &v->value, true);
}

void kdw_check_routines(struct kdw_checker *c)
{
    static const char *const names[] = {"EtwpDiskIoNotifyRoutines", "EtwpFileIoNotifyRoutines"};

    if (!kdw_check_has(c, KDW_TABLE_VARIABLES) || !kdw_check_has(c, KDW_TABLE_MODULES))
        return;
    KDW_EACH(c->s, KDW_TABLE_VARIABLES, struct kdw_variable, v)
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (is_array(v, names[i]))
            check_routine(c, v, names[i]);
}

/* ---- T24 ---- */

static void check_host_routes(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    struct kdw_subject host = {KDW_TABLE_STATES, state->va, KDW_FAIL};

    if (state->va == 0) {
        (void)kdw_check_knows(c, &host, "PspHostSiloGlobals.EtwSiloState", &state->by_silo_globals);
        (void)kdw_check_knows(c, &host, "EtwpHostSiloState", &state->by_host_pointer);
        return;
    }
    kdw_check_equal(c, &host, "PspHostSiloGlobals.EtwSiloState", &state->by_silo_globals,
                    state->va);
    kdw_check_equal(c, &host, "EtwpHostSiloState", &state->by_host_pointer, state->va);
    if (kdw_check_knows(c, &host, "EtwpLoggerContext", &state->contexts_va))
        kdw_check_equal(c, &host, "EtwpDebuggerData + 0x10", &state->by_debugger_data,
                        state->contexts_va.value);
}

static void check_own_account(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    struct kdw_subject subject = {KDW_TABLE_STATES, state->va, KDW_FAIL};
    const struct kdw_silo *silo = kdw_snapshot_find(c->s, KDW_TABLE_SILOS, state->silo_va.value);

    kdw_check_equal(c, &subject, "Silo", &state->own_silo_va, state->silo_va.value);
    if (silo && silo->globals_va.status == KD_OK)
        kdw_check_equal(c, &subject, "SiloGlobals", &state->own_globals_va, silo->globals_va.value);
}

void kdw_check_routes(struct kdw_checker *c)
{
    if (!kdw_check_has(c, KDW_TABLE_STATES))
        return;
    KDW_EACH(c->s, KDW_TABLE_STATES, struct kdw_etw_state, state)
    {
        c->silo_va = kdw_value(&state->silo_va);
        if (kdw_state_is_host(state))
            check_host_routes(c, state);
        if (state->va && state->silo_va.status == KD_OK)
            check_own_account(c, state);
    }
}

/* ---- T26 ---- */

void kdw_check_shutdown(struct kdw_checker *c)
{
    if (!kdw_check_has(c, KDW_TABLE_STATES))
        return;
    KDW_EACH(c->s, KDW_TABLE_STATES, struct kdw_etw_state, state)
    {
        struct kdw_subject subject = {KDW_TABLE_STATES, state->va, KDW_FAIL};

        c->silo_va = kdw_value(&state->silo_va);
        kdw_check_equal(c, &subject, "EtwpShutdownInProgress", &state->shutdown, 0);
    }
}
