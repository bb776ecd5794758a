/* Tested under Wine only: no Windows has run this yet. */
#include "dir.h"

#include <windows.h>

#include <stdio.h>
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

bool kdw_dir_make(const char *path)
{
    char part[MAX_PATH];

    if (strlen(path) >= sizeof part)
        return false;
    for (size_t i = 0; path[i] != '\0'; i++) {
        part[i] = path[i];
        part[i + 1] = '\0';
        if (i > 0 && (path[i + 1] == '/' || path[i + 1] == '\\' || path[i + 1] == '\0'))
            (void)CreateDirectoryA(part, NULL); /* what is there already stays */
    }
    return kdw_path_kind(path) == KDW_PATH_FOLDER; /* who may write shows when somebody does */
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

static bool is_separator(char c)
{
    return c == '\\' || c == '/';
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool kdw_path_is_absolute(const char *path)
{
    if (is_separator(path[0]))
        return is_separator(path[1]); /* \\server\x; \x is on whichever drive is the current one */
    /* C:x is relative, too: to the folder that C: remembers */
    return is_letter(path[0]) && path[1] == ':' && is_separator(path[2]);
}

void kdw_dir_each(const char *dir, void *ctx, void (*on_name)(void *ctx, const char *name))
{
    char pattern[MAX_PATH];
    int len = snprintf(pattern, sizeof pattern, "%s/*", dir);
    WIN32_FIND_DATAA e;
    HANDLE find;

    if (len < 0 || (size_t)len >= sizeof pattern)
        return;
    find = FindFirstFileA(pattern, &e);
    if (find == INVALID_HANDLE_VALUE)
        return;
    do {
        if (strcmp(e.cFileName, ".") != 0 && strcmp(e.cFileName, "..") != 0)
            on_name(ctx, e.cFileName);
    } while (FindNextFileA(find, &e));
    FindClose(find);
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
