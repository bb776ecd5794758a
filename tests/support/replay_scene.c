#include "support/replay_scene.h"

#include <kdproto/context_x64.h>
#include <kdproto/debug_io.h>
#include <kdproto/file_io.h>

#include <string.h>

enum { SLICE_MAX = 1024 };

static uint32_t ids[2]; /* packets so far, by the target, by the host */

int replay_scene_start_stream(void **state)
{
    struct recorded_scene *s;
    int failed = recorded_scene_start(state);

    ids[0] = ids[1] = 0;
    s = *state;
    s->is_stream = true;
    return failed;
}

int replay_scene_start_net(void **state)
{
    int failed = recorded_scene_start(state);

    ids[0] = ids[1] = 0;
    scene_link(*state);
    return failed;
}

static void says(struct recorded_scene *s, bool from_host, uint16_t type, const void *data,
                 size_t len)
{
    uint32_t id = ids[from_host]++;

    if (s->is_stream)
        id = 0x80800000 | (id & 1);
    else
        id = (from_host ? 0x80000000 : 0) + 2 * id;
    scene_packet(s, from_host, type, id, data, len);
}

/* ---- the target ---- */

static void debug_io(struct recorded_scene *s, uint32_t kind, uint32_t answer_max, const char *text)
{
    uint8_t data[256];
    struct kd_writer w = kd_writer_of(data, sizeof data);

    kd_wr_u32(&w, kind);
    kd_wr_zero(&w, 4);
    kd_wr_u32(&w, (uint32_t)strlen(text));
    kd_wr_u32(&w, answer_max);
    kd_wr_bytes(&w, text, strlen(text));
    says(s, false, KD_PACKET_DEBUG_IO, data, w.pos);
}

void scene_prints(struct recorded_scene *s, const char *text)
{
    debug_io(s, KD_DEBUG_IO_PRINT, 0, text);
}

void scene_prompts(struct recorded_scene *s, const char *text)
{
    debug_io(s, KD_DEBUG_IO_GET_STRING, 80, text);
}

void scene_wants_file(struct recorded_scene *s, const char *path)
{
    uint8_t data[256];
    struct kd_writer w = kd_writer_of(data, sizeof data);

    kd_wr_u32(&w, KD_FILE_IO_CREATE);
    kd_wr_zero(&w, KD_FILE_IO_HEADER_LEN - 4);
    for (const char *c = path; *c; c++)
        kd_wr_u16(&w, (uint8_t)*c);
    kd_wr_u16(&w, 0);
    says(s, false, KD_PACKET_FILE_IO, data, w.pos);
}

/* The fixed part up to the union, the union, the control report with an int3. */
static struct kd_writer begin_state(uint8_t data[KD_STATE_CHANGE_LEN], uint32_t kind,
                                    uint64_t pc_va, uint32_t processors)
{
    struct kd_writer w = kd_writer_of(data, KD_STATE_CHANGE_LEN);

    memset(data, 0, KD_STATE_CHANGE_LEN);
    data[212] = 2; /* bytes of the instruction stream */
    data[216] = 0xCC;
    data[217] = 0xC3;
    kd_wr_u32(&w, kind);
    kd_wr_u32(&w, 0);
    kd_wr_u32(&w, processors);
    kd_wr_u32(&w, 0);
    kd_wr_u64(&w, 0x7EAD);
    kd_wr_u64(&w, pc_va);
    return w;
}

void scene_breaks(struct recorded_scene *s, uint64_t pc_va, uint32_t processors)
{
    uint8_t data[KD_STATE_CHANGE_LEN];
    struct kd_writer w = begin_state(data, KD_STATE_EXCEPTION, pc_va, processors);

    kd_wr_u32(&w, KD_STATUS_BREAKPOINT);
    says(s, false, KD_PACKET_STATE_CHANGE64, data, sizeof data);
}

void scene_loads(struct recorded_scene *s, uint64_t pc_va)
{
    uint8_t data[KD_STATE_CHANGE_LEN];

    begin_state(data, KD_STATE_LOAD_SYMBOLS, pc_va, 1);
    says(s, false, KD_PACKET_STATE_CHANGE64, data, sizeof data);
}

void scene_parts(struct recorded_scene *s)
{
    uint8_t data[KD_STATE_CHANGE_LEN];
    struct kd_writer w = begin_state(data, KD_STATE_LOAD_SYMBOLS, 0x1000, 1);

    kd_wr_u64(&w, 0);          /* no path */
    kd_wr_u64(&w, UINT64_MAX); /* everything */
    kd_wr_zero(&w, 16);
    kd_wr_u8(&w, 1); /* is unloaded */
    says(s, false, KD_PACKET_STATE_CHANGE64, data, sizeof data);
}

/* ---- the host ---- */

void scene_breaks_in(struct recorded_scene *s)
{
    scene_bytes(s, true, "b", 1);
}

static void manipulate(struct recorded_scene *s, bool from_host, const struct kd_manipulate *m)
{
    uint8_t data[KD_PACKET_DATA_MAX];
    size_t len = 0;

    if (kd_manipulate_encode(m, data, sizeof data, &len) == KD_OK)
        says(s, from_host, KD_PACKET_STATE_MANIPULATE, data, len);
}

void scene_continues(struct recorded_scene *s)
{
    struct kd_manipulate go = request_of(KD_API_CONTINUE, 0);

    manipulate(s, true, &go);
}

/* ---- both ---- */

void scene_exchange(struct recorded_scene *s, const struct kd_manipulate *request,
                    const struct kd_manipulate *reply)
{
    manipulate(s, true, request);
    manipulate(s, false, reply);
}

void scene_tells_version(struct recorded_scene *s, uint16_t build, uint64_t kernel_base_va)
{
    struct kd_manipulate request = request_of(KD_API_GET_VERSION, 0);
    struct kd_manipulate reply = scene_version(build, kernel_base_va);

    scene_exchange(s, &request, &reply);
}

void scene_reads(struct recorded_scene *s, uint64_t va, const char *text)
{
    uint32_t len = (uint32_t)strlen(text);
    struct kd_manipulate request = request_read(va, len);
    struct kd_manipulate reply = scene_read(va, len, len, text);

    scene_exchange(s, &request, &reply);
}

void scene_cannot_read(struct recorded_scene *s, uint64_t va, uint32_t len)
{
    struct kd_manipulate request = request_read(va, len), reply = request;

    reply.status = SCENE_REFUSED;
    scene_exchange(s, &request, &reply);
}

static void make_context(uint8_t out[KD_CONTEXT_LEN], uint8_t fill, uint64_t rip)
{
    memset(out, fill, KD_CONTEXT_LEN);
    kd_x64_context_set_rip(out, rip);
}

void scene_gets_context(struct recorded_scene *s, uint16_t processor, uint8_t fill, uint64_t rip)
{
    uint8_t context[KD_CONTEXT_LEN];
    struct kd_manipulate request = request_of(KD_API_GET_CONTEXT, processor), reply = request;

    make_context(context, fill, rip);
    reply.data = (struct kd_span){context, sizeof context};
    scene_exchange(s, &request, &reply);
}

void scene_gets_slices(struct recorded_scene *s, uint16_t processor, uint8_t fill, uint64_t rip)
{
    uint8_t context[KD_CONTEXT_LEN];
    struct kd_manipulate request = request_of(KD_API_GET_CONTEXT_EX, processor), reply;

    make_context(context, fill, rip);
    while (request.u.context.offset < KD_CONTEXT_LEN) {
        request.u.context.count = KD_CONTEXT_LEN - request.u.context.offset;
        reply = request;
        reply.u.context.copied =
            request.u.context.count < SLICE_MAX ? request.u.context.count : SLICE_MAX;
        reply.data = (struct kd_span){context + request.u.context.offset, reply.u.context.copied};
        scene_exchange(s, &request, &reply);
        request.u.context.offset += reply.u.context.copied;
    }
}

/* ---- requests ---- */

struct kd_manipulate request_read(uint64_t va, uint32_t count)
{
    return scene_read(va, count, 0, NULL);
}

struct kd_manipulate request_of(uint32_t api, uint16_t processor)
{
    return (struct kd_manipulate){.api = api, .processor = processor};
}
