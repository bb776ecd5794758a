"""kdlab as a program: its options, its first line, its pokes, its statistics."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import unittest

KDLAB = pathlib.Path(os.environ["KDWALK_BIN"]) / "kdlab"
SERVE = ["serve", "--kernel", "18362", "--net", "127.0.0.1:50000", "--key", "1.2.3.4"]
POKE_LENGTH = 374


def run(*arguments):
    return subprocess.run([KDLAB, *arguments], capture_output=True, text=True, timeout=60)


class Usage(unittest.TestCase):
    def test_help_is_no_error(self):
        for arguments in (["--help"], ["help"], ["serve", "--help"], ["symbols", "--help"]):
            result = run(*arguments)
            self.assertEqual(result.returncode, 0)
            self.assertIn("usage:", result.stdout)

    def test_what_cannot_be_done_is_said_in_one_line_and_ends_with_2(self):
        wrong = [
            (["serve"], "--kernel"),
            (["serve", "--kernel", "18362"], "--net"),
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
        ]
        for arguments, named in wrong:
            with self.subTest(arguments=arguments):
                result = run(*arguments)
                self.assertEqual(result.returncode, 2)
                self.assertIn(named, result.stderr)
                self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)


class Serve(unittest.TestCase):
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


if __name__ == "__main__":
    unittest.main()
