"""Dumps and images of memory, walked with -z like the machine that they are of."""

import json
import pathlib
import re
import struct
import subprocess
import tempfile
import unittest

import kd

KERNELS = ("14393", "18362", "19041", "22000")
WALKS = [("vertarget",), ("lm",), ("loggers", "-v"), ("dt", "_ETW_SILODRIVERSTATE"),
         ("dt", "_ETW_SILODRIVERSTATE", "nt!PspHostSiloGlobals+360"), ("read", "fffff78000000000", "0x20")]
TYPES = ("full", "bitmap", "kernel", "active", "live", "summary", "ranges", "raw", "lime", "elf", "elf-win", "win-dmp")
BUGCHECK = re.compile(r"Bugcheck code [0-9A-F]{8} \(\w+\)\nArguments( [0-9a-f]{8}`[0-9a-f]{8}){4}\n")
PAGE = 4096
UNREADABLE = 2  # the condition of a logger of which nothing can be read


def make_dump(path, kernel, kind, *options):
    done = subprocess.run([kd.BIN / "kdlab", "dump", "--kernel", kernel, "--type", kind, "-o", path, *options],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"the lab makes no dump: {done.stderr}")
    return path


class DumpTest(kd.LiveTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = tempfile.TemporaryDirectory(dir=kd.folder_in_memory())

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()
        super().tearDownClass()

    def path(self, name):
        return pathlib.Path(self.folder.name) / name

    def dump(self, kernel, kind, *options):
        return make_dump(self.path(f"{kernel}-{kind}-{'-'.join(options)}.dmp"), kernel, kind, *options)

    def walk(self, path, *arguments, symbols=True):
        return kd.kdwalk(*arguments, "-z", path, *(["-y", self.store] if symbols else []))

    def assert_refused(self, result, *parts):
        self.assertEqual((result.status, result.out), (2, ""), result)
        self.assert_one_message(result, *parts)


class Same(DumpTest):
    """What the live command printed is what the dump prints."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.expected = {}
        for kernel, done in kd.at_once(cls.walk_live, KERNELS):
            cls.expected[kernel] = done.result()

    @classmethod
    def walk_live(cls, kernel):
        with kd.Scene(kernel, kd.Pipe()) as scene:
            return {walk: scene.run(*walk, "-y", cls.store) for walk in WALKS}

    def assert_same(self, kernel, path, walk, bugcheck=False, symbols=True):
        live, dumped = self.expected[kernel][walk], self.walk(path, *walk, symbols=symbols)
        self.assertEqual((dumped.status, dumped.err), (live.status, live.err), dumped)  # -v: of the symbols
        self.assertIn(live.status, (0, 1), live)
        if bugcheck:
            self.assertTrue(dumped.out.startswith(live.out), dumped)
            self.assertRegex(dumped.out[len(live.out):], BUGCHECK)
        else:
            self.assertEqual(dumped.out, live.out)

    def assert_walks(self, scene):
        kernel, kind, *options = scene
        path = self.dump(kernel, kind, "--bugcheck", "0", *options)
        for walk in WALKS:  # QEMU says by a bugcheck of its own that nothing happened
            self.assert_same(kernel, path, walk, bugcheck=walk == ("vertarget",) and kind == "win-dmp")
        path.unlink()

    def test_each_kernel_in_each_kind_of_file(self):
        self.for_each(self.assert_walks, [(kernel, kind) for kernel in KERNELS for kind in TYPES])

    def test_so_does_a_kernel_that_was_booted_without_debugging(self):
        self.for_each(self.assert_walks, [(kernel, kind, "--encode") for kernel in KERNELS
                                          for kind in ("kernel", "raw", "elf-win")])

    def test_pages_in_transition_are_read(self):
        scenes = [(kernel, kind, "--transition", "50") for kernel in KERNELS for kind in ("kernel", "raw")]
        flipped = [(kernel, kind, "--transition", "50", "--swizzle", "--encode") for kernel in KERNELS[1:]
                   for kind in ("active", "elf")]
        self.for_each(self.assert_walks, scenes + flipped)

    def test_version_and_modules_need_neither_symbols_nor_the_kernels_headers(self):
        def check(scene):
            kernel, kind = scene
            path = self.dump(kernel, kind, "--bugcheck", "0", "--page-out-header")
            for walk in (("vertarget",), ("lm",)):
                self.assert_same(kernel, path, walk, symbols=False)
            path.unlink()
        self.for_each(check, [(kernel, kind) for kernel in KERNELS for kind in ("kernel", "raw", "elf", "elf-win")])

    def test_an_image_that_says_less_is_walked_with_a_warning(self):
        path = self.dump("14393", "raw", "--encode")  # its addresses are not built in
        version = self.walk(path, "vertarget", symbols=False)
        self.assertEqual(version.status, 1, version)
        live = self.expected["14393"][("vertarget",)].out
        self.assertEqual(version.out, re.sub(r"(?m)^Built by: .*$", "Built by: (not found)", live))
        self.assertEqual(version.err.count("warning: "), 1, version)
        self.assertIn("it is not known where the kernel's build lab is, and its symbols do not say: "
                      "built-in tables of 10.0.14393.2068", version.err)
        self.assertEqual(self.walk(path, "lm", symbols=False).out, self.expected["14393"][("lm",)].out)

    def test_a_crash_shows_its_bugcheck_below(self):
        path = self.dump("18362", "kernel", "--bugcheck", "0x7e,0xffffffffc0000005,1,2,3")
        self.assert_same("18362", path, ("vertarget",), bugcheck=True)
        text = self.walk(path, "vertarget").out
        self.assertIn("\nBugcheck code 0000007E (SYSTEM_THREAD_EXCEPTION_NOT_HANDLED)\n"
                      "Arguments ffffffff`c0000005 00000000`00000001 00000000`00000002 00000000`00000003\n", text)
        document = json.loads(self.walk(path, "vertarget", "--json").out)
        self.assertEqual(document["bugcheck"],
                         {"code": 0x7e, "name": "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED",
                          "parameters": ["0xffffffffc0000005", "0x0000000000000001", "0x0000000000000002",
                                         "0x0000000000000003"]})

    def test_json_is_the_same_too(self):
        path = self.dump("19041", "elf", "--encode")
        with kd.Scene("19041", kd.Pipe()) as scene:
            for walk in WALKS[:3]:
                live = json.loads(scene.run(*walk, "--json", "-y", self.store).out)
                dumped = json.loads(self.walk(path, *walk, "--json").out)
                if "symbols" not in live:  # that machine said by itself what an encoded block needs them for
                    dumped.pop("symbols", None)
                self.assertEqual(dumped, live)

    def test_a_file_that_is_cut_short_is_used_as_far_as_it_goes(self):
        whole = self.dump("18362", "kernel", "--bugcheck", "0").read_bytes()
        cut = self.path("cut.dmp")
        last = self.expected["18362"][("lm",)]
        for length in (0, 7, 0x1fff, 0x2000, 0x2040, len(whole) // 9, len(whole) // 3, len(whole) // 2,
                       len(whole) - PAGE - 1, len(whole) - 1):
            cut.write_bytes(whole[:length])
            result = self.walk(cut, "lm")
            self.assertIn(result.status, (0, 1, 2), result)
            self.assertEqual(result.err.count("error:"), result.status // 2, result)
            if result.status < 2:
                self.assertIn("cut short: ", result.err)
        self.assertEqual(result.out, last.out)


class Gaps(DumpTest):
    """What is missing is a gap, with its reason; what is not is right."""

    def dump_with_gaps(self, kernel, kind, option, reason):
        """(the file, what loggers -v prints). Chance may miss the loggers, or hit their list itself: that is told,
        and chance gets another chance."""
        for seed in "12345678":
            path = self.dump(kernel, kind, option, "12", "--seed", seed)
            text = self.walk(path, "loggers", "-v")
            if text.status == 1 and f"{reason} at 0x" in text.out:
                return path, text
            if text.status == 2:
                self.assert_refused(text, reason)
        self.fail("no dump lacks some of the loggers alone")

    def assert_gaps(self, scene):
        kernel, kind, option, reason = scene
        whole = self.walk(self.dump(kernel, kind), "loggers", "--json", "-v")
        path, text = self.dump_with_gaps(*scene)
        # of -v; and where a job is missing, that is said, for its silo may be
        self.assertRegex(text.err, r"\A(kdwalk: symbols: PDB .*\n)?(kdwalk: warning: loggers of server silos .*\n)?\Z", text)
        document = self.walk(path, "loggers", "--json", "-v")
        self.assertEqual(document.status, 1, document)
        known = {(logger["etw_state"], logger["slot"]): logger for logger in json.loads(whole.out)["tables"]["loggers"]}
        for found in json.loads(document.out)["tables"]["loggers"]:
            if isinstance(found["slot_value"], dict):
                self.assertEqual(found["slot_value"]["reason"], reason)
                continue
            for key, value in found.items():
                if value == known[found["etw_state"], found["slot"]][key]:
                    continue
                if isinstance(value, dict):
                    self.assertEqual(value["reason"], reason)
                elif value is None:  # its id says why
                    self.assertEqual((found["condition"], found["id"]["reason"]), (UNREADABLE, reason))
                else:
                    self.assertEqual((key, value), ("condition", UNREADABLE))

    def test_each_kernel_names_the_reason(self):
        self.for_each(self.assert_gaps, [
            (kernel, kind, option, reason) for kernel in KERNELS
            for kind, option, reason in (("kernel", "--page-out", "paged out"), ("raw", "--page-out", "paged out"),
                                         ("active", "--leave-out", "not in the dump"))])

    def test_a_page_is_missing_as_a_whole(self):
        path, text = self.dump_with_gaps("18362", "kernel", "--leave-out", "not in the dump")
        at = int(re.search(r"not in the dump at 0x([0-9a-f]+)", text.out)[1], 16)
        result = self.walk(path, "read", f"{at:x}", PAGE - at % PAGE, "--json")
        self.assertEqual(result.status, 1, result)
        self.assertEqual(json.loads(result.out)["gaps"],
                         [{"address": f"0x{at:016x}", "length": PAGE - at % PAGE, "reason": "not in the dump"}])


class Small(DumpTest):
    """Triage dumps hold little, and say so."""

    def assert_what_it_lacks_is_told(self, path):
        for command in (["loggers"], ["dt", "_EPROCESS"], ["read", "nt!NtBuildLab", "8"]):
            self.assert_refused(self.walk(path, *command), "is a triage dump", "vertarget, lm and read")

    def test_a_real_one_tells_what_it_holds(self):
        path = kd.corpus("dumps/triage_x64.dmp")
        version = self.walk(path, "vertarget", symbols=False)
        self.assertEqual((version.status, version.err), (1, ""), version)
        self.assertEqual(kd.lines(version.out), [
            "Windows Kernel Version 19041 MP (16 procs) Free x64",
            "Product: WinNt, suite: TerminalServer SingleUserTS",
            "Built by: 19041.1.amd64fre.vb_release.191206-1406",
            "Machine Name:",
            "Kernel base = 0xfffff804`7ba00000 PsLoadedModuleList = 0xfffff804`7c62a390",
            "Debug session time: Sun Feb 21 1:38:22.987 2021 UTC",
            "System Uptime: 0 days 0:00:03.747",
            "Bugcheck code 1000007E (SYSTEM_THREAD_EXCEPTION_NOT_HANDLED)",
            "Arguments ffffffff`c0000005 fffff804`8b58334c ffff8504`29891ee8 ffff8504`29891720",
            "Version of Windows, time zone: (not in the dump at 0xfffff7800000026c)"])
        modules = self.walk(path, "lm", symbols=False)
        self.assertEqual((modules.status, modules.err), (0, ""), modules)
        rows = kd.lines(modules.out)
        self.assertEqual(rows[1], "fffff804`7ba00000 fffff804`7ca46000   ntoskrnl.exe")
        self.assertIn("fffff804`79440000 fffff804`79446000   hal.dll", rows)
        exception = self.walk(path, "read", "ffff850429891ee8", 4, "--json", symbols=False)
        self.assertEqual(json.loads(exception.out)["known"][0]["bytes"], struct.pack("<I", 0xc0000005).hex())
        self.assert_what_it_lacks_is_told(path)

    def test_the_labs_list_the_modules_of_the_machine(self):
        def check(kernel):
            path = self.dump(kernel, "triage")
            with kd.Scene(kernel, kd.Pipe()) as scene:
                live = scene.run("lm")
            self.assertEqual(self.walk(path, "lm", symbols=False).out, live.out)
            self.assertIn(f"Kernel Version {kernel} ", self.walk(path, "vertarget").out)
            self.assert_what_it_lacks_is_told(path)
        self.for_each(check, KERNELS)


class Wrong(DumpTest):
    """Files that are something else: one error, which says what they are and what to do."""

    def test_what_is_no_dump_is_named(self):
        files = [
            (b"PAGEDUMP" + bytes(0x1000), "32-bit"), (b"PAGEXXXX" + bytes(0x2000), "incomplete dump"),
            (b"PAGEDU64", "ends inside its header"), (b"MDMP" + bytes(100), "minidump of a process"),
            (b"\x7fELF\x01" + bytes(100), "32-bit"), (b"\x7fELF\x02\x01" + bytes(100), "ELF"),
            (b"KDUMP   " + bytes(100), "dump-guest-memory"), (b"DISKDUMP" + bytes(100), "dump-guest-memory"),
            (b"EMiL" + bytes(3), ""), (b"\xd2\xbe\xd2\xbe" + bytes(100), ".vmem"), (b"\xd1\xba\xd1\xba" + bytes(100), ".vmem"),
            (b"QEVM" + bytes(100), "QEMU"), (b"HIBR" + bytes(100), "hibernation"), (b"wake" + bytes(100), "hibernation"),
            (b"MSCF" + bytes(100), "unpack it first"), (b"PK\3\4" + bytes(100), "unpack it first"),
            (b"\x1f\x8b" + bytes(100), "unpack it first"), (b"\x28\xb5\x2f\xfd" + bytes(100), "unpack it first"),
            (b"\x37\x7a\xbc\xaf" + bytes(100), "unpack it first"), (b"", "empty file"), (b"x" * 1000, "whole pages"),
            (bytes(64 * PAGE), "raw memory image: no page tables of a system")]

        def check(item):
            number, (content, says) = item
            path = self.path(f"wrong-{number}")
            path.write_bytes(content)
            self.assert_refused(self.walk(path, "vertarget", symbols=False), str(path), says)
        self.for_each(check, list(enumerate(files)))

    def test_what_is_no_file_is_told(self):
        self.assert_refused(self.walk("/nonexistent/memory.dmp", "lm"), "/nonexistent/memory.dmp")
        self.assert_refused(self.walk(self.scratch.name, "lm"), self.scratch.name)


if __name__ == "__main__":
    unittest.main()
