/* status.h - how every fallible function of kdwalk answers.
 *
 * One enumeration for all layers, so that a status travels from the wire to the command line
 * without being translated on the way. The numbers are not part of the interface; use the names.
 *
 * Not mapped, timed out, refused by the target: ordinary answers, not defects. "Not enough bytes
 * yet" is no status at all: decoders of streams say it in their own terms. */
#ifndef KDPROTO_STATUS_H
#define KDPROTO_STATUS_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum kd_status {
    KD_OK = 0,

    /* What came in is not what it should be. */
    KD_ERR_TRUNCATED,   /* input ends inside a structure */
    KD_ERR_MALFORMED,   /* a value that the format forbids */
    KD_ERR_UNSUPPORTED, /* well-formed, but a variant that is not handled */
    KD_ERR_AUTH,        /* a datagram's HMAC does not match */
    KD_ERR_MISMATCH,    /* two things that must agree differ: a PDB and its image, a reply and its
                           request */

    /* What was asked for is not there. */
    KD_ERR_NOT_MAPPED,   /* target memory that cannot be read */
    KD_ERR_NOT_RECORDED, /* target memory that nobody read while it was recorded */
    KD_ERR_PAGED_OUT,    /* target memory in a page file, or compressed */
    KD_ERR_DEMAND_ZERO,  /* target memory that nobody touched: it would begin as zeros */
    KD_ERR_FILE_BACKED,  /* target memory that would be read from the target's file */
    KD_ERR_NEEDS_VAD,    /* the page tables leave it to the process's list of regions */
    KD_ERR_BAD_TABLES,   /* page tables that make no sense on the way to it */
    KD_ERR_NOT_MEMORY,   /* a physical address where a live target has no memory: not read */
    KD_ERR_NOT_IN_DUMP,  /* target memory that the writer of a dump left out */
    KD_ERR_CUT_OFF,      /* target memory behind the end of a file that was cut short */
    KD_ERR_NOT_FOUND,    /* no such file, type, field or symbol */
    KD_ERR_REFUSED,      /* the target answered with a failing NTSTATUS */

    /* A bound of ours was met. */
    KD_ERR_LIMIT,   /* a named maximum; the text says which */
    KD_ERR_CYCLE,   /* a list of the target's leads back into itself */
    KD_ERR_TIMEOUT, /* a deadline passed */

    /* The link or the target went another way. */
    KD_ERR_LOST,        /* the peer fell silent */
    KD_ERR_REBOOTED,    /* the target restarted, or moved on to another boot stage */
    KD_ERR_INTERRUPTED, /* the request ended because the target changed state meanwhile */
    KD_ERR_CANCELLED,   /* the user's wish: a signal, a closed terminal */

    /* What the caller or the machine did. */
    KD_ERR_USAGE,     /* an argument that makes no sense */
    KD_ERR_READ_ONLY, /* it would alter the target, and the session was not opened for that */
    KD_ERR_BUSY,      /* one request at a time, or an address that is in use */
    KD_ERR_IO,        /* the operating system failed us; the text says how */
    KD_ERR_NO_MEMORY,
};

/* A short phrase in lower case, fit to stand after a colon: "not mapped". Never NULL. */
const char *kd_status_text(enum kd_status st);
/* Is it one of the reasons why a place in target memory cannot be read, while others may be? */
bool kd_is_unreadable(enum kd_status st);
/* Is it one of those that hold for a whole page of the target, whichever byte was asked for? Of a
 * recording or a dump any bytes may be missing, and what lies behind them be there. */
bool kd_is_page_unreadable(enum kd_status st);

#ifdef __cplusplus
}
#endif
#endif
