/* kdlab - the simulated debug-enabled machine, as a program. */
#include "kdlab.h"

#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv, const char *kernel_dir);
    const char *about;
} commands[] = {
    {"serve", kdlab_serve, "be a debug-enabled machine, over KDNET or a serial line"},
    {"replay", kdlab_replay, "be the target of a recorded session"},
    {"dump", kdlab_dump, "write a machine's memory as a file"},
    {"truth", kdlab_truth, "say what a machine is made of"},
    {"symbols", kdlab_symbols, "write the kernels' PDBs as a symbol store"},
};
#define COMMANDS (sizeof commands / sizeof *commands)

static void help(FILE *to)
{
    fputs("usage: kdlab COMMAND [OPTION]...\n\n"
          "A simulated debug-enabled Windows machine, for tests of the host's side.\n\n",
          to);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].about);
    fputs("\nkdlab COMMAND --help says more. KDLAB_KERNELS names the folder of built kernels, if\n"
          "they are not where they were built.\n",
          to);
}

int kdlab_symbols(int argc, char **argv, const char *kernel_dir)
{
    static const char usage[] =
        "usage: kdlab symbols DIR\n\n"
        "Write the PDBs of all built kernels into DIR, as a symbol store.\n\n"
        "  kdlab symbols /tmp/store && kdwalk loggers -y /tmp/store ...\n";
    const char *why = "?";

    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    if (argc != 2 || argv[1][0] == '-') {
        fputs(usage, stderr);
        return KDLAB_FAILED;
    }
    if (lab_machine_write_store(kernel_dir, argv[1], &why))
        return 0;
    fprintf(stderr, "kdlab symbols: %s: %s\n", argv[1], why);
    return KDLAB_FAILED;
}

int main(int argc, char **argv)
{
    const char *kernel_dir = getenv("KDLAB_KERNELS");

    if (!kernel_dir)
        kernel_dir = LAB_KERNEL_DIR;
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
        help(stdout);
        return 0;
    }
    for (size_t i = 0; argc >= 2 && i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1, kernel_dir);
    if (argc >= 2)
        fprintf(stderr, "kdlab: no command '%s'\n\n", argv[1]);
    help(stderr);
    return KDLAB_FAILED;
}
