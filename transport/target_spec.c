#include <transport/target_spec.h>

#include <transport/crypto_openssl.h>

#include <string.h>
#include <uv.h>

enum { PORT_DIGITS_MAX = 5 };

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

static enum kd_status parse_port(struct text value, struct kd_diag *diag,
                                 struct kdt_target_spec *spec)
{
    uint32_t port = 0;

    if (spec->port)
        return kd_diag_set(diag, KD_ERR_USAGE, "port= is given twice");
    for (size_t i = 0; i < value.len && i <= PORT_DIGITS_MAX; i++) {
        if (value.at[i] < '0' || value.at[i] > '9')
            return kd_diag_set(diag, KD_ERR_USAGE, "port= wants a decimal number");
        port = port * 10 + (uint32_t)(value.at[i] - '0');
    }
    if (value.len > PORT_DIGITS_MAX || port < 1 || port > UINT16_MAX)
        return kd_diag_set(diag, KD_ERR_USAGE, "port= must be between 1 and 65535");
    spec->port = (uint16_t)port;
    return KD_OK;
}

static enum kd_status parse_key(struct text value, struct kd_diag *diag,
                                struct kdt_target_spec *spec)
{
    if (spec->has_key)
        return kd_diag_set(diag, KD_ERR_USAGE, "key= is given twice");
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

    if (spec->bind[0])
        return kd_diag_set(diag, KD_ERR_USAGE, "bind= is given twice");
    if (value.len < sizeof address)
        memcpy(address, value.at, value.len);
    if (!is_numeric_address(address))
        return kd_diag_set(diag, KD_ERR_USAGE,
                           "bind= wants a numeric IPv4 or IPv6 address of this machine, without "
                           "brackets, such as 192.168.2.1 or fe80::1%%eth0");
    memcpy(spec->bind, address, sizeof spec->bind);
    return KD_OK;
}

/* One name=value. What is not understood may be a key with its name forgotten or misspelt, so a
 * complaint counts options instead of repeating them. */
static enum kd_status parse_option(struct text option, unsigned number, struct kd_diag *diag,
                                   struct kdt_target_spec *spec)
{
    static const struct {
        const char *name;
        enum kd_status (*parse)(struct text, struct kd_diag *, struct kdt_target_spec *);
    } known[] = {{"port", parse_port}, {"key", parse_key}, {"bind", parse_bind}};
    struct text value;
    struct text name = cut(option, '=', &value);

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!is_word(name, known[i].name))
            continue;
        if (value.len == 0)
            return kd_diag_set(diag, KD_ERR_USAGE, "%s= has no value", known[i].name);
        return known[i].parse(value, diag, spec);
    }
    return kd_diag_set(
        diag, KD_ERR_USAGE,
        "option %u after net: is not known; there are port=, key= and bind=", number);
}

static enum kd_status parse_net(struct text options, struct kd_diag *diag,
                                struct kdt_target_spec *spec)
{
    enum kd_status st = KD_OK;

    for (unsigned number = 1; st == KD_OK && options.len; number++) {
        bool is_followed = memchr(options.at, ',', options.len) != NULL;

        st = parse_option(cut(options, ',', &options), number, diag, spec);
        if (st == KD_OK && is_followed && options.len == 0)
            st = kd_diag_set(diag, KD_ERR_USAGE, "nothing follows the last comma");
    }
    if (st == KD_OK && !spec->port)
        st = kd_diag_set(diag, KD_ERR_USAGE, "port= is missing: net:port=50000,key=w.x.y.z");
    return st;
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
        st = kd_diag_set(diag, KD_ERR_UNSUPPORTED,
                         "serial, pipe and TCP links (com:) are not built yet; net: is");
    else
        st = kd_diag_set(diag, KD_ERR_USAGE,
                         "a target begins with net: as in net:port=50000,key=w.x.y.z");
    if (st == KD_OK)
        *out = spec;
    kdt_target_spec_wipe(&spec);
    return st;
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
