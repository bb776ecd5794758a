#include <walker/isf_store.h>

#include "dir.h"
#include "store_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEPTH_MAX = 3, /* symbols, windows, the PDB's name: below a root there is no more */
    GUID_DIGITS = KDW_PDB_GUID_MAX - 1,
};

struct listing {
    void *ctx;
    kdw_isf_on_file *on_file;
};

struct level { /* of one folder */
    const struct listing *listing;
    struct kdw_store_path folder;
    unsigned depth;
};

/* "<32 digits>-<age>.json", and whatever packing adds. False: no such name. */
static bool identity_of(const char *name, struct kdw_pdb_id *out)
{
    char digits[KDW_PDB_GUID_MAX] = "", own[KDW_ISF_NAME_MAX];
    struct kdw_pdb_id id = {.age = 0};
    const char *behind;

    if (strlen(name) < GUID_DIGITS + 2)
        return false;
    memcpy(digits, name, GUID_DIGITS);
    if (!kdw_pdb_guid_parse(digits, id.guid) || name[GUID_DIGITS] != '-')
        return false;
    id.age = (uint32_t)strtoul(name + GUID_DIGITS + 1, NULL, 10);
    kdw_isf_file_name(&id,
                      own); /* so would this one be called: in capitals, without zeros in front */
    behind = name + strlen(own);
    if (strlen(name) < strlen(own) ||
        strncmp(name + GUID_DIGITS, own + GUID_DIGITS, strlen(own) - GUID_DIGITS) != 0)
        return false;
    if (strcmp(behind, "") != 0 && strcmp(behind, ".xz") != 0 && strcmp(behind, ".gz") != 0 &&
        strcmp(behind, ".bz2") != 0)
        return false;
    *out = id;
    return true;
}

/* Whatever else is kept in such a tree is left alone. */
static bool leads_on(const char *name)
{
    size_t len = strlen(name);

    return strcmp(name, "symbols") == 0 || strcmp(name, "windows") == 0 ||
           (len > 4 && strcmp(name + len - 4, ".pdb") == 0);
}

static void look_at_entry(void *ctx, const char *name)
{
    const struct level *level = ctx;
    struct level below = *level;
    struct kdw_pdb_id id;

    if (!kdw_store_enter(&below.folder, name))
        return;
    below.depth++;
    if (kdw_path_kind(below.folder.text) == KDW_PATH_FOLDER && level->depth < DEPTH_MAX &&
        leads_on(name))
        kdw_dir_each(below.folder.text, &below, look_at_entry);
    else if (kdw_path_kind(below.folder.text) == KDW_PATH_FILE && identity_of(name, &id))
        level->listing->on_file(level->listing->ctx, below.folder.text, &id);
}

static void look_at_file(const struct listing *l, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct kdw_pdb_id id;

    if (identity_of(slash ? slash + 1 : path, &id))
        l->on_file(l->ctx, path, &id);
}

enum kd_status kdw_isf_store_list(const char *folders, void *ctx, kdw_isf_on_file *on_file,
                                  struct kd_diag *diag)
{
    const struct listing l = {ctx, on_file};
    struct kdw_symbol_path places = kdw_symbol_path_of(folders, NULL);
    char skipped[KDW_NOTES_MAX] = "";
    struct kdw_place place;

    kd_diag_clear(diag);
    while (kdw_symbol_path_next(&places, &place)) {
        struct level root = {.listing = &l};

        if (place.kind != KDW_PLACE_SKIPPED && kdw_path_kind(place.text) == KDW_PATH_FILE) {
            look_at_file(&l, place.text);
        } else if (kdw_place_is_open(&place, skipped)) {
            snprintf(root.folder.text, sizeof root.folder.text, "%s", place.text);
            kdw_dir_each(root.folder.text, &root, look_at_entry);
        }
    }
    if (skipped[0])
        kd_diag_set(diag, KD_OK, "%s", skipped + strlen("; "));
    return KD_OK;
}
