/* kdnet_tap.h - a listener that knows the key: opens both directions of a recorded or observed
 * session.
 *
 * Feed it every datagram in order. It learns each data key from the response that made it, so a
 * recording that begins after the handshake yields its control channel only. Sequences are not
 * checked: a recording holds repetitions, and whoever reads it wants to see them.
 *
 * Lifetime  _create to _destroy (which wipes keys). A result's payload is valid until the next
 *           call.
 * Threads   One at a time.
 * Source    As kdnet_datagram.h. */
#ifndef KDPROTO_KDNET_TAP_H
#define KDPROTO_KDNET_TAP_H

#include <kdproto/kdnet_datagram.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdnet_tap;

enum kd_status kdnet_tap_create(const struct kd_crypto *crypto, const struct kdnet_key *key,
                                struct kdnet_tap **out);
void kdnet_tap_destroy(struct kdnet_tap *t); /* NULL is fine */

/* KD_ERR_AUTH: no key that is known opens it. KD_ERR_NOT_FOUND: it is data, and no response was seen
 * yet, while nothing says that the key is wrong: of the control datagrams so far, if any, at least one
 * opened. Else as kdnet_open. */
enum kd_status kdnet_tap_open(struct kdnet_tap *t, const uint8_t *datagram, size_t len,
                              struct kdnet_datagram *out);

#ifdef __cplusplus
}
#endif
#endif
