#include "etw_walk.h"

static const char *const state_names[STATE_FIELDS] = {
    [STATE_MAX_LOGGERS] = "MaxLoggers",
    [STATE_LOGGER_CONTEXT] = "EtwpLoggerContext",
    [STATE_WMIP_LOGGER_CONTEXT] = "WmipLoggerContext",
};

static const char *const logger_names[LOGGER_FIELDS] = {
    [LOGGER_ID] = "LoggerId",
    [LOGGER_SILO_STATE] = "SiloState",
    [LOGGER_NAME] = "LoggerName",
    [LOGGER_FILE] = "LogFileName",
    [LOGGER_CONSUMERS] = "Consumers",
    [LOGGER_MODE] = "LoggerMode",
    [LOGGER_FLAGS] = "Flags",
    [LOGGER_BUFFER_SIZE] = "BufferSize",
    [LOGGER_BUFFERS] = "NumberOfBuffers",
    [LOGGER_BUFFERS_AVAILABLE] = "BuffersAvailable",
    [LOGGER_MINIMUM_BUFFERS] = "MinimumBuffers",
    [LOGGER_MAXIMUM_BUFFERS] = "MaximumBuffers",
    [LOGGER_BUFFERS_WRITTEN] = "BuffersWritten",
    [LOGGER_EVENTS_LOST] = "EventsLost",
    [LOGGER_LOG_BUFFERS_LOST] = "LogBuffersLost",
    [LOGGER_REALTIME_BUFFERS_DELIVERED] = "RealTimeBuffersDelivered",
    [LOGGER_REALTIME_BUFFERS_LOST] = "RealTimeBuffersLost",
    [LOGGER_FLUSH_TIMER] = "FlushTimer",
    [LOGGER_STATUS] = "LoggerStatus",
    [LOGGER_COLLECTION_ON] = "CollectionOn",
    [LOGGER_NUM_CONSUMERS] = "NumConsumers",
};

static const char *const consumer_names[CONSUMER_FIELDS] = {
    [CONSUMER_LINKS] = "Links",
    [CONSUMER_PROCESS] = "ProcessObject",
};

static const char *const process_names[PROCESS_FIELDS] = {
    [PROCESS_ID] = "UniqueProcessId",
    [PROCESS_IMAGE_NAME] = "ImageFileName",
};

enum kd_status kdw_etw_begin(struct etw_walk *w, struct kdw_kernel *k, enum kdw_detail detail)
{
    size_t logger_fields = detail == KDW_DETAILED ? LOGGER_FIELDS : LOGGER_BRIEF_FIELDS;
    enum kd_status st;

    *w = (struct etw_walk){.k = k, .detail = detail, .consumers_left = KDW_CONSUMERS_ALL};
    st = kdw_layout_resolve(k, "_ETW_SILODRIVERSTATE", state_names, STATE_FIELDS, w->state_refs,
                            &w->state);
    if (st == KD_OK)
        st = kdw_layout_resolve(k, "_WMI_LOGGER_CONTEXT", logger_names, logger_fields,
                                w->logger_refs, &w->logger);
    if (st != KD_OK || detail == KDW_BRIEF)
        return st;
    st = kdw_layout_resolve_optional(k, "_ETW_REALTIME_CONSUMER", consumer_names, CONSUMER_FIELDS,
                                     w->consumer_refs, &w->consumer);
    if (st == KD_OK)
        st = kdw_layout_resolve_optional(k, "_EPROCESS", process_names, PROCESS_FIELDS,
                                         w->process_refs, &w->process);
    return st;
}

bool kdw_etw_note(struct etw_walk *w, enum kd_status st)
{
    if (st != KD_OK && st != KD_ERR_NOT_FOUND)
        w->has_gaps = true;
    return kdw_ends_walk(st);
}
