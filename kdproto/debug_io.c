#include <kdproto/debug_io.h>

enum kd_status kd_debug_io_decode(const uint8_t *buf, size_t len, struct kd_debug_io *out)
{
    struct kd_reader r = kd_reader_of(buf, len);
    struct kd_debug_io io = {0};
    uint32_t text_len, answer_max;
    size_t left;

    io.kind = kd_rd_u32(&r);
    io.processor_level = kd_rd_u16(&r);
    io.processor = kd_rd_u16(&r);
    text_len = kd_rd_u32(&r);
    answer_max = kd_rd_u32(&r);
    if (!kd_reader_ok(&r))
        return KD_ERR_TRUNCATED;
    if (io.kind != KD_DEBUG_IO_PRINT && io.kind != KD_DEBUG_IO_GET_STRING)
        return KD_ERR_UNSUPPORTED;
    if (io.kind == KD_DEBUG_IO_GET_STRING)
        io.answer_max = answer_max; /* noise in a print [seen] */
    left = kd_reader_left(&r);
    io.text = kd_rd_span(&r, text_len < left ? text_len : left);
    *out = io;
    return KD_OK;
}

enum kd_status kd_debug_io_answer(const struct kd_debug_io *request, struct kd_span line,
                                  uint8_t *buf, size_t cap, size_t *len)
{
    struct kd_writer w = kd_writer_of(buf, cap);

    if (request->kind != KD_DEBUG_IO_GET_STRING)
        return KD_ERR_USAGE;
    if (line.len > request->answer_max)
        line.len = request->answer_max;
    if (cap < KD_DEBUG_IO_HEADER_LEN || line.len > cap - KD_DEBUG_IO_HEADER_LEN)
        return KD_ERR_LIMIT;
    kd_wr_u32(&w, request->kind);
    kd_wr_u16(&w, request->processor_level);
    kd_wr_u16(&w, request->processor);
    kd_wr_u32(&w, (uint32_t)request->text.len);
    kd_wr_u32(&w, (uint32_t)line.len);
    kd_wr_bytes(&w, line.data, line.len);
    *len = w.pos;
    return KD_OK;
}
