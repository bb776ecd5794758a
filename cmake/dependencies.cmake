# Debian 12 ships libuv, jansson and libpcap without CMake packages, so pkg-config finds them all.
find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBUV REQUIRED IMPORTED_TARGET libuv>=1.40)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET libcrypto>=3.0)
pkg_check_modules(PCAP REQUIRED IMPORTED_TARGET libpcap>=1.9)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl>=7.85)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.12)
pkg_check_modules(LZMA REQUIRED IMPORTED_TARGET liblzma>=5.2)
