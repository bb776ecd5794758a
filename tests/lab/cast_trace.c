/* cast_trace.c - who logs, and to whom. */
#include <string.h>

#include "cast.h"

static int index_of(const struct cast *c, const struct cast_process *p)
{
    return p ? (int)(p - c->processes) : NOBODY;
}

static struct cast_logger *add_logger(struct cast *c, int silo, const struct lab_logger *said)
{
    struct cast_logger *l = &c->loggers[c->logger_count];

    if (c->logger_count == CAST_LOGGERS_MAX)
        return NULL;
    c->logger_count++;
    c->silos[silo].loggers++;
    l->said = said;
    l->silo = silo;
    return l;
}

static void add_consumer(struct cast_logger *l, int process)
{
    if (process != NOBODY)
        l->consumers[l->consumer_count++] = process;
}

/* The first of that image in a silo. */
static const struct cast_process *process_called(const struct cast *c, int silo, const char *image)
{
    for (size_t i = 0; i < c->process_count; i++)
        if (c->processes[i].silo == silo && strcmp(c->processes[i].image, image) == 0)
            return &c->processes[i];
    return NULL;
}

void cast_loggers(struct cast *c)
{
    for (size_t i = 0; i < c->scene->logger_count; i++) {
        const struct lab_logger *said = &c->scene->loggers[i];
        struct cast_logger *l = add_logger(c, 0, said);

        for (unsigned k = 0; l && k < 3 && said->consumers[k]; k++)
            add_consumer(l, index_of(c, cast_process(c, said->consumers[k])));
    }
    for (size_t i = 0; i < crowd_logger_count; i++) {
        const struct crowd_logger *said = &crowd_loggers[i];
        int silo = cast_silo_of(said->place);
        struct cast_logger *l = add_logger(c, silo, &said->logger);

        if (l && said->consumer)
            add_consumer(l, index_of(c, process_called(c, silo, said->consumer)));
    }
}
