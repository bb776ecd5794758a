/* cmd_decode.c - every KDNET datagram of a capture, one line each, and what they amount to. */
#include "cli.h"
#include "describe.h"
#include "document.h"
#include "message.h"

#include <kdproto/kdnet_tap.h>
#include <kdproto/manipulate.h>
#include <transport/capture_file.h>
#include <transport/crypto_openssl.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct summary {
    uint64_t datagrams; /* with a KDNET header */
    uint64_t verified;
    uint64_t other_traffic;
    uint64_t by_kind[DESCRIBE_KINDS];
    uint64_t data_from_host, data_from_target;
    uint64_t requests_by_api[KD_API_COUNT];
    unsigned version; /* of the last verified one */
    uint64_t start_ns;
};

struct decoding {
    struct kdt_capture *capture;
    struct kdt_crypto *crypto;
    struct kdnet_tap *tap;
    struct summary sum;
    json_t *lines; /* with --json */
};

static void count(struct summary *sum, const struct kdnet_datagram *d,
                  const struct description *what)
{
    sum->verified++;
    sum->version = d->version;
    sum->by_kind[what->kind]++;
    if (!d->is_control)
        *(d->from_host ? &sum->data_from_host : &sum->data_from_target) += 1;
    if (what->kind == DESCRIBE_REQUEST && what->api >= KD_API_FIRST &&
        what->api < KD_API_FIRST + KD_API_COUNT)
        sum->requests_by_api[what->api - KD_API_FIRST]++;
}

static void emit_json(struct decoding *dec, const struct kdt_datagram *on_wire,
                      const struct kdnet_datagram *d, const char *text)
{
    json_t *line =
        json_pack("{s:I, s:I, s:b, s:s}", "number", (json_int_t)on_wire->number, "time_ns",
                  (json_int_t)on_wire->time_ns, "verified", d != NULL, "text", text);

    if (d) {
        document_put(line, "from", json_string(d->from_host ? "host" : "target"));
        document_put(line, "channel", json_string(d->is_control ? "control" : "data"));
        document_put(line, "sequence", json_integer((json_int_t)d->sequence));
    }
    document_add(dec->lines, line);
}

static void emit_text(const struct decoding *dec, const struct kdt_datagram *on_wire,
                      const struct kdnet_datagram *d, const char *text)
{
    /* Captures of several interfaces need not be in order of time. */
    int64_t ns = (int64_t)(on_wire->time_ns - dec->sum.start_ns);

    printf("%5" PRIu64 " %12.6f ", on_wire->number, (double)ns / 1e9);
    if (d)
        printf("%s %s %-4" PRIu64 " %s\n", d->from_host ? "H>T" : "T>H",
               d->is_control ? "control" : "data   ", d->sequence, text);
    else
        printf("?   %s\n", text);
}

static void emit(struct decoding *dec, const struct kdt_datagram *on_wire,
                 const struct kdnet_datagram *d, const char *text)
{
    if (dec->lines)
        emit_json(dec, on_wire, d, text);
    else
        emit_text(dec, on_wire, d, text);
}

static void decode_one(struct decoding *dec, const struct kdt_datagram *on_wire)
{
    struct kdnet_datagram d;
    struct description what;
    char refusal[96];
    char *text;
    enum kd_status st;

    st = kdnet_peek(on_wire->payload.data, on_wire->payload.len, &d);
    if (st == KD_ERR_TRUNCATED || st == KD_ERR_MALFORMED) {
        dec->sum.other_traffic++;
        return;
    }
    if (!dec->sum.datagrams++)
        dec->sum.start_ns = on_wire->time_ns;
    if (st == KD_OK)
        st = kdnet_tap_open(dec->tap, on_wire->payload.data, on_wire->payload.len, &d);
    if (st != KD_OK) {
        snprintf(refusal, sizeof refusal, "%zu bytes, not verified: %s", on_wire->payload.len,
                 st == KD_ERR_NOT_FOUND ? "its handshake is not in the capture"
                                        : kd_status_text(st));
        emit(dec, on_wire, NULL, refusal);
        return;
    }
    describe_datagram(&d, &what);
    count(&dec->sum, &d, &what);
    text = text_take(&what.text);
    emit(dec, on_wire, &d, text ? text : "?");
    free(text);
}

/* --- summary ----------------------------------------------------------------------------------- */

static void print_summary(const struct summary *sum)
{
    printf("\n%" PRIu64 " of %" PRIu64 " datagrams verified", sum->verified, sum->datagrams);
    if (sum->verified)
        printf(", KDNET version %u", sum->version);
    printf("\n%5" PRIu64 " data datagrams from the target\n%5" PRIu64
           " data datagrams from the host\n",
           sum->data_from_target, sum->data_from_host);
    for (int kind = 0; kind < DESCRIBE_KINDS; kind++)
        if (sum->by_kind[kind])
            printf("%5" PRIu64 " %s\n", sum->by_kind[kind], describe_kind_name(kind));
    for (uint32_t i = 0; i < KD_API_COUNT; i++)
        if (sum->requests_by_api[i])
            printf("      %5" PRIu64 " %s\n", sum->requests_by_api[i],
                   kd_api_name(KD_API_FIRST + i));
    if (sum->other_traffic)
        printf("%5" PRIu64 " datagrams of other traffic\n", sum->other_traffic);
}

static void print_document(struct decoding *dec)
{
    const struct summary *sum = &dec->sum;
    json_t *kinds = json_object();
    json_t *apis = json_object();

    for (int kind = 0; kind < DESCRIBE_KINDS; kind++)
        document_put(kinds, describe_kind_name(kind), json_integer((json_int_t)sum->by_kind[kind]));
    for (uint32_t i = 0; i < KD_API_COUNT; i++)
        if (sum->requests_by_api[i])
            document_put(apis, kd_api_name(KD_API_FIRST + i),
                         json_integer((json_int_t)sum->requests_by_api[i]));
    document_print(json_pack(
        "{s:O, s:{s:I, s:I, s:I, s:I, s:I, s:i, s:o, s:o}}", "datagrams", dec->lines, "summary",
        "datagrams", (json_int_t)sum->datagrams, "verified", (json_int_t)sum->verified,
        "data_from_target", (json_int_t)sum->data_from_target, "data_from_host",
        (json_int_t)sum->data_from_host, "other_traffic", (json_int_t)sum->other_traffic, "version",
        (int)sum->version, "kinds", kinds, "requests", apis));
}

static enum cli_exit conclude(struct decoding *dec, const struct cli *c, enum kd_status end)
{
    const struct summary *sum = &dec->sum;
    uint64_t skipped = kdt_capture_skipped(dec->capture);
    bool is_whole = end == KD_ERR_NOT_FOUND;

    if (sum->datagrams == 0 && is_whole) {
        message_error("%s holds no KDNET datagrams", c->arguments[0]);
        return CLI_FAILED;
    }
    if (dec->lines)
        print_document(dec);
    else
        print_summary(sum);
    if (skipped)
        message_warning("%" PRIu64 " packets of the capture hold no whole UDP datagram", skipped);
    if (!is_whole)
        message_error("%s: %s", c->arguments[0], c->diag.text);
    if (sum->datagrams && sum->verified == 0) {
        message_error("no datagram verifies with this key");
        return CLI_FAILED;
    }
    return is_whole && sum->verified == sum->datagrams ? CLI_COMPLETE : CLI_GAPS;
}

enum cli_exit cmd_decode(struct cli *c)
{
    struct decoding dec = {0};
    struct kdt_datagram on_wire;
    enum cli_exit status = CLI_FAILED;
    enum kd_status st = kdt_capture_open(c->arguments[0], &c->diag, &dec.capture);

    if (st == KD_OK)
        st = kdt_crypto_create(&dec.crypto);
    if (st == KD_OK)
        st = kdnet_tap_create(kdt_crypto_table(dec.crypto), &c->options.key, &dec.tap);
    if (st == KD_OK) {
        if (c->options.json)
            dec.lines = json_array();
        while ((st = kdt_capture_next(dec.capture, &on_wire)) == KD_OK)
            decode_one(&dec, &on_wire);
        status = conclude(&dec, c, st);
    } else {
        message_error("%s", c->diag.text[0] ? c->diag.text : kd_status_text(st));
    }
    json_decref(dec.lines);
    kdnet_tap_destroy(dec.tap);
    kdt_crypto_destroy(dec.crypto);
    kdt_capture_close(dec.capture);
    return status;
}
