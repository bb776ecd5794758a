/* number.h - addresses and lengths as people write them at the command line. */
#ifndef CLI_NUMBER_H
#define CLI_NUMBER_H

#include <kdproto/diag.h>
#include <walker/kernel.h>

#include <stdbool.h>
#include <stdint.h>

/* "fffff8026e98e540", "0xfffff802`6e98e540": hexadecimal, WinDbg's backtick allowed. */
bool number_address(const char *text, uint64_t *out);
/* "4096", "0x1000", "64K", "1M": decimal unless 0x stands in front. */
bool number_length(const char *text, uint64_t *out);

/* Does the text name a symbol rather than an address: "nt!PsLoadedModuleList",
 * "PspHostSiloGlobals+0x350". */
bool number_is_symbol(const char *text);
/* "nt!Name", "Name", "nt!Name+OFFSET" (hexadecimal). KD_ERR_USAGE, KD_ERR_NOT_FOUND. */
enum kd_status number_symbol(struct kdw_kernel *k, const char *text, uint64_t *out);
/* The same text without a leading "nt!". */
const char *number_without_module(const char *text);

#endif
