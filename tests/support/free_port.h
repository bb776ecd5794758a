/* free_port.h - a UDP port that nobody listens on.
 *
 * Asked of the system and given back at once, so another process could take it in between; the
 * system hands out others first. */
#ifndef TESTS_SUPPORT_FREE_PORT_H
#define TESTS_SUPPORT_FREE_PORT_H

#include <stdint.h>

uint16_t free_port(void); /* 0: none to be had */

#endif
