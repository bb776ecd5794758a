"""What the end-to-end tests share: a lab that plays a target, and kdwalk as a user runs it."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import unittest

BIN = pathlib.Path(os.environ["KDWALK_BIN"])
DATA = pathlib.Path(os.environ["KDWALK_TEST_DATA"])
KEY = "8.8.8.8"
RUN_TIMEOUT = 60  # far above anything a sound run needs, under sanitizers too


def free_port():
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.bind(("::", 0))
        return s.getsockname()[1]


def corpus(relative):
    """A file of the optional corpus, or a skipped test that says so."""
    path = DATA / relative
    if not path.exists():
        raise unittest.SkipTest(f"the corpus has no {relative}: set KDWALK_TEST_DATA")
    return path


def expected(name):
    return [line.rstrip() for line in corpus(f"expected/{name}").read_text().splitlines()]


def lines(text):
    return [line.rstrip() for line in text.splitlines()]


def is_bound(port):
    """Does any UDP socket of this machine listen on the port?"""
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        try:
            rows = pathlib.Path(table).read_text().splitlines()[1:]
        except FileNotFoundError:
            continue
        if any(int(row.split()[1].rsplit(":", 1)[1], 16) == port for row in rows):
            return True
    return False


def wait_until_bound(port):
    deadline = time.monotonic() + 20
    while not is_bound(port):
        if time.monotonic() > deadline:
            raise AssertionError(f"nobody listens on port {port}")
        time.sleep(0.01)


class Lab:
    """One simulated machine. Its statistics are there once it was stopped."""

    def __init__(self, kernel, port, *options, host="127.0.0.1", key=KEY):
        self.folder = tempfile.TemporaryDirectory()
        self.stats_file = pathlib.Path(self.folder.name) / "stats.json"
        self.process = subprocess.Popen(
            [BIN / "kdlab", "serve", "--kernel", kernel, "--net", f"{host}:{port}", "--key", key,
             "--stats", self.stats_file, *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        first = self.process.stdout.readline()
        if kernel not in first:
            raise AssertionError(f"the lab did not start: {first} {self.process.stderr.read()}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=RUN_TIMEOUT)
        if self.process.returncode != 0:
            raise AssertionError(f"the lab failed: {self.process.returncode} {out} {err}")
        return json.loads(self.stats_file.read_text())

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        self.folder.cleanup()


class Result:
    def __init__(self, process, out, err):
        self.status, self.out, self.err = process.returncode, out, err

    def __repr__(self):
        return f"status {self.status}\n--- out\n{self.out}\n--- err\n{self.err}"


def start(*arguments, env=None):
    environment = {k: v for k, v in os.environ.items()
                   if k not in ("KDWALK_KEY", "_NT_SYMBOL_PATH")}
    environment.update(env or {})
    return subprocess.Popen([BIN / "kdwalk", *map(str, arguments)], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            errors="replace", env=environment)


def finish(process):
    try:
        out, err = process.communicate(timeout=RUN_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"kdwalk does not end: {out} {err}")
    return Result(process, out, err)


def kdwalk(*arguments, env=None):
    return finish(start(*arguments, env=env))


class LiveTest(unittest.TestCase):
    """A kdwalk that listens first, and a lab that then calls it: no run waits for the next poke."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.store = pathlib.Path(cls.scratch.name) / "symbols"
        subprocess.run([BIN / "kdlab", "symbols", cls.store], check=True, stdout=subprocess.DEVNULL)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def target(self, port, key=KEY):
        return ["-k", f"net:port={port},key={key}"]

    def live(self, kernel, *arguments, lab_options=(), target=None, symbols=True, env=None,
             host="127.0.0.1"):
        """Run one command against a fresh lab: (result, the lab's statistics)."""
        port = free_port()
        options = target(port) if target else self.target(port)
        if symbols:
            options += ["-y", self.store]
        process = start(*arguments, *options, env=env)
        try:
            wait_until_bound(port)
            lab = Lab(kernel, port, *lab_options, host=host)
        except BaseException:
            process.kill()
            raise
        try:
            result = finish(process)
            return result, lab.stop()
        finally:
            lab.kill()

    def assert_unharmed(self, stats):
        self.assertEqual(stats["altering"], 0, stats)
        self.assertTrue(stats["left_running"], stats)

    def assert_one_message(self, result, *parts):
        """One error line, no more, with each of the parts in it."""
        errors = [line for line in result.err.splitlines() if "error:" in line]
        self.assertEqual(len(errors), 1, result)
        for part in parts:
            self.assertIn(part, errors[0], result)
