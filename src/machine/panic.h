/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A Linux kernel that has panicked and may not restart prints its last line and then busies itself
 * for ever. Nothing in the machine's state tells that from work, so the line is looked for, and
 * then the guest is watched for 100 million instructions: the vCPU that printed it must not wait,
 * no vCPU may run a program, and nothing more may be printed. (A program that prints the same line
 * goes on to do one of these.)
 */
#ifndef MACHINE_PANIC_H
#define MACHINE_PANIC_H

#include <stdbool.h>
#include <stdint.h>

#include <vgic5/snapshot.h>

struct panic_watch {
    uint64_t matched; /* bytes of the line that the output ends in */
    uint64_t vcpu;    /* id of the one that printed it, plus 1; 0: none has */
    uint64_t since;   /* instructions executed at the check point that followed, or 0 */
};

void panic_printed(struct panic_watch *watch, uint8_t byte, uint32_t vcpu);
/* A vCPU is at EL0: a panic stops them all. */
void panic_program_runs(struct panic_watch *watch);
void panic_vcpu_waits(struct panic_watch *watch, uint32_t vcpu);
/* A check point on this vCPU. True: the guest has panicked. */
bool panic_is_certain(struct panic_watch *watch, uint32_t vcpu, uint64_t instructions);

/* As for the devices. */
int panic_save(const struct panic_watch *watch, struct vgic5_fields *fields);
int panic_load(struct panic_watch *watch, const struct vgic5_fields *fields,
               struct vgic5_error *error);

/* The longest beginning of `text` that the output ends in, once `byte` follows `matched` of it. */
size_t text_match(const char *text, size_t matched, char byte);

#endif
