/* hostile_views.h - everything that kdwalk can show of a snapshot, shown and judged. */
#ifndef HOSTILE_VIEWS_H
#define HOSTILE_VIEWS_H

#include "hostile_output.h"

#include <walker/snapshot.h>

#define HOSTILE_SECONDS 2.0 /* of a processor, for a command: its walk and what it prints */

struct hostile_view_cost {
    const char *name;
    double seconds, most_seconds;
    size_t most_len;
};

struct hostile_views {
    const struct kdw_snapshot *clean; /* what diff compares with */
    const struct kdw_snapshot *s;
    struct kdw_snapshot *read_back; /* s as its document tells it, ours to change; set on the way */
    uint64_t seed;                  /* which processes are looked at */
    double walk_seconds;            /* that taking it took */
    const char **doing;             /* set to what is being done: who watches wants to know */
    const char *failed;             /* the view; and why */
    char why[HOSTILE_WHY];
};

/* False: see failed, why. */
bool hostile_views_run(struct hostile_views *v);
/* What they, and whatever else was noted, have cost until now; ends with a name of NULL. */
const struct hostile_view_cost *hostile_view_costs(void);
/* name: a constant. */
void hostile_note_cost(const char *name, double seconds, size_t len);
double hostile_cpu_seconds(void);

#endif
