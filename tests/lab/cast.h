/* cast.h - everybody on one machine: those of its scene, the crowd around them, and what they are to each other.
 *
 * Made from a scene and a seed before any memory is written, so that what structures say of each other is
 * decided once, in one place; the same from the same two. The nt_*.c write it, and note where it came to lie.
 *
 * Things name each other by number; NOBODY: by none. Silo 0 is the host.
 * Lifetime  One allocation: _create to _destroy. */
#ifndef LAB_CAST_H
#define LAB_CAST_H

#include "crowd.h"

#define NOBODY (-1)

enum {
    CAST_PROCESSES_MAX = 128,
    CAST_SESSIONS_MAX = 8,
    CAST_JOBS_MAX = 16,
    CAST_SILOS_MAX = 4,
    CAST_LOGGERS_MAX = 128,
    CAST_MODULES_MAX = 64,
    CAST_PROVIDERS_MAX = 2048,
    CAST_REGISTRATIONS_MAX = 4096,
    CAST_SLOTS = 8,       /* of a provider: for how many loggers it can be enabled */
    CAST_LEAVES_MAX = 64, /* of a handle table: each has room for 256 handles */
};

/* A security identifier. */
struct cast_sid {
    uint8_t authority, count;
    uint32_t sub[11];
};

/* The token of one process. */
struct cast_token {
    struct cast_sid user, package, trust; /* count 0: none */
    uint32_t integrity;                   /* last part of the label's SID; CAST_NO_LABEL */
    uint32_t policy, flags, capabilities;
    uint64_t va;
};
#define CAST_NO_LABEL 0xffffffffu

struct cast_handles {
    uint64_t va, directory, leaf[CAST_LEAVES_MAX];
    uint32_t next; /* handle */
};

struct cast_process {
    uint32_t pid, parent;
    const char *image;
    char path[160]; /* "": none */
    uint8_t protection, signature, section_signature;
    unsigned more; /* PROCESS_... */
    uint32_t mitigations, threads;
    uint16_t registrations;
    uint64_t created, exited; /* 100 ns since 1601; 0: it runs */
    int session, job, silo;
    struct cast_token token;
    /* where it is */
    uint64_t va, cr3;
    struct cast_handles handles;
    uint64_t peb;
    uint32_t flags[3], threads_made;
};

struct cast_session {
    uint32_t id, processes;
    uint64_t created;
    uint64_t va;
};

struct cast_job {
    const struct crowd_job *said;
    uint32_t id;
    int parent, root, silo; /* the server silo that it is or is in */
    unsigned depth;
    int session;
    uint32_t active, total, ended; /* processes, of its children too */
    struct lab_guid container;     /* of a server silo */
    uint64_t va;
};

/* One logger, of its silo. */
struct cast_logger {
    const struct lab_logger *said;
    int silo;
    int consumers[3];
    unsigned consumer_count;
    uint32_t references; /* that keep it from going away */
    uint64_t va, rundown;
};

enum cast_provider_type { PROVIDER_TRACE, PROVIDER_NOTIFICATION, PROVIDER_GROUP };

struct cast_enable {
    int logger; /* NOBODY: the slot is free */
    uint8_t level;
    uint32_t property;
    uint64_t any, all; /* keywords */
};

/* A GUID of one silo. */
struct cast_provider {
    struct lab_guid guid;
    enum cast_provider_type type;
    enum crowd_handle handle;
    int silo;
    int host;  /* the host's entry of the same GUID; NOBODY: it is that itself */
    int group; /* that all of its registrations are in */
    struct cast_enable slots[CAST_SLOTS], all; /* and what they come to */
    unsigned enabled, registered;              /* slots in use; registrations listed here */
    char traits[48];                           /* its own name; "": it has none */
    uint64_t va, traits_va;
};

struct cast_registration {
    int provider;
    int process; /* NOBODY: the kernel's */
    int module;  /* of a kernel one: a driver's; NOBODY: the kernel itself */
    uint16_t index;
    uint8_t mask, group_mask, host_mask, host_group_mask;
    uint64_t va;
};

/* The host or a server silo. */
struct cast_silo {
    int job;     /* NOBODY: the host */
    int session; /* of its services */
    uint32_t security_pid;
    uint32_t loggers; /* live and stopping */
    uint32_t guids;
    uint64_t globals, state, rundowns, contexts;
};

/* How many of each there are. The usual shape is the same on all machines. */
struct cast_shape {
    bool is_usual;
    uint32_t server_silos, silo_slots; /* slots for loggers, of each server silo */
    uint32_t host_providers, silo_providers, registrations;
};

struct cast {
    const struct lab_scene *scene;
    uint64_t random;
    struct cast_shape shape;

    struct cast_process processes[CAST_PROCESSES_MAX];
    size_t process_count;
    struct cast_session sessions[CAST_SESSIONS_MAX];
    size_t session_count;
    struct cast_job jobs[CAST_JOBS_MAX];
    size_t job_count;
    struct cast_silo silos[CAST_SILOS_MAX];
    size_t silo_count;
    struct cast_logger loggers[CAST_LOGGERS_MAX];
    size_t logger_count;
    struct cast_provider providers[CAST_PROVIDERS_MAX];
    size_t provider_count;
    struct cast_registration registrations[CAST_REGISTRATIONS_MAX];
    size_t registration_count;
    struct lab_module modules[CAST_MODULES_MAX]; /* with their bases; without the kernel itself */
    size_t module_count;
};

/* The seed of the usual shape. */
#define CAST_USUAL 1
struct cast *cast_create(const struct lab_scene *scene, uint64_t seed); /* NULL: out of memory */
void cast_destroy(struct cast *c);                                      /* NULL is fine */

/* cast_people.c: processes, sessions, jobs, silos. */
void cast_people(struct cast *c);
/* cast_trace.c: loggers, providers, registrations. */
void cast_loggers(struct cast *c);
void cast_providers(struct cast *c);
/* cast_enable.c: which providers are enabled for whom, and what registrations say of it. */
void cast_enables(struct cast *c);

/* From 0 to n - 1. */
uint32_t cast_draw(struct cast *c, uint32_t n);
struct lab_guid cast_draw_guid(struct cast *c);
const struct cast_process *cast_process(const struct cast *c, uint32_t pid); /* NULL: none */
/* The silo that a place is in, as a number; whether this machine has it. */
int cast_silo_of(enum crowd_place place);
bool cast_has_place(const struct cast *c, enum crowd_place place);

#endif
