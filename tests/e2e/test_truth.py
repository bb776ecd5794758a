"""What a snapshot says is what the lab says that it built: every record, every fact, whatever the source."""

import itertools
import json
import subprocess
import unittest

import kd
import sources
import test_dumps

KERNELS = test_dumps.KERNELS
SHAPES = (1, 2, 3)
WITH_HOLES = ("full", "raw", "kernel", "net", "pipe")
COMMANDS = {("silos",): ("silos", "storage_slots", "silo_monitors"), ("jobs",): ("jobs",), ("sessions",): ("sessions",),
            ("ps",): ("processes",), ("cpu",): ("processors",),
            ("loggers", "-v"): ("loggers", "consumers", "etw_states", "security_loggers", "system_loggers"),
            ("providers",): ("providers", "enables", "registrations")}
# Tables that are walked in full. Whoever walks one more adds it here.
COMPARED = ("silos", "jobs", "storage_slots", "silo_monitors", "sessions", "processes", "etw_states", "loggers",
            "consumers", "security_loggers", "system_loggers", "providers", "enables", "registrations",
            "consumer_handles", "processors", "modules")


def truth(kernel, shape):
    command = [kd.BIN / "kdlab", "truth", "--json", "--kernel", kernel, "--shape", str(shape)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["tables"]


def differences(told, found, tables=COMPARED):
    """[one line for each fact that differs]; what the lab does not tell nobody compares."""
    wrong = []
    for table in tables:
        records = {record["address"]: record for record in found.get(table, [])}
        if set(records) != {record["address"] for record in told[table]}:
            wrong.append(f"{table}: other records: {len(records)}, not {len(told[table])}")
            continue
        for record in told[table]:
            for fact, value in record.items():
                if records[record["address"]].get(fact) != value:
                    wrong.append(f"{table} {record['address']}: {fact} is "
                                 f"{records[record['address']].get(fact)}, not {value}")
    return wrong


# What is concluded from several places says less where one of them is missing: by which ways something was found,
# in whose lists and silos, how many free slots were seen.
CONCLUDED = {"found", "provider", "listed_group", "free_slots", "condition", "silo", "server_silo"}


def is_gap(value):
    return isinstance(value, dict)


def untruths(told, found):
    """[one line for each fact that is told and not true], where some may be unreadable. A record that nobody
    built is one, unless it says that it cannot be read."""
    wrong = []
    for table in COMPARED:
        real = {record["address"]: record for record in told[table]}
        for record in found.get(table, []):
            true = real.get(record["address"])
            if not true and not any(is_gap(value) for value in record.values()):
                wrong.append(f"{table}: {record['address']} is not there")
            for fact, value in (true or {}).items():
                said = record.get(fact)
                if fact not in CONCLUDED and said is not None and not is_gap(said) and said != value:
                    wrong.append(f"{table} {record['address']}: {fact} is {said}, not {value}")
    return wrong


class Truth(sources.SourceTest):
    def assert_true(self, kernel, shape, result):
        self.assertIn(result.status, (0, 1), result)
        found = json.loads(result.out)["tables"]
        self.assertEqual(differences(truth(kernel, shape), found), [], (kernel, shape))
        self.assertEqual({cpu["nx"] for cpu in found["processors"]}, {1})

    def test_of_every_source_of_every_kernel(self):
        def check(item):
            shape, (kernel, source) = item
            self.assert_true(kernel, shape, self.through(source, kernel, ("--shape", str(shape)), "snapshot"))
        self.for_each(check, list(enumerate(itertools.product(KERNELS, sources.ALL), 1)))

    def test_of_every_kernel_in_the_same_shapes(self):
        def check(item):
            kernel, shape = item
            self.assert_true(kernel, shape, self.through("kernel", kernel, ("--shape", str(shape)), "snapshot"))
        self.for_each(check, list(itertools.product(KERNELS, SHAPES)))

    def test_of_every_command(self):
        def check(kernel):
            told = truth(kernel, 1)
            path = self.dump(kernel, "kernel")
            for command, tables in COMMANDS.items():
                found = json.loads(self.walk(path, *command, "--json").out)["tables"]
                self.assertEqual(differences(told, found, tables), [], (kernel, command))
        self.for_each(check, KERNELS)

    def test_what_is_told_is_true_where_pages_are_out(self):
        def check(item):
            kernel, source, percent = item
            result = self.through(source, kernel, ("--page-out", percent, "--seed", "1"), "snapshot")
            self.assertEqual(result.status, 1, result)
            self.assertEqual(untruths(truth(kernel, 1), json.loads(result.out)["tables"]), [], item)
        self.for_each(check, list(itertools.product(KERNELS, WITH_HOLES, ("5", "20"))))

    def test_a_fact_that_differs_is_seen(self):
        path = self.dump("22000", "kernel", "--tamper", "T18")
        found = json.loads(self.walk(path, "snapshot").out)["tables"]
        [line] = differences(truth("22000", 1), found)
        self.assertIn("collection_on is 0, not 1", line)
        self.assertEqual(untruths(truth("22000", 1), found), [line])


if __name__ == "__main__":
    unittest.main()
