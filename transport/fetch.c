#include <transport/fetch.h>
#include <transport/part_file.h>

#include <curl/curl.h>
#include <uv.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TRIES_MAX = 4,
    REDIRECTS_MAX = 10,
    CONNECT_TIMEOUT_S = 15,
    STALL_BYTES_PER_S = 1024,
    STALL_S = 30,
    PAUSE_MS = 1000,
    RETRY_AFTER_MAX_S = 60, /* who asks for more is not waited for longer */
    NAP_MS = 100,           /* within a pause: how soon a wish to stop is seen */
    ETAG_MAX = 256,         /* longer ones are not kept: the next try starts over */
    URL_SHOWN_MAX = 384,
};

struct fetch {
    const struct kdt_fetch_opts *opts;
    char shown[URL_SHOWN_MAX];
    struct kdt_part_file part;
    CURL *curl;
    char curl_says[CURL_ERROR_SIZE];
    uint64_t have;       /* bytes of it so far */
    char etag[ETAG_MAX]; /* of the file that they are of; empty: nobody could say */
    /* Of one try: */
    uint64_t asked_from;
    bool has_begun;         /* a body that belongs into the file */
    bool is_encoded;        /* then lengths on the wire are not those of the file */
    enum kd_status failure; /* why the transfer was ended from in here; said in diag */
};

/* ---- what is shown of a URL ---- */

/* A query may be a signature, and what stands before '@' a password. */
static void show_url(const char *url, char shown[URL_SHOWN_MAX])
{
    const char *colon = strstr(url, "://");
    const char *host = colon ? colon + 3 : url;
    size_t host_len = strcspn(host, "/?#");
    const char *at = NULL;

    for (size_t i = 0; i < host_len; i++)
        if (host[i] == '@')
            at = host + i + 1;
    snprintf(shown, URL_SHOWN_MAX, "%.*s%.*s", (int)(host - url), url,
             (int)strcspn(at ? at : host, "?#"), at ? at : host);
}

static enum kd_status begin_anew(struct fetch *f)
{
    f->have = 0;
    f->etag[0] = '\0';
    return kdt_part_file_restart(&f->part);
}

/* ---- one response ---- */

static bool header_of(const struct fetch *f, const char *name, const char **value)
{
    struct curl_header *h;

    if (curl_easy_header(f->curl, name, 0, CURLH_HEADER, -1, &h) != CURLHE_OK)
        return false;
    *value = h->value;
    return true;
}

static long status_of(const struct fetch *f)
{
    long code = 0;

    curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &code);
    return code;
}

/* "bytes 1000-1999/2000" */
static bool goes_on_where_we_are(const struct fetch *f)
{
    const char *range;
    char *end;

    if (!header_of(f, "Content-Range", &range) || strncmp(range, "bytes ", 6) != 0)
        return false;
    return strtoull(range + 6, &end, 10) == f->have && *end == '-';
}

/* What lets the next try go on where this one will have stopped. */
static void keep_etag(struct fetch *f)
{
    const char *etag;

    if (f->is_encoded || !header_of(f, "ETag", &etag))
        return;
    if (etag[0] == '"' && strlen(etag) < sizeof f->etag) /* W/"..." is a weak one */
        snprintf(f->etag, sizeof f->etag, "%s", etag);
}

/* The first bytes of a body, or an empty one. */
static enum kd_status begin_body(struct fetch *f)
{
    const char *encoding;
    long code = status_of(f);

    if (code == 206) {
        if (f->asked_from == 0 || !goes_on_where_we_are(f))
            return kd_diag_set(f->opts->diag, KD_ERR_MALFORMED,
                               "%s: the server sends another part than was asked for", f->shown);
    } else if (f->have > 0) {
        enum kd_status st =
            begin_anew(f); /* it is another file now, or the server knows no parts */

        if (st != KD_OK)
            return st;
    }
    f->has_begun = true;
    f->is_encoded = header_of(f, "Content-Encoding", &encoding);
    keep_etag(f);
    return KD_OK;
}

static bool is_wanted(long code)
{
    return code == 200 || code == 206;
}

static enum kd_status take_body(struct fetch *f, const char *bytes, size_t len)
{
    uint64_t max = f->opts->size_max ? f->opts->size_max : KDT_FETCH_SIZE_MAX;
    enum kd_status st = f->has_begun ? KD_OK : begin_body(f);

    if (st != KD_OK)
        return st;
    if (len > max - f->have)
        return kd_diag_set(f->opts->diag, KD_ERR_LIMIT, "%s: larger than %" PRIu64 " MiB", f->shown,
                           max >> 20);
    errno = 0;
    if (fwrite(bytes, 1, len, f->part.file) != len)
        return kdt_part_file_failed(&f->part, "cannot be written");
    f->have += len;
    return KD_OK;
}

static size_t on_body(char *bytes, size_t one, size_t len, void *ctx)
{
    struct fetch *f = ctx;

    (void)one; /* is 1 [doc] */
    if (!is_wanted(status_of(f)))
        return CURL_WRITEFUNC_ERROR; /* nobody reads what an error looks like */
    f->failure = take_body(f, bytes, len);
    return f->failure == KD_OK ? len : CURL_WRITEFUNC_ERROR;
}

static bool may_go_on(struct fetch *f, uint64_t total)
{
    const struct kdt_fetch_opts *o = f->opts;

    if (f->failure == KD_OK && o->on_progress && !o->on_progress(o->ctx, f->have, total))
        f->failure = kd_diag_set(o->diag, KD_ERR_CANCELLED, "%s: cancelled", f->shown);
    return f->failure == KD_OK;
}

static int on_transfer(void *ctx, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up)
{
    struct fetch *f = ctx;
    bool is_known = f->has_begun && !f->is_encoded && total > 0;

    (void)now;
    (void)up_total;
    (void)up;
    return may_go_on(f, is_known ? f->asked_from + (uint64_t)total : 0) ? 0 : 1;
}

/* ---- one try ---- */

/* Ask for what is missing, if the server can tell us that the file is the same; else for all. */
static struct curl_slist *ask(struct fetch *f)
{
    char range[64], same[ETAG_MAX + 16];
    struct curl_slist *first, *both;

    f->asked_from = f->etag[0] ? f->have : 0;
    curl_easy_setopt(f->curl, CURLOPT_HTTPHEADER, NULL);
    /* Ranges count bytes as they are on the wire. */
    curl_easy_setopt(f->curl, CURLOPT_ACCEPT_ENCODING, f->asked_from ? NULL : "");
    if (f->asked_from == 0)
        return NULL;
    snprintf(range, sizeof range, "Range: bytes=%" PRIu64 "-", f->asked_from);
    snprintf(same, sizeof same, "If-Range: %s", f->etag);
    first = curl_slist_append(NULL, range);
    both = first ? curl_slist_append(first, same) : NULL;
    if (!both) { /* no memory for a part: all of it, then */
        curl_slist_free_all(first);
        f->asked_from = 0;
        return NULL;
    }
    curl_easy_setopt(f->curl, CURLOPT_HTTPHEADER, both);
    return both;
}

/* A failure before any answer, or in the middle of one. */
static enum kd_status judge_transfer(struct fetch *f, CURLcode code, bool *may_try_again)
{
    const char *why = f->curl_says[0] ? f->curl_says : curl_easy_strerror(code);
    enum kd_status st = KD_ERR_IO;

    switch (code) {
    case CURLE_OUT_OF_MEMORY:
        return KD_ERR_NO_MEMORY;
    case CURLE_FILESIZE_EXCEEDED:
        st = KD_ERR_LIMIT;
        break;
    case CURLE_URL_MALFORMAT:
        st = KD_ERR_USAGE;
        break;
    case CURLE_OPERATION_TIMEDOUT:
        st = KD_ERR_TIMEOUT;
        *may_try_again = true;
        break;
    case CURLE_COULDNT_CONNECT:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_SSL_CONNECT_ERROR:
        *may_try_again = true;
        break;
    default: /* a name that nobody knows, a certificate: asking again would change nothing */
        break;
    }
    return kd_diag_set(f->opts->diag, st, "%s: %s", f->shown, why);
}

static enum kd_status judge_answer(struct fetch *f, bool *may_try_again)
{
    struct kd_diag *diag = f->opts->diag;
    long code = status_of(f);

    if (is_wanted(code))
        return f->has_begun ? KD_OK : begin_body(f);
    switch (code) {
    case 404:
    case 410:
        return kd_diag_set(diag, KD_ERR_NOT_FOUND, "%s: the server does not have it", f->shown);
    case 401:
    case 403:
        return kd_diag_set(diag, KD_ERR_IO, "%s: the server wants a login (status %ld)", f->shown,
                           code);
    case 407:
        return kd_diag_set(diag, KD_ERR_IO, "%s: the proxy wants a login (status 407)", f->shown);
    case 416: /* not that part: all of it, then */
        f->etag[0] = '\0';
        *may_try_again = f->asked_from > 0;
        break;
    default:
        *may_try_again = code == 408 || code == 429 || code >= 500;
        break;
    }
    return kd_diag_set(diag, KD_ERR_IO, "%s: the server answers with status %ld", f->shown, code);
}

static enum kd_status try_once(struct fetch *f, bool *may_try_again)
{
    struct curl_slist *headers = ask(f);
    CURLcode code;

    f->has_begun = false;
    f->is_encoded = false;
    f->failure = KD_OK;
    f->curl_says[0] = '\0';
    *may_try_again = false;
    code = curl_easy_perform(f->curl);
    curl_easy_setopt(f->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    if (f->failure != KD_OK)
        return f->failure;
    if (code != CURLE_OK && code != CURLE_WRITE_ERROR) /* the latter is an answer cut short by us */
        return judge_transfer(f, code, may_try_again);
    return judge_answer(f, may_try_again);
}

/* ---- all of it ---- */

/* False: nobody wants it any more. */
static bool pause_before(struct fetch *f, unsigned try_number)
{
    uint64_t ms = (uint64_t)(f->opts->pause_ms ? f->opts->pause_ms : PAUSE_MS) << (try_number - 1);
    curl_off_t asked_s = 0;

    curl_easy_getinfo(f->curl, CURLINFO_RETRY_AFTER, &asked_s);
    if (asked_s > RETRY_AFTER_MAX_S)
        asked_s = RETRY_AFTER_MAX_S;
    if ((uint64_t)asked_s * 1000 > ms)
        ms = (uint64_t)asked_s * 1000;
    for (; ms > 0 && may_go_on(f, 0); ms -= ms < NAP_MS ? ms : NAP_MS)
        uv_sleep(ms < NAP_MS ? (unsigned)ms : NAP_MS);
    return f->failure == KD_OK;
}

/* Each try starts at the URL that was given: what a redirect led to may have expired. */
static enum kd_status transfer(struct fetch *f)
{
    bool may_try_again = true;
    enum kd_status st = KD_OK;
    unsigned tries = 0;

    while (tries < TRIES_MAX && may_try_again) {
        if (tries > 0 && !pause_before(f, tries))
            return f->failure;
        st = try_once(f, &may_try_again);
        tries++;
    }
    if (st != KD_OK && tries > 1)
        kd_diag_add(f->opts->diag, st, "after %u tries", tries);
    return st;
}

static bool begins_with_http_alone(const char *url)
{
    return (url[0] == 'h' || url[0] == 'H') && strlen(url) > 4 && url[4] == ':';
}

static enum kd_status set_up(struct fetch *f)
{
    const struct kdt_fetch_opts *o = f->opts;
    const char *protocols = begins_with_http_alone(o->url) ? "http,https" : "https";
    CURL *curl = curl_easy_init();

    if (!curl)
        return KD_ERR_NO_MEMORY;
    f->curl = curl;
    /* Of all that is set only these can fail: they copy. */
    if (curl_easy_setopt(curl, CURLOPT_URL, o->url) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, protocols) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_USERAGENT, o->user_agent ? o->user_agent : "kdwalk") !=
            CURLE_OK)
        return KD_ERR_NO_MEMORY;
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, f->curl_says);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES_PER_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)(o->stall_s ? o->stall_s : STALL_S));
    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE,
                     (curl_off_t)(o->size_max ? o->size_max : KDT_FETCH_SIZE_MAX));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, f);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_transfer);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, f);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    return KD_OK;
}

static enum kd_status fetch_and_publish(struct fetch *f)
{
    const struct kdt_fetch_opts *o = f->opts;
    enum kd_status st = set_up(f);

    if (st == KD_OK) /* a folder that takes no file is told before the network is touched */
        st = kdt_part_file_create(o->path, o->diag, &f->part);
    if (st == KD_OK)
        st = transfer(f);
    if (st == KD_OK)
        st = kdt_part_file_close(&f->part);
    if (st == KD_OK) {
        st = o->check(o->ctx, f->part.part, o->diag);
        if (st != KD_OK)
            kd_diag_add(o->diag, st, "%s", f->shown);
    }
    return st == KD_OK ? kdt_part_file_publish(&f->part) : st;
}

enum kd_status kdt_fetch(const struct kdt_fetch_opts *opts)
{
    struct fetch f = {.opts = opts};
    enum kd_status st;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return kd_diag_set(opts->diag, KD_ERR_IO, "libcurl cannot be used");
    show_url(opts->url, f.shown);
    st = fetch_and_publish(&f);
    kdt_part_file_discard(&f.part);
    curl_easy_cleanup(f.curl);
    curl_global_cleanup();
    return st;
}
