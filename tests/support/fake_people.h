/* fake_people.h - jobs, processes, sessions and silos in a kernel made by a test (fake_kernel.h).
 *
 * Nobody is in any list until the test links him, and each list may be told apart:
 *
 *     fake_people_process(&p, CALC, 0x1234, "calc.exe");
 *     fake_people_link(&p, p.active_va, "_EPROCESS", CALC, "ActiveProcessLinks");
 *
 * Lifetime  fake_people_init to fake_people_deinit. */
#ifndef TESTS_SUPPORT_FAKE_PEOPLE_H
#define TESTS_SUPPORT_FAKE_PEOPLE_H

#include "support/fake_kernel.h"

#include <walker/snapshot.h>

/* Kernels that embed a silo's shared data and know no ServerSilo; that have both; that moved most fields. */
extern const char *const fake_people_builds[3];

enum { FAKE_JOB_TYPE = 6, FAKE_PROCESS_TYPE = 7, FAKE_THREAD_TYPE = 8 };

struct fake_people {
    struct fake_kernel k;
    uint64_t jobs_va, active_va, monitors_va; /* heads of lists */
    uint64_t memory_va;                       /* of the memory manager's, which has no symbol */
    uint64_t host_va;                         /* PspHostSiloGlobals */
};

/* Empty lists, types of objects, and a host whose globals are zeros. */
void fake_people_init(struct fake_people *p, const char *build);
void fake_people_deinit(struct fake_people *p);

/* A header, with a pointer count of 1. */
void fake_people_object(struct fake_people *p, uint64_t va, unsigned type);
/* All zeros but what is said; its lists are empty. */
void fake_people_job(struct fake_people *p, uint64_t va, uint64_t id);
void fake_people_process(struct fake_people *p, uint64_t va, uint64_t pid, const char *image);
void fake_people_session(struct fake_people *p, uint64_t va, uint64_t id);
/* Make a job a server silo. */
void fake_people_server_silo(struct fake_people *p, uint64_t job_va, uint64_t globals_va);
/* At the end of the list with that head, by that field. */
void fake_people_link(struct fake_people *p, uint64_t head_va, const char *type, uint64_t va,
                      const char *field);
void fake_people_job_is_listed(struct fake_people *p, uint64_t va);
/* In all lists of all processes; the first is the System process. */
void fake_people_process_is_listed(struct fake_people *p, uint64_t va, uint64_t pid);
/* In the table of ids. */
void fake_people_id(struct fake_people *p, uint64_t id, uint64_t object_va);
/* S-1-<authority>-<parts>. */
void fake_people_sid(struct fake_people *p, uint64_t va, uint8_t authority, const uint32_t *parts,
                     uint8_t len);

/* Take a snapshot that must succeed. */
void fake_people_take(struct fake_people *p, unsigned parts, struct kdw_snapshot *s);
const struct kdw_job *fake_people_find_job(const struct kdw_snapshot *s, uint64_t va);
const struct kdw_process *fake_people_find(const struct kdw_snapshot *s, uint64_t va);

#endif
