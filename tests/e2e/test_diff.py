"""diff: two snapshots compared, of files and of dumps."""

import json
import os
import re
import unittest

import kd
import test_dumps

KERNEL = "18362"
DIAGLOG = "0xffffa80faafd59c0"  # of which T3 names another buffer, and which T5 takes out of its slot
COMMON_EXIT = (0, 1)


class Diff(test_dumps.DumpTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clean = test_dumps.make_dump(cls.file("clean.dmp"), KERNEL, "kernel")
        cls.snapshot = cls.file("clean.json")
        result = kd.kdwalk("snapshot", "-z", cls.clean, "-y", cls.store, "-o", cls.snapshot)
        if result.status != 0:
            raise AssertionError(result)

    @classmethod
    def file(cls, name):
        return os.path.join(cls.folder.name, name)

    def diff(self, a, b, *options):
        return kd.kdwalk("diff", a, b, "-y", self.store, *options)

    def tables(self, a, b, *options):
        """Of tables with differences; status must be 0."""
        result = self.diff(a, b, "--json", *options)
        self.assertEqual((result.status, result.err), (0, ""), result)
        document = json.loads(result.out)
        self.assertEqual((document["schema"], document["version"]), ("kdwalk-diff", 1))
        self.assertEqual((document["only_from"], document["only_to"]), ([], []))
        return {name: table for name, table in document["tables"].items() if any(table.values())}

    def test_nothing_differs_from_itself_in_either_form(self):
        for a in (self.clean, self.snapshot):
            for b in (self.clean, self.snapshot):
                for options in ((), ("-v",)):
                    result = self.diff(a, b, *options)
                    self.assertEqual(result.status, 0, result)
                    self.assertTrue(result.out.endswith("\n\nno difference\n"), result)
                self.assertEqual(self.tables(a, b), {})

    def test_what_was_tampered_with_is_the_one_change(self):
        path = self.dump(KERNEL, "kernel", "--tamper", "T3")
        for a in (self.clean, self.snapshot):
            tables = self.tables(a, path)
            self.assertEqual(list(tables), ["loggers"])
            [changed] = tables["loggers"]["changed"]
            self.assertEqual((changed["from"], changed["to"]), (DIAGLOG, DIAGLOG))
            self.assertEqual(list(changed["facts"]), ["name_buffer"])
        result = self.diff(self.snapshot, path)
        self.assertEqual(result.status, 0, result)
        self.assertRegex(result.out, rf"(?m)^~  {DIAGLOG[2:]}  7 DiagLog  name_buffer  [0-9a-f]{{16}}  [0-9a-f]{{16}}$")

    def test_what_vanished_one_way_appeared_the_other_way(self):
        path = self.dump(KERNEL, "kernel", "--tamper", "T5")
        for a, b, kind in ((self.clean, path, "vanished"), (path, self.snapshot, "appeared")):
            [logger] = self.tables(a, b)["loggers"][kind]
            self.assertEqual((logger["address"], logger["name"]), (DIAGLOG, "DiagLog"))

    def test_memory_that_is_missing_is_no_difference(self):
        def check(item):
            seed, percent = item
            path = self.dump(KERNEL, "kernel", "--page-out", percent, "--seed", seed)
            for a, b in ((self.snapshot, path), (path, self.snapshot)):
                result = self.diff(a, b)
                self.assertEqual(result.status, 1, result)
                self.assertRegex(result.out, r"(?m)^no difference, \d+ not comparable$", (item, result))
        self.for_each(check, [("1", "2"), ("2", "5"), ("3", "10"), ("4", "20"), ("5", "40")])

    def test_other_machines_differ_in_lines_of_100_columns(self):
        path = self.dump(KERNEL, "kernel", "--shape", "2")
        result = self.diff(self.snapshot, path)
        self.assertIn(result.status, COMMON_EXIT, result)
        self.assertLessEqual(max(map(len, kd.lines(result.out))), 100)
        listed = [line for line in kd.lines(result.out) if line[:1] in "+-~" and line]
        counts = {mark: sum(line[0] == mark for line in listed) for mark in "+-"}
        said = re.search(r"(?m)^(\d+) appeared, (\d+) vanished, (\d+) changed", result.out)
        self.assertEqual((counts["+"], counts["-"]), (int(said[1]), int(said[2])))

    def test_what_only_other_symbols_name_is_no_difference(self):
        result = kd.kdwalk("diff", self.snapshot, self.clean)
        self.assertEqual(result.status, 1, result)
        self.assertRegex(result.out, r"(?m)^no difference, \d+ not comparable\n"
                                     r"processors: not compared, for from alone has them: nx kva_shadow vsm_enabled\n"
                                     r"variables: \d+ not comparable$")

    def test_other_boots_are_told(self):
        result = self.diff(self.snapshot, self.dump("19041", "kernel"))
        self.assertIn(result.status, COMMON_EXIT, result)
        self.assertIn("warning: these are two machines, or two boots of one", result.err)

    def test_tables_of_one_snapshot_are_named(self):
        path = self.file("loggers.json")
        with open(path, "w") as out:
            out.write(self.walk(self.clean, "loggers", "--json").out)
        result = self.diff(path, self.snapshot)
        self.assertEqual(result.status, 0, result)
        self.assertIn("\nno difference\n", result.out)
        self.assertIn("\nloggers: not compared, for to alone has them: name ", result.out)
        self.assertIn("\nnot compared, for to alone has them: silos, jobs,", result.out)

    def test_a_pipe_is_read_as_a_snapshot(self):
        with open(self.snapshot, "rb") as file:
            process = kd.start("diff", "/dev/stdin", self.snapshot, stdin=file)
            self.assertEqual(kd.finish(process).status, 0)
        reader, writer = os.pipe()
        process = kd.start("diff", "/dev/stdin", self.snapshot, stdin=reader)
        os.close(reader)
        with open(self.snapshot, "rb") as file, os.fdopen(writer, "wb") as pipe:
            pipe.write(file.read())
        result = kd.finish(process)
        self.assertEqual(result.status, 0, result)
        self.assertIn("\nno difference\n", result.out)

    def test_wrong_files_are_one_message(self):
        with open(self.snapshot) as file:
            text = file.read()
        wrong = {"empty": "", "cut": text[:len(text) // 2], "other": '{"schema": "kdwalk-diff"}',
                 "later": text.replace('"version": 1', '"version": 9', 1), "text": "no dump\n", "list": "[1, 2]"}
        for name, content in wrong.items():
            with open(self.file(name), "w") as out:
                out.write(content)
        for name in (*wrong, "missing", "."):
            for pair in ((self.file(name), self.snapshot), (self.snapshot, self.file(name))):
                with self.subTest(name=name):
                    self.assert_refused(self.diff(*pair), self.file(name))

    def test_it_takes_two(self):
        for arguments in ((), (self.snapshot,), (self.snapshot,) * 3, ("-z", self.clean, self.snapshot)):
            result = kd.kdwalk("diff", *arguments)
            self.assertEqual((result.status, result.out), (2, ""), result)
            self.assert_one_message(result, "diff")


if __name__ == "__main__":
    unittest.main()
