#include "symbol_choice.h"

#include "message.h"

#include <string.h>

#define ADVICE "try -y 'srv*https://msdl.microsoft.com/download/symbols', or --isf FILE"

void symbol_choice_init(struct symbol_choice *choice, const struct cli_options *options)
{
    memset(choice, 0, sizeof *choice);
    symbol_server_init(&choice->server);
    platform_isf_folders(choice->isf_usual, sizeof choice->isf_usual);
    choice->options = (struct kdw_symbol_options){
        .kinds = KDW_SYMBOLS_ANY,
        .symbol_path = options->symbol_path,
        .server = &choice->server.server,
        .isf_first = options->isf,
        .isf_last = choice->isf_usual,
    };
}

static bool names_server(const char *symbol_path)
{
    return symbol_path && strstr(symbol_path, "://");
}

/* In front of what was said: a long explanation loses its end. Who does not know which kernel it is
 * can do nothing. */
static enum kd_status say_what_to_do(const struct symbol_choice *choice,
                                     const struct kdw_kernel *kernel)
{
    if (!kernel->pe.has_pdb_id)
        return KD_ERR_NOT_FOUND;
    if (names_server(choice->options.symbol_path))
        return kd_diag_add(kernel->diag, KD_ERR_NOT_FOUND, "no symbols for this kernel");
    return kd_diag_add(kernel->diag, KD_ERR_NOT_FOUND, "no symbols for this kernel (" ADVICE ")");
}

static bool is_blank(const char *text)
{
    return !text || text[strspn(text, " \t;")] == '\0';
}

/* Where the user said, and nowhere else. */
static enum kd_status load_named(const struct symbol_choice *choice, struct kdw_kernel *kernel)
{
    struct kdw_symbol_options named = choice->options;

    named.kinds &= ~(unsigned)KDW_SYMBOLS_BUILTIN;
    named.isf_last = NULL;
    return kdw_kernel_load_symbols(kernel, &named);
}

static enum kd_status load_others(const struct symbol_choice *choice, struct kdw_kernel *kernel)
{
    struct kdw_symbol_options others = choice->options;

    others.kinds &= ~(unsigned)KDW_SYMBOLS_PDB;
    others.isf_first = NULL;
    return kdw_kernel_load_symbols(kernel, &others);
}

/* As one search, in the walker's order, but that it is known what the user named in vain. */
static enum kd_status load_in_turn(struct symbol_choice *choice, struct kdw_kernel *kernel)
{
    struct kd_diag in_vain, why;
    enum kd_status st = load_named(choice, kernel);

    choice->is_named = st == KD_OK;
    if (st != KD_ERR_NOT_FOUND)
        return st;
    in_vain = *kernel->diag;
    st = load_others(choice, kernel);
    if (st == KD_OK) {
        choice->passed_over = in_vain;
    } else if (st == KD_ERR_NOT_FOUND) {
        why = *kernel->diag;
        kd_diag_set(kernel->diag, st, "%s; %s", in_vain.text, why.text);
    }
    return st;
}

enum kd_status symbol_choice_load(struct symbol_choice *choice, struct kdw_kernel *kernel)
{
    bool is_named = choice->options.isf_first || !is_blank(choice->options.symbol_path);
    enum kd_status st;

    kd_diag_clear(&choice->origin); /* of an earlier boot */
    kd_diag_clear(&choice->passed_over);
    choice->is_named = false;
    if (is_named && kernel->pe.has_pdb_id)
        st = load_in_turn(choice, kernel);
    else
        st = kdw_kernel_load_symbols(kernel, &choice->options);
    if (st == KD_ERR_NOT_FOUND)
        return say_what_to_do(choice, kernel);
    if (st != KD_OK)
        return st;
    if (!choice->passed_over.text[0])
        choice->passed_over = *kernel->diag;
    choice->is_guess = kdw_symbols_is_guess(kernel->symbols);
    return kd_diag_set(&choice->origin, KD_OK, "%s", kdw_symbols_origin(kernel->symbols));
}

void symbol_choice_say(const struct symbol_choice *choice, bool is_verbose)
{
    const char *passed_over = choice->passed_over.text;

    if (!choice->origin.text[0])
        return;
    if (choice->is_guess)
        message_warning("the symbols may not be this kernel's own: %s", choice->origin.text);
    else if (is_verbose)
        message_note("symbols: %s", choice->origin.text);
    if (is_verbose && passed_over[0])
        message_note("symbols passed over: %s", passed_over);
}

void symbol_choice_say_lacking(const struct symbol_choice *choice)
{
    symbol_choice_say(choice, true);
    if (choice->origin.text[0] && !choice->is_named && !choice->passed_over.text[0])
        message_note("the kernel's own symbols know more: " ADVICE);
}
