"""Something happens to kdwalk at a random moment of a walk: kill -9, or a signal that asks it to stop."""

import random
import signal
import time

import runs

# A walk over a fast link is done within milliseconds. With 2 ms for each way it takes a third of a second, and the
# moments are spread over all of it: start, attaching, halting, walking, leaving, printing.
SLOW = ["--delay", 2]
LATEST_S = 1.2
STOP_S = 2.5
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def jobs(options):
    return [(options.links[i % len(options.links)], options.first_seed + i) for i in range(options.moments)]


def killed(job):
    """After kill -9 the target stands there, perhaps in the middle of a packet. The next one attaches to it."""
    link, seed = job
    dice = random.Random(seed)
    run = runs.Run(f"./dev soak kill --links {link} --first-seed {seed} --moments 1")
    with run.scene(link, [*SLOW, "--seed", seed]) as scene:
        process = scene.start("loggers", "-v", "-y", runs.store())
        time.sleep(dice.uniform(0, LATEST_S))
        process.kill()
        process.communicate()
        run.walk(scene)
    return run


def signalled(job):
    link, seed = job
    dice = random.Random(seed)
    run = runs.Run(f"./dev soak signals --links {link} --first-seed {seed} --moments 1")
    with run.scene(link, [*SLOW, "--seed", seed]) as scene:
        process = scene.start("loggers", "-v", "--stats", "-y", runs.store())
        time.sleep(dice.uniform(0, LATEST_S))
        number = dice.choice(SIGNALS)
        begin = time.monotonic()
        process.send_signal(number)
        result = run.finish(process, runs.RUN_S)
        if time.monotonic() - begin > STOP_S:
            run.blame("slow to stop", result.err if result else "")
        run.take_leave(scene, result)
        # So early that it was not even asked for: the process is not ours yet, and ends as any other.
        is_early = result and result.status == -number and not run.stats["link"]["break_ins"]
        if result and result.status not in (0, 2) and not is_early:
            run.blame(f"status {result.status}", result.err)
    return run


def verdict(name, one, options):
    done = [run for _, run in runs.each(one, jobs(options), options.jobs, name)]
    return runs.verdict(name, len(done), [run for run in done if run.wrong])


def run_kill(options):
    return verdict("kill", killed, options)


def run_signals(options):
    return verdict("signals", signalled, options)
