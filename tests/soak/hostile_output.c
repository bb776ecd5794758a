#define _POSIX_C_SOURCE 200809L

#include "hostile_output.h"

#include "grid.h"

#include <walker/text.h>

#include <jansson.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *caught; /* HOSTILE_OUTPUT_MAX and a little more */

/* ---- catching ---- */

bool hostile_output_open(void)
{
    char path[] = "/dev/shm/kdwalk-hostile-XXXXXX", other[] = "/tmp/kdwalk-hostile-XXXXXX";
    const char *made = path;
    int fd = mkstemp(path);

    if (fd < 0) {
        made = other;
        fd = mkstemp(other);
    }
    caught = malloc(HOSTILE_OUTPUT_MAX + 2);
    return fd >= 0 && caught && unlink(made) == 0 && dup2(fd, STDOUT_FILENO) >= 0 && close(fd) == 0;
}

static void must(bool is_well)
{
    if (is_well)
        return;
    perror("hostile");
    abort();
}

void hostile_output_begin(void)
{
    must(fflush(stdout) == 0 && ftruncate(STDOUT_FILENO, 0) == 0 &&
         lseek(STDOUT_FILENO, 0, SEEK_SET) == 0);
}

const char *hostile_output_end(size_t *len)
{
    ssize_t got;

    must(fflush(stdout) == 0);
    got = pread(STDOUT_FILENO, caught, HOSTILE_OUTPUT_MAX + 1, 0); /* one more tells too much */
    must(got >= 0);
    caught[got] = '\0';
    *len = (size_t)got;
    return caught;
}

/* ---- judging ---- */

/* It moves the cursor, or turns or hides what stands beside it. */
static bool is_obeyed(const unsigned char *p, size_t n)
{
    if (n == 1)
        return (*p < 0x20 && *p != '\n' && *p != '\t') || *p == 0x7f;
    if (n == 2)
        return p[0] == 0xc2 && p[1] < 0xa0; /* C1 */
    return n == 3 && p[0] == 0xe2 &&
           ((p[1] == 0x80 && ((p[2] >= 0xa8 && p[2] <= 0xae) || p[2] == 0x8e || p[2] == 0x8f)) ||
            (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9));
}

static bool is_harmless(const char *text, size_t len, char why[HOSTILE_WHY])
{
    const unsigned char *p = (const unsigned char *)text, *end = p + len;

    while (p < end) {
        size_t n = *p < 0x80 ? 1 : kdw_utf8_len(p, (size_t)(end - p));

        if (n == 0 || is_obeyed(p, n)) {
            snprintf(why, HOSTILE_WHY, "%s at byte %zu: %02x %02x %02x",
                     n == 0 ? "no UTF-8" : "a terminal would obey what stands",
                     (size_t)(p - (const unsigned char *)text), p[0], p + 1 < end ? p[1] : 0,
                     p + 2 < end ? p[2] : 0);
            return false;
        }
        p += n;
    }
    return true;
}

static bool is_narrow(char *text, char why[HOSTILE_WHY])
{
    size_t number = 1;

    for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1, number++) {
        size_t columns = (size_t)(end - line);

        *end = '\0';
        if (columns > GRID_WIDTH) /* bytes: then it is worth counting */
            columns = grid_columns(line);
        *end = '\n';
        if (columns > GRID_WIDTH) {
            snprintf(why, HOSTILE_WHY, "line %zu has %zu columns", number, columns);
            return false;
        }
    }
    return true;
}

static bool is_json(const char *text, size_t len, char why[HOSTILE_WHY])
{
    json_error_t error;
    json_t *value = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);

    if (!value)
        snprintf(why, HOSTILE_WHY, "no JSON: line %d: %.100s", error.line, error.text);
    json_decref(value);
    return value != NULL;
}

bool hostile_output_is_fit(const char *text, size_t len, enum hostile_form form,
                           char why[HOSTILE_WHY])
{
    if (len > HOSTILE_OUTPUT_MAX) {
        snprintf(why, HOSTILE_WHY, "more than %d bytes", HOSTILE_OUTPUT_MAX);
        return false;
    }
    if (strlen(text) != len) {
        snprintf(why, HOSTILE_WHY, "a NUL");
        return false;
    }
    if (!is_harmless(text, len, why))
        return false;
    switch (form) {
    case HOSTILE_LINES:
        return is_narrow(caught, why);
    case HOSTILE_JSON:
        return is_json(text, len, why);
    case HOSTILE_WIDE:
        break;
    }
    return true;
}
