#!/bin/sh
# The walls of the house: who may include whom, and which library stays in which file.
set -eu
cd "$1"
bad=0
complain() { # what; stdin: offending lines
    lines=$(cat)
    [ -z "$lines" ] || { printf '%s:\n%s\n' "$1" "$lines"; bad=1; }
}
includes() { # pattern folder...
    pattern=$1; shift
    grep -rnE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($pattern)" "$@" --include='*.c' --include='*.h' || true
}

includes '(transport|walker)/|uv\.h|openssl/|pcap|jansson' kdproto | complain 'kdproto knows nothing but libc'
includes '(walker)/|jansson' transport | complain 'transport knows kdproto only'
includes 'transport/|uv\.h|openssl/|pcap' walker | complain 'walker knows neither sessions nor networks'
includes 'jansson|lzma|zlib|bzlib' kdproto transport walker | grep -vE '^walker/(isf_(text\.h|write\.c):.*jansson|unxz\.c:.*lzma)' |
    complain 'in the libraries jansson stays in isf_text.h (for isf_text.c and isf_json.c) and isf_write.c, liblzma in unxz.c'
includes 'kdproto/' walker | grep -vE '<kdproto/(status|diag|bytes)\.h>' | complain 'walker may use kd_base of kdproto only'
includes 'openssl/' transport cli | grep -v '^transport/crypto_openssl\.c:' | complain 'OpenSSL stays in crypto_openssl.c'
includes 'pcap' transport cli | grep -vE '^transport/(capture_file|packet_headers|recorder)\.c:|^transport/capture_stream\.h:' |
    complain 'libpcap stays in capture_file.c, packet_headers.c and recorder.c'
includes 'curl/' kdproto walker transport cli | grep -v '^transport/fetch\.c:' | complain 'libcurl stays in fetch.c'
includes 'uv\.h|openssl/|pcap' cli | complain 'cli reaches the network through transport'
grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*<(kdproto|transport|walker)/' tests/lab --include='*.c' --include='*.h' |
    grep -v '^tests/lab/kdlab_replay\.c:.*<transport/replay\.h>' |
    complain 'the lab shares no code with what it tests, but plays recordings' || true
includes 'unistd\.h|fcntl\.h|sys/|netinet/|arpa/|dirent\.h' kdproto walker transport |
    grep -vE '^[a-z]+/[a-z_]*_(posix|win)\.c:' | complain 'operating systems differ by file'
grep -rnE '^[[:space:]]*#[[:space:]]*if(n?def|[[:space:]]).*(_WIN32|__linux__|__unix__|__APPLE__)' kdproto walker transport cli \
    --include='*.c' --include='*.h' | complain 'operating systems differ by file, not by #ifdef' || true
exit $bad
