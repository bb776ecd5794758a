/* bugcheck.h - what the code of a bugcheck is called.
 *
 * Source    bugcodes.h and the public reference of bugchecks [doc]. */
#ifndef WALKER_BUGCHECK_H
#define WALKER_BUGCHECK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { KDW_BUGCHECK_LIVE_DUMP = 0x161 }; /* no crash: a dump of a running system */

/* "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED" for 0x7E, and for 0x1000007E, as which a triage dump may have
 * it. NULL: not one of the well-known. */
const char *kdw_bugcheck_name(uint32_t code);

#ifdef __cplusplus
}
#endif
#endif
