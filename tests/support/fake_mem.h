/* fake_mem.h - target memory made by a test: sparse pages, holes, counts, failures on demand.
 *
 * A page exists once something was written to it; everything else is unmapped. Counts are of what
 * the code under test asked for; writing counts nothing.
 *
 * Lifetime  fake_mem_init to fake_mem_deinit; the kdw_mem is inside. */
#ifndef TESTS_SUPPORT_FAKE_MEM_H
#define TESTS_SUPPORT_FAKE_MEM_H

#include <walker/mem.h>

struct fake_page;

struct fake_mem {
    struct kdw_mem mem; /* first */
    struct fake_page *pages;

    size_t split; /* 0, or a read counts as one request for every split-aligned piece of it */
    size_t reads; /* calls */
    size_t requests;
    size_t bytes;
    uint64_t last_at; /* of the last call */
    size_t last_len;

    enum kd_status hole; /* what a hole is, as _init leaves it: KD_ERR_NOT_MAPPED */

    /* From the read numbered fail_from on (the first is 1), every read fails with this status. */
    enum kd_status fail_with;
    size_t fail_from;
    struct kd_diag *diag; /* where failures are explained, as a live session does; NULL: nowhere */
};

void fake_mem_init(struct fake_mem *m);
void fake_mem_deinit(struct fake_mem *m);
void fake_mem_reset_counts(struct fake_mem *m);

void fake_mem_write(struct fake_mem *m, uint64_t at, const void *bytes, size_t len);
void fake_mem_u16(struct fake_mem *m, uint64_t at, uint16_t v);
void fake_mem_u32(struct fake_mem *m, uint64_t at, uint32_t v);
void fake_mem_u64(struct fake_mem *m, uint64_t at, uint64_t v);
void fake_mem_zero(struct fake_mem *m, uint64_t at, size_t len);
/* A _UNICODE_STRING at `at` whose text, given in ASCII, is put at text_at. */
void fake_mem_unicode(struct fake_mem *m, uint64_t at, uint64_t text_at, const char *text);
/* Links a list: head, then each entry, in both directions. */
void fake_mem_list(struct fake_mem *m, uint64_t head, const uint64_t *entries, size_t len);
/* From now on these bytes cannot be read, though the rest of their pages can. */
void fake_mem_unmap(struct fake_mem *m, uint64_t at, size_t len);

#endif
