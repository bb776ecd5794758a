/* tree.h - things that name their parents, in the order in which a tree is written.
 *
 * Each comes once: after its parent, before its parent's next child. Whose parent is unknown stands at
 * the top; of parents that lead in a circle, which only damage makes, the first one does. */
#ifndef CLI_TREE_H
#define CLI_TREE_H

#include <stdbool.h>
#include <stddef.h>

#define TREE_NONE ((size_t)-1)

struct tree_item {
    size_t index;
    unsigned depth; /* 0: at the top */
};

/* parents: for each of len things the index of its parent, TREE_NONE: it has none. Fills len items.
 * False: no memory. */
bool tree_order(const size_t *parents, size_t len, struct tree_item *items);

/* The index of a thing's parent, as in parents. */
typedef size_t tree_parent_of(const void *ctx, size_t index);
/* The same of len things whose parents can be asked for; parent_of NULL: one after the other, none below
 * another. The caller frees the items. NULL: no memory. */
struct tree_item *tree_make(size_t len, tree_parent_of *parent_of, const void *ctx);

#endif
