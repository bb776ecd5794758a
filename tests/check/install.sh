#!/bin/sh
# Install into a scratch folder, then build and run a user's project against it: by CMake package and by pkg-config,
# with the shared and with the static library. Each public header must compile alone.
set -eu
source=$1
build=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cmake --install "$build" --prefix "$scratch/usr" >/dev/null
cp -r "$source/tests/check/consumer" "$scratch/consumer"

flags=$(sed -n 's/^CMAKE_C_FLAGS:STRING=//p' "$build/CMakeCache.txt")
cmake -S "$scratch/consumer" -B "$scratch/by-cmake" -DCMAKE_PREFIX_PATH="$scratch/usr" -DCMAKE_C_FLAGS="$flags" >/dev/null
cmake --build "$scratch/by-cmake" >/dev/null
"$scratch/by-cmake/consumer-shared"
"$scratch/by-cmake/consumer-static"

pc=$(find "$scratch/usr" -name kdwalk.pc -printf '%h\n')
export PKG_CONFIG_PATH="$pc"
# shellcheck disable=SC2046,SC2086 # lists of words
${CC:-cc} $flags "$scratch/consumer/consumer.c" $(pkg-config --cflags --libs kdwalk) -o "$scratch/by-pc"
LD_LIBRARY_PATH="$(dirname "$pc")" "$scratch/by-pc"

find "$scratch/usr/include" -name '*.h' | while read -r header; do
    # shellcheck disable=SC2046
    ${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only $(pkg-config --cflags kdwalk) -x c "$header" ||
        { echo "$header does not stand alone"; exit 1; }
done

for f in bin/kdwalk share/man/man1/kdwalk.1 share/bash-completion/completions/kdwalk; do
    [ -f "$scratch/usr/$f" ] || { echo "$f was not installed"; exit 1; }
done
"$scratch/usr/bin/kdwalk" --version
