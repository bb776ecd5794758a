#!/bin/sh
# Every .c of the libraries has its test_*.c in the folder of the same name, and every test there is run.
# A test may also stand for itself: a real session, several files together.
set -eu
cd "$1"
bad=0
for room in kdproto transport walker; do
    for source in "$room"/*.c; do
        name=$(basename "$source" .c)
        case $name in *_win) continue ;; esac # not built here
        [ -f "tests/$room/test_$name.c" ] || { echo "$source has no tests/$room/test_$name.c"; bad=1; }
    done
    for test in tests/"$room"/test_*.c; do
        name=$(basename "$test" .c)
        grep -qw "${name#test_}" "tests/$room/CMakeLists.txt" || { echo "$test is not run"; bad=1; }
    done
done
exit $bad
