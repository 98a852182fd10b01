/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The physical address space, and the guest's own translation of addresses. All that is not RAM is
 * MMIO, so that no access stops the engine; Unicorn 2.0 moreover looks *virtual* addresses up in
 * this map before it translates them, so there may be no hole anywhere.
 */
#include "unicorn/engine.h"

#include <errno.h>
#include <string.h>

#define AT_S1E1R VGIC5_ENCODING(1, 0, 7, 8, 0)
#define PAR_F UINT64_C(1)
#define PAR_PA UINT64_C(0x000ffffffffff000)

static uint64_t ram_end(const struct vcpu *vcpu)
{
    return vcpu->engine->ram->base + vcpu->engine->ram->size;
}

static uint64_t read_below(uc_engine *uc, uint64_t offset, unsigned size, void *opaque)
{
    (void)uc;
    return unicorn_device_read(opaque, offset, size);
}

static void write_below(uc_engine *uc, uint64_t offset, unsigned size, uint64_t value, void *opaque)
{
    (void)uc;
    unicorn_device_write(opaque, offset, size, value);
}

static uint64_t read_above(uc_engine *uc, uint64_t offset, unsigned size, void *opaque)
{
    (void)uc;
    return unicorn_device_read(opaque, ram_end(opaque) + offset, size);
}

static void write_above(uc_engine *uc, uint64_t offset, unsigned size, uint64_t value, void *opaque)
{
    (void)uc;
    unicorn_device_write(opaque, ram_end(opaque) + offset, size, value);
}

/* How far the devices behind RAM reach: all physical addresses, or all there are. */
static uint64_t end_of_map(void)
{
    unsigned major, minor;

    uc_version(&major, &minor);
    return major == 2 && minor == 0 ? 0 : UINT64_C(1) << 48;
}

int unicorn_map(struct vcpu *vcpu)
{
    const struct memory *ram = vcpu->engine->ram;
    uint64_t end = ram_end(vcpu);
    uc_err error = uc_mem_map_ptr(vcpu->uc, ram->base, ram->size, UC_PROT_ALL, ram->host);

    if (error == UC_ERR_OK)
        error = uc_mmio_map(vcpu->uc, 0, ram->base, read_below, vcpu, write_below, vcpu);
    if (error == UC_ERR_OK)
        error = uc_mmio_map(vcpu->uc, end, end_of_map() - end, read_above, vcpu, write_above, vcpu);
    return error == UC_ERR_OK ? 0 : -EIO;
}

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
           memory_read(vcpu->engine->ram, physical, instruction, sizeof(*instruction)) == 0;
}

int unicorn_read_memory(struct vcpu *vcpu, uint64_t address, void *to, size_t size)
{
    uint8_t *at = to;

    while (size > 0) {
        size_t n = 4096 - (address & 4095) < size ? 4096 - (address & 4095) : size;
        uint64_t physical;

        if (!unicorn_translate(vcpu, address, &physical) ||
            memory_read(vcpu->engine->ram, physical, at, n) != 0)
            return -EFAULT;
        address += n;
        at += n;
        size -= n;
    }
    return 0;
}
