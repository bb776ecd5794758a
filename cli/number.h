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

enum { NUMBER_NAME_MAX = 512 };

struct number_place { /* an address, or a symbol and how far behind it */
    bool is_symbol;
    char symbol[NUMBER_NAME_MAX];
    uint64_t va;     /* when it is no symbol */
    uint64_t offset; /* when it is one */
};

/* "fffff8026e98e540", "nt!Name", "Name", "nt!Name+OFFSET" (hexadecimal); needs no target. False: a
 * message was printed. */
bool number_place(const char *text, struct number_place *out);
/* "nt!_TYPE" or "_TYPE" as "_TYPE"; NULL: a message was printed. */
const char *number_kernel_name(const char *text);
/* Where a place is; KD_ERR_NOT_FOUND: the kernel has no such symbol. */
enum kd_status number_resolve(struct kdw_kernel *k, const struct number_place *place,
                              uint64_t *out);

#endif
