#include "cli.h"
#include "message.h"
#include "platform.h"
#include "print.h"
#include "snapshot_file.h"
#include "source.h"
#include "text.h"

#include <stdlib.h>

static enum kd_status collect(struct cli *c, struct source *s, void *work)
{
    (void)c;
    source_tell_freeze(s);
    return source_snapshot(s, KDW_PART_ALL, work);
}

/* The file, or one in the folder that it is. NULL: no memory. */
static char *path_for(const char *output)
{
    struct text t = {0};

    text_add(&t, "%s%s", output, platform_is_folder(output) ? "/snapshot.json" : "");
    return text_take(&t);
}

static void print_to_file(const struct kdw_snapshot *s, const char *output)
{
    char *path = path_for(output);

    if (!path)
        message_output_failed(kd_status_text(KD_ERR_NO_MEMORY));
    else
        (void)snapshot_file_write(s, path); /* main says how it ended */
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
