#include <walker/isf_store.h>

#include "dir.h"
#include "store_path.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Every step of the search answers KD_OK (found: stop), KD_ERR_NOT_FOUND (go on), or a failure that
 * ends it. */
struct search {
    const struct kdw_pdb_id *wanted;
    char name[KDW_ISF_NAME_MAX]; /* without what packing adds to it */
    struct kd_diag *diag;
    char remarks[KDW_NOTES_MAX]; /* what lay in the way */
    char skipped[KDW_NOTES_MAX]; /* where was not looked, and why */
    struct kdw_symbols *found;
};

/* A candidate: the one wanted, or a remark on what it is. */
static enum kd_status try_file(struct search *s, const char *path)
{
    char guid[KDW_PDB_GUID_MAX];
    struct kdw_symbols *isf;
    struct kdw_pdb_id id;
    enum kd_status st;

    kd_diag_clear(s->diag);
    st = kdw_isf_open(path, s->diag, &isf);
    if (st == KD_ERR_NO_MEMORY)
        return st;
    if (st != KD_OK) {
        kdw_note(s->remarks, "; %s", s->diag ? s->diag->text : path);
        return KD_ERR_NOT_FOUND;
    }
    kdw_isf_identity(isf, &id);
    if (kdw_pdb_id_equal(&id, s->wanted)) {
        s->found = isf;
        return KD_OK;
    }
    kdw_pdb_id_guid(&id, guid);
    kdw_note(s->remarks, "; found one of another build, GUID %s age %" PRIu32 ": %s", guid, id.age,
             path);
    kdw_symbols_close(isf);
    return KD_ERR_NOT_FOUND;
}

/* Packed in whichever way: what cannot be unpacked says so itself. */
static enum kd_status look_in_folder(struct search *s, const struct kdw_store_path *folder)
{
    static const char *const endings[] = {"", ".xz", ".gz", ".bz2"};
    enum kd_status st = KD_ERR_NOT_FOUND;

    for (size_t i = 0; i < sizeof endings / sizeof endings[0] && st == KD_ERR_NOT_FOUND; i++) {
        struct kdw_store_path p = *folder;
        char name[KDW_ISF_NAME_MAX + 8];

        snprintf(name, sizeof name, "%s%s", s->name, endings[i]);
        if (kdw_store_enter(&p, name) && kdw_path_kind(p.text) == KDW_PATH_FILE)
            st = try_file(s, p.text);
    }
    return st;
}

static enum kd_status look_under(struct search *s, const char *root)
{
    const char *const name = s->wanted->name;
    const char *const ways[][3] = {{NULL}, {name}, {"windows", name}, {"symbols", "windows", name}};
    enum kd_status st = KD_ERR_NOT_FOUND;

    for (size_t i = 0; i < sizeof ways / sizeof ways[0] && st == KD_ERR_NOT_FOUND; i++) {
        struct kdw_store_path p;
        bool is_there = true;

        snprintf(p.text, sizeof p.text, "%s", root);
        for (size_t k = 0; k < 3 && ways[i][k] && is_there; k++)
            is_there = kdw_store_enter(&p, ways[i][k]);
        if (is_there)
            st = look_in_folder(s, &p);
    }
    return st;
}

static enum kd_status look_at_place(struct search *s, const struct kdw_place *place)
{
    if (place->kind != KDW_PLACE_SKIPPED && kdw_path_kind(place->text) == KDW_PATH_FILE)
        return try_file(s, place->text);
    if (!kdw_place_is_open(place, s->skipped))
        return KD_ERR_NOT_FOUND;
    return look_under(s, place->text);
}

void kdw_isf_file_name(const struct kdw_pdb_id *id, char name[KDW_ISF_NAME_MAX])
{
    char guid[KDW_PDB_GUID_MAX];

    kdw_pdb_id_guid(id, guid);
    snprintf(name, KDW_ISF_NAME_MAX, "%s-%" PRIu32 ".json", guid, id->age);
}

enum kd_status kdw_isf_store_open(const char *folders, const struct kdw_pdb_id *id,
                                  struct kd_diag *diag, struct kdw_symbols **out)
{
    struct search s = {.wanted = id, .diag = diag};
    struct kdw_symbol_path places = kdw_symbol_path_of(folders, NULL);
    enum kd_status st = KD_ERR_NOT_FOUND;
    struct kdw_place place;

    if (!kdw_pdb_name_is_safe(id->name))
        return kd_diag_set(diag, KD_ERR_USAGE, "not the name of a PDB file");
    kdw_isf_file_name(id, s.name);
    while (st == KD_ERR_NOT_FOUND && kdw_symbol_path_next(&places, &place))
        st = look_at_place(&s, &place);
    if (st == KD_ERR_NOT_FOUND)
        return kd_diag_set(diag, st, "no %s or %s.xz%s%s", s.name, s.name, s.remarks, s.skipped);
    if (st != KD_OK)
        return st;
    kd_diag_clear(diag);
    if (s.remarks[0] || s.skipped[0])
        kd_diag_set(diag, KD_OK, "on the way to %s%s%s", s.name, s.remarks, s.skipped);
    *out = s.found;
    return KD_OK;
}
