/* vectors_kd.h - KD packets of real sessions, as they came out of their datagrams.
 *
 * WinDbg with the boot debugger of Windows 10 build 10586 (KDNET version 4, key 8.8.8.8) and with
 * the kernel of Windows 8.1 build 9600 (version 2, key 1.1.1.1): two published captures, each
 * datagram decrypted and its HMAC verified. The first line of each is its packet header. */
#ifndef TESTS_KDPROTO_VECTORS_KD_H
#define TESTS_KDPROTO_VECTORS_KD_H

/* A print of the boot debugger. */
#define V4_PRINT                                                                                   \
    "3030303003002e0000000000df0b0000"                                                             \
    "30320000000000001e000000ff07000042443a20426f6f7420446562756767657220496e69746961"             \
    "6c697a65640a"

/* RESEND of the host. */
#define V5_RESEND "69696969050000000000000000000000"

/* ACKNOWLEDGE of the host. */
#define V6_ACKNOWLEDGE "69696969040000000000000000000000"

/* The boot debugger reports winload.efi. */
#define V7_LOAD_SYMBOLS                                                                            \
    "303030300700fc00020000004c2f0000"                                                             \
    "3130000000000000010000000000000000000000000000008596a700000000000c00000000000000"             \
    "00f0960000000000ffffffffffffffff3f9e140000d017000045aa00000000005445aa0000000000"             \
    "00000000000000008006aa0000000000000000000000000000000000000000000000000000000000"             \
    "a2cac52d992b0000306a1a0000000000686b1a000000000000f09600000000000000000000000000"             \
    "106a1a00000000006593a1000000000000000000000000006327a60000000000f00ffeff00000000"             \
    "00040000000000000600000010000100ccc3cccccccccccccccccccccccccccc1000300030003000"             \
    "77696e6c6f61642e65666900"

/* GetVersion64, with noise in the union. */
#define V8_GET_VERSION                                                                             \
    "303030300200380000000080c0100000"                                                             \
    "46310000ffffffff0301000025000000f0c63f25017f0000e8f5c7d20000000068f6c7d225000000"             \
    "90933a25f77f00000000000000000000"

/* Its reply: build 10586, boot debugger. */
#define V9_VERSION                                                                                 \
    "303030300200380004000000aa090000"                                                             \
    "46310000ffffffff00000000250000000f045a290602020064860c325900000000f0960000000000"             \
    "605ead00000000000000000000000000"

/* ReadVirtualMemory of 16 bytes. */
#define V10_READ                                                                                   \
    "30303030020038000200008088090000"                                                             \
    "30310000250000004e00000000000000605ead000000000010000000f77f0000a601000000000000"             \
    "d0ebc7d22500000011020013fe7f0000"

/* Its reply. */
#define V11_READ_REPLY                                                                             \
    "303030300200480006000000e5110000"                                                             \
    "30310000250000000000000000000000605ead00000000001000000010000000a601000000000000"             \
    "d0ebc7d22500000011020013fe7f0000309ec47b01f8ffff5086c57b01f8ffff"

/* The reply to a read of memory that is not there. */
#define V12_READ_FAILED                                                                            \
    "30303030020038005c000000530b0000"                                                             \
    "3031000069006e00010000c025000000d803000080f7ffff30030000000000006000000000000000"             \
    "0b0000000000000046e8ff9dfe7f0000"

/* A booting target wants a file. */
#define V13_CREATE                                                                                 \
    "303030300b009000720000008a170000"                                                             \
    "30340000000000008900120080000000010000000100000000000000000000000000000000000000"             \
    "0000000000000000188bc57b01f8ffffc1bafe5f000000005c00570069006e0064006f0077007300"             \
    "5c00730079007300740065006d00330032005c0065006e002d00470042005c00770069006e006c00"             \
    "6f00610064002e006500660069002e004d00550049000000"

/* WinDbg's answer. */
#define V14_CREATE_REFUSED                                                                         \
    "303030300b00400070000080020a0000"                                                             \
    "303400000f0000c08900120080000000010000000100000000000000000000000000000000000000"             \
    "0000000000000000188bc57b01f8ffffc1bafe5f00000000"

/* RESET of the host. */
#define V15_RESET "69696969060000006000008000000000"

/* RESET of the target. */
#define V16_RESET "69696969060000006200000000000000"

/* Continue2 after a load-symbols stop. */
#define V17_CONTINUE2                                                                              \
    "30303030020038006e00008024050000"                                                             \
    "3c310000250000000200010000000000020001000000000000040000000000000100000000000000"             \
    "0000000000000000c0b2fb9dfe7f0000"

/* Continue after a farewell. */
#define V18_CONTINUE                                                                               \
    "3030303002003800fc000080d70d0000"                                                             \
    "3631000025000000020001000000000002000100fe7f0000ffffffff0000000080f4c7d225000000"             \
    "9d66fd9dfe7f00000000008000000000"

/* An exception: the answer to a break-in, Windows 8.1. */
#define V20_BREAK_IN                                                                               \
    "303030300700f000260900008e2f0000"                                                             \
    "30300000060000000100000000000000005af66b02f8ffff902bd76b02f8ffff0300008000000000"             \
    "0000000000000000902bd76b02f8ffff010000000000000000000000000000000000000000000000"             \
    "70d96e6d02f8ffff0000000000000000000000000000000000000000000000000000000000000000"             \
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"             \
    "70d96e6d02f8ffff15d4c904a93fc1c283e6b364c84d3d090100000001f8fffff00fffff00000000"             \
    "00040000000000000202000010000300ccc3cccccccccccc0f1f84000000000010002b002b005300"

/* RESET of the host, first contact. */
#define V21_RESET "69696969060000000000008000000000"

/* RESET of the target, answering it. */
#define V22_RESET "69696969060000002609000000000000"

/* The reply to GetVersion64: build 9600, NT kernel. */
#define V23_VERSION                                                                                \
    "3030303002003800280900001e120000"                                                             \
    "463100000000000000000000000000000f0080250602070064860c03310000000080c16b02f8ffff"             \
    "d022ee6b02f8fffff091ef6b02f8ffff"

#endif
