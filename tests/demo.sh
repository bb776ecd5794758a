#!/bin/sh
# A first look: the lab plays a Windows machine with KDNET switched on, kdwalk attaches to it over loopback; then the
# same over its serial port.
# usage: demo.sh BIN_FOLDER
set -eu
bin=$1
port=${KDWALK_DEMO_PORT:-50018}
key=8.8.8.8
scratch=$(mktemp -d)
lab=
trap '[ -z "$lab" ] || kill "$lab" 2>/dev/null; wait 2>/dev/null; rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

show() {
    printf '\n$ kdwalk %s\n' "$*"
    KDWALK_KEY=$key "$bin/kdwalk" "$@"
}

play() {
    "$bin/kdlab" serve --kernel 18362 --stats "$scratch/stats.json" "$@" >/dev/null &
    lab=$!
}

fate() {
    kill -TERM "$lab"
    wait "$lab" || true
    lab=
    printf '\nWhat the machine says of it:\n'
    python3 - "$scratch/stats.json" <<'PY'
import json, sys
s = json.load(open(sys.argv[1]))
print("  requests that alter it: %d; left running: %s" % (s["altering"], "yes" if s["left_running"] else "NO"))
PY
}

"$bin/kdlab" symbols "$scratch/symbols" >/dev/null
play --net "127.0.0.1:$port" --key "$key"
echo "A simulated machine with kernel 10.0.18362.535 calls 127.0.0.1:$port every three seconds."

show vertarget -k "net:port=$port,bind=127.0.0.1"
show loggers --stats -k "net:port=$port,bind=127.0.0.1" -y "$scratch/symbols"

fate

printf '\nThe same machine on a serial port, which is a unix socket, on a bad day: three packets of ten are lost.\n'
play --pipe "$scratch/com1" --drop 0.3 --retransmit-ms 20
while [ ! -S "$scratch/com1" ]; do sleep 0.1; done
show lm --stats -k "com:pipe,port=$scratch/com1"
fate
