/* diag.h - the explanation that grows on the way up.
 *
 * A status says what kind of failure it was; a kd_diag says where and why, for a person. The layer
 * that fails sets the text, each layer above puts what it alone knows in front:
 *
 *     logger at 0xffff8d0e41c2a040: LoggerName: not mapped at 0xffff8d0e41c2a0b8
 *
 * Lifetime  The caller's storage, usually one for each top-level object. A NULL kd_diag is allowed
 *           everywhere: nothing is recorded.
 * Threads   One at a time.
 * Secrets   Never put a key, or text that may contain one, into a diag: it is meant to be printed.
 */
#ifndef KDPROTO_DIAG_H
#define KDPROTO_DIAG_H

#include <kdproto/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__MINGW32__) && !defined(__clang__)
/* Plain "printf" would be checked by the rules of msvcrt, which knows no %zu; ours is C11's. */
#define KD_PRINTF(fmt, args) __attribute__((format(gnu_printf, fmt, args)))
#elif defined(__GNUC__)
#define KD_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define KD_PRINTF(fmt, args)
#endif

enum { KD_DIAG_MAX = 768 }; /* longer explanations lose their end, never their beginning */

struct kd_diag {
    char text[KD_DIAG_MAX]; /* NUL-terminated; empty when nothing was said */
};

void kd_diag_clear(struct kd_diag *d);

/* Start a new explanation. Returns st, so that `return kd_diag_set(d, KD_ERR_..., ...)` reads well.
 */
enum kd_status kd_diag_set(struct kd_diag *d, enum kd_status st, const char *fmt, ...)
    KD_PRINTF(3, 4);

/* Put a phrase and ": " in front of what is there; where nothing is, the status text follows. */
enum kd_status kd_diag_add(struct kd_diag *d, enum kd_status st, const char *fmt, ...)
    KD_PRINTF(3, 4);

#ifdef __cplusplus
}
#endif
#endif
