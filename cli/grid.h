/* grid.h - a table for people: a header, aligned columns, lines of at most 100 columns.
 *
 *     grid_begin(&g, columns, sizeof columns / sizeof columns[0], verbose);
 *     text_add(grid_cell(&g), "%u", pid);        cell by cell, row by row
 *     grid_remark(&g, "hidden: ...");            a line of its own below that row
 *     grid_print(&g);                            and the end of it
 *
 * Width     What is too long is cut in the flexible column, and where even that is not enough (damage
 *           makes huge numbers) in the widest ones; "…" stands where something was cut. Lines are
 *           never wrapped. A wide grid cuts nothing.
 * Texts     of the target's making come in escaped: text_add_escaped, facts.h.
 * Memory    When it runs out, grid_print says so (message.h) and prints nothing. */
#ifndef CLI_GRID_H
#define CLI_GRID_H

#include "text.h"

enum { GRID_WIDTH = 100 };

enum grid_kind { GRID_LEFT, GRID_RIGHT, GRID_FLEXIBLE };

struct grid_column {
    const char *title;
    enum grid_kind kind; /* one is flexible, at most */
};

struct grid_line;

struct grid {
    const struct grid_column *columns;
    size_t columns_len;
    bool is_wide;
    struct text *cells;
    size_t cells_len, cells_room;
    struct grid_line *remarks;
    size_t remarks_len, remarks_room;
    struct text spare; /* stands in when there is no memory for more */
    bool failed;
};

void grid_begin(struct grid *g, const struct grid_column *columns, size_t columns_len,
                bool is_wide);
/* The next cell, empty; valid until the next call with g. */
struct text *grid_cell(struct grid *g);
/* A line below the row that was begun last. */
struct text *grid_remark(struct grid *g);
/* Prints the rows, with a header if there are any, and frees them. */
void grid_print(struct grid *g);

/* How many columns of a terminal a text takes. */
size_t grid_columns(const char *utf8);
/* Bytes of its first characters that fit into so many columns, and the columns that they take. */
size_t grid_fit(const char *utf8, size_t room, size_t *columns);
/* A line of its own, cut like a grid's; text may be NULL, as text_take gives it. Takes it. */
void grid_print_line(char *text, bool is_wide);

#endif
