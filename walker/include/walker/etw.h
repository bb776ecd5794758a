/* etw.h - the loggers of a silo's ETW state.
 *
 * A silo's _ETW_SILODRIVERSTATE holds an array of loggers (_WMI_LOGGER_CONTEXT), inside itself in
 * older kernels (WmipLoggerContext[64]), behind a pointer with MaxLoggers entries in newer ones:
 * told apart by which fields the symbols have, never by build number. A slot holds a pointer; bit 0
 * set with nothing else means free, set on a pointer means that the logger is being stopped.
 *
 * Lifetime  A list owns its loggers and their texts; kdw_logger_list_free ends it.
 * Bounds    At most KDW_LOGGERS_MAX slots are walked, KDW_CONSUMERS_MAX consumers a logger,
 *           KDW_CONSUMERS_ALL in one walk.
 * Source    Fields and both array forms: public symbols of 180 kernels [seen]; slot values,
 * invariants: public kernel listings [guess]; ids and addresses of two published analyses [seen].
 */
#ifndef WALKER_ETW_H
#define WALKER_ETW_H

#include <walker/kernel.h>
#include <walker/value.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    KDW_LOGGERS_MAX = 1024, /* newer kernels clamp MaxLoggers to 256; four times that is damage */
    KDW_CONSUMERS_MAX = 256,
    KDW_CONSUMERS_ALL = 4096,
};

/* Three independent routes lead to the host silo's state. They must agree; if not, state_va is the
 * first that leads to a readable logger array, and a printer says so. */
struct kdw_etw_routes {
    struct kdw_u64 by_silo_globals; /* PspHostSiloGlobals.EtwSiloState */
    struct kdw_u64 by_host_pointer; /* *EtwpHostSiloState */
    struct kdw_u64 logger_array; /* EtwpDebuggerData + 0x10: the array's address, not the state's */
    struct kdw_u64 state_array;  /* the same address as the state itself gives it */
    uint64_t state_va;
    bool agree; /* all that could be read say the same */
};

enum kdw_logger_state {
    KDW_LOGGER_LIVE,
    KDW_LOGGER_STOPPING,   /* pointer with bit 0 set */
    KDW_LOGGER_UNREADABLE, /* the slot points to memory that cannot be read: id says where */
    KDW_LOGGER_EMPTY_SLOT, /* 0, which a running kernel never writes: an anomaly */
};

struct kdw_consumer {
    uint64_t va;
    struct kdw_u64 process_va;
    struct kdw_u64 process_id;
    struct kdw_text process_name; /* ImageFileName */
};

struct kdw_logger {
    enum kdw_logger_state state;
    uint32_t slot;             /* index in the array */
    uint64_t va;               /* bit 0 cleared */
    uint64_t state_va;         /* the _ETW_SILODRIVERSTATE whose array it stands in */
    struct kdw_u64 id;         /* LoggerId; should equal slot */
    struct kdw_u64 silo_state; /* SiloState; should equal state_va */

    /* filled when details were asked for and the logger could be read */
    bool has_details;
    struct kdw_text name, log_file;
    struct kdw_u64 mode, flags; /* LoggerMode; Flags */
    /* buffer_size in bytes, of each; the rest are counts */
    struct kdw_u64 buffer_size, buffers, buffers_available, minimum_buffers, maximum_buffers;
    struct kdw_u64 buffers_written, events_lost, log_buffers_lost, realtime_buffers_delivered,
        realtime_buffers_lost;
    /* FlushTimer counts in kdw_logger_timer_unit of the mode (etw_names.h) */
    struct kdw_u64 flush_timer, logger_status, collection_on, consumer_count;
    struct kdw_consumer *consumers;
    size_t consumers_len;
    enum kd_status consumers_status; /* as kdw_list.end: why the list ends early */
    uint64_t consumers_end_va;       /* and where */
};

struct kdw_logger_list {
    struct kdw_etw_routes routes;
    struct kdw_u64 max_loggers; /* as the state has it; KD_ERR_NOT_FOUND in older kernels */
    uint32_t slots;             /* walked: fewer than max_loggers where that is beyond reason */
    uint32_t free_slots;
    uint32_t unreadable_slots;    /* of an array that is readable in part */
    uint64_t unreadable_slots_va; /* the first of them, and why */
    enum kd_status unreadable_slots_status;
    struct kdw_logger *loggers;
    size_t len;
    bool has_gaps; /* something asked for could not be read */
};

enum kdw_detail { KDW_BRIEF, KDW_DETAILED };

/* The loggers of the host silo. Fails only when the array cannot be reached (and with what ends a
 * walk); k must have its symbols. */
enum kd_status kdw_loggers_of_host(struct kdw_kernel *k, enum kdw_detail detail,
                                   struct kdw_logger_list *out);
void kdw_logger_list_free(struct kdw_logger_list *l);

#ifdef __cplusplus
}
#endif
#endif
