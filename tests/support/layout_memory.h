/* layout_memory.h - memory that holds what one built-in layout says: a host silo's ETW state, its loggers
 * and providers, the silo, the process System, a debugger data block.
 *
 * All is written by field name through the layout's own symbols. What a layout does not know is not
 * there, but for this: loggers point to their state, wherever that may be in them.
 *
 * Lifetime  layout_memory_init to layout_memory_deinit. A test may write into mem in between. */
#ifndef TESTS_SUPPORT_LAYOUT_MEMORY_H
#define TESTS_SUPPORT_LAYOUT_MEMORY_H

#include "fake_mem.h"

#include <walker/builtin.h>

enum { LAYOUT_LOGGERS = 6 };

struct layout_memory {
    struct fake_mem mem;
    struct kd_diag diag;
    struct kdw_symbols *symbols; /* of the layout */
    uint64_t base_va, state_va, array_va, globals_va, pointer_va, process_va, provider_va;
    uint64_t logger_va[LAYOUT_LOGGERS];
    struct kdw_landmark landmarks[3];
    struct kdw_kernel_facts facts; /* no identity; these landmarks and this memory */
};

/* The number of a layout by its name for people ("18362.720"); ends the test run where there is none. */
uint8_t layout_number(const char *name);

void layout_memory_init(struct layout_memory *m, uint8_t layout);
void layout_memory_deinit(struct layout_memory *m);
/* False: the layout has no such field, and nothing is written. */
bool layout_memory_put(struct layout_memory *m, const char *type, uint64_t va, const char *field,
                       uint64_t v);
/* Where a field is; ends the test run where it is not. */
uint64_t layout_memory_offset(const struct layout_memory *m, const char *type, const char *field);

#endif
