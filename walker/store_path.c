#include "store_path.h"

#include "dir.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void kdw_note(char notes[KDW_NOTES_MAX], const char *fmt, ...)
{
    size_t have = strlen(notes);
    va_list ap;

    va_start(ap, fmt);
    /* NOLINTNEXTLINE(*valist*): it is initialised in the line before */
    vsnprintf(notes + have, KDW_NOTES_MAX - have, fmt, ap);
    va_end(ap);
}

static bool append(struct kdw_store_path *p, const char *component)
{
    size_t have = strlen(p->text);
    size_t n = strlen(component);

    if (have + 1 + n >= sizeof p->text)
        return false;
    p->text[have] = '/';
    memcpy(p->text + have + 1, component, n + 1);
    return true;
}

bool kdw_store_enter(struct kdw_store_path *p, const char *component)
{
    char spelling[KDW_PLACE_MAX];
    size_t have = strlen(p->text);

    if (append(p, component) && kdw_path_kind(p->text) != KDW_PATH_ABSENT)
        return true;
    p->text[have] = '\0';
    return kdw_dir_find(p->text, component, spelling, sizeof spelling) && append(p, spelling);
}

bool kdw_store_has_file(const char *folder, const char *name)
{
    struct kdw_store_path p;

    snprintf(p.text, sizeof p.text, "%s", folder);
    return append(&p, name) && kdw_path_kind(p.text) == KDW_PATH_FILE;
}

bool kdw_place_is_open(const struct kdw_place *place, char notes[KDW_NOTES_MAX])
{
    const char *path = place->text;

    if (place->kind == KDW_PLACE_SKIPPED) {
        kdw_note(notes, "; skipped %s (%s)", path, place->why);
        return false;
    }
    if (place->kind == KDW_PLACE_SERVER) {
        kdw_note(notes, "; skipped %s (a URL, and the network is not used)",
                 kdw_place_shown(place));
        return false;
    }
    switch (kdw_path_kind(path)) {
    case KDW_PATH_FOLDER:
        if (kdw_dir_may_search(path))
            return true;
        kdw_note(notes, "; no permission to look into %s", path);
        return false;
    case KDW_PATH_FILE:
        kdw_note(notes, "; %s is a file: name the folder that it is in", path);
        return false;
    case KDW_PATH_ABSENT:
        kdw_note(notes, "; %s does not exist", path);
        return false;
    case KDW_PATH_OTHER:
        break;
    }
    kdw_note(notes, "; %s is no folder", path);
    return false;
}
