#!/usr/bin/env python3
"""What takes long: soak.py [PART...] [OPTION...]

  matrix      each fault alone and all together, over each link, 100 seeds each
  kill        kill -9 at 200 random moments of a walk; the next kdwalk finds the target halted
  signals     SIGINT, SIGTERM or SIGHUP at 500 random moments
  forge       a million forged datagrams around a walk
  breaks      a session that stays attached: 10,000 breaks on each link, ten minutes at ten a second, bad links
  watch       kdwalk watch, ten minutes at ten samples a second: nothing grows, nothing is invented
  sim         a thousand runs of each case of tests/sim, in simulated time
  recordings  two thousand damaged copies of captures/
  dumps       two thousand damaged dumps and images, of every type
  shapes      a thousand machines of random shape: what is found of them, and check; clean, in the middle of
              changes, with pages out
  hostile     a hundred thousand kernels whose memory is mutated, walked and shown in every way

No part: all of them. The ordinary test run takes a small sample of each. Needs KDWALK_BIN and KDWALK_TEST_DATA.
"""

import argparse
import sys

import breaks
import dumps
import forge
import hostile
import matrix
import moments
import recordings
import shapes
import simulated
import watches
from runs import kd

PARTS = {"matrix": matrix.run, "kill": moments.run_kill, "signals": moments.run_signals, "forge": forge.run,
         "sim": simulated.run, "recordings": recordings.run, "dumps": dumps.run,
         "breaks": breaks.run, "watch": watches.run, "shapes": shapes.run, "hostile": hostile.run}
MOMENTS = {"kill": 200, "signals": 500}


def one_of(known):
    def parse(word):
        if word not in known:
            raise argparse.ArgumentTypeError(f"'{word}' is none of {', '.join(known)}")
        return word
    return parse


def list_of(known):
    return lambda text: [one_of(known)(word) for word in text.split(",")]


def count(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1 is wanted")
    return number


def parse_options():
    parser = argparse.ArgumentParser(prog="./dev soak", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", metavar="PART", nargs="*", type=one_of(PARTS), help=", ".join(PARTS))
    parser.add_argument("--links", type=list_of(kd.LINKS), default=list(kd.LINKS), help=",".join(kd.LINKS))
    parser.add_argument("--faults", type=list_of(matrix.CELLS), default=list(matrix.CELLS),
                        help=f"of the matrix and of breaks: {','.join(matrix.CELLS)}")
    parser.add_argument("--seeds", type=count, default=100, help="of the matrix: runs for each cell; of breaks, ten at the most")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--moments", type=count, help="of kill (200) and of signals (500)")
    parser.add_argument("--forged", type=count, default=1000000, help="datagrams")
    parser.add_argument("--breaks", type=count, default=10000, help="on each quiet link; a hundredth of that with each fault")
    parser.add_argument("--stay", type=int, default=600, help="of breaks and watch: so many seconds at ten a second")
    parser.add_argument("--sim-seeds", type=count, default=1000, help="of sim: runs of each case")
    parser.add_argument("--damaged", type=count, default=2000, help="copies of recordings, and of dumps")
    parser.add_argument("--shapes", type=count, default=1000, help="machines")
    parser.add_argument("--mutations", type=count, default=100000, help="of hostile: kernels, mutated each")
    parser.add_argument("--jobs", type=count, default=32, help="runs at once (default 32)")
    return parser.parse_args()


def main():
    options = parse_options()
    asked = options.moments
    right = True
    for part in options.parts or PARTS:
        options.moments = asked or MOMENTS.get(part)
        right = PARTS[part](options) and right
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
