/* recorded_boot.h - what a recording tells of one boot of one target, gathered record by record.
 * Private to this room.
 *
 * Source    CR3 in the special registers, the third control space: context_x64.h. */
#ifndef TRANSPORT_RECORDED_BOOT_H
#define TRANSPORT_RECORDED_BOOT_H

#include <transport/recorded_memory.h>
#include <transport/recording.h>

struct kdt_recorded_boot {
    unsigned number; /* as kdt_record.boot */
    bool has_version;
    struct kd_version version;
    bool has_stop;
    struct kd_state_change stop; /* the last one, without its path */
    bool has_dtb;
    uint64_t dtb, cr4;
    uint64_t stood_at; /* the last record, counted by the caller, in which it stood still */
    struct kdt_recorded_memory *virt, *phys;
};

enum kd_status kdt_recorded_boot_create(struct kdt_recorded_boot **out); /* KD_ERR_NO_MEMORY */
void kdt_recorded_boot_destroy(struct kdt_recorded_boot *b);             /* NULL is fine */

/* A stop of it. */
void kdt_recorded_boot_stop(struct kdt_recorded_boot *b, const struct kd_state_change *stop);
/* A reply of it. KD_ERR_NO_MEMORY. */
enum kd_status kdt_recorded_boot_reply(struct kdt_recorded_boot *b, const struct kd_manipulate *m);

#endif
