/* check.c - which checks there are, and running them. */
#include "check_parts.h"

#include <stdlib.h>

#define NO_COUNTER  "this kernel does not count them"
#define UNCONFIRMED "; no clean machine has confirmed yet where this count starts"

const struct kdw_check_info kdw_checks[KDW_CHECKS] = {
    {"T1", "loggers take the time from one of the kernel's own clocks",
     "somebody else is called for each event, as InfinityHook is", "there is no live logger"},
    {"T2", "HalPrivateDispatchTable leads into loaded modules",
     "somebody is called in the hardware abstraction layer's place",
     "the table was not found in this kernel"},
    {"T3", "slots hold loggers that know where they stand", "a logger was swapped for a forged one",
     "there is no logger"},
    {"T4", "the logger array follows its rundown array",
     "the array of loggers was redirected to a copy", "both arrays are part of the state"},
    {"T5", "as many loggers are there as were counted",
     "a logger was taken out of its slot without being stopped" UNCONFIRMED, NO_COUNTER},
    {"T6", "as many providers are there as were counted",
     "a provider was taken out of the table behind the kernel's back" UNCONFIRMED, NO_COUNTER},
    {"T7", "providers stand in the bucket of their GUID, and are linked",
     "a provider was moved, unlinked or forged, so that the kernel does not find it",
     "there is no provider"},
    {"T8", "what a provider is enabled for is the sum of its slots",
     "the sum or the slots were changed by hand: events are dropped before any logger sees them",
     "there is no provider"},
    {"T9", "references to a provider cover its slots and registrations",
     "slots were zeroed or registrations unlinked by hand, for their references are still "
     "counted" UNCONFIRMED,
     "there is no provider"},
    {"T10", "providers are enabled for loggers that live",
     "a provider writes for nobody: its logger was replaced or is gone", "no provider is enabled"},
    {"T11", "the kernel's handles lead to its registrations",
     "the kernel's own provider was silenced or redirected", "no handle was found in this kernel"},
    {"T12", "Threat-Intelligence is there, and on if anybody is to listen",
     "security products no longer see what processes do to each other",
     "this kernel has no such provider"},
    {"T13", "registrations may write for every slot of their provider",
     "the provider looks enabled, but what it writes is dropped",
     "the kernel has no registration of an enabled provider"},
    {"T14", "registrations are whole, and call back into modules",
     "somebody is called when the provider is enabled, or the registration was unlinked",
     "there is no registration"},
    {"T15", "the security log's loggers are enabled as the kernel does it",
     "the Security event log gets no events", "this kernel says nothing of security loggers"},
    {"T16", "the security provider is lsass",
     "another process has taken the place of the one that writes the Security event log",
     "nobody is registered as security provider"},
    {"T17", "kernel loggers, their table and its bitmap agree",
     "kernel events were switched off while their logger goes on",
     "this kernel says nothing of kernel loggers"},
    {"T18", "live loggers collect events",
     "a logger was paused in place: it looks alive and gets nothing", "there is no live logger"},
    {"T19", "consumers are those that were counted, listed and opened",
     "somebody who listens was cut off, or listens unseen", "there is no live logger"},
    {"T20", "the security log's logger is there", "the Security event log was stopped",
     "there is no host silo"},
    {"T21", "nobody is handed the events of a logger on their way",
     "somebody in the kernel gets each event of this logger",
     "this kernel does not say whom it hands events on to"},
    {"T22", "notify routines for disk and file events are the kernel's",
     "somebody is called for each disk or file event",
     "the routines were not found in this kernel"},
    {"T23", "loggers may have the buffers that they need",
     "a logger is starved: it loses events, or writes them too late", "there is no live logger"},
    {"T24", "all ways to an ETW state lead to the same one",
     "the state was swapped: some of the kernel uses another than the rest",
     "there is no ETW state"},
    {"T25", "silos are in the list of jobs, and processes in their silos",
     "a silo is hidden, or a process is in another one than it says", "there is no job"},
    {"T26", "tracing is not being shut down",
     "all tracing was stopped by pretending that the system shuts down",
     "this kernel has no such flag"},
    {"T27", "T3 to T19 hold in each server silo", "a container was blinded alone",
     "there is no server silo"},
};

const char *kdw_verdict_text(enum kdw_verdict verdict)
{
    switch (verdict) {
    case KDW_INFORMATION:
        return "information";
    case KDW_PASS:
        return "pass";
    case KDW_NOT_APPLICABLE:
        return "not applicable";
    case KDW_UNREADABLE:
        return "unreadable";
    case KDW_IN_TRANSITION:
        return "in transition";
    case KDW_FAIL:
        break;
    }
    return "fail";
}

/* ---- running them ---- */

/* Either of the kernel as a whole, or of one state: then T27 repeats it. */
static const struct {
    kdw_check *once;
    kdw_state_check *of_state;
} ways[KDW_CHECKS - 1] = {
    {kdw_check_clocks, NULL},
    {kdw_check_hal, NULL},
    {NULL, kdw_check_slots},
    {NULL, kdw_check_arrays},
    {NULL, kdw_check_session_count},
    {NULL, kdw_check_guid_count},
    {NULL, kdw_check_buckets},
    {NULL, kdw_check_sums},
    {NULL, kdw_check_references},
    {NULL, kdw_check_enabled_loggers},
    {NULL, kdw_check_handles},
    {NULL, kdw_check_threat_intelligence},
    {NULL, kdw_check_masks},
    {NULL, kdw_check_registrations},
    {NULL, kdw_check_security_loggers},
    {NULL, kdw_check_security_provider},
    {NULL, kdw_check_system_loggers},
    {NULL, kdw_check_collecting},
    {NULL, kdw_check_consumers},
    {kdw_check_expected_loggers, NULL},
    {kdw_check_event_callbacks, NULL},
    {kdw_check_routines, NULL},
    {kdw_check_buffers, NULL},
    {kdw_check_routes, NULL},
    {kdw_check_silos, NULL},
    {kdw_check_shutdown, NULL},
};

static void run_for_host(struct kdw_checker *c)
{
    KDW_EACH(c->s, KDW_TABLE_STATES, struct kdw_etw_state, state)
    if (kdw_state_is_host(state))
        ways[c->check].of_state(c, state);
}

/* 1 is "started": before and after its tracing is put together or taken apart. */
static bool is_unsettled(const struct kdw_checker *c, uint64_t silo_va)
{
    const struct kdw_silo *silo = kdw_snapshot_find(c->s, KDW_TABLE_SILOS, silo_va);

    return silo && silo->state.status == KD_OK && silo->state.value != 1;
}

static void run_for_server_silos(struct kdw_checker *c)
{
    KDW_EACH(c->s, KDW_TABLE_STATES, struct kdw_etw_state, state)
    {
        if (!kdw_state_is_silos(state))
            continue;
        c->silo_va = state->silo_va.value;
        c->is_unsettled = is_unsettled(c, c->silo_va);
        for (c->repeated = 0; c->repeated < KDW_CHECKS - 1; c->repeated++)
            if (ways[c->repeated].of_state)
                ways[c->repeated].of_state(c, state);
        c->repeated = c->check;
        kdw_check_against_host(c, state);
    }
}

static void run_one(struct kdw_checker *c)
{
    struct kdw_check_result *result = &c->out->results[c->check];

    c->repeated = c->check;
    c->silo_va = 0;
    c->is_unsettled = false;
    if (c->check == KDW_CHECKS - 1) {
        if (kdw_check_has(c, KDW_TABLE_SILOS) && kdw_check_has(c, KDW_TABLE_STATES))
            run_for_server_silos(c);
    } else if (ways[c->check].once) {
        ways[c->check].once(c);
    } else if (kdw_check_has(c, KDW_TABLE_STATES)) {
        run_for_host(c);
    }
    if (result->judged > 0 && result->verdict < KDW_PASS)
        result->verdict = KDW_PASS;
    if (result->judged == 0 && result->verdict < KDW_NOT_APPLICABLE)
        result->verdict = KDW_NOT_APPLICABLE;
}

enum kd_status kdw_check_run(const struct kdw_snapshot *s, struct kdw_check_list *out)
{
    struct kdw_check_list list = {.len = 0};
    struct kdw_checker c = {.s = s, .out = &list, .status = KD_OK};

    c.status = kdw_joins_make(&c);
    for (c.check = 0; c.check < KDW_CHECKS && c.status == KD_OK; c.check++)
        run_one(&c);
    kdw_joins_free(&c);
    if (c.status != KD_OK) {
        kdw_check_free(&list);
        return c.status;
    }
    *out = list;
    return KD_OK;
}

void kdw_check_free(struct kdw_check_list *list)
{
    free(list->findings);
    *list = (struct kdw_check_list){.len = 0};
}

size_t kdw_check_count(const struct kdw_check_list *list, enum kdw_verdict verdict)
{
    size_t count = 0;

    for (size_t i = 0; i < KDW_CHECKS; i++)
        count += list->results[i].verdict == verdict;
    return count;
}
