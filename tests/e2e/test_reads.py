"""What a whole snapshot asks of a target over KDNET, where every read is a round trip with the machine frozen. The
bound is the lab's own account: the blocks of the link's read size that hold a byte of what is looked at."""

import dataclasses
import pathlib
import subprocess
import tempfile
import unittest

import kd

KERNELS = ("14393", "18362", "19041", "22000")
READ_SIZE = 1024  # the most that one read brings over KDNET, and what it is aligned to
AIM = 1.25


@dataclasses.dataclass
class Cost:
    reads: int
    least: int
    bytes_twice: int
    frozen_ms: float
    freezes: int
    altering: int

    @property
    def ratio(self):
        return self.reads / self.least


def least_reads(kernel):
    command = [kd.BIN / "kdlab", "truth", "--kernel", kernel, "--reads", str(READ_SIZE)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def cost_of_snapshot(kernel, store, folder):
    with kd.Scene(kernel, kd.Net()) as scene:
        result = scene.run("snapshot", "--stats", "-y", store, "-o", pathlib.Path(folder) / f"{kernel}.json")
        if result.status not in (0, 1):
            raise AssertionError(f"{kernel}: {result}")
        stats = scene.stop()
    return Cost(reads=stats["requests"]["ReadVirtualMemory"], least=least_reads(kernel),
                bytes_twice=result.count(r"memory read +\d+ bytes, (\d+) of them twice"),
                frozen_ms=stats["freezes"]["total_ms"], freezes=stats["freezes"]["count"], altering=stats["altering"])


class Reads(unittest.TestCase):
    def test_a_snapshot_reads_little_more_than_it_must_and_nothing_twice(self):
        with tempfile.TemporaryDirectory() as folder:
            store = kd.make_store(folder)
            for kernel in KERNELS:
                with self.subTest(kernel):
                    cost = cost_of_snapshot(kernel, store, folder)
                    self.assertLessEqual(cost.ratio, AIM, cost)
                    self.assertGreaterEqual(cost.ratio, 1, cost)  # else the bound is none
                    self.assertEqual((cost.bytes_twice, cost.freezes, cost.altering), (0, 1, 0), cost)


if __name__ == "__main__":
    unittest.main()
