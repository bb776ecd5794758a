/* csv.h - comma-separated tables without quotes, as those of kernel layouts are.
 *
 * Errors    None but a file that is not there: what is malformed ends the test run. */
#ifndef TESTS_SUPPORT_CSV_H
#define TESTS_SUPPORT_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CSV_COLUMNS_MAX = 64 };

struct csv {
    char *text;
    char *next;
    const char *names[CSV_COLUMNS_MAX]; /* of the first line */
    const char *cells[CSV_COLUMNS_MAX]; /* of the line read last; empty where there is nothing */
    size_t columns;
};

/* False: no such file. */
bool csv_open(struct csv *c, const char *path);
/* False: that was the last line. */
bool csv_next(struct csv *c);
void csv_close(struct csv *c);
const char *csv_text(const struct csv *c, const char *column);
/* Of a hexadecimal number behind 0x, or a decimal one. */
uint64_t csv_number(const struct csv *c, const char *column);

#endif
