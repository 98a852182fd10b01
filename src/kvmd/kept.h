/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registers that arm64's KVM has and this PE does not: those of the debugger, which its guest finds
 * RAZ/WI, those of AArch32 and of RAS. A VMM finds in them what it has put there.
 */
#ifndef KVMD_KEPT_H
#define KVMD_KEPT_H

#include <stddef.h>
#include <stdint.h>

#define KVMD_NR_KEPT 71u /* DBGBVR, DBGBCR, DBGWVR, DBGWCR: 16 of each; and kept.c's table */

/* Its place in kvmd_vcpu.kept, or -1. */
int kept_place(uint32_t encoding);
uint16_t kept_encoding(unsigned place);
/* As after a reset. */
void kept_reset(uint64_t *kept);
/* -EINVAL: it cannot be this. */
int kept_set(uint64_t *kept, unsigned place, uint64_t value);

#endif
