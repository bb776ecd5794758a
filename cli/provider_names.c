#include "provider_names.h"

#include <walker/known_providers.h>
#include <walker/text.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE_MAX_LEN = 1024, /* a GUID, a name of at most 255 characters [doc], a remark */
    NAME_LEN_MAX = 255,
    NAMES_LIMIT = 65536, /* Windows has some 1,200 manifests */
    GUID_LEN = 36,
};

struct provider_name {
    uint8_t guid[16];
    unsigned line;
    char name[NAME_LEN_MAX + 1];
};

/* ---- one line ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool guid_parse(const char *text, size_t len, uint8_t out[16])
{
    /* where in the text the bytes stand, in the order of memory */
    static const uint8_t places[16] = {6, 4, 2, 0, 11, 9, 16, 14, 19, 21, 24, 26, 28, 30, 32, 34};
    uint8_t guid[16];

    if (len == GUID_LEN + 2 && text[0] == '{' && text[len - 1] == '}') {
        text++;
        len -= 2;
    }
    if (len != GUID_LEN || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-')
        return false;
    for (size_t i = 0; i < sizeof guid; i++) {
        int high = hex_digit(text[places[i]]), low = hex_digit(text[places[i] + 1]);

        if (high < 0 || low < 0)
            return false;
        guid[i] = (uint8_t)(high << 4 | low);
    }
    memcpy(out, guid, sizeof guid);
    return true;
}

static bool is_text(const char *name, size_t len)
{
    for (size_t n; len > 0; name += n, len -= n) {
        n = kdw_utf8_len((const uint8_t *)name, len);
        if (n == 0 || (n == 1 && (unsigned char)*name < 0x20))
            return false;
    }
    return true;
}

/* "NAME,..." or "\"NAME\",...". */
static bool parse_name(const char *text, char out[NAME_LEN_MAX + 1])
{
    size_t len = *text == '"' ? strcspn(++text, "\"") : strcspn(text, ",");

    if (len == 0 || len > NAME_LEN_MAX || !is_text(text, len))
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

/* NULL: it is right. */
static const char *parse_line(const char *line, struct provider_name *out)
{
    size_t guid_len = strcspn(line, ",");

    if (!guid_parse(line, guid_len, out->guid))
        return "does not begin with a GUID and a comma";
    if (line[guid_len] == '\0' || !parse_name(line + guid_len + 1, out->name))
        return "has no name behind its GUID, or one that is too long or no UTF-8";
    return NULL;
}

static bool is_left_out(const char *line, unsigned number)
{
    return line[0] == '\0' || line[0] == '#' ||
           (number == 1 && (strncmp(line, "guid", 4) == 0 || strncmp(line, "GUID", 4) == 0));
}

/* ---- the file ---- */

static struct provider_name *add(struct provider_names *names, size_t *room)
{
    size_t bigger_room = *room ? 2 * *room : 64;
    struct provider_name *bigger;

    if (names->len == *room) {
        bigger = realloc(names->own, bigger_room * sizeof *bigger);
        if (!bigger)
            return NULL;
        names->own = bigger;
        *room = bigger_room;
    }
    return &names->own[names->len++];
}

static enum kd_status take_line(char *line, unsigned number, const char *path, struct kd_diag *diag,
                                struct provider_names *names, size_t *room)
{
    struct provider_name *name;
    const char *problem;

    line[strcspn(line, "\r\n")] = '\0';
    if (is_left_out(line, number))
        return KD_OK;
    if (names->len == NAMES_LIMIT)
        return kd_diag_set(diag, KD_ERR_LIMIT, "%s: more than %d names", path, NAMES_LIMIT);
    name = add(names, room);
    if (!name)
        return kd_diag_set(diag, KD_ERR_NO_MEMORY, "%s: out of memory", path);
    *name = (struct provider_name){.line = number};
    problem = parse_line(line, name);
    return problem ? kd_diag_set(diag, KD_ERR_MALFORMED, "%s: line %u %s", path, number, problem)
                   : KD_OK;
}

static enum kd_status read_lines(FILE *f, const char *path, struct kd_diag *diag,
                                 struct provider_names *names)
{
    char line[LINE_MAX_LEN];
    enum kd_status st = KD_OK;
    size_t room = 0;

    for (unsigned number = 1; st == KD_OK && fgets(line, sizeof line, f); number++) {
        if (!strchr(line, '\n') && !feof(f))
            st = kd_diag_set(diag, KD_ERR_LIMIT, "%s: line %u is too long, or has a NUL", path,
                             number);
        else
            st = take_line(line, number, path, diag, names, &room);
    }
    if (st == KD_OK && ferror(f))
        st = kd_diag_set(diag, KD_ERR_IO, "%s: cannot be read", path);
    return st;
}

static int by_guid(const void *a, const void *b)
{
    const struct provider_name *x = a, *y = b;
    int order = memcmp(x->guid, y->guid, sizeof x->guid);

    return order ? order : (x->line > y->line) - (x->line < y->line);
}

enum kd_status provider_names_load(const char *path, struct kd_diag *diag,
                                   struct provider_names *out)
{
    struct provider_names names = {NULL, 0};
    FILE *f = fopen(path, "rb");
    enum kd_status st;

    if (!f)
        return kd_diag_set(diag, KD_ERR_IO, "%s: %s", path, strerror(errno));
    st = read_lines(f, path, diag, &names);
    fclose(f);
    if (st != KD_OK) {
        provider_names_free(&names);
        return st;
    }
    if (names.len)
        qsort(names.own, names.len, sizeof *names.own, by_guid);
    *out = names;
    return KD_OK;
}

void provider_names_free(struct provider_names *names)
{
    free(names->own);
    *names = (struct provider_names){NULL, 0};
}

const char *provider_name(const struct provider_names *names, const uint8_t guid[16])
{
    size_t from = 0, to = names->len; /* the first of that GUID */

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (memcmp(names->own[middle].guid, guid, 16) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    if (from < names->len && memcmp(names->own[from].guid, guid, 16) == 0)
        return names->own[from].name;
    return kdw_known_provider_name(guid);
}
