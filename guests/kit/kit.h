/* SPDX-License-Identifier: BSD-3-Clause */
/* Everything that a guest needs. guests/README.md says how to write one. */
#ifndef KIT_H
#define KIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atomic.h"
#include "cpu.h"
#include "exception.h"
#include "fdt.h"
#include "figures.h"
#include "gic.h"
#include "irq.h"
#include "memory.h"
#include "psci.h"
#include "semihosting.h"
#include "timer.h"
#include "uart.h"

/* The guest itself: vCPU 0 runs this, interrupts masked. 0 ends with SYSTEM_OFF, anything else is
 * the exit status that the machine reports. */
int guest_main(void);

/* Print why, and exit with status 2. */
void panic(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Poll a 32-bit register until all these bits are set; panics if that takes too long. */
void wait_for_bits(uint64_t address, uint32_t bits);

/* Make sure that the L2 table of this LPI is there (ist.c). */
void ist_map(uint32_t id);

#endif
