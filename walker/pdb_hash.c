#include "pdb_hash.h"

#include "le.h"

uint32_t kdw_pdb_hash(const char *name, size_t len)
{
    const uint8_t *p = (const uint8_t *)name;
    uint32_t h = 0;

    for (size_t words = len / 4; words > 0; words--, p += 4)
        h ^= le32(p);
    if (len & 2) {
        h ^= le16(p);
        p += 2;
    }
    if (len & 1)
        h ^= *p;
    h |= 0x20202020; /* the bit that tells upper from lower case */
    h ^= h >> 11;
    return h ^ h >> 16;
}
