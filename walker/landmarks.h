/* landmarks.h - variables of the kernel whose addresses the target itself names: in the reply to the
 * first question of a debugger, in its debugger data block, in the header of a dump. */
#ifndef WALKER_LANDMARKS_H
#define WALKER_LANDMARKS_H

#include <walker/builtin.h>
#include <walker/mem.h>
#include <walker/target.h>

enum { KDW_LANDMARKS_MAX = 12 };

struct kdw_landmarks {
    struct kdw_landmark all[KDW_LANDMARKS_MAX];
    size_t count;
};

/* Those there are; what cannot be read or makes no sense is none. Fails with what ends a walk. */
enum kd_status kdw_landmarks_read(struct kdw_mem *mem, const struct kdw_target *target,
                                  struct kdw_landmarks *out);

#endif
