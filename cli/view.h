/* view.h - a command that shows some tables of a snapshot: what it reads, what it leaves out, how it prints.
 *
 * With --json it is the document of snapshot_json.h, with those tables. Below a text, for each reason, it is
 * told why facts stand as "?", and which lists broke off; the exit status is then that of gaps. */
#ifndef CLI_VIEW_H
#define CLI_VIEW_H

#include "cli.h"

#include <walker/snapshot.h>

struct view {
    unsigned parts; /* KDW_PART_... */
    /* Leave out what was not asked for. Fails where what the user named is not there, with a diag; NULL:
     * all is shown. It may be called again, with another snapshot. */
    enum kd_status (*narrow)(struct cli *c, struct kdw_snapshot *s, void *ctx);
    void (*print)(const struct kdw_snapshot *s, bool is_verbose, void *ctx);
    void *ctx; /* of both */
};

enum cli_exit view_run(struct cli *c, const struct view *view);
/* What view_run prints below a text. */
void view_print_end(const struct kdw_snapshot *s);

#endif
