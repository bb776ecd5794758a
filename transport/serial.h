/* serial.h - a serial port as a stream of libuv's: what libuv lacks. Private to this room.
 *
 * One file per system: serial_posix.c, serial_win.c.
 *
 * Raw, 8 data bits, no parity, one stop bit, no flow control; modem lines are left alone. The port
 * is this process's alone while it is open, and gets its old settings back afterwards.
 *
 * Lifetime  _open to _close; the handle stays the caller's.
 * Errors    Explained in diag: KD_ERR_NOT_FOUND, KD_ERR_BUSY, KD_ERR_USAGE (no serial port),
 *           KD_ERR_UNSUPPORTED (a speed that it cannot do), KD_ERR_IO. */
#ifndef TRANSPORT_SERIAL_H
#define TRANSPORT_SERIAL_H

#include "stream_handle.h"

#include <kdproto/diag.h>

#include <stdbool.h>
#include <stdint.h>

struct kdt_serial;

/* Could it name a serial port of this system? Looks at the text alone. KD_ERR_USAGE, with advice. */
enum kd_status kdt_serial_check_name(const char *name, struct kd_diag *diag);
/* A standard rate that this system knows? KD_ERR_USAGE names those there are. */
enum kd_status kdt_serial_check_baud(uint32_t baud, struct kd_diag *diag);

/* handle is initialised on the loop in any case, and wants uv_close also after a failure. What had
 * arrived before is discarded. */
enum kd_status kdt_serial_open(const char *name, uint32_t baud, uv_loop_t *loop,
                               union kdt_stream_handle *handle, struct kd_diag *diag,
                               struct kdt_serial **out);
/* Just before the handle is closed. NULL is fine. */
void kdt_serial_close(struct kdt_serial *s);

#endif
