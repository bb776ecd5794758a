#include <kdproto/kdnet_key.h>

#include <string.h>

enum {
    WORDS = 4,
    WORD_LEN = 8,         /* bytes that a word fills in the key */
    WORD_DIGITS_MAX = 13, /* 36^12 < 2^64 < 36^13 */
};

/* There is no table of primitives here yet, so the words on our stack are overwritten by hand. */
static void forget(void *secret, size_t len)
{
    volatile uint8_t *at = secret;

    while (len-- > 0)
        *at++ = 0;
}

/* Capital letters are taken for small ones: targets fold their load options [guess]. */
static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'Z')
        return c - 'A' + 10;
    return -1;
}

/* NULL, or the rule that the word breaks: a phrase that continues "word 2 ". */
static const char *word_of(const char *text, size_t len, uint64_t *out)
{
    uint64_t word = 0;

    if (len == 0)
        return "is empty";
    if (len > WORD_DIGITS_MAX)
        return "has more than 13 digits";
    for (size_t i = 0; i < len; i++) {
        int digit = digit_of(text[i]);

        if (digit < 0)
            return "has a character other than 0-9 and a-z";
        if (word > (UINT64_MAX - (unsigned)digit) / 36)
            return "does not fit in 64 bits";
        word = word * 36 + (unsigned)digit;
    }
    *out = word;
    return NULL;
}

static enum kd_status words_of(const char *text, size_t len, struct kd_diag *diag,
                               uint64_t words[WORDS])
{
    size_t at = 0;

    for (int i = 0; i < WORDS; i++) {
        const char *dot = at < len ? memchr(text + at, '.', len - at) : NULL;
        size_t word_len = dot ? (size_t)(dot - text) - at : len - at;
        const char *broken = word_of(text + at, word_len, &words[i]);

        if (broken)
            return kd_diag_set(diag, KD_ERR_USAGE, "key: word %d %s", i + 1, broken);
        if (i < WORDS - 1 && !dot)
            return kd_diag_set(diag, KD_ERR_USAGE, "key: %d of 4 words separated by dots", i + 1);
        if (i == WORDS - 1 && dot)
            return kd_diag_set(diag, KD_ERR_USAGE, "key: more than 4 words");
        at += word_len + 1;
    }
    return KD_OK;
}

enum kd_status kdnet_key_parse(const char *text, size_t len, struct kd_diag *diag,
                               struct kdnet_key *out)
{
    uint64_t words[WORDS] = {0};
    enum kd_status st = words_of(text, len, diag, words);

    if (st == KD_OK && (words[0] | words[1] | words[2] | words[3]) == 0) /* targets refuse it */
        st = kd_diag_set(diag, KD_ERR_USAGE, "key: all four words are zero");
    if (st == KD_OK)
        for (size_t i = 0; i < KD_KEY_LEN; i++)
            out->bytes[i] = (uint8_t)(words[i / WORD_LEN] >> (8 * (i % WORD_LEN)));
    forget(words, sizeof words);
    return st;
}
