/* snapshot.h - what was found in a kernel, as plain structs.
 *
 * Filled once, by kdw_snapshot_take (or read back from a file), and only read from then on. Text, JSON, checks,
 * differences and reports are functions of it: it does no I/O and points to nothing but itself.
 *
 * Tables    Each kind of thing is a table of flat records. Records name each other by kernel address
 *           ("job_va"), as the kernel's own structures do; an address that leads to no record is
 *           evidence, not an error. kdw_snapshot_tables lists for each table what its facts are
 *           called, which is what printers, files and comparisons are made of.
 * Facts     Each is known, or says why not (value.h). KD_ERR_NOT_FOUND: this kernel has no such
 *           thing. Addresses, times (100 ns since 1601, UTC) and words are the kernel's own.
 * Parts     Only what was asked for is read; a table that was not has is_taken false.
 * Looks     A walk may pause, and the target runs meanwhile. What is read between two pauses is one look: each
 *           record is of one, and true of the time of that; records of two may contradict each other
 *           though nothing is wrong.
 * Lifetime  A snapshot owns its records and their texts; kdw_snapshot_free ends it.
 * Bounds    Each table has its own, far beyond any real machine (kdw_table_info.max), and long texts have one
 *           together; what met it is marked as cut, or a gap. A list that does
 *           not end as it should is a record of its own, in KDW_TABLE_LISTS.
 * Source    Fields: public symbols of 180 kernels [seen]; what they mean: with each record. */
#ifndef WALKER_SNAPSHOT_H
#define WALKER_SNAPSHOT_H

#include <walker/kernel.h>
#include <walker/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the protection layers ---- */

/* How a job or process was found: bits. Something that the first route lacks is hidden, or on its way
 * in or out. */
enum {
    KDW_FOUND_LIST = 1 << 0,    /* PspJobList; PsActiveProcessHead */
    KDW_FOUND_PROCESS = 1 << 1, /* a process's Job */
    KDW_FOUND_TREE = 1 << 2,    /* ParentJob, RootJob, children of another job */
    KDW_FOUND_SILO = 1 << 3,    /* a process's ServerSilo, an ETW state's Silo */
    KDW_FOUND_MEMORY = 1 << 4,  /* MmProcessLinks */
    KDW_FOUND_SESSION = 1 << 5, /* SessionProcessLinks */
    KDW_FOUND_CID = 1 << 6,     /* PspCidTable */
    KDW_FOUND_JOB = 1 << 7,     /* a job's process list */
    KDW_FOUND_CONSUMER = 1 << 8 /* an ETW consumer's ProcessObject */
};

struct kdw_job { /* _EJOB */
    uint64_t va;
    struct kdw_u64 found;
    struct kdw_u64 id;            /* JobId */
    struct kdw_u64 pointer_count; /* of its object header; 0: it is being deleted */
    struct kdw_u64 type_index;    /* of its object header, decoded */
    struct kdw_u64 flags;         /* JobFlags: bit 30 Silo */
    struct kdw_u64 limit_flags;
    struct kdw_u64 parent_va, root_va;
    struct kdw_u64 nesting_depth;
    struct kdw_u64 session_id;
    struct kdw_u64 processes_active, processes_total, processes_terminated;
    struct kdw_guid container_id;
    struct kdw_u64
        globals_va; /* ServerSiloGlobals; 0: it is no server silo; KD_ERR_UNSUPPORTED: symbols
                                that are guessed do not say */
    struct kdw_u64 storage_va;
};

enum kdw_silo_kind { KDW_SILO_HOST, KDW_SILO_SERVER, KDW_SILO_APP };

/* A job that is a silo, and the host itself, whose va is 0. The host and server silos have globals. */
struct kdw_silo {
    uint64_t va; /* the job */
    struct kdw_u64 kind;
    struct kdw_u64 id;        /* the job's; 0: host [guess] */
    struct kdw_u64 parent_va; /* the silo that it is in; 0: host */
    struct kdw_guid container_id;
    struct kdw_u64 globals_va; /* _ESERVERSILO_GLOBALS */
    struct kdw_u64 state; /* 0 initing, 1 started, 2 shutting down, 3 terminating, 4 terminated */
    struct kdw_u64 exit_status; /* 0x103 while it lives */
    struct kdw_text root_directory;
    struct kdw_text system_root;
    struct kdw_u64 service_session, console_session;
    struct kdw_u64 etw_state_va;
};

struct kdw_storage_slot { /* an object that a silo keeps for a monitor */
    uint64_t va;
    struct kdw_u64 silo_va;
    struct kdw_u64 slot;
    struct kdw_u64 object_va; /* without the flag in bit 0 */
};

struct kdw_monitor { /* a driver that is told of silos [doc] */
    uint64_t va;
    struct kdw_u64 slot;
    struct kdw_u64 create_va, terminate_va; /* callbacks */
    struct kdw_text name;
};

struct kdw_session { /* _MM_SESSION_SPACE; from 26100 on known by its processes only */
    uint64_t va;     /* 0: only its id is known */
    struct kdw_u64 id;
    struct kdw_u64 created_100ns;
    struct kdw_u64 processes; /* ProcessReferenceToSession */
};

struct kdw_process { /* _EPROCESS */
    uint64_t va;
    struct kdw_u64 found;
    struct kdw_u64 pid, parent_pid;
    struct kdw_text name;                       /* ImageFileName: 15 bytes at most */
    struct kdw_text path;                       /* SeAuditProcessCreationInfo */
    struct kdw_u64 created_100ns, exited_100ns; /* 0: it lives */
    struct kdw_u64 exit_status;
    struct kdw_u64 flags, flags2, flags3;
    struct kdw_u64 job_not_active; /* JobNotReallyActive: the job is provisional */
    struct kdw_u64 job_va;
    struct kdw_u64 silo_va;        /* the nearest job upwards that is a silo; 0: host */
    struct kdw_u64 server_silo_va; /* the nearest that is a server silo; 0: host */
    struct kdw_u64 own_silo_va;    /* what the process itself says: ServerSilo */
    struct kdw_u64 session_va, session_id;
    struct kdw_u64 protection; /* type, audit, signer */
    struct kdw_u64 signature_level, section_signature_level;
    struct kdw_u64 dtb; /* DirectoryTableBase */
    struct kdw_u64 peb_va, wow64_va, handle_table_va;
    struct kdw_u64 mitigation_flags, mitigation_flags2;
    struct kdw_u64 threads;
    struct kdw_u64 token_va;

    /* of its token */
    struct kdw_text user;     /* SID */
    struct kdw_u64 integrity; /* last part of the label's SID */
    struct kdw_u64 policy;    /* MandatoryPolicy */
    struct kdw_u64 token_flags;
    struct kdw_u64 token_session; /* SessionId */
    struct kdw_text package;      /* SID of an AppContainer; KD_ERR_NOT_FOUND: it is in none */
    struct kdw_u64 capabilities;  /* how many */
    struct kdw_text trust_level;  /* SID; KD_ERR_NOT_FOUND: it has none */
};

struct kdw_cpu { /* a processor as it stood */
    uint64_t va; /* _KPRCB */
    struct kdw_u64 number;
    struct kdw_u64 cr0, cr3, cr4, cr8, xcr0;

    /* of all of them alike */
    struct kdw_u64 nx; /* 1: the kernel has a page without execution; else not known */
    struct kdw_u64 kva_shadow, vsm_enabled; /* KiKvaShadow, VslVsmEnabled */
};

/* ---- tracing ---- */

/* Three independent routes lead to the host silo's state. They must agree. */
struct kdw_etw_state { /* _ETW_SILODRIVERSTATE, of one server silo */
    uint64_t va;
    struct kdw_u64 silo_va;          /* by which it was reached; 0: host */
    struct kdw_u64 by_silo_globals;  /* EtwSiloState of the silo's globals */
    struct kdw_u64 by_host_pointer;  /* *EtwpHostSiloState; of the host */
    struct kdw_u64 by_debugger_data; /* EtwpDebuggerData + 0x10: the host's logger array */
    struct kdw_u64 own_silo_va, own_globals_va; /* what the state itself says: Silo, SiloGlobals */
    struct kdw_u64 max_loggers;
    struct kdw_u64 contexts_va, rundowns_va;                             /* the arrays */
    struct kdw_u64 slots, free_slots;                                    /* of the array; walked */
    struct kdw_u64 guid_count, session_count, pool_paged, pool_nonpaged; /* EtwpCounters */
    struct kdw_u64 bytes_written;
    struct kdw_u64 shutdown; /* EtwpShutdownInProgress */
    struct kdw_u64 security_pid, security_mask;
    struct kdw_u64 active_system_loggers;
    struct kdw_u64 start_owner_va; /* who holds EtwpStartTraceMutex; 0: nobody */
    struct kdw_guid partition_id, parent_id;
    struct kdw_text partition_name;
    struct kdw_u64 partition_type, qpc_offset;
};

enum kdw_logger_state {
    KDW_LOGGER_LIVE,
    KDW_LOGGER_STOPPING,   /* pointer with bit 0 set */
    KDW_LOGGER_UNREADABLE, /* the slot points to memory that cannot be read */
    KDW_LOGGER_EMPTY_SLOT, /* 0, which a running kernel never writes: an anomaly */
    KDW_LOGGER_LOST_SLOT   /* the slot itself cannot be read: `slot_value` says why */
};

struct kdw_logger {          /* _WMI_LOGGER_CONTEXT, and the slot that it stands in */
    uint64_t va;             /* bit 0 cleared */
    struct kdw_u64 state_va; /* the _ETW_SILODRIVERSTATE whose array it stands in */
    struct kdw_u64 slot;     /* index in the array */
    struct kdw_u64 slot_value;
    struct kdw_u64 state;        /* enum kdw_logger_state */
    struct kdw_u64 id;           /* LoggerId; should equal slot */
    struct kdw_u64 own_state_va; /* SiloState; should equal state_va */

    /* KDW_PART_LOGGER_DETAILS */
    struct kdw_text name;
    struct kdw_u64 name_va; /* LoggerName.Buffer */
    struct kdw_text file, file_pattern, new_file, realtime_file;
    struct kdw_u64 mode, flags; /* LoggerMode; Flags */
    struct kdw_u64 clock_type, get_cpu_clock;
    struct kdw_u64 status, collection_on,
        accept_new_events; /* LoggerStatus, signed; CollectionOn */
    struct kdw_u64 pool_type;
    struct kdw_u64 thread_va;
    struct kdw_u64 started_100ns;
    struct kdw_u64 buffer_size; /* bytes, of each; the rest are counts */
    struct kdw_u64 buffers, buffers_available, minimum_buffers, maximum_buffers, peak_buffers;
    struct kdw_u64 buffers_written, events_lost, log_buffers_lost;
    struct kdw_u64 realtime_buffers_delivered, realtime_buffers_lost;
    struct kdw_u64 flush_timer; /* in kdw_logger_timer_unit of the mode (etw_names.h) */
    struct kdw_u64 consumers;   /* NumConsumers */
    struct kdw_u64 transition_consumer_va;
    struct kdw_u64 lock, mutex_owner_va;   /* LoggerLock; LoggerMutex */
    struct kdw_u64 rundown_va, references; /* of its slot's rundown object: live references */
    struct kdw_u64 callback_context_va;    /* who is called for each event; 0: nobody */
};

struct kdw_consumer { /* _ETW_REALTIME_CONSUMER */
    uint64_t va;
    struct kdw_u64 logger_va;
    struct kdw_u64 logger_id; /* LoggerId: should equal the logger's */
    struct kdw_u64 own_state_va;
    struct kdw_u64 process_va, pid;
    struct kdw_text process_name; /* ImageFileName */
    struct kdw_u64 flags;
    struct kdw_u64 buffers_lost;
};

struct kdw_consumer_handle { /* a handle of type EtwConsumer: the second view of consumers */
    uint64_t va;             /* of the entry */
    struct kdw_u64 process_va;
    struct kdw_u64 handle;
    struct kdw_u64 object_va;
};

enum kdw_provider_type {
    KDW_PROVIDER_TRACE,
    KDW_PROVIDER_NOTIFICATION,
    KDW_PROVIDER_GROUP,
    KDW_PROVIDER_SECURITY /* the entry embedded in the state, in no list */
};

struct kdw_provider { /* _ETW_GUID_ENTRY */
    uint64_t va;
    struct kdw_u64 state_va; /* the state in whose table it was found */
    struct kdw_u64 type, bucket;
    struct kdw_guid guid;
    struct kdw_u64 references; /* RefCount */
    struct kdw_u64 own_state_va;
    struct kdw_u64 host_entry_va;
    struct kdw_u64 enabled, level, property, any_keyword, all_keyword; /* ProviderEnableInfo */
    struct kdw_u64 lock, lock_owner_va;
    struct kdw_u64 bucket_lock;
    struct kdw_u64 filter_va, descriptor_va;
};

struct kdw_enable { /* one _TRACE_ENABLE_INFO of a provider that is not all zero */
    uint64_t va;
    struct kdw_u64 provider_va;
    struct kdw_u64 slot;
    struct kdw_u64 enabled, level, logger_id, property, any_keyword, all_keyword;
};

struct kdw_registration { /* _ETW_REG_ENTRY */
    uint64_t va;
    struct kdw_u64 provider_va, listed_group_va; /* the entries in whose lists it was found */
    struct kdw_u64 own_provider_va, group_va;    /* what it says: GuidEntry, GroupEntry */
    struct kdw_u64 flags;
    struct kdw_u64 index;
    struct kdw_u64 enable_mask, group_mask, host_mask, host_group_mask;
    struct kdw_u64 process_va; /* of a user one */
    struct kdw_u64 pid;
    struct kdw_text process_name;
    struct kdw_u64 callback_va, context_va; /* of a kernel one; callback of a user one is its own */
    struct kdw_u64 session_id;
    struct kdw_text traits_name; /* what the provider calls itself */
};

struct kdw_security_logger { /* EtwpSecurityLoggers[k] that is not zero */
    uint64_t va;
    struct kdw_u64 state_va;
    struct kdw_u64 slot;
    struct kdw_u64 logger_id;
};

struct kdw_system_logger { /* EtwpSystemLogger[i] that has a logger or is active */
    uint64_t va;
    struct kdw_u64 state_va;
    struct kdw_u64 index;
    struct kdw_u64 logger_id, clock_type;
    struct kdw_u64 groups[8]; /* EtwpGroupMasks[i]: one word for each class of events */
};

/* ---- evidence ---- */

struct kdw_module_fact { /* a loaded module */
    uint64_t va;         /* its entry in the list */
    struct kdw_u64 base_va, size;
    struct kdw_text name, path;
};

struct kdw_variable { /* a word of the kernel that a check looks at */
    uint64_t va;
    struct kdw_text name; /* of the symbol; entries of an array share it */
    struct kdw_u64 index; /* in the array */
    struct kdw_u64 value;
};

struct kdw_list_walk {       /* a list that was walked, where it did not end as it should */
    uint64_t va;             /* its head */
    struct kdw_text name;    /* "PspJobList" */
    struct kdw_u64 owner_va; /* the structure that the head is in; 0: a variable */
    struct kdw_u64 entries;  /* given out */
    struct kdw_text problem;
    struct kdw_u64 end_va; /* where */
};

/* ---- tables ---- */

enum kdw_table_id {
    KDW_TABLE_SILOS,
    KDW_TABLE_JOBS,
    KDW_TABLE_STORAGE,
    KDW_TABLE_MONITORS,
    KDW_TABLE_SESSIONS,
    KDW_TABLE_PROCESSES,
    KDW_TABLE_CPUS,
    KDW_TABLE_STATES,
    KDW_TABLE_LOGGERS,
    KDW_TABLE_CONSUMERS,
    KDW_TABLE_HANDLES,
    KDW_TABLE_PROVIDERS,
    KDW_TABLE_ENABLES,
    KDW_TABLE_REGISTRATIONS,
    KDW_TABLE_SECURITY,
    KDW_TABLE_SYSTEM,
    KDW_TABLE_MODULES,
    KDW_TABLE_VARIABLES,
    KDW_TABLE_LISTS,
    KDW_TABLES
};

struct kdw_table {
    void *records; /* an array of the table's struct, in the order in which they were found */
    size_t len, room;
    uint32_t *looks; /* beside the records: how many pauses there had been when each was read */
    uint32_t *index; /* by address: number of a record + 1, 0: free */
    size_t index_len;
    size_t repeated; /* records of an address that one before has */
    bool is_taken;   /* somebody looked */
    bool is_cut;     /* there were more than its bounds */
};

struct kdw_handle_key;
struct kdw_handle_set { /* the walker's own */
    struct kdw_handle_key *keys;
    size_t len, places;
};

struct kdw_snapshot {
    struct kdw_table tables[KDW_TABLES];
    uint16_t build; /* what the target says of itself; 0: nothing */
    uint64_t kernel_base_va;
    struct kdw_u64 time_100ns;  /* of the target */
    char *symbols;              /* where they came from */
    bool is_guess;              /* they are */
    uint32_t looks;             /* pauses; 0: all of it is of one time */
    uint64_t *look_times_100ns; /* of the target, when each look began: looks + 1; NULL: whoever let
                                   it run did not note them; from malloc */
    struct kdw_handle_set handles; /* that are no consumers': for the next walk, and in no file */
};

/* The records of a table, as in KDW_EACH(s, KDW_TABLE_JOBS, struct kdw_job, job). */
#define KDW_EACH(snapshot, table, type, it)                                                        \
    for (const type *it = (snapshot)->tables[table].records,                                       \
                    *it##_end = it ? it + (snapshot)->tables[table].len : it;                      \
         it != it##_end; it++)

enum kdw_fact_kind {                   /* what a fact is, and which type holds it */
                     KDW_FACT_KEY,     /* uint64_t: an address, and the record's identity */
                     KDW_FACT_ADDRESS, /* struct kdw_u64: all from here on, but for the last two */
                     KDW_FACT_NUMBER,
                     KDW_FACT_SIGNED,
                     KDW_FACT_WORD, /* bits */
                     KDW_FACT_TIME, /* 100 ns since 1601 */
                     KDW_FACT_TEXT, /* struct kdw_text */
                     KDW_FACT_GUID  /* struct kdw_guid */
};

struct kdw_fact {
    const char *name; /* as in JSON: "parent_job" */
    enum kdw_fact_kind kind;
    bool is_counter; /* it changes while nothing happens that matters */
    bool
        is_joined; /* concluded from several structures: where they were read in more than one look it
                        may never have been so */
    uint16_t offset; /* in the record */
};

struct kdw_table_info {
    const char *name; /* "jobs" */
    const char *one;  /* "job" */
    size_t record_size;
    size_t max; /* records */
    const struct kdw_fact *facts;
    size_t facts_len;
};

extern const struct kdw_table_info kdw_snapshot_tables[KDW_TABLES];

/* ---- taking one ---- */

enum { /* what to look at; each includes what it cannot do without */
       KDW_PART_SILOS = 1 << 0,
       KDW_PART_JOBS = 1 << 1,
       KDW_PART_PROCESSES = 1 << 2,
       KDW_PART_CPUS = 1 << 3,
       KDW_PART_LOGGERS = 1 << 4,        /* of every silo; which slots hold what */
       KDW_PART_LOGGER_DETAILS = 1 << 5, /* and what is in them, and their consumers */
       KDW_PART_PROVIDERS = 1 << 6,      /* with what enables them, and registrations */
       KDW_PART_EVIDENCE = 1 << 7, /* for checks: modules, variables; with processes also handles */
       KDW_PART_ALL = (1 << 8) - 1
};

/* Fails with what ends a walk, and where the kernel's symbols lack what nothing can be found without;
 * k must have its symbols. */
enum kd_status kdw_snapshot_take(struct kdw_kernel *k, unsigned parts, struct kdw_snapshot *out);

struct kdw_snapshot_opts {
    unsigned parts; /* KDW_PART_... */
    /* An earlier one of the same boot: what cannot have changed of a thing that is still there is taken from
     * it and not read. May be NULL. */
    const struct kdw_snapshot *before;
    void *ctx; /* of the two functions */
    /* The source may be read no longer (KD_ERR_INTERRUPTED): let the target run, halt it again, forget what
     * was cached, return KD_OK; another status ends the walk. NULL: so does the interruption. */
    enum kd_status (*pause)(void *ctx);
    /* A unit begins: structures that are read in one look, and from their beginning again if that was
     * interrupted. must_end: they did not fit into a whole look, so until the next unit the source must not
     * interrupt. May be NULL, then a unit that never fits ends the walk. */
    void (*unit)(void *ctx, bool must_end);
};

/* What is read and when it pauses depends on memory and on which reads were interrupted, on nothing else: a
 * recording of it is walked the same way. Fails as kdw_snapshot_take, and as pause. */
enum kd_status kdw_snapshot_take_with(struct kdw_kernel *k, const struct kdw_snapshot_opts *opts,
                                      struct kdw_snapshot *out);
void kdw_snapshot_free(struct kdw_snapshot *s);
/* There was no pause: whatever contradicts something does so in the target. */
bool kdw_snapshot_is_of_one_look(const struct kdw_snapshot *s);

/* Of a table, those of an address that one before has: in two lists is what somebody moved by hand, a few at the
 * most; a hostile kernel could lead to the same ones again and again. Address 0 is none. */
enum { KDW_REPEATED_MAX = 256 };

/* Room for one more record, all its facts KD_ERR_NOT_FOUND. NULL: no memory, or the table is full
 * (then it is marked as cut). The record may move when the next is added. */
void *kdw_snapshot_add(struct kdw_snapshot *s, enum kdw_table_id table, uint64_t va);
/* The first record of that address; NULL: there is none. */
const void *kdw_snapshot_find(const struct kdw_snapshot *s, enum kdw_table_id table, uint64_t va);

/* Of a fact of a record: KD_OK, or why it is not known; *fault_va is where, if that is a place. */
enum kd_status kdw_fact_status(const struct kdw_fact *fact, const void *record, uint64_t *fault_va);

/* A fact that should be known and could not be read. */
struct kdw_gap {
    enum kdw_table_id table;
    const struct kdw_fact *fact;
    uint64_t record_va;
    enum kd_status status;
    uint64_t fault_va;
};
typedef void kdw_on_gap(void *ctx, const struct kdw_gap *gap);
/* All of them; returns how many. on_gap: NULL: only count. */
size_t kdw_snapshot_gaps(const struct kdw_snapshot *s, void *ctx, kdw_on_gap *on_gap);
/* Nothing is missing of what was looked at: no gap, no table cut, no list that broke off. */
bool kdw_snapshot_is_complete(const struct kdw_snapshot *s);

/* Leave out the records that are not to be kept. */
typedef bool kdw_keep(void *ctx, const void *record);
void kdw_snapshot_filter(struct kdw_snapshot *s, enum kdw_table_id table, void *ctx,
                         kdw_keep *keep);

#ifdef __cplusplus
}
#endif
#endif
