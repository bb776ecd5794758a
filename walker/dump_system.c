#include <walker/dump_system.h>

#include <kdproto/bytes.h>
#include <walker/debugger_data.h>
#include <walker/kernel_scan.h>
#include <walker/modules.h>
#include <walker/system.h>

#include <inttypes.h>
#include <string.h>

enum {
    PAGE_LEN = 0x1000,
    MACHINE_AMD64 = 0x8664,
    MACHINE_ARM64 = 0xAA64,
    BUGCHECK_LEN = 5 * 8, /* KiBugcheckData: the code and four parameters [doc] */
    BLOCK_TAG = 0x10,     /* in a debugger data block: "KDBG" */
    /* Each process has a root, and each leads to the kernel: so many that do not are no machine. */
    ROOTS_MAX = 64,
};

/* Lists of the kernel stand above this [doc]. */
static const uint64_t system_half_va = 0xFFFF800000000000;

/* ---- what the file says ---- */

static struct kdw_target target_of(const struct kdw_dump *d)
{
    const struct kdw_dump_facts *f = kdw_dump_facts(d);
    struct kdw_target t = kdw_dump_target(d);

    t.process_list_va = f->process_list_va;
    t.debugger_data_va = f->debugger_data_va;
    t.time_100ns = f->time_100ns;
    t.uptime_100ns = f->uptime_100ns;
    t.product_type = f->has_product ? f->product_type : 0;
    t.suite_mask = f->suite_mask;
    t.has_bugcheck = f->has_bugcheck;
    t.bugcheck_code = f->bugcheck_code;
    for (size_t i = 0; i < 4; i++)
        t.bugcheck_parameters[i] = f->bugcheck_parameters[i];
    return t;
}

/* ---- what the kernel's variables say ---- */

/* Windows stores it before it writes the dump, and of a machine that runs it is zero [doc]. Images that
 * others made of a machine that had crashed have it there alone. */
static enum kd_status read_bugcheck(struct kdw_mem *mem, uint64_t va, struct kdw_target *t)
{
    uint8_t bytes[BUGCHECK_LEN] = {0};
    struct kd_reader r = kd_reader_of(bytes, sizeof bytes);
    enum kd_status st = kdw_mem_read(mem, va, bytes, sizeof bytes, NULL);
    uint64_t code = kd_rd_u64(&r);

    if (st != KD_OK || code == 0 || code > UINT32_MAX)
        return kdw_ends_walk(st) ? st : KD_OK;
    t->has_bugcheck = true;
    t->bugcheck_code = (uint32_t)code;
    for (size_t i = 0; i < 4; i++)
        t->bugcheck_parameters[i] = kd_rd_u64(&r);
    return KD_OK;
}

/* Both links of a block that is alone lead to the head of the list of blocks. Only a plain one can be
 * found by it again. */
static enum kd_status take_list_head(struct kdw_mem *mem, uint64_t block_va, struct kdw_target *t)
{
    uint64_t head_va = 0;
    enum kd_status st = kdw_mem_u64(mem, block_va, &head_va);

    if (st == KD_OK)
        t->debugger_data_list_va = head_va;
    return kdw_ends_walk(st) ? st : KD_OK;
}

static enum kd_status use_block(struct kdw_mem *mem, uint64_t block_va,
                                const struct kdw_debugger_data *block, struct kdw_target *t)
{
    enum kd_status st = KD_OK;

    if (t->kernel_base_va == 0)
        t->kernel_base_va = block->kernel_base_va;
    if (t->module_list_va == 0)
        t->module_list_va = block->module_list_va;
    t->build_lab_va = block->build_lab_va;
    if (!block->was_encoded) {
        t->debugger_data_va = block_va;
        st = take_list_head(mem, block_va, t);
    }
    if (st == KD_OK && !t->has_bugcheck && block->bugcheck_va != 0)
        st = read_bugcheck(mem, block->bugcheck_va, t);
    return st;
}

/* That of the kernel that is known, or what may be one. */
static bool is_base(const struct kdw_target *t, uint64_t va)
{
    return t->kernel_base_va != 0 ? va == t->kernel_base_va : va >> 63 != 0 && va % PAGE_LEN == 0;
}

/* Is there nothing left to be asked of the kernel's image? */
static bool is_said(const struct kdw_target *t)
{
    return t->build_lab_va != 0 && t->module_list_va != 0;
}

/* A block there that is this kernel's, or whose kernel is not known yet. keys NULL: a plain one. */
static enum kd_status try_block(struct kdw_mem *mem, uint64_t va,
                                const struct kdw_debugger_keys *keys, struct kdw_target *t)
{
    struct kdw_debugger_data block = {0};
    enum kd_status st;

    if (va == 0)
        return KD_OK;
    st = kdw_debugger_data_read(mem, va, keys, NULL, &block);
    if (st == KD_OK && is_base(t, block.kernel_base_va))
        return use_block(mem, va, &block, t);
    return kdw_ends_walk(st) ? st : KD_OK;
}

/* The kernel is the first of its modules [seen]. */
static enum kd_status take_first_module(struct kdw_mem *mem, struct kdw_target *t)
{
    struct kdw_module first;
    enum kd_status st;

    if (t->module_list_va == 0)
        return KD_OK;
    st = kdw_first_module(mem, t->module_list_va, NULL, &first);
    if (st != KD_OK)
        return kdw_ends_walk(st) ? st : KD_OK;
    if (first.base_va.status == KD_OK && is_base(t, first.base_va.value))
        t->kernel_base_va = first.base_va.value;
    kdw_module_free(&first);
    return KD_OK;
}

/* Places that are inside the kernel, if anything is: what the file names, where a processor was, where
 * one goes on an interrupt. */
struct places {
    uint64_t va[3];
    size_t count;
};

static enum kd_status find_places(struct kdw_mem *mem, const struct kdw_dump_facts *f,
                                  struct places *out)
{
    uint64_t all[] = {f->kernel_hint_va, f->rip, 0};
    enum kd_status st = KD_OK;

    if (f->idt_va != 0)
        st = kdw_first_handler(mem, f->idt_va, NULL, &all[2]);
    *out = (struct places){.count = 0};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i] >> 63 != 0) /* else a program's, or not known */
            out->va[out->count++] = all[i];
    return kdw_ends_walk(st) ? st : KD_OK;
}

static enum kd_status scan(struct kdw_mem *mem, const struct places *inside, struct kdw_target *t)
{
    enum kd_status st = KD_ERR_NOT_FOUND;

    for (size_t i = 0; i < inside->count && st == KD_ERR_NOT_FOUND; i++)
        st = kdw_kernel_scan(mem, inside->va[i], NULL, &t->kernel_base_va);
    return kdw_ends_walk(st) ? st : KD_OK;
}

/* ---- what is searched in the kernel's image ---- */

static uint64_t word_at(const uint8_t *bytes)
{
    struct kd_reader r = kd_reader_of(bytes, 8);

    return kd_rd_u64(&r);
}

static bool may_be_list_entry(uint64_t va)
{
    return va >= system_half_va && va % 8 == 0;
}

/* A list head there whose list is that of the modules of this kernel, or of the one that is looked for. */
static enum kd_status try_list(struct kdw_mem *mem, uint64_t va, const uint8_t *links,
                               struct kdw_target *t)
{
    uint64_t flink = word_at(links), blink = word_at(links + 8), base_va = 0;
    enum kd_status st;

    if (!may_be_list_entry(flink) || !may_be_list_entry(blink) || flink == va)
        return KD_OK;
    st = kdw_kernel_of_list(mem, va, &base_va);
    if (st != KD_OK || !is_base(t, base_va))
        return kdw_ends_walk(st) ? st : KD_OK;
    t->kernel_base_va = base_va;
    t->module_list_va = va;
    return KD_OK;
}

/* Both begin at a multiple of 8, the list's head perhaps with the last one of a page. */
static enum kd_status search_page(struct kdw_mem *mem, uint64_t page_va, struct kdw_target *t)
{
    uint8_t page[PAGE_LEN + 8] = {0};
    enum kd_status st = kdw_mem_read(mem, page_va, page, PAGE_LEN, NULL);

    if (st == KD_OK)
        (void)kdw_mem_read(mem, page_va + PAGE_LEN, page + PAGE_LEN, 8, NULL);
    for (size_t at = 0; st == KD_OK && at < PAGE_LEN; at += 8) {
        if (t->build_lab_va == 0 && memcmp(page + at, "KDBG", 4) == 0)
            st = try_block(mem, page_va + at - BLOCK_TAG, NULL, t);
        if (st == KD_OK && t->module_list_va == 0)
            st = try_list(mem, page_va + at, page + at, t);
    }
    return kdw_ends_walk(st) ? st : KD_OK;
}

static enum kd_status search_range(struct kdw_mem *mem, uint64_t va, uint64_t len,
                                   struct kdw_target *t)
{
    enum kd_status st = KD_OK;

    for (uint64_t at = 0; st == KD_OK && !is_said(t) && at < len; at += PAGE_LEN)
        st = search_page(mem, va + at, t);
    return st;
}

/* Where no header says where the debugger data block and the list of modules are, they are in the kernel's
 * image: behind its base, or around a place that is inside. A block that is plain, for a machine that was
 * booted for debugging, says it all; where it is encoded, the list says where the kernel is. */
static enum kd_status search_image(struct kdw_mem *mem, const struct places *inside,
                                   struct kdw_target *t)
{
    const uint64_t max = KDW_KERNEL_SCAN_MAX;
    enum kd_status st = KD_OK;

    if (t->kernel_base_va != 0)
        return search_range(mem, t->kernel_base_va, max, t);
    for (size_t i = 0; i < inside->count && st == KD_OK && t->kernel_base_va == 0; i++) {
        uint64_t va = inside->va[i] - inside->va[i] % PAGE_LEN;

        if (va <= UINT64_MAX - max)
            st = search_range(mem, va - max, 2 * max, t);
    }
    return st;
}

/* KD_ERR_NOT_FOUND: no kernel here. */
static enum kd_status find_kernel(struct kdw_mem *mem, const struct kdw_dump_facts *f,
                                  struct kdw_target *t)
{
    struct places inside;
    enum kd_status st = try_block(mem, f->debugger_data_va, NULL, t);

    if (st == KD_OK && t->build_lab_va == 0)
        st = try_block(mem, f->debugger_data_copy_va, NULL, t);
    if (st == KD_OK && t->kernel_base_va == 0)
        st = take_first_module(mem, t);
    if (st == KD_OK)
        st = find_places(mem, f, &inside);
    if (st == KD_OK && t->kernel_base_va == 0)
        st = scan(mem, &inside, t);
    if (st == KD_OK &&
        (t->kernel_base_va == 0 || t->module_list_va == 0 || f->debugger_data_va == 0))
        st = search_image(mem, &inside, t);
    return st == KD_OK && t->kernel_base_va == 0 ? KD_ERR_NOT_FOUND : st;
}

/* ---- by one root of page tables, or another ---- */

/* KD_ERR_NOT_FOUND: neither shared data nor any known address is where these tables lead. */
static enum kd_status make_virtual(struct kdw_dump *d, uint64_t dtb, struct kdw_paging **out)
{
    const struct kdw_dump_facts *f = kdw_dump_facts(d);
    const uint64_t known_vas[] = {f->debugger_data_va, f->module_list_va, f->kernel_hint_va};
    struct kdw_paging_opts opts = {
        .physical = kdw_dump_physical(d),
        .dtb = dtb,
        .levels = f->cr4 & KDW_CR4_LA57 ? 5 : 4,
        .rules = kdw_pte_rules_default(),
    };
    enum kd_status st = KD_OK;

    opts.rules.highest_pfn = (f->physical_end - 1) / PAGE_LEN;
    if (f->cr4 == 0)
        st = kdw_paging_find_levels(&opts, known_vas, sizeof known_vas / sizeof known_vas[0],
                                    &opts.levels);
    return st == KD_OK ? kdw_paging_create(&opts, out) : st;
}

struct tried { /* roots, so far */
    unsigned count;
    bool is_windows; /* one led to what only Windows has, though to no kernel */
};

static enum kd_status look_for_windows(struct kdw_mem *mem, struct tried *tried)
{
    struct kdw_target told = {.build = 0};
    enum kd_status st = kdw_system_complete(mem, &told);

    tried->is_windows = tried->is_windows || told.build != 0;
    return st;
}

static enum kd_status try_root(struct kdw_dump *d, uint64_t dtb, struct tried *tried,
                               struct kdw_dump_system *out)
{
    struct kdw_dump_system s = {.facts = kdw_dump_facts(d), .target = target_of(d)};
    enum kd_status st = make_virtual(d, dtb, &s.paging);

    tried->count++;
    if (st != KD_OK)
        return st;
    s.mem = kdw_paging_mem(s.paging);
    st = look_for_windows(s.mem, tried);
    if (st == KD_OK)
        st = find_kernel(s.mem, s.facts, &s.target);
    if (st == KD_OK)
        st = kdw_system_complete(s.mem, &s.target);
    if (st != KD_OK) {
        kdw_dump_system_deinit(&s);
        return st;
    }
    s.target.machine = MACHINE_AMD64;
    s.target.dtb = dtb;
    *out = s;
    return KD_OK;
}

static void say_what_they_lead_to(const struct tried *tried, struct kd_diag *diag)
{
    if (tried->is_windows)
        kd_diag_set(
            diag, KD_ERR_NOT_FOUND,
            "page tables in it lead to Windows, but nothing there says where its kernel is: no "
            "header of the kernel's image, debugger data block or list of modules was found");
    else if (tried->count == ROOTS_MAX)
        kd_diag_set(diag, KD_ERR_NOT_FOUND,
                    "none of the first %d page tables in it leads to a Windows kernel", ROOTS_MAX);
    else if (tried->count > 0)
        kd_diag_set(diag, KD_ERR_NOT_FOUND, "no page tables in it lead to a Windows kernel");
}

static enum kd_status try_all_roots(struct kdw_dump *d, struct kd_diag *diag,
                                    struct kdw_dump_system *out)
{
    uint64_t named = kdw_dump_facts(d)->dtb, root = 0;
    struct tried tried = {.count = 0};
    enum kd_status st = named != 0 ? try_root(d, named, &tried, out) : KD_ERR_NOT_FOUND;

    for (uint64_t from = 0; st == KD_ERR_NOT_FOUND && tried.count < ROOTS_MAX;
         from = root + PAGE_LEN) {
        st = kdw_dump_find_root(d, from, &root); /* which says why, where there is none */
        if (st != KD_OK)
            break;
        st = root != named ? try_root(d, root, &tried, out) : KD_ERR_NOT_FOUND;
    }
    if (st == KD_ERR_NOT_FOUND)
        say_what_they_lead_to(&tried, diag);
    return st;
}

static enum kd_status find_in_triage(struct kdw_dump *d, struct kdw_dump_system *out)
{
    struct kdw_dump_system s = {
        .facts = kdw_dump_facts(d),
        .mem = kdw_dump_virtual(d),
        .target = target_of(d),
    };
    enum kd_status st = try_block(s.mem, s.facts->debugger_data_va, NULL, &s.target);

    if (st == KD_OK)
        *out = s;
    return st;
}

enum kd_status kdw_dump_system_find(struct kdw_dump *d, struct kd_diag *diag,
                                    struct kdw_dump_system *out)
{
    const struct kdw_dump_facts *f = kdw_dump_facts(d);
    enum kd_status st;

    if (f->kind == KDW_DUMP_TRIAGE)
        return find_in_triage(d, out);
    if (f->machine == MACHINE_ARM64)
        return kd_diag_set(diag, KD_ERR_UNSUPPORTED,
                           "%s of an ARM64 machine, whose page tables are not understood", f->what);
    st = try_all_roots(d, diag, out);
    if (st != KD_OK)
        return kd_diag_add(diag, st, "%s", f->what);
    kd_diag_clear(diag);
    return KD_OK;
}

void kdw_dump_system_deinit(struct kdw_dump_system *s)
{
    kdw_paging_destroy(s->paging);
    s->paging = NULL;
    s->mem = NULL;
}

/* ---- with symbols ---- */

bool kdw_dump_system_is_complete(const struct kdw_dump_system *s)
{
    return s->target.module_list_va != 0 && s->target.build_lab_va != 0;
}

/* Stays 0 where the symbols lack it. */
static enum kd_status find_symbol(struct kdw_kernel *k, const char *name, uint64_t *va)
{
    enum kd_status st = KD_OK;

    if (*va == 0)
        st = kdw_kernel_symbol(k, name, va);
    return st == KD_ERR_NOT_FOUND ? KD_OK : st;
}

/* The block says a little more than symbols do, and is read where all of its keys are known. */
static enum kd_status learn_from_block(struct kdw_dump_system *s, struct kdw_kernel *k)
{
    struct kdw_debugger_keys keys = {0};
    uint64_t block_va = s->facts->debugger_data_va;
    enum kd_status st = find_symbol(k, "KdDebuggerDataBlock", &block_va);

    if (st == KD_OK)
        st = find_symbol(k, "KiWaitNever", &keys.wait_never_va);
    if (st == KD_OK)
        st = find_symbol(k, "KiWaitAlways", &keys.wait_always_va);
    if (st == KD_OK)
        st = find_symbol(k, "KdpDataBlockEncoded", &keys.encoded_va);
    if (st != KD_OK)
        return st;
    return try_block(s->mem, block_va,
                     keys.wait_never_va && keys.wait_always_va && keys.encoded_va ? &keys : NULL,
                     &s->target);
}

enum kd_status kdw_dump_system_learn(struct kdw_dump_system *s, struct kdw_kernel *k)
{
    enum kd_status st = kdw_paging_learn(s->paging, k->symbols, k->base_va);

    if (st == KD_OK && !kdw_dump_system_is_complete(s))
        st = learn_from_block(s, k);
    if (st == KD_OK)
        st = find_symbol(k, "PsLoadedModuleList", &s->target.module_list_va);
    if (st == KD_OK)
        st = find_symbol(k, "NtBuildLab", &s->target.build_lab_va);
    if (st != KD_OK)
        return kd_diag_add(k->diag, st, "what the kernel's symbols say of the dump");
    kd_diag_clear(k->diag);
    return KD_OK;
}
