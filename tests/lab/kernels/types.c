/* types.c - one kernel's types, for the debug information of its image; NT_HEADER names the kernel. */
#include NT_HEADER

static const struct nt_types *const nt_types __attribute__((used)) = 0;
