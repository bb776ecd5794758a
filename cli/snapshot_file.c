#include "snapshot_file.h"

#include "document.h"
#include "message.h"
#include "snapshot_json.h"

#include <transport/part_file.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

bool snapshot_file_write(const struct kdw_snapshot *s, const char *path)
{
    struct kd_diag diag = {{0}};
    json_t *document = snapshot_json(s);
    enum kd_status st = KD_ERR_NO_MEMORY;

    if (document_is_whole(document)) { /* else that was said */
        st = write_file(document, path, &diag);
        if (st != KD_OK)
            message_output_failed(diag.text[0] ? diag.text : kd_status_text(st));
    }
    json_decref(document);
    return st == KD_OK;
}
