/* pe.h - the headers of an image in target memory, and its RSDS record.
 *
 * Source    PE32+ headers and debug directory [doc]; read the way WinDbg reads them at attach
 *           [seen]. */
#ifndef WALKER_PE_H
#define WALKER_PE_H

#include <kdproto/diag.h>
#include <walker/mem.h>
#include <walker/pdb_id.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdw_pe {
    uint16_t machine;
    uint32_t timestamp; /* a key, not a date */
    uint32_t image_size;
    uint32_t checksum;
    bool has_pdb_id; /* a readable RSDS record was found */
    struct kdw_pdb_id pdb_id;
};

/* What kd_is_unreadable names, KD_ERR_MALFORMED: no usable headers. A missing or unreadable debug directory
 * is no failure: has_pdb_id says so and diag why. */
enum kd_status kdw_pe_read(struct kdw_mem *mem, uint64_t base_va, struct kd_diag *diag,
                           struct kdw_pe *out);

#ifdef __cplusplus
}
#endif
#endif
