/* snapshot_tables.c - what the facts of a snapshot are called: one line for each member of each struct. */
#include <walker/snapshot.h>

#define FACT(record, name, kind, member)                                                           \
    {                                                                                              \
        name, KDW_FACT_##kind, false, false, (uint16_t)offsetof(struct record, member)             \
    }
#define COUNTER(record, name, kind, member)                                                        \
    {                                                                                              \
        name, KDW_FACT_##kind, true, false, (uint16_t)offsetof(struct record, member)              \
    }
/* Concluded from several structures. */
#define JOINED(record, name, kind, member)                                                         \
    {                                                                                              \
        name, KDW_FACT_##kind, false, true, (uint16_t)offsetof(struct record, member)              \
    }

static const struct kdw_fact silos_facts[] = {
    FACT(kdw_silo, "address", KEY, va),
    FACT(kdw_silo, "kind", NUMBER, kind),
    FACT(kdw_silo, "id", NUMBER, id),
    JOINED(kdw_silo, "parent", ADDRESS, parent_va),
    FACT(kdw_silo, "container_id", GUID, container_id),
    FACT(kdw_silo, "globals", ADDRESS, globals_va),
    FACT(kdw_silo, "state", NUMBER, state),
    FACT(kdw_silo, "exit_status", SIGNED, exit_status),
    FACT(kdw_silo, "root_directory", TEXT, root_directory),
    FACT(kdw_silo, "system_root", TEXT, system_root),
    FACT(kdw_silo, "service_session", NUMBER, service_session),
    FACT(kdw_silo, "console_session", NUMBER, console_session),
    FACT(kdw_silo, "etw_state", ADDRESS, etw_state_va),
};

static const struct kdw_fact jobs_facts[] = {
    FACT(kdw_job, "address", KEY, va),
    JOINED(kdw_job, "found", WORD, found),
    FACT(kdw_job, "id", NUMBER, id),
    COUNTER(kdw_job, "pointer_count", NUMBER, pointer_count),
    FACT(kdw_job, "type_index", NUMBER, type_index),
    FACT(kdw_job, "flags", WORD, flags),
    FACT(kdw_job, "limit_flags", WORD, limit_flags),
    FACT(kdw_job, "parent", ADDRESS, parent_va),
    FACT(kdw_job, "root", ADDRESS, root_va),
    FACT(kdw_job, "nesting_depth", NUMBER, nesting_depth),
    FACT(kdw_job, "session_id", NUMBER, session_id),
    FACT(kdw_job, "processes_active", NUMBER, processes_active),
    COUNTER(kdw_job, "processes_total", NUMBER, processes_total),
    FACT(kdw_job, "processes_terminated", NUMBER, processes_terminated),
    FACT(kdw_job, "container_id", GUID, container_id),
    FACT(kdw_job, "globals", ADDRESS, globals_va),
    FACT(kdw_job, "storage", ADDRESS, storage_va),
};

static const struct kdw_fact storage_slots_facts[] = {
    FACT(kdw_storage_slot, "address", KEY, va),
    FACT(kdw_storage_slot, "silo", ADDRESS, silo_va),
    FACT(kdw_storage_slot, "slot", NUMBER, slot),
    FACT(kdw_storage_slot, "object", ADDRESS, object_va),
};

static const struct kdw_fact silo_monitors_facts[] = {
    FACT(kdw_monitor, "address", KEY, va),
    FACT(kdw_monitor, "slot", NUMBER, slot),
    FACT(kdw_monitor, "create", ADDRESS, create_va),
    FACT(kdw_monitor, "terminate", ADDRESS, terminate_va),
    FACT(kdw_monitor, "name", TEXT, name),
};

static const struct kdw_fact sessions_facts[] = {
    FACT(kdw_session, "address", KEY, va),
    FACT(kdw_session, "id", NUMBER, id),
    FACT(kdw_session, "created", TIME, created_100ns),
    FACT(kdw_session, "processes", NUMBER, processes),
};

static const struct kdw_fact processes_facts[] = {
    FACT(kdw_process, "address", KEY, va),
    JOINED(kdw_process, "found", WORD, found),
    FACT(kdw_process, "pid", NUMBER, pid),
    FACT(kdw_process, "parent_pid", NUMBER, parent_pid),
    FACT(kdw_process, "name", TEXT, name),
    FACT(kdw_process, "path", TEXT, path),
    FACT(kdw_process, "created", TIME, created_100ns),
    FACT(kdw_process, "exited", TIME, exited_100ns),
    FACT(kdw_process, "exit_status", SIGNED, exit_status),
    FACT(kdw_process, "flags", WORD, flags),
    FACT(kdw_process, "flags2", WORD, flags2),
    FACT(kdw_process, "flags3", WORD, flags3),
    FACT(kdw_process, "job_not_active", NUMBER, job_not_active),
    FACT(kdw_process, "job", ADDRESS, job_va),
    JOINED(kdw_process, "silo", ADDRESS, silo_va),
    JOINED(kdw_process, "server_silo", ADDRESS, server_silo_va),
    FACT(kdw_process, "own_silo", ADDRESS, own_silo_va),
    FACT(kdw_process, "session", ADDRESS, session_va),
    JOINED(kdw_process, "session_id", NUMBER, session_id),
    FACT(kdw_process, "protection", WORD, protection),
    FACT(kdw_process, "signature_level", NUMBER, signature_level),
    FACT(kdw_process, "section_signature_level", NUMBER, section_signature_level),
    FACT(kdw_process, "dtb", NUMBER, dtb),
    FACT(kdw_process, "peb", ADDRESS, peb_va),
    FACT(kdw_process, "wow64", ADDRESS, wow64_va),
    FACT(kdw_process, "handle_table", ADDRESS, handle_table_va),
    FACT(kdw_process, "mitigation_flags", WORD, mitigation_flags),
    FACT(kdw_process, "mitigation_flags2", WORD, mitigation_flags2),
    COUNTER(kdw_process, "threads", NUMBER, threads),
    FACT(kdw_process, "token", ADDRESS, token_va),
    FACT(kdw_process, "user", TEXT, user),
    FACT(kdw_process, "integrity", WORD, integrity),
    FACT(kdw_process, "policy", WORD, policy),
    FACT(kdw_process, "token_flags", WORD, token_flags),
    FACT(kdw_process, "token_session", NUMBER, token_session),
    FACT(kdw_process, "package", TEXT, package),
    FACT(kdw_process, "capabilities", NUMBER, capabilities),
    FACT(kdw_process, "trust_level", TEXT, trust_level),
};

static const struct kdw_fact processors_facts[] = {
    FACT(kdw_cpu, "address", KEY, va),
    FACT(kdw_cpu, "number", NUMBER, number),
    FACT(kdw_cpu, "cr0", WORD, cr0),
    COUNTER(kdw_cpu, "cr3", NUMBER, cr3),
    FACT(kdw_cpu, "cr4", WORD, cr4),
    COUNTER(kdw_cpu, "cr8", WORD, cr8),
    FACT(kdw_cpu, "xcr0", WORD, xcr0),
    FACT(kdw_cpu, "nx", NUMBER, nx),
    FACT(kdw_cpu, "kva_shadow", NUMBER, kva_shadow),
    FACT(kdw_cpu, "vsm_enabled", NUMBER, vsm_enabled),
};

static const struct kdw_fact etw_states_facts[] = {
    FACT(kdw_etw_state, "address", KEY, va),
    FACT(kdw_etw_state, "silo", ADDRESS, silo_va),
    FACT(kdw_etw_state, "by_silo_globals", NUMBER, by_silo_globals),
    FACT(kdw_etw_state, "by_host_pointer", NUMBER, by_host_pointer),
    FACT(kdw_etw_state, "by_debugger_data", NUMBER, by_debugger_data),
    FACT(kdw_etw_state, "own_silo", ADDRESS, own_silo_va),
    FACT(kdw_etw_state, "own_globals", ADDRESS, own_globals_va),
    FACT(kdw_etw_state, "max_loggers", NUMBER, max_loggers),
    FACT(kdw_etw_state, "contexts", ADDRESS, contexts_va),
    FACT(kdw_etw_state, "rundowns", ADDRESS, rundowns_va),
    FACT(kdw_etw_state, "slots", NUMBER, slots),
    JOINED(kdw_etw_state, "free_slots", NUMBER, free_slots),
    FACT(kdw_etw_state, "guid_count", NUMBER, guid_count),
    FACT(kdw_etw_state, "session_count", NUMBER, session_count),
    COUNTER(kdw_etw_state, "pool_paged", NUMBER, pool_paged),
    COUNTER(kdw_etw_state, "pool_nonpaged", NUMBER, pool_nonpaged),
    COUNTER(kdw_etw_state, "bytes_written", NUMBER, bytes_written),
    FACT(kdw_etw_state, "shutdown", NUMBER, shutdown),
    FACT(kdw_etw_state, "security_pid", NUMBER, security_pid),
    FACT(kdw_etw_state, "security_mask", WORD, security_mask),
    FACT(kdw_etw_state, "active_system_loggers", WORD, active_system_loggers),
    COUNTER(kdw_etw_state, "start_owner", ADDRESS, start_owner_va),
    FACT(kdw_etw_state, "partition_id", GUID, partition_id),
    FACT(kdw_etw_state, "parent_id", GUID, parent_id),
    FACT(kdw_etw_state, "partition_name", TEXT, partition_name),
    FACT(kdw_etw_state, "partition_type", NUMBER, partition_type),
    COUNTER(kdw_etw_state, "qpc_offset", NUMBER, qpc_offset),
};

static const struct kdw_fact loggers_facts[] = {
    FACT(kdw_logger, "address", KEY, va),
    FACT(kdw_logger, "etw_state", ADDRESS, state_va),
    FACT(kdw_logger, "slot", NUMBER, slot),
    FACT(kdw_logger, "slot_value", WORD, slot_value),
    FACT(kdw_logger, "condition", NUMBER, state),
    FACT(kdw_logger, "id", NUMBER, id),
    FACT(kdw_logger, "own_etw_state", ADDRESS, own_state_va),
    FACT(kdw_logger, "name", TEXT, name),
    FACT(kdw_logger, "name_buffer", ADDRESS, name_va),
    FACT(kdw_logger, "file", TEXT, file),
    FACT(kdw_logger, "file_pattern", TEXT, file_pattern),
    FACT(kdw_logger, "new_file", TEXT, new_file),
    FACT(kdw_logger, "realtime_file", TEXT, realtime_file),
    FACT(kdw_logger, "mode", WORD, mode),
    FACT(kdw_logger, "flags", WORD, flags),
    FACT(kdw_logger, "clock_type", NUMBER, clock_type),
    FACT(kdw_logger, "get_cpu_clock", WORD, get_cpu_clock),
    FACT(kdw_logger, "status", SIGNED, status),
    FACT(kdw_logger, "collection_on", NUMBER, collection_on),
    FACT(kdw_logger, "accept_new_events", NUMBER, accept_new_events),
    FACT(kdw_logger, "pool_type", NUMBER, pool_type),
    FACT(kdw_logger, "thread", ADDRESS, thread_va),
    FACT(kdw_logger, "started", TIME, started_100ns),
    FACT(kdw_logger, "buffer_size", NUMBER, buffer_size),
    COUNTER(kdw_logger, "buffers", NUMBER, buffers),
    COUNTER(kdw_logger, "buffers_available", SIGNED, buffers_available),
    FACT(kdw_logger, "minimum_buffers", SIGNED, minimum_buffers),
    FACT(kdw_logger, "maximum_buffers", SIGNED, maximum_buffers),
    COUNTER(kdw_logger, "peak_buffers", NUMBER, peak_buffers),
    COUNTER(kdw_logger, "buffers_written", NUMBER, buffers_written),
    COUNTER(kdw_logger, "events_lost", NUMBER, events_lost),
    COUNTER(kdw_logger, "log_buffers_lost", NUMBER, log_buffers_lost),
    COUNTER(kdw_logger, "realtime_buffers_delivered", NUMBER, realtime_buffers_delivered),
    COUNTER(kdw_logger, "realtime_buffers_lost", NUMBER, realtime_buffers_lost),
    FACT(kdw_logger, "flush_timer", NUMBER, flush_timer),
    FACT(kdw_logger, "consumers", NUMBER, consumers),
    FACT(kdw_logger, "transition_consumer", ADDRESS, transition_consumer_va),
    COUNTER(kdw_logger, "lock", WORD, lock),
    COUNTER(kdw_logger, "mutex_owner", ADDRESS, mutex_owner_va),
    FACT(kdw_logger, "rundown", ADDRESS, rundown_va),
    COUNTER(kdw_logger, "references", NUMBER, references),
    FACT(kdw_logger, "callback_context", ADDRESS, callback_context_va),
};

static const struct kdw_fact consumers_facts[] = {
    FACT(kdw_consumer, "address", KEY, va),
    FACT(kdw_consumer, "logger", ADDRESS, logger_va),
    FACT(kdw_consumer, "logger_id", NUMBER, logger_id),
    FACT(kdw_consumer, "own_etw_state", ADDRESS, own_state_va),
    FACT(kdw_consumer, "process", ADDRESS, process_va),
    FACT(kdw_consumer, "pid", NUMBER, pid),
    FACT(kdw_consumer, "process_name", TEXT, process_name),
    FACT(kdw_consumer, "flags", WORD, flags),
    COUNTER(kdw_consumer, "buffers_lost", NUMBER, buffers_lost),
};

static const struct kdw_fact consumer_handles_facts[] = {
    FACT(kdw_consumer_handle, "address", KEY, va),
    FACT(kdw_consumer_handle, "process", ADDRESS, process_va),
    FACT(kdw_consumer_handle, "handle", NUMBER, handle),
    FACT(kdw_consumer_handle, "object", ADDRESS, object_va),
};

static const struct kdw_fact providers_facts[] = {
    FACT(kdw_provider, "address", KEY, va),
    FACT(kdw_provider, "etw_state", ADDRESS, state_va),
    FACT(kdw_provider, "type", NUMBER, type),
    FACT(kdw_provider, "bucket", NUMBER, bucket),
    FACT(kdw_provider, "guid", GUID, guid),
    COUNTER(kdw_provider, "references", NUMBER, references),
    FACT(kdw_provider, "own_etw_state", ADDRESS, own_state_va),
    FACT(kdw_provider, "host_entry", ADDRESS, host_entry_va),
    FACT(kdw_provider, "enabled", NUMBER, enabled),
    FACT(kdw_provider, "level", NUMBER, level),
    FACT(kdw_provider, "property", WORD, property),
    FACT(kdw_provider, "any_keyword", WORD, any_keyword),
    FACT(kdw_provider, "all_keyword", WORD, all_keyword),
    COUNTER(kdw_provider, "lock", WORD, lock),
    COUNTER(kdw_provider, "lock_owner", ADDRESS, lock_owner_va),
    COUNTER(kdw_provider, "bucket_lock", WORD, bucket_lock),
    FACT(kdw_provider, "filter", ADDRESS, filter_va),
    FACT(kdw_provider, "descriptor", ADDRESS, descriptor_va),
};

static const struct kdw_fact enables_facts[] = {
    FACT(kdw_enable, "address", KEY, va),
    FACT(kdw_enable, "provider", ADDRESS, provider_va),
    FACT(kdw_enable, "slot", NUMBER, slot),
    FACT(kdw_enable, "enabled", NUMBER, enabled),
    FACT(kdw_enable, "level", NUMBER, level),
    FACT(kdw_enable, "logger_id", NUMBER, logger_id),
    FACT(kdw_enable, "property", WORD, property),
    FACT(kdw_enable, "any_keyword", WORD, any_keyword),
    FACT(kdw_enable, "all_keyword", WORD, all_keyword),
};

static const struct kdw_fact registrations_facts[] = {
    FACT(kdw_registration, "address", KEY, va),
    JOINED(kdw_registration, "provider", ADDRESS, provider_va),
    JOINED(kdw_registration, "listed_group", ADDRESS, listed_group_va),
    FACT(kdw_registration, "own_provider", ADDRESS, own_provider_va),
    FACT(kdw_registration, "group", ADDRESS, group_va),
    FACT(kdw_registration, "flags", WORD, flags),
    FACT(kdw_registration, "index", NUMBER, index),
    FACT(kdw_registration, "enable_mask", WORD, enable_mask),
    FACT(kdw_registration, "group_mask", WORD, group_mask),
    FACT(kdw_registration, "host_mask", WORD, host_mask),
    FACT(kdw_registration, "host_group_mask", WORD, host_group_mask),
    FACT(kdw_registration, "process", ADDRESS, process_va),
    FACT(kdw_registration, "pid", NUMBER, pid),
    FACT(kdw_registration, "process_name", TEXT, process_name),
    FACT(kdw_registration, "callback", ADDRESS, callback_va),
    FACT(kdw_registration, "context", ADDRESS, context_va),
    FACT(kdw_registration, "session_id", NUMBER, session_id),
    FACT(kdw_registration, "traits_name", TEXT, traits_name),
};

static const struct kdw_fact security_loggers_facts[] = {
    FACT(kdw_security_logger, "address", KEY, va),
    FACT(kdw_security_logger, "etw_state", ADDRESS, state_va),
    FACT(kdw_security_logger, "slot", NUMBER, slot),
    FACT(kdw_security_logger, "logger_id", NUMBER, logger_id),
};

static const struct kdw_fact system_loggers_facts[] = {
    FACT(kdw_system_logger, "address", KEY, va),
    FACT(kdw_system_logger, "etw_state", ADDRESS, state_va),
    FACT(kdw_system_logger, "index", NUMBER, index),
    FACT(kdw_system_logger, "logger_id", NUMBER, logger_id),
    FACT(kdw_system_logger, "clock_type", NUMBER, clock_type),
    FACT(kdw_system_logger, "group0", WORD, groups[0]),
    FACT(kdw_system_logger, "group1", WORD, groups[1]),
    FACT(kdw_system_logger, "group2", WORD, groups[2]),
    FACT(kdw_system_logger, "group3", WORD, groups[3]),
    FACT(kdw_system_logger, "group4", WORD, groups[4]),
    FACT(kdw_system_logger, "group5", WORD, groups[5]),
    FACT(kdw_system_logger, "group6", WORD, groups[6]),
    FACT(kdw_system_logger, "group7", WORD, groups[7]),
};

static const struct kdw_fact modules_facts[] = {
    FACT(kdw_module_fact, "address", KEY, va),   FACT(kdw_module_fact, "base", ADDRESS, base_va),
    FACT(kdw_module_fact, "size", NUMBER, size), FACT(kdw_module_fact, "name", TEXT, name),
    FACT(kdw_module_fact, "path", TEXT, path),
};

static const struct kdw_fact variables_facts[] = {
    FACT(kdw_variable, "address", KEY, va),
    FACT(kdw_variable, "name", TEXT, name),
    FACT(kdw_variable, "index", NUMBER, index),
    FACT(kdw_variable, "value", WORD, value),
};

static const struct kdw_fact broken_lists_facts[] = {
    FACT(kdw_list_walk, "address", KEY, va),
    FACT(kdw_list_walk, "name", TEXT, name),
    FACT(kdw_list_walk, "owner", ADDRESS, owner_va),
    JOINED(kdw_list_walk, "entries", NUMBER, entries),
    JOINED(kdw_list_walk, "problem", TEXT, problem),
    JOINED(kdw_list_walk, "end", ADDRESS, end_va),
};

#define TABLE(name, one, record, max)                                                              \
    {                                                                                              \
#name, one, sizeof(struct record), max, name##_facts,                                      \
            sizeof name##_facts / sizeof name##_facts[0]                                           \
    }

const struct kdw_table_info kdw_snapshot_tables[KDW_TABLES] = {
    [KDW_TABLE_SILOS] = TABLE(silos, "silo", kdw_silo, 256),
    [KDW_TABLE_JOBS] = TABLE(jobs, "job", kdw_job, 4096),
    [KDW_TABLE_STORAGE] = TABLE(storage_slots, "storage slot", kdw_storage_slot, 2048),
    [KDW_TABLE_MONITORS] = TABLE(silo_monitors, "silo monitor", kdw_monitor, 256),
    [KDW_TABLE_SESSIONS] = TABLE(sessions, "session", kdw_session, 1024),
    [KDW_TABLE_PROCESSES] = TABLE(processes, "process", kdw_process, 8192),
    [KDW_TABLE_CPUS] = TABLE(processors, "processor", kdw_cpu, 2048),
    [KDW_TABLE_STATES] = TABLE(etw_states, "ETW state", kdw_etw_state, 256),
    [KDW_TABLE_LOGGERS] = TABLE(loggers, "logger", kdw_logger, 2048),
    [KDW_TABLE_CONSUMERS] = TABLE(consumers, "consumer", kdw_consumer, 4096),
    [KDW_TABLE_HANDLES] = TABLE(consumer_handles, "consumer handle", kdw_consumer_handle, 4096),
    [KDW_TABLE_PROVIDERS] = TABLE(providers, "provider", kdw_provider, 8192),
    [KDW_TABLE_ENABLES] = TABLE(enables, "enable", kdw_enable, 16384),
    [KDW_TABLE_REGISTRATIONS] = TABLE(registrations, "registration", kdw_registration, 16384),
    [KDW_TABLE_SECURITY] = TABLE(security_loggers, "security logger", kdw_security_logger, 512),
    [KDW_TABLE_SYSTEM] = TABLE(system_loggers, "system logger", kdw_system_logger, 512),
    [KDW_TABLE_MODULES] = TABLE(modules, "module", kdw_module_fact, 4096),
    [KDW_TABLE_VARIABLES] = TABLE(variables, "variable", kdw_variable, 1024),
    [KDW_TABLE_LISTS] = TABLE(broken_lists, "broken list", kdw_list_walk, 1024),
};
