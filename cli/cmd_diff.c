#include "cli.h"
#include "diff_print.h"
#include "document.h"
#include "message.h"
#include "snapshot_load.h"
#include "source.h"

#include <ctype.h>
#include <stdio.h>

/* ---- which kind of file ---- */

static int next_visible(FILE *f)
{
    int c;

    do
        c = getc(f);
    while (c != EOF && isspace(c));
    return c;
}

/* A document of JSON begins so; what else there is, is memory. */
static bool begins_as_document(FILE *f)
{
    int c;

    if (next_visible(f) != '{')
        return false;
    c = next_visible(f);
    return c == '"' || c == '}';
}

/* What cannot be looked into twice, a pipe, can be a document only; what cannot be opened, its reader
 * explains. */
static bool is_document(const char *path)
{
    FILE *f = fopen(path, "rb");
    bool answer = true;

    if (!f)
        return true;
    if (fseek(f, 0, SEEK_END) == 0) {
        rewind(f);
        answer = begins_as_document(f);
    }
    fclose(f);
    return answer;
}

/* ---- its snapshot ---- */

static enum kd_status collect(struct cli *c, struct source *s, void *work)
{
    (void)c;
    return source_snapshot(s, KDW_PART_ALL, work);
}

/* Nothing yet: it takes two. */
static bool keep(const struct cli *c, void *work)
{
    (void)c;
    (void)work;
    return false;
}

static bool take_dump(struct cli *c, const char *path, struct kdw_snapshot *out)
{
    static const struct source_job job = {SOURCE_KERNEL, collect, keep};

    c->options.dump = path;
    return source_run(c, &job, out) != CLI_FAILED;
}

static bool load(struct cli *c, const char *path, struct kdw_snapshot *out)
{
    enum kd_status st = snapshot_load(path, &c->diag, out);

    if (st != KD_OK)
        message_error("%s", c->diag.text[0] ? c->diag.text : kd_status_text(st));
    return st == KD_OK;
}

static bool open_side(struct cli *c, const char *path, struct diff_side *out)
{
    *out = (struct diff_side){.file = path};
    kd_diag_clear(&c->diag);
    return is_document(path) ? load(c, path, &out->snapshot) : take_dump(c, path, &out->snapshot);
}

/* ---- the two ---- */

/* All was read, and all that was read could be compared. */
static bool is_complete(const struct diff_side *from, const struct diff_side *to,
                        const struct kdw_diff *diff)
{
    for (size_t i = 0; i < KDW_TABLES; i++)
        if (diff->tables[i].not_comparable)
            return false;
    return kdw_snapshot_is_complete(&from->snapshot) && kdw_snapshot_is_complete(&to->snapshot);
}

/* They can be compared all the same, by what is known by other names. */
static void warn_of_other_boot(const struct kdw_snapshot *from, const struct kdw_snapshot *to)
{
    if (from->build != to->build || from->kernel_base_va != to->kernel_base_va)
        message_warning("these are two machines, or two boots of one: addresses have nothing in "
                        "common, and most of what follows is that");
}

static enum cli_exit compare(const struct cli *c, const struct diff_side *from,
                             const struct diff_side *to)
{
    enum cli_exit status;
    struct kdw_diff diff;
    enum kd_status st =
        kdw_diff(&from->snapshot, &to->snapshot,
                 c->options.verbose ? KDW_DIFF_WITH_COUNTERS : KDW_DIFF_WITHOUT_COUNTERS, &diff);

    if (st != KD_OK) {
        message_error("%s", kd_status_text(st));
        return CLI_FAILED;
    }
    warn_of_other_boot(&from->snapshot, &to->snapshot);
    document_name_symbols("", false); /* each snapshot names its own */
    if (c->options.json)
        print_json_diff(from, to, &diff);
    else
        print_text_diff(from, to, &diff, c->options.verbose);
    status = is_complete(from, to, &diff) ? CLI_COMPLETE : CLI_GAPS;
    kdw_diff_free(&diff);
    return status;
}

enum cli_exit cmd_diff(struct cli *c)
{
    enum cli_exit status = CLI_FAILED;
    struct diff_side from, to;

    if (!open_side(c, c->arguments[0], &from))
        return CLI_FAILED;
    if (open_side(c, c->arguments[1], &to)) {
        status = compare(c, &from, &to);
        kdw_snapshot_free(&to.snapshot);
    }
    kdw_snapshot_free(&from.snapshot);
    return status;
}
