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
    [28] = "MarkerBufferSaved",
};

/* Of each word by bit; names that have none are bits that nobody has named in public. */
static const char *const group_names[8][32] = {
    [0] = {[0] = "PROCESS",
           [1] = "THREAD",
           [2] = "IMAGE_LOAD",
           [3] = "PROCESS_COUNTERS",
           [4] = "CSWITCH",
           [5] = "DPC",
           [6] = "INTERRUPT",
           [7] = "SYSTEMCALL",
           [8] = "DISK_IO",
           [9] = "DISK_FILE_IO",
           [10] = "DISK_IO_INIT",
           [11] = "DISPATCHER",
           [12] = "MEMORY_PAGE_FAULTS",
           [13] = "MEMORY_HARD_FAULTS",
           [14] = "VIRTUAL_ALLOC",
           [15] = "VAMAP",
           [16] = "NETWORK_TCPIP",
           [17] = "REGISTRY",
           [18] = "DBGPRINT",
           [19] = "JOB",
           [20] = "ALPC",
           [21] = "SPLIT_IO",
           [22] = "DEBUG_EVENTS",
           [23] = "DRIVER",
           [24] = "PROFILE",
           [25] = "FILE_IO",
           [26] = "FILE_IO_INIT",
           [28] = "NO_SYSCONFIG"},
    [1] = {[0] = "MEMORY",
           [1] = "PROFILE",
           [2] = "CONTEXT_SWITCH",
           [3] = "FOOTPRINT",
           [4] = "DRIVERS",
           [5] = "REFSET",
           [6] = "POOL",
           [7] = "DPC",
           [8] = "COMPACT_CSWITCH",
           [9] = "DISPATCHER",
           [10] = "PMC_PROFILE",
           [11] = "PROCESS_INSWAP",
           [12] = "AFFINITY",
           [13] = "PRIORITY",
           [14] = "INTERRUPT",
           [15] = "VIRTUAL_ALLOC",
           [16] = "SPINLOCK",
           [17] = "SYNC_OBJECTS",
           [18] = "DPC_QUEUE",
           [19] = "MEMINFO",
           [20] = "CONTMEM_GEN",
           [21] = "SPINLOCK_CNTRS",
           [22] = "SESSION",
           [23] = "MEMINFO_WS",
           [24] = "KERNEL_QUEUE",
           [25] = "INTERRUPT_STEER",
           [26] = "SHOULD_YIELD",
           [27] = "WS"},
    [2] = {[0] = "ANTI_STARVATION",
           [1] = "PROCESS_FREEZE",
           [2] = "PFN_LIST",
           [3] = "WS_DETAIL",
           [4] = "WS_ENTRY",
           [5] = "HEAP",
           [6] = "SYSCALL",
           [7] = "UMS",
           [8] = "BACKTRACE",
           [9] = "VULCAN",
           [10] = "OBJECTS",
           [11] = "EVENTS",
           [12] = "FULLTRACE",
           [13] = "DFSS",
           [14] = "PREFETCH",
           [15] = "PROCESSOR_IDLE",
           [16] = "CPU_CONFIG",
           [17] = "TIMER",
           [18] = "CLOCK_INTERRUPT",
           [19] = "LOAD_BALANCER",
           [20] = "CLOCK_TIMER",
           [21] = "IDLE_SELECTION",
           [22] = "IPI",
           [23] = "IO_TIMER",
           [24] = "REG_HIVE",
           [25] = "REG_NOTIF",
           [26] = "PPM_EXIT_LATENCY",
           [27] = "WORKER_THREAD"},
    [4] = {[0] = "OPTICAL_IO",     [1] = "OPTICAL_IO_INIT",
           [3] = "DLL_INFO",       [4] = "DLL_FLUSH_WS",
           [6] = "OB_HANDLE",      [7] = "OB_OBJECT",
           [9] = "WAKE_DROP",      [10] = "WAKE_EVENT",
           [11] = "DEBUGGER",      [12] = "PROC_ATTACH",
           [13] = "WAKE_COUNTER",  [15] = "POWER",
           [16] = "SOFT_TRIM",     [17] = "CC",
           [19] = "FLT_IO_INIT",   [20] = "FLT_IO",
           [21] = "FLT_FASTIO",    [22] = "FLT_IO_FAILURE",
           [23] = "HV_PROFILE",    [24] = "WDF_DPC",
           [25] = "WDF_INTERRUPT", [26] = "CACHE_FLUSH"},
    [5] = {[0] = "HIBER_RUNDOWN"},
    [6] = {[0] = "SYSCFG_SYSTEM",
           [1] = "SYSCFG_GRAPHICS",
           [2] = "SYSCFG_STORAGE",
           [3] = "SYSCFG_NETWORK",
           [4] = "SYSCFG_SERVICES",
           [5] = "SYSCFG_PNP",
           [6] = "SYSCFG_OPTICAL"},
    [7] = {[0] = "CLUSTER_OFF", [1] = "MEMORY_CONTROL"},
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

const char *kdw_event_group_name(unsigned word, unsigned bit)
{
    return word < 8 && bit < 32 ? group_names[word][bit] : NULL;
}

const char *kdw_logger_clock_name(uint64_t clock_type)
{
    static const char *const names[] = {NULL, "performance counter", "system time",
                                        "processor cycles"};

    return clock_type < sizeof names / sizeof names[0] ? names[clock_type] : NULL;
}

const char *kdw_provider_type_name(uint64_t type)
{
    static const char *const names[] = {"trace", "notification", "group", "security"};

    return type < sizeof names / sizeof names[0] ? names[type] : NULL;
}

const char *kdw_enable_property_name(unsigned bit)
{
    static const char *const names[] = {
        "SID",
        "terminal session",
        "stack trace",
        "package key",
        "ignore keyword 0",
        "provider group",
        "enable keyword 0",
        "process start key",
        "event key", /* 0x100 */
        "exclude in-private",
        "silos",
        "source container",
    };

    return bit < sizeof names / sizeof names[0] ? names[bit] : NULL;
}

const char *kdw_registration_flag_name(unsigned bit)
{
    static const char *const names[] = {
        "kernel", "user",     "reply", "classic",         "session space", "modern",
        "closed", "inserted", "Wow64", "descriptor type", "no traits",
    };

    return bit < sizeof names / sizeof names[0] ? names[bit] : NULL;
}
