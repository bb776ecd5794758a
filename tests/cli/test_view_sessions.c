#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/capture.h"
#include "support/clean_snapshot.h"
#include "support/lines.h"
#include "views.h"

static void a_session_has_a_role_and_people(void **state)
{
    struct kdw_snapshot s;
    struct kdw_session *session;
    struct kdw_process *p;
    struct kdw_silo *silo;
    struct capture c;
    const char *text;

    (void)state;
    clean_snapshot(&s);
    session = kdw_snapshot_add(&s, KDW_TABLE_SESSIONS, CLEAN_NOWHERE);
    assert_non_null(session);
    session->id = clean_known(0);
    session->processes = clean_known(3);
    silo = clean_record(&s, KDW_TABLE_SILOS, 0);
    silo->service_session = clean_known(0);
    silo->console_session = clean_known(1);
    p = clean_record(&s, KDW_TABLE_PROCESSES, CLEAN_LSASS);
    p->session_id = clean_known(0);
    p = clean_record(&s, KDW_TABLE_PROCESSES, CLEAN_MSMPENG);
    p->session_id = clean_known(0);
    p = clean_record(&s, KDW_TABLE_PROCESSES, CLEAN_INSIDE);
    p->session_id = clean_known(0);
    p->exited_100ns = clean_known(1000);
    capture_begin(&c, CAPTURE_OUT);
    view_sessions(&s, true);
    text = capture_end(&c);
    assert_true(lines_have(text, "      0  -              3      2  services of host  lsass.exe, "
                                 "MsMpEng.exe"));
    assert_true(lines_have(text, "    _MM_SESSION_SPACE ffffa80f00001000"));
    capture_free(&c);
    kdw_snapshot_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_has_a_role_and_people),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
