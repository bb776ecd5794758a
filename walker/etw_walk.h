/* etw_walk.h - what the parts of one walk over loggers share; private to walker/etw*.c. */
#ifndef WALKER_ETW_WALK_H
#define WALKER_ETW_WALK_H

#include <walker/etw.h>
#include <walker/object.h>

/* The fields that a walk wants. Both generations of the state are in one table: which fields exist
 * tells them apart. */
enum etw_state_field {
    STATE_MAX_LOGGERS,
    STATE_LOGGER_CONTEXT,      /* EtwpLoggerContext */
    STATE_WMIP_LOGGER_CONTEXT, /* its older name */
    STATE_FIELDS
};

enum etw_logger_field {
    LOGGER_ID,
    LOGGER_SILO_STATE,
    LOGGER_BRIEF_FIELDS, /* what a brief list needs ends here */
    LOGGER_NAME = LOGGER_BRIEF_FIELDS,
    LOGGER_FILE,
    LOGGER_CONSUMERS,
    LOGGER_NUMBERS,
    LOGGER_MODE = LOGGER_NUMBERS,
    LOGGER_FLAGS,
    LOGGER_BUFFER_SIZE,
    LOGGER_BUFFERS,
    LOGGER_BUFFERS_AVAILABLE,
    LOGGER_MINIMUM_BUFFERS,
    LOGGER_MAXIMUM_BUFFERS,
    LOGGER_BUFFERS_WRITTEN,
    LOGGER_EVENTS_LOST,
    LOGGER_LOG_BUFFERS_LOST,
    LOGGER_REALTIME_BUFFERS_DELIVERED,
    LOGGER_REALTIME_BUFFERS_LOST,
    LOGGER_FLUSH_TIMER,
    LOGGER_STATUS,
    LOGGER_COLLECTION_ON,
    LOGGER_NUM_CONSUMERS,
    LOGGER_FIELDS
};

enum etw_consumer_field { CONSUMER_LINKS, CONSUMER_PROCESS, CONSUMER_FIELDS };
enum etw_process_field { PROCESS_ID, PROCESS_IMAGE_NAME, PROCESS_FIELDS };

struct etw_walk {
    struct kdw_kernel *k;
    enum kdw_detail detail;
    struct kdw_layout state, logger, consumer, process;
    struct kdw_field_ref state_refs[STATE_FIELDS];
    struct kdw_field_ref logger_refs[LOGGER_FIELDS];
    struct kdw_field_ref consumer_refs[CONSUMER_FIELDS];
    struct kdw_field_ref process_refs[PROCESS_FIELDS];
    size_t consumers_left; /* of KDW_CONSUMERS_ALL */
    bool has_gaps;
};

/* Which of the fields this kernel has. */
enum kd_status kdw_etw_begin(struct etw_walk *w, struct kdw_kernel *k, enum kdw_detail detail);
/* True when the walk is over. A field that this kernel lacks is no gap; any other failure is one. */
bool kdw_etw_note(struct etw_walk *w, enum kd_status st);

/* etw_logger.c: fill *l, whose slot, va, state_va and state are set. Fails with what ends a walk
 * only; what it owns until then is freed with the list. */
enum kd_status kdw_etw_logger_read(struct etw_walk *w, struct kdw_logger *l);
void kdw_etw_logger_free(struct kdw_logger *l);

/* etw_consumers.c: the same for its consumers. */
enum kd_status kdw_etw_consumers_read(struct etw_walk *w, struct kdw_logger *l);
void kdw_etw_consumers_free(struct kdw_logger *l);

#endif
