#include "pdb_address.h"

#include "le.h"

enum {
    SECTION_HEADER_LEN = 40,
    SECTION_VIRTUAL_ADDRESS = 12,
    OMAP_RECORD_LEN = 8, /* from RVA, to RVA (0: the code was dropped) */
};

static uint32_t omap_from(const struct kd_span *omap, size_t i)
{
    return le32(omap->data + i * OMAP_RECORD_LEN);
}

static enum kd_status check_omap(const struct kd_span *omap, struct kd_diag *diag)
{
    if (omap->len % OMAP_RECORD_LEN != 0)
        return kd_diag_set(diag, KD_ERR_MALFORMED, "address map of odd length: %zu bytes",
                           omap->len);
    for (size_t i = 1; i < omap->len / OMAP_RECORD_LEN; i++)
        if (omap_from(omap, i - 1) > omap_from(omap, i))
            return kd_diag_set(diag, KD_ERR_MALFORMED, "address map is not sorted at record %zu",
                               i);
    return KD_OK;
}

enum kd_status kdw_pdb_sections_open(struct kdw_msf *msf, const struct kdw_section_streams *streams,
                                     struct kd_diag *diag, struct kdw_pdb_sections *out)
{
    struct kdw_pdb_sections s = {{NULL, 0}, {NULL, 0}};
    bool has_omap = kdw_msf_has(msf, streams->omap_from_source);
    bool has_original = kdw_msf_has(msf, streams->original_sections);
    enum kd_status st;

    if (has_omap && has_original) {
        st = kdw_msf_stream(msf, streams->omap_from_source, &s.omap);
        if (st == KD_OK)
            st = check_omap(&s.omap, diag);
        if (st == KD_OK)
            st = kdw_msf_stream(msf, streams->original_sections, &s.headers);
    } else {
        if (has_omap || has_original)
            kd_diag_set(diag, KD_OK,
                        "half an address map: addresses may be those before the image "
                        "was reordered");
        st = kdw_msf_stream(msf, streams->sections, &s.headers);
    }
    if (st != KD_OK)
        return kd_diag_add(diag, st, "section table");
    *out = s;
    return KD_OK;
}

/* The last record at or below src, applied. */
static enum kd_status through_omap(const struct kd_span *omap, uint64_t src, uint64_t *rva)
{
    size_t low = 0, high = omap->len / OMAP_RECORD_LEN;
    uint32_t to;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (omap_from(omap, mid) <= src)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == 0)
        return KD_ERR_NOT_FOUND;
    to = le32(omap->data + (low - 1) * OMAP_RECORD_LEN + 4);
    if (to == 0)
        return KD_ERR_NOT_FOUND;
    *rva = to + (src - omap_from(omap, low - 1));
    return KD_OK;
}

size_t kdw_pdb_section_count(const struct kdw_pdb_sections *s)
{
    return s->headers.len / SECTION_HEADER_LEN;
}

enum kd_status kdw_pdb_rva(const struct kdw_pdb_sections *s, struct kdw_seg_offset at,
                           uint64_t *rva)
{
    const uint8_t *header;
    uint64_t src;

    if (at.segment == 0 || at.segment > kdw_pdb_section_count(s))
        return KD_ERR_NOT_FOUND;
    header = s->headers.data + (size_t)(at.segment - 1) * SECTION_HEADER_LEN;
    src = (uint64_t)le32(header + SECTION_VIRTUAL_ADDRESS) + at.offset;
    if (s->omap.len > 0)
        return through_omap(&s->omap, src, rva);
    *rva = src;
    return KD_OK;
}
