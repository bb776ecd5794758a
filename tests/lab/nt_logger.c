/* nt_logger.c - one logger of one kernel: its context, buffers, consumers. */
#include "nt_parts.h"

#define CONTEXT(field)  offsetof(struct _WMI_LOGGER_CONTEXT, field)
#define SECOND          10000000 /* in units of 100 ns */
#define BUFFER_KB       64
#define CONSUMER_ACCESS 0x100003 /* of its handle [guess] */

static uint32_t buffer_size(const struct lab_logger *l)
{
    return (l->buffer_size_kb ? l->buffer_size_kb : BUFFER_KB) * 1024;
}

static uint64_t started(const struct lab_machine *m, const struct lab_logger *l)
{
    uint64_t boot = m->scene->time_100ns - m->scene->uptime_100ns;

    return boot + (uint64_t)(l->more & LOGGER_AUTO ? 2 : 90) * SECOND + l->id * 1234567u;
}

/* The context's allocation, its name just behind it [guess: kernel listings]. */
static uint64_t place(struct lab_machine *m, const struct lab_logger *l)
{
    size_t len = sizeof(struct _WMI_LOGGER_CONTEXT) + 2 * strlen(l->name) + 2;

    if (l->more & LOGGER_AT_EDGE)
        return pool_alloc_at_edge(m, (len + 15) / 16 * 16, "EtwL");
    if (!l->va)
        return pool_alloc(m, len, "EtwL");
    lab_memory_map(m->memory, l->va, len);
    pool_header(m, l->va, len, "EtwL");
    return l->va;
}

static uint32_t flags(const struct lab_logger *l)
{
    struct _WMI_LOGGER_CONTEXT c = {0};

    c.AutoLogger = (l->more & LOGGER_AUTO) != 0;
    c.Persistent = (l->mode & MODE_NONSTOPPABLE) != 0;
    c.FsReady = 1;
    c.RealTime = (l->mode & MODE_REAL_TIME) != 0;
    c.NoMoreEnable = (l->more & LOGGER_STOPPING) != 0;
    c.SecurityTrace = (l->more & LOGGER_SECURITY) != 0;
    if (l->system_index) {
        c.KernelTrace = 1;
        c.SystemLoggerIndex = (U1B)(l->system_index - 1);
    }
    return c.Flags;
}

static void clock_of(const struct lab_machine *m, struct _WMI_LOGGER_CONTEXT *c)
{
    c->ClockType = 1; /* performance counter */
#if NT_BUILD < 19041
    c->GetCpuClock = (NT_FUNCTION)(uintptr_t)at_rva(m, NT_RVA_EtwpGetPerfCounter);
#else
    (void)m;
    c->GetCpuClock = 1;
#endif
#if NT_BUILD < 22000
    c->EventMarker[0] = 0xc0120000;
    c->EventMarker[1] = 0xc0130000;
    c->ErrorMarker = 0xc00d0000;
    c->SizeMask = 0xffff;
#endif
}

static uint64_t state_of(const struct lab_machine *m, const struct cast_logger *l)
{
    return m->cast->silos[l->silo].state;
}

static void fill(struct lab_machine *m, const struct cast_logger *logger, uint64_t thread,
                 struct _WMI_LOGGER_CONTEXT *c)
{
    const struct lab_logger *l = logger->said;
    bool has_consumer = logger->consumer_count > 0;

    c->LoggerId = l->id;
    c->BufferSize = buffer_size(l);
    c->MaximumEventSize = buffer_size(l) < 0x10000 ? buffer_size(l) - 0x48 : 0xffb8;
    c->LoggerMode = l->mode;
    c->LoggerThread = target_pointer(thread);
    c->CollectionOn = (l->more & LOGGER_STOPPING) == 0;
    c->AcceptNewEvents = c->CollectionOn;
    c->FlushTimer = l->mode & MODE_REAL_TIME ? 1 : 0;
    c->MinimumBuffers =
        m->scene->processors * 2 < l->buffers ? m->scene->processors * 2 : l->buffers;
    c->MaximumBuffers = c->MinimumBuffers + 20u > l->buffers ? c->MinimumBuffers + 20u : l->buffers;
    c->NumberOfBuffers = c->PeakBuffersCount = l->buffers;
    c->BuffersAvailable = l->buffers - (I4B)m->scene->processors;
    c->NumConsumers = logger->consumer_count;
    c->BuffersWritten = c->LastFlushedBuffer = l->written;
    c->BufferSequenceNumber = l->written + l->buffers;
    c->EventsLost = l->lost;
    c->RealTimeBuffersDelivered = has_consumer ? l->written : 0;
    c->PoolType = l->mode & MODE_PAGED ? PagedPool : NonPagedPoolNx;
    c->StartTime.QuadPart = (I8B)started(m, l);
    c->ReferenceTime.StartTime.QuadPart = (I8B)started(m, l);
    if (l->file) {
        c->LogFileHandle = target_pointer(0xffffffff80000a00 + 0x40u * l->id);
        c->ByteOffset.QuadPart = (I8B)l->written * buffer_size(l);
        c->MaximumFileSize = l->mode & MODE_CIRCULAR ? 64 : 0;
        c->FileCounter = l->mode & MODE_NEWFILE ? 1 : 0;
    }
    c->InstanceGuid = (struct _GUID){0x5e3c1d00u + l->id,
                                     (U2B)(0x4a10 + l->id),
                                     0x4b77,
                                     {0x9d, 0x2f, 0x10, 0x3c, 0x58, 0xd1, 0x77, (U1B)l->id}};
    c->SiloState = target_pointer(state_of(m, logger));
    c->Flags = flags(l);
    c->LoggerEvent.Header.Type = c->FlushEvent.Header.Type = TYPE_EVENT;
    c->LoggerMutex.Header.Type = TYPE_MUTANT;
    c->LoggerMutex.Header.SignalState = 1; /* free */
    c->FlushTimeOutTimer.Header.Type = TYPE_TIMER;
    c->LoggerDpc.Type = TYPE_DPC;
    clock_of(m, c);
}

/* Trace buffers begin with their header; only that page of each is here. */
static void buffers(struct lab_machine *m, const struct lab_logger *l, uint64_t logger)
{
    struct _WMI_BUFFER_HEADER h = {0};

    h.BufferSize = buffer_size(l);
    h.SavedOffset = h.CurrentOffset = sizeof(h);
    h.State = EtwBufferStateFree;
    h.ClientContext.LoggerId = l->id;
    for (uint32_t i = 0; i < l->buffers; i++) {
        uint64_t va = pool_alloc(m, LAB_PAGE, "EtwB");

        if (i < m->scene->processors) {
            h.State = EtwBufferStateGeneralLogging;
            h.ClientContext.ProcessorIndex = (U2B)i;
            h.ReferenceCount = 1;
        } else {
            h.State = EtwBufferStateFree;
            h.ReferenceCount = 0;
        }
        h.SequenceNumber = l->written + i;
        put(m, va, &h, sizeof(h));
        list_append(m, logger + CONTEXT(GlobalList),
                    va + offsetof(struct _WMI_BUFFER_HEADER, GlobalEntry));
    }
}

/* A consumer is an object, and its process has a handle to it. */
static void consumer(struct lab_machine *m, const struct cast_logger *l, struct cast_process *p)
{
    struct _ETW_REALTIME_CONSUMER c = {0};
    uint64_t va = l->said->more & LOGGER_AT_EDGE
                      ? nt_object_at_edge(m, sizeof(c), INDEX_ETW_CONSUMER, "EtwC")
                      : nt_object(m, sizeof(c), INDEX_ETW_CONSUMER, "EtwC");
    uint32_t handle;
    uint64_t entry;

    c.ProcessHandle = target_pointer(0xffffffff80001200 + 4u * l->said->id);
    c.ProcessObject = target_pointer(p->va);
    c.LoggerId = l->said->id;
    c.EmptyBuffersCount = l->said->buffers;
    c.UserPagesAllocated = l->said->buffers * (buffer_size(l->said) / LAB_PAGE);
    c.SiloState = target_pointer(state_of(m, l));
    put(m, va, &c, sizeof(c));
    list_append(m, l->va + CONTEXT(Consumers), va);
    handle = nt_handle_add(m, &p->handles, va, CONSUMER_ACCESS, &entry);

    tell(m->truth, TRUTH_CONSUMERS, va);
    tell_word(m->truth, "logger", l->va);
    tell_number(m->truth, "logger_id", l->said->id);
    tell_word(m->truth, "own_etw_state", state_of(m, l));
    tell_word(m->truth, "process", p->va);
    tell_number(m->truth, "pid", p->pid);
    nt_tell_process_name(m, "process_name", p);
    tell_word(m->truth, "flags", 0);
    tell_number(m->truth, "buffers_lost", 0);
    tell(m->truth, TRUTH_HANDLES, entry);
    tell_word(m->truth, "process", p->va);
    tell_number(m->truth, "handle", handle);
    tell_word(m->truth, "object", va);
}

static void texts(struct lab_machine *m, const struct lab_logger *l, uint64_t va)
{
    uint64_t behind = va + sizeof(struct _WMI_LOGGER_CONTEXT);
    uint32_t len = (uint32_t)put_text(m, behind, l->name);

    put_u32(m, va + CONTEXT(LoggerName), len | (len + 2) << 16);
    put_u64(m, va + CONTEXT(LoggerName.Buffer), behind);
    if (!l->file)
        return;
    put_string(m, va + CONTEXT(LogFileName), l->file, "EtwF");
    if (l->more & LOGGER_FILE_PAGED) {
        uint64_t paged = m->pool + 0x10000;

        m->pool += 0x20000;
        put_u64(m, va + CONTEXT(LogFileName.Buffer), paged);
    }
}

static void tell_counts(struct truth *t, const struct _WMI_LOGGER_CONTEXT *c)
{
    tell_number(t, "buffer_size", c->BufferSize);
    tell_number(t, "buffers", (U4B)c->NumberOfBuffers);
    tell_signed(t, "buffers_available", c->BuffersAvailable);
    tell_signed(t, "minimum_buffers", c->MinimumBuffers);
    tell_signed(t, "maximum_buffers", c->MaximumBuffers);
    tell_number(t, "peak_buffers", (U4B)c->PeakBuffersCount);
    tell_number(t, "buffers_written", c->BuffersWritten);
    tell_number(t, "events_lost", c->EventsLost);
    tell_number(t, "log_buffers_lost", c->LogBuffersLost);
    tell_number(t, "realtime_buffers_delivered", c->RealTimeBuffersDelivered);
    tell_number(t, "realtime_buffers_lost", c->RealTimeBuffersLost);
    tell_number(t, "flush_timer", c->FlushTimer);
}

static void tell_logger(const struct lab_machine *m, const struct cast_logger *l,
                        const struct _WMI_LOGGER_CONTEXT *c)
{
    bool is_stopping = (l->said->more & LOGGER_STOPPING) != 0;
    struct truth *t = m->truth;

    tell(t, TRUTH_LOGGERS, l->va);
    tell_word(t, "etw_state", state_of(m, l));
    tell_number(t, "slot", l->said->id);
    tell_word(t, "slot_value", l->va | is_stopping);
    tell_number(t, "condition", is_stopping);
    tell_number(t, "id", l->said->id);
    tell_word(t, "own_etw_state", state_of(m, l));
    tell_text(t, "name", l->said->name);
    tell_word(t, "name_buffer", l->va + sizeof(*c));
    if (!(l->said->more & LOGGER_FILE_PAGED))
        tell_text(t, "file", l->said->file ? l->said->file : "");
    tell_text(t, "file_pattern", "");
    tell_text(t, "new_file", "");
    tell_text(t, "realtime_file", "");
    tell_word(t, "mode", c->LoggerMode);
    tell_word(t, "flags", c->Flags);
    tell_number(t, "clock_type", c->ClockType);
    tell_word(t, "get_cpu_clock", (uintptr_t)c->GetCpuClock);
    tell_signed(t, "status", c->LoggerStatus);
    tell_number(t, "collection_on", (U4B)c->CollectionOn);
    tell_number(t, "accept_new_events", (U4B)c->AcceptNewEvents);
    tell_number(t, "pool_type", (U4B)c->PoolType);
    tell_word(t, "thread", (uintptr_t)c->LoggerThread);
    tell_time(t, "started", (U8B)c->StartTime.QuadPart);
    tell_counts(t, c);
    tell_number(t, "consumers", l->consumer_count);
    tell_word(t, "transition_consumer", 0);
    tell_word(t, "lock", 0);
    tell_word(t, "mutex_owner", 0);
    tell_word(t, "rundown", l->rundown);
    if (is_stopping) /* nobody counts any more */
        tell_none(t, "references");
    else
        tell_number(t, "references", l->references);
#if NT_BUILD < 16299
    tell_none(t, "callback_context");
#else
    tell_word(t, "callback_context", 0);
#endif
}

void nt_logger(struct lab_machine *m, struct cast_logger *logger)
{
    static const size_t lists[] = {
        CONTEXT(GlobalList),
        CONTEXT(Consumers),
        CONTEXT(LoggerEvent.Header.WaitListHead),
        CONTEXT(FlushEvent.Header.WaitListHead),
        CONTEXT(LoggerMutex.Header.WaitListHead),
        CONTEXT(FlushTimeOutTimer.Header.WaitListHead),
#if NT_BUILD < 16299
        CONTEXT(ProviderBinaryList),
        CONTEXT(WinRtProviderBinaryList),
#else
        CONTEXT(DebugIdTrackingList),
        CONTEXT(BinaryTrackingList),
#endif
    };
    const struct lab_logger *l = logger->said;
    /* who only buffers has no thread [guess: kernel listings] */
    uint64_t thread = l->mode & MODE_BUFFERING ? 0 : nt_thread(m, m->system_process, 0, 0);
    struct _WMI_LOGGER_CONTEXT context = {0};

    logger->va = place(m, l);
    fill(m, logger, thread, &context);
    put(m, logger->va, &context, sizeof(context));
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        list_init(m, logger->va + lists[i]);
    texts(m, l, logger->va);
    buffers(m, l, logger->va);
    for (unsigned i = 0; i < logger->consumer_count; i++)
        consumer(m, logger, &m->cast->processes[logger->consumers[i]]);
    tell_logger(m, logger, &context);
}
