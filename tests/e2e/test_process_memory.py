"""The memory of one process, live and on disk: --process and --dtb."""

import functools
import itertools
import json
import pathlib
import signal
import subprocess
import time
import unittest

import kd

KERNELS = ("14393", "18362", "19041", "22000")
PROGRAM = "explorer.exe"
PAGE = 0x1000
PRIVATE = 0x1a0000  # seven pages: three present or nearly so, the rest gaps
PAGES = ("read", f"{PRIVATE:x}", f"{7 * PAGE:#x}", "--json")
LARGE = 0x40000000  # a page of 2 MiB
MISSING = {2: "paged out", 3: "never touched", 5: "known to its VAD alone"}


@functools.lru_cache(None)
def process(kernel, name):
    """What the lab says of the first process of that name."""
    done = subprocess.run([kd.BIN / "kdlab", "truth", "--kernel", kernel, "--json"], capture_output=True, check=True)
    return next(p for p in json.loads(done.stdout)["tables"]["processes"] if p["name"] == name)


def root_of(kernel, name):
    return f"{process(kernel, name)['dtb']:x}"


class SpaceTest(kd.LiveTest):
    numbers = itertools.count()

    @classmethod
    def path(cls, name):
        return pathlib.Path(cls.scratch.name) / name

    @classmethod
    def dump(cls, kernel, kind, *options):
        path = cls.path(f"{next(cls.numbers)}.dmp")  # tests run at once, and remove what they made
        subprocess.run([kd.BIN / "kdlab", "dump", "--kernel", kernel, "--type", kind, "-o", path, *options], check=True,
                       capture_output=True)
        return path

    def walk(self, path, *arguments, symbols=True):
        return kd.kdwalk(*arguments, "-z", path, *(["-y", self.store] if symbols else []))

    def assert_refused(self, result, *parts):
        self.assertEqual((result.status, result.out), (2, ""), result)
        self.assert_one_message(result, *parts)

    def assert_pages(self, kernel, result, missing, name=PROGRAM):
        """Seven pages: those that are missing, with their reasons, and of the rest the text that is in each."""
        document = json.loads(result.out)
        self.assertEqual(result.status, 1, result)
        self.assertEqual(document["gaps"], self.gaps(missing))
        known = {}
        for piece in document["known"]:
            for at in range(0, len(piece["bytes"]) // 2, PAGE):
                known[(int(piece["address"], 16) + at - PRIVATE) // PAGE] = bytes.fromhex(
                    piece["bytes"][2 * at:2 * (at + PAGE)])
        self.assertEqual(sorted(known), [i for i in range(7) if i not in missing])
        for number, content in known.items():
            text = f"{name} {process(kernel, name)['pid']}: page {number}"
            self.assertEqual(content, text.encode().ljust(PAGE, b"\0"))

    @staticmethod
    def gaps(missing):
        """Neighbours that are missing for one reason are one gap."""
        gaps = []
        for number, reason in sorted(missing.items()):
            at = PRIVATE + number * PAGE
            if gaps and gaps[-1]["reason"] == reason and int(gaps[-1]["address"], 16) + gaps[-1]["length"] == at:
                gaps[-1]["length"] += PAGE
            else:
                gaps.append({"address": f"0x{at:016x}", "length": PAGE, "reason": reason})
        return gaps


class Same(SpaceTest):
    """Every source shows the same memory, however its process is named."""

    def test_over_each_link(self):
        def check(scene):
            kernel, link = scene
            result, stats = self.live(kernel, *PAGES, "--process", PROGRAM, link=kd.LINKS[link]())
            self.assertEqual(result.err, "", result)
            self.assert_pages(kernel, result, MISSING)
            self.assert_unharmed(stats)
        self.for_each(check, [(kernel, link) for kernel in KERNELS for link in ("net", "pipe")])

    def test_in_files_of_all_memory(self):
        def check(scene):
            kernel, kind, *options = scene
            path = self.dump(kernel, kind, *options)
            self.assert_pages(kernel, self.walk(path, *PAGES, "--process", PROGRAM), MISSING)
            path.unlink()
        self.for_each(check, [(kernel, kind) for kernel in KERNELS for kind in ("full", "raw", "elf")] +
                      [("22000", "raw", "--swizzle")])

    def test_a_kernel_dump_lacks_what_belongs_to_programs(self):
        def check(kernel):
            path = self.dump(kernel, "kernel")
            lacks = dict.fromkeys((0, 1, 4, 6), "not in the dump")
            self.assert_pages(kernel, self.walk(path, *PAGES, "--process", PROGRAM), {**MISSING, **lacks})
            path.unlink()
        self.for_each(check, KERNELS)

    def test_a_root_a_number_and_a_name_are_three_words_for_one_thing(self):
        path = self.dump("18362", "full")
        pid = process("18362", PROGRAM)["pid"]
        for words in (["--process", PROGRAM.upper()], ["--process", pid], ["--process", f"{pid:#x}"],
                      ["--dtb", root_of("18362", PROGRAM)], ["--dtb", f"0x{root_of('18362', PROGRAM)[:-3]}002"]):
            result = self.walk(path, *PAGES, *words)
            self.assertEqual(result.err, "", result)
            self.assert_pages("18362", result, MISSING)
        self.assert_pages("18362", self.walk(path, *PAGES, "--process", process("18362", "lsass.exe")["pid"]),
                          MISSING, "lsass.exe")

    def test_a_root_needs_no_symbols(self):
        def check(link):
            result, stats = self.live("19041", *PAGES, "--dtb", root_of("19041", PROGRAM), symbols=False, link=link)
            self.assertEqual(result.err, "", result)
            self.assert_pages("19041", result, MISSING)
            self.assert_unharmed(stats)
        self.over_links(check, ("pipe", "net"))

    def test_without_it_the_process_that_ran_is_read(self):
        for options in ([], ["--process", "System"], ["--process", "4"]):
            result = self.walk(self.dump("18362", "raw"), *PAGES, *options)
            self.assertEqual(json.loads(result.out)["known"], [], result)

    def test_the_kernel_is_the_same_in_every_process(self):
        path = self.dump("22000", "full")
        where = ("read", "nt!NtBuildLab", "64")
        self.assertEqual(self.walk(path, *where, "--process", PROGRAM).out, self.walk(path, *where).out)

    def test_dt_shows_it_typed(self):
        words = ("dt", "_LIST_ENTRY", f"{PRIVATE:x}", "--process", PROGRAM)
        text = f"{PROGRAM} 4512".encode()
        rows = [f"0x{int.from_bytes(text[at:at + 8], 'little'):016x}" for at in (0, 8)]
        live, _ = self.live("18362", *words, link=kd.Pipe())
        self.assertEqual(live.status, 0, live)
        for row in rows:
            self.assertIn(f"{row[:10]}`{row[10:]}", live.out)
        self.assertEqual(self.walk(self.dump("18362", "raw"), *words).out, live.out)

    def test_a_recording_of_it_shows_it_again(self):
        def check(link):
            recording = self.path(f"{link.name}.pcap")
            key = [] if link.is_stream else ["--key", kd.KEY]
            live, _ = self.live("18362", *PAGES, "--process", PROGRAM, "-w", recording, link=link)
            again = kd.kdwalk(*PAGES, "--process", PROGRAM, "-r", recording, *key, "-y", self.store)
            self.assertEqual((again.status, again.out, again.err), (live.status, live.out, ""))
            other = kd.kdwalk("read", f"{PRIVATE:x}", "8", "--process", "700", "-r", recording, *key, "-y", self.store)
            self.assertIn(other.status, (1, 2), other)  # its root may have come with what stands beside it
            self.assertIn("not in the recording", other.out + other.err)
            beyond = kd.kdwalk("read", f"{LARGE:x}", "8", "--process", PROGRAM, "-r", recording, *key, "-y", self.store)
            self.assertEqual(beyond.status, 1, beyond)
            self.assertIn("8 bytes: not in the recording", beyond.out)
        self.over_links(check, ("pipe", "net"))


class Cost(SpaceTest):
    """What it costs a machine that stands still."""

    def test_tables_and_pages_are_asked_for_once(self):
        result, stats = self.live("18362", "read", f"{LARGE:x}", "64K", "--raw", "--stats", "--dtb",
                                  root_of("18362", PROGRAM))
        self.assertEqual(result.status, 0, result)
        self.assertEqual(result.count(r"(\d+) of them twice"), 0)
        # 64 of the page, 3 tables, and 5 to see that the root is one
        self.assertLessEqual(stats["requests"]["ReadPhysicalMemory"], 64 + 3 + 5, stats)

    def test_a_restart_drops_what_was_read(self):
        words = ("read", f"{LARGE + 0x1ff000:x}", "48", "--raw", "--wait", "--process", PROGRAM)
        _, once = self.live("18362", *words, link=kd.Pipe())
        reads = once["requests"]["ReadPhysicalMemory"]
        leaving = 8  # requests, or a little less: in the middle of the physical reads
        result, stats = self.live("18362", *words, link=kd.Pipe(),
                                  lab_options=["--reboot-after", str(once["requests_total"] - leaving)])
        self.assertEqual((result.status, result.out.rstrip("\0")), (0, f"{PROGRAM}: 2 MiB, 0x1ff000"), result)
        self.assertEqual(stats["reboots"], 1)
        self.assertTrue(reads < stats["requests"]["ReadPhysicalMemory"] < 2 * reads, (once, stats))
        self.assert_unharmed(stats)

    def test_a_signal_in_the_middle_leaves_the_machine_running(self):
        with kd.Scene("18362", kd.Pipe(), "--baud", "115200") as scene:
            walk = scene.start("read", f"{LARGE:x}", "512K", "--dtb", root_of("18362", PROGRAM))
            kd.wait_until(lambda: self.physical_reads(scene) > 10, "it never reads")
            begin = time.monotonic()
            walk.send_signal(signal.SIGINT)
            result = kd.finish(walk)
            self.assertLess(time.monotonic() - begin, 5)
            stats = scene.stop()
        self.assert_refused(result, "interrupted")
        self.assertIn("the target was left running", result.err)
        self.assert_unharmed(stats)

    @staticmethod
    def physical_reads(scene):
        scene.lab.process.send_signal(signal.SIGUSR1)
        time.sleep(0.05)
        try:
            return json.loads(scene.lab.stats_file.read_text())["requests"].get("ReadPhysicalMemory", 0)
        except (FileNotFoundError, json.JSONDecodeError):
            return 0


class Wrong(SpaceTest):
    """What does not exist, or not once, is told, and a live machine goes on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.full = cls.dump("18362", "full")

    def test_who_is_not_there_is_told(self):
        for words, says in ((["--process", "701"], "there is no process with the id 701 among "),
                            (["--process", "notthere.exe"], "there is no process called notthere.exe among "),
                            (["--process", "99999999999999999999999"], "there is no process with the id "),
                            (["--process", "svchost.exe"], " processes are called svchost.exe: give the id of one of "
                                                           "them: 820, 1156, 1284, ")):
            self.assert_refused(self.walk(self.full, *PAGES, *words), says)

    def test_it_is_told_of_a_live_machine_too(self):
        result, stats = self.live("18362", *PAGES, "--process", "701", link=kd.Pipe())
        self.assert_refused(result, "there is no process with the id 701")
        self.assertIn("the target was left running", result.err)
        self.assert_unharmed(stats)

    def test_a_root_outside_of_memory_is_refused(self):
        self.assert_refused(self.walk(self.full, *PAGES, "--dtb", "123456789000"),
                            "the page-table root at 0x123456789000: not in the dump")
        for root in ("123456789000", "fee00000", "80000000"):  # nothing, a device's registers, behind the memory
            result, stats = self.live("18362", *PAGES, "--dtb", root, link=kd.Pipe())
            self.assert_refused(result, f"the page-table root at 0x{root}: not in the machine's memory")
            self.assert_unharmed(stats)
            self.assertNotIn("ReadPhysicalMemory", stats["requests"])

    def test_a_root_that_is_none_is_doubted(self):
        def check(item):
            warning = "may be no page-table root"
            result = self.walk(self.full, *PAGES, "--dtb", "4000000") if item == "dump" else self.live(
                "18362", *PAGES, "--dtb", "4000000", link=kd.Pipe())[0]
            self.assertEqual(result.status, 1, result)
            self.assertIn(warning, result.err)
            self.assertEqual(json.loads(result.out)["known"], [])
        self.for_each(check, ("dump", "live"))

    def test_sources_without_page_tables_say_so(self):
        self.assert_refused(self.walk(self.dump("18362", "triage"), *PAGES, "--dtb", "1ad000"),
                            "is a triage dump: it holds no page tables")
        recording = self.path("lm.pcap")
        self.live("18362", "lm", "-w", recording, link=kd.Pipe())
        for words in (["--dtb", "1ad000"], ["--process", "4"]):
            self.assert_refused(kd.kdwalk(*PAGES, *words, "-r", recording, "-y", self.store))
        self.assert_refused(kd.kdwalk(*PAGES, "--dtb", "1ad000", "-r", recording), "no physical memory was read")

    def test_wrong_words_are_refused(self):
        for words, says in ((["--dtb", "1ad000", "--process", "4"], "exclude each other"),
                            (["--dtb", "lsass.exe"], "hexadecimal"), (["--process", ""], "missing the id")):
            self.assert_refused(self.walk(self.full, *PAGES, *words), says)
        self.assert_refused(self.walk(self.full, "dt", "_EPROCESS", "--process", "4"), "need an ADDRESS")
        self.assert_refused(self.walk(self.full, "lm", "--process", "4"), "is not an option of this command")


if __name__ == "__main__":
    unittest.main()
