"""The views of a snapshot: each on every kernel, readable at 100 columns, and in its numbers what the lab built."""

import json
import re
import unittest

import kd
import test_dumps
import test_truth

KERNELS = test_dumps.KERNELS
WIDTH = 100
VIEWS = [("silos",), ("jobs",), ("jobs", "--tree"), ("sessions",), ("ps",), ("ps", "--tree"), ("cpu",), ("providers",),
         ("providers", "--logger", "3"), ("providers", "Threat-Intelligence", "--silo", "host"), ("layers", "4")]
TABLES = {"silos": "silos", "jobs": "jobs", "sessions": "sessions", "ps": "processes", "cpu": "processors",
          "providers": "providers"}


class Views(test_dumps.DumpTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dumps = {kernel: test_dumps.make_dump(cls.path(cls, f"{kernel}.dmp"), kernel, "full")
                     for kernel in KERNELS}
        cls.told = {kernel: test_truth.truth(kernel, 1) for kernel in KERNELS}

    def view(self, kernel, *arguments):
        return self.walk(self.dumps[kernel], *arguments)

    def lines_of(self, kernel, *arguments):
        result = self.view(kernel, *arguments)
        self.assertEqual(result.status, 0, result)
        return kd.lines(result.out)

    def process(self, kernel, **facts):
        return next(p for p in self.told[kernel]["processes"]
                    if all(p[name] == value for name, value in facts.items()))

    def test_every_view_of_every_kernel_is_whole_and_narrow(self):
        def check(item):
            kernel, view = item
            lines = self.lines_of(kernel, *view)
            self.assertTrue(lines, item)
            self.assertLessEqual(max(map(len, lines)), WIDTH, item)
            self.assertNotIn("?", "".join(lines), item)
        self.for_each(check, [(kernel, view) for kernel in KERNELS for view in VIEWS])

    def test_details_are_longer_and_cut_nothing(self):
        for view in VIEWS[:-1]:
            with self.subTest(view=view):
                lines = self.lines_of("19041", *view, "-v")
                self.assertNotIn("\u2026", "".join(lines))
                self.assertGreaterEqual(len(lines), len(self.lines_of("19041", *view)))

    def test_text_and_json_have_as_many_of_each_as_the_lab_built(self):
        for kernel in KERNELS:
            for command, table in TABLES.items():
                with self.subTest(kernel=kernel, command=command):
                    told = self.told[kernel][table]
                    found = json.loads(self.view(kernel, command, "--json").out)["tables"][table]
                    self.assertEqual({r["address"] for r in found}, {r["address"] for r in told})
                    text = self.lines_of(kernel, command)
                    if command == "silos":
                        self.assertIn("driver", text[text.index("") + 1].split())  # of the monitors
                        count = sum(bool(re.match(r" *(host|\d+)  (host|server|app) ", line)) for line in text)
                    elif command == "cpu":
                        count = sum(bool(re.match(r" *\d+  (on|off) ", line)) for line in text)
                    elif command == "sessions":
                        count = sum(bool(re.match(r" *\d+  \d{4}-", line)) for line in text)
                    else:
                        count = sum(not line.startswith("    ") or line[4:5].isdigit() for line in text[1:])
                    self.assertEqual(count, len(told), "\n".join(text[:40]))

    def test_processes_are_named_with_what_protects_them(self):
        lsass = self.process("22000", name="lsass.exe", protection="0x0000000000000041")
        [line] = [line for line in self.lines_of("22000", "ps") if line.split()[0] == str(lsass["pid"])]
        self.assertEqual(line.split()[1:8],
                         ["lsass.exe", str(lsass["parent_pid"]), "host", "-", "0", "Lsa-Light", "system"])

    def test_a_tree_has_children_right_below_their_parents(self):
        told = {p["pid"]: p for p in self.told["18362"]["processes"]}
        above = []
        for line in self.lines_of("18362", "ps", "--tree")[1:]:
            pid, rest = re.match(r" *(\d+)  ( *)\S", line).groups()
            del above[len(rest):]
            if above:
                self.assertEqual(told[int(pid)]["parent_pid"], above[-1], line)
            above.append(int(pid))

    def test_a_provider_is_named_by_guid_name_or_part(self):
        for kernel in KERNELS:
            outputs = {self.view(kernel, "providers", name, "--silo", "host").out for name in
                       ("F4E1897C-BB5D-5668-F1D8-040F4D8DD344", "microsoft-windows-threat-intelligence", "Threat-Int")}
            self.assertEqual(len(outputs), 1, outputs)
            [output] = outputs
            self.assertIn("f4e1897c-bb5d-5668-f1d8-040f4d8dd344  Microsoft-Windows-Threat-Intelligence", output)

    def test_providers_of_a_logger_and_of_a_process_are_those_that_the_lab_enabled(self):
        told = self.told["18362"]
        host = next(s["etw_state"] for s in told["silos"] if s["kind"] == 0)
        of_host = {p["address"] for p in told["providers"] if p["etw_state"] == host}
        enable = next(e for e in told["enables"] if e["provider"] in of_host and e["enabled"] and e["logger_id"] > 3)
        wanted = {e["provider"] for e in told["enables"]
                  if e["enabled"] and e["logger_id"] == enable["logger_id"] and e["provider"] in of_host}
        found = json.loads(self.view("18362", "providers", "--logger", hex(enable["logger_id"]), "--silo", "host",
                                     "--json").out)["tables"]
        self.assertEqual({p["address"] for p in found["providers"]}, wanted)
        names = [p["name"] for p in told["processes"]]
        pid = next(r["pid"] for r in told["registrations"]
                   if r["pid"] and names.count(self.process("18362", pid=r["pid"])["name"]) == 1)
        wanted = {p for r in told["registrations"] if r["pid"] == pid for p in (r["provider"], r["listed_group"])}
        found = json.loads(self.view("18362", "providers", "--process", str(pid), "--json").out)["tables"]
        self.assertEqual({p["address"] for p in found["providers"]},
                         {p for p in wanted if p and int(p, 16)})
        by_id = self.view("18362", "providers", "--process", hex(pid))
        name = self.process("18362", pid=pid)["name"]
        self.assertEqual(self.view("18362", "providers", "--process", name.upper()).out, by_id.out)

    def test_a_users_file_names_providers(self):
        guid = next(p["guid"] for p in self.told["18362"]["providers"] if p["type"] == 0)
        names = self.path("names.csv")
        names.write_text(f"# ours\n{{{guid.upper()}}},Contoso-Thing\n")
        result = self.view("18362", "providers", "Contoso-Thing", "--providers", names)
        self.assertEqual(result.status, 0, result)
        self.assertIn(f"{guid}  Contoso-Thing", result.out)
        names.write_text(f"{guid},Fine\n{guid}\n")
        self.assert_refused(self.view("18362", "providers", "--providers", names), "--providers", "line 2 has no name")
        self.assert_refused(self.view("18362", "layers", "4", "--providers", self.path("none.csv")), "none.csv")

    def test_layers_fit_a_screen_and_join_all(self):
        for kernel in KERNELS:
            inside = next(p for p in self.told[kernel]["processes"]
                          if p["name"] == "lsass.exe" and int(p["server_silo"], 16))
            lines = self.lines_of(kernel, "layers", str(inside["pid"]))
            self.assertLessEqual(len(lines), 40)
            self.assertIn(f"lsass.exe, pid {inside['pid']}, _EPROCESS {inside['address'][2:]}", lines)
            for label in ("1 silo", "2 job", "3 session", "4 protection", "5 integrity", "6 API", "7 CPU", "consumes",
                          "registers", "is logged by"):
                self.assertTrue(any(line.startswith(label) for line in lines), label)
            found = json.loads(self.view(kernel, "layers", str(inside["pid"]), "--json").out)["tables"]
            self.assertIn(inside["address"], [p["address"] for p in found["processes"]])
            self.assertEqual(len(found["silos"]), 1)

    def test_wrong_and_ambiguous_names_are_one_error(self):
        for arguments, *parts in (
                (("layers", "nobody.exe"), "there is no process called 'nobody.exe'"),
                (("layers", "3"), "there is no process with the PID 3"),
                (("layers", "svchost.exe"), "processes are called 'svchost.exe': choose one of "),
                (("providers", "Nobody"), "there is no provider called 'Nobody'"),
                (("providers", "Microsoft-Windows-Kernel"), "several providers are called 'Microsoft-Windows-Kernel'"),
                (("providers", "--silo", "77"), "there is no silo with the id 77"),
                (("providers", "--logger", "x"), "--logger takes a number"),
                (("providers", "--process", "1", "--process", "2"), "--process can be given once only"),
                (("providers", "--process="), "--process is missing the id or the name"),
                (("providers", "--process", "nobody.exe"), "there is no process called 'nobody.exe'"),
                (("providers", "--process", "svchost.exe"), "processes are called 'svchost.exe': choose one of "),
                (("providers", "a", "b"), "providers takes [GUID|NAME]"),
                (("layers",), "layers needs PID|NAME"),
                (("silos", "--tree"), "--tree is not an option of this command")):
            with self.subTest(arguments=arguments):
                self.assert_refused(self.view("18362", *arguments), *parts)

    def test_missing_pages_are_gaps_with_reasons(self):
        path = self.dump("19041", "full", "--page-out", "20")
        for view in VIEWS[:-1]:
            with self.subTest(view=view):
                result = self.walk(path, *view)
                self.assertIn(result.status, (0, 1, 2), result)
                self.assertLessEqual(max(map(len, kd.lines(result.out)), default=0), WIDTH)
                if result.status == 1:
                    self.assertRegex(result.out, r"(?m)^\? ")

    def test_a_running_machine_is_shown_like_its_dump(self):
        for view in (("silos",), ("ps", "--tree"), ("providers",), ("layers", "4")):
            with self.subTest(view=view):
                with kd.Scene("19041", kd.Pipe()) as scene:
                    result = scene.run(*view, "-y", self.store)
                    self.assertEqual(result.status, 0, result)
                    self.assert_unharmed(scene.stop())
                self.assertEqual(result.out, self.view("19041", *view).out)


if __name__ == "__main__":
    unittest.main()
