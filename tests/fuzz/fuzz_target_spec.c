/* fuzz_target_spec.c - any text after -k: accepted whole or refused with a reason. */
#include <transport/target_spec.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_accepted(const struct kdt_target_spec *spec)
{
    if (!spec->port || !memchr(spec->bind, '\0', sizeof spec->bind))
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
