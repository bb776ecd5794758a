/* target_spec.h - the text after -k: which target, over which link.
 *
 *     net:port=50000,key=w.x.y.z[,bind=ADDR]                    KDNET
 *     com:port=/dev/ttyS0[,baud=115200]                         a serial port
 *     com:pipe,port=PATH[,reconnect][,server][,resets=0]        a unix socket, or a named pipe
 *     com:ipport=5555,port=HOST[,reconnect]                     TCP
 *
 * Options come in any order, names in any case. The text alone is looked at: whether there is such
 * a port or host shows when it is opened.
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

enum {
    KDT_ADDRESS_MAX = 64, /* numeric IPv6 with scope fits */
    KDT_PLACE_MAX = 256,  /* the longest host name fits; so does the longest name of a socket */
    KDT_PLACE_TEXT_MAX = KDT_PLACE_MAX + 8,
};

enum kdt_link_kind { KDT_LINK_NET, KDT_LINK_SERIAL, KDT_LINK_PIPE, KDT_LINK_TCP };

struct kdt_target_spec {
    enum kdt_link_kind kind;
    uint16_t port; /* NET, TCP */
    bool has_key;  /* NET */
    struct kdnet_key key;
    char bind[KDT_ADDRESS_MAX]; /* NET: numeric address; empty: all of both families */
    char place[KDT_PLACE_MAX];  /* SERIAL: device; PIPE: path; TCP: host, without brackets */
    uint32_t baud;              /* SERIAL */
    bool reconnect;             /* PIPE, TCP: connect again and again */
    bool is_server;             /* PIPE: listen instead of connecting */
};

/* KD_ERR_USAGE and the reason; the key may be absent here and set by _set_key. *out is untouched on
 * failure. */
enum kd_status kdt_target_spec_parse(const char *text, struct kd_diag *diag,
                                     struct kdt_target_spec *out);
/* The key from a file or the environment, one trailing line end allowed. */
enum kd_status kdt_target_spec_set_key(struct kdt_target_spec *spec, const char *text, size_t len,
                                       struct kd_diag *diag);
/* Where the target is, for people: "port 50000", "/dev/ttyS0", "[::1]:5555". Never the key. */
void kdt_target_spec_place(const struct kdt_target_spec *spec, char text[KDT_PLACE_TEXT_MAX]);
void kdt_target_spec_wipe(struct kdt_target_spec *spec);

#ifdef __cplusplus
}
#endif
#endif
