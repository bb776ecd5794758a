# transport for Windows, compiled and never linked: libuv, OpenSSL, libcurl and libpcap are not there for mingw-w64, but libuv's headers
# are the same on every system. Left out is what includes the other three, and what is POSIX by name.
find_path(uv_include uv.h NO_CMAKE_FIND_ROOT_PATH)
if(NOT uv_include)
    message(WARNING "no uv.h: transport is not compiled for Windows")
    return()
endif()
# The headers alone, without the rest of this system's /usr/include beside them.
set(uv_headers ${PROJECT_BINARY_DIR}/uv_headers)
file(COPY ${uv_include}/uv.h ${uv_include}/uv DESTINATION ${uv_headers})

file(GLOB transport_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/transport/*.c)
list(FILTER transport_sources EXCLUDE REGEX "/(crypto_openssl|capture_file|fetch|packet_headers|recorder|[a-z_]*_posix)\\.c$")
add_library(transport_win OBJECT ${transport_sources})
target_include_directories(transport_win PRIVATE ${PROJECT_SOURCE_DIR}/transport/include)
target_include_directories(transport_win SYSTEM PRIVATE ${uv_headers})
target_compile_definitions(transport_win PRIVATE _WIN32_WINNT=0x0A00) # Windows 10
target_link_libraries(transport_win PRIVATE kdproto kd_base kd_warnings)
