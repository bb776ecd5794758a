#include "symbols.h"

#include "document.h"
#include "message.h"
#include "platform.h"
#include "text.h"

#include <transport/part_file.h>
#include <walker/isf_store.h>
#include <walker/isf_write.h>
#include <walker/pdb.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t is_stopped;

static void on_stop(void)
{
    is_stopped = 1;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), n = strlen(end);

    return len >= n && strcmp(text + len - n, end) == 0;
}

/* -o, or in the folder that it is, or in this one, under the name that searches look for. NULL: no
 * memory. */
static char *path_for(const char *output, const struct kdw_pdb_id *id)
{
    char name[KDW_ISF_NAME_MAX];
    struct text t = {0};

    kdw_isf_file_name(id, name);
    if (!output)
        text_add(&t, "%s", name);
    else if (platform_is_folder(output))
        text_add(&t, "%s%s%s", output, ends_with(output, "/") ? "" : "/", name);
    else
        text_add(&t, "%s", output);
    return text_take(&t);
}

static void print(const struct cli *c, const char *path, const struct kdw_pdb_id *id, size_t len,
                  const struct kdw_isf_counts *n)
{
    char guid[KDW_PDB_GUID_MAX];

    kdw_pdb_id_guid(id, guid);
    if (c->options.json)
        document_print(json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "file", path, "pdb",
                                 id->name, "guid", guid, "age", (json_int_t)id->age, "types",
                                 (json_int_t)n->types, "symbols", (json_int_t)n->symbols, "bytes",
                                 (json_int_t)len));
    else
        printf("%s: %zu types and %zu symbols of %s, GUID %s age %" PRIu32 ", %zu KiB\n", path,
               n->types, n->symbols, id->name, guid, id->age, (len + 1023) / 1024);
}

/* A signal does not end it in the middle: that would leave a part of a file. */
static enum kd_status write_whole(struct cli *c, const char *path, const char *text, size_t len)
{
    struct kdt_part_file part = {.part = NULL};
    enum kd_status st;

    platform_catch_signals(on_stop);
    st = kdt_part_file_output(path, &c->diag, &part);
    errno = 0;
    if (st == KD_OK && fwrite(text, 1, len, part.file) != len)
        st = kdt_part_file_failed(&part, "cannot be written");
    if (st == KD_OK && is_stopped)
        st = kd_diag_set(&c->diag, KD_ERR_CANCELLED, "interrupted");
    if (st == KD_OK)
        st = kdt_part_file_publish(&part);
    kdt_part_file_discard(&part);
    platform_release_signals();
    return st;
}

/* What takes time, where the symbols are damaged, comes before the file. */
static enum kd_status export_to(struct cli *c, const char *path, struct kdw_symbols *pdb,
                                const struct kdw_pdb_id *id)
{
    const struct kdw_isf_metadata metadata = {
        .pdb = *id, .machine = kdw_pdb_machine(pdb), .producer_version = KDWALK_VERSION};
    struct kdw_isf_counts counts;
    char *text;
    size_t len;
    enum kd_status st = kdw_isf_write(pdb, &metadata, &c->diag, &text, &len, &counts);

    if (st != KD_OK)
        return st;
    text[len++] = '\n'; /* in the place of its NUL */
    st = write_whole(c, path, text, len);
    free(text);
    if (st == KD_OK)
        print(c, path, id, len, &counts);
    return st;
}

enum cli_exit symbols_export(struct cli *c, struct kdw_symbols *pdb, const struct kdw_pdb_id *id)
{
    const char *output = c->options.output;
    enum kd_status st;
    char *path;

    if (output &&
        (ends_with(output, ".xz") || ends_with(output, ".gz") || ends_with(output, ".bz2"))) {
        message_error("-o %s: it is written unpacked: name it .json, and pack it then", output);
        return CLI_FAILED;
    }
    path = path_for(output, id);
    st = path ? export_to(c, path, pdb, id) : KD_ERR_NO_MEMORY;
    if (st != KD_OK)
        message_error("%s", st != KD_ERR_NO_MEMORY && c->diag.text[0] ? c->diag.text
                                                                      : kd_status_text(st));
    free(path);
    return st == KD_OK ? CLI_COMPLETE : CLI_FAILED;
}

enum cli_exit symbols_export_file(struct cli *c, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    struct kdw_symbols *pdb;
    struct kdw_pdb_id id;
    enum cli_exit status;
    enum kd_status st = kdw_pdb_open(path, &c->diag, &pdb);

    if (st != KD_OK) {
        message_error("%s", c->diag.text[0] ? c->diag.text : kd_status_text(st));
        return CLI_FAILED;
    }
    kdw_pdb_identity(pdb, &id);
    if (kdw_pdb_name_is_safe(name)) { /* a PDB does not say what it is called */
        snprintf(id.name, sizeof id.name, "%s", name);
        status = symbols_export(c, pdb, &id);
    } else {
        message_error("%s: not the name of a PDB file", path);
        status = CLI_FAILED;
    }
    kdw_symbols_close(pdb);
    return status;
}
