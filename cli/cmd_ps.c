#include "view.h"
#include "views.h"

static void print(const struct kdw_snapshot *s, bool is_verbose, void *ctx)
{
    view_processes(s, is_verbose, *(const bool *)ctx);
}

enum cli_exit cmd_ps(struct cli *c)
{
    struct view view = {.parts = KDW_PART_PROCESSES, .print = print, .ctx = &c->options.tree};

    return view_run(c, &view);
}
