"""kdwalk watch: what it says of a machine that stays as it is, what that costs the machine, and how it ends."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

import kd


def events(text):
    return [json.loads(line) for line in text.splitlines()]


def of(told, kind):
    return [event for event in told if event["event"] == kind]


class WatchTest(kd.LiveTest):
    def watched(self, kernel, *arguments, link=None, lab_options=()):
        """(result, its events, the lab's statistics)"""
        result, stats = self.live(kernel, "watch", "--json", *arguments, link=link, lab_options=lab_options)
        self.assert_unharmed(stats)
        return result, events(result.out), stats


class Quiet(WatchTest):
    """Nothing changes."""

    def test_over_every_link_nothing_is_invented(self):
        def check(link):
            result, told, stats = self.watched("19041", "--count", "12", "--every", "0.1", link=link)
            self.assertEqual(result.status, 0, result)
            self.assertEqual({event["event"] for event in told}, {"begin", "sample", "end"}, result)
            self.assertEqual([event["number"] for event in of(told, "sample")], list(range(1, 13)))
            self.assertEqual(stats["freezes"]["count"], 12, stats)
            self.assertEqual((told[-1]["events"], told[-1]["samples"]), ({}, 12))
        self.over_links(check)

    def test_each_kernel_is_watched_and_swept(self):
        def check(kernel):
            _, told, _ = self.watched(kernel, "--count", "4", "--every", "0.05", "--freeze-budget", "5000",
                                       link=kd.Pipe())
            self.assertEqual({event["event"] for event in told}, {"begin", "sample", "end"}, told)
            self.assertGreaterEqual(told[-1]["sweeps"], 2, told[-1])
            self.assertLessEqual(max(event["covered"] or 0 for event in of(told, "sample")), 1)
        self.for_each(check, ("14393", "18362", "19041", "22000"))

    def test_only_what_is_asked_for_is_read(self):
        costs = {}
        for only in ("loggers", "loggers,ps", "loggers,providers,silos,ps,checks"):
            _, told, _ = self.watched("18362", "--count", "1", "--only", only, "--freeze-budget", "20000")
            costs[only] = of(told, "sample")[0]["requests"]
            self.assertEqual(told[0]["only"], only.split(","))
        self.assertEqual(list(costs.values()), sorted(costs.values()))
        self.assertLess(costs["loggers"] * 3, costs["loggers,ps"])

    def test_a_small_budget_is_kept_and_the_sweep_completes(self):
        _, told, stats = self.watched("18362", "--count", "100", "--every", "0.02", "--freeze-budget", "20",
                                       "--only", "loggers,silos")
        self.assertGreaterEqual(told[-1]["sweeps"], 2)
        self.assertLess(told[-1]["frozen_us"]["median"], 30000)
        self.assertEqual(len(of(told, "sample")), stats["freezes"]["count"])

    def test_what_was_tampered_with_before_is_told_at_once(self):
        _, told, _ = self.watched("18362", "--count", "1", "--freeze-budget", "20000", lab_options=["--tamper", "T18"])
        [verdict] = of(told, "verdict")
        self.assertEqual((verdict["check"], verdict["from"], verdict["to"]), ("T18", "fail", "fail"))
        self.assertEqual(verdict["findings"][0]["field"], "CollectionOn")


class Said(WatchTest):
    """By the target, between samples."""

    def test_prints_and_modules_are_told(self):
        def check(link):
            _, told, _ = self.watched("18362", "--count", "4", "--every", "0.3", "--only", "loggers", link=link,
                                      lab_options=["--chatter"])
            self.assertTrue(of(told, "print"), told)
            self.assertTrue(of(told, "module"), told)
        self.over_links(check, ("pipe", "net"))


class Ends(WatchTest):
    def test_interrupted_it_says_the_figures_and_lets_the_machine_run(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with kd.Scene("18362", kd.Pipe()) as scene:
                process = scene.start("watch", "-y", self.store, "--only", "loggers", "--every", "0.1")
                time.sleep(1.5)
                process.send_signal(number)
                result = kd.finish(process)
                self.assertEqual(result.status, 0, result)
                self.assertRegex(result.out, r"\nsamples +\d+, of \d+ sweeps?, in [\d.]+ s\n")
                self.assertRegex(result.out, r"\nfrozen +median [\d.]+ ms")
                self.assert_unharmed(scene.stop())

    def test_after_a_while(self):
        _, told, _ = self.watched("18362", "--for", "1", "--every", "0.1", "--only", "loggers", link=kd.Pipe())
        self.assertIn(told[-1]["samples"], range(5, 13))

    def test_a_machine_that_restarts_is_met_again(self):
        result, told, _ = self.watched("18362", "--count", "30", "--every", "0.1", "--only", "loggers",
                                       link=kd.Pipe(",reconnect"), lab_options=["--reboot-after", "300"])
        self.assertEqual(len(of(told, "reboot")), 1, result)
        self.assertEqual(len(of(told, "attached")), 1, result)
        self.assertEqual(of(told, "appeared") + of(told, "vanished") + of(told, "changed"), [])

    def test_snapshots_are_kept(self):
        with tempfile.TemporaryDirectory() as folder:
            _, told, _ = self.watched("18362", "--count", "2", "--freeze-budget", "20000", "--save", folder)
            files = sorted(str(path) for path in pathlib.Path(folder).iterdir())
            self.assertEqual(sorted(event["file"] for event in of(told, "snapshot")), files)
            self.assertEqual(len(files), 2)
            self.assertEqual(kd.kdwalk("diff", *files).status, 0)


class Recorded(WatchTest):
    """A recording of a watch, watched again."""

    OPTIONS = ("--every", "0.05", "--freeze-budget", "30")

    def play(self, link):
        """(events of the target, events of its recording), without what a clock decides."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "session.pcap"
            _, told, _ = self.watched("18362", *self.OPTIONS, "--count", "30", "-w", path, link=link)
            key = [] if link.is_stream else ["--key", kd.KEY]
            result = kd.kdwalk("watch", "--json", *self.OPTIONS, "-r", path, *key, "-y", self.store)
        self.assertEqual(result.status, 0, result)
        again = events(result.out)
        for event in told + again:
            for member in ("time", "since", "target_time", "frozen_us", "requests", "bytes", "unseen"):
                event.pop(member, None)
        return told, again

    def test_it_tells_the_same(self):
        def check(link):
            told, again = self.play(link)
            self.assertEqual(told, again)
            self.assertEqual(len(of(again, "sample")), 30)
        self.over_links(check)

    def test_a_recording_of_something_else_is_watched_as_far_as_it_goes(self):
        captures = pathlib.Path(__file__).parents[2] / "captures"
        options = ("--key", kd.KEY, "--only", "loggers", "-y", self.store, "--json")
        result = kd.kdwalk("watch", "-r", captures / "18362-net.pcap", *options)
        self.assertEqual(result.status, 0, result)
        self.assertEqual([event["event"] for event in events(result.out)], ["begin", "sample", "end"])
        result = kd.kdwalk("watch", "-r", captures / "reboot-tcp.pcap", *options[2:])
        self.assertEqual((len(of(events(result.out), "reboot")), len(of(events(result.out), "attached"))), (1, 1), result)


class Refused(WatchTest):
    def test_what_makes_no_sense(self):
        for arguments, part in ((["--only", "ps,nothing"], "--only takes some of"), (["--only", ""], "--only takes"),
                                (["--only", "ps,"], "--only takes"), (["--count", "0"], "--count takes"),
                                (["--freeze-budget", "0"], "--freeze-budget takes"),
                                (["--after-bugcheck", "maybe"], "takes stay or go"),
                                (["--on-print", "(open"], "no regular expression"),
                                (["--save", "/none/such"], "no such folder")):
            result = kd.kdwalk("watch", "-k", "net:port=50000,key=1.2.3.4", *arguments)
            self.assertEqual((result.status, result.out), (2, ""), result)
            self.assert_one_message(result, part)

    def test_a_dump_stands_still(self):
        result = kd.kdwalk("watch", "-z", "/dev/null")
        self.assertEqual((result.status, result.out), (2, ""), result)
        self.assert_one_message(result, "stands still")


if __name__ == "__main__":
    unittest.main()
