/* kdlab truth: what a machine is made of, as it was told while it was built. */
#include "kdlab.h"
#include "kdlab_machine.h"

#include "machine.h"
#include "truth.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: kdlab truth --kernel NAME [OPTION]...\n"
    "\n"
    "Say what a machine is made of: jobs, processes, loggers, providers and the rest. Noted while "
    "they are\n"
    "written into its memory, not read back from there.\n"
    "\n"
    "  --kernel NAME   14393, 18362, 19041, 22000\n"
    "  --shape N       of all that its scene leaves open (default: 1)\n"
    "  --json          every fact, in tables as in 'kdwalk snapshot'; else how many there are\n"
    "  --needs         which bytes somebody must read to know all that: addresses and lengths\n"
    "  --reads N       how many reads of N bytes, at addresses that N divides, they are\n"
    "\n"
    "  kdlab truth --kernel 18362 --json > truth.json\n";

enum { O_KERNEL = 1, O_SHAPE, O_JSON, O_NEEDS, O_READS };

static const struct option long_options[] = {
    {"kernel", required_argument, NULL, O_KERNEL}, {"shape", required_argument, NULL, O_SHAPE},
    {"json", no_argument, NULL, O_JSON},           {"needs", no_argument, NULL, O_NEEDS},
    {"reads", required_argument, NULL, O_READS},   {NULL, 0, NULL, 0},
};

struct settings {
    const char *kernel;
    struct lab_machine_options machine;
    bool json, needs;
    uint64_t read_size; /* 0: not asked */
};

static int failed(const char *what, const char *value, const char *why)
{
    fprintf(stderr, "kdlab truth: %s%s%s: %s\n", what, *value ? " " : "", value, why);
    return KDLAB_FAILED;
}

static bool take_read_size(const char *text, uint64_t *out)
{
    char *end;
    unsigned long value = strtoul(text, &end, 0);

    *out = value;
    return *end == '\0' && value >= 16 && value <= 65536 && (value & (value - 1)) == 0;
}

static int take_settings(int argc, char **argv, struct settings *s)
{
    const char *wrong;
    int option;

    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
        switch (option) {
        case O_KERNEL:
            s->kernel = optarg;
            break;
        case O_SHAPE:
            wrong = kdlab_take_shape(optarg, &s->machine);
            if (wrong)
                return failed("--shape", optarg, wrong);
            break;
        case O_JSON:
            s->json = true;
            break;
        case O_NEEDS:
            s->needs = true;
            break;
        case O_READS:
            if (!take_read_size(optarg, &s->read_size))
                return failed("--reads", optarg, "a power of two from 16 to 65536 is wanted");
            break;
        default:
            return failed(argv[optind - 1], "",
                          option == ':' ? "a value is wanted" : "no such option");
        }
    }
    if (optind < argc)
        return failed(argv[optind], "", "not an option");
    return s->kernel ? 0 : failed("--kernel", "", "is missing");
}

static void print(struct lab_machine *m, const struct settings *s)
{
    struct truth *t = lab_machine_truth(m);

    if (s->read_size) {
        printf("%zu\n", truth_needed_blocks(t, s->read_size));
        return;
    }
    if (s->needs) {
        truth_print_needs(t, stdout);
        return;
    }
    if (s->json) {
        printf("{\"kernel\": \"%s\", \"shape\": %llu, \"tables\":\n", s->kernel,
               (unsigned long long)s->machine.seed);
        truth_print(t, stdout);
        puts("}");
        return;
    }
    for (unsigned i = 0; i < TRUTH_TABLES; i++)
        printf("%6zu %s\n", truth_count(t, i), truth_name(i));
}

int kdlab_truth(int argc, char **argv, const char *kernel_dir)
{
    struct settings s = {.machine = {.seed = 1, .tell = true}};
    struct lab_machine *machine;
    const char *why = "";
    int status;

    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            return 0;
        }
    status = take_settings(argc, argv, &s);
    if (status != 0)
        return status;
    machine = lab_machine_create_with(s.kernel, kernel_dir, &s.machine, &why);
    if (!machine)
        return failed("--kernel", s.kernel, why);
    print(machine, &s);
    lab_machine_destroy(machine);
    if (fflush(stdout) != 0 || ferror(stdout))
        return failed("standard output", "", strerror(errno));
    return 0;
}
