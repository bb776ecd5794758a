/* symbol_choice.h - where a kernel's symbols are looked for, as the options and this machine say, and
 * which were taken.
 *
 *     --isf     ISF files that the user named: before everything else
 *     -y        PDBs, in folders and from servers
 *     usual     ISF files where they are usually kept: kdwalk's own store, Volatility 3's folders
 *     built-in  tables of known kernels
 *
 * The order is the walker's (kernel.h); here stands only what this command line adds to it.
 *
 * Lifetime  The options must outlive a choice. It points into itself: do not copy it. */
#ifndef CLI_SYMBOL_CHOICE_H
#define CLI_SYMBOL_CHOICE_H

#include "cli.h"
#include "platform.h"
#include "symbol_server.h"

#include <walker/kernel.h>

struct symbol_choice {
    struct kdw_symbol_options options; /* for kdw_kernel_load_symbols */
    struct symbol_server server;       /* of the symbol path; options.server is its walker's side */
    char isf_usual[PLATFORM_ISF_FOLDERS_MAX];
    /* Of the symbols that were found. */
    struct kd_diag origin; /* empty: none yet */
    /* What the user named in vain, and what lay in the way; or nothing. */
    struct kd_diag passed_over;
    bool is_guess; /* they may be another kernel's */
    bool is_named; /* they are from where the user said */
};

/* Of all kinds. A caller that wants fewer, or no network, changes options.kinds or options.server. */
void symbol_choice_init(struct symbol_choice *choice, const struct cli_options *options);
/* Find a kernel's symbols, which it then owns. KD_ERR_NOT_FOUND: its diag says which are wanted, where
 * none were, and what a user can do. */
enum kd_status symbol_choice_load(struct symbol_choice *choice, struct kdw_kernel *kernel);
/* Say on stderr where they were found: always when they are a guess, else if is_verbose. */
void symbol_choice_say(const struct symbol_choice *choice, bool is_verbose);
/* Something that was needed is not there: say in which symbols, and where there may be more. */
void symbol_choice_say_lacking(const struct symbol_choice *choice);

#endif
