#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli.h"
#include "support/capture.h"
#include "support/temp_dir.h"

#define KEY "1.2.3.4"

enum { WORDS_MAX = 8, WORD_MAX = 512 };

static const struct cli_command live = {
    .name = "live",
    .arguments = "[ADDRESS]",
    .options = CLI_OPT_TARGET | CLI_OPT_SYMBOLS | CLI_OPT_JSON | CLI_OPT_VERBOSE | CLI_OPT_SPACE,
    .arguments_max = 1,
};
static const struct cli_command recorded = {
    .name = "recorded",
    .arguments = "CAPTURE",
    .options = CLI_OPT_KEY | CLI_OPT_ONLY | CLI_OPT_JSON,
    .arguments_min = 1,
    .arguments_max = 1,
};

static const struct cli_command writing = {
    .name = "writing",
    .arguments = "",
    .options = CLI_OPT_OUTPUT,
};

struct run { /* one command line, parsed */
    struct cli cli;
    char words[WORDS_MAX][WORD_MAX];
    char *argv[WORDS_MAX + 1];
    enum cli_exit status;
    bool help;
    struct capture said; /* on stderr */
};

/* The words are separated by blanks, the command's name stands in front. */
static void parse(struct run *r, const struct cli_command *command, const char *line)
{
    char copy[WORD_MAX];
    int argc = 1;

    memset(r, 0, sizeof *r);
    r->cli.command = command;
    r->argv[0] = r->words[0];
    memcpy(copy, line, strlen(line) + 1);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
        r->argv[argc] = r->words[argc];
        memcpy(r->words[argc++], word, strlen(word) + 1);
    }
    capture_begin(&r->said, CAPTURE_ERR);
    r->status = cli_options_parse(&r->cli, argc, r->argv, &r->help);
    (void)capture_end(&r->said);
}

static void drop(struct run *r)
{
    cli_options_wipe(&r->cli);
    capture_free(&r->said);
}

static void assert_taken(const struct cli_command *command, const char *line)
{
    struct run r;

    parse(&r, command, line);
    assert_string_equal(r.said.text, "");
    assert_int_equal(r.status, CLI_COMPLETE);
    drop(&r);
}

static void assert_refused(const struct cli_command *command, const char *line, const char *says)
{
    struct run r;

    parse(&r, command, line);
    assert_int_equal(r.status, CLI_FAILED);
    if (!strstr(r.said.text, says))
        fail_msg("\"%s\" does not say \"%s\"", r.said.text, says);
    assert_null(strstr(r.said.text, KEY));
    assert_ptr_equal(strchr(r.said.text, '\n'), r.said.text + r.said.len - 1); /* one line */
    drop(&r);
}

static int clear_environment(void **state)
{
    (void)state;
    unsetenv("KDWALK_KEY");
    unsetenv("_NT_SYMBOL_PATH");
    return 0;
}

/* The words as the process list shows them, after parsing. */
static void assert_hidden(const struct cli_command *command, const char *line)
{
    struct run r;

    parse(&r, command, line);
    for (int i = 0; r.argv[i]; i++)
        assert_null(strstr(r.argv[i], KEY));
    drop(&r);
}

static void the_key_is_overwritten_however_it_is_written(void **state)
{
    (void)state;
    assert_hidden(&live, "-k net:port=50000,key=" KEY);
    assert_hidden(&live, "-k net:port=50000,Key=" KEY);
    assert_hidden(&live, "-k net:key=" KEY ",port=50000");
    assert_hidden(&live, "-knet:port=50000,KEY=" KEY);
    assert_hidden(&live, "-k net:key=" KEY ",key=" KEY ",port=50000"); /* refused, still hidden */
    assert_hidden(&recorded, "file --key " KEY);
    assert_hidden(&recorded, "file --key=" KEY);
}

static void what_is_no_key_stays_readable(void **state)
{
    struct run r;

    (void)state;
    parse(&r, &live, "-k net:key=" KEY ",port=50000");
    assert_string_equal(r.argv[2], "net:key=*******,port=50000");
    drop(&r);
}

static void options_are_spelled_out(void **state)
{
    (void)state;
    /* else this would be --key-file, and the key the name of a file that is missing */
    assert_refused(&live, "-k net:port=50000,key=" KEY " --key-f " KEY,
                   "live: --key-f is not an option");
    assert_refused(&live, "-k net:port=50000,key=" KEY " --key-fi=" KEY,
                   "live: --key-fi is not an option");
    assert_refused(&live, "-k net:port=50000,key=" KEY " --ke " KEY, "live: --ke is not an option");
    assert_refused(&live, "-k net:port=50000,key=" KEY " --stat", "live: --stat is not an option");
    assert_taken(&live, "-k net:port=50000,key=" KEY " --stats --verbose --json");
}

static void refusals_name_the_option_they_are_about(void **state)
{
    (void)state;
    assert_refused(&live, "--stats -xv", "live: -x is not an option");
    assert_refused(&live, "--stats -vx", "live: -x is not an option");
    assert_refused(&live, "--json=yes", "live: --json takes no value");
    assert_refused(&live, "--verbose=2", "live: --verbose takes no value");
    assert_refused(&live, "--nonsense=" KEY, "live: --nonsense is not an option");
    assert_refused(&live, "--timeout", "live: --timeout is missing its value");
    assert_refused(&live, "-k", "live: -k is missing its value");
    assert_refused(&recorded, "file -k net:port=50000,key=" KEY, "recorded: -k is not an option");
    assert_refused(&live, "one two", "live takes [ADDRESS] and nothing more");
    assert_refused(&recorded, "--key " KEY, "recorded needs CAPTURE");
    assert_refused(&live, "", "live needs a target");
}

static void the_key_comes_from_one_place(void **state)
{
    struct temp_dir dir;
    char line[WORD_MAX];
    struct run r;

    (void)state;
    temp_dir_create(&dir);
    temp_dir_write(&dir, "key", KEY "\r\n", strlen(KEY) + 2);
    snprintf(line, sizeof line, "-k net:port=50000 --key-file %s", temp_dir_path(&dir, "key"));
    assert_taken(&live, line);
    snprintf(line, sizeof line, "-k net:port=50000,key=" KEY " --key-file %s",
             temp_dir_path(&dir, "key"));
    assert_refused(&live, line, "the key is given twice");
    snprintf(line, sizeof line, "file --key " KEY " --key-file %s", temp_dir_path(&dir, "key"));
    assert_refused(&recorded, line, "the key can be given once only");
    temp_dir_remove(&dir);

    assert_taken(&live, "-k net:port=50000 --key " KEY);
    assert_refused(&live, "-k net:port=50000,key=" KEY " --key " KEY, "the key is given twice");
    assert_refused(&live, "-k net:port=50000", "-k names no key");
    setenv("KDWALK_KEY", "5.6.7.8", 1);
    assert_taken(&live, "-k net:port=50000");
    parse(&r, &live, "-k net:port=50000,key=" KEY); /* the environment is a default */
    assert_int_equal(r.status, CLI_COMPLETE);
    assert_false(r.cli.options.has_key);
    drop(&r);
    setenv("KDWALK_KEY", KEY "!", 1);
    assert_refused(&live, "-k net:port=50000", "KDWALK_KEY: ");
}

static void a_serial_line_has_no_key(void **state)
{
    struct temp_dir dir;
    char line[WORD_MAX];

    (void)state;
    temp_dir_create(&dir);
    temp_dir_write(&dir, "key", KEY, strlen(KEY));
    snprintf(line, sizeof line, "-k com:port=/dev/ttyS0 --key-file %s", temp_dir_path(&dir, "key"));
    assert_refused(&live, line, "a serial line has no key");
    temp_dir_remove(&dir);
    setenv("KDWALK_KEY", "no key at all", 1); /* of another target */
    assert_taken(&live, "-k com:port=/dev/ttyS0,baud=115200");
    assert_taken(&live, "-k com:pipe,port=/run/vm/com1.sock,reconnect");
    assert_taken(&live, "-k com:ipport=5555,port=127.0.0.1");
}

static void a_key_file_that_is_none_is_named(void **state)
{
    struct temp_dir dir;
    char line[WORD_MAX], much[300];

    (void)state;
    memset(much, '1', sizeof much);
    temp_dir_create(&dir);
    temp_dir_write(&dir, "empty", "", 0);
    temp_dir_write(&dir, "long", much, sizeof much);
    snprintf(line, sizeof line, "-k net:port=50000 --key-file %s", temp_dir_path(&dir, "empty"));
    assert_refused(&live, line, "empty: ");
    snprintf(line, sizeof line, "-k net:port=50000 --key-file %s", temp_dir_path(&dir, "long"));
    assert_refused(&live, line, "too long to be a key");
    snprintf(line, sizeof line, "-k net:port=50000 --key-file %s", temp_dir_path(&dir, "none"));
    assert_refused(&live, line, "No such file");
    snprintf(line, sizeof line, "-k net:port=50000 --key-file %s", dir.path);
    assert_refused(&live, line, "cannot be read");
    temp_dir_remove(&dir);
}

static void times_are_seconds_above_zero(void **state)
{
    static const char *const wrong[] = {"0", "-1", "soon", "1s", "nan", "inf", "1e9", "0x"};
    char line[WORD_MAX];
    struct run r;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(line, sizeof line, "-k net:port=50000,key=" KEY " --timeout %s", wrong[i]);
        assert_refused(&live, line, "--timeout takes a number of seconds");
        snprintf(line, sizeof line, "-k net:port=50000,key=" KEY " --deadline %s", wrong[i]);
        assert_refused(&live, line, "--deadline takes a number of seconds");
    }
    parse(&r, &live, "-k net:port=50000,key=" KEY " --timeout 2.5 --deadline 0.0001");
    assert_int_equal(r.cli.options.timeout_ms, 2500);
    assert_int_equal(r.cli.options.deadline_ms, 1); /* 0 would be none */
    drop(&r);
    parse(&r, &live, "-k net:port=50000,key=" KEY);
    assert_int_equal(r.cli.options.timeout_ms, 30000);
    assert_int_equal(r.cli.options.deadline_ms, 0);
    drop(&r);
}

static void a_restart_is_waited_for_when_asked(void **state)
{
    struct run r;

    (void)state;
    parse(&r, &live, "-k net:port=50000,key=" KEY " --wait");
    assert_true(r.cli.options.wait);
    drop(&r);
    parse(&r, &live, "-k net:port=50000,key=" KEY);
    assert_false(r.cli.options.wait);
    drop(&r);
    assert_refused(&recorded, "file --key " KEY " --wait", "recorded: --wait is not an option");
}

static void a_recording_takes_the_place_of_a_target(void **state)
{
    struct run r;

    (void)state;
    parse(&r, &live, "-r session.pcap");
    assert_int_equal(r.status, CLI_COMPLETE);
    assert_string_equal(r.cli.options.recording, "session.pcap");
    assert_false(r.cli.options.has_key);
    assert_int_equal(r.cli.options.moment.kind, KDT_MOMENT_LAST);
    drop(&r);
    parse(&r, &live, "-r session.pcap --key " KEY " --stop 3");
    assert_true(r.cli.options.has_key);
    assert_int_equal(r.cli.options.moment.kind, KDT_MOMENT_STOP);
    assert_int_equal(r.cli.options.moment.stop, 3);
    drop(&r);
    parse(&r, &live, "-r session.pcap --at 12.5");
    assert_int_equal(r.cli.options.moment.kind, KDT_MOMENT_OFFSET);
    drop(&r);
    assert_hidden(&live, "-r session.pcap --key " KEY);
    setenv("KDWALK_KEY", KEY, 1);
    parse(&r, &live, "-r session.pcap");
    assert_true(r.cli.options.has_key);
    drop(&r);
    setenv("KDWALK_KEY", KEY "!", 1);
    assert_refused(&live, "-r session.pcap", "KDWALK_KEY: ");
}

static void what_goes_with_one_kind_of_target_is_refused_with_the_other(void **state)
{
    static const char *const live_only[] = {"-w FILE", "--timeout 1", "--deadline 1", "--wait",
                                            "--stats"};
    static const char *const recorded_only[] = {"--stop 1", "--at 1"};
    char line[WORD_MAX], says[WORD_MAX];

    (void)state;
    assert_refused(&live, "-r session.pcap -k com:port=/dev/ttyS0",
                   "-k, -r and -z exclude each other");
    for (size_t i = 0; i < sizeof live_only / sizeof live_only[0]; i++) {
        snprintf(line, sizeof line, "-r session.pcap %s", live_only[i]);
        snprintf(says, sizeof says, "%.*s goes with a live target", (int)strcspn(live_only[i], " "),
                 live_only[i]);
        assert_refused(&live, line, says);
        snprintf(line, sizeof line, "-k com:port=/dev/ttyS0 %s", live_only[i]);
        assert_taken(&live, line);
    }
    for (size_t i = 0; i < sizeof recorded_only / sizeof recorded_only[0]; i++) {
        snprintf(line, sizeof line, "-k com:port=/dev/ttyS0 %s", recorded_only[i]);
        snprintf(says, sizeof says, "%.*s goes with a recording",
                 (int)strcspn(recorded_only[i], " "), recorded_only[i]);
        assert_refused(&live, line, says);
        snprintf(line, sizeof line, "-r session.pcap %s", recorded_only[i]);
        assert_taken(&live, line);
    }
    assert_refused(&live, "-r session.pcap --stop 1 --at 1", "--stop and --at exclude each other");
    assert_refused(&live, "-r session.pcap --stop 1 --stop 2", "once only");
    assert_refused(&live, "-r session.pcap --stop 0", "--stop takes the number of a stop");
    assert_refused(&live, "-r session.pcap --at noon", "--at takes seconds");
    assert_refused(&live, "-r one -r two", "-r can be given once only");
    assert_refused(&live, "-k com:port=/dev/ttyS0 -w one -w two", "-w can be given once only");
    assert_refused(&live, "-k com:port=/dev/ttyS0 -w", "live: -w is missing its value");
}

static void a_dump_takes_the_place_of_a_target(void **state)
{
    static const char *const refused[][2] = {
        {"-k com:port=/dev/ttyS0", "-k, -r and -z exclude each other"},
        {"-r session.pcap", "-k, -r and -z exclude each other"},
        {"-z other.dmp", "-z can be given once only"},
        {"-w FILE", "-w goes with a live target, -k, and not with a dump"},
        {"--timeout 1", "--timeout goes with a live target, -k, and not with a dump"},
        {"--deadline 1", "--deadline goes with a live target, -k, and not with a dump"},
        {"--wait", "--wait goes with a live target, -k, and not with a dump"},
        {"--stats", "--stats goes with a live target, -k, and not with a dump"},
        {"--stop 1", "--stop goes with a recording, -r, and not with a dump"},
        {"--at 1", "--at goes with a recording, -r, and not with a dump"},
        {"--key " KEY, "a dump has no key"},
    };
    char line[WORD_MAX];
    struct run r;

    (void)state;
    parse(&r, &live, "-z memory.dmp");
    assert_int_equal(r.status, CLI_COMPLETE);
    assert_string_equal(r.cli.options.dump, "memory.dmp");
    drop(&r);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        snprintf(line, sizeof line, "-z memory.dmp %s", refused[i][0]);
        assert_refused(&live, line, refused[i][1]);
    }
    setenv("KDWALK_KEY", KEY "!", 1); /* nobody asks for it */
    parse(&r, &live, "-z memory.dmp");
    assert_int_equal(r.status, CLI_COMPLETE);
    drop(&r);
}

static void the_symbol_path_falls_back_to_the_environment(void **state)
{
    struct run r;

    (void)state;
    setenv("_NT_SYMBOL_PATH", "/from/environment", 1);
    parse(&r, &live, "-k net:port=50000,key=" KEY);
    assert_string_equal(r.cli.options.symbol_path, "/from/environment");
    drop(&r);
    parse(&r, &live, "-k net:port=50000,key=" KEY " -y /given");
    assert_string_equal(r.cli.options.symbol_path, "/given");
    drop(&r);
}

static void isf_folders_are_given_once(void **state)
{
    struct run r;

    (void)state;
    parse(&r, &live, "-z memory.dmp --isf /a;/b");
    assert_string_equal(r.cli.options.isf, "/a;/b");
    drop(&r);
    assert_refused(&live, "-z memory.dmp --isf /a --isf /b", "--isf can be given once only");
}

static void a_file_to_write_is_named_once(void **state)
{
    struct run r;

    (void)state;
    parse(&r, &writing, "-o isf/");
    assert_int_equal(r.status, CLI_COMPLETE);
    assert_string_equal(r.cli.options.output, "isf/");
    drop(&r);
    assert_refused(&writing, "-o a -o b", "-o can be given once only");
    assert_refused(&live, "-z memory.dmp -o a", "-o is not an option of this command");
}

static void arguments_and_options_may_be_mixed(void **state)
{
    struct run r;

    (void)state;
    parse(&r, &live, "fffff80000000000 -k net:port=50000,key=" KEY " -v");
    assert_int_equal(r.status, CLI_COMPLETE);
    assert_int_equal(r.cli.arguments_len, 1);
    assert_string_equal(r.cli.arguments[0], "fffff80000000000");
    assert_true(r.cli.options.verbose);
    drop(&r);
    parse(&r, &live, "-k net:port=50000,key=" KEY " -- -v");
    assert_string_equal(r.cli.arguments[0], "-v");
    assert_false(r.cli.options.verbose);
    drop(&r);
}

static void wiping_leaves_no_key(void **state)
{
    static const struct kdnet_key nothing;
    struct run r;

    (void)state;
    parse(&r, &recorded, "file --key " KEY);
    assert_true(r.cli.options.has_key);
    cli_options_wipe(&r.cli);
    assert_memory_equal(&r.cli.options.key, &nothing, sizeof nothing);
    capture_free(&r.said);
}

static void a_recording_may_need_no_key(void **state)
{
    struct run r;

    (void)state;
    parse(&r, &recorded, "file --only reads,prints");
    assert_int_equal(r.status, CLI_COMPLETE);
    assert_false(r.cli.options.has_key);
    assert_string_equal(r.cli.options.only, "reads,prints");
    drop(&r);
}

static void kinds_are_not_given_twice(void **state)
{
    (void)state;
    assert_refused(&recorded, "file --only reads --only prints", "--only can be given once only");
}

static void help_wins_over_what_is_missing(void **state)
{
    struct run r;

    (void)state;
    parse(&r, &recorded, "--help");
    assert_true(r.help);
    assert_int_equal(r.status, CLI_COMPLETE);
    drop(&r);
}

static void the_help_lists_exactly_what_a_command_takes(void **state)
{
    struct capture out;

    (void)state;
    capture_begin(&out, CAPTURE_OUT);
    cli_options_help(&recorded);
    (void)capture_end(&out);
    assert_non_null(strstr(out.text, "      --key W.X.Y.Z      "));
    assert_non_null(strstr(out.text, "  -h, --help  "));
    assert_null(strstr(out.text, "-k SPEC"));
    assert_null(strstr(out.text, "--raw"));
    capture_free(&out);
}

#define PLAIN(f) cmocka_unit_test_setup(f, clear_environment)

static void assert_space(const char *option, enum cli_space_kind kind, uint64_t number,
                         const char *name)
{
    char line[WORD_MAX];
    const struct cli_space *space;
    struct run r;

    snprintf(line, sizeof line, "-z file %s", option);
    parse(&r, &live, line);
    space = &r.cli.options.space;
    assert_string_equal(r.said.text, "");
    assert_int_equal(space->kind, kind);
    assert_true(space->number == number);
    if (name)
        assert_string_equal(space->name, name);
    else
        assert_null(space->name);
    drop(&r);
}

static void a_process_is_named_by_id_or_by_name(void **state)
{
    (void)state;
    assert_space("", CLI_SPACE_CURRENT, 0, NULL);
    assert_space("--process 4", CLI_SPACE_PROCESS_ID, 4, NULL);
    assert_space("--process=0x2bc", CLI_SPACE_PROCESS_ID, 700, NULL);
    assert_space("--process lsass.exe", CLI_SPACE_PROCESS_NAME, 0, "lsass.exe");
    assert_space("--process 7z.exe", CLI_SPACE_PROCESS_NAME, 0, "7z.exe");
    assert_space("--process 0x", CLI_SPACE_PROCESS_NAME, 0, "0x");
    assert_space("--process bcd", CLI_SPACE_PROCESS_NAME, 0, "bcd");
    assert_refused(&live, "-z file --process=", "missing the id or the name");
    assert_refused(&recorded, "file --process 4", "--process is not an option of this command");
}

static void a_page_table_root_is_hexadecimal(void **state)
{
    (void)state;
    assert_space("--dtb 1ad002", CLI_SPACE_ROOT, 0x1ad002, NULL);
    assert_space("--dtb 0x0`001ad002", CLI_SPACE_ROOT, 0x1ad002, NULL);
    assert_refused(&live, "-z file --dtb lsass.exe", "--dtb takes a hexadecimal");
    assert_refused(&live, "-z file --dtb 0x", "--dtb takes a hexadecimal");
}

static void one_address_space_is_enough(void **state)
{
    (void)state;
    assert_refused(&live, "-z file --dtb 1ad000 --process 4", "exclude each other");
    assert_refused(&live, "-z file --process 4 --process 4", "exclude each other");
    assert_refused(&live, "-z file --dtb 0 --dtb 0", "exclude each other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLAIN(the_key_is_overwritten_however_it_is_written),
        PLAIN(what_is_no_key_stays_readable),
        PLAIN(options_are_spelled_out),
        PLAIN(refusals_name_the_option_they_are_about),
        PLAIN(the_key_comes_from_one_place),
        PLAIN(a_serial_line_has_no_key),
        PLAIN(a_key_file_that_is_none_is_named),
        PLAIN(times_are_seconds_above_zero),
        PLAIN(a_restart_is_waited_for_when_asked),
        PLAIN(a_recording_takes_the_place_of_a_target),
        PLAIN(a_dump_takes_the_place_of_a_target),
        PLAIN(what_goes_with_one_kind_of_target_is_refused_with_the_other),
        PLAIN(the_symbol_path_falls_back_to_the_environment),
        PLAIN(isf_folders_are_given_once),
        PLAIN(a_file_to_write_is_named_once),
        PLAIN(arguments_and_options_may_be_mixed),
        PLAIN(wiping_leaves_no_key),
        PLAIN(a_recording_may_need_no_key),
        PLAIN(kinds_are_not_given_twice),
        PLAIN(help_wins_over_what_is_missing),
        PLAIN(the_help_lists_exactly_what_a_command_takes),
        cmocka_unit_test(a_process_is_named_by_id_or_by_name),
        cmocka_unit_test(a_page_table_root_is_hexadecimal),
        cmocka_unit_test(one_address_space_is_enough),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
