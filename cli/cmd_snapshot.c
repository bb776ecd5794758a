#include "cli.h"
#include "document.h"
#include "message.h"
#include "platform.h"
#include "print.h"
#include "snapshot_json.h"
#include "source.h"
#include "text.h"

#include <transport/part_file.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum kd_status collect(struct cli *c, struct source *s, void *work)
{
    (void)c;
    return source_snapshot(s, KDW_PART_ALL, work);
}

static enum kd_status write_document(json_t *document, struct kdt_part_file *file)
{
    char *text = document_text(document, JSON_INDENT(2)); /* at once: the file has no buffer */
    size_t len = text ? strlen(text) : 0;
    bool ok;

    if (!text)
        return KD_ERR_NO_MEMORY;
    text[len++] = '\n'; /* in place of its NUL */
    errno = 0;
    ok = fwrite(text, 1, len, file->file) == len;
    free(text);
    return ok ? kdt_part_file_publish(file) : kdt_part_file_failed(file, "cannot be written");
}

/* The file, or one in the folder that it is. NULL: no memory. */
static char *path_for(const char *output)
{
    struct text t = {0};

    text_add(&t, "%s%s", output, platform_is_folder(output) ? "/snapshot.json" : "");
    return text_take(&t);
}

/* Whole or not at all: what fails leaves a file that was there before. */
static enum kd_status write_file(json_t *document, const char *path, struct kd_diag *diag)
{
    struct kdt_part_file file;
    enum kd_status st = kdt_part_file_output(path, diag, &file);

    if (st != KD_OK)
        return st;
    st = write_document(document, &file);
    kdt_part_file_discard(&file);
    return st;
}

static void print_to_file(const struct kdw_snapshot *s, const char *output)
{
    struct kd_diag diag = {{0}};
    char *path = path_for(output);
    json_t *document = snapshot_json(s);
    enum kd_status st = path ? KD_OK : KD_ERR_NO_MEMORY;

    if (document_is_whole(document)) { /* else that was said */
        if (st == KD_OK)
            st = write_file(document, path, &diag);
        if (st != KD_OK)
            message_output_failed(diag.text[0] ? diag.text : kd_status_text(st));
    }
    json_decref(document);
    free(path);
}

static bool print(const struct cli *c, void *work)
{
    struct kdw_snapshot *s = work;
    bool has_gaps = !kdw_snapshot_is_complete(s);

    if (c->options.output)
        print_to_file(s, c->options.output);
    else
        print_json_snapshot(s);
    kdw_snapshot_free(s);
    return has_gaps;
}

enum cli_exit cmd_snapshot(struct cli *c)
{
    static const struct source_job job = {SOURCE_KERNEL, collect, print};
    struct kdw_snapshot snapshot;

    return source_run(c, &job, &snapshot);
}
