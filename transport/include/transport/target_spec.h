/* target_spec.h - the text after -k: which target, over which link.
 *
 *     net:port=50000,key=w.x.y.z[,bind=ADDR]
 *
 * Lifetime  The caller's storage, to be wiped by the caller.
 * Secrets   The key ends up in the spec and nowhere else; kdt_target_spec_wipe ends it. No message
 *           repeats the text it complains about where that could hold a key.
 * Source    WinDbg's -k syntax [doc]. */
#ifndef TRANSPORT_TARGET_SPEC_H
#define TRANSPORT_TARGET_SPEC_H

#include <kdproto/diag.h>
#include <kdproto/kdnet_key.h>

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { KDT_ADDRESS_MAX = 64 }; /* numeric IPv6 with scope fits */

enum kdt_link_kind { KDT_LINK_NET };

struct kdt_target_spec {
    enum kdt_link_kind kind;
    uint16_t port;
    bool has_key;
    struct kdnet_key key;
    char bind[KDT_ADDRESS_MAX]; /* numeric address; empty: all of both families */
};

/* KD_ERR_USAGE and the reason, KD_ERR_UNSUPPORTED for a kind of link that is known but not built;
 * the key may be absent here and set by _set_key. *out is untouched on failure. */
enum kd_status kdt_target_spec_parse(const char *text, struct kd_diag *diag,
                                     struct kdt_target_spec *out);
/* The key from a file or the environment, one trailing line end allowed. */
enum kd_status kdt_target_spec_set_key(struct kdt_target_spec *spec, const char *text, size_t len,
                                       struct kd_diag *diag);
void kdt_target_spec_wipe(struct kdt_target_spec *spec);

#ifdef __cplusplus
}
#endif
#endif
