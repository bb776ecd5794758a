/* kdlab dump: a machine's memory as a file. */
#include "kdlab.h"
#include "kdlab_machine.h"

#include "dump.h"
#include "machine.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: kdlab dump --kernel NAME --type TYPE -o FILE [OPTION]...\n"
    "\n"
    "Write the memory of a machine as a file. Pages of zeros are holes in it.\n"
    "\n"
    "  --kernel NAME        14393, 18362, 19041, 22000\n"
    "  --type TYPE          one of those below\n"
    "  -o FILE              where to; a file that is there is replaced\n"
    "  --ram SIZE           memory of the machine: 2G (default), 4G, 8G, 16G, 32G, 64G; what is\n"
    "                       more than 2 GiB begins at 4 GiB\n" KDLAB_MACHINE_USAGE
    "  --bugcheck C[,P...]  the machine stopped with this code and up to four parameters; 0: it\n"
    "                       did not (default: 0xe2 where Windows writes the file, else 0)\n"
    "  --encode             booted without debugging: the debugger data block is encoded\n"
    "  --seed N             of all that looks random (default: 1)\n"
    "\n"
    "Of the pages that hold pool, P percent (100 in all) are chosen for each of these:\n"
    "  --page-out P         in a page file; the page has another owner\n"
    "  --transition P       in transition: not mapped, but still there\n"
    "  --leave-out P        mapped, but not in the file; only of a type that says of each page\n"
    "                       whether it is there: bitmap, active, kernel, live, summary, ranges\n"
    "What else the kernel needs stays: its image, page tables, processors, stacks, drivers.\n"
    "  --page-out-header    but for the first page of its image\n"
    "  --swizzle            bits of entries that are not present are flipped (not in 14393)\n";

enum {
    O_KERNEL = 1,
    O_TYPE,
    O_RAM,
    O_BUGCHECK,
    O_ENCODE,
    O_SEED,
    O_PAGE_OUT,
    O_TRANSITION,
    O_LEAVE_OUT,
    O_HEADER_OUT,
    O_SWIZZLE,
    O_SHAPE,
    O_TAMPER,
    O_RACE
};

static const struct option long_options[] = {
    {"kernel", required_argument, NULL, O_KERNEL},
    {"type", required_argument, NULL, O_TYPE},
    {"ram", required_argument, NULL, O_RAM},
    {"bugcheck", required_argument, NULL, O_BUGCHECK},
    {"encode", no_argument, NULL, O_ENCODE},
    {"seed", required_argument, NULL, O_SEED},
    {"page-out", required_argument, NULL, O_PAGE_OUT},
    {"transition", required_argument, NULL, O_TRANSITION},
    {"leave-out", required_argument, NULL, O_LEAVE_OUT},
    {"page-out-header", no_argument, NULL, O_HEADER_OUT},
    {"swizzle", no_argument, NULL, O_SWIZZLE},
    {"shape", required_argument, NULL, O_SHAPE},
    {"tamper", required_argument, NULL, O_TAMPER},
    {"race", no_argument, NULL, O_RACE},
    {NULL, 0, NULL, 0},
};

struct settings {
    const char *kernel, *path;
    struct lab_machine_options machine;
    struct lab_dump_options dump;
};

static void help(void)
{
    const char *name, *about;

    fputs(usage, stdout);
    puts("\nTypes:");
    for (size_t i = 0; (name = lab_dump_type(i, &about)) != NULL; i++)
        printf("  %-10s %s\n", name, about);
    puts("\n  kdlab dump --kernel 18362 --type kernel --leave-out 5 -o kernel.dmp\n"
         "  kdwalk loggers -v -z kernel.dmp");
}

static int failed(const char *what, const char *value, const char *why)
{
    fprintf(stderr, "kdlab dump: %s%s%s: %s\n", what, *value ? " " : "", value, why);
    return KDLAB_FAILED;
}

/* ---- values ---- */

/* A number, decimal or hexadecimal, up to max; *end is behind it. */
static bool number(const char *text, uint64_t max, uint64_t *out, const char **end)
{
    char *stop;

    errno = 0;
    *out = strtoull(text, &stop, 0);
    *end = stop;
    return text[0] >= '0' && text[0] <= '9' && errno == 0 && *out <= max;
}

static bool take_ram(const char *text, uint64_t *out)
{
    uint64_t gib;
    const char *end;

    if (!number(text, 64, &gib, &end) || strcmp(end, "G") != 0 || gib < 2 || (gib & (gib - 1)) != 0)
        return false;
    *out = gib << 30;
    return true;
}

static bool take_bugcheck(const char *text, struct lab_dump_options *out)
{
    uint64_t code;
    const char *at;

    if (!number(text, UINT32_MAX, &code, &at))
        return false;
    for (size_t i = 0; i < 4 && *at == ','; i++)
        if (!number(at + 1, UINT64_MAX, &out->parameters[i], &at))
            return false;
    out->bugcheck = (uint32_t)code;
    out->has_bugcheck = true;
    return *at == '\0';
}

static bool take_percent(const char *text, unsigned *out)
{
    uint64_t value;
    const char *end;

    if (!number(text, 100, &value, &end) || *end != '\0')
        return false;
    *out = (unsigned)value;
    return true;
}

static bool take_seed(const char *text, uint64_t *out)
{
    const char *end;

    return number(text, UINT64_MAX, out, &end) && *end == '\0';
}

/* ---- the command line ---- */

/* NULL, or what is wanted instead. */
static const char *take_option(struct settings *s, int option, const char *value)
{
    struct lab_dump_options *d = &s->dump;

    switch (option) {
    case O_KERNEL:
        s->kernel = value;
        return NULL;
    case O_TYPE:
        d->type = value;
        return NULL;
    case 'o':
        s->path = value;
        return *value ? NULL : "a file is wanted";
    case O_RAM:
        return take_ram(value, &s->machine.ram) ? NULL : "2G, 4G, 8G, 16G, 32G or 64G is wanted";
    case O_BUGCHECK:
        return take_bugcheck(value, d) ? NULL : "a code and up to four parameters are wanted";
    case O_ENCODE:
        d->encode = true;
        return NULL;
    case O_SEED:
        return take_seed(value, &d->seed) ? NULL : "a number is wanted";
    case O_PAGE_OUT:
        return take_percent(value, &d->page_out) ? NULL : "a number from 0 to 100 is wanted";
    case O_TRANSITION:
        return take_percent(value, &d->transition) ? NULL : "a number from 0 to 100 is wanted";
    case O_LEAVE_OUT:
        return take_percent(value, &d->leave_out) ? NULL : "a number from 0 to 100 is wanted";
    case O_HEADER_OUT:
        d->header_out = true;
        return NULL;
    case O_SHAPE:
        return kdlab_take_shape(value, &s->machine);
    case O_TAMPER:
        return kdlab_take_tamper(value, &s->machine);
    case O_RACE:
        s->machine.race = true;
        return NULL;
    default:
        d->swizzle = true;
        return NULL;
    }
}

static int take_settings(int argc, char **argv, struct settings *s)
{
    int option, index = 0;

    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":o:", long_options, &index)) != -1) {
        const char *wrong;
        char name[32] = "-o";

        if (option == '?' || option == ':')
            return failed(argv[optind - 1], "",
                          option == ':' ? "a value is wanted" : "no such option");
        if (option != 'o')
            snprintf(name, sizeof name, "--%s", long_options[index].name);
        wrong = take_option(s, option, optarg);
        if (wrong)
            return failed(name, optarg, wrong);
    }
    if (optind < argc)
        return failed(argv[optind], "", "not an option");
    if (!s->kernel)
        return failed("--kernel", "", "is missing");
    if (!s->dump.type)
        return failed("--type", "", "is missing");
    if (!s->path)
        return failed("-o", "", "is missing");
    return 0;
}

static bool is_type(const char *name)
{
    const char *type, *about;

    for (size_t i = 0; (type = lab_dump_type(i, &about)) != NULL; i++)
        if (strcmp(type, name) == 0)
            return true;
    return false;
}

int kdlab_dump(int argc, char **argv, const char *kernel_dir)
{
    struct settings s = {.dump.seed = 1};
    struct lab_machine *machine;
    const char *why = "";
    int status;

    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0) {
            help();
            return 0;
        }
    status = take_settings(argc, argv, &s);
    if (status != 0)
        return status;
    if (!is_type(s.dump.type))
        return failed("--type", s.dump.type, "no such type; --help lists them");
    machine = lab_machine_create_with(s.kernel, kernel_dir, &s.machine, &why);
    if (!machine)
        return failed("--kernel", s.kernel, why);
    if (!lab_dump_write(machine, &s.dump, s.path, &why))
        status = failed(s.path, "", why);
    lab_machine_destroy(machine);
    return status;
}
