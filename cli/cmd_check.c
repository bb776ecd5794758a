#include "cli.h"
#include "document.h"
#include "message.h"
#include "print_check.h"
#include "snapshot_load.h"
#include "source.h"

struct checked {
    struct kdw_snapshot snapshot;
    struct kdw_check_list list;
    bool has_failed;
};

static enum kd_status judge(struct cli *c, struct kdw_snapshot *s, struct checked *out)
{
    struct kdw_check_list list;
    enum kd_status st = kdw_check_run(s, &list);

    if (st != KD_OK) {
        kdw_snapshot_free(s);
        return kd_diag_set(&c->diag, st, "checks: %s", kd_status_text(st));
    }
    *out = (struct checked){.snapshot = *s, .list = list};
    return KD_OK;
}

static enum kd_status collect(struct cli *c, struct source *source, void *work)
{
    struct kdw_snapshot s;
    enum kd_status st = source_snapshot(source, KDW_PART_ALL, &s);

    return st == KD_OK ? judge(c, &s, work) : st;
}

/* Nothing that could not be read may pass for clean, whether a check wanted it or not. */
static bool print(const struct cli *c, void *work)
{
    struct checked *it = work;
    bool has_gaps =
        !kdw_snapshot_is_complete(&it->snapshot) || kdw_check_count(&it->list, KDW_UNREADABLE) > 0;

    if (c->options.json)
        document_print(check_json(&it->snapshot, &it->list));
    else
        print_text_check(&it->snapshot, &it->list, c->options.verbose);
    it->has_failed = kdw_check_count(&it->list, KDW_FAIL) > 0;
    kdw_check_free(&it->list);
    kdw_snapshot_free(&it->snapshot);
    return has_gaps;
}

static enum cli_exit check_file(struct cli *c, const char *path, struct checked *it)
{
    struct kdw_snapshot s;
    enum kd_status st = snapshot_load(path, &c->diag, &s);

    if (st == KD_OK)
        st = judge(c, &s, it);
    if (st != KD_OK) {
        message_error("%s", c->diag.text[0] ? c->diag.text : kd_status_text(st));
        return CLI_FAILED;
    }
    document_name_symbols(it->snapshot.symbols ? it->snapshot.symbols : "", it->snapshot.is_guess);
    return print(c, it) ? CLI_GAPS : CLI_COMPLETE;
}

enum cli_exit cmd_check(struct cli *c)
{
    static const struct source_job job = {SOURCE_KERNEL, collect, print};
    const struct cli_options *o = &c->options;
    bool has_target = o->has_target || o->recording || o->dump;
    struct checked it = {.has_failed = false};
    enum cli_exit status;

    if (has_target == (c->arguments_len == 1)) {
        message_error("check looks either at a target (-k, -r, -z) or at the file of a snapshot");
        return CLI_FAILED;
    }
    status = has_target ? source_run(c, &job, &it) : check_file(c, c->arguments[0], &it);
    return status != CLI_FAILED && it.has_failed ? CLI_FOUND : status;
}
