#include <walker/symstore.h>

#include "dir.h"
#include "map.h"
#include "store_path.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Every step of the search answers KD_OK (found: stop), KD_ERR_NOT_FOUND (go on), or a failure that
 * ends it. */
struct search {
    const struct kdw_pdb_id *wanted;
    char key[KDW_PDB_KEY_MAX];
    struct kd_diag *diag;
    char remarks[KDW_NOTES_MAX];      /* what lay in the way */
    char looked[KDW_NOTES_MAX];       /* where was looked */
    char skipped[KDW_NOTES_MAX];      /* where not, and why */
    char place_for_it[KDW_PLACE_MAX]; /* the first folder there is; empty: none */
    struct kdw_symbols *found;
};

/* A candidate: the one wanted, or a remark on what it is. */
static enum kd_status try_file(struct search *s, const char *path)
{
    char guid[KDW_PDB_GUID_MAX];
    struct kdw_symbols *pdb;
    struct kdw_pdb_id id;
    enum kd_status st;

    if (kdw_path_kind(path) != KDW_PATH_FILE)
        return KD_ERR_NOT_FOUND;
    kd_diag_clear(s->diag);
    st = kdw_pdb_open(path, s->diag, &pdb);
    if (st == KD_ERR_NO_MEMORY)
        return st;
    if (st != KD_OK) {
        if (s->diag)
            kdw_note(s->remarks, "; %s", s->diag->text);
        return KD_ERR_NOT_FOUND;
    }
    kdw_pdb_identity(pdb, &id);
    if (kdw_pdb_id_equal(&id, s->wanted)) {
        s->found = pdb;
        return KD_OK;
    }
    kdw_pdb_id_guid(&id, guid);
    kdw_note(s->remarks, "; found one of another build, GUID %s age %" PRIu32 ": %s", guid, id.age,
             path);
    kdw_symbols_close(pdb);
    return KD_ERR_NOT_FOUND;
}

/* The first line of a file.ptr, without what a terminal would obey. */
static bool read_line(const char *path, char line[KDW_PLACE_MAX])
{
    struct kdw_map m;
    size_t n = 0;

    if (kdw_map_open(path, NULL, &m) != KD_OK)
        return false;
    for (; n < m.len && n < KDW_PLACE_MAX - 1 && m.data[n] != '\r' && m.data[n] != '\n'; n++)
        line[n] = m.data[n] >= 0x20 && m.data[n] != 0x7F ? (char)m.data[n] : '?';
    line[n] = '\0';
    kdw_map_close(&m);
    return true;
}

/* file.ptr says where the file is ("PATH:..."), or why it is nowhere ("MSG:..."). */
static enum kd_status follow_pointer(struct search *s, const char *pointer)
{
    char line[KDW_PLACE_MAX];
    const char *target = line;

    if (!read_line(pointer, line))
        return KD_ERR_NOT_FOUND;
    if (strncmp(line, "MSG:", 4) == 0) {
        kdw_note(s->remarks, "; the store says of it: %s", line + 4);
        return KD_ERR_NOT_FOUND;
    }
    if (strncmp(line, "PATH:", 5) == 0)
        target = line + 5;
    if (kdw_path_is_foreign(target) || !kdw_path_is_absolute(target)) {
        kdw_note(s->remarks, "; %s points to %s, which is not followed", pointer, target);
        return KD_ERR_NOT_FOUND;
    }
    if (kdw_path_kind(target) != KDW_PATH_FILE)
        kdw_note(s->remarks, "; %s points to %s, which is not there", pointer, target);
    return try_file(s, target);
}

/* What a store may hold for one key: the file, the same compressed, or where it is. */
static enum kd_status try_entry(struct search *s, const struct kdw_store_path *folder)
{
    char compressed[KDW_PDB_NAME_MAX];
    struct kdw_store_path p = *folder;
    enum kd_status st = KD_ERR_NOT_FOUND;

    if (kdw_store_enter(&p, s->wanted->name))
        st = try_file(s, p.text);
    if (st != KD_ERR_NOT_FOUND)
        return st;
    snprintf(compressed, sizeof compressed, "%s", s->wanted->name);
    compressed[strlen(compressed) - 1] = '_';
    p = *folder;
    if (kdw_store_enter(&p, compressed))
        kdw_note(s->remarks, "; compressed, expand it with cabextract or 7z: %s", p.text);
    p = *folder;
    return kdw_store_enter(&p, "file.ptr") ? follow_pointer(s, p.text) : KD_ERR_NOT_FOUND;
}

static enum kd_status try_key(struct search *s, struct kdw_store_path folder)
{
    if (!kdw_store_enter(&folder, s->wanted->name) || !kdw_store_enter(&folder, s->key))
        return KD_ERR_NOT_FOUND;
    return try_entry(s, &folder);
}

static enum kd_status look_in_store(struct search *s, const struct kdw_store_path *root)
{
    enum kd_status st = KD_ERR_NOT_FOUND;

    if (kdw_store_has_file(root->text, "index2.txt")) {
        char first_two[3] = {s->wanted->name[0], s->wanted->name[1], '\0'};
        struct kdw_store_path p = *root;

        if (kdw_store_enter(&p, first_two))
            st = try_key(s, p);
    }
    return st == KD_ERR_NOT_FOUND ? try_key(s, *root) : st; /* stores may be half converted */
}

static enum kd_status look_in_folder(struct search *s, const struct kdw_store_path *root)
{
    /* The module may be any of these; the kernel is an exe. */
    static const char *const kinds[] = {"exe", "sys", "dll"};
    struct kdw_store_path p = *root;
    enum kd_status st = KD_ERR_NOT_FOUND;

    if (kdw_store_enter(&p, s->wanted->name))
        st = try_file(s, p.text);
    for (size_t i = 0; i < 2 * (sizeof kinds / sizeof kinds[0]) && st == KD_ERR_NOT_FOUND; i++) {
        p = *root;
        if (i % 2 == 1 && !kdw_store_enter(&p, "symbols"))
            continue;
        if (kdw_store_enter(&p, kinds[i / 2]) && kdw_store_enter(&p, s->wanted->name))
            st = try_file(s, p.text);
    }
    return st == KD_ERR_NOT_FOUND ? try_key(s, *root) : st;
}

static enum kd_status look_at_place(struct search *s, const struct kdw_place *place)
{
    bool is_store = place->kind == KDW_PLACE_STORE;
    struct kdw_store_path root;

    if (!kdw_place_is_open(place, s->skipped))
        return KD_ERR_NOT_FOUND;
    snprintf(root.text, sizeof root.text, "%s", place->text);
    is_store = is_store || kdw_store_has_file(root.text, "pingme.txt");
    kdw_note(s->looked, "%s%s", s->looked[0] ? ", " : "", root.text);
    if (s->place_for_it[0] == '\0')
        snprintf(s->place_for_it, sizeof s->place_for_it, "%s", root.text);
    return is_store ? look_in_store(s, &root) : look_in_folder(s, &root);
}

/* What a user on a machine without a network needs, first things first: a diag may lose its end. */
static enum kd_status explain(const struct search *s)
{
    const char *name = s->wanted->name;
    char guid[KDW_PDB_GUID_MAX];

    kdw_pdb_id_guid(s->wanted, guid);
    return kd_diag_set(s->diag, KD_ERR_NOT_FOUND,
                       "no %s with GUID %s age %" PRIu32 "%s; put it at %s/%s/%s/%s "
                       "(get it from https://msdl.microsoft.com/download/symbols/%s/%s/%s); %s%s%s",
                       name, guid, s->wanted->age, s->remarks,
                       s->place_for_it[0] ? s->place_for_it : "DIR", name, s->key, name, name,
                       s->key, name,
                       s->looked[0]    ? "looked in "
                       : s->skipped[0] ? "looked nowhere"
                                       : "the symbol path is empty",
                       s->looked, s->skipped);
}

static enum kd_status walk_path(struct search *s, const char *path)
{
    struct kdw_symbol_path places = kdw_symbol_path_of(path);
    struct kdw_place place;
    enum kd_status st = KD_ERR_NOT_FOUND;

    while (st == KD_ERR_NOT_FOUND && kdw_symbol_path_next(&places, &place))
        st = look_at_place(s, &place);
    return st;
}

enum kd_status kdw_symstore_open(const char *path, const struct kdw_pdb_id *id,
                                 struct kd_diag *diag, struct kdw_symbols **out)
{
    struct search s = {.wanted = id, .diag = diag};
    enum kd_status st;

    if (!kdw_pdb_name_is_safe(id->name))
        return kd_diag_set(diag, KD_ERR_USAGE, "not the name of a PDB file");
    kdw_pdb_id_key(id, s.key);
    st = walk_path(&s, path);
    if (st == KD_ERR_NOT_FOUND)
        return explain(&s);
    if (st != KD_OK)
        return st;
    kd_diag_clear(diag);
    if (s.remarks[0] || s.skipped[0])
        kd_diag_set(diag, KD_OK, "on the way to %s%s%s", id->name, s.remarks, s.skipped);
    *out = s.found;
    return KD_OK;
}
