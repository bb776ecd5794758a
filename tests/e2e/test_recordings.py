"""Sessions recorded with -w and walked again with -r."""

import json
import os
import pathlib
import resource
import signal
import struct
import unittest

import kd

# What walks a target: each command as text and as JSON.
WALKS = [["vertarget"], ["lm"], ["loggers", "-v"], ["dt", "_ETW_SILODRIVERSTATE"],
         ["dt", "_ETW_SILODRIVERSTATE", "nt!PspHostSiloGlobals+360"]]
OF_SYMBOLS = ("loggers", "dt")

# (address, length) of the reads of the real session that succeeded. One of them failed as well.
REAL_READS = [
    (0xad5e60, 16), (0xfffff8017bc49e30, 136), (0xfffff8017bc49f60, 58), (0x96f000, 64), (0x96f0e8, 128),
    (0x96f168, 128), (0x96f1e8, 128), (0x96f268, 240), (0xa9f810, 128), (0xa97780, 128), (0xa97c48, 128),
    (0x1a9010, 128), (0x1a9010, 8), (0x9cf040, 62), (0x96f000, 2), (0x96f002, 62), (0x96f0e8, 248),
    (0x96f1e0, 128), (0x96f260, 248), (0xa9f810, 128), (0xa97780, 128), (0xa97c48, 128), (0xadf938, 128),
    (0xadd490, 128), (0xade6e4, 128), (0xadddb4, 128), (0xade24c, 128), (0xade498, 128), (0xade36c, 128),
    (0xade3fc, 128), (0xa9a1c4, 128), (0x9cf08e, 128), (0x1a6748, 128), (0x1a6740, 8), (0x1a6738, 8),
    (0x1a6730, 8), (0x1a6720, 16), (0xadc23c, 128), (0xadb918, 128), (0xadb480, 128), (0xadb6cc, 128),
    (0xadb7ec, 128), (0xadb75c, 128)]
REAL_REFUSED = 0xfffff780000003d8

FILE_HEADER, PACKET_HEADER = 24, 16


def packets(capture):
    """The packets of a recording, headers included; what stands before them comes first."""
    parts, at = [capture[:FILE_HEADER]], FILE_HEADER
    while at < len(capture):
        length = PACKET_HEADER + struct.unpack_from("<I", capture, at + 8)[0]
        parts.append(capture[at:at + length])
        at += length
    return parts


def source_port(packet):
    return struct.unpack_from(">H", packet, PACKET_HEADER + 20)[0]


class KeyedNet(kd.Net):
    """A key whose text and bytes cannot be in a file by chance."""
    key = "1a2b3c4d5e6f7.2b3c4d5e6f7g8.3c4d5e6f7g8h9.3d5e6f7g8h9i1"

    def __init__(self):
        super().__init__()
        self.lab_options = ["--net", f"127.0.0.1:{self.port}", "--key", self.key]
        self.target = ["-k", f"net:port={self.port},key={self.key}"]


class Recordings(kd.LiveTest):
    def path(self, name):
        return pathlib.Path(self.scratch.name) / name

    def symbols(self, arguments):
        return ["-y", self.store] if arguments[0] in OF_SYMBOLS else []

    def record(self, name, kernel, link, *arguments, lab_options=()):
        """(the file, the live command's result)"""
        path = self.path(name)
        with kd.Scene(kernel, link, *lab_options) as scene:
            result = scene.run(*arguments, *self.symbols(arguments), "-w", path)
            self.assert_unharmed(scene.stop())
        return path, result

    def walk(self, path, *arguments, key=kd.KEY):
        options = ["--key", key] if key else []
        return kd.kdwalk(*arguments, *self.symbols(arguments), "-r", path, *options)

    def assert_same(self, path, live, *arguments):
        recorded = self.walk(path, *arguments)
        self.assertIn(live.status, (0, 1), live)
        self.assertEqual((recorded.status, recorded.out), (live.status, live.out), recorded)
        return recorded

    def assert_walks_are_same(self, kernel, link_name, walks):
        """One machine, recorded by each of the walks."""
        with kd.Scene(kernel, kd.LINKS[link_name]()) as scene:
            for walk in walks:
                path = self.path(f"{kernel}-{link_name}-{'-'.join(walk)}.pcap")
                live = scene.run(*walk, *self.symbols(walk), "-w", path)
                recorded = self.assert_same(path, live, *walk)
                self.assertRegex(recorded.err, r"\A(kdwalk: symbols: PDB .*\n)?\Z", recorded)  # with -v
            self.assert_unharmed(scene.stop())

    # --- the same, live and recorded ---

    def test_what_was_recorded_prints_what_the_live_command_did(self):
        self.for_each(lambda scene: self.assert_walks_are_same(*scene, WALKS),
                      [(kernel, link) for link in kd.LINKS for kernel in ("14393", "18362")])

    def test_so_do_newer_kernels_and_json(self):
        json_walks = [[*walk, "--json"] for walk in WALKS]
        self.for_each(lambda scene: self.assert_walks_are_same(*scene),
                      [("19041", "net", WALKS), ("22000", "net", WALKS), ("18362", "net", json_walks),
                       ("19041", "pipe", json_walks)])

    def test_so_does_a_session_on_a_bad_day(self):
        bad = ["--drop", "0.05", "--dup", "0.05", "--corrupt", "0.05", "--seed", "7"]

        def check(name):
            path, live = self.record(f"bad-{name}.pcap", "18362", kd.LINKS[name](), "loggers", "-v",
                                     lab_options=bad)
            self.assert_same(path, live, "loggers", "-v")
        self.for_each(check, ("net", "tcp"))

    def test_so_does_a_machine_that_restarted_meanwhile(self):
        def check(name):
            path = self.path(f"reboot-{name}.pcap")
            walk = ["loggers", "-v", "-y", self.store]
            with kd.Scene("18362", kd.LINKS[name](), "--reboot-after", "40") as scene:
                live = scene.run(*walk, "--wait", "-w", path)
            recorded = self.assert_same(path, live, "loggers", "-v")
            self.assertIn("2 boots of 1 target", recorded.err)
            self.assertIn("--stop N", recorded.err)
        self.for_each(check, ("net", "pipe"))

    # --- the file ---

    def test_no_key_is_in_the_file(self):
        path, live = self.record("keyed.pcap", "18362", KeyedNet(), "vertarget")
        self.assertEqual(live.status, 0, live)
        data = path.read_bytes()
        self.assertNotIn(KeyedNet.key.encode(), data)
        for word in KeyedNet.key.split("."):
            self.assertNotIn(word.encode(), data)
            self.assertNotIn(struct.pack("<Q", int(word, 36)), data)
        self.assertEqual(self.walk(path, "vertarget", key=KeyedNet.key).out, live.out)

    def test_recording_costs_no_request_more(self):
        plain, without = self.live("18362", "loggers", "-v")
        with kd.Scene("18362", kd.Net()) as scene:
            result = scene.run("loggers", "-v", "-y", self.store, "-w", self.path("cost.pcap"))
            recorded = scene.stop()
        self.assertEqual(result.out, plain.out)
        self.assertEqual(recorded["requests_total"], without["requests_total"])

    def test_a_file_that_cannot_be_made_is_told_before_the_target_is_touched(self):
        for place in ("/nonexistent/x.pcap", self.scratch.name):
            with self.subTest(place=place):
                port = kd.free_port()
                result = kd.kdwalk("vertarget", *self.target(port), "--timeout", "20", "-w", place)
                self.assertEqual(result.status, 2, result)
                self.assert_one_message(result, place)
                self.assertEqual(result.out, "")

    def test_a_disk_that_fills_up_ends_the_recording_and_not_the_session(self):
        def only_20_kib():
            resource.setrlimit(resource.RLIMIT_FSIZE, (20480, 20480))
        path = self.path("full.pcap")
        with kd.Scene("18362", kd.Net()) as scene:
            live = kd.finish(scene.start("loggers", "-v", "-y", self.store, "-w", path,
                                         preexec_fn=only_20_kib))
            self.assert_unharmed(scene.stop())
        self.assertEqual(live.status, 0, live)
        self.assertEqual(live.err.count("warning: the recording in"), 1, live)
        self.assertIn("the session goes on", live.err)
        recorded = self.walk(path, "loggers", "-v")
        self.assertIn(recorded.status, (1, 2), recorded)
        self.assertIn("not in the recording", recorded.out + recorded.err)

    def test_a_disk_that_is_full_already_is_no_reason_to_miss_the_session(self):
        with kd.Scene("18362", kd.Pipe()) as scene:
            live = scene.run("vertarget", "-w", "/dev/full")
            self.assert_unharmed(scene.stop())
        self.assertEqual(live.status, 0, live)
        self.assertIn("Kernel Version 18362", live.out)
        self.assertEqual(live.err.count("warning: the recording in"), 1, live)

    def test_a_session_that_is_killed_leaves_a_file_that_can_be_used(self):
        def check(slowness):
            name, *lab_options = slowness
            path = self.path(f"killed-{name}.pcap")
            with kd.Scene("18362", kd.LINKS[name](), *lab_options) as scene:
                process = scene.start("loggers", "-v", "-y", self.store, "-w", path)
                kd.wait_until(lambda: path.exists() and path.stat().st_size > 100000, "too little is recorded")
                process.send_signal(signal.SIGKILL)
                process.communicate()
            decoded = kd.kdwalk("decode", path, "--key", kd.KEY)
            self.assertEqual(decoded.status, 0, decoded)
            recorded = self.walk(path, "loggers", "-v")
            self.assertEqual(recorded.status, 1, recorded)
            self.assertIn("EtwLogger->", recorded.out)
            self.assertIn("not in the recording at 0x", recorded.out)
        self.for_each(check, [("net", "--delay", "3"), ("pipe", "--baud", "115200")])

    # --- what is missing ---

    def test_what_nobody_read_is_named_with_its_place(self):
        path, live = self.record("brief.pcap", "18362", kd.Net(), "loggers")
        brief = self.assert_same(path, live, "loggers")
        detailed = self.walk(path, "loggers", "-v")
        self.assertEqual(detailed.status, 1, detailed)
        self.assertEqual([line for line in kd.lines(detailed.out) if line.startswith("EtwLogger->")],
                         kd.lines(brief.out))
        self.assertRegex(detailed.out, r"(?m)^    name +.*(not in the recording at 0x|\w)")
        self.assertIn("not in the recording at 0x", detailed.out)
        document = json.loads(self.walk(path, "loggers", "-v", "--json").out)
        self.assertFalse(document["complete"])
        gaps = [value for logger in document["tables"]["loggers"] for value in logger.values()
                if isinstance(value, dict)]
        self.assertEqual(len(document["gaps"]),
                         sum(isinstance(value, dict) for table in document["tables"].values() for record in table
                             for value in record.values()))
        self.assertTrue(gaps)
        self.assertTrue(all(gap["reason"] == "not in the recording" for gap in gaps), gaps)

        version = self.walk(path, "vertarget")
        self.assertEqual(version.status, 1, version)
        self.assertIn("Kernel Version 18362", version.out)
        self.assertIn("Built by: (not in the recording at 0x", version.out)
        modules = self.walk(path, "lm")
        self.assertEqual(modules.status, 2, modules)
        self.assert_one_message(modules, "module list at 0x", "not in the recording")

    def test_read_shows_gaps_and_why_they_are(self):
        path, _ = self.record("gaps.pcap", "18362", kd.Tcp(), "read", "fffff78000000000", "0x300")
        whole = self.walk(path, "read", "fffff78000000000", "0x300")
        self.assertEqual(whole.status, 0, whole)
        beyond = self.walk(path, "read", "fffff78000000000", "0x2000")
        self.assertEqual(beyond.status, 1, beyond)
        self.assertEqual(kd.lines(beyond.out)[:0x2f], kd.lines(whole.out)[:0x2f])
        self.assertRegex(beyond.out, r"(?m)^missing: fffff780`00000[0-9a-f]{3} \d+ bytes: not in the recording$")
        raw = self.walk(path, "read", "fffff78000000000", "0x2000", "--raw")
        self.assertEqual(raw.status, 1)

        link = kd.Pipe()
        with kd.Scene("18362", link) as scene:
            hole = self.path("hole.pcap")
            live = scene.run("read", "fffff7800000ff00", "0x200", "-w", hole)
        self.assertEqual(live.status, 1, live)
        self.assertIn(": not mapped", live.out)
        recorded = self.walk(hole, "read", "fffff7800000ff00", "0x200")
        self.assertEqual(recorded.status, 1, recorded)
        self.assertIn("refused by the target with status 0xc0000001", recorded.out)
        document = json.loads(self.walk(hole, "read", "fffff7800000ff00", "0x200", "--json").out)
        self.assertEqual(document["gaps"][0]["ntstatus"], "0xc0000001")

    # --- which moment ---

    def test_a_stop_or_a_time_picks_the_boot_stage(self):
        path, live = self.record("boot.pcap", "18362", kd.Net(), "loggers", lab_options=["--boot"])
        last = self.assert_same(path, live, "loggers")
        self.assertIn("2 boots of 1 target", last.err)
        first = kd.kdwalk("vertarget", "-r", path, "--key", kd.KEY, "--stop", "1")
        self.assertEqual(first.status, 1, first)
        self.assertIn("Boot debugger of build", first.out)
        self.assertEqual(first.err, "")
        early = kd.kdwalk("loggers", "-r", path, "--key", kd.KEY, "--stop", "1", "-y", self.store)
        self.assertEqual(early.status, 2, early)
        self.assert_one_message(early, "boot debugger")
        for moment in (["--at", "1000000"], ["--at", "2400-01-01T00:00:00Z"]):
            late = kd.kdwalk("loggers", "-r", path, "--key", kd.KEY, *moment, "-y", self.store)
            self.assertEqual((late.status, late.out), (0, live.out), late)
        for moment, says in ((["--stop", "99"], "there is no stop 99"), (["--at", "0"], "no target that was halted"),
                             (["--at", "1999-12-31T23:59:59"], "begins after that time")):
            result = kd.kdwalk("vertarget", "-r", path, "--key", kd.KEY, *moment)
            self.assertEqual(result.status, 2, result)
            self.assert_one_message(result, says)

    # --- files that are not whole, keys that are not right ---

    def test_a_recording_cut_anywhere_is_used_as_far_as_it_goes(self):
        def check(name):
            path, live = self.record(f"whole-{name}.pcap", "18362", kd.LINKS[name](), "vertarget")
            whole = path.read_bytes()
            cut = self.path(f"cut-{name}.pcap")
            for length in (0, 10, FILE_HEADER, 500, len(whole) // 3, len(whole) // 2, len(whole) - 700, len(whole) - 1):
                cut.write_bytes(whole[:length])
                result = self.walk(cut, "vertarget")
                self.assertIn(result.status, (0, 1, 2), result)
                self.assertLessEqual(result.err.count("warning:"), 1, result)
                self.assertEqual(result.err.count("error:"), result.status // 2, result)
            self.assertEqual(result.out, live.out)
            self.assertIn(f"{cut} breaks off: ", result.err)
            self.assertIn("what was recorded until then is used", result.err)
        self.for_each(check, ("net", "tcp"))

    def test_keys_and_handshakes_that_are_missing_are_told(self):
        link = kd.Net()
        path, live = self.record("handshake.pcap", "18362", link, "vertarget")
        self.assert_one_message(self.walk(path, "vertarget", key=None), "its key is needed")
        self.assert_one_message(self.walk(path, "vertarget", key="1.2.3.4"), "verifies with this key")
        environment = kd.kdwalk("vertarget", "-r", path, env={"KDWALK_KEY": kd.KEY})
        self.assertEqual(environment.out, live.out)

        header, *rest = packets(path.read_bytes())
        response = next(i for i, packet in enumerate(rest) if source_port(packet) == link.port)
        late = self.path("late.pcap")
        late.write_bytes(b"".join([header, *rest[:response], *rest[response + 1:]]))
        result = self.walk(late, "vertarget")
        self.assertEqual(result.status, 2, result)
        self.assert_one_message(result, "the handshake that made its data key is not in it")

    def test_a_wish_to_stop_ends_the_reading_of_a_file(self):
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        process = kd.start("vertarget", "-r", fifo)
        with open(fifo, "wb") as writer:
            writer.write(struct.pack("<IHHIIII", 0xa1b23c4d, 2, 4, 0, 0, 65535, 101))
            writer.flush()
            kd.wait_until(lambda: pathlib.Path(f"/proc/{process.pid}/wchan").exists(), "it does not run")
            for _ in range(100):  # the first may come before it is caught; then it ends by itself
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(timeout=0.1)
                    break
                except kd.subprocess.TimeoutExpired:
                    pass
        result = kd.finish(process)
        self.assertNotEqual(result.status, 0, result)
        if result.status == 2:
            self.assert_one_message(result, "interrupted")


class RealSession(kd.LiveTest):
    """A boot debugger, debugged by WinDbg over KDNET."""

    def run_on(self, *arguments):
        return kd.kdwalk(*arguments, "-r", kd.corpus("captures/windbg-uncut.pcapng"), "--key", "8.8.8.8")

    def test_what_a_boot_debugger_can_tell_is_told(self):
        result = self.run_on("vertarget")
        self.assertEqual(result.status, 1, result)
        self.assertEqual(kd.lines(result.out), [
            "Boot debugger of build 10586 Free x64: not the NT kernel yet",
            "Image base = 0x00000000`0096f000 Loaded module list = 0x00000000`00ad5e60"])
        self.assertEqual(result.err, "")
        for command in (["loggers"], ["dt", "_EPROCESS"], ["read", "nt!NtBuildLab", "8"]):
            result = self.run_on(*command)
            self.assertEqual(result.status, 2, result)
            self.assert_one_message(result, "only a boot debugger is in it")

    def test_each_read_that_succeeded_is_known(self):
        def check(read):
            address, length = read
            result = self.run_on("read", f"{address:x}", length, "--json")
            self.assertEqual(result.status, 0, result)
            known = json.loads(result.out)["known"]
            self.assertEqual([(int(row["address"], 16), row["length"]) for row in known], [read])
        self.assertEqual(len(REAL_READS), 43)
        self.for_each(check, REAL_READS)
        self.assertIn("4d 5a 90 00", self.run_on("read", "96f000", 64).out)
        self.assertIn(r"  \.W.i.n.d.o.w.s.", self.run_on("read", "fffff8017bc49f60", 58).out)

    def test_the_one_that_failed_is_a_gap_with_its_status(self):
        result = self.run_on("read", f"{REAL_REFUSED:x}", 816)
        self.assertEqual(result.status, 1, result)
        self.assertEqual(kd.lines(result.out)[-1], "missing: fffff780`000003d8 816 bytes: "
                                                   "refused by the target with status 0xc0000001")


if __name__ == "__main__":
    unittest.main()
