/* SPDX-License-Identifier: BSD-3-Clause */
/* The little of the device tree that guests need: the vCPUs and the boot arguments. */
#ifndef KIT_FDT_H
#define KIT_FDT_H

#include <stdbool.h>

/* Fills cpus[] and nr_cpus from /cpus, and remembers /chosen/bootargs. */
void fdt_read(const void *fdt);

/* Is this one of the words of the boot arguments? */
bool bootargs_have(const char *word);

#endif
