#include <kdproto/file_io.h>

#include <assert.h>

#define STATUS_NO_SUCH_FILE   0xC000000Fu /* what WinDbg answers to a create [seen] */
#define STATUS_INVALID_HANDLE 0xC0000008u /* nobody got a handle from us */

static void read_create(struct kd_reader *r, struct kd_file_io *io)
{
    io->access = kd_rd_u32(r);
    io->attributes = kd_rd_u32(r);
    io->share = kd_rd_u32(r);
    io->disposition = kd_rd_u32(r);
    io->options = kd_rd_u32(r);
}

static void read_transfer(struct kd_reader *r, struct kd_file_io *io)
{
    io->handle = kd_rd_u64(r);
    if (io->kind == KD_FILE_IO_CLOSE)
        return;
    io->offset = kd_rd_u64(r);
    io->len = kd_rd_u32(r);
}

/* All UTF-16 units up to the first that is zero. */
static struct kd_span read_path(struct kd_reader *r)
{
    struct kd_span path = kd_rd_span(r, kd_reader_left(r));
    size_t n = 0;

    while (n + 1 < path.len && (path.data[n] != 0 || path.data[n + 1] != 0))
        n += 2;
    path.len = n;
    return path;
}

static struct kd_span read_data(struct kd_reader *r, uint32_t announced)
{
    size_t left = kd_reader_left(r);

    return kd_rd_span(r, announced < left ? announced : left);
}

enum kd_status kd_file_io_decode(const uint8_t *buf, size_t len, struct kd_file_io *out)
{
    struct kd_reader r = kd_reader_of(buf, len);
    struct kd_file_io io = {0};

    io.header = kd_rd_span(&r, KD_FILE_IO_HEADER_LEN);
    if (!kd_reader_ok(&r))
        return KD_ERR_TRUNCATED;
    kd_rd_seek(&r, 0);
    io.kind = kd_rd_u32(&r);
    kd_rd_skip(&r, 4); /* Status: says something only in an answer */
    switch (io.kind) {
    case KD_FILE_IO_CREATE:
        read_create(&r, &io);
        break;
    case KD_FILE_IO_READ:
    case KD_FILE_IO_WRITE:
    case KD_FILE_IO_CLOSE:
        read_transfer(&r, &io);
        break;
    default:
        break;
    }
    kd_rd_seek(&r, KD_FILE_IO_HEADER_LEN);
    if (io.kind == KD_FILE_IO_CREATE)
        io.path = read_path(&r);
    if (io.kind == KD_FILE_IO_WRITE)
        io.data = read_data(&r, io.len);
    *out = io;
    return KD_OK;
}

void kd_file_io_refuse(const struct kd_file_io *request, uint8_t out[KD_FILE_IO_HEADER_LEN])
{
    struct kd_writer w = kd_writer_of(out, KD_FILE_IO_HEADER_LEN);

    assert(request->header.len == KD_FILE_IO_HEADER_LEN); /* it came from _decode */
    kd_wr_bytes(&w, request->header.data, request->header.len);
    kd_wr_patch_u32(
        &w, 4, request->kind == KD_FILE_IO_CREATE ? STATUS_NO_SUCH_FILE : STATUS_INVALID_HANDLE);
}
