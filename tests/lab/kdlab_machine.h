/* kdlab_machine.h - what commands can be told about the machine that they build. */
#ifndef KDLAB_MACHINE_H
#define KDLAB_MACHINE_H

#include "machine.h"

#define KDLAB_MACHINE_USAGE                                                                        \
    "  --shape N            of all that the machine's scene leaves open (default: 1)\n"            \
    "  --tamper ID[,ID...]  T1 to T27: changed as the check of that name should notice\n"          \
    "  --race               caught in the middle of changes, with the locks held\n"

/* Values of options: NULL, or what is wanted instead. */
const char *kdlab_take_shape(const char *text, struct lab_machine_options *out);
const char *kdlab_take_tamper(const char *text, struct lab_machine_options *out);

#endif
