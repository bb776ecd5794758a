/* check_parts.h - what the checks share; private to check*.c.
 *
 * A check says what it looks at (a subject), then compares; verdicts and findings follow from that:
 *
 *     struct kdw_subject logger = kdw_subject_of_logger(c, l);
 *
 *     kdw_check_equal(c, &logger, "LoggerId", &l->id, l->slot.value);
 *
 * Facts that are not known are no matter for the checks themselves: kdw_check_knows sees to them. */
#ifndef WALKER_CHECK_PARTS_H
#define WALKER_CHECK_PARTS_H

#include <walker/check.h>

/* ---- records that belong to another ---- */

enum kdw_join_id {
    KDW_LOGGERS_OF_STATE,
    KDW_LOGGERS_OF_SLOT,
    KDW_PROVIDERS_OF_STATE,
    KDW_SECURITY_OF_STATE,
    KDW_SYSTEM_OF_STATE,
    KDW_ENABLES_OF_PROVIDER,
    KDW_REGISTRATIONS_OF_PROVIDER,
    KDW_REGISTRATIONS_OF_GROUP,
    KDW_CONSUMERS_OF_LOGGER,
    KDW_HANDLES_OF_CONSUMER,
    KDW_PROCESSES_OF_PID,
    KDW_BROKEN_LISTS_OF_OWNER,
    KDW_JOINS
};

struct kdw_joined { /* a record, and what it belongs to */
    uint64_t key;
    uint32_t number;
};

struct kdw_join {
    struct kdw_joined *rows; /* by key */
    size_t len;
};

struct kdw_rows { /* the records with one key, in the order of their table */
    const struct kdw_joined *at, *end;
    uint64_t key;
    const uint8_t *records;
    size_t record_size;
};

/* ---- a run ---- */

struct kdw_checker {
    const struct kdw_snapshot *s;
    struct kdw_check_list *out;
    struct kdw_join joins[KDW_JOINS];
    bool has_loose[KDW_TABLES]; /* records of which it is not known what they belong to */
    unsigned check, repeated;   /* as in a finding */
    uint64_t silo_va;
    bool is_unsettled;     /* that silo is being made or torn down: nothing of it fails */
    enum kd_status status; /* KD_ERR_NO_MEMORY: findings were lost */
};

enum kd_status kdw_joins_make(struct kdw_checker *c);
void kdw_joins_free(struct kdw_checker *c);
struct kdw_rows kdw_rows_of(const struct kdw_checker *c, enum kdw_join_id join, uint64_t key);
const void *kdw_rows_next(struct kdw_rows *rows); /* NULL: no more */

/* What is looked at, and what it amounts to if it is not as it should be. */
struct kdw_subject {
    enum kdw_table_id table;
    uint64_t va;
    enum kdw_verdict at_worst;
};

/* The lock (any bit of mask set: held) covers it. */
void kdw_subject_lock(struct kdw_subject *subject, const struct kdw_u64 *lock, uint64_t mask);
enum { KDW_PUSH_LOCK_HELD = 1 }; /* bit 0 of a push lock: somebody holds it [doc] */
#define KDW_OWNED UINT64_MAX     /* of a fact that names the owner */

struct kdw_subject kdw_subject_of_state(const struct kdw_etw_state *state);
struct kdw_subject kdw_subject_of_logger(const struct kdw_checker *c, const struct kdw_logger *l);
struct kdw_subject kdw_subject_of_provider(const struct kdw_provider *p);
struct kdw_subject kdw_subject_of_registration(const struct kdw_checker *c,
                                               const struct kdw_registration *r);

/* ---- comparing ---- */

/* Was this table looked at? If not, that is what the check finds. */
bool kdw_check_has(struct kdw_checker *c, enum kdw_table_id table);
/* Is everything of it there? What is not in the table then does not exist. */
bool kdw_check_is_whole(const struct kdw_checker *c, enum kdw_table_id table);
/* What is judged by what is in that table: nothing fails where it is not whole. */
void kdw_check_needs(const struct kdw_checker *c, struct kdw_subject *subject,
                     enum kdw_table_id table);
/* The same of what is in the slots of a state. */
void kdw_check_needs_slots(const struct kdw_checker *c, struct kdw_subject *subject,
                           const struct kdw_etw_state *state);
/* Was it looked at at all: the slots of a state, its lists of providers? If not all, that is what the
 * check finds, and goes on with what there is. */
bool kdw_check_has_slots(struct kdw_checker *c, const struct kdw_etw_state *state);
bool kdw_check_has_providers(struct kdw_checker *c, const struct kdw_etw_state *state);
/* Is the fact known? One that could not be read is a finding, one that this kernel lacks is not. */
bool kdw_check_knows(struct kdw_checker *c, const struct kdw_subject *subject, const char *what,
                     const struct kdw_u64 *fact);
void kdw_check_equal(struct kdw_checker *c, const struct kdw_subject *subject, const char *what,
                     const struct kdw_u64 *fact, uint64_t expected);
/* It was judged: it holds, or this is what it is instead. actual: NULL: no value. */
void kdw_check_that(struct kdw_checker *c, const struct kdw_subject *subject, bool holds,
                    const char *what, const struct kdw_u64 *actual, const char *expected);
/* Something that could not be judged. */
void kdw_check_doubt(struct kdw_checker *c, const struct kdw_subject *subject,
                     enum kdw_verdict verdict, const char *what, const struct kdw_u64 *actual,
                     const char *expected);
/* What fails nothing. meaning: one sentence. */
void kdw_check_inform(struct kdw_checker *c, const struct kdw_subject *subject, const char *what,
                      const struct kdw_u64 *actual, const char *meaning);
/* The lists of that owner that did not end as they should: damaged links fail, the rest is unreadable.
 * name: which; NULL: all. True: there is one. */
bool kdw_check_lists(struct kdw_checker *c, const struct kdw_subject *subject, uint64_t owner_va,
                     const char *name);

/* ---- what several checks ask ---- */

/* 0 where it is not known. */
static inline uint64_t kdw_value(const struct kdw_u64 *fact)
{
    return fact->status == KD_OK ? fact->value : 0;
}

/* Of the host, or of a server silo; of a document's, neither may be known. */
static inline bool kdw_state_is_host(const struct kdw_etw_state *state)
{
    return state->silo_va.status == KD_OK && state->silo_va.value == 0;
}

static inline bool kdw_state_is_silos(const struct kdw_etw_state *state)
{
    return state->silo_va.status == KD_OK && state->silo_va.value != 0;
}

/* NULL: there is none in that slot. */
const struct kdw_logger *kdw_logger_in_slot(const struct kdw_checker *c, uint64_t state_va,
                                            uint64_t slot);
/* Its context may be looked at. */
bool kdw_logger_is_live(const struct kdw_logger *l);
bool kdw_logger_has_flag(const struct kdw_logger *l, unsigned bit);
enum { /* Flags of _WMI_LOGGER_CONTEXT */
       KDW_LOGGER_AUTO = 1,
       KDW_LOGGER_KERNEL_TRACE = 5,
       KDW_LOGGER_NO_MORE_ENABLE = 6,
       KDW_LOGGER_SECURITY_TRACE = 14,
       KDW_LOGGER_SYSTEM_INDEX = 16 /* 8 bits */
};
bool kdw_guid_is(const struct kdw_guid *guid, const uint8_t bytes[16]);
bool kdw_text_is(const struct kdw_text *text, const char *expected); /* in any case of letters */
/* The record of this address, where it is the first of several: an entry in two lists is judged once. */
bool kdw_is_first(const struct kdw_checker *c, enum kdw_table_id table, const void *record,
                  uint64_t va);
extern const uint8_t kdw_threat_intelligence[16]; /* the provider's GUID, as in memory */

enum kdw_place { KDW_IN_MODULE, KDW_IN_KERNEL, KDW_NOWHERE, KDW_PLACE_UNKNOWN };
/* Where code is. UNKNOWN: the list of modules is not whole. */
enum kdw_place kdw_place_of(const struct kdw_checker *c, uint64_t va);
/* A pointer to code, which is to be in a module, or in the kernel itself. */
void kdw_check_code(struct kdw_checker *c, const struct kdw_subject *subject, const char *what,
                    const struct kdw_u64 *pointer, bool in_kernel);

/* ---- the checks ---- */

typedef void kdw_state_check(struct kdw_checker *c, const struct kdw_etw_state *state);
typedef void kdw_check(struct kdw_checker *c);

/* check_loggers.c */
kdw_check kdw_check_clocks;              /* T1 */
kdw_state_check kdw_check_slots;         /* T3 */
kdw_state_check kdw_check_arrays;        /* T4 */
kdw_state_check kdw_check_session_count; /* T5 */
kdw_state_check kdw_check_collecting;    /* T18 */
kdw_check kdw_check_expected_loggers;    /* T20 */
kdw_check kdw_check_event_callbacks;     /* T21 */
kdw_check kdw_check_buffers;             /* T23 */
/* check_consumers.c */
kdw_state_check kdw_check_consumers; /* T19 */
/* check_providers.c */
kdw_state_check kdw_check_guid_count;          /* T6 */
kdw_state_check kdw_check_buckets;             /* T7 */
kdw_state_check kdw_check_sums;                /* T8 */
kdw_state_check kdw_check_references;          /* T9 */
kdw_state_check kdw_check_enabled_loggers;     /* T10 */
kdw_state_check kdw_check_threat_intelligence; /* T12 */
/* check_registrations.c */
kdw_state_check kdw_check_handles;       /* T11 */
kdw_state_check kdw_check_masks;         /* T13 */
kdw_state_check kdw_check_registrations; /* T14 */
/* check_security.c */
kdw_state_check kdw_check_security_loggers;  /* T15 */
kdw_state_check kdw_check_security_provider; /* T16 */
kdw_state_check kdw_check_system_loggers;    /* T17 */
/* check_kernel.c */
kdw_check kdw_check_hal;      /* T2 */
kdw_check kdw_check_routines; /* T22 */
kdw_check kdw_check_routes;   /* T24 */
kdw_check kdw_check_shutdown; /* T26 */
/* check_silos.c */
kdw_check kdw_check_silos;              /* T25 */
kdw_state_check kdw_check_against_host; /* of T27: what a silo lacks */

#endif
