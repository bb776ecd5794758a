#include "replay_boot.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096 };

/* ---- lists ---- */

void *replay_grow(void *items, size_t count, size_t item_len)
{
    size_t room = count ? count * 2 : 1;

    if ((count & (count - 1)) != 0)
        return items;
    return room > SIZE_MAX / item_len ? NULL : realloc(items, room * item_len);
}

static enum kd_status keep(struct kd_span *bytes)
{
    uint8_t *copy;

    if (bytes->len == 0) {
        bytes->data = NULL;
        return KD_OK;
    }
    copy = malloc(bytes->len);
    if (!copy)
        return KD_ERR_NO_MEMORY;
    memcpy(copy, bytes->data, bytes->len);
    bytes->data = copy;
    return KD_OK;
}

static void release(struct kd_span bytes)
{
    /* Made by keep(), so it is ours to free. NOLINTNEXTLINE(performance-no-int-to-ptr): -Wcast-qual */
    free((void *)(uintptr_t)bytes.data);
}

/* ---- memory ---- */

enum kd_status replay_memory_create(struct replay_memory *m)
{
    struct replay_memory made = {NULL, NULL};
    enum kd_status st = kdt_recorded_memory_create(&made.virt);

    if (st == KD_OK)
        st = kdt_recorded_memory_create(&made.phys);
    if (st != KD_OK)
        kdt_recorded_memory_destroy(made.virt);
    else
        *m = made;
    return st;
}

void replay_memory_destroy(struct replay_memory *m)
{
    kdt_recorded_memory_destroy(m->virt);
    kdt_recorded_memory_destroy(m->phys);
    m->virt = m->phys = NULL;
}

enum kd_status replay_memory_feed(struct replay_memory *m, const struct replay_reading *reading)
{
    struct kdt_recorded_memory *memory = reading->is_physical ? m->phys : m->virt;
    enum kd_status st =
        kdt_recorded_memory_put(memory, reading->at, reading->data.data, reading->data.len);

    if (st != KD_OK || reading->refused == 0)
        return st;
    return kdt_recorded_memory_refuse(memory, reading->at + reading->data.len, reading->refused,
                                      reading->ntstatus);
}

/* ---- the boot ---- */

enum kd_status replay_boot_init(struct replay_boot *boot)
{
    memset(boot, 0, sizeof *boot);
    return replay_memory_create(&boot->whole);
}

void replay_boot_deinit(struct replay_boot *boot)
{
    for (size_t i = 0; i < boot->said_count; i++)
        release(boot->said[i].data);
    for (size_t i = 0; i < boot->answer_count; i++)
        release(boot->answers[i].reply.data);
    for (size_t i = 0; i < boot->reading_count; i++)
        release(boot->readings[i].data);
    free(boot->said);
    free(boot->answers);
    free(boot->readings);
    replay_memory_destroy(&boot->whole);
}

/* ---- what was said ---- */

/* Takes the data over where it succeeds. */
static enum kd_status append_said(struct replay_boot *boot, const struct kdt_said *said)
{
    struct kdt_said *grown = replay_grow(boot->said, boot->said_count, sizeof *grown);

    if (!grown)
        return KD_ERR_NO_MEMORY;
    boot->said = grown;
    boot->said[boot->said_count++] = *said;
    boot->stops += said->kind == KDT_SAID_STOP;
    return KD_OK;
}

enum kd_status replay_boot_say(struct replay_boot *boot, const struct kdt_said *said)
{
    struct kdt_said copy = *said;
    enum kd_status st = keep(&copy.data);

    if (st == KD_OK) {
        st = append_said(boot, &copy);
        if (st != KD_OK)
            release(copy.data);
    }
    return st;
}

enum kd_status replay_boot_take_stop(struct replay_boot *boot, struct replay_boot *from)
{
    enum kd_status st = append_said(boot, &from->said[from->said_count - 1]);

    if (st == KD_OK) {
        from->said_count--;
        from->stops--;
    }
    return st;
}

/* ---- what was answered ---- */

static uint64_t hash(struct kd_span bytes)
{
    uint64_t h = 0xCBF29CE484222325u; /* FNV-1a */

    for (size_t i = 0; i < bytes.len; i++)
        h = (h ^ bytes.data[i]) * 0x100000001B3u;
    return h;
}

struct replay_asked replay_asked_of(const struct kd_manipulate *request)
{
    struct replay_asked a = {.api = request->api, .processor = request->processor};

    switch (request->api) {
    case KD_API_GET_VERSION:
        a.processor = 0; /* WinDbg has noise there [seen] */
        break;
    case KD_API_READ_CONTROL_SPACE:
        a.at = request->u.memory.va;
        break;
    case KD_API_GET_CONTEXT_EX:
        a.at = request->u.context.offset;
        break;
    case KD_API_READ_MSR:
        a.at = request->u.msr.msr;
        break;
    case KD_API_QUERY_MEMORY:
        a.at = request->u.query.va;
        break;
    case KD_API_SEARCH_MEMORY:
        a.at = request->u.search.start_va;
        a.len = request->u.search.len;
        a.pattern = hash(request->data);
        break;
    case KD_API_GET_BUS_DATA:
        a.processor = request->u.bus.bus;
        a.at = (uint64_t)request->u.bus.type << 32 | request->u.bus.slot;
        a.len = (uint64_t)request->u.bus.offset << 32 | request->u.bus.len;
        break;
    default: /* the processor says it all */
        break;
    }
    return a;
}

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_asked(const struct replay_asked *a, const struct replay_asked *b)
{
    int order = compare(a->api, b->api);

    if (order == 0)
        order = compare(a->processor, b->processor);
    if (order == 0)
        order = compare(a->at, b->at);
    if (order == 0)
        order = compare(a->len, b->len);
    return order ? order : compare(a->pattern, b->pattern);
}

static int compare_place(const struct replay_answer *a, const struct replay_answer *b)
{
    int order = compare_asked(&a->asked, &b->asked);

    return order ? order : compare(a->stop, b->stop);
}

/* Within one stop: who tells more first, then who came first. */
static int compare_answers(const void *a, const void *b)
{
    const struct replay_answer *left = a, *right = b;
    int order = compare_place(left, right);

    if (order == 0)
        order = compare(right->reply.data.len, left->reply.data.len);
    return order ? order : compare(left->order, right->order);
}

enum kd_status replay_boot_answer(struct replay_boot *boot, const struct replay_asked *asked,
                                  unsigned stop, const struct kd_manipulate *reply)
{
    struct replay_answer answer = {
        .asked = *asked, .stop = stop, .order = boot->answer_count, .reply = *reply};
    struct replay_answer *grown = replay_grow(boot->answers, boot->answer_count, sizeof *grown);
    enum kd_status st;

    if (!grown)
        return KD_ERR_NO_MEMORY;
    boot->answers = grown;
    answer.reply.data = kd_manipulate_read_data(reply, UINT32_MAX);
    st = keep(&answer.reply.data);
    if (st == KD_OK)
        boot->answers[boot->answer_count++] = answer;
    return st;
}

void replay_boot_sort(struct replay_boot *boot)
{
    size_t kept = 0;

    if (boot->answer_count)
        qsort(boot->answers, boot->answer_count, sizeof *boot->answers, compare_answers);
    for (size_t i = 0; i < boot->answer_count; i++) {
        if (kept && compare_place(&boot->answers[kept - 1], &boot->answers[i]) == 0)
            release(boot->answers[i].reply.data);
        else
            boot->answers[kept++] = boot->answers[i];
    }
    boot->answer_count = kept;
}

/* The first of the boot's answers to that, or to something above it. */
static size_t first_answer(const struct replay_boot *boot, const struct replay_asked *asked)
{
    size_t low = 0, high = boot->answer_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_asked(&boot->answers[middle].asked, asked) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static unsigned distance(unsigned a, unsigned b)
{
    return a > b ? a - b : b - a;
}

const struct replay_answer *replay_boot_find(const struct replay_boot *boot,
                                             const struct replay_asked *asked, unsigned stop,
                                             size_t min_len)
{
    const struct replay_answer *best = NULL;

    for (size_t i = first_answer(boot, asked); i < boot->answer_count; i++) {
        const struct replay_answer *a = &boot->answers[i];

        if (compare_asked(&a->asked, asked) != 0)
            break;
        if (a->reply.data.len >= min_len &&
            (!best || distance(a->stop, stop) < distance(best->stop, stop)))
            best = a;
    }
    return best;
}

/* ---- what was read ---- */

/* Is it what was read there last, or was it refused in the same way? Memory that a host reads again
 * and again costs nothing then. */
static bool is_known(const struct replay_boot *boot, const struct replay_reading *reading)
{
    const struct kdt_recorded_memory *memory =
        reading->is_physical ? boot->whole.phys : boot->whole.virt;
    uint8_t known[KD_PACKET_DATA_MAX];
    uint64_t end = reading->at + reading->data.len;
    size_t len = reading->refused, left = PAGE - (size_t)(end % PAGE);
    uint32_t ntstatus;

    if (reading->data.len > sizeof known ||
        kdt_recorded_memory_read(memory, reading->at, known, reading->data.len) <
            reading->data.len ||
        (reading->data.len && memcmp(known, reading->data.data, reading->data.len) != 0))
        return false;
    if (len == 0)
        return true;
    if (len > left)
        len = left;
    return kdt_recorded_memory_gap(memory, end, len, &left, &ntstatus) == KDT_GAP_REFUSED &&
           left == len && ntstatus == reading->ntstatus;
}

enum kd_status replay_boot_read(struct replay_boot *boot, unsigned stop,
                                const struct kd_manipulate *reply)
{
    struct replay_reading reading = {
        .stop = stop,
        .is_physical = reply->api == KD_API_READ_PHYSICAL,
        .at = reply->u.memory.va,
        .data = kd_manipulate_read_data(reply, reply->u.memory.count),
        .ntstatus = reply->status,
    };
    struct replay_reading *grown;
    enum kd_status st;

    /* Some, but less than asked for, without a failure: a limit of the link. Behind the end of the
     * address space there is nothing to refuse. */
    if ((reading.data.len == 0 || kd_ntstatus_is_failure(reply->status)) &&
        reading.data.len <= UINT64_MAX - reading.at)
        reading.refused = reply->u.memory.count - (uint32_t)reading.data.len;
    if (is_known(boot, &reading))
        return KD_OK;
    grown = replay_grow(boot->readings, boot->reading_count, sizeof *grown);
    if (!grown)
        return KD_ERR_NO_MEMORY;
    boot->readings = grown;
    st = keep(&reading.data);
    if (st != KD_OK)
        return st;
    boot->readings[boot->reading_count++] = reading;
    return replay_memory_feed(&boot->whole, &reading);
}
