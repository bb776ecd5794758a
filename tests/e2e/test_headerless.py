"""Kernels whose header is not in memory any more, walked with no symbols at all: found and named all the same."""

import unittest

import kd
import test_dumps

NAMES = {"14393": "10.0.14393.2068", "18362": "10.0.18362.535", "19041": "10.0.19041.2965",
         "22000": "10.0.22000.1936"}
WALKS = [("loggers", "-v"), ("vertarget",), ("lm",)]
BY_LIST = "by time stamp and size of its image"
BY_ADDRESSES = "guessed by the addresses of "
SEEDS = range(1, 25)
SAYS_NOTHING = "page tables in it lead to Windows, but nothing there says where its kernel is"


class Headerless(test_dumps.DumpTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with kd.Scene("18362", kd.Pipe()) as scene:
            cls.expected = {walk: scene.run(*walk, "-y", cls.store).out for walk in WALKS}

    def dump(self, kernel, kind, *options):
        return super().dump(kernel, kind, "--page-out-header", "--bugcheck", "0", *options)

    def assert_named(self, result, kernel, how):
        self.assertIn(f"built-in tables of {NAMES[kernel]}, {how}", result.err, result)

    def assert_walks(self, kind, *options):
        path = self.dump("18362", kind, *options)
        for walk in WALKS:
            result = self.walk(path, *walk, symbols=False)
            self.assertEqual(result.status, 0, result)
            if walk == ("vertarget",) and kind == "win-dmp":  # QEMU says by a bugcheck that nothing happened
                self.assertTrue(result.out.startswith(self.expected[walk]), result)
            else:
                self.assertEqual(result.out, self.expected[walk])
            if walk == ("loggers", "-v"):
                self.assert_named(result, "18362", BY_LIST)
            else:
                self.assertEqual(result.err, "", result)
        path.unlink()

    def test_each_kind_of_file_is_walked(self):
        self.for_each(self.assert_walks, test_dumps.TYPES)

    def test_so_is_one_of_a_machine_that_was_booted_without_debugging(self):
        self.for_each(lambda kind: self.assert_walks(kind, "--encode"), test_dumps.TYPES)

    def test_the_other_kernels_are_named_too(self):
        def check(item):
            kernel, kind = item
            path = self.dump(kernel, kind, "--encode")
            has_addresses = kernel != "14393"
            walk = ("loggers", "-v") if has_addresses else ("dt", "_ETW_SILODRIVERSTATE")
            result = self.walk(path, *walk, symbols=False)
            self.assertIn(result.status, (0, 1), result)
            self.assert_named(result, kernel, BY_LIST)
        self.for_each(check, [(kernel, kind) for kernel in ("14393", "19041", "22000") for kind in ("kernel", "raw")])

    def test_a_machine_that_is_debugged_and_its_recording_are_walked(self):
        recording = self.path("headerless.pcap")
        with kd.Scene("18362", kd.Pipe(), "--page-out-header") as scene:
            refused = scene.run("read", "fffff8026e400000", "16")
            self.assertIn("not mapped", refused.out + refused.err)
            live = {walk: scene.run(*walk, "-w", f"{recording}{walk[0]}") for walk in WALKS}
            stats = scene.stop()
        self.assert_unharmed(stats)
        for walk in WALKS:
            for result in (live[walk], kd.kdwalk(*walk, "-r", f"{recording}{walk[0]}")):
                self.assertEqual((result.status, result.out), (0, self.expected[walk]), result)
                if walk == ("loggers", "-v"):
                    self.assert_named(result, "18362", BY_LIST)


class Listless(test_dumps.DumpTest):
    """The entry of the kernel in the list of modules is paged out as well, by lot."""

    def walk_until(self, is_wanted, kind, *options):
        for seed in SEEDS:
            path = self.dump("18362", kind, "--page-out-header", "--page-out", "60", "--seed", str(seed), *options)
            result = self.walk(path, "dt", "_ETW_SILODRIVERSTATE", symbols=False)
            path.unlink()
            if is_wanted(result):
                return result
        self.fail("chance never paged out that entry")

    def test_its_addresses_still_name_the_kernel(self):
        def check(item):
            kind, addresses, *options = item
            result = self.walk_until(lambda r: BY_ADDRESSES in r.err, kind, *options)
            self.assertEqual(result.status, 0, result)
            self.assertEqual(result.err, "kdwalk: warning: the symbols may not be this kernel's own: built-in tables of "
                             f"10.0.18362.535, {BY_ADDRESSES}{addresses}\n")
        every = ("EtwpDebuggerData, KdDebuggerDataBlock, KiProcessorBlock, NtBuildLab, PsActiveProcessHead, "
                 "PsLoadedModuleList, PspCidTable")
        copied = every.replace("KdDebuggerDataBlock, ", "")  # a driver's copy of the block is elsewhere
        self.for_each(check, [*((kind, every) for kind in test_dumps.TYPES), ("elf-win", copied, "--encode"),
                              ("win-dmp", copied, "--encode")])

    def test_what_says_nothing_more_is_refused(self):
        def check(kind):
            self.assert_refused(self.walk_until(lambda r: r.status == 2, kind, "--encode"), SAYS_NOTHING)
        self.for_each(check, ("raw", "kernel"))


if __name__ == "__main__":
    unittest.main()
