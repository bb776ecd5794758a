#include "layers_keep.h"
#include "message.h"
#include "process_choice.h"
#include "view.h"
#include "views.h"

struct layers {
    const char *process; /* as it was named */
    uint64_t process_va;
    struct provider_names names;
};

static enum kd_status narrow(struct cli *c, struct kdw_snapshot *s, void *ctx)
{
    struct layers *layers = ctx;
    enum kd_status st = process_choice_find(layers->process, s, &c->diag, &layers->process_va);

    if (st == KD_OK)
        layers_keep(s, layers->process_va);
    return st;
}

static void print(const struct kdw_snapshot *s, bool is_verbose, void *ctx)
{
    const struct layers *layers = ctx;

    view_layers(s, &layers->names, is_verbose, layers->process_va);
}

enum cli_exit cmd_layers(struct cli *c)
{
    struct layers layers = {.process = c->arguments[0]};
    struct view view = {
        .parts = KDW_PART_PROCESSES | KDW_PART_CPUS | KDW_PART_PROVIDERS | KDW_PART_LOGGER_DETAILS,
        .narrow = narrow,
        .print = print,
        .ctx = &layers,
    };
    enum cli_exit status;

    /* before anybody is halted */
    if (c->options.provider_names &&
        provider_names_load(c->options.provider_names, &c->diag, &layers.names) != KD_OK) {
        message_error("--providers: %s", c->diag.text);
        return CLI_FAILED;
    }
    status = view_run(c, &view);
    provider_names_free(&layers.names);
    return status;
}
