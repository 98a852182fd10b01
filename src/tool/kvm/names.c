/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/kvm/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <linux/kvm.h>

#include <vgic5/device.h>

#include "facts/registers.h"
#include "kvmd/uapi.h"
#include "vcpu/registers.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MOST_ERRNO 133

/* ---- Registers of a vCPU --------------------------------------------------------------------- */

/* By their place in struct kvm_regs, in units of 32 bits. */
static const struct {
    uint16_t offset, number, words;
    const char *name; /* with a number behind it where there are several */
} core[] = {
    {0, 31, 2, "X"},      {62, 1, 2, "SP"},      {64, 1, 2, "PC"},   {66, 1, 2, "PSTATE"},
    {68, 1, 2, "SP_EL1"}, {70, 1, 2, "ELR_EL1"}, {72, 5, 2, "SPSR"}, {84, 32, 4, "V"},
    {212, 1, 1, "FPSR"},  {213, 1, 1, "FPCR"},
};

static bool name_core(uint32_t offset, char *to)
{
    for (size_t n = 0; n < COUNT(core); n++) {
        uint32_t in = offset - core[n].offset;

        if (offset < core[n].offset || in >= (uint32_t)core[n].number * core[n].words)
            continue;
        if (core[n].number == 1)
            snprintf(to, NAME_SIZE, "%s", core[n].name);
        else
            snprintf(to, NAME_SIZE, "%s%u", core[n].name, in / core[n].words);
        return true;
    }
    return false;
}

/* Those that KVM has in no other table; of the virtual timer it exchanges two encodings. */
static const struct {
    uint16_t encoding;
    const char *name;
} own[] = {
    {VGIC5_ENCODING(3, 0, 0, 0, 5), "MPIDR_EL1"},   {VGIC5_ENCODING(3, 3, 14, 3, 1), "TIMER_CTL"},
    {VGIC5_ENCODING(3, 3, 14, 0, 2), "TIMER_CVAL"}, {VGIC5_ENCODING(3, 3, 14, 3, 2), "TIMER_CNT"},
    {VGIC5_ENCODING(3, 3, 14, 2, 1), "PTIMER_CTL"}, {VGIC5_ENCODING(3, 3, 14, 2, 2), "PTIMER_CVAL"},
    {VGIC5_ENCODING(3, 3, 14, 0, 1), "PTIMER_CNT"},
};

static const char *sysreg_name(uint16_t encoding)
{
    size_t count;
    const struct vcpu_register *rows = vcpu_registers(&count);
    const struct vcpu_identity *identity;
    const struct cpu_register *icc = cpu_register_of(encoding);

    for (size_t n = 0; n < COUNT(own); n++)
        if (own[n].encoding == encoding)
            return own[n].name;
    for (size_t n = 0; n < count; n++)
        if (rows[n].encoding == encoding && encoding != 0)
            return rows[n].name;
    identity = vcpu_identity(&count);
    for (size_t n = 0; n < count; n++)
        if (identity[n].encoding == encoding)
            return identity[n].name;
    return icc ? icc->name : NULL;
}

static bool name_sysreg(uint16_t encoding, char *to)
{
    const char *name = sysreg_name(encoding);

    if (name)
        snprintf(to, NAME_SIZE, "%s", name);
    else
        snprintf(to, NAME_SIZE, "S%u_%u_C%u_C%u_%u", encoding >> 14 & 3, encoding >> 11 & 7,
                 encoding >> 7 & 15, encoding >> 3 & 15, encoding & 7u);
    return true;
}

static bool name_firmware(uint32_t number, char *to)
{
    if (number == 0)
        snprintf(to, NAME_SIZE, "PSCI_VERSION");
    else
        snprintf(to, NAME_SIZE, "FIRMWARE_%u", number);
    return true;
}

void name_of_register(uint64_t id, char to[NAME_SIZE])
{
    uint32_t number = (uint32_t)(id & 0xffff), class = KVMD_REG_CLASS(id);
    bool named = false;

    if (KVMD_REG_ARCH(id) == KVMD_REG_ARM64 && class == KVMD_CLASS_CORE)
        named = name_core(number, to);
    else if (KVMD_REG_ARCH(id) == KVMD_REG_ARM64 && class == KVMD_CLASS_SYSREG)
        named = name_sysreg((uint16_t)number, to);
    else if (KVMD_REG_ARCH(id) == KVMD_REG_ARM64 && class == KVMD_CLASS_FIRMWARE)
        named = name_firmware(number, to);
    if (!named)
        snprintf(to, NAME_SIZE, "0x%" PRIx64, id);
}

/* ---- Attributes ------------------------------------------------------------------------------ */

void name_of_attribute(uint32_t group, uint64_t attr, char to[NAME_SIZE])
{
    const struct cpu_register *icc = cpu_register_of((uint16_t)attr);
    const struct irs_register *irs = irs_register_at(attr);

    if (group == VGIC5_GRP_CPU_SYSREGS && icc)
        snprintf(to, NAME_SIZE, "%s", icc->name);
    else if (group == VGIC5_GRP_IRS_REGS && irs && irs->offset == attr)
        snprintf(to, NAME_SIZE, "%s", irs->name);
    else if (group == VGIC5_GRP_CTRL && attr == VGIC5_CTRL_INIT)
        snprintf(to, NAME_SIZE, "CTRL_INIT");
    else if (group == VGIC5_GRP_CTRL && attr == VGIC5_CTRL_USERSPACE_PPIS)
        snprintf(to, NAME_SIZE, "USERSPACE_PPIS");
    else if (group == VGIC5_GRP_ADDR && attr == VGIC5_ADDR_TYPE_IRS)
        snprintf(to, NAME_SIZE, "ADDR_TYPE_IRS");
    else
        snprintf(to, NAME_SIZE, "0x%" PRIx64, attr);
}

/* ---- Others ---------------------------------------------------------------------------------- */

const char *name_of_exit(uint32_t reason)
{
    static const struct {
        uint32_t reason;
        const char *name;
    } exits[] = {
        {KVM_EXIT_MMIO, "MMIO"},
        {KVM_EXIT_INTR, "INTR"},
        {KVM_EXIT_SYSTEM_EVENT, "SYSTEM_EVENT"},
        {KVM_EXIT_INTERNAL_ERROR, "INTERNAL_ERROR"},
        {KVM_EXIT_ARM_NISV, "ARM_NISV"},
        {KVM_EXIT_DEBUG, "DEBUG"},
        {KVM_EXIT_FAIL_ENTRY, "FAIL_ENTRY"},
        {KVM_EXIT_DIRTY_RING_FULL, "DIRTY_RING_FULL"},
        {KVM_EXIT_HYPERCALL, "HYPERCALL"},
    };

    for (size_t n = 0; n < COUNT(exits); n++)
        if (exits[n].reason == reason)
            return exits[n].name;
    return NULL;
}

const char *name_of_capability(uint64_t number)
{
    static const struct {
        uint32_t number;
        const char *name;
    } capabilities[] = {
#define CAPABILITY(name, number, answer) {number, #name},
#include "kvmd/capabilities.def"
#undef CAPABILITY
    };

    for (size_t n = 0; n < COUNT(capabilities); n++)
        if (capabilities[n].number == number)
            return capabilities[n].name;
    return NULL;
}

const char *name_of_errno(int number)
{
    return number > 0 && number <= MOST_ERRNO ? strerrorname_np(number) : NULL;
}

int errno_of_name(const char *name)
{
    for (int number = 1; number <= MOST_ERRNO; number++) {
        const char *own_name = strerrorname_np(number);

        if (own_name && strcmp(own_name, name) == 0)
            return number;
    }
    return 0;
}
