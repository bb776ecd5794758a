#include "serial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

struct kdt_serial {
    int fd; /* the handle's, who closes it */
    struct termios before;
};

/* --- speeds --- */

static const struct {
    uint32_t baud;
    speed_t speed;
} rates[] = {
    {110, B110},         {300, B300},     {600, B600},       {1200, B1200},
    {2400, B2400},       {4800, B4800},   {9600, B9600},     {19200, B19200},
    {38400, B38400},     {57600, B57600}, {115200, B115200}, {230400, B230400},
#ifdef B460800 /* the rates above are everywhere; those below are not all of them on each system */
    {460800, B460800},
#endif
#ifdef B500000
    {500000, B500000},
#endif
#ifdef B576000
    {576000, B576000},
#endif
#ifdef B921600
    {921600, B921600},
#endif
#ifdef B1000000
    {1000000, B1000000},
#endif
#ifdef B1152000
    {1152000, B1152000},
#endif
#ifdef B1500000
    {1500000, B1500000},
#endif
#ifdef B2000000
    {2000000, B2000000},
#endif
#ifdef B2500000
    {2500000, B2500000},
#endif
#ifdef B3000000
    {3000000, B3000000},
#endif
#ifdef B3500000
    {3500000, B3500000},
#endif
#ifdef B4000000
    {4000000, B4000000},
#endif
};

enum { RATES = sizeof rates / sizeof *rates };

static bool speed_of(uint32_t baud, speed_t *out)
{
    for (size_t i = 0; i < RATES; i++) {
        if (rates[i].baud == baud) {
            *out = rates[i].speed;
            return true;
        }
    }
    return false;
}

enum kd_status kdt_serial_check_baud(uint32_t baud, struct kd_diag *diag)
{
    char list[RATES * 10] = "";
    size_t len = 0;
    speed_t speed;

    if (speed_of(baud, &speed))
        return KD_OK;
    for (size_t i = 0; i < RATES; i++) {
        const char *separator = i == 0 ? "" : i + 1 < RATES ? ", " : " and ";

        len += (size_t)snprintf(list + len, sizeof list - len, "%s%u", separator,
                                (unsigned)rates[i].baud);
    }
    return kd_diag_set(diag, KD_ERR_USAGE, "baud= wants a standard rate: there are %s", list);
}

/* --- names --- */

enum kd_status kdt_serial_check_name(const char *name, struct kd_diag *diag)
{
    if (strchr(name, '/'))
        return KD_OK;
    return kd_diag_set(diag, KD_ERR_USAGE,
                       "a serial port is named by its device here: com:port=/dev/ttyS0 is what "
                       "other systems call COM1, /dev/ttyUSB0 a first USB adapter");
}

/* --- setting up --- */

/* CLOCAL: carrier detect means nothing to a debugger's cable. HUPCL off: closing would drop DTR,
 * which resets what hangs on some adapters. RTS and DTR are as opening left them. */
static void make_raw(struct termios *t)
{
    t->c_iflag = 0;
    t->c_oflag = 0;
    t->c_lflag = 0;
    t->c_cflag &= ~(tcflag_t)(CSIZE | PARENB | CSTOPB | HUPCL);
#ifdef CRTSCTS
    t->c_cflag &= ~(tcflag_t)CRTSCTS;
#endif
    t->c_cflag |= CS8 | CREAD | CLOCAL;
    t->c_cc[VMIN] = 1;
    t->c_cc[VTIME] = 0;
}

static enum kd_status set_up(int fd, const char *name, uint32_t baud, struct termios *before,
                             struct kd_diag *diag)
{
    struct termios wanted, got;
    speed_t speed;

    if (tcgetattr(fd, before) != 0)
        return kd_diag_set(diag, KD_ERR_IO, "%s: reading its settings: %s", name, strerror(errno));
    if (!speed_of(baud, &speed))
        return kdt_serial_check_baud(baud, diag);
    wanted = *before;
    make_raw(&wanted);
    cfsetispeed(&wanted, speed);
    cfsetospeed(&wanted, speed);
    if (tcsetattr(fd, TCSANOW, &wanted) != 0 || tcgetattr(fd, &got) != 0)
        return kd_diag_set(diag, KD_ERR_IO, "%s: setting it up: %s", name, strerror(errno));
    if (cfgetospeed(&got) != speed) { /* tcsetattr is content when it could do some of it */
        tcsetattr(fd, TCSANOW, before);
        return kd_diag_set(diag, KD_ERR_UNSUPPORTED, "%s cannot do %u baud", name, (unsigned)baud);
    }
    tcflush(fd, TCIFLUSH);
    return KD_OK;
}

static enum kd_status refuse(const char *name, struct kd_diag *diag)
{
    return kd_diag_set(diag, KD_ERR_USAGE,
                       "%s is no serial port; for a unix socket: com:pipe,port=%s", name, name);
}

static bool is_socket(const char *name)
{
    struct stat about;

    return stat(name, &about) == 0 && S_ISSOCK(about.st_mode);
}

static enum kd_status explain_open(int err, const char *name, struct kd_diag *diag)
{
    switch (err) {
    case ENOENT:
    case ENXIO: /* what opening a socket says, too */
    case ENODEV:
        if (is_socket(name))
            return refuse(name, diag);
        return kd_diag_set(diag, KD_ERR_NOT_FOUND,
                           "there is no %s: ls /dev/ttyS* /dev/ttyUSB* /dev/ttyACM* shows the "
                           "serial ports of this machine",
                           name);
    case EACCES:
    case EPERM:
        return kd_diag_set(diag, KD_ERR_IO,
                           "no permission to open %s: its group, mostly dialout, may; join it with "
                           "usermod -aG dialout USER and log in anew",
                           name);
    case EBUSY:
        return kd_diag_set(diag, KD_ERR_BUSY,
                           "%s is in use by another program: a debugger, a terminal or a login "
                           "on it; end that one",
                           name);
    default:
        return kd_diag_set(diag, KD_ERR_IO, "opening %s: %s", name, strerror(err));
    }
}

static bool is_pseudo_terminal(int fd)
{
    static const char folder[] = "/dev/pts/";
    char name[sizeof folder + 16];

    return ttyname_r(fd, name, sizeof name) == 0 && strncmp(name, folder, strlen(folder)) == 0;
}

/* TIOCEXCL keeps others out from now on, but for root; who is in already shows by the lock, where
 * the other one is as careful. It goes with the last of a port's users, but a pseudo-terminal's
 * other end is one: were we killed, a virtual machine's would stay closed to us until its end [seen].
 * There the lock alone must do. */
static int claim(int fd)
{
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? EBUSY : errno;
    return is_pseudo_terminal(fd) || ioctl(fd, TIOCEXCL) == 0 ? 0 : errno;
}

static enum kd_status open_port(const char *name, uint32_t baud, struct kd_diag *diag,
                                struct kdt_serial *s)
{
    enum kd_status st;
    int err;

    s->fd = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (s->fd < 0)
        return explain_open(errno, name, diag);
    if (!isatty(s->fd)) {
        st = refuse(name, diag);
    } else {
        err = claim(s->fd);
        st = err ? explain_open(err, name, diag) : set_up(s->fd, name, baud, &s->before, diag);
    }
    if (st != KD_OK)
        close(s->fd);
    return st;
}

/* No flow control is on, so draining ends after what is queued took its time. */
static void restore(struct kdt_serial *s)
{
    s->before.c_cflag &= ~(tcflag_t)HUPCL; /* as in make_raw: the old settings are in force when
                                              the handle is closed */
    ioctl(s->fd, TIOCNXCL);
    tcsetattr(s->fd, TCSADRAIN, &s->before);
}

enum kd_status kdt_serial_open(const char *name, uint32_t baud, uv_loop_t *loop,
                               union kdt_stream_handle *handle, struct kd_diag *diag,
                               struct kdt_serial **out)
{
    struct kdt_serial *s = calloc(1, sizeof *s);
    enum kd_status st;
    int err;

    uv_pipe_init(loop, &handle->pipe, 0);
    if (!s)
        return kd_diag_set(diag, KD_ERR_NO_MEMORY, "out of memory");
    st = open_port(name, baud, diag, s);
    if (st == KD_OK) {
        err = uv_pipe_open(&handle->pipe, s->fd); /* any stream of bytes, on POSIX */
        if (err) {
            st = kd_diag_set(diag, KD_ERR_IO, "%s: %s", name, uv_strerror(err));
            restore(s);
            close(s->fd);
        }
    }
    if (st != KD_OK) {
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
    restore(s);
    free(s);
}
