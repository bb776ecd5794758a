/* options.c - the command line's options, parsed and explained from one table. */
#include "cli.h"
#include "message.h"
#include "number.h"
#include "watch.h"

#include <transport/crypto_openssl.h>

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_TEXT_MAX = 256, /* four words of 13 digits, dots and line end need 57 */
    TIMEOUT_DEFAULT_MS = 30 * 1000,
    EVERY_DEFAULT_MS = 1000,
    FREEZE_BUDGET_DEFAULT_MS = 50,
    FREEZE_BUDGET_MAX_MS = 60 * 1000,
    SECONDS_MAX = 7 * 24 * 3600,
};

struct option_row {   /* NOLINT(*Padding): in the order in which the table reads */
    const char *name; /* long name; NULL: short only */
    int letter;       /* short letter, or a number above 255 */
    const char *argument;
    unsigned set; /* enum cli_option_set; 0: every command */
    const char *text;
};

enum {
    OPT_KEY_FILE = 256,
    OPT_KEY,
    OPT_STOP,
    OPT_AT,
    OPT_TIMEOUT,
    OPT_DEADLINE,
    OPT_WAIT,
    OPT_STATS,
    OPT_JSON,
    OPT_ONLY,
    OPT_ISF,
    OPT_SILO,
    OPT_TREE,
    OPT_LOGGER,
    OPT_PROCESS,
    OPT_PROVIDERS,
    OPT_DTB,
    OPT_SPACE_PROCESS,
    OPT_EVERY,
    OPT_COUNT,
    OPT_FOR,
    OPT_WATCH_ONLY,
    OPT_FREEZE_BUDGET,
    OPT_ON_MODULE,
    OPT_ON_PRINT,
    OPT_SAVE,
    OPT_AFTER_BUGCHECK,
    OPT_RAW
};

static const struct option_row rows[] = {
    {NULL, 'k', "SPEC", CLI_OPT_TARGET,
     "the target: net:port=PORT,key=W.X.Y.Z, or com:..., see kdwalk help"},
    {NULL, 'r', "FILE", CLI_OPT_TARGET, "a recorded session in the target's place: pcap or pcapng"},
    {NULL, 'z', "FILE", CLI_OPT_TARGET, "a crash dump or an image of memory in the target's place"},
    {"key-file", OPT_KEY_FILE, "FILE", CLI_OPT_TARGET | CLI_OPT_KEY,
     "read the KDNET key from FILE (or from KDWALK_KEY in the environment)"},
    {"key", OPT_KEY, "W.X.Y.Z", CLI_OPT_TARGET | CLI_OPT_KEY,
     "the KDNET key; it is overwritten in the process list"},
    {"stop", OPT_STOP, "N", CLI_OPT_TARGET,
     "of a recording: what was known at the end of stop N, as decode counts"},
    {"at", OPT_AT, "TIME", CLI_OPT_TARGET,
     "of a recording: what was known at TIME: seconds since its beginning, or UTC"},
    {NULL, 'w', "FILE", CLI_OPT_TARGET,
     "record the session to FILE while it runs (pcap, no key in it)"},
    {NULL, 'y', "PATH", CLI_OPT_SYMBOLS,
     "symbol path: folders, stores and servers separated by ';' (default: _NT_SYMBOL_PATH)"},
    {"isf", OPT_ISF, "PATH", CLI_OPT_SYMBOLS,
     "Volatility 3 symbols (ISF), before all others: folders and files separated by ';'"},
    {"process", OPT_SPACE_PROCESS, "PID|NAME", CLI_OPT_SPACE,
     "the memory of this process, through its own page tables"},
    {"dtb", OPT_DTB, "ADDRESS", CLI_OPT_SPACE,
     "the memory behind this page-table root: a physical address, as CR3 has it"},
    {"timeout", OPT_TIMEOUT, "S", CLI_OPT_TARGET,
     "wait S seconds for the target to halt (default 30)"},
    {"deadline", OPT_DEADLINE, "S", CLI_OPT_TARGET, "end the whole command after S seconds"},
    {"wait", OPT_WAIT, NULL, CLI_OPT_TARGET,
     "when the target restarts or falls silent meanwhile: start over when it is back"},
    {"stats", OPT_STATS, NULL, CLI_OPT_TARGET,
     "say on stderr what it cost: requests, packets, bytes, milliseconds frozen"},
    {"only", OPT_ONLY, "KINDS", CLI_OPT_ONLY,
     "show these kinds of records only, as in reads,prints"},
    {"silo", OPT_SILO, "SILO", CLI_OPT_SILO,
     "of this silo only: host, the id of its job, or the job's address"},
    {"logger", OPT_LOGGER, "ID", CLI_OPT_OF,
     "only what is enabled for the logger of this id: 0x1b as loggers prints it, or 27"},
    {"process", OPT_PROCESS, "PID|NAME", CLI_OPT_OF, "only what this process has registered"},
    {"every", OPT_EVERY, "S", CLI_OPT_WATCH, "take a sample every S seconds (default 1)"},
    {"count", OPT_COUNT, "N", CLI_OPT_WATCH, "end after N samples"},
    {"for", OPT_FOR, "S", CLI_OPT_WATCH, "end after S seconds"},
    {"only", OPT_WATCH_ONLY, "WHAT", CLI_OPT_WATCH,
     "watch these only: loggers,providers,silos,ps,checks"},
    {"freeze-budget", OPT_FREEZE_BUDGET, "MS", CLI_OPT_WATCH,
     "hold the target no longer than MS milliseconds at a time (default 50)"},
    {"on-module", OPT_ON_MODULE, "NAME", CLI_OPT_WATCH,
     "take a sample while the target loads this module, as in evil.sys"},
    {"on-print", OPT_ON_PRINT, "REGEX", CLI_OPT_WATCH,
     "take a sample when the target prints a line that matches"},
    {"after-bugcheck", OPT_AFTER_BUGCHECK, "stay|go", CLI_OPT_WATCH,
     "leave a target that crashed halted, or let it go on (default go)"},
    {"save", OPT_SAVE, "DIR", CLI_OPT_WATCH, "keep the snapshot of each sweep in this folder"},
    {"providers", OPT_PROVIDERS, "FILE", CLI_OPT_NAMES,
     "names of more providers, before those that are built in: lines of GUID,NAME"},
    {"tree", OPT_TREE, NULL, CLI_OPT_TREE, "each below its parent"},
    {NULL, 'o', "PATH", CLI_OPT_OUTPUT, "write to PATH: a file, or a folder for it"},
    {"verbose", 'v', NULL, CLI_OPT_VERBOSE, "all details; on stderr, which symbols were used"},
    {"raw", OPT_RAW, NULL, CLI_OPT_RAW, "write the bytes themselves, no hex dump"},
    {"json", OPT_JSON, NULL, CLI_OPT_JSON, "one JSON document instead of text"},
    {"help", 'h', NULL, 0, "this help"},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static bool takes(const struct cli_command *command, const struct option_row *row)
{
    return row->set == 0 || (row->set & command->options) != 0;
}

void cli_options_help(const struct cli_command *command)
{
    for (size_t i = 0; i < ROWS; i++) {
        char left[40];

        if (!takes(command, &rows[i]))
            continue;
        if (rows[i].letter > UCHAR_MAX)
            snprintf(left, sizeof left, "    --%s", rows[i].name);
        else
            snprintf(left, sizeof left, "-%c%s%s", rows[i].letter, rows[i].name ? ", --" : "",
                     rows[i].name ? rows[i].name : "");
        if (rows[i].argument)
            snprintf(left + strlen(left), sizeof left - strlen(left), " %s", rows[i].argument);
        printf("  %-21s  %s\n", left, rows[i].text);
    }
}

/* getopt's two tables, for the options that this command takes. */
static void make_tables(const struct cli_command *command, char *letters, struct option *longs)
{
    size_t n = 0;

    /* ':' first: getopt tells a missing argument from an unknown option; we print the messages. */
    *letters++ = ':';
    for (size_t i = 0; i < ROWS; i++) {
        if (!takes(command, &rows[i]))
            continue;
        if (rows[i].letter <= UCHAR_MAX) {
            *letters++ = (char)rows[i].letter;
            if (rows[i].argument)
                *letters++ = ':';
        }
        if (rows[i].name)
            longs[n++] =
                (struct option){rows[i].name, rows[i].argument ? 1 : 0, NULL, rows[i].letter};
    }
    *letters = '\0';
    longs[n] = (struct option){0};
}

static bool parse_seconds(const char *name, const char *text, uint32_t *out_ms)
{
    char *end;
    double seconds;

    errno = 0;
    seconds = strtod(text, &end);
    if (end == text || *end || errno || !(seconds > 0) || seconds > SECONDS_MAX) {
        message_error("--%s takes a number of seconds above 0, up to %d", name, SECONDS_MAX);
        return false;
    }
    *out_ms = (uint32_t)(seconds * 1000);
    if (*out_ms == 0)
        *out_ms = 1;
    return true;
}

static bool begins_with_key(const char *text)
{
    static const char name[] = "key=";

    for (size_t i = 0; name[i]; i++)
        if (tolower((unsigned char)text[i]) != name[i])
            return false;
    return true;
}

/* The key must not stay in the process list: what follows "key=", however it is written, is
 * overwritten in our own arguments. */
static void hide_key(char *text)
{
    for (; *text; text++) {
        if (!begins_with_key(text))
            continue;
        for (text += strlen("key="); *text && *text != ','; text++)
            *text = '*';
        if (!*text)
            return;
    }
}

static bool parse_target(struct cli *c, char *text)
{
    enum kd_status st;

    if (c->options.has_target) {
        message_error("-k can be given once only");
        return false;
    }
    st = kdt_target_spec_parse(text, &c->diag, &c->options.target);
    hide_key(text);
    if (st != KD_OK) {
        message_error("-k: %s", c->diag.text);
        return false;
    }
    c->options.has_target = true;
    return true;
}

static bool parse_key(struct cli *c, const char *text, size_t len, const char *from)
{
    if (c->options.has_key) {
        message_error("the key can be given once only");
        return false;
    }
    while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        len--;
    if (kdnet_key_parse(text, len, &c->diag, &c->options.key) != KD_OK) {
        message_error("%s: %s", from, c->diag.text);
        return false;
    }
    c->options.has_key = true;
    return true;
}

static bool read_key_file(struct cli *c, const char *path)
{
    char text[KEY_TEXT_MAX];
    FILE *f = fopen(path, "rb");
    size_t len;
    bool ok = false;

    if (!f) {
        message_error("--key-file %s: %s", path, strerror(errno));
        return false;
    }
    setvbuf(f, NULL, _IONBF, 0); /* no copy of the key in a buffer that nobody wipes */
    len = fread(text, 1, sizeof text, f);
    if (ferror(f))
        message_error("--key-file %s: cannot be read", path);
    else if (len == sizeof text)
        message_error("--key-file %s: too long to be a key", path);
    else
        ok = parse_key(c, text, len, path);
    kdt_wipe(text, sizeof text);
    fclose(f);
    return ok;
}

static bool parse_moment(struct cli *c, const char *name, const char *value,
                         bool (*parse)(const char *text, struct moment *out))
{
    if (c->options.recording_option) {
        message_error("--stop and --at exclude each other, and each can be given once only");
        return false;
    }
    c->options.recording_option = name;
    return parse(value, &c->options.moment);
}

/* A file's name, which an empty text is not. */
static bool parse_path(const char *name, const char *value, const char **out)
{
    if (*out) {
        message_error("%s can be given once only", name);
        return false;
    }
    if (!value[0]) {
        message_error("%s is missing its value", name);
        return false;
    }
    *out = value;
    return true;
}

static bool parse_isf(const char *value, const char **out)
{
    if (*out) {
        message_error("--isf can be given once only, with all folders, as in DIR;DIR");
        return false;
    }
    *out = value;
    return true;
}

static bool parse_silo(const char *value, struct silo_choice *out)
{
    if (out->kind != SILO_ALL) {
        message_error("--silo can be given once only");
        return false;
    }
    return silo_choice_parse(value, out);
}

/* "27", "0x1b". */
static bool parse_id(const char *name, const char *text, bool *has, uint64_t *out)
{
    char *end;

    if (*has) {
        message_error("%s can be given once only", name);
        return false;
    }
    errno = 0;
    *out = strtoull(text, &end, text[0] == '0' && tolower((unsigned char)text[1]) == 'x' ? 16 : 10);
    *has = isdigit((unsigned char)text[0]) && *end == '\0' && errno == 0 && *out <= UINT32_MAX;
    if (!*has)
        message_error("%s takes a number: decimal, or hexadecimal with 0x", name);
    return *has;
}

/* All digits: an id, as kdwalk and Windows' own tools show it, or with 0x as debuggers do. Else a
 * name, and *pid stays. False: a message was printed. */
static bool parse_process(const char *value, uint64_t *pid, const char **name)
{
    bool is_hex = value[0] == '0' && (value[1] == 'x' || value[1] == 'X');
    const char *digits = is_hex ? "0123456789abcdefABCDEF" : "0123456789";
    const char *number = is_hex ? value + 2 : value;

    if (!value[0]) {
        message_error("--process is missing the id or the name of a process");
        return false;
    }
    if (number[0] && number[strspn(number, digits)] == '\0')
        *pid = strtoull(number, NULL, is_hex ? 16 : 10);
    else
        *name = value;
    return true;
}

static bool parse_owner(const char *value, struct cli_options *o)
{
    if (o->has_process) {
        message_error("--process can be given once only");
        return false;
    }
    o->has_process = true;
    return parse_process(value, &o->process_pid, &o->process_name);
}

static bool parse_space(int letter, const char *value, struct cli_space *out)
{
    struct cli_space space = {.kind = CLI_SPACE_ROOT};

    if (out->kind != CLI_SPACE_CURRENT) {
        message_error("--dtb and --process exclude each other, and each can be given once only");
        return false;
    }
    if (letter == OPT_SPACE_PROCESS) {
        if (!parse_process(value, &space.number, &space.name))
            return false;
        space.kind = space.name ? CLI_SPACE_PROCESS_NAME : CLI_SPACE_PROCESS_ID;
    } else if (!number_address(value, &space.number)) {
        message_error("--dtb takes a hexadecimal physical address");
        return false;
    }
    *out = space;
    return true;
}

static bool parse_only(const char *value, const char **out)
{
    if (*out) {
        message_error("--only can be given once only, with all kinds, as in reads,prints");
        return false;
    }
    *out = value;
    return true;
}

/* "loggers,ps" */
static bool parse_watched(const char *value, unsigned *out)
{
    static const char *const names[] = {"loggers", "providers", "silos", "ps", "checks"};
    unsigned only = 0;

    for (const char *at = value; *at;) {
        size_t len = strcspn(at, ","), i = 0;

        while (i < sizeof names / sizeof names[0] &&
               (strlen(names[i]) != len || strncmp(names[i], at, len) != 0))
            i++;
        if (i == sizeof names / sizeof names[0])
            break;
        only |= 1u << i;
        at += len;
        if (*at == ',' && at[1])
            at++;
        else if (!*at) {
            *out = only;
            return true;
        }
    }
    message_error(
        "--only takes some of loggers, providers, silos, ps, checks, separated by commas");
    return false;
}

static bool parse_count(const char *value, uint64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoull(value, &end, 10);
    if (isdigit((unsigned char)value[0]) && !*end && !errno && *out > 0)
        return true;
    message_error("--count takes a number of samples above 0");
    return false;
}

static bool parse_freeze_budget(const char *value, uint32_t *out_ms)
{
    char *end;
    double ms = strtod(value, &end);

    if (end == value || *end || !(ms >= 1) || ms > FREEZE_BUDGET_MAX_MS) {
        message_error("--freeze-budget takes milliseconds, 1 to %d", FREEZE_BUDGET_MAX_MS);
        return false;
    }
    *out_ms = (uint32_t)ms;
    return true;
}

static bool parse_after_bugcheck(const char *value, bool *stays)
{
    *stays = strcmp(value, "stay") == 0;
    if (!*stays && strcmp(value, "go") != 0) {
        message_error("--after-bugcheck takes stay or go");
        return false;
    }
    return true;
}

/* As it is written; NULL where it goes with any target. */
static const char *live_option(int letter)
{
    switch (letter) {
    case 'w':
        return "-w";
    case OPT_TIMEOUT:
        return "--timeout";
    case OPT_DEADLINE:
        return "--deadline";
    case OPT_WAIT:
        return "--wait";
    case OPT_STATS:
        return "--stats";
    default:
        return NULL;
    }
}

static bool take(struct cli *c, int letter, char *value)
{
    if (live_option(letter))
        c->options.live_option = live_option(letter);
    switch (letter) {
    case 'k':
        return parse_target(c, value);
    case 'r':
        return parse_path("-r", value, &c->options.recording);
    case 'z':
        return parse_path("-z", value, &c->options.dump);
    case 'w':
        return parse_path("-w", value, &c->options.record);
    case 'o':
        return parse_path("-o", value, &c->options.output);
    case OPT_STOP:
        return parse_moment(c, "--stop", value, moment_of_stop);
    case OPT_AT:
        return parse_moment(c, "--at", value, moment_of_time);
    case 'y':
        c->options.symbol_path = value;
        return true;
    case 'v':
        c->options.verbose = true;
        return true;
    case OPT_KEY_FILE:
        return read_key_file(c, value);
    case OPT_KEY: {
        bool ok = parse_key(c, value, strlen(value), "--key");

        memset(value, '*', strlen(value));
        return ok;
    }
    case OPT_TIMEOUT:
        return parse_seconds("timeout", value, &c->options.timeout_ms);
    case OPT_DEADLINE:
        return parse_seconds("deadline", value, &c->options.deadline_ms);
    case OPT_WAIT:
        c->options.wait = true;
        return true;
    case OPT_STATS:
        c->options.stats = true;
        return true;
    case OPT_JSON:
        c->options.json = true;
        return true;
    case OPT_ISF:
        return parse_isf(value, &c->options.isf);
    case OPT_SILO:
        return parse_silo(value, &c->options.silo);
    case OPT_LOGGER:
        return parse_id("--logger", value, &c->options.has_logger, &c->options.logger_id);
    case OPT_PROCESS:
        return parse_owner(value, &c->options);
    case OPT_PROVIDERS:
        return parse_path("--providers", value, &c->options.provider_names);
    case OPT_TREE:
        c->options.tree = true;
        return true;
    case OPT_EVERY:
        return parse_seconds("every", value, &c->options.watch.every_ms);
    case OPT_COUNT:
        return parse_count(value, &c->options.watch.count);
    case OPT_FOR:
        return parse_seconds("for", value, &c->options.watch.for_ms);
    case OPT_WATCH_ONLY:
        return parse_watched(value, &c->options.watch.only);
    case OPT_FREEZE_BUDGET:
        return parse_freeze_budget(value, &c->options.watch.freeze_budget_ms);
    case OPT_ON_MODULE:
        return parse_path("--on-module", value, &c->options.watch.on_module);
    case OPT_ON_PRINT:
        return parse_path("--on-print", value, &c->options.watch.on_print);
    case OPT_AFTER_BUGCHECK:
        return parse_after_bugcheck(value, &c->options.watch.stays_after_bugcheck);
    case OPT_SAVE:
        return parse_path("--save", value, &c->options.watch.save);
    case OPT_DTB:
    case OPT_SPACE_PROCESS:
        return parse_space(letter, value, &c->options.space);
    case OPT_ONLY:
        return parse_only(value, &c->options.only);
    default: /* OPT_RAW: the only one left */
        c->options.raw = true;
        return true;
    }
}

static bool take_key_from_environment(struct cli *c)
{
    const char *text = getenv("KDWALK_KEY");

    return !text || parse_key(c, text, strlen(text), "KDWALK_KEY");
}

/* Only one of KDNET has a key; what it is shows when it is opened. */
static bool settle_recording(struct cli *c)
{
    const struct cli_options *o = &c->options;

    if (o->live_option) {
        message_error("%s goes with a live target, -k, and not with a recording", o->live_option);
        return false;
    }
    return o->has_key || take_key_from_environment(c);
}

/* It is a file that nobody talks to. */
static bool settle_dump(const struct cli_options *o)
{
    if (o->live_option)
        message_error("%s goes with a live target, -k, and not with a dump", o->live_option);
    else if (o->recording_option)
        message_error("%s goes with a recording, -r, and not with a dump", o->recording_option);
    else if (o->has_key)
        message_error("a dump has no key: leave --key and --key-file out");
    return !o->live_option && !o->recording_option && !o->has_key;
}

/* The key may stand in -k or in an option; where it stands in neither, in the environment. */
static bool settle_live(struct cli *c)
{
    struct cli_options *o = &c->options;

    if (!o->has_target) {
        message_error("%s needs a target: -k net:port=PORT,key=W.X.Y.Z, a serial line, a "
                      "recording with -r FILE, or a dump with -z FILE; see kdwalk help",
                      c->command->name);
        return false;
    }
    if (o->recording_option) {
        message_error("%s goes with a recording, -r, and not with a live target",
                      o->recording_option);
        return false;
    }
    if (o->target.kind != KDT_LINK_NET) {
        if (o->has_key)
            message_error("a serial line has no key: leave --key and --key-file out");
        return !o->has_key;
    }
    if (o->target.has_key) {
        if (o->has_key)
            message_error("the key is given twice, in -k and in an option: leave one out");
        return !o->has_key;
    }
    if (!o->has_key && !take_key_from_environment(c))
        return false;
    if (!o->has_key) {
        message_error("-k names no key: add key=W.X.Y.Z, or use --key, --key-file or KDWALK_KEY");
        return false;
    }
    o->target.key = o->key;
    o->target.has_key = true;
    return true;
}

/* A recording of a stream needs none, and which it is, only the file tells. */
static bool settle_key(struct cli *c)
{
    return c->options.has_key || take_key_from_environment(c);
}

static bool settle_target(struct cli *c)
{
    const struct cli_options *o = &c->options;

    if ((c->command->options & CLI_OPT_NO_TARGET) && !o->has_target && !o->recording && !o->dump)
        return !(c->command->options & CLI_OPT_KEY) || settle_key(c);
    if (o->has_target + (o->recording != NULL) + (o->dump != NULL) > 1) {
        message_error("-k, -r and -z exclude each other: a target is live, recorded or a dump");
        return false;
    }
    if (o->dump)
        return settle_dump(o);
    return o->recording ? settle_recording(c) : settle_live(c);
}

/* What an option alone cannot tell: whether they are enough, and fit together. */
static bool settle(struct cli *c)
{
    if (c->command->options & CLI_OPT_TARGET)
        return settle_target(c);
    return !(c->command->options & CLI_OPT_KEY) || settle_key(c);
}

/* Names the option alone: what stands behind it may be a key. */
static enum cli_exit refuse_long(const struct cli *c, const char *text, const char *problem)
{
    message_error("%s: %.*s %s; see kdwalk help %s", c->command->name, (int)strcspn(text, "="),
                  text, problem, c->command->name);
    return CLI_FAILED;
}

static enum cli_exit refuse_short(const struct cli *c, const char *problem)
{
    message_error("%s: -%c %s; see kdwalk help %s", c->command->name, optopt, problem,
                  c->command->name);
    return CLI_FAILED;
}

static const char not_an_option[] = "is not an option of this command";

/* What getopt_long refused. optopt is the letter of a short option, the number of a long one that
 * is known, and 0 for a long one that is not. */
static enum cli_exit refuse(const struct cli *c, int why, const char *letters, char **argv)
{
    bool is_long = optopt == 0 || optopt > UCHAR_MAX;

    if (why == ':')
        return is_long ? refuse_long(c, argv[optind - 1], "is missing its value")
                       : refuse_short(c, "is missing its value");
    if (optopt == 0)
        return refuse_long(c, argv[optind - 1], not_an_option);
    if (is_long || (optopt != ':' && strchr(letters, optopt))) /* --verbose=2 comes as 'v' */
        return refuse_long(c, argv[optind - 1], "takes no value");
    return refuse_short(c, not_an_option);
}

/* getopt_long takes "--key" for "--key-file" where that is the only option that begins so; then a
 * key would be taken for the name of a file, and named as missing. */
static bool is_spelled_out(const struct option *o, const char *text)
{
    return strcspn(text, "=") == strlen("--") + strlen(o->name);
}

/* The long option just parsed, as it was typed; its value may stand in an argument of its own. */
static const char *as_typed(char **argv)
{
    return argv[optind - (optarg && optarg == argv[optind - 1] ? 2 : 1)];
}

enum cli_exit cli_options_parse(struct cli *c, int argc, char **argv, bool *help)
{
    char letters[2 * ROWS + 2];
    struct option longs[ROWS + 1];
    int letter, index = -1;

    c->options.timeout_ms = TIMEOUT_DEFAULT_MS;
    c->options.watch.every_ms = EVERY_DEFAULT_MS;
    c->options.watch.freeze_budget_ms = FREEZE_BUDGET_DEFAULT_MS;
    c->options.watch.only = WATCH_ALL;
    make_tables(c->command, letters, longs);
    opterr = 0;
    optind = 0; /* from the start, whatever was parsed before */
    while ((letter = getopt_long(argc, argv, letters, longs, &index)) != -1) {
        if (letter == '?' || letter == ':')
            return refuse(c, letter, letters, argv);
        if (index >= 0 && !is_spelled_out(&longs[index], as_typed(argv)))
            return refuse_long(c, as_typed(argv), not_an_option);
        index = -1;
        if (letter == 'h') {
            *help = true;
            return CLI_COMPLETE;
        }
        if (!take(c, letter, optarg))
            return CLI_FAILED;
    }
    c->arguments = argv + optind;
    c->arguments_len = argc - optind;
    if (c->arguments_len < c->command->arguments_min) {
        message_error("%s needs %s; see kdwalk help %s", c->command->name, c->command->arguments,
                      c->command->name);
        return CLI_FAILED;
    }
    if (c->arguments_len > c->command->arguments_max) {
        message_error("%s takes %s%s; see kdwalk help %s", c->command->name,
                      c->command->arguments_max ? c->command->arguments : "options only",
                      c->command->arguments_max ? " and nothing more" : "", c->command->name);
        return CLI_FAILED;
    }
    if (!c->options.symbol_path)
        c->options.symbol_path = getenv("_NT_SYMBOL_PATH");
    return settle(c) ? CLI_COMPLETE : CLI_FAILED;
}

void cli_options_wipe(struct cli *c)
{
    kdt_target_spec_wipe(&c->options.target);
    kdt_wipe(&c->options.key, sizeof c->options.key);
}
