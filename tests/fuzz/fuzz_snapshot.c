/* fuzz_snapshot.c - a snapshot read back from any text: what is taken for one can be written and read
 * again, and is the same. */
#include "snapshot_json.h"
#include "snapshot_load.h"
#include "support/made_snapshot.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_and_read(const struct kdw_snapshot *s)
{
    json_t *document = snapshot_json(s);
    char *text = document ? json_dumps(document, 0) : NULL;
    struct kdw_snapshot back;

    if (!text || snapshot_parse(text, strlen(text), NULL, &back) != KD_OK ||
        !made_snapshot_is_equal(s, &back))
        abort();
    kdw_snapshot_free(&back);
    free(text);
    json_decref(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kd_diag diag = {{0}};
    struct kdw_snapshot s;

    if (snapshot_parse((const char *)data, size, &diag, &s) == KD_OK) {
        write_and_read(&s);
        kdw_snapshot_free(&s);
    }
    return 0;
}
