/* scene.h - what one machine is to hold: facts only, told in machine_<build>.c.
 *
 * Two scenes are published analyses (addresses, ids, times [seen]; names and modes are plausible), two are
 * made up. */
#ifndef LAB_SCENE_H
#define LAB_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* CR4: what all of these processors have, and what the newer ones have besides [doc]. */
enum {
    CR4_USUAL = 0x506f8,
    CR4_UMIP = 0x800,
    CR4_SMEP = 0x100000,
    CR4_SMAP = 0x200000,
    CR4_CET = 0x800000,
};

/* LoggerMode, EVENT_TRACE_... [doc] */
enum {
    MODE_SEQUENTIAL = 0x1,
    MODE_CIRCULAR = 0x2,
    MODE_APPEND = 0x4,
    MODE_NEWFILE = 0x8,
    MODE_NONSTOPPABLE = 0x40,
    MODE_SECURE = 0x80,
    MODE_REAL_TIME = 0x100,
    MODE_BUFFERING = 0x400,
    MODE_PAGED = 0x1000000,
    MODE_SYSTEM = 0x2000000,
    MODE_INDEPENDENT = 0x8000000,
};

/* More about a logger. */
enum {
    LOGGER_AUTO = 1,        /* started by the registry at boot */
    LOGGER_STOPPING = 2,    /* its slot holds pointer | 1 */
    LOGGER_SECURITY = 4,    /* a security provider's: in EtwpSecurityLoggers */
    LOGGER_AT_EDGE = 8,     /* its allocation ends where the mapping ends */
    LOGGER_FILE_PAGED = 16, /* the text of its LogFileName is paged out */
};

struct lab_logger {
    uint16_t id;
    uint64_t va; /* 0: wherever there is room */
    const char *name;
    uint32_t mode;
    unsigned more;
    const char *file;        /* NULL: none */
    uint32_t consumers[3];   /* process ids */
    int8_t system_index;     /* of a kernel logger: 1 + SystemLoggerIndex; 0: not one */
    uint16_t buffers;        /* NumberOfBuffers */
    uint32_t written, lost;  /* buffers written, events lost */
    uint32_t buffer_size_kb; /* 0: 64 */
};

struct lab_process {
    uint32_t pid, parent;
    const char *image; /* "svchost.exe" */
    uint8_t protection;
};

struct lab_module {
    const char *name, *folder; /* "tcpip.sys", "\\SystemRoot\\System32\\drivers\\" */
    uint32_t size;
    uint32_t timestamp;
    uint64_t base;     /* 0: after the one before it */
    bool is_paged_out; /* not even its headers can be read */
};

struct lab_scene {
    const char *name;
    uint16_t build;
    uint32_t processors;
    uint64_t cr4;           /* of each */
    bool has_shadow_tables; /* programs have page tables without the kernel */
    bool has_secure_mode;   /* virtualization guards the kernel */
    uint64_t kernel_base;
    uint64_t drivers;   /* where modules without a base begin */
    uint64_t pool;      /* where allocations without an address begin */
    unsigned self_slot; /* of the page tables */

    const char *build_lab, *build_lab_ex;
    uint32_t product, suite; /* NtProductType, SuiteMask */
    uint64_t time_100ns;     /* since 1601, UTC */
    int64_t zone_bias_100ns; /* UTC minus local time */
    uint64_t uptime_100ns;

    uint64_t etw_state;
    uint64_t etw_arrays;       /* EtwpLoggerRundown where it is a pointer; contexts follow */
    uint64_t etw_blocks;       /* ProcessorBlocks; 0: wherever */
    uint64_t etw_rundown;      /* the rundown object of slot 0; 0: wherever */
    uint64_t etw_subscription; /* the state's WNF subscription */
    uint32_t max_loggers;
    uint64_t bytes_written; /* LogfileBytesWritten */
    uint32_t security_pid;  /* lsass */

    const struct lab_logger *loggers;
    size_t logger_count;
    const struct lab_process *processes;
    size_t process_count;
    const struct lab_module *modules; /* without the kernel itself */
    size_t module_count;
};

extern const struct lab_scene lab_scene_14393, lab_scene_18362, lab_scene_19041, lab_scene_22000;

#endif
