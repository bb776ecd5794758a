# libkdwalk: all layers as one library, static and shared, with headers, pkg-config file and CMake package.
set(kd_layers kd_base kdproto transport walker)
set(kd_system_libraries PkgConfig::LIBUV PkgConfig::OPENSSL PkgConfig::PCAP PkgConfig::CURL PkgConfig::JANSSON PkgConfig::LZMA)

foreach(kind STATIC SHARED)
    string(TOLOWER ${kind} suffix)
    set(library kdwalk_${suffix})
    add_library(${library} ${kind})
    add_library(kdwalk::${library} ALIAS ${library})
    foreach(layer ${kd_layers})
        target_sources(${library} PRIVATE $<TARGET_OBJECTS:${layer}>)
        target_include_directories(${library} PUBLIC
            $<BUILD_INTERFACE:$<TARGET_PROPERTY:${layer},INTERFACE_INCLUDE_DIRECTORIES>>)
    endforeach()
    target_include_directories(${library} PUBLIC $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_compile_features(${library} PUBLIC c_std_11)
    set_target_properties(${library} PROPERTIES OUTPUT_NAME kdwalk LINKER_LANGUAGE C)
endforeach()

# A user of the shared library needs none of these; a user of the static one needs them all.
target_link_libraries(kdwalk_shared PRIVATE "$<BUILD_INTERFACE:${kd_system_libraries}>")
target_link_libraries(kdwalk_static PUBLIC "$<BUILD_INTERFACE:${kd_system_libraries}>"
    $<INSTALL_INTERFACE:$<LINK_ONLY:uv>> $<INSTALL_INTERFACE:$<LINK_ONLY:crypto>>
    $<INSTALL_INTERFACE:$<LINK_ONLY:pcap>> $<INSTALL_INTERFACE:$<LINK_ONLY:curl>> $<INSTALL_INTERFACE:$<LINK_ONLY:jansson>>
    $<INSTALL_INTERFACE:$<LINK_ONLY:lzma>>)
set_target_properties(kdwalk_shared PROPERTIES
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
# Only what the headers name leaves the shared library.
target_link_options(kdwalk_shared PRIVATE
    LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/libkdwalk.map LINKER:--no-undefined-version)
set_target_properties(kdwalk_shared PROPERTIES
    LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/libkdwalk.map)

include(CMakePackageConfigHelpers)
install(TARGETS kdwalk_static kdwalk_shared EXPORT kdwalk
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
foreach(layer kdproto transport walker)
    install(DIRECTORY ${PROJECT_SOURCE_DIR}/${layer}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h")
endforeach()
install(EXPORT kdwalk NAMESPACE kdwalk:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/kdwalk
    FILE kdwalkConfig.cmake)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/kdwalkConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
file(RELATIVE_PATH kd_pc_to_include /${CMAKE_INSTALL_LIBDIR}/pkgconfig
    /${CMAKE_INSTALL_INCLUDEDIR})
configure_file(${PROJECT_SOURCE_DIR}/cmake/kdwalk.pc.in ${PROJECT_BINARY_DIR}/kdwalk.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/kdwalkConfigVersion.cmake
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/kdwalk)
install(FILES ${PROJECT_BINARY_DIR}/kdwalk.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
