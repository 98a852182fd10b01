/* SPDX-License-Identifier: BSD-3-Clause */
/* What a load or store does on the bus, as its encoding and the registers say. */
#ifndef UNICORN_TRANSFER_H
#define UNICORN_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

struct unicorn_transfer {
    uint64_t address; /* virtual, of the first of the units, which follow each other */
    unsigned units;
    unsigned unit;       /* bytes that the engine moves at once: 1, 2, 4 or 8 */
    unsigned bytes;      /* … and that the instruction does: at most as many */
    bool loads, stores;  /* both: the atomics */
    bool authenticates;  /* the upper bits of `address` are not known */
    int8_t base, offset; /* the registers in the address; 31: SP; -1: none */
    int8_t source[2];    /* the X registers of the units that are stored; -1: not known */
};

/* False: `insn`, at `pc`, is none, or accesses no memory. */
bool unicorn_decode_transfer(struct vcpu *vcpu, uint64_t pc, uint32_t insn,
                             struct unicorn_transfer *transfer);
/* May it write this register? True in doubt. */
bool unicorn_may_write(uint32_t insn, int8_t reg);

#endif
