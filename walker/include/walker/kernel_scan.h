/* kernel_scan.h - the NT kernel's image, found in an address space by looking at it.
 *
 * For images of memory that nobody says anything about. Some place inside the kernel is known: what a
 * processor starts with, or the handler of an interrupt. The image begins at a page below it. Where that
 * page is not in memory, a list head near the place that can only be PsLoadedModuleList says the same.
 *
 * Bounds    KDW_KERNEL_SCAN_MAX below the place, a look at each page: for memory that is at hand,
 *           not for a link. */
#ifndef WALKER_KERNEL_SCAN_H
#define WALKER_KERNEL_SCAN_H

#include <kdproto/diag.h>
#include <walker/mem.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { KDW_KERNEL_SCAN_MAX = 64 << 20 }; /* the image is 17 MiB long, or less [seen] */

/* Image headers at or below inside_va whose PDB or export name is the kernel's. KD_ERR_NOT_FOUND: none
 * that can be read. */
enum kd_status kdw_kernel_scan(struct kdw_mem *mem, uint64_t inside_va, struct kd_diag *diag,
                               uint64_t *base_va);
/* Is PsLoadedModuleList here? Its first entry leads back to it, and is of the kernel's image, which the
 * head lies in: no other list is like that. KD_ERR_NOT_FOUND: no, or the entry cannot be read. */
enum kd_status kdw_kernel_of_list(struct kdw_mem *mem, uint64_t list_head_va, uint64_t *base_va);
/* Where the first handler of an interrupt table is: inside the kernel, on any machine. */
enum kd_status kdw_first_handler(struct kdw_mem *mem, uint64_t idt_va, struct kd_diag *diag,
                                 uint64_t *handler_va);

#ifdef __cplusplus
}
#endif
#endif
