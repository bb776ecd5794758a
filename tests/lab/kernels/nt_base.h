/* nt_base.h - the words that the kernels' headers are written in.
 *
 * Read by two compilers: for Windows, where the debug information is to say `unsigned long` as a real
 * kernel's does, and for the host that fills the structs; both must lay them out alike. */
#ifndef LAB_NT_BASE_H
#define LAB_NT_BASE_H

#ifndef __ASSEMBLER__
#include <stddef.h>

#ifdef _WIN32
typedef unsigned char U1B;
typedef unsigned short U2B;
typedef unsigned long U4B;
typedef unsigned long long U8B;
typedef char I1B;
typedef short I2B;
typedef long I4B;
typedef long long I8B;
typedef __wchar_t WCH;
#else
#include <stdint.h>
typedef uint8_t U1B;
typedef uint16_t U2B;
typedef uint32_t U4B;
typedef uint64_t U8B;
typedef int8_t I1B;
typedef int16_t I2B;
typedef int32_t I4B;
typedef int64_t I8B;
typedef uint16_t WCH;
#endif
typedef void (*NT_FUNCTION)(void);

/* Gaps between the fields that are known: unnamed bit fields, which debug information does not show. */
/* clang-format off */
#define NT_SKIP_1    U1B : 8;
#define NT_SKIP_2    U2B : 16;
#define NT_SKIP_4    U4B : 32;
#define NT_SKIP_8    U8B : 64;
#define NT_SKIP_10   NT_SKIP_8 NT_SKIP_8
#define NT_SKIP_20   NT_SKIP_10 NT_SKIP_10
#define NT_SKIP_40   NT_SKIP_20 NT_SKIP_20
#define NT_SKIP_80   NT_SKIP_40 NT_SKIP_40
#define NT_SKIP_100  NT_SKIP_80 NT_SKIP_80
#define NT_SKIP_200  NT_SKIP_100 NT_SKIP_100
#define NT_SKIP_400  NT_SKIP_200 NT_SKIP_200
#define NT_SKIP_800  NT_SKIP_400 NT_SKIP_400
#define NT_SKIP_1000 NT_SKIP_800 NT_SKIP_800
#define NT_SKIP_2000 NT_SKIP_1000 NT_SKIP_1000
#define NT_SKIP_4000 NT_SKIP_2000 NT_SKIP_2000
/* clang-format on */

#define NT_SIZE(type, size) _Static_assert(sizeof(type) == (size), "size of " #type)
#define NT_OFFSET(type, field, at)                                                                 \
    _Static_assert(offsetof(type, field) == (at), "offset of " #field " in " #type)

/* NT_RVA_<name> for every symbol; 0 for those that this kernel does not have. */
#define NT_RVA_OF(name, rva) NT_RVA_##name = (rva),
#define NT_SYMBOLS(text, data, missing)                                                            \
    enum nt_rva { text(NT_RVA_OF) data(NT_RVA_OF) missing(NT_RVA_OF) NT_RVA_NONE = 0 };

#endif
#endif
