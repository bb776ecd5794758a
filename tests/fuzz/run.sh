#!/bin/sh
# Runs every fuzz target for a while: run.sh BUILD [SECONDS [TARGET...]]. What it finds stays in BUILD/found.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$1
seconds=${2:-60}
shift
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- $(cd "$build/fuzz" && ls)
mkdir -p "$build/found"
for target in "$@"; do
    name=$(basename "$target")
    corpus=$build/corpus/$name
    mkdir -p "$corpus" "$here/seeds/$name"
    printf '%s: %s s\n' "$name" "$seconds"
    "$build/fuzz/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$build/found/$name-" "$corpus" "$here/seeds/$name" >"$build/found/$name.log" 2>&1 || {
        tail -n 40 "$build/found/$name.log"
        echo "$name: FAILED, input kept in $build/found"
        exit 1
    }
    grep -E 'stat::(number_of_executed_units|peak_rss_mb)' "$build/found/$name.log" | sed 's/^stat::/  /'
done
