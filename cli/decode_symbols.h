/* decode_symbols.h - what addresses in a recorded session are called.
 *
 * The recorded memory says which kernel it was, if its headers were read meanwhile; the symbol path
 * has its PDB, or --isf its ISF file. Addresses of the last boot of an NT kernel are named; what other
 * boots of the same file held at them is not known here.
 *
 * Lifetime  _open to _close. */
#ifndef CLI_DECODE_SYMBOLS_H
#define CLI_DECODE_SYMBOLS_H

#include "cli.h"
#include "describe.h"

struct decode_symbols;

/* NULL: addresses have no names; unless neither a symbol path nor ISF files are named, or the
 * recording itself is of no use, a warning says why. Goes over the recording once, beside the one that
 * is `opened`: of a pipe, that would take what the other is to read. */
struct decode_symbols *decode_symbols_open(const struct cli *c,
                                           const struct kdt_recording_opts *recording,
                                           const struct kdt_recording *opened);
void decode_symbols_close(struct decode_symbols *s); /* NULL is fine */
/* NULL for NULL. */
struct describe_names *decode_symbols_names(struct decode_symbols *s);

#endif
