/* machine_14393.c - Windows Server 2016, as a published analysis saw it.
 *
 * Kernel base, ETW state, logger addresses and ids, times, lsass' pid: that analysis [seen]. Names, modes,
 * consumers, processes and modules: plausible ones. */
#include "scene.h"

#define WMI_LOGS "C:\\Windows\\System32\\LogFiles\\WMI\\"
#define DRIVERS  "\\SystemRoot\\System32\\drivers\\"
#define SYSTEM   "\\SystemRoot\\system32\\"

static const struct lab_process processes[] = {
    {4, 0, "System", 0x72},           {376, 4, "smss.exe", 0x61},
    {484, 472, "csrss.exe", 0x61},    {556, 548, "csrss.exe", 0x61},
    {576, 472, "wininit.exe", 0x61},  {612, 548, "winlogon.exe", 0},
    {680, 576, "services.exe", 0x61}, {708, 576, "lsass.exe", 0},
    {868, 680, "svchost.exe", 0},     {924, 680, "svchost.exe", 0},
    {1012, 680, "svchost.exe", 0},    {1104, 680, "svchost.exe", 0},
    {1896, 680, "MsMpEng.exe", 0x31}, {2456, 680, "spoolsv.exe", 0},
    {3120, 612, "explorer.exe", 0},
};

/* clang-format off */
static const struct lab_logger loggers[] = {
    {.id = 0x03, .va = 0xffff9c876c477040, .name = "Eventlog-Security",
     .mode = MODE_REAL_TIME | MODE_SECURE, .more = LOGGER_AUTO | LOGGER_SECURITY,
     .consumers = {1012}, .buffers = 10, .written = 4211},
    {.id = 0x04, .va = 0xffff9c876c30a5c0, .name = "DefenderApiLogger",
     .mode = MODE_REAL_TIME | MODE_SECURE, .more = LOGGER_AUTO, .consumers = {1896}, .buffers = 10,
     .written = 917},
    {.id = 0x05, .va = 0xffff9c876c308040, .name = "DefenderAuditLogger",
     .mode = MODE_REAL_TIME | MODE_SECURE, .more = LOGGER_AUTO | LOGGER_SECURITY,
     .consumers = {1896}, .buffers = 10, .written = 633},
    {.id = 0x06, .va = 0xffff9c876e6788c0, .name = "AppModel",
     .mode = MODE_CIRCULAR | MODE_INDEPENDENT, .more = LOGGER_AUTO,
     .file = WMI_LOGS "AppModel.etl", .buffers = 8, .written = 12, .buffer_size_kb = 16},
    {.id = 0x07, .va = 0xffff9c876c2e6500, .name = "DiagLog", .mode = MODE_BUFFERING,
     .more = LOGGER_AUTO, .buffers = 9, .buffer_size_kb = 16},
    {.id = 0x08, .va = 0xffff9c876c2e59c0, .name = "Diagtrack-Listener",
     .mode = MODE_REAL_TIME | MODE_INDEPENDENT, .more = LOGGER_AUTO, .consumers = {1104},
     .buffers = 12, .written = 20144, .lost = 3},
    {.id = 0x09, .va = 0xffff9c876c2e4b80, .name = "EventLog-Application", .mode = MODE_REAL_TIME,
     .more = LOGGER_AUTO, .consumers = {1012}, .buffers = 10, .written = 2218},
    {.id = 0x0a, .va = 0xffff9c876c2e3b80, .name = "EventLog-System", .mode = MODE_REAL_TIME,
     .more = LOGGER_AUTO, .consumers = {1012}, .buffers = 10, .written = 3377},
    {.id = 0x0b, .va = 0xffff9c876c478040, .name = "NtfsLog", .mode = MODE_CIRCULAR,
     .more = LOGGER_AUTO, .file = WMI_LOGS "NtfsLog.etl", .buffers = 8, .written = 8},
    {.id = 0x0c, .va = 0xffff9c876c476040, .name = "ReFSLog", .mode = MODE_CIRCULAR,
     .more = LOGGER_AUTO, .file = WMI_LOGS "ReFSLog.etl", .buffers = 8},
    {.id = 0x0d, .va = 0xffff9c876c467840, .name = "SQMLogger", .mode = MODE_BUFFERING,
     .more = LOGGER_AUTO, .buffers = 8, .buffer_size_kb = 4},
    {.id = 0x0e, .va = 0xffff9c876ede92c0, .name = "Tpm", .mode = MODE_CIRCULAR,
     .more = LOGGER_AUTO, .file = WMI_LOGS "Tpm.etl", .buffers = 8, .buffer_size_kb = 8},
    {.id = 0x0f, .va = 0xffff9c876c4dfb80, .name = "UBPM",
     .mode = MODE_REAL_TIME | MODE_NONSTOPPABLE, .more = LOGGER_AUTO, .consumers = {924},
     .buffers = 9, .written = 540, .buffer_size_kb = 8},
    {.id = 0x10, .va = 0xffff9c876c4de9c0, .name = "WdiContextLog", .mode = MODE_CIRCULAR,
     .more = LOGGER_AUTO, .file = "C:\\Windows\\System32\\WDI\\LogFiles\\WdiContextLog.etl.001",
     .buffers = 10, .written = 48},
    {.id = 0x11, .va = 0xffff9c876c2074c0, .name = "WFP-IPsec Diagnostics", .mode = MODE_CIRCULAR,
     .more = LOGGER_AUTO, .file = "C:\\ProgramData\\Microsoft\\Windows\\wfp\\wfpdiag.etl",
     .buffers = 8, .written = 1},
    {.id = 0x13, .va = 0xffff9c876e215b40, .name = "UserNotPresentTraceSession",
     .mode = MODE_BUFFERING | MODE_INDEPENDENT, .buffers = 8, .buffer_size_kb = 4},
    {.id = 0x14, .va = 0xffff9c876dbb5b80, .name = "Terminal-Services-LSM", .mode = MODE_BUFFERING,
     .buffers = 9, .buffer_size_kb = 4},
    {.id = 0x15, .va = 0xffff9c876f103b80, .name = "MSDTC_TRACE_SESSION", .mode = MODE_CIRCULAR,
     .file = "C:\\Windows\\System32\\MSDtc\\Trace\\dtctrace.log", .buffers = 8,
     .buffer_size_kb = 4},
    {.id = 0x16, .va = 0xffff9c876f2e7b80, .name = "ServerManager Metrics",
     .mode = MODE_SEQUENTIAL, .file = "C:\\PerfLogs\\Admin\\ServerManager.etl", .buffers = 8,
     .written = 77},
    {.id = 0x17, .va = 0xffff9c876eab5740,
     .name = "MpWppTracing-20180622-200337-00000003-ffffffff", .mode = MODE_CIRCULAR,
     .file = "C:\\ProgramData\\Microsoft\\Windows Defender\\Support\\MpWppTracing.bin",
     .buffers = 8, .written = 340},
    {.id = 0x18, .va = 0xffff9c876ec21900, .name = "WindowsUpdate_trace_log",
     .mode = MODE_SEQUENTIAL | MODE_NEWFILE,
     .file = "C:\\Windows\\Logs\\WindowsUpdate\\WindowsUpdate.20180625.161003.421.1.etl",
     .buffers = 8, .written = 5, .buffer_size_kb = 4},
};
/* clang-format on */

static const struct lab_module modules[] = {
    {"hal.dll", SYSTEM, 0x8f000, 0x5a4a1f3b, 0xfffff803c378e000, false},
    {"kdnet.dll", SYSTEM, 0x4a000, 0x578998e7, 0xfffff803c2a00000, false},
    {"mcupdate_GenuineIntel.dll", SYSTEM, 0x5e000, 0x578997ad, 0, true},
    {"CLFS.SYS", DRIVERS, 0x63000, 0x5a8e4a10, 0, false},
    {"tm.sys", DRIVERS, 0x24000, 0x57899a6b, 0, false},
    {"CI.dll", SYSTEM, 0xa1000, 0x5a9f4c3d, 0, false},
    {"FLTMGR.SYS", DRIVERS, 0x62000, 0x5a4a1f6c, 0, false},
    {"ndis.sys", DRIVERS, 0x12b000, 0x5a9f4bd0, 0, false},
    {"NTFS.sys", DRIVERS, 0x22b000, 0x5a8e4b51, 0, false},
    {"tcpip.sys", DRIVERS, 0x2a3000, 0x5a9f4b9c, 0, false},
    {"afd.sys", DRIVERS, 0x9e000, 0x5a4a1fe0, 0, true},
    {"WdFilter.sys", DRIVERS, 0x4c000, 0x578998c2, 0, false},
};

const struct lab_scene lab_scene_14393 = {
    .name = "14393",
    .build = 14393,
    .processors = 4,
    .cr4 = CR4_USUAL | CR4_SMEP,
    .has_shadow_tables = true,
    .kernel_base = 0xfffff803c381d000,
    .drivers = 0xfffff80b4ce00000,
    .pool = 0xffff9c8780000000,
    .self_slot = 0x1ed,
    .build_lab = "14393.2068.amd64fre.rs1_release.180209-1727",
    .build_lab_ex = "14393.2068.amd64fre.rs1_release.180209-1727",
    .product = 3,                     /* server */
    .suite = 0x110,                   /* terminal server, single user */
    .time_100ns = 131743845837671234, /* 2018-06-25 07:16:23.767 */
    .zone_bias_100ns = -324000000000, /* UTC + 9:00 */
    .uptime_100ns = 2455759663125,
    .etw_state = 0xffff9c876c0c8000,
    .etw_rundown = 0xffff9c876c298270,
    .max_loggers = 64,
    .security_pid = 0x2c4,
    .loggers = loggers,
    .logger_count = sizeof(loggers) / sizeof(loggers[0]),
    .processes = processes,
    .process_count = sizeof(processes) / sizeof(processes[0]),
    .modules = modules,
    .module_count = sizeof(modules) / sizeof(modules[0]),
};
