/* nt_parts.h - first in each file that is compiled once for every kernel: that kernel's structs, and
 * names that end in its build. */
#ifndef LAB_NT_PARTS_H
#define LAB_NT_PARTS_H

#include <string.h>

#include "machine_parts.h"

#include NT_HEADER

#define NT_JOIN_(name, build) name##_##build
#define NT_JOIN(name, build)  NT_JOIN_(name, build)
#define nt_kernel             NT_JOIN(nt_kernel, NT_BUILD)
#define nt_system             NT_JOIN(nt_system, NT_BUILD)
#define nt_modules            NT_JOIN(nt_modules, NT_BUILD)
#define nt_code               NT_JOIN(nt_code, NT_BUILD)
#define nt_object_types       NT_JOIN(nt_object_types, NT_BUILD)
#define nt_object             NT_JOIN(nt_object, NT_BUILD)
#define nt_object_at_edge     NT_JOIN(nt_object_at_edge, NT_BUILD)
#define nt_object_named       NT_JOIN(nt_object_named, NT_BUILD)
#define nt_handles_init       NT_JOIN(nt_handles_init, NT_BUILD)
#define nt_handle_set         NT_JOIN(nt_handle_set, NT_BUILD)
#define nt_handle_add         NT_JOIN(nt_handle_add, NT_BUILD)
#define nt_processes          NT_JOIN(nt_processes, NT_BUILD)
#define nt_tell_processes     NT_JOIN(nt_tell_processes, NT_BUILD)
#define nt_sessions           NT_JOIN(nt_sessions, NT_BUILD)
#define nt_jobs               NT_JOIN(nt_jobs, NT_BUILD)
#define nt_job_join           NT_JOIN(nt_job_join, NT_BUILD)
#define nt_silo_of_job        NT_JOIN(nt_silo_of_job, NT_BUILD)
#define nt_token              NT_JOIN(nt_token, NT_BUILD)
#define nt_ids_init           NT_JOIN(nt_ids_init, NT_BUILD)
#define nt_id                 NT_JOIN(nt_id, NT_BUILD)
#define nt_user               NT_JOIN(nt_user, NT_BUILD)
#define nt_thread             NT_JOIN(nt_thread, NT_BUILD)
#define nt_etw                NT_JOIN(nt_etw, NT_BUILD)
#define nt_logger             NT_JOIN(nt_logger, NT_BUILD)
#define nt_silos              NT_JOIN(nt_silos, NT_BUILD)
#define nt_tell_process_name  NT_JOIN(nt_tell_process_name, NT_BUILD)
#define nt_providers          NT_JOIN(nt_providers, NT_BUILD)
#define nt_tell_provider      NT_JOIN(nt_tell_provider, NT_BUILD)
#define nt_tell_enable        NT_JOIN(nt_tell_enable, NT_BUILD)
#define nt_needs              NT_JOIN(nt_needs, NT_BUILD)
#define nt_tamper             NT_JOIN(nt_tamper, NT_BUILD)
#define nt_race               NT_JOIN(nt_race, NT_BUILD)
#define nt_crash              NT_JOIN(nt_crash, NT_BUILD)
#define nt_encode             NT_JOIN(nt_encode, NT_BUILD)
#define nt_swizzle            NT_JOIN(nt_swizzle, NT_BUILD)

void nt_system(struct lab_machine *m);
void nt_modules(struct lab_machine *m);
void nt_code(struct lab_machine *m);
void nt_user(struct lab_machine *m);
void nt_etw(struct lab_machine *m);

/* Objects: their bodies' addresses. */
enum { /* of types: public listings [guess] */
       INDEX_TOKEN = 5,
       INDEX_JOB = 6,
       INDEX_PROCESS = 7,
       INDEX_THREAD = 8,
       INDEX_ETW_REGISTRATION = 0x39,
       INDEX_ETW_CONSUMER = 0x3a
};
#define OBJECT_POINTERS 0x8001 /* PointerCount of all */
void nt_object_types(struct lab_machine *m);
uint64_t nt_object(struct lab_machine *m, size_t len, unsigned type, const char tag[4]);
uint64_t nt_object_at_edge(struct lab_machine *m, size_t len, unsigned type, const char tag[4]);
uint64_t nt_object_named(struct lab_machine *m, size_t len, unsigned type, const char tag[4],
                         const char *name);

/* A table of handles: of a process, or of none. */
void nt_handles_init(struct lab_machine *m, struct cast_handles *h, uint32_t pid, uint64_t process);
/* The next free handle leads to the object; *entry (NULL: never mind) is where that stands. */
uint32_t nt_handle_add(struct lab_machine *m, struct cast_handles *h, uint64_t object,
                       uint32_t access, uint64_t *entry);
/* This handle leads to whatever address; where that stands. */
uint64_t nt_handle_set(struct lab_machine *m, struct cast_handles *h, uint32_t handle, uint64_t to,
                       uint32_t access);

/* Processes with their sessions, jobs and tokens; these are told when all their threads are there. */
#define SYSTEM_PID 4
void nt_processes(struct lab_machine *m);
void nt_tell_processes(const struct lab_machine *m);
void nt_tell_process_name(const struct lab_machine *m, const char *fact,
                          const struct cast_process *p);
void nt_sessions(struct lab_machine *m);
void nt_jobs(struct lab_machine *m);
void nt_job_join(struct lab_machine *m, int job, uint64_t process);
void nt_token(struct lab_machine *m, struct cast_process *p);
/* What makes a job a server silo, if it is one. */
void nt_silo_of_job(struct lab_machine *m, int job, struct _EJOB *out);
/* All processes and threads by their ids. */
void nt_ids_init(struct lab_machine *m);
void nt_id(struct lab_machine *m, uint32_t id, uint64_t object);
/* A thread of the System process, or the idle thread of a processor; at 0: wherever there is room. */
uint64_t nt_thread(struct lab_machine *m, uint64_t process, uint64_t at, uint64_t stack_base);
/* Globals of all silos, storage, monitors. */
void nt_silos(struct lab_machine *m);
/* The logger's _WMI_LOGGER_CONTEXT and all that hangs on it. */
void nt_logger(struct lab_machine *m, struct cast_logger *logger);
/* Of all states: providers and their registrations. */
void nt_providers(struct lab_machine *m);
#define TYPE_SECURITY 3 /* behind the three types of entries that are in lists */
void nt_tell_provider(const struct lab_machine *m, uint64_t state, uint64_t va, uint32_t bucket,
                      unsigned type, const struct _ETW_GUID_ENTRY *e);
/* One slot of a provider's entry. */
void nt_tell_enable(const struct lab_machine *m, uint64_t entry, unsigned slot,
                    const struct _TRACE_ENABLE_INFO *info);
/* Which bytes all that was told is made of. */
void nt_needs(struct lab_machine *m);
/* As nt_parts has them. */
bool nt_tamper(struct lab_machine *m, unsigned number);
void nt_race(struct lab_machine *m);
void nt_crash(struct lab_machine *m, uint32_t code, const uint64_t parameters[4]);
void nt_encode(struct lab_machine *m);
bool nt_swizzle(struct lab_machine *m, uint64_t mask);

static inline uint64_t at_rva(const struct lab_machine *m, uint32_t rva)
{
    return m->info.kernel_base + rva;
}

/* DISPATCHER_HEADER types [doc]. */
enum {
    TYPE_EVENT = 1,
    TYPE_MUTANT = 2,
    TYPE_PROCESS = 3,
    TYPE_THREAD = 6,
    TYPE_TIMER = 9,
    TYPE_DPC = 19
};
#define KERNEL_STACK 0x6000u

#endif
