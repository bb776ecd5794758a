/* Any text as a symbol path: it comes to an end, and every place is one or says why not. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../walker/symbol_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *path = malloc(len + 1);
    struct kdw_symbol_path p;
    struct kdw_place place;
    size_t count = 0;

    require(path != NULL);
    if (len > 0)
        memcpy(path, bytes, len);
    path[len] = '\0';
    p = kdw_symbol_path_of(path, len % 2 ? "/d" : NULL);
    while (kdw_symbol_path_next(&p, &place)) {
        require(++count <= len); /* each takes at least a byte */
        require(strlen(place.text) < sizeof place.text && !strchr(place.text, ';'));
        require((place.kind == KDW_PLACE_SKIPPED) == (place.why != NULL));
        require(place.kind == KDW_PLACE_SKIPPED || place.text[0] != '\0');
        require(strlen(kdw_place_shown(&place)) <= strlen(place.text));
    }
    free(path);
    return 0;
}
