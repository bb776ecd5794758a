"""Each fault alone and all together, over each link, with many seeds: the list is the list, and the run ends."""

import statistics

import runs

FAULTS = ("drop", "dup", "reorder", "corrupt", "truncate", "garbage")
ALONE, TOGETHER = 0.3, 0.1
CELLS = (*FAULTS, "all")
ATTACH_S = 120  # KDNET's handshake is tried every 3 s, and each try needs four datagrams in a row
RUN_S = 300


def lab_options(cell):
    if cell == "all":
        return [word for fault in FAULTS for word in (f"--{fault}", TOGETHER)]
    return [f"--{cell}", ALONE]


class Cell:
    """One link with one kind of fault."""

    def __init__(self, link, fault):
        self.link, self.fault = link, fault
        self.runs = []

    def row(self):
        times = [run.seconds for run in self.runs]
        repeated = [run.repeated for run in self.runs if run.repeated is not None]
        return (f"{self.link:<5} {self.fault:<9} {len(self.runs):5} {sum(not r.wrong for r in self.runs):8} "
                f"{statistics.median(times):8.2f} {max(times):8.2f} "
                f"{statistics.mean(repeated) if repeated else 0:9.1f} {max(repeated, default=0):6}")


HEADER = (f"{'link':<5} {'fault':<9} {'runs':>5} {'correct':>8} {'median s':>8} {'worst s':>8} "
          f"{'repeated':>9} {'most':>6}")


def one(job):
    link, fault, seed = job
    return runs.walk(link, [*lab_options(fault), "--retransmit-ms", 20, "--seed", seed], ["--timeout", ATTACH_S],
                     RUN_S, repeat=f"./dev soak matrix --links {link} --faults {fault} --first-seed {seed} --seeds 1")


def run(options):
    cells = {(link, fault): Cell(link, fault) for link in options.links for fault in options.faults}
    # By seed first: slow and fast cells are mixed, and an early end has seen all of them.
    jobs = [(*cell, seed) for seed in range(options.first_seed, options.first_seed + options.seeds)
            for cell in cells]
    wrong = []
    for (link, fault, _), done in runs.each(one, jobs, options.jobs, "matrix"):
        cells[link, fault].runs.append(done)
        if done.wrong:
            wrong.append(done)
    print(HEADER)
    for cell in cells.values():
        print(cell.row())
    return runs.verdict("matrix", len(jobs), wrong)
