/* clean_snapshot.h - a small kernel as a snapshot, in which all agrees with all: what tests of checks tamper with.
 *
 * A host and one server silo; in each a security logger with its consumer and its provider. The host also has
 * Threat-Intelligence (enabled for DefenderApiLogger, heard by an antimalware process), a provider in a
 * group, and a kernel logger. */
#ifndef TESTS_SUPPORT_CLEAN_SNAPSHOT_H
#define TESTS_SUPPORT_CLEAN_SNAPSHOT_H

#include <walker/check.h>

#define CLEAN_KERNEL   UINT64_C(0xfffff80000000000) /* 16 MiB of code, and a driver behind it */
#define CLEAN_DRIVER   UINT64_C(0xfffff80002000000)
#define CLEAN_NOWHERE  UINT64_C(0xffffa80f00001000) /* in no module */
#define CLEAN_HOST     UINT64_C(0xffffa80faa000000) /* ETW state */
#define CLEAN_SILO     UINT64_C(0xffffa80fab000000) /* ETW state of the silo */
#define CLEAN_JOB      UINT64_C(0xffffa80fac000000) /* the silo's job */
#define CLEAN_PLAIN    UINT64_C(0xffffa80fac001000) /* a job that is none */
#define CLEAN_CIRCULAR UINT64_C(0xffffa80fb0002000) /* loggers of the host: slot 2, */
#define CLEAN_SECURITY UINT64_C(0xffffa80fb0003000) /* 3, */
#define CLEAN_DEFENDER UINT64_C(0xffffa80fb0004000) /* 4, */
#define CLEAN_OTHER    UINT64_C(0xffffa80fb0005000) /* and 5, that nobody listens to */
#define CLEAN_SILOS    UINT64_C(0xffffa80fb1003000) /* the silo's only one */
#define CLEAN_THREATS  UINT64_C(0xffffa80fc0000000) /* providers of the host */
#define CLEAN_MEMBER   UINT64_C(0xffffa80fc0001000) /* in a group; not enabled itself */
#define CLEAN_GROUP    UINT64_C(0xffffa80fc0002000)
#define CLEAN_SILOED   UINT64_C(0xffffa80fc1000000) /* the silo's */
#define CLEAN_EMBEDDED (CLEAN_HOST + 0x18)          /* the security provider's entry */
#define CLEAN_LSASS    UINT64_C(0xffffa80fd0001000) /* processes */
#define CLEAN_MSMPENG  UINT64_C(0xffffa80fd0002000)
#define CLEAN_INSIDE   UINT64_C(0xffffa80fd0003000) /* lsass.exe of the silo */

enum {
    CLEAN_REG = 0x800,
    CLEAN_CONSUMER = 0x800,
    CLEAN_HANDLE = 0x900
}; /* behind what they are of */

void clean_snapshot(struct kdw_snapshot *s);
/* The record of an address, to be changed; it must be there. */
void *clean_record(struct kdw_snapshot *s, enum kdw_table_id table, uint64_t va);
/* One of the variables, by name and index. */
struct kdw_variable *clean_variable(struct kdw_snapshot *s, const char *name, uint64_t index);
void clean_remove(struct kdw_snapshot *s, enum kdw_table_id table, uint64_t va);
struct kdw_u64 clean_known(uint64_t value);
struct kdw_u64 clean_unreadable(void);
void clean_rename(struct kdw_text *text, const char *chars);
/* A list that did not end as it should. */
void clean_broken_list(struct kdw_snapshot *s, const char *name, uint64_t owner_va,
                       enum kd_status problem);

/* What the checks say of it; the snapshot is freed. */
struct clean_verdicts {
    struct kdw_check_list list;
};
void clean_judge(struct kdw_snapshot *s, struct clean_verdicts *out);
/* Check t (1: T1) came out like that, and no other failed but those of `also` (a bit each: 1 << t). */
void clean_assert(struct kdw_snapshot *s, unsigned t, enum kdw_verdict verdict, uint64_t also);

#endif
