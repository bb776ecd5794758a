/* check_loggers.c - loggers: where they stand, whether they collect, and who is called by them. */
#include "check_parts.h"

enum {
    CLOCK_INDEXES = 4, /* 0 to 3: system time, performance counter, host's counter, TSC [guess] */
    STRUCTURE_MAX = 0x1000,   /* 0x440 to 0x650 in known kernels [seen] */
    FLUSH_TIMER_MAX_S = 86400 /* a day */
};

/* Of the checks that look at the loggers of all silos. */
static void name_silo(struct kdw_checker *c, const struct kdw_logger *l)
{
    const struct kdw_etw_state *state =
        kdw_snapshot_find(c->s, KDW_TABLE_STATES, l->state_va.value);

    c->silo_va = state ? state->silo_va.value : 0;
}

static bool has_all_slots(struct kdw_checker *c)
{
    if (!kdw_check_has(c, KDW_TABLE_STATES) || !kdw_check_has(c, KDW_TABLE_LOGGERS))
        return false;
    KDW_EACH(c->s, KDW_TABLE_STATES, struct kdw_etw_state, state)
    {
        c->silo_va = kdw_value(&state->silo_va);
        (void)kdw_check_has_slots(c, state);
    }
    return true;
}

/* ---- T1 ---- */

/* Older kernels keep the address of one of these, newer ones a small number and none of them [doc]. */
static const char *const clocks[] = {"EtwpGetSystemTime", "EtwpGetPerfCounter", "EtwpGetCycleCount",
                                     "EtwpGetHostPerfCounter"};
enum { CLOCKS = sizeof clocks / sizeof clocks[0] };

struct known_clocks {
    uint64_t vas[CLOCKS];
    size_t len;
    bool are_indexes; /* this kernel keeps numbers */
};

static struct known_clocks find_clocks(const struct kdw_checker *c)
{
    struct known_clocks known = {.len = 0};

    KDW_EACH(c->s, KDW_TABLE_VARIABLES, struct kdw_variable, v)
    for (size_t i = 0; i < CLOCKS && known.len < CLOCKS; i++)
        if (kdw_text_is(&v->name, clocks[i]))
            known.vas[known.len++] = v->va;
    KDW_EACH(c->s, KDW_TABLE_LOGGERS, struct kdw_logger, l)
    if (kdw_logger_is_live(l) && l->get_cpu_clock.status == KD_OK)
        known.are_indexes |= known.len == 0 && l->get_cpu_clock.value < CLOCK_INDEXES;
    return known;
}

static bool is_known_clock(const struct known_clocks *known, uint64_t va)
{
    for (size_t i = 0; i < known->len; i++)
        if (known->vas[i] == va)
            return true;
    return false;
}

static void check_clock(struct kdw_checker *c, const struct known_clocks *known,
                        const struct kdw_logger *l)
{
    static const char what[] = "GetCpuClock";
    struct kdw_subject logger = kdw_subject_of_logger(c, l);
    const struct kdw_u64 *clock = &l->get_cpu_clock;

    if (!kdw_check_knows(c, &logger, what, clock))
        return;
    if (known->are_indexes)
        kdw_check_that(c, &logger, clock->value < CLOCK_INDEXES, what, clock, "0, 1, 2 or 3");
    else if (known->len == CLOCKS)
        kdw_check_that(c, &logger, is_known_clock(known, clock->value), what, clock,
                       "one of the kernel's four clocks");
    else /* its symbols do not name them all */
        kdw_check_code(c, &logger, what, clock, true);
}

void kdw_check_clocks(struct kdw_checker *c)
{
    struct known_clocks known = find_clocks(c);

    if (!has_all_slots(c))
        return;
    KDW_EACH(c->s, KDW_TABLE_LOGGERS, struct kdw_logger, l)
    if (kdw_logger_is_live(l)) {
        name_silo(c, l);
        check_clock(c, &known, l);
    }
}

/* ---- T3 ---- */

static void check_slot(struct kdw_checker *c, const struct kdw_etw_state *state,
                       const struct kdw_logger *l)
{
    struct kdw_subject logger = kdw_subject_of_logger(c, l);

    if (!kdw_check_knows(c, &logger, "slot", &l->slot) ||
        !kdw_check_knows(c, &logger, "slot", &l->slot_value) || l->state.status != KD_OK)
        return;
    kdw_check_that(c, &logger, l->state.value != KDW_LOGGER_EMPTY_SLOT, "slot", &l->slot_value,
                   "1, or the address of a logger");
    if (l->state.value == KDW_LOGGER_EMPTY_SLOT)
        return;
    kdw_check_equal(c, &logger, "LoggerId", &l->id, l->slot.value);
    kdw_check_equal(c, &logger, "SiloState", &l->own_state_va, state->va);
    if (kdw_check_knows(c, &logger, "LoggerName.Buffer", &l->name_va))
        kdw_check_that(c, &logger,
                       l->name_va.value > l->va && l->name_va.value - l->va < STRUCTURE_MAX,
                       "LoggerName.Buffer", &l->name_va, "just behind the structure");
}

void kdw_check_slots(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    struct kdw_rows rows = kdw_rows_of(c, KDW_LOGGERS_OF_STATE, state->va);
    const struct kdw_logger *l;

    if (!kdw_check_has_slots(c, state))
        return;
    while ((l = kdw_rows_next(&rows)) != NULL)
        check_slot(c, state, l);
}

/* ---- T4 ---- */

void kdw_check_arrays(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    const struct kdw_subject subject = {KDW_TABLE_STATES, state->va, KDW_FAIL};

    if (kdw_check_knows(c, &subject, "MaxLoggers", &state->max_loggers) &&
        kdw_check_knows(c, &subject, "EtwpLoggerRundown", &state->rundowns_va))
        kdw_check_equal(c, &subject, "EtwpLoggerContext", &state->contexts_va,
                        state->rundowns_va.value + 8 * state->max_loggers.value);
}

/* ---- T5 ---- */

/* Who is being stopped is counted off before or after its slot is freed: its mutex is held meanwhile. */
static bool is_being_stopped(const struct kdw_logger *l)
{
    return l->state.value == KDW_LOGGER_STOPPING && l->mutex_owner_va.status == KD_OK &&
           l->mutex_owner_va.value != 0;
}

void kdw_check_session_count(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    struct kdw_subject subject = kdw_subject_of_state(state);
    struct kdw_rows rows = kdw_rows_of(c, KDW_LOGGERS_OF_STATE, state->va);
    const struct kdw_logger *l;
    uint64_t count = 0;
    bool is_whole = true;

    kdw_check_needs_slots(c, &subject, state);
    if (!kdw_check_has(c, KDW_TABLE_LOGGERS) ||
        !kdw_check_knows(c, &subject, "SessionCount", &state->session_count))
        return;
    while ((l = kdw_rows_next(&rows)) != NULL) {
        count += l->state.value != KDW_LOGGER_EMPTY_SLOT && l->state.value != KDW_LOGGER_LOST_SLOT;
        is_whole &= l->state.value != KDW_LOGGER_LOST_SLOT;
        if (is_being_stopped(l) && subject.at_worst == KDW_FAIL)
            subject.at_worst = KDW_IN_TRANSITION;
    }
    if (!is_whole)
        subject.at_worst = KDW_UNREADABLE;
    kdw_check_equal(c, &subject, "SessionCount", &state->session_count, count);
}

/* ---- T18 ---- */

void kdw_check_collecting(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    struct kdw_rows rows = kdw_rows_of(c, KDW_LOGGERS_OF_STATE, state->va);
    const struct kdw_logger *l;

    if (!kdw_check_has_slots(c, state))
        return;
    while ((l = kdw_rows_next(&rows)) != NULL) {
        struct kdw_subject logger = kdw_subject_of_logger(c, l);

        if (!kdw_logger_is_live(l))
            continue;
        kdw_check_equal(c, &logger, "CollectionOn", &l->collection_on, 1);
        if (kdw_check_knows(c, &logger, "Flags", &l->flags))
            kdw_check_that(c, &logger, !kdw_logger_has_flag(l, KDW_LOGGER_NO_MORE_ENABLE), "Flags",
                           &l->flags, "without NoMoreEnable (bit 6)");
        if (kdw_check_knows(c, &logger, "LoggerStatus", &l->status))
            kdw_check_that(c, &logger, (int64_t)l->status.value >= 0, "LoggerStatus", &l->status,
                           "no failure");
    }
}

/* ---- T20 ---- */

static const struct {
    const char *name;
    const char *absent, *by_hand; /* NULL: absence fails */
} expected[] = {
    {"Eventlog-Security", NULL, "the Security log's logger was not started by the boot"},
    {"EventLog-System", "the System log's logger is not there",
     "the System log's logger was not started by the boot"},
    {"EventLog-Application", "the Application log's logger is not there",
     "the Application log's logger was not started by the boot"},
    {"Circular Kernel Context Logger", "the Circular Kernel Context Logger is not there",
     "the Circular Kernel Context Logger was not started by the boot"},
    {"DefenderApiLogger", "Defender's logger of API calls is not there",
     "Defender's logger of API calls was not started by the boot"},
    {"DefenderAuditLogger", "Defender's logger of audit events is not there",
     "Defender's logger of audit events was not started by the boot"},
};

/* NULL: there is none; *is_whole: then that is certain. */
static const struct kdw_logger *find_logger(const struct kdw_checker *c, uint64_t state_va,
                                            const char *name, bool *is_whole)
{
    struct kdw_rows rows = kdw_rows_of(c, KDW_LOGGERS_OF_STATE, state_va);
    const struct kdw_logger *l;

    *is_whole = kdw_check_is_whole(c, KDW_TABLE_LOGGERS);
    while ((l = kdw_rows_next(&rows)) != NULL) {
        if (kdw_text_is(&l->name, name))
            return l;
        if (l->name.status != KD_OK && l->state.value != KDW_LOGGER_EMPTY_SLOT)
            *is_whole = false;
    }
    return NULL;
}

static void check_required(struct kdw_checker *c, const struct kdw_etw_state *state,
                           const struct kdw_logger *l, bool is_whole)
{
    static const char what[] = "logger Eventlog-Security";
    struct kdw_subject subject = kdw_subject_of_state(state);

    if (l)
        subject = kdw_subject_of_logger(c, l);
    else if (!is_whole || state->slots.status != KD_OK)
        subject.at_worst = KDW_UNREADABLE;
    if (l && !kdw_check_knows(c, &subject, "slot", &l->state))
        return;
    kdw_check_that(c, &subject, l && l->state.value == KDW_LOGGER_LIVE, what, NULL, "live");
}

static void check_expected(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    const struct kdw_subject whole = {KDW_TABLE_STATES, state->va, KDW_INFORMATION};

    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        bool is_whole;
        const struct kdw_logger *l = find_logger(c, state->va, expected[i].name, &is_whole);
        const struct kdw_subject logger = {KDW_TABLE_LOGGERS, l ? l->va : 0, KDW_INFORMATION};

        if (!expected[i].absent)
            check_required(c, state, l, is_whole);
        else if (!l && is_whole)
            kdw_check_inform(c, &whole, expected[i].name, NULL, expected[i].absent);
        if (l && l->flags.status == KD_OK && !kdw_logger_has_flag(l, KDW_LOGGER_AUTO))
            kdw_check_inform(c, &logger, "Flags", &l->flags, expected[i].by_hand);
    }
}

void kdw_check_expected_loggers(struct kdw_checker *c)
{
    if (!kdw_check_has(c, KDW_TABLE_STATES) || !kdw_check_has(c, KDW_TABLE_LOGGERS))
        return;
    KDW_EACH(c->s, KDW_TABLE_STATES, struct kdw_etw_state, state)
    if (kdw_state_is_host(state))
        check_expected(c, state);
}

/* ---- T21, T23 ---- */

typedef void check_live(struct kdw_checker *c, const struct kdw_logger *l);

static void each_live(struct kdw_checker *c, check_live *check)
{
    if (!has_all_slots(c))
        return;
    KDW_EACH(c->s, KDW_TABLE_LOGGERS, struct kdw_logger, l)
    if (kdw_logger_is_live(l)) {
        name_silo(c, l);
        check(c, l);
    }
}

/* No public symbols say what a _ETW_EVENT_CALLBACK_CONTEXT is made of [seen], and the kernel's own
 * drivers may well have one: it can be shown, not judged. */
static void check_callback(struct kdw_checker *c, const struct kdw_logger *l)
{
    struct kdw_subject logger = kdw_subject_of_logger(c, l);

    if (!kdw_check_knows(c, &logger, "CallbackContext", &l->callback_context_va))
        return;
    if (l->callback_context_va.value)
        kdw_check_doubt(c, &logger, KDW_NOT_APPLICABLE, "CallbackContext", &l->callback_context_va,
                        "0, or one that leads into a loaded module");
    else
        kdw_check_that(c, &logger, true, "CallbackContext", NULL, NULL);
}

void kdw_check_event_callbacks(struct kdw_checker *c)
{
    each_live(c, check_callback);
}

static void check_buffers(struct kdw_checker *c, const struct kdw_logger *l)
{
    struct kdw_subject logger = kdw_subject_of_logger(c, l);
    bool in_ms = l->mode.status == KD_OK && (l->mode.value & 0x10); /* USE_MS_FLUSH_TIMER [doc] */

    if (kdw_check_knows(c, &logger, "MinimumBuffers", &l->minimum_buffers) &&
        kdw_check_knows(c, &logger, "MaximumBuffers", &l->maximum_buffers))
        kdw_check_that(c, &logger,
                       (int64_t)l->maximum_buffers.value >= (int64_t)l->minimum_buffers.value,
                       "MaximumBuffers", &l->maximum_buffers, "MinimumBuffers at least");
    if (kdw_check_knows(c, &logger, "FlushTimer", &l->flush_timer))
        kdw_check_that(c, &logger,
                       l->flush_timer.value <= FLUSH_TIMER_MAX_S * (in_ms ? UINT64_C(1000) : 1),
                       "FlushTimer", &l->flush_timer, "a day at most");
}

void kdw_check_buffers(struct kdw_checker *c)
{
    each_live(c, check_buffers);
}
