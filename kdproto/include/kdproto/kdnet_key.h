/* kdnet_key.h - the dotted key "w.x.y.z" and the 32 bytes it stands for.
 *
 * Secrets   The caller wipes what it holds. No function here puts a key, or any part of one, in a
 *           text.
 * Source    Four base-36 words, most significant digit first, each stored as 8 little-endian bytes
 *           in text order: keys 1.1.1.1 and 8.8.8.8 [seen]; longer words [doc]; that capital
 *           letters mean the same, and that leading zeros are fine [guess]. */
#ifndef KDPROTO_KDNET_KEY_H
#define KDPROTO_KDNET_KEY_H

#include <kdproto/crypto.h>
#include <kdproto/diag.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdnet_key {
    uint8_t bytes[KD_KEY_LEN];
};

/* len bytes of text, no NUL needed. KD_ERR_USAGE with the reason in diag (which word, which rule;
 * never the text itself). */
enum kd_status kdnet_key_parse(const char *text, size_t len, struct kd_diag *diag,
                               struct kdnet_key *out);

#ifdef __cplusplus
}
#endif
#endif
