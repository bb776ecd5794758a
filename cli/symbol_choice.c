#include "symbol_choice.h"

void symbol_choice_init(struct symbol_choice *choice, const struct cli_options *options)
{
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
