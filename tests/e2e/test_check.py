"""kdwalk check: each way of tampering is found by its check, and machines that nobody tampered with are left alone."""

import itertools
import json
import os
import pty
import subprocess
import unittest

import kd
import sources
import test_dumps

KERNELS = test_dumps.KERNELS
CHECKS = [f"T{number}" for number in range(1, 28)]
# What an old kernel does not have: arrays of their own, counters, whom to hand events to.
ABSENT = {"14393": {"T4", "T5", "T6", "T21"}}
# What else must fail when that is done: providers of a logger that is gone write for nobody; a security log that was
# stopped lacks its bit and leaves a consumer behind.
ALSO = {"T5": {"T10"}, "T20": {"T15", "T19"}}
# Types do not say what a callback context leads to: it is shown, and judged by nobody.
SHOWN = "T21"
# Besides dumps of kernels, where all is tried.
OTHERS = ("full", "raw", "net", "tty", "recorded net")


def ways(kernel):
    """Those of tampering that must be found."""
    return [check for check in CHECKS if check != SHOWN and check not in ABSENT.get(kernel, ())]


def verdicts(result):
    """{"fail": {"T1"}, ...}; what passed is left out."""
    found = {}
    for check in json.loads(result.out)["checks"]:
        if check["verdict"] != "pass":
            found.setdefault(check["verdict"], set()).add(check["id"])
    return found


def findings(result, check):
    return json.loads(result.out)["checks"][CHECKS.index(check)]["findings"]


class CheckTest(sources.SourceTest):
    def checked(self, kernel, *options, arguments=("--json",), source="kernel"):
        return self.through(source, kernel, options, "check", *arguments)


class Tampered(CheckTest):
    def assert_found(self, kernel, check, result):
        found = verdicts(result)
        self.assertEqual(result.status, 3, result)
        self.assertEqual(found["fail"], {check} | ALSO.get(check, set()), (kernel, check, found))
        self.assertNotIn("in transition", found, (kernel, check))

    def test_each_way_is_found_by_its_check_and_by_no_other(self):
        def check(item):
            kernel, name = item
            result = self.checked(kernel, "--tamper", name)
            if name != SHOWN:
                self.assert_found(kernel, name, result)
                return
            [finding] = findings(result, name)
            self.assertIn(result.status, (0, 1), result)
            self.assertEqual((finding["verdict"], finding["field"]), ("not applicable", "CallbackContext"))
        self.for_each(check, [(kernel, name) for kernel in KERNELS for name in (*ways(kernel), SHOWN)
                              if name not in ABSENT.get(kernel, ())])

    def test_so_it_is_on_every_source(self):
        def check(item):
            source, kernel, name = item
            self.assert_found(kernel, name, self.checked(kernel, "--tamper", name, source=source))
        pairs = itertools.product(sources.ALL, KERNELS)
        self.for_each(check, [(source, kernel, ways(kernel)[i % len(ways(kernel))])
                              for i, (source, kernel) in enumerate(pairs)])

    def test_a_finding_names_the_thing_its_value_and_what_should_be_there(self):
        result = self.checked("18362", "--tamper", "T18", arguments=())
        self.assertEqual(result.status, 3, result)
        self.assertIn("\nT18  fail           live loggers collect events\n", result.out)
        self.assertRegex(result.out, r"\nT18  fail: logger DiagLog at 0x[0-9a-f]{16}\n"
                                     r"    CollectionOn is 0x0, should be 0x1\n    it would mean: ")
        self.assertIn("\n1 failed, 0 in transition, 0 unreadable, ", result.out)

    def test_one_silo_alone_is_named(self):
        [finding] = [f for f in findings(self.checked("22000", "--tamper", "T27"), "T27") if f["verdict"] == "fail"]
        self.assertEqual((finding["check"], finding["table"]), ("T8", "providers"))
        self.assertNotEqual(int(finding["silo"], 16), 0)


class Left(CheckTest):
    """What is no tampering."""

    def test_clean_machines_of_several_shapes_pass(self):
        def check(item):
            kernel, shape = item
            found = verdicts(self.checked(kernel, "--shape", str(shape)))
            self.assertEqual(set(found) - {"not applicable"}, set(), item)
            self.assertEqual(found.get("not applicable", set()) - {"T27"}, ABSENT.get(kernel, set()), item)
        self.for_each(check, [(kernel, shape) for kernel in KERNELS for shape in range(1, 6)])

    def test_a_machine_caught_in_the_middle_is_in_transition(self):
        def check(item):
            kernel, source = item
            result = self.checked(kernel, "--race", source=source)
            found = verdicts(result)
            self.assertNotIn("fail", found, result)
            self.assertLessEqual({"T8", "T9", "T19"}, found["in transition"])
            if kernel not in ABSENT:
                self.assertLessEqual({"T5", "T6"}, found["in transition"])
        self.for_each(check, list(itertools.product(KERNELS, ("kernel", *OTHERS))))

    def test_what_is_paged_out_fails_nothing(self):
        def check(item):
            kernel, source, seed = item
            result = self.checked(kernel, "--page-out", "20", "--seed", str(seed), source=source)
            found = verdicts(result)
            self.assertEqual(result.status, 1, result)
            self.assertNotIn("fail", found, (item, found))
            self.assertTrue(found["unreadable"], item)
        self.for_each(check, [*itertools.product(KERNELS, ("kernel",), range(1, 5)),
                              *itertools.product(KERNELS, OTHERS, (1,))])

    def test_a_clean_machine_passes_on_every_source(self):
        def check(source):
            result = self.checked("19041", source=source)
            self.assertEqual(result.status, 0, result)
            self.assertEqual(set(verdicts(result)), set())
        self.for_each(check, sources.ALL)


class Files(CheckTest):
    def test_the_file_of_a_snapshot_says_what_the_target_says(self):
        path = self.dump("22000", "kernel", "--tamper", "T8,T16")
        file = self.path("snapshot.json")
        self.walk(path, "snapshot", "-o", file)
        of_target = self.walk(path, "check", "--json")
        of_file = kd.kdwalk("check", file, "--json")
        self.assertEqual(of_file.status, 3, of_file)
        self.assertEqual(json.loads(of_file.out), json.loads(of_target.out))
        self.assertEqual(verdicts(of_file), {"fail": {"T8", "T16"}})

    def test_what_was_not_looked_at_is_unreadable(self):
        path = self.dump("18362", "kernel")
        file = self.path("loggers.json")
        file.write_text(self.walk(path, "loggers", "--json").out)
        result = kd.kdwalk("check", file, "--json")
        self.assertEqual(result.status, 1, result)
        self.assertIn("T8", verdicts(result)["unreadable"])
        self.assertNotIn("fail", verdicts(result))

    def test_what_is_no_snapshot_is_refused(self):
        file = self.path("other.json")
        file.write_text('{"schema": "another"}')
        for arguments in ([file], [self.path("none.json")], []):
            result = kd.kdwalk("check", *arguments)
            self.assertEqual((result.status, result.out), (2, ""), result)
            self.assert_one_message(result)

    def test_a_file_and_a_target_exclude_each_other(self):
        result = kd.kdwalk("check", self.path("a.json"), "-z", self.path("b.dmp"))
        self.assertEqual((result.status, result.out), (2, ""), result)
        self.assert_one_message(result, "either")


class Shown(CheckTest):
    def on_a_terminal(self, path, **environment):
        leader, follower = pty.openpty()
        variables = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
        subprocess.run([kd.BIN / "kdwalk", "check", "-z", path, "-y", self.store], stdout=follower,
                       stderr=subprocess.DEVNULL, env=variables | {"TERM": "xterm"} | environment, check=False)
        os.close(follower)
        text = b""
        try:
            while piece := os.read(leader, 65536):
                text += piece
        except OSError:  # all was read
            pass
        os.close(leader)
        return text.decode()

    def test_colours_are_for_terminals_and_for_those_who_want_them(self):
        path = self.dump("18362", "kernel")
        self.assertIn("\033[32mpass\033[0m", self.on_a_terminal(path))
        self.assertNotIn("\033", self.on_a_terminal(path, NO_COLOR="1"))
        self.assertNotIn("\033", self.walk(path, "check").out)

    def test_nothing_is_wider_than_100_columns(self):
        for name in ("T9", "T12", "T20", "T25"):
            out = self.checked("22000", "--tamper", name, arguments=("-v",)).out
            self.assertEqual([line for line in out.splitlines() if len(line) > 100], [], name)


if __name__ == "__main__":
    unittest.main()
