/* stay.c - a session that stays attached: test_stay SPEC [OPTION VALUE]...
 *
 *     --breaks N      halt the target so often (1000)
 *     --for-ms N      and then, for so long, go on
 *     --pause-ms N    let it run for so long in between, and listen (0)
 *     --reads N       reads of 1 KiB in each break (2)
 *     --within-ms N   each halt comes within that time, and so does each read and the letting go (10000)
 *
 * Halts the target, reads of its kernel's image, lets it go, listens: again and again, as whoever watches a machine
 * does. What is read must be the same each time, for it is code. Prints one JSON object: how long breaks and stops
 * took, what the session counted, and what memory and descriptors this process had after a tenth of the breaks and
 * has in the end. Status 1: something went wrong, and the object says what. breaks.py compares it with what the
 * target says. */
#define _DEFAULT_SOURCE

#include <transport/live.h>

#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { ATTACH_MS = 60000, LEN = 1024, READS_MAX = 64, OPTIONS = 5 };

struct stay {
    uint64_t breaks, for_ms, pause_ms, reads, within_ms; /* as asked */

    struct kdt_live *live;
    struct kd_diag diag;
    uint64_t image_va;
    uint8_t first[READS_MAX][LEN]; /* what was read in the first break */
    char failure[sizeof(struct kd_diag) + 64];

    uint64_t done, by_itself; /* breaks; stops that were none */
    uint64_t *halting_us, *standing_us, room;
    uint64_t early_kib, early_fds;
};

static bool fail(struct stay *s, const char *fmt, ...) KD_PRINTF(2, 3);

static bool fail(struct stay *s, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(s->failure, sizeof s->failure, fmt, ap);
    va_end(ap);
    return false;
}

/* --- this process --- */

static uint64_t resident_kib(void)
{
    size_t bytes = 0;

    uv_resident_set_memory(&bytes);
    return bytes / 1024;
}

static uint64_t open_fds(void)
{
    DIR *folder = opendir("/proc/self/fd");
    uint64_t count = 0;

    if (!folder)
        return 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

/* --- one break --- */

static bool read_all(struct stay *s)
{
    uint8_t buf[LEN];

    for (uint64_t i = 0; i < s->reads; i++) {
        uint64_t begin_ms = uv_hrtime() / 1000000;
        size_t done;

        if (kdt_live_read_virtual(s->live, s->image_va + i * LEN, buf, LEN, &done) != KD_OK)
            return fail(s, "read: %s", s->diag.text);
        if (uv_hrtime() / 1000000 - begin_ms > s->within_ms)
            return fail(s, "a read took too long");
        if (s->done == 0)
            memcpy(s->first[i], buf, LEN);
        else if (memcmp(s->first[i], buf, LEN) != 0)
            return fail(s, "code that changes, at read %" PRIu64, i);
    }
    return true;
}

static bool let_go(struct stay *s)
{
    uint64_t begin_ms = uv_hrtime() / 1000000;

    if (kdt_live_resume(s->live, NULL) != KD_OK)
        return fail(s, "letting go: %s", s->diag.text);
    if (uv_hrtime() / 1000000 - begin_ms > s->within_ms)
        return fail(s, "letting go took too long");
    return true;
}

static bool keep(struct stay *s, uint64_t halting_us, uint64_t standing_us)
{
    if (s->done == s->room) {
        s->room = s->room ? s->room * 2 : 1024;
        s->halting_us = realloc(s->halting_us, s->room * sizeof *s->halting_us);
        s->standing_us = realloc(s->standing_us, s->room * sizeof *s->standing_us);
        if (!s->halting_us || !s->standing_us)
            return fail(s, "out of memory");
    }
    s->halting_us[s->done] = halting_us;
    s->standing_us[s->done++] = standing_us;
    return true;
}

static bool break_once(struct stay *s)
{
    uint64_t begin_ns = uv_hrtime(), halting_us;
    struct kd_state_change stop;

    if (kdt_live_break(s->live, (uint32_t)s->within_ms, &stop) != KD_OK)
        return fail(s, "break: %s", s->diag.text);
    halting_us = (uv_hrtime() - begin_ns) / 1000;
    if (!read_all(s) || !let_go(s))
        return false;
    return keep(s, halting_us, kdt_live_frozen_us(s->live));
}

/* A halt that nobody asked for is let go: behind a bad link one may come of a break-in that was said twice. */
static bool hear(struct stay *s)
{
    struct kd_state_change stop;
    enum kd_status st = kdt_live_listen(s->live, (uint32_t)s->pause_ms, &stop);

    if (st == KD_ERR_TIMEOUT && kdt_live_over(s->live) == KD_OK)
        return true;
    if (st != KD_OK)
        return fail(s, "listening: %s", s->diag.text);
    s->by_itself++;
    return let_go(s);
}

static void stay(struct stay *s)
{
    uint64_t end_ms = uv_hrtime() / 1000000 + s->for_ms;

    while (s->done < s->breaks || uv_hrtime() / 1000000 < end_ms) {
        if (!break_once(s) || !hear(s))
            return;
        if (s->done == s->breaks / 10 || s->done == 1) {
            s->early_kib = resident_kib();
            s->early_fds = open_fds();
        }
    }
}

/* --- from the start to the end --- */

static void attach(struct stay *s, const char *spec_text)
{
    struct kdt_target_spec spec;
    struct kdt_live_opts opts = {.spec = &spec, .attach_timeout_ms = ATTACH_MS, .diag = &s->diag};
    struct kd_version version;
    struct kd_state_change stop;
    enum kd_status st = kdt_target_spec_parse(spec_text, &s->diag, &spec);

    if (st == KD_OK)
        st = kdt_live_open(&opts, &s->live);
    if (st == KD_OK)
        st = kdt_live_attach(s->live, &version, &stop);
    if (st != KD_OK) {
        fail(s, "attaching: %s", s->diag.text);
        return;
    }
    s->image_va = version.kernel_base_va;
    (void)let_go(s);
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void print_times(const char *name, uint64_t *us, uint64_t count)
{
    if (count == 0)
        return;
    qsort(us, count, sizeof *us, by_size);
    printf("\"%s_us\": {\"median\": %" PRIu64 ", \"p99\": %" PRIu64 ", \"worst\": %" PRIu64 "}, ",
           name, us[count / 2], us[count * 99 / 100], us[count - 1]);
}

static void print_report(struct stay *s)
{
    struct kdt_live_stats stats = {.session = {0}};

    if (s->live)
        kdt_live_get_stats(s->live, &stats);
    printf("{\"breaks\": %" PRIu64 ", \"by_itself\": %" PRIu64 ", ", s->done, s->by_itself);
    print_times("halting", s->halting_us, s->done);
    print_times("standing", s->standing_us, s->done);
    printf("\"freezes\": %" PRIu64 ", \"frozen_us\": %" PRIu64 ", \"frozen_ms\": %" PRIu64
           ", \"altering\": %" PRIu64 ", \"retransmissions\": %" PRIu64 ", \"resets\": %" PRIu64
           ", \"resends\": %" PRIu64 ", ",
           stats.session.freezes, stats.frozen_us, stats.session.frozen_ms,
           stats.session.altering_requests, stats.session.retransmissions, stats.session.resets,
           stats.session.resends);
    printf("\"early\": {\"kib\": %" PRIu64 ", \"fds\": %" PRIu64 "}, \"late\": {\"kib\": %" PRIu64
           ", \"fds\": %" PRIu64 "}, \"failure\": \"%s\"}\n",
           s->early_kib, s->early_fds, resident_kib(), open_fds(), s->failure);
}

static bool take_option(struct stay *s, const char *name, const char *text)
{
    const struct {
        const char *name;
        uint64_t *value, max;
    } options[OPTIONS] = {
        {"--breaks", &s->breaks, UINT32_MAX},   {"--for-ms", &s->for_ms, UINT32_MAX},
        {"--pause-ms", &s->pause_ms, 60000},    {"--reads", &s->reads, READS_MAX},
        {"--within-ms", &s->within_ms, 600000},
    };

    for (size_t i = 0; text && i < OPTIONS; i++) {
        if (strcmp(name, options[i].name) != 0)
            continue;
        *options[i].value = strtoull(text, NULL, 10);
        return *options[i].value <= options[i].max;
    }
    return false;
}

int main(int argc, char **argv)
{
    struct stay s = {.breaks = 1000, .reads = 2, .within_ms = 10000};

    for (int i = 2; i < argc; i += 2) {
        if (!take_option(&s, argv[i], argv[i + 1])) {
            fprintf(stderr, "test_stay: %s is not understood\n", argv[i]);
            return 2;
        }
    }
    if (argc < 2) {
        fprintf(stderr, "usage: test_stay SPEC [OPTION VALUE]...\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    attach(&s, argv[1]);
    if (!s.failure[0])
        stay(&s);
    if (s.live && kdt_live_leave(s.live, NULL) != KD_OK && !s.failure[0])
        fail(&s, "leaving: %s", s.diag.text);
    print_report(&s);
    kdt_live_close(s.live);
    free(s.halting_us);
    free(s.standing_us);
    return s.failure[0] != '\0';
}
