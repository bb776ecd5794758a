"""Forged, replayed, cut and bit-flipped datagrams, many around each real one: none is accepted, the walk is unharmed."""

import runs

RUN_S = 600


def run(options):
    run = runs.Run(f"./dev soak forge --forged {options.forged}")
    with run.scene("net", ["--forge", options.forged, "--seed", options.first_seed]) as scene:
        result = run.walk(scene, ["-v"], RUN_S, want=runs.reference("-v"))
    if run.stats and result:
        check(run, result, options.forged)
    return runs.verdict("forge", 1, [run] if run.wrong else [])


def check(run, result, wanted):
    sent = run.stats["forged"]
    refused = result.count(r"not accepted +(\d+) of")
    received = result.count(r"not accepted +\d+ of (\d+) datagrams")
    accepted, real = received - refused, run.stats["link"]["datagrams_sent"]
    print(f"forge: {sent} forged datagrams sent, {received} datagrams received, {refused} of them not accepted, "
          f"{accepted} accepted; the target sent {real}")
    if sent < wanted:
        run.blame(f"the walk ended before {wanted} were sent", result.err)
    if accepted > real:
        run.blame("accepted", result.err)
    if received < sent / 2:
        run.blame("most of them were never looked at", result.err)
