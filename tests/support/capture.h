/* capture.h - what a piece of code writes to stdout or stderr, as text.
 *
 *     capture_begin(&c, CAPTURE_OUT);
 *     print_something();
 *     assert_string_equal(capture_end(&c), "something\n");
 *     capture_free(&c);
 *
 * One at a time for each stream. Never assert between _begin and _end: the runner's own output
 * would be captured.
 *
 * Errors    None: what fails ends the test run. */
#ifndef TESTS_SUPPORT_CAPTURE_H
#define TESTS_SUPPORT_CAPTURE_H

#include <stddef.h>

enum capture_stream { CAPTURE_OUT, CAPTURE_ERR };

struct capture {
    enum capture_stream stream;
    int saved; /* the stream's own descriptor meanwhile */
    int file;
    char *text;
    size_t len;
};

void capture_begin(struct capture *c, enum capture_stream stream);
const char *capture_end(struct capture *c); /* NUL-terminated, valid until capture_free */
void capture_free(struct capture *c);

#endif
