#include "message.h"
#include "provider_choice.h"
#include "view.h"
#include "views.h"

static enum kd_status narrow(struct cli *c, struct kdw_snapshot *s, void *ctx)
{
    return provider_choice_keep(ctx, s, &c->diag);
}

/* All that is known of each, or a line. */
static bool has_details(const struct cli *c)
{
    return c->options.verbose || c->arguments_len;
}

static void print(const struct kdw_snapshot *s, bool is_verbose, void *ctx)
{
    const struct provider_choice *choice = ctx;

    view_providers(s, choice->names, is_verbose, is_verbose || choice->name);
}

enum cli_exit cmd_providers(struct cli *c)
{
    struct provider_names names = {NULL, 0};
    struct provider_choice choice = {
        .name = c->arguments_len ? c->arguments[0] : NULL,
        .names = &names,
        .silo = c->options.silo,
        .has_logger = c->options.has_logger,
        .has_process = c->options.has_process,
        .logger_id = c->options.logger_id,
        .process_pid = c->options.process_pid,
        .process_name = c->options.process_name,
    };
    struct view view = {
        /* names of loggers and of drivers are told with details only, and cost as much as the rest */
        .parts = KDW_PART_PROVIDERS |
                 (has_details(c) ? KDW_PART_LOGGER_DETAILS | KDW_PART_EVIDENCE : 0u) |
                 (choice.process_name ? KDW_PART_PROCESSES : 0u),
        .narrow = narrow,
        .print = print,
        .ctx = &choice,
    };
    enum cli_exit status;

    /* before anybody is halted */
    if (c->options.provider_names &&
        provider_names_load(c->options.provider_names, &c->diag, &names) != KD_OK) {
        message_error("--providers: %s", c->diag.text);
        return CLI_FAILED;
    }
    status = view_run(c, &view);
    provider_names_free(&names);
    return status;
}
