#!/bin/sh
# Every .c of the libraries and of the commands has its test_*.c in the folder of the same name, and every test there
# is run. A test may also stand for itself: a real session, several files together.
set -eu
cd "$1"
bad=0

# What is only told from outside: the commands, the program, the session behind them. Each command must be run by name.
end_to_end() { # SOURCE: true when tests/e2e is its test
    case $1 in
    cli/cmd_*.c)
        name=$(basename "$1" .c)
        grep -q "\"${name#cmd_}\"" tests/e2e/test_*.py || { echo "$1: no test in tests/e2e runs it"; bad=1; }
        ;;
    cli/main.c | cli/source.c | cli/source_live.c | cli/source_recording.c | cli/source_dump.c | cli/source_space.c) ;;
    cli/source_watch.c | cli/watch_sweep.c) ;; # test_watch.py
    *) return 1 ;;
    esac
}

for room in kdproto transport walker cli; do
    for source in "$room"/*.c; do
        name=$(basename "$source" .c)
        case $room/$name in transport/*_win) continue ;; esac # compiled by mingw.sh, run nowhere yet
        end_to_end "$source" && continue
        [ -f "tests/$room/test_$name.c" ] || { echo "$source has no tests/$room/test_$name.c"; bad=1; }
    done
    for test in tests/"$room"/test_*.c; do
        name=$(basename "$test" .c)
        grep -qw "${name#test_}" "tests/$room/CMakeLists.txt" || { echo "$test is not run"; bad=1; }
    done
done
exit $bad
