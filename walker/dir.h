/* dir.h - the few questions that a search for files asks about folders.
 *
 * Errors    None: what cannot be looked at is not there. */
#ifndef WALKER_DIR_H
#define WALKER_DIR_H

#include <stdbool.h>
#include <stddef.h>

enum kdw_path_kind { KDW_PATH_ABSENT, KDW_PATH_FILE, KDW_PATH_FOLDER, KDW_PATH_OTHER };

enum kdw_path_kind kdw_path_kind(const char *path); /* symbolic links are followed */
/* Make a folder, and those on the way to it, where they are not there yet. Whether there is one now
 * that this user may put files into. */
bool kdw_dir_make(const char *path);
/* Whether this user may look for names in a folder that is there. */
bool kdw_dir_may_search(const char *dir);
/* A path that means something on the other family of systems only: C:\x and \\server\x here. */
bool kdw_path_is_foreign(const char *path);
/* Starts at the root, so that it means the same from every working directory. */
bool kdw_path_is_absolute(const char *path);
/* Every entry of dir but "." and "..", in whichever order; none where it cannot be read. */
void kdw_dir_each(const char *dir, void *ctx, void (*on_name)(void *ctx, const char *name));
/* The entry of dir whose name equals name but for the case of ASCII letters; one scan of dir.
 * Writes the entry's own spelling, if that fits. */
bool kdw_dir_find(const char *dir, const char *name, char *found, size_t cap);

#endif
