/* provider_names.h - names of ETW providers: those of a user's file, then those that are built in.
 *
 * File      Lines of "GUID,NAME"; the GUID may be in braces, the name in double quotes, and what follows a
 *           second comma is ignored. Empty lines, lines that begin with # and a first line that begins
 *           with "guid" are left out. Of two names for one GUID the first counts.
 * Errors    KD_ERR_MALFORMED: a line is none of these, and diag says which. KD_ERR_LIMIT: longer than any
 *           sensible list. KD_ERR_IO: the file cannot be read. */
#ifndef CLI_PROVIDER_NAMES_H
#define CLI_PROVIDER_NAMES_H

#include <kdproto/diag.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct provider_name;

struct provider_names { /* zero: only those that are built in */
    struct provider_name *own;
    size_t len;
};

enum kd_status provider_names_load(const char *path, struct kd_diag *diag,
                                   struct provider_names *out);
void provider_names_free(struct provider_names *names);
/* NULL: nobody has named it. */
const char *provider_name(const struct provider_names *names, const uint8_t guid[16]);

/* "22fb2cd6-0e7b-422b-a0c7-2fad1fd0e716", with or without braces, in any case of letters. False: it is none. */
bool guid_parse(const char *text, size_t len, uint8_t out[16]);

#endif
