/* report_page.c - the page around the sections: its policy, its style sheet and script, the way to each section. */
#include "report_parts.h"

#include "report_assets.h"

#include <kdproto/crypto.h>
#include <transport/crypto_openssl.h>

#include <stdlib.h>
#include <string.h>

/* ---- the policy ---- */

enum { HASH_TEXT = (KD_SHA256_LEN + 2) / 3 * 4 + 1 };

static void base64(const uint8_t bytes[KD_SHA256_LEN], char out[HASH_TEXT])
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < KD_SHA256_LEN; i += 3) {
        size_t len = KD_SHA256_LEN - i < 3 ? KD_SHA256_LEN - i : 3;
        uint32_t word = (uint32_t)bytes[i] << 16 | (len > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                        (len > 2 ? bytes[i + 2] : 0);

        for (size_t k = 0; k < 4; k++)
            *out++ = k <= len ? letters[word >> (18 - 6 * k) & 63] : '=';
    }
    *out = '\0';
}

static enum kd_status hash(const struct kd_crypto *crypto, const char *chars, size_t len,
                           char out[HASH_TEXT])
{
    const struct kd_span part = {(const uint8_t *)chars, len};
    uint8_t digest[KD_SHA256_LEN];
    enum kd_status st = crypto->sha256(crypto->self, &part, 1, digest);

    if (st == KD_OK)
        base64(digest, out);
    return st;
}

/* Nothing is fetched, and no script or style runs but these two, whatever got into the page. */
static void write_policy(struct html *h)
{
    char style[HASH_TEXT], script[HASH_TEXT];
    struct kdt_crypto *crypto = NULL;
    enum kd_status st = kdt_crypto_create(&crypto);

    if (st == KD_OK)
        st = hash(kdt_crypto_table(crypto), report_css, report_css_len, style);
    if (st == KD_OK)
        st = hash(kdt_crypto_table(crypto), report_js, report_js_len, script);
    kdt_crypto_destroy(crypto);
    if (st != KD_OK) {
        html_fail(h, st);
        return;
    }
    html_start(h, "meta");
    html_attribute(h, "http-equiv", "Content-Security-Policy");
    html_attributef(h, "content",
                    "default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; "
                    "base-uri 'none'; form-action 'none'",
                    style, script);
    html_end(h, "meta");
}

/* ---- the head ---- */

static void write_meta(struct html *h, const char *name, const char *content)
{
    html_start(h, "meta");
    html_attribute(h, "name", name);
    html_attribute(h, "content", content);
    html_end(h, "meta");
}

static void write_head(struct html *h, const struct report *r)
{
    const struct kdw_snapshot *s = report_last(r);

    html_start(h, "head");
    html_start(h, "meta");
    html_attribute(h, "charset", "utf-8");
    html_end(h, "meta");
    write_policy(h);
    write_meta(h, "viewport", "width=device-width, initial-scale=1");
    write_meta(h, "color-scheme", "light dark");
    write_meta(h, "generator", "kdwalk " KDWALK_VERSION);
    if (s)
        html_elementf(h, "title", NULL, "kdwalk report: build %u", s->build);
    else
        html_element(h, "title", NULL, "kdwalk report");
    html_start(h, "style");
    html_raw(h, report_css, report_css_len);
    html_end(h, "style");
    html_end(h, "head");
}

/* ---- the way to the sections ---- */

static void write_way(struct html *h, bool is_there, const char *id, const char *title)
{
    if (!is_there)
        return;
    html_start(h, "li");
    html_start(h, "a");
    html_attributef(h, "href", "#%s", id);
    html_text(h, title);
    html_end(h, "a");
    html_end(h, "li");
}

static void write_ways(struct html *h, const struct report *r)
{
    const struct kdw_snapshot *s = report_last(r);

    html_start(h, "nav");
    html_attribute(h, "aria-label", "Sections");
    html_start(h, "ul");
    write_way(h, true, "summary", "Summary");
    write_way(h, r->lines.len > 0, "timeline", "Time line");
    write_way(h, s, "checks", "Checks");
    write_way(h, s && s->tables[KDW_TABLE_LOGGERS].is_taken, "loggers", "Loggers");
    write_way(h, s, "tree", "Silos, processes");
    write_way(h, r->states_len > 1, "differences", "Differences");
    write_way(h, r->lines.len > 0, "events", "Events");
    write_way(h, s && s->tables[KDW_TABLE_PROVIDERS].is_taken, "providers", "Providers");
    write_way(h, true, "gaps", "Not known");
    write_way(h, true, "inputs", "Inputs");
    html_end(h, "ul");
    html_end(h, "nav");
}

static void write_choice(struct html *h, const char *id, const char *label)
{
    html_start(h, "label");
    html_text(h, label);
    html_start(h, "select");
    html_attribute(h, "id", id);
    html_start(h, "option");
    html_attribute(h, "value", "");
    html_text(h, "all");
    html_end(h, "option");
    html_end(h, "select");
    html_end(h, "label");
}

/* Of no use without the script, which shows it and fills in what there is to choose from. */
static void write_search(struct html *h)
{
    html_start(h, "div");
    html_attribute(h, "id", "search");
    html_attribute(h, "role", "search");
    html_attribute(h, "hidden", "");
    html_start(h, "label");
    html_attribute(h, "class", "words");
    html_text(h, "Search");
    html_start(h, "input");
    html_attribute(h, "id", "words");
    html_attribute(h, "type", "search");
    html_attribute(h, "autocomplete", "off");
    html_attribute(h, "spellcheck", "false");
    html_attribute(h, "placeholder", "words, names, addresses");
    html_end(h, "input");
    html_end(h, "label");
    write_choice(h, "kind", "Kind");
    write_choice(h, "table", "Table");
    write_choice(h, "silo", "Silo");
    html_start(h, "button");
    html_attribute(h, "id", "clear");
    html_attribute(h, "type", "button");
    html_text(h, "Clear");
    html_end(h, "button");
    html_start(h, "output");
    html_attribute(h, "id", "found");
    html_attribute(h, "role", "status");
    html_end(h, "output");
    html_end(h, "div");
}

void report_page_start(struct html *h, const struct report *r)
{
    html_start(h, "html");
    html_attribute(h, "lang", "en");
    write_head(h, r);
    html_start(h, "body");
    html_start(h, "a");
    html_attribute(h, "class", "skip");
    html_attribute(h, "href", "#main");
    html_text(h, "To the contents");
    html_end(h, "a");
    report_head(h, r);
    html_start(h, "div");
    html_attribute(h, "class", "bar");
    write_ways(h, r);
    write_search(h);
    html_end(h, "div");
    html_start(h, "main");
    html_attribute(h, "id", "main");
}

void report_page_end(struct html *h)
{
    html_end(h, "main");
    html_start(h, "footer");
    html_elementf(h, "p", NULL, "Written by kdwalk %s. Times are UTC.", KDWALK_VERSION);
    html_end(h, "footer");
    html_start(h, "script");
    html_raw(h, report_js, report_js_len);
    html_end(h, "script");
    html_end(h, "body");
    html_end(h, "html");
}
