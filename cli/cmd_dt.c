#include "cli.h"
#include "dt.h"
#include "number.h"
#include "print.h"
#include "source.h"

static enum kd_status collect(struct cli *c, struct source *source, struct dt *dt)
{
    bool has_address = c->arguments_len > 1;
    struct kdw_kernel kernel;
    uint64_t va = 0;
    enum kd_status st = source_kernel(source, &kernel);

    if (st != KD_OK)
        return st;
    if (has_address && number_is_symbol(c->arguments[1]))
        st = number_symbol(&kernel, c->arguments[1], &va);
    else if (has_address)
        number_address(c->arguments[1], &va);
    if (st == KD_OK)
        st = dt_collect(&kernel, number_without_module(c->arguments[0]), has_address, va, dt);
    kdw_kernel_close(&kernel);
    return st;
}

enum cli_exit cmd_dt(struct cli *c)
{
    struct dt dt;
    struct source *source;
    enum cli_exit status;
    enum kd_status st = source_open(c, SOURCE_KERNEL, &source);

    if (st != KD_OK)
        return CLI_FAILED;
    st = collect(c, source, &dt);
    status = source_leave(source, st);
    if (st == KD_OK) {
        if (c->options.json)
            print_json_dt(&dt);
        else
            print_text_dt(&dt);
        if (dt.has_gaps)
            status = CLI_GAPS;
        dt_free(&dt);
    }
    source_close(source);
    return status;
}
