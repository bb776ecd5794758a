/* pdb_leaf.h - numbers of CodeView type records, as the TPI stream of a PDB has them.
 *
 * Source    Format owner's published source [doc]; layouts beside each reader in pdb_members.c. The
 *           forms of 2019 and later: other readers [doc]. */
#ifndef WALKER_PDB_LEAF_H
#define WALKER_PDB_LEAF_H

enum kdw_leaf {
    /* records */
    LF_MODIFIER = 0x1001,
    LF_POINTER = 0x1002,
    LF_PROCEDURE = 0x1008,
    LF_MFUNCTION = 0x1009,
    LF_FIELDLIST = 0x1203,
    LF_BITFIELD = 0x1205,
    LF_ARRAY = 0x1503,
    LF_CLASS = 0x1504,
    LF_STRUCTURE = 0x1505,
    LF_UNION = 0x1506,
    LF_ENUM = 0x1507,
    LF_ALIAS = 0x150A,
    LF_INTERFACE = 0x1519,
    LF_CLASS2 = 0x1608, /* Visual Studio 2019 and later: wider counts */
    LF_STRUCTURE2 = 0x1609,
    LF_UNION2 = 0x160A,
    LF_INTERFACE2 = 0x160B,

    /* entries of a field list */
    LF_BCLASS = 0x1400,
    LF_VBCLASS = 0x1401,
    LF_IVBCLASS = 0x1402,
    LF_INDEX = 0x1404,
    LF_VFUNCTAB = 0x1409,
    LF_FRIENDCLS = 0x140A,
    LF_VFUNCOFF = 0x140C,
    LF_ENUMERATE = 0x1502,
    LF_FRIENDFCN = 0x150C,
    LF_MEMBER = 0x150D,
    LF_STMEMBER = 0x150E,
    LF_METHOD = 0x150F,
    LF_NESTTYPE = 0x1510,
    LF_ONEMETHOD = 0x1511,
    LF_NESTTYPEEX = 0x1512,
    LF_BINTERFACE = 0x151A,
};

enum { /* property bits of a struct, union or enum */
       KDW_UDT_FORWARD = 0x80,
       KDW_UDT_SCOPED = 0x100,
       KDW_UDT_HAS_UNIQUE_NAME = 0x200,
};

#endif
