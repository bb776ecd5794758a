/* bench_recording.c - how fast a recording is indexed, what memory that takes, what recording costs.
 *
 * The recordings are of the lab's target, written by kdt_recorder (lab_recording.h). Index means
 * kdt_recorded_target_open: what `kdwalk -r` does before it prints. Beside each stands, in the same
 * rounds, what no way of indexing can do without:
 *   - a stream: the file's bytes read, and each of them added up, as the protocol's checksums want;
 *   - KDNET: HMAC and AES over the same datagrams, already in memory, by OpenSSL with all contexts and
 *     keys set up once, and nothing else; also by the functions that kdwalk has for it.
 * Printed are the best of three rounds. All files are in the page cache.
 *
 * usage: bench_recording [SERIAL_MIB [KDNET_MIB]] */
#define _GNU_SOURCE

#include "bench.h"
#include "lab_recording.h"

#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <transport/capture_file.h>
#include <transport/crypto_openssl.h>
#include <transport/recorded_target.h>
#include <transport/recorder.h>
#include <unistd.h>

enum {
    MIB = 1024 * 1024,
    SERIAL_MIB = 1024,
    KDNET_MIB = 256,
    SMALL_MIB = 64,
    MIB_MAX = 64 * 1024,
    ROUNDS = 3,
    SERIAL_READ = 3944, /* the most that fits a packet of a byte stream */
    SERIAL_LINE = 256,  /* what a walk over one asks for mostly */
    KDNET_READ = 1024,
    TAG_LEN = 16, /* of a KDNET datagram: 6 clear bytes, ciphertext, tag */
    CLEAR_LEN = 6,
    CONTROL_FLAG = 1,
};

/* The best round. */
static void keep_best(double *best, double seconds)
{
    if (*best == 0 || seconds < *best)
        *best = seconds;
}

/* ---- index ---- */

static uint64_t index_file(const char *path, const struct kdnet_key *key)
{
    struct kd_diag diag;
    struct kdt_recorded_target_opts opts = {.recording = {.path = path, .key = key, .diag = &diag},
                                            .needs_kernel = true};
    struct kdt_recorded_target *target;
    uint64_t distinct;

    kd_diag_clear(&diag);
    if (kdt_recorded_target_open(&opts, &target) != KD_OK)
        bench_fail("index", diag.text);
    if (kdt_recorded_target_facts(target)->end != KD_OK)
        bench_fail("index", "the recording breaks off");
    distinct = kdt_recorded_memory_bytes(kdt_recorded_target_virtual(target));
    kdt_recorded_target_close(target);
    return distinct;
}

static double time_index(const char *path, const struct kdnet_key *key)
{
    double begin = bench_now_s();

    index_file(path, key);
    return bench_now_s() - begin;
}

/* ---- a stream ---- */

static double time_read(const char *path, bool adds_up)
{
    static uint8_t buf[MIB];
    static volatile uint32_t sink;
    int fd = open(path, O_RDONLY);
    double begin = bench_now_s();
    uint32_t sum = 0;
    ssize_t n;

    if (fd < 0)
        bench_die(path);
    while ((n = read(fd, buf, sizeof buf)) > 0)
        for (ssize_t i = 0; adds_up && i < n; i++)
            sum += buf[i];
    if (n < 0)
        bench_die(path);
    sink = sum;
    (void)sink;
    close(fd);
    return bench_now_s() - begin;
}

static void print_rate(const char *what, double bytes, double seconds)
{
    printf("  %-26s %7.0f MB/s\n", what, bytes / seconds / 1e6);
}

static void measure_stream(uint64_t mib, uint32_t read_len)
{
    const struct bench_file file = bench_temp_file();
    const struct lab_recording_opts opts = {
        .path = file.path, .carrier = LAB_OVER_STREAM, .read_len = read_len, .file_len = mib * MIB};
    struct lab_recording made = lab_recording_make(&opts);
    double read_s = 0, sum_s = 0, index_s = 0;

    for (int i = 0; i < ROUNDS; i++) {
        keep_best(&read_s, time_read(file.path, false));
        keep_best(&sum_s, time_read(file.path, true));
        keep_best(&index_s, time_index(file.path, NULL));
    }
    printf("recording, serial: %" PRIu64 " MiB, %" PRIu64 " packets, reads of %" PRIu32 " bytes\n",
           mib, made.packets, read_len);
    print_rate("read alone", (double)made.file_len, read_s);
    print_rate("read and add up", (double)made.file_len, sum_s);
    print_rate("index (aim: 500)", (double)made.file_len, index_s);
}

/* ---- KDNET ---- */

struct sealed { /* all datagrams of a file, one after the other */
    uint8_t *bytes;
    size_t len, count;
    uint32_t *lens;
};

static struct sealed load(const char *path, const struct lab_recording *made)
{
    struct sealed s = {.bytes = malloc(made->file_len),
                       .lens = calloc(made->packets, sizeof *s.lens)};
    struct kdt_capture *capture;
    struct kdt_datagram d;
    struct kd_diag diag;

    kd_diag_clear(&diag);
    if (!s.bytes || !s.lens)
        bench_die("datagrams");
    if (kdt_capture_open(path, &diag, &capture) != KD_OK)
        bench_fail(path, diag.text);
    while (kdt_capture_next(capture, &d) == KD_OK) {
        memcpy(s.bytes + s.len, d.payload.data, d.payload.len);
        s.lens[s.count++] = (uint32_t)d.payload.len;
        s.len += d.payload.len;
    }
    kdt_capture_close(capture);
    if (s.count != made->packets)
        bench_fail(path, "datagrams are missing");
    return s;
}

/* What it takes to decrypt one datagram, and to compare its tag. */
struct opener {
    const uint8_t *control_key, *data_key, *mac_key;
    EVP_MAC_CTX *mac;
    EVP_CIPHER_CTX *control, *data; /* a key each */
    struct kdt_crypto *crypto;
};

static EVP_CIPHER_CTX *create_cipher(const uint8_t key[LAB_KEY_LEN])
{
    static const uint8_t iv[TAG_LEN];
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    if (!ctx || EVP_DecryptInit_ex2(ctx, EVP_aes_256_cbc(), key, iv, NULL) != 1 ||
        EVP_CIPHER_CTX_set_padding(ctx, 0) != 1)
        bench_fail("OpenSSL", "AES");
    return ctx;
}

static EVP_MAC_CTX *create_mac(const uint8_t key[LAB_KEY_LEN])
{
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                 OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);

    if (!ctx || EVP_MAC_init(ctx, key, LAB_KEY_LEN, params) != 1)
        bench_fail("OpenSSL", "HMAC");
    EVP_MAC_free(mac);
    return ctx;
}

typedef bool open_fn(const struct opener *o, const uint8_t *datagram, size_t len, uint8_t *plain,
                     uint8_t mac[LAB_KEY_LEN]);

static bool open_with_openssl(const struct opener *o, const uint8_t *datagram, size_t len,
                              uint8_t *plain, uint8_t mac[LAB_KEY_LEN])
{
    EVP_CIPHER_CTX *aes = datagram[5] & CONTROL_FLAG ? o->control : o->data;
    int sealed_len = (int)len - CLEAR_LEN - TAG_LEN, plain_len;
    size_t mac_len;

    return EVP_DecryptInit_ex2(aes, NULL, NULL, datagram + len - TAG_LEN, NULL) == 1 &&
           EVP_DecryptUpdate(aes, plain, &plain_len, datagram + CLEAR_LEN, sealed_len) == 1 &&
           plain_len == sealed_len && EVP_MAC_init(o->mac, NULL, 0, NULL) == 1 &&
           EVP_MAC_update(o->mac, datagram, CLEAR_LEN) == 1 &&
           EVP_MAC_update(o->mac, plain, (size_t)plain_len) == 1 &&
           EVP_MAC_final(o->mac, mac, &mac_len, LAB_KEY_LEN) == 1;
}

static bool open_with_kdwalk(const struct opener *o, const uint8_t *datagram, size_t len,
                             uint8_t *plain, uint8_t mac[LAB_KEY_LEN])
{
    const struct kd_crypto *c = kdt_crypto_table(o->crypto);
    const uint8_t *key = datagram[5] & CONTROL_FLAG ? o->control_key : o->data_key;
    size_t sealed_len = len - CLEAR_LEN - TAG_LEN;
    const struct kd_span parts[] = {{datagram, CLEAR_LEN}, {plain, sealed_len}};

    return c->aes256_cbc_decrypt(c->self, key, datagram + len - TAG_LEN, datagram + CLEAR_LEN,
                                 plain, sealed_len) == KD_OK &&
           c->hmac_sha256(c->self, o->mac_key, parts, 2, mac) == KD_OK;
}

static double time_opening(const struct opener *o, open_fn *open, const struct sealed *s)
{
    static uint8_t plain[LAB_DATAGRAM_MAX];
    double begin = bench_now_s();
    const uint8_t *at = s->bytes;

    for (size_t i = 0; i < s->count; at += s->lens[i++]) {
        uint8_t mac[LAB_KEY_LEN];

        if (!open(o, at, s->lens[i], plain, mac) ||
            CRYPTO_memcmp(mac, at + s->lens[i] - TAG_LEN, TAG_LEN) != 0)
            bench_fail("KDNET", "a datagram does not verify");
    }
    return bench_now_s() - begin;
}

static struct opener create_opener(const uint8_t *control_key, const uint8_t *data_key,
                                   const uint8_t *mac_key)
{
    struct opener o = {.control_key = control_key, .data_key = data_key, .mac_key = mac_key};

    o.mac = create_mac(mac_key);
    o.control = create_cipher(control_key);
    o.data = create_cipher(data_key);
    if (kdt_crypto_create(&o.crypto) != KD_OK)
        bench_fail("KDNET", "no crypto");
    return o;
}

static void destroy_opener(struct opener *o)
{
    kdt_crypto_destroy(o->crypto);
    EVP_CIPHER_CTX_free(o->data);
    EVP_CIPHER_CTX_free(o->control);
    EVP_MAC_CTX_free(o->mac);
}

static void print_ratio(const char *what, double seconds, double index_s)
{
    printf("  %-26s %7.2f\n", what, seconds / index_s);
}

static void measure_kdnet(uint64_t mib)
{
    const struct bench_file file = bench_temp_file();
    const struct lab_recording_opts opts = {.path = file.path,
                                            .carrier = LAB_OVER_KDNET,
                                            .read_len = KDNET_READ,
                                            .file_len = mib * MIB,
                                            .key = {1, [8] = 2, [16] = 3, [24] = 4}};
    struct lab_recording made = lab_recording_make(&opts);
    struct sealed sealed = load(file.path, &made);
    uint8_t mac_key[LAB_KEY_LEN];
    struct opener opener;
    struct kdnet_key key;
    double openssl_s = 0, own_s = 0, index_s = 0;

    memcpy(key.bytes, opts.key, sizeof key.bytes);
    for (size_t i = 0; i < LAB_KEY_LEN; i++)
        mac_key[i] = (uint8_t)~opts.key[i];
    opener = create_opener(opts.key, made.data_key, mac_key);
    for (int i = 0; i < ROUNDS; i++) {
        keep_best(&openssl_s, time_opening(&opener, open_with_openssl, &sealed));
        keep_best(&own_s, time_opening(&opener, open_with_kdwalk, &sealed));
        keep_best(&index_s, time_index(file.path, &key));
    }
    printf("recording, KDNET: %" PRIu64 " MiB, %zu datagrams, reads of %d bytes\n", mib,
           sealed.count, KDNET_READ);
    print_rate("HMAC and AES alone", (double)sealed.len, openssl_s);
    print_rate("the same by kdwalk", (double)sealed.len, own_s);
    print_rate("index", (double)sealed.len, index_s);
    print_ratio("of the first (aim: 0.70)", openssl_s, index_s);
    print_ratio("of the second", own_s, index_s);
    destroy_opener(&opener);
    free(sealed.bytes);
    free(sealed.lens);
}

/* ---- memory ---- */

static long most_kib(void)
{
    struct rusage used;

    if (getrusage(RUSAGE_SELF, &used) < 0)
        bench_die("getrusage");
    return used.ru_maxrss;
}

struct growth {
    long kib; /* the most that indexing took beyond what was there before */
    uint64_t distinct;
};

/* In a process of its own, whose most is that of indexing and of nothing else. */
static struct growth grow(const char *path)
{
    struct growth g = {0};
    int ends[2];
    pid_t child;

    malloc_trim(0); /* what this process has freed, the other would have for nothing */
    if (pipe(ends) < 0)
        bench_die("pipe");
    child = fork();
    if (child < 0)
        bench_die("fork");
    if (child == 0) {
        long before = most_kib();

        g.distinct = index_file(path, NULL);
        g.kib = most_kib() - before;
        _exit(write(ends[1], &g, sizeof g) == sizeof g ? 0 : 1);
    }
    close(ends[1]);
    if (read(ends[0], &g, sizeof g) != sizeof g)
        bench_fail("memory", "indexing failed");
    close(ends[0]);
    waitpid(child, NULL, 0);
    return g;
}

static void measure_memory(uint64_t mib)
{
    const struct bench_file file = bench_temp_file();
    const struct lab_recording_opts opts = {.path = file.path,
                                            .carrier = LAB_OVER_STREAM,
                                            .read_len = SERIAL_READ,
                                            .file_len = mib * MIB};
    struct growth g;

    lab_recording_make(&opts);
    g = grow(file.path);
    printf("  %6" PRIu64 " MiB: grows by %6.1f MiB, for %.1f MiB of distinct bytes\n", mib,
           (double)g.kib / 1024, (double)g.distinct / MIB);
}

/* ---- recording ---- */

enum { RECORDED_REQUESTS = 50000, REQUEST_PACKETS = 4 };

/* Request, acknowledgement, reply, acknowledgement, as they go over the wire. */
static double time_recorder(bool is_stream, const size_t lens[REQUEST_PACKETS])
{
    static const struct kdt_endpoint host = {{[10] = 0xFF, [11] = 0xFF, 10, 0, 0, 1}, 50000};
    static const struct kdt_endpoint target = {{[10] = 0xFF, [11] = 0xFF, 10, 0, 0, 2}, 51111};
    static const uint8_t bytes[LAB_DATAGRAM_MAX];
    const struct bench_file file = bench_temp_file();
    const struct kdt_recorder_opts opts = {.path = file.path};
    struct kdt_recorder *recorder;
    struct kd_diag diag;
    double begin;

    kd_diag_clear(&diag);
    if (kdt_recorder_create(&opts, &diag, &recorder) != KD_OK)
        bench_fail(file.path, diag.text);
    begin = bench_now_s();
    for (int i = 0; i < RECORDED_REQUESTS * REQUEST_PACKETS; i++) {
        struct kd_span span = {bytes, lens[i % REQUEST_PACKETS]};
        bool from_host = i % REQUEST_PACKETS == 0 || i % REQUEST_PACKETS == 3;

        if (is_stream)
            kdt_recorder_bytes(recorder, from_host, span);
        else
            kdt_recorder_datagram(recorder, from_host ? &host : &target,
                                  from_host ? &target : &host, span);
    }
    begin = bench_now_s() - begin;
    kdt_recorder_destroy(recorder);
    return begin;
}

static void measure_recorder(void)
{
    static const size_t stream[REQUEST_PACKETS] = {73, 16, 16 + 56 + SERIAL_LINE + 1, 16};
    static const size_t sealed[REQUEST_PACKETS] = {118, 54, 1142, 54};
    double stream_s = 0, sealed_s = 0;

    for (int i = 0; i < ROUNDS; i++) {
        keep_best(&stream_s, time_recorder(true, stream));
        keep_best(&sealed_s, time_recorder(false, sealed));
    }
    printf("recording: what a packet costs while it is recorded\n");
    printf("  %-26s %7.0f ns\n", "of a stream",
           stream_s / (RECORDED_REQUESTS * REQUEST_PACKETS) * 1e9);
    printf("  %-26s %7.0f ns\n", "a datagram of KDNET",
           sealed_s / (RECORDED_REQUESTS * REQUEST_PACKETS) * 1e9);
}

static uint64_t size_of(const char *text)
{
    char *end;
    unsigned long long mib = strtoull(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || mib < 1 || mib > MIB_MAX)
        bench_fail(text, "is no number of MiB");
    return mib;
}

int main(int argc, char **argv)
{
    uint64_t serial_mib = argc > 1 ? size_of(argv[1]) : SERIAL_MIB;
    uint64_t kdnet_mib = argc > 2 ? size_of(argv[2]) : KDNET_MIB;

    if (argc > 3) {
        fprintf(stderr, "usage: bench_recording [SERIAL_MIB [KDNET_MIB]]\n");
        return 2;
    }
    measure_stream(serial_mib, SERIAL_READ);
    measure_stream(kdnet_mib, SERIAL_LINE);
    measure_kdnet(kdnet_mib);
    printf("recording: memory while it is indexed\n");
    measure_memory(SMALL_MIB);
    measure_memory(serial_mib);
    measure_recorder();
    return 0;
}
