/* read_back.h - a machine's memory as numbers, for tests: each fails where something cannot be read. */
#ifndef LAB_READ_BACK_H
#define LAB_READ_BACK_H

#include <stddef.h>
#include <stdint.h>

#include "machine.h"

void read_all(const struct lab_machine *m, uint64_t va, void *buf, size_t len);
uint64_t u64(const struct lab_machine *m, uint64_t va);
uint32_t u32(const struct lab_machine *m, uint64_t va);
uint16_t u16(const struct lab_machine *m, uint64_t va);
uint8_t u8(const struct lab_machine *m, uint64_t va);

/* A UNICODE_STRING of ASCII letters. */
void text_at(const struct lab_machine *m, uint64_t va, char *out, size_t size);
/* How many nodes a LIST_ENTRY has, each of which says the same forwards and backwards. */
size_t list_length(const struct lab_machine *m, uint64_t head);

/* What a handle of this table leads to, at one or two levels: bits 4 to 47 of its entry; 0: it is free. */
uint64_t handle_target(const struct lab_machine *m, uint64_t table, uint32_t handle);

#endif
