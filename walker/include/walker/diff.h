/* diff.h - two snapshots compared: what appeared, what vanished, and which facts changed.
 *
 * Identity   Addresses are used again, so some records are known by other facts: a process by its pid
 *            and when it was created, a logger by its place, a provider by its GUID; diff.c has
 *            the list. Where such a fact is not known on one side, and for all others, it is the
 *            address. Of several records with one identity the first is the first, and so on.
 * Unknown    A fact that could not be read on either side is neither the same nor changed: it is
 *            counted as not comparable. So is a record that the other side lacks where all that
 *            leads there could not be read to its end, where it had no room for more, or where
 *            the symbols do not name it, as they do variables.
 * In one     Tables that were taken in one snapshot only, and facts that one has of no record at all
 *            (it was not asked for them, or is of an older version), are named and not compared.
 * Counters   change while nothing happens that matters: they are compared when asked for.
 * Lifetime   A difference points into both snapshots; kdw_diff_free ends it before they end. */
#ifndef WALKER_DIFF_H
#define WALKER_DIFF_H

#include <walker/snapshot.h>

#ifdef __cplusplus
extern "C" {
#endif

enum kdw_change_kind { KDW_APPEARED, KDW_VANISHED, KDW_CHANGED };

struct kdw_change {
    enum kdw_table_id table;
    enum kdw_change_kind kind;
    const void *from, *to;       /* the record; NULL where there is none */
    const struct kdw_fact *fact; /* that changed; NULL: the record is new, or gone */
};

enum { /* in which snapshots a table was looked at: bits */
       KDW_IN_FROM = 1 << 0,
       KDW_IN_TO = 1 << 1,
       KDW_IN_BOTH = KDW_IN_FROM | KDW_IN_TO
};

struct kdw_table_diff {
    unsigned taken;
    size_t appeared, vanished, changed; /* records */
    size_t not_comparable;              /* facts, and records that the other side may have missed */
    uint64_t facts_from, facts_to; /* that one alone has: a bit for each of the table's facts */
};

struct kdw_diff {
    struct kdw_change *changes; /* by table; in each what vanished or changed, then what is new */
    size_t len, room;
    struct kdw_table_diff tables[KDW_TABLES];
};

enum kdw_diff_counters { KDW_DIFF_WITHOUT_COUNTERS, KDW_DIFF_WITH_COUNTERS };

/* Fails with KD_ERR_NO_MEMORY only. */
enum kd_status kdw_diff(const struct kdw_snapshot *from, const struct kdw_snapshot *to,
                        enum kdw_diff_counters counters, struct kdw_diff *out);
void kdw_diff_free(struct kdw_diff *d);

#ifdef __cplusplus
}
#endif
#endif
