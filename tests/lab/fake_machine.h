/* fake_machine.h - a machine of a few pages behind machine.h, for tests of the target alone. */
#ifndef LAB_FAKE_MACHINE_H
#define LAB_FAKE_MACHINE_H

#include <stdint.h>

#define FAKE_KERNEL_BASE  0xFFFFF80100000000u
#define FAKE_BREAK_PC     0xFFFFF80100010100u /* CC C3 */
#define FAKE_MODULE_PC    0xFFFFF80100010200u /* CC C3 */
#define FAKE_DATA         0xFFFFF80100100000u /* three pages, each byte as fake_byte says */
#define FAKE_DATA_LEN     0x3000u
#define FAKE_PHYSICAL     0x5000u /* one page of fake_byte */
#define FAKE_PHYSICAL_LEN 0x1000u

uint8_t fake_byte(uint64_t at);

#endif
