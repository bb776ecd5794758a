/* message.h - what kdwalk says to a person on stderr: errors, warnings, progress.
 *
 * Progress and colours only on a terminal; colours not with NO_COLOR set. */
#ifndef CLI_MESSAGE_H
#define CLI_MESSAGE_H

#include <kdproto/diag.h>

#include <stdbool.h>

void message_error(const char *fmt, ...) KD_PRINTF(1, 2);
void message_warning(const char *fmt, ...) KD_PRINTF(1, 2);
void message_note(const char *fmt, ...) KD_PRINTF(1, 2); /* nothing is wrong */

/* May what goes there be coloured? */
bool message_colours(int fd);

/* One line that replaces itself; an error or message_progress_end removes it. Nothing off a
 * terminal, or on one that cannot take a line back. */
void message_progress(const char *fmt, ...) KD_PRINTF(1, 2);
void message_progress_end(void);

/* Whoever draws on the whole terminal takes all of this, which would garble it: a line at a time, without its
 * end. NULL: it goes to stderr again. */
struct message_taker {
    void *ctx;
    void (*say)(void *ctx, const char *line);      /* "warning: ..." */
    void (*progress)(void *ctx, const char *line); /* NULL: it is over */
    void (*end)(void *ctx);                        /* the terminal is wanted back */
};
void message_hand_to(const struct message_taker *taker); /* borrowed */
/* Ends the taker, where there is one; it hands to NULL. */
void message_take_back(void);

/* The output is not whole: says so, the first time, and why. main makes it the exit status. */
void message_output_failed(const char *why);
bool message_output_has_failed(void);

#endif
