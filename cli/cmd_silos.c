#include "view.h"
#include "views.h"

static void print(const struct kdw_snapshot *s, bool is_verbose, void *ctx)
{
    (void)ctx;
    view_silos(s, is_verbose);
}

enum cli_exit cmd_silos(struct cli *c)
{
    /* by processes silos are found that are in no list, and those in them are counted */
    static const struct view view = {.parts = KDW_PART_SILOS | KDW_PART_PROCESSES, .print = print};

    return view_run(c, &view);
}
