/* Untested: written against the documented API, never yet compiled or run on Windows. */
#include "dir.h"

#include <windows.h>

#include <string.h>

enum kdw_path_kind kdw_path_kind(const char *path)
{
    DWORD attributes = GetFileAttributesA(path);

    if (attributes == INVALID_FILE_ATTRIBUTES)
        return KDW_PATH_ABSENT;
    if (attributes & FILE_ATTRIBUTE_DEVICE)
        return KDW_PATH_OTHER;
    return attributes & FILE_ATTRIBUTE_DIRECTORY ? KDW_PATH_FOLDER : KDW_PATH_FILE;
}

bool kdw_dir_may_search(const char *dir)
{
    (void)dir;
    return true; /* names can be looked up in folders that may not be listed */
}

bool kdw_path_is_foreign(const char *path)
{
    (void)path;
    return false; /* this is the system those paths are for */
}

bool kdw_path_is_absolute(const char *path)
{
    return (path[0] == '\\' && path[1] == '\\') || (path[0] != '\0' && path[1] == ':');
}

bool kdw_dir_find(const char *dir, const char *name, char *found, size_t cap)
{
    /* The file system ignores case itself: what was not found exactly is not there. */
    (void)dir;
    (void)name;
    (void)found;
    (void)cap;
    return false;
}
