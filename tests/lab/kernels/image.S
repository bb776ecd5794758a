/* image.S - the bytes and symbols of one kernel image; NT_HEADER names the kernel.
 *
 * Linked first, so that .text starts at RVA 0x1000. What the linker adds (exports, debug directory) goes
 * to .rdata, which gets one page after .text; all after that is one piece of .data without bytes in the
 * file, as large as SizeOfImage says. So every symbol stands at its real RVA; stamp.py checks that. */
#include NT_HEADER

#define TEXT_START 0x1000
#define DATA_START (NT_TEXT_END + 0x1000)

#define TEXT_SYMBOL(name, rva) .globl name; .set name, text_start + (rva) - TEXT_START;
#define DATA_SYMBOL(name, rva) .globl name; .set name, data_start + (rva) - DATA_START;
#define CODE_AT(rva, ...)      .org (rva) - TEXT_START, 0xcc; .byte __VA_ARGS__;

    .text
text_start:
    NT_CODE_BYTES(CODE_AT)
    .org NT_TEXT_END - TEXT_START, 0xcc

    .bss
data_start:
    .space NT_SIZE_OF_IMAGE - DATA_START

    NT_TEXT_SYMBOLS(TEXT_SYMBOL)
    NT_DATA_SYMBOLS(DATA_SYMBOL)
