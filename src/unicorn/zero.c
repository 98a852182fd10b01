/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DC ZVA. Unicorn 2.0 by itself sends each byte that it zeroes through the slow path of a store: 3
 * us for the 64 bytes of its block. So we zero the block. Unicorn does not notice that, and may go
 * on with code that it has translated there until an IC instruction names it, as a PE may (B2.7.4.2
 * of Arm DDI 0487).
 */
#include "unicorn/engine.h"

#include <string.h>

#define DC_ZVA VGIC5_ENCODING(1, 3, 7, 4, 1)
#define AT_S1E1W VGIC5_ENCODING(1, 0, 7, 8, 1)
#define AT_S1E0W VGIC5_ENCODING(1, 0, 7, 8, 3)
#define AT_S1E1WP VGIC5_ENCODING(1, 0, 7, 9, 1)
#define DCZID_EL0 VGIC5_ENCODING(3, 3, 0, 0, 7)
#define DCZID_BS 15u /* log2 of the number of words in a block */
#define SCTLR_DZE (UINT64_C(1) << 14)

#define PAGE_SIZE UINT64_C(4096)
#define PSTATE_EL_BITS 0xcu

/* As a store of the present exception level would be translated. */
static bool translate(struct vcpu *vcpu, uint32_t pstate, uint64_t address, uint64_t *physical)
{
    uint64_t sctlr;

    if (PSTATE_EL(pstate) == 1)
        return unicorn_translate_as(vcpu, pstate & PSTATE_PAN ? AT_S1E1WP : AT_S1E1W, address,
                                    physical);
    unicorn_get_sysreg(vcpu, UNICORN_SCTLR_EL1, &sctlr);
    return sctlr & SCTLR_DZE && unicorn_translate_as(vcpu, AT_S1E0W, address, physical);
}

static bool open_window(struct vcpu *vcpu, uint64_t page, uint32_t pstate)
{
    const struct memory *range;
    uint64_t physical;

    vcpu->window.host = NULL;
    if (!translate(vcpu, pstate, page, &physical))
        return false;
    range = memory_map_range(vcpu->engine->map, physical);
    if (!range || range->read_only)
        return false;
    vcpu->window.page = page;
    vcpu->window.pstate = pstate;
    vcpu->window.host = memory_at(range, physical, PAGE_SIZE);
    return vcpu->window.host;
}

static bool zero(struct vcpu *vcpu, uint64_t address)
{
    const struct unicorn_window *window = &vcpu->window;
    uint64_t block = vcpu->engine->zero_block;
    uint64_t page = address & ~(PAGE_SIZE - 1);
    uint32_t pstate = unicorn_get_pstate(vcpu) & (PSTATE_EL_BITS | PSTATE_PAN);

    if ((!window->host || window->page != page || window->pstate != pstate) &&
        !open_window(vcpu, page, pstate))
        return false;
    memset(window->host + (address & (PAGE_SIZE - 1) & ~(block - 1)), 0, block);
    return true;
}

bool unicorn_zero_access(struct vcpu *vcpu, uint16_t encoding, uint64_t address)
{
    return encoding == DC_ZVA && zero(vcpu, address);
}

void unicorn_zero_find_block(struct vcpu *vcpu)
{
    uint64_t bits = unicorn_native_register(vcpu, DCZID_EL0) & DCZID_BS;

    vcpu->engine->zero_block = UINT64_C(4) << bits;
}
