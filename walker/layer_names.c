#include <walker/layer_names.h>

#include <stdbool.h>
#include <stdio.h>

#define COUNT(names) (sizeof(names) / sizeof(names)[0])

/* ---- silos and jobs ---- */

const char *kdw_silo_kind_name(uint64_t kind)
{
    static const char *const names[] = {"host", "server", "app"};

    return kind < COUNT(names) ? names[kind] : NULL;
}

const char *kdw_silo_state_name(uint64_t state)
{
    static const char *const names[] = {"initing", "started", "shutting down", "terminating",
                                        "terminated"};

    return state < COUNT(names) ? names[state] : NULL;
}

const char *kdw_job_flag_name(unsigned bit)
{
    static const char *const names[32] = {
        "CloseDone",
        "MultiGroup",
        "OutstandingNotification",
        "NotificationInProgress",
        "UILimits",
        "CpuRateControlActive",
        "OwnCpuRateControl",
        "Terminating",
        "WorkingSetLock",
        "JobFrozen",
        "Background",
        "WakeNotificationAllocated",
        "WakeNotificationEnabled",
        "WakeNotificationPending",
        "LimitNotificationRequired",
        "ZeroCountNotificationRequired",
        "CycleTimeNotificationRequired",
        "CycleTimeNotificationPending",
        "TimersVirtualized",
        "JobSwapped",
        "ViolationDetected",
        "EmptyJobNotified",
        "NoSystemCharge",
        "DropNoWakeCharges",
        "NoWakeChargePolicyDecided",
        "NetRateControlActive",
        "OwnNetRateControl",
        "IoRateControlActive",
        "OwnIoRateControl",
        "DisallowNewProcesses",
        "Silo",
        "ContainerTelemetryIdSet",
    };

    return bit < COUNT(names) ? names[bit] : NULL;
}

/* ---- routes: in the order of KDW_FOUND_... ---- */

const char *kdw_job_route_name(unsigned bit)
{
    static const char *const names[] = {"PspJobList", "a process's Job", "another job",
                                        "a process's ServerSilo or an ETW state"};

    return bit < COUNT(names) ? names[bit] : NULL;
}

const char *kdw_process_route_name(unsigned bit)
{
    static const char *const names[] = {"PsActiveProcessHead",
                                        NULL,
                                        NULL,
                                        NULL,
                                        "MmProcessLinks",
                                        "SessionProcessLinks",
                                        "PspCidTable",
                                        "a job's list",
                                        "an ETW consumer"};

    return bit < COUNT(names) ? names[bit] : NULL;
}

/* ---- processes ---- */

const char *kdw_protection_text(uint64_t protection, char out[KDW_PROTECTION_TEXT])
{
    static const char *const signers[] = {"None",        "Authenticode", "CodeGen",
                                          "Antimalware", "Lsa",          "Windows",
                                          "WinTcb",      "WinSystem",    "App"};
    static const char *const types[] = {"-None", "-Light", ""};
    unsigned type = protection & 7, signer = protection >> 4 & 15;
    const char *audit = protection & 8 ? " (audit)" : "";

    if (protection == 0)
        snprintf(out, KDW_PROTECTION_TEXT, "none");
    else if (protection > 0xff || type >= COUNT(types) || signer >= COUNT(signers))
        snprintf(out, KDW_PROTECTION_TEXT, "0x%llx", (unsigned long long)protection);
    else
        snprintf(out, KDW_PROTECTION_TEXT, "%s%s%s", signers[signer], types[type], audit);
    return out;
}

const char *kdw_signing_level_name(uint64_t level)
{
    static const char *const names[16] = {
        "unchecked", "unsigned",        "enterprise", "developer", "Authenticode", "custom 2",
        "Store",     "antimalware",     "Microsoft",  "custom 4",  "custom 5",     "dynamic code",
        "Windows",   "protected light", "WindowsTcb", "custom 6",
    };

    return names[level & 15];
}

const char *kdw_integrity_name(uint64_t level)
{
    switch (level) {
    case 0:
        return "untrusted";
    case 0x1000:
        return "low";
    case 0x2000:
        return "medium";
    case 0x2100:
        return "medium plus";
    case 0x3000:
        return "high";
    case 0x4000:
        return "system";
    case 0x5000:
        return "protected";
    default:
        return NULL;
    }
}

const char *kdw_token_policy_name(unsigned bit)
{
    static const char *const names[] = {"no write up", "new process min"};

    return bit < COUNT(names) ? names[bit] : NULL;
}

struct mitigation {
    const char *name;
    const char *restriction; /* NULL: it hardens, but forbids no call */
};

static const struct mitigation mitigations[2][32] = {
    {
        {"ControlFlowGuardEnabled", NULL},
        {"ControlFlowGuardExportSuppressionEnabled", NULL},
        {"ControlFlowGuardStrict", NULL},
        {"DisallowStrippedImages", "no stripped images"},
        {"ForceRelocateImages", NULL},
        {"HighEntropyASLREnabled", NULL},
        {"StackRandomizationDisabled", NULL},
        {"ExtensionPointDisable", "no extension points"},
        {"DisableDynamicCode", "no dynamic code"},
        {"DisableDynamicCodeAllowOptOut", "threads may opt out of that"},
        {"DisableDynamicCodeAllowRemoteDowngrade", "others may lift that"},
        {"AuditDisableDynamicCode", "dynamic code audited"},
        {"DisallowWin32kSystemCalls", "no win32k calls"},
        {"AuditDisallowWin32kSystemCalls", "win32k calls audited"},
        {"EnableFilteredWin32kAPIs", "win32k calls filtered"},
        {"AuditFilteredWin32kAPIs", "win32k filter audited"},
        {"DisableNonSystemFonts", "system fonts only"},
        {"AuditNonSystemFontLoading", "fonts audited"},
        {"PreferSystem32Images", NULL},
        {"ProhibitRemoteImageMap", "no remote images"},
        {"AuditProhibitRemoteImageMap", "remote images audited"},
        {"ProhibitLowILImageMap", "no low-integrity images"},
        {"AuditProhibitLowILImageMap", "low-integrity images audited"},
        {"SignatureMitigationOptIn", "Microsoft-signed images only"},
        {"AuditBlockNonMicrosoftBinaries", "signatures audited"},
        {"AuditBlockNonMicrosoftBinariesAllowStore", "signatures audited, Store allowed"},
        {"LoaderIntegrityContinuityEnabled", "loader integrity continuity"},
        {"AuditLoaderIntegrityContinuity", "loader integrity audited"},
        {"EnableModuleTamperingProtection", "no module tampering"},
        {"EnableModuleTamperingProtectionNoInherit", "no module tampering, not inherited"},
        {"RestrictIndirectBranchPrediction", NULL},
        {"IsolateSecurityDomain", NULL},
    },
    {
        {"EnableExportAddressFilter", NULL},
        {"AuditExportAddressFilter", NULL},
        {"EnableExportAddressFilterPlus", NULL},
        {"AuditExportAddressFilterPlus", NULL},
        {"EnableRopStackPivot", NULL},
        {"AuditRopStackPivot", NULL},
        {"EnableRopCallerCheck", NULL},
        {"AuditRopCallerCheck", NULL},
        {"EnableRopSimExec", NULL},
        {"AuditRopSimExec", NULL},
        {"EnableImportAddressFilter", NULL},
        {"AuditImportAddressFilter", NULL},
        {"DisablePageCombine", NULL},
        {"SpeculativeStoreBypassDisable", NULL},
        {"CetUserShadowStacks", NULL},
        {"AuditCetUserShadowStacks", NULL},
        {"AuditCetUserShadowStacksLogged", NULL},
        {"UserCetSetContextIpValidation", "contexts checked by shadow stack"},
        {"AuditUserCetSetContextIpValidation", NULL},
        {"AuditUserCetSetContextIpValidationLogged", NULL},
        {"CetUserShadowStacksStrictMode", NULL},
        {"BlockNonCetBinaries", "CET images only"},
        {"BlockNonCetBinariesNonEhcont", "CET images with EHCONT only"},
        {"AuditBlockNonCetBinaries", "CET images audited"},
        {"AuditBlockNonCetBinariesLogged", NULL},
        {"XtendedControlFlowGuard", NULL}, /* to bit 29: reserved before 22000 [seen] */
        {"AuditXtendedControlFlowGuard", NULL},
        {"PointerAuthUserIp", NULL},
        {"AuditPointerAuthUserIp", NULL},
        {"AuditPointerAuthUserIpLogged", NULL},
        {"CetDynamicApisOutOfProcOnly", "CET ranges from outside only"},
        {"UserCetSetContextIpValidationRelaxedMode", NULL},
    },
};

const char *kdw_mitigation_name(unsigned word, unsigned bit)
{
    return word < 2 && bit < 32 ? mitigations[word][bit].name : NULL;
}

const char *kdw_restriction_name(unsigned word, unsigned bit)
{
    return word < 2 && bit < 32 ? mitigations[word][bit].restriction : NULL;
}

/* ---- processors ---- */

const struct kdw_cpu_feature kdw_cpu_features[] = {
    {"SMEP", "the kernel executes no user pages", KDW_CPU_CR4, 20},
    {"SMAP", "the kernel touches no user pages unasked", KDW_CPU_CR4, 21},
    {"UMIP", "user code reads no descriptor tables", KDW_CPU_CR4, 11},
    {"CET", "shadow stacks and branch tracking can be used", KDW_CPU_CR4, 23},
    {"LA57", "five levels of page tables", KDW_CPU_CR4, 12},
    {"NX", "pages can be without execution", KDW_CPU_NX, 0},
    {"WP", "the kernel keeps to read-only pages", KDW_CPU_CR0, 16},
};
const size_t kdw_cpu_features_len = COUNT(kdw_cpu_features);
