/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM_GET_ONE_REG, KVM_SET_ONE_REG and KVM_GET_REG_LIST. */
#include "kvmd/onereg.h"

#include <errno.h>
#include <string.h>

#include "kvmd/engine.h"
#include "kvmd/internal.h"

#define MOST_BYTES 16u
#define PSTATE_MODE 0x1fu
#define PSTATE_EL0T 0x0u
#define PSTATE_EL1T 0x4u
#define PSTATE_EL1H 0x5u

/* A register's place, and how it is read and written. */
struct access {
    struct kvmd_vcpu *vcpu;
    uint64_t id;
    uint32_t reg; /* within its class */
    uint8_t value[MOST_BYTES];
};

/* ---- Core registers -------------------------------------------------------------------------- */

static int find_core(const struct access *access, struct core_place *place)
{
    if (!core_place(access->reg, place))
        return -ENOENT;
    return place->size == KVMD_REG_SIZE(access->id) ? 0 : -EINVAL;
}

static void *core_value(struct kvmd_vcpu *vcpu, const struct core_place *place)
{
    return place->is_spsr ? (void *)&vcpu->spsr[place->spsr] : (void *)&vcpu->values[place->row];
}

static int get_core(struct access *access)
{
    struct core_place place;
    int ret = find_core(access, &place);

    if (ret == 0)
        memcpy(access->value, core_value(access->vcpu, &place), place.size);
    return ret;
}

/* No AArch32, and no EL2. */
static bool mode_is_possible(uint64_t pstate)
{
    uint64_t mode = pstate & PSTATE_MODE;

    return mode == PSTATE_EL0T || mode == PSTATE_EL1T || mode == PSTATE_EL1H;
}

static int set_core(struct access *access)
{
    struct core_place place;
    uint64_t value;
    int ret = find_core(access, &place);

    if (ret)
        return ret;
    memcpy(&value, access->value, sizeof(value));
    if (!place.is_spsr && place.row == VCPU_ROW_PSTATE && !mode_is_possible(value))
        return -EINVAL;
    memcpy(core_value(access->vcpu, &place), access->value, place.size);
    if (!place.is_spsr && place.row == VCPU_ROW_PC)
        access->vcpu->values[VCPU_ROW_BLOCK_REST].low = 0; /* it begins a block there */
    return 0;
}

/* ---- System registers ------------------------------------------------------------------------ */

/* The row of the state; those that are core registers have no second name. */
static int row_of(uint32_t encoding)
{
    size_t n;
    const struct vcpu_register *rows = vcpu_registers(&n);

    for (size_t row = VCPU_ROW_SYSREGS; row < VCPU_ROW_FPCR; row++) {
        if (rows[row].encoding == encoding && row != VCPU_ROW_ELR_EL1 && row != VCPU_ROW_SPSR_EL1)
            return (int)row;
    }
    return -ENOENT;
}

/* ---- Timers: of the virtual one, the numbers of CVAL and CNT are exchanged ------------------- */

static const struct timer_reg {
    uint16_t encoding;
    uint8_t timer;
    bool is_counter;
    uint8_t reg; /* enum timer_register */
} timer_regs[] = {
    {VGIC5_ENCODING(3, 3, 14, 3, 1), PE_TIMER_VIRTUAL, false, TIMER_CTL},
    {VGIC5_ENCODING(3, 3, 14, 0, 2), PE_TIMER_VIRTUAL, false, TIMER_CVAL},
    {VGIC5_ENCODING(3, 3, 14, 3, 2), PE_TIMER_VIRTUAL, true, 0},
    {VGIC5_ENCODING(3, 3, 14, 2, 1), PE_TIMER_PHYSICAL, false, TIMER_CTL},
    {VGIC5_ENCODING(3, 3, 14, 2, 2), PE_TIMER_PHYSICAL, false, TIMER_CVAL},
    {VGIC5_ENCODING(3, 3, 14, 0, 1), PE_TIMER_PHYSICAL, true, 0},
};
#define NR_TIMER_REGS (sizeof(timer_regs) / sizeof(timer_regs[0]))

static const struct timer_reg *timer_reg_of(uint32_t encoding)
{
    for (size_t n = 0; n < NR_TIMER_REGS; n++) {
        if (timer_regs[n].encoding == encoding)
            return &timer_regs[n];
    }
    return NULL;
}

static uint64_t get_timer(struct kvmd_vcpu *vcpu, const struct timer_reg *row)
{
    uint64_t counter = vm_counter(vcpu->vm);

    if (row->is_counter)
        return counter;
    return timer_read(&vcpu->pe.timers[row->timer], (enum timer_register)row->reg, counter);
}

static void set_timer(struct kvmd_vcpu *vcpu, const struct timer_reg *row, uint64_t value)
{
    if (row->is_counter)
        vm_set_counter(vcpu->vm, value);
    else
        timer_write(&vcpu->pe.timers[row->timer], (enum timer_register)row->reg,
                    vm_counter(vcpu->vm), value);
}

/* ---- Identification -------------------------------------------------------------------------- */

#define MPIDR_EL1 VGIC5_ENCODING(3, 0, 0, 0, 5)
#define MPIDR_RES1 (UINT64_C(1) << 31)
#define IS_ID(encoding) ((encoding) >> 6 == VGIC5_ENCODING(3, 0, 0, 0, 0) >> 6)

static int get_identity(struct kvmd_vcpu *vcpu, uint32_t encoding, uint64_t *value)
{
    size_t n;
    const struct vcpu_identity *rows = vcpu_identity(&n);

    if (encoding == MPIDR_EL1) {
        *value = MPIDR_RES1 | vgic5_mpidr_of_vcpu(vcpu->id);
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        if (rows[i].encoding != encoding)
            continue;
        *value = guest_identity(vcpu->vm, i);
        return 0;
    }
    *value = 0;
    return IS_ID(encoding) && (encoding >> 3 & 15) >= 1 ? 0 : -ENOENT;
}

/* Only to what it is. */
static int set_identity(struct kvmd_vcpu *vcpu, uint32_t encoding, uint64_t value)
{
    uint64_t own;
    int ret = get_identity(vcpu, encoding, &own);

    if (ret)
        return ret;
    return own == value ? 0 : -EINVAL;
}

static int get_sysreg(struct access *access)
{
    const struct timer_reg *timer = timer_reg_of(access->reg);
    int row = row_of(access->reg), ret = 0;
    uint64_t value;

    if (timer)
        value = get_timer(access->vcpu, timer);
    else if (row >= 0)
        value = access->vcpu->values[row].low;
    else
        ret = get_identity(access->vcpu, access->reg, &value);
    if (ret == 0)
        memcpy(access->value, &value, sizeof(value));
    return ret;
}

static int set_sysreg(struct access *access)
{
    const struct timer_reg *timer = timer_reg_of(access->reg);
    int row = row_of(access->reg);
    uint64_t value;

    memcpy(&value, access->value, sizeof(value));
    if (!timer && row < 0)
        return set_identity(access->vcpu, access->reg, value);
    if (timer)
        set_timer(access->vcpu, timer, value);
    else
        access->vcpu->values[row].low = value;
    return 0;
}

static size_t list_sysregs(uint64_t *ids)
{
    size_t count = 0, n;
    const struct vcpu_register *rows = vcpu_registers(&n);

    for (size_t row = VCPU_ROW_SYSREGS; row < VCPU_ROW_FPCR; row++) {
        if (row_of(rows[row].encoding) < 0)
            continue;
        if (ids)
            ids[count] = KVMD_REG(3, KVMD_CLASS_SYSREG, rows[row].encoding);
        count++;
    }
    for (size_t i = 0; i < NR_TIMER_REGS; i++, count++) {
        if (ids)
            ids[count] = KVMD_REG(3, KVMD_CLASS_SYSREG, timer_regs[i].encoding);
    }
    return count;
}

/* ---- Firmware -------------------------------------------------------------------------------- */

#define PSCI_VERSION_REG 0u
#define PSCI_1_1 0x10001u

static int get_firmware(struct access *access)
{
    const uint64_t version = PSCI_1_1;

    if (access->reg != PSCI_VERSION_REG)
        return -ENOENT;
    memcpy(access->value, &version, sizeof(version));
    return 0;
}

static int set_firmware(struct access *access)
{
    uint64_t version;

    if (access->reg != PSCI_VERSION_REG)
        return -ENOENT;
    memcpy(&version, access->value, sizeof(version));
    return version == PSCI_1_1 ? 0 : -EINVAL;
}

static size_t list_firmware(uint64_t *ids)
{
    if (ids)
        ids[0] = KVMD_REG(3, KVMD_CLASS_FIRMWARE, PSCI_VERSION_REG);
    return 1;
}

/* ---- Classes --------------------------------------------------------------------------------- */

static const struct class
{
    uint32_t number;
    uint32_t size; /* of each register; 0: as the register says */
    int (*get)(struct access *access);
    int (*set)(struct access *access);
    size_t (*list)(uint64_t *ids);
} classes[] = {
    {KVMD_CLASS_CORE, 0, get_core, set_core, core_list},
    {KVMD_CLASS_SYSREG, 8, get_sysreg, set_sysreg, list_sysregs},
    {KVMD_CLASS_FIRMWARE, 8, get_firmware, set_firmware, list_firmware},
};

static const struct class *class_of(uint64_t id, int *ret)
{
    *ret = -ENOENT;
    if (KVMD_REG_ARCH(id) != KVMD_REG_ARM64)
        return NULL;
    for (size_t n = 0; n < sizeof(classes) / sizeof(classes[0]); n++) {
        if (classes[n].number != KVMD_REG_CLASS(id))
            continue;
        if (!classes[n].size || classes[n].size == KVMD_REG_SIZE(id))
            return &classes[n];
        *ret = -ENOENT;
    }
    return NULL;
}

static const struct class *begin(struct kvmd_call *call, struct kvm_one_reg *reg,
                                 struct access *access, int *ret)
{
    *ret = call_read(call, reg, sizeof(*reg));
    if (*ret)
        return NULL;
    *access = (struct access){.vcpu = call->vcpu, .id = reg->id, .reg = reg->id & 0xffff};
    if (KVMD_REG_SIZE(reg->id) > MOST_BYTES) {
        *ret = -ENOENT;
        return NULL;
    }
    return class_of(reg->id, ret);
}

int64_t kvmd_get_one_reg(struct kvmd_call *call)
{
    const struct kvmd_client *client = call->client;
    struct kvm_one_reg reg;
    struct access access;
    int ret;
    const struct class *class = begin(call, &reg, &access, &ret);

    if (!class)
        return ret;
    ret = engine_fetch(call->vcpu);
    if (ret == 0)
        ret = class->get(&access);
    if (ret)
        return ret;
    return client->write(client->opaque, reg.addr, access.value, KVMD_REG_SIZE(reg.id));
}

int64_t kvmd_set_one_reg(struct kvmd_call *call)
{
    const struct kvmd_client *client = call->client;
    struct kvm_one_reg reg;
    struct access access;
    int ret;
    const struct class *class = begin(call, &reg, &access, &ret);

    if (!class)
        return ret;
    ret = client->read(client->opaque, reg.addr, access.value, KVMD_REG_SIZE(reg.id));
    if (ret == 0)
        ret = engine_change(call->vcpu);
    return ret ? ret : class->set(&access);
}

int64_t kvmd_get_reg_list(struct kvmd_call *call)
{
    const struct kvmd_client *client = call->client;
    uint64_t room, count = 0, ids[512];
    int ret = call_read(call, &room, sizeof(room));

    if (ret)
        return ret;
    for (size_t n = 0; n < sizeof(classes) / sizeof(classes[0]); n++)
        count += classes[n].list(ids + count);
    ret = call_write(call, &count, sizeof(count));
    if (ret)
        return ret;
    if (room < count)
        return -E2BIG;
    return client->write(client->opaque, call->argument + sizeof(count), ids,
                         count * sizeof(ids[0]));
}
