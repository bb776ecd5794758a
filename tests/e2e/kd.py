"""What the end-to-end tests and the soak share: a lab that plays a target, the links to it, and kdwalk as a user
runs it."""

import atexit
import concurrent.futures
import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

BIN = pathlib.Path(os.environ["KDWALK_BIN"])
DATA = pathlib.Path(os.environ["KDWALK_TEST_DATA"])
KEY = "8.8.8.8"
RUN_TIMEOUT = 60  # far above anything a sound run needs, under sanitizers too
AT_ONCE = 8       # runs that mostly wait for each other's timers

# Started in the background, this may have been told to ignore them, and what it starts would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


# --- ports, corpus, text ---

def claim_ports(count=500):
    """Numbers that no other process of the tests on this machine takes: a name in the kernel, held as long as
    this process lives, stands for them. All are below those that the system gives out unasked."""
    for first in random.SystemRandom().sample(range(12000, 32000, count), 20000 // count):
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0kdwalk-test-ports-{first}")
            return claim, list(range(first, first + count))
        except OSError:
            claim.close()
    raise AssertionError("other tests have all ports")


_ports_claim, _ports = claim_ports()
atexit.register(_ports_claim.close)
_ports_lock = threading.Lock()


def free_port():
    """A UDP and TCP port that nobody uses, and that is not handed out again for long."""
    while True:
        with _ports_lock:
            port = _ports.pop()
            _ports.insert(0, port)
        try:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                with socket.socket(socket.AF_INET6, kind) as s:
                    s.bind(("::", port))
            return port
        except OSError:
            pass


def corpus(relative):
    """A file of the optional corpus, or a skipped test that says so."""
    path = DATA / relative
    if not path.exists():
        raise unittest.SkipTest(f"the corpus has no {relative}: set KDWALK_TEST_DATA")
    return path


def expected(name):
    return [line.rstrip() for line in corpus(f"expected/{name}").read_text().splitlines()]


def expected_loggers(kernel):
    return [line.replace("nt!_WMI_LOGGER_CONTEXT->", "EtwLogger->")
            for line in expected(f"loggers-{kernel}.txt")]


def lines(text):
    return [line.rstrip() for line in text.splitlines()]


def host_loggers(text):
    """Of a list of loggers those of the host, whose state comes first."""
    listed = lines(text)
    return [line for line in listed if line.split("\t")[2:3] == listed[0].split("\t")[2:3]]


def wait_until(condition, what):
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(what)
        time.sleep(0.01)


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
    wait_until(lambda: is_bound(port), f"nobody listens on port {port}")


def folder_in_memory(room=1 << 30):
    """For large files with holes, which some disks take long to remove; None: where temporary files are anyway."""
    folder = "/dev/shm"
    with contextlib.suppress(OSError):
        if os.access(folder, os.W_OK) and shutil.disk_usage(folder).free >= room:
            return folder
    return None


def make_store(folder):
    """The symbols of the lab's kernels."""
    store = pathlib.Path(folder) / "symbols"
    subprocess.run([BIN / "kdlab", "symbols", store], check=True, stdout=subprocess.DEVNULL)
    return store


# --- kdwalk ---

class Result:
    def __init__(self, process, out, err):
        self.status, self.out, self.err = process.returncode, out, err

    def count(self, pattern):
        """A number out of --stats: count("repeated +(\\d+) packets")."""
        found = re.search(pattern, self.err)
        if not found:
            raise AssertionError(f"--stats does not say {pattern}: {self}")
        return int(found[1])

    def __repr__(self):
        rows = self.out.splitlines()
        shown = rows if len(rows) <= 8 else [*rows[:4], f"... ({len(rows)} lines)", *rows[-3:]]
        return "\n".join([f"status {self.status}", "--- out", *shown, "--- err", self.err])


def start(*arguments, env=None, **popen):
    """Without what this machine's user has: a key, symbols, a cache folder, Volatility 3."""
    environment = {k: v for k, v in os.environ.items()
                   if k not in ("KDWALK_KEY", "_NT_SYMBOL_PATH", "HOME", "XDG_CACHE_HOME", "VIRTUAL_ENV")}
    environment.update(env or {})
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([BIN / "kdwalk", *map(str, arguments)], text=True, errors="replace",
                            env=environment, **{**pipes, **popen})


class Hang(AssertionError):
    pass


def finish(process, timeout=RUN_TIMEOUT):
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise Hang(f"kdwalk does not end: {out} {err}") from None
    return Result(process, out, err)


def kdwalk(*arguments, env=None):
    return finish(start(*arguments, env=env))


# --- the links between the two ---

class Net:
    """KDNET. The host listens, the target calls it."""
    name = "net"
    is_stream = False

    def __init__(self, host="127.0.0.1", target=None):
        self.port = free_port()
        self.lab_options = ["--net", f"{host}:{self.port}", "--key", KEY]
        self.target = target(self.port) if target else ["-k", f"net:port={self.port},key={KEY}"]

    def wait_until_host_listens(self):
        wait_until_bound(self.port)

    def close(self):
        pass


class Stream:
    """A byte stream. The lab listens, the host connects; the target cannot tell."""
    is_stream = True

    def lab_says(self, line):
        """The lab's first line."""

    def close(self):
        pass


class Pipe(Stream):
    name = "pipe"

    def __init__(self, extra=""):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name) / "com1"
        self.lab_options = ["--pipe", self.path]
        self.target = ["-k", f"com:pipe,port={self.path}{extra}"]

    def close(self):
        self.folder.cleanup()


class Tcp(Stream):
    name = "tcp"

    def __init__(self, extra=""):
        self.port = free_port()
        self.lab_options = ["--tcp", f"127.0.0.1:{self.port}"]
        self.target = ["-k", f"com:ipport={self.port},port=127.0.0.1{extra}"]


class Tty(Stream):
    name = "tty"

    def __init__(self, extra=""):
        self.extra = extra
        self.lab_options = ["--pty"]
        self.target = None  # the lab says where

    def lab_says(self, line):
        self.target = ["-k", f"com:port={line.strip()}{self.extra}"]


LINKS = {kind.name: kind for kind in (Tty, Pipe, Tcp, Net)}


class Replay:
    """A recorded session, where else a kernel is named. Its key opens it; over KDNET it is the link's as well."""

    def __init__(self, path):
        self.path = path


def lab_command(kernel, link):
    if not isinstance(kernel, Replay):
        return ["serve", "--kernel", kernel, *link.lab_options]
    return ["replay", kernel.path, *link.lab_options, *(["--key", KEY] if link.is_stream else [])]


class Lab:
    """One simulated machine on a link, or a recorded one. Its statistics are there once it was stopped."""

    def __init__(self, kernel, link, *options):
        self.folder = tempfile.TemporaryDirectory()
        self.stats_file = pathlib.Path(self.folder.name) / "stats.json"
        self.process = subprocess.Popen(
            [BIN / "kdlab", *lab_command(kernel, link), "--stats", self.stats_file, *map(str, options)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        first = self.process.stdout.readline()
        if not first:
            raise AssertionError(f"the lab did not start: {self.process.communicate()[1]}")
        if link.is_stream:
            link.lab_says(first)

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


class Scene:
    """A lab on a link and the kdwalks that attach to it one after the other. Over KDNET the first kdwalk listens
    before the lab calls: no run waits for the next poke."""

    def __init__(self, kernel, link, *lab_options):
        self.kernel, self.link, self.lab_options = kernel, link, lab_options
        self.lab = None
        self.processes = []

    def __enter__(self):
        if self.link.is_stream:
            self.open_lab()
        return self

    def __exit__(self, *_):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.communicate()
        if self.lab:
            self.lab.kill()
        self.link.close()

    def open_lab(self):
        self.lab = Lab(self.kernel, self.link, *self.lab_options)

    def start(self, *arguments, env=None, **popen):
        process = start(*arguments, *self.link.target, env=env, **popen)
        self.processes.append(process)
        if not self.lab:
            self.link.wait_until_host_listens()
            self.open_lab()
        return process

    def run(self, *arguments, env=None, timeout=RUN_TIMEOUT):
        return finish(self.start(*arguments, env=env), timeout)

    def stop(self):
        return self.lab.stop()


# --- tests ---

def at_once(function, items, count=AT_ONCE):
    """[(item, a future that is done)], several at a time: most of a run is waiting."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return [(item, pool.submit(function, item)) for item in items]


class LiveTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.store = make_store(cls.scratch.name)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def target(self, port, key=KEY):
        return ["-k", f"net:port={port},key={key}"]

    def live(self, kernel, *arguments, link=None, lab_options=(), symbols=True, env=None,
             timeout=RUN_TIMEOUT):
        """Run one command against a fresh lab: (result, the lab's statistics)."""
        options = ["-y", self.store] if symbols else []
        with Scene(kernel, link or Net(), *lab_options) as scene:
            result = scene.run(*arguments, *options, env=env, timeout=timeout)
            return result, scene.stop()

    def over_links(self, check, links=tuple(LINKS)):
        """check(link) over each, several at a time; each has its own verdict."""
        self.for_each(lambda name: check(LINKS[name]()), links)

    def for_each(self, check, items):
        for item, done in at_once(check, items):
            with self.subTest(item=item):
                done.result()

    def assert_unharmed(self, stats):
        self.assertEqual(stats["altering"], 0, stats)
        self.assertTrue(stats["left_running"], stats)

    def assert_one_message(self, result, *parts):
        """One error line, no more, with each of the parts in it."""
        errors = [line for line in result.err.splitlines() if "error:" in line]
        self.assertEqual(len(errors), 1, result)
        for part in parts:
            self.assertIn(part, errors[0], result)
