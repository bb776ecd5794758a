/* temp_dir.h - a folder for one test: files put into it, all of it gone afterwards.
 *
 * Errors    None: what fails ends the test run. */
#ifndef TESTS_SUPPORT_TEMP_DIR_H
#define TESTS_SUPPORT_TEMP_DIR_H

#include <stddef.h>

struct temp_dir {
    char path[256];
};

void temp_dir_create(struct temp_dir *d);
void temp_dir_remove(struct temp_dir *d); /* with everything in it */
/* Writes a file; the folders on the way to it are made. */
void temp_dir_write(const struct temp_dir *d, const char *name, const void *data, size_t len);
/* The full path of a name; valid until the eighth call from here. */
const char *temp_dir_path(const struct temp_dir *d, const char *name);

#endif
