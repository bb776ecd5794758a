# Run by CTest: which files include a library is part of the design, and a stray include would build.
# cmake -DROOT=... -DHEADER=openssl/ -DALLOWED=transport/crypto_openssl.c -P only_here.cmake
file(GLOB_RECURSE sources RELATIVE ${ROOT}
    ${ROOT}/kdproto/*.[ch] ${ROOT}/transport/*.[ch] ${ROOT}/walker/*.[ch] ${ROOT}/cli/*.[ch])
set(found FALSE)
foreach(source IN LISTS sources)
    file(STRINGS ${ROOT}/${source} includes REGEX "^[ \t]*#[ \t]*include[ \t]*[<\"]${HEADER}")
    if(NOT includes)
        continue()
    elseif(source MATCHES "^(${ALLOWED})$")
        set(found TRUE)
    else()
        message(SEND_ERROR "${source} includes ${HEADER}: only ${ALLOWED} may")
    endif()
endforeach()
if(NOT found)
    message(SEND_ERROR "nothing includes ${HEADER}: this check looks for the wrong thing")
endif()
