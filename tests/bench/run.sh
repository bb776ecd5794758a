#!/bin/sh
# Every measurement, one after the other: run.sh BUILD. Compare within one run; machines are noisy.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$1
"$build/bench/bench_link" "$build/bin/kdlab"
"$build/bench/bench_recording"
python3 "$here/make_pdb.py" "$build/bench/pdb"
"$build/bench/bench_pdb" "$build/bench/pdb/ntkrnlmp.pdb"
