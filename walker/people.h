/* people.h - what the files of jobs, processes and sessions share; private to the walker.
 *
 * Who lives on a machine is found by lists first (job.c, process.c), then by what leads from one of
 * them to another (hidden.c). Each finding is told to a _note function: of what was found before it
 * only keeps by which way, what is new it reads.
 *
 * Wild      A way that is not the first may lead anywhere. What its header does not call a job or a
 *           process is none, and gets no record: the address in the record that led there is evidence enough.
 * Source    Fields: public symbols of 180 kernels [seen]. Types of objects: object_header.h. */
#ifndef WALKER_PEOPLE_H
#define WALKER_PEOPLE_H

#include "object_header.h"

/* ---- what all of them use: people.c ---- */

struct kdw_place { /* of a field: of a list's head or links */
    uint64_t offset;
    bool exists; /* the symbols have it */
};

enum kd_status kdw_place_resolve(struct kdw_walk *w, const char *type, const char *field,
                                 struct kdw_place *out);
/* The record of that address, to be changed; NULL: there is none. */
void *kdw_walk_find(struct kdw_walk *w, enum kdw_table_id table, uint64_t va);

/* ---- jobs: job.c ---- */

struct kdw_job_plans {
    struct kdw_plan job;
    struct kdw_object_headers headers;
    struct kdw_u64 type; /* index of the type "Job" */
    struct kdw_place pointer_count, links;
};

enum kd_status kdw_jobs_plan(struct kdw_walk *w, struct kdw_job_plans *out);
/* found: KDW_FOUND_... va 0 is nobody. */
enum kd_status kdw_job_note(struct kdw_walk *w, const struct kdw_job_plans *plans, uint64_t va,
                            unsigned found);
/* Its header says so, where the symbols know of headers. Without that nothing is followed from it: of what can be
 * read much looks like pointers, and the pages of a kernel would all become jobs. */
bool kdw_is_job(const struct kdw_job_plans *plans, const struct kdw_job *job);

/* ---- tokens: token.c ---- */

struct kdw_token_plans {
    struct kdw_plan token, pointers;
    uint64_t entry_size; /* of the array of groups */
};

enum kd_status kdw_token_plan(struct kdw_walk *w, struct kdw_token_plans *out);
/* Of the token at p->token_va; before: the same process in an earlier walk, or NULL. Fails with what ends a
 * walk. */
enum kd_status kdw_token_read(struct kdw_walk *w, const struct kdw_token_plans *plans,
                              const struct kdw_process *before, struct kdw_process *p);

/* ---- sessions: session.c ---- */

struct kdw_session_plans {
    struct kdw_plan session;
    struct kdw_place processes; /* the list */
};

enum kd_status kdw_session_plan(struct kdw_walk *w, struct kdw_session_plans *out);
/* The session that p names, and what p is told of it. */
enum kd_status kdw_session_note(struct kdw_walk *w, const struct kdw_session_plans *plans,
                                struct kdw_process *p);

/* ---- processes: process.c ---- */

struct kdw_process_plans {
    struct kdw_plan process;
    struct kdw_plan kind; /* DISPATCHER_HEADER.Type */
    struct kdw_plan path;
    struct kdw_token_plans token;
    struct kdw_session_plans session;
    struct kdw_object_headers headers;
    struct kdw_u64 type; /* index of the type "Process" */
};

enum kd_status kdw_processes_plan(struct kdw_walk *w, struct kdw_process_plans *out);
enum kd_status kdw_process_note(struct kdw_walk *w, const struct kdw_process_plans *plans,
                                uint64_t va, unsigned found);
/* Of a list, all that its header calls a process: the head of a ring that nobody knows is none. */
struct kdw_process_list {
    struct kdw_walk_list list;
    const char *links; /* the field that it links */
    unsigned found;
};
enum kd_status kdw_process_list_walk(struct kdw_walk *w, const struct kdw_process_plans *plans,
                                     const struct kdw_process_list *list, size_t *left);

/* ---- silos: silo.c, silo_monitor.c ---- */

/* What drivers keep with a silo. Fails with what ends a walk. */
enum kd_status kdw_storage_read(struct kdw_walk *w, uint64_t silo_va, uint64_t storage_va);

#endif
