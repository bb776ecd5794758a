/* layer_names.h - the names of what stands in the words of jobs, silos, processes, tokens and processors.
 *
 * Source    JobFlags, MitigationFlags: bit fields in public symbols, the same bits from 14393, and from 17763,
 * on [seen]. Protection, integrity, mandatory policy, silo states: public types and headers [seen][doc].
 * Signing levels: SE_SIGNING_LEVEL_* of the public headers [doc]. CR0, CR4: the processor's
 * manuals [doc]. Which mitigations restrict what a process may call: their documentation [doc]. */
#ifndef WALKER_LAYER_NAMES_H
#define WALKER_LAYER_NAMES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* NULL, here and below: nobody has named it. */
const char *kdw_silo_kind_name(uint64_t kind); /* "server" */
const char *kdw_silo_state_name(uint64_t state);
const char *kdw_job_flag_name(unsigned bit);
/* By which route something was found: bits of KDW_FOUND_... */
const char *kdw_job_route_name(unsigned bit);     /* "PspJobList" */
const char *kdw_process_route_name(unsigned bit); /* "PsActiveProcessHead" */

enum { KDW_PROTECTION_TEXT = 48 };
/* A _PS_PROTECTION: "WinTcb-Light", "WinTcb", "none". */
const char *kdw_protection_text(uint64_t protection, char out[KDW_PROTECTION_TEXT]);
const char *kdw_signing_level_name(uint64_t level); /* the low four bits are the level */
/* The last part of a label's SID: "medium". */
const char *kdw_integrity_name(uint64_t level);
const char *kdw_token_policy_name(unsigned bit); /* "no write up" */

/* MitigationFlags is word 0, MitigationFlags2 word 1. What a bit is called by the kernel, and, where
 * it restricts what the process may do, how people say it: "no dynamic code". */
const char *kdw_mitigation_name(unsigned word, unsigned bit);
const char *kdw_restriction_name(unsigned word, unsigned bit);

/* What a processor protects, by its registers; NX by what the kernel does with it. */
enum kdw_cpu_register { KDW_CPU_CR0, KDW_CPU_CR4, KDW_CPU_NX };
struct kdw_cpu_feature {
    const char *name; /* "SMEP" */
    const char *text; /* "the kernel executes no user pages" */
    enum kdw_cpu_register in;
    unsigned bit;
};
extern const struct kdw_cpu_feature kdw_cpu_features[];
extern const size_t kdw_cpu_features_len;

#ifdef __cplusplus
}
#endif
#endif
