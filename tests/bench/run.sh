#!/bin/sh
# Every measurement, one after the other: run.sh BUILD. Compare within one run; machines are noisy.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$1
"$build/bench/bench_link" "$build/bin/kdlab"
"$build/bench/bench_break" "$build/bin/kdlab"
"$build/bench/bench_recording"
python3 "$here/snapshot_reads.py" "$build/bin"
python3 "$here/watch_freezes.py" "$build/bin"
"$build/bin/kdlab" symbols "$build/bench/symbols" >/dev/null
"$build/bench/bench_dump" "$build/bin" "$build/bench/symbols"
python3 "$here/make_pdb.py" "$build/bench/pdb"
pdb=$build/bench/symbols/ntkrnlmp.pdb/616A94E33A4827B451B0E19C14C037921/ntkrnlmp.pdb # of the lab's 18362: a small one
"$build/bin/kdwalk" symbols export "$pdb" -o "$build/bench/export.json" >/dev/null
# The real table of that kernel, where the corpus has it.
isf=$(sed -n 's/^KDWALK_TEST_DATA:PATH=//p' "$build/CMakeCache.txt")/isf/616A94E33A4827B451B0E19C14C03792-1.json.xz
[ -f "$isf" ] || { echo "not measured, for it is not there: $isf" >&2; isf=; }
"$build/bench/bench_symbols" "$build/bench/pdb/ntkrnlmp.pdb" "$pdb" ${isf:+"$isf"} "$build/bench/export.json"
