#include "kdlab_machine.h"

#include <errno.h>
#include <stdlib.h>

const char *kdlab_take_shape(const char *text, struct lab_machine_options *out)
{
    char *end;
    uint64_t value;

    errno = 0;
    value = strtoull(text, &end, 0);
    if (text[0] < '0' || text[0] > '9' || errno != 0 || *end != '\0' || value == 0)
        return "a number from 1 on is wanted";
    out->seed = value;
    return NULL;
}

const char *kdlab_take_tamper(const char *text, struct lab_machine_options *out)
{
    static const char wanted[] = "T1 to T27, or several with commas in between, are wanted";

    for (;; text++) {
        char *end;
        long number;

        if (text[0] != 'T' || text[1] < '1' || text[1] > '9')
            return wanted;
        number = strtol(text + 1, &end, 10);
        if (number > LAB_TAMPERS)
            return wanted;
        out->tampers |= UINT32_C(1) << (number - 1);
        text = end;
        if (*text != ',')
            return *text == '\0' ? NULL : wanted;
    }
}
