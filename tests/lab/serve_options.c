/* The command lines of kdlab serve and kdlab replay: the same, but for what only a machine can do. */
#include "kdlab.h"
#include "kdlab_machine.h"
#include "serve_parts.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USAGE_LINKS                                                                                \
    "  --net HOST:PORT      KDNET: pokes the host, which listens there; IPv6 as [::1]:50000\n"     \
    "  --pipe PATH          a serial line as a unix socket that waits for its host\n"              \
    "  --tcp ADDR:PORT      a serial line over TCP, the same; port 0: one that is free\n"          \
    "  --pty                a serial line as a terminal; its path is the first line of the "       \
    "output\n\n"
#define USAGE_COMMON                                                                               \
    "  --silent-after N     fall silent for ever after N requests\n"                               \
    "  --retransmit-ms N    repeat after N ms what is not acknowledged (default: as real ones "    \
    "do)\n"                                                                                        \
    "  --time-limit S       end after S seconds\n"                                                 \
    "  --stats FILE         write counts as JSON at the end, and at each SIGUSR1\n"                \
    "  --seed N             of all that looks random (default: differs each time)\n"               \
    "\n"                                                                                           \
    "A bad link, both ways; P is a probability, 0 to 1, for each packet:\n"                        \
    "  --drop P             it does not arrive\n"                                                  \
    "  --dup P              it arrives twice\n"                                                    \
    "  --reorder P          it arrives behind the next one\n"                                      \
    "  --corrupt P          one bit of it is flipped\n"                                            \
    "  --truncate P         its end is missing\n"                                                  \
    "  --garbage P          1 to 32 bytes come before it\n"                                        \
    "  --delay MS           all arrive later; 0.125: by 125 microseconds\n"                        \
    "\n"                                                                                           \
    "KDNET only:\n"
#define USAGE_NET                                                                                  \
    "  --first-id N         first packet id; not 0: the kernel has spoken to a host before\n"      \
    "  --forge N            N forged datagrams in between, while the host is linked\n"             \
    "\n"                                                                                           \
    "Serial lines only:\n"                                                                         \
    "  --baud N             bits a second, ten a byte (default: as fast as it goes)\n"             \
    "  --dialect NAME       ntkd (default); boot: waits for its host at boot; minimal: a stub\n"   \
    "\n"

const char serve_usage[] =
    "usage: kdlab serve --kernel NAME LINK [OPTION]...\n"
    "\n"
    "Is a machine that is being debugged until SIGTERM or SIGINT: does what its host asks over one "
    "of\n"
    "\n" USAGE_LINKS "  --kernel NAME        14393, 18362, 19041, 22000\n"
    "  --boot               start in the boot debugger, then become the kernel\n"
    "  --chatter            print between request and reply, load a module after each resume\n"
    "  --page-out P         P percent of the pages that hold pool are in a page file\n"
    "  --page-out-header    the first page of the kernel's image is in a page "
    "file\n" KDLAB_MACHINE_USAGE
    "  --reboot-after N     reboot once, after N requests\n" USAGE_COMMON
    "  --key W.X.Y.Z        the key, or --key-file FILE with the key as its first line\n"
    "  --kdnet-version N    2, 4 or 5 (default 5)\n" USAGE_NET
    "  kdlab serve --kernel 18362 --net 127.0.0.1:50000 --key 1.2.3.4 --stats lab.json &\n"
    "  kdwalk loggers -k net:port=50000,key=1.2.3.4 -y STORE\n";

#define DEFAULT_HOST "127.0.0.1:50000"

const char replay_usage[] =
    "usage: kdlab replay FILE [LINK] [OPTION]...\n"
    "\n"
    "Is the target of a recorded session until SIGTERM or SIGINT: says once more what it said, in "
    "that\norder, and answers what it answered, over one of\n"
    "\n" USAGE_LINKS "Without LINK: --net " DEFAULT_HOST " where a key is given, else --pty.\n"
    "\n"
    "Any recording plays over any link. At a stop it knows what was read until then in that boot, "
    "else\nwhat was read later; other answers are those of this stop, else of the nearest one. "
    "Stops that came\nbecause the host broke in wait for a break-in, all else comes at once: "
    "waiting "
    "times are not kept.\nBehind the end the target runs, and a break-in halts it in its last stop "
    "once more: any number of\nhosts may come, one after the other.\n"
    "\n"
    "What nobody asked while it was recorded is refused with status 0xc0000001, and told on stderr "
    "(the\nfirst 20) and in --stats. What would alter a target is refused as well, but for moving "
    "Rip "
    "past an int3.\n"
    "\n"
    "  --key W.X.Y.Z        opens a recording of KDNET, and seals what goes over --net; or\n"
    "                       --key-file FILE with the key as its first line\n" USAGE_COMMON
    "  --kdnet-version N    2, 4 or 5 (default: as recorded; of a serial line: 5)\n" USAGE_NET
    "  kdlab replay field.pcap --key 1.2.3.4 --net 127.0.0.1:50000 &\n"
    "  kdwalk loggers -v -k net:port=50000,key=1.2.3.4 -y STORE\n"
    "\n"
    "  kdlab replay field.pcap --key 1.2.3.4 --pipe /tmp/com1 --drop 0.1 --stats replay.json &\n"
    "  kdwalk vertarget -k com:pipe,port=/tmp/com1\n";

enum {
    O_NET = 1, /* the links first, as in enum serve_link_kind */
    O_PIPE,
    O_TCP,
    O_PTY,
    O_KERNEL, /* only of a machine */
    O_BOOT,
    O_CHATTER,
    O_PAGE_OUT,
    O_HEADER_OUT,
    O_SHAPE,
    O_TAMPER,
    O_RACE,
    O_REBOOT,
    O_SILENT,
    O_RETRANSMIT,
    O_LIMIT,
    O_STATS,
    O_SEED,
    O_DROP,
    O_DUP,
    O_REORDER,
    O_CORRUPT,
    O_TRUNCATE,
    O_GARBAGE,
    O_DELAY,
    O_KEY, /* only over KDNET */
    O_KEY_FILE,
    O_VERSION,
    O_FIRST_ID,
    O_FORGE,
    O_BAUD, /* only over a stream */
    O_DIALECT,
};

static const struct option long_options[] = {
    {"net", required_argument, NULL, O_NET},
    {"pipe", required_argument, NULL, O_PIPE},
    {"tcp", required_argument, NULL, O_TCP},
    {"pty", no_argument, NULL, O_PTY},
    {"kernel", required_argument, NULL, O_KERNEL},
    {"boot", no_argument, NULL, O_BOOT},
    {"chatter", no_argument, NULL, O_CHATTER},
    {"page-out", required_argument, NULL, O_PAGE_OUT},
    {"page-out-header", no_argument, NULL, O_HEADER_OUT},
    {"shape", required_argument, NULL, O_SHAPE},
    {"tamper", required_argument, NULL, O_TAMPER},
    {"race", no_argument, NULL, O_RACE},
    {"reboot-after", required_argument, NULL, O_REBOOT},
    {"silent-after", required_argument, NULL, O_SILENT},
    {"retransmit-ms", required_argument, NULL, O_RETRANSMIT},
    {"time-limit", required_argument, NULL, O_LIMIT},
    {"stats", required_argument, NULL, O_STATS},
    {"seed", required_argument, NULL, O_SEED},
    {"drop", required_argument, NULL, O_DROP},
    {"dup", required_argument, NULL, O_DUP},
    {"reorder", required_argument, NULL, O_REORDER},
    {"corrupt", required_argument, NULL, O_CORRUPT},
    {"truncate", required_argument, NULL, O_TRUNCATE},
    {"garbage", required_argument, NULL, O_GARBAGE},
    {"delay", required_argument, NULL, O_DELAY},
    {"key", required_argument, NULL, O_KEY},
    {"key-file", required_argument, NULL, O_KEY_FILE},
    {"kdnet-version", required_argument, NULL, O_VERSION},
    {"first-id", required_argument, NULL, O_FIRST_ID},
    {"forge", required_argument, NULL, O_FORGE},
    {"baud", required_argument, NULL, O_BAUD},
    {"dialect", required_argument, NULL, O_DIALECT},
    {NULL, 0, NULL, 0},
};

static const char *command_name = "kdlab"; /* how messages begin */

int serve_failed(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s: %s\n", command_name, what, why);
    return KDLAB_FAILED;
}

bool serve_wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0)
            return true;
    return false;
}

struct reading { /* what is known while the options are read */
    struct serve_settings *s;
    enum serve_command command;
    uint64_t given; /* a bit for each option */
    const char *key, *key_file;
};

/* Which of long_options has this value; for messages. */
static const char *option_name(int value)
{
    return long_options[value - 1].name;
}

static int refused(int option, const char *why)
{
    fprintf(stderr, "%s: --%s: %s\n", command_name, option_name(option), why);
    return KDLAB_FAILED;
}

/* ---- values ---- */

static bool number(int option, const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    char *end;
    unsigned long long value;

    errno = 0;
    value = strtoull(text, &end, 0);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno || value < min || value > max) {
        fprintf(stderr, "%s: --%s %s: a number from %" PRIu64 " to %" PRIu64 " is wanted\n",
                command_name, option_name(option), text, min, max);
        return false;
    }
    *out = value;
    return true;
}

static bool probability(int option, const char *text, double *out)
{
    char *end;
    double value = strtod(text, &end);

    if ((text[0] != '.' && (text[0] < '0' || text[0] > '9')) || *end != '\0' || value > 1) {
        fprintf(stderr, "%s: --%s %s: a probability from 0 to 1 is wanted\n", command_name,
                option_name(option), text);
        return false;
    }
    *out = value;
    return true;
}

static bool milliseconds(int option, const char *text, uint64_t *us)
{
    char *end;
    double value = strtod(text, &end);

    if ((text[0] != '.' && (text[0] < '0' || text[0] > '9')) || *end != '\0' || value > 60000) {
        fprintf(stderr, "%s: --%s %s: milliseconds from 0 to 60000 are wanted\n", command_name,
                option_name(option), text);
        return false;
    }
    *us = (uint64_t)(value * 1000 + 0.5);
    return true;
}

static bool dialect(const char *text, enum lab_dialect *out)
{
    static const char *const names[] = {
        [LAB_DIALECT_NTKD] = "ntkd",
        [LAB_DIALECT_BOOT] = "boot",
        [LAB_DIALECT_MINIMAL] = "minimal",
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0) {
            *out = (enum lab_dialect)i;
            return true;
        }
    fprintf(stderr, "%s: --dialect %s: ntkd, boot or minimal is wanted\n", command_name, text);
    return false;
}

/* ---- one option ---- */

static const char **text_field(struct reading *r, int option)
{
    switch (option) {
    case O_NET:
    case O_PIPE:
    case O_TCP:
        return &r->s->where;
    case O_KERNEL:
        return &r->s->subject;
    case O_STATS:
        return &r->s->stats;
    case O_KEY:
        return &r->key;
    case O_KEY_FILE:
        return &r->key_file;
    default:
        return NULL;
    }
}

static double *probability_field(struct lab_line_faults *f, int option)
{
    switch (option) {
    case O_DROP:
        return &f->drop;
    case O_DUP:
        return &f->dup;
    case O_REORDER:
        return &f->reorder;
    case O_CORRUPT:
        return &f->corrupt;
    case O_TRUNCATE:
        return &f->truncate;
    case O_GARBAGE:
        return &f->garbage;
    default:
        return NULL;
    }
}

static bool take_number(struct serve_settings *s, int option, const char *text)
{
    uint64_t value;

    switch (option) {
    case O_PAGE_OUT:
        return number(option, text, 0, 100, &s->page_out);
    case O_REBOOT:
        return number(option, text, 1, UINT64_MAX, &s->target.reboot_after);
    case O_SILENT:
        return number(option, text, 1, UINT64_MAX, &s->target.silent_after);
    case O_LIMIT:
        return number(option, text, 1, 1000000, &s->time_limit_s);
    case O_SEED:
        return number(option, text, 0, INT64_MAX, &s->seed);
    case O_FORGE:
        return number(option, text, 1, 1000000000, &s->forge);
    case O_RETRANSMIT:
        if (!number(option, text, 1, 60000, &value))
            return false;
        s->target.retransmit_us = value * 1000;
        return true;
    case O_DELAY:
        return milliseconds(option, text, &s->faults.delay_us);
    case O_BAUD:
        if (!number(option, text, 50, 10000000, &value))
            return false;
        s->faults.baud = s->target.baud = (uint32_t)value;
        return true;
    case O_FIRST_ID:
        if (!number(option, text, 0, 0x7FFFFFFE, &value))
            return false;
        s->target.first_id = (uint32_t)value;
        return true;
    case O_VERSION:
        if (!number(option, text, 2, 5, &value))
            return false;
        s->target.version = (uint8_t)value;
        return true;
    default:
        return false; /* getopt has said why */
    }
}

static bool is_taken(int option, const char *wanted)
{
    if (wanted)
        refused(option, wanted);
    return !wanted;
}

static bool take_option(struct reading *r, int option, const char *text)
{
    const char **text_to = text_field(r, option);
    double *probability_to = probability_field(&r->s->faults, option);

    if (text_to) {
        *text_to = text;
        return true;
    }
    if (probability_to)
        return probability(option, text, probability_to);
    switch (option) {
    case O_PTY:
        return true;
    case O_BOOT:
        r->s->target.boot = true;
        return true;
    case O_CHATTER:
        r->s->target.chatter = true;
        return true;
    case O_HEADER_OUT:
        r->s->header_out = true;
        return true;
    case O_RACE:
        r->s->machine.race = true;
        return true;
    case O_SHAPE:
        return is_taken(option, kdlab_take_shape(text, &r->s->machine));
    case O_TAMPER:
        return is_taken(option, kdlab_take_tamper(text, &r->s->machine));
    case O_DIALECT:
        return dialect(text, &r->s->target.dialect);
    default:
        return take_number(r->s, option, text);
    }
}

/* ---- all together ---- */

static bool read_key_file(const char *path, char *line, size_t size)
{
    FILE *f = fopen(path, "r");
    bool ok;

    if (!f)
        return false;
    errno = 0;
    ok = fgets(line, (int)size, f) != NULL;
    fclose(f);
    if (ok)
        line[strcspn(line, " \t\r\n")] = '\0';
    return ok;
}

static int take_key(struct reading *r)
{
    char line[128];

    if (!r->key && !r->key_file && r->s->kind != SERVE_NET)
        return 0; /* a recording of a serial line needs none */
    if (!r->key == !r->key_file)
        return serve_failed("key", "give either --key or --key-file");
    if (r->key_file && !read_key_file(r->key_file, line, sizeof line))
        return serve_failed(r->key_file, errno ? strerror(errno) : "is empty");
    if (!lab_key_parse(r->key_file ? line : r->key, r->s->target.key))
        return serve_failed("key", "not a key: four words of 0-9 and a-z, at most 64 bits each, "
                                   "not all zero, joined by dots");
    r->s->has_key = true;
    return 0;
}

static bool is_given(const struct reading *r, int option)
{
    return (r->given & UINT64_C(1) << option) != 0;
}

/* At most one of them. A recording that a key was given for plays over KDNET unless told otherwise, to a
 * host on this machine that listens where most do; any other over a terminal. */
static int take_link(struct reading *r)
{
    bool is_recording = r->command == SERVE_RECORDING;
    unsigned links = 0;

    for (int option = O_NET; option <= O_PTY; option++)
        if (is_given(r, option)) {
            r->s->kind = (enum serve_link_kind)(option - O_NET);
            links++;
        }
    if (links > 1 || (links == 0 && !is_recording))
        return serve_failed("link", "give one of --net, --pipe, --tcp and --pty");
    if (links == 0 && (is_given(r, O_KEY) || is_given(r, O_KEY_FILE))) {
        r->s->kind = SERVE_NET;
        r->s->where = DEFAULT_HOST;
    } else if (links == 0) {
        r->s->kind = SERVE_PTY;
    }
    r->s->target.carrier = r->s->kind == SERVE_NET ? LAB_OVER_KDNET : LAB_OVER_STREAM;
    return 0;
}

static int check_together(const struct reading *r)
{
    bool is_net = r->s->kind == SERVE_NET;
    bool is_recording = r->command == SERVE_RECORDING;
    int first = is_net ? O_BAUD : is_recording ? O_VERSION : O_KEY;
    int last = is_net ? O_DIALECT : O_FORGE;

    for (int option = first; option <= last; option++)
        if (is_given(r, option))
            return refused(option, is_net ? "only on a serial line" : "only with --net");
    for (int option = O_KERNEL; is_recording && option <= O_REBOOT; option++)
        if (is_given(r, option))
            return refused(option, "not with a recording");
    if (is_given(r, O_FORGE) && r->s->faults.corrupt > 0)
        return refused(O_FORGE, "not with --corrupt: a bit flipped twice would be a real datagram");
    if (r->s->target.version == 3)
        return serve_failed("--kdnet-version 3", "never seen; 2, 4 and 5 are");
    return 0;
}

/* What is played or simulated. */
static int take_subject(struct reading *r, int argc, char **argv)
{
    if (r->command == SERVE_RECORDING && optind < argc)
        r->s->subject = argv[optind++];
    if (optind < argc)
        return serve_failed(argv[optind], r->command == SERVE_RECORDING
                                              ? "one recording is wanted; kdlab replay --help"
                                              : "not an option; kdlab serve --help");
    if (r->s->subject)
        return 0;
    return r->command == SERVE_RECORDING
               ? serve_failed("FILE", "is missing; kdlab replay --help")
               : serve_failed("--kernel", "is missing; kdlab serve --help");
}

int serve_take_settings(struct serve_settings *s, enum serve_command command, int argc, char **argv)
{
    static char names[][sizeof "kdlab replay"] = {
        [SERVE_MACHINE] = "kdlab serve",
        [SERVE_RECORDING] = "kdlab replay",
    };
    struct reading r = {.s = s, .command = command};
    int option, status;

    command_name = argv[0] = names[command]; /* getopt's messages begin with it, too */
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (!take_option(&r, option, optarg))
            return KDLAB_FAILED;
        r.given |= UINT64_C(1) << option;
    }
    s->has_seed = is_given(&r, O_SEED);
    status = take_subject(&r, argc, argv);
    if (status == 0)
        status = take_link(&r);
    if (status == 0)
        status = check_together(&r);
    return status == 0 ? take_key(&r) : status;
}
