/* replay_boot.h - one boot of a recorded target: what it said, what it answered, what was read of it. */
#ifndef TRANSPORT_REPLAY_BOOT_H
#define TRANSPORT_REPLAY_BOOT_H

#include <transport/recorded_memory.h>
#include <transport/replay.h>

/* What makes two requests the same, but for memory. */
struct replay_asked {
    uint32_t api;
    uint32_t processor; /* 0 where it does not matter */
    uint64_t at, len;   /* index, number, address, slot: as the function has it */
    uint64_t pattern;   /* of a search: a hash */
};

struct replay_answer {
    struct replay_asked asked;
    unsigned stop; /* of the boot, from 1; 0: in a halt whose beginning was not recorded */
    size_t order;  /* in which it came */
    struct kd_manipulate reply; /* its data belongs to the boot */
};

/* A read that told something new. */
struct replay_reading {
    unsigned stop;
    bool is_physical;
    uint64_t at;
    struct kd_span data; /* belongs to the boot */
    uint32_t refused;    /* bytes behind the data that were asked for and refused */
    uint32_t ntstatus;   /* with that */
};

struct replay_memory {
    struct kdt_recorded_memory *virt, *phys;
};
enum kd_status replay_memory_create(struct replay_memory *m);
void replay_memory_destroy(struct replay_memory *m);
enum kd_status replay_memory_feed(struct replay_memory *m, const struct replay_reading *reading);

struct replay_boot {
    unsigned conversation;
    size_t order;          /* of all boots, as they came */
    uint8_t kdnet_version; /* 0: a stream */
    bool has_version;      /* it told its version */
    struct kdt_said *said; /* data belongs to the boot */
    size_t said_count;
    unsigned stops;                /* among them */
    struct replay_answer *answers; /* once sorted: by asked and stop, one each */
    size_t answer_count;
    struct replay_reading *readings; /* in the order of the recording */
    size_t reading_count;
    struct replay_memory whole; /* all that was read; later answers count */
};

enum kd_status replay_boot_init(struct replay_boot *boot);
void replay_boot_deinit(struct replay_boot *boot);

/* The data of what is added is copied. */
enum kd_status replay_boot_say(struct replay_boot *boot, const struct kdt_said *said);
enum kd_status replay_boot_answer(struct replay_boot *boot, const struct replay_asked *asked,
                                  unsigned stop, const struct kd_manipulate *reply);
/* A reply of ReadVirtual or ReadPhysical. */
enum kd_status replay_boot_read(struct replay_boot *boot, unsigned stop,
                                const struct kd_manipulate *reply);
/* The last stop of `from`, which is the last thing it said, was this boot's first. */
enum kd_status replay_boot_take_stop(struct replay_boot *boot, struct replay_boot *from);
/* When all answers are there. Of several in one stop to the same request the first is left, or the one
 * that tells more. */
void replay_boot_sort(struct replay_boot *boot);

struct replay_asked replay_asked_of(const struct kd_manipulate *request);
/* The answer to that of the stop nearest to `stop`, of those with at least min_len bytes of data; NULL:
 * there is none. */
const struct replay_answer *replay_boot_find(const struct replay_boot *boot,
                                             const struct replay_asked *asked, unsigned stop,
                                             size_t min_len);

/* Room for one more behind `count` items, which only ever grow by one; NULL: items is as it was. The room
 * is the power of two that count needs, so nobody has to remember it. */
void *replay_grow(void *items, size_t count, size_t item_len);

#endif
