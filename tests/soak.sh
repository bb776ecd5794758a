#!/bin/sh
# What takes long: soak.sh BIN_FOLDER [PART]. A small sample of each part is in the ordinary run.
set -eu
bin=$1
part=${2:-all}
here=$(cd "$(dirname "$0")" && pwd)

case $part in
signals | all)
    echo "signals: 500 random moments"
    cd "$here/e2e"
    KDWALK_BIN=$bin KDWALK_TEST_DATA=/nonexistent KDWALK_SIGNAL_MOMENTS=500 \
        python3 -m unittest -v test_failures.Signals
    ;;
*)
    echo "soak: there is no part '$part'; parts: signals" >&2
    exit 2
    ;;
esac
