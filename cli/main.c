/* main.c - the table of commands. */
#include "cli.h"
#include "decode_filter.h"
#include "message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LIVE_EXAMPLE "-k net:port=50000,key=1.2.3.4"

static const struct cli_command commands[] = {
    {
        .name = "vertarget",
        .arguments = "",
        .summary = "what the target is: version, processors, build lab, times",
        .details =
            "Prints the block that WinDbg's vertarget prints, and below it the bugcheck of a crash "
            "dump.\n"
            "Needs no symbols, but for images of memory (-z) that do not say where the kernel has "
            "its\n"
            "lists. Of a boot debugger, which is not the kernel yet, it says what can be said and "
            "exits\n"
            "with status 1.\n",
        .examples = "  kdwalk vertarget " LIVE_EXAMPLE "\n"
                    "  KDWALK_KEY=1.2.3.4 kdwalk vertarget -k net:port=50000 --json\n"
                    "  kdwalk vertarget -r session.pcap --stop 1\n"
                    "  kdwalk vertarget -z MEMORY.DMP\n",
        .options = CLI_OPT_TARGET | CLI_OPT_SYMBOLS | CLI_OPT_JSON | CLI_OPT_VERBOSE,
        .run = cmd_vertarget,
    },
    {
        .name = "lm",
        .arguments = "",
        .summary = "the kernel's list of loaded modules",
        .details = "Prints start, end and name of each module. Needs no symbols, but for images of "
                   "memory (-z)\n"
                   "that do not say where the kernel has its lists.\n",
        .examples = "  kdwalk lm " LIVE_EXAMPLE "\n"
                    "  kdwalk lm -k com:port=/dev/ttyUSB0,baud=115200\n"
                    "  kdwalk lm -r session.pcap --key 1.2.3.4\n"
                    "  kdwalk lm -z Mini022121-01.dmp\n",
        .options = CLI_OPT_TARGET | CLI_OPT_SYMBOLS | CLI_OPT_JSON | CLI_OPT_VERBOSE,
        .run = cmd_lm,
    },
    {
        .name = "loggers",
        .arguments = "",
        .summary = "every ETW logger of the host and of each server silo",
        .details = "Prints one line for each logger: its context, its id, the silo state it "
                   "belongs to; first\n"
                   "those of the host. With -v also name, files, mode, flags, clock, buffers, "
                   "counters and\n"
                   "consumers, and of the kernel's own loggers the groups of events they get. "
                   "Loggers that are\n"
                   "being stopped and ones that cannot be read are marked; three independent "
                   "routes to the\n"
                   "host's state are compared. Symbols are found as kdwalk help symbols says.\n",
        .examples = "  kdwalk loggers " LIVE_EXAMPLE " -y /srv/symbols\n"
                    "  kdwalk loggers --wait -k com:pipe,port=/run/vm/com1.sock,reconnect -y "
                    "/srv/symbols\n"
                    "  kdwalk loggers -v --stats -k net:port=50000 --key-file vm.key -y "
                    "'srv*/srv/symbols'\n"
                    "  kdwalk loggers -v -w session.pcap " LIVE_EXAMPLE " -y /srv/symbols\n"
                    "  kdwalk loggers -v -r session.pcap --key 1.2.3.4 -y /srv/symbols\n"
                    "  kdwalk loggers -v -z MEMORY.DMP -y /srv/symbols\n",
        .options = CLI_OPT_TARGET | CLI_OPT_SYMBOLS | CLI_OPT_JSON | CLI_OPT_VERBOSE | CLI_OPT_SILO,
        .run = cmd_loggers,
    },
    {
        .name = "silos",
        .arguments = "",
        .summary = "the host, server silos (containers) and app silos",
        .details =
            "Prints the host and each silo: the id of its job, kind, state, service and console "
            "session, how\n"
            "many processes live in it, container and root of its names; below it where its job, "
            "globals and\n"
            "ETW state are. Jobs that are not on the kernel's list are marked as hidden. The "
            "drivers that are\n"
            "told of silos follow; with -v, also what they keep for each silo.\n",
        .examples = "  kdwalk silos " LIVE_EXAMPLE " -y /srv/symbols\n"
                    "  kdwalk silos -z MEMORY.DMP\n",
        .options = CLI_OPT_TARGET | CLI_OPT_SYMBOLS | CLI_OPT_JSON | CLI_OPT_VERBOSE,
        .run = cmd_silos,
    },
    {
        .name = "jobs",
        .arguments = "",
        .summary = "the jobs, what they are and how many processes they hold",
        .details =
            "Prints each job: its id, the jobs that it is in, whether it is a silo, session, "
            "processes that are\n"
            "in it, were in it and were ended by a limit, and what JobFlags say. What is not on "
            "the kernel's\n"
            "list, and what nothing but that list leads to, is marked.\n",
        .examples = "  kdwalk jobs --tree " LIVE_EXAMPLE " -y /srv/symbols\n"
                    "  kdwalk jobs -v -z MEMORY.DMP\n",
        .options = CLI_OPT_TARGET | CLI_OPT_SYMBOLS | CLI_OPT_JSON | CLI_OPT_VERBOSE | CLI_OPT_TREE,
        .run = cmd_jobs,
    },
    {
        .name = "sessions",
        .arguments = "",
        .summary = "the terminal sessions, and who is in them",
        .details =
            "Prints each session: its number, when it was made, how many processes the kernel "
            "counts in it and\n"
            "how many were found, of which silo it is the service or console session, and who "
            "lives in it.\n",
        .examples = "  kdwalk sessions " LIVE_EXAMPLE " -y /srv/symbols\n"
                    "  kdwalk sessions -v -z MEMORY.DMP\n",
        .options = CLI_OPT_TARGET | CLI_OPT_SYMBOLS | CLI_OPT_JSON | CLI_OPT_VERBOSE,
        .run = cmd_sessions,
    },
    {
        .name = "ps",
        .arguments = "",
        .summary = "the processes: silo, job, session, protection, integrity, restrictions",
        .details =
            "Prints one line for each process. Protection is type and signer, integrity that of "
            "its token;\n"
            "restrictions are AppContainer and those mitigations that forbid a call. With -v also "
            "path, times,\n"
            "user, token policy and all mitigations. The kernel's lists of processes are compared: "
            "one that is\n"
            "missing from some is marked.\n",
        .examples = "  kdwalk ps --tree " LIVE_EXAMPLE " -y /srv/symbols\n"
                    "  kdwalk ps -v -z MEMORY.DMP\n"
                    "  kdwalk ps --json -z MEMORY.DMP | jq '.tables.processes[].name'\n",
        .options = CLI_OPT_TARGET | CLI_OPT_SYMBOLS | CLI_OPT_JSON | CLI_OPT_VERBOSE | CLI_OPT_TREE,
        .run = cmd_ps,
    },
    {
        .name = "cpu",
        .arguments = "",
        .summary = "what the processors protect: SMEP, SMAP, UMIP, CET, NX, KVA shadow, VBS",
        .details =
            "Prints one line for each processor, from its control registers. NX is told by a page "
            "of the kernel\n"
            "that has it, KVA shadow and VBS by variables, where the symbols have them. With -v it "
            "says what\n"
            "each stands for.\n",
        .examples = "  kdwalk cpu " LIVE_EXAMPLE " -y /srv/symbols\n"
                    "  kdwalk cpu -v -z MEMORY.DMP -y /srv/symbols\n",
        .options = CLI_OPT_TARGET | CLI_OPT_SYMBOLS | CLI_OPT_JSON | CLI_OPT_VERBOSE,
        .run = cmd_cpu,
    },
    {
        .name = "providers",
        .arguments = "[GUID|NAME]",
        .summary = "the ETW providers, which loggers they are enabled for, who registered",
        .details =
            "Prints one line for each provider of every silo: its name, well-known or what it "
            "calls "
            "itself, or\n"
            "its GUID; type, silo, registrations, and ids of the loggers that it is enabled for. "
            "With\n"
            "a GUID or a name (a part that is one provider's alone will do), or with -v: levels, "
            "keywords and\n"
            "properties for each logger, and every registration with its process or driver and "
            "masks.\n",
        .examples = "  kdwalk providers " LIVE_EXAMPLE " -y /srv/symbols\n"
                    "  kdwalk providers Threat-Intelligence -z MEMORY.DMP\n"
                    "  kdwalk providers 22fb2cd6-0e7b-422b-a0c7-2fad1fd0e716 -z MEMORY.DMP\n"
                    "  kdwalk providers --logger 0x1b --silo host -z MEMORY.DMP\n"
                    "  kdwalk providers --process 716 --providers mine.csv -z MEMORY.DMP\n",
        .options = CLI_OPT_TARGET | CLI_OPT_SYMBOLS | CLI_OPT_JSON | CLI_OPT_VERBOSE |
                   CLI_OPT_SILO | CLI_OPT_OF | CLI_OPT_NAMES,
        .arguments_max = 1,
        .run = cmd_providers,
    },
    {
        .name = "layers",
        .arguments = "PID|NAME",
        .summary = "one process through all layers of protection, and who logs it",
        .details =
            "Prints on one screen: silo and server silo, job, session, protection, integrity, "
            "which calls are\n"
            "forbidden, what the processors protect; then which loggers the process consumes, "
            "which providers\n"
            "it has registered, and which loggers those reach. A process is named by PID, name or "
            "address.\n"
            "With --json: the records of the snapshot that belong to it, and its parent.\n",
        .examples = "  kdwalk layers lsass.exe " LIVE_EXAMPLE " -y /srv/symbols\n"
                    "  kdwalk layers 716 -v -z MEMORY.DMP\n",
        .options =
            CLI_OPT_TARGET | CLI_OPT_SYMBOLS | CLI_OPT_JSON | CLI_OPT_VERBOSE | CLI_OPT_NAMES,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = cmd_layers,
    },
    {
        .name = "snapshot",
        .arguments = "",
        .summary = "all that can be found out, as one JSON document",
        .details =
            "Takes one look at everything that the other commands show, and writes it as JSON: to "
            "the terminal,\n"
            "or with -o to a file that is there whole or not at all. The format is that of every "
            "--json\n"
            "of a walk, and is described by snapshot.schema.json. How long a live target stood "
            "still for it\n"
            "is said on stderr. Symbols are found as kdwalk help symbols says.\n",
        .examples = "  kdwalk snapshot " LIVE_EXAMPLE " -y /srv/symbols -o before.json\n"
                    "  kdwalk snapshot -z MEMORY.DMP -y /srv/symbols | jq .tables.loggers\n",
        .options =
            CLI_OPT_TARGET | CLI_OPT_SYMBOLS | CLI_OPT_JSON | CLI_OPT_VERBOSE | CLI_OPT_OUTPUT,
        .run = cmd_snapshot,
    },
    {
        .name = "diff",
        .arguments = "A B",
        .summary = "what appeared, vanished and changed from one snapshot to another",
        .details =
            "A and B are each a file that kdwalk snapshot wrote, or a crash dump or an image of "
            "memory, of\n"
            "which one is taken. By table, one line for each record that appeared (+) or vanished "
            "(-) and\n"
            "for each fact that changed (~). Processes are the same by pid and time of creation, "
            "loggers by\n"
            "their place, providers by GUID, the rest by address. Counters, which change by "
            "themselves, are\n"
            "compared with -v, which also cuts no line. What is unreadable in either is counted "
            "as not\n"
            "comparable, and is no change; then, and where either lacks anything else, the exit "
            "status is 1.\n"
            "Whether there are differences does not matter to it: --json tells a program. For "
            "dumps symbols\n"
            "are found as kdwalk help symbols says.\n",
        .examples = "  kdwalk snapshot " LIVE_EXAMPLE " -y /srv/symbols -o before.json\n"
                    "  kdwalk snapshot " LIVE_EXAMPLE " -y /srv/symbols -o after.json\n"
                    "  kdwalk diff before.json after.json\n"
                    "  kdwalk diff -y /srv/symbols before.json MEMORY.DMP --json | jq "
                    ".tables.loggers\n",
        .options = CLI_OPT_SYMBOLS | CLI_OPT_JSON | CLI_OPT_VERBOSE,
        .arguments_min = 2,
        .arguments_max = 2,
        .run = cmd_diff,
    },
    {
        .name = "report",
        .arguments = "[INPUT...]",
        .summary = "one page of HTML from snapshots, events and recordings",
        .details = "Each INPUT is a file that kdwalk snapshot wrote, events of kdwalk watch "
                   "--json, a recording,\n"
                   "or a dump; which, is told by what stands in it. With -k, -r or -z a snapshot "
                   "of that target is\n"
                   "taken as well. Snapshots are put in the order of their time, events are "
                   "merged. The page has\n"
                   "the time line of events against freezes and prints, the checks of the last "
                   "snapshot with their\n"
                   "evidence, who feeds and who hears each logger, silos, jobs and processes, what "
                   "differs between\n"
                   "snapshots, and what is not known. It needs no network and no other file, can "
                   "be read without\n"
                   "scripts and printed; a script in it searches and filters. Of a recording it "
                   "tells stops,\n"
                   "prints and modules; what kdwalk watch -r --json tells of one is an input, too. "
                   "-o names the\n"
                   "file, which is there whole or not at all; else the page goes to standard "
                   "output. Damaged lines\n"
                   "of events are counted and told; then, and with gaps in the last snapshot, the "
                   "exit status is\n"
                   "1.\n",
        .examples = "  kdwalk report before.json after.json -o report.html\n"
                    "  kdwalk report events.jsonl after.json -o report.html\n"
                    "  kdwalk report -r session.pcap --key 1.2.3.4 -y /srv/symbols -o report.html\n"
                    "  kdwalk report MEMORY.DMP -o report.html\n",
        .options = CLI_OPT_TARGET | CLI_OPT_NO_TARGET | CLI_OPT_KEY | CLI_OPT_SYMBOLS |
                   CLI_OPT_VERBOSE | CLI_OPT_OUTPUT | CLI_OPT_NAMES,
        .arguments_max = 100,
        .run = cmd_report,
    },
    {
        .name = "check",
        .arguments = "[FILE]",
        .summary = "what looks tampered with: 27 checks",
        .details =
            "Compares what the kernel's structures say of the same thing in several places, and "
            "with the only\n"
            "values that a sound kernel gives them. FILE is a snapshot that was written before; "
            "else a\n"
            "snapshot is taken. Prints a line for each check, and below them what did not pass; "
            "with -v also\n"
            "what is worth knowing and fails nothing. What cannot be read, and what a held lock "
            "covers, never\n"
            "fails. Exit status: 3 something failed, else 1 with gaps, else 0. The format of "
            "--json is\n"
            "described by check.schema.json.\n",
        .examples = "  kdwalk check " LIVE_EXAMPLE " -y /srv/symbols\n"
                    "  kdwalk check -v -z MEMORY.DMP -y /srv/symbols\n"
                    "  kdwalk check before.json --json | jq '.checks[] | select(.verdict == "
                    "\"fail\")'\n",
        .options =
            CLI_OPT_TARGET | CLI_OPT_NO_TARGET | CLI_OPT_SYMBOLS | CLI_OPT_JSON | CLI_OPT_VERBOSE,
        .arguments_max = 1,
        .run = cmd_check,
    },
    {
        .name = "watch",
        .arguments = "",
        .summary = "what changes while the target runs: samples, events, what it prints",
        .details =
            "Halts the target every S seconds, reads, lets it run, and tells what appeared (+), "
            "vanished (-)\n"
            "and changed (~) since the sample before, and which checks came out otherwise (!); "
            "between samples\n"
            "what the target prints, which modules it loads, exceptions and restarts. No break is "
            "held longer\n"
            "than the freeze budget: a sweep that does not fit goes over several, loggers first. "
            "Ends with\n"
            "Ctrl-C, with the figures; the target runs on. When it restarts or falls silent, "
            "kdwalk "
            "waits for\n"
            "it. A recording of a watch (-w) told again with -r tells the same. With --json one "
            "object a line,\n"
            "as watch.schema.json describes.\n",
        .examples =
            "  kdwalk watch " LIVE_EXAMPLE " -y /srv/symbols\n"
            "  kdwalk watch " LIVE_EXAMPLE " -y /srv/symbols --every 0.1 --freeze-budget 20 "
            "--only loggers\n"
            "  kdwalk watch " LIVE_EXAMPLE " -y /srv/symbols --on-module evil.sys -w "
            "session.pcap\n"
            "  kdwalk watch -r session.pcap --key 1.2.3.4 -y /srv/symbols --json\n",
        .options =
            CLI_OPT_TARGET | CLI_OPT_SYMBOLS | CLI_OPT_JSON | CLI_OPT_VERBOSE | CLI_OPT_WATCH,
        .run = cmd_watch,
    },
    {
        .name = "dt",
        .arguments = "TYPE [ADDRESS]",
        .summary = "the fields of a kernel structure, and their values at an address",
        .details =
            "TYPE is a structure or union of the kernel (nt!_EPROCESS or _EPROCESS).\n"
            "ADDRESS is hexadecimal, or a kernel symbol (nt!PspHostSiloGlobals, with +OFFSET if "
            "wanted).\n"
            "The form is that of WinDbg's dt. --process and --dtb are as for read.\n",
        .examples =
            "  kdwalk dt _ETW_SILODRIVERSTATE " LIVE_EXAMPLE " -y /srv/symbols\n"
            "  kdwalk dt _ETW_SILODRIVERSTATE fffff8026e98e540 " LIVE_EXAMPLE " -y /srv/symbols\n"
            "  kdwalk dt _ETW_SILODRIVERSTATE fffff8026e98e540 -r session.pcap -y /srv/symbols\n",
        .options =
            CLI_OPT_TARGET | CLI_OPT_SYMBOLS | CLI_OPT_JSON | CLI_OPT_VERBOSE | CLI_OPT_SPACE,
        .arguments_min = 1,
        .arguments_max = 2,
        .run = cmd_dt,
    },
    {
        .name = "read",
        .arguments = "ADDRESS LENGTH",
        .summary = "target memory, as a hex dump or raw",
        .details = "ADDRESS is hexadecimal, or a kernel symbol. LENGTH is in bytes: "
                   "decimal, or\n"
                   "hexadecimal with 0x; K and M are understood. What cannot be read shows as ??, "
                   "and below the\n"
                   "dump with the reason; with --raw it is zeros. The exit status is then 1.\n"
                   "A program's memory is that of the process which was running. --process takes "
                   "another's, by\n"
                   "the id or the name that the kernel's list of processes has; --dtb that behind "
                   "a page-table\n"
                   "root. Their page tables are then read from physical memory.\n",
        .examples = "  kdwalk read fffff78000000000 0x100 " LIVE_EXAMPLE "\n"
                    "  kdwalk read nt!NtBuildLab 64 " LIVE_EXAMPLE " -y /srv/symbols\n"
                    "  kdwalk read fffff8026e400000 64K --raw " LIVE_EXAMPLE " > head.bin\n"
                    "  kdwalk read fffff78000000000 0x100 -r session.pcap --at 12.5\n"
                    "  kdwalk read 7ffe0000 0x100 --process lsass.exe " LIVE_EXAMPLE "\n"
                    "  kdwalk read 7ffe0000 0x100 --dtb 1ad000 -z MEMORY.DMP\n",
        .options = CLI_OPT_TARGET | CLI_OPT_SYMBOLS | CLI_OPT_JSON | CLI_OPT_RAW | CLI_OPT_VERBOSE |
                   CLI_OPT_SPACE,
        .arguments_min = 2,
        .arguments_max = 2,
        .run = cmd_read,
    },
    {
        .name = "decode",
        .arguments = "FILE",
        .summary = "a recorded session, packet by packet, and what it amounts to",
        .details =
            "FILE is a capture (pcap, pcapng) of a KDNET session, by whatever tool, or what kdwalk "
            "recorded\n"
            "with -w on any link. For each packet: its number in the file, the time since the "
            "first, from the\n"
            "host to the target (H>T) or back, what it is, its id, and what it means. Requests and "
            "answers show\n"
            "what was asked and how long it took; the stops are numbered as --stop counts them. A "
            "summary follows.\n"
            "KDNET needs the session's key. With -y or --isf, and where the kernel's headers "
            "were\n"
            "read while it was recorded, addresses have names. The exit status is 1 when something "
            "was\n"
            "damaged or cut short, could not be opened, or the file breaks off.\n",
        .more_help = decode_filter_help,
        .examples = "  kdwalk decode session.pcapng --key 1.2.3.4\n"
                    "  kdwalk decode session.pcap --key-file vm.key --only stops,prints\n"
                    "  kdwalk decode serial.pcap -y /srv/symbols --json\n",
        .options = CLI_OPT_KEY | CLI_OPT_SYMBOLS | CLI_OPT_ONLY | CLI_OPT_JSON,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = cmd_decode,
    },
    {
        .name = "symbols",
        .arguments = "WHAT [FILE]",
        .summary = "which symbols a kernel gets, and why; fetches, lists and exports them",
        .details =
            "WHAT is one of\n"
            "  which   what the target's kernel gets, and what else there is, in the order in\n"
            "          which every command looks: ISF files of --isf, PDBs of the symbol path,\n"
            "          ISF files where they are usually kept, built-in tables\n"
            "  fetch   its PDB; what no folder has comes from the servers of the symbol path\n"
            "  list    PDBs of the symbol path, ISF files, and how many kernels are built in\n"
            "          (with -v, which); takes no target\n"
            "  export  what a walk needs of a PDB, which is FILE or the target's kernel's, as a\n"
            "          small ISF file: -o FILE.json, or -o DIR for a name by which --isf DIR\n"
            "          finds it (default: here)\n"
            "A server is an http or https URL, with stores that keep what comes to the left of "
            "it:\n"
            "srv*/srv/symbols*https://msdl.microsoft.com/download/symbols. Without such a store "
            "kdwalk/symbols\n"
            "in the user's cache folder keeps it. What comes is checked against the kernel "
            "before it is kept.\n"
            "Proxies are those of the environment (https_proxy, no_proxy). Without a URL no "
            "network is used.\n"
            "The target runs while its symbols are looked for and fetched.\n",
        .examples = "  kdwalk symbols which -r session.pcap -y /srv/symbols\n"
                    "  kdwalk symbols fetch " LIVE_EXAMPLE " \\\n"
                    "      -y 'srv*/srv/symbols*https://msdl.microsoft.com/download/symbols'\n"
                    "  kdwalk symbols list -y /srv/symbols\n"
                    "  kdwalk symbols export ntkrnlmp.pdb -o /srv/isf\n"
                    "  kdwalk symbols export -z MEMORY.DMP -y /srv/symbols -o kernel.json\n",
        .options = CLI_OPT_TARGET | CLI_OPT_NO_TARGET | CLI_OPT_SYMBOLS | CLI_OPT_JSON |
                   CLI_OPT_VERBOSE | CLI_OPT_OUTPUT,
        .arguments_min = 1,
        .arguments_max = 2,
        .run = cmd_symbols,
    },
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static const struct cli_command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static void print_usage(FILE *out)
{
    fputs("kdwalk: the Windows kernel debugger protocol from any host; ETW loggers and what they "
          "belong to\n"
          "\n"
          "usage: kdwalk COMMAND [ARGUMENTS] [OPTIONS]\n"
          "\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-10s %-15s %s\n", commands[i].name, commands[i].arguments,
                commands[i].summary);
    fputs(
        "  help       [COMMAND]       this text, or a command's own with examples\n"
        "\n"
        "The target of a command:\n"
        "  -k net:port=PORT,key=W.X.Y.Z[,bind=ADDRESS]   KDNET; the machine under debug calls\n"
        "  -k com:port=/dev/ttyS0,baud=115200            a serial line\n"
        "  -k com:pipe,port=PATH[,reconnect][,server]    a virtual serial port as a unix socket\n"
        "  -k com:ipport=PORT,port=HOST[,reconnect]      a virtual serial port over TCP\n"
        "  -r FILE [--stop N | --at TIME]                a session that was recorded with -w FILE\n"
        "  -z FILE                                       a crash dump, or an image of memory\n"
        "\n"
        "On the machine under debug, as administrator, before it restarts:\n"
        "  bcdedit /debug on\n"
        "  bcdedit /dbgsettings net hostip:ADDRESS port:PORT key:W.X.Y.Z\n"
        "  bcdedit /dbgsettings serial debugport:1 baudrate:115200\n"
        "\n"
        "exit status: 0 complete, 1 finished with gaps, 2 failed, 3 check found something\n",
        out);
}

static void print_command_help(const struct cli_command *command)
{
    printf("usage: kdwalk %s%s%s [OPTIONS]\n\n%s", command->name, command->arguments[0] ? " " : "",
           command->arguments, command->details);
    if (command->more_help)
        command->more_help();
    printf("\nOptions:\n");
    cli_options_help(command);
    printf("\nExamples:\n%s", command->examples);
}

static enum cli_exit help(const char *name)
{
    const struct cli_command *command;

    if (!name) {
        print_usage(stdout);
        return CLI_COMPLETE;
    }
    command = find_command(name);
    if (!command) {
        message_error("there is no command of that name; see kdwalk help");
        return CLI_FAILED;
    }
    print_command_help(command);
    return CLI_COMPLETE;
}

static enum cli_exit run(int argc, char **argv)
{
    struct cli c = {0};
    bool wants_help = false;
    enum cli_exit status;

    c.command = find_command(argv[0]);
    if (!c.command && argv[0][0] == '-') {
        message_error("the command comes first: kdwalk COMMAND [ARGUMENTS] [OPTIONS]; see kdwalk "
                      "help");
        return CLI_FAILED;
    }
    if (!c.command) {
        /* Cut short: a forgotten command may leave a key in its place. */
        message_error("'%.*s' is no command of kdwalk; see kdwalk help",
                      (int)strcspn(argv[0], ":=,."), argv[0]);
        return CLI_FAILED;
    }
    status = cli_options_parse(&c, argc, argv, &wants_help);
    if (wants_help)
        print_command_help(c.command);
    else if (status == CLI_COMPLETE)
        status = c.command->run(&c);
    cli_options_wipe(&c);
    return status;
}

static enum cli_exit dispatch(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return CLI_FAILED;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("kdwalk %s\n", KDWALK_VERSION);
        return CLI_COMPLETE;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
        strcmp(argv[1], "-h") == 0)
        return help(argc > 2 ? argv[2] : NULL);
    return run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    enum cli_exit status = dispatch(argc, argv);

    /* A full disk or a closed pipe is found out here, if not before. */
    if (fflush(stdout) != 0)
        message_output_failed(strerror(errno));
    else if (ferror(stdout)) /* an earlier write; its reason is lost */
        message_output_failed("the disk may be full, or the reader gone");
    return message_output_has_failed() ? CLI_FAILED : (int)status;
}
