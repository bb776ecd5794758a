#include <walker/known_providers.h>

#include <string.h>

const char *kdw_known_provider_name(const uint8_t guid[16])
{
    size_t from = 0, to = kdw_known_providers_len;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = memcmp(guid, kdw_known_providers[middle].guid, 16);

        if (order == 0)
            return kdw_known_providers[middle].name;
        if (order < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return NULL;
}
