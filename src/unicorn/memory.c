/* SPDX-License-Identifier: BSD-3-Clause */
/* Of RAM: what is at an address, and the guest's own translation of addresses. */
#include "unicorn/engine.h"

#include <errno.h>

#define AT_S1E1R VGIC5_ENCODING(1, 0, 7, 8, 0)
#define PAR_F UINT64_C(1)
#define PAR_PA UINT64_C(0x000ffffffffff000)

const struct unicorn_range *unicorn_range_at(const struct vcpu *vcpu, uint64_t physical)
{
    size_t low = 0, high = vcpu->nr_ranges;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct unicorn_range *range = &vcpu->ranges[middle];

        if (physical < range->memory.base)
            high = middle;
        else if (physical - range->memory.base >= range->memory.size)
            low = middle + 1;
        else
            return range;
    }
    return NULL;
}

bool unicorn_fetch_physical(const struct vcpu *vcpu, uint64_t physical, uint32_t *instruction)
{
    const struct unicorn_range *range = unicorn_range_at(vcpu, physical);

    return range && memory_read(&range->memory, physical, instruction, sizeof(*instruction)) == 0;
}

/* ---- Translation ----------------------------------------------------------------------------- */

bool unicorn_translate_as(struct vcpu *vcpu, uint16_t at, uint64_t address, uint64_t *physical)
{
    uint64_t saved, par;

    unicorn_get_sysreg(vcpu, UNICORN_PAR_EL1, &saved);
    vcpu->translating = true;
    unicorn_set_sysreg(vcpu, at, address);
    vcpu->translating = false;
    unicorn_get_sysreg(vcpu, UNICORN_PAR_EL1, &par);
    unicorn_set_sysreg(vcpu, UNICORN_PAR_EL1, saved);
    *physical = (par & PAR_PA) | (address & 0xfff);
    return !(par & PAR_F);
}

bool unicorn_translate(struct vcpu *vcpu, uint64_t address, uint64_t *physical)
{
    return unicorn_translate_as(vcpu, AT_S1E1R, address, physical);
}

bool unicorn_fetch(struct vcpu *vcpu, uint64_t address, uint32_t *instruction)
{
    uint64_t physical;

    return (address & 3) == 0 && unicorn_translate(vcpu, address, &physical) &&
           unicorn_fetch_physical(vcpu, physical, instruction);
}

int unicorn_read_memory(struct vcpu *vcpu, uint64_t address, void *to, size_t size)
{
    uint8_t *at = to;

    while (size > 0) {
        size_t n = 4096 - (address & 4095) < size ? 4096 - (address & 4095) : size;
        uint64_t physical;

        if (!unicorn_translate(vcpu, address, &physical) ||
            memory_map_read(vcpu->engine->map, physical, at, n) != 0)
            return -EFAULT;
        address += n;
        at += n;
        size -= n;
    }
    return 0;
}
