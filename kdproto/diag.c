#include <kdproto/diag.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void kd_diag_clear(struct kd_diag *d)
{
    if (d)
        d->text[0] = '\0';
}

enum kd_status kd_diag_set(struct kd_diag *d, enum kd_status st, const char *fmt, ...)
{
    if (d) {
        va_list ap;

        va_start(ap, fmt);
        /* NOLINTNEXTLINE(*valist*): it is initialised in the line before */
        vsnprintf(d->text, sizeof d->text, fmt, ap);
        va_end(ap);
    }
    return st;
}

/* Append as much as fits; an explanation that is too long loses its end. */
static void append(struct kd_diag *d, const char *text)
{
    size_t have = strlen(d->text);
    size_t n = strlen(text);
    size_t room = sizeof d->text - 1 - have;

    if (n > room)
        n = room;
    memcpy(d->text + have, text, n);
    d->text[have + n] = '\0';
}

enum kd_status kd_diag_add(struct kd_diag *d, enum kd_status st, const char *fmt, ...)
{
    char below[KD_DIAG_MAX];
    va_list ap;

    if (!d)
        return st;
    /* What lies below is the old text, or the plain status where nobody said anything yet. */
    memcpy(below, d->text, sizeof below);
    va_start(ap, fmt);
    /* NOLINTNEXTLINE(*valist*): it is initialised in the line before */
    vsnprintf(d->text, sizeof d->text, fmt, ap);
    va_end(ap);
    append(d, ": ");
    append(d, below[0] ? below : kd_status_text(st));
    return st;
}
