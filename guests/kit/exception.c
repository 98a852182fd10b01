/* SPDX-License-Identifier: BSD-3-Clause */
#include "kit.h"

/* As vectors.S lays it out. */
struct frame {
    uint64_t x[19], x29, x30, elr, spsr, unused;
};

void exception_unexpected(uint32_t kind, const struct frame *frame);
void exception_synchronous(struct frame *frame);

void exception_unexpected(uint32_t kind, const struct frame *frame)
{
    panic("unexpected exception, vector %u: ESR %lx ELR %lx FAR %lx", kind,
          read_register("esr_el1"), frame->elr, read_register("far_el1"));
}

void exception_synchronous(struct frame *frame)
{
    struct cpu *cpu = this_cpu();

    if (!cpu->fault_wanted)
        exception_unexpected(4, frame);
    cpu->fault_wanted = false;
    cpu->fault_esr = read_register("esr_el1");
    cpu->fault_far = read_register("far_el1");
    frame->elr += 4;
}
