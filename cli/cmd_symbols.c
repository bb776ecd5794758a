/* Which symbols a target's kernel wants, where they are or can be had, and how they are passed on. */
#include "cli.h"
#include "document.h"
#include "message.h"
#include "source.h"
#include "symbol_choice.h"
#include "symbols.h"

#include <walker/symstore.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void symbols_print_wanted(const struct kdw_pdb_id *id)
{
    char guid[KDW_PDB_GUID_MAX], key[KDW_PDB_KEY_MAX];

    kdw_pdb_id_guid(id, guid);
    kdw_pdb_id_key(id, key);
    printf("wanted    %s, GUID %s age %" PRIu32 "\n", id->name, guid, id->age);
    printf("key       %s/%s/%s\n", id->name, key, id->name);
}

/* The target is let go of before anything is looked for: it need not stand still for that. */
static bool print_nothing(const struct cli *c, void *work)
{
    (void)c;
    (void)work;
    return false;
}

/* ---- which ---- */

struct which {
    struct symbol_choice choice;
    struct symbols_which found;
};

static enum kd_status collect_which(struct cli *c, struct source *s, void *work)
{
    struct which *w = work;
    struct kdw_kernel kernel;
    enum kd_status st = kdw_kernel_open(source_mem(s), source_target(s), &c->diag, &kernel);

    return st == KD_OK ? symbols_which_read(&w->found, &kernel, &w->choice.options) : st;
}

static enum cli_exit which(struct cli *c)
{
    static const struct source_job job = {SOURCE_KERNEL, collect_which, print_nothing};
    struct which w;
    enum cli_exit status;

    symbol_choice_init(&w.choice, &c->options);
    w.choice.server.server.fetch = NULL; /* that would be symbols fetch */
    status = source_run(c, &job, &w);
    if (status != CLI_COMPLETE)
        return status;
    symbols_which_look(&w.found, &w.choice.options);
    return symbols_which_print(&w.found, &w.choice.options, c->options.json);
}

/* ---- fetch, export: of the PDB ---- */

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

/* The PDB of the target's kernel, from the symbol path and its servers. *pdb is NULL where there is
 * none; a failure is anything else that went wrong, and was said. */
static enum cli_exit find_pdb(struct cli *c, struct kdw_pdb_id *id, struct kdw_symbols **pdb)
{
    static const struct source_job job = {SOURCE_KERNEL, collect_id, print_nothing};
    const char *path = c->options.symbol_path ? c->options.symbol_path : "";
    struct symbol_server server;
    enum kd_status st;

    *pdb = NULL;
    if (source_run(c, &job, id) != CLI_COMPLETE)
        return CLI_FAILED;
    symbol_server_init(&server);
    st = kdw_symstore_open(path, &server.server, id, &c->diag, pdb);
    if (st == KD_OK || st == KD_ERR_NOT_FOUND)
        return CLI_COMPLETE;
    message_error("%s", st == KD_ERR_CANCELLED ? "interrupted" : kd_status_text(st));
    return CLI_FAILED;
}

static void print_found(const struct cli *c, const struct kdw_pdb_id *id, const char *origin)
{
    char guid[KDW_PDB_GUID_MAX], key[KDW_PDB_KEY_MAX];

    if (!c->options.json) {
        symbols_print_wanted(id);
        printf("found     %s\n", origin ? origin : "nowhere");
        return;
    }
    kdw_pdb_id_guid(id, guid);
    kdw_pdb_id_key(id, key);
    document_print(json_pack("{s:s, s:s, s:I, s:s, s:s?}", "pdb", id->name, "guid", guid, "age",
                             (json_int_t)id->age, "key", key, "found", origin));
}

static enum cli_exit fetch(struct cli *c)
{
    struct kdw_symbols *pdb;
    struct kdw_pdb_id id;
    enum cli_exit status = find_pdb(c, &id, &pdb);

    if (status != CLI_COMPLETE)
        return status;
    print_found(c, &id, pdb ? kdw_symbols_origin(pdb) : NULL);
    if (!pdb)
        message_error("%s", c->diag.text);
    else if (c->diag.text[0])
        message_note("%s", c->diag.text);
    status = pdb ? CLI_COMPLETE : CLI_FAILED;
    kdw_symbols_close(pdb);
    return status;
}

static enum cli_exit export_of_target(struct cli *c)
{
    struct kdw_symbols *pdb;
    struct kdw_pdb_id id;
    enum cli_exit status = find_pdb(c, &id, &pdb);

    if (status != CLI_COMPLETE)
        return status;
    if (!pdb) {
        message_error("%s", c->diag.text);
        return CLI_FAILED;
    }
    status = symbols_export(c, pdb, &id);
    kdw_symbols_close(pdb);
    return status;
}

/* ---- WHAT ---- */

static enum cli_exit export_any(struct cli *c)
{
    const struct cli_options *o = &c->options;
    bool has_target = o->has_target || o->recording || o->dump;

    if (has_target == (c->arguments_len == 2)) {
        message_error(
            "symbols export needs a PDB file, or a target (-k, -r or -z) whose kernel's PDB "
            "is on the symbol path; see kdwalk help symbols");
        return CLI_FAILED;
    }
    return has_target ? export_of_target(c) : symbols_export_file(c, c->arguments[1]);
}

/* What the first word decides about the others. NULL: they fit. */
static const char *misfit(const struct cli *c)
{
    const struct cli_options *o = &c->options;
    bool has_target = o->has_target || o->recording || o->dump;
    const char *what = c->arguments[0];

    if (strcmp(what, "export") == 0)
        return NULL;
    if (strcmp(what, "list") != 0 && strcmp(what, "which") != 0 && strcmp(what, "fetch") != 0)
        return "symbols takes list, which, fetch or export";
    if (c->arguments_len > 1)
        return "only symbols export takes a FILE";
    if (o->output)
        return "-o goes with symbols export";
    if (strcmp(what, "list") == 0)
        return has_target ? "symbols list takes no target" : NULL;
    if (has_target)
        return NULL;
    return strcmp(what, "which") == 0 ? "symbols which needs a target: -k, -r or -z"
                                      : "symbols fetch needs a target: -k, -r or -z";
}

enum cli_exit cmd_symbols(struct cli *c)
{
    const char *what = c->arguments[0], *problem = misfit(c);

    if (problem) {
        message_error("%s; see kdwalk help symbols", problem);
        return CLI_FAILED;
    }
    if (strcmp(what, "list") == 0)
        return symbols_list(c);
    if (strcmp(what, "which") == 0)
        return which(c);
    return strcmp(what, "fetch") == 0 ? fetch(c) : export_any(c);
}
