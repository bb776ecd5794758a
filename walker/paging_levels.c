#include <walker/paging.h>

#include <kdproto/bytes.h>

enum {
    NT_MAJOR_VERSION = 0x26C, /* in KUSER_SHARED_DATA */
    VA_BITS_OF_FOUR = 48,
    VA_BITS_OF_FIVE = 57,
};
static const uint64_t shared_data_va =
    0xFFFFF78000000000; /* in every kernel, of four levels or five [doc] */

/* Are all bits above the lowest `bits` as the highest of those? */
static bool fits(uint64_t va, unsigned bits)
{
    return va >> (bits - 1) == 0 || va >> (bits - 1) == UINT64_MAX >> (bits - 1);
}

/* Windows 10 and 11 say 10 there, those from Vista to 8.1 say 6 [doc]. */
static enum kd_status read_shared_data(struct kdw_mem *mem, bool *is_of_windows)
{
    uint8_t bytes[4] = {0};
    struct kd_reader r = kd_reader_of(bytes, sizeof bytes);
    enum kd_status st =
        kdw_mem_read(mem, shared_data_va + NT_MAJOR_VERSION, bytes, sizeof bytes, NULL);
    uint32_t major = kd_rd_u32(&r);

    *is_of_windows = st == KD_OK && (major == 10 || major == 6);
    return st;
}

static enum kd_status has_shared_data(struct kdw_mem *mem, bool *has)
{
    enum kd_status st = read_shared_data(mem, has);

    return kdw_ends_walk(st) ? st : KD_OK;
}

enum kd_status kdw_paging_is_doubtful(struct kdw_paging *p, bool *is_doubtful)
{
    struct kdw_translation t;
    bool is_of_windows = false;
    enum kd_status st = kdw_paging_translate(p, shared_data_va, &t);

    if (t.state == KDW_PAGE_NO_TABLE && t.level == kdw_paging_get_opts(p).levels)
        return st;
    if (st == KD_OK)
        st = read_shared_data(kdw_paging_mem(p), &is_of_windows);
    if (kdw_ends_walk(st))
        return st;
    *is_doubtful = st == KD_OK ? !is_of_windows : kd_is_page_unreadable(st);
    return KD_OK;
}

/* Does every known address lead to memory, and is there one? */
static enum kd_status has_known(struct kdw_paging *p, const uint64_t *known_vas, size_t len,
                                bool *has)
{
    struct kdw_translation t;
    bool is_any_known = false;

    *has = false;
    for (size_t i = 0; i < len; i++) {
        enum kd_status st = known_vas[i] ? kdw_paging_translate(p, known_vas[i], &t) : KD_OK;

        if (st != KD_OK)
            return kdw_ends_walk(st) ? st : KD_OK;
        is_any_known = is_any_known || known_vas[i] != 0;
    }
    *has = is_any_known;
    return KD_OK;
}

/* What speaks for this number of levels: the shared page, and the known addresses. */
static enum kd_status try_levels(const struct kdw_paging_opts *opts, uint8_t levels,
                                 const uint64_t *known_vas, size_t len, bool *has_page,
                                 bool *has_addresses)
{
    struct kdw_paging_opts o = *opts;
    struct kdw_paging *p = NULL;
    enum kd_status st;

    o.levels = levels;
    st = kdw_paging_create(&o, &p);
    if (st == KD_OK)
        st = has_shared_data(kdw_paging_mem(p), has_page);
    if (st == KD_OK)
        st = has_known(p, known_vas, len, has_addresses);
    kdw_paging_destroy(p);
    return st;
}

enum kd_status kdw_paging_find_levels(const struct kdw_paging_opts *opts, const uint64_t *known_vas,
                                      size_t len, uint8_t *levels)
{
    bool has_page[2] = {false, false}, has_addresses[2] = {false, false};
    enum kd_status st = KD_OK;

    for (size_t i = 0; i < len; i++) {
        if (!fits(known_vas[i], VA_BITS_OF_FOUR) && fits(known_vas[i], VA_BITS_OF_FIVE)) {
            *levels = 5;
            return KD_OK;
        }
    }
    for (uint8_t i = 0; i < 2 && st == KD_OK; i++)
        st = try_levels(opts, 4 + i, known_vas, len, &has_page[i], &has_addresses[i]);
    if (st != KD_OK)
        return st;
    if (has_page[0] || has_page[1])
        *levels = has_page[0] ? 4 : 5;
    else if (has_addresses[0] || has_addresses[1])
        *levels = has_addresses[0] ? 4 : 5;
    else
        return KD_ERR_NOT_FOUND;
    return KD_OK;
}
