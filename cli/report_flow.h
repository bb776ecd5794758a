/* report_flow.h - who feeds which logger, and who hears it: what the picture of a report shows.
 *
 * Providers that feed exactly the same loggers are one source, and so are a system logger's groups of kernel
 * events; consumers that are the same process are one hearer, a log file is another. Of each kind the
 * most connected FLOW_MAX are kept: loggers first, then what is connected to those, the largest source of
 * each before all others; all_... count how many there are.
 *
 * Lifetime  It owns nothing; records are the snapshot's. */
#ifndef CLI_REPORT_FLOW_H
#define CLI_REPORT_FLOW_H

#include "provider_links.h"

#include <walker/snapshot.h>

enum {
    FLOW_MAX = 40,        /* boxes on top of each other that a person can still follow */
    FLOW_LOGGERS_MAX = 8, /* of a provider: the kernel has eight places for what enables it */
    FLOW_NAMED_MAX = 3,   /* providers of a source */
};

struct flow_source {
    const struct kdw_logger *loggers[FLOW_LOGGERS_MAX]; /* sorted by place in the table */
    size_t loggers_len;
    size_t providers; /* 0: kernel events */
    const struct kdw_provider *named[FLOW_NAMED_MAX];
    const struct kdw_system_logger *system; /* of kernel events */
};

struct flow_logger {
    const struct kdw_logger *logger;
    size_t providers, hearers;
};

struct flow_hearer {
    const struct kdw_consumer *consumer; /* NULL: a file */
    const struct kdw_logger *file_of;    /* of a file */
};

struct flow_edge { /* indices of what is kept */
    size_t logger, other;
};

struct flow {
    struct flow_source sources[FLOW_MAX];
    struct flow_logger loggers[FLOW_MAX];
    struct flow_hearer hearers[FLOW_MAX];
    size_t sources_len, loggers_len, hearers_len;
    size_t all_sources, all_loggers, all_hearers; /* connected ones */
    struct flow_edge fed[FLOW_MAX * FLOW_LOGGERS_MAX], heard[FLOW_MAX * FLOW_MAX];
    size_t fed_len, heard_len;
};

/* False: no memory. */
bool flow_make(const struct kdw_snapshot *s, struct flow *out);

#endif
