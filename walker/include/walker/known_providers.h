/* known_providers.h - names of ETW providers that are worth knowing: security, kernel, sensors, classic events.
 *
 * Source    walker/tables/known-providers.csv, with why each matters; GUIDs of public manifests and headers
 * [doc]. */
#ifndef WALKER_KNOWN_PROVIDERS_H
#define WALKER_KNOWN_PROVIDERS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdw_known_provider {
    uint8_t guid[16]; /* as in memory */
    const char *name;
};

/* By GUID, byte by byte. */
extern const struct kdw_known_provider kdw_known_providers[];
extern const size_t kdw_known_providers_len;

/* "Microsoft-Windows-Kernel-Process"; NULL: it is none of them. */
const char *kdw_known_provider_name(const uint8_t guid[16]);

#ifdef __cplusplus
}
#endif
#endif
