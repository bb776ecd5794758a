/* silos.h - the ETW state of every silo of many machines, for tests: offsets typed as numbers from the public type
 * tables, never the structs that filled the memory. */
#ifndef LAB_SILOS_H
#define LAB_SILOS_H

#include <stddef.h>
#include <stdint.h>

#include "machine.h"

struct silo_numbers {
    const char *name;
    /* RVAs; 0: the kernel has no such thing */
    uint32_t silo_globals, job_list, threat_handle, process_handle, registry_handle, hal, disk,
        file, text_end;
    uint32_t job_globals, globals_etw; /* _EJOB, _ESERVERSILO_GLOBALS */
    /* _ETW_SILODRIVERSTATE; max_loggers 0: 64 slots inside */
    uint32_t own_globals, max_loggers, rundowns, contexts, table, security_loggers, mask, pid,
        counters, settings;
    /* _ETW_GUID_ENTRY; host 0: there is none */
    uint32_t references, guid, registrations, all, slots, own_state, host;
    /* _WMI_LOGGER_CONTEXT */
    uint32_t consumers, flags;
    uint32_t process_id, handles; /* _EPROCESS */
};

/* One ETW state of one machine. */
struct silo {
    const struct lab_machine *m;
    const struct silo_numbers *n;
    uint64_t job, globals, state; /* of the host: job 0 */
};

/* Each kernel in several shapes: made and ended with a group of tests. */
int silos_make_machines(void **state);
int silos_end_machines(void **state);

typedef void silo_fn(const struct silo *s);
void silos_each(silo_fn *check);

uint64_t silo_base(const struct silo *s);
/* How many slots it has for loggers; a live logger of that id, else 0. */
uint32_t silo_slots(const struct silo *s);
uint64_t silo_logger(const struct silo *s, uint16_t id);

/* Of all buckets and types; returns how many there are. */
typedef void silo_entry_fn(const struct silo *s, uint64_t entry, unsigned bucket, unsigned type);
size_t silo_each_entry(const struct silo *s, silo_entry_fn *check);

#endif
