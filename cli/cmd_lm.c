#include "cli.h"
#include "print.h"
#include "source.h"

#include <walker/modules.h>

enum cli_exit cmd_lm(struct cli *c)
{
    struct kdw_module_list modules;
    struct source *source;
    enum cli_exit status;
    enum kd_status st = source_open(c, SOURCE_ANYTHING, &source);

    if (st != KD_OK)
        return CLI_FAILED;
    st = kdw_modules(source_mem(source), source_target(source)->module_list_va, &c->diag, &modules);
    status = source_leave(source, st);
    if (st == KD_OK) {
        if (c->options.json)
            print_json_modules(&modules);
        else
            print_text_modules(&modules);
        if (modules.has_gaps)
            status = CLI_GAPS;
        kdw_module_list_free(&modules);
    }
    source_close(source);
    return status;
}
