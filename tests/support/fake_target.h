/* fake_target.h - a scripted target in a thread of its own, for tests of the host.
 *
 * Over KDNET it pokes 127.0.0.1 and shakes hands, over a unix socket it listens or connects; it halts when asked, and answers what a read-only host asks, with
 * the packets of kdproto; what it does wrong is chosen by its options. It is a peer for unit tests
 * and shares kdproto's reading of the wire: the lab is the machine that does not.
 *
 * Lifetime  _start to _stop, which ends the thread and says what it saw. */
#ifndef TESTS_SUPPORT_FAKE_TARGET_H
#define TESTS_SUPPORT_FAKE_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fake_target;

/* The target's memory: FAKE_LEN bytes at both addresses, each the low byte of fake_byte(its offset),
 * but for one page that is paged out. Virtual addresses are those of a kernel. */
#define FAKE_VA 0xFFFFF80012340000u
#define FAKE_PA 0x1000000u
enum { FAKE_LEN = 0x40000, FAKE_HOLE = 0x5000, FAKE_PAGE = 0x1000, FAKE_BUILD = 18362 };
uint8_t fake_byte(uint64_t offset);

#define FAKE_KERNEL_BASE 0xFFFFF80010000000u
#define FAKE_STOP_PC     0xFFFFF80010001234u
#define FAKE_CR3         0x1AB000u
#define FAKE_FAULT_PC    0xFFFFF80010005678u
#define FAKE_MODULE      "\\SystemRoot\\loaded.sys"
#define FAKE_MODULE_BASE 0xFFFFF80055500000u

enum { FAKE_WIRE_MAX = 64 * 1024 };

struct fake_wire { /* what a target heard and said: its datagrams or bytes, one after the other */
    size_t heard_len, said_len;
    uint8_t heard[FAKE_WIRE_MAX], said[FAKE_WIRE_MAX];
};

struct fake_target_opts {
    const char *path;      /* a unix socket to listen on; NULL: KDNET */
    bool connects;         /* to it, again and again, instead of listening */
    bool is_split;         /* its bytes leave it one by one */
    bool is_noisy;         /* it says something else before each packet */
    unsigned cut_after;    /* requests; then it closes the connection, once; 0: never */
    uint16_t host_port;    /* KDNET */
    const char *key;       /* dotted */
    uint8_t version;       /* of KDNET; 0: 5 */
    unsigned poke_ms;      /* between pokes; 0: 50, for real ones are slow to wait for */
    unsigned think_ms;     /* between a request's acknowledgement and its answer, hearing nothing */
    unsigned drop_first;   /* so many of the host's datagrams are lost */
    unsigned clamp;        /* at most so many bytes a read, with success; 0: as asked */
    unsigned refuses_over; /* reads of more bytes fail as a whole; 0: what fits is answered */
    unsigned resends_over; /* reads of more bytes are never taken, but asked for again; 0: none */
    bool is_all_or_nothing; /* reads of which a byte is missing fail as a whole */
    unsigned
        silent_after;    /* requests; then nothing more is heard of it, pokes included; 0: never */
    unsigned mute_after; /* requests; then it pokes, but answers nothing; 0: never */
    unsigned reboot_after; /* requests; then it starts anew, with a new handshake; 0: never */
    bool is_deaf;          /* ignores the host's answers to its pokes */
    bool never_halts;      /* ignores break-in */
    bool answers_nothing;  /* halts, but neither acknowledges nor answers a request */
    bool is_halted;        /* halted already when the host comes, its ids far from 0 */
    bool is_boot_debugger; /* a stage before the kernel; the kernel comes when it is continued */
    bool prints;           /* says something before it halts */
    bool prints_on;        /* says something over and over for as long as it runs */
    struct fake_wire
        *wire;     /* filled until it is stopped; what does not fit ends the test run. May be
                               NULL */
    bool halts_on; /* halts again, with another exception, each time it is continued */
};

struct fake_target_seen {
    unsigned requests; /* manipulate requests, repetitions included */
    unsigned reads, contexts_set, continues;
    unsigned other_altering; /* requests that alter it, SetContext(Ex) not included */
    unsigned break_ins, handshakes, datagrams_dropped;
    unsigned connections, cuts;  /* over a socket */
    bool is_running;             /* at the end */
    bool has_rip_changed_by_one; /* SetContext, if there was one, was the permitted kind */
};

/* What it does when it is told to; it takes some 50 ms to hear of it. */
enum fake_deed {
    FAKE_NOTHING,
    FAKE_PRINTS, /* "hello", running */
    FAKE_LOADS,  /* FAKE_MODULE, running: halts */
    FAKE_FAULTS, /* halts at FAKE_FAULT_PC */
    FAKE_REBOOTS,
    FAKE_SLEEPS, /* is not heard any more, and hears nothing */
    FAKE_WAKES,
    FAKE_IS_BUSY,  /* takes no notice of break-ins */
    FAKE_IS_IDLE,  /* the last is over: it halts if one came meanwhile */
    FAKE_CUTS,     /* the connection, which can be made again */
    FAKE_IS_SAVED, /* a snapshot of a virtual machine that runs */
    FAKE_IS_RESTORED,
};
/* After the last was done. */
void fake_target_do(struct fake_target *t, enum fake_deed deed);

/* NULL: the machine refused a socket or a thread. */
struct fake_target *fake_target_start(const struct fake_target_opts *opts);
struct fake_target_seen fake_target_stop(struct fake_target *t);

#endif
