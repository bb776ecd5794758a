#!/usr/bin/env python3
"""Run the tests of modules, several of a class at once: run.py test_commands... They mostly wait for timers, each on
a link of its own; one after the other they would take minutes."""

import concurrent.futures
import importlib
import sys
import time
import unittest

AT_ONCE = 4


def run_one(test):
    result = unittest.TestResult()
    begin = time.monotonic()
    test.run(result)
    return test, result, time.monotonic() - begin


def run_class(tests):
    """[(test, its result, seconds)]; a class that cannot be set up has its own way of saying so."""
    kind = type(tests[0])
    try:
        kind.setUpClass()
    except unittest.SkipTest as reason:
        result = unittest.TestResult()
        result.addSkip(tests[0], str(reason))
        return [(tests[0], result, 0)]
    try:
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(run_one, tests))
    finally:
        kind.tearDownClass()
        kind.doClassCleanups()


def say(test, result, seconds):
    """One line, and what went wrong below it. True: nothing did."""
    skipped = "; ".join(reason for _, reason in result.skipped)
    verdict = "ok" if result.wasSuccessful() else "FAILED"
    print(f"{test.id()} ... {f'skipped: {skipped}' if skipped else verdict} ({seconds:.1f} s)")
    for part, text in (*result.failures, *result.errors):
        print(f"\n{part}\n{text}")
    return result.wasSuccessful()


def main():
    classes = [list(suite) for name in sys.argv[1:]
               for suite in unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(name))
               if suite.countTestCases()]
    verdicts = [say(*done) for tests in classes for done in run_class(tests)]
    print(f"{sum(verdicts)} of {len(verdicts)} tests passed")
    return 0 if verdicts and all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
