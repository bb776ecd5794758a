#include "cli.h"
#include "print.h"
#include "source.h"

#include <walker/system.h>

struct found {
    struct kdw_target target;
    struct kdw_system system; /* nothing, where the target is no kernel yet */
};

static enum kd_status collect(struct cli *c, struct source *s, void *work)
{
    struct found *found = work;

    found->target = *source_target(s);
    if (found->target.machine == 0)
        return kd_diag_set(&c->diag, KD_ERR_NOT_FOUND,
                           "nobody asked the recorded target for its version");
    if (!found->target.is_kernel)
        return KD_OK;
    return kdw_system_read(source_mem(s), &found->target, &c->diag, &found->system);
}

static bool print(const struct cli *c, void *work)
{
    struct found *found = work;
    bool has_gaps = found->system.has_gaps || !found->target.is_kernel ||
                    found->target.processor_count == 0 || found->target.module_list_va == 0;

    if (c->options.json)
        print_json_system(&found->target, &found->system);
    else
        print_text_system(&found->target, &found->system);
    kdw_system_free(&found->system);
    return has_gaps;
}

enum cli_exit cmd_vertarget(struct cli *c)
{
    static const struct source_job job = {SOURCE_ANYTHING, collect, print};
    struct found found = {0};

    return source_run(c, &job, &found);
}
