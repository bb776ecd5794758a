#include <walker/symstore.h>

#include "dir.h"
#include "map.h"
#include "symbol_path.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NOTES_MAX = 320 }; /* what goes beyond is cut: a kd_diag would not hold it either */

/* Every step of the search answers KD_OK (found: stop), KD_ERR_NOT_FOUND (go on), or a failure that
 * ends it. */
struct search {
    const struct kdw_pdb_id *wanted;
    char key[KDW_PDB_KEY_MAX];
    struct kd_diag *diag;
    char remarks[NOTES_MAX];          /* what lay in the way */
    char looked[NOTES_MAX];           /* where was looked */
    char skipped[NOTES_MAX];          /* where not, and why */
    char place_for_it[KDW_PLACE_MAX]; /* the first folder there is; empty: none */
    struct kdw_symbols *found;
};

struct path { /* grows by whole components */
    char text[KDW_PLACE_MAX];
};

static void note(char notes[NOTES_MAX], const char *fmt, ...) KD_PRINTF(2, 3);

static void note(char notes[NOTES_MAX], const char *fmt, ...)
{
    size_t have = strlen(notes);
    va_list ap;

    va_start(ap, fmt);
    /* NOLINTNEXTLINE(*valist*): it is initialised in the line before */
    vsnprintf(notes + have, NOTES_MAX - have, fmt, ap);
    va_end(ap);
}

static bool append(struct path *p, const char *component)
{
    size_t have = strlen(p->text);
    size_t n = strlen(component);

    if (have + 1 + n >= sizeof p->text)
        return false;
    p->text[have] = '/';
    memcpy(p->text + have + 1, component, n + 1);
    return true;
}

/* Go down to a component that exists: spelled as given or, where the file system tells cases apart
 * and the store's writer did not, spelled otherwise. */
static bool enter(struct path *p, const char *component)
{
    char spelling[KDW_PLACE_MAX];
    size_t have = strlen(p->text);

    if (append(p, component) && kdw_path_kind(p->text) != KDW_PATH_ABSENT)
        return true;
    p->text[have] = '\0';
    return kdw_dir_find(p->text, component, spelling, sizeof spelling) && append(p, spelling);
}

static bool has_file(const char *folder, const char *name)
{
    struct path p;

    snprintf(p.text, sizeof p.text, "%s", folder);
    return append(&p, name) && kdw_path_kind(p.text) == KDW_PATH_FILE;
}

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
            note(s->remarks, "; %s", s->diag->text);
        return KD_ERR_NOT_FOUND;
    }
    kdw_pdb_identity(pdb, &id);
    if (kdw_pdb_id_equal(&id, s->wanted)) {
        s->found = pdb;
        return KD_OK;
    }
    kdw_pdb_id_guid(&id, guid);
    note(s->remarks, "; found one of another build, GUID %s age %" PRIu32 ": %s", guid, id.age,
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
        note(s->remarks, "; the store says of it: %s", line + 4);
        return KD_ERR_NOT_FOUND;
    }
    if (strncmp(line, "PATH:", 5) == 0)
        target = line + 5;
    if (kdw_path_is_foreign(target) || !kdw_path_is_absolute(target)) {
        note(s->remarks, "; %s points to %s, which is not followed", pointer, target);
        return KD_ERR_NOT_FOUND;
    }
    if (kdw_path_kind(target) != KDW_PATH_FILE)
        note(s->remarks, "; %s points to %s, which is not there", pointer, target);
    return try_file(s, target);
}

/* What a store may hold for one key: the file, the same compressed, or where it is. */
static enum kd_status try_entry(struct search *s, const struct path *folder)
{
    char compressed[KDW_PDB_NAME_MAX];
    struct path p = *folder;
    enum kd_status st = KD_ERR_NOT_FOUND;

    if (enter(&p, s->wanted->name))
        st = try_file(s, p.text);
    if (st != KD_ERR_NOT_FOUND)
        return st;
    snprintf(compressed, sizeof compressed, "%s", s->wanted->name);
    compressed[strlen(compressed) - 1] = '_';
    p = *folder;
    if (enter(&p, compressed))
        note(s->remarks, "; compressed, expand it with cabextract or 7z: %s", p.text);
    p = *folder;
    return enter(&p, "file.ptr") ? follow_pointer(s, p.text) : KD_ERR_NOT_FOUND;
}

static enum kd_status try_key(struct search *s, struct path folder)
{
    if (!enter(&folder, s->wanted->name) || !enter(&folder, s->key))
        return KD_ERR_NOT_FOUND;
    return try_entry(s, &folder);
}

static enum kd_status look_in_store(struct search *s, const struct path *root)
{
    enum kd_status st = KD_ERR_NOT_FOUND;

    if (has_file(root->text, "index2.txt")) {
        char first_two[3] = {s->wanted->name[0], s->wanted->name[1], '\0'};
        struct path p = *root;

        if (enter(&p, first_two))
            st = try_key(s, p);
    }
    return st == KD_ERR_NOT_FOUND ? try_key(s, *root) : st; /* stores may be half converted */
}

static enum kd_status look_in_folder(struct search *s, const struct path *root)
{
    /* The module may be any of these; the kernel is an exe. */
    static const char *const kinds[] = {"exe", "sys", "dll"};
    struct path p = *root;
    enum kd_status st = KD_ERR_NOT_FOUND;

    if (enter(&p, s->wanted->name))
        st = try_file(s, p.text);
    for (size_t i = 0; i < 2 * (sizeof kinds / sizeof kinds[0]) && st == KD_ERR_NOT_FOUND; i++) {
        p = *root;
        if (i % 2 == 1 && !enter(&p, "symbols"))
            continue;
        if (enter(&p, kinds[i / 2]) && enter(&p, s->wanted->name))
            st = try_file(s, p.text);
    }
    return st == KD_ERR_NOT_FOUND ? try_key(s, *root) : st;
}

/* A folder that can be looked into; else a remark on what is in the way. */
static bool is_open_folder(struct search *s, const char *path)
{
    switch (kdw_path_kind(path)) {
    case KDW_PATH_FOLDER:
        if (kdw_dir_may_search(path))
            return true;
        note(s->skipped, "; no permission to look into %s", path);
        return false;
    case KDW_PATH_FILE:
        note(s->skipped, "; %s is a file: name the folder that it is in", path);
        return false;
    case KDW_PATH_ABSENT:
        note(s->skipped, "; %s does not exist", path);
        return false;
    case KDW_PATH_OTHER:
        break;
    }
    note(s->skipped, "; %s is no folder", path);
    return false;
}

static enum kd_status look_at_place(struct search *s, const struct kdw_place *place)
{
    bool is_store = place->kind == KDW_PLACE_STORE;
    struct path root;

    if (place->kind == KDW_PLACE_SKIPPED) {
        note(s->skipped, "; skipped %s (%s)", place->text, place->why);
        return KD_ERR_NOT_FOUND;
    }
    if (!is_open_folder(s, place->text))
        return KD_ERR_NOT_FOUND;
    snprintf(root.text, sizeof root.text, "%s", place->text);
    is_store = is_store || has_file(root.text, "pingme.txt");
    note(s->looked, "%s%s", s->looked[0] ? ", " : "", root.text);
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
