"""kdlab as a program: its options, its first line, its pokes, its statistics."""

import json
import os
import pathlib
import resource
import select
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import termios
import time
import unittest

KDLAB = pathlib.Path(os.environ["KDWALK_BIN"]) / "kdlab"
SERVE = ["serve", "--kernel", "18362", "--net", "127.0.0.1:50000", "--key", "1.2.3.4"]
PTY = ["serve", "--kernel", "18362", "--pty"]
TCP = ["serve", "--kernel", "18362", "--tcp"]
DUMP = ["dump", "--kernel", "18362", "--type", "raw", "-o", "/no/such/folder/dump"]
POKE_LENGTH = 374


def run(*arguments):
    return subprocess.run([KDLAB, *arguments], capture_output=True, text=True, timeout=60)


class Usage(unittest.TestCase):
    def test_help_is_no_error(self):
        for arguments in (["--help"], ["help"], ["serve", "--help"], ["replay", "--help"],
                          ["dump", "--help"], ["truth", "--help"], ["symbols", "--help"]):
            result = run(*arguments)
            self.assertEqual(result.returncode, 0)
            self.assertIn("usage:", result.stdout)

    def test_what_cannot_be_done_is_said_in_one_line_and_ends_with_2(self):
        wrong = [
            (["serve"], "--kernel"),
            (["serve", "--kernel", "18362"], "--net"),
            (["serve", "--kernel", "18362", "--pty", "--tcp", "127.0.0.1:0"], "give one of"),
            ([*SERVE, "--pty"], "give one of"),
            ([*TCP, "127.0.0.1"], "ADDR:PORT"),
            ([*TCP, "127.0.0.1:65536"], "ADDR:PORT"),
            ([*TCP, "::1:0"], "brackets"),
            ([*TCP, "192.0.2.1:0"], "192.0.2.1:0"),
            (["serve", "--kernel", "18362", "--pipe", ""], "--pipe"),
            (["serve", "--kernel", "18362", "--pipe", "p" * 108], "107"),
            (["serve", "--kernel", "18362", "--pipe", "/no/such/folder/p"], "No such file"),
            ([*PTY, "--key", "1.2.3.4"], "--key: only with --net"),
            ([*PTY, "--key-file", "k"], "--key-file: only with --net"),
            ([*PTY, "--kdnet-version", "5"], "--kdnet-version: only with --net"),
            ([*PTY, "--first-id", "2"], "--first-id: only with --net"),
            ([*PTY, "--forge", "1"], "--forge: only with --net"),
            ([*PTY, "--dialect", "french"], "--dialect french"),
            ([*PTY, "--baud", "49"], "--baud 49"),
            ([*SERVE, "--baud", "9600"], "--baud: only on a serial line"),
            ([*SERVE, "--dialect", "ntkd"], "--dialect: only on a serial line"),
            ([*SERVE, "--forge", "0"], "--forge 0"),
            ([*PTY, "--tamper", "T28"], "--tamper: T1 to T27"),
            ([*PTY, "--tamper", "T1,"], "--tamper: T1 to T27"),
            ([*PTY, "--shape", "0"], "--shape: a number"),
            ([*PTY, "--page-out", "101"], "--page-out 101"),
            (["serve", "--kernel", "14393", "--pty", "--tamper", "T4"], "nothing that could be tampered"),
            (["truth"], "--kernel"),
            (["truth", "--kernel", "7601"], "no such kernel"),
            (["truth", "--kernel", "18362", "--shape", "x"], "--shape x: a number"),
            (["truth", "--kernel", "18362", "more"], "more: not an option"),
            (["truth", "--kernel", "18362", "--reads", "1000"], "--reads 1000: a power of two"),
            ([*SERVE, "--forge", "9", "--corrupt", "0.1"], "--forge: not with --corrupt"),
            ([*PTY, "--drop", "1.01"], "--drop 1.01"),
            ([*PTY, "--dup", "-0.1"], "--dup -0.1"),
            ([*PTY, "--reorder", ""], "--reorder"),
            ([*PTY, "--corrupt", "nan"], "--corrupt nan"),
            ([*PTY, "--truncate", "0.1x"], "--truncate 0.1x"),
            ([*PTY, "--garbage", "some"], "--garbage some"),
            ([*PTY, "--delay", "60001"], "--delay 60001"),
            ([*PTY, "--retransmit-ms", "0"], "--retransmit-ms 0"),
            ([*SERVE[:-2]], "--key"),
            ([*SERVE, "--key-file", "/dev/null"], "key"),
            ([*SERVE[:-2], "--key-file", "/dev/null"], "/dev/null: is empty"),
            ([*SERVE[:-2], "--key-file", "/no/such/file"], "No such file"),
            ([*SERVE[:-1], "1.2.3"], "not a key"),
            ([*SERVE, "--kernel", "7601"], "no such kernel"),
            ([*SERVE, "--net", "127.0.0.1"], "HOST:PORT"),
            ([*SERVE, "--net", "127.0.0.1:0"], "HOST:PORT"),
            ([*SERVE, "--net", "127.0.0.1:65536"], "HOST:PORT"),
            ([*SERVE, "--net", "::1:50000"], "brackets"),
            ([*SERVE, "--kdnet-version", "3"], "3"),
            ([*SERVE, "--kdnet-version", "6"], "6"),
            ([*SERVE, "--reboot-after", "-1"], "--reboot-after -1"),
            ([*SERVE, "--silent-after", "0"], "--silent-after 0"),
            ([*SERVE, "--time-limit", "soon"], "--time-limit soon"),
            ([*SERVE, "--stats", "/no/such/folder/s.json"], "No such file"),
            ([*SERVE, "--louder"], "--louder"),
            ([*SERVE, "louder"], "louder"),
            (["symbols", "/dev/null/store"], "/dev/null/store"),
            (["dump"], "--kernel: is missing"),
            (["dump", "--kernel", "18362"], "--type: is missing"),
            (["dump", "--kernel", "18362", "--type", "raw"], "-o: is missing"),
            ([*DUMP, "-o", ""], "-o: a file is wanted"),
            ([*DUMP, "-o"], "-o: a value is wanted"),
            ([*DUMP, "--seed"], "--seed: a value is wanted"),
            ([*DUMP, "--louder"], "--louder: no such option"),
            ([*DUMP, "louder"], "louder: not an option"),
            ([*DUMP, "--type", "mini"], "--type mini: no such type"),
            ([*DUMP, "--kernel", "7601"], "--kernel 7601: no such kernel"),
            ([*DUMP, "--ram", "1G"], "--ram 1G"),
            ([*DUMP, "--ram", "3G"], "--ram 3G"),
            ([*DUMP, "--ram", "128G"], "--ram 128G"),
            ([*DUMP, "--ram", "4"], "--ram 4"),
            ([*DUMP, "--bugcheck", "crash"], "--bugcheck crash"),
            ([*DUMP, "--bugcheck", "0x100000000"], "--bugcheck 0x100000000"),
            ([*DUMP, "--bugcheck", "1,2,3,4,5,6"], "--bugcheck 1,2,3,4,5,6"),
            ([*DUMP, "--bugcheck", "1,"], "--bugcheck 1,"),
            ([*DUMP, "--page-out", "101"], "--page-out 101"),
            ([*DUMP, "--transition", "-1"], "--transition -1"),
            ([*DUMP, "--leave-out", "5%"], "--leave-out 5%"),
            ([*DUMP, "--seed", "x"], "--seed x"),
            ([*DUMP, "--leave-out", "5"], "without some pages"),
            ([*DUMP, "--page-out", "60", "--transition", "60"], "100 percent"),
            ([*DUMP, "--kernel", "14393", "--swizzle"], "older than the flipping"),
            ([*DUMP, "-o", "/no/such/folder/d"], "/no/such/folder/d: No such file"),
            ([*DUMP, "-o", "/"], "/: Is a directory"),
            ([*DUMP, "-o", "/dev/null"], "/dev/null: not a regular file"),
            (["replay"], "FILE: is missing"),
            (["replay", "--pty"], "FILE: is missing"),
            (["replay", "a.pcap", "--pty", "--pipe", "b"], "give one of"),
            (["replay", "a.pcap", "b.pcap", "--pty"], "b.pcap: one recording is wanted"),
            (["replay", "a.pcap", "--net", "127.0.0.1:50000"], "--key"),
            (["replay", "a.pcap", "--pty", "--key", "1.2.3"], "not a key"),
            (["replay", "a.pcap", "--pty", "--kernel", "18362"], "--kernel: not with a recording"),
            (["replay", "a.pcap", "--pty", "--reboot-after", "3"], "--reboot-after: not with"),
            (["replay", "a.pcap", "--pty", "--page-out-header"], "--page-out-header: not with"),
            (["replay", "a.pcap", "--pty", "--kdnet-version", "4"], "--kdnet-version: only with"),
            (["replay", "/no/such/file", "--pty"], "/no/such/file: No such file"),
            (["replay", "/", "--pty"], "/: Is a directory"),
            (["replay", "/dev/null", "--pty"], "/dev/null: this is no pcap or pcapng file"),
            (["replay", __file__, "--pty"], "this is no pcap or pcapng file"),
        ]
        for arguments, named in wrong:
            with self.subTest(arguments=arguments):
                result = run(*arguments)
                self.assertEqual(result.returncode, 2)
                self.assertIn(named, result.stderr)
                self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)


class Dump(unittest.TestCase):
    def setUp(self):
        in_memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        folder = tempfile.TemporaryDirectory(dir=in_memory)
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "dump"

    def dump(self, *options):
        result = run("dump", "--kernel", "18362", "-o", self.path, *options)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))

    def test_options_arrive_in_the_file(self):
        self.dump("--type", "kernel", "--ram", "4G", "--bugcheck", "0x7e,1,0x2,3,0xfffff80000000004",
                  "--page-out", "10", "--transition", "10", "--leave-out", "10", "--swizzle", "--encode",
                  "--page-out-header")
        data = self.path.read_bytes()
        self.assertEqual(data[:8], b"PAGEDU64")
        self.assertEqual(struct.unpack_from("<I4x4Q", data, 0x38), (0x7E, 1, 2, 3, 0xFFFFF80000000004))
        self.assertEqual(struct.unpack_from("<Q", data, 0x2030)[0], 0x180000)  # pages up to 6 GiB
        self.dump("--type", "kernel", "--ram", "4G")
        missing, odd = divmod(self.path.stat().st_size - len(data), 0x1000)
        self.assertEqual(odd, 0)
        self.assertGreater(missing, 30)  # a fifth of the pool

    def test_a_file_that_is_there_is_replaced(self):
        self.path.write_bytes(b"x" * 1000000)
        self.dump("--type", "triage")
        self.assertLess(self.path.stat().st_size, 1000000)
        self.assertEqual(self.path.read_bytes()[-4:], b"TRGD")

    def test_a_file_that_cannot_be_finished_is_not_left(self):
        result = subprocess.run(
            [KDLAB, "dump", "--kernel", "18362", "--type", "kernel", "-o", self.path],
            capture_output=True, text=True, timeout=60, restore_signals=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)))
        self.assertEqual(result.returncode, 2)
        self.assertIn("File too large", result.stderr)
        self.assertFalse(self.path.exists())


class Truth(unittest.TestCase):
    def tables(self, *arguments):
        result = run("truth", "--json", *arguments)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return json.loads(result.stdout)["tables"]

    def test_a_machine_says_what_it_is_made_of(self):
        for kernel in ("14393", "18362", "19041", "22000"):
            tables = self.tables("--kernel", kernel)
            self.assertEqual([len(tables[name]) for name in ("jobs", "silos", "registrations")], [8, 4, 1500])
            self.assertGreaterEqual(len(tables["processes"]), 60)
            self.assertGreaterEqual(len(tables["providers"]), 1000)
            for name, records in tables.items():
                with self.subTest(kernel=kernel, table=name):
                    addresses = [record["address"] for record in records]
                    self.assertEqual(len(set(addresses)), len(addresses))
                    self.assertLessEqual(len({tuple(record) for record in records}), 4)

    def test_what_records_name_is_there(self):
        tables = self.tables("--kernel", "22000")
        names = {"job": "jobs", "provider": "providers", "group": "providers", "etw_state": "etw_states",
                 "process": "processes", "session": "sessions", "logger": "loggers", "parent": "jobs"}
        for name, records in tables.items():
            for record in records:
                for fact, table in names.items():
                    if record.get(fact) not in (None, f"0x{0:016x}"):
                        self.assertIn(record[fact], {other["address"] for other in tables[table]}, (name, fact))

    def test_a_shape_is_the_same_each_time_and_another_one_differs(self):
        usual = self.tables("--kernel", "19041")
        self.assertEqual(usual, self.tables("--kernel", "19041", "--shape", "1"))
        self.assertNotEqual(usual["processes"], self.tables("--kernel", "19041", "--shape", "2")["processes"])

    def test_what_must_be_read_is_told_in_ranges_and_in_reads(self):
        lines = run("truth", "--kernel", "18362", "--needs").stdout.splitlines()
        ranges = [(int(line.split()[0], 16), int(line.split()[1])) for line in lines]
        for before, after in zip(ranges, ranges[1:]):
            self.assertLess(sum(before), after[0])
        for size in (1024, 4096):
            blocks = {block for at, length in ranges for block in range(at // size, (at + length - 1) // size + 1)}
            result = run("truth", "--kernel", "18362", "--reads", str(size))
            self.assertEqual(int(result.stdout), len(blocks))
        needed = {at for at, length in ranges}
        for process in self.tables("--kernel", "18362")["processes"]: # its first field that is needed: the root of its tables
            self.assertIn(int(process["address"], 16) + 0x28, needed)

    def test_without_json_it_counts(self):
        self.assertIn("  1500 registrations\n", run("truth", "--kernel", "18362").stdout)


class Net(unittest.TestCase):
    def serve(self, family, address, *options):
        """Start a lab; returns its process, and the socket that it pokes."""
        s = socket.socket(family, socket.SOCK_DGRAM)
        self.addCleanup(s.close)
        s.bind((address, 0))
        s.settimeout(20)
        host = f"[{address}]" if family == socket.AF_INET6 else address
        lab = subprocess.Popen(
            [KDLAB, "serve", "--kernel", "18362", "--net", f"{host}:{s.getsockname()[1]}",
             *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(lab.communicate)
        self.addCleanup(lab.kill)
        self.assertIn("18362", lab.stdout.readline())
        return lab, s

    def test_it_pokes_an_ipv4_host_from_a_port_of_its_own(self):
        for version in (2, 4, 5):
            lab, s = self.serve(socket.AF_INET, "127.0.0.1", "--key", "1.2.3.4",
                                "--kdnet-version", str(version))
            poke, sender = s.recvfrom(2048)
            self.assertEqual(len(poke), POKE_LENGTH)
            self.assertEqual(poke[:6], b"MDBG" + bytes([version, 1]))
            self.assertNotEqual(sender[1], s.getsockname()[1])

    def test_it_pokes_an_ipv6_host(self):
        lab, s = self.serve(socket.AF_INET6, "::1", "--key", "1.2.3.4")
        self.assertEqual(len(s.recv(2048)), POKE_LENGTH)

    def test_the_key_may_come_from_a_file(self):
        with tempfile.NamedTemporaryFile("w", suffix=".key") as f:
            f.write("1.2.3.4\n")
            f.flush()
            lab, s = self.serve(socket.AF_INET, "127.0.0.1", "--key-file", f.name)
            self.assertEqual(len(s.recv(2048)), POKE_LENGTH)

    def test_signals_write_statistics_and_end_it(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "stats.json"
            lab, s = self.serve(socket.AF_INET, "127.0.0.1", "--key", "1.2.3.4", "--stats", path)
            s.recv(2048)
            path.unlink()
            lab.send_signal(signal.SIGUSR1)
            s.recv(2048)  # the next poke: it goes on
            self.assertEqual(json.loads(path.read_text())["link"]["pokes"], 1)
            lab.send_signal(signal.SIGTERM)
            self.assertEqual(lab.wait(20), 0)
            stats = json.loads(path.read_text())
            self.assertEqual(stats["link"]["pokes"], 2)
            self.assertTrue(stats["left_running"])
            self.assertEqual([p.name for p in path.parent.iterdir()], ["stats.json"])

    def test_a_time_limit_ends_it(self):
        lab, s = self.serve(socket.AF_INET, "127.0.0.1", "--key", "1.2.3.4", "--time-limit", "1")
        self.assertEqual(lab.wait(20), 0)

    def faulty(self, *options):
        """A lab with these faults, its counts towards the host, and what its first poke became."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "stats.json"
            lab, s = self.serve(socket.AF_INET, "127.0.0.1", "--key", "1.2.3.4", "--stats", path,
                                *options)
            s.settimeout(0.5)
            heard = []
            try:
                while True:
                    heard.append(s.recv(2048))
            except TimeoutError:
                pass
            lab.send_signal(signal.SIGTERM)
            self.assertEqual(lab.wait(20), 0)
            return json.loads(path.read_text())["line"]["from_target"], heard

    def test_a_bad_link_does_to_datagrams_what_it_is_told(self):
        counts, heard = self.faulty("--drop", "1")
        self.assertEqual((counts["packets"], counts["dropped"], heard), (1, 1, []))
        counts, heard = self.faulty("--dup", "1")
        self.assertEqual((counts["doubled"], len(heard)), (1, 2))
        self.assertEqual(heard[0], heard[1])
        counts, heard = self.faulty("--truncate", "1")
        self.assertEqual((counts["truncated"], len(heard)), (1, 1))
        self.assertLess(len(heard[0]), POKE_LENGTH)
        counts, heard = self.faulty("--garbage", "1")
        self.assertEqual((counts["garbage"], len(heard)), (1, 2))
        self.assertLessEqual(len(heard[0]), 32)
        counts, heard = self.faulty("--dup", "1", "--corrupt", "1")
        self.assertEqual([len(h) for h in heard], [POKE_LENGTH] * 2)
        self.assertNotEqual(heard[0], heard[1])
        counts, heard = self.faulty("--reorder", "1")
        self.assertEqual((counts["reordered"], len(heard)), (1, 1))
        counts, heard = self.faulty("--delay", "60000")
        self.assertEqual((counts["packets"], heard), (1, []))

    def test_a_seed_makes_a_bad_link_repeat_itself(self):
        first = [self.faulty("--garbage", "1", "--seed", seed)[1][0] for seed in ("5", "5", "6")]
        self.assertEqual(first[0], first[1])
        self.assertNotEqual(first[0], first[2])

    def test_nothing_is_forged_without_a_session(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "stats.json"
            lab, s = self.serve(socket.AF_INET, "127.0.0.1", "--key", "1.2.3.4", "--forge", "100",
                                "--stats", path)
            self.assertEqual(len(s.recv(2048)), POKE_LENGTH)
            lab.send_signal(signal.SIGTERM)
            self.assertEqual(lab.wait(20), 0)
            self.assertEqual(json.loads(path.read_text())["forged"], 0)


# What a host says and hears on a serial line, byte by byte.
DATA, CONTROL = b"0000", b"iiii"
MANIPULATE, ACKNOWLEDGE, RESET, STATE_CHANGE = 2, 4, 6, 7
GET_VERSION, CONTINUE = 0x3146, 0x3136
HOST_ID = 0x80800000
SYNC = 0x800


def control(kind, number=0):
    return CONTROL + struct.pack("<HHII", kind, 0, number, 0)


def request(api, number, union=b""):
    data = struct.pack("<IHHII", api, 0, 0, 0, 0) + union.ljust(40, b"\0")
    return DATA + struct.pack("<HHII", MANIPULATE, len(data), number, sum(data)) + data + b"\xaa"


class Wire:
    """The host's end of a serial line: any file descriptor."""

    def __init__(self, fd):
        self.fd = fd

    def say(self, data):
        os.write(self.fd, data)

    def hears_within(self, seconds):
        return bool(select.select([self.fd], [], [], seconds)[0])

    def take(self, count, seconds=10):
        end = time.monotonic() + seconds
        data = b""
        while len(data) < count:
            if not self.hears_within(max(0, end - time.monotonic())):
                raise TimeoutError(f"{len(data)} bytes of {count}")
            piece = os.read(self.fd, count - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def take_packet(self):
        """(leader, type, id, data) of the next one; nothing may lie in between."""
        header = self.take(16)
        kind, count, number, checksum = struct.unpack("<HHII", header[4:])
        data = self.take(count)
        assert sum(data) == checksum
        if header[:4] == DATA:
            assert self.take(1) == b"\xaa"
        return header[:4], kind, number, data

    def close(self):
        if self.fd is not None:
            os.close(self.fd)
        self.fd = None


class Serial(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.path = self.folder / "line"

    def serve(self, *options):
        """Start a lab; its first line names the place."""
        lab = subprocess.Popen([KDLAB, "serve", "--kernel", "18362", "--stats",
                                self.folder / "stats.json", *options],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(lab.communicate)
        self.addCleanup(lab.kill)
        self.lab = lab
        line = lab.stdout.readline()
        if "--pty" in options:
            self.place = line[:-1]
        else:
            self.assertRegex(line, r"^kdlab: 18362 listens on \S+$")
            self.place = line.split()[-1]

    def over_all(self, check, *options):
        """check() with a lab on each link in turn."""
        for link in (["--pty"], ["--pipe", self.path], ["--tcp", "127.0.0.1:0"],
                     ["--tcp", "[::1]:0"]):
            with self.subTest(link=link):
                self.serve(*link, *options)
                check()
                self.assertEqual(self.stats()["link"]["kind"], link[0].strip("-"))
                self.lab.send_signal(signal.SIGTERM)
                self.assertEqual(self.lab.wait(20), 0)

    def connect(self):
        """One more host."""
        if self.place.startswith("/dev/pts/"):
            wire = Wire(os.open(self.place, os.O_RDWR | os.O_NOCTTY))
        elif self.place.startswith("/"):
            s = socket.socket(socket.AF_UNIX)
            s.connect(self.place)
            wire = Wire(s.detach())
        else:
            host, port = self.place.rsplit(":", 1)
            wire = Wire(socket.create_connection((host.strip("[]"), int(port))).detach())
        self.addCleanup(wire.close)
        return wire

    def stats(self):
        """As they are now."""
        path = self.folder / "stats.json"
        path.unlink()
        self.lab.send_signal(signal.SIGUSR1)
        end = time.monotonic() + 10
        while not path.exists() and time.monotonic() < end:
            time.sleep(0.01)
        return json.loads(path.read_text())

    def wait_for_stats(self, is_so):
        end = time.monotonic() + 20
        while not is_so(stats := self.stats()):
            self.assertLess(time.monotonic(), end, stats)
            time.sleep(0.05)
        return stats

    def halt(self, wire):
        """Break in, and acknowledge the halt."""
        wire.say(b"b")
        leader, kind, number, data = wire.take_packet()
        self.assertEqual((leader, kind, len(data)), (DATA, STATE_CHANGE, 240))
        wire.say(control(ACKNOWLEDGE, number & ~SYNC))

    def ask(self, wire, api, number, union=b""):
        """Ask, hear the acknowledgement; returns the reply, acknowledged."""
        wire.say(request(api, number, union))
        self.assertEqual(wire.take_packet()[:3], (CONTROL, ACKNOWLEDGE, number))
        leader, kind, reply_id, data = wire.take_packet()
        self.assertEqual((leader, kind), (DATA, MANIPULATE))
        wire.say(control(ACKNOWLEDGE, reply_id & ~SYNC))
        return data

    def test_a_host_halts_asks_and_continues_over_each_link(self):
        def check():
            wire = self.connect()
            self.halt(wire)
            reply = self.ask(wire, GET_VERSION, HOST_ID)
            self.assertEqual(struct.unpack_from("<HH", reply, 16)[1], 18362)
            wire.say(request(CONTINUE, HOST_ID ^ 1, struct.pack("<I", 0x00010002)))
            self.assertEqual(wire.take_packet()[:3], (CONTROL, ACKNOWLEDGE, HOST_ID ^ 1))
            stats = self.stats()
            self.assertEqual(stats["requests"], {"GetVersion64": 1, "Continue": 1})
            self.assertEqual(stats["link"]["connections"], 1)
            self.assertEqual(stats["link"]["bytes_lost"], 0)
            self.assertEqual(stats["line"]["from_target"]["dropped"], 0)

        self.over_all(check)

    def test_bytes_may_come_one_by_one(self):
        def check():
            wire = self.connect()
            self.halt(wire)
            for byte in request(GET_VERSION, HOST_ID):
                wire.say(bytes([byte]))
                time.sleep(0.001)
            self.assertEqual(wire.take_packet()[:3], (CONTROL, ACKNOWLEDGE, HOST_ID))

        self.over_all(check)

    def test_the_first_line_of_a_pty_is_its_path(self):
        self.serve("--pty")
        self.assertTrue(stat.S_ISCHR(os.stat(self.place).st_mode))
        self.lab.send_signal(signal.SIGTERM)
        self.assertEqual(self.lab.wait(20), 0)
        self.assertEqual(self.lab.stdout.read(), "")

    def test_a_pty_is_raw_and_echoes_nothing(self):
        self.serve("--pty")
        wire = self.connect()
        iflag, oflag, cflag, lflag = termios.tcgetattr(wire.fd)[:4]
        self.assertEqual(lflag & (termios.ECHO | termios.ICANON | termios.ISIG), 0)
        self.assertEqual(iflag & (termios.IXON | termios.ICRNL), 0)
        self.assertEqual(oflag & termios.OPOST, 0)
        wire.say(b"\x03\x11\x13\rxyz\n")
        self.assertFalse(wire.hears_within(0.3))
        self.assertTrue(self.stats()["left_running"])

    def test_tcp_says_which_port_it_has_found(self):
        self.serve("--tcp", "127.0.0.1:0")
        self.assertRegex(self.place, r"^127\.0\.0\.1:[1-9][0-9]*$")
        result = run(*TCP, self.place)
        self.assertEqual(result.returncode, 2)
        self.assertIn("in use", result.stderr)
        self.serve("--tcp", "[::1]:0")
        self.assertRegex(self.place, r"^\[::1\]:[1-9][0-9]*$")

    def test_a_socket_file_is_removed_at_the_end(self):
        self.serve("--pipe", self.path)
        self.assertTrue(stat.S_ISSOCK(os.stat(self.path).st_mode))
        self.lab.send_signal(signal.SIGTERM)
        self.assertEqual(self.lab.wait(20), 0)
        self.assertFalse(self.path.exists())

    def test_a_socket_file_of_the_dead_is_replaced(self):
        self.serve("--pipe", self.path)
        self.lab.kill()
        self.lab.wait(20)
        self.assertTrue(self.path.exists())
        self.serve("--pipe", self.path)
        self.halt(self.connect())

    def test_a_socket_file_of_the_living_is_not_replaced(self):
        self.serve("--pipe", self.path)
        result = run("serve", "--kernel", "18362", "--pipe", self.path)
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertEqual(result.stderr, f"kdlab serve: {self.path}: is in use\n")
        self.halt(self.connect())

    def test_a_file_that_is_no_socket_is_let_be(self):
        self.path.write_text("mine")
        result = run("serve", "--kernel", "18362", "--pipe", self.path)
        self.assertEqual(result.returncode, 2)
        self.assertIn("no socket", result.stderr)
        self.assertEqual(self.path.read_text(), "mine")

    def test_a_second_host_waits_until_the_first_has_gone(self):
        for link in (["--pipe", self.path], ["--tcp", "127.0.0.1:0"]):
            self.serve(*link)
            first = self.connect()
            first.say(b" ")
            self.wait_for_stats(lambda s: s["link"]["connections"] == 1)
            second = self.connect()
            second.say(b"b")
            self.assertFalse(second.hears_within(0.3))
            self.assertTrue(self.stats()["left_running"])
            first.close()
            self.assertEqual(second.take_packet()[1], STATE_CHANGE)

    def test_a_target_does_not_notice_who_comes_and_goes(self):
        def check():
            wire = self.connect()
            self.halt(wire)
            self.ask(wire, GET_VERSION, HOST_ID)
            wire.close()
            wire = self.connect()
            self.ask(wire, GET_VERSION, HOST_ID ^ 1)
            self.assertTrue(self.stats()["halted"])

        self.over_all(check)

    def test_what_is_said_to_nobody_is_lost(self):
        def check():
            wire = self.connect()
            wire.say(b"b")
            wire.take_packet()
            wire.close()
            self.wait_for_stats(lambda s: s["link"]["bytes_lost"] > 1000)
            wire = self.connect()
            wire.take_packet()
            self.assertFalse(wire.hears_within(0.1), "more than what is repeated every 200 ms")
            wire.take_packet()
            self.assertEqual(self.stats()["link"]["connections"], 2)

        self.over_all(check, "--retransmit-ms", "200")

    def test_a_host_that_does_not_read_holds_up_nobody(self):
        def check():
            wire = self.connect()
            wire.say(b"b")
            stats = self.wait_for_stats(lambda s: s["link"]["bytes_lost"] > 0)
            self.assertTrue(stats["halted"])
            wire.take(1000) # and it may go on reading

        self.over_all(check, "--retransmit-ms", "1")

    def test_a_bad_link_does_to_packets_what_it_is_told(self):
        for fault in ("drop", "dup", "reorder", "corrupt", "truncate", "garbage"):
            count = {"drop": "dropped", "dup": "doubled", "reorder": "reordered",
                     "corrupt": "corrupted", "truncate": "truncated", "garbage": "garbage"}[fault]
            with self.subTest(fault=fault):
                self.serve("--pipe", self.path, f"--{fault}", "1", "--seed", "3")
                wire = self.connect()
                wire.say(control(RESET) + control(RESET))
                stats = self.wait_for_stats(lambda s: s["line"]["to_target"]["packets"] == 2)
                self.assertGreaterEqual(stats["line"]["to_target"][count], 1)
                self.assertEqual(stats["line"]["to_target"]["bytes"], 32)
                self.assertEqual(stats["seed"], 3)
                self.lab.send_signal(signal.SIGTERM)
                self.assertEqual(self.lab.wait(20), 0)

    def test_a_bad_link_is_bad_towards_the_host_as_well(self):
        self.serve("--pty", "--dup", "1")
        wire = self.connect()
        wire.say(b"b")
        self.assertEqual(wire.take_packet(), wire.take_packet())
        self.assertGreaterEqual(self.stats()["line"]["from_target"]["doubled"], 1)

    def test_a_delay_is_kept_both_ways(self):
        self.serve("--pty", "--delay", "200")
        wire = self.connect()
        begin = time.monotonic()
        wire.say(b"b")
        wire.take_packet()
        self.assertGreaterEqual(time.monotonic() - begin, 0.4)

    def test_at_9600_baud_257_bytes_take_a_quarter_of_a_second(self):
        self.serve("--pty", "--baud", "9600")
        wire = self.connect()
        begin = time.monotonic()
        wire.say(b"b")
        wire.take(10)
        self.assertLess(time.monotonic() - begin, 0.2) # they come as they arrive
        wire.take(247)
        self.assertGreaterEqual(time.monotonic() - begin, 0.25)

    def test_on_a_slow_line_nothing_is_repeated_before_it_is_said(self):
        self.serve("--pty", "--baud", "2400", "--retransmit-ms", "200")
        wire = self.connect()
        self.halt(wire)  # 1.07 s for the 257 bytes
        self.assertLessEqual(self.stats()["link"]["retransmissions"], 1)

    def test_the_dialect_is_that_of_the_option(self):
        self.serve("--pty", "--dialect", "minimal")
        wire = self.connect()
        wire.say(b"b")
        self.assertEqual(wire.take_packet()[1:3], (STATE_CHANGE, 0x80800001))
        wire.say(control(ACKNOWLEDGE, 0x80800001) + control(RESET))
        self.assertEqual(wire.take_packet()[:3], (CONTROL, RESET, 0xDEADBEEF))


if __name__ == "__main__":
    unittest.main()
