#include <walker/etw_names.h>

#include <stddef.h>

enum { USE_MS_FLUSH_TIMER = 0x10 };

static const char *const mode_names[32] = {
    "FILE_MODE_SEQUENTIAL", /* 0x1 */
    "FILE_MODE_CIRCULAR",
    "FILE_MODE_APPEND",
    "FILE_MODE_NEWFILE",
    "USE_MS_FLUSH_TIMER", /* 0x10 */
    "FILE_MODE_PREALLOCATE",
    "NONSTOPPABLE_MODE",
    "SECURE_MODE",
    "REAL_TIME_MODE", /* 0x100 */
    "DELAY_OPEN_FILE_MODE",
    "BUFFERING_MODE",
    "PRIVATE_LOGGER_MODE",
    "ADD_HEADER_MODE", /* 0x1000 */
    "USE_KBYTES_FOR_SIZE",
    "USE_GLOBAL_SEQUENCE",
    "USE_LOCAL_SEQUENCE",
    "RELOG_MODE", /* 0x10000 */
    "PRIVATE_IN_PROC",
    "BUFFER_INTERFACE_MODE",
    "KD_FILTER_MODE",
    "REALTIME_RELOG_MODE", /* 0x100000 */
    "LOST_EVENTS_DEBUG_MODE",
    "STOP_ON_HYBRID_SHUTDOWN",
    "PERSIST_ON_HYBRID_SHUTDOWN",
    "USE_PAGED_MEMORY", /* 0x1000000 */
    "SYSTEM_LOGGER_MODE",
    "COMPRESSED_MODE",
    "INDEPENDENT_SESSION_MODE",
    "NO_PER_PROCESSOR_BUFFERING", /* 0x10000000 */
    "BLOCKING_MODE",
    "unnamed bit 0x40000000",
    "ADDTO_TRIAGE_DUMP",
};

/* Bits 16 to 23 hold SystemLoggerIndex. */
static const char *const flag_names[32] = {
    [0] = "Persistent",
    [1] = "AutoLogger",
    [2] = "FsReady",
    [3] = "RealTime",
    [4] = "Wow",
    [5] = "KernelTrace",
    [6] = "NoMoreEnable",
    [7] = "StackTracing",
    [8] = "ErrorLogged",
    [9] = "RealtimeLoggerContextFreed",
    [10] = "PebsTracing",
    [11] = "PmcCounters",
    [12] = "PageAlignBuffers",
    [13] = "StackLookasideListAllocated",
    [14] = "SecurityTrace",
    [15] = "LastBranchTracing",
    [24] = "StackCaching",
    [25] = "ProviderTracking",
    [26] = "ProcessorTrace",
    [27] = "QpcDeltaTracking",
};

const char *kdw_logger_mode_name(unsigned bit)
{
    return bit < 32 ? mode_names[bit] : "unnamed bit";
}

const char *kdw_logger_flag_name(unsigned bit)
{
    return bit < 32 ? flag_names[bit] : NULL;
}

const char *kdw_logger_timer_unit(uint64_t mode)
{
    return mode & USE_MS_FLUSH_TIMER ? "ms" : "s";
}
