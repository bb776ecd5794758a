/* system.h - what `vertarget` shows: version, product, build lab, times.
 *
 * Needs no symbols: the debugger data block and the shared user data page have fixed layouts.
 *
 * Source    KDDEBUGGER_DATA64 of a build 9600 kernel [seen]; KUSER_SHARED_DATA at
 * 0xFFFFF78000000000: public headers [doc] and public symbols [seen]. */
#ifndef WALKER_SYSTEM_H
#define WALKER_SYSTEM_H

#include <kdproto/diag.h>
#include <walker/mem.h>
#include <walker/target.h>
#include <walker/value.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdw_system {
    struct kdw_u64 major, minor; /* NtMajorVersion, NtMinorVersion: 10, 0 */
    struct kdw_u64 product_type; /* 1 WinNt, 2 LanManNt, 3 Server */
    struct kdw_u64 suite_mask;
    struct kdw_text build_lab;      /* NtBuildLab */
    struct kdw_u64 time_100ns;      /* SystemTime: since 1601, UTC */
    struct kdw_u64 zone_bias_100ns; /* TimeZoneBias, signed: UTC minus local time */
    struct kdw_u64 uptime_100ns;    /* InterruptTime */
    bool has_gaps;
};

/* What memory does not have is taken from the target, where that knows it. */
enum kd_status kdw_system_read(struct kdw_mem *mem, const struct kdw_target *target,
                               struct kd_diag *diag, struct kdw_system *out);
void kdw_system_free(struct kdw_system *s);

/* The time alone, from memory or else from the target. Fails with what ends a walk only. */
enum kd_status kdw_system_time(struct kdw_mem *mem, const struct kdw_target *target,
                               struct kdw_u64 *out);

/* What *target lacks and the shared user data says: build, number of processors. For images of memory
 * that say nothing of themselves. Fails with what ends a walk only. */
enum kd_status kdw_system_complete(struct kdw_mem *mem, struct kdw_target *target);

#ifdef __cplusplus
}
#endif
#endif
