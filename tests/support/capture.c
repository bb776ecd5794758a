#define _POSIX_C_SOURCE 200809L

#include "support/capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static FILE *stream_of(const struct capture *c)
{
    return c->stream == CAPTURE_OUT ? stdout : stderr;
}

static void must(int is_well, const char *what)
{
    if (is_well)
        return;
    perror(what);
    abort();
}

void capture_begin(struct capture *c, enum capture_stream stream)
{
    char path[] = "/tmp/kdwalk-capture-XXXXXX";

    *c = (struct capture){.stream = stream};
    fflush(stream_of(c));
    c->saved = dup(fileno(stream_of(c)));
    c->file = mkstemp(path);
    must(c->saved >= 0 && c->file >= 0 && unlink(path) == 0, path);
    must(dup2(c->file, fileno(stream_of(c))) >= 0, "dup2");
}

const char *capture_end(struct capture *c)
{
    off_t len;

    fflush(stream_of(c));
    must(dup2(c->saved, fileno(stream_of(c))) >= 0, "dup2");
    len = lseek(c->file, 0, SEEK_END);
    must(len >= 0 && lseek(c->file, 0, SEEK_SET) == 0, "lseek");
    c->text = calloc(1, (size_t)len + 1);
    must(c->text && read(c->file, c->text, (size_t)len) == len, "read");
    c->len = (size_t)len;
    close(c->file);
    close(c->saved);
    return c->text;
}

void capture_free(struct capture *c)
{
    free(c->text);
    c->text = NULL;
}
