#include "symbols.h"

#include "document.h"
#include "message.h"
#include "symbol_choice.h"

#include <walker/builtin_list.h>
#include <walker/isf_store.h>
#include <walker/symstore.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct listing {
    json_t *files; /* NULL: text is wanted */
    const char *kind;
};

static void show_file(void *ctx, const char *path, const struct kdw_pdb_id *id)
{
    const struct listing *l = ctx;
    char guid[KDW_PDB_GUID_MAX];

    kdw_pdb_id_guid(id, guid);
    if (l->files)
        document_add(l->files, json_pack("{s:s, s:s, s:I, s:s}", "kind", l->kind, "guid", guid,
                                         "age", (json_int_t)id->age, "file", path));
    else
        printf("%s %3" PRIu32 "  %s\n", guid, id->age, path);
}

static bool is_blank(const char *text)
{
    return !text || text[strspn(text, " \t;")] == '\0';
}

static void say_skipped(const struct kd_diag *diag)
{
    if (diag->text[0])
        message_note("%s", diag->text);
}

/* False: there is a path, and nothing to look into. */
static bool list_pdbs(struct cli *c, const struct symbol_choice *choice, struct listing *l)
{
    enum kd_status st;

    if (is_blank(choice->options.symbol_path)) {
        message_note("no symbol path was given (-y or _NT_SYMBOL_PATH): no PDB is listed");
        return true;
    }
    l->kind = "pdb";
    st = kdw_symstore_list(choice->options.symbol_path, choice->options.server, l, show_file,
                           &c->diag);
    if (st == KD_OK)
        say_skipped(&c->diag);
    else
        message_error("%s", c->diag.text[0] ? c->diag.text : kd_status_text(st));
    return st == KD_OK;
}

static void list_isf(struct cli *c, const struct symbol_choice *choice, struct listing *l)
{
    const char *const folders[] = {choice->options.isf_first, choice->options.isf_last};

    l->kind = "isf";
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        if (is_blank(folders[i]))
            continue;
        kdw_isf_store_list(folders[i], l, show_file, &c->diag);
        say_skipped(&c->diag);
    }
}

/* ---- the built-in tables ---- */

static void show_entry(const struct kdw_builtin_entry *e)
{
    char text[KDW_PDB_GUID_MAX];

    if (e->has_pdb) {
        kdw_pdb_id_guid(&e->pdb, text);
        printf("%s %3" PRIu32 "  built-in types and addresses of %s\n", text, e->pdb.age,
               e->version);
    } else {
        snprintf(text, sizeof text, "image %08" PRIX32 "%" PRIx32, e->timestamp, e->size);
        printf("%-*s %3s  built-in types of %s\n", KDW_PDB_GUID_MAX - 1, text, "", e->version);
    }
}

static json_t *entry_json(const struct kdw_builtin_entry *e)
{
    char text[KDW_PDB_GUID_MAX];

    if (!e->has_pdb)
        return json_pack("{s:s, s:I, s:I}", "version", e->version, "timestamp",
                         (json_int_t)e->timestamp, "image_size", (json_int_t)e->size);
    kdw_pdb_id_guid(&e->pdb, text);
    return json_pack("{s:s, s:s, s:I}", "version", e->version, "guid", text, "age",
                     (json_int_t)e->pdb.age);
}

/* Everybody has the same: most want to know that they are there. */
static json_t *list_builtin(const struct cli *c)
{
    bool json = c->options.json, all = c->options.verbose;
    json_t *list = json_array(), *document = json_object();
    size_t kernels = 0, images = 0;
    struct kdw_builtin_entry e;

    for (size_t i = 0; kdw_builtin_entry_at(i, &e); i++) {
        *(e.has_pdb ? &kernels : &images) += 1;
        if (all && json)
            document_add(list, entry_json(&e));
        else if (all)
            show_entry(&e);
    }
    if (!json)
        printf("built-in  types and addresses of %zu kernels, types of %zu more images%s\n",
               kernels, images, all ? "" : " (-v names them)");
    document_put(document, "kernels", json_integer((json_int_t)kernels));
    document_put(document, "images", json_integer((json_int_t)images));
    if (all)
        document_put(document, "list", list);
    else
        json_decref(list);
    return document;
}

enum cli_exit symbols_list(struct cli *c)
{
    struct listing l = {.files = c->options.json ? json_array() : NULL};
    struct symbol_choice choice;
    json_t *builtin;
    bool is_ok;

    symbol_choice_init(&choice, &c->options);
    is_ok = list_pdbs(c, &choice, &l);
    list_isf(c, &choice, &l);
    builtin = list_builtin(c);
    if (c->options.json)
        document_print(json_pack("{s:o, s:o}", "files", l.files, "built_in", builtin));
    else
        json_decref(builtin);
    return is_ok ? CLI_COMPLETE : CLI_FAILED;
}
