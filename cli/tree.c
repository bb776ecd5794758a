#include "tree.h"

#include <stdint.h>
#include <stdlib.h>

struct node {
    size_t first_child, next_sibling;
    unsigned depth;
    bool is_placed;
};

/* From the last to the first: so each child comes before those that were put there earlier. */
static void link_children(const size_t *parents, size_t len, struct node *nodes)
{
    for (size_t i = 0; i < len; i++)
        nodes[i] = (struct node){.first_child = TREE_NONE, .next_sibling = TREE_NONE};
    for (size_t i = len; i-- > 0;) {
        if (parents[i] >= len)
            continue;
        nodes[i].next_sibling = nodes[parents[i]].first_child;
        nodes[parents[i]].first_child = i;
    }
}

/* The next to be written: a child, else a sibling, else one of an ancestor's. */
static size_t step(const size_t *parents, const struct node *nodes, size_t top, size_t at)
{
    for (size_t child = nodes[at].first_child; child != TREE_NONE;
         child = nodes[child].next_sibling)
        if (!nodes[child].is_placed)
            return child;
    while (at != top) {
        for (size_t s = nodes[at].next_sibling; s != TREE_NONE; s = nodes[s].next_sibling)
            if (!nodes[s].is_placed)
                return s;
        at = parents[at];
    }
    return TREE_NONE;
}

static size_t place_below(const size_t *parents, struct node *nodes, size_t top,
                          struct tree_item *items)
{
    size_t placed = 0;

    for (size_t at = top; at != TREE_NONE; at = step(parents, nodes, top, at)) {
        nodes[at].is_placed = true;
        nodes[at].depth = at == top ? 0 : nodes[parents[at]].depth + 1;
        items[placed++] = (struct tree_item){at, nodes[at].depth};
    }
    return placed;
}

bool tree_order(const size_t *parents, size_t len, struct tree_item *items)
{
    struct node *nodes;
    size_t placed = 0;

    if (len == 0)
        return true;
    if (len > SIZE_MAX / sizeof *nodes)
        return false;
    nodes = malloc(len * sizeof *nodes);
    if (!nodes)
        return false;
    link_children(parents, len, nodes);
    for (size_t i = 0; i < len; i++)
        if (parents[i] >= len)
            placed += place_below(parents, nodes, i, items + placed);
    for (size_t i = 0; i < len && placed < len; i++) /* what is left leads in circles */
        if (!nodes[i].is_placed)
            placed += place_below(parents, nodes, i, items + placed);
    free(nodes);
    return true;
}

struct tree_item *tree_make(size_t len, tree_parent_of *parent_of, const void *ctx)
{
    size_t *parents = calloc(len + 1, sizeof *parents);
    struct tree_item *items = calloc(len + 1, sizeof *items);
    bool is_done = parents && items;

    for (size_t i = 0; i < len && is_done; i++)
        parents[i] = parent_of ? parent_of(ctx, i) : TREE_NONE;
    is_done = is_done && tree_order(parents, len, items);
    free(parents);
    if (is_done)
        return items;
    free(items);
    return NULL;
}
