#include <kdproto/framer.h>

#include <stdlib.h>
#include <string.h>

/* The search, and what each step needs:
 *
 *     hunting   four equal leader bytes          bytes before them are skipped
 *     header    12 more bytes                    not plausible: damaged
 *     body      the data and the trailer         checksum or trailer wrong: damaged
 *
 * It is not kept as a state but done anew over what is held, from the first byte that may still
 * begin a packet: so the answer depends on the bytes alone, not on how they were split. */
enum {
    LEADER_LEN = 4,
    HELD_MAX = KD_PACKET_LEN_MAX + 1, /* with the trailer; a packet that fits is never cut */
    PAUSE_MS = 5,                     /* no line makes one inside a packet, but a stall may */
};

struct kd_framer {
    uint8_t held[HELD_MAX];
    size_t at;             /* the search goes on here; what lies before is done with */
    size_t len;            /* bytes held */
    size_t silence_at;     /* a long silence came before held[silence_at]; 0: none */
    size_t damaged_until;  /* what begins before here is wreckage of a damage reported already */
    unsigned resends;      /* wishes in a row */
    uint64_t last_byte_ms; /* when the last bytes came */
};

enum kd_status kd_framer_create(struct kd_framer **out)
{
    struct kd_framer *f = calloc(1, sizeof *f);

    if (!f)
        return KD_ERR_NO_MEMORY;
    *out = f;
    return KD_OK;
}

void kd_framer_destroy(struct kd_framer *f)
{
    free(f);
}

void kd_framer_clear(struct kd_framer *f)
{
    memset(f, 0, sizeof *f);
}

static bool is_leader(uint8_t byte)
{
    return byte == '0' || byte == 'i';
}

/* How many of the bytes from at on equal the first; counts no further than one past a leader. */
static size_t run_length(const struct kd_framer *f, size_t at)
{
    size_t n = 1;

    while (n <= LEADER_LEN && at + n < f->len && f->held[at + n] == f->held[at])
        n++;
    return n;
}

/* Moves to the next four leader bytes that may begin a packet. In a longer run the last four count:
 * no header has a leader byte in the place of its type. False: not there yet. */
static bool hunt(struct kd_framer *f)
{
    while (f->at < f->len) {
        size_t n;

        if (!is_leader(f->held[f->at])) {
            f->at++;
            continue;
        }
        n = run_length(f, f->at);
        if (n > LEADER_LEN)
            f->at++;
        else if (n == LEADER_LEN)
            return true;
        else if (f->at + n == f->len)
            return false; /* the run may go on */
        else
            f->at += n;
    }
    return false;
}

/* Did a long silence fall inside the need bytes of this packet? Not inside its leader: there was
 * nothing to lose yet. */
static bool is_torn(const struct kd_framer *f, size_t need)
{
    return f->silence_at >= f->at + LEADER_LEN && f->silence_at < f->at + need;
}

static bool is_header_plausible(const struct kd_packet *header)
{
    if (header->type == KD_PACKET_UNUSED || header->type > KD_PACKET_FILE_IO)
        return false;
    return header->is_control || header->len > 0;
}

enum verdict {
    UNFINISHED,
    FINISHED,
    NOTHING, /* silence after the leader: nothing that was worth a RESEND */
    DAMAGED,
};

/* Judges the packet whose leader is at f->at. *need: the bytes it takes, as far as that is known.
 */
static enum verdict judge(const struct kd_framer *f, struct kd_packet *pkt, size_t *need)
{
    const uint8_t *packet = f->held + f->at;
    size_t have = f->len - f->at;
    struct kd_packet header;

    *need = KD_PACKET_HEADER_LEN;
    if (is_torn(f, *need))
        return NOTHING;
    if (have < *need)
        return UNFINISHED;
    if (kd_packet_peek(packet, KD_PACKET_HEADER_LEN, &header) != KD_OK ||
        !is_header_plausible(&header))
        return DAMAGED;
    *need += header.len + (header.is_control ? 0 : 1);
    if (is_torn(f, *need))
        return DAMAGED;
    if (have < *need)
        return UNFINISHED;
    if (!header.is_control && packet[*need - 1] != KD_TRAILER)
        return DAMAGED;
    if (kd_packet_decode(packet, KD_PACKET_HEADER_LEN + header.len, pkt) != KD_OK)
        return DAMAGED;
    return FINISHED;
}

/* Is this damage of its own, or in the bytes that a damaged packet was taken to have? The same
 * bytes are not worth a second RESEND. */
static bool is_new_damage(struct kd_framer *f, size_t need)
{
    if (f->at < f->damaged_until)
        return false;
    f->damaged_until = is_torn(f, need) ? f->silence_at : f->at + need;
    return true;
}

static enum kd_framer_result wish_repetition(struct kd_framer *f)
{
    if (f->resends == KD_FRAMER_RESENDS_MAX) {
        f->resends = 0;
        return KD_FRAMER_RESET;
    }
    f->resends++;
    return KD_FRAMER_RESEND;
}

enum kd_framer_result kd_framer_next(struct kd_framer *f, struct kd_packet *out)
{
    while (hunt(f)) {
        struct kd_packet pkt;
        size_t need;
        bool is_new;

        switch (judge(f, &pkt, &need)) {
        case UNFINISHED:
            return KD_FRAMER_IDLE;
        case FINISHED:
            f->at += need;
            f->resends = 0;
            *out = pkt;
            return KD_FRAMER_PACKET;
        case NOTHING:
            f->at += LEADER_LEN;
            break;
        case DAMAGED:
            is_new = is_new_damage(f, need);
            f->at += LEADER_LEN;
            if (is_new)
                return wish_repetition(f);
            break;
        }
    }
    return KD_FRAMER_IDLE;
}

static size_t moved_down(size_t position, size_t by)
{
    return position > by ? position - by : 0;
}

/* Makes room: what the search is done with goes. */
static void drop_searched(struct kd_framer *f)
{
    memmove(f->held, f->held + f->at, f->len - f->at);
    f->len -= f->at;
    f->silence_at = moved_down(f->silence_at, f->at);
    f->damaged_until = moved_down(f->damaged_until, f->at);
    f->at = 0;
}

void kd_framer_tick(struct kd_framer *f, uint64_t now_ms)
{
    if (now_ms >= f->last_byte_ms && now_ms - f->last_byte_ms >= KD_FRAMER_SILENCE_MS)
        f->silence_at = f->len;
}

/* After a pause, do these bytes begin with a packet of their own? Then the one before was cut short,
 * and need not be waited for: a target that repeats itself often would never be silent for long. */
static bool begins_anew(const struct kd_framer *f, const uint8_t *bytes, size_t len,
                        uint64_t now_ms)
{
    struct kd_packet header;

    return now_ms >= f->last_byte_ms + PAUSE_MS && len >= KD_PACKET_HEADER_LEN &&
           kd_packet_peek(bytes, KD_PACKET_HEADER_LEN, &header) == KD_OK &&
           is_header_plausible(&header);
}

size_t kd_framer_push(struct kd_framer *f, const uint8_t *bytes, size_t len, uint64_t now_ms)
{
    size_t room;

    if (len == 0)
        return 0;
    kd_framer_tick(f, now_ms);
    if (begins_anew(f, bytes, len, now_ms))
        f->silence_at = f->len;
    drop_searched(f);
    room = sizeof f->held - f->len;
    if (len > room)
        len = room;
    memcpy(f->held + f->len, bytes, len);
    f->len += len;
    f->last_byte_ms = now_ms;
    return len;
}

uint64_t kd_framer_deadline_ms(const struct kd_framer *f)
{
    /* After the search, fewer bytes than a leader are left where no packet has begun. */
    if (f->len - f->at < LEADER_LEN)
        return KD_NEVER;
    return f->last_byte_ms + KD_FRAMER_SILENCE_MS;
}
