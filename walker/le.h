/* le.h - little-endian loads from arrays whose bounds were checked once, as a whole.
 *
 * For the few loops that look at every element of a large array; everything else reads through the
 * checked reader of bytes.h. */
#ifndef WALKER_LE_H
#define WALKER_LE_H

#include <stdint.h>

static inline uint16_t le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

#endif
