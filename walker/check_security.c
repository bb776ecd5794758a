/* check_security.c - the security log's loggers, who writes it, and the kernel's own loggers. */
#include "check_parts.h"

enum {
    SECURITY_LOG = 3,    /* the first security logger, in every silo [guess: kernel listings] */
    SECURITY_SLOTS = 16, /* 8 in older kernels [seen] */
    SYSTEM_LOGGERS = 8
};

/* ---- T15 ---- */

/* What belongs to one security logger, in five places. */
struct security {
    const struct kdw_etw_state *state;
    const struct kdw_provider *entry;
    struct kdw_subject subject;
    uint64_t slot;
    const struct kdw_security_logger *listed;
    const struct kdw_enable *enable;
    bool is_in_mask;
};

static const struct kdw_provider *embedded_entry(const struct kdw_checker *c,
                                                 const struct kdw_etw_state *state)
{
    struct kdw_rows rows = kdw_rows_of(c, KDW_PROVIDERS_OF_STATE, state->va);
    const struct kdw_provider *p;

    while ((p = kdw_rows_next(&rows)) != NULL)
        if (p->type.value == KDW_PROVIDER_SECURITY)
            return p;
    return NULL;
}

static void find_slot(const struct kdw_checker *c, struct security *s)
{
    struct kdw_rows listed = kdw_rows_of(c, KDW_SECURITY_OF_STATE, s->state->va);
    struct kdw_rows enables = kdw_rows_of(c, KDW_ENABLES_OF_PROVIDER, s->entry ? s->entry->va : 0);
    const struct kdw_security_logger *l;
    const struct kdw_enable *e;

    s->listed = NULL;
    s->enable = NULL;
    s->is_in_mask = s->state->security_mask.value >> s->slot & 1;
    while ((l = kdw_rows_next(&listed)) != NULL)
        if (l->slot.value == s->slot)
            s->listed = l;
    while (s->entry && (e = kdw_rows_next(&enables)) != NULL)
        if (kdw_value(&e->slot) == s->slot && (e->enabled.status != KD_OK || e->enabled.value))
            s->enable = e;
}

/* As the kernel fills it [guess: kernel listings]. */
static void check_enable(struct kdw_checker *c, const struct security *s)
{
    struct kdw_subject slot = {KDW_TABLE_ENABLES, 0, s->subject.at_worst};

    if (!s->entry)
        return; /* it was not looked at */
    kdw_check_that(c, &s->subject, s->enable != NULL, "EtwpSecurityProviderGuidEntry.EnableInfo",
                   NULL, "enabled for each security logger");
    if (!s->enable)
        return;
    slot.va = s->enable->va;
    kdw_check_equal(c, &slot, "IsEnabled", &s->enable->enabled, 1);
    kdw_check_equal(c, &slot, "Level", &s->enable->level, 0xff);
    kdw_check_equal(c, &slot, "LoggerId", &s->enable->logger_id, kdw_value(&s->listed->logger_id));
    kdw_check_equal(c, &slot, "EnableProperty", &s->enable->property, 0x40);
    kdw_check_equal(c, &slot, "MatchAnyKeyword", &s->enable->any_keyword, UINT64_MAX);
    kdw_check_equal(c, &slot, "MatchAllKeyword", &s->enable->all_keyword, 0);
}

static void check_its_logger(struct kdw_checker *c, const struct security *s)
{
    static const char what[] = "EtwpSecurityLoggers";
    struct kdw_subject it = {KDW_TABLE_SECURITY, s->listed->va, s->subject.at_worst};
    const struct kdw_logger *l = kdw_logger_in_slot(c, s->state->va, s->listed->logger_id.value);

    if (l && kdw_subject_of_logger(c, l).at_worst < it.at_worst)
        it.at_worst = kdw_subject_of_logger(c, l).at_worst;
    if (l && l->state.value == KDW_LOGGER_LOST_SLOT)
        it.at_worst = KDW_UNREADABLE;
    kdw_check_that(c, &it, l && (kdw_logger_is_live(l) || l->state.value == KDW_LOGGER_UNREADABLE),
                   what, &s->listed->logger_id, "the id of a live logger");
    if (l && kdw_logger_is_live(l) && kdw_check_knows(c, &it, "Flags", &l->flags))
        kdw_check_that(c, &it, kdw_logger_has_flag(l, KDW_LOGGER_SECURITY_TRACE), "Flags",
                       &l->flags, "with SecurityTrace (bit 14)");
}

static void check_security_slot(struct kdw_checker *c, const struct security *s)
{
    bool is_first = s->slot == 0;

    if (!s->listed && !s->enable && !s->is_in_mask && !is_first)
        return;
    if (s->listed && !kdw_check_knows(c, &s->subject, "EtwpSecurityLoggers", &s->listed->logger_id))
        return;
    kdw_check_that(c, &s->subject, s->is_in_mask, "EtwpSecurityProviderEnableMask",
                   &s->state->security_mask, "a bit for each security logger");
    if (is_first)
        kdw_check_that(c, &s->subject, s->listed && s->listed->logger_id.value == SECURITY_LOG,
                       "EtwpSecurityLoggers[0]", s->listed ? &s->listed->logger_id : NULL, "3");
    else
        kdw_check_that(c, &s->subject, s->listed != NULL, "EtwpSecurityLoggers", NULL,
                       "a logger for each bit of the mask and each enabled slot");
    if (!s->listed)
        return;
    check_its_logger(c, s);
    check_enable(c, s);
}

/* The other way round: who is marked as one must be listed. */
static void check_marked(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    struct kdw_rows loggers = kdw_rows_of(c, KDW_LOGGERS_OF_STATE, state->va);
    const struct kdw_logger *l;

    while ((l = kdw_rows_next(&loggers)) != NULL) {
        struct kdw_subject logger = kdw_subject_of_logger(c, l);
        struct kdw_rows listed = kdw_rows_of(c, KDW_SECURITY_OF_STATE, state->va);
        const struct kdw_security_logger *s;
        bool is_listed = false;

        kdw_check_needs(c, &logger, KDW_TABLE_SECURITY);
        if (!kdw_logger_is_live(l) || !kdw_logger_has_flag(l, KDW_LOGGER_SECURITY_TRACE))
            continue;
        while ((s = kdw_rows_next(&listed)) != NULL) {
            if (s->logger_id.status != KD_OK)
                logger.at_worst = KDW_UNREADABLE;
            is_listed |= kdw_value(&s->logger_id) == l->slot.value;
        }
        kdw_check_that(c, &logger, is_listed, "Flags", &l->flags,
                       "SecurityTrace (bit 14) only with an entry in EtwpSecurityLoggers");
    }
}

void kdw_check_security_loggers(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    struct security s = {.state = state, .entry = embedded_entry(c, state)};

    if (!kdw_check_has(c, KDW_TABLE_SECURITY) || !kdw_check_has(c, KDW_TABLE_LOGGERS) ||
        !kdw_check_has(c, KDW_TABLE_PROVIDERS))
        return;
    s.subject = kdw_subject_of_state(state);
    if (!kdw_check_knows(c, &s.subject, "EtwpSecurityProviderEnableMask", &state->security_mask))
        return;
    kdw_check_needs(c, &s.subject, KDW_TABLE_SECURITY);
    kdw_check_needs_slots(c, &s.subject, state);
    kdw_check_needs(c, &s.subject, KDW_TABLE_ENABLES);
    if (s.entry && kdw_subject_of_provider(s.entry).at_worst < s.subject.at_worst)
        s.subject.at_worst = kdw_subject_of_provider(s.entry).at_worst;
    for (s.slot = 0; s.slot < SECURITY_SLOTS; s.slot++) {
        find_slot(c, &s);
        check_security_slot(c, &s);
    }
    check_marked(c, state);
}

/* ---- T16 ---- */

/* Its name alone proves little, but the role is given only once, at the start. NULL: none. */
static const struct kdw_process *lsass_of(const struct kdw_checker *c, uint64_t silo_va)
{
    KDW_EACH(c->s, KDW_TABLE_PROCESSES, struct kdw_process, p)
    if (kdw_text_is(&p->name, "lsass.exe") && kdw_value(&p->server_silo_va) == silo_va &&
        kdw_value(&p->exited_100ns) == 0)
        return p;
    return NULL;
}

/* Is what it takes to find a process of that id known of all of them? */
static bool are_all_known(const struct kdw_checker *c)
{
    KDW_EACH(c->s, KDW_TABLE_PROCESSES, struct kdw_process, p)
    if (p->pid.status != KD_OK)
        return false;
    return kdw_check_is_whole(c, KDW_TABLE_PROCESSES) && c->s->tables[KDW_TABLE_LISTS].len == 0;
}

static bool is_silo_known(const struct kdw_process *p)
{
    return p->server_silo_va.status == KD_OK || p->server_silo_va.status == KD_ERR_NOT_FOUND;
}

static void check_provider_process(struct kdw_checker *c, const struct kdw_etw_state *state,
                                   struct kdw_subject *subject)
{
    struct kdw_rows rows = kdw_rows_of(c, KDW_PROCESSES_OF_PID, state->security_pid.value);
    const struct kdw_process *p = kdw_rows_next(&rows);
    bool is_known = are_all_known(c), is_lsass = false;

    for (; p; p = kdw_rows_next(&rows)) {
        is_known = p->name.status == KD_OK && is_silo_known(p);
        is_lsass |= kdw_text_is(&p->name, "lsass.exe") && kdw_value(&p->exited_100ns) == 0 &&
                    kdw_value(&p->server_silo_va) == state->silo_va.value;
    }
    if (!is_known)
        subject->at_worst = KDW_UNREADABLE;
    kdw_check_that(c, subject, is_lsass, "EtwpSecurityProviderPID", &state->security_pid,
                   "the process id of this silo's lsass.exe");
}

void kdw_check_security_provider(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    struct kdw_subject subject = {KDW_TABLE_STATES, state->va, KDW_FAIL};

    if (!kdw_check_has(c, KDW_TABLE_PROCESSES) ||
        !kdw_check_knows(c, &subject, "EtwpSecurityProviderPID", &state->security_pid))
        return;
    if (state->security_pid.value)
        check_provider_process(c, state, &subject);
    else if (lsass_of(c, state->silo_va.value)) /* it may not have come to it yet */
        kdw_check_inform(c, &subject, "EtwpSecurityProviderPID", &state->security_pid,
                         "lsass.exe runs, but nobody has registered as security provider");
}

/* ---- T17 ---- */

static const struct kdw_system_logger *system_entry(const struct kdw_checker *c,
                                                    const struct kdw_etw_state *state,
                                                    uint64_t index)
{
    struct kdw_rows rows = kdw_rows_of(c, KDW_SYSTEM_OF_STATE, state->va);
    const struct kdw_system_logger *s;

    while ((s = kdw_rows_next(&rows)) != NULL)
        if (s->index.value == index)
            return s;
    return NULL;
}

static uint64_t index_of(const struct kdw_logger *l)
{
    return l->flags.value >> KDW_LOGGER_SYSTEM_INDEX & 0xff;
}

static bool has_groups(const struct kdw_system_logger *s, bool *is_known)
{
    *is_known = true;
    for (size_t i = 0; i < sizeof s->groups / sizeof s->groups[0]; i++) {
        if (kdw_value(&s->groups[i]))
            return true;
        if (s->groups[i].status != KD_OK)
            *is_known = false;
    }
    return false;
}

static void check_groups(struct kdw_checker *c, struct kdw_subject entry,
                         const struct kdw_system_logger *s)
{
    bool is_known, is_set = has_groups(s, &is_known);

    if (!is_known)
        entry.at_worst = KDW_UNREADABLE;
    kdw_check_that(c, &entry, is_set, "EtwpGroupMasks", NULL, "some group of events");
}

/* An index that has a logger, or seems to: in the bitmap or the table. */
static void check_index(struct kdw_checker *c, const struct kdw_etw_state *state, uint64_t i)
{
    const struct kdw_system_logger *s = system_entry(c, state, i);
    uint64_t id = s ? kdw_value(&s->logger_id) : 0; /* 0 is the id of a logger too */
    bool is_active = state->active_system_loggers.value >> i & 1;
    struct kdw_subject entry = kdw_subject_of_state(state);
    const struct kdw_logger *l;

    kdw_check_needs(c, &entry, KDW_TABLE_SYSTEM);
    kdw_check_needs_slots(c, &entry, state);
    if (!s && !is_active)
        return;
    if (s) {
        entry.table = KDW_TABLE_SYSTEM;
        entry.va = s->va;
        if (!kdw_check_knows(c, &entry, "LoggerId", &s->logger_id))
            return;
    }
    l = kdw_logger_in_slot(c, state->va, id);
    if (l && kdw_subject_of_logger(c, l).at_worst < entry.at_worst)
        entry.at_worst = kdw_subject_of_logger(c, l).at_worst;
    kdw_check_that(c, &entry, is_active, "EtwpActiveSystemLoggers", &state->active_system_loggers,
                   "a bit for each kernel logger");
    if (l && l->state.value != KDW_LOGGER_EMPTY_SLOT && l->flags.status != KD_OK)
        entry.at_worst = KDW_UNREADABLE;
    kdw_check_that(c, &entry,
                   l && kdw_logger_is_live(l) && kdw_logger_has_flag(l, KDW_LOGGER_KERNEL_TRACE) &&
                       index_of(l) == i,
                   "EtwpSystemLogger.LoggerId", s ? &s->logger_id : NULL,
                   "that of a live logger with KernelTrace and this index");
    if (s)
        check_groups(c, entry, s);
}

/* The other way round. */
static void check_kernel_logger(struct kdw_checker *c, const struct kdw_etw_state *state,
                                const struct kdw_logger *l)
{
    struct kdw_subject logger = kdw_subject_of_logger(c, l);
    const struct kdw_system_logger *s = system_entry(c, state, index_of(l));

    kdw_check_needs(c, &logger, KDW_TABLE_SYSTEM);
    if (s && s->logger_id.status != KD_OK)
        return; /* said already */
    kdw_check_that(c, &logger, s && s->logger_id.value == l->slot.value, "SystemLoggerIndex",
                   &l->flags, "where EtwpSystemLogger has this logger");
    kdw_check_that(
        c, &logger,
        index_of(l) < SYSTEM_LOGGERS && (state->active_system_loggers.value >> index_of(l) & 1),
        "EtwpActiveSystemLoggers", &state->active_system_loggers, "the bit of this logger's index");
}

void kdw_check_system_loggers(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    struct kdw_subject subject = kdw_subject_of_state(state);
    struct kdw_rows rows = kdw_rows_of(c, KDW_LOGGERS_OF_STATE, state->va);
    const struct kdw_logger *l;

    if (!kdw_check_has(c, KDW_TABLE_SYSTEM) || !kdw_check_has(c, KDW_TABLE_LOGGERS) ||
        !kdw_check_knows(c, &subject, "EtwpActiveSystemLoggers", &state->active_system_loggers))
        return;
    kdw_check_that(c, &subject, state->active_system_loggers.value >> SYSTEM_LOGGERS == 0,
                   "EtwpActiveSystemLoggers", &state->active_system_loggers, "eight bits");
    for (uint64_t i = 0; i < SYSTEM_LOGGERS; i++)
        check_index(c, state, i);
    while ((l = kdw_rows_next(&rows)) != NULL)
        if (kdw_logger_is_live(l) && kdw_logger_has_flag(l, KDW_LOGGER_KERNEL_TRACE))
            check_kernel_logger(c, state, l);
}
