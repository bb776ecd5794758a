#include "cli.h"
#include "dt.h"
#include "number.h"
#include "print.h"
#include "source.h"

struct wish { /* what is asked for */
    const char *type_name;
    bool has_address;
    struct number_place place;
};

static enum kd_status collect(struct source *source, const struct wish *wish, struct dt *dt)
{
    struct kdw_kernel kernel;
    uint64_t va = 0;
    enum kd_status st = source_kernel(source, &kernel);

    if (st != KD_OK)
        return st;
    if (wish->has_address)
        st = number_resolve(&kernel, &wish->place, &va);
    if (st == KD_OK)
        st = dt_collect(&kernel, wish->type_name, wish->has_address, va, dt);
    kdw_kernel_close(&kernel);
    return st;
}

enum cli_exit cmd_dt(struct cli *c)
{
    struct wish wish = {.has_address = c->arguments_len > 1};
    struct dt dt;
    struct source *source;
    enum cli_exit status;
    enum kd_status st;

    wish.type_name = number_kernel_name(c->arguments[0]);
    if (!wish.type_name || (wish.has_address && !number_place(c->arguments[1], &wish.place)))
        return CLI_FAILED;
    st = source_open(c, SOURCE_KERNEL, &source);
    if (st != KD_OK)
        return CLI_FAILED;
    st = collect(source, &wish, &dt);
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
