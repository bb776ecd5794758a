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

enum cli_exit cmd_loggers(struct cli *c)
{
    struct kdw_logger_list loggers;
    struct kdw_kernel kernel;
    struct source *source;
    enum cli_exit status;
    enum kd_status st = source_open(c, SOURCE_KERNEL, &source);

    if (st != KD_OK)
        return CLI_FAILED;
    st = source_kernel(source, &kernel);
    if (st == KD_OK) {
        st = kdw_loggers_of_host(&kernel, c->options.verbose ? KDW_DETAILED : KDW_BRIEF, &loggers);
        kdw_kernel_close(&kernel);
    }
    status = source_leave(source, st);
    if (st == KD_OK) {
        if (c->options.json)
            print_json_loggers(&loggers, c->options.verbose);
        else
            print_text_loggers(&loggers, c->options.verbose);
        warn_of_routes(&loggers.routes);
        if (loggers.has_gaps)
            status = CLI_GAPS;
        kdw_logger_list_free(&loggers);
    }
    source_close(source);
    return status;
}
