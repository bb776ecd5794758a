#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "diff_print.h"
#include "grid.h"
#include "support/capture.h"

#define VA UINT64_C(0xffffa80fc0027570)
#define HEAD                                                                                       \
    "from  build 18362, kernel at fffff8026e400000, 2019-12-10 08:45:12: a.json\n"                 \
    "to    build 18362, kernel at fffff8026e400000, -: b.dmp\n"

static struct kdw_u64 number(uint64_t value)
{
    return (struct kdw_u64){.value = value};
}

static struct kdw_text text(const char *chars)
{
    char *copy = malloc(strlen(chars) + 1);

    assert_non_null(copy);
    strcpy(copy, chars);
    return (struct kdw_text){.utf8 = copy};
}

struct scene {
    struct diff_side from, to;
};

static void begin(struct scene *sc)
{
    const struct kdw_snapshot s = {.build = 18362, .kernel_base_va = UINT64_C(0xfffff8026e400000)};

    *sc = (struct scene){{"a.json", s}, {"b.dmp", s}};
    sc->from.snapshot.time_100ns = number(UINT64_C(132204411121234567));
    sc->to.snapshot.time_100ns.status = KD_ERR_NOT_FOUND;
    for (size_t i = 0; i < KDW_TABLES; i++)
        sc->from.snapshot.tables[i].is_taken = sc->to.snapshot.tables[i].is_taken = true;
}

static struct kdw_process *add_process(struct diff_side *s, uint64_t pid, const char *name)
{
    struct kdw_process *p = kdw_snapshot_add(&s->snapshot, KDW_TABLE_PROCESSES, VA + 0x1000 * pid);

    assert_non_null(p);
    p->pid = number(pid);
    p->created_100ns = number(1);
    p->found = number(KDW_FOUND_LIST);
    p->name = text(name);
    return p;
}

static void print(struct scene *sc, bool is_wide, struct capture *c)
{
    struct kdw_diff diff;

    assert_int_equal(
        kdw_diff(&sc->from.snapshot, &sc->to.snapshot, KDW_DIFF_WITHOUT_COUNTERS, &diff), KD_OK);
    capture_begin(c, CAPTURE_OUT);
    print_text_diff(&sc->from, &sc->to, &diff, is_wide);
    (void)capture_end(c);
    kdw_diff_free(&diff);
    kdw_snapshot_free(&sc->from.snapshot);
    kdw_snapshot_free(&sc->to.snapshot);
}

static void assert_prints(struct scene *sc, const char *want)
{
    struct capture c;

    print(sc, false, &c);
    assert_string_equal(c.text, want);
    capture_free(&c);
}

static void where_nothing_differs_it_is_said(void **state)
{
    struct scene sc;

    (void)state;
    begin(&sc);
    assert_prints(&sc, HEAD "\nno difference\n");
}

static void changes_are_lines_by_table(void **state)
{
    struct scene sc;

    (void)state;
    begin(&sc);
    add_process(&sc.from, 4, "System");
    add_process(&sc.from, 7, "lsass.exe")->protection = number(0x41);
    add_process(&sc.to, 7, "lsass.exe")->protection = number(0);
    add_process(&sc.to, 9, "\x1b[2J.exe");
    assert_prints(&sc, HEAD "\n"
                            "processes: 1 appeared, 1 vanished, 1 changed\n"
                            "   address           process        fact        from  to\n"
                            "-  ffffa80fc002b570  4 System\n"
                            "~  ffffa80fc002e570  7 lsass.exe    protection  0x41  0x0\n"
                            "+  ffffa80fc0030570  9 \\x1b[2J.exe\n"
                            "\n"
                            "1 appeared, 1 vanished, 1 changed\n");
}

static void facts_of_every_kind_are_told_apart(void **state)
{
    struct scene sc;
    struct kdw_process *a, *b;
    struct capture c;

    (void)state;
    begin(&sc);
    a = add_process(&sc.from, 7, "lsass.exe");
    b = add_process(&sc.to, 7, "lsass.exe");
    a->path = text("");
    a->exited_100ns = number(UINT64_C(132204411121234567));
    b->exited_100ns = number(UINT64_C(132204411121234568));
    a->exit_status = number((uint64_t)-5);
    b->exit_status = number(259);
    a->job_va = number(VA);
    b->job_va = number(0);
    add_process(&sc.from, 8, "x")->path = text("y");
    add_process(&sc.to, 8, "x")->path = text("z");
    print(&sc, true, &c);
    assert_non_null(strstr(c.text, "  \"\" "));
    assert_non_null(strstr(c.text, "2019-12-10T08:45:12.1234567Z  2019-12-10T08:45:12.1234568Z\n"));
    assert_non_null(strstr(c.text, "  -5 "));
    assert_non_null(strstr(c.text, "  259\n"));
    assert_non_null(strstr(c.text, "  ffffa80fc0027570 "));
    assert_non_null(strstr(c.text, "  0000000000000000\n"));
    capture_free(&c);
}

static void what_was_not_compared_is_named(void **state)
{
    struct scene sc;
    struct kdw_process *b;

    (void)state;
    begin(&sc);
    sc.from.snapshot.tables[KDW_TABLE_CPUS].is_taken = false;
    sc.to.snapshot.tables[KDW_TABLE_SILOS].is_taken = false;
    sc.to.snapshot.tables[KDW_TABLE_JOBS].is_taken = false;
    add_process(&sc.from, 7, "lsass.exe")->protection = number(0x41);
    b = add_process(&sc.to, 7, "lsass.exe");
    b->protection = (struct kdw_u64){.status = KD_ERR_PAGED_OUT, .fault_va = VA};
    b->flags = number(1);
    assert_prints(&sc, HEAD "\n"
                            "no difference, 1 not comparable\n"
                            "processes: 1 not comparable\n"
                            "processes: not compared, for to alone has them: flags\n"
                            "not compared, for from alone has them: silos, jobs\n"
                            "not compared, for to alone has them: processors\n");
}

/* As columns: none of the texts in a made snapshot has characters of two bytes that are wide. */
static size_t longest(const char *lines)
{
    size_t most = 0;

    while (*lines) {
        size_t len = strcspn(lines, "\n");
        char line[4096] = "";

        assert_true(len < sizeof line);
        memcpy(line, lines, len);
        if (grid_columns(line) > most)
            most = grid_columns(line);
        lines += len + (lines[len] == '\n');
    }
    return most;
}

static void no_line_is_longer_than_a_hundred_columns_unless_asked_for(void **state)
{
    static const char long_text[] =
        "\\Device\\HarddiskVolume4\\Program Files\\A rather long name of a folder\\and of another "
        "one below it\\with a file.exe";

    (void)state;
    for (int is_wide = 0; is_wide < 2; is_wide++) {
        struct scene sc;
        struct capture c;

        begin(&sc);
        sc.from.file = long_text;
        add_process(&sc.from, 7, "lsass.exe")->path = text(long_text);
        add_process(&sc.to, 7, "lsass.exe")->path = text(long_text + 1);
        print(&sc, is_wide, &c);
        if (is_wide)
            assert_non_null(strstr(c.text, long_text));
        else
            assert_true(longest(c.text) <= GRID_WIDTH);
        capture_free(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_nothing_differs_it_is_said),
        cmocka_unit_test(changes_are_lines_by_table),
        cmocka_unit_test(facts_of_every_kind_are_told_apart),
        cmocka_unit_test(what_was_not_compared_is_named),
        cmocka_unit_test(no_line_is_longer_than_a_hundred_columns_unless_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
