/* hex.h - bytes of a test written as text. */
#ifndef TESTS_SUPPORT_HEX_H
#define TESTS_SUPPORT_HEX_H

#include <stddef.h>
#include <stdint.h>

/* Decode pairs of hex digits, blanks between them allowed, and return how many bytes came out. A
 * wrong digit, half a byte, or more than cap bytes fails the running test. */
size_t hex_decode(const char *text, uint8_t *out, size_t cap);

#endif
