"""kdwalk decode: a recorded session, packet by packet. The real one is WinDbg and a Windows 10 boot debugger."""

import json
import pathlib
import re
import struct
import subprocess
import tempfile
import unittest

import kd

REAL = "captures/windbg-uncut.pcapng"
LINE = re.compile(r" *(?P<number>\d+) +(?P<seconds>-?\d+\.\d{6}) (?P<from>H>T|T>H|\?  ) (?P<kind>\S+) *(?P<rest>.*)")
PCAP_HEADER_LEN = 24
KINDS = ("pokes", "handshake", "control", "breakins", "stops", "requests", "replies", "reads", "writes", "registers",
         "prints", "files", "damaged")


def decode(*arguments):
    return kd.kdwalk("decode", *arguments)


def records(result):
    """The lines of all records, in their parts."""
    rows = result.out.split("\n\n", 1)[0].splitlines()
    found = [LINE.fullmatch(row) for row in rows]
    if None in found:
        raise AssertionError(f"no record: {rows[found.index(None)]!r}")
    return found


def table(result):
    """The numbers of the summary: {what: [numbers]}, 0 for none."""
    found = {}
    for row in result.out.split("\n\n", 1)[-1].splitlines():
        cells = re.split(r"\s{2,}", row.strip())
        if len(cells) > 1 and all(re.fullmatch(r"\d+|-", cell) for cell in cells[1:]):
            found[cells[0]] = [0 if cell == "-" else int(cell) for cell in cells[1:]]
    return found


def milliseconds(text):
    number, unit = text.split()
    return float(number) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]


# --- pcapng, as far as it takes to leave packets out ---

def blocks(data):
    """(type, bytes) of each block; little-endian."""
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        yield kind, data[at:at + length]
        at += length


def with_packet_cut(data, number, length):
    """The same file with one packet as a snapshot length leaves it."""
    kept, at = [], 0
    for kind, block in blocks(data):
        at += kind == 6
        if kind == 6 and at == number:
            head = block[8:20] + struct.pack("<I", length) + block[24:28] + block[28:28 + length]
            size = struct.pack("<I", 12 + len(head))
            block = struct.pack("<I", kind) + size + head + size
        kept.append(block)
    return b"".join(kept)


def without_packets(data, dropped):
    """The same file without some packets, counted from 1."""
    kept, number = [], 0
    for kind, block in blocks(data):
        number += kind == 6
        if kind != 6 or number not in dropped:
            kept.append(block)
    return b"".join(kept)


class Real(unittest.TestCase):
    """The real session, unless it is absent."""

    @classmethod
    def setUpClass(cls):
        cls.capture = kd.corpus(REAL)
        cls.result = decode(cls.capture, "--key", kd.KEY)
        cls.records = records(cls.result)

    def of_kind(self, kind, direction=None):
        return [row for row in self.records if row["kind"] == kind and direction in (None, row["from"])]

    def test_every_datagram_is_a_line(self):
        self.assertEqual(self.result.status, 0, self.result.err)
        self.assertEqual(self.result.err, "")
        self.assertEqual([int(row["number"]) for row in self.records], list(range(1, 956)))
        self.assertIn("955 of 955 KDNET datagrams verified", self.result.out)

    def test_files_that_the_target_wants_have_their_paths(self):
        wanted = [row["rest"] for row in self.of_kind("file", "T>H")]
        self.assertEqual(len(wanted), 33)
        self.assertTrue(all(re.fullmatch(r"[0-9a-f]+ create \\?[\w-]+(\\[\w.-]+)+", row) for row in wanted), wanted)
        self.assertIn(r"\Windows\system32\ntkrnlmp.chk", {row.split(" ", 2)[2] for row in wanted})
        answers = [row["rest"] for row in self.of_kind("file", "H>T")]
        self.assertEqual(len(answers), 33)
        self.assertTrue(all(row.endswith("create: 0xc000000f STATUS_NO_SUCH_FILE") for row in answers), answers)

    def test_what_was_printed_is_readable_and_on_one_line(self):
        prints = [row["rest"].split(" ", 1)[1] for row in self.of_kind("print")]
        self.assertEqual(prints[:2], [r'"BD: Boot Debugger Initialized\n"',
                                      r'"BD: Boot Debugger Initialized\n" (repeated)'])
        self.assertEqual(len(prints), 7)
        self.assertEqual(sum("unable to verify the signature" in text for text in prints), 3)
        self.assertIn("Fatal Error 0x00000001", prints[-1])

    def test_stops_are_numbered_and_explained(self):
        self.assertEqual([row["rest"].split(" ", 1)[1] for row in self.of_kind("stop")], [
            "stop 1: load symbols of winload.efi, base 0x96f000, size 0x17d000",
            "stop 2: 0x80000003 STATUS_BREAKPOINT at 0x9cf07e",
            "stop 3: the target leaves this stage"])
        ends = [re.search(r"(Continue2?) .*, stop (\d) ends", row["rest"]) for row in self.of_kind("request")]
        self.assertEqual([found.groups() for found in ends if found],
                         [("Continue2", "1"), ("Continue2", "2"), ("Continue", "3")])

    def test_the_stage_of_boot_is_named(self):
        self.assertIn("boot 1: boot debugger, build 10586, x64, base 0x96f000, seen at 0.005056", self.result.out)
        self.assertIn("GetVersion64 boot 1 begins: boot debugger, build 10586, x64, base 0x96f000, 46 us",
                      self.records[11]["rest"])

    def test_the_exchange_after_a_lost_reply_can_be_followed(self):
        self.assertEqual([" ".join(row.group("from", "kind")) for row in self.records[196:205]],
                         ["H>T request", "T>H RESEND", "H>T request", "T>H ack", "T>H reply", "H>T RESET",
                          "T>H RESET", "T>H reply", "H>T ack"])
        self.assertTrue(self.records[203]["rest"].endswith("(repeated)"))

    def test_the_read_that_failed_shows_its_status(self):
        self.assertEqual(self.records[187]["rest"],
                         "5c ReadVirtualMemory 0xfffff780000003d8, 0 of 816 bytes, "
                         "0xc0000001 STATUS_UNSUCCESSFUL, 39 us")

    def test_the_summary_counts(self):
        numbers = table(self.result)
        for what, count in {
                "records": [692, 263], "repeated": [2, 1], "pokes": [427, 0], "responses": [0, 1],
                "pings": [1, 0], "acknowledgements": [127, 132], "RESEND": [1, 1], "RESET": [1, 1],
                "exception state changes": [1, 0], "load-symbols state changes": [2, 0],
                "requests": [0, 95], "replies": [92, 0], "prints": [7, 0], "file requests": [33, 0],
                "file answers": [0, 33], "ReadVirtualMemory": [44, 1, 4768], "RestoreBreakPoint": [32, 32, 0],
                "GetVersion64": [1, 0, 0]}.items():
            self.assertEqual(numbers.get(what), count, what)

    def test_round_trips_are_those_of_a_local_link(self):
        found = re.search(r"(\d+) round trips: median ([^,]+), 99 % ([^,]+), longest (.+)", self.result.out)
        median, most, longest = map(milliseconds, found.groups()[1:])
        self.assertEqual(found[1], "91")
        self.assertTrue(0.03 < median < 0.1 and median <= most <= longest < 20, found[0])

    def test_freezes_last_from_stop_to_continue(self):
        found = re.search(r"3 freezes: together (\S+ \S+), median (\S+ \S+), longest (\S+ \S+)\n", self.result.out)
        total, median, longest = map(milliseconds, found.groups())
        self.assertAlmostEqual(longest, (1289.043073 - 1.112) * 1000, delta=20)
        self.assertAlmostEqual(total, median + longest, delta=2)

    def test_only_some_kinds(self):
        for kinds, count in {"pokes": 427, "handshake": 2, "control": 263, "breakins": 0, "stops": 6, "requests": 95,
                             "replies": 92, "reads": 88, "writes": 72, "registers": 30, "prints": 7, "files": 66,
                             "damaged": 0, "prints,files": 73, "reads,replies": 136}.items():
            with self.subTest(kinds=kinds):
                result = decode(self.capture, "--key", kd.KEY, "--only", kinds)
                self.assertEqual(result.status, 0)
                shown = records(result) if count else []
                self.assertEqual(len(shown), count)
                self.assertEqual(table(result), table(self.result))

    def test_json_says_what_the_text_says(self):
        document = json.loads(decode(self.capture, "--key", kd.KEY, "--json").out)
        self.assertEqual(len(document["records"]), 955)
        for row, record in zip(self.records, document["records"]):
            self.assertEqual(int(row["number"]), record["number"])
            self.assertEqual(row["kind"], record["kind"])
            self.assertEqual({"H>T": "host", "T>H": "target"}[row["from"]], record["from"])
            self.assertAlmostEqual(float(row["seconds"]), record["seconds"], places=5)
            self.assertTrue(row["rest"].endswith(record["text"]), (row["rest"], record))
        summary, numbers = document["summary"], table(self.result)
        for side, name in enumerate(("from_target", "from_host")):
            told = summary[name]
            self.assertEqual([told["records"], told["wire_bytes"], told["repeated"]],
                             [numbers[what][side] for what in ("records", "bytes on the wire", "repeated")])
            for kind, count in told["kinds"].items():
                self.assertEqual(numbers[kind][side], count)
        for api, told in summary["requests"].items():
            self.assertEqual(numbers[api], [told["requests"], told["failed"], told["bytes"]])
        self.assertEqual((summary["kdnet"], summary["verified"], summary["stops"], summary["boot_count"]),
                         (955, 955, 3, 1))
        self.assertEqual(summary["boots"][0]["target"], "boot debugger")
        self.assertEqual(summary["round_trips"]["number"], 91)

    def test_json_has_the_words_and_the_numbers_apart(self):
        document = json.loads(decode(self.capture, "--key", kd.KEY, "--json", "--only", "files,reads").out)
        files = [record["words"] for record in document["records"] if record["kind"] == "file" and "words" in record]
        self.assertEqual(len(files), 33)
        failed = [record for record in document["records"] if record.get("ntstatus") == "0xc0000001"]
        self.assertEqual([(record["address"], record["length"], record["done"]) for record in failed],
                         [("0xfffff780000003d8", 816, 0)])

    def test_a_wrong_key_is_one_message_and_nothing_else(self):
        for options in ([], ["--json"], ["--only", "prints"]):
            result = decode(self.capture, "--key", "8.8.8.9", *options)
            self.assertEqual(result.status, 2)
            self.assertEqual(result.out, "")
            self.assertEqual(result.err.count("\n"), 1, result)
            self.assertIn("none of 955 KDNET datagrams verifies", result.err)

    def test_no_key_is_one_message_that_says_what_to_do(self):
        result = decode(self.capture)
        self.assertEqual((result.status, result.out), (2, ""))
        self.assertEqual(result.err.count("\n"), 1, result)
        self.assertIn("--key", result.err)

    def test_the_key_may_come_from_a_file_or_the_environment(self):
        with tempfile.NamedTemporaryFile("w") as key:
            key.write(kd.KEY + "\n")
            key.flush()
            self.assertEqual(decode(self.capture, "--key-file", key.name).out, self.result.out)
        self.assertEqual(kd.kdwalk("decode", self.capture, env={"KDWALK_KEY": kd.KEY}).out, self.result.out)

    def test_without_its_handshake_the_control_packets_are_shown(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(without_packets(self.capture.read_bytes(), {2}))
            file.flush()
            result = decode(file.name, "--key", kd.KEY)
            document = json.loads(decode(file.name, "--key", kd.KEY, "--json").out)
        self.assertEqual(result.status, 1)
        self.assertEqual(result.err.count("\n"), 1, result)
        self.assertIn("the handshake is not in the recording: 527 data datagrams cannot be opened; control packets are shown",
                      result.err)
        kinds = [row["kind"] for row in records(result)]
        self.assertEqual((kinds.count("poke"), kinds.count("unopened"), len(kinds)), (427, 527, 954))
        self.assertEqual(document["summary"]["not_verified"]["handshake"], 527)

    def test_data_alone_without_its_handshake(self):
        pokes = {int(row["number"]) for row in self.of_kind("poke")}
        with tempfile.NamedTemporaryFile() as file:
            file.write(without_packets(self.capture.read_bytes(), pokes | {2}))
            file.flush()
            result = decode(file.name, "--key", kd.KEY)
        self.assertEqual((result.status, result.out), (2, ""))
        self.assertIn("the handshake is not in the recording: 527 data datagrams", result.err)

    def test_a_file_that_breaks_off_is_read_as_far_as_it_goes(self):
        whole = self.capture.read_bytes()
        for length in (len(whole) // 2 + 5, len(whole) - 3, 700):
            with self.subTest(length=length), tempfile.NamedTemporaryFile() as cut:
                cut.write(whole[:length])
                cut.flush()
                result = decode(cut.name, "--key", kd.KEY)
                self.assertEqual(result.status, 1, result)
                self.assertEqual(result.err.count("error:"), 1, result)
                self.assertIn("KDNET datagrams verified", result.out)
                shown = [row.group() for row in records(result)]
                self.assertEqual(shown, [row.group() for row in self.records[:len(shown)]])
                json.loads(decode(cut.name, "--key", kd.KEY, "--json").out)

    def test_a_boot_debugger_has_no_symbols_and_that_is_said_once(self):
        result = decode(self.capture, "--key", kd.KEY, "-y", "/nonexistent")
        self.assertEqual(result.status, 0, result)
        self.assertEqual(result.err.count("warning: addresses have no names"), 1, result)
        self.assertEqual(result.out, self.result.out)

    def test_what_was_cut_short_when_captured_is_a_gap(self):
        whole = pathlib.Path(self.capture).read_bytes()
        for number, status in ((16, 1), (2, 1)):  # a reply; the handshake
            with tempfile.NamedTemporaryFile() as cut:
                cut.write(with_packet_cut(whole, number, 96))
                cut.flush()
                result = decode(cut.name, "--key", kd.KEY)
                self.assertEqual(result.status, status, result)
                self.assertIn("1 packet was cut short when captured, and of no use", result.err)
                self.assertEqual(table(result)["of these cut short when captured"], [1])
                result = kd.kdwalk("read", "ad5e60", "16", "-r", cut.name, "--key", kd.KEY)
                self.assertIn("cut short when captured", result.err)
                self.assertNotEqual(result.status, 0, result)

    def test_a_pipe_is_read_once(self):
        with subprocess.Popen(["cat", self.capture], stdout=subprocess.PIPE) as cat:
            process = kd.start("decode", "/dev/stdin", "--key", kd.KEY, "-y", "/nonexistent", stdin=cat.stdout)
            result = kd.finish(process)
        self.assertEqual((result.status, result.out), (0, self.result.out), result.err)
        self.assertIn("warning: addresses have no names: /dev/stdin is no file that can be read twice", result.err)

    def test_a_reader_that_goes_away_ends_it_quietly(self):
        process = kd.start("decode", self.capture, "--key", kd.KEY)
        process.stdout.readline()
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(timeout=kd.RUN_TIMEOUT)
        self.assertEqual(err, "")

    def test_a_full_disk_is_an_error(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            for options in ([], ["--json"]):
                result = kd.finish(kd.start("decode", self.capture, "--key", kd.KEY, *options, stdout=full))
                self.assertEqual(result.status, 2, result.err)
                self.assertEqual(result.err.count("error:"), 1, result.err)


class Files(unittest.TestCase):
    def test_what_is_no_capture_is_one_message(self):
        with tempfile.NamedTemporaryFile() as other:
            other.write(b"not a capture")
            other.flush()
            for path in (other.name, "/nonexistent.pcap", "/", "/dev/null"):
                result = decode(path, "--key", kd.KEY)
                self.assertEqual((result.status, result.out), (2, ""), result)
                self.assertEqual(result.err.count("error:"), 1, result)

    def test_a_capture_of_something_else_is_said(self):
        header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
        packet = bytes.fromhex("4500002000000000401100000a0000010a000002123456780008000031323334")
        with tempfile.NamedTemporaryFile() as file:
            file.write(header + struct.pack("<IIII", 1, 0, len(packet), len(packet)) + packet)
            file.flush()
            for options in ([], ["--json"], ["--key", kd.KEY]):
                result = decode(file.name, *options)
                self.assertEqual((result.status, result.out), (2, ""), result)
                self.assertIn("holds neither KDNET nor a stream", result.err)

    def test_an_unknown_kind_is_refused_with_all_there_are(self):
        result = decode("/nonexistent.pcap", "--only", "reads,everything")
        self.assertEqual(result.status, 2)
        self.assertEqual(result.err.count("error:"), 1, result)
        for kind in KINDS:
            self.assertIn(kind, result.err)
        help_text = kd.kdwalk("help", "decode").out
        man = (pathlib.Path(__file__).resolve().parents[2] / "cli/kdwalk.1").read_text()
        for kind in KINDS:
            self.assertIn(f"\n  {kind} ", help_text)
            self.assertIn(f"\n.B {kind}\n", man)


class Recorded(kd.LiveTest):
    """What kdwalk records itself, on each link."""

    def record(self, link, folder, *command, kernel="18362"):
        path = pathlib.Path(folder) / f"{link.name}.pcap"
        result, stats = self.live(kernel, *command, "-w", path, link=link)
        self.assertEqual(result.status, 0, result)
        self.assert_unharmed(stats)
        key = [] if link.is_stream else ["--key", kd.KEY]
        return [path, *key], stats

    def test_a_recorded_walk_is_explained_on_every_link(self):
        def check(link):
            with tempfile.TemporaryDirectory() as folder:
                arguments, stats = self.record(link, folder, "loggers")
                result = decode(*arguments, "-y", self.store)
                self.assertEqual((result.status, result.err), (0, ""), result)
                self.assertIn("boot 1: NT kernel, build 18362, x64, base 0xfffff8026e400000", result.out)
                self.assertRegex(result.out, r"stop 1: 0x80000003 STATUS_BREAKPOINT at 0x[0-9a-f]+ nt!\w+")
                self.assertRegex(result.out, r"ReadVirtualMemory 0x[0-9a-f]+ nt!PspHostSiloGlobals\+?")
                self.assertRegex(result.out, r"\n1 freeze: together ")
                document = json.loads(decode(*arguments, "--json").out)
                summary = document["summary"]
                self.assertEqual(summary["conversations"][0]["link"], "stream" if link.is_stream else "kdnet")
                self.assertEqual((summary["stops"], summary["boot_count"]), (1, 1))
                self.assertEqual({api: told["requests"] for api, told in summary["requests"].items()},
                                 {api: count for api, count in stats["requests"].items() if count})
        self.over_links(check)

    def test_two_sessions_in_one_file_are_told_apart(self):
        with tempfile.TemporaryDirectory() as folder:
            stream, net = (self.record(kd.LINKS[name](), folder, "loggers")[0][0] for name in ("pipe", "net"))
            both = pathlib.Path(folder) / "both.pcap"
            both.write_bytes(stream.read_bytes() + net.read_bytes()[PCAP_HEADER_LEN:])
            result = decode(both, "--key", kd.KEY)
            self.assertEqual((result.status, result.err), (0, ""), result)
            self.assertRegex(result.out, r"conversation 1: stream, \d+ records\nconversation 2: host 127")
            self.assertRegex(result.out, r"boot 1: .*, conversation 1\nboot 2: .*, conversation 2\n")
            marked = ["[2] " in row["rest"] for row in records(result) if row["kind"] == "request"]
            self.assertEqual(marked, sorted(marked))
            self.assertTrue(any(marked) and not all(marked))
            self.assertIn(" [2] stop 2: ", result.out)

            without = decode(both)
            self.assertEqual(without.status, 1, without)
            self.assertRegex(without.err, r"^kdwalk: warning: \d+ datagrams of KDNET cannot be opened without the "
                                          r"key\n$")
            self.assertEqual(table(without)["requests"][1], marked.count(False))

    def test_damage_on_the_line_is_shown_and_is_a_gap(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "line.pcap"
            result, _ = self.live("18362", "loggers", "-w", path, link=kd.Pipe(),
                                  lab_options=("--corrupt", "0.1", "--seed", "3"))
            self.assertEqual(result.status, 0, result)
            decoded = decode(path, "--only", "damaged")
            self.assertEqual(decoded.status, 1, decoded)
            self.assertEqual(len(records(decoded)), sum(table(decoded)["damaged"]))
            self.assertGreater(sum(table(decoded)["RESEND"]) + sum(table(decoded)["repeated"]), 0)


if __name__ == "__main__":
    unittest.main()
