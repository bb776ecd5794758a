/* Which symbols a target's kernel wants, and where they are or can be had. */
#include "cli.h"
#include "document.h"
#include "message.h"
#include "source.h"
#include "symbol_server.h"

#include <walker/symstore.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- which, fetch: of one kernel ---- */

static enum kd_status collect_id(struct cli *c, struct source *s, void *work)
{
    struct kdw_pdb_id *id = work;
    struct kdw_kernel kernel;
    enum kd_status st = kdw_kernel_open(source_mem(s), source_target(s), &c->diag, &kernel);

    if (st != KD_OK)
        return st;
    if (kernel.pe.has_pdb_id)
        *id = kernel.pe.pdb_id;
    else /* why is in diag */
        st = kd_diag_add(&c->diag, KD_ERR_NOT_FOUND, "the kernel does not name its PDB");
    kdw_kernel_close(&kernel);
    return st;
}

/* The target is let go of before anything is looked for: it need not stand still for that. */
static bool print_nothing(const struct cli *c, void *work)
{
    (void)c;
    (void)work;
    return false;
}

static void print_json(const struct kdw_pdb_id *id, const char *origin)
{
    char guid[KDW_PDB_GUID_MAX], key[KDW_PDB_KEY_MAX];

    kdw_pdb_id_guid(id, guid);
    kdw_pdb_id_key(id, key);
    document_print(json_pack("{s:s, s:s, s:I, s:s, s:s?}", "pdb", id->name, "guid", guid, "age",
                             (json_int_t)id->age, "key", key, "found", origin));
}

static void print_text(const struct kdw_pdb_id *id, const char *origin)
{
    char guid[KDW_PDB_GUID_MAX], key[KDW_PDB_KEY_MAX];

    kdw_pdb_id_guid(id, guid);
    kdw_pdb_id_key(id, key);
    printf("wanted  %s, GUID %s age %" PRIu32 "\n", id->name, guid, id->age);
    printf("key     %s/%s/%s\n", id->name, key, id->name);
    printf("found   %s\n", origin ? origin : "nowhere");
}

static enum cli_exit look_for(struct cli *c, const struct kdw_pdb_id *id, bool may_fetch)
{
    const char *path = c->options.symbol_path ? c->options.symbol_path : "";
    struct kdw_symbols *pdb = NULL;
    struct symbol_server server;
    enum kd_status st;

    symbol_server_init(&server);
    if (!may_fetch)
        server.server.fetch = NULL;
    st = kdw_symstore_open(path, &server.server, id, &c->diag, &pdb);
    if (st != KD_OK && st != KD_ERR_NOT_FOUND) {
        message_error("%s", st == KD_ERR_CANCELLED ? "interrupted" : kd_status_text(st));
        return CLI_FAILED;
    }
    if (c->options.json)
        print_json(id, pdb ? kdw_symbols_origin(pdb) : NULL);
    else
        print_text(id, pdb ? kdw_symbols_origin(pdb) : NULL);
    if (!pdb)
        message_error("%s", c->diag.text);
    else if (c->diag.text[0])
        message_note("%s", c->diag.text);
    kdw_symbols_close(pdb);
    return st == KD_OK ? CLI_COMPLETE : CLI_FAILED;
}

static enum cli_exit of_a_kernel(struct cli *c, bool may_fetch)
{
    static const struct source_job job = {SOURCE_KERNEL, collect_id, print_nothing};
    struct kdw_pdb_id id;
    enum cli_exit status = source_run(c, &job, &id);

    return status == CLI_COMPLETE ? look_for(c, &id, may_fetch) : status;
}

/* ---- list: of the symbol path ---- */

struct listing {
    json_t *files; /* NULL: text is wanted */
};

static void show_file(void *ctx, const char *path, const struct kdw_pdb_id *id)
{
    struct listing *l = ctx;
    char guid[KDW_PDB_GUID_MAX];

    kdw_pdb_id_guid(id, guid);
    if (l->files)
        document_add(l->files, json_pack("{s:s, s:I, s:s}", "guid", guid, "age",
                                         (json_int_t)id->age, "file", path));
    else
        printf("%s %3" PRIu32 "  %s\n", guid, id->age, path);
}

static enum cli_exit list(struct cli *c)
{
    const char *path = c->options.symbol_path ? c->options.symbol_path : "";
    struct listing l = {.files = c->options.json ? json_array() : NULL};
    struct symbol_server server;
    enum kd_status st;

    symbol_server_init(&server);
    if (!path[0]) {
        message_error("no symbol path was given (-y or _NT_SYMBOL_PATH)");
        json_decref(l.files);
        return CLI_FAILED;
    }
    st = kdw_symstore_list(path, &server.server, &l, show_file, &c->diag);
    if (c->options.json)
        document_print(json_pack("{s:o}", "files", l.files));
    if (st != KD_OK)
        message_error("%s", c->diag.text[0] ? c->diag.text : kd_status_text(st));
    else if (c->diag.text[0])
        message_note("%s", c->diag.text);
    return st == KD_OK ? CLI_COMPLETE : CLI_FAILED;
}

enum cli_exit cmd_symbols(struct cli *c)
{
    const struct cli_options *o = &c->options;
    bool has_target = o->has_target || o->recording || o->dump;
    const char *what = c->arguments[0];

    if (strcmp(what, "list") == 0 && !has_target)
        return list(c);
    if (strcmp(what, "which") == 0 && has_target)
        return of_a_kernel(c, false);
    if (strcmp(what, "fetch") == 0 && has_target)
        return of_a_kernel(c, true);
    if (strcmp(what, "list") == 0)
        message_error("symbols list is about the symbol path, and takes no target");
    else if (strcmp(what, "which") == 0 || strcmp(what, "fetch") == 0)
        message_error("symbols %s needs a target: -k, -r or -z; see kdwalk help symbols", what);
    else
        message_error("symbols takes list, which or fetch; see kdwalk help symbols");
    return CLI_FAILED;
}
