"""A session that stays attached and halts the target again and again: stay.c against the lab, over each link.

Quiet links: so many breaks, and ten a second for so many seconds; nothing grows, and every stop that the target
made was counted, and is as long as the target says. Bad links, seeded: each break ends within its deadline, and no
stop is lost track of."""

import json
import os
import subprocess
import time

import runs
from runs import kd

# One packet in ten, as the list of what a watch must bear has it; the rest of the matrix's faults likewise.
FAULTS = {"quiet": [], "drop": ["--drop", 0.1], "dup": ["--dup", 0.1], "corrupt": ["--corrupt", 0.1],
          "garbage": ["--garbage", 0.1], "truncate": ["--truncate", 0.1],
          "all": ["--drop", 0.05, "--dup", 0.05, "--corrupt", 0.05, "--garbage", 0.05, "--truncate", 0.05]}
DOUBLED = ("dup", "all")  # a Continue that comes twice may let the next stop go as well: not counted here
ATTACH_S = 90
WITHIN_MS = 15000
ATTACH_RESETS = 4    # of a stream
EACH_S = 5           # a break on a bad link, on the average
GROWTH_KIB = 4096    # allocators keep a little; a leak of one packet a break is 10 MiB in 10,000


def frugal():
    """A sanitized build keeps what was freed for a while; that is no growth."""
    known = os.environ.get("ASAN_OPTIONS")
    return dict(os.environ, ASAN_OPTIONS="quarantine_size_mb=1" + (f":{known}" if known else ""))


class Staying:
    """One link with one fault."""

    def __init__(self, link, fault, options, limit, repeat):
        self.run = runs.Run(repeat)
        self.link, self.fault = link, fault
        self.said = None
        begin = time.monotonic()
        lab = [*FAULTS[fault], *options.pop("lab", [])]
        with self.run.scene(link, lab) as scene:
            self.stay(scene, options, limit)
        self.run.seconds = time.monotonic() - begin

    def stay(self, scene, options, limit):
        words = [str(word) for pair in options.items() for word in pair]
        spec = scene.link.target[1]
        process = subprocess.Popen([kd.BIN / "test_stay", spec, *words], text=True, env=frugal(),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        scene.processes.append(process)
        if not scene.lab:
            scene.link.wait_until_host_listens()
            scene.open_lab()
        result = self.run.finish(process, limit)
        self.run.take_leave(scene, result)
        if result is None:
            return
        if not result.out.startswith("{"):
            self.run.blame("the program failed", result)
            return
        self.said = json.loads(result.out)
        self.judge(result)

    def judge(self, result):
        said, target = self.said, self.run.stats
        if said["failure"]:
            self.run.blame(said["failure"], result)
            return
        there = target["freezes"]["count"]
        if said["freezes"] != there and self.fault not in DOUBLED:
            self.run.blame("stops that were lost track of", f"{there} there, {said['freezes']} here")
        if said["late"]["fds"] != said["early"]["fds"]:
            self.run.blame("descriptors", said)
        if said["late"]["kib"] - said["early"]["kib"] > GROWTH_KIB:
            self.run.blame("memory grows", said)
        if self.fault == "quiet":
            self.judge_quiet(there, target["freezes"]["total_ms"] * 1000)

    def judge_quiet(self, there, there_us):
        """Of each stop the report takes a moment to arrive, and the acknowledgement one back: both ends' sums differ
        by so much, and by what a busy machine adds."""
        here_us = self.said["frozen_us"]
        if abs(here_us - there_us) > there * 2000 + there_us / 10:
            self.run.blame("a wrong sum of stops", f"{here_us} us here, {there_us} us there")
        if self.said["resets"] > ATTACH_RESETS or self.said["by_itself"]:
            self.run.blame("a quiet link that is not", self.said)

    def row(self):
        if not self.said or "standing_us" not in self.said:
            return f"{self.link:<5} {self.fault:<9} nothing"
        halting, standing = self.said["halting_us"], self.said["standing_us"]
        grown = self.said["late"]["kib"] - self.said["early"]["kib"]
        return (f"{self.link:<5} {self.fault:<9} {self.said['breaks']:7} {halting['median'] / 1000:8.2f} "
                f"{halting['p99'] / 1000:8.1f} {halting['worst'] / 1000:8.1f} {standing['median'] / 1000:8.2f} "
                f"{standing['p99'] / 1000:8.1f} {standing['worst'] / 1000:8.1f} {grown:6} "
                f"{self.said['retransmissions']:8} {self.said['by_itself']:5}")


HEADER = (f"{'link':<5} {'fault':<9} {'breaks':>7} {'halt ms':>8} {'99 %':>8} {'worst':>8} {'stop ms':>8} "
          f"{'99 %':>8} {'worst':>8} {'KiB':>6} {'repeated':>8} {'extra':>5}")


def quiet(job):
    link, breaks, seconds = job
    return Staying(link, "quiet", {"--breaks": breaks, "--for-ms": seconds * 1000,
                                   "--pause-ms": 100 if seconds else 0},
                   ATTACH_S + breaks + seconds * 2,
                   f"./dev soak breaks --links {link} --breaks {breaks} --stay {seconds}")


def bad(job):
    link, fault, seed, breaks = job
    return Staying(link, fault, {"--breaks": breaks, "--pause-ms": 20, "--within-ms": WITHIN_MS,
                                 "lab": ["--seed", seed]},
                   ATTACH_S + breaks * EACH_S,
                   f"./dev soak breaks --links {link} --faults {fault} --first-seed {seed} --seeds 1 "
                  f"--breaks {breaks * 100}")


def run(options):
    """Quiet links one after the other, for how long their stops take is compared; the others wait most of the time."""
    alone = [(link, options.breaks, 0) for link in options.links]
    if options.stay and "net" in options.links:
        alone.append(("net", 0, options.stay))
    many = [(link, fault, seed, max(options.breaks // 100, 10))
            for seed in range(options.first_seed, options.first_seed + min(options.seeds, 10))
            for link in options.links for fault in FAULTS if fault in options.faults]
    wrong = []
    print(HEADER, flush=True)

    def tell(staying):
        print(staying.row(), flush=True)
        if staying.run.wrong:
            wrong.append(staying.run)

    for job in alone:
        tell(quiet(job))
    for _, done in kd.at_once(bad, many):
        tell(done.result())
    return runs.verdict("breaks", len(alone) + len(many), wrong)
