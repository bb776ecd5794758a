#include "cli.h"
#include "dt.h"
#include "message.h"
#include "number.h"
#include "print.h"
#include "source.h"

struct work {
    const char *type_name;
    bool has_address;
    struct number_place place;
    struct dt dt; /* what is found */
};

static enum kd_status collect(struct cli *c, struct source *s, void *data)
{
    struct work *work = data;
    struct kdw_kernel kernel;
    uint64_t va = 0;
    enum kd_status st = source_kernel(s, &kernel);

    (void)c;
    if (st != KD_OK)
        return st;
    if (work->has_address)
        st = number_resolve(&kernel, &work->place, &va);
    if (st == KD_OK)
        st = source_space(s, &kernel, &kernel.mem);
    if (st == KD_OK)
        st = dt_collect(&kernel, work->type_name, work->has_address, va, &work->dt);
    kdw_kernel_close(&kernel);
    return st;
}

static bool print(const struct cli *c, void *data)
{
    struct dt *dt = &((struct work *)data)->dt;
    bool has_gaps = dt->has_gaps;

    if (c->options.json)
        print_json_dt(dt);
    else
        print_text_dt(dt);
    dt_free(dt);
    return has_gaps;
}

enum cli_exit cmd_dt(struct cli *c)
{
    static const struct source_job job = {SOURCE_KERNEL, collect, print};
    struct work work = {.has_address = c->arguments_len > 1};

    work.type_name = number_kernel_name(c->arguments[0]);
    if (!work.type_name || (work.has_address && !number_place(c->arguments[1], &work.place)))
        return CLI_FAILED;
    if (!work.has_address && c->options.space.kind != CLI_SPACE_CURRENT) {
        message_error("dt: --dtb and --process say whose memory is read, and need an ADDRESS");
        return CLI_FAILED;
    }
    return source_run(c, &job, &work);
}
