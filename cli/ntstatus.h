/* ntstatus.h - the numbers with which Windows says how something ended, by name.
 *
 * One space of numbers: what a request came to, which exception stopped a target, how it goes on.
 *
 * Source  Names and numbers: Windows headers [doc]; success, pending, unsuccessful, no such file,
 *         breakpoint, continue and exception handled were met in a session [seen]. */
#ifndef CLI_NTSTATUS_H
#define CLI_NTSTATUS_H

#include "text.h"

#include <stdint.h>

/* "STATUS_UNSUCCESSFUL"; NULL for a number without a name here. */
const char *ntstatus_name(uint32_t ntstatus);
/* "0xc0000001 STATUS_UNSUCCESSFUL", or the number alone. */
void ntstatus_add(struct text *t, uint32_t ntstatus);

#endif
