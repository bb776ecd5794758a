/* fetch.h - one file from an HTTP server: whole and checked, or not at all.
 *
 * The bytes go into a file beside the one that is wanted; once they are all there and the caller has
 * found them to be what he wanted, it gets its name. What fails leaves nothing behind, and a file
 * that has the name already as it was.
 *
 * A transfer that is cut goes on where it stopped, if the server can say that the file is still the
 * same one (a strong ETag), else from the start. Redirects are followed, never from https to http.
 * Proxies are those of the environment, as libcurl understands it: https_proxy, no_proxy.
 *
 * Threads   Blocks. Any thread; on_progress and check are called in it.
 * Errors    KD_ERR_NOT_FOUND: the server has no such file. Of a URL the diag shows neither query nor
 *           password.
 * Source    HTTP semantics: RFC 9110 [doc]. */
#ifndef TRANSPORT_FETCH_H
#define TRANSPORT_FETCH_H

#include <kdproto/diag.h>

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Far above any kernel's PDB, which has some 10 MB. */
#define KDT_FETCH_SIZE_MAX (512ull << 20)

struct kdt_fetch_opts {
    const char *url;        /* http: or https: */
    const char *path;       /* what it shall be called; the folder is there */
    const char *user_agent; /* NULL: "kdwalk" */
    uint64_t size_max;      /* bytes; 0: KDT_FETCH_SIZE_MAX */
    uint32_t stall_s;       /* how long less than 1 KiB/s is borne; 0: 30 */
    uint32_t pause_ms;      /* before the second try, then twice as long each time; 0: 1000 */
    struct kd_diag *diag;
    void *ctx;
    /* Is the file at part_path the one that was wanted? If not, diag says what it is instead. */
    enum kd_status (*check)(void *ctx, const char *part_path, struct kd_diag *diag);
    /* Several times a second; total is 0 while nobody knows. False: stop, with KD_ERR_CANCELLED.
     * NULL: nobody looks. */
    bool (*on_progress)(void *ctx, uint64_t done, uint64_t total);
};

enum kd_status kdt_fetch(const struct kdt_fetch_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
