#include "cli.h"
#include "message.h"
#include "print.h"
#include "source.h"

#include <walker/etw.h>

#include <inttypes.h>
#include <stdio.h>

enum { ROUTE_TEXT = 40 };

static const char *route(const struct kdw_u64 *v, char text[ROUTE_TEXT])
{
    if (v->status == KD_OK)
        snprintf(text, ROUTE_TEXT, "0x%" PRIx64, v->value);
    else
        snprintf(text, ROUTE_TEXT, "nothing (%s)", kd_status_text(v->status));
    return text;
}

static void warn_of_routes(const struct kdw_etw_routes *r)
{
    char globals[ROUTE_TEXT], pointer[ROUTE_TEXT], array[ROUTE_TEXT], own_array[ROUTE_TEXT];

    if (r->agree)
        return;
    message_warning("the routes to the host silo's ETW state disagree: PspHostSiloGlobals says %s, "
                    "EtwpHostSiloState %s; the logger array is at %s by EtwpDebuggerData, at %s by "
                    "the state itself",
                    route(&r->by_silo_globals, globals), route(&r->by_host_pointer, pointer),
                    route(&r->logger_array, array), route(&r->state_array, own_array));
}

static enum kd_status collect(struct cli *c, struct source *s, void *work)
{
    struct kdw_kernel kernel;
    enum kd_status st = source_kernel(s, &kernel);

    if (st != KD_OK)
        return st;
    st = kdw_loggers_of_host(&kernel, c->options.verbose ? KDW_DETAILED : KDW_BRIEF, work);
    kdw_kernel_close(&kernel);
    return st;
}

static bool print(const struct cli *c, void *work)
{
    struct kdw_logger_list *loggers = work;
    bool has_gaps = loggers->has_gaps;

    if (c->options.json)
        print_json_loggers(loggers, c->options.verbose);
    else
        print_text_loggers(loggers, c->options.verbose);
    warn_of_routes(&loggers->routes);
    kdw_logger_list_free(loggers);
    return has_gaps;
}

enum cli_exit cmd_loggers(struct cli *c)
{
    static const struct source_job job = {SOURCE_KERNEL, collect, print};
    struct kdw_logger_list loggers;

    return source_run(c, &job, &loggers);
}
