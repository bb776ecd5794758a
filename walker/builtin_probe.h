/* builtin_probe.h - does a layout fit what lies in a kernel's memory?
 *
 * Structures say of themselves what they are: a logger has its slot's number and points to the ETW
 * state whose array it stands in, that state points back to its array, and so on. Each is looked at
 * through one candidate layout, by its fields' names; nothing here is a number of some kernel. The
 * starts are what the target names itself: EtwpDebuggerData, which leads to the array of loggers,
 * PsActiveProcessHead, and the debugger data block.
 *
 * Errors    What ends a walk; all else is a structure that nothing is known of.
 * Bounds    Four loggers, sixteen addresses that may be the state, four providers, one process: some
 *           forty reads for all layouts together where a cache is below.
 * Source    Invariants: public kernel listings [guess], those of loggers and state in two published
 *           analyses [seen]. +0x10 of EtwpDebuggerData: published tools [doc]. SizeEProcess in a
 *           triage dump of 19041 [seen]. */
#ifndef WALKER_BUILTIN_PROBE_H
#define WALKER_BUILTIN_PROBE_H

#include <walker/builtin.h>

enum { KDW_PROBE_LOGGERS = 4, KDW_PROBE_STATES = 16 };

/* What all layouts are held against. */
struct kdw_probe {
    struct kdw_mem *mem;
    uint64_t base_va;
    uint64_t image_len;     /* an upper bound of it */
    uint64_t array_va;      /* of pointers to loggers; 0: not known */
    uint64_t process_links; /* within the first process of the list; 0: not known */
    uint32_t process_len;   /* of any process; 0: not known */
    size_t logger_count;
    struct kdw_probe_logger {
        uint32_t slot;
        uint64_t va;
    } loggers[KDW_PROBE_LOGGERS];
    uint64_t
        states[KDW_PROBE_STATES]; /* what may be the state: where several loggers point alike */
    size_t state_count;
};

/* Structures that lie apart from each other. */
enum kdw_probe_structure {
    KDW_SEES_STATE = 1 << 0,     /* the host silo's ETW state */
    KDW_SEES_LOGGERS = 1 << 1,   /* most of those looked at */
    KDW_SEES_PROVIDERS = 1 << 2, /* GUID entries in the state's table */
    KDW_SEES_SILO = 1 << 3,      /* the host silo's globals */
    KDW_SEES_PROCESS = 1 << 4,   /* System, where the list of processes begins */
    KDW_SEES_SIZES = 1 << 5,     /* what the debugger data block says of the kernel's types */
};

struct kdw_probe_finding {
    bool fits;           /* no structure contradicts the layout */
    unsigned seen;       /* enum kdw_probe_structure: those that agree with it */
    uint64_t state_va;   /* 0: not found */
    uint64_t globals_va; /* PspHostSiloGlobals as the state has it; 0: it has not */
};

/* Follow the starts. */
enum kd_status kdw_probe_begin(const struct kdw_kernel_facts *facts, struct kdw_probe *out);
enum kd_status kdw_probe_judge(const struct kdw_probe *p, struct kdw_symbols *layout,
                               struct kdw_probe_finding *out);
/* "ETW state, loggers" */
const char *kdw_probe_structure_text(enum kdw_probe_structure structure);

#endif
