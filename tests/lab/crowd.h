/* crowd.h - who lives on every machine beside those of whom its scene tells: facts only, told in crowd.c.
 *
 * Names, accounts, protections and limits are those that such machines show [doc]; who is there and how
 * many is made up. */
#ifndef LAB_CROWD_H
#define LAB_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scene.h"

/* Where a process lives: host or container, and which terminal session of those there. */
enum crowd_place {
    PLACE_KERNEL, /* no session */
    PLACE_SERVICES,
    PLACE_CONSOLE,
    PLACE_REMOTE,
    PLACE_SILO_1,
    PLACE_SILO_2,
};

enum crowd_account {
    ACCOUNT_SYSTEM,
    ACCOUNT_LOCAL_SERVICE,
    ACCOUNT_NETWORK_SERVICE,
    ACCOUNT_USER,
    ACCOUNT_WINDOW_MANAGER,
    ACCOUNT_FONT_DRIVER,
    ACCOUNT_CONTAINER_ADMIN,
};

/* More about a process. */
enum {
    PROCESS_EXITED = 1,       /* ended, and kept by somebody's handle */
    PROCESS_MINIMAL = 2,      /* no program */
    PROCESS_APPCONTAINER = 4, /* with a package and capabilities */
    PROCESS_UNTRUSTED = 8,    /* lower than low */
    PROCESS_ELEVATED = 16,
    PROCESS_UNLABELED = 32, /* its token names no integrity level */
    PROCESS_OPTIONAL = 64,  /* none, or several, in unusual shapes */
};

struct crowd_process {
    const char *image;
    const char *folder; /* NULL: System32; "": it has no path */
    const char
        *parent; /* the image of one in the same place, or in the host; NULL: exited long ago */
    enum crowd_place place;
    enum crowd_account account;
    unsigned more;
    uint8_t protection;
    uint8_t job;   /* 1 + its index; 0: in none */
    uint8_t count; /* how many; 0: one */
    uint32_t mitigations;
};
extern const struct crowd_process crowd_processes[];
extern const size_t crowd_process_count;

/* JOB_OBJECT_LIMIT_... [doc], and the one that a job must have to become a silo [guess: kernel listings]. */
enum {
    LIMIT_ACTIVE_PROCESS = 0x8,
    LIMIT_PROCESS_MEMORY = 0x100,
    LIMIT_JOB_MEMORY = 0x200,
    LIMIT_DIE_ON_EXCEPTION = 0x400,
    LIMIT_BREAKAWAY_OK = 0x800,
    LIMIT_KILL_ON_CLOSE = 0x2000,
    LIMIT_SILO_READY = 0x400000,
};

enum crowd_job_kind { JOB_PLAIN, JOB_APP_SILO, JOB_SERVER_SILO };

struct crowd_job {
    const char *name; /* of the object; NULL: none */
    enum crowd_job_kind kind;
    uint8_t parent; /* 1 + its index; 0: none */
    enum crowd_place place;
    uint32_t limits, ui_restrictions, most_processes;
    uint64_t process_memory, job_memory;
    bool is_frozen;
};
/* Those of the second server silo stand behind those of the first, and these behind all others. */
extern const struct crowd_job crowd_jobs[];
extern const size_t crowd_job_count;

/* A logger of a container: its consumers are told by image, not by id. */
struct crowd_logger {
    enum crowd_place place;
    struct lab_logger logger;
    const char *consumer; /* NULL: none */
};
extern const struct crowd_logger crowd_loggers[];
extern const size_t crowd_logger_count;

struct lab_guid {
    uint32_t a;
    uint16_t b, c;
    uint8_t d[8];
};

/* Variables of the kernel that hold its own registrations. */
enum crowd_handle {
    HANDLE_NONE,
    HANDLE_THREAT_INT,
    HANDLE_GENERAL,
    HANDLE_API_CALLS,
    HANDLE_APP_COMPAT,
    HANDLE_CVE_AUDIT,
    HANDLE_LPAC,
    HANDLE_MITIGATIONS,
    HANDLE_ADMINLESS,
    HANDLE_EVENT_TRACING,
    HANDLE_PROCESS,
    HANDLE_FILE,
    HANDLE_NET,
    HANDLE_DISK,
    HANDLE_MEMORY,
    HANDLE_REGISTRY,
    HANDLE_CPU_STARVATION,
    HANDLES
};

struct crowd_provider {
    struct lab_guid guid;
    const char *name;
    const char *who; /* registers it: "nt", a driver, all processes of an image, "*": all */
    enum crowd_handle handle;
    const char
        *logger; /* for which it is enabled, where there is such a one; NULL: whoever comes */
};
extern const struct crowd_provider crowd_providers[];
extern const size_t crowd_provider_count;

/* Modules after those of the scene. */
extern const struct lab_module crowd_modules[];
extern const size_t crowd_module_count;

/* Drivers that are told of silos: names of modules. */
extern const char *const crowd_monitors[];
extern const size_t crowd_monitor_count;

#endif
