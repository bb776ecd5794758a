/* cmd_decode.c - a recorded session, record by record, and what it amounts to. */
#include "cli.h"
#include "decode_filter.h"
#include "decode_print.h"
#include "decode_symbols.h"
#include "message.h"
#include "platform.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    FD_OUT = 1,
    HELD_MAX = 1024,
    PROGRESS_EVERY = 1 << 15, /* records between two looks at the clock */
};

struct decoding {
    struct cli *cli;
    struct kdt_recording *recording;
    struct decode_filter filter;
    struct decode_summary summary;
    struct decode_symbols *symbols; /* NULL: none */

    /* Until something verifies, what does not is held back: with a wrong key there is nothing to
     * show but that. More than these are shown as they come. */
    struct kdt_record *held;
    size_t held_len;
    bool is_printing;

    time_t began;
};

/* --- records ----------------------------------------------------------------------------------- */

static void print_record(struct decoding *dec, const struct kdt_record *rec)
{
    struct describe_names *names = decode_symbols_names(dec->symbols);

    if (!decode_filter_shows(&dec->filter, rec))
        return;
    if (dec->cli->options.json)
        decode_json_record(rec, dec->summary.first_ns, names);
    else
        decode_text_record(rec, dec->summary.first_ns, names);
}

static void begin_printing(struct decoding *dec)
{
    if (dec->is_printing)
        return;
    dec->is_printing = true;
    if (dec->cli->options.json)
        decode_json_begin();
    for (size_t i = 0; i < dec->held_len; i++)
        print_record(dec, &dec->held[i]);
}

static void take_record(struct decoding *dec, const struct kdt_record *rec)
{
    decode_summary_add(&dec->summary, rec);
    if (rec->kind == KDT_RECORD_UNVERIFIED && !dec->is_printing && dec->held_len < HELD_MAX) {
        dec->held[dec->held_len++] = *rec; /* it points to nothing: nothing of it was opened */
        return;
    }
    begin_printing(dec);
    print_record(dec, rec);
}

static bool has_content(const struct decode_summary *s)
{
    return s->sides[DECODE_FROM_HOST].records + s->sides[DECODE_FROM_TARGET].records > 0;
}

static void show_progress(const struct decoding *dec)
{
    uint64_t done, total;

    if (platform_is_terminal(FD_OUT) || time(NULL) - dec->began < 2) /* whole seconds: 1 to 2 */
        return;
    kdt_recording_position(dec->recording, &done, &total);
    if (total)
        message_progress("decoding: %u %%", (unsigned)((double)done / (double)total * 100));
    else
        message_progress("decoding: %" PRIu64 " MiB", done >> 20);
}

/* How the file ended, as kdt_recording_next says. KD_ERR_USAGE: it begins with KDNET, and there is
 * no key. KD_OK: it did not end, for what was printed could not be written. */
static enum kd_status walk(struct decoding *dec)
{
    struct kdt_record rec;
    enum kd_status st;

    for (uint64_t n = 1; (st = kdt_recording_next(dec->recording, &rec)) == KD_OK; n++) {
        if (rec.kind == KDT_RECORD_UNVERIFIED && rec.status == KD_ERR_USAGE &&
            !has_content(&dec->summary))
            return KD_ERR_USAGE;
        take_record(dec, &rec);
        if (n % PROGRESS_EVERY == 0)
            show_progress(dec);
        if (ferror(stdout))
            break;
    }
    message_progress_end();
    return st;
}

/* --- the end ----------------------------------------------------------------------------------- */

static const char *why(const struct decoding *dec, enum kd_status st)
{
    return dec->cli->diag.text[0] ? dec->cli->diag.text : kd_status_text(st);
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

static void say_cut(const struct decoding *dec)
{
    uint64_t cut = dec->summary.counts.cut;

    if (cut)
        message_warning("%s: %" PRIu64 " packet%s cut short when captured, and of no use",
                        dec->cli->arguments[0], cut, cut == 1 ? " was" : "s were");
}

/* Nothing was opened: why. */
static void say_nothing_there(const struct decoding *dec, enum kd_status end)
{
    const struct decode_summary *s = &dec->summary;
    const char *path = dec->cli->arguments[0];

    if (end == KD_ERR_USAGE)
        message_error("%s is of KDNET, so its key is needed: --key W.X.Y.Z, --key-file or "
                      "KDWALK_KEY",
                      path);
    else if (s->not_opened_handshake && !s->not_opened_key && !s->not_opened_other)
        message_error("the handshake is not in the recording: %" PRIu64
                      " data datagram%s cannot be opened, and nothing else is in it",
                      s->not_opened_handshake, plural(s->not_opened_handshake));
    else if (s->has_records)
        message_error("%s: none of %" PRIu64 " KDNET datagrams verifies with this key", path,
                      s->counts.kdnet);
    else if (end != KD_ERR_NOT_FOUND)
        message_error("%s: %s", path, why(dec, end));
    else
        message_error("%s holds neither KDNET nor a stream that kdwalk recorded", path);
}

/* What was opened is not everything: why. */
static void say_gaps(const struct decoding *dec, enum kd_status end)
{
    const struct decode_summary *s = &dec->summary;

    if (s->not_opened_handshake && s->opened_data == 0)
        message_warning("the handshake is not in the recording: %" PRIu64
                        " data datagram%s cannot be opened; control packets are shown",
                        s->not_opened_handshake, plural(s->not_opened_handshake));
    else if (s->not_opened_handshake)
        message_warning("%" PRIu64
                        " data datagram%s cannot be opened: no handshake in the recording fits",
                        s->not_opened_handshake, plural(s->not_opened_handshake));
    if (s->not_opened_no_key)
        message_warning("%" PRIu64 " datagram%s of KDNET cannot be opened without the key",
                        s->not_opened_no_key, plural(s->not_opened_no_key));
    if (end != KD_ERR_NOT_FOUND)
        message_error("%s: %s", dec->cli->arguments[0], why(dec, end));
}

static bool has_gaps(const struct decode_summary *s)
{
    return s->counts.cut > 0 || s->sides[DECODE_FROM_UNKNOWN].records > 0 ||
           decode_summary_kind(s, DESCRIBE_DAMAGED) > 0;
}

static void end_summary(struct decoding *dec)
{
    struct decode_summary *s = &dec->summary;

    kdt_recording_get_counts(dec->recording, &s->counts);
    for (unsigned i = 0; i < s->counts.conversations; i++)
        kdt_recording_ends(dec->recording, i, &s->conversations[i].host,
                           &s->conversations[i].target);
    decode_summary_end(s);
}

static enum cli_exit conclude(struct decoding *dec, enum kd_status end)
{
    struct decode_summary *s = &dec->summary;

    end_summary(dec);
    if (dec->is_printing && dec->cli->options.json)
        decode_json_summary(s);
    else if (dec->is_printing)
        decode_text_summary(s);
    say_cut(dec);
    if (!has_content(s)) {
        say_nothing_there(dec, end);
        return CLI_FAILED;
    }
    say_gaps(dec, end);
    return end == KD_ERR_NOT_FOUND && !has_gaps(s) ? CLI_COMPLETE : CLI_GAPS;
}

static enum kd_status open_recording(struct decoding *dec)
{
    struct cli *c = dec->cli;
    const struct kdt_recording_opts opts = {
        .path = c->arguments[0],
        .key = c->options.has_key ? &c->options.key : NULL,
        .diag = &c->diag,
    };
    enum kd_status st = kdt_recording_open(&opts, &dec->recording);

    if (st != KD_OK)
        return st;
    dec->symbols = decode_symbols_open(c, &opts, dec->recording);
    return KD_OK;
}

enum cli_exit cmd_decode(struct cli *c)
{
    struct decoding dec = {.cli = c, .began = time(NULL)};
    enum cli_exit status = CLI_FAILED;
    enum kd_status st = KD_ERR_NO_MEMORY;

    if (c->options.only && !decode_filter_parse(c->options.only, &dec.filter))
        return CLI_FAILED;
    dec.held = calloc(HELD_MAX, sizeof *dec.held);
    if (dec.held)
        st = open_recording(&dec);
    if (st == KD_OK) {
        st = walk(&dec);
        if (st != KD_OK) /* else nobody takes what is printed, and main says so */
            status = conclude(&dec, st);
    } else {
        message_error("%s", why(&dec, st));
    }
    decode_summary_clear(&dec.summary);
    decode_symbols_close(dec.symbols);
    kdt_recording_close(dec.recording);
    free(dec.held);
    return status;
}
