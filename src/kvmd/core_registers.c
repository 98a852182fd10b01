/* SPDX-License-Identifier: BSD-3-Clause */
/* Core registers by their place in arm64's struct kvm_regs, in units of 32 bits. */
#include "kvmd/onereg.h"

#define WORDS(bytes) ((bytes) / 4u)

/* Ranges of the structure: where each begins, how many there are, of which size, and which row of a
 * vCPU's state the first of them is. */
static const struct range {
    uint16_t offset, number, size;
    uint16_t row;
    bool is_spsr; /* of AArch32's modes: kept, and no state of this PE */
} ranges[] = {
    {WORDS(0), 31, 8, VCPU_ROW_X0, false},        {WORDS(248), 1, 8, VCPU_ROW_SP_EL0, false},
    {WORDS(256), 1, 8, VCPU_ROW_PC, false},       {WORDS(264), 1, 8, VCPU_ROW_PSTATE, false},
    {WORDS(272), 1, 8, VCPU_ROW_SP_EL1, false},   {WORDS(280), 1, 8, VCPU_ROW_ELR_EL1, false},
    {WORDS(288), 1, 8, VCPU_ROW_SPSR_EL1, false}, {WORDS(296), 4, 8, 0, true},
    {WORDS(336), 32, 16, VCPU_ROW_Q0, false},     {WORDS(848), 1, 4, VCPU_ROW_FPSR, false},
    {WORDS(852), 1, 4, VCPU_ROW_FPCR, false},
};

bool core_place(uint32_t offset, struct core_place *place)
{
    for (size_t n = 0; n < sizeof(ranges) / sizeof(ranges[0]); n++) {
        const struct range *range = &ranges[n];
        uint32_t words = WORDS(range->size), in = offset - range->offset;

        if (offset < range->offset || in >= words * range->number || in % words)
            continue;
        *place = (struct core_place){.size = range->size,
                                     .row = (uint16_t)(range->row + in / words),
                                     .is_spsr = range->is_spsr,
                                     .spsr = (uint16_t)(in / words)};
        return true;
    }
    return false;
}

/* The ids of all core registers, in ascending order. */
size_t core_list(uint64_t *ids)
{
    size_t count = 0;

    for (size_t n = 0; n < sizeof(ranges) / sizeof(ranges[0]); n++) {
        unsigned bits = ranges[n].size == 4 ? 2 : ranges[n].size == 8 ? 3 : 4;

        for (uint32_t i = 0; i < ranges[n].number; i++, count++) {
            uint32_t offset = ranges[n].offset + i * WORDS(ranges[n].size);

            if (ids)
                ids[count] = KVMD_REG(bits, KVMD_CLASS_CORE, offset);
        }
    }
    return count;
}
