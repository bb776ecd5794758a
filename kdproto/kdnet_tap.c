#include <kdproto/kdnet_tap.h>

#include <stdlib.h>
#include <string.h>

/* Only the last response need be kept when nothing is lost; while responses cross pokes the target
 * may use one before it. Older sessions are over. */
enum { KEYS_MAX = 4 };

struct kdnet_tap {
    const struct kd_crypto *crypto;
    struct kdnet_key key;
    uint8_t data_keys[KEYS_MAX][KD_KEY_LEN]; /* the one that is most likely in use first */
    size_t count;
    bool is_key_right, is_key_doubtful; /* a control datagram opened; one did not */
    uint8_t plain[KDNET_DATAGRAM_MAX];
};

enum kd_status kdnet_tap_create(const struct kd_crypto *crypto, const struct kdnet_key *key,
                                struct kdnet_tap **out)
{
    struct kdnet_tap *t = calloc(1, sizeof *t);

    if (!t)
        return KD_ERR_NO_MEMORY;
    t->crypto = crypto;
    t->key = *key;
    *out = t;
    return KD_OK;
}

void kdnet_tap_destroy(struct kdnet_tap *t)
{
    const struct kd_crypto *crypto;

    if (!t)
        return;
    crypto = t->crypto;
    crypto->wipe(crypto->self, t, sizeof *t);
    free(t);
}

/* Put a key in front of the first n others. */
static void put_first(struct kdnet_tap *t, const uint8_t key[KD_KEY_LEN], size_t n)
{
    memmove(t->data_keys[1], t->data_keys[0], n * KD_KEY_LEN);
    memcpy(t->data_keys[0], key, KD_KEY_LEN);
}

static void promote(struct kdnet_tap *t, size_t i)
{
    uint8_t key[KD_KEY_LEN];

    memcpy(key, t->data_keys[i], KD_KEY_LEN);
    put_first(t, key, i);
    t->crypto->wipe(t->crypto->self, key, sizeof key);
}

static enum kd_status learn(struct kdnet_tap *t, const uint8_t *response)
{
    uint8_t key[KD_KEY_LEN];
    enum kd_status st = kdnet_data_key(t->crypto, &t->key, response, key);
    size_t i = 0;

    if (st != KD_OK)
        return st;
    while (i < t->count && memcmp(t->data_keys[i], key, KD_KEY_LEN) != 0)
        i++;
    if (i == t->count && t->count < KEYS_MAX)
        t->count++;
    put_first(t, key, i < KEYS_MAX ? i : KEYS_MAX - 1);
    t->crypto->wipe(t->crypto->self, key, sizeof key);
    return KD_OK;
}

static enum kd_status open_data(struct kdnet_tap *t, const uint8_t *datagram, size_t len,
                                struct kdnet_datagram *out)
{
    enum kd_status st = t->is_key_doubtful && !t->is_key_right ? KD_ERR_AUTH : KD_ERR_NOT_FOUND;

    for (size_t i = 0; i < t->count; i++) {
        st = kdnet_open(t->crypto, &t->key, t->data_keys[i], datagram, len, t->plain, out);
        if (st == KD_OK && i > 0)
            promote(t, i);
        if (st != KD_ERR_AUTH)
            break;
    }
    return st;
}

enum kd_status kdnet_tap_open(struct kdnet_tap *t, const uint8_t *datagram, size_t len,
                              struct kdnet_datagram *out)
{
    struct kdnet_datagram d;
    enum kd_status st = kdnet_peek(datagram, len, &d);

    if (st != KD_OK)
        return st;
    if (!d.is_control)
        return open_data(t, datagram, len, out);
    st = kdnet_open(t->crypto, &t->key, t->key.bytes, datagram, len, t->plain, &d);
    if (st == KD_OK)
        t->is_key_right = true;
    else if (st == KD_ERR_AUTH)
        t->is_key_doubtful = true;
    if (st == KD_OK && d.from_host && kdnet_is_response(d.payload.data, d.payload.len))
        st = learn(t, d.payload.data);
    if (st == KD_OK)
        *out = d;
    return st;
}
