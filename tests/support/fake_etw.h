/* fake_etw.h - ETW states with loggers and consumers, in a kernel made by a test (fake_kernel.h). */
#ifndef TESTS_SUPPORT_FAKE_ETW_H
#define TESTS_SUPPORT_FAKE_ETW_H

#include "support/fake_kernel.h"

#include <walker/snapshot.h>

/* Kernels with the array inside the state, behind a pointer with the state in one line of descent, and
 * behind a pointer in a late kernel. */
extern const char *const fake_etw_builds[3];

struct fake_state { /* one silo's */
    uint64_t va;
    uint64_t array_va; /* of the slots */
    uint32_t slots;
};

struct fake_etw {
    struct fake_kernel k;
    struct fake_state host;
};

/* All slots free, all routes agreeing. 14393 has 64 slots whatever is asked. */
void fake_etw_init(struct fake_etw *e, const char *build, uint32_t slots);
void fake_etw_deinit(struct fake_etw *e);
/* Another state, that nothing points to yet; not in 14393. */
void fake_etw_state(struct fake_etw *e, uint64_t va, uint64_t array_va, uint32_t slots,
                    struct fake_state *out);

void fake_etw_slot(struct fake_etw *e, const struct fake_state *state, uint32_t slot,
                   uint64_t value);
/* A logger in that slot: id, silo state, name just behind the context, no consumers, a rundown object
 * with a count of 0 for each of two processors. */
void fake_etw_logger(struct fake_etw *e, const struct fake_state *state, uint32_t slot, uint64_t va,
                     const char *name);
/* Its consumers, each of a process of its own, 0x100000 behind it. */
void fake_etw_consumers(struct fake_etw *e, uint64_t logger_va, const uint64_t *consumers,
                        size_t len);
void fake_etw_process(struct fake_etw *e, uint64_t va, uint64_t id, const char *image);
/* All providers of one list of a bucket: nothing but their state is set. Who has registered one: nothing is
 * set but the provider; as a group, and nothing but the group. Later calls replace the list, not the rest. */
void fake_etw_providers(struct fake_etw *e, const struct fake_state *state, size_t bucket,
                        size_t type, const uint64_t *providers, size_t len);
void fake_etw_registrations(struct fake_etw *e, uint64_t provider_va, const uint64_t *registrations,
                            size_t len);
void fake_etw_group(struct fake_etw *e, uint64_t group_va, const uint64_t *registrations,
                    size_t len);
/* Of the rundown object of a slot: the counts, and the number of them. */
uint64_t fake_etw_rundown(const struct fake_state *state, uint32_t slot);

/* Take a snapshot that must succeed; where it is of one state, its only logger. */
void fake_etw_take(struct fake_etw *e, unsigned parts, struct kdw_snapshot *s);
const struct kdw_etw_state *fake_etw_host(const struct kdw_snapshot *s);
const struct kdw_logger *fake_etw_loggers(const struct kdw_snapshot *s, size_t expected_len);
const struct kdw_consumer *fake_etw_consumers_of(const struct kdw_snapshot *s, size_t expected_len);

/* The loggers that a published analysis of an 18362 kernel lists, by slot; 0 where it lists none. */
enum { FAKE_ETW_PUBLISHED = 0x24 };
extern const uint64_t fake_etw_published[FAKE_ETW_PUBLISHED];

#endif
