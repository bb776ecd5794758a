/* print_text.h - pieces that the text printers share; private to cli/print_text*.c. */
#ifndef CLI_PRINT_TEXT_H
#define CLI_PRINT_TEXT_H

#include <walker/value.h>

void print_address(uint64_t va); /* "fffff802`6e400000" */
/* Is more known of a gap than that it is not mapped? */
bool gap_has_reason(enum kd_status st);
/* Why something at va is not known, in parentheses. */
void print_gap(enum kd_status st, uint64_t va);
/* A text of the target's, or why it is not known. */
void print_text_of_target(const struct kdw_text *t);

#endif
