/* text.h - strings of the target as UTF-8, bounded.
 *
 * Nothing is lost in silence: an unpaired surrogate, half a character at an odd length, a NUL
 * inside and a byte outside ASCII each become U+FFFD. One NUL at the end is dropped: some counted
 * strings count their terminator.
 *
 * Lifetime  kdw_text_free ends a text; the readers fill *out in every case and return its status.
 * Source    _UNICODE_STRING {Length, MaximumLength, Buffer at +8}: public symbols [seen]. */
#ifndef WALKER_TEXT_H
#define WALKER_TEXT_H

#include <walker/mem.h>
#include <walker/value.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    KDW_UNICODE_LEN = 16,   /* bytes of a _UNICODE_STRING */
    KDW_UNICODE_MAX = 8192, /* bytes of text: logger names and files end at 1024 characters [doc],
                               four times that is damage */
    KDW_CHARS_MAX = 256,    /* build labs and image names are far shorter */
};

/* The _UNICODE_STRING at va. KD_ERR_LIMIT: longer than KDW_UNICODE_MAX. */
enum kd_status kdw_unicode_read(struct kdw_mem *mem, uint64_t va, struct kdw_text *out);
/* The same when its KDW_UNICODE_LEN bytes are already at hand. */
enum kd_status kdw_unicode_of(struct kdw_mem *mem, const uint8_t *string, struct kdw_text *out);
/* len bytes of UTF-16, little-endian, that are already at hand. */
enum kd_status kdw_utf16_text(const uint8_t *bytes, size_t len, struct kdw_text *out);
/* Bytes up to a NUL, at most max (clamped to KDW_CHARS_MAX). */
enum kd_status kdw_chars_read(struct kdw_mem *mem, uint64_t va, size_t max, struct kdw_text *out);
void kdw_text_free(struct kdw_text *t);

/* Length of the UTF-8 character at p, of which `left` bytes are there; 0 when there is none: cut
 * short, overlong, a surrogate, past the last code point. */
size_t kdw_utf8_len(const uint8_t *p, size_t left);

#ifdef __cplusplus
}
#endif
#endif
