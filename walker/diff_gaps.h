/* diff_gaps.h - what a snapshot lacks because it could not be read: no difference, but a gap.
 *
 * Each kind of record is reached by lists, or from another record. It is missing for certain only where
 * one of these ways was walked to its end. Private to the walker. */
#ifndef WALKER_DIFF_GAPS_H
#define WALKER_DIFF_GAPS_H

#include <walker/snapshot.h>

/* A record of one snapshot is not in the other: it may be there all the same, behind something that
 * could not be read. */
bool kdw_diff_may_be_unread(const struct kdw_snapshot *has, const struct kdw_snapshot *lacks,
                            enum kdw_table_id table, const void *record);
/* Lists broke off by which records of that table are found, too: how one was found says little. */
bool kdw_diff_has_broken_ways(const struct kdw_snapshot *s, enum kdw_table_id table);

#endif
