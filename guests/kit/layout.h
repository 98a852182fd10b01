/* SPDX-License-Identifier: BSD-3-Clause */
/* Sizes that the assembler and the compiler share. */
#ifndef KIT_LAYOUT_H
#define KIT_LAYOUT_H

#ifndef MAX_CPUS /* a guest may have more */
#define MAX_CPUS 8
#endif
#define STACK_SIZE 0x10000

#endif
