/* Untested: compiled with mingw-w64, never run on Windows.
 *
 * libuv reads no COM ports there, so two threads carry the bytes between the port and a pair of
 * sockets, of which libuv gets the one end:
 *
 *     port --ReadFile--> reader --send--> far  ==  near --> libuv
 *     port <-WriteFile-- writer <-recv--- far  ==  near <-- libuv */
#include "serial.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BAUD_MIN = 110,
    BAUD_MAX = 4000000,
    BUFFER_LEN = 4096,
    READ_MS = 100,   /* so often the reader looks whether it is to end */
    WRITE_MS = 2000, /* for what a driver refuses to send for ever */
};

struct kdt_serial {
    HANDLE port;
    DCB before;
    uv_os_sock_t near_end, far_end; /* the near one is libuv's, who closes it */
    uv_thread_t reader, writer;
    atomic_bool is_ending;
};

/* --- names and speeds --- */

enum kd_status kdt_serial_check_name(const char *name, struct kd_diag *diag)
{
    if (_strnicmp(name, "com", 3) == 0 && name[3] &&
        strspn(name + 3, "0123456789") == strlen(name + 3))
        return KD_OK;
    if (strncmp(name, "\\\\.\\", 4) == 0 && name[4])
        return KD_OK;
    return kd_diag_set(diag, KD_ERR_USAGE, "a serial port is named like COM3 here: com:port=COM3");
}

enum kd_status kdt_serial_check_baud(uint32_t baud, struct kd_diag *diag)
{
    if (baud >= BAUD_MIN && baud <= BAUD_MAX)
        return KD_OK; /* which of these a port can do, its driver knows */
    return kd_diag_set(diag, KD_ERR_USAGE, "baud= wants a rate between %d and %d, such as 115200",
                       BAUD_MIN, BAUD_MAX);
}

/* --- the threads --- */

/* One overlapped operation, waited for: the port is read and written at the same time, which
 * Windows does for overlapped handles only. */
static bool transfer(HANDLE port, bool is_read, char *buf, DWORD len, DWORD *done)
{
    OVERLAPPED o = {0};
    BOOL ok;

    o.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
    if (!o.hEvent)
        return false;
    ok = is_read ? ReadFile(port, buf, len, NULL, &o) : WriteFile(port, buf, len, NULL, &o);
    if (ok || GetLastError() == ERROR_IO_PENDING)
        ok = GetOverlappedResult(port, &o, done, TRUE);
    CloseHandle(o.hEvent);
    return ok != 0;
}

static bool send_all(uv_os_sock_t to, const char *buf, int len)
{
    while (len > 0) {
        int done = send(to, buf, len, 0);

        if (done <= 0)
            return false;
        buf += done;
        len -= done;
    }
    return true;
}

static void read_port(void *arg)
{
    struct kdt_serial *s = arg;
    char buf[BUFFER_LEN];
    DWORD len = 0;

    while (!atomic_load(&s->is_ending) && transfer(s->port, true, buf, sizeof buf, &len))
        if (!send_all(s->far_end, buf, (int)len))
            break;
    shutdown(s->far_end, SD_SEND); /* libuv reads the end, then: the line is gone */
}

static void write_port(void *arg)
{
    struct kdt_serial *s = arg;
    char buf[BUFFER_LEN];
    int len;

    while ((len = recv(s->far_end, buf, sizeof buf, 0)) > 0) {
        DWORD sent = 0;

        for (DWORD at = 0; at < (DWORD)len; at += sent)
            if (!transfer(s->port, false, buf + at, (DWORD)len - at, &sent) || sent == 0)
                return;
    }
}

/* --- setting up --- */

static enum kd_status explain_open(const char *name, struct kd_diag *diag)
{
    DWORD err = GetLastError();

    switch (err) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
        return kd_diag_set(diag, KD_ERR_NOT_FOUND,
                           "there is no %s: the device manager shows the ports of this machine",
                           name);
    case ERROR_ACCESS_DENIED:
    case ERROR_SHARING_VIOLATION:
        return kd_diag_set(diag, KD_ERR_BUSY, "%s is in use by another program; end that one",
                           name);
    default:
        return kd_diag_set(diag, KD_ERR_IO, "opening %s: error %lu", name, err);
    }
}

static enum kd_status set_up(struct kdt_serial *s, const char *name, uint32_t baud,
                             struct kd_diag *diag)
{
    /* A read ends with the first bytes there are, or after READ_MS. */
    COMMTIMEOUTS timeouts = {.ReadIntervalTimeout = MAXDWORD,
                             .ReadTotalTimeoutMultiplier = MAXDWORD,
                             .ReadTotalTimeoutConstant = READ_MS,
                             .WriteTotalTimeoutConstant = WRITE_MS};
    DCB wanted;

    s->before.DCBlength = sizeof s->before;
    if (!GetCommState(s->port, &s->before))
        return kd_diag_set(diag, KD_ERR_USAGE, "%s is no serial port", name);
    wanted = s->before;
    wanted.BaudRate = baud;
    wanted.ByteSize = 8;
    wanted.Parity = NOPARITY;
    wanted.StopBits = ONESTOPBIT;
    wanted.fBinary = TRUE;
    wanted.fParity = wanted.fErrorChar = wanted.fNull = wanted.fAbortOnError = FALSE;
    wanted.fOutxCtsFlow = wanted.fOutxDsrFlow = wanted.fDsrSensitivity = FALSE;
    wanted.fOutX = wanted.fInX = FALSE;
    if (!SetCommState(s->port, &wanted))
        return kd_diag_set(diag, KD_ERR_UNSUPPORTED, "%s cannot do %u baud", name, (unsigned)baud);
    if (!SetCommTimeouts(s->port, &timeouts))
        return kd_diag_set(diag, KD_ERR_IO, "%s: setting it up: error %lu", name, GetLastError());
    PurgeComm(s->port, PURGE_RXABORT | PURGE_RXCLEAR);
    return KD_OK;
}

static enum kd_status open_port(struct kdt_serial *s, const char *name, uint32_t baud,
                                struct kd_diag *diag)
{
    char path[300];
    enum kd_status st;

    snprintf(path, sizeof path, "%s%s", name[0] == '\\' ? "" : "\\\\.\\", name);
    s->port = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                          FILE_FLAG_OVERLAPPED, NULL);
    if (s->port == INVALID_HANDLE_VALUE)
        return explain_open(name, diag);
    st = set_up(s, name, baud, diag);
    if (st != KD_OK)
        CloseHandle(s->port);
    return st;
}

static void close_port(struct kdt_serial *s)
{
    SetCommState(s->port, &s->before);
    CloseHandle(s->port);
}

/* From here on the handle owns the near end. */
static int connect_ends(struct kdt_serial *s, uv_tcp_t *tcp)
{
    uv_os_sock_t ends[2];
    int err = uv_socketpair(SOCK_STREAM, 0, ends, 0, 0);

    if (err)
        return err;
    err = uv_tcp_open(tcp, ends[0]);
    if (err) {
        closesocket(ends[0]);
        closesocket(ends[1]);
        return err;
    }
    s->near_end = ends[0];
    s->far_end = ends[1];
    return 0;
}

/* What libuv has written still goes out: the writer ends when it has read the end of it. */
static void end_writer(struct kdt_serial *s)
{
    shutdown(s->near_end, SD_SEND);
    uv_thread_join(&s->writer);
}

static enum kd_status start_threads(struct kdt_serial *s)
{
    if (uv_thread_create(&s->writer, write_port, s) != 0)
        return KD_ERR_NO_MEMORY;
    if (uv_thread_create(&s->reader, read_port, s) != 0) {
        end_writer(s);
        return KD_ERR_NO_MEMORY;
    }
    return KD_OK;
}

enum kd_status kdt_serial_open(const char *name, uint32_t baud, uv_loop_t *loop,
                               union kdt_stream_handle *handle, struct kd_diag *diag,
                               struct kdt_serial **out)
{
    struct kdt_serial *s = calloc(1, sizeof *s);
    enum kd_status st;
    int err;

    uv_tcp_init(loop, &handle->tcp);
    if (!s)
        return kd_diag_set(diag, KD_ERR_NO_MEMORY, "out of memory");
    atomic_init(&s->is_ending, false);
    st = open_port(s, name, baud, diag);
    if (st != KD_OK) {
        free(s);
        return st;
    }
    err = connect_ends(s, &handle->tcp);
    st = err ? KD_ERR_IO : start_threads(s);
    if (st != KD_OK) {
        kd_diag_set(diag, st, "%s: %s", name, err ? uv_strerror(err) : kd_status_text(st));
        if (!err)
            closesocket(s->far_end);
        close_port(s);
        free(s);
        return st;
    }
    *out = s;
    return KD_OK;
}

void kdt_serial_close(struct kdt_serial *s)
{
    if (!s)
        return;
    end_writer(s);
    atomic_store(&s->is_ending, true);
    shutdown(s->far_end, SD_BOTH); /* the reader may be waiting for somebody to read */
    uv_thread_join(&s->reader);
    closesocket(s->far_end);
    close_port(s);
    free(s);
}
