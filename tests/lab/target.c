#include "target_parts.h"

#include <stdlib.h>
#include <string.h>

uint64_t target_random(struct lab_target *t)
{
    return lab_random(&t->random);
}

struct lab_output *target_output(struct lab_target *t)
{
    if (t->output_count == LAB_OUTPUT_MAX)
        abort(); /* whoever drives the target forgot to take its outputs */
    return &t->output[(t->output_first + t->output_count++) % LAB_OUTPUT_MAX];
}

static bool is_over_stream(const struct lab_target *t)
{
    return t->opts.carrier == LAB_OVER_STREAM;
}

/* Each stage is a session of its own: ids from the start; on KDNET new nonce and new handshake. */
void target_start_stage(struct lab_target *t, bool is_boot)
{
    t->is_boot = is_boot;
    t->host_gone = false;
    t->was_heard = false;
    t->phase = LAB_RUNNING;
    t->is_break_pending = false;
    t->coming = (struct lab_coming){.at_us = t->now_us};
    t->script = t->script_end = NULL;
    t->stats.stages++;
    link_start_stage(t, 0);
    if (is_over_stream(t))
        stream_start_stage(t);
    else
        kdnet_start_stage(t);
}

/* What a stage says as it begins. A kernel says nothing, unless it waits for a host; what a tape says
 * comes by itself. */
static void begin_script(struct lab_target *t)
{
    if (!t->opts.tape && (t->is_boot || t->rules->waits_at_boot))
        stage_script(t);
}

/* Over a stream a new boot announces itself; on KDNET its poke does that. A tape goes on where it stands. */
void target_reboot(struct lab_target *t)
{
    if (t->phase == LAB_HALTED)
        run_end_freeze(t);
    t->stats.reboots++;
    target_start_stage(t, t->opts.boot);
    if (!t->opts.tape && is_over_stream(t)) {
        stream_boot_text(t);
        stage_restart(t);
    }
    begin_script(t);
    run_on(t);
}

struct lab_target *lab_target_create(const struct lab_target_options *opts, uint64_t now_us)
{
    struct lab_target *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    t->opts = *opts;
    t->info = opts->tape ? NULL : lab_machine_info(opts->machine);
    t->rules = link_rules_of(opts);
    t->random = opts->seed;
    t->now_us = now_us;
    t->seal = lab_seal_create(opts->key);
    if (!t->seal) {
        free(t);
        return NULL;
    }
    memset(t->opts.key, 0, sizeof t->opts.key); /* the seal has it, and wipes it */
    target_start_stage(t, opts->boot);
    link_start_stage(t, opts->first_id);
    begin_script(t);
    run_on(t);
    return t;
}

void lab_target_destroy(struct lab_target *t)
{
    if (!t)
        return;
    lab_seal_destroy(t->seal);
    free(t);
}

void lab_target_datagram(struct lab_target *t, const uint8_t *bytes, size_t len, uint64_t now_us)
{
    t->now_us = now_us;
    if (!t->is_silent)
        kdnet_datagram(t, bytes, len);
}

void lab_target_bytes(struct lab_target *t, const uint8_t *bytes, size_t len, uint64_t now_us)
{
    t->now_us = now_us;
    stream_bytes(t, bytes, len);
}

void lab_target_tick(struct lab_target *t, uint64_t now_us)
{
    t->now_us = now_us;
    if (t->is_silent)
        return;
    if (now_us >= t->poke_at_us)
        kdnet_poke(t);
    stream_tick(t);
    link_tick(t);
    if (now_us >= tape_due_us(t))
        run_on(t);
}

uint64_t lab_target_deadline(const struct lab_target *t)
{
    uint64_t at_us = t->resend_at_us, tape_us = tape_due_us(t);

    if (t->is_silent)
        return UINT64_MAX;
    if (tape_us < at_us)
        at_us = tape_us;
    if (t->poke_at_us < at_us)
        at_us = t->poke_at_us;
    return t->stream.due_us < at_us ? t->stream.due_us : at_us;
}

bool lab_target_next_output(struct lab_target *t, const uint8_t **bytes, size_t *len)
{
    const struct lab_output *next = &t->output[t->output_first];

    if (t->output_count == 0)
        return false;
    t->output_first = (t->output_first + 1) % LAB_OUTPUT_MAX;
    t->output_count--;
    *bytes = next->bytes;
    *len = next->len;
    return true;
}

bool lab_target_is_running(const struct lab_target *t)
{
    return t->phase == LAB_RUNNING && !t->is_break_pending;
}

const struct lab_stats *lab_target_stats(const struct lab_target *t)
{
    return &t->stats;
}
