/* walk.h - what the parts of one look at a kernel share; private to the walker.
 *
 * A part declares once, in a plan, which fields of which type it wants and where in a record they go.
 * Resolving the plan says which of them this kernel has; what it lacks stays KD_ERR_NOT_FOUND in the
 * record. That is how kernel generations are told apart: two names for one fact are two lines of the
 * plan, of which one exists.
 *
 *     static const struct kdw_plan_field job_fields[] = {
 *         KDW_PLAN_U64("JobId", struct kdw_job, id),
 *         ...
 *     };
 *
 * Fields that lie close together are fetched together, into the cache below, and then read each by
 * itself: few requests, no lines that hold no wanted byte, none twice.
 *
 * Units   Memory is read in units: structures that must be of one look to mean something together. One that
 *         is interrupted is undone and, after a pause, read again from its beginning; so a unit adds records,
 *         and what it changes in older ones it may change twice. Whatever a unit follows from an earlier look
 *         it first compares with memory (kdw_walk_is_still): what was there may be gone.
 *
 * Errors  A hole is a fact of the record and no failure. What fails is what ends a walk. */
#ifndef WALKER_WALK_H
#define WALKER_WALK_H

#include <walker/list.h>
#include <walker/object.h>
#include <walker/snapshot.h>

enum kdw_plan_as {
    KDW_AS_U64,     /* integers, pointers, bits */
    KDW_AS_UNICODE, /* a _UNICODE_STRING */
    KDW_AS_CHARS,   /* characters in an array */
    KDW_AS_GUID,
    KDW_AS_PLACE /* the address of the field itself: of a list head, of what is embedded */
};

struct kdw_plan_field {
    const char *name; /* as in kdw_layout_resolve, dots included */
    enum kdw_plan_as as;
    size_t at; /* in the record: a struct kdw_u64, kdw_text or kdw_guid */
};

#define KDW_PLAN_U64(name, record, member)                                                         \
    {                                                                                              \
        name, KDW_AS_U64, offsetof(record, member)                                                 \
    }
#define KDW_PLAN_UNICODE(name, record, member)                                                     \
    {                                                                                              \
        name, KDW_AS_UNICODE, offsetof(record, member)                                             \
    }
#define KDW_PLAN_CHARS(name, record, member)                                                       \
    {                                                                                              \
        name, KDW_AS_CHARS, offsetof(record, member)                                               \
    }
#define KDW_PLAN_GUID(name, record, member)                                                        \
    {                                                                                              \
        name, KDW_AS_GUID, offsetof(record, member)                                                \
    }
#define KDW_PLAN_PLACE(name, record, member)                                                       \
    {                                                                                              \
        name, KDW_AS_PLACE, offsetof(record, member)                                               \
    }

enum { KDW_PLAN_MAX = 64 };

struct kdw_plan_stretch { /* fields that lie close together */
    uint64_t offset, len;
    size_t fields;
};

struct kdw_plan {
    const struct kdw_plan_field *fields;
    const char *names[KDW_PLAN_MAX];
    struct kdw_field_ref refs[KDW_PLAN_MAX];
    struct kdw_layout layout;
    struct kdw_plan_stretch stretches[KDW_PLAN_MAX]; /* by offset */
    size_t stretches_len;
};

/* How many records were gone through, how many links may still be: what comes later is found by going on. */
struct kdw_followed {
    size_t jobs, processes, sessions, states, consumers; /* hidden.c */
    size_t children_left, members_left, sessions_left;
    size_t states_with_loggers, states_with_providers, providers; /* etw_*.c */
    size_t registrations;                                         /* links of these */
};

struct kdw_walk {
    struct kdw_kernel *k;
    struct kdw_snapshot *s;
    unsigned parts; /* KDW_PART_..., of which all that they need are among them */
    unsigned asked; /* and without those */
    struct kdw_followed followed;
    struct kdw_snapshot_opts opts;
    bool is_in_unit;
};

/* ---- units: walk_unit.c ---- */

typedef enum kd_status kdw_unit(struct kdw_walk *w, void *arg);
/* Until it was not interrupted; a unit inside of another one is part of that. Fails as the unit, and with
 * what ends a walk. */
enum kd_status kdw_walk_unit(struct kdw_walk *w, kdw_unit *unit, void *arg);

/* How far a snapshot had come, and back to there: snapshot.c. */
struct kdw_snapshot_mark {
    size_t len[KDW_TABLES];
    bool is_cut[KDW_TABLES];
};
struct kdw_snapshot_mark kdw_snapshot_mark(const struct kdw_snapshot *s);
void kdw_snapshot_rewind(struct kdw_snapshot *s, const struct kdw_snapshot_mark *mark);

/* Where a list is broken it may be walked from its other end as well: what lies behind a hole is in it
 * nonetheless. */
enum kdw_back { KDW_BACK_FROM_ANY_END, KDW_BACK_FROM_HOLES, KDW_BACK_NEVER };

struct kdw_walk_list {
    uint64_t head_va;
    const char *name;  /* for people */
    uint64_t owner_va; /* the structure that the head is in; 0: a variable */
    enum kdw_back back;
    /* After a pause, and where it is walked in a later look than its owner: whether that is still there.
     * Where it is not, the list ends, and nobody is told of a broken one. NULL: always. */
    enum kd_status (*is_there)(struct kdw_walk *w, const void *owner, bool *out);
    const void *owner;
};
typedef enum kd_status kdw_note(struct kdw_walk *w, const void *ctx, uint64_t links_va);
/* Its entries, each a unit. After a pause it goes on where it was, if that is still a place in the list; else it
 * begins anew and what was read of it is undone, but for some times only. So an entry may be noted twice. At
 * most *left entries; what remains of those is left there. A list that did not end as it should is told in a
 * record. Fails with what ends a walk, and as note. */
enum kd_status kdw_walk_each(struct kdw_walk *w, const struct kdw_walk_list *list, size_t *left,
                             kdw_note *note, const void *ctx);

/* KD_ERR_NOT_FOUND: the symbols have no such type, and diag names it. _optional: then no field exists. */
enum kd_status kdw_plan_resolve(struct kdw_walk *w, const char *type,
                                const struct kdw_plan_field *fields, size_t len,
                                struct kdw_plan *out);
enum kd_status kdw_plan_resolve_optional(struct kdw_walk *w, const char *type,
                                         const struct kdw_plan_field *fields, size_t len,
                                         struct kdw_plan *out);
/* All fields of the structure at va that this kernel has, into the record. */
enum kd_status kdw_plan_read(struct kdw_walk *w, const struct kdw_plan *plan, uint64_t va,
                             void *record);

/* Whether what record number i says in these members, which lie `at` in it, is still so in the structure at va:
 * numbers and GUIDs, of a plan. Of a record of this look it is, and nothing is read. */
enum kd_status kdw_walk_is_still(struct kdw_walk *w, enum kdw_table_id table, size_t i,
                                 const struct kdw_plan *plan, uint64_t va, const size_t *at,
                                 size_t len, bool *out);

/* An integer or pointer at va. Fails with what ends a walk; the rest is in *out. */
enum kd_status kdw_walk_u64(struct kdw_walk *w, uint64_t va, struct kdw_u64 *out);
enum kd_status kdw_walk_u32(struct kdw_walk *w, uint64_t va, struct kdw_u64 *out);
enum kd_status kdw_walk_u16(struct kdw_walk *w, uint64_t va, struct kdw_u64 *out);
enum kd_status kdw_walk_u8(struct kdw_walk *w, uint64_t va, struct kdw_u64 *out);
/* Offset of one field; false: this kernel has no such thing. Fails as kdw_plan_resolve_optional. */
enum kd_status kdw_walk_offset(struct kdw_walk *w, const char *type, const char *field,
                               uint64_t *offset, bool *exists);
/* Address of a kernel variable; KD_ERR_NOT_FOUND without a word in diag: symbols that lack it cost one
 * way to something, and there may be others. */
enum kd_status kdw_walk_symbol(struct kdw_walk *w, const char *name, uint64_t *va);
/* A variable that is a pointer or word of 8 bytes: its value, a unit. As kdw_walk_u64. */
enum kd_status kdw_walk_variable(struct kdw_walk *w, const char *name, struct kdw_u64 *out);

/* A text of our own as a fact; KD_ERR_NO_MEMORY. */
enum kd_status kdw_walk_text(const char *text, struct kdw_text *out);

/* What cannot have changed since the snapshot before, of a thing that is still the same, is not read again. Each
 * part says what that is, and why. The first: the record of that address in it; NULL: there is none. */
const void *kdw_walk_before(const struct kdw_walk *w, enum kdw_table_id table, uint64_t va);
/* A text from there, if it was known: then true, and *st is that of the copy. NULL: there is none. */
bool kdw_walk_keeps(const struct kdw_text *before, struct kdw_text *out, enum kd_status *st);

/* Walk a list; begin as kdw_list_begin, and once _next was false, end: where it ended as it should not,
 * a record says so. owner_va: the structure that its head is in; 0: a variable. */
enum kd_status kdw_walk_list_end(struct kdw_walk *w, const struct kdw_list *list, const char *name,
                                 uint64_t owner_va);
/* The record, whatever list->end is. */
enum kd_status kdw_walk_list_tell(struct kdw_walk *w, const struct kdw_list *list, const char *name,
                                  uint64_t owner_va);

/* ---- the parts ----
 *
 * In this order; each does nothing where nothing that was asked for wants it, and marks its tables as
 * taken. Those of tracing may be called again, for silos that were found meanwhile. Fails with what ends a
 * walk, no memory and what is said with each. */

enum kd_status kdw_walk_jobs(struct kdw_walk *w); /* job.c: PspJobList */
enum kd_status kdw_walk_processes(
    struct kdw_walk *w);                            /* process.c: lists of all; tokens, sessions */
enum kd_status kdw_walk_hidden(struct kdw_walk *w); /* hidden.c: from these to each other */
enum kd_status kdw_walk_silos(struct kdw_walk *w);  /* silo.c: host, jobs that are silos */
enum kd_status kdw_walk_monitors(struct kdw_walk *w);  /* silo_monitor.c */
enum kd_status kdw_walk_states(struct kdw_walk *w);    /* etw_state.c: one of the host at least */
enum kd_status kdw_walk_loggers(struct kdw_walk *w);   /* etw_logger.c: of every state */
enum kd_status kdw_walk_providers(struct kdw_walk *w); /* etw_provider.c: with registrations */
enum kd_status kdw_walk_hidden_by_etw(struct kdw_walk *w); /* hidden.c: from states and consumers */
enum kd_status kdw_walk_places(struct kdw_walk *w);   /* silo.c: in which silos processes are */
enum kd_status kdw_walk_cpus(struct kdw_walk *w);     /* cpu.c */
enum kd_status kdw_walk_evidence(struct kdw_walk *w); /* evidence.c: modules, variables */
enum kd_status kdw_walk_handles(struct kdw_walk *w);  /* etw_handle.c: with processes alone */

/* ---- bounds of a whole snapshot: snapshot_texts.c ---- */

enum {
    KDW_SHORT_TEXT = 512, /* bytes, printed: longer than any path that was seen */
    KDW_LONG_TEXTS_MAX = 1 << 20
};
/* Of texts that are longer, those that fit into that; the rest are KD_ERR_LIMIT. */
void kdw_snapshot_bound_texts(struct kdw_snapshot *s);

/* ---- small things ---- */

static inline struct kdw_u64 kdw_known(uint64_t value)
{
    return (struct kdw_u64){.status = KD_OK, .value = value};
}

/* Of jobs and silos all is wanted, and not only what leads to the ETW states of silos. */
static inline bool kdw_wants_layers(const struct kdw_walk *w)
{
    return (w->asked & (KDW_PART_SILOS | KDW_PART_JOBS | KDW_PART_PROCESSES)) != 0;
}

/* Both are known, and the same. */
static inline bool kdw_is_same_known(const struct kdw_u64 *a, const struct kdw_u64 *b)
{
    return a->status == KD_OK && b->status == KD_OK && a->value == b->value;
}

/* Its value, where it is known and not 0. */
static inline bool kdw_is_set(const struct kdw_u64 *fact)
{
    return fact->status == KD_OK && fact->value != 0;
}

#endif
