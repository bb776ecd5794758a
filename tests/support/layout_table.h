/* layout_table.h - what symbols say, against the tables of a kernel's types and addresses.
 *
 * A check that does not hold fails the running test and names the row. */
#ifndef TESTS_SUPPORT_LAYOUT_TABLE_H
#define TESTS_SUPPORT_LAYOUT_TABLE_H

#include "csv.h"

#include <walker/symbols.h>

/* Every type of a layout file: its size, and of every field offset, bits and type. Returns how many
 * fields there were; 0: there is no such file. */
size_t layout_table_check(struct kdw_symbols *s, const char *path);
/* The same, but the symbols may lack some of it: what they have is right. Returns what they have. */
size_t layout_table_check_partly(struct kdw_symbols *s, const char *path);
/* Every address in a line of kernels.csv, which is at `kernels`. Returns how many. */
size_t layout_table_check_addresses(struct kdw_symbols *s, const struct csv *kernels);

#endif
