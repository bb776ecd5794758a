/* Tested under Wine only: no Windows has run this yet. A file that is mapped cannot be replaced
 * here, as it can elsewhere: the system refuses the rename, and the map stays whole. */
#include "map.h"

#include <windows.h>

static enum kd_status map_handle(HANDLE file, const char *path, struct kd_diag *diag,
                                 struct kdw_map *out)
{
    struct kdw_map m = {NULL, 0};
    LARGE_INTEGER size;
    HANDLE section;
    DWORD why;

    if (GetFileType(file) != FILE_TYPE_DISK || !GetFileSizeEx(file, &size))
        return kd_diag_set(diag, KD_ERR_IO, "%s: not a regular file", path);
    if ((uint64_t)size.QuadPart > SIZE_MAX)
        return kd_diag_set(diag, KD_ERR_IO, "%s: too large to be mapped", path);
    if (size.QuadPart > 0) {
        section = CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 0, NULL);
        if (!section)
            return kd_diag_set(diag, KD_ERR_IO, "%s: Windows error %lu", path, GetLastError());
        m.data = MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0);
        m.len = (size_t)size.QuadPart;
        why = GetLastError();
        CloseHandle(section); /* the view outlives it */
        if (!m.data)
            return kd_diag_set(diag, KD_ERR_IO, "%s: Windows error %lu", path, why);
    }
    *out = m;
    return KD_OK;
}

enum kd_status kdw_map_open(const char *path, struct kd_diag *diag, struct kdw_map *out)
{
    enum kd_status st;
    HANDLE file = CreateFileA(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);

    if (file == INVALID_HANDLE_VALUE) {
        DWORD why = GetLastError();

        st = why == ERROR_FILE_NOT_FOUND || why == ERROR_PATH_NOT_FOUND ? KD_ERR_NOT_FOUND
                                                                        : KD_ERR_IO;
        return kd_diag_set(diag, st, "%s: %s (Windows error %lu)", path,
                           st == KD_ERR_NOT_FOUND ? "no such file" : "cannot be opened", why);
    }
    st = map_handle(file, path, diag, out);
    CloseHandle(file);
    return st;
}

void kdw_map_close(struct kdw_map *m)
{
    if (m->data)
        UnmapViewOfFile(m->data);
    m->data = NULL;
    m->len = 0;
}

/* ---- advice: how much of a mapped file stays in memory is the system's own affair here [guess] ---- */

void kdw_map_read_nothing_ahead(const struct kdw_map *m)
{
    (void)m;
}

void kdw_map_fetch(const struct kdw_map *m, uint64_t at, uint64_t len)
{
    (void)m;
    (void)at;
    (void)len;
}

void kdw_map_let_go(const struct kdw_map *m)
{
    (void)m;
}
