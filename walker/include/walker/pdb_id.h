/* pdb_id.h - the identity that ties an image to its PDB: GUID, age, file name (the RSDS record).
 *
 * Source    RSDS record layout and the store key derived from it: real images and stores [seen]. */
#ifndef WALKER_PDB_ID_H
#define WALKER_PDB_ID_H

#include <kdproto/bytes.h>
#include <kdproto/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    KDW_PDB_NAME_MAX = 256, /* with its NUL; longer ones are refused: no Microsoft PDB comes near */
    KDW_PDB_GUID_MAX = 33,  /* 32 digits, NUL */
    KDW_PDB_KEY_MAX = 41,   /* 32 digits, age in hex, NUL */
};

struct kdw_pdb_id {
    uint8_t guid[16]; /* as stored: Data1..3 little-endian, Data4 as bytes */
    uint32_t age;
    char name[KDW_PDB_NAME_MAX]; /* base name, checked: fit to be a path component */
};

/* An RSDS record as it stands in memory. KD_ERR_UNSUPPORTED for NB10 (PDB 2.0), KD_ERR_TRUNCATED,
 * KD_ERR_MALFORMED for a name that is unterminated or unfit to be a file name. */
enum kd_status kdw_pdb_id_decode(const uint8_t *rsds, size_t len, struct kdw_pdb_id *out);
/* "616A94E33A4827B451B0E19C14C03792": the GUID in upper case, without dashes. */
void kdw_pdb_id_guid(const struct kdw_pdb_id *id, char guid[KDW_PDB_GUID_MAX]);
/* The other way round, in either case; false: not 32 hexadecimal digits. */
bool kdw_pdb_guid_parse(const char *digits, uint8_t guid[16]);
/* "616A94E33A4827B451B0E19C14C037921": GUID in upper case, age in hex without padding. */
void kdw_pdb_id_key(const struct kdw_pdb_id *id, char key[KDW_PDB_KEY_MAX]);
bool kdw_pdb_id_equal(const struct kdw_pdb_id *a, const struct kdw_pdb_id *b); /* GUID and age */
/* 1 to 255 bytes of UTF-8 that stay one path component: no separator, drive or control character.
 * The target chooses this name. */
bool kdw_pdb_name_is_safe(const char *name);

#ifdef __cplusplus
}
#endif
#endif
