#include "cli.h"
#include "message.h"
#include "platform.h"
#include "report_input.h"
#include "source.h"
#include "text.h"

#include <transport/part_file.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FD_OUT = 1 };

/* ---- a snapshot of a target ---- */

struct taken {
    struct kdw_snapshot snapshot;
    bool is_there;
    struct kd_diag why_not;
};

/* What was recorded need not be enough for a snapshot, and is still worth its time line. */
static enum kd_status collect(struct cli *c, struct source *s, void *work)
{
    struct taken *t = work;
    enum kd_status st = source_snapshot(s, KDW_PART_ALL, &t->snapshot);

    t->is_there = st == KD_OK;
    if (st == KD_OK || !c->options.recording || st == KD_ERR_CANCELLED || st == KD_ERR_NO_MEMORY)
        return st;
    t->why_not = c->diag;
    kd_diag_clear(&c->diag);
    return KD_OK;
}

/* Not yet: all inputs make one page. */
static bool keep(const struct cli *c, void *work)
{
    (void)c;
    (void)work;
    return false;
}

static enum kd_status take(struct cli *c, struct report *r, const char *name)
{
    static const struct source_job job = {SOURCE_KERNEL, collect, keep};
    struct taken t = {.is_there = false};

    if (source_run(c, &job, &t) == CLI_FAILED)
        return KD_ERR_CANCELLED; /* which was said */
    if (t.is_there)
        return report_add_snapshot(r, name, &t.snapshot, &c->diag);
    message_warning("of %s no snapshot could be taken: %s", name, t.why_not.text);
    text_add(&r->remarks, "%sOf %s no snapshot could be taken: %s.", r->remarks.len ? " " : "",
             name, t.why_not.text);
    return KD_OK;
}

static enum kd_status take_recording(struct cli *c, struct report *r, const char *path)
{
    const struct cli_options *o = &c->options;
    enum kd_status st = take(c, r, path);

    kd_diag_clear(&c->diag);
    return st == KD_OK ? report_add_recording(r, path, o->has_key ? &o->key : NULL, &c->diag) : st;
}

static enum kd_status take_target(struct cli *c, struct report *r)
{
    if (c->options.recording)
        return take_recording(c, r, c->options.recording);
    return take(c, r, c->options.dump ? c->options.dump : "the target");
}

/* ---- inputs ---- */

static enum kd_status take_input(struct cli *c, struct report *r, const char *path)
{
    enum report_input_kind kind;
    FILE *file = NULL;
    enum kd_status st = report_input_open(path, &c->diag, &file, &kind);

    if (st != KD_OK)
        return st;
    if (kind == REPORT_INPUT_SNAPSHOT)
        return report_add_document(r, file, path, &c->diag);
    if (kind == REPORT_INPUT_EVENTS)
        return report_lines_add(&r->lines, file, path, &c->diag);
    fclose(file); /* its reader opens it by name */
    c->options.recording = kind == REPORT_INPUT_RECORDING ? path : NULL;
    c->options.dump = kind == REPORT_INPUT_RECORDING ? NULL : path;
    return take_target(c, r);
}

static enum kd_status take_inputs(struct cli *c, struct report *r)
{
    enum kd_status st = KD_OK;

    for (int i = 0; st == KD_OK && i < c->arguments_len; i++) {
        kd_diag_clear(&c->diag);
        st = take_input(c, r, c->arguments[i]);
    }
    return st;
}

/* The target comes last: of two snapshots of one time, or of none, its own is the newer. A recording or dump
 * among the inputs takes the place of -r or -z meanwhile. */
static enum kd_status take_all(struct cli *c, struct report *r)
{
    struct cli_options *o = &c->options;
    const char *recording = o->recording, *dump = o->dump;
    enum kd_status st = KD_OK;

    if (o->provider_names)
        st = provider_names_load(o->provider_names, &c->diag, &r->providers);
    if (st == KD_OK)
        st = take_inputs(c, r);
    o->recording = recording;
    o->dump = dump;
    if (st == KD_OK && (o->has_target || recording || dump))
        st = take_target(c, r);
    return st == KD_OK ? report_settle(r, &c->diag) : st;
}

/* ---- the page ---- */

/* The file, or one in the folder that it is. NULL: no memory. */
static char *path_for(const char *output)
{
    struct text t = {0};

    text_add(&t, "%s%s", output, platform_is_folder(output) ? "/report.html" : "");
    return text_take(&t);
}

static enum kd_status write_page(struct report *r, FILE *out)
{
    struct html *h = malloc(sizeof *h);
    enum kd_status st;

    if (!h)
        return KD_ERR_NO_MEMORY;
    html_begin(h, out);
    report_write(h, r);
    st = html_finish(h);
    free(h);
    return st;
}

/* Whole or not at all: what fails leaves a file that was there before. */
static enum kd_status write_file(struct report *r, const char *output, struct kd_diag *diag)
{
    char *path = path_for(output);
    struct kdt_part_file file;
    enum kd_status st = path ? kdt_part_file_output(path, diag, &file) : KD_ERR_NO_MEMORY;

    if (st == KD_OK) {
        st = write_page(r, file.file);
        if (st == KD_OK)
            st = kdt_part_file_publish(&file);
        else if (st == KD_ERR_IO)
            st = kdt_part_file_failed(&file, "cannot be written");
        kdt_part_file_discard(&file);
    }
    free(path);
    return st;
}

static bool is_to_stdout(const struct cli_options *o)
{
    return !o->output || strcmp(o->output, "-") == 0;
}

static void print(struct cli *c, struct report *r)
{
    struct kd_diag diag = {{0}};
    enum kd_status st =
        is_to_stdout(&c->options) ? write_page(r, stdout) : write_file(r, c->options.output, &diag);

    if (st == KD_ERR_IO && !diag.text[0])
        message_output_failed(strerror(errno));
    else if (st != KD_OK)
        message_output_failed(diag.text[0] ? diag.text : kd_status_text(st));
}

enum cli_exit cmd_report(struct cli *c)
{
    const struct cli_options *o = &c->options;
    struct report r = {.states_len = 0};
    enum cli_exit status = CLI_FAILED;
    enum kd_status st;

    if (c->arguments_len == 0 && !o->has_target && !o->recording && !o->dump) {
        message_error("report needs something to tell of: files of snapshots, of events or "
                      "recordings, or a target (-k, -r, -z); see kdwalk help report");
        return CLI_FAILED;
    }
    if (is_to_stdout(o) && platform_is_terminal(FD_OUT)) {
        message_error("a page is not for a terminal: name a file for it with -o FILE.html");
        return CLI_FAILED;
    }
    st = take_all(c, &r);
    if (st == KD_OK) {
        status = report_has_gaps(&r) ? CLI_GAPS : CLI_COMPLETE;
        print(c, &r);
    } else if (st != KD_ERR_CANCELLED) {
        message_error("%s", c->diag.text[0] ? c->diag.text : kd_status_text(st));
    }
    report_free(&r);
    return status;
}
