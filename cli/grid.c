#include "grid.h"

#include "facts.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ELLIPSIS "\xe2\x80\xa6"

enum {
    GAP = 2,   /* between columns */
    LEAST = 8, /* columns that a flexible one keeps before others are cut */
    COLUMNS_MAX = 16,
    REMARK_INDENT = 4,
};

struct grid_line {
    size_t row; /* below it */
    struct text text;
};

/* ---- filling ---- */

void grid_begin(struct grid *g, const struct grid_column *columns, size_t columns_len, bool is_wide)
{
    *g = (struct grid){.columns = columns, .columns_len = columns_len, .is_wide = is_wide};
}

static bool grow(void **items, size_t *room, size_t size)
{
    size_t bigger_room = *room ? 2 * *room : 64;
    void *bigger = realloc(*items, bigger_room * size);

    if (!bigger)
        return false;
    *items = bigger;
    *room = bigger_room;
    return true;
}

static struct text *spare(struct grid *g)
{
    g->failed = true;
    free(g->spare.chars);
    g->spare = (struct text){0};
    return &g->spare;
}

struct text *grid_cell(struct grid *g)
{
    if (g->cells_len == g->cells_room) {
        void *cells = g->cells;

        if (!grow(&cells, &g->cells_room, sizeof *g->cells))
            return spare(g);
        g->cells = cells;
    }
    g->cells[g->cells_len] = (struct text){0};
    return &g->cells[g->cells_len++];
}

struct text *grid_remark(struct grid *g)
{
    struct grid_line *line;

    if (g->remarks_len == g->remarks_room) {
        void *remarks = g->remarks;

        if (!grow(&remarks, &g->remarks_room, sizeof *g->remarks))
            return spare(g);
        g->remarks = remarks;
    }
    line = &g->remarks[g->remarks_len++];
    *line = (struct grid_line){.row = g->cells_len ? (g->cells_len - 1) / g->columns_len : 0};
    return &line->text;
}

/* ---- columns of characters ---- */

static uint32_t code_point(const char *chars, size_t len)
{
    const unsigned char *p = (const unsigned char *)chars;
    uint32_t code = len == 1 ? p[0] : p[0] & (0x7fu >> len);

    for (size_t i = 1; i < len; i++)
        code = code << 6 | (p[i] & 0x3fu);
    return code;
}

/* East Asian wide ones take two columns, combining marks none; in broad strokes (Unicode's
 * EastAsianWidth.txt) [doc]. */
static size_t columns_of(uint32_t code)
{
    if ((code >= 0x300 && code <= 0x36f) || (code >= 0x200b && code <= 0x200d) || code == 0xfeff)
        return 0;
    if ((code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
        (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
        (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60) ||
        (code >= 0xffe0 && code <= 0xffe6) || (code >= 0x1f300 && code <= 0x1faff) ||
        (code >= 0x20000 && code <= 0x3fffd))
        return 2;
    return 1;
}

size_t grid_fit(const char *utf8, size_t room, size_t *columns)
{
    size_t len = 0;

    *columns = 0;
    while (utf8[len]) {
        size_t bytes = 1, width;

        while (((unsigned char)utf8[len + bytes] & 0xc0) == 0x80)
            bytes++;
        width = columns_of(code_point(utf8 + len, bytes));
        if (*columns + width > room)
            break;
        *columns += width;
        len += bytes;
    }
    return len;
}

size_t grid_columns(const char *utf8)
{
    size_t columns;

    grid_fit(utf8, SIZE_MAX, &columns);
    return columns;
}

/* At most width columns of it; returns how many were printed. */
static size_t print_cut(const char *utf8, size_t width)
{
    size_t columns, len = grid_fit(utf8, width, &columns);

    if (utf8[len] == '\0') {
        fputs(utf8, stdout);
        return columns;
    }
    len = grid_fit(utf8, width - 1, &columns);
    printf("%.*s" ELLIPSIS, (int)len, utf8);
    return columns + 1;
}

void grid_print_line(char *text, bool is_wide)
{
    if (text_is_lost(text))
        return;
    print_cut(text, is_wide ? SIZE_MAX : GRID_WIDTH);
    putchar('\n');
    free(text);
}

/* ---- printing ---- */

static const char *chars_of(const struct text *t)
{
    return t->chars ? t->chars : "";
}

static void measure(const struct grid *g, size_t widths[])
{
    for (size_t c = 0; c < g->columns_len; c++)
        widths[c] = strlen(g->columns[c].title);
    for (size_t i = 0; i < g->cells_len; i++) {
        size_t columns = grid_columns(chars_of(&g->cells[i]));

        if (columns > widths[i % g->columns_len])
            widths[i % g->columns_len] = columns;
    }
}

static size_t total(const struct grid *g, const size_t widths[])
{
    size_t sum = GAP * (g->columns_len - 1);

    for (size_t c = 0; c < g->columns_len; c++)
        sum += widths[c];
    return sum;
}

static size_t widest(const struct grid *g, const size_t widths[])
{
    size_t found = 0;

    for (size_t c = 1; c < g->columns_len; c++)
        if (widths[c] > widths[found])
            found = c;
    return found;
}

/* First the flexible column gives way, then whichever is the widest. */
static void fit(const struct grid *g, size_t widths[])
{
    size_t over = total(g, widths) > GRID_WIDTH ? total(g, widths) - GRID_WIDTH : 0;

    for (size_t c = 0; c < g->columns_len && over > 0; c++) {
        size_t spare_columns = widths[c] > LEAST ? widths[c] - LEAST : 0;
        size_t less = over < spare_columns ? over : spare_columns;

        if (g->columns[c].kind != GRID_FLEXIBLE)
            continue;
        widths[c] -= less;
        over -= less;
    }
    for (; over > 0; over--)
        widths[widest(g, widths)]--;
}

static void pad(size_t columns)
{
    printf("%*s", (int)columns, "");
}

static void print_row(const struct grid *g, const char *const cells[], const size_t widths[])
{
    size_t last = g->columns_len, owed = 0; /* no blanks at the end of a line */

    while (last > 1 && cells[last - 1][0] == '\0')
        last--;
    for (size_t c = 0; c < last; c++) {
        size_t columns = grid_columns(cells[c]);

        if (g->columns[c].kind == GRID_RIGHT && columns < widths[c])
            owed += widths[c] - columns;
        pad(owed);
        columns = print_cut(cells[c], widths[c]);
        owed = GAP;
        if (g->columns[c].kind != GRID_RIGHT)
            owed += widths[c] - columns;
    }
    putchar('\n');
}

static void print_header(const struct grid *g, const size_t widths[])
{
    const char *titles[COLUMNS_MAX];

    for (size_t c = 0; c < g->columns_len; c++)
        titles[c] = g->columns[c].title;
    print_row(g, titles, widths);
}

static void print_remark(const struct grid *g, const struct text *t)
{
    pad(REMARK_INDENT);
    print_cut(chars_of(t), g->is_wide ? SIZE_MAX : GRID_WIDTH - REMARK_INDENT);
    putchar('\n');
}

static void print_rows(const struct grid *g)
{
    size_t widths[COLUMNS_MAX], remark = 0;

    measure(g, widths);
    if (!g->is_wide)
        fit(g, widths);
    print_header(g, widths);
    for (size_t row = 0; row < g->cells_len / g->columns_len; row++) {
        const char *cells[COLUMNS_MAX];

        for (size_t c = 0; c < g->columns_len; c++)
            cells[c] = chars_of(&g->cells[row * g->columns_len + c]);
        print_row(g, cells, widths);
        for (; remark < g->remarks_len && g->remarks[remark].row == row; remark++)
            print_remark(g, &g->remarks[remark].text);
    }
}

static void release(struct grid *g)
{
    for (size_t i = 0; i < g->cells_len; i++)
        free(g->cells[i].chars);
    for (size_t i = 0; i < g->remarks_len; i++)
        free(g->remarks[i].text.chars);
    free(g->cells);
    free(g->remarks);
    free(g->spare.chars);
}

static bool has_failed(const struct grid *g)
{
    bool failed = g->failed;

    for (size_t i = 0; i < g->cells_len && !failed; i++)
        failed = g->cells[i].failed;
    for (size_t i = 0; i < g->remarks_len && !failed; i++)
        failed = g->remarks[i].text.failed;
    return failed;
}

void grid_print(struct grid *g)
{
    if (has_failed(g))
        text_is_lost(NULL);
    else if (g->cells_len)
        print_rows(g);
    release(g);
}
