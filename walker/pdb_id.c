#include <walker/pdb_id.h>

#include <walker/text.h>

#include <stdio.h>
#include <string.h>

static const uint32_t rsds_signature = 0x53445352;
static const uint32_t nb10_signature = 0x3031424E;

bool kdw_pdb_name_is_safe(const char *name)
{
    const uint8_t *p = (const uint8_t *)name;
    size_t left = strlen(name);

    if (*p == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    if (left >= KDW_PDB_NAME_MAX)
        return false;
    while (left > 0) {
        size_t n = kdw_utf8_len(p, left);

        if (n == 0 || *p < 0x20 || *p == 0x7F || *p == '/' || *p == '\\' || *p == ':')
            return false;
        if (p[0] == 0xC2 && p[1] < 0xA0) /* U+0080 to U+009F: terminals obey some of these */
            return false;
        p += n;
        left -= n;
    }
    return true;
}

/* Private images bear the whole path of their build: what follows its last separator. */
static const char *base_name(const char *path)
{
    const char *base = path;

    for (const char *p = path; *p != '\0'; p++)
        if (*p == '/' || *p == '\\')
            base = p + 1;
    return base;
}

enum kd_status kdw_pdb_id_decode(const uint8_t *rsds, size_t len, struct kdw_pdb_id *out)
{
    struct kd_reader r = kd_reader_of(rsds, len);
    struct kdw_pdb_id id = {0};
    uint32_t signature = kd_rd_u32(&r);
    struct kd_span text;
    const char *name;

    if (signature == nb10_signature)
        return KD_ERR_UNSUPPORTED;
    kd_rd_copy(&r, id.guid, sizeof id.guid);
    id.age = kd_rd_u32(&r);
    text = kd_rd_span(&r, kd_reader_left(&r));
    if (!kd_reader_ok(&r))
        return KD_ERR_TRUNCATED;
    if (signature != rsds_signature || text.len == 0 || !memchr(text.data, '\0', text.len))
        return KD_ERR_MALFORMED;
    name = base_name((const char *)text.data);
    if (!kdw_pdb_name_is_safe(name))
        return KD_ERR_MALFORMED;
    memcpy(id.name, name, strlen(name) + 1);
    *out = id;
    return KD_OK;
}

/* Data1, Data2 and Data3 are little-endian, and printed high byte first. */
static const uint8_t guid_order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

void kdw_pdb_id_guid(const struct kdw_pdb_id *id, char guid[KDW_PDB_GUID_MAX])
{
    for (size_t i = 0; i < sizeof guid_order; i++)
        snprintf(guid + 2 * i, 3, "%02X", id->guid[guid_order[i]]);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool kdw_pdb_guid_parse(const char *digits, uint8_t guid[16])
{
    uint8_t parsed[16];

    if (strlen(digits) != KDW_PDB_GUID_MAX - 1)
        return false;
    for (size_t i = 0; i < sizeof parsed; i++) {
        int high = hex_digit(digits[2 * i]), low = hex_digit(digits[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        parsed[guid_order[i]] = (uint8_t)(high << 4 | low);
    }
    memcpy(guid, parsed, sizeof parsed);
    return true;
}

void kdw_pdb_id_key(const struct kdw_pdb_id *id, char key[KDW_PDB_KEY_MAX])
{
    kdw_pdb_id_guid(id, key);
    snprintf(key + 32, KDW_PDB_KEY_MAX - 32, "%x", (unsigned)id->age);
}

bool kdw_pdb_id_equal(const struct kdw_pdb_id *a, const struct kdw_pdb_id *b)
{
    return a->age == b->age && memcmp(a->guid, b->guid, sizeof a->guid) == 0;
}
