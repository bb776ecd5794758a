/* check.h - what looks tampered with in a snapshot: 27 checks, each with a verdict and what it found.
 *
 * A check compares facts that say the same thing twice, or a fact with the only values a sound kernel
 * gives it; one snapshot is enough. Those of one silo's tracing (T3 to T19) are about the host; T27
 * repeats them for each server silo.
 *
 * Doubt     A fact that could not be read never fails a check. Nor does one that is being changed: where
 *           the lock that covers it is held, the verdict is "in transition".
 * Findings  Only of what is not as expected; in the order of the checks. A hostile kernel can make any
 *           number of them: of each check KDW_FINDINGS_KEPT are kept, the rest are counted.
 * Lifetime  A list owns its findings; texts in it are constants. It does not borrow from the snapshot.
 * Errors    KD_ERR_NO_MEMORY.
 * Source    What is expected: public descriptions of these kernels and of what was done to them [doc],
 *           kernel listings [guess], said with each check. */
#ifndef WALKER_CHECK_H
#define WALKER_CHECK_H

#include <walker/snapshot.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { KDW_CHECKS = 27, KDW_FINDINGS_KEPT = 200 };

/* In the order in which one outweighs another. */
enum kdw_verdict {
    KDW_INFORMATION, /* worth knowing, and no reason to fail */
    KDW_PASS,
    KDW_NOT_APPLICABLE, /* this kernel has no such thing, or nothing says what would be right */
    KDW_UNREADABLE,     /* it might have failed or passed */
    KDW_IN_TRANSITION,
    KDW_FAIL
};

struct kdw_check_info {
    const char *id;      /* "T1" */
    const char *title;   /* what should hold */
    const char *meaning; /* one sentence: what it would mean if it does not */
    const char *absent;  /* why there is nothing to check, where there is not */
};

extern const struct kdw_check_info kdw_checks[KDW_CHECKS];
/* "in transition" */
const char *kdw_verdict_text(enum kdw_verdict verdict);

struct kdw_finding {
    unsigned check;    /* 0: T1 */
    unsigned repeated; /* of T27: which check it repeats; else the same as check */
    enum kdw_verdict verdict;
    uint64_t silo_va; /* whose; 0: host */
    enum kdw_table_id table;
    uint64_t va;               /* of the record in that table; 0: it is about the table */
    const char *what;          /* the field, as the kernel calls it */
    struct kdw_u64 actual;     /* KD_ERR_NOT_FOUND: it is no value */
    struct kdw_u64 expected;   /* KD_ERR_NOT_FOUND: it is no value, expected_text says it */
    const char *expected_text; /* NULL: there is a value */
    const char *meaning;
};

struct kdw_check_result {
    enum kdw_verdict verdict;
    size_t judged;   /* comparisons that could be made */
    size_t findings; /* whether kept or not */
};

struct kdw_check_list {
    struct kdw_check_result results[KDW_CHECKS];
    struct kdw_finding *findings;
    size_t len, room;
};

enum kd_status kdw_check_run(const struct kdw_snapshot *s, struct kdw_check_list *out);
void kdw_check_free(struct kdw_check_list *list);
/* How many checks came out like that. */
size_t kdw_check_count(const struct kdw_check_list *list, enum kdw_verdict verdict);

#ifdef __cplusplus
}
#endif
#endif
