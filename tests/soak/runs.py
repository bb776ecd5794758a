"""What all parts of the soak share: one run of kdwalk against a lab, what can be wrong with it, many at a time."""

import concurrent.futures
import contextlib
import difflib
import functools
import json
import pathlib
import sys
import tempfile
import textwrap
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import kd  # noqa: E402  the harness of the end-to-end tests

KERNEL = "18362"
RUN_S = 60
SETTLE_S = 0.1  # a halt that arrives late shows itself


_scratch = tempfile.TemporaryDirectory()


@functools.cache
def store():
    return kd.make_store(_scratch.name)


@functools.cache
def reference(*options):
    """The list as a quiet link gives it; where the corpus is there, it is the published one."""
    with kd.Scene(KERNEL, kd.Net()) as scene:
        result = scene.run("loggers", *options, "-y", store())
    assert result.status == 0, result
    with contextlib.suppress(unittest.SkipTest):
        assert options or kd.host_loggers(result.out) == kd.expected_loggers(KERNEL), result
    return result.out


class Run:
    """One run, and what was wrong with it."""

    def __init__(self, repeat):
        self.repeat_with = repeat
        self.wrong = []  # kinds
        self.details = []
        self.seconds = 0.0
        self.repeated = None
        self.stats = None

    def blame(self, kind, detail):
        self.wrong.append(kind)
        self.details.append(str(detail))

    @contextlib.contextmanager
    def scene(self, link, lab_options):
        try:
            with kd.Scene(KERNEL, kd.LINKS[link](), *lab_options) as scene:
                yield scene
        except Exception as problem:  # a lab that fails is a finding like any other
            self.blame("the scene failed", repr(problem))

    def finish(self, process, limit):
        try:
            return kd.finish(process, limit)
        except kd.Hang as hang:
            self.blame("hang", hang)
            return None

    def walk(self, scene, options=(), limit=RUN_S, want=None):
        """`loggers` to its end; all that can be wrong with it is blamed."""
        begin = time.monotonic()
        result = self.finish(scene.start("loggers", "--stats", *options, "-y", store()), limit)
        self.seconds = time.monotonic() - begin
        if result:
            if result.status != 0:
                self.blame(f"status {result.status}", result.err)
            elif result.out != (want or reference()):
                self.blame("wrong output", difference(want or reference(), result))
            if result.status == 0:
                self.repeated = result.count(r"repeated +(\d+) packets")
        self.take_leave(scene, result)
        return result

    def take_leave(self, scene, result):
        """What the target says of it in the end."""
        time.sleep(SETTLE_S)
        self.stats = scene.stop()
        said = f"kdwalk: {result.err if result else 'nothing'}\ntarget: {json.dumps(self.stats)}"
        if not self.stats["left_running"]:
            self.blame("left halted", said)
        if self.stats["altering"]:
            self.blame("altering requests", said)


def difference(want, result):
    rows = difflib.unified_diff(want.splitlines(), result.out.splitlines(), "wanted", "printed", n=0, lineterm="")
    return "\n".join([*list(rows)[:12], result.err])


def walk(link, lab_options, options, limit, repeat):
    run = Run(repeat)
    with run.scene(link, lab_options) as scene:
        run.walk(scene, options, limit)
    return run


def each(one, jobs, count, name):
    """(job, its Run) as they are done, `count` at a time: they wait more than they compute."""
    wrong = 0
    reference()
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        futures = {pool.submit(one, job): job for job in jobs}
        try:
            for i, future in enumerate(concurrent.futures.as_completed(futures), 1):
                wrong += bool(future.result().wrong)
                progress(f"{name}: {i} of {len(jobs)} runs, {wrong} wrong")
                yield futures[future], future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
        finally:
            progress("")


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def verdict(name, count, wrong):
    """Print what was wrong and how to see it again. True: nothing was."""
    for run in wrong:
        print(f"\nWRONG: {', '.join(run.wrong)} after {run.seconds:.1f} s; again with: {run.repeat_with}")
        for detail in run.details:
            print(textwrap.indent(detail[:2000], "    "))
    print(f"{name}: {count - len(wrong)} of {count} runs are right", flush=True)
    return not wrong
