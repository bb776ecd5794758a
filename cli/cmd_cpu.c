#include "view.h"
#include "views.h"

static void print(const struct kdw_snapshot *s, bool is_verbose, void *ctx)
{
    (void)ctx;
    view_cpus(s, is_verbose);
}

enum cli_exit cmd_cpu(struct cli *c)
{
    static const struct view view = {.parts = KDW_PART_CPUS, .print = print};

    return view_run(c, &view);
}
