#include "cli.h"
#include "print.h"
#include "source.h"

#include <walker/system.h>

enum cli_exit cmd_vertarget(struct cli *c)
{
    struct kdw_system system = {0};
    struct kdw_target target;
    struct source *source;
    enum cli_exit status;
    enum kd_status st = source_open(c, SOURCE_ANYTHING, &source);

    if (st != KD_OK)
        return CLI_FAILED;
    target = *source_target(source);
    if (target.is_kernel)
        st = kdw_system_read(source_mem(source), &target, &c->diag, &system);
    status = source_leave(source, st);
    if (st == KD_OK) {
        if (c->options.json)
            print_json_system(&target, &system);
        else
            print_text_system(&target, &system);
        if (system.has_gaps || !target.is_kernel)
            status = CLI_GAPS;
        kdw_system_free(&system);
    }
    source_close(source);
    return status;
}
