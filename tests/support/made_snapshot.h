/* made_snapshot.h - a snapshot with every fact there is, known and unknown in turns. */
#ifndef TESTS_SUPPORT_MADE_SNAPSHOT_H
#define TESTS_SUPPORT_MADE_SNAPSHOT_H

#include <walker/snapshot.h>

/* So many records in each table. */
void made_snapshot(struct kdw_snapshot *s, size_t records);
/* All of both is the same; counters and symbols included. */
bool made_snapshot_is_equal(const struct kdw_snapshot *a, const struct kdw_snapshot *b);

#endif
