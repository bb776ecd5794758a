#include <walker/symstore.h>

#include "dir.h"
#include "store_path.h"

#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 3 }; /* two letters, name, key: below a store's root there is no more */

struct listing {
    void *ctx;
    kdw_symstore_on_file *on_file;
};

struct level { /* of one folder */
    const struct listing *listing;
    struct kdw_store_path folder;
    unsigned depth;
};

static bool is_pdb_name(const char *name)
{
    size_t len = strlen(name);
    const char *end = name + len - 4;

    return len > 4 && end[0] == '.' && (end[1] == 'p' || end[1] == 'P') &&
           (end[2] == 'd' || end[2] == 'D') && (end[3] == 'b' || end[3] == 'B');
}

static void look_at_file(const struct listing *l, const char *path)
{
    struct kdw_symbols *pdb;
    struct kdw_pdb_id id;

    if (kdw_pdb_open(path, NULL, &pdb) != KD_OK)
        return;
    kdw_pdb_identity(pdb, &id);
    l->on_file(l->ctx, path, &id);
    kdw_symbols_close(pdb);
}

static void look_into(const struct level *level);

static void look_at_entry(void *ctx, const char *name)
{
    const struct level *level = ctx;
    struct level below = *level;

    if (name[0] == '.' || !kdw_store_enter(&below.folder, name))
        return;
    below.depth++;
    if (kdw_path_kind(below.folder.text) == KDW_PATH_FOLDER && level->depth < DEPTH_MAX)
        look_into(&below);
    else if (kdw_path_kind(below.folder.text) == KDW_PATH_FILE && is_pdb_name(name))
        look_at_file(level->listing, below.folder.text);
}

static void look_into(const struct level *level)
{
    struct level here = *level;

    kdw_dir_each(here.folder.text, &here, look_at_entry);
}

enum kd_status kdw_symstore_list(const char *path, const struct kdw_symbol_server *server,
                                 void *ctx, kdw_symstore_on_file *on_file, struct kd_diag *diag)
{
    const struct listing l = {ctx, on_file};
    struct kdw_symbol_path places = kdw_symbol_path_of(path, server ? server->default_store : NULL);
    char skipped[KDW_NOTES_MAX] = "";
    struct kdw_place place;
    unsigned looked = 0;

    kd_diag_clear(diag);
    while (kdw_symbol_path_next(&places, &place)) {
        struct level root = {.listing = &l};

        if (place.kind == KDW_PLACE_SERVER) {
            kdw_note(skipped, "; skipped %s (a server does not say what it has)",
                     kdw_place_shown(&place));
            continue;
        }
        if (!kdw_place_is_open(&place, skipped))
            continue;
        snprintf(root.folder.text, sizeof root.folder.text, "%s", place.text);
        look_into(&root);
        looked++;
    }
    if (looked == 0)
        return kd_diag_set(diag, KD_ERR_NOT_FOUND, "looked nowhere%s", skipped);
    if (skipped[0])
        kd_diag_set(diag, KD_OK, "%s", skipped + strlen("; "));
    return KD_OK;
}
