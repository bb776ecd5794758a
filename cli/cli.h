/* cli.h - one run of kdwalk: which command, with which options, and how it ends.
 *
 * A command is a row of the table in main.c: what it is called, which options it takes, what its
 * help says, and the function that runs it. Options are parsed once, from one table (options.c),
 * which the help is made from as well. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "moment.h"
#include "silo_choice.h"

#include <kdproto/diag.h>
#include <transport/target_spec.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cli_exit {
    CLI_COMPLETE = 0,
    CLI_GAPS = 1,   /* finished, but something could not be read */
    CLI_FAILED = 2, /* wrong usage and missing symbols included */
    CLI_FOUND = 3,  /* finished, and check found something that failed */
};

/* Which options a command takes. */
enum cli_option_set {
    CLI_OPT_TARGET = 1 << 0,  /* -k, -r or -z, and what goes with them */
    CLI_OPT_SYMBOLS = 1 << 1, /* -y, --isf */
    CLI_OPT_JSON = 1 << 2,
    CLI_OPT_VERBOSE = 1 << 3,
    CLI_OPT_RAW = 1 << 4,
    CLI_OPT_KEY = 1 << 5, /* --key, --key-file: for files that are no target */
    CLI_OPT_ONLY = 1 << 6,
    CLI_OPT_OUTPUT = 1 << 10,   /* -o */
    CLI_OPT_NO_TARGET = 1 << 7, /* with CLI_OPT_TARGET: it need not have one */
    CLI_OPT_SILO = 1 << 8,
    CLI_OPT_TREE = 1 << 11,
    CLI_OPT_OF = 1 << 12,    /* --logger, --process: providers of these */
    CLI_OPT_NAMES = 1 << 13, /* --providers */
    CLI_OPT_SPACE = 1 << 9,  /* --dtb, --process */
    CLI_OPT_WATCH = 1 << 14, /* --every and what else says how a target is watched */
};

/* Whose memory a command is to read. */
enum cli_space_kind {
    CLI_SPACE_CURRENT, /* of the process that was running when the target was halted */
    CLI_SPACE_ROOT,
    CLI_SPACE_PROCESS_ID,
    CLI_SPACE_PROCESS_NAME,
};

struct cli_space {
    enum cli_space_kind kind;
    uint64_t number;  /* the root's physical address, or the id */
    const char *name; /* of the process */
};

struct cli_watch_options {
    uint32_t every_ms, freeze_budget_ms;
    uint64_t count;        /* of samples; 0: no end */
    uint32_t for_ms;       /* 0: no end */
    unsigned only;         /* enum watch_only, or-ed */
    const char *on_module; /* NULL: none */
    const char *on_print;  /* NULL: none */
    const char *save;      /* folder for snapshots; NULL: none are kept but of a bugcheck */
    bool stays_after_bugcheck;
};

struct cli_options {
    bool has_target;
    struct kdt_target_spec target; /* wiped at the end of the run */
    const char *recording;         /* of -r, in the target's place; NULL: none */
    struct moment moment;          /* of the recording */
    const char *dump;              /* of -z, in the target's place; NULL: none */
    const char *record;            /* of -w: where to record the session; NULL: nowhere */
    bool has_key;
    struct kdnet_key key; /* of --key; wiped likewise */
    const char *symbol_path;
    const char *isf;    /* folders of ISF files, before the symbol path; NULL: none were named */
    const char *output; /* of -o: a file to write, or a folder for it; NULL: as the command says */
    const char *only;   /* which records to show; NULL: all */
    struct cli_space space;
    struct silo_choice silo;
    const char *provider_names;      /* of --providers; NULL: those that are built in */
    bool has_logger, has_process;    /* were given */
    uint64_t logger_id, process_pid; /* of --logger, --process */
    const char *process_name;        /* instead of the pid; NULL: it is no name */
    struct cli_watch_options watch;
    bool tree;
    bool json, verbose, raw, stats;
    bool wait; /* for the next boot of a target that restarts */
    uint32_t timeout_ms;
    uint32_t deadline_ms; /* 0: none */
    /* The last option given, as it is written, that only goes with -k, or with -r; NULL: none. */
    const char *live_option, *recording_option;
};

struct cli;

struct cli_command {
    const char *name;
    const char *arguments;   /* "TYPE [ADDRESS]" */
    const char *summary;     /* one line, lower case */
    const char *details;     /* what it prints, and what to know; whole lines */
    void (*more_help)(void); /* prints what belongs behind the details; NULL: nothing */
    const char *examples;    /* whole lines, indented by two */
    unsigned options;        /* enum cli_option_set, or-ed */
    int arguments_min, arguments_max;
    enum cli_exit (*run)(struct cli *c);
};

struct cli {
    const struct cli_command *command;
    struct cli_options options;
    char **arguments;
    int arguments_len;
    struct kd_diag diag;
};

/* Parse what follows the command's name. CLI_COMPLETE: go on. Otherwise a message was printed.
 * *help is set when --help was among them. */
enum cli_exit cli_options_parse(struct cli *c, int argc, char **argv, bool *help);
void cli_options_wipe(struct cli *c);
void cli_options_help(const struct cli_command *command); /* the options it takes, on stdout */

enum cli_exit cmd_vertarget(struct cli *c);
enum cli_exit cmd_lm(struct cli *c);
enum cli_exit cmd_loggers(struct cli *c);
enum cli_exit cmd_dt(struct cli *c);
enum cli_exit cmd_read(struct cli *c);
enum cli_exit cmd_decode(struct cli *c);
enum cli_exit cmd_symbols(struct cli *c);
enum cli_exit cmd_snapshot(struct cli *c);
enum cli_exit cmd_diff(struct cli *c);
enum cli_exit cmd_check(struct cli *c);
enum cli_exit cmd_report(struct cli *c);
enum cli_exit cmd_silos(struct cli *c);
enum cli_exit cmd_jobs(struct cli *c);
enum cli_exit cmd_sessions(struct cli *c);
enum cli_exit cmd_ps(struct cli *c);
enum cli_exit cmd_cpu(struct cli *c);
enum cli_exit cmd_providers(struct cli *c);
enum cli_exit cmd_layers(struct cli *c);
enum cli_exit cmd_watch(struct cli *c);

#endif
