#include "csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void give_up(const char *what)
{
    fprintf(stderr, "csv: %s\n", what);
    abort();
}

static char *read_all(FILE *f)
{
    size_t len = 0, cap = 1 << 16;
    char *text = malloc(cap);

    while (text) {
        size_t n = fread(text + len, 1, cap - len - 1, f);

        if (n == 0)
            break;
        len += n;
        if (cap - len < 2) {
            cap *= 2;
            text = realloc(text, cap);
        }
    }
    if (!text)
        give_up("out of memory");
    else
        text[len] = '\0';
    return text;
}

/* The next line, cut into cells; 0: none left. */
static size_t cut_line(struct csv *c, const char *cells[CSV_COLUMNS_MAX])
{
    char *at = c->next;
    char *end = at + strcspn(at, "\r\n");
    size_t count = 0;

    if (*at == '\0')
        return 0;
    c->next = end + strspn(end, "\r\n");
    *end = '\0';
    for (;;) {
        char *comma = strchr(at, ',');

        if (count == CSV_COLUMNS_MAX)
            give_up("too many columns");
        cells[count++] = at;
        if (!comma)
            return count;
        *comma = '\0';
        at = comma + 1;
    }
}

bool csv_open(struct csv *c, const char *path)
{
    FILE *f = fopen(path, "rb");

    if (!f)
        return false;
    memset(c, 0, sizeof *c);
    c->text = c->next = read_all(f);
    fclose(f);
    c->columns = cut_line(c, c->names);
    return true;
}

bool csv_next(struct csv *c)
{
    size_t count = cut_line(c, c->cells);

    if (count != 0 && count != c->columns)
        give_up("a line with other columns than the first");
    return count != 0;
}

void csv_close(struct csv *c)
{
    free(c->text);
    c->text = NULL;
}

const char *csv_text(const struct csv *c, const char *column)
{
    for (size_t i = 0; i < c->columns; i++)
        if (strcmp(c->names[i], column) == 0)
            return c->cells[i];
    give_up(column);
    return NULL;
}

uint64_t csv_number(const struct csv *c, const char *column)
{
    return strtoull(csv_text(c, column), NULL, 0);
}
