#include "symbol_path.h"

#include "dir.h"

#include <string.h>

struct words { /* [at, end) */
    const char *at, *end;
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool begins(struct words w, const char *lower_case)
{
    size_t n = strlen(lower_case);

    if ((size_t)(w.end - w.at) < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (lower(w.at[i]) != lower_case[i])
            return false;
    return true;
}

static bool equals(struct words w, const char *lower_case)
{
    return (size_t)(w.end - w.at) == strlen(lower_case) && begins(w, lower_case);
}

static struct words trim(struct words w)
{
    while (w.at < w.end && (*w.at == ' ' || *w.at == '\t'))
        w.at++;
    while (w.at < w.end && (w.end[-1] == ' ' || w.end[-1] == '\t'))
        w.end--;
    return w;
}

/* Up to the next mark, which is taken away too; *rest is NULL when there was none. */
static struct words cut(const char *at, const char *end, char mark, const char **rest)
{
    /* NOLINTNEXTLINE(*NonNull*): an entry that names symsrv has a mark, else it is no chain */
    const char *stop = memchr(at, mark, (size_t)(end - at));
    struct words w = {at, stop ? stop : end};

    *rest = stop ? stop + 1 : NULL;
    return w;
}

static void skip(struct kdw_place *out, const char *why)
{
    out->kind = KDW_PLACE_SKIPPED;
    out->why = why;
}

/* One folder, store or URL, as its text says. */
static void classify(struct words w, enum kdw_place_kind kind, struct kdw_place *out)
{
    size_t len = (size_t)(w.end - w.at);
    size_t kept = len < sizeof out->text ? len : sizeof out->text - 1;

    memcpy(out->text, w.at, kept);
    out->text[kept] = '\0';
    out->kind = kind;
    out->why = NULL;
    out->is_cache = false;
    if (len == 0)
        skip(out, "an empty part stands for a default store, and there is none here");
    else if (kept < len)
        skip(out, "too long for a path");
    else if (begins(w, "http://") || begins(w, "https://"))
        out->kind = KDW_PLACE_SERVER;
    else if (kdw_path_is_foreign(out->text))
        skip(out, "a Windows path");
}

static struct words words_of(const char *text)
{
    struct words w = {text, text + strlen(text)};

    return w;
}

/* The next part of a chain; an empty one stands for the default store. */
static void next_in_chain(struct kdw_symbol_path *p, struct kdw_place *out)
{
    struct words w = trim(cut(p->chain, p->chain_end, '*', &p->chain));

    if (w.at == w.end && p->default_store)
        w = words_of(p->default_store);
    classify(w, KDW_PLACE_STORE, out);
    out->is_cache = p->is_cache;
}

/* An entry with '*' in it: its first word says what the others are. */
static void start_chain(struct kdw_symbol_path *p, struct words entry, struct kdw_place *out)
{
    const char *rest;
    struct words first = cut(entry.at, entry.end, '*', &rest);
    bool is_known = equals(first, "srv") || equals(first, "cache");

    classify(entry, KDW_PLACE_STORE, out); /* for its text, should it be skipped */
    if (equals(first, "symsrv")) {
        is_known = equals(cut(rest, entry.end, '*', &rest), "symsrv.dll");
        if (!is_known || !rest) {
            skip(out, "a symbol server other than symsrv.dll");
            return;
        }
    }
    if (!is_known) {
        skip(out, "neither srv*, symsrv* nor cache*");
        return;
    }
    p->chain = rest;
    p->chain_end = entry.end;
    p->is_cache = equals(first, "cache");
    if (rest == entry.end && !p->is_cache) { /* "srv*" alone [doc] */
        static const char alone[] = "*" KDW_PUBLIC_SERVER;

        p->chain = alone;
        p->chain_end = alone + sizeof alone - 1;
    }
    next_in_chain(p, out);
}

struct kdw_symbol_path kdw_symbol_path_of(const char *text, const char *default_store)
{
    struct kdw_symbol_path p = {.entry = text, .default_store = default_store};

    return p;
}

bool kdw_symbol_path_next(struct kdw_symbol_path *p, struct kdw_place *out)
{
    out->entry = p->entries;
    if (p->chain) {
        next_in_chain(p, out);
        return true;
    }
    while (p->entry) {
        struct words entry = trim(cut(p->entry, p->entry + strlen(p->entry), ';', &p->entry));

        if (entry.at == entry.end)
            continue;
        out->entry = ++p->entries;
        if (memchr(entry.at, '*', (size_t)(entry.end - entry.at)))
            start_chain(p, entry, out);
        else
            classify(entry, KDW_PLACE_FOLDER, out);
        return true;
    }
    return false;
}

const char *kdw_place_shown(const struct kdw_place *place)
{
    const char *host = place->kind == KDW_PLACE_SERVER ? strstr(place->text, "://") : NULL;
    const char *shown = place->text;

    if (!host)
        return shown;
    host += strlen("://");
    for (size_t n = strcspn(host, "/?#"); n > 0; n--)
        if (host[n - 1] == '@')
            return host + n; /* without the protocol, which stands before the login */
    return shown;
}
