# Ours, never a user's: linked PRIVATE and only inside the build tree.
add_library(kd_warnings INTERFACE)
option(KDWALK_WERROR "Treat warnings as errors" OFF)
if(CMAKE_C_COMPILER_ID MATCHES "GNU|Clang")
    target_compile_options(kd_warnings INTERFACE
        -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
        -Wpointer-arith -Wwrite-strings -Wcast-qual -Wundef
        $<$<BOOL:${KDWALK_WERROR}>:-Werror>)
endif()
