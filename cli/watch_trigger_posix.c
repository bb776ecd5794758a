/* watch_trigger_posix.c - regular expressions are the system's. */
#include "watch_trigger.h"

#include "message.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_LEN = 4096 }; /* longer than any packet of debug output */

struct watch_trigger {
    const char *module;
    bool has_print;
    regex_t print;
};

struct watch_trigger *watch_trigger_create(const char *module, const char *print)
{
    struct watch_trigger *t = calloc(1, sizeof *t);
    int err;

    if (!t) {
        message_error("out of memory");
        return NULL;
    }
    t->module = module;
    if (!print)
        return t;
    err = regcomp(&t->print, print, REG_EXTENDED | REG_NOSUB);
    if (err == 0) {
        t->has_print = true;
        return t;
    }
    {
        char why[128];

        regerror(err, &t->print, why, sizeof why);
        message_error("--on-print: no regular expression: %s", why);
    }
    free(t);
    return NULL;
}

void watch_trigger_destroy(struct watch_trigger *t)
{
    if (!t)
        return;
    if (t->has_print)
        regfree(&t->print);
    free(t);
}

/* ---- modules ---- */

static bool begins_with(const char *name, size_t len, const char *wanted, size_t wanted_len)
{
    if (len < wanted_len)
        return false;
    for (size_t i = 0; i < wanted_len; i++)
        if (tolower((unsigned char)name[i]) != tolower((unsigned char)wanted[i]))
            return false;
    return true;
}

bool watch_trigger_is_module(const struct watch_trigger *t, struct kd_span path)
{
    const char *name = (const char *)path.data;
    size_t len = path.len, wanted_len;

    if (!t->module)
        return false;
    for (size_t i = path.len; i > 0; i--) {
        if (path.data[i - 1] != '\\' && path.data[i - 1] != '/')
            continue;
        name += i;
        len -= i;
        break;
    }
    wanted_len = strlen(t->module);
    return begins_with(name, len, t->module, wanted_len) &&
           (len == wanted_len || name[wanted_len] == '.');
}

/* ---- prints ---- */

static bool is_match(const struct watch_trigger *t, const char *line, size_t len)
{
    char text[LINE_MAX_LEN];

    if (len > 0 && line[len - 1] == '\r')
        len--;
    if (len >= sizeof text)
        len = sizeof text - 1;
    memcpy(text, line, len);
    text[len] = '\0';
    for (size_t i = 0; i < len; i++)
        if (text[i] == '\0')
            text[i] = ' '; /* a NUL would hide what follows */
    return regexec(&t->print, text, 0, NULL, 0) == 0;
}

bool watch_trigger_is_print(const struct watch_trigger *t, struct kd_span text)
{
    const char *at = (const char *)text.data;
    size_t left = text.len;

    while (t->has_print && left > 0) {
        const char *end = memchr(at, '\n', left);
        size_t len = end ? (size_t)(end - at) : left;

        if (is_match(t, at, len))
            return true;
        len += end ? 1 : 0;
        at += len;
        left -= len;
    }
    return false;
}
