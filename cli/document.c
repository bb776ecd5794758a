#include "document.h"

#include "message.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_incomplete;

void document_put(json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, value) != 0)
        is_incomplete = true;
}

void document_add(json_t *list, json_t *value)
{
    if (json_array_append_new(list, value) != 0)
        is_incomplete = true;
}

void document_print(json_t *document)
{
    errno = 0;
    if (!document || is_incomplete)
        message_output_failed("not all of it could be put into JSON");
    else if (json_dumpf(document, stdout, JSON_INDENT(2)) != 0 || putchar('\n') == EOF)
        message_output_failed(errno ? strerror(errno) : kd_status_text(KD_ERR_NO_MEMORY));
    is_incomplete = false;
    json_decref(document);
}
