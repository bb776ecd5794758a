/* What the fake target does when the test says so. */
#include "fake_target_parts.h"

void fake_target_do(struct fake_target *t, enum fake_deed deed)
{
    while (atomic_load(&t->deed) != FAKE_NOTHING)
        uv_sleep(1);
    atomic_store(&t->deed, deed);
}

static void load_module(struct fake_target *t)
{
    t->is_at_module = true;
    fake_halt_at(t, FAKE_STOP_PC + 0x1000);
}

static void take_notice(struct fake_target *t)
{
    t->opts.never_halts = false;
    if (t->is_break_missed)
        fake_halt_at(t, FAKE_STOP_PC);
    t->is_break_missed = false;
}

static void restore(struct fake_target *t)
{
    t->is_halted = t->is_at_module = t->is_unacknowledged = false;
    t->id = t->saved_id;
    t->carrier->restore(t);
}

void fake_do(struct fake_target *t)
{
    enum fake_deed deed = (enum fake_deed)atomic_load(&t->deed);

    switch (deed) {
    case FAKE_NOTHING:
        return;
    case FAKE_PRINTS:
        fake_print(t);
        break;
    case FAKE_LOADS:
        load_module(t);
        break;
    case FAKE_FAULTS:
        fake_halt_at(t, FAKE_FAULT_PC);
        break;
    case FAKE_REBOOTS:
        fake_restart(t);
        break;
    case FAKE_SLEEPS:
    case FAKE_WAKES:
        t->is_silent = deed == FAKE_SLEEPS;
        break;
    case FAKE_IS_BUSY:
        t->opts.never_halts = true;
        break;
    case FAKE_IS_IDLE:
        take_notice(t);
        break;
    case FAKE_CUTS:
        t->carrier->cut(t);
        break;
    case FAKE_IS_SAVED:
        t->saved_id = t->id;
        t->carrier->save(t);
        break;
    case FAKE_IS_RESTORED:
        restore(t);
        break;
    }
    atomic_store(&t->deed, FAKE_NOTHING);
}
