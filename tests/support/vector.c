#include "support/vector.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "support/hex.h"

void vector_load(struct vector *v, const char *hex)
{
    v->len = hex_decode(hex, v->bytes, sizeof v->bytes);
    assert_int_equal(kd_packet_decode(v->bytes, v->len, &v->packet), KD_OK);
}
