/* unxz.h - the bytes of an .xz file, with bounds on what they may cost. */
#ifndef WALKER_UNXZ_H
#define WALKER_UNXZ_H

#include <kdproto/diag.h>

#include <stddef.h>
#include <stdint.h>

enum {
    KDW_UNXZ_MAX = 256 << 20,        /* of output; a kernel's symbols are 4 to 7 MB [seen] */
    KDW_UNXZ_MEMORY_MAX = 128 << 20, /* for the decoder itself; xz -9 needs half of it [doc] */
};

/* Is it one, by its first bytes? */
bool kdw_is_xz(const uint8_t *data, size_t len);
/* *out is to be freed. KD_ERR_TRUNCATED, KD_ERR_MALFORMED, KD_ERR_LIMIT, KD_ERR_UNSUPPORTED,
 * KD_ERR_NO_MEMORY. */
enum kd_status kdw_unxz(const uint8_t *data, size_t len, struct kd_diag *diag, uint8_t **out,
                        size_t *out_len);

#endif
