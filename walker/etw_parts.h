/* etw_parts.h - what the files of ETW states and loggers share; private to walker/etw*.c and what looks
 * for loggers without symbols.
 *
 * A silo's _ETW_SILODRIVERSTATE has an array of loggers and one of rundown references beside it, both
 * inside itself in older kernels (WmipLoggerContext[64]), behind pointers with MaxLoggers entries in
 * newer ones: told apart by which fields the symbols have, never by build number.
 *
 * Source    Fields and both forms of the array: public symbols of 180 kernels [seen]. What slots and
 *           counts mean: public kernel listings [guess]; addresses and ids of two published analyses
 *           agree with it [seen]. */
#ifndef WALKER_ETW_PARTS_H
#define WALKER_ETW_PARTS_H

#include "walk.h"

enum {
    KDW_LOGGERS_MAX = 1024,   /* newer kernels clamp MaxLoggers to 256; four times that is damage */
    KDW_CONSUMERS_MAX = 256,  /* of one logger; those of all: the bound of their table */
    KDW_PROCESSORS_MAX = 2048 /* what Windows supports [doc] */
};

/* An array of pointers: each one's value, or why it is not known. */
struct kdw_slots {
    uint64_t va;
    uint32_t len; /* at most KDW_LOGGERS_MAX */
    struct kdw_u64 values[KDW_LOGGERS_MAX];
};

/* etw_slots.c: read them, going on behind what is missing. Fails with what ends a walk. */
enum kd_status kdw_slots_read(struct kdw_walk *w, uint64_t va, uint32_t len, struct kdw_slots *out);
bool kdw_slots_know_any(const struct kdw_slots *s);

/* etw_state.c: whether its silo still leads to state number i. Of a state of this look nothing is read. */
enum kd_status kdw_state_is_there(struct kdw_walk *w, size_t i, bool *out);

/* etw_consumer.c: who reads a logger's events while they happen. In the logger's unit. */
struct kdw_consumer_plans {
    struct kdw_plan consumer, pid, process_name;
    uint64_t head, links; /* offsets, of the head in a logger and the links in a consumer */
    bool exist;
};

enum kd_status kdw_consumers_plan(struct kdw_walk *w, struct kdw_consumer_plans *out);
enum kd_status kdw_consumers_read(struct kdw_walk *w, const struct kdw_consumer_plans *plans,
                                  uint64_t logger_va);

/* etw_rundown.c: how many hold on to a logger just now. */
struct kdw_rundown_plan {
    struct kdw_plan plan;
};

enum kd_status kdw_rundown_resolve(struct kdw_walk *w, struct kdw_rundown_plan *out);
/* *out is KD_ERR_NOT_FOUND where the count has ended, because the logger is waited out. */
enum kd_status kdw_rundown_count(struct kdw_walk *w, const struct kdw_rundown_plan *plan,
                                 uint64_t va, struct kdw_u64 *out);

/* etw_system.c: a state's two short tables, of security loggers and of system loggers. */
enum kd_status kdw_etw_tables_read(struct kdw_walk *w, uint64_t state_va, bool is_host);

/* etw_registration.c: who has registered each provider that was found, groups included. */
enum kd_status kdw_registrations_read(struct kdw_walk *w);

#endif
