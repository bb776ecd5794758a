#!/bin/sh
# The libraries on Windows: mingw-w64 builds kdproto and walker with libc alone, Wine runs their unit tests. transport is
# compiled only. By hand: tests/check/mingw.sh . [BUILD_FOLDER [TEST_DATA]]
#
# Exit status 77, which CTest reports as skipped, where something cannot be had; the message says what was not done.
set -eu
source=$(realpath "$1")
build=$(realpath -m "${2:-build/mingw}")
data=${3:-$source/../shared}
mkdir -p "$build"

skip() { echo "check.mingw SKIPPED: $*"; exit 77; }

# Debian has no Windows build of cmocka. Its source is on the mirror that the package is from; the sum is in Debian's signed
# index, and written down here it holds for any mirror. Fetched once for a build folder.
cmocka="cmocka-1.1.5"
cmocka_sha256=f0ccd8242d55e2fd74b16ba518359151f6f8383ff8aef4976e48393f77bba8b6
fetch_cmocka() {
    [ ! -d "$build/$cmocka" ] || return 0
    folder=$(apt-get download --print-uris libcmocka-dev 2>/dev/null | sed -n "1s/^'\(.*\/\)[^/]*'.*/\1/p")
    /usr/lib/apt/apt-helper -o Acquire::http::Timeout=20 -o Acquire::Retries=1 download-file \
        "${folder:-http://deb.debian.org/debian/pool/main/c/cmocka/}cmocka_1.1.5.orig.tar.xz" \
        "$build/cmocka.tar.xz" "SHA256:$cmocka_sha256" >"$build/fetch.log" 2>&1 || return 1
    mkdir -p "$build/unpacking"
    tar -xf "$build/cmocka.tar.xz" -C "$build/unpacking"
    mv "$build/unpacking/$cmocka" "$build/" # whole, or not there
}

compile() { # cmake arguments
    (cd "$source" && cmake --preset mingw -B "$build" -DKDWALK_TEST_DATA="$data" "$@") >"$build/configure.log" 2>&1 ||
        { cat "$build/configure.log"; exit 1; }
    cmake --build "$build" --parallel "$(nproc)" -- --quiet
}

# A prefix by hand: Wine's own way copies all of its DLLs, 700 MB, and starts services that no test needs. In the mode in
# which it makes prefixes it finds its DLLs where they are installed.
prepare_wine() {
    export WINEPREFIX="$build/wine" WINEBOOTSTRAPMODE=1 WINEDEBUG=-all
    unset DISPLAY WAYLAND_DISPLAY
    rm -rf "$WINEPREFIX"
    mkdir -p "$WINEPREFIX/dosdevices" "$WINEPREFIX/drive_c/windows"
    ln -sfn ../drive_c "$WINEPREFIX/dosdevices/c:"
    ln -sfn / "$WINEPREFIX/dosdevices/z:"
    echo disable >"$WINEPREFIX/.update-timestamp"
    trap 'wineserver -k >/dev/null 2>&1 || true' EXIT
    wine "$build/tests/kdproto.test_status.exe" 2>/dev/null | grep -q '^\[=====' ||
        skip "all is built, but Wine starts no program here: no unit test was run"
}

command -v x86_64-w64-mingw32-gcc >/dev/null || skip "no x86_64-w64-mingw32-gcc (gcc-mingw-w64-x86-64): nothing was built"
if ! fetch_cmocka; then
    compile -DKDWALK_TESTS=OFF
    skip "the libraries are built, but the source of cmocka could not be fetched ($(grep -m 1 "^E:" "$build/fetch.log")): no unit test was run"
fi
compile -DKDWALK_TESTS=ON -DKDWALK_CMOCKA_SOURCE="$build/$cmocka"
command -v wine >/dev/null || skip "all is built, but there is no wine: no unit test was run"

prepare_wine
ctest --test-dir "$build" --parallel "$(nproc)" --output-on-failure >"$build/ctest.log" 2>&1 ||
    { grep -vE '^ +Start +[0-9]|Passed  ' "$build/ctest.log"; exit 1; }
# Windows removes no file that is open: what a test could not remove, somebody forgot to close.
left=$(find "$WINEPREFIX/drive_c" -name 'kdwalk-test-*' -prune)
[ -z "$left" ] || { echo "a test left its folder, with a file in it still open: $left"; exit 1; }
echo "compiled for Windows: kdproto, walker, $(find "$build/CMakeFiles/transport_win.dir" -name '*.obj' | wc -l) files of transport"
echo "under $(wine --version): $(sed -n 's/^\(.* tests passed.*\)$/\1/p' "$build/ctest.log")"
