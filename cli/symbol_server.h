/* symbol_server.h - the servers of a symbol path, asked for what no folder has.
 *
 * What is fetched is shown while it comes, and said when it is there: nobody's network is used
 * unseen. A wish to stop ends it with KD_ERR_CANCELLED and leaves nothing behind.
 *
 * A target that stands still is not kept waiting for a server. Its symbols are only noted; once it
 * runs again they are fetched, and the work begins anew. */
#ifndef CLI_SYMBOL_SERVER_H
#define CLI_SYMBOL_SERVER_H

#include <walker/symstore.h>

struct symbol_server {
    struct kdw_symbol_server server; /* for the walker */
    char default_store[1024];        /* in the user's cache folder */
    bool is_held_up;                 /* a target stands still: note what is wanted, no more */
    bool is_wanted;                  /* something is */
    struct kdw_pdb_id wanted;
    bool is_over;           /* it was tried, and failed: it is not tried again */
    enum kd_status failure; /* of the last try */
    struct kd_diag why;
};

void symbol_server_init(struct symbol_server *s);
/* Fetch what was noted, into a folder of the symbol path. A failure but KD_ERR_CANCELLED and
 * KD_ERR_NO_MEMORY is kept for whoever asks again, and is none here: other symbols may do. */
enum kd_status symbol_server_catch_up(struct symbol_server *s, const char *symbol_path,
                                      struct kd_diag *diag);

#endif
