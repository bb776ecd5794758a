/* etw_names.h - the names of what stands in a logger's words: mode, flags, clock, groups of events.
 *
 * Source    Mode: EVENT_TRACE_* of the public headers [doc], 0x40000, 0x80000 and 0x200000 are the
 * kernel's own [guess]; USE_MS_FLUSH_TIMER as documented [doc]. Flags: bit fields of
 * _WMI_LOGGER_CONTEXT in public symbols [seen]. Clock: Wnode.ClientContext as documented [doc]. Groups:
 * the first word has EVENT_TRACE_FLAG_* of the public headers, the others what those call PERF_* [doc];
 * that a system logger's masks are these words: [guess]. Properties of an enabled provider:
 * EVENT_ENABLE_PROPERTY_* of the public headers [doc].
 * Registrations: bit fields of _ETW_REG_ENTRY in public symbols, "Dbg" left out [seen]. */
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

/* What time stamps are taken from; NULL: not one of the documented ones. */
const char *kdw_logger_clock_name(uint64_t clock_type);

/* A group of kernel events, by word and bit of a system logger's mask; NULL: nobody has named it. */
const char *kdw_event_group_name(unsigned word, unsigned bit);

/* Of a provider: "trace", by enum kdw_provider_type; NULL: no such type. */
const char *kdw_provider_type_name(uint64_t type);
/* "stack trace": what the logger that enabled it wants with each event. NULL: nobody has named it. */
const char *kdw_enable_property_name(unsigned bit);
/* "user", as in DbgUserRegistration; NULL: nobody has named it. */
const char *kdw_registration_flag_name(unsigned bit);

#ifdef __cplusplus
}
#endif
#endif
