/* fake_etw.h - a kernel with an ETW state and its loggers, as far as the walker looks.
 *
 * Three real layouts, both forms of the logger array. Objects are written by field name, so a test
 * reads like what it claims. */
#ifndef TESTS_SUPPORT_FAKE_ETW_H
#define TESTS_SUPPORT_FAKE_ETW_H

#include "support/fake_mem.h"
#include "support/fake_symbols.h"

#include <kdproto/diag.h>
#include <walker/kernel.h>

enum fake_etw_build { FAKE_14393, FAKE_18362, FAKE_22000 };

struct fake_etw {
    struct fake_mem mem;
    struct fake_symbols symbols;
    struct kdw_target target;
    struct kd_diag diag;
    struct kdw_kernel kernel; /* reads mem itself; a test may put a cache between */
    enum fake_etw_build build;
    uint64_t state_va;
    uint64_t array_va; /* of the slots */
};

/* All slots free, all routes agreeing. 14393 has 64 slots whatever is asked. */
void fake_etw_init(struct fake_etw *e, enum fake_etw_build build, uint32_t slots);
void fake_etw_deinit(struct fake_etw *e);

/* Write an integer field; a _UNICODE_STRING field with its text at text_va. */
void fake_etw_put(struct fake_etw *e, const char *type, uint64_t va, const char *field, uint64_t v);
void fake_etw_put_text(struct fake_etw *e, const char *type, uint64_t va, const char *field,
                       uint64_t text_va, const char *text);
uint64_t fake_etw_offset(const struct fake_etw *e, const char *type, const char *field);
uint64_t fake_etw_size(const struct fake_etw *e, const char *type);
uint64_t fake_etw_global(const struct fake_etw *e, const char *name);

void fake_etw_slot(struct fake_etw *e, uint32_t slot, uint64_t value);
/* A logger in that slot: id, silo state, name just behind the context, no consumers. */
void fake_etw_logger(struct fake_etw *e, uint32_t slot, uint64_t va, const char *name);
/* Its consumers, each of a process of its own. */
void fake_etw_consumers(struct fake_etw *e, uint64_t logger_va, const uint64_t *consumers,
                        size_t len);
void fake_etw_process(struct fake_etw *e, uint64_t va, uint64_t id, const char *image);

/* The loggers that a published analysis of an 18362 kernel lists, by slot; 0 where it lists none. */
enum { FAKE_ETW_PUBLISHED = 0x24 };
extern const uint64_t fake_etw_published[FAKE_ETW_PUBLISHED];

#endif
