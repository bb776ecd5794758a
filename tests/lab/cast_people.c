/* cast_people.c - processes, and the sessions, jobs and silos that they are in. */
#include <stdio.h>
#include <string.h>

#include "cast.h"

#define SECOND 10000000u /* in units of 100 ns */
#define DISK   "\\Device\\HarddiskVolume2\\"

/* ---- SIDs ---- */

static struct cast_sid well_known(uint32_t rid)
{
    return (struct cast_sid){5, 1, {rid}};
}

static struct cast_sid account_sid(enum crowd_account account, uint32_t session)
{
    switch (account) {
    case ACCOUNT_LOCAL_SERVICE:
        return well_known(19);
    case ACCOUNT_NETWORK_SERVICE:
        return well_known(20);
    case ACCOUNT_USER:
        return (struct cast_sid){5, 5, {21, 1417705386, 2309867194, 3811032245, 1001}};
    case ACCOUNT_WINDOW_MANAGER:
        return (struct cast_sid){5, 3, {90, 0, session}};
    case ACCOUNT_FONT_DRIVER:
        return (struct cast_sid){5, 3, {96, 0, session}};
    case ACCOUNT_CONTAINER_ADMIN:
        return (struct cast_sid){5, 3, {93, 2, 1}};
    default:
        return well_known(18);
    }
}

/* What the token says of its process' protection: S-1-19-TYPE-LEVEL, with the levels of public headers
 * [doc]; a protection for which those have no level of its own counts as one of Windows' [guess]. */
static struct cast_sid trust_of(uint8_t protection)
{
    static const uint32_t levels[16] = {
        [1] = 1024, [3] = 1536, [4] = 4096, [5] = 4096, [6] = 8192, [7] = 8192, [8] = 2048};
    unsigned type = protection & 7;

    if (type == 0)
        return (struct cast_sid){0};
    return (struct cast_sid){19, 2, {type == 1 ? 512 : 1024, levels[protection >> 4]}};
}

/* S-1-15-2-...: seven parts that are made from the package's name. */
static struct cast_sid package_of(const char *image)
{
    struct cast_sid sid = {15, 8, {2}};
    uint32_t hash = 2166136261;

    for (const char *p = image; *p; p++)
        hash = (hash ^ (uint8_t)*p) * 16777619;
    for (unsigned i = 1; i < 8; i++)
        sid.sub[i] = hash = hash * 1664525 + 1013904223;
    return sid;
}

static uint32_t integrity_of(enum crowd_account account, unsigned more)
{
    if (more & PROCESS_UNLABELED)
        return CAST_NO_LABEL;
    if (more & PROCESS_UNTRUSTED)
        return 0;
    if (more & PROCESS_APPCONTAINER)
        return 0x1000;
    if (account == ACCOUNT_CONTAINER_ADMIN || more & PROCESS_ELEVATED)
        return 0x3000;
    return account == ACCOUNT_USER ? 0x2000 : 0x4000;
}

static void make_token(struct cast *c, struct cast_process *p, enum crowd_account account)
{
    uint32_t session = p->session == NOBODY ? 0 : c->sessions[p->session].id;
    struct cast_token *t = &p->token;

    t->user = account_sid(account, session);
    t->trust = trust_of(p->protection);
    t->integrity = integrity_of(account, p->more);
    t->policy = account == ACCOUNT_SYSTEM ? 1 : 3; /* no write up; and new process min */
    t->flags = 0x2000;                             /* has its own privileges' defaults */
    if (p->more & PROCESS_APPCONTAINER) {
        t->package = package_of(p->image);
        t->capabilities = 2 + cast_draw(c, 4);
        t->flags |= 0x4000; /* TOKEN_LOWBOX [doc] */
    }
}

/* ---- processes ---- */

/* SE_SIGNING_LEVEL_... of those who are protected, by signer [doc]. */
static void sign(struct cast_process *p)
{
    static const uint8_t levels[16] = {[1] = 3, [3] = 7, [4] = 12, [5] = 12, [6] = 14, [7] = 14};
    uint8_t level = levels[p->protection >> 4];

    p->signature = level ? (uint8_t)(0x30 | level) : 0;
    p->section_signature = level > 12 ? 12 : level;
}

static void place_process(struct cast *c, struct cast_process *p, enum crowd_place place)
{
    static const int session[] = {
        [PLACE_KERNEL] = NOBODY, [PLACE_SERVICES] = 0, [PLACE_CONSOLE] = 1,
        [PLACE_REMOTE] = 2,      [PLACE_SILO_1] = 3,   [PLACE_SILO_2] = 4};

    p->session = session[place];
    p->silo = cast_silo_of(place);
    if (p->silo != 0 && strcmp(p->image, "smss.exe") == 0)
        p->session = NOBODY;
    if (p->session != NOBODY)
        c->sessions[p->session].processes++;
}

static void make_path(struct cast_process *p, const char *folder)
{
    if (!folder)
        folder = "Windows\\System32\\";
    if (strstr(p->image, ".exe") && *folder)
        snprintf(p->path, sizeof(p->path), DISK "%s%s", folder, p->image);
}

static struct cast_process *add_process(struct cast *c, uint32_t pid, uint32_t parent,
                                        const char *image)
{
    struct cast_process *p = &c->processes[c->process_count];

    if (c->process_count == CAST_PROCESSES_MAX)
        return NULL;
    c->process_count++;
    p->pid = pid;
    p->parent = parent;
    p->image = image;
    p->job = NOBODY;
    p->created = c->scene->time_100ns - c->scene->uptime_100ns + (uint64_t)pid * 61000;
    return p;
}

/* Those of whom the scene tells: where they live is clear from what they are. */
static enum crowd_place place_of(const struct lab_process *said, bool is_second_csrss)
{
    static const char *const no_session[] = {"System", "Registry", "smss.exe"};
    static const char *const console[] = {"winlogon.exe", "explorer.exe"};

    for (size_t i = 0; i < 3; i++)
        if (strcmp(said->image, no_session[i]) == 0)
            return PLACE_KERNEL;
    for (size_t i = 0; i < 2; i++)
        if (strcmp(said->image, console[i]) == 0)
            return PLACE_CONSOLE;
    return is_second_csrss ? PLACE_CONSOLE : PLACE_SERVICES;
}

static enum crowd_account service_account(const struct lab_process *said)
{
    static const enum crowd_account accounts[] = {ACCOUNT_SYSTEM, ACCOUNT_NETWORK_SERVICE,
                                                  ACCOUNT_LOCAL_SERVICE};

    if (strcmp(said->image, "explorer.exe") == 0)
        return ACCOUNT_USER;
    return strcmp(said->image, "svchost.exe") == 0 ? accounts[said->pid / 4 % 3] : ACCOUNT_SYSTEM;
}

static void scene_processes(struct cast *c)
{
    unsigned sessions = 0; /* each csrss serves one */

    for (size_t i = 0; i < c->scene->process_count; i++) {
        const struct lab_process *said = &c->scene->processes[i];
        struct cast_process *p = add_process(c, said->pid, said->parent, said->image);

        if (!p)
            return;
        sessions += strcmp(said->image, "csrss.exe") == 0;
        p->protection = said->protection;
        p->threads = 1 + cast_draw(c, 3);
        place_process(c, p, place_of(said, sessions == 2 && strstr(said->image, "csrss")));
        if (p->session == NOBODY && said->parent == 4 && !strstr(said->image, ".exe"))
            p->more = PROCESS_MINIMAL;
        p->mitigations = p->pid == 4 || p->more & PROCESS_MINIMAL ? 0 : 0x21;
        make_path(p, NULL);
        sign(p);
        make_token(c, p, service_account(said));
    }
}

/* The newest process of that image in the same session, else silo, else of the host. */
static uint32_t parent_of(struct cast *c, const struct cast_process *p, const char *image)
{
    uint32_t pid = 0;
    int best = -1;

    for (const struct cast_process *q = c->processes; image && q < p; q++) {
        int rank = q->session == p->session ? 2 : q->silo == p->silo ? 1 : 0;

        if (strcmp(q->image, image) != 0 || q->exited || rank < best ||
            (q->silo && q->silo != p->silo))
            continue;
        best = rank;
        pid = q->pid;
    }
    return pid ? pid : p->pid - 12; /* one that is gone */
}

/* Ids go up with time; where a table of handles begins there is none. */
static uint32_t next_pid(struct cast *c)
{
    uint32_t last = 0, pid;

    for (size_t i = 0; i < c->process_count; i++)
        if (c->processes[i].pid > last)
            last = c->processes[i].pid;
    pid = last + 4 * (4 + cast_draw(c, 60));
    return pid % 1024 == 0 ? pid + 4 : pid;
}

static void join_job(struct cast *c, const struct cast_process *p)
{
    for (int j = p->job; j != NOBODY; j = c->jobs[j].parent) {
        c->jobs[j].total++;
        if (p->exited)
            c->jobs[j].ended++;
        else
            c->jobs[j].active++;
    }
}

static void crowd_process(struct cast *c, const struct crowd_process *said)
{
    struct cast_process *p = add_process(c, next_pid(c), 0, said->image);

    if (!p)
        return;
    p->protection = said->protection;
    p->more = said->more;
    p->mitigations = said->mitigations;
    p->job = said->job - 1;
    place_process(c, p, said->place);
    p->parent = parent_of(c, p, said->parent);
    p->created += (uint64_t)c->process_count * SECOND;
    if (said->more & PROCESS_EXITED)
        p->exited = p->created + (1 + cast_draw(c, 90)) * (uint64_t)SECOND;
    else
        p->threads = 1 + cast_draw(c, 3);
    make_path(p, said->folder);
    sign(p);
    make_token(c, p, said->account);
    join_job(c, p);
}

/* ---- sessions, jobs, silos ---- */

#define HOST_SESSIONS 3u

static void make_sessions(struct cast *c)
{
    uint64_t boot = c->scene->time_100ns - c->scene->uptime_100ns;

    c->session_count = HOST_SESSIONS + c->shape.server_silos;
    for (uint32_t i = 0; i < c->session_count; i++) {
        c->sessions[i].id = i;
        c->sessions[i].created = boot + (2 + i * (i < 2 ? 1u : 200u)) * (uint64_t)SECOND;
    }
}

static void add_silo(struct cast *c, int job, int session)
{
    c->silos[c->silo_count++] = (struct cast_silo){.job = job, .session = session};
}

static void make_jobs(struct cast *c)
{
    uint32_t id = 1 + cast_draw(c, 8);

    add_silo(c, NOBODY, 0);
    for (size_t i = 0; i < crowd_job_count; i++, id += 1 + cast_draw(c, 40)) {
        const struct crowd_job *said = &crowd_jobs[i];
        struct cast_job *j = &c->jobs[c->job_count];

        if (!cast_has_place(c, said->place))
            continue;
        c->job_count++;
        j->said = said;
        j->id = id;
        j->parent = said->parent - 1;
        j->root = j->parent == NOBODY ? (int)i : c->jobs[j->parent].root;
        j->depth = j->parent == NOBODY ? 0 : c->jobs[j->parent].depth + 1;
        j->silo = cast_silo_of(said->place);
        j->session = j->silo ? (int)HOST_SESSIONS - 1 + j->silo : said->place == PLACE_CONSOLE;
        if (said->kind != JOB_SERVER_SILO)
            continue;
        j->container = cast_draw_guid(c);
        add_silo(c, (int)i, j->session);
    }
}

/* How many of them live here. */
static uint32_t count_of(struct cast *c, const struct crowd_process *said)
{
    uint32_t usual = said->count ? said->count : 1;

    if (!cast_has_place(c, said->place))
        return 0;
    return c->shape.is_usual || !(said->more & PROCESS_OPTIONAL) ? usual : cast_draw(c, 4);
}

void cast_people(struct cast *c)
{
    make_sessions(c);
    make_jobs(c);
    scene_processes(c);
    for (size_t i = 0; i < crowd_process_count; i++)
        for (uint32_t n = count_of(c, &crowd_processes[i]); n > 0; n--)
            crowd_process(c, &crowd_processes[i]);
    for (size_t i = 0; i < c->process_count; i++)
        if (strcmp(c->processes[i].image, "lsass.exe") == 0)
            c->silos[c->processes[i].silo].security_pid = c->processes[i].pid;
}
