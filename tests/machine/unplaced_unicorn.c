/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * To be preloaded: a Unicorn that does not say at which instruction of the guest the host is. The
 * engine has to find that out, and to search for the instructions that access devices.
 */
#include <stdbool.h>
#include <stdint.h>

bool cpu_restore_state_aarch64(void *cpu, uintptr_t host_pc, bool leaves);

bool cpu_restore_state_aarch64(void *cpu, uintptr_t host_pc, bool leaves)
{
    (void)cpu, (void)host_pc, (void)leaves;
    return false;
}
