/* lines.h - a text as lines, for tests of what people read. */
#ifndef TESTS_SUPPORT_LINES_H
#define TESTS_SUPPORT_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* Is one of its lines exactly that? If not, the text is printed. */
bool lines_have(const char *text, const char *line);
size_t lines_count(const char *text);
/* Characters (of UTF-8) of its longest line. */
size_t lines_longest(const char *text);

#endif
