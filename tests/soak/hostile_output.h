/* hostile_output.h - what a command prints, caught in a file without a name, and judged.
 *
 * Standard output is led there once, for good: reports go to standard error. */
#ifndef HOSTILE_OUTPUT_H
#define HOSTILE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

enum { HOSTILE_OUTPUT_MAX = 10 << 20, HOSTILE_WHY = 160 };

enum hostile_form {
    HOSTILE_LINES, /* of at most 100 columns */
    HOSTILE_WIDE,
    HOSTILE_JSON
};

bool hostile_output_open(void);
void hostile_output_begin(void);
/* What was printed since then, valid until the next _begin. */
const char *hostile_output_end(size_t *len);
/* False: no terminal, or no program, should be given this, and why. */
bool hostile_output_is_fit(const char *text, size_t len, enum hostile_form form,
                           char why[HOSTILE_WHY]);

#endif
