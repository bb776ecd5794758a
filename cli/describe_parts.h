/* describe_parts.h - what the parts of describe share; private to cli/describe*.c. */
#ifndef CLI_DESCRIBE_PARTS_H
#define CLI_DESCRIBE_PARTS_H

#include "describe.h"

struct describing {
    const struct kdt_record *record;
    struct describe_names *names; /* may be NULL */
    struct text *t;               /* the meaning */
    struct text *words;
};

/* "0xfffff80000000000 nt!Name" */
void describe_address(const struct describing *d, uint64_t va);
/* A request or a reply: describe_manipulate.c. */
void describe_manipulate(const struct describing *d);

#endif
