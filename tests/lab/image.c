#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine_parts.h"

#define IMAGE_MAX 0x4000000u

static uint32_t u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint8_t *read_file(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long size;

    if (!f)
        return NULL;
    if (fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) > 0 && (size_t)size <= IMAGE_MAX &&
        fseek(f, 0, SEEK_SET) == 0 && (bytes = malloc((size_t)size)) != NULL) {
        *len = (size_t)size;
        if (fread(bytes, 1, *len, f) != *len) {
            free(bytes);
            bytes = NULL;
        }
    }
    fclose(f);
    return bytes;
}

/* Headers and sections to where they say; what has no bytes in the file is zeros. */
static bool load(struct lab_machine *m, const uint8_t *file, size_t len)
{
    size_t pe = len > 0x40 ? u32(file + 0x3c) : len;
    const uint8_t *optional = file + pe + 24, *section;
    unsigned sections;

    if (pe >= len || len - pe < 24 + 240 || memcmp(file + pe, "PE\0\0", 4) != 0)
        return false;
    sections = file[pe + 6];
    section = optional + file[pe + 20];
    if ((size_t)(section - file) + 40 * sections > len || u32(optional + 60) > len)
        return false;
    m->kernel_timestamp = u32(file + pe + 8);
    m->kernel_entry = u32(optional + 16);
    m->info.kernel_size = u32(optional + 56);
    m->info.kernel_checksum = u32(optional + 64);
    if (m->info.kernel_size > IMAGE_MAX)
        return false;
    lab_memory_map(m->memory, m->info.kernel_base, m->info.kernel_size);
    put(m, m->info.kernel_base, file, u32(optional + 60));
    for (; sections > 0; sections--, section += 40) {
        uint32_t rva = u32(section + 12), size = u32(section + 16), at = u32(section + 20);

        if (size > len || at > len - size || rva > m->info.kernel_size)
            return false;
        if (size > m->info.kernel_size - rva)
            size = m->info.kernel_size - rva; /* padding of the file */
        put(m, m->info.kernel_base + rva, file + at, size);
    }
    return true;
}

bool image_load(struct lab_machine *m, const char *path, const char **why)
{
    size_t len;
    uint8_t *file = read_file(path, &len);
    bool ok;

    if (!file) {
        *why = "the kernel's image cannot be read";
        return false;
    }
    ok = load(m, file, len);
    free(file);
    if (!ok)
        *why = "the kernel's image is damaged";
    return ok;
}

/* The only RSDS record of a built image: GUID, age. */
bool image_pdb_key(const char *path, char key[LAB_KEY_TEXT])
{
    size_t len, at = 0;
    uint8_t *file = read_file(path, &len);
    const uint8_t *r;

    if (!file)
        return false;
    while (at + 24 <= len && memcmp(file + at, "RSDS", 4) != 0)
        at++;
    r = file + at;
    if (at + 24 <= len)
        snprintf(key, LAB_KEY_TEXT,
                 "%02X%02X%02X%02X%02X%02X%02X%02X%02X%02X%02X%02X%02X%02X%02X%02X%X", r[7], r[6],
                 r[5], r[4], r[9], r[8], r[11], r[10], r[12], r[13], r[14], r[15], r[16], r[17],
                 r[18], r[19], (unsigned)u32(r + 20));
    free(file);
    return at + 24 <= len;
}
