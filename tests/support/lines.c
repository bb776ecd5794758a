#include "support/lines.h"

#include <stdio.h>
#include <string.h>

bool lines_have(const char *text, const char *line)
{
    size_t len = strlen(line);

    for (const char *at = text; *at; at += strcspn(at, "\n") + 1) {
        if (strcspn(at, "\n") == len && memcmp(at, line, len) == 0)
            return true;
        if (!strchr(at, '\n'))
            break;
    }
    printf("no line is '%s' in:\n%s", line, text);
    return false;
}

size_t lines_count(const char *text)
{
    size_t count = 0;

    for (; *text; text++)
        count += *text == '\n';
    return count;
}

size_t lines_longest(const char *text)
{
    size_t longest = 0, len = 0;

    for (; *text; text++) {
        len = *text == '\n' ? 0 : len + (((unsigned char)*text & 0xc0) != 0x80);
        longest = len > longest ? len : longest;
    }
    return longest;
}
