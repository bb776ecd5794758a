# kd_cmocka: what unit tests are linked with. The system's package, or for another system its source, one C file.
set(KDWALK_CMOCKA_SOURCE "" CACHE PATH "Unpacked source of cmocka, where pkg-config does not know it")
add_library(kd_cmocka INTERFACE)
if(KDWALK_CMOCKA_SOURCE)
    add_library(cmocka_from_source STATIC ${KDWALK_CMOCKA_SOURCE}/src/cmocka.c)
    target_include_directories(cmocka_from_source SYSTEM PUBLIC ${KDWALK_CMOCKA_SOURCE}/include)
    # Its ConfigureChecks.cmake would ask the compiler for 40 things; these are what cmocka.c makes use of.
    target_compile_definitions(cmocka_from_source PRIVATE
        HAVE_MALLOC_H HAVE_INTTYPES_H HAVE_SIGNAL_H HAVE_GCC_THREAD_LOCAL_STORAGE)
    target_compile_options(cmocka_from_source PRIVATE -w) # not ours to tidy
    target_link_libraries(kd_cmocka INTERFACE cmocka_from_source)
else()
    pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
    target_link_libraries(kd_cmocka INTERFACE PkgConfig::CMOCKA)
endif()
