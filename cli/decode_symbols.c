#include "decode_symbols.h"

#include "document.h"
#include "message.h"
#include "symbol_choice.h"

#include <transport/recorded_target.h>
#include <walker/kernel.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct decode_symbols {
    struct describe_names names; /* first: it is what describe holds */
    struct kd_diag diag;
    struct kdw_target target;
    struct kdw_kernel kernel; /* nothing is read through it once its symbols are found */
    unsigned boot;            /* whose names these are */
    bool is_only_boot;        /* then they are those of its first stop too, which comes before it */
};

/* --- the kernel, out of recorded memory -------------------------------------------------------- */

struct recorded_mem {
    struct kdw_mem mem; /* first */
    const struct kdt_recorded_memory *bytes;
};

static enum kd_status read_recorded(struct kdw_mem *m, uint64_t at, void *buf, size_t len,
                                    uint64_t *fault)
{
    const struct recorded_mem *r = (const struct recorded_mem *)m;
    size_t done = kdt_recorded_memory_read(r->bytes, at, buf, len);

    if (done == len)
        return KD_OK;
    *fault = at + done;
    return KD_ERR_NOT_RECORDED;
}

/* The built-in tables are left out: of most addresses they know nothing but a variable that lies far
 * below. */
static enum kd_status load(struct decode_symbols *s, const struct kdt_recorded_target *recorded,
                           const struct cli_options *options)
{
    const struct kdt_recorded_facts *facts = kdt_recorded_target_facts(recorded);
    struct recorded_mem mem = {{read_recorded}, kdt_recorded_target_virtual(recorded)};
    struct symbol_choice choice;
    enum kd_status st;

    symbol_choice_init(&choice, options);
    choice.options.kinds = KDW_SYMBOLS_PDB | KDW_SYMBOLS_ISF;
    s->boot = facts->boot;
    s->is_only_boot = facts->boots == 1 && facts->targets == 1;
    s->target = (struct kdw_target){
        .machine = facts->version.machine,
        .is_kernel = true,
        .kernel_base_va = facts->version.kernel_base_va,
        .module_list_va = facts->version.module_list_va,
        .debugger_data_list_va = facts->version.debugger_data_list_va,
    };
    st = kdw_kernel_open(&mem.mem, &s->target, &s->diag, &s->kernel);
    if (st == KD_OK)
        st = symbol_choice_load(&choice, &s->kernel);
    s->kernel.mem = NULL; /* it ends here */
    if (st == KD_OK)
        document_name_symbols(choice.origin.text, choice.is_guess);
    return st;
}

static bool show_progress(void *ctx, uint64_t done, uint64_t total)
{
    (void)ctx;
    if (total)
        message_progress("looking for the kernel: %u %%",
                         (unsigned)((double)done / (double)total * 100));
    return true;
}

/* --- names ------------------------------------------------------------------------------------- */

static void add_name(struct describe_names *names, const struct kdt_record *rec, uint64_t va,
                     struct text *t)
{
    struct decode_symbols *s = (struct decode_symbols *)names;
    const char *name;
    uint64_t offset;

    if (rec->boot != s->boot && !s->is_only_boot)
        return;
    if (kdw_kernel_symbol_near(&s->kernel, va, &name, &offset) != KD_OK)
        return;
    text_add(t, " nt!");
    text_add_escaped(t, name, strlen(name));
    if (offset)
        text_add(t, "+0x%" PRIx64, offset);
}

struct describe_names *decode_symbols_names(struct decode_symbols *s)
{
    return s ? &s->names : NULL;
}

/* --- opening ----------------------------------------------------------------------------------- */

/* Whoever reads the recording says it as well, as the error that it is. */
static bool is_of_the_recording(enum kd_status st)
{
    return st == KD_ERR_AUTH || st == KD_ERR_USAGE || st == KD_ERR_IO || st == KD_ERR_TRUNCATED ||
           st == KD_ERR_MALFORMED;
}

static bool is_blank(const char *text)
{
    return !text || text[strspn(text, " \t;")] == '\0';
}

/* They cannot be read from the beginning once more. */
static bool is_pipe(const struct kdt_recording *recording)
{
    uint64_t done, total;

    kdt_recording_position(recording, &done, &total);
    return total == 0;
}

struct decode_symbols *decode_symbols_open(const struct cli *c,
                                           const struct kdt_recording_opts *recording,
                                           const struct kdt_recording *opened)
{
    struct kdt_recorded_target_opts opts = {
        .recording = *recording, .needs_kernel = true, .on_progress = show_progress};
    struct kdt_recorded_target *recorded = NULL;
    struct decode_symbols *s;
    enum kd_status st;

    if (is_blank(c->options.symbol_path) && !c->options.isf)
        return NULL;
    if (is_pipe(opened)) {
        message_warning("addresses have no names: %s is no file that can be read twice",
                        recording->path);
        return NULL;
    }
    s = calloc(1, sizeof *s);
    if (!s) {
        message_warning("addresses have no names: %s", kd_status_text(KD_ERR_NO_MEMORY));
        return NULL;
    }
    s->names.add = add_name;
    opts.recording.diag = &s->diag;
    st = kdt_recorded_target_open(&opts, &recorded);
    message_progress_end();
    if (st != KD_OK && is_of_the_recording(st)) {
        free(s);
        return NULL;
    }
    if (st == KD_OK)
        st = load(s, recorded, &c->options);
    kdt_recorded_target_close(recorded);
    if (st == KD_OK)
        return s;
    message_warning("addresses have no names: %s",
                    s->diag.text[0] ? s->diag.text : kd_status_text(st));
    decode_symbols_close(s);
    return NULL;
}

void decode_symbols_close(struct decode_symbols *s)
{
    if (!s)
        return;
    kdw_kernel_close(&s->kernel);
    free(s);
}
