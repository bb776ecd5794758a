/* fuzz_target_spec.c - any text after -k: accepted whole or refused with a reason. */
#include <transport/target_spec.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each kind has what it needs, every text ends, and there are words for where it is. */
static void check_accepted(const struct kdt_target_spec *spec)
{
    bool has_port = spec->kind == KDT_LINK_NET || spec->kind == KDT_LINK_TCP;
    char place[KDT_PLACE_TEXT_MAX] = "";

    if (has_port != (spec->port != 0) || (spec->kind == KDT_LINK_SERIAL) != (spec->baud != 0) ||
        (spec->kind == KDT_LINK_NET) != !spec->place[0] ||
        !memchr(spec->bind, '\0', sizeof spec->bind) ||
        !memchr(spec->place, '\0', sizeof spec->place))
        abort();
    kdt_target_spec_place(spec, place);
    if (!place[0] || strlen(place) >= sizeof place)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kdt_target_spec spec = {.port = 1};
    struct kd_diag diag = {""};
    char *text = malloc(size + 1);

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (kdt_target_spec_parse(text, &diag, &spec) == KD_OK)
        check_accepted(&spec);
    else if (!diag.text[0])
        abort();
    kdt_target_spec_set_key(&spec, text, size, &diag);
    kdt_target_spec_wipe(&spec);
    free(text);
    return 0;
}
