/* fake_kernel.h - a kernel made by a test: memory written by field name, with a real kernel's layout.
 *
 * Symbols are the built-in tables', so every type and variable that a walk may want is there, and a test
 * reads like what it claims:
 *
 *     fake_kernel_put(&k, "_EJOB", JOB, "JobId", 7);
 *
 * Lifetime  fake_kernel_init to fake_kernel_deinit. */
#ifndef TESTS_SUPPORT_FAKE_KERNEL_H
#define TESTS_SUPPORT_FAKE_KERNEL_H

#include "support/fake_mem.h"

#include <kdproto/diag.h>
#include <walker/kernel.h>

struct fake_kernel {
    struct fake_mem mem;
    struct kdw_target target;
    struct kd_diag diag;
    struct kdw_kernel kernel; /* reads mem itself; a test may put a cache between */
};

#define FAKE_KERNEL_BASE 0xfffff80263200000u

/* The whole of 10.0.<build>: "14393" (4583), "18362" (535), "19041" (2965), "22000" (1936). */
void fake_kernel_init(struct fake_kernel *k, const char *build);
void fake_kernel_deinit(struct fake_kernel *k);

/* An integer field, of 1 to 8 bytes; bits go into theirs. Memory around it that was not there is 0. */
void fake_kernel_put(struct fake_kernel *k, const char *type, uint64_t va, const char *field,
                     uint64_t v);
/* A _UNICODE_STRING field, its text at text_va; an array of characters, its rest 0. */
void fake_kernel_put_text(struct fake_kernel *k, const char *type, uint64_t va, const char *field,
                          uint64_t text_va, const char *text);
void fake_kernel_put_chars(struct fake_kernel *k, const char *type, uint64_t va, const char *field,
                           const char *text);
/* The whole structure as zeros. */
void fake_kernel_zero(struct fake_kernel *k, const char *type, uint64_t va);
uint64_t fake_kernel_offset(struct fake_kernel *k, const char *type, const char *field);
uint64_t fake_kernel_size(struct fake_kernel *k, const char *type);
bool fake_kernel_has(struct fake_kernel *k, const char *type, const char *field);
uint64_t fake_kernel_global(struct fake_kernel *k, const char *name);

#endif
