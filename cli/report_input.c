#include "report_input.h"

#include "snapshot_load.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- files ---- */

static enum kd_status copy(FILE *from, FILE *to, const char *path, struct kd_diag *diag)
{
    char buffer[1 << 14];
    size_t n, sum = 0;

    while ((n = fread(buffer, 1, sizeof buffer, from)) > 0) {
        sum += n;
        if (sum > REPORT_SPOOL_MAX)
            return kd_diag_set(diag, KD_ERR_LIMIT, "%s: more than %d bytes out of a pipe", path,
                               REPORT_SPOOL_MAX);
        if (fwrite(buffer, 1, n, to) != n)
            return kd_diag_set(diag, KD_ERR_IO, "%s: there is no room for a copy: %s", path,
                               strerror(errno));
    }
    if (ferror(from))
        return kd_diag_set(diag, KD_ERR_IO, "%s: cannot be read", path);
    return KD_OK;
}

static enum kd_status spool(FILE **file, const char *path, struct kd_diag *diag)
{
    FILE *copied = tmpfile();
    enum kd_status st;

    if (!copied)
        return kd_diag_set(diag, KD_ERR_IO, "%s: there is no room for a copy: %s", path,
                           strerror(errno));
    st = copy(*file, copied, path, diag);
    fclose(st == KD_OK ? *file : copied);
    if (st == KD_OK)
        *file = copied;
    return st;
}

/* ---- what is in them ---- */

/* pcapng's first block; pcap in either byte order, with micro- or nanoseconds. */
static bool is_capture(const unsigned char magic[4])
{
    static const unsigned char known[][4] = {
        {0x0a, 0x0d, 0x0d, 0x0a}, {0xa1, 0xb2, 0xc3, 0xd4}, {0xd4, 0xc3, 0xb2, 0xa1},
        {0xa1, 0xb2, 0x3c, 0x4d}, {0x4d, 0x3c, 0xb2, 0xa1},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (memcmp(magic, known[i], 4) == 0)
            return true;
    return false;
}

static enum report_input_kind kind_of(FILE *file)
{
    unsigned char magic[4] = {0};
    bool has_magic = fread(magic, 1, sizeof magic, file) == sizeof magic;
    int c;

    rewind(file);
    if (has_magic && is_capture(magic))
        return REPORT_INPUT_RECORDING;
    do
        c = getc(file);
    while (c != EOF && isspace(c));
    rewind(file);
    if (c != '{') /* a first line that lost its beginning is no reason to call it memory */
        return report_lines_are(file) ? REPORT_INPUT_EVENTS : REPORT_INPUT_MEMORY;
    return report_lines_are(file) ? REPORT_INPUT_EVENTS : REPORT_INPUT_SNAPSHOT;
}

enum kd_status report_input_open(const char *path, struct kd_diag *diag, FILE **file,
                                 enum report_input_kind *kind)
{
    FILE *f = fopen(path, "rb");
    enum kd_status st = KD_OK;

    if (!f)
        return kd_diag_set(diag, KD_ERR_IO, "%s: %s", path, strerror(errno));
    if (fseek(f, 0, SEEK_END) != 0)
        st = spool(&f, path, diag);
    if (st != KD_OK) {
        fclose(f);
        return st;
    }
    rewind(f);
    *kind = kind_of(f);
    *file = f;
    return KD_OK;
}

/* ---- snapshots ---- */

static bool make_room(struct report *r)
{
    if (!r->states)
        r->states = calloc(REPORT_STATES_MAX, sizeof *r->states);
    return r->states != NULL;
}

enum kd_status report_add_snapshot(struct report *r, const char *name,
                                   struct kdw_snapshot *snapshot, struct kd_diag *diag)
{
    char *source = malloc(strlen(name) + 1);
    enum kd_status st = source && make_room(r) ? KD_OK : KD_ERR_NO_MEMORY;

    if (st == KD_OK && r->states_len == REPORT_STATES_MAX)
        st = kd_diag_set(diag, KD_ERR_LIMIT, "%s: more than %d snapshots", name, REPORT_STATES_MAX);
    if (st != KD_OK) {
        free(source);
        kdw_snapshot_free(snapshot);
        return st;
    }
    strcpy(source, name);
    r->states[r->states_len++] = (struct report_state){source, *snapshot};
    return KD_OK;
}

enum kd_status report_add_document(struct report *r, FILE *file, const char *name,
                                   struct kd_diag *diag)
{
    struct kdw_snapshot s;
    enum kd_status st = snapshot_read(file, diag, &s);

    fclose(file);
    if (st != KD_OK)
        return kd_diag_add(diag, st, "%s", name);
    return report_add_snapshot(r, name, &s, diag);
}

/* ---- order ---- */

static bool is_before(const struct kdw_u64 *a, const struct kdw_u64 *b)
{
    return a->status == KD_OK && (b->status != KD_OK || a->value < b->value);
}

/* Those of one time, or of none, stay as they were given. */
static void sort_states(struct report *r)
{
    for (size_t i = 1; i < r->states_len; i++)
        for (size_t j = i; j > 0 && is_before(&r->states[j].snapshot.time_100ns,
                                              &r->states[j - 1].snapshot.time_100ns);
             j--) {
            struct report_state later = r->states[j - 1];

            r->states[j - 1] = r->states[j];
            r->states[j] = later;
        }
}

enum kd_status report_settle(struct report *r, struct kd_diag *diag)
{
    const struct kdw_snapshot *last;

    sort_states(r);
    report_lines_sort(&r->lines);
    last = report_last(r);
    if (!last && !r->lines.len)
        return kd_diag_set(diag, KD_ERR_NOT_FOUND,
                           "the inputs hold neither a snapshot nor an event");
    return last ? kdw_check_run(last, &r->checks) : KD_OK;
}

bool report_has_gaps(const struct report *r)
{
    const struct kdw_snapshot *last = report_last(r);
    bool has_gaps = r->remarks.len > 0 || r->lines.left_out > 0 ||
                    (last && (!kdw_snapshot_is_complete(last) ||
                              kdw_check_count(&r->checks, KDW_UNREADABLE) > 0));

    for (size_t i = 0; i < r->lines.files_len; i++)
        has_gaps |=
            r->lines.files[i].damaged || r->lines.files[i].unknown || r->lines.files[i].is_cut;
    return has_gaps;
}
