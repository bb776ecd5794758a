"""kdwalk watch for a long time, ten samples a second: its memory, its descriptors and its processor time for each
sample stay what they were, it invents nothing, and the target is neither altered nor left halted."""

import json
import os
import pathlib
import threading
import time

import runs
from breaks import GROWTH_KIB, frugal

EVERY_S = 0.1
READINGS = 20
WARM = READINGS // 4   # until then buffers find their size
LONG_S = 60            # a shorter run says nothing of growth, nor of processor time
CPU_RATIO = 1.5        # of the last quarter to the second: machines are noisy
TICKS = os.sysconf("SC_CLK_TCK")


class Reading:
    """What a process has, right now."""

    def __init__(self, pid, samples):
        proc = pathlib.Path(f"/proc/{pid}")
        fields = (proc / "stat").read_text().rsplit(")", 1)[1].split()
        self.cpu_s = (int(fields[11]) + int(fields[12])) / TICKS
        self.kib = int((proc / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
        self.descriptors = len(list((proc / "fd").iterdir()))
        self.samples = samples


class Watching:
    def __init__(self, link, seconds, repeat):
        self.run = runs.Run(repeat)
        self.told, self.readings, self.samples = [], [], 0
        begin = time.monotonic()
        self.is_long = seconds >= LONG_S
        with self.run.scene(link, ["--seed", 1]) as scene:
            self.watch(scene, seconds)
        self.run.seconds = time.monotonic() - begin

    def listen(self, process):
        for line in process.stdout:
            event = json.loads(line)
            self.samples += event["event"] == "sample"
            if event["event"] != "sample":
                self.told.append(event)

    def watch(self, scene, seconds):
        process = scene.start("watch", "--json", "-y", runs.store(), "--every", EVERY_S, "--for", seconds,
                              env=frugal())
        listener = threading.Thread(target=self.listen, args=[process])
        listener.start()
        for i in range(1, READINGS + 1):
            time.sleep(seconds / (READINGS + 1))
            if process.poll() is None:
                self.readings.append(Reading(process.pid, self.samples))
        listener.join(timeout=60)
        process.stdout = None  # the listener has read it to its end
        result = self.run.finish(process, 60)
        self.run.take_leave(scene, result)
        if result is not None:
            self.judge(result)

    def judge(self, result):
        if result.status != 0:
            self.run.blame(f"status {result.status}", result.err)
            return
        invented = [event for event in self.told if event["event"] not in ("begin", "end")]
        if invented:
            self.run.blame("something is told of a machine that stays as it is", invented[:5])
        if len(self.readings) < READINGS:
            self.run.blame("it ended early", result.err)
            return
        warm, last = self.readings[WARM], self.readings[-1]
        if self.is_long and last.kib - warm.kib > GROWTH_KIB:
            self.run.blame("memory grows", f"{warm.kib} KiB, then {last.kib}")
        if last.descriptors != warm.descriptors:
            self.run.blame("descriptors", f"{warm.descriptors}, then {last.descriptors}")
        early, late = self.cost(WARM, 2 * WARM), self.cost(-1 - WARM, -1)
        if self.is_long and late > CPU_RATIO * early:
            self.run.blame("samples cost more and more", f"{early * 1000:.2f} ms each, then {late * 1000:.2f}")
        print(f"  {self.samples} samples; {warm.kib} KiB, then {last.kib}; {early * 1000:.2f} ms of processor each, then "
              f"{late * 1000:.2f}; worst freeze {self.told[-1]['frozen_us']['worst'] / 1000:.1f} ms")

    def cost(self, first, last):
        a, b = self.readings[first], self.readings[last]
        return (b.cpu_s - a.cpu_s) / max(b.samples - a.samples, 1)


def run(options):
    done = []
    for name in ("net", "pipe"):
        watching = Watching(name, options.stay, f"./dev soak watch --stay {options.stay}   ({name})")
        done.append(watching.run)
    return runs.verdict("watch", len(done), [it for it in done if it.wrong])
