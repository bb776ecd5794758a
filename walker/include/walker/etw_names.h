/* etw_names.h - the names of the bits in a logger's mode and flags words.
 *
 * Source    Mode: EVENT_TRACE_* of the public headers [doc], 0x40000, 0x80000 and 0x200000 are the
 * kernel's own [guess]; USE_MS_FLUSH_TIMER as documented [doc]. Flags: bit fields of _WMI_LOGGER_CONTEXT in public symbols [seen]. */
#ifndef WALKER_ETW_NAMES_H
#define WALKER_ETW_NAMES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "REAL_TIME_MODE" for bit 8, without the prefix EVENT_TRACE_; bits without a name say so. Never
 * NULL. */
const char *kdw_logger_mode_name(unsigned bit);
/* "KernelTrace" for bit 5; NULL for bits that are no flag of their own (SystemLoggerIndex, spare).
 */
const char *kdw_logger_flag_name(unsigned bit);

/* "s" or "ms": what FlushTimer counts in a logger of that mode. */
const char *kdw_logger_timer_unit(uint64_t mode);

#ifdef __cplusplus
}
#endif
#endif
