#include "cli.h"
#include "print.h"
#include "source.h"

#include <walker/modules.h>

static enum kd_status collect(struct cli *c, struct source *s, void *work)
{
    (void)c;
    return source_modules(s, work);
}

static bool print(const struct cli *c, void *work)
{
    struct kdw_module_list *modules = work;
    bool has_gaps = modules->has_gaps;

    if (c->options.json)
        print_json_modules(modules);
    else
        print_text_modules(modules);
    kdw_module_list_free(modules);
    return has_gaps;
}

enum cli_exit cmd_lm(struct cli *c)
{
    static const struct source_job job = {SOURCE_ANYTHING, collect, print};
    struct kdw_module_list modules;

    return source_run(c, &job, &modules);
}
