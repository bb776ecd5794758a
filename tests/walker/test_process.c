#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "people.h"
#include "support/fake_people.h"

#define PROCESS "_EPROCESS"
#define SYSTEM  UINT64_C(0xffffd18001000080)
#define FIRST   UINT64_C(0xffffd18001004080)
#define SECOND  UINT64_C(0xffffd18001008080)
#define NAME    UINT64_C(0xffffd18002000000)

static void make(struct fake_people *p, const char *build)
{
    fake_people_init(p, build);
    fake_people_process(p, SYSTEM, 4, "System");
    fake_people_process_is_listed(p, SYSTEM, 4);
    fake_people_process(p, FIRST, 0x100, "calc.exe");
    fake_people_process(p, SECOND, 0x104, "notepad.exe");
}

static void done(struct fake_people *p, struct kdw_snapshot *s)
{
    kdw_snapshot_free(s);
    fake_people_deinit(p);
}

static void put_all(struct fake_people *p, uint64_t va)
{
    struct fake_kernel *k = &p->k;

    fake_kernel_put(k, PROCESS, va, "Pcb.DirectoryTableBase", 0x1aa000);
    fake_kernel_put(k, PROCESS, va, "InheritedFromUniqueProcessId", 0x44);
    fake_kernel_put(k, PROCESS, va, "CreateTime", 1000);
    fake_kernel_put(k, PROCESS, va, "ExitTime", 2000);
    fake_kernel_put(k, PROCESS, va, "ExitStatus", 0xc0000005);
    fake_kernel_put(k, PROCESS, va, "Flags", 0x10);
    fake_kernel_put(k, PROCESS, va, "Flags2", 0x21);
    fake_kernel_put(k, PROCESS, va, "Flags3", 0x30);
    fake_kernel_put(k, PROCESS, va, "Protection", 0x31);
    fake_kernel_put(k, PROCESS, va, "SignatureLevel", 0x37);
    fake_kernel_put(k, PROCESS, va, "SectionSignatureLevel", 7);
    fake_kernel_put(k, PROCESS, va, "Peb", 0x2f1a000);
    fake_kernel_put(k, PROCESS, va, "WoW64Process", FIRST + 8);
    fake_kernel_put(k, PROCESS, va, "ObjectTable", FIRST + 16);
    fake_kernel_put(k, PROCESS, va, "ActiveThreads", 9);
    fake_kernel_put(k, PROCESS, va, "SeAuditProcessCreationInfo.ImageFileName", NAME);
    fake_mem_unicode(&k->mem, NAME, NAME + 0x40, "\\Device\\calc.exe");
}

static void assert_all(const struct kdw_process *found)
{
    assert_int_equal(found->dtb.value, 0x1aa000);
    assert_int_equal(found->pid.value, 0x100);
    assert_int_equal(found->parent_pid.value, 0x44);
    assert_string_equal(found->name.utf8, "calc.exe");
    assert_string_equal(found->path.utf8, "\\Device\\calc.exe");
    assert_int_equal(found->created_100ns.value, 1000);
    assert_int_equal(found->exited_100ns.value, 2000);
    assert_true((int64_t)found->exit_status.value == -0x3ffffffb);
    assert_int_equal(found->flags.value, 0x10);
    assert_int_equal(found->flags2.value, 0x21);
    assert_int_equal(found->flags3.value, 0x30);
    assert_int_equal(found->job_not_active.value, 1);
    assert_int_equal(found->protection.value, 0x31);
    assert_int_equal(found->signature_level.value, 0x37);
    assert_int_equal(found->section_signature_level.value, 7);
    assert_int_equal(found->peb_va.value, 0x2f1a000);
    assert_true(found->wow64_va.value == FIRST + 8);
    assert_true(found->handle_table_va.value == FIRST + 16);
    assert_int_equal(found->threads.value, 9);
}

static void every_fact_of_a_process_is_read_in_each_generation(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct kdw_process *found;
        struct kdw_snapshot s;
        struct fake_people p;

        make(&p, fake_people_builds[i]);
        put_all(&p, FIRST);
        if (i > 0)
            fake_kernel_put(&p.k, PROCESS, FIRST, "MitigationFlags", 0x21);
        fake_people_process_is_listed(&p, FIRST, 0x100);
        fake_people_take(&p, KDW_PART_PROCESSES, &s);
        assert_int_equal(s.tables[KDW_TABLE_PROCESSES].len, 2);
        found = fake_people_find(&s, FIRST);
        assert_all(found);
        assert_int_equal(found->mitigation_flags.status, i > 0 ? KD_OK : KD_ERR_NOT_FOUND);
        assert_int_equal(found->own_silo_va.status, i > 0 ? KD_OK : KD_ERR_NOT_FOUND);
        assert_int_equal(found->found.value, KDW_FOUND_LIST | KDW_FOUND_MEMORY | KDW_FOUND_CID);
        assert_true(kdw_snapshot_is_complete(&s));
        done(&p, &s);
    }
}

static void one_that_left_the_list_is_found_in_the_memory_managers_and_by_its_id(void **state)
{
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    fake_people_link(&p, p.memory_va, PROCESS, FIRST, "MmProcessLinks");
    fake_people_id(&p, 0x104, SECOND);
    fake_people_take(&p, KDW_PART_PROCESSES, &s);
    assert_int_equal(s.tables[KDW_TABLE_PROCESSES].len, 3); /* the head of the ring is none */
    assert_int_equal(fake_people_find(&s, FIRST)->found.value, KDW_FOUND_MEMORY);
    assert_string_equal(fake_people_find(&s, FIRST)->name.utf8, "calc.exe");
    assert_int_equal(fake_people_find(&s, SECOND)->found.value, KDW_FOUND_CID);
    assert_true(kdw_snapshot_is_complete(&s));
    done(&p, &s);
}

static void threads_in_the_table_of_ids_are_no_processes(void **state)
{
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    fake_people_object(&p, FIRST, FAKE_THREAD_TYPE);
    fake_people_id(&p, 0x200, FIRST);
    fake_people_object(&p, SECOND, FAKE_PROCESS_TYPE); /* by its header, and yet none */
    fake_kernel_put(&p.k, PROCESS, SECOND, "Pcb.Header.Type", 6);
    fake_people_id(&p, 0x204, SECOND);
    fake_people_take(&p, KDW_PART_PROCESSES, &s);
    assert_int_equal(s.tables[KDW_TABLE_PROCESSES].len, 1);
    assert_true(kdw_snapshot_is_complete(&s));
    done(&p, &s);
}

static void an_id_that_leads_nowhere_is_a_hole_in_the_table(void **state)
{
    const struct kdw_list_walk *list;
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    fake_people_id(&p, 0x200, NAME);
    fake_people_id(&p, 0x204, SECOND);
    fake_people_take(&p, KDW_PART_PROCESSES, &s);
    assert_int_equal(s.tables[KDW_TABLE_PROCESSES].len, 2);
    assert_int_equal(s.tables[KDW_TABLE_LISTS].len, 1);
    list = s.tables[KDW_TABLE_LISTS].records;
    assert_string_equal(list->name.utf8, "PspCidTable");
    done(&p, &s);
}

static void a_ring_that_was_cut_is_told_and_walked_from_both_ends(void **state)
{
    const struct kdw_list_walk *list;
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    fake_people_process_is_listed(&p, FIRST, 0x100);
    fake_kernel_put(&p.k, PROCESS, FIRST, "MmProcessLinks.Blink", NAME);
    fake_people_take(&p, KDW_PART_PROCESSES, &s);
    assert_int_equal(fake_people_find(&s, FIRST)->found.value,
                     KDW_FOUND_LIST | KDW_FOUND_MEMORY | KDW_FOUND_CID);
    assert_int_equal(s.tables[KDW_TABLE_LISTS].len, 1);
    list = s.tables[KDW_TABLE_LISTS].records;
    assert_string_equal(list->name.utf8, "MmProcessLinks");
    assert_true(list->owner_va.value == SYSTEM);
    done(&p, &s);
}

static void a_path_is_none_without_its_pointer_and_a_gap_without_its_text(void **state)
{
    struct kdw_snapshot s;
    struct fake_people p;

    (void)state;
    make(&p, "18362");
    fake_people_process_is_listed(&p, FIRST, 0x100);
    fake_kernel_put(&p.k, PROCESS, FIRST, "SeAuditProcessCreationInfo.ImageFileName", NAME);
    fake_people_take(&p, KDW_PART_PROCESSES, &s);
    assert_int_equal(fake_people_find(&s, SYSTEM)->path.status, KD_ERR_NOT_FOUND);
    assert_int_equal(fake_people_find(&s, FIRST)->path.status, KD_ERR_NOT_MAPPED);
    assert_true(fake_people_find(&s, FIRST)->path.fault_va == NAME);
    done(&p, &s);
}

static void what_ends_a_walk_ends_this_one_wherever_it_comes(void **state)
{
    (void)state;
    for (size_t from = 1; from < 200; from++) {
        struct kdw_snapshot s = {0};
        struct fake_people p;
        enum kd_status st;
        size_t reads;

        make(&p, "22000");
        put_all(&p, FIRST);
        fake_people_process_is_listed(&p, FIRST, 0x100);
        p.k.mem.fail_with = KD_ERR_LOST;
        p.k.mem.fail_from = from;
        st = kdw_snapshot_take(&p.k.kernel, KDW_PART_PROCESSES, &s);
        reads = p.k.mem.reads;
        assert_true(st == KD_ERR_LOST || (st == KD_OK && reads < from));
        if (st == KD_OK)
            kdw_snapshot_free(&s);
        fake_people_deinit(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fact_of_a_process_is_read_in_each_generation),
        cmocka_unit_test(one_that_left_the_list_is_found_in_the_memory_managers_and_by_its_id),
        cmocka_unit_test(threads_in_the_table_of_ids_are_no_processes),
        cmocka_unit_test(an_id_that_leads_nowhere_is_a_hole_in_the_table),
        cmocka_unit_test(a_ring_that_was_cut_is_told_and_walked_from_both_ends),
        cmocka_unit_test(a_path_is_none_without_its_pointer_and_a_gap_without_its_text),
        cmocka_unit_test(what_ends_a_walk_ends_this_one_wherever_it_comes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
