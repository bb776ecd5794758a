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
    const char *path;
    const struct kdw_symbol_server *server; /* NULL: the network is not used */
    const struct kdw_pdb_id *wanted;
    char key[KDW_PDB_KEY_MAX];
    struct kd_diag *diag;
    char remarks[KDW_NOTES_MAX];      /* what lay in the way */
    char looked[KDW_NOTES_MAX];       /* where was looked */
    char skipped[KDW_NOTES_MAX];      /* where not, and why */
    char place_for_it[KDW_PLACE_MAX]; /* the first folder or store that would do; empty: none */
    struct kdw_symbols *found;
};

/* KD_ERR_MISMATCH: it is a PDB, but another one. */
static enum kd_status open_wanted(const char *path, const struct kdw_pdb_id *wanted,
                                  struct kd_diag *diag, struct kdw_symbols **out)
{
    char guid[KDW_PDB_GUID_MAX];
    struct kdw_symbols *pdb;
    struct kdw_pdb_id id;
    enum kd_status st = kdw_pdb_open(path, diag, &pdb);

    if (st != KD_OK)
        return st;
    kdw_pdb_identity(pdb, &id);
    if (kdw_pdb_id_equal(&id, wanted)) {
        *out = pdb;
        return KD_OK;
    }
    kdw_symbols_close(pdb);
    kdw_pdb_id_guid(&id, guid);
    return kd_diag_set(diag, KD_ERR_MISMATCH, "found one of another build, GUID %s age %" PRIu32,
                       guid, id.age);
}

enum kd_status kdw_pdb_verify(const char *path, const struct kdw_pdb_id *id, struct kd_diag *diag)
{
    struct kdw_symbols *pdb = NULL;
    enum kd_status st = open_wanted(path, id, diag, &pdb);

    if (st == KD_OK)
        kdw_symbols_close(pdb);
    return st;
}

/* A candidate: the one wanted, or a remark on what it is. It is the caller's diag in which a PDB
 * explains itself, for as long as it is open. */
static enum kd_status try_file(struct search *s, const char *path)
{
    const char *why;
    enum kd_status st;

    if (kdw_path_kind(path) != KDW_PATH_FILE)
        return KD_ERR_NOT_FOUND;
    kd_diag_clear(s->diag);
    st = open_wanted(path, s->wanted, s->diag, &s->found);
    if (st == KD_OK || st == KD_ERR_NO_MEMORY)
        return st;
    why = s->diag ? s->diag->text : kd_status_text(st);
    if (st == KD_ERR_MISMATCH)
        kdw_note(s->remarks, "; %s: %s", why, path);
    else
        kdw_note(s->remarks, "; %s", why);
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

static void suggest(struct search *s, const char *root)
{
    if (s->place_for_it[0] == '\0')
        snprintf(s->place_for_it, sizeof s->place_for_it, "%s", root);
}

static enum kd_status look_at_place(struct search *s, const struct kdw_place *place)
{
    bool is_store = place->kind == KDW_PLACE_STORE;
    struct kdw_store_path root;

    if (is_store && kdw_path_kind(place->text) == KDW_PATH_ABSENT)
        suggest(s, place->text); /* whoever puts it there makes the folders too */
    if (!kdw_place_is_open(place, s->skipped))
        return KD_ERR_NOT_FOUND;
    snprintf(root.text, sizeof root.text, "%s", place->text);
    is_store = is_store || kdw_store_has_file(root.text, "pingme.txt");
    kdw_note(s->looked, "%s%s", s->looked[0] ? ", " : "", root.text);
    suggest(s, root.text);
    return is_store ? look_in_store(s, &root) : look_in_folder(s, &root);
}

/* ---- servers ---- */

static struct kdw_symbol_path places_of(const struct search *s)
{
    return kdw_symbol_path_of(s->path, s->server ? s->server->default_store : NULL);
}

/* Whether a file fetched from a server may be kept in a store to the left of it on the path. */
static bool keeps(const struct kdw_place *store, const struct kdw_place *server, bool is_chain)
{
    if (store->kind != KDW_PLACE_STORE)
        return false;
    return is_chain ? store->entry == server->entry : store->is_cache;
}

/* Make root/name/key, and name the file that is to be in it. False: it cannot be written there. */
static bool make_place(const struct search *s, const char *root, char path[KDW_PLACE_MAX])
{
    const char *name = s->wanted->name;
    int len = snprintf(path, KDW_PLACE_MAX, "%s/%s/%s", root, name, s->key);

    if (len < 0 || (size_t)len + 1 + strlen(name) >= KDW_PLACE_MAX || !kdw_dir_make(path))
        return false;
    path[len] = '/';
    memcpy(path + len + 1, name, strlen(name) + 1);
    return true;
}

/* The first of the path's own stores that takes it: those of the server's chain before caches. */
static bool place_on_path(struct search *s, const struct kdw_place *server, bool is_chain,
                          char path[KDW_PLACE_MAX])
{
    struct kdw_symbol_path places = places_of(s);
    struct kdw_place place;

    while (kdw_symbol_path_next(&places, &place)) {
        if (place.kind == KDW_PLACE_SERVER && place.entry == server->entry)
            return false;
        if (!keeps(&place, server, is_chain))
            continue;
        if (make_place(s, place.text, path))
            return true;
        kdw_note(s->remarks, "; %s takes no files", place.text);
    }
    return false;
}

static bool place_for(struct search *s, const struct kdw_place *server, char path[KDW_PLACE_MAX])
{
    const char *last = s->server->default_store;

    return place_on_path(s, server, true, path) || place_on_path(s, server, false, path) ||
           (last && make_place(s, last, path));
}

/* "https://host/symbols" and components that may have any character in them; tier: NULL for none. */
static bool make_url(const struct search *s, const char *base, const char *tier, const char *file,
                     char url[KDW_PLACE_MAX])
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    const char *const parts[] = {tier, s->wanted->name, s->key, file};
    size_t n = strlen(base);

    while (n > 0 && base[n - 1] == '/')
        n--;
    if (n >= KDW_PLACE_MAX)
        return false;
    memcpy(url, base, n);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const char *at = parts[i];

        if (!at)
            continue;
        if (n + 1 + 3 * strlen(at) >= KDW_PLACE_MAX)
            return false;
        url[n++] = '/';
        for (; *at != '\0'; at++) {
            if (strchr(plain, *at))
                url[n++] = *at;
            else
                n += (size_t)snprintf(url + n, 4, "%%%02X", (unsigned char)*at);
        }
    }
    url[n] = '\0';
    return true;
}

static bool ends_search(enum kd_status st)
{
    return st == KD_OK || st == KD_ERR_CANCELLED || st == KD_ERR_NO_MEMORY;
}

/* KD_ERR_NOT_FOUND: the server has no such file. What else goes wrong is remarked. */
static enum kd_status fetch(struct search *s, const char *base, const char *tier, const char *file,
                            const char *path)
{
    struct kd_diag diag = {""};
    char url[KDW_PLACE_MAX];
    enum kd_status st;

    if (!make_url(s, base, tier, file, url))
        return KD_ERR_NOT_FOUND;
    st = s->server->fetch(s->server->ctx, url, path, s->wanted, &diag);
    if (!ends_search(st) && st != KD_ERR_NOT_FOUND)
        kdw_note(s->remarks, "; %s", diag.text);
    return st;
}

/* Where the server is not known, its store may have two letters in front, or be compressed. What is
 * compressed does not pass for the PDB: that it is there is all there is to know. */
static enum kd_status fetch_any(struct search *s, const char *base, const char *path)
{
    const char first_two[3] = {s->wanted->name[0], s->wanted->name[1], '\0'};
    const char *name = s->wanted->name;
    char compressed[KDW_PDB_NAME_MAX];
    enum kd_status st = fetch(s, base, NULL, name, path);

    if (st != KD_ERR_NOT_FOUND || strcmp(base, KDW_PUBLIC_SERVER) == 0)
        return st;
    st = fetch(s, base, first_two, name, path);
    if (st != KD_ERR_NOT_FOUND)
        return st;
    snprintf(compressed, sizeof compressed, "%s", name);
    compressed[strlen(compressed) - 1] = '_';
    st = fetch(s, base, NULL, compressed, path);
    if (!ends_search(st) && st != KD_ERR_NOT_FOUND)
        kdw_note(s->remarks, "; it is compressed: fetch it by hand, and expand it with cabextract");
    return st;
}

/* What can be kept nowhere is open as long as it is used, and has no name. */
static enum kd_status fetch_for_now(struct search *s, const struct kdw_place *server)
{
    char path[KDW_PLACE_MAX];
    int len = snprintf(path, sizeof path, "%s/%s.%s", s->server->scratch ? s->server->scratch : "",
                       s->key, s->wanted->name);
    enum kd_status st;

    if (!s->server->scratch || len < 0 || (size_t)len >= sizeof path) {
        kdw_note(s->remarks, "; no folder takes what %s has", kdw_place_shown(server));
        return KD_ERR_NOT_FOUND;
    }
    st = fetch_any(s, server->text, path);
    if (st == KD_OK) {
        st = try_file(s, path);
        remove(path);
    }
    if (st == KD_OK)
        kdw_symbols_set_origin(s->found, "PDB fetched from %s", kdw_place_shown(server));
    return st;
}

static enum kd_status fetch_to_keep(struct search *s, const struct kdw_place *server,
                                    const char *path)
{
    enum kd_status st = fetch_any(s, server->text, path);

    if (st == KD_OK)
        st = try_file(s, path);
    if (st == KD_OK)
        kdw_symbols_set_origin(s->found, "PDB %s, fetched from %s", path, kdw_place_shown(server));
    return st;
}

/* It may have been kept in the default store before. */
static enum kd_status look_in_default_store(struct search *s)
{
    const char *store = s->server ? s->server->default_store : NULL;
    struct kdw_store_path root;

    if (!store || kdw_path_kind(store) != KDW_PATH_FOLDER)
        return KD_ERR_NOT_FOUND;
    snprintf(root.text, sizeof root.text, "%s", store);
    return look_in_store(s, &root);
}

static enum kd_status look_at_server(struct search *s, const struct kdw_place *server)
{
    char path[KDW_PLACE_MAX];
    enum kd_status st = look_in_default_store(s);

    if (st != KD_ERR_NOT_FOUND)
        return st;
    if (!s->server || !s->server->fetch) {
        (void)kdw_place_is_open(server, s->skipped); /* says that it is not */
        return KD_ERR_NOT_FOUND;
    }
    kdw_note(s->looked, "%s%s", s->looked[0] ? ", " : "", kdw_place_shown(server));
    st = place_for(s, server, path) ? fetch_to_keep(s, server, path) : fetch_for_now(s, server);
    return ends_search(st) ? st : KD_ERR_NOT_FOUND;
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

static enum kd_status walk_path(struct search *s)
{
    struct kdw_symbol_path places = places_of(s);
    struct kdw_place place;
    enum kd_status st = KD_ERR_NOT_FOUND;

    while (st == KD_ERR_NOT_FOUND && kdw_symbol_path_next(&places, &place))
        st = place.kind == KDW_PLACE_SERVER ? look_at_server(s, &place) : look_at_place(s, &place);
    return st;
}

enum kd_status kdw_symstore_open(const char *path, const struct kdw_symbol_server *server,
                                 const struct kdw_pdb_id *id, struct kd_diag *diag,
                                 struct kdw_symbols **out)
{
    struct search s = {.path = path, .server = server, .wanted = id, .diag = diag};
    enum kd_status st;

    if (!kdw_pdb_name_is_safe(id->name))
        return kd_diag_set(diag, KD_ERR_USAGE, "not the name of a PDB file");
    kdw_pdb_id_key(id, s.key);
    st = walk_path(&s);
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
