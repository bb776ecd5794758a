#include <transport/target_spec.h>

#include "pipe.h"
#include "serial.h"
#include <transport/crypto_openssl.h>

#include <stdio.h>
#include <string.h>
#include <uv.h>

enum { BAUD_DEFAULT = 115200, PORT_DIGITS_MAX = 5, DIGITS_MAX = 9 };

/* What stands in a text so far: for options that are missing, or given twice. */
enum given {
    GIVEN_PORT = 1 << 0,
    GIVEN_KEY = 1 << 1,
    GIVEN_BIND = 1 << 2,
    GIVEN_BAUD = 1 << 3,
    GIVEN_IPPORT = 1 << 4,
    GIVEN_RESETS = 1 << 5,
    GIVEN_PIPE = 1 << 6,
    GIVEN_RECONNECT = 1 << 7,
    GIVEN_SERVER = 1 << 8,
};

struct text { /* a piece of the option's text: not NUL-terminated */
    const char *at;
    size_t len;
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* WinDbg's own examples write Key= as well as key= [doc], so case does not matter in names. */
static bool is_word(struct text t, const char *word)
{
    if (t.len != strlen(word))
        return false;
    for (size_t i = 0; i < t.len; i++)
        if (lower(t.at[i]) != word[i])
            return false;
    return true;
}

/* Cut t at the first separator: what stands before it, and in *rest what stands behind. */
static struct text cut(struct text t, char separator, struct text *rest)
{
    const char *end = t.len ? memchr(t.at, separator, t.len) : NULL;
    struct text front = t;

    *rest = (struct text){t.at + t.len, 0};
    if (end) {
        front.len = (size_t)(end - t.at);
        *rest = (struct text){end + 1, t.len - front.len - 1};
    }
    return front;
}

/* A decimal number of at most nine digits. */
static bool number_of(struct text t, uint32_t *out)
{
    uint32_t n = 0;

    if (t.len == 0 || t.len > DIGITS_MAX)
        return false;
    for (size_t i = 0; i < t.len; i++) {
        if (t.at[i] < '0' || t.at[i] > '9')
            return false;
        n = n * 10 + (uint32_t)(t.at[i] - '0');
    }
    *out = n;
    return true;
}

/* --- values --- */

static enum kd_status parse_port_number(struct text value, const char *name, struct kd_diag *diag,
                                        struct kdt_target_spec *spec)
{
    uint32_t port;

    if (value.len > PORT_DIGITS_MAX || !number_of(value, &port) || port < 1 || port > UINT16_MAX)
        return kd_diag_set(diag, KD_ERR_USAGE, "%s= wants a decimal number between 1 and 65535",
                           name);
    spec->port = (uint16_t)port;
    return KD_OK;
}

static enum kd_status parse_port(struct text value, struct kd_diag *diag,
                                 struct kdt_target_spec *spec)
{
    return parse_port_number(value, "port", diag, spec);
}

static enum kd_status parse_ipport(struct text value, struct kd_diag *diag,
                                   struct kdt_target_spec *spec)
{
    return parse_port_number(value, "ipport", diag, spec);
}

static enum kd_status parse_key(struct text value, struct kd_diag *diag,
                                struct kdt_target_spec *spec)
{
    return kdt_target_spec_set_key(spec, value.at, value.len, diag);
}

/* The part behind '%' of an IPv6 address names an interface; whether there is one shows on bind. */
static bool is_scope(const char *scope)
{
    return *scope && strspn(scope, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "._-:") == strlen(scope);
}

static bool is_numeric_address(const char *text)
{
    char address[KDT_ADDRESS_MAX];
    uint8_t ip[16];
    char *scope;

    if (uv_inet_pton(AF_INET, text, ip) == 0)
        return true;
    memcpy(address, text, sizeof address);
    scope = strchr(address, '%');
    if (scope) {
        *scope = '\0';
        if (!is_scope(scope + 1))
            return false;
    }
    return uv_inet_pton(AF_INET6, address, ip) == 0;
}

static enum kd_status parse_bind(struct text value, struct kd_diag *diag,
                                 struct kdt_target_spec *spec)
{
    char address[KDT_ADDRESS_MAX] = "";

    if (value.len < sizeof address)
        memcpy(address, value.at, value.len);
    if (!is_numeric_address(address))
        return kd_diag_set(diag, KD_ERR_USAGE,
                           "bind= wants a numeric IPv4 or IPv6 address of this machine, without "
                           "brackets, such as 192.168.2.1 or fe80::1%%eth0");
    memcpy(spec->bind, address, sizeof spec->bind);
    return KD_OK;
}

/* What it is - a device, a path, a host - is known only when all options are. */
static enum kd_status parse_place(struct text value, struct kd_diag *diag,
                                  struct kdt_target_spec *spec)
{
    if (value.len >= sizeof spec->place)
        return kd_diag_set(diag, KD_ERR_USAGE, "port= is longer than any name of a port or host");
    memcpy(spec->place, value.at, value.len);
    spec->place[value.len] = '\0';
    return KD_OK;
}

static enum kd_status parse_baud(struct text value, struct kd_diag *diag,
                                 struct kdt_target_spec *spec)
{
    uint32_t baud = 0;

    (void)number_of(value, &baud); /* no standard rate is 0 */
    spec->baud = baud;
    return kdt_serial_check_baud(baud, diag);
}

/* WinDbg sends so many RESETs when it connects; what is sent here depends on what the target does,
 * so 0 says no more than the truth, and other numbers have nothing to count. */
static enum kd_status parse_resets(struct text value, struct kd_diag *diag,
                                   struct kdt_target_spec *spec)
{
    uint32_t count;

    (void)spec;
    if (!number_of(value, &count))
        return kd_diag_set(diag, KD_ERR_USAGE, "resets= wants a decimal number");
    return KD_OK;
}

/* --- options --- */

struct option {
    const char *name;
    unsigned given; /* enum given */
    /* NULL: it has no value */
    enum kd_status (*parse)(struct text value, struct kd_diag *, struct kdt_target_spec *);
};

struct grammar {       /* one kind of link */
    const char *known; /* its options, as a complaint lists them */
    const struct option *options;
    size_t count;
};

static enum kd_status parse_value(const struct option *o, bool has_value, struct text value,
                                  struct kd_diag *diag, struct kdt_target_spec *spec)
{
    if (!o->parse)
        return has_value ? kd_diag_set(diag, KD_ERR_USAGE, "%s takes no value", o->name) : KD_OK;
    if (value.len == 0)
        return kd_diag_set(diag, KD_ERR_USAGE, "%s= has no value", o->name);
    return o->parse(value, diag, spec);
}

/* One name or name=value. What is not understood may be a key with its name forgotten or misspelt,
 * so a complaint counts options instead of repeating them. */
static enum kd_status parse_option(const struct grammar *g, struct text option, unsigned number,
                                   unsigned *given, struct kd_diag *diag,
                                   struct kdt_target_spec *spec)
{
    struct text value;
    struct text name = cut(option, '=', &value);

    for (size_t i = 0; i < g->count; i++) {
        const struct option *o = &g->options[i];

        if (!is_word(name, o->name))
            continue;
        if (*given & o->given)
            return kd_diag_set(diag, KD_ERR_USAGE, "%s%s is given twice", o->name,
                               o->parse ? "=" : "");
        *given |= o->given;
        return parse_value(o, name.len < option.len, value, diag, spec);
    }
    return kd_diag_set(diag, KD_ERR_USAGE, "option %u is not known; there are %s", number,
                       g->known);
}

static enum kd_status parse_options(const struct grammar *g, struct text options, unsigned *given,
                                    struct kd_diag *diag, struct kdt_target_spec *spec)
{
    enum kd_status st = KD_OK;

    *given = 0;
    for (unsigned number = 1; st == KD_OK && options.len; number++) {
        bool is_followed = memchr(options.at, ',', options.len) != NULL;

        st = parse_option(g, cut(options, ',', &options), number, given, diag, spec);
        if (st == KD_OK && is_followed && options.len == 0)
            st = kd_diag_set(diag, KD_ERR_USAGE, "nothing follows the last comma");
    }
    return st;
}

/* --- kinds of links --- */

static enum kd_status parse_net(struct text text, struct kd_diag *diag,
                                struct kdt_target_spec *spec)
{
    static const struct option options[] = {{"port", GIVEN_PORT, parse_port},
                                            {"key", GIVEN_KEY, parse_key},
                                            {"bind", GIVEN_BIND, parse_bind}};
    static const struct grammar net = {"port=, key= and bind= after net:", options, 3};
    unsigned given;
    enum kd_status st = parse_options(&net, text, &given, diag, spec);

    if (st == KD_OK && !(given & GIVEN_PORT))
        st = kd_diag_set(diag, KD_ERR_USAGE, "port= is missing: net:port=50000,key=w.x.y.z");
    return st;
}

/* None of these may stand in such a text. */
static enum kd_status allow_no(unsigned given, unsigned forbidden, const char *text,
                               struct kd_diag *diag)
{
    return given & forbidden ? kd_diag_set(diag, KD_ERR_USAGE, "%s", text) : KD_OK;
}

static enum kd_status finish_serial(unsigned given, struct kd_diag *diag,
                                    struct kdt_target_spec *spec)
{
    enum kd_status st;

    spec->kind = KDT_LINK_SERIAL;
    if (!(given & GIVEN_BAUD))
        spec->baud = BAUD_DEFAULT;
    st = allow_no(given, GIVEN_RECONNECT | GIVEN_SERVER | GIVEN_RESETS,
                  "reconnect, server and resets= are for pipes: com:pipe,port=/run/vm/com1.sock",
                  diag);
    return st == KD_OK ? kdt_serial_check_name(spec->place, diag) : st;
}

static enum kd_status finish_pipe(unsigned given, struct kd_diag *diag,
                                  struct kdt_target_spec *spec)
{
    enum kd_status st;

    spec->kind = KDT_LINK_PIPE;
    spec->reconnect = (given & GIVEN_RECONNECT) != 0;
    spec->is_server = (given & GIVEN_SERVER) != 0;
    st = allow_no(given, GIVEN_BAUD | GIVEN_IPPORT,
                  "baud= is for serial ports and ipport= for TCP: neither goes with pipe", diag);
    return st == KD_OK ? kdt_pipe_check_name(spec->place, diag) : st;
}

static bool is_host(const char *host)
{
    return *host && strspn(host, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "._-:%") == strlen(host);
}

static enum kd_status finish_tcp(unsigned given, struct kd_diag *diag, struct kdt_target_spec *spec)
{
    size_t len = strlen(spec->place);
    enum kd_status st;

    spec->kind = KDT_LINK_TCP;
    spec->reconnect = (given & GIVEN_RECONNECT) != 0;
    st = allow_no(given, GIVEN_BAUD | GIVEN_SERVER | GIVEN_RESETS,
                  "baud=, server and resets= do not go with ipport=", diag);
    if (st != KD_OK)
        return st;
    if (len > 2 && spec->place[0] == '[' && spec->place[len - 1] == ']') {
        memmove(spec->place, spec->place + 1, len - 2);
        spec->place[len - 2] = '\0';
    }
    if (!is_host(spec->place))
        return kd_diag_set(diag, KD_ERR_USAGE,
                           "beside ipport=, port= wants the name or address of a host: "
                           "com:ipport=5555,port=127.0.0.1");
    return KD_OK;
}

static enum kd_status parse_com(struct text text, struct kd_diag *diag,
                                struct kdt_target_spec *spec)
{
    static const struct option options[] = {{"port", GIVEN_PORT, parse_place},
                                            {"baud", GIVEN_BAUD, parse_baud},
                                            {"pipe", GIVEN_PIPE, NULL},
                                            {"ipport", GIVEN_IPPORT, parse_ipport},
                                            {"reconnect", GIVEN_RECONNECT, NULL},
                                            {"server", GIVEN_SERVER, NULL},
                                            {"resets", GIVEN_RESETS, parse_resets}};
    static const struct grammar com = {
        "port=, baud=, pipe, ipport=, reconnect, server and resets= after com:", options, 7};
    unsigned given;
    enum kd_status st = parse_options(&com, text, &given, diag, spec);

    if (st == KD_OK && !(given & GIVEN_PORT))
        st = kd_diag_set(diag, KD_ERR_USAGE, "port= is missing: %s",
                         given & GIVEN_PIPE     ? "com:pipe,port=/run/vm/com1.sock"
                         : given & GIVEN_IPPORT ? "com:ipport=5555,port=127.0.0.1"
                                                : "com:port=/dev/ttyS0,baud=115200");
    if (st != KD_OK)
        return st;
    if (given & GIVEN_PIPE)
        return finish_pipe(given, diag, spec);
    return given & GIVEN_IPPORT ? finish_tcp(given, diag, spec) : finish_serial(given, diag, spec);
}

enum kd_status kdt_target_spec_parse(const char *text, struct kd_diag *diag,
                                     struct kdt_target_spec *out)
{
    struct kdt_target_spec spec = {.kind = KDT_LINK_NET};
    struct text options;
    struct text link = cut((struct text){text, strlen(text)}, ':', &options);
    enum kd_status st;

    if (is_word(link, "net"))
        st = parse_net(options, diag, &spec);
    else if (is_word(link, "com"))
        st = parse_com(options, diag, &spec);
    else
        st = kd_diag_set(diag, KD_ERR_USAGE,
                         "a target begins with net: or com: as in net:port=50000,key=w.x.y.z, "
                         "com:port=/dev/ttyS0 or com:pipe,port=/run/vm/com1.sock");
    if (st == KD_OK)
        *out = spec;
    kdt_target_spec_wipe(&spec);
    return st;
}

void kdt_target_spec_place(const struct kdt_target_spec *spec, char text[KDT_PLACE_TEXT_MAX])
{
    const char *format = strchr(spec->place, ':') ? "[%s]:%u" : "%s:%u"; /* IPv6 holds colons */

    switch (spec->kind) {
    case KDT_LINK_NET:
        snprintf(text, KDT_PLACE_TEXT_MAX, "port %u", spec->port);
        break;
    case KDT_LINK_SERIAL:
    case KDT_LINK_PIPE:
        snprintf(text, KDT_PLACE_TEXT_MAX, "%s", spec->place);
        break;
    case KDT_LINK_TCP:
        snprintf(text, KDT_PLACE_TEXT_MAX, format, spec->place, spec->port);
        break;
    }
}

enum kd_status kdt_target_spec_set_key(struct kdt_target_spec *spec, const char *text, size_t len,
                                       struct kd_diag *diag)
{
    struct kdnet_key key;
    enum kd_status st;

    if (len && text[len - 1] == '\n')
        len -= len > 1 && text[len - 2] == '\r' ? 2 : 1;
    st = kdnet_key_parse(text, len, diag, &key);
    if (st != KD_OK)
        return st;
    spec->key = key;
    spec->has_key = true;
    kdt_wipe(&key, sizeof key);
    return KD_OK;
}

void kdt_target_spec_wipe(struct kdt_target_spec *spec)
{
    kdt_wipe(&spec->key, sizeof spec->key);
    spec->has_key = false;
}
