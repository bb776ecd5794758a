/* nt_14393.h - the kernel 10.0.14393.2068: types, variables, identity.
 *
 * Written by generate.py; change that, not this.
 *
 * Source    Layouts, addresses and identity: public type and symbol information [seen].
 * This revision is in no public table of identities: its GUID is made up, its addresses (but for
 * PsLoadedModuleList [seen]) are a neighbouring revision's moved together, and what its layout table
 * lacks is as in 18362. [guess] */
#ifndef LAB_NT_14393_H
#define LAB_NT_14393_H

#include "nt_base.h"

/* clang-format off */
#define NT_BUILD         14393
#define NT_PE_STAMP      0x5a7e6e98
#define NT_SIZE_OF_IMAGE 0x822000
#define NT_PDB_GUID      "6B64770714393000A2068D0C0FFEE001"
#define NT_PDB_AGE       1

/* X(name, RVA): below NT_TEXT_END, where the code is, and above. X(RVA, bytes): the code. */
#define NT_TEXT_END      0x14c000
#define NT_TEXT_SYMBOLS(X) \
    X(EtwpGetPerfCounter, 0x31eac) \
    X(PpmQueryTime, 0x31eac) \
    X(EtwpGetCycleCount, 0x6fd3c) \
    X(MmGetPhysicalAddress, 0x9bc50) \
    X(RtlGetSystemTimePrecise, 0xaddb8) \
    X(EtwpGetSystemTime, 0x100b8c) \
    X(KeBugCheckEx, 0x1414e0) \
    X(KiCallUserMode, 0x144ac0) \
    X(DbgBreakPoint, 0x149350) \
    X(DbgBreakPointWithStatus, 0x149370) \
    X(DebugService2, 0x1493c0) \
    X(KiDivideErrorFault, 0x14be00)
#define NT_DATA_SYMBOLS(X) \
    X(MmUserProbeAddress, 0x2426e8) \
    X(MmHighestUserAddress, 0x2426f0) \
    X(SecurityProviderGuid, 0x25f588) \
    X(NtBuildLabEx, 0x260fb0) \
    X(NtBuildLab, 0x2611e0) \
    X(MmSystemRangeStart, 0x279ea0) \
    X(NtBuildNumber, 0x2802b8) \
    X(HalDispatchTable, 0x2e8300) \
    X(KdPrintCircularBuffer, 0x2e91f8) \
    X(KdPrintWritePointer, 0x2e9200) \
    X(KdpBootedNodebug, 0x2ea464) \
    X(KdPrintBufferSize, 0x2ed20c) \
    X(ExpSystemResourcesList, 0x2f1680) \
    X(HalPrivateDispatchTable, 0x2f33e0) \
    X(EtwpFileIoNotifyRoutines, 0x2f3898) \
    X(KdDebuggerDataBlock, 0x2f3a40) \
    X(PoolTrackTable, 0x2f3f08) \
    X(KdVersionBlock, 0x2f5f30) \
    X(EtwpDebuggerData, 0x2f6088) \
    X(EtwpHostSiloState, 0x2fe1c0) \
    X(EtwpPsProvRegHandle, 0x2fe380) \
    X(EtwpNetProvRegHandle, 0x2fe388) \
    X(EtwpSystemLogger, 0x2fe3a0) \
    X(EtwpEventTracingProvRegHandle, 0x2fe3c0) \
    X(EtwpMemoryProvRegHandle, 0x2fe3c8) \
    X(EtwpDiskProvRegHandle, 0x2fe3d0) \
    X(EtwpFileProvRegHandle, 0x2fe3d8) \
    X(EtwCVEAuditProvRegHandle, 0x2fe3e0) \
    X(EtwpGroupMasks, 0x2fe520) \
    X(EtwKernelProvRegHandle, 0x2fe958) \
    X(EtwApiCallsProvRegHandle, 0x2fe960) \
    X(EtwAppCompatProvRegHandle, 0x2fe968) \
    X(PspSiloMonitorList, 0x302410) \
    X(PsActiveProcessHead, 0x302550) \
    X(ObpRootDirectoryObject, 0x305f30) \
    X(ObpTypeObjectType, 0x307b48) \
    X(PsLoadedModuleList, 0x3081a0) \
    X(MmUnloadedDrivers, 0x3085c0) \
    X(MmLastUnloadedDriver, 0x3085c8) \
    X(KiBugCheckData, 0x30f210) \
    X(KeBugCheckCallbackListHead, 0x30fe00) \
    X(KdDebuggerEnabled, 0x30fe7b) \
    X(KdDebuggerNotPresent, 0x30fe7c) \
    X(KdPrintDefaultCircularBuffer, 0x30feb0) \
    X(KdPrintRolloverCount, 0x310eb0) \
    X(KdpDebuggerDataListHead, 0x31e500) \
    X(CmNtCSDVersion, 0x325e78) \
    X(NtGlobalFlag, 0x325f70) \
    X(EtwpDiskIoNotifyRoutines, 0x327338) \
    X(KdpDataBlockEncoded, 0x32a3a8) \
    X(EtwpRealTimeConnectionObjectType, 0x3aa3e8) \
    X(KeNumberProcessors, 0x3ab384) \
    X(PsProcessType, 0x3ab390) \
    X(PsInitialSystemProcess, 0x3ab398) \
    X(PerfGlobalGroupMask, 0x3ab400) \
    X(PsIdleProcess, 0x3ab428) \
    X(EtwpActiveSystemLoggers, 0x3ab448) \
    X(PsJobType, 0x3ab4c0) \
    X(PspCidTable, 0x3ab4e0) \
    X(EtwpRegistrationObjectType, 0x3ab538) \
    X(ObHeaderCookie, 0x3ab5fc) \
    X(ObTypeIndexTable, 0x3abb20) \
    X(KiProcessorBlock, 0x3ac500) \
    X(PspHostSiloGlobals, 0x3c0640) \
    X(MmPteBase, 0x4333f8) \
    X(VslVsmEnabled, 0x4343f8) \
    X(KeLoaderBlock, 0x434448) \
    X(KeTimeIncrement, 0x434450) \
    X(MmPhysicalMemoryBlock, 0x4344b8) \
    X(MmPfnDatabase, 0x4344d8) \
    X(KiWaitNever, 0x434770) \
    X(KiWaitAlways, 0x434960) \
    X(KiKvaShadow, 0x44c8b0) \
    X(KiInitialProcess, 0x44ea30) \
    X(KiInitialThread, 0x451470) \
    X(EtwpRegTraceHandle, 0x749150) \
    X(PspJobList, 0x749468)
#define NT_CODE_BYTES(X) \
    X(0x31eac, 0x0f, 0x31, 0xc3) \
    X(0x6fd3c, 0x0f, 0x31, 0xc3) \
    X(0x9bc50, 0x31, 0xc0, 0xc3) \
    X(0xaddb8, 0x31, 0xc0, 0xc3) \
    X(0x100b8c, 0x31, 0xc0, 0xc3) \
    X(0x1414e0, 0xcc) \
    X(0x144ac0, 0xc3) \
    X(0x149350, 0xcc, 0xc3) \
    X(0x149370, 0xcc, 0xc3) \
    X(0x1493c0, 0x8b, 0xc1, 0xcd, 0x2d, 0xcc, 0xc3) \
    X(0x14be00, 0x48, 0xcf)
/* What this kernel has no such symbol for. */
#define NT_MISSING_SYMBOLS(X) \
    X(EtwAdminlessProvRegHandle, 0) \
    X(EtwCpuStarvationProvRegHandle, 0) \
    X(EtwLpacProvRegHandle, 0) \
    X(EtwSecurityMitigationsRegHandle, 0) \
    X(EtwThreatIntProvRegHandle, 0) \
    X(EtwpBootPhase, 0) \
    X(EtwpSiloAllowedGroupMask, 0) \
    X(HandleTableListHead, 0) \
    X(KeQueryPerformanceCounter, 0) \
    X(MiState, 0) \
    X(PspJobListLock, 0) \
    X(SeTokenObjectType, 0)

#ifndef __ASSEMBLER__
NT_SYMBOLS(NT_TEXT_SYMBOLS, NT_DATA_SYMBOLS, NT_MISSING_SYMBOLS)

enum _SERVERSILO_STATE {
    SERVERSILO_INITING = 0,
    SERVERSILO_STARTED = 1,
    SERVERSILO_SHUTTING_DOWN = 2,
    SERVERSILO_TERMINATING = 3,
    SERVERSILO_TERMINATED = 4,
};

enum _NT_PRODUCT_TYPE {
    NtProductWinNt = 1,
    NtProductLanManNt = 2,
    NtProductServer = 3,
};

enum _ALTERNATIVE_ARCHITECTURE_TYPE {
    StandardDesign = 0,
    NEC98x86 = 1,
    EndAlternatives = 2,
};

enum _IO_SESSION_STATE {
    IoSessionStateCreated = 1,
    IoSessionStateInitialized = 2,
    IoSessionStateConnected = 3,
    IoSessionStateDisconnected = 4,
    IoSessionStateDisconnectedLoggedOn = 5,
    IoSessionStateLoggedOn = 6,
    IoSessionStateLoggedOff = 7,
    IoSessionStateTerminated = 8,
    IoSessionStateMax = 9,
};

enum _POOL_TYPE {
    NonPagedPool = 0,
    NonPagedPoolBase = 0,
    NonPagedPoolExecute = 0,
    PagedPool = 1,
    NonPagedPoolBaseMustSucceed = 2,
    NonPagedPoolMustSucceed = 2,
    DontUseThisType = 3,
    NonPagedPoolBaseCacheAligned = 4,
    NonPagedPoolCacheAligned = 4,
    PagedPoolCacheAligned = 5,
    NonPagedPoolBaseCacheAlignedMustS = 6,
    NonPagedPoolCacheAlignedMustS = 6,
    MaxPoolType = 7,
    NonPagedPoolSession = 32,
    PagedPoolSession = 33,
    NonPagedPoolMustSucceedSession = 34,
    DontUseThisTypeSession = 35,
    NonPagedPoolCacheAlignedSession = 36,
    PagedPoolCacheAlignedSession = 37,
    NonPagedPoolCacheAlignedMustSSession = 38,
    NonPagedPoolNx = 512,
    NonPagedPoolNxCacheAligned = 516,
    NonPagedPoolSessionNx = 544,
};

enum _TOKEN_TYPE {
    TokenPrimary = 1,
    TokenImpersonation = 2,
};

enum _SECURITY_IMPERSONATION_LEVEL {
    SecurityAnonymous = 0,
    SecurityIdentification = 1,
    SecurityImpersonation = 2,
    SecurityDelegation = 3,
};

enum _ETW_BUFFER_STATE {
    EtwBufferStateFree = 0,
    EtwBufferStateGeneralLogging = 1,
    EtwBufferStateCSwitch = 2,
    EtwBufferStateFlush = 3,
    EtwBufferStatePendingCompression = 4,
    EtwBufferStateCompressed = 5,
    EtwBufferStatePlaceholder = 6,
    EtwBufferStateMaximum = 7,
};

enum _ETW_RT_EVENT_LOSS {
    EtwRtEventNoLoss = 0,
    EtwRtEventLost = 1,
    EtwRtBufferLost = 2,
    EtwRtBackupLost = 3,
    EtwRtEventLossMax = 4,
};

enum ETW_COMPRESSION_RESUMPTION_MODE {
    EtwCompressionModeRestart = 0,
    EtwCompressionModeNoDisable = 1,
    EtwCompressionModeNoRestart = 2,
};

enum _ETW_GUID_TYPE {
    EtwTraceGuidType = 0,
    EtwNotificationGuidType = 1,
    EtwGroupGuidType = 2,
    EtwGuidTypeMax = 3,
};

enum _ETW_NOTIFICATION_TYPE {
    EtwNotificationTypeNoReply = 1,
    EtwNotificationTypeLegacyEnable = 2,
    EtwNotificationTypeEnable = 3,
    EtwNotificationTypePrivateLogger = 4,
    EtwNotificationTypePerflib = 5,
    EtwNotificationTypeAudio = 6,
    EtwNotificationTypeSession = 7,
    EtwNotificationTypeReserved = 8,
    EtwNotificationTypeCredentialUI = 9,
    EtwNotificationTypeInProcSession = 10,
};

enum _ETW_STRING_TOKEN_TYPE {
    ETW_STRING_TOKEN_EXE = 0,
    ETW_STRING_TOKEN_PACKAGE_ID = 1,
    ETW_STRING_TOKEN_PKG_APP_ID = 2,
};

enum _PS_PROTECTED_TYPE {
    PsProtectedTypeNone = 0,
    PsProtectedTypeProtectedLight = 1,
    PsProtectedTypeProtected = 2,
    PsProtectedTypeMax = 3,
};

enum _PS_PROTECTED_SIGNER {
    PsProtectedSignerNone = 0,
    PsProtectedSignerAuthenticode = 1,
    PsProtectedSignerCodeGen = 2,
    PsProtectedSignerAntimalware = 3,
    PsProtectedSignerLsa = 4,
    PsProtectedSignerWindows = 5,
    PsProtectedSignerWinTcb = 6,
    PsProtectedSignerWinSystem = 7,
};

struct _AUTHZBASEP_CLAIM_ATTRIBUTES_COLLECTION;
struct _AUTHZBASEP_SECURITY_ATTRIBUTES_INFORMATION;
struct _DEVICE_MAP;
struct _ETWP_NOTIFICATION_HEADER;
struct _ETW_FILTER_EVENT_NAME_DATA;
struct _ETW_FILTER_PID;
struct _ETW_FILTER_STRING_TOKEN;
struct _ETW_PAYLOAD_FILTER;
struct _ETW_PERFECT_HASH_FUNCTION;
struct _ETW_PMC_SUPPORT;
struct _ETW_SOFT_RESTART_CONTEXT;
struct _ETW_STACK_CACHE;
struct _EVENT_FILTER_HEADER;
struct _EWOW64PROCESS;
struct _EXCEPTION_REGISTRATION_RECORD;
struct _FILE_OBJECT;
struct _HANDLE_TABLE_ENTRY_INFO;
struct _HANDLE_TRACE_DEBUG_INFO;
struct _IO_MINI_COMPLETION_PACKET_USER;
struct _JOB_ACCESS_STATE;
struct _JOB_CPU_RATE_CONTROL;
struct _JOB_NET_RATE_CONTROL;
struct _JOB_NOTIFICATION_INFORMATION;
union _KGDTENTRY64;
union _KIDTENTRY64;
struct _KSPIN_LOCK_QUEUE;
struct _KTSS64;
struct _KWAIT_BLOCK;
struct _NON_PAGED_DEBUG_INFO;
struct _OBJECT_CREATE_INFORMATION;
struct _PEB;
struct _PROCESS_ENERGY_VALUES;
struct _PSP_STORAGE;
struct _SEP_LOWBOX_NUMBER_ENTRY;
struct _SEP_SID_VALUES_BLOCK;
struct _TOKEN_ACCESS_INFORMATION;
struct _WNF_SCOPE_MAP;

struct _DBGKD_GET_VERSION64 {
    U2B MajorVersion;
    U2B MinorVersion;
    U1B ProtocolVersion;
    U1B KdSecondaryVersion;
    U2B Flags;
    U2B MachineType;
    U1B MaxPacketType;
    U1B MaxStateChange;
    U1B MaxManipulate;
    U1B Simulation;
    U2B Unused[1];
    U8B KernBase;
    U8B PsLoadedModuleList;
    U8B DebuggerDataList;
};
NT_SIZE(struct _DBGKD_GET_VERSION64, 0x28);
NT_OFFSET(struct _DBGKD_GET_VERSION64, MajorVersion, 0x0);
NT_OFFSET(struct _DBGKD_GET_VERSION64, MinorVersion, 0x2);
NT_OFFSET(struct _DBGKD_GET_VERSION64, ProtocolVersion, 0x4);
NT_OFFSET(struct _DBGKD_GET_VERSION64, KdSecondaryVersion, 0x5);
NT_OFFSET(struct _DBGKD_GET_VERSION64, Flags, 0x6);
NT_OFFSET(struct _DBGKD_GET_VERSION64, MachineType, 0x8);
NT_OFFSET(struct _DBGKD_GET_VERSION64, MaxPacketType, 0xa);
NT_OFFSET(struct _DBGKD_GET_VERSION64, MaxStateChange, 0xb);
NT_OFFSET(struct _DBGKD_GET_VERSION64, MaxManipulate, 0xc);
NT_OFFSET(struct _DBGKD_GET_VERSION64, Simulation, 0xd);
NT_OFFSET(struct _DBGKD_GET_VERSION64, Unused, 0xe);
NT_OFFSET(struct _DBGKD_GET_VERSION64, KernBase, 0x10);
NT_OFFSET(struct _DBGKD_GET_VERSION64, PsLoadedModuleList, 0x18);
NT_OFFSET(struct _DBGKD_GET_VERSION64, DebuggerDataList, 0x20);

struct _DISALLOWED_GUIDS {
    U2B Count;
    struct _GUID *Guids;
};
NT_SIZE(struct _DISALLOWED_GUIDS, 0x10);
NT_OFFSET(struct _DISALLOWED_GUIDS, Count, 0x0);
NT_OFFSET(struct _DISALLOWED_GUIDS, Guids, 0x8);

struct _LIST_ENTRY {
    struct _LIST_ENTRY *Flink;
    struct _LIST_ENTRY *Blink;
};
NT_SIZE(struct _LIST_ENTRY, 0x10);
NT_OFFSET(struct _LIST_ENTRY, Flink, 0x0);
NT_OFFSET(struct _LIST_ENTRY, Blink, 0x8);

struct _DISPATCHER_HEADER {
    union {
        I4B Lock;
        I4B LockNV;
        struct {
            U1B MutantType;
            U1B MutantSize;
            U1B DpcActive;
            U1B DebugActive;
        };
        struct {
            U1B QueueType;
            U1B QueueControlFlags;
            U1B Hand;
            U1B MutantReserved;
        };
        struct {
            U1B ThreadType;
            U1B Signalling;
            U1B QueueSize;
            U1B QueueReserved;
        };
        struct {
            U1B Timer2Type;
            U1B ThreadReserved;
            U1B Size;
            U1B Reserved1;
        };
        struct {
            U1B TimerType;
            U1B Timer2Flags;
            U1B ThreadControlFlags;
            U1B Timer2Reserved2;
        };
        struct {
            U1B Type;
            U1B TimerControlFlags;
            U1B Timer2Reserved1;
            U1B TimerMiscFlags;
        };
        struct {
            NT_SKIP_1
            struct {
                U1B Abandoned : 1;
                U1B DisableIncrement : 1;
                U1B EncodedTolerableDelay : 6;
            };
            struct {
                U1B CycleProfiling : 1;
                U1B CounterProfiling : 1;
                U1B GroupScheduling : 1;
                U1B AffinitySet : 1;
                U1B Tagged : 1;
                U1B EnergyProfiling : 1;
                U1B ThreadReservedControlFlags : 2;
            };
            struct {
                U1B ActiveDR7 : 1;
                U1B Instrumented : 1;
                U1B Minimal : 1;
                U1B Reserved4 : 3;
                U1B Inserted : 1;
                U1B Expired : 1;
            };
        };
        struct {
            NT_SKIP_1
            struct {
                U1B Absolute : 1;
                U1B Timer2Expiring : 1;
                U1B QueueReservedControlFlags : 6;
            };
            NT_SKIP_1
            struct {
                U1B Index : 6;
                U1B UmsScheduled : 1;
                U1B UmsPrimary : 1;
            };
        };
        struct {
            NT_SKIP_1
            struct {
                U1B Timer2Inserted : 1;
                U1B Wake : 1;
                U1B Timer2CancelPending : 1;
                U1B Timer2SetPending : 1;
                U1B Timer2Running : 1;
                U1B Timer2Disabled : 1;
                U1B Timer2ReservedFlags : 2;
            };
        };
    };
    I4B SignalState;
    struct _LIST_ENTRY WaitListHead;
};
NT_SIZE(struct _DISPATCHER_HEADER, 0x18);
NT_OFFSET(struct _DISPATCHER_HEADER, Lock, 0x0);
NT_OFFSET(struct _DISPATCHER_HEADER, LockNV, 0x0);
NT_OFFSET(struct _DISPATCHER_HEADER, MutantType, 0x0);
NT_OFFSET(struct _DISPATCHER_HEADER, QueueType, 0x0);
NT_OFFSET(struct _DISPATCHER_HEADER, ThreadType, 0x0);
NT_OFFSET(struct _DISPATCHER_HEADER, Timer2Type, 0x0);
NT_OFFSET(struct _DISPATCHER_HEADER, TimerType, 0x0);
NT_OFFSET(struct _DISPATCHER_HEADER, Type, 0x0);
NT_OFFSET(struct _DISPATCHER_HEADER, MutantSize, 0x1);
NT_OFFSET(struct _DISPATCHER_HEADER, QueueControlFlags, 0x1);
NT_OFFSET(struct _DISPATCHER_HEADER, Signalling, 0x1);
NT_OFFSET(struct _DISPATCHER_HEADER, ThreadReserved, 0x1);
NT_OFFSET(struct _DISPATCHER_HEADER, Timer2Flags, 0x1);
NT_OFFSET(struct _DISPATCHER_HEADER, TimerControlFlags, 0x1);
NT_OFFSET(struct _DISPATCHER_HEADER, DpcActive, 0x2);
NT_OFFSET(struct _DISPATCHER_HEADER, Hand, 0x2);
NT_OFFSET(struct _DISPATCHER_HEADER, QueueSize, 0x2);
NT_OFFSET(struct _DISPATCHER_HEADER, Size, 0x2);
NT_OFFSET(struct _DISPATCHER_HEADER, ThreadControlFlags, 0x2);
NT_OFFSET(struct _DISPATCHER_HEADER, Timer2Reserved1, 0x2);
NT_OFFSET(struct _DISPATCHER_HEADER, DebugActive, 0x3);
NT_OFFSET(struct _DISPATCHER_HEADER, MutantReserved, 0x3);
NT_OFFSET(struct _DISPATCHER_HEADER, QueueReserved, 0x3);
NT_OFFSET(struct _DISPATCHER_HEADER, Reserved1, 0x3);
NT_OFFSET(struct _DISPATCHER_HEADER, Timer2Reserved2, 0x3);
NT_OFFSET(struct _DISPATCHER_HEADER, TimerMiscFlags, 0x3);
NT_OFFSET(struct _DISPATCHER_HEADER, SignalState, 0x4);
NT_OFFSET(struct _DISPATCHER_HEADER, WaitListHead, 0x8);

struct _KEVENT {
    struct _DISPATCHER_HEADER Header;
};
NT_SIZE(struct _KEVENT, 0x18);
NT_OFFSET(struct _KEVENT, Header, 0x0);

struct _OWNER_ENTRY {
    U8B OwnerThread;
    union {
        U4B TableSize;
        struct {
            U4B IoPriorityBoosted : 1;
            U4B OwnerReferenced : 1;
            U4B IoQoSPriorityBoosted : 1;
            U4B OwnerCount : 29;
        };
    };
};
NT_SIZE(struct _OWNER_ENTRY, 0x10);
NT_OFFSET(struct _OWNER_ENTRY, OwnerThread, 0x0);
NT_OFFSET(struct _OWNER_ENTRY, TableSize, 0x8);

struct _ERESOURCE {
    struct _LIST_ENTRY SystemResourcesList;
    struct _OWNER_ENTRY *OwnerTable;
    I2B ActiveCount;
    union {
        U2B Flag;
        struct {
            U1B ReservedLowFlags;
            U1B WaiterPriority;
        };
    };
    void *SharedWaiters;
    void *ExclusiveWaiters;
    struct _OWNER_ENTRY OwnerEntry;
    U4B ActiveEntries;
    U4B ContentionCount;
    U4B NumberOfSharedWaiters;
    U4B NumberOfExclusiveWaiters;
    void *Reserved2;
    union {
        void *Address;
        U8B CreatorBackTraceIndex;
    };
    U8B SpinLock;
};
NT_SIZE(struct _ERESOURCE, 0x68);
NT_OFFSET(struct _ERESOURCE, SystemResourcesList, 0x0);
NT_OFFSET(struct _ERESOURCE, OwnerTable, 0x10);
NT_OFFSET(struct _ERESOURCE, ActiveCount, 0x18);
NT_OFFSET(struct _ERESOURCE, Flag, 0x1a);
NT_OFFSET(struct _ERESOURCE, ReservedLowFlags, 0x1a);
NT_OFFSET(struct _ERESOURCE, WaiterPriority, 0x1b);
NT_OFFSET(struct _ERESOURCE, SharedWaiters, 0x20);
NT_OFFSET(struct _ERESOURCE, ExclusiveWaiters, 0x28);
NT_OFFSET(struct _ERESOURCE, OwnerEntry, 0x30);
NT_OFFSET(struct _ERESOURCE, ActiveEntries, 0x40);
NT_OFFSET(struct _ERESOURCE, ContentionCount, 0x44);
NT_OFFSET(struct _ERESOURCE, NumberOfSharedWaiters, 0x48);
NT_OFFSET(struct _ERESOURCE, NumberOfExclusiveWaiters, 0x4c);
NT_OFFSET(struct _ERESOURCE, Reserved2, 0x50);
NT_OFFSET(struct _ERESOURCE, Address, 0x58);
NT_OFFSET(struct _ERESOURCE, CreatorBackTraceIndex, 0x58);
NT_OFFSET(struct _ERESOURCE, SpinLock, 0x60);

union _LARGE_INTEGER {
    I8B QuadPart;
    struct {
        U4B LowPart;
        I4B HighPart;
    } u;
    struct {
        U4B LowPart;
        I4B HighPart;
    };
};
NT_SIZE(union _LARGE_INTEGER, 0x8);
NT_OFFSET(union _LARGE_INTEGER, LowPart, 0x0);
NT_OFFSET(union _LARGE_INTEGER, QuadPart, 0x0);
NT_OFFSET(union _LARGE_INTEGER, u, 0x0);
NT_OFFSET(union _LARGE_INTEGER, u.LowPart, 0x0);
NT_OFFSET(union _LARGE_INTEGER, u.HighPart, 0x4);
NT_OFFSET(union _LARGE_INTEGER, HighPart, 0x4);

struct _KAFFINITY_EX {
    U2B Count;
    U2B Size;
    U4B Reserved;
    U8B Bitmap[20];
};
NT_SIZE(struct _KAFFINITY_EX, 0xa8);
NT_OFFSET(struct _KAFFINITY_EX, Count, 0x0);
NT_OFFSET(struct _KAFFINITY_EX, Size, 0x2);
NT_OFFSET(struct _KAFFINITY_EX, Reserved, 0x4);
NT_OFFSET(struct _KAFFINITY_EX, Bitmap, 0x8);

struct _PROCESS_DISK_COUNTERS {
    U8B BytesRead;
    U8B BytesWritten;
    U8B ReadOperationCount;
    U8B WriteOperationCount;
    U8B FlushOperationCount;
};
NT_SIZE(struct _PROCESS_DISK_COUNTERS, 0x28);
NT_OFFSET(struct _PROCESS_DISK_COUNTERS, BytesRead, 0x0);
NT_OFFSET(struct _PROCESS_DISK_COUNTERS, BytesWritten, 0x8);
NT_OFFSET(struct _PROCESS_DISK_COUNTERS, ReadOperationCount, 0x10);
NT_OFFSET(struct _PROCESS_DISK_COUNTERS, WriteOperationCount, 0x18);
NT_OFFSET(struct _PROCESS_DISK_COUNTERS, FlushOperationCount, 0x20);

struct _WNF_STATE_NAME {
    U4B Data[2];
};
NT_SIZE(struct _WNF_STATE_NAME, 0x8);
NT_OFFSET(struct _WNF_STATE_NAME, Data, 0x0);

struct _PS_WAKE_INFORMATION {
    U8B Unknown[7];
};
NT_SIZE(struct _PS_WAKE_INFORMATION, 0x38);
NT_OFFSET(struct _PS_WAKE_INFORMATION, Unknown, 0x0);

struct _JOBOBJECT_WAKE_FILTER {
    U4B HighEdgeFilter;
    U4B LowEdgeFilter;
};
NT_SIZE(struct _JOBOBJECT_WAKE_FILTER, 0x8);
NT_OFFSET(struct _JOBOBJECT_WAKE_FILTER, HighEdgeFilter, 0x0);
NT_OFFSET(struct _JOBOBJECT_WAKE_FILTER, LowEdgeFilter, 0x4);

struct _EX_PUSH_LOCK {
    union {
        void *Ptr;
        U8B Value;
        struct {
            U8B Locked : 1;
            U8B Waiting : 1;
            U8B Waking : 1;
            U8B MultipleShared : 1;
            U8B Shared : 60;
        };
    };
};
NT_SIZE(struct _EX_PUSH_LOCK, 0x8);
NT_OFFSET(struct _EX_PUSH_LOCK, Ptr, 0x0);
NT_OFFSET(struct _EX_PUSH_LOCK, Value, 0x0);

struct _EPROCESS_VALUES {
    U8B KernelTime;
    U8B UserTime;
    U8B ReadyTime;
    U8B CycleTime;
    U8B ContextSwitches;
    I8B ReadOperationCount;
    I8B WriteOperationCount;
    I8B OtherOperationCount;
    I8B ReadTransferCount;
    I8B WriteTransferCount;
    I8B OtherTransferCount;
};
NT_SIZE(struct _EPROCESS_VALUES, 0x58);
NT_OFFSET(struct _EPROCESS_VALUES, KernelTime, 0x0);
NT_OFFSET(struct _EPROCESS_VALUES, UserTime, 0x8);
NT_OFFSET(struct _EPROCESS_VALUES, ReadyTime, 0x10);
NT_OFFSET(struct _EPROCESS_VALUES, CycleTime, 0x18);
NT_OFFSET(struct _EPROCESS_VALUES, ContextSwitches, 0x20);
NT_OFFSET(struct _EPROCESS_VALUES, ReadOperationCount, 0x28);
NT_OFFSET(struct _EPROCESS_VALUES, WriteOperationCount, 0x30);
NT_OFFSET(struct _EPROCESS_VALUES, OtherOperationCount, 0x38);
NT_OFFSET(struct _EPROCESS_VALUES, ReadTransferCount, 0x40);
NT_OFFSET(struct _EPROCESS_VALUES, WriteTransferCount, 0x48);
NT_OFFSET(struct _EPROCESS_VALUES, OtherTransferCount, 0x50);

struct _GUID {
    U4B Data1;
    U2B Data2;
    U2B Data3;
    U1B Data4[8];
};
NT_SIZE(struct _GUID, 0x10);
NT_OFFSET(struct _GUID, Data1, 0x0);
NT_OFFSET(struct _GUID, Data2, 0x4);
NT_OFFSET(struct _GUID, Data3, 0x6);
NT_OFFSET(struct _GUID, Data4, 0x8);

struct _PS_PROPERTY_SET {
    struct _LIST_ENTRY ListHead;
    U8B Lock;
};
NT_SIZE(struct _PS_PROPERTY_SET, 0x18);
NT_OFFSET(struct _PS_PROPERTY_SET, ListHead, 0x0);
NT_OFFSET(struct _PS_PROPERTY_SET, Lock, 0x10);

struct _RTL_BITMAP {
    U4B SizeOfBitMap;
    U4B *Buffer;
};
NT_SIZE(struct _RTL_BITMAP, 0x10);
NT_OFFSET(struct _RTL_BITMAP, SizeOfBitMap, 0x0);
NT_OFFSET(struct _RTL_BITMAP, Buffer, 0x8);

struct _JOB_RATE_CONTROL_HEADER {
    void *RateControlQuotaReference;
    struct _RTL_BITMAP OverQuotaHistory;
    U1B *BitMapBuffer;
    U8B BitMapBufferSize;
};
NT_SIZE(struct _JOB_RATE_CONTROL_HEADER, 0x28);
NT_OFFSET(struct _JOB_RATE_CONTROL_HEADER, RateControlQuotaReference, 0x0);
NT_OFFSET(struct _JOB_RATE_CONTROL_HEADER, OverQuotaHistory, 0x8);
NT_OFFSET(struct _JOB_RATE_CONTROL_HEADER, BitMapBuffer, 0x18);
NT_OFFSET(struct _JOB_RATE_CONTROL_HEADER, BitMapBufferSize, 0x20);

struct _RTL_BALANCED_NODE {
    union {
        struct _RTL_BALANCED_NODE *Children[2];
        struct {
            struct _RTL_BALANCED_NODE *Left;
            struct _RTL_BALANCED_NODE *Right;
        };
    };
    union {
        U8B ParentValue;
        struct {
            U1B Balance : 2;
        };
        struct {
            U1B Red : 1;
        };
    };
};
NT_SIZE(struct _RTL_BALANCED_NODE, 0x18);
NT_OFFSET(struct _RTL_BALANCED_NODE, Children, 0x0);
NT_OFFSET(struct _RTL_BALANCED_NODE, Left, 0x0);
NT_OFFSET(struct _RTL_BALANCED_NODE, Right, 0x8);
NT_OFFSET(struct _RTL_BALANCED_NODE, ParentValue, 0x10);

struct _EX_RUNDOWN_REF {
    union {
        U8B Count;
        void *Ptr;
    };
};
NT_SIZE(struct _EX_RUNDOWN_REF, 0x8);
NT_OFFSET(struct _EX_RUNDOWN_REF, Count, 0x0);
NT_OFFSET(struct _EX_RUNDOWN_REF, Ptr, 0x0);

struct _PS_IO_CONTROL_ENTRY {
    union {
        struct _RTL_BALANCED_NODE VolumeTreeNode;
        struct {
            struct _LIST_ENTRY FreeListEntry;
            U8B ReservedForParentValue;
        };
    };
    U8B VolumeKey;
    struct _EX_RUNDOWN_REF Rundown;
    void *IoControl;
    void *VolumeIoAttribution;
};
NT_SIZE(struct _PS_IO_CONTROL_ENTRY, 0x38);
NT_OFFSET(struct _PS_IO_CONTROL_ENTRY, FreeListEntry, 0x0);
NT_OFFSET(struct _PS_IO_CONTROL_ENTRY, VolumeTreeNode, 0x0);
NT_OFFSET(struct _PS_IO_CONTROL_ENTRY, ReservedForParentValue, 0x10);
NT_OFFSET(struct _PS_IO_CONTROL_ENTRY, VolumeKey, 0x18);
NT_OFFSET(struct _PS_IO_CONTROL_ENTRY, Rundown, 0x20);
NT_OFFSET(struct _PS_IO_CONTROL_ENTRY, IoControl, 0x28);
NT_OFFSET(struct _PS_IO_CONTROL_ENTRY, VolumeIoAttribution, 0x30);

struct _RTL_RB_TREE {
    struct _RTL_BALANCED_NODE *Root;
    struct _RTL_BALANCED_NODE *Min;
};
NT_SIZE(struct _RTL_RB_TREE, 0x10);
NT_OFFSET(struct _RTL_RB_TREE, Root, 0x0);
NT_OFFSET(struct _RTL_RB_TREE, Min, 0x8);

struct _WORK_QUEUE_ITEM {
    struct _LIST_ENTRY List;
    NT_FUNCTION WorkerRoutine;
    void *Parameter;
};
NT_SIZE(struct _WORK_QUEUE_ITEM, 0x20);
NT_OFFSET(struct _WORK_QUEUE_ITEM, List, 0x0);
NT_OFFSET(struct _WORK_QUEUE_ITEM, WorkerRoutine, 0x10);
NT_OFFSET(struct _WORK_QUEUE_ITEM, Parameter, 0x18);

struct _EJOB {
    struct _KEVENT Event;
    struct _LIST_ENTRY JobLinks;
    struct _LIST_ENTRY ProcessListHead;
    struct _ERESOURCE JobLock;
    union _LARGE_INTEGER TotalUserTime;
    union _LARGE_INTEGER TotalKernelTime;
    union _LARGE_INTEGER TotalCycleTime;
    union _LARGE_INTEGER ThisPeriodTotalUserTime;
    union _LARGE_INTEGER ThisPeriodTotalKernelTime;
    U8B TotalContextSwitches;
    U4B TotalPageFaultCount;
    U4B TotalProcesses;
    U4B ActiveProcesses;
    U4B TotalTerminatedProcesses;
    union _LARGE_INTEGER PerProcessUserTimeLimit;
    union _LARGE_INTEGER PerJobUserTimeLimit;
    U8B MinimumWorkingSetSize;
    U8B MaximumWorkingSetSize;
    U4B LimitFlags;
    U4B ActiveProcessLimit;
    struct _KAFFINITY_EX Affinity;
    struct _JOB_ACCESS_STATE *AccessState;
    void *AccessStateQuotaReference;
    U4B UIRestrictionsClass;
    U4B EndOfJobTimeAction;
    void *CompletionPort;
    void *CompletionKey;
    U8B CompletionCount;
    U4B SessionId;
    U4B SchedulingClass;
    U8B ReadOperationCount;
    U8B WriteOperationCount;
    U8B OtherOperationCount;
    U8B ReadTransferCount;
    U8B WriteTransferCount;
    U8B OtherTransferCount;
    struct _PROCESS_DISK_COUNTERS DiskIoInfo;
    U8B ProcessMemoryLimit;
    U8B JobMemoryLimit;
    U8B JobTotalMemoryLimit;
    U8B PeakProcessMemoryUsed;
    U8B PeakJobMemoryUsed;
    struct _KAFFINITY_EX EffectiveAffinity;
    union _LARGE_INTEGER EffectivePerProcessUserTimeLimit;
    U8B EffectiveMinimumWorkingSetSize;
    U8B EffectiveMaximumWorkingSetSize;
    U8B EffectiveProcessMemoryLimit;
    struct _EJOB *EffectiveProcessMemoryLimitJob;
    struct _EJOB *EffectivePerProcessUserTimeLimitJob;
    struct _EJOB *EffectiveNetIoRateLimitJob;
    struct _EJOB *EffectiveHeapAttributionJob;
    U4B EffectiveLimitFlags;
    U4B EffectiveSchedulingClass;
    U4B EffectiveFreezeCount;
    U4B EffectiveBackgroundCount;
    U4B EffectiveSwapCount;
    U4B EffectiveNotificationLimitCount;
    U1B EffectivePriorityClass;
    U1B PriorityClass;
    U1B NestingDepth;
    U1B Reserved1[1];
    U4B CompletionFilter;
    union {
        struct _PS_WAKE_INFORMATION WakeInfo;
        struct _WNF_STATE_NAME WakeChannel;
    };
    struct _JOBOBJECT_WAKE_FILTER WakeFilter;
    U4B LowEdgeLatchFilter;
    U4B OwnedHighEdgeFilters;
    struct _EJOB *NotificationLink;
    U8B CurrentJobMemoryUsed;
    struct _JOB_NOTIFICATION_INFORMATION *NotificationInfo;
    void *NotificationInfoQuotaReference;
    struct _IO_MINI_COMPLETION_PACKET_USER *NotificationPacket;
    struct _JOB_CPU_RATE_CONTROL *CpuRateControl;
    void *EffectiveSchedulingGroup;
    U8B ReadyTime;
    struct _EX_PUSH_LOCK MemoryLimitsLock;
    struct _LIST_ENTRY SiblingJobLinks;
    struct _LIST_ENTRY ChildJobListHead;
    struct _EJOB *ParentJob;
    struct _EJOB *ParentSilo;
    struct _EJOB *RootJob;
    struct _LIST_ENTRY IteratorListHead;
    U8B AncestorCount;
    union {
        struct _EJOB **Ancestors;
        void *SessionObject;
    };
    U8B TimerListLock;
    struct _LIST_ENTRY TimerListHead;
    struct _EPROCESS_VALUES Accounting;
    U4B ShadowActiveProcessCount;
    U4B ActiveAuxiliaryProcessCount;
    U4B SequenceNumber;
    U4B JobId;
    struct _GUID ContainerId;
    struct _ESERVERSILO_GLOBALS *ServerSiloGlobals;
    struct _PS_PROPERTY_SET PropertySet;
    struct _PSP_STORAGE *Storage;
    struct _JOB_NET_RATE_CONTROL *NetRateControl;
    union {
        U4B JobFlags;
        struct {
            U4B CloseDone : 1;
            U4B MultiGroup : 1;
            U4B OutstandingNotification : 1;
            U4B NotificationInProgress : 1;
            U4B UILimits : 1;
            U4B CpuRateControlActive : 1;
            U4B OwnCpuRateControl : 1;
            U4B Terminating : 1;
            U4B WorkingSetLock : 1;
            U4B JobFrozen : 1;
            U4B Background : 1;
            U4B WakeNotificationAllocated : 1;
            U4B WakeNotificationEnabled : 1;
            U4B WakeNotificationPending : 1;
            U4B LimitNotificationRequired : 1;
            U4B ZeroCountNotificationRequired : 1;
            U4B CycleTimeNotificationRequired : 1;
            U4B CycleTimeNotificationPending : 1;
            U4B TimersVirtualized : 1;
            U4B JobSwapped : 1;
            U4B ViolationDetected : 1;
            U4B EmptyJobNotified : 1;
            U4B NoSystemCharge : 1;
            U4B DropNoWakeCharges : 1;
            U4B NoWakeChargePolicyDecided : 1;
            U4B NetRateControlActive : 1;
            U4B OwnNetRateControl : 1;
            U4B IoRateControlActive : 1;
            U4B OwnIoRateControl : 1;
            U4B DisallowNewProcesses : 1;
            U4B Silo : 1;
            U4B Spare : 1;
        };
    };
    U4B EffectiveHighEdgeFilters;
    struct _PROCESS_ENERGY_VALUES *EnergyValues;
    U8B SharedCommitCharge;
    struct _EJOB *WakeRoot;
    U4B DiskIoAttributionUserRefCount;
    U4B DiskIoAttributionRefCount;
    union {
        void *DiskIoAttributionContext;
        struct _EJOB *DiskIoAttributionOwnerJob;
    };
    struct _JOB_RATE_CONTROL_HEADER IoRateControlHeader;
    struct _PS_IO_CONTROL_ENTRY GlobalIoControl;
    I4B IoControlStateLock;
    struct _RTL_RB_TREE VolumeIoControlTree;
    U8B IoRateOverQuotaHistory;
    U4B IoRateCurrentGeneration;
    U4B IoRateLastQueryGeneration;
    U4B IoRateGenerationLength;
    U4B IoRateOverQuotaNotifySequenceId;
    struct _EX_PUSH_LOCK IoControlLock;
    U8B SiloHardReferenceCount;
    struct _WORK_QUEUE_ITEM RundownWorkItem;
};
NT_SIZE(struct _EJOB, 0x608);
NT_OFFSET(struct _EJOB, Event, 0x0);
NT_OFFSET(struct _EJOB, JobLinks, 0x18);
NT_OFFSET(struct _EJOB, ProcessListHead, 0x28);
NT_OFFSET(struct _EJOB, JobLock, 0x38);
NT_OFFSET(struct _EJOB, TotalUserTime, 0xa0);
NT_OFFSET(struct _EJOB, TotalKernelTime, 0xa8);
NT_OFFSET(struct _EJOB, TotalCycleTime, 0xb0);
NT_OFFSET(struct _EJOB, ThisPeriodTotalUserTime, 0xb8);
NT_OFFSET(struct _EJOB, ThisPeriodTotalKernelTime, 0xc0);
NT_OFFSET(struct _EJOB, TotalContextSwitches, 0xc8);
NT_OFFSET(struct _EJOB, TotalPageFaultCount, 0xd0);
NT_OFFSET(struct _EJOB, TotalProcesses, 0xd4);
NT_OFFSET(struct _EJOB, ActiveProcesses, 0xd8);
NT_OFFSET(struct _EJOB, TotalTerminatedProcesses, 0xdc);
NT_OFFSET(struct _EJOB, PerProcessUserTimeLimit, 0xe0);
NT_OFFSET(struct _EJOB, PerJobUserTimeLimit, 0xe8);
NT_OFFSET(struct _EJOB, MinimumWorkingSetSize, 0xf0);
NT_OFFSET(struct _EJOB, MaximumWorkingSetSize, 0xf8);
NT_OFFSET(struct _EJOB, LimitFlags, 0x100);
NT_OFFSET(struct _EJOB, ActiveProcessLimit, 0x104);
NT_OFFSET(struct _EJOB, Affinity, 0x108);
NT_OFFSET(struct _EJOB, AccessState, 0x1b0);
NT_OFFSET(struct _EJOB, AccessStateQuotaReference, 0x1b8);
NT_OFFSET(struct _EJOB, UIRestrictionsClass, 0x1c0);
NT_OFFSET(struct _EJOB, EndOfJobTimeAction, 0x1c4);
NT_OFFSET(struct _EJOB, CompletionPort, 0x1c8);
NT_OFFSET(struct _EJOB, CompletionKey, 0x1d0);
NT_OFFSET(struct _EJOB, CompletionCount, 0x1d8);
NT_OFFSET(struct _EJOB, SessionId, 0x1e0);
NT_OFFSET(struct _EJOB, SchedulingClass, 0x1e4);
NT_OFFSET(struct _EJOB, ReadOperationCount, 0x1e8);
NT_OFFSET(struct _EJOB, WriteOperationCount, 0x1f0);
NT_OFFSET(struct _EJOB, OtherOperationCount, 0x1f8);
NT_OFFSET(struct _EJOB, ReadTransferCount, 0x200);
NT_OFFSET(struct _EJOB, WriteTransferCount, 0x208);
NT_OFFSET(struct _EJOB, OtherTransferCount, 0x210);
NT_OFFSET(struct _EJOB, DiskIoInfo, 0x218);
NT_OFFSET(struct _EJOB, ProcessMemoryLimit, 0x240);
NT_OFFSET(struct _EJOB, JobMemoryLimit, 0x248);
NT_OFFSET(struct _EJOB, JobTotalMemoryLimit, 0x250);
NT_OFFSET(struct _EJOB, PeakProcessMemoryUsed, 0x258);
NT_OFFSET(struct _EJOB, PeakJobMemoryUsed, 0x260);
NT_OFFSET(struct _EJOB, EffectiveAffinity, 0x268);
NT_OFFSET(struct _EJOB, EffectivePerProcessUserTimeLimit, 0x310);
NT_OFFSET(struct _EJOB, EffectiveMinimumWorkingSetSize, 0x318);
NT_OFFSET(struct _EJOB, EffectiveMaximumWorkingSetSize, 0x320);
NT_OFFSET(struct _EJOB, EffectiveProcessMemoryLimit, 0x328);
NT_OFFSET(struct _EJOB, EffectiveProcessMemoryLimitJob, 0x330);
NT_OFFSET(struct _EJOB, EffectivePerProcessUserTimeLimitJob, 0x338);
NT_OFFSET(struct _EJOB, EffectiveNetIoRateLimitJob, 0x340);
NT_OFFSET(struct _EJOB, EffectiveHeapAttributionJob, 0x348);
NT_OFFSET(struct _EJOB, EffectiveLimitFlags, 0x350);
NT_OFFSET(struct _EJOB, EffectiveSchedulingClass, 0x354);
NT_OFFSET(struct _EJOB, EffectiveFreezeCount, 0x358);
NT_OFFSET(struct _EJOB, EffectiveBackgroundCount, 0x35c);
NT_OFFSET(struct _EJOB, EffectiveSwapCount, 0x360);
NT_OFFSET(struct _EJOB, EffectiveNotificationLimitCount, 0x364);
NT_OFFSET(struct _EJOB, EffectivePriorityClass, 0x368);
NT_OFFSET(struct _EJOB, PriorityClass, 0x369);
NT_OFFSET(struct _EJOB, NestingDepth, 0x36a);
NT_OFFSET(struct _EJOB, Reserved1, 0x36b);
NT_OFFSET(struct _EJOB, CompletionFilter, 0x36c);
NT_OFFSET(struct _EJOB, WakeChannel, 0x370);
NT_OFFSET(struct _EJOB, WakeInfo, 0x370);
NT_OFFSET(struct _EJOB, WakeFilter, 0x3a8);
NT_OFFSET(struct _EJOB, LowEdgeLatchFilter, 0x3b0);
NT_OFFSET(struct _EJOB, OwnedHighEdgeFilters, 0x3b4);
NT_OFFSET(struct _EJOB, NotificationLink, 0x3b8);
NT_OFFSET(struct _EJOB, CurrentJobMemoryUsed, 0x3c0);
NT_OFFSET(struct _EJOB, NotificationInfo, 0x3c8);
NT_OFFSET(struct _EJOB, NotificationInfoQuotaReference, 0x3d0);
NT_OFFSET(struct _EJOB, NotificationPacket, 0x3d8);
NT_OFFSET(struct _EJOB, CpuRateControl, 0x3e0);
NT_OFFSET(struct _EJOB, EffectiveSchedulingGroup, 0x3e8);
NT_OFFSET(struct _EJOB, ReadyTime, 0x3f0);
NT_OFFSET(struct _EJOB, MemoryLimitsLock, 0x3f8);
NT_OFFSET(struct _EJOB, SiblingJobLinks, 0x400);
NT_OFFSET(struct _EJOB, ChildJobListHead, 0x410);
NT_OFFSET(struct _EJOB, ParentJob, 0x420);
NT_OFFSET(struct _EJOB, ParentSilo, 0x428);
NT_OFFSET(struct _EJOB, RootJob, 0x430);
NT_OFFSET(struct _EJOB, IteratorListHead, 0x438);
NT_OFFSET(struct _EJOB, AncestorCount, 0x448);
NT_OFFSET(struct _EJOB, Ancestors, 0x450);
NT_OFFSET(struct _EJOB, SessionObject, 0x450);
NT_OFFSET(struct _EJOB, TimerListLock, 0x458);
NT_OFFSET(struct _EJOB, TimerListHead, 0x460);
NT_OFFSET(struct _EJOB, Accounting, 0x470);
NT_OFFSET(struct _EJOB, ShadowActiveProcessCount, 0x4c8);
NT_OFFSET(struct _EJOB, ActiveAuxiliaryProcessCount, 0x4cc);
NT_OFFSET(struct _EJOB, SequenceNumber, 0x4d0);
NT_OFFSET(struct _EJOB, JobId, 0x4d4);
NT_OFFSET(struct _EJOB, ContainerId, 0x4d8);
NT_OFFSET(struct _EJOB, ServerSiloGlobals, 0x4e8);
NT_OFFSET(struct _EJOB, PropertySet, 0x4f0);
NT_OFFSET(struct _EJOB, Storage, 0x508);
NT_OFFSET(struct _EJOB, NetRateControl, 0x510);
NT_OFFSET(struct _EJOB, JobFlags, 0x518);
NT_OFFSET(struct _EJOB, EffectiveHighEdgeFilters, 0x51c);
NT_OFFSET(struct _EJOB, EnergyValues, 0x520);
NT_OFFSET(struct _EJOB, SharedCommitCharge, 0x528);
NT_OFFSET(struct _EJOB, WakeRoot, 0x530);
NT_OFFSET(struct _EJOB, DiskIoAttributionUserRefCount, 0x538);
NT_OFFSET(struct _EJOB, DiskIoAttributionRefCount, 0x53c);
NT_OFFSET(struct _EJOB, DiskIoAttributionContext, 0x540);
NT_OFFSET(struct _EJOB, DiskIoAttributionOwnerJob, 0x540);
NT_OFFSET(struct _EJOB, IoRateControlHeader, 0x548);
NT_OFFSET(struct _EJOB, GlobalIoControl, 0x570);
NT_OFFSET(struct _EJOB, IoControlStateLock, 0x5a8);
NT_OFFSET(struct _EJOB, VolumeIoControlTree, 0x5b0);
NT_OFFSET(struct _EJOB, IoRateOverQuotaHistory, 0x5c0);
NT_OFFSET(struct _EJOB, IoRateCurrentGeneration, 0x5c8);
NT_OFFSET(struct _EJOB, IoRateLastQueryGeneration, 0x5cc);
NT_OFFSET(struct _EJOB, IoRateGenerationLength, 0x5d0);
NT_OFFSET(struct _EJOB, IoRateOverQuotaNotifySequenceId, 0x5d4);
NT_OFFSET(struct _EJOB, IoControlLock, 0x5d8);
NT_OFFSET(struct _EJOB, SiloHardReferenceCount, 0x5e0);
NT_OFFSET(struct _EJOB, RundownWorkItem, 0x5e8);

union _KSTACK_COUNT {
    I4B Value;
    struct {
        U4B State : 3;
        U4B StackCount : 29;
    };
};
NT_SIZE(union _KSTACK_COUNT, 0x4);
NT_OFFSET(union _KSTACK_COUNT, Value, 0x0);

struct _KPROCESS {
    struct _DISPATCHER_HEADER Header;
    struct _LIST_ENTRY ProfileListHead;
    U8B DirectoryTableBase;
    struct _LIST_ENTRY ThreadListHead;
    U4B ProcessLock;
    NT_SKIP_4 NT_SKIP_80 NT_SKIP_40 NT_SKIP_8
    struct _KAFFINITY_EX ActiveProcessors;
    NT_SKIP_80 NT_SKIP_4
    union _KSTACK_COUNT StackCount;
    struct _LIST_ENTRY ProcessListEntry;
    NT_SKIP_40 NT_SKIP_20 NT_SKIP_8 NT_SKIP_4 NT_SKIP_2 NT_SKIP_1
    U1B AddressPolicy;
    U8B UserDirectoryTableBase;
    NT_SKIP_10
};
NT_SIZE(struct _KPROCESS, 0x2d8);
NT_OFFSET(struct _KPROCESS, Header, 0x0);
NT_OFFSET(struct _KPROCESS, ProfileListHead, 0x18);
NT_OFFSET(struct _KPROCESS, DirectoryTableBase, 0x28);
NT_OFFSET(struct _KPROCESS, ThreadListHead, 0x30);
NT_OFFSET(struct _KPROCESS, ProcessLock, 0x40);
NT_OFFSET(struct _KPROCESS, ActiveProcessors, 0x110);
NT_OFFSET(struct _KPROCESS, StackCount, 0x23c);
NT_OFFSET(struct _KPROCESS, ProcessListEntry, 0x240);
NT_OFFSET(struct _KPROCESS, AddressPolicy, 0x2bf);
NT_OFFSET(struct _KPROCESS, UserDirectoryTableBase, 0x2c0);

struct _EX_FAST_REF {
    union {
        void *Object;
        U8B Value;
        struct {
            U8B RefCnt : 4;
        };
    };
};
NT_SIZE(struct _EX_FAST_REF, 0x8);
NT_OFFSET(struct _EX_FAST_REF, Object, 0x0);
NT_OFFSET(struct _EX_FAST_REF, Value, 0x0);

struct _SE_AUDIT_PROCESS_CREATION_INFO {
    struct _OBJECT_NAME_INFORMATION *ImageFileName;
};
NT_SIZE(struct _SE_AUDIT_PROCESS_CREATION_INFO, 0x8);
NT_OFFSET(struct _SE_AUDIT_PROCESS_CREATION_INFO, ImageFileName, 0x0);

struct _RTL_AVL_TREE {
    struct _RTL_BALANCED_NODE *Root;
};
NT_SIZE(struct _RTL_AVL_TREE, 0x8);
NT_OFFSET(struct _RTL_AVL_TREE, Root, 0x0);

struct _PS_PROTECTION {
    union {
        U1B Level;
        struct {
            U1B Type : 3;
            U1B Audit : 1;
            U1B Signer : 4;
        };
    };
};
NT_SIZE(struct _PS_PROTECTION, 0x1);
NT_OFFSET(struct _PS_PROTECTION, Level, 0x0);

struct _EPROCESS {
    struct _KPROCESS Pcb;
    struct _EX_PUSH_LOCK ProcessLock;
    struct _EX_RUNDOWN_REF RundownProtect;
    void *UniqueProcessId;
    struct _LIST_ENTRY ActiveProcessLinks;
    union {
        U4B Flags2;
        struct {
            U4B JobNotReallyActive : 1;
            U4B : 14;
            U4B PrimaryTokenFrozen : 1;
            U4B : 12;
            U4B ProcessStateChangeRequest : 2;
            U4B ProcessStateChangeInProgress : 1;
        };
    };
    union {
        U4B Flags;
        struct {
            U4B : 2;
            U4B ProcessExiting : 1;
            U4B ProcessDelete : 1;
            U4B : 18;
            U4B ImageNotifyDone : 1;
            U4B : 2;
            U4B ProcessRundown : 1;
        };
    };
    union _LARGE_INTEGER CreateTime;
    NT_SKIP_20 NT_SKIP_10
    struct _LIST_ENTRY SessionProcessLinks;
    NT_SKIP_8
    struct _EX_FAST_REF Token;
    NT_SKIP_40 NT_SKIP_10
    struct _EJOB *Job;
    void *SectionObject;
    void *SectionBaseAddress;
    NT_SKIP_10 NT_SKIP_8
    void *InheritedFromUniqueProcessId;
    NT_SKIP_8
    U8B OwnerProcessId;
    struct _PEB *Peb;
    struct _MM_SESSION_SPACE *Session;
    NT_SKIP_10
    struct _HANDLE_TABLE *ObjectTable;
    NT_SKIP_8
    struct _EWOW64PROCESS *WoW64Process;
    NT_SKIP_8
    void *EtwDataSource;
    NT_SKIP_8
    struct _FILE_OBJECT *ImageFilePointer;
    U1B ImageFileName[15];
    NT_SKIP_1 NT_SKIP_8
    struct _SE_AUDIT_PROCESS_CREATION_INFO SeAuditProcessCreationInfo;
    struct _LIST_ENTRY JobLinks;
    NT_SKIP_8
    struct _LIST_ENTRY ThreadListHead;
    U4B ActiveThreads;
    U4B ImagePathHash;
    NT_SKIP_100 NT_SKIP_40 NT_SKIP_20 NT_SKIP_10
    struct _LIST_ENTRY MmProcessLinks;
    struct _RTL_AVL_TREE VadRoot;
    NT_SKIP_4
    I4B ExitStatus;
    NT_SKIP_40 NT_SKIP_20
    union _LARGE_INTEGER ExitTime;
    NT_SKIP_20 NT_SKIP_10
    U1B SignatureLevel;
    U1B SectionSignatureLevel;
    struct _PS_PROTECTION Protection;
    union {
        U4B Flags3;
        struct {
            U4B Minimal : 1;
        };
    };
    NT_SKIP_40
    void *PicoContext;
    U8B TrustletIdentity;
    NT_SKIP_20
    U8B SequenceNumber;
    U8B CreateInterruptTime;
    U8B CreateUnbiasedInterruptTime;
    NT_SKIP_40 NT_SKIP_8
    void *DiskIoAttribution;
    NT_SKIP_10
    U8B SecurityDomain;
    NT_SKIP_8
};
NT_SIZE(struct _EPROCESS, 0x7c8);
NT_OFFSET(struct _EPROCESS, Pcb, 0x0);
NT_OFFSET(struct _EPROCESS, ProcessLock, 0x2d8);
NT_OFFSET(struct _EPROCESS, RundownProtect, 0x2e0);
NT_OFFSET(struct _EPROCESS, UniqueProcessId, 0x2e8);
NT_OFFSET(struct _EPROCESS, ActiveProcessLinks, 0x2f0);
NT_OFFSET(struct _EPROCESS, Flags2, 0x300);
NT_OFFSET(struct _EPROCESS, Flags, 0x304);
NT_OFFSET(struct _EPROCESS, CreateTime, 0x308);
NT_OFFSET(struct _EPROCESS, SessionProcessLinks, 0x340);
NT_OFFSET(struct _EPROCESS, Token, 0x358);
NT_OFFSET(struct _EPROCESS, Job, 0x3b0);
NT_OFFSET(struct _EPROCESS, SectionObject, 0x3b8);
NT_OFFSET(struct _EPROCESS, SectionBaseAddress, 0x3c0);
NT_OFFSET(struct _EPROCESS, InheritedFromUniqueProcessId, 0x3e0);
NT_OFFSET(struct _EPROCESS, OwnerProcessId, 0x3f0);
NT_OFFSET(struct _EPROCESS, Peb, 0x3f8);
NT_OFFSET(struct _EPROCESS, Session, 0x400);
NT_OFFSET(struct _EPROCESS, ObjectTable, 0x418);
NT_OFFSET(struct _EPROCESS, WoW64Process, 0x428);
NT_OFFSET(struct _EPROCESS, EtwDataSource, 0x438);
NT_OFFSET(struct _EPROCESS, ImageFilePointer, 0x448);
NT_OFFSET(struct _EPROCESS, ImageFileName, 0x450);
NT_OFFSET(struct _EPROCESS, SeAuditProcessCreationInfo, 0x468);
NT_OFFSET(struct _EPROCESS, JobLinks, 0x470);
NT_OFFSET(struct _EPROCESS, ThreadListHead, 0x488);
NT_OFFSET(struct _EPROCESS, ActiveThreads, 0x498);
NT_OFFSET(struct _EPROCESS, ImagePathHash, 0x49c);
NT_OFFSET(struct _EPROCESS, MmProcessLinks, 0x610);
NT_OFFSET(struct _EPROCESS, VadRoot, 0x620);
NT_OFFSET(struct _EPROCESS, ExitStatus, 0x62c);
NT_OFFSET(struct _EPROCESS, ExitTime, 0x690);
NT_OFFSET(struct _EPROCESS, SignatureLevel, 0x6c8);
NT_OFFSET(struct _EPROCESS, SectionSignatureLevel, 0x6c9);
NT_OFFSET(struct _EPROCESS, Protection, 0x6ca);
NT_OFFSET(struct _EPROCESS, Flags3, 0x6cc);
NT_OFFSET(struct _EPROCESS, PicoContext, 0x710);
NT_OFFSET(struct _EPROCESS, TrustletIdentity, 0x718);
NT_OFFSET(struct _EPROCESS, SequenceNumber, 0x740);
NT_OFFSET(struct _EPROCESS, CreateInterruptTime, 0x748);
NT_OFFSET(struct _EPROCESS, CreateUnbiasedInterruptTime, 0x750);
NT_OFFSET(struct _EPROCESS, DiskIoAttribution, 0x7a0);
NT_OFFSET(struct _EPROCESS, SecurityDomain, 0x7b8);

struct _OBP_SYSTEM_DOS_DEVICE_STATE {
    U4B GlobalDeviceMap;
    U4B LocalDeviceCount[26];
};
NT_SIZE(struct _OBP_SYSTEM_DOS_DEVICE_STATE, 0x6c);
NT_OFFSET(struct _OBP_SYSTEM_DOS_DEVICE_STATE, GlobalDeviceMap, 0x0);
NT_OFFSET(struct _OBP_SYSTEM_DOS_DEVICE_STATE, LocalDeviceCount, 0x4);

struct _OBJECT_NAMESPACE_LOOKUPTABLE {
    struct _LIST_ENTRY HashBuckets[37];
    struct _EX_PUSH_LOCK Lock;
    U4B NumberOfPrivateSpaces;
};
NT_SIZE(struct _OBJECT_NAMESPACE_LOOKUPTABLE, 0x260);
NT_OFFSET(struct _OBJECT_NAMESPACE_LOOKUPTABLE, HashBuckets, 0x0);
NT_OFFSET(struct _OBJECT_NAMESPACE_LOOKUPTABLE, Lock, 0x250);
NT_OFFSET(struct _OBJECT_NAMESPACE_LOOKUPTABLE, NumberOfPrivateSpaces, 0x258);

struct _OBP_SILODRIVERSTATE {
    struct _DEVICE_MAP *SystemDeviceMap;
    struct _OBP_SYSTEM_DOS_DEVICE_STATE SystemDosDeviceState;
    struct _EX_PUSH_LOCK DeviceMapLock;
    struct _OBJECT_NAMESPACE_LOOKUPTABLE PrivateNamespaceLookupTable;
};
NT_SIZE(struct _OBP_SILODRIVERSTATE, 0x2e0);
NT_OFFSET(struct _OBP_SILODRIVERSTATE, SystemDeviceMap, 0x0);
NT_OFFSET(struct _OBP_SILODRIVERSTATE, SystemDosDeviceState, 0x8);
NT_OFFSET(struct _OBP_SILODRIVERSTATE, DeviceMapLock, 0x78);
NT_OFFSET(struct _OBP_SILODRIVERSTATE, PrivateNamespaceLookupTable, 0x80);

struct _SEP_SILOSTATE {
    struct _SEP_LOGON_SESSION_REFERENCES *SystemLogonSession;
    struct _SEP_LOGON_SESSION_REFERENCES *AnonymousLogonSession;
    void *AnonymousLogonToken;
    void *AnonymousLogonTokenNoEveryone;
};
NT_SIZE(struct _SEP_SILOSTATE, 0x20);
NT_OFFSET(struct _SEP_SILOSTATE, SystemLogonSession, 0x0);
NT_OFFSET(struct _SEP_SILOSTATE, AnonymousLogonSession, 0x8);
NT_OFFSET(struct _SEP_SILOSTATE, AnonymousLogonToken, 0x10);
NT_OFFSET(struct _SEP_SILOSTATE, AnonymousLogonTokenNoEveryone, 0x18);

struct _SEP_RM_LSA_CONNECTION_STATE {
    void *LsaProcessHandle;
    void *LsaCommandPortHandle;
    void *SepRmThreadHandle;
    void *RmCommandPortHandle;
    void *RmCommandServerPortHandle;
    void *LsaCommandPortSectionHandle;
    union _LARGE_INTEGER LsaCommandPortSectionSize;
    void *LsaViewPortMemory;
    void *RmViewPortMemory;
    I4B LsaCommandPortMemoryDelta;
    U1B LsaCommandPortActive;
};
NT_SIZE(struct _SEP_RM_LSA_CONNECTION_STATE, 0x50);
NT_OFFSET(struct _SEP_RM_LSA_CONNECTION_STATE, LsaProcessHandle, 0x0);
NT_OFFSET(struct _SEP_RM_LSA_CONNECTION_STATE, LsaCommandPortHandle, 0x8);
NT_OFFSET(struct _SEP_RM_LSA_CONNECTION_STATE, SepRmThreadHandle, 0x10);
NT_OFFSET(struct _SEP_RM_LSA_CONNECTION_STATE, RmCommandPortHandle, 0x18);
NT_OFFSET(struct _SEP_RM_LSA_CONNECTION_STATE, RmCommandServerPortHandle, 0x20);
NT_OFFSET(struct _SEP_RM_LSA_CONNECTION_STATE, LsaCommandPortSectionHandle, 0x28);
NT_OFFSET(struct _SEP_RM_LSA_CONNECTION_STATE, LsaCommandPortSectionSize, 0x30);
NT_OFFSET(struct _SEP_RM_LSA_CONNECTION_STATE, LsaViewPortMemory, 0x38);
NT_OFFSET(struct _SEP_RM_LSA_CONNECTION_STATE, RmViewPortMemory, 0x40);
NT_OFFSET(struct _SEP_RM_LSA_CONNECTION_STATE, LsaCommandPortMemoryDelta, 0x48);
NT_OFFSET(struct _SEP_RM_LSA_CONNECTION_STATE, LsaCommandPortActive, 0x4c);

struct _WNF_LOCK {
    struct _EX_PUSH_LOCK PushLock;
};
NT_SIZE(struct _WNF_LOCK, 0x8);
NT_OFFSET(struct _WNF_LOCK, PushLock, 0x0);

struct _WNF_SILODRIVERSTATE {
    struct _WNF_SCOPE_MAP *ScopeMap;
    void *PermanentNameStoreRootKey;
    void *PersistentNameStoreRootKey;
    I8B PermanentNameSequenceNumber;
    struct _WNF_LOCK PermanentNameSequenceNumberLock;
    I8B PermanentNameSequenceNumberPool;
    I8B RuntimeNameSequenceNumber;
};
NT_SIZE(struct _WNF_SILODRIVERSTATE, 0x38);
NT_OFFSET(struct _WNF_SILODRIVERSTATE, ScopeMap, 0x0);
NT_OFFSET(struct _WNF_SILODRIVERSTATE, PermanentNameStoreRootKey, 0x8);
NT_OFFSET(struct _WNF_SILODRIVERSTATE, PersistentNameStoreRootKey, 0x10);
NT_OFFSET(struct _WNF_SILODRIVERSTATE, PermanentNameSequenceNumber, 0x18);
NT_OFFSET(struct _WNF_SILODRIVERSTATE, PermanentNameSequenceNumberLock, 0x20);
NT_OFFSET(struct _WNF_SILODRIVERSTATE, PermanentNameSequenceNumberPool, 0x28);
NT_OFFSET(struct _WNF_SILODRIVERSTATE, RuntimeNameSequenceNumber, 0x30);

struct _UNICODE_STRING {
    U2B Length;
    U2B MaximumLength;
    WCH *Buffer;
};
NT_SIZE(struct _UNICODE_STRING, 0x10);
NT_OFFSET(struct _UNICODE_STRING, Length, 0x0);
NT_OFFSET(struct _UNICODE_STRING, MaximumLength, 0x2);
NT_OFFSET(struct _UNICODE_STRING, Buffer, 0x8);

struct _SILO_USER_SHARED_DATA {
    U4B ServiceSessionId;
    U4B ActiveConsoleId;
    I8B ConsoleSessionForegroundProcessId;
    enum _NT_PRODUCT_TYPE NtProductType;
    U4B SuiteMask;
    U1B IsMultiSessionSku;
};
NT_SIZE(struct _SILO_USER_SHARED_DATA, 0x20);
NT_OFFSET(struct _SILO_USER_SHARED_DATA, ServiceSessionId, 0x0);
NT_OFFSET(struct _SILO_USER_SHARED_DATA, ActiveConsoleId, 0x4);
NT_OFFSET(struct _SILO_USER_SHARED_DATA, ConsoleSessionForegroundProcessId, 0x8);
NT_OFFSET(struct _SILO_USER_SHARED_DATA, NtProductType, 0x10);
NT_OFFSET(struct _SILO_USER_SHARED_DATA, SuiteMask, 0x14);
NT_OFFSET(struct _SILO_USER_SHARED_DATA, IsMultiSessionSku, 0x18);

struct _ESERVERSILO_GLOBALS {
    struct _OBP_SILODRIVERSTATE ObSiloState;
    struct _SEP_SILOSTATE SeSiloState;
    struct _SEP_RM_LSA_CONNECTION_STATE SeRmSiloState;
    struct _ETW_SILODRIVERSTATE *EtwSiloState;
    struct _EPROCESS *MiSessionLeaderProcess;
    struct _EPROCESS *ExpDefaultErrorPortProcess;
    void *ExpDefaultErrorPort;
    U4B HardErrorState;
    struct _WNF_SILODRIVERSTATE WnfSiloState;
    void *ApiSetSection;
    void *ApiSetSchema;
    U1B OneCoreForwardersEnabled;
    struct _UNICODE_STRING SiloRootDirectoryName;
    struct _PSP_STORAGE *Storage;
    enum _SERVERSILO_STATE State;
    I4B ExitStatus;
    struct _KEVENT *DeleteEvent;
    struct _SILO_USER_SHARED_DATA UserSharedData;
    struct _WORK_QUEUE_ITEM TerminateWorkItem;
};
NT_SIZE(struct _ESERVERSILO_GLOBALS, 0x430);
NT_OFFSET(struct _ESERVERSILO_GLOBALS, ObSiloState, 0x0);
NT_OFFSET(struct _ESERVERSILO_GLOBALS, SeSiloState, 0x2e0);
NT_OFFSET(struct _ESERVERSILO_GLOBALS, SeRmSiloState, 0x300);
NT_OFFSET(struct _ESERVERSILO_GLOBALS, EtwSiloState, 0x350);
NT_OFFSET(struct _ESERVERSILO_GLOBALS, MiSessionLeaderProcess, 0x358);
NT_OFFSET(struct _ESERVERSILO_GLOBALS, ExpDefaultErrorPortProcess, 0x360);
NT_OFFSET(struct _ESERVERSILO_GLOBALS, ExpDefaultErrorPort, 0x368);
NT_OFFSET(struct _ESERVERSILO_GLOBALS, HardErrorState, 0x370);
NT_OFFSET(struct _ESERVERSILO_GLOBALS, WnfSiloState, 0x378);
NT_OFFSET(struct _ESERVERSILO_GLOBALS, ApiSetSection, 0x3b0);
NT_OFFSET(struct _ESERVERSILO_GLOBALS, ApiSetSchema, 0x3b8);
NT_OFFSET(struct _ESERVERSILO_GLOBALS, OneCoreForwardersEnabled, 0x3c0);
NT_OFFSET(struct _ESERVERSILO_GLOBALS, SiloRootDirectoryName, 0x3c8);
NT_OFFSET(struct _ESERVERSILO_GLOBALS, Storage, 0x3d8);
NT_OFFSET(struct _ESERVERSILO_GLOBALS, State, 0x3e0);
NT_OFFSET(struct _ESERVERSILO_GLOBALS, ExitStatus, 0x3e4);
NT_OFFSET(struct _ESERVERSILO_GLOBALS, DeleteEvent, 0x3e8);
NT_OFFSET(struct _ESERVERSILO_GLOBALS, UserSharedData, 0x3f0);
NT_OFFSET(struct _ESERVERSILO_GLOBALS, TerminateWorkItem, 0x410);

struct _KAPC_STATE {
    struct _LIST_ENTRY ApcListHead[2];
    struct _KPROCESS *Process;
    union {
        U1B InProgressFlags;
        struct {
            U1B KernelApcInProgress : 1;
            U1B SpecialApcInProgress : 1;
        };
    };
    U1B KernelApcPending;
    union {
        U1B UserApcPendingAll;
        struct {
            U1B SpecialUserApcPending : 1;
            U1B UserApcPending : 1;
        };
    };
};
NT_SIZE(struct _KAPC_STATE, 0x30);
NT_OFFSET(struct _KAPC_STATE, ApcListHead, 0x0);
NT_OFFSET(struct _KAPC_STATE, Process, 0x20);
NT_OFFSET(struct _KAPC_STATE, InProgressFlags, 0x28);
NT_OFFSET(struct _KAPC_STATE, KernelApcPending, 0x29);
NT_OFFSET(struct _KAPC_STATE, UserApcPendingAll, 0x2a);

struct _KTHREAD {
    struct _DISPATCHER_HEADER Header;
    NT_SKIP_10
    void *InitialStack;
    void *StackLimit;
    void *StackBase;
    NT_SKIP_10 NT_SKIP_8
    void *KernelStack;
    NT_SKIP_10 NT_SKIP_8 NT_SKIP_4
    U1B Tag;
    NT_SKIP_1 NT_SKIP_2 NT_SKIP_10 NT_SKIP_8
    struct _KAPC_STATE ApcState;
    NT_SKIP_8
    struct _KWAIT_BLOCK *WaitBlockList;
    NT_SKIP_10 NT_SKIP_8
    void *Teb;
    NT_SKIP_80 NT_SKIP_8 NT_SKIP_4
    U1B State;
    NT_SKIP_1 NT_SKIP_2 NT_SKIP_40
    void *Win32Thread;
    NT_SKIP_40 NT_SKIP_8
    U4B NextProcessor;
    struct _KPROCESS *Process;
    NT_SKIP_8 NT_SKIP_2
    I1B PreviousMode;
    NT_SKIP_1 NT_SKIP_4 NT_SKIP_40 NT_SKIP_8 NT_SKIP_2 NT_SKIP_1
    U1B WaitReason;
    NT_SKIP_4 NT_SKIP_40 NT_SKIP_20 NT_SKIP_10
    struct _LIST_ENTRY ThreadListEntry;
    NT_SKIP_200 NT_SKIP_80 NT_SKIP_40 NT_SKIP_10 NT_SKIP_8
};
NT_SIZE(struct _KTHREAD, 0x5e0);
NT_OFFSET(struct _KTHREAD, Header, 0x0);
NT_OFFSET(struct _KTHREAD, InitialStack, 0x28);
NT_OFFSET(struct _KTHREAD, StackLimit, 0x30);
NT_OFFSET(struct _KTHREAD, StackBase, 0x38);
NT_OFFSET(struct _KTHREAD, KernelStack, 0x58);
NT_OFFSET(struct _KTHREAD, Tag, 0x7c);
NT_OFFSET(struct _KTHREAD, ApcState, 0x98);
NT_OFFSET(struct _KTHREAD, WaitBlockList, 0xd0);
NT_OFFSET(struct _KTHREAD, Teb, 0xf0);
NT_OFFSET(struct _KTHREAD, State, 0x184);
NT_OFFSET(struct _KTHREAD, Win32Thread, 0x1c8);
NT_OFFSET(struct _KTHREAD, NextProcessor, 0x218);
NT_OFFSET(struct _KTHREAD, Process, 0x220);
NT_OFFSET(struct _KTHREAD, PreviousMode, 0x232);
NT_OFFSET(struct _KTHREAD, WaitReason, 0x283);
NT_OFFSET(struct _KTHREAD, ThreadListEntry, 0x2f8);

struct _CLIENT_ID {
    void *UniqueProcess;
    void *UniqueThread;
};
NT_SIZE(struct _CLIENT_ID, 0x10);
NT_OFFSET(struct _CLIENT_ID, UniqueProcess, 0x0);
NT_OFFSET(struct _CLIENT_ID, UniqueThread, 0x8);

union _PS_CLIENT_SECURITY_CONTEXT {
    U8B ImpersonationData;
    void *ImpersonationToken;
    struct {
        U8B ImpersonationLevel : 2;
        U8B EffectiveOnly : 1;
    };
};
NT_SIZE(union _PS_CLIENT_SECURITY_CONTEXT, 0x8);
NT_OFFSET(union _PS_CLIENT_SECURITY_CONTEXT, ImpersonationData, 0x0);
NT_OFFSET(union _PS_CLIENT_SECURITY_CONTEXT, ImpersonationToken, 0x0);

struct _ETHREAD {
    struct _KTHREAD Tcb;
    union _LARGE_INTEGER CreateTime;
    union _LARGE_INTEGER ExitTime;
    NT_SKIP_10 NT_SKIP_8
    void *StartAddress;
    NT_SKIP_20
    struct _CLIENT_ID Cid;
    NT_SKIP_20
    union _PS_CLIENT_SECURITY_CONTEXT ClientSecurity;
    struct _LIST_ENTRY IrpList;
    NT_SKIP_10
    void *Win32StartAddress;
    NT_SKIP_8
    struct _LIST_ENTRY ThreadListEntry;
    NT_SKIP_10 NT_SKIP_8
    union {
        U4B CrossThreadFlags;
        struct {
            U4B Terminated : 1;
        };
    };
    NT_SKIP_4 NT_SKIP_80 NT_SKIP_40 NT_SKIP_20 NT_SKIP_10 NT_SKIP_8
    struct _EJOB *Silo;
    struct _UNICODE_STRING *ThreadName;
    NT_SKIP_10
};
NT_SIZE(struct _ETHREAD, 0x7e0);
NT_OFFSET(struct _ETHREAD, Tcb, 0x0);
NT_OFFSET(struct _ETHREAD, CreateTime, 0x5e0);
NT_OFFSET(struct _ETHREAD, ExitTime, 0x5e8);
NT_OFFSET(struct _ETHREAD, StartAddress, 0x608);
NT_OFFSET(struct _ETHREAD, Cid, 0x630);
NT_OFFSET(struct _ETHREAD, ClientSecurity, 0x660);
NT_OFFSET(struct _ETHREAD, IrpList, 0x668);
NT_OFFSET(struct _ETHREAD, Win32StartAddress, 0x688);
NT_OFFSET(struct _ETHREAD, ThreadListEntry, 0x698);
NT_OFFSET(struct _ETHREAD, CrossThreadFlags, 0x6c0);
NT_OFFSET(struct _ETHREAD, Silo, 0x7c0);
NT_OFFSET(struct _ETHREAD, ThreadName, 0x7c8);

struct _ETW_BUFFER_CONTEXT {
    union {
        U2B ProcessorIndex;
        struct {
            U1B ProcessorNumber;
            U1B Alignment;
        };
    };
    U2B LoggerId;
};
NT_SIZE(struct _ETW_BUFFER_CONTEXT, 0x4);
NT_OFFSET(struct _ETW_BUFFER_CONTEXT, ProcessorIndex, 0x0);
NT_OFFSET(struct _ETW_BUFFER_CONTEXT, ProcessorNumber, 0x0);
NT_OFFSET(struct _ETW_BUFFER_CONTEXT, Alignment, 0x1);
NT_OFFSET(struct _ETW_BUFFER_CONTEXT, LoggerId, 0x2);

struct _SINGLE_LIST_ENTRY {
    struct _SINGLE_LIST_ENTRY *Next;
};
NT_SIZE(struct _SINGLE_LIST_ENTRY, 0x8);
NT_OFFSET(struct _SINGLE_LIST_ENTRY, Next, 0x0);

struct _ETW_BUFFER_QUEUE {
    struct _SINGLE_LIST_ENTRY *QueueTail;
    struct _SINGLE_LIST_ENTRY QueueEntry;
};
NT_SIZE(struct _ETW_BUFFER_QUEUE, 0x10);
NT_OFFSET(struct _ETW_BUFFER_QUEUE, QueueTail, 0x0);
NT_OFFSET(struct _ETW_BUFFER_QUEUE, QueueEntry, 0x8);

struct _ETW_FILTER_HEADER {
    I4B FilterFlags;
    struct _ETW_FILTER_PID *PidFilter;
    struct _ETW_FILTER_STRING_TOKEN *ExeFilter;
    struct _ETW_FILTER_STRING_TOKEN *PkgIdFilter;
    struct _ETW_FILTER_STRING_TOKEN *PkgAppIdFilter;
    struct _ETW_PERFECT_HASH_FUNCTION *StackWalkFilter;
    struct _ETW_PERFECT_HASH_FUNCTION *EventIdFilter;
    struct _ETW_PAYLOAD_FILTER *PayloadFilter;
    struct _EVENT_FILTER_HEADER *ProviderSideFilter;
    struct _ETW_FILTER_EVENT_NAME_DATA *EventNameFilter;
};
NT_SIZE(struct _ETW_FILTER_HEADER, 0x50);
NT_OFFSET(struct _ETW_FILTER_HEADER, FilterFlags, 0x0);
NT_OFFSET(struct _ETW_FILTER_HEADER, PidFilter, 0x8);
NT_OFFSET(struct _ETW_FILTER_HEADER, ExeFilter, 0x10);
NT_OFFSET(struct _ETW_FILTER_HEADER, PkgIdFilter, 0x18);
NT_OFFSET(struct _ETW_FILTER_HEADER, PkgAppIdFilter, 0x20);
NT_OFFSET(struct _ETW_FILTER_HEADER, StackWalkFilter, 0x28);
NT_OFFSET(struct _ETW_FILTER_HEADER, EventIdFilter, 0x30);
NT_OFFSET(struct _ETW_FILTER_HEADER, PayloadFilter, 0x38);
NT_OFFSET(struct _ETW_FILTER_HEADER, ProviderSideFilter, 0x40);
NT_OFFSET(struct _ETW_FILTER_HEADER, EventNameFilter, 0x48);

struct _ETW_LAST_ENABLE_INFO {
    union _LARGE_INTEGER EnableFlags;
    U2B LoggerId;
    U1B Level;
    struct {
        U1B Enabled : 1;
        U1B InternalFlag : 7;
    };
};
NT_SIZE(struct _ETW_LAST_ENABLE_INFO, 0x10);
NT_OFFSET(struct _ETW_LAST_ENABLE_INFO, EnableFlags, 0x0);
NT_OFFSET(struct _ETW_LAST_ENABLE_INFO, LoggerId, 0x8);
NT_OFFSET(struct _ETW_LAST_ENABLE_INFO, Level, 0xa);

struct _TRACE_ENABLE_INFO {
    U4B IsEnabled;
    U1B Level;
    U1B Reserved1;
    U2B LoggerId;
    U4B EnableProperty;
    U4B Reserved2;
    U8B MatchAnyKeyword;
    U8B MatchAllKeyword;
};
NT_SIZE(struct _TRACE_ENABLE_INFO, 0x20);
NT_OFFSET(struct _TRACE_ENABLE_INFO, IsEnabled, 0x0);
NT_OFFSET(struct _TRACE_ENABLE_INFO, Level, 0x4);
NT_OFFSET(struct _TRACE_ENABLE_INFO, Reserved1, 0x5);
NT_OFFSET(struct _TRACE_ENABLE_INFO, LoggerId, 0x6);
NT_OFFSET(struct _TRACE_ENABLE_INFO, EnableProperty, 0x8);
NT_OFFSET(struct _TRACE_ENABLE_INFO, Reserved2, 0xc);
NT_OFFSET(struct _TRACE_ENABLE_INFO, MatchAnyKeyword, 0x10);
NT_OFFSET(struct _TRACE_ENABLE_INFO, MatchAllKeyword, 0x18);

struct _ETW_GUID_ENTRY {
    struct _LIST_ENTRY GuidList;
    I8B RefCount;
    struct _GUID Guid;
    struct _LIST_ENTRY RegListHead;
    void *SecurityDescriptor;
    union {
        struct _ETW_LAST_ENABLE_INFO LastEnable;
        U8B MatchId;
    };
    struct _TRACE_ENABLE_INFO ProviderEnableInfo;
    struct _TRACE_ENABLE_INFO EnableInfo[8];
    struct _ETW_FILTER_HEADER *FilterData;
    struct _ETW_SILODRIVERSTATE *SiloState;
    struct _EX_PUSH_LOCK Lock;
    struct _ETHREAD *LockOwner;
};
NT_SIZE(struct _ETW_GUID_ENTRY, 0x190);
NT_OFFSET(struct _ETW_GUID_ENTRY, GuidList, 0x0);
NT_OFFSET(struct _ETW_GUID_ENTRY, RefCount, 0x10);
NT_OFFSET(struct _ETW_GUID_ENTRY, Guid, 0x18);
NT_OFFSET(struct _ETW_GUID_ENTRY, RegListHead, 0x28);
NT_OFFSET(struct _ETW_GUID_ENTRY, SecurityDescriptor, 0x38);
NT_OFFSET(struct _ETW_GUID_ENTRY, LastEnable, 0x40);
NT_OFFSET(struct _ETW_GUID_ENTRY, MatchId, 0x40);
NT_OFFSET(struct _ETW_GUID_ENTRY, ProviderEnableInfo, 0x50);
NT_OFFSET(struct _ETW_GUID_ENTRY, EnableInfo, 0x70);
NT_OFFSET(struct _ETW_GUID_ENTRY, FilterData, 0x170);
NT_OFFSET(struct _ETW_GUID_ENTRY, SiloState, 0x178);
NT_OFFSET(struct _ETW_GUID_ENTRY, Lock, 0x180);
NT_OFFSET(struct _ETW_GUID_ENTRY, LockOwner, 0x188);

struct _ETW_HASH_BUCKET {
    struct _LIST_ENTRY ListHead[3];
    struct _EX_PUSH_LOCK BucketLock;
};
NT_SIZE(struct _ETW_HASH_BUCKET, 0x38);
NT_OFFSET(struct _ETW_HASH_BUCKET, ListHead, 0x0);
NT_OFFSET(struct _ETW_HASH_BUCKET, BucketLock, 0x30);

struct _ETW_PROVIDER_TRAITS {
    struct _RTL_BALANCED_NODE Node;
    U4B ReferenceCount;
    U1B Traits[1];
};
NT_SIZE(struct _ETW_PROVIDER_TRAITS, 0x20);
NT_OFFSET(struct _ETW_PROVIDER_TRAITS, Node, 0x0);
NT_OFFSET(struct _ETW_PROVIDER_TRAITS, ReferenceCount, 0x18);
NT_OFFSET(struct _ETW_PROVIDER_TRAITS, Traits, 0x1c);

struct _ETW_QUEUE_ENTRY {
    struct _LIST_ENTRY ListEntry;
    struct _ETWP_NOTIFICATION_HEADER *DataBlock;
    struct _ETW_REG_ENTRY *RegEntry;
    struct _ETW_REG_ENTRY *ReplyObject;
    void *WakeReference;
    U2B RegIndex;
    U2B ReplyIndex;
    U4B Flags;
};
NT_SIZE(struct _ETW_QUEUE_ENTRY, 0x38);
NT_OFFSET(struct _ETW_QUEUE_ENTRY, ListEntry, 0x0);
NT_OFFSET(struct _ETW_QUEUE_ENTRY, DataBlock, 0x10);
NT_OFFSET(struct _ETW_QUEUE_ENTRY, RegEntry, 0x18);
NT_OFFSET(struct _ETW_QUEUE_ENTRY, ReplyObject, 0x20);
NT_OFFSET(struct _ETW_QUEUE_ENTRY, WakeReference, 0x28);
NT_OFFSET(struct _ETW_QUEUE_ENTRY, RegIndex, 0x30);
NT_OFFSET(struct _ETW_QUEUE_ENTRY, ReplyIndex, 0x32);
NT_OFFSET(struct _ETW_QUEUE_ENTRY, Flags, 0x34);

struct _ETW_REALTIME_CONSUMER {
    struct _LIST_ENTRY Links;
    void *ProcessHandle;
    struct _EPROCESS *ProcessObject;
    void *NextNotDelivered;
    void *RealtimeConnectContext;
    struct _KEVENT *DisconnectEvent;
    struct _KEVENT *DataAvailableEvent;
    U4B *UserBufferCount;
    struct _SINGLE_LIST_ENTRY *UserBufferListHead;
    U4B BuffersLost;
    U4B EmptyBuffersCount;
    U2B LoggerId;
    union {
        U1B Flags;
        struct {
            U1B ShutDownRequested : 1;
            U1B NewBuffersLost : 1;
            U1B Disconnected : 1;
            U1B Notified : 1;
            U1B Wow : 1;
        };
    };
    struct _RTL_BITMAP ReservedBufferSpaceBitMap;
    U1B *ReservedBufferSpace;
    U4B ReservedBufferSpaceSize;
    U4B UserPagesAllocated;
    U4B UserPagesReused;
    U4B *EventsLostCount;
    U4B *BuffersLostCount;
    struct _ETW_SILODRIVERSTATE *SiloState;
};
NT_SIZE(struct _ETW_REALTIME_CONSUMER, 0xa0);
NT_OFFSET(struct _ETW_REALTIME_CONSUMER, Links, 0x0);
NT_OFFSET(struct _ETW_REALTIME_CONSUMER, ProcessHandle, 0x10);
NT_OFFSET(struct _ETW_REALTIME_CONSUMER, ProcessObject, 0x18);
NT_OFFSET(struct _ETW_REALTIME_CONSUMER, NextNotDelivered, 0x20);
NT_OFFSET(struct _ETW_REALTIME_CONSUMER, RealtimeConnectContext, 0x28);
NT_OFFSET(struct _ETW_REALTIME_CONSUMER, DisconnectEvent, 0x30);
NT_OFFSET(struct _ETW_REALTIME_CONSUMER, DataAvailableEvent, 0x38);
NT_OFFSET(struct _ETW_REALTIME_CONSUMER, UserBufferCount, 0x40);
NT_OFFSET(struct _ETW_REALTIME_CONSUMER, UserBufferListHead, 0x48);
NT_OFFSET(struct _ETW_REALTIME_CONSUMER, BuffersLost, 0x50);
NT_OFFSET(struct _ETW_REALTIME_CONSUMER, EmptyBuffersCount, 0x54);
NT_OFFSET(struct _ETW_REALTIME_CONSUMER, LoggerId, 0x58);
NT_OFFSET(struct _ETW_REALTIME_CONSUMER, Flags, 0x5a);
NT_OFFSET(struct _ETW_REALTIME_CONSUMER, ReservedBufferSpaceBitMap, 0x60);
NT_OFFSET(struct _ETW_REALTIME_CONSUMER, ReservedBufferSpace, 0x70);
NT_OFFSET(struct _ETW_REALTIME_CONSUMER, ReservedBufferSpaceSize, 0x78);
NT_OFFSET(struct _ETW_REALTIME_CONSUMER, UserPagesAllocated, 0x7c);
NT_OFFSET(struct _ETW_REALTIME_CONSUMER, UserPagesReused, 0x80);
NT_OFFSET(struct _ETW_REALTIME_CONSUMER, EventsLostCount, 0x88);
NT_OFFSET(struct _ETW_REALTIME_CONSUMER, BuffersLostCount, 0x90);
NT_OFFSET(struct _ETW_REALTIME_CONSUMER, SiloState, 0x98);

struct _ETW_REF_CLOCK {
    union _LARGE_INTEGER StartTime;
    union _LARGE_INTEGER StartPerfClock;
};
NT_SIZE(struct _ETW_REF_CLOCK, 0x10);
NT_OFFSET(struct _ETW_REF_CLOCK, StartTime, 0x0);
NT_OFFSET(struct _ETW_REF_CLOCK, StartPerfClock, 0x8);

struct _ETW_REG_ENTRY {
    struct _LIST_ENTRY RegList;
    struct _LIST_ENTRY GroupRegList;
    struct _ETW_GUID_ENTRY *GuidEntry;
    struct _ETW_GUID_ENTRY *GroupEntry;
    union {
        struct _ETW_QUEUE_ENTRY *ReplySlot[4];
        struct {
            void *Caller;
            U4B SessionId;
        };
        struct _ETW_REPLY_QUEUE *ReplyQueue;
    };
    union {
        void *CallbackContext;
        struct _EPROCESS *Process;
    };
    void *Callback;
    U2B Index;
    union {
        U2B Flags;
        struct {
            U2B DbgKernelRegistration : 1;
            U2B DbgUserRegistration : 1;
            U2B DbgReplyRegistration : 1;
            U2B DbgClassicRegistration : 1;
            U2B DbgSessionSpaceRegistration : 1;
            U2B DbgModernRegistration : 1;
            U2B DbgClosed : 1;
            U2B DbgInserted : 1;
            U2B DbgWow64 : 1;
        };
    };
    U1B EnableMask;
    U1B GroupEnableMask;
    U1B UseDescriptorType;
    struct _ETW_PROVIDER_TRAITS *Traits;
};
NT_SIZE(struct _ETW_REG_ENTRY, 0x70);
NT_OFFSET(struct _ETW_REG_ENTRY, RegList, 0x0);
NT_OFFSET(struct _ETW_REG_ENTRY, GroupRegList, 0x10);
NT_OFFSET(struct _ETW_REG_ENTRY, GuidEntry, 0x20);
NT_OFFSET(struct _ETW_REG_ENTRY, GroupEntry, 0x28);
NT_OFFSET(struct _ETW_REG_ENTRY, Caller, 0x30);
NT_OFFSET(struct _ETW_REG_ENTRY, ReplyQueue, 0x30);
NT_OFFSET(struct _ETW_REG_ENTRY, ReplySlot, 0x30);
NT_OFFSET(struct _ETW_REG_ENTRY, SessionId, 0x38);
NT_OFFSET(struct _ETW_REG_ENTRY, CallbackContext, 0x50);
NT_OFFSET(struct _ETW_REG_ENTRY, Process, 0x50);
NT_OFFSET(struct _ETW_REG_ENTRY, Callback, 0x58);
NT_OFFSET(struct _ETW_REG_ENTRY, Index, 0x60);
NT_OFFSET(struct _ETW_REG_ENTRY, Flags, 0x62);
NT_OFFSET(struct _ETW_REG_ENTRY, EnableMask, 0x64);
NT_OFFSET(struct _ETW_REG_ENTRY, GroupEnableMask, 0x65);
NT_OFFSET(struct _ETW_REG_ENTRY, UseDescriptorType, 0x66);
NT_OFFSET(struct _ETW_REG_ENTRY, Traits, 0x68);

struct _KQUEUE {
    struct _DISPATCHER_HEADER Header;
    struct _LIST_ENTRY EntryListHead;
    U4B CurrentCount;
    U4B MaximumCount;
    struct _LIST_ENTRY ThreadListHead;
};
NT_SIZE(struct _KQUEUE, 0x40);
NT_OFFSET(struct _KQUEUE, Header, 0x0);
NT_OFFSET(struct _KQUEUE, EntryListHead, 0x18);
NT_OFFSET(struct _KQUEUE, CurrentCount, 0x28);
NT_OFFSET(struct _KQUEUE, MaximumCount, 0x2c);
NT_OFFSET(struct _KQUEUE, ThreadListHead, 0x30);

struct _ETW_REPLY_QUEUE {
    struct _KQUEUE Queue;
    I4B EventsLost;
};
NT_SIZE(struct _ETW_REPLY_QUEUE, 0x48);
NT_OFFSET(struct _ETW_REPLY_QUEUE, Queue, 0x0);
NT_OFFSET(struct _ETW_REPLY_QUEUE, EventsLost, 0x40);

struct _ETW_SILODRIVERSTATE {
    struct _ETW_GUID_ENTRY EtwpSecurityProviderGuidEntry;
    struct _EX_RUNDOWN_REF_CACHE_AWARE *EtwpLoggerRundown[64];
    struct _WMI_LOGGER_CONTEXT *WmipLoggerContext[64];
    struct _ETW_HASH_BUCKET EtwpGuidHashTable[64];
    U2B EtwpSecurityLoggers[8];
    U1B EtwpSecurityProviderEnableMask;
    U1B EtwpShutdownInProgress;
    U4B EtwpSecurityProviderPID;
};
NT_SIZE(struct _ETW_SILODRIVERSTATE, 0x13a8);
NT_OFFSET(struct _ETW_SILODRIVERSTATE, EtwpSecurityProviderGuidEntry, 0x0);
NT_OFFSET(struct _ETW_SILODRIVERSTATE, EtwpLoggerRundown, 0x190);
NT_OFFSET(struct _ETW_SILODRIVERSTATE, WmipLoggerContext, 0x390);
NT_OFFSET(struct _ETW_SILODRIVERSTATE, EtwpGuidHashTable, 0x590);
NT_OFFSET(struct _ETW_SILODRIVERSTATE, EtwpSecurityLoggers, 0x1390);
NT_OFFSET(struct _ETW_SILODRIVERSTATE, EtwpSecurityProviderEnableMask, 0x13a0);
NT_OFFSET(struct _ETW_SILODRIVERSTATE, EtwpShutdownInProgress, 0x13a1);
NT_OFFSET(struct _ETW_SILODRIVERSTATE, EtwpSecurityProviderPID, 0x13a4);

struct _EX_RUNDOWN_REF_CACHE_AWARE {
    struct _EX_RUNDOWN_REF *RunRefs;
    void *PoolToFree;
    U4B RunRefSize;
    U4B Number;
};
NT_SIZE(struct _EX_RUNDOWN_REF_CACHE_AWARE, 0x18);
NT_OFFSET(struct _EX_RUNDOWN_REF_CACHE_AWARE, RunRefs, 0x0);
NT_OFFSET(struct _EX_RUNDOWN_REF_CACHE_AWARE, PoolToFree, 0x8);
NT_OFFSET(struct _EX_RUNDOWN_REF_CACHE_AWARE, RunRefSize, 0x10);
NT_OFFSET(struct _EX_RUNDOWN_REF_CACHE_AWARE, Number, 0x14);

struct _HANDLE_TABLE_FREE_LIST {
    struct _EX_PUSH_LOCK FreeListLock;
    union _HANDLE_TABLE_ENTRY *FirstFreeHandleEntry;
    union _HANDLE_TABLE_ENTRY *LastFreeHandleEntry;
    I4B HandleCount;
    U4B HighWaterMark;
    NT_SKIP_20
};
NT_SIZE(struct _HANDLE_TABLE_FREE_LIST, 0x40);
NT_OFFSET(struct _HANDLE_TABLE_FREE_LIST, FreeListLock, 0x0);
NT_OFFSET(struct _HANDLE_TABLE_FREE_LIST, FirstFreeHandleEntry, 0x8);
NT_OFFSET(struct _HANDLE_TABLE_FREE_LIST, LastFreeHandleEntry, 0x10);
NT_OFFSET(struct _HANDLE_TABLE_FREE_LIST, HandleCount, 0x18);
NT_OFFSET(struct _HANDLE_TABLE_FREE_LIST, HighWaterMark, 0x1c);

struct _HANDLE_TABLE {
    U4B NextHandleNeedingPool;
    I4B ExtraInfoPages;
    U8B TableCode;
    struct _EPROCESS *QuotaProcess;
    struct _LIST_ENTRY HandleTableList;
    U4B UniqueProcessId;
    union {
        U4B Flags;
        struct {
            U1B StrictFIFO : 1;
            U1B EnableHandleExceptions : 1;
            U1B Rundown : 1;
            U1B Duplicated : 1;
            U1B RaiseUMExceptionOnInvalidHandleClose : 1;
        };
    };
    struct _EX_PUSH_LOCK HandleContentionEvent;
    struct _EX_PUSH_LOCK HandleTableLock;
    union {
        struct _HANDLE_TABLE_FREE_LIST FreeLists[1];
        struct {
            U1B ActualEntry[32];
            struct _HANDLE_TRACE_DEBUG_INFO *DebugInfo;
        };
    };
};
NT_SIZE(struct _HANDLE_TABLE, 0x80);
NT_OFFSET(struct _HANDLE_TABLE, NextHandleNeedingPool, 0x0);
NT_OFFSET(struct _HANDLE_TABLE, ExtraInfoPages, 0x4);
NT_OFFSET(struct _HANDLE_TABLE, TableCode, 0x8);
NT_OFFSET(struct _HANDLE_TABLE, QuotaProcess, 0x10);
NT_OFFSET(struct _HANDLE_TABLE, HandleTableList, 0x18);
NT_OFFSET(struct _HANDLE_TABLE, UniqueProcessId, 0x28);
NT_OFFSET(struct _HANDLE_TABLE, Flags, 0x2c);
NT_OFFSET(struct _HANDLE_TABLE, HandleContentionEvent, 0x30);
NT_OFFSET(struct _HANDLE_TABLE, HandleTableLock, 0x38);
NT_OFFSET(struct _HANDLE_TABLE, ActualEntry, 0x40);
NT_OFFSET(struct _HANDLE_TABLE, FreeLists, 0x40);
NT_OFFSET(struct _HANDLE_TABLE, DebugInfo, 0x60);

struct _EXHANDLE {
    union {
        void *GenericHandleOverlay;
        U8B Value;
        struct {
            U4B TagBits : 2;
            U4B Index : 30;
        };
    };
};
NT_SIZE(struct _EXHANDLE, 0x8);
NT_OFFSET(struct _EXHANDLE, GenericHandleOverlay, 0x0);
NT_OFFSET(struct _EXHANDLE, Value, 0x0);

union _HANDLE_TABLE_ENTRY {
    struct {
        struct _HANDLE_TABLE_ENTRY_INFO *InfoTable;
        I8B HighValue;
    };
    struct {
        I8B LowValue;
        struct _EXHANDLE LeafHandleValue;
    };
    struct {
        I8B RefCountField;
        union _HANDLE_TABLE_ENTRY *NextFreeHandleEntry;
    };
    struct {
        I8B VolatileLowValue;
        struct {
            U4B GrantedAccessBits : 25;
            U4B NoRightsUpgrade : 1;
            U4B Spare1 : 6;
        };
        U4B Spare2;
    };
    struct {
        U8B Unlocked : 1;
        U8B RefCnt : 16;
        U8B Attributes : 3;
        U8B ObjectPointerBits : 44;
    };
};
NT_SIZE(union _HANDLE_TABLE_ENTRY, 0x10);
NT_OFFSET(union _HANDLE_TABLE_ENTRY, InfoTable, 0x0);
NT_OFFSET(union _HANDLE_TABLE_ENTRY, LowValue, 0x0);
NT_OFFSET(union _HANDLE_TABLE_ENTRY, RefCountField, 0x0);
NT_OFFSET(union _HANDLE_TABLE_ENTRY, VolatileLowValue, 0x0);
NT_OFFSET(union _HANDLE_TABLE_ENTRY, HighValue, 0x8);
NT_OFFSET(union _HANDLE_TABLE_ENTRY, LeafHandleValue, 0x8);
NT_OFFSET(union _HANDLE_TABLE_ENTRY, NextFreeHandleEntry, 0x8);
NT_OFFSET(union _HANDLE_TABLE_ENTRY, Spare2, 0xc);

struct _KDPC {
    union {
        U4B TargetInfoAsUlong;
        struct {
            U1B Type;
            U1B Importance;
            U2B Number;
        };
    };
    struct _SINGLE_LIST_ENTRY DpcListEntry;
    U8B ProcessorHistory;
    NT_FUNCTION DeferredRoutine;
    void *DeferredContext;
    void *SystemArgument1;
    void *SystemArgument2;
    void *DpcData;
};
NT_SIZE(struct _KDPC, 0x40);
NT_OFFSET(struct _KDPC, TargetInfoAsUlong, 0x0);
NT_OFFSET(struct _KDPC, Type, 0x0);
NT_OFFSET(struct _KDPC, Importance, 0x1);
NT_OFFSET(struct _KDPC, Number, 0x2);
NT_OFFSET(struct _KDPC, DpcListEntry, 0x8);
NT_OFFSET(struct _KDPC, ProcessorHistory, 0x10);
NT_OFFSET(struct _KDPC, DeferredRoutine, 0x18);
NT_OFFSET(struct _KDPC, DeferredContext, 0x20);
NT_OFFSET(struct _KDPC, SystemArgument1, 0x28);
NT_OFFSET(struct _KDPC, SystemArgument2, 0x30);
NT_OFFSET(struct _KDPC, DpcData, 0x38);

struct _KLDR_DATA_TABLE_ENTRY {
    struct _LIST_ENTRY InLoadOrderLinks;
    void *ExceptionTable;
    U4B ExceptionTableSize;
    void *GpValue;
    struct _NON_PAGED_DEBUG_INFO *NonPagedDebugInfo;
    void *DllBase;
    void *EntryPoint;
    U4B SizeOfImage;
    struct _UNICODE_STRING FullDllName;
    struct _UNICODE_STRING BaseDllName;
    U4B Flags;
    U2B LoadCount;
    union {
        U2B EntireField;
        struct {
            U2B SignatureLevel : 4;
            U2B SignatureType : 3;
            U2B Unused : 9;
        };
    } u1;
    void *SectionPointer;
    U4B CheckSum;
    U4B CoverageSectionSize;
    void *CoverageSection;
    void *LoadedImports;
    void *Spare;
    U4B SizeOfImageNotRounded;
    U4B TimeDateStamp;
};
NT_SIZE(struct _KLDR_DATA_TABLE_ENTRY, 0xa0);
NT_OFFSET(struct _KLDR_DATA_TABLE_ENTRY, InLoadOrderLinks, 0x0);
NT_OFFSET(struct _KLDR_DATA_TABLE_ENTRY, ExceptionTable, 0x10);
NT_OFFSET(struct _KLDR_DATA_TABLE_ENTRY, ExceptionTableSize, 0x18);
NT_OFFSET(struct _KLDR_DATA_TABLE_ENTRY, GpValue, 0x20);
NT_OFFSET(struct _KLDR_DATA_TABLE_ENTRY, NonPagedDebugInfo, 0x28);
NT_OFFSET(struct _KLDR_DATA_TABLE_ENTRY, DllBase, 0x30);
NT_OFFSET(struct _KLDR_DATA_TABLE_ENTRY, EntryPoint, 0x38);
NT_OFFSET(struct _KLDR_DATA_TABLE_ENTRY, SizeOfImage, 0x40);
NT_OFFSET(struct _KLDR_DATA_TABLE_ENTRY, FullDllName, 0x48);
NT_OFFSET(struct _KLDR_DATA_TABLE_ENTRY, BaseDllName, 0x58);
NT_OFFSET(struct _KLDR_DATA_TABLE_ENTRY, Flags, 0x68);
NT_OFFSET(struct _KLDR_DATA_TABLE_ENTRY, LoadCount, 0x6c);
NT_OFFSET(struct _KLDR_DATA_TABLE_ENTRY, u1, 0x6e);
NT_OFFSET(struct _KLDR_DATA_TABLE_ENTRY, u1.EntireField, 0x6e);
NT_OFFSET(struct _KLDR_DATA_TABLE_ENTRY, SectionPointer, 0x70);
NT_OFFSET(struct _KLDR_DATA_TABLE_ENTRY, CheckSum, 0x78);
NT_OFFSET(struct _KLDR_DATA_TABLE_ENTRY, CoverageSectionSize, 0x7c);
NT_OFFSET(struct _KLDR_DATA_TABLE_ENTRY, CoverageSection, 0x80);
NT_OFFSET(struct _KLDR_DATA_TABLE_ENTRY, LoadedImports, 0x88);
NT_OFFSET(struct _KLDR_DATA_TABLE_ENTRY, Spare, 0x90);
NT_OFFSET(struct _KLDR_DATA_TABLE_ENTRY, SizeOfImageNotRounded, 0x98);
NT_OFFSET(struct _KLDR_DATA_TABLE_ENTRY, TimeDateStamp, 0x9c);

struct _KMUTANT {
    struct _DISPATCHER_HEADER Header;
    struct _LIST_ENTRY MutantListEntry;
    struct _KTHREAD *OwnerThread;
    U1B Abandoned;
    U1B ApcDisable;
};
NT_SIZE(struct _KMUTANT, 0x38);
NT_OFFSET(struct _KMUTANT, Header, 0x0);
NT_OFFSET(struct _KMUTANT, MutantListEntry, 0x18);
NT_OFFSET(struct _KMUTANT, OwnerThread, 0x28);
NT_OFFSET(struct _KMUTANT, Abandoned, 0x30);
NT_OFFSET(struct _KMUTANT, ApcDisable, 0x31);

struct _NT_TIB {
    struct _EXCEPTION_REGISTRATION_RECORD *ExceptionList;
    void *StackBase;
    void *StackLimit;
    void *SubSystemTib;
    union {
        void *FiberData;
        U4B Version;
    };
    void *ArbitraryUserPointer;
    struct _NT_TIB *Self;
};
NT_SIZE(struct _NT_TIB, 0x38);
NT_OFFSET(struct _NT_TIB, ExceptionList, 0x0);
NT_OFFSET(struct _NT_TIB, StackBase, 0x8);
NT_OFFSET(struct _NT_TIB, StackLimit, 0x10);
NT_OFFSET(struct _NT_TIB, SubSystemTib, 0x18);
NT_OFFSET(struct _NT_TIB, FiberData, 0x20);
NT_OFFSET(struct _NT_TIB, Version, 0x20);
NT_OFFSET(struct _NT_TIB, ArbitraryUserPointer, 0x28);
NT_OFFSET(struct _NT_TIB, Self, 0x30);

struct _KDESCRIPTOR {
    U2B Pad[3];
    U2B Limit;
    void *Base;
};
NT_SIZE(struct _KDESCRIPTOR, 0x10);
NT_OFFSET(struct _KDESCRIPTOR, Pad, 0x0);
NT_OFFSET(struct _KDESCRIPTOR, Limit, 0x6);
NT_OFFSET(struct _KDESCRIPTOR, Base, 0x8);

struct _KSPECIAL_REGISTERS {
    U8B Cr0;
    U8B Cr2;
    U8B Cr3;
    U8B Cr4;
    U8B KernelDr0;
    U8B KernelDr1;
    U8B KernelDr2;
    U8B KernelDr3;
    U8B KernelDr6;
    U8B KernelDr7;
    struct _KDESCRIPTOR Gdtr;
    struct _KDESCRIPTOR Idtr;
    U2B Tr;
    U2B Ldtr;
    U4B MxCsr;
    U8B DebugControl;
    U8B LastBranchToRip;
    U8B LastBranchFromRip;
    U8B LastExceptionToRip;
    U8B LastExceptionFromRip;
    U8B Cr8;
    U8B MsrGsBase;
    U8B MsrGsSwap;
    U8B MsrStar;
    U8B MsrLStar;
    U8B MsrCStar;
    U8B MsrSyscallMask;
    U8B Xcr0;
    U8B MsrFsBase;
    U8B SpecialPadding0;
};
NT_SIZE(struct _KSPECIAL_REGISTERS, 0xf0);
NT_OFFSET(struct _KSPECIAL_REGISTERS, Cr0, 0x0);
NT_OFFSET(struct _KSPECIAL_REGISTERS, Cr2, 0x8);
NT_OFFSET(struct _KSPECIAL_REGISTERS, Cr3, 0x10);
NT_OFFSET(struct _KSPECIAL_REGISTERS, Cr4, 0x18);
NT_OFFSET(struct _KSPECIAL_REGISTERS, KernelDr0, 0x20);
NT_OFFSET(struct _KSPECIAL_REGISTERS, KernelDr1, 0x28);
NT_OFFSET(struct _KSPECIAL_REGISTERS, KernelDr2, 0x30);
NT_OFFSET(struct _KSPECIAL_REGISTERS, KernelDr3, 0x38);
NT_OFFSET(struct _KSPECIAL_REGISTERS, KernelDr6, 0x40);
NT_OFFSET(struct _KSPECIAL_REGISTERS, KernelDr7, 0x48);
NT_OFFSET(struct _KSPECIAL_REGISTERS, Gdtr, 0x50);
NT_OFFSET(struct _KSPECIAL_REGISTERS, Idtr, 0x60);
NT_OFFSET(struct _KSPECIAL_REGISTERS, Tr, 0x70);
NT_OFFSET(struct _KSPECIAL_REGISTERS, Ldtr, 0x72);
NT_OFFSET(struct _KSPECIAL_REGISTERS, MxCsr, 0x74);
NT_OFFSET(struct _KSPECIAL_REGISTERS, DebugControl, 0x78);
NT_OFFSET(struct _KSPECIAL_REGISTERS, LastBranchToRip, 0x80);
NT_OFFSET(struct _KSPECIAL_REGISTERS, LastBranchFromRip, 0x88);
NT_OFFSET(struct _KSPECIAL_REGISTERS, LastExceptionToRip, 0x90);
NT_OFFSET(struct _KSPECIAL_REGISTERS, LastExceptionFromRip, 0x98);
NT_OFFSET(struct _KSPECIAL_REGISTERS, Cr8, 0xa0);
NT_OFFSET(struct _KSPECIAL_REGISTERS, MsrGsBase, 0xa8);
NT_OFFSET(struct _KSPECIAL_REGISTERS, MsrGsSwap, 0xb0);
NT_OFFSET(struct _KSPECIAL_REGISTERS, MsrStar, 0xb8);
NT_OFFSET(struct _KSPECIAL_REGISTERS, MsrLStar, 0xc0);
NT_OFFSET(struct _KSPECIAL_REGISTERS, MsrCStar, 0xc8);
NT_OFFSET(struct _KSPECIAL_REGISTERS, MsrSyscallMask, 0xd0);
NT_OFFSET(struct _KSPECIAL_REGISTERS, Xcr0, 0xd8);
NT_OFFSET(struct _KSPECIAL_REGISTERS, MsrFsBase, 0xe0);
NT_OFFSET(struct _KSPECIAL_REGISTERS, SpecialPadding0, 0xe8);

struct _M128A {
    U8B Low;
    I8B High;
};
NT_SIZE(struct _M128A, 0x10);
NT_OFFSET(struct _M128A, Low, 0x0);
NT_OFFSET(struct _M128A, High, 0x8);

struct _XSAVE_FORMAT {
    U2B ControlWord;
    U2B StatusWord;
    U1B TagWord;
    U1B Reserved1;
    U2B ErrorOpcode;
    U4B ErrorOffset;
    U2B ErrorSelector;
    U2B Reserved2;
    U4B DataOffset;
    U2B DataSelector;
    U2B Reserved3;
    U4B MxCsr;
    U4B MxCsr_Mask;
    struct _M128A FloatRegisters[8];
    struct _M128A XmmRegisters[16];
    U1B Reserved4[96];
};
NT_SIZE(struct _XSAVE_FORMAT, 0x200);
NT_OFFSET(struct _XSAVE_FORMAT, ControlWord, 0x0);
NT_OFFSET(struct _XSAVE_FORMAT, StatusWord, 0x2);
NT_OFFSET(struct _XSAVE_FORMAT, TagWord, 0x4);
NT_OFFSET(struct _XSAVE_FORMAT, Reserved1, 0x5);
NT_OFFSET(struct _XSAVE_FORMAT, ErrorOpcode, 0x6);
NT_OFFSET(struct _XSAVE_FORMAT, ErrorOffset, 0x8);
NT_OFFSET(struct _XSAVE_FORMAT, ErrorSelector, 0xc);
NT_OFFSET(struct _XSAVE_FORMAT, Reserved2, 0xe);
NT_OFFSET(struct _XSAVE_FORMAT, DataOffset, 0x10);
NT_OFFSET(struct _XSAVE_FORMAT, DataSelector, 0x14);
NT_OFFSET(struct _XSAVE_FORMAT, Reserved3, 0x16);
NT_OFFSET(struct _XSAVE_FORMAT, MxCsr, 0x18);
NT_OFFSET(struct _XSAVE_FORMAT, MxCsr_Mask, 0x1c);
NT_OFFSET(struct _XSAVE_FORMAT, FloatRegisters, 0x20);
NT_OFFSET(struct _XSAVE_FORMAT, XmmRegisters, 0xa0);
NT_OFFSET(struct _XSAVE_FORMAT, Reserved4, 0x1a0);

struct _CONTEXT {
    U8B P1Home;
    U8B P2Home;
    U8B P3Home;
    U8B P4Home;
    U8B P5Home;
    U8B P6Home;
    U4B ContextFlags;
    U4B MxCsr;
    U2B SegCs;
    U2B SegDs;
    U2B SegEs;
    U2B SegFs;
    U2B SegGs;
    U2B SegSs;
    U4B EFlags;
    U8B Dr0;
    U8B Dr1;
    U8B Dr2;
    U8B Dr3;
    U8B Dr6;
    U8B Dr7;
    U8B Rax;
    U8B Rcx;
    U8B Rdx;
    U8B Rbx;
    U8B Rsp;
    U8B Rbp;
    U8B Rsi;
    U8B Rdi;
    U8B R8;
    U8B R9;
    U8B R10;
    U8B R11;
    U8B R12;
    U8B R13;
    U8B R14;
    U8B R15;
    U8B Rip;
    union {
        struct _XSAVE_FORMAT FltSave;
        struct {
            struct _M128A Header[2];
            struct _M128A Legacy[8];
            struct _M128A Xmm0;
            struct _M128A Xmm1;
            struct _M128A Xmm2;
            struct _M128A Xmm3;
            struct _M128A Xmm4;
            struct _M128A Xmm5;
            struct _M128A Xmm6;
            struct _M128A Xmm7;
            struct _M128A Xmm8;
            struct _M128A Xmm9;
            struct _M128A Xmm10;
            struct _M128A Xmm11;
            struct _M128A Xmm12;
            struct _M128A Xmm13;
            struct _M128A Xmm14;
            struct _M128A Xmm15;
        };
    };
    struct _M128A VectorRegister[26];
    U8B VectorControl;
    U8B DebugControl;
    U8B LastBranchToRip;
    U8B LastBranchFromRip;
    U8B LastExceptionToRip;
    U8B LastExceptionFromRip;
};
NT_SIZE(struct _CONTEXT, 0x4d0);
NT_OFFSET(struct _CONTEXT, P1Home, 0x0);
NT_OFFSET(struct _CONTEXT, P2Home, 0x8);
NT_OFFSET(struct _CONTEXT, P3Home, 0x10);
NT_OFFSET(struct _CONTEXT, P4Home, 0x18);
NT_OFFSET(struct _CONTEXT, P5Home, 0x20);
NT_OFFSET(struct _CONTEXT, P6Home, 0x28);
NT_OFFSET(struct _CONTEXT, ContextFlags, 0x30);
NT_OFFSET(struct _CONTEXT, MxCsr, 0x34);
NT_OFFSET(struct _CONTEXT, SegCs, 0x38);
NT_OFFSET(struct _CONTEXT, SegDs, 0x3a);
NT_OFFSET(struct _CONTEXT, SegEs, 0x3c);
NT_OFFSET(struct _CONTEXT, SegFs, 0x3e);
NT_OFFSET(struct _CONTEXT, SegGs, 0x40);
NT_OFFSET(struct _CONTEXT, SegSs, 0x42);
NT_OFFSET(struct _CONTEXT, EFlags, 0x44);
NT_OFFSET(struct _CONTEXT, Dr0, 0x48);
NT_OFFSET(struct _CONTEXT, Dr1, 0x50);
NT_OFFSET(struct _CONTEXT, Dr2, 0x58);
NT_OFFSET(struct _CONTEXT, Dr3, 0x60);
NT_OFFSET(struct _CONTEXT, Dr6, 0x68);
NT_OFFSET(struct _CONTEXT, Dr7, 0x70);
NT_OFFSET(struct _CONTEXT, Rax, 0x78);
NT_OFFSET(struct _CONTEXT, Rcx, 0x80);
NT_OFFSET(struct _CONTEXT, Rdx, 0x88);
NT_OFFSET(struct _CONTEXT, Rbx, 0x90);
NT_OFFSET(struct _CONTEXT, Rsp, 0x98);
NT_OFFSET(struct _CONTEXT, Rbp, 0xa0);
NT_OFFSET(struct _CONTEXT, Rsi, 0xa8);
NT_OFFSET(struct _CONTEXT, Rdi, 0xb0);
NT_OFFSET(struct _CONTEXT, R8, 0xb8);
NT_OFFSET(struct _CONTEXT, R9, 0xc0);
NT_OFFSET(struct _CONTEXT, R10, 0xc8);
NT_OFFSET(struct _CONTEXT, R11, 0xd0);
NT_OFFSET(struct _CONTEXT, R12, 0xd8);
NT_OFFSET(struct _CONTEXT, R13, 0xe0);
NT_OFFSET(struct _CONTEXT, R14, 0xe8);
NT_OFFSET(struct _CONTEXT, R15, 0xf0);
NT_OFFSET(struct _CONTEXT, Rip, 0xf8);
NT_OFFSET(struct _CONTEXT, FltSave, 0x100);
NT_OFFSET(struct _CONTEXT, Header, 0x100);
NT_OFFSET(struct _CONTEXT, Legacy, 0x120);
NT_OFFSET(struct _CONTEXT, Xmm0, 0x1a0);
NT_OFFSET(struct _CONTEXT, Xmm1, 0x1b0);
NT_OFFSET(struct _CONTEXT, Xmm2, 0x1c0);
NT_OFFSET(struct _CONTEXT, Xmm3, 0x1d0);
NT_OFFSET(struct _CONTEXT, Xmm4, 0x1e0);
NT_OFFSET(struct _CONTEXT, Xmm5, 0x1f0);
NT_OFFSET(struct _CONTEXT, Xmm6, 0x200);
NT_OFFSET(struct _CONTEXT, Xmm7, 0x210);
NT_OFFSET(struct _CONTEXT, Xmm8, 0x220);
NT_OFFSET(struct _CONTEXT, Xmm9, 0x230);
NT_OFFSET(struct _CONTEXT, Xmm10, 0x240);
NT_OFFSET(struct _CONTEXT, Xmm11, 0x250);
NT_OFFSET(struct _CONTEXT, Xmm12, 0x260);
NT_OFFSET(struct _CONTEXT, Xmm13, 0x270);
NT_OFFSET(struct _CONTEXT, Xmm14, 0x280);
NT_OFFSET(struct _CONTEXT, Xmm15, 0x290);
NT_OFFSET(struct _CONTEXT, VectorRegister, 0x300);
NT_OFFSET(struct _CONTEXT, VectorControl, 0x4a0);
NT_OFFSET(struct _CONTEXT, DebugControl, 0x4a8);
NT_OFFSET(struct _CONTEXT, LastBranchToRip, 0x4b0);
NT_OFFSET(struct _CONTEXT, LastBranchFromRip, 0x4b8);
NT_OFFSET(struct _CONTEXT, LastExceptionToRip, 0x4c0);
NT_OFFSET(struct _CONTEXT, LastExceptionFromRip, 0x4c8);

struct _KPROCESSOR_STATE {
    struct _KSPECIAL_REGISTERS SpecialRegisters;
    struct _CONTEXT ContextFrame;
};
NT_SIZE(struct _KPROCESSOR_STATE, 0x5c0);
NT_OFFSET(struct _KPROCESSOR_STATE, SpecialRegisters, 0x0);
NT_OFFSET(struct _KPROCESSOR_STATE, ContextFrame, 0xf0);

struct _KPRCB {
    U4B MxCsr;
    U1B LegacyNumber;
    struct _KTHREAD *CurrentThread;
    struct _KTHREAD *NextThread;
    struct _KTHREAD *IdleThread;
    U1B NestingLevel;
    U4B Number;
    U8B RspBase;
    NT_SKIP_10
    I1B CpuType;
    I1B CpuID;
    U2B CpuStep;
    U4B MHz;
    NT_SKIP_40
    U2B MinorVersion;
    U2B MajorVersion;
    U1B BuildType;
    U1B CpuVendor;
    NT_SKIP_2 NT_SKIP_40
    U1B Group;
    U1B GroupIndex;
    U4B InitialApicId;
    NT_SKIP_20 NT_SKIP_8
    struct _KPROCESSOR_STATE ProcessorState;
    NT_SKIP_4000 NT_SKIP_1000 NT_SKIP_800 NT_SKIP_100 NT_SKIP_40 NT_SKIP_20 NT_SKIP_8
    void *EtwSupport;
    NT_SKIP_200 NT_SKIP_40 NT_SKIP_20
    U1B VendorString[13];
    NT_SKIP_1 NT_SKIP_2 NT_SKIP_20
    struct _CONTEXT *Context;
    NT_SKIP_800 NT_SKIP_200 NT_SKIP_100 NT_SKIP_80 NT_SKIP_20 NT_SKIP_10 NT_SKIP_8
    U8B KernelDirectoryTableBase;
    NT_SKIP_2000 NT_SKIP_40 NT_SKIP_20 NT_SKIP_10 NT_SKIP_8
};
NT_SIZE(struct _KPRCB, 0x8f00);
NT_OFFSET(struct _KPRCB, MxCsr, 0x0);
NT_OFFSET(struct _KPRCB, LegacyNumber, 0x4);
NT_OFFSET(struct _KPRCB, CurrentThread, 0x8);
NT_OFFSET(struct _KPRCB, NextThread, 0x10);
NT_OFFSET(struct _KPRCB, IdleThread, 0x18);
NT_OFFSET(struct _KPRCB, NestingLevel, 0x20);
NT_OFFSET(struct _KPRCB, Number, 0x24);
NT_OFFSET(struct _KPRCB, RspBase, 0x28);
NT_OFFSET(struct _KPRCB, CpuType, 0x40);
NT_OFFSET(struct _KPRCB, CpuID, 0x41);
NT_OFFSET(struct _KPRCB, CpuStep, 0x42);
NT_OFFSET(struct _KPRCB, MHz, 0x44);
NT_OFFSET(struct _KPRCB, MinorVersion, 0x88);
NT_OFFSET(struct _KPRCB, MajorVersion, 0x8a);
NT_OFFSET(struct _KPRCB, BuildType, 0x8c);
NT_OFFSET(struct _KPRCB, CpuVendor, 0x8d);
NT_OFFSET(struct _KPRCB, Group, 0xd0);
NT_OFFSET(struct _KPRCB, GroupIndex, 0xd1);
NT_OFFSET(struct _KPRCB, InitialApicId, 0xd4);
NT_OFFSET(struct _KPRCB, ProcessorState, 0x100);
NT_OFFSET(struct _KPRCB, EtwSupport, 0x6028);
NT_OFFSET(struct _KPRCB, VendorString, 0x6290);
NT_OFFSET(struct _KPRCB, Context, 0x62c0);
NT_OFFSET(struct _KPRCB, KernelDirectoryTableBase, 0x6e80);

struct _KPCR {
    union {
        struct _NT_TIB NtTib;
        struct {
            union _KGDTENTRY64 *GdtBase;
            struct _KTSS64 *TssBase;
            U8B UserRsp;
            struct _KPCR *Self;
            struct _KPRCB *CurrentPrcb;
            struct _KSPIN_LOCK_QUEUE *LockArray;
            void *Used_Self;
        };
    };
    union _KIDTENTRY64 *IdtBase;
    U8B Unused[2];
    U1B Irql;
    U1B SecondLevelCacheAssociativity;
    U1B ObsoleteNumber;
    U1B Fill0;
    U4B Unused0[3];
    U2B MajorVersion;
    U2B MinorVersion;
    U4B StallScaleFactor;
    void *Unused1[3];
    U4B KernelReserved[15];
    U4B SecondLevelCacheSize;
    U4B HalReserved[16];
    U4B Unused2;
    void *KdVersionBlock;
    void *Unused3;
    U4B PcrAlign1[24];
    NT_SKIP_8
    struct _KPRCB Prcb;
};
NT_SIZE(struct _KPCR, 0x9080);
NT_OFFSET(struct _KPCR, GdtBase, 0x0);
NT_OFFSET(struct _KPCR, NtTib, 0x0);
NT_OFFSET(struct _KPCR, TssBase, 0x8);
NT_OFFSET(struct _KPCR, UserRsp, 0x10);
NT_OFFSET(struct _KPCR, Self, 0x18);
NT_OFFSET(struct _KPCR, CurrentPrcb, 0x20);
NT_OFFSET(struct _KPCR, LockArray, 0x28);
NT_OFFSET(struct _KPCR, Used_Self, 0x30);
NT_OFFSET(struct _KPCR, IdtBase, 0x38);
NT_OFFSET(struct _KPCR, Unused, 0x40);
NT_OFFSET(struct _KPCR, Irql, 0x50);
NT_OFFSET(struct _KPCR, SecondLevelCacheAssociativity, 0x51);
NT_OFFSET(struct _KPCR, ObsoleteNumber, 0x52);
NT_OFFSET(struct _KPCR, Fill0, 0x53);
NT_OFFSET(struct _KPCR, Unused0, 0x54);
NT_OFFSET(struct _KPCR, MajorVersion, 0x60);
NT_OFFSET(struct _KPCR, MinorVersion, 0x62);
NT_OFFSET(struct _KPCR, StallScaleFactor, 0x64);
NT_OFFSET(struct _KPCR, Unused1, 0x68);
NT_OFFSET(struct _KPCR, KernelReserved, 0x80);
NT_OFFSET(struct _KPCR, SecondLevelCacheSize, 0xbc);
NT_OFFSET(struct _KPCR, HalReserved, 0xc0);
NT_OFFSET(struct _KPCR, Unused2, 0x100);
NT_OFFSET(struct _KPCR, KdVersionBlock, 0x108);
NT_OFFSET(struct _KPCR, Unused3, 0x110);
NT_OFFSET(struct _KPCR, PcrAlign1, 0x118);
NT_OFFSET(struct _KPCR, Prcb, 0x180);

union _ULARGE_INTEGER {
    U8B QuadPart;
    struct {
        U4B LowPart;
        U4B HighPart;
    } u;
    struct {
        U4B LowPart;
        U4B HighPart;
    };
};
NT_SIZE(union _ULARGE_INTEGER, 0x8);
NT_OFFSET(union _ULARGE_INTEGER, LowPart, 0x0);
NT_OFFSET(union _ULARGE_INTEGER, QuadPart, 0x0);
NT_OFFSET(union _ULARGE_INTEGER, u, 0x0);
NT_OFFSET(union _ULARGE_INTEGER, u.LowPart, 0x0);
NT_OFFSET(union _ULARGE_INTEGER, u.HighPart, 0x4);
NT_OFFSET(union _ULARGE_INTEGER, HighPart, 0x4);

struct _KTIMER {
    struct _DISPATCHER_HEADER Header;
    union _ULARGE_INTEGER DueTime;
    struct _LIST_ENTRY TimerListEntry;
    struct _KDPC *Dpc;
    U4B Processor;
    U4B Period;
};
NT_SIZE(struct _KTIMER, 0x40);
NT_OFFSET(struct _KTIMER, Header, 0x0);
NT_OFFSET(struct _KTIMER, DueTime, 0x18);
NT_OFFSET(struct _KTIMER, TimerListEntry, 0x20);
NT_OFFSET(struct _KTIMER, Dpc, 0x30);
NT_OFFSET(struct _KTIMER, Processor, 0x38);
NT_OFFSET(struct _KTIMER, Period, 0x3c);

struct _KSYSTEM_TIME {
    U4B LowPart;
    I4B High1Time;
    I4B High2Time;
};
NT_SIZE(struct _KSYSTEM_TIME, 0xc);
NT_OFFSET(struct _KSYSTEM_TIME, LowPart, 0x0);
NT_OFFSET(struct _KSYSTEM_TIME, High1Time, 0x4);
NT_OFFSET(struct _KSYSTEM_TIME, High2Time, 0x8);

struct _XSTATE_FEATURE {
    U4B Offset;
    U4B Size;
};
NT_SIZE(struct _XSTATE_FEATURE, 0x8);
NT_OFFSET(struct _XSTATE_FEATURE, Offset, 0x0);
NT_OFFSET(struct _XSTATE_FEATURE, Size, 0x4);

struct _XSTATE_CONFIGURATION {
    U8B EnabledFeatures;
    U8B EnabledVolatileFeatures;
    U4B Size;
    union {
        U4B ControlFlags;
        struct {
            U4B OptimizedSave : 1;
            U4B CompactionEnabled : 1;
        };
    };
    struct _XSTATE_FEATURE Features[64];
    U8B EnabledSupervisorFeatures;
    U8B AlignedFeatures;
    U4B AllFeatureSize;
    U4B AllFeatures[64];
    U8B EnabledUserVisibleSupervisorFeatures;
};
NT_SIZE(struct _XSTATE_CONFIGURATION, 0x338);
NT_OFFSET(struct _XSTATE_CONFIGURATION, EnabledFeatures, 0x0);
NT_OFFSET(struct _XSTATE_CONFIGURATION, EnabledVolatileFeatures, 0x8);
NT_OFFSET(struct _XSTATE_CONFIGURATION, Size, 0x10);
NT_OFFSET(struct _XSTATE_CONFIGURATION, ControlFlags, 0x14);
NT_OFFSET(struct _XSTATE_CONFIGURATION, Features, 0x18);
NT_OFFSET(struct _XSTATE_CONFIGURATION, EnabledSupervisorFeatures, 0x218);
NT_OFFSET(struct _XSTATE_CONFIGURATION, AlignedFeatures, 0x220);
NT_OFFSET(struct _XSTATE_CONFIGURATION, AllFeatureSize, 0x228);
NT_OFFSET(struct _XSTATE_CONFIGURATION, AllFeatures, 0x22c);
NT_OFFSET(struct _XSTATE_CONFIGURATION, EnabledUserVisibleSupervisorFeatures, 0x330);

struct _KUSER_SHARED_DATA {
    U4B TickCountLowDeprecated;
    U4B TickCountMultiplier;
    struct _KSYSTEM_TIME InterruptTime;
    struct _KSYSTEM_TIME SystemTime;
    struct _KSYSTEM_TIME TimeZoneBias;
    U2B ImageNumberLow;
    U2B ImageNumberHigh;
    WCH NtSystemRoot[260];
    U4B MaxStackTraceDepth;
    U4B CryptoExponent;
    U4B TimeZoneId;
    U4B LargePageMinimum;
    U4B AitSamplingValue;
    U4B AppCompatFlag;
    U8B RNGSeedVersion;
    U4B GlobalValidationRunlevel;
    I4B TimeZoneBiasStamp;
    U4B NtBuildNumber;
    enum _NT_PRODUCT_TYPE NtProductType;
    U1B ProductTypeIsValid;
    U1B Reserved0[1];
    U2B NativeProcessorArchitecture;
    U4B NtMajorVersion;
    U4B NtMinorVersion;
    U1B ProcessorFeatures[64];
    U4B Reserved1;
    U4B Reserved3;
    U4B TimeSlip;
    enum _ALTERNATIVE_ARCHITECTURE_TYPE AlternativeArchitecture;
    U4B BootId;
    union _LARGE_INTEGER SystemExpirationDate;
    U4B SuiteMask;
    U1B KdDebuggerEnabled;
    union {
        U1B MitigationPolicies;
        struct {
            U1B NXSupportPolicy : 2;
            U1B SEHValidationPolicy : 2;
            U1B CurDirDevicesSkippedForDlls : 2;
            U1B Reserved : 2;
        };
    };
    U2B CyclesPerYield;
    U4B ActiveConsoleId;
    U4B DismountCount;
    U4B ComPlusPackage;
    U4B LastSystemRITEventTickCount;
    U4B NumberOfPhysicalPages;
    U1B SafeBootMode;
    U1B VirtualizationFlags;
    U1B Reserved12[2];
    union {
        U4B SharedDataFlags;
        struct {
            U4B DbgErrorPortPresent : 1;
            U4B DbgElevationEnabled : 1;
            U4B DbgVirtEnabled : 1;
            U4B DbgInstallerDetectEnabled : 1;
            U4B DbgLkgEnabled : 1;
            U4B DbgDynProcessorEnabled : 1;
            U4B DbgConsoleBrokerEnabled : 1;
            U4B DbgSecureBootEnabled : 1;
            U4B DbgMultiSessionSku : 1;
            U4B DbgMultiUsersInSessionSku : 1;
            U4B DbgStateSeparationEnabled : 1;
            U4B SpareBits : 21;
        };
    };
    U4B DataFlagsPad[1];
    U8B TestRetInstruction;
    I8B QpcFrequency;
    U4B SystemCall;
    U4B SystemCallPad0;
    U8B SystemCallPad[2];
    union {
        struct {
            U4B ReservedTickCountOverlay[3];
            U4B TickCountPad[1];
        };
        struct _KSYSTEM_TIME TickCount;
        U8B TickCountQuad;
    };
    U4B Cookie;
    U4B CookiePad[1];
    I8B ConsoleSessionForegroundProcessId;
    U8B TimeUpdateLock;
    U8B BaselineSystemTimeQpc;
    U8B BaselineInterruptTimeQpc;
    U8B QpcSystemTimeIncrement;
    U8B QpcInterruptTimeIncrement;
    U1B QpcSystemTimeIncrementShift;
    U1B QpcInterruptTimeIncrementShift;
    U2B UnparkedProcessorCount;
    U4B EnclaveFeatureMask[4];
    U4B TelemetryCoverageRound;
    U2B UserModeGlobalLogger[16];
    U4B ImageFileExecutionOptions;
    U4B LangGenerationCount;
    U8B Reserved4;
    U8B InterruptTimeBias;
    U8B QpcBias;
    U4B ActiveProcessorCount;
    U1B ActiveGroupCount;
    U1B Reserved9;
    union {
        U2B QpcData;
        struct {
            U1B QpcBypassEnabled;
            U1B QpcShift;
        };
    };
    union _LARGE_INTEGER TimeZoneBiasEffectiveStart;
    union _LARGE_INTEGER TimeZoneBiasEffectiveEnd;
    struct _XSTATE_CONFIGURATION XState;
};
NT_SIZE(struct _KUSER_SHARED_DATA, 0x710);
NT_OFFSET(struct _KUSER_SHARED_DATA, TickCountLowDeprecated, 0x0);
NT_OFFSET(struct _KUSER_SHARED_DATA, TickCountMultiplier, 0x4);
NT_OFFSET(struct _KUSER_SHARED_DATA, InterruptTime, 0x8);
NT_OFFSET(struct _KUSER_SHARED_DATA, SystemTime, 0x14);
NT_OFFSET(struct _KUSER_SHARED_DATA, TimeZoneBias, 0x20);
NT_OFFSET(struct _KUSER_SHARED_DATA, ImageNumberLow, 0x2c);
NT_OFFSET(struct _KUSER_SHARED_DATA, ImageNumberHigh, 0x2e);
NT_OFFSET(struct _KUSER_SHARED_DATA, NtSystemRoot, 0x30);
NT_OFFSET(struct _KUSER_SHARED_DATA, MaxStackTraceDepth, 0x238);
NT_OFFSET(struct _KUSER_SHARED_DATA, CryptoExponent, 0x23c);
NT_OFFSET(struct _KUSER_SHARED_DATA, TimeZoneId, 0x240);
NT_OFFSET(struct _KUSER_SHARED_DATA, LargePageMinimum, 0x244);
NT_OFFSET(struct _KUSER_SHARED_DATA, AitSamplingValue, 0x248);
NT_OFFSET(struct _KUSER_SHARED_DATA, AppCompatFlag, 0x24c);
NT_OFFSET(struct _KUSER_SHARED_DATA, RNGSeedVersion, 0x250);
NT_OFFSET(struct _KUSER_SHARED_DATA, GlobalValidationRunlevel, 0x258);
NT_OFFSET(struct _KUSER_SHARED_DATA, TimeZoneBiasStamp, 0x25c);
NT_OFFSET(struct _KUSER_SHARED_DATA, NtBuildNumber, 0x260);
NT_OFFSET(struct _KUSER_SHARED_DATA, NtProductType, 0x264);
NT_OFFSET(struct _KUSER_SHARED_DATA, ProductTypeIsValid, 0x268);
NT_OFFSET(struct _KUSER_SHARED_DATA, Reserved0, 0x269);
NT_OFFSET(struct _KUSER_SHARED_DATA, NativeProcessorArchitecture, 0x26a);
NT_OFFSET(struct _KUSER_SHARED_DATA, NtMajorVersion, 0x26c);
NT_OFFSET(struct _KUSER_SHARED_DATA, NtMinorVersion, 0x270);
NT_OFFSET(struct _KUSER_SHARED_DATA, ProcessorFeatures, 0x274);
NT_OFFSET(struct _KUSER_SHARED_DATA, Reserved1, 0x2b4);
NT_OFFSET(struct _KUSER_SHARED_DATA, Reserved3, 0x2b8);
NT_OFFSET(struct _KUSER_SHARED_DATA, TimeSlip, 0x2bc);
NT_OFFSET(struct _KUSER_SHARED_DATA, AlternativeArchitecture, 0x2c0);
NT_OFFSET(struct _KUSER_SHARED_DATA, BootId, 0x2c4);
NT_OFFSET(struct _KUSER_SHARED_DATA, SystemExpirationDate, 0x2c8);
NT_OFFSET(struct _KUSER_SHARED_DATA, SuiteMask, 0x2d0);
NT_OFFSET(struct _KUSER_SHARED_DATA, KdDebuggerEnabled, 0x2d4);
NT_OFFSET(struct _KUSER_SHARED_DATA, MitigationPolicies, 0x2d5);
NT_OFFSET(struct _KUSER_SHARED_DATA, CyclesPerYield, 0x2d6);
NT_OFFSET(struct _KUSER_SHARED_DATA, ActiveConsoleId, 0x2d8);
NT_OFFSET(struct _KUSER_SHARED_DATA, DismountCount, 0x2dc);
NT_OFFSET(struct _KUSER_SHARED_DATA, ComPlusPackage, 0x2e0);
NT_OFFSET(struct _KUSER_SHARED_DATA, LastSystemRITEventTickCount, 0x2e4);
NT_OFFSET(struct _KUSER_SHARED_DATA, NumberOfPhysicalPages, 0x2e8);
NT_OFFSET(struct _KUSER_SHARED_DATA, SafeBootMode, 0x2ec);
NT_OFFSET(struct _KUSER_SHARED_DATA, VirtualizationFlags, 0x2ed);
NT_OFFSET(struct _KUSER_SHARED_DATA, Reserved12, 0x2ee);
NT_OFFSET(struct _KUSER_SHARED_DATA, SharedDataFlags, 0x2f0);
NT_OFFSET(struct _KUSER_SHARED_DATA, DataFlagsPad, 0x2f4);
NT_OFFSET(struct _KUSER_SHARED_DATA, TestRetInstruction, 0x2f8);
NT_OFFSET(struct _KUSER_SHARED_DATA, QpcFrequency, 0x300);
NT_OFFSET(struct _KUSER_SHARED_DATA, SystemCall, 0x308);
NT_OFFSET(struct _KUSER_SHARED_DATA, SystemCallPad0, 0x30c);
NT_OFFSET(struct _KUSER_SHARED_DATA, SystemCallPad, 0x310);
NT_OFFSET(struct _KUSER_SHARED_DATA, ReservedTickCountOverlay, 0x320);
NT_OFFSET(struct _KUSER_SHARED_DATA, TickCount, 0x320);
NT_OFFSET(struct _KUSER_SHARED_DATA, TickCountQuad, 0x320);
NT_OFFSET(struct _KUSER_SHARED_DATA, TickCountPad, 0x32c);
NT_OFFSET(struct _KUSER_SHARED_DATA, Cookie, 0x330);
NT_OFFSET(struct _KUSER_SHARED_DATA, CookiePad, 0x334);
NT_OFFSET(struct _KUSER_SHARED_DATA, ConsoleSessionForegroundProcessId, 0x338);
NT_OFFSET(struct _KUSER_SHARED_DATA, TimeUpdateLock, 0x340);
NT_OFFSET(struct _KUSER_SHARED_DATA, BaselineSystemTimeQpc, 0x348);
NT_OFFSET(struct _KUSER_SHARED_DATA, BaselineInterruptTimeQpc, 0x350);
NT_OFFSET(struct _KUSER_SHARED_DATA, QpcSystemTimeIncrement, 0x358);
NT_OFFSET(struct _KUSER_SHARED_DATA, QpcInterruptTimeIncrement, 0x360);
NT_OFFSET(struct _KUSER_SHARED_DATA, QpcSystemTimeIncrementShift, 0x368);
NT_OFFSET(struct _KUSER_SHARED_DATA, QpcInterruptTimeIncrementShift, 0x369);
NT_OFFSET(struct _KUSER_SHARED_DATA, UnparkedProcessorCount, 0x36a);
NT_OFFSET(struct _KUSER_SHARED_DATA, EnclaveFeatureMask, 0x36c);
NT_OFFSET(struct _KUSER_SHARED_DATA, TelemetryCoverageRound, 0x37c);
NT_OFFSET(struct _KUSER_SHARED_DATA, UserModeGlobalLogger, 0x380);
NT_OFFSET(struct _KUSER_SHARED_DATA, ImageFileExecutionOptions, 0x3a0);
NT_OFFSET(struct _KUSER_SHARED_DATA, LangGenerationCount, 0x3a4);
NT_OFFSET(struct _KUSER_SHARED_DATA, Reserved4, 0x3a8);
NT_OFFSET(struct _KUSER_SHARED_DATA, InterruptTimeBias, 0x3b0);
NT_OFFSET(struct _KUSER_SHARED_DATA, QpcBias, 0x3b8);
NT_OFFSET(struct _KUSER_SHARED_DATA, ActiveProcessorCount, 0x3c0);
NT_OFFSET(struct _KUSER_SHARED_DATA, ActiveGroupCount, 0x3c4);
NT_OFFSET(struct _KUSER_SHARED_DATA, Reserved9, 0x3c5);
NT_OFFSET(struct _KUSER_SHARED_DATA, QpcBypassEnabled, 0x3c6);
NT_OFFSET(struct _KUSER_SHARED_DATA, QpcData, 0x3c6);
NT_OFFSET(struct _KUSER_SHARED_DATA, QpcShift, 0x3c7);
NT_OFFSET(struct _KUSER_SHARED_DATA, TimeZoneBiasEffectiveStart, 0x3c8);
NT_OFFSET(struct _KUSER_SHARED_DATA, TimeZoneBiasEffectiveEnd, 0x3d0);
NT_OFFSET(struct _KUSER_SHARED_DATA, XState, 0x3d8);

struct _LUID {
    U4B LowPart;
    I4B HighPart;
};
NT_SIZE(struct _LUID, 0x8);
NT_OFFSET(struct _LUID, LowPart, 0x0);
NT_OFFSET(struct _LUID, HighPart, 0x4);

struct _MI_HARDWARE_STATE {
    NT_SKIP_80 NT_SKIP_40
    U8B InvalidPteMask;
    NT_SKIP_80 NT_SKIP_40 NT_SKIP_20 NT_SKIP_10 NT_SKIP_8
};
NT_SIZE(struct _MI_HARDWARE_STATE, 0x1c0);
NT_OFFSET(struct _MI_HARDWARE_STATE, InvalidPteMask, 0xc0);

struct _MI_PROCESS_STATE {
    NT_SKIP_10 NT_SKIP_8
    struct _LIST_ENTRY ProcessList;
    NT_SKIP_20
};
NT_SIZE(struct _MI_PROCESS_STATE, 0x48);
NT_OFFSET(struct _MI_PROCESS_STATE, ProcessList, 0x18);

struct _MI_SYSTEM_INFORMATION {
    NT_SKIP_1000 NT_SKIP_400 NT_SKIP_100 NT_SKIP_20 NT_SKIP_8
    struct _MI_PROCESS_STATE Processes;
    NT_SKIP_10
    struct _MI_HARDWARE_STATE Hardware;
    NT_SKIP_1000 NT_SKIP_800 NT_SKIP_100 NT_SKIP_80 NT_SKIP_40
};
NT_SIZE(struct _MI_SYSTEM_INFORMATION, 0x3100);
NT_OFFSET(struct _MI_SYSTEM_INFORMATION, Processes, 0x1528);
NT_OFFSET(struct _MI_SYSTEM_INFORMATION, Hardware, 0x1580);

struct _MMPTE_HARDWARE {
    struct {
        U8B Valid : 1;
        U8B Dirty1 : 1;
        U8B Owner : 1;
        U8B WriteThrough : 1;
        U8B CacheDisable : 1;
        U8B Accessed : 1;
        U8B Dirty : 1;
        U8B LargePage : 1;
        U8B Global : 1;
        U8B CopyOnWrite : 1;
        U8B Unused : 1;
        U8B Write : 1;
        U8B PageFrameNumber : 36;
        U8B ReservedForHardware : 4;
        U8B ReservedForSoftware : 4;
        U8B WsleAge : 4;
        U8B WsleProtection : 3;
        U8B NoExecute : 1;
    };
};
NT_SIZE(struct _MMPTE_HARDWARE, 0x8);

struct _MMPTE_PROTOTYPE {
    union {
        struct {
            U8B Valid : 1;
            U8B DemandFillProto : 1;
            U8B HiberVerifyConverted : 1;
            U8B ReadOnly : 1;
            U8B SwizzleBit : 1;
            U8B Protection : 5;
            U8B Prototype : 1;
            U8B Combined : 1;
            U8B Unused1 : 4;
        };
        struct {
            I8B : 16;
            I8B ProtoAddress : 48;
        };
    };
};
NT_SIZE(struct _MMPTE_PROTOTYPE, 0x8);

struct _MMPTE_SOFTWARE {
    struct {
        U8B Valid : 1;
        U8B PageFileReserved : 1;
        U8B PageFileAllocated : 1;
        U8B ColdPage : 1;
        U8B SwizzleBit : 1;
        U8B Protection : 5;
        U8B Prototype : 1;
        U8B Transition : 1;
        U8B PageFileLow : 4;
        U8B UsedPageTableEntries : 10;
        U8B ShadowStack : 1;
        U8B Unused : 5;
        U8B PageFileHigh : 32;
    };
};
NT_SIZE(struct _MMPTE_SOFTWARE, 0x8);

struct _MMPTE_TRANSITION {
    struct {
        U8B Valid : 1;
        U8B Write : 1;
        U8B Spare : 1;
        U8B IoTracker : 1;
        U8B SwizzleBit : 1;
        U8B Protection : 5;
        U8B Prototype : 1;
        U8B Transition : 1;
        U8B PageFrameNumber : 36;
        U8B Unused : 16;
    };
};
NT_SIZE(struct _MMPTE_TRANSITION, 0x8);

struct _MM_SESSION_SPACE_FLAGS {
    struct {
        U4B Initialized : 1;
        U4B DeletePending : 1;
        U4B PoolInitialized : 1;
        U4B DynamicVaInitialized : 1;
        U4B WsInitialized : 1;
        U4B PoolDestroyed : 1;
        U4B ObjectInitialized : 1;
        U4B SessionHeapInitialized : 1;
        U4B SessionHeapDestroyed : 1;
        U4B LeakedPoolDeliberately : 1;
        U4B Filler : 22;
    };
};
NT_SIZE(struct _MM_SESSION_SPACE_FLAGS, 0x4);

struct _MM_SESSION_SPACE {
    I4B ReferenceCount;
    union {
        struct _MM_SESSION_SPACE_FLAGS Flags;
        U4B LongFlags;
    } u;
    U4B SessionId;
    I4B ProcessReferenceToSession;
    struct _LIST_ENTRY ProcessList;
    U8B SessionPageDirectoryIndex;
    NT_SKIP_20
    void *SessionObject;
    void *SessionObjectHandle;
    NT_SKIP_20 NT_SKIP_10 NT_SKIP_8
    struct _LIST_ENTRY WsListEntry;
    NT_SKIP_1000 NT_SKIP_800 NT_SKIP_400 NT_SKIP_200 NT_SKIP_80 NT_SKIP_40 NT_SKIP_20 NT_SKIP_10 NT_SKIP_8
    enum _IO_SESSION_STATE IoState;
    NT_SKIP_4 NT_SKIP_20
    U8B CreateTime;
    NT_SKIP_2000 NT_SKIP_20 NT_SKIP_10 NT_SKIP_8
};
NT_SIZE(struct _MM_SESSION_SPACE, 0x4000);
NT_OFFSET(struct _MM_SESSION_SPACE, ReferenceCount, 0x0);
NT_OFFSET(struct _MM_SESSION_SPACE, u, 0x4);
NT_OFFSET(struct _MM_SESSION_SPACE, u.Flags, 0x4);
NT_OFFSET(struct _MM_SESSION_SPACE, u.LongFlags, 0x4);
NT_OFFSET(struct _MM_SESSION_SPACE, SessionId, 0x8);
NT_OFFSET(struct _MM_SESSION_SPACE, ProcessReferenceToSession, 0xc);
NT_OFFSET(struct _MM_SESSION_SPACE, ProcessList, 0x10);
NT_OFFSET(struct _MM_SESSION_SPACE, SessionPageDirectoryIndex, 0x20);
NT_OFFSET(struct _MM_SESSION_SPACE, SessionObject, 0x48);
NT_OFFSET(struct _MM_SESSION_SPACE, SessionObjectHandle, 0x50);
NT_OFFSET(struct _MM_SESSION_SPACE, WsListEntry, 0x90);
NT_OFFSET(struct _MM_SESSION_SPACE, IoState, 0x1f98);
NT_OFFSET(struct _MM_SESSION_SPACE, CreateTime, 0x1fc0);

struct _OBJECT_DIRECTORY {
    struct _OBJECT_DIRECTORY_ENTRY *HashBuckets[37];
    struct _EX_PUSH_LOCK Lock;
    struct _DEVICE_MAP *DeviceMap;
    struct _OBJECT_DIRECTORY *ShadowDirectory;
    U4B SessionId;
    void *NamespaceEntry;
    void *SessionObject;
    U4B Flags;
};
NT_SIZE(struct _OBJECT_DIRECTORY, 0x160);
NT_OFFSET(struct _OBJECT_DIRECTORY, HashBuckets, 0x0);
NT_OFFSET(struct _OBJECT_DIRECTORY, Lock, 0x128);
NT_OFFSET(struct _OBJECT_DIRECTORY, DeviceMap, 0x130);
NT_OFFSET(struct _OBJECT_DIRECTORY, ShadowDirectory, 0x138);
NT_OFFSET(struct _OBJECT_DIRECTORY, SessionId, 0x140);
NT_OFFSET(struct _OBJECT_DIRECTORY, NamespaceEntry, 0x148);
NT_OFFSET(struct _OBJECT_DIRECTORY, SessionObject, 0x150);
NT_OFFSET(struct _OBJECT_DIRECTORY, Flags, 0x158);

struct _OBJECT_DIRECTORY_ENTRY {
    struct _OBJECT_DIRECTORY_ENTRY *ChainLink;
    void *Object;
    U4B HashValue;
};
NT_SIZE(struct _OBJECT_DIRECTORY_ENTRY, 0x18);
NT_OFFSET(struct _OBJECT_DIRECTORY_ENTRY, ChainLink, 0x0);
NT_OFFSET(struct _OBJECT_DIRECTORY_ENTRY, Object, 0x8);
NT_OFFSET(struct _OBJECT_DIRECTORY_ENTRY, HashValue, 0x10);

struct _QUAD {
    union {
        double DoNotUseThisField;
        I8B UseThisFieldToCopy;
    };
};
NT_SIZE(struct _QUAD, 0x8);
NT_OFFSET(struct _QUAD, DoNotUseThisField, 0x0);
NT_OFFSET(struct _QUAD, UseThisFieldToCopy, 0x0);

struct _OBJECT_HEADER {
    I8B PointerCount;
    union {
        I8B HandleCount;
        void *NextToFree;
    };
    struct _EX_PUSH_LOCK Lock;
    U1B TypeIndex;
    union {
        U1B TraceFlags;
        struct {
            U1B DbgRefTrace : 1;
            U1B DbgTracePermanent : 1;
        };
    };
    U1B InfoMask;
    union {
        U1B Flags;
        struct {
            U1B NewObject : 1;
            U1B KernelObject : 1;
            U1B KernelOnlyAccess : 1;
            U1B ExclusiveObject : 1;
            U1B PermanentObject : 1;
            U1B DefaultSecurityQuota : 1;
            U1B SingleHandleEntry : 1;
            U1B DeletedInline : 1;
        };
    };
    U4B Reserved;
    union {
        struct _OBJECT_CREATE_INFORMATION *ObjectCreateInfo;
        void *QuotaBlockCharged;
    };
    void *SecurityDescriptor;
    struct _QUAD Body;
};
NT_SIZE(struct _OBJECT_HEADER, 0x38);
NT_OFFSET(struct _OBJECT_HEADER, PointerCount, 0x0);
NT_OFFSET(struct _OBJECT_HEADER, HandleCount, 0x8);
NT_OFFSET(struct _OBJECT_HEADER, NextToFree, 0x8);
NT_OFFSET(struct _OBJECT_HEADER, Lock, 0x10);
NT_OFFSET(struct _OBJECT_HEADER, TypeIndex, 0x18);
NT_OFFSET(struct _OBJECT_HEADER, TraceFlags, 0x19);
NT_OFFSET(struct _OBJECT_HEADER, InfoMask, 0x1a);
NT_OFFSET(struct _OBJECT_HEADER, Flags, 0x1b);
NT_OFFSET(struct _OBJECT_HEADER, Reserved, 0x1c);
NT_OFFSET(struct _OBJECT_HEADER, ObjectCreateInfo, 0x20);
NT_OFFSET(struct _OBJECT_HEADER, QuotaBlockCharged, 0x20);
NT_OFFSET(struct _OBJECT_HEADER, SecurityDescriptor, 0x28);
NT_OFFSET(struct _OBJECT_HEADER, Body, 0x30);

struct _OBJECT_HEADER_NAME_INFO {
    struct _OBJECT_DIRECTORY *Directory;
    struct _UNICODE_STRING Name;
    I4B ReferenceCount;
    U4B Reserved;
};
NT_SIZE(struct _OBJECT_HEADER_NAME_INFO, 0x20);
NT_OFFSET(struct _OBJECT_HEADER_NAME_INFO, Directory, 0x0);
NT_OFFSET(struct _OBJECT_HEADER_NAME_INFO, Name, 0x8);
NT_OFFSET(struct _OBJECT_HEADER_NAME_INFO, ReferenceCount, 0x18);
NT_OFFSET(struct _OBJECT_HEADER_NAME_INFO, Reserved, 0x1c);

struct _OBJECT_NAME_INFORMATION {
    struct _UNICODE_STRING Name;
};
NT_SIZE(struct _OBJECT_NAME_INFORMATION, 0x10);
NT_OFFSET(struct _OBJECT_NAME_INFORMATION, Name, 0x0);

struct _GENERIC_MAPPING {
    U4B GenericRead;
    U4B GenericWrite;
    U4B GenericExecute;
    U4B GenericAll;
};
NT_SIZE(struct _GENERIC_MAPPING, 0x10);
NT_OFFSET(struct _GENERIC_MAPPING, GenericRead, 0x0);
NT_OFFSET(struct _GENERIC_MAPPING, GenericWrite, 0x4);
NT_OFFSET(struct _GENERIC_MAPPING, GenericExecute, 0x8);
NT_OFFSET(struct _GENERIC_MAPPING, GenericAll, 0xc);

struct _OBJECT_TYPE_INITIALIZER {
    U2B Length;
    union {
        U2B ObjectTypeFlags;
        struct {
            struct {
                U1B CaseInsensitive : 1;
                U1B UnnamedObjectsOnly : 1;
                U1B UseDefaultObject : 1;
                U1B SecurityRequired : 1;
                U1B MaintainHandleCount : 1;
                U1B MaintainTypeList : 1;
                U1B SupportsObjectCallbacks : 1;
                U1B CacheAligned : 1;
            };
            struct {
                U1B UseExtendedParameters : 1;
                U1B Reserved : 7;
            };
        };
    };
    U4B ObjectTypeCode;
    U4B InvalidAttributes;
    struct _GENERIC_MAPPING GenericMapping;
    U4B ValidAccessMask;
    U4B RetainAccess;
    enum _POOL_TYPE PoolType;
    U4B DefaultPagedPoolCharge;
    U4B DefaultNonPagedPoolCharge;
    NT_FUNCTION DumpProcedure;
    NT_FUNCTION OpenProcedure;
    NT_FUNCTION CloseProcedure;
    NT_FUNCTION DeleteProcedure;
    union {
        NT_FUNCTION ParseProcedure;
        NT_FUNCTION ParseProcedureEx;
    };
    NT_FUNCTION SecurityProcedure;
    NT_FUNCTION QueryNameProcedure;
    NT_FUNCTION OkayToCloseProcedure;
    U4B WaitObjectFlagMask;
    U2B WaitObjectFlagOffset;
    U2B WaitObjectPointerOffset;
};
NT_SIZE(struct _OBJECT_TYPE_INITIALIZER, 0x78);
NT_OFFSET(struct _OBJECT_TYPE_INITIALIZER, Length, 0x0);
NT_OFFSET(struct _OBJECT_TYPE_INITIALIZER, ObjectTypeFlags, 0x2);
NT_OFFSET(struct _OBJECT_TYPE_INITIALIZER, ObjectTypeCode, 0x4);
NT_OFFSET(struct _OBJECT_TYPE_INITIALIZER, InvalidAttributes, 0x8);
NT_OFFSET(struct _OBJECT_TYPE_INITIALIZER, GenericMapping, 0xc);
NT_OFFSET(struct _OBJECT_TYPE_INITIALIZER, ValidAccessMask, 0x1c);
NT_OFFSET(struct _OBJECT_TYPE_INITIALIZER, RetainAccess, 0x20);
NT_OFFSET(struct _OBJECT_TYPE_INITIALIZER, PoolType, 0x24);
NT_OFFSET(struct _OBJECT_TYPE_INITIALIZER, DefaultPagedPoolCharge, 0x28);
NT_OFFSET(struct _OBJECT_TYPE_INITIALIZER, DefaultNonPagedPoolCharge, 0x2c);
NT_OFFSET(struct _OBJECT_TYPE_INITIALIZER, DumpProcedure, 0x30);
NT_OFFSET(struct _OBJECT_TYPE_INITIALIZER, OpenProcedure, 0x38);
NT_OFFSET(struct _OBJECT_TYPE_INITIALIZER, CloseProcedure, 0x40);
NT_OFFSET(struct _OBJECT_TYPE_INITIALIZER, DeleteProcedure, 0x48);
NT_OFFSET(struct _OBJECT_TYPE_INITIALIZER, ParseProcedure, 0x50);
NT_OFFSET(struct _OBJECT_TYPE_INITIALIZER, ParseProcedureEx, 0x50);
NT_OFFSET(struct _OBJECT_TYPE_INITIALIZER, SecurityProcedure, 0x58);
NT_OFFSET(struct _OBJECT_TYPE_INITIALIZER, QueryNameProcedure, 0x60);
NT_OFFSET(struct _OBJECT_TYPE_INITIALIZER, OkayToCloseProcedure, 0x68);
NT_OFFSET(struct _OBJECT_TYPE_INITIALIZER, WaitObjectFlagMask, 0x70);
NT_OFFSET(struct _OBJECT_TYPE_INITIALIZER, WaitObjectFlagOffset, 0x74);
NT_OFFSET(struct _OBJECT_TYPE_INITIALIZER, WaitObjectPointerOffset, 0x76);

struct _OBJECT_TYPE {
    struct _LIST_ENTRY TypeList;
    struct _UNICODE_STRING Name;
    void *DefaultObject;
    U1B Index;
    U4B TotalNumberOfObjects;
    U4B TotalNumberOfHandles;
    U4B HighWaterNumberOfObjects;
    U4B HighWaterNumberOfHandles;
    struct _OBJECT_TYPE_INITIALIZER TypeInfo;
    struct _EX_PUSH_LOCK TypeLock;
    U4B Key;
    struct _LIST_ENTRY CallbackList;
};
NT_SIZE(struct _OBJECT_TYPE, 0xd8);
NT_OFFSET(struct _OBJECT_TYPE, TypeList, 0x0);
NT_OFFSET(struct _OBJECT_TYPE, Name, 0x10);
NT_OFFSET(struct _OBJECT_TYPE, DefaultObject, 0x20);
NT_OFFSET(struct _OBJECT_TYPE, Index, 0x28);
NT_OFFSET(struct _OBJECT_TYPE, TotalNumberOfObjects, 0x2c);
NT_OFFSET(struct _OBJECT_TYPE, TotalNumberOfHandles, 0x30);
NT_OFFSET(struct _OBJECT_TYPE, HighWaterNumberOfObjects, 0x34);
NT_OFFSET(struct _OBJECT_TYPE, HighWaterNumberOfHandles, 0x38);
NT_OFFSET(struct _OBJECT_TYPE, TypeInfo, 0x40);
NT_OFFSET(struct _OBJECT_TYPE, TypeLock, 0xb8);
NT_OFFSET(struct _OBJECT_TYPE, Key, 0xc0);
NT_OFFSET(struct _OBJECT_TYPE, CallbackList, 0xc8);

struct _PERFINFO_GROUPMASK {
    U4B Masks[8];
};
NT_SIZE(struct _PERFINFO_GROUPMASK, 0x20);
NT_OFFSET(struct _PERFINFO_GROUPMASK, Masks, 0x0);

struct _PHYSICAL_MEMORY_RUN {
    U8B BasePage;
    U8B PageCount;
};
NT_SIZE(struct _PHYSICAL_MEMORY_RUN, 0x10);
NT_OFFSET(struct _PHYSICAL_MEMORY_RUN, BasePage, 0x0);
NT_OFFSET(struct _PHYSICAL_MEMORY_RUN, PageCount, 0x8);

struct _PHYSICAL_MEMORY_DESCRIPTOR {
    U4B NumberOfRuns;
    U8B NumberOfPages;
    struct _PHYSICAL_MEMORY_RUN Run[1];
};
NT_SIZE(struct _PHYSICAL_MEMORY_DESCRIPTOR, 0x20);
NT_OFFSET(struct _PHYSICAL_MEMORY_DESCRIPTOR, NumberOfRuns, 0x0);
NT_OFFSET(struct _PHYSICAL_MEMORY_DESCRIPTOR, NumberOfPages, 0x8);
NT_OFFSET(struct _PHYSICAL_MEMORY_DESCRIPTOR, Run, 0x10);

struct _POOL_HEADER {
    union {
        U4B Ulong1;
        struct {
            struct {
                U2B PreviousSize : 8;
                U2B PoolIndex : 8;
            };
            struct {
                U2B BlockSize : 8;
                U2B PoolType : 8;
            };
        };
    };
    U4B PoolTag;
    union {
        struct _EPROCESS *ProcessBilled;
        struct {
            U2B AllocatorBackTraceIndex;
            U2B PoolTagHash;
        };
    };
};
NT_SIZE(struct _POOL_HEADER, 0x10);
NT_OFFSET(struct _POOL_HEADER, Ulong1, 0x0);
NT_OFFSET(struct _POOL_HEADER, PoolTag, 0x4);
NT_OFFSET(struct _POOL_HEADER, AllocatorBackTraceIndex, 0x8);
NT_OFFSET(struct _POOL_HEADER, ProcessBilled, 0x8);
NT_OFFSET(struct _POOL_HEADER, PoolTagHash, 0xa);

struct _SEP_LOWBOX_HANDLES_TABLE {
    U8B Unknown[2];
};
NT_SIZE(struct _SEP_LOWBOX_HANDLES_TABLE, 0x10);
NT_OFFSET(struct _SEP_LOWBOX_HANDLES_TABLE, Unknown, 0x0);

struct _OB_HANDLE_REVOCATION_BLOCK {
    struct _LIST_ENTRY RevocationInfos;
    struct _EX_PUSH_LOCK Lock;
    struct _EX_RUNDOWN_REF Rundown;
};
NT_SIZE(struct _OB_HANDLE_REVOCATION_BLOCK, 0x20);
NT_OFFSET(struct _OB_HANDLE_REVOCATION_BLOCK, RevocationInfos, 0x0);
NT_OFFSET(struct _OB_HANDLE_REVOCATION_BLOCK, Lock, 0x10);
NT_OFFSET(struct _OB_HANDLE_REVOCATION_BLOCK, Rundown, 0x18);

struct _SEP_LOGON_SESSION_REFERENCES {
    struct _SEP_LOGON_SESSION_REFERENCES *Next;
    struct _LUID LogonId;
    struct _LUID BuddyLogonId;
    I8B ReferenceCount;
    U4B Flags;
    struct _DEVICE_MAP *pDeviceMap;
    void *Token;
    struct _UNICODE_STRING AccountName;
    struct _UNICODE_STRING AuthorityName;
    struct _SEP_LOWBOX_HANDLES_TABLE LowBoxHandlesTable;
    struct _EX_PUSH_LOCK SharedDataLock;
    struct _AUTHZBASEP_CLAIM_ATTRIBUTES_COLLECTION *SharedClaimAttributes;
    struct _SEP_SID_VALUES_BLOCK *SharedSidValues;
    struct _OB_HANDLE_REVOCATION_BLOCK RevocationBlock;
    struct _EJOB *ServerSilo;
    struct _LUID SiblingAuthId;
    struct _LIST_ENTRY TokenList;
};
NT_SIZE(struct _SEP_LOGON_SESSION_REFERENCES, 0xc0);
NT_OFFSET(struct _SEP_LOGON_SESSION_REFERENCES, Next, 0x0);
NT_OFFSET(struct _SEP_LOGON_SESSION_REFERENCES, LogonId, 0x8);
NT_OFFSET(struct _SEP_LOGON_SESSION_REFERENCES, BuddyLogonId, 0x10);
NT_OFFSET(struct _SEP_LOGON_SESSION_REFERENCES, ReferenceCount, 0x18);
NT_OFFSET(struct _SEP_LOGON_SESSION_REFERENCES, Flags, 0x20);
NT_OFFSET(struct _SEP_LOGON_SESSION_REFERENCES, pDeviceMap, 0x28);
NT_OFFSET(struct _SEP_LOGON_SESSION_REFERENCES, Token, 0x30);
NT_OFFSET(struct _SEP_LOGON_SESSION_REFERENCES, AccountName, 0x38);
NT_OFFSET(struct _SEP_LOGON_SESSION_REFERENCES, AuthorityName, 0x48);
NT_OFFSET(struct _SEP_LOGON_SESSION_REFERENCES, LowBoxHandlesTable, 0x58);
NT_OFFSET(struct _SEP_LOGON_SESSION_REFERENCES, SharedDataLock, 0x68);
NT_OFFSET(struct _SEP_LOGON_SESSION_REFERENCES, SharedClaimAttributes, 0x70);
NT_OFFSET(struct _SEP_LOGON_SESSION_REFERENCES, SharedSidValues, 0x78);
NT_OFFSET(struct _SEP_LOGON_SESSION_REFERENCES, RevocationBlock, 0x80);
NT_OFFSET(struct _SEP_LOGON_SESSION_REFERENCES, ServerSilo, 0xa0);
NT_OFFSET(struct _SEP_LOGON_SESSION_REFERENCES, SiblingAuthId, 0xa8);
NT_OFFSET(struct _SEP_LOGON_SESSION_REFERENCES, TokenList, 0xb0);

struct _SEP_TOKEN_PRIVILEGES {
    U8B Present;
    U8B Enabled;
    U8B EnabledByDefault;
};
NT_SIZE(struct _SEP_TOKEN_PRIVILEGES, 0x18);
NT_OFFSET(struct _SEP_TOKEN_PRIVILEGES, Present, 0x0);
NT_OFFSET(struct _SEP_TOKEN_PRIVILEGES, Enabled, 0x8);
NT_OFFSET(struct _SEP_TOKEN_PRIVILEGES, EnabledByDefault, 0x10);

struct _SID_IDENTIFIER_AUTHORITY {
    U1B Value[6];
};
NT_SIZE(struct _SID_IDENTIFIER_AUTHORITY, 0x6);
NT_OFFSET(struct _SID_IDENTIFIER_AUTHORITY, Value, 0x0);

struct _SID {
    U1B Revision;
    U1B SubAuthorityCount;
    struct _SID_IDENTIFIER_AUTHORITY IdentifierAuthority;
    U4B SubAuthority[1];
};
NT_SIZE(struct _SID, 0xc);
NT_OFFSET(struct _SID, Revision, 0x0);
NT_OFFSET(struct _SID, SubAuthorityCount, 0x1);
NT_OFFSET(struct _SID, IdentifierAuthority, 0x2);
NT_OFFSET(struct _SID, SubAuthority, 0x8);

struct _SID_AND_ATTRIBUTES {
    void *Sid;
    U4B Attributes;
};
NT_SIZE(struct _SID_AND_ATTRIBUTES, 0x10);
NT_OFFSET(struct _SID_AND_ATTRIBUTES, Sid, 0x0);
NT_OFFSET(struct _SID_AND_ATTRIBUTES, Attributes, 0x8);

struct _SID_AND_ATTRIBUTES_HASH {
    U4B SidCount;
    struct _SID_AND_ATTRIBUTES *SidAttr;
    U8B Hash[32];
};
NT_SIZE(struct _SID_AND_ATTRIBUTES_HASH, 0x110);
NT_OFFSET(struct _SID_AND_ATTRIBUTES_HASH, SidCount, 0x0);
NT_OFFSET(struct _SID_AND_ATTRIBUTES_HASH, SidAttr, 0x8);
NT_OFFSET(struct _SID_AND_ATTRIBUTES_HASH, Hash, 0x10);

struct _TOKEN_SOURCE {
    I1B SourceName[8];
    struct _LUID SourceIdentifier;
};
NT_SIZE(struct _TOKEN_SOURCE, 0x10);
NT_OFFSET(struct _TOKEN_SOURCE, SourceName, 0x0);
NT_OFFSET(struct _TOKEN_SOURCE, SourceIdentifier, 0x8);

struct _TOKEN {
    struct _TOKEN_SOURCE TokenSource;
    struct _LUID TokenId;
    struct _LUID AuthenticationId;
    struct _LUID ParentTokenId;
    union _LARGE_INTEGER ExpirationTime;
    struct _ERESOURCE *TokenLock;
    struct _LUID ModifiedId;
    struct _SEP_TOKEN_PRIVILEGES Privileges;
    NT_SKIP_20
    U4B SessionId;
    U4B UserAndGroupCount;
    U4B RestrictedSidCount;
    U4B VariableLength;
    NT_SKIP_10
    struct _SID_AND_ATTRIBUTES *UserAndGroups;
    struct _SID_AND_ATTRIBUTES *RestrictedSids;
    void *PrimaryGroup;
    NT_SKIP_10
    enum _TOKEN_TYPE TokenType;
    enum _SECURITY_IMPERSONATION_LEVEL ImpersonationLevel;
    U4B TokenFlags;
    U1B TokenInUse;
    U4B IntegrityLevelIndex;
    U4B MandatoryPolicy;
    struct _SEP_LOGON_SESSION_REFERENCES *LogonSession;
    struct _LUID OriginatingLogonSession;
    struct _SID_AND_ATTRIBUTES_HASH SidHash;
    NT_SKIP_100 NT_SKIP_10
    struct _AUTHZBASEP_SECURITY_ATTRIBUTES_INFORMATION *pSecurityAttributes;
    void *Package;
    struct _SID_AND_ATTRIBUTES *Capabilities;
    U4B CapabilityCount;
    NT_SKIP_4 NT_SKIP_100 NT_SKIP_10
    struct _SEP_LOWBOX_NUMBER_ENTRY *LowboxNumberEntry;
    NT_SKIP_10
    void *TrustLevelSid;
    struct _TOKEN *TrustLinkedToken;
    void *IntegrityLevelSidValue;
    NT_SKIP_10 NT_SKIP_8
    void *SessionObject;
    U8B VariablePart;
};
NT_SIZE(struct _TOKEN, 0x490);
NT_OFFSET(struct _TOKEN, TokenSource, 0x0);
NT_OFFSET(struct _TOKEN, TokenId, 0x10);
NT_OFFSET(struct _TOKEN, AuthenticationId, 0x18);
NT_OFFSET(struct _TOKEN, ParentTokenId, 0x20);
NT_OFFSET(struct _TOKEN, ExpirationTime, 0x28);
NT_OFFSET(struct _TOKEN, TokenLock, 0x30);
NT_OFFSET(struct _TOKEN, ModifiedId, 0x38);
NT_OFFSET(struct _TOKEN, Privileges, 0x40);
NT_OFFSET(struct _TOKEN, SessionId, 0x78);
NT_OFFSET(struct _TOKEN, UserAndGroupCount, 0x7c);
NT_OFFSET(struct _TOKEN, RestrictedSidCount, 0x80);
NT_OFFSET(struct _TOKEN, VariableLength, 0x84);
NT_OFFSET(struct _TOKEN, UserAndGroups, 0x98);
NT_OFFSET(struct _TOKEN, RestrictedSids, 0xa0);
NT_OFFSET(struct _TOKEN, PrimaryGroup, 0xa8);
NT_OFFSET(struct _TOKEN, TokenType, 0xc0);
NT_OFFSET(struct _TOKEN, ImpersonationLevel, 0xc4);
NT_OFFSET(struct _TOKEN, TokenFlags, 0xc8);
NT_OFFSET(struct _TOKEN, TokenInUse, 0xcc);
NT_OFFSET(struct _TOKEN, IntegrityLevelIndex, 0xd0);
NT_OFFSET(struct _TOKEN, MandatoryPolicy, 0xd4);
NT_OFFSET(struct _TOKEN, LogonSession, 0xd8);
NT_OFFSET(struct _TOKEN, OriginatingLogonSession, 0xe0);
NT_OFFSET(struct _TOKEN, SidHash, 0xe8);
NT_OFFSET(struct _TOKEN, pSecurityAttributes, 0x308);
NT_OFFSET(struct _TOKEN, Package, 0x310);
NT_OFFSET(struct _TOKEN, Capabilities, 0x318);
NT_OFFSET(struct _TOKEN, CapabilityCount, 0x320);
NT_OFFSET(struct _TOKEN, LowboxNumberEntry, 0x438);
NT_OFFSET(struct _TOKEN, TrustLevelSid, 0x450);
NT_OFFSET(struct _TOKEN, TrustLinkedToken, 0x458);
NT_OFFSET(struct _TOKEN, IntegrityLevelSidValue, 0x460);
NT_OFFSET(struct _TOKEN, SessionObject, 0x480);
NT_OFFSET(struct _TOKEN, VariablePart, 0x488);

struct _WMI_BUFFER_HEADER {
    U4B BufferSize;
    U4B SavedOffset;
    U4B CurrentOffset;
    I4B ReferenceCount;
    union _LARGE_INTEGER TimeStamp;
    I8B SequenceNumber;
    union {
        struct _WMI_BUFFER_HEADER *NextBuffer;
        struct _SINGLE_LIST_ENTRY SlistEntry;
        struct {
            U8B ClockType : 3;
            U8B Frequency : 61;
        };
    };
    struct _ETW_BUFFER_CONTEXT ClientContext;
    enum _ETW_BUFFER_STATE State;
    U4B Offset;
    U2B BufferFlag;
    U2B BufferType;
    union {
        struct _LIST_ENTRY GlobalEntry;
        U4B Padding1[4];
        struct _ETW_REF_CLOCK ReferenceTime;
        struct {
            void *Pointer0;
            void *Pointer1;
        };
    };
};
NT_SIZE(struct _WMI_BUFFER_HEADER, 0x48);
NT_OFFSET(struct _WMI_BUFFER_HEADER, BufferSize, 0x0);
NT_OFFSET(struct _WMI_BUFFER_HEADER, SavedOffset, 0x4);
NT_OFFSET(struct _WMI_BUFFER_HEADER, CurrentOffset, 0x8);
NT_OFFSET(struct _WMI_BUFFER_HEADER, ReferenceCount, 0xc);
NT_OFFSET(struct _WMI_BUFFER_HEADER, TimeStamp, 0x10);
NT_OFFSET(struct _WMI_BUFFER_HEADER, SequenceNumber, 0x18);
NT_OFFSET(struct _WMI_BUFFER_HEADER, NextBuffer, 0x20);
NT_OFFSET(struct _WMI_BUFFER_HEADER, SlistEntry, 0x20);
NT_OFFSET(struct _WMI_BUFFER_HEADER, ClientContext, 0x28);
NT_OFFSET(struct _WMI_BUFFER_HEADER, State, 0x2c);
NT_OFFSET(struct _WMI_BUFFER_HEADER, Offset, 0x30);
NT_OFFSET(struct _WMI_BUFFER_HEADER, BufferFlag, 0x34);
NT_OFFSET(struct _WMI_BUFFER_HEADER, BufferType, 0x36);
NT_OFFSET(struct _WMI_BUFFER_HEADER, GlobalEntry, 0x38);
NT_OFFSET(struct _WMI_BUFFER_HEADER, Padding1, 0x38);
NT_OFFSET(struct _WMI_BUFFER_HEADER, Pointer0, 0x38);
NT_OFFSET(struct _WMI_BUFFER_HEADER, ReferenceTime, 0x38);
NT_OFFSET(struct _WMI_BUFFER_HEADER, Pointer1, 0x40);

struct _SECURITY_QUALITY_OF_SERVICE {
    U4B Length;
    enum _SECURITY_IMPERSONATION_LEVEL ImpersonationLevel;
    U1B ContextTrackingMode;
    U1B EffectiveOnly;
    NT_SKIP_2
};
NT_SIZE(struct _SECURITY_QUALITY_OF_SERVICE, 0xc);
NT_OFFSET(struct _SECURITY_QUALITY_OF_SERVICE, Length, 0x0);
NT_OFFSET(struct _SECURITY_QUALITY_OF_SERVICE, ImpersonationLevel, 0x4);
NT_OFFSET(struct _SECURITY_QUALITY_OF_SERVICE, ContextTrackingMode, 0x8);
NT_OFFSET(struct _SECURITY_QUALITY_OF_SERVICE, EffectiveOnly, 0x9);

struct _TOKEN_CONTROL {
    struct _LUID TokenId;
    struct _LUID AuthenticationId;
    struct _LUID ModifiedId;
    struct _TOKEN_SOURCE TokenSource;
};
NT_SIZE(struct _TOKEN_CONTROL, 0x28);
NT_OFFSET(struct _TOKEN_CONTROL, TokenId, 0x0);
NT_OFFSET(struct _TOKEN_CONTROL, AuthenticationId, 0x8);
NT_OFFSET(struct _TOKEN_CONTROL, ModifiedId, 0x10);
NT_OFFSET(struct _TOKEN_CONTROL, TokenSource, 0x18);

struct _SECURITY_CLIENT_CONTEXT {
    struct _SECURITY_QUALITY_OF_SERVICE SecurityQos;
    void *ClientToken;
    U1B DirectlyAccessClientToken;
    U1B DirectAccessEffectiveOnly;
    U1B ServerIsRemote;
    struct _TOKEN_CONTROL ClientTokenControl;
};
NT_SIZE(struct _SECURITY_CLIENT_CONTEXT, 0x48);
NT_OFFSET(struct _SECURITY_CLIENT_CONTEXT, SecurityQos, 0x0);
NT_OFFSET(struct _SECURITY_CLIENT_CONTEXT, ClientToken, 0x10);
NT_OFFSET(struct _SECURITY_CLIENT_CONTEXT, DirectlyAccessClientToken, 0x18);
NT_OFFSET(struct _SECURITY_CLIENT_CONTEXT, DirectAccessEffectiveOnly, 0x19);
NT_OFFSET(struct _SECURITY_CLIENT_CONTEXT, ServerIsRemote, 0x1a);
NT_OFFSET(struct _SECURITY_CLIENT_CONTEXT, ClientTokenControl, 0x1c);

struct _WMI_LOGGER_CONTEXT {
    U4B LoggerId;
    U4B BufferSize;
    U4B MaximumEventSize;
    U4B LoggerMode;
    I4B AcceptNewEvents;
    U4B EventMarker[2];
    U4B ErrorMarker;
    U4B SizeMask;
    NT_FUNCTION GetCpuClock;
    struct _ETHREAD *LoggerThread;
    I4B LoggerStatus;
    U4B FailureReason;
    struct _ETW_BUFFER_QUEUE BufferQueue;
    struct _ETW_BUFFER_QUEUE OverflowQueue;
    struct _LIST_ENTRY GlobalList;
    struct _LIST_ENTRY ProviderBinaryList;
    union {
        struct _WMI_BUFFER_HEADER *BatchedBufferList;
        struct _EX_FAST_REF CurrentBuffer;
    };
    struct _UNICODE_STRING LoggerName;
    struct _UNICODE_STRING LogFileName;
    struct _UNICODE_STRING LogFilePattern;
    struct _UNICODE_STRING NewLogFileName;
    U4B ClockType;
    U4B LastFlushedBuffer;
    U4B FlushTimer;
    U4B FlushThreshold;
    union _LARGE_INTEGER ByteOffset;
    U4B MinimumBuffers;
    I4B BuffersAvailable;
    I4B NumberOfBuffers;
    U4B MaximumBuffers;
    U4B EventsLost;
    I4B PeakBuffersCount;
    U4B BuffersWritten;
    U4B LogBuffersLost;
    U4B RealTimeBuffersDelivered;
    U4B RealTimeBuffersLost;
    I4B *SequencePtr;
    U4B LocalSequence;
    struct _GUID InstanceGuid;
    U4B MaximumFileSize;
    I4B FileCounter;
    enum _POOL_TYPE PoolType;
    struct _ETW_REF_CLOCK ReferenceTime;
    I4B CollectionOn;
    U4B ProviderInfoSize;
    struct _LIST_ENTRY Consumers;
    U4B NumConsumers;
    struct _ETW_REALTIME_CONSUMER *TransitionConsumer;
    void *RealtimeLogfileHandle;
    struct _UNICODE_STRING RealtimeLogfileName;
    union _LARGE_INTEGER RealtimeWriteOffset;
    union _LARGE_INTEGER RealtimeReadOffset;
    union _LARGE_INTEGER RealtimeLogfileSize;
    U8B RealtimeLogfileUsage;
    U8B RealtimeMaximumFileSize;
    U4B RealtimeBuffersSaved;
    struct _ETW_REF_CLOCK RealtimeReferenceTime;
    enum _ETW_RT_EVENT_LOSS NewRTEventsLost;
    struct _KEVENT LoggerEvent;
    struct _KEVENT FlushEvent;
    struct _KTIMER FlushTimeOutTimer;
    struct _KDPC LoggerDpc;
    struct _KMUTANT LoggerMutex;
    struct _EX_PUSH_LOCK LoggerLock;
    union {
        struct _EX_PUSH_LOCK BufferListPushLock;
        U8B BufferListSpinLock;
    };
    struct _SECURITY_CLIENT_CONTEXT ClientSecurityContext;
    struct _TOKEN_ACCESS_INFORMATION *TokenAccessInformation;
    struct _EX_FAST_REF SecurityDescriptor;
    union _LARGE_INTEGER StartTime;
    void *LogFileHandle;
    I8B BufferSequenceNumber;
    union {
        U4B Flags;
        struct {
            U4B Persistent : 1;
            U4B AutoLogger : 1;
            U4B FsReady : 1;
            U4B RealTime : 1;
            U4B Wow : 1;
            U4B KernelTrace : 1;
            U4B NoMoreEnable : 1;
            U4B StackTracing : 1;
            U4B ErrorLogged : 1;
            U4B RealtimeLoggerContextFreed : 1;
            U4B PebsTracing : 1;
            U4B PmcCounters : 1;
            U4B PageAlignBuffers : 1;
            U4B StackLookasideListAllocated : 1;
            U4B SecurityTrace : 1;
            U4B SpareFlags1 : 1;
            U4B SystemLoggerIndex : 8;
            U4B StackCaching : 1;
            U4B SpareFlags2 : 7;
        };
    };
    union {
        U4B RequestFlag;
        struct {
            U4B DbgRequestNewFile : 1;
            U4B DbgRequestUpdateFile : 1;
            U4B DbgRequestFlush : 1;
            U4B DbgRequestDisableRealtime : 1;
            U4B DbgRequestDisconnectConsumer : 1;
            U4B DbgRequestConnectConsumer : 1;
            U4B DbgRequestNotifyConsumer : 1;
            U4B DbgRequestUpdateHeader : 1;
            U4B DbgRequestDeferredFlush : 1;
            U4B DbgRequestDeferredFlushTimer : 1;
            U4B DbgRequestFlushTimer : 1;
            U4B DbgRequestUpdateDebugger : 1;
            U4B DbgSpareRequestFlags : 20;
        };
    };
    struct _RTL_BITMAP HookIdMap;
    struct _ETW_STACK_CACHE *StackCache;
    struct _ETW_PMC_SUPPORT *PmcData;
    struct _LIST_ENTRY WinRtProviderBinaryList;
    struct _WMI_BUFFER_HEADER **ScratchArray;
    struct _DISALLOWED_GUIDS DisallowedGuids;
    struct _ETW_SOFT_RESTART_CONTEXT *SoftRestartContext;
    struct _ETW_SILODRIVERSTATE *SiloState;
    struct _WORK_QUEUE_ITEM CompressionWorkItem;
    I4B CompressionWorkItemState;
    struct _EX_PUSH_LOCK CompressionLock;
    struct _WMI_BUFFER_HEADER *CompressionTarget;
    void *CompressionWorkspace;
    I4B CompressionOn;
    U4B CompressionRatioGuess;
    U4B PartialBufferCompressionLevel;
    enum ETW_COMPRESSION_RESUMPTION_MODE CompressionResumptionMode;
    struct _SINGLE_LIST_ENTRY PlaceholderList;
    struct _KDPC CompressionDpc;
    union _LARGE_INTEGER LastBufferSwitchTime;
    union _LARGE_INTEGER BufferWriteDuration;
    union _LARGE_INTEGER BufferCompressDuration;
};
NT_SIZE(struct _WMI_LOGGER_CONTEXT, 0x440);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, LoggerId, 0x0);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, BufferSize, 0x4);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, MaximumEventSize, 0x8);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, LoggerMode, 0xc);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, AcceptNewEvents, 0x10);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, EventMarker, 0x14);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, ErrorMarker, 0x1c);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, SizeMask, 0x20);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, GetCpuClock, 0x28);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, LoggerThread, 0x30);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, LoggerStatus, 0x38);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, FailureReason, 0x3c);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, BufferQueue, 0x40);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, OverflowQueue, 0x50);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, GlobalList, 0x60);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, ProviderBinaryList, 0x70);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, BatchedBufferList, 0x80);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, CurrentBuffer, 0x80);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, LoggerName, 0x88);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, LogFileName, 0x98);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, LogFilePattern, 0xa8);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, NewLogFileName, 0xb8);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, ClockType, 0xc8);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, LastFlushedBuffer, 0xcc);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, FlushTimer, 0xd0);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, FlushThreshold, 0xd4);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, ByteOffset, 0xd8);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, MinimumBuffers, 0xe0);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, BuffersAvailable, 0xe4);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, NumberOfBuffers, 0xe8);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, MaximumBuffers, 0xec);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, EventsLost, 0xf0);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, PeakBuffersCount, 0xf4);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, BuffersWritten, 0xf8);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, LogBuffersLost, 0xfc);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, RealTimeBuffersDelivered, 0x100);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, RealTimeBuffersLost, 0x104);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, SequencePtr, 0x108);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, LocalSequence, 0x110);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, InstanceGuid, 0x114);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, MaximumFileSize, 0x124);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, FileCounter, 0x128);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, PoolType, 0x12c);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, ReferenceTime, 0x130);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, CollectionOn, 0x140);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, ProviderInfoSize, 0x144);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, Consumers, 0x148);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, NumConsumers, 0x158);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, TransitionConsumer, 0x160);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, RealtimeLogfileHandle, 0x168);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, RealtimeLogfileName, 0x170);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, RealtimeWriteOffset, 0x180);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, RealtimeReadOffset, 0x188);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, RealtimeLogfileSize, 0x190);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, RealtimeLogfileUsage, 0x198);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, RealtimeMaximumFileSize, 0x1a0);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, RealtimeBuffersSaved, 0x1a8);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, RealtimeReferenceTime, 0x1b0);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, NewRTEventsLost, 0x1c0);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, LoggerEvent, 0x1c8);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, FlushEvent, 0x1e0);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, FlushTimeOutTimer, 0x1f8);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, LoggerDpc, 0x238);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, LoggerMutex, 0x278);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, LoggerLock, 0x2b0);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, BufferListPushLock, 0x2b8);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, BufferListSpinLock, 0x2b8);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, ClientSecurityContext, 0x2c0);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, TokenAccessInformation, 0x308);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, SecurityDescriptor, 0x310);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, StartTime, 0x318);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, LogFileHandle, 0x320);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, BufferSequenceNumber, 0x328);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, Flags, 0x330);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, RequestFlag, 0x334);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, HookIdMap, 0x338);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, StackCache, 0x348);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, PmcData, 0x350);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, WinRtProviderBinaryList, 0x358);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, ScratchArray, 0x368);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, DisallowedGuids, 0x370);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, SoftRestartContext, 0x380);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, SiloState, 0x388);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, CompressionWorkItem, 0x390);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, CompressionWorkItemState, 0x3b0);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, CompressionLock, 0x3b8);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, CompressionTarget, 0x3c0);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, CompressionWorkspace, 0x3c8);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, CompressionOn, 0x3d0);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, CompressionRatioGuess, 0x3d4);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, PartialBufferCompressionLevel, 0x3d8);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, CompressionResumptionMode, 0x3dc);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, PlaceholderList, 0x3e0);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, CompressionDpc, 0x3e8);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, LastBufferSwitchTime, 0x428);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, BufferWriteDuration, 0x430);
NT_OFFSET(struct _WMI_LOGGER_CONTEXT, BufferCompressDuration, 0x438);

/* Every type above once, so that all of them reach the debug information. */
struct nt_types {
    struct _DBGKD_GET_VERSION64 *dbgkd_get_version64;
    struct _DISALLOWED_GUIDS *disallowed_guids;
    struct _LIST_ENTRY *list_entry;
    struct _DISPATCHER_HEADER *dispatcher_header;
    struct _KEVENT *kevent;
    struct _OWNER_ENTRY *owner_entry;
    struct _ERESOURCE *eresource;
    union _LARGE_INTEGER *large_integer;
    struct _KAFFINITY_EX *kaffinity_ex;
    struct _PROCESS_DISK_COUNTERS *process_disk_counters;
    struct _WNF_STATE_NAME *wnf_state_name;
    struct _PS_WAKE_INFORMATION *ps_wake_information;
    struct _JOBOBJECT_WAKE_FILTER *jobobject_wake_filter;
    struct _EX_PUSH_LOCK *ex_push_lock;
    struct _EPROCESS_VALUES *eprocess_values;
    struct _GUID *guid;
    struct _PS_PROPERTY_SET *ps_property_set;
    struct _RTL_BITMAP *rtl_bitmap;
    struct _JOB_RATE_CONTROL_HEADER *job_rate_control_header;
    struct _RTL_BALANCED_NODE *rtl_balanced_node;
    struct _EX_RUNDOWN_REF *ex_rundown_ref;
    struct _PS_IO_CONTROL_ENTRY *ps_io_control_entry;
    struct _RTL_RB_TREE *rtl_rb_tree;
    struct _WORK_QUEUE_ITEM *work_queue_item;
    struct _EJOB *ejob;
    union _KSTACK_COUNT *kstack_count;
    struct _KPROCESS *kprocess;
    struct _EX_FAST_REF *ex_fast_ref;
    struct _SE_AUDIT_PROCESS_CREATION_INFO *se_audit_process_creation_info;
    struct _RTL_AVL_TREE *rtl_avl_tree;
    struct _PS_PROTECTION *ps_protection;
    struct _EPROCESS *eprocess;
    struct _OBP_SYSTEM_DOS_DEVICE_STATE *obp_system_dos_device_state;
    struct _OBJECT_NAMESPACE_LOOKUPTABLE *object_namespace_lookuptable;
    struct _OBP_SILODRIVERSTATE *obp_silodriverstate;
    struct _SEP_SILOSTATE *sep_silostate;
    struct _SEP_RM_LSA_CONNECTION_STATE *sep_rm_lsa_connection_state;
    struct _WNF_LOCK *wnf_lock;
    struct _WNF_SILODRIVERSTATE *wnf_silodriverstate;
    struct _UNICODE_STRING *unicode_string;
    struct _SILO_USER_SHARED_DATA *silo_user_shared_data;
    struct _ESERVERSILO_GLOBALS *eserversilo_globals;
    struct _KAPC_STATE *kapc_state;
    struct _KTHREAD *kthread;
    struct _CLIENT_ID *client_id;
    union _PS_CLIENT_SECURITY_CONTEXT *ps_client_security_context;
    struct _ETHREAD *ethread;
    struct _ETW_BUFFER_CONTEXT *etw_buffer_context;
    struct _SINGLE_LIST_ENTRY *single_list_entry;
    struct _ETW_BUFFER_QUEUE *etw_buffer_queue;
    struct _ETW_FILTER_HEADER *etw_filter_header;
    struct _ETW_LAST_ENABLE_INFO *etw_last_enable_info;
    struct _TRACE_ENABLE_INFO *trace_enable_info;
    struct _ETW_GUID_ENTRY *etw_guid_entry;
    struct _ETW_HASH_BUCKET *etw_hash_bucket;
    struct _ETW_PROVIDER_TRAITS *etw_provider_traits;
    struct _ETW_QUEUE_ENTRY *etw_queue_entry;
    struct _ETW_REALTIME_CONSUMER *etw_realtime_consumer;
    struct _ETW_REF_CLOCK *etw_ref_clock;
    struct _ETW_REG_ENTRY *etw_reg_entry;
    struct _KQUEUE *kqueue;
    struct _ETW_REPLY_QUEUE *etw_reply_queue;
    struct _ETW_SILODRIVERSTATE *etw_silodriverstate;
    struct _EX_RUNDOWN_REF_CACHE_AWARE *ex_rundown_ref_cache_aware;
    struct _HANDLE_TABLE_FREE_LIST *handle_table_free_list;
    struct _HANDLE_TABLE *handle_table;
    struct _EXHANDLE *exhandle;
    union _HANDLE_TABLE_ENTRY *handle_table_entry;
    struct _KDPC *kdpc;
    struct _KLDR_DATA_TABLE_ENTRY *kldr_data_table_entry;
    struct _KMUTANT *kmutant;
    struct _NT_TIB *nt_tib;
    struct _KDESCRIPTOR *kdescriptor;
    struct _KSPECIAL_REGISTERS *kspecial_registers;
    struct _M128A *m128a;
    struct _XSAVE_FORMAT *xsave_format;
    struct _CONTEXT *context;
    struct _KPROCESSOR_STATE *kprocessor_state;
    struct _KPRCB *kprcb;
    struct _KPCR *kpcr;
    union _ULARGE_INTEGER *ularge_integer;
    struct _KTIMER *ktimer;
    struct _KSYSTEM_TIME *ksystem_time;
    struct _XSTATE_FEATURE *xstate_feature;
    struct _XSTATE_CONFIGURATION *xstate_configuration;
    struct _KUSER_SHARED_DATA *kuser_shared_data;
    struct _LUID *luid;
    struct _MI_HARDWARE_STATE *mi_hardware_state;
    struct _MI_PROCESS_STATE *mi_process_state;
    struct _MI_SYSTEM_INFORMATION *mi_system_information;
    struct _MMPTE_HARDWARE *mmpte_hardware;
    struct _MMPTE_PROTOTYPE *mmpte_prototype;
    struct _MMPTE_SOFTWARE *mmpte_software;
    struct _MMPTE_TRANSITION *mmpte_transition;
    struct _MM_SESSION_SPACE_FLAGS *mm_session_space_flags;
    struct _MM_SESSION_SPACE *mm_session_space;
    struct _OBJECT_DIRECTORY *object_directory;
    struct _OBJECT_DIRECTORY_ENTRY *object_directory_entry;
    struct _QUAD *quad;
    struct _OBJECT_HEADER *object_header;
    struct _OBJECT_HEADER_NAME_INFO *object_header_name_info;
    struct _OBJECT_NAME_INFORMATION *object_name_information;
    struct _GENERIC_MAPPING *generic_mapping;
    struct _OBJECT_TYPE_INITIALIZER *object_type_initializer;
    struct _OBJECT_TYPE *object_type;
    struct _PERFINFO_GROUPMASK *perfinfo_groupmask;
    struct _PHYSICAL_MEMORY_RUN *physical_memory_run;
    struct _PHYSICAL_MEMORY_DESCRIPTOR *physical_memory_descriptor;
    struct _POOL_HEADER *pool_header;
    struct _SEP_LOWBOX_HANDLES_TABLE *sep_lowbox_handles_table;
    struct _OB_HANDLE_REVOCATION_BLOCK *ob_handle_revocation_block;
    struct _SEP_LOGON_SESSION_REFERENCES *sep_logon_session_references;
    struct _SEP_TOKEN_PRIVILEGES *sep_token_privileges;
    struct _SID_IDENTIFIER_AUTHORITY *sid_identifier_authority;
    struct _SID *sid;
    struct _SID_AND_ATTRIBUTES *sid_and_attributes;
    struct _SID_AND_ATTRIBUTES_HASH *sid_and_attributes_hash;
    struct _TOKEN_SOURCE *token_source;
    struct _TOKEN *token;
    struct _WMI_BUFFER_HEADER *wmi_buffer_header;
    struct _SECURITY_QUALITY_OF_SERVICE *security_quality_of_service;
    struct _TOKEN_CONTROL *token_control;
    struct _SECURITY_CLIENT_CONTEXT *security_client_context;
    struct _WMI_LOGGER_CONTEXT *wmi_logger_context;
    enum _SERVERSILO_STATE e0;
    enum _NT_PRODUCT_TYPE e1;
    enum _ALTERNATIVE_ARCHITECTURE_TYPE e2;
    enum _IO_SESSION_STATE e3;
    enum _POOL_TYPE e4;
    enum _TOKEN_TYPE e5;
    enum _SECURITY_IMPERSONATION_LEVEL e6;
    enum _ETW_BUFFER_STATE e7;
    enum _ETW_RT_EVENT_LOSS e8;
    enum ETW_COMPRESSION_RESUMPTION_MODE e9;
    enum _ETW_GUID_TYPE e10;
    enum _ETW_NOTIFICATION_TYPE e11;
    enum _ETW_STRING_TOKEN_TYPE e12;
    enum _PS_PROTECTED_TYPE e13;
    enum _PS_PROTECTED_SIGNER e14;
};
#endif
/* clang-format on */
#endif
