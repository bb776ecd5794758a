#include "crowd.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DRIVERS      "\\SystemRoot\\System32\\drivers\\"
#define EDGE         "Program Files (x86)\\Microsoft\\Edge\\Application\\"
#define TERMINAL     "Program Files\\WindowsApps\\Microsoft.WindowsTerminal_1.12.10983.0_x64\\"
#define SHELL        "Windows\\SystemApps\\ShellExperienceHost_cw5n1h2txyewy\\"
#define SEARCH       "Windows\\SystemApps\\Microsoft.Windows.Search_cw5n1h2txyewy\\"
#define CONTAINERD   "Program Files\\containerd\\"
#define DEFENDER     "ProgramData\\Microsoft\\Windows Defender\\Platform\\"

/* MitigationFlags: bits of public symbols [seen]. */
#define USUAL   0x00000021u /* control flow guard, high-entropy ASLR */
#define SERVICE (USUAL | 0x80u)
#define BROWSER (USUAL | 0x80u | 0x400000u)
/* no dynamic code, no win32k, only system fonts, no images from elsewhere or of low integrity, signed ones */
#define SANDBOX (USUAL | 0x80u | 0x100u | 0x1000u | 0x10000u | 0x80000u | 0x200000u | 0x800000u)

enum { WMI = 1, WEB, WEB_SANDBOX, SHELL_APP, APP_SILO, SILO_1, SILO_1_POOL, SILO_2 };

/* clang-format off */
const struct crowd_process crowd_processes[] = {
    {"MemCompression", "", "System", PLACE_KERNEL, ACCOUNT_SYSTEM, .more = PROCESS_MINIMAL | PROCESS_OPTIONAL},
    {"fontdrvhost.exe", NULL, "wininit.exe", PLACE_SERVICES, ACCOUNT_FONT_DRIVER,
     .more = PROCESS_APPCONTAINER, .mitigations = SANDBOX & ~0x1000u},
    {"svchost.exe", NULL, "services.exe", PLACE_SERVICES, ACCOUNT_SYSTEM, .more = PROCESS_OPTIONAL, .mitigations = SERVICE},
    {"svchost.exe", NULL, "services.exe", PLACE_SERVICES, ACCOUNT_NETWORK_SERVICE, .more = PROCESS_OPTIONAL,
     .mitigations = SERVICE},
    {"svchost.exe", NULL, "services.exe", PLACE_SERVICES, ACCOUNT_LOCAL_SERVICE, .more = PROCESS_OPTIONAL, .count = 2,
     .mitigations = SERVICE | 0x100},
    {"SecurityHealthService.exe", NULL, "services.exe", PLACE_SERVICES, ACCOUNT_SYSTEM, .more = PROCESS_OPTIONAL,
     .protection = 0x51, .mitigations = SERVICE},
    {"NisSrv.exe", DEFENDER, "services.exe", PLACE_SERVICES, ACCOUNT_LOCAL_SERVICE, .more = PROCESS_OPTIONAL,
     .protection = 0x31, .mitigations = SERVICE},
    {"vmcompute.exe", NULL, "services.exe", PLACE_SERVICES, ACCOUNT_SYSTEM, .more = PROCESS_OPTIONAL,
     .mitigations = SERVICE},
    {"containerd.exe", CONTAINERD, "services.exe", PLACE_SERVICES, ACCOUNT_SYSTEM, .more = PROCESS_OPTIONAL},
    {"WmiPrvSE.exe", "Windows\\System32\\wbem\\", "svchost.exe", PLACE_SERVICES,
     ACCOUNT_NETWORK_SERVICE, .job = WMI, .mitigations = USUAL},
    {"WmiPrvSE.exe", "Windows\\System32\\wbem\\", "svchost.exe", PLACE_SERVICES, ACCOUNT_SYSTEM, .more = PROCESS_OPTIONAL,
     .job = WMI, .mitigations = USUAL},
    {"MpCmdRun.exe", DEFENDER, "MsMpEng.exe", PLACE_SERVICES, ACCOUNT_NETWORK_SERVICE,
     .more = PROCESS_EXITED | PROCESS_OPTIONAL},

    {"fontdrvhost.exe", NULL, "winlogon.exe", PLACE_CONSOLE, ACCOUNT_FONT_DRIVER,
     .more = PROCESS_APPCONTAINER, .mitigations = SANDBOX & ~0x1000u},
    {"dwm.exe", NULL, "winlogon.exe", PLACE_CONSOLE, ACCOUNT_WINDOW_MANAGER, .mitigations = USUAL},
    {"sihost.exe", NULL, "svchost.exe", PLACE_CONSOLE, ACCOUNT_USER, .mitigations = USUAL},
    {"taskhostw.exe", NULL, "svchost.exe", PLACE_CONSOLE, ACCOUNT_USER, .more = PROCESS_OPTIONAL, .mitigations = USUAL},
    {"ctfmon.exe", NULL, "svchost.exe", PLACE_CONSOLE, ACCOUNT_USER, .more = PROCESS_ELEVATED | PROCESS_OPTIONAL,
     .mitigations = USUAL},
    {"RuntimeBroker.exe", NULL, "svchost.exe", PLACE_CONSOLE, ACCOUNT_USER, .more = PROCESS_OPTIONAL, .mitigations = USUAL},
    {"ShellExperienceHost.exe", SHELL, "svchost.exe", PLACE_CONSOLE, ACCOUNT_USER,
     .more = PROCESS_APPCONTAINER, .job = SHELL_APP, .mitigations = USUAL | 0x80},
    {"SearchApp.exe", SEARCH, "svchost.exe", PLACE_CONSOLE, ACCOUNT_USER,
     .more = PROCESS_APPCONTAINER | PROCESS_OPTIONAL, .mitigations = USUAL | 0x80},
    {"msedge.exe", EDGE, "explorer.exe", PLACE_CONSOLE, ACCOUNT_USER, .job = WEB,
     .mitigations = BROWSER},
    {"msedge.exe", EDGE, "msedge.exe", PLACE_CONSOLE, ACCOUNT_USER, .job = WEB,
     .more = PROCESS_APPCONTAINER | PROCESS_OPTIONAL, .mitigations = BROWSER},
    {"msedge.exe", EDGE, "msedge.exe", PLACE_CONSOLE, ACCOUNT_USER, .more = PROCESS_UNTRUSTED | PROCESS_OPTIONAL,
     .job = WEB_SANDBOX, .count = 2, .mitigations = SANDBOX},
    {"WindowsTerminal.exe", TERMINAL, "sihost.exe", PLACE_CONSOLE, ACCOUNT_USER, .job = APP_SILO,
     .mitigations = USUAL},
    {"OpenConsole.exe", TERMINAL, "WindowsTerminal.exe", PLACE_CONSOLE, ACCOUNT_USER, .more = PROCESS_OPTIONAL,
     .job = APP_SILO, .mitigations = USUAL},
    {"powershell.exe", "Windows\\System32\\WindowsPowerShell\\v1.0\\", "WindowsTerminal.exe",
     PLACE_CONSOLE, ACCOUNT_USER, .more = PROCESS_ELEVATED, .job = APP_SILO, .mitigations = USUAL},
    {"cmd.exe", NULL, "explorer.exe", PLACE_CONSOLE, ACCOUNT_USER, .more = PROCESS_UNLABELED | PROCESS_OPTIONAL,
     .mitigations = USUAL},
    {"conhost.exe", NULL, "cmd.exe", PLACE_CONSOLE, ACCOUNT_USER, .more = PROCESS_OPTIONAL, .mitigations = USUAL},
    {"notepad.exe", NULL, "explorer.exe", PLACE_CONSOLE, ACCOUNT_USER, .more = PROCESS_EXITED | PROCESS_OPTIONAL},

    {"csrss.exe", NULL, NULL, PLACE_REMOTE, ACCOUNT_SYSTEM, .protection = 0x61,
     .mitigations = USUAL},
    {"winlogon.exe", NULL, NULL, PLACE_REMOTE, ACCOUNT_SYSTEM, .mitigations = USUAL},
    {"LogonUI.exe", NULL, "winlogon.exe", PLACE_REMOTE, ACCOUNT_SYSTEM, .more = PROCESS_OPTIONAL, .mitigations = USUAL},
    {"dwm.exe", NULL, "winlogon.exe", PLACE_REMOTE, ACCOUNT_WINDOW_MANAGER, .mitigations = USUAL},

    {"smss.exe", NULL, "System", PLACE_SILO_1, ACCOUNT_SYSTEM, .protection = 0x61, .job = SILO_1},
    {"csrss.exe", NULL, "smss.exe", PLACE_SILO_1, ACCOUNT_SYSTEM, .protection = 0x61,
     .job = SILO_1, .mitigations = USUAL},
    {"wininit.exe", NULL, "smss.exe", PLACE_SILO_1, ACCOUNT_SYSTEM, .protection = 0x61,
     .job = SILO_1, .mitigations = USUAL},
    {"services.exe", NULL, "wininit.exe", PLACE_SILO_1, ACCOUNT_SYSTEM, .protection = 0x61,
     .job = SILO_1, .mitigations = SERVICE},
    {"lsass.exe", NULL, "wininit.exe", PLACE_SILO_1, ACCOUNT_SYSTEM, .job = SILO_1,
     .mitigations = USUAL},
    {"svchost.exe", NULL, "services.exe", PLACE_SILO_1, ACCOUNT_LOCAL_SERVICE, .job = SILO_1,
     .mitigations = SERVICE},
    {"svchost.exe", NULL, "services.exe", PLACE_SILO_1, ACCOUNT_SYSTEM, .job = SILO_1, .count = 2,
     .mitigations = SERVICE},
    {"CExecSvc.exe", NULL, "services.exe", PLACE_SILO_1, ACCOUNT_SYSTEM, .job = SILO_1,
     .mitigations = USUAL},
    {"ServiceMonitor.exe", "", "CExecSvc.exe", PLACE_SILO_1, ACCOUNT_CONTAINER_ADMIN, .more = PROCESS_OPTIONAL,
     .job = SILO_1},
    {"w3wp.exe", "Windows\\System32\\inetsrv\\", "svchost.exe", PLACE_SILO_1,
     ACCOUNT_CONTAINER_ADMIN, .job = SILO_1_POOL, .mitigations = USUAL},
    {"csc.exe", "Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\", "w3wp.exe", PLACE_SILO_1,
     ACCOUNT_CONTAINER_ADMIN, .more = PROCESS_EXITED | PROCESS_OPTIONAL, .job = SILO_1_POOL},

    {"smss.exe", NULL, "System", PLACE_SILO_2, ACCOUNT_SYSTEM, .protection = 0x61, .job = SILO_2},
    {"csrss.exe", NULL, "smss.exe", PLACE_SILO_2, ACCOUNT_SYSTEM, .protection = 0x61,
     .job = SILO_2, .mitigations = USUAL},
    {"wininit.exe", NULL, "smss.exe", PLACE_SILO_2, ACCOUNT_SYSTEM, .protection = 0x61,
     .job = SILO_2, .mitigations = USUAL},
    {"services.exe", NULL, "wininit.exe", PLACE_SILO_2, ACCOUNT_SYSTEM, .protection = 0x61,
     .job = SILO_2, .mitigations = SERVICE},
    {"lsass.exe", NULL, "wininit.exe", PLACE_SILO_2, ACCOUNT_SYSTEM, .job = SILO_2,
     .mitigations = USUAL},
    {"svchost.exe", NULL, "services.exe", PLACE_SILO_2, ACCOUNT_LOCAL_SERVICE, .job = SILO_2,
     .mitigations = SERVICE},
    {"svchost.exe", NULL, "services.exe", PLACE_SILO_2, ACCOUNT_SYSTEM, .job = SILO_2,
     .mitigations = SERVICE},
    {"CExecSvc.exe", NULL, "services.exe", PLACE_SILO_2, ACCOUNT_SYSTEM, .job = SILO_2,
     .mitigations = USUAL},
    {"powershell.exe", "Windows\\System32\\WindowsPowerShell\\v1.0\\", "CExecSvc.exe",
     PLACE_SILO_2, ACCOUNT_CONTAINER_ADMIN, .more = PROCESS_ELEVATED, .job = SILO_2,
     .mitigations = USUAL},
};
const size_t crowd_process_count = COUNT(crowd_processes);

const struct crowd_job crowd_jobs[] = {
    {.name = "WmiProviderSubSystemHostJob", .place = PLACE_SERVICES,
     .limits = LIMIT_ACTIVE_PROCESS | LIMIT_PROCESS_MEMORY | LIMIT_JOB_MEMORY |
               LIMIT_KILL_ON_CLOSE,
     .most_processes = 32, .process_memory = 0x20000000, .job_memory = 0x40000000},
    {.place = PLACE_CONSOLE, .limits = LIMIT_BREAKAWAY_OK | LIMIT_KILL_ON_CLOSE},
    {.place = PLACE_CONSOLE, .parent = WEB,
     .limits = LIMIT_ACTIVE_PROCESS | LIMIT_DIE_ON_EXCEPTION | LIMIT_KILL_ON_CLOSE |
               LIMIT_PROCESS_MEMORY,
     .ui_restrictions = 0xff, .most_processes = 8, .process_memory = 0x100000000},
    {.place = PLACE_CONSOLE, .limits = LIMIT_KILL_ON_CLOSE, .is_frozen = true},
    {.kind = JOB_APP_SILO, .place = PLACE_CONSOLE, .limits = LIMIT_SILO_READY},
    {.name = "Container_7c9e6679", .kind = JOB_SERVER_SILO, .place = PLACE_SILO_1,
     .limits = LIMIT_SILO_READY | LIMIT_KILL_ON_CLOSE | LIMIT_JOB_MEMORY,
     .job_memory = 0x80000000},
    {.place = PLACE_SILO_1, .parent = SILO_1,
     .limits = LIMIT_ACTIVE_PROCESS | LIMIT_KILL_ON_CLOSE, .most_processes = 64},
    {.name = "Container_3b241101", .kind = JOB_SERVER_SILO, .place = PLACE_SILO_2,
     .limits = LIMIT_SILO_READY | LIMIT_KILL_ON_CLOSE},
};
const size_t crowd_job_count = COUNT(crowd_jobs);

#define SILO_LOGS "C:\\Windows\\System32\\LogFiles\\WMI\\"
const struct crowd_logger crowd_loggers[] = {
    {PLACE_SILO_1, {.id = 0x03, .name = "Eventlog-Security", .mode = MODE_REAL_TIME | MODE_SECURE,
     .more = LOGGER_AUTO | LOGGER_SECURITY, .buffers = 8, .written = 311}, "svchost.exe"},
    {PLACE_SILO_1, {.id = 0x04, .name = "EventLog-Application", .mode = MODE_REAL_TIME,
     .more = LOGGER_AUTO, .buffers = 8, .written = 120}, "svchost.exe"},
    {PLACE_SILO_1, {.id = 0x05, .name = "EventLog-System", .mode = MODE_REAL_TIME,
     .more = LOGGER_AUTO, .buffers = 8, .written = 97}, "svchost.exe"},
    {PLACE_SILO_1, {.id = 0x06, .name = "UBPM", .mode = MODE_REAL_TIME | MODE_NONSTOPPABLE,
     .more = LOGGER_AUTO, .buffers = 6, .written = 44, .buffer_size_kb = 8}, "svchost.exe"},
    {PLACE_SILO_1, {.id = 0x07, .name = "DiagLog", .mode = MODE_BUFFERING, .more = LOGGER_AUTO,
     .buffers = 6, .buffer_size_kb = 16}, NULL},
    {PLACE_SILO_1, {.id = 0x09, .name = "IIS-AppPool", .mode = MODE_CIRCULAR | MODE_PAGED,
     .file = "C:\\inetpub\\logs\\AppPool.etl", .buffers = 8, .written = 12, .lost = 4,
     .buffer_size_kb = 16}, NULL},
    {PLACE_SILO_2, {.id = 0x03, .name = "Eventlog-Security", .mode = MODE_REAL_TIME | MODE_SECURE,
     .more = LOGGER_AUTO | LOGGER_SECURITY, .buffers = 8, .written = 77}, "svchost.exe"},
    {PLACE_SILO_2, {.id = 0x04, .name = "EventLog-Application", .mode = MODE_REAL_TIME,
     .more = LOGGER_AUTO, .buffers = 8, .written = 33}, "svchost.exe"},
    {PLACE_SILO_2, {.id = 0x05, .name = "EventLog-System", .mode = MODE_REAL_TIME,
     .more = LOGGER_AUTO, .buffers = 8, .written = 29}, "svchost.exe"},
    {PLACE_SILO_2, {.id = 0x0a, .name = "LwtNetLog", .mode = MODE_CIRCULAR, .more = LOGGER_AUTO,
     .file = SILO_LOGS "LwtNetLog.etl", .buffers = 6, .written = 3}, NULL},
};
const size_t crowd_logger_count = COUNT(crowd_loggers);

const struct lab_module crowd_modules[] = {
    {"wcifs.sys", DRIVERS, 0x3a000, 0x5a8e5120, 0, false},
    {"bindflt.sys", DRIVERS, 0x21000, 0x5a8e5221, 0, false},
    {"wcnfs.sys", DRIVERS, 0x19000, 0x5a8e5322, 0, false},
    {"http.sys", DRIVERS, 0x14b000, 0x5a8e5423, 0, false},
    {"npfs.sys", DRIVERS, 0x1e000, 0x5a8e5524, 0, false},
    {"mup.sys", DRIVERS, 0x25000, 0x5a8e5625, 0, false},
    {"storport.sys", DRIVERS, 0xaa000, 0x5a8e5726, 0, false},
    {"srv2.sys", DRIVERS, 0xc3000, 0x5a8e5827, 0, false},
    {"dxgkrnl.sys", DRIVERS, 0x2f4000, 0x5a8e5928, 0, false},
    {"usbxhci.sys", DRIVERS, 0x6e000, 0x5a8e5a29, 0, true},
};
const size_t crowd_module_count = COUNT(crowd_modules);
/* clang-format on */

const char *const crowd_monitors[] = {"wcifs.sys", "bindflt.sys", "wcnfs.sys",
                                      "http.sys",  "npfs.sys",    "afd.sys"};
const size_t crowd_monitor_count = COUNT(crowd_monitors);
