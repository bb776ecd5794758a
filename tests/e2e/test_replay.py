"""kdlab replay: what was recorded once is a target again, over the same link and over all others."""

import binascii
import re
import subprocess
import tempfile
import time
import unittest

import kd

RECORDED = "captures/windbg-uncut.pcapng"  # WinDbg and a boot debugger, over KDNET
KERNELS = ("14393", "18362", "19041", "22000")
REFUSED = (0xFFFFF780000003D8, 0x330)

# Address, length and CRC-32 of each read that succeeded in it.
READS = """
00ad5e60 16 b0491924, fffff8017bc49e30 136 b25f0b28, fffff8017bc49f60 58 30427bfb, 0096f000 64 9da5abdd,
0096f0e8 128 6b064eec, 0096f168 128 0b78d431, 0096f1e8 128 17694f90, 0096f268 240 534e3bde,
00a9f810 128 3942f892, 00a97780 128 974f501e, 00a97c48 128 3875f58c, 001a9010 128 3d86bb32,
001a9010 8 01e0acda, 009cf040 62 127061d1, 0096f000 2 8fb09b5d, 0096f002 62 f2149291,
0096f0e8 248 6538b9da, 0096f1e0 128 66479238, 0096f260 248 d463a075, 00a9f810 128 3942f892,
00a97780 128 974f501e, 00a97c48 128 3875f58c, 00adf938 128 4f106236, 00add490 128 c50dc9a7,
00ade6e4 128 d2c3d19a, 00adddb4 128 99ff0494, 00ade24c 128 55f4a701, 00ade498 128 05672b7c,
00ade36c 128 ca1fe7b1, 00ade3fc 128 0fad2b67, 00a9a1c4 128 ab50905c, 009cf08e 128 5f469681,
001a6748 128 204e7f9e, 001a6740 8 0f3e4669, 001a6738 8 fafbaf6b, 001a6730 8 0f744429,
001a6720 16 922f8875, 00adc23c 128 e8db4e86, 00adb918 128 977162c5, 00adb480 128 700d2890,
00adb6cc 128 eb8d718a, 00adb7ec 128 f1588707, 00adb75c 128 61cc4b7e
"""


def reads():
    return [(int(at, 16), int(length), crc)
            for at, length, crc in (row.split() for row in READS.replace("\n", " ").split(","))]


def dumped(text):
    """The bytes of a dump, its gaps left out."""
    rows = re.findall(r"^[0-9a-f]{8}`[0-9a-f]{8}  (.{47})", text, re.MULTILINE)
    return bytes.fromhex(" ".join(re.findall(r"\b[0-9a-f]{2}\b", " ".join(rows))))


class RealCapture(kd.LiveTest):
    def setUp(self):
        self.recording = kd.Replay(kd.corpus(RECORDED))

    def check_read(self, scene, read):
        at, length, crc = read
        result = scene.run("read", f"{at:x}", length)
        self.assertEqual(result.status, 0, result)
        self.assertEqual(len(dumped(result.out)), length, result)
        self.assertEqual(f"{binascii.crc32(dumped(result.out)):08x}", crc, result)

    def test_each_of_its_reads_is_answered_once_more(self):
        def check(read):
            with kd.Scene(self.recording, kd.Net()) as scene:
                self.check_read(scene, read)
                self.assert_unharmed(scene.stop())
        self.assertEqual(len(reads()), 43)
        self.for_each(check, reads())

    def test_what_was_refused_is_refused(self):
        with kd.Scene(self.recording, kd.Net()) as scene:
            result = scene.run("read", f"{REFUSED[0]:x}", REFUSED[1])
            stats = scene.stop()
        self.assertEqual(result.status, 1, result)
        self.assertEqual(dumped(result.out), b"")
        self.assertIn("not mapped", result.out + result.err)
        self.assert_unharmed(stats)

    def test_the_boot_debugger_says_what_it_is_over_every_link(self):
        def check(link):
            with kd.Scene(self.recording, link) as scene:
                result = scene.run("vertarget")
                stats = scene.stop()
            self.assertEqual(result.status, 1, result)
            self.assertIn("Boot debugger of build 10586 Free x64: not the NT kernel yet", result.out)
            self.assertIn("0096f000", result.out)
            self.assertEqual(stats["unexpected"], 0, stats)
            self.assert_unharmed(stats)
        self.over_links(check)

    def test_hosts_may_come_one_after_the_other(self):
        def check(link):
            with kd.Scene(self.recording, link) as scene:
                for read in reads()[::9]:
                    self.check_read(scene, read)
                self.assert_unharmed(scene.stop())
        self.over_links(check)

    def test_a_host_that_was_killed_does_not_spoil_the_next(self):
        def check(link):
            with kd.Scene(self.recording, link) as scene:
                process = scene.start("read", "96f000", 64)
                time.sleep(0.7)
                process.kill()
                self.check_read(scene, reads()[3])
                stats = scene.stop()
            self.assertEqual(stats["altering"], 0, stats)
        self.over_links(check)

    def test_all_that_it_said_is_said_again(self):
        def check(link):
            with kd.Scene(self.recording, link) as scene:
                result = scene.run("loggers", "--timeout", 5, "-y", self.store)  # goes on until a kernel comes: none
                stats = scene.stop()
            self.assertEqual(result.status, 2, result)
            self.assertEqual(stats["prints_acked"], 6, stats)
            self.assertEqual(stats["file_io"], {"asked": 33, "answered": 33, "wrong": 0}, stats)
            self.assertGreaterEqual(stats["freezes"]["count"], 3, stats)
            self.assert_unharmed(stats)
        self.over_links(check)


class Recordings(kd.LiveTest):
    """kdwalk -w, and its recording as the target of another kdwalk."""

    def record(self, folder, kernel, link, *arguments, lab_options=()):
        path = f"{folder}/{link.name}.pcap"
        with kd.Scene(kernel, link, *lab_options) as scene:
            result = scene.run(*arguments, "-w", path)
            scene.stop()
        self.assertIn(result.status, (0, 1), result)  # 1: some memory was paged out
        return path, result

    def replay(self, path, link, *arguments, lab_options=()):
        with kd.Scene(kd.Replay(path), link, *lab_options) as scene:
            result = scene.run(*arguments)
            return result, scene.stop()

    def check_same(self, path, first, link, *arguments, lab_options=()):
        result, stats = self.replay(path, link, *arguments, lab_options=lab_options)
        self.assertEqual((result.status, result.out), (first.status, first.out), result)
        self.assert_unharmed(stats)
        return stats

    def test_a_recording_of_any_link_plays_over_every_link(self):
        walk = ["loggers", "-v", "-y", self.store]
        with tempfile.TemporaryDirectory() as folder:
            def check(recorded):
                path, first = self.record(folder, "18362", kd.LINKS[recorded](), *walk)
                for played in kd.LINKS:
                    stats = self.check_same(path, first, kd.LINKS[played](), *walk)
                    if played == recorded:
                        self.assertEqual(stats["unexpected"], 0, (recorded, played, stats))
            self.for_each(check, kd.LINKS)

    def test_every_kernel_plays(self):
        commands = (["vertarget"], ["lm"], ["loggers", "-v", "-y", self.store])

        def check(run):
            kernel, command = run
            with tempfile.TemporaryDirectory() as folder:
                path, first = self.record(folder, kernel, kd.Tcp(), *command)
                stats = self.check_same(path, first, kd.Tcp(), *command)
            self.assertEqual(stats["unexpected"], 0, stats)
        self.for_each(check, [(kernel, command) for kernel in KERNELS for command in commands])

    def test_it_plays_over_a_bad_link(self):
        walk = ["loggers", "-v", "-y", self.store]
        with tempfile.TemporaryDirectory() as folder:
            path, first = self.record(folder, "14393", kd.Net(), *walk)

            def check(link):
                faults = ["--drop", "0.1", "--seed", "7"]
                stats = self.check_same(path, first, link, *walk, lab_options=faults)
                self.assertGreater(stats["line"]["from_target"]["dropped"], 0, stats)
            self.over_links(check)

    def test_a_boot_plays_stage_by_stage(self):
        walk = ["loggers", "--wait", "-y", self.store]
        with tempfile.TemporaryDirectory() as folder:
            path, first = self.record(folder, "18362", kd.Net(), *walk, lab_options=["--boot"])

            def check(link):
                stats = self.check_same(path, first, link, *walk)
                self.assertEqual(stats["stages"], 2, stats)
                self.assertGreater(stats["file_io"]["answered"], 0, stats)
            self.over_links(check)

    def test_without_a_link_it_takes_what_its_key_says(self):
        def first_line(*arguments):
            process = subprocess.Popen([kd.BIN / "kdlab", "replay", *arguments], text=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            line = process.stdout.readline()
            process.terminate()
            process.communicate(timeout=kd.RUN_TIMEOUT)
            return line

        with tempfile.TemporaryDirectory() as folder:
            path, _ = self.record(folder, "18362", kd.Pipe(), "vertarget")
            self.assertRegex(first_line(path), "^/dev/pts/")
            self.assertIn("pokes 127.0.0.1:50000", first_line(path, "--key", kd.KEY))

    def test_what_was_not_recorded_is_told(self):
        with tempfile.TemporaryDirectory() as folder:
            path, _ = self.record(folder, "18362", kd.Pipe(), "vertarget")
            with kd.Scene(kd.Replay(path), kd.Pipe()) as scene:
                result = scene.run("read", "fffff80000000000", 32)
                scene.lab.process.terminate()
                told = scene.lab.process.communicate(timeout=kd.RUN_TIMEOUT)[1]
        self.assertEqual(result.status, 1, result)
        self.assertIn("kdlab replay: not in the recording: ReadVirtualMemory 0xfffff80000000000", told)

    def test_a_recording_that_breaks_off_plays_as_far_as_it_goes(self):
        with tempfile.TemporaryDirectory() as folder:
            path, first = self.record(folder, "18362", kd.Pipe(), "vertarget")
            with open(path, "r+b") as f:
                f.truncate(f.seek(0, 2) - 30)
            with kd.Scene(kd.Replay(path), kd.Pipe()) as scene:
                result = scene.run("vertarget")
                scene.lab.process.terminate()
                told = scene.lab.process.communicate(timeout=kd.RUN_TIMEOUT)[1]
        self.assertEqual((result.status, result.out), (first.status, first.out), result)
        self.assertIn("what is there is played", told)


if __name__ == "__main__":
    unittest.main()
