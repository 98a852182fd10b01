/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM_GET_ONE_REG, KVM_SET_ONE_REG and KVM_GET_REG_LIST. */
#include "kvmd/onereg.h"

#include <errno.h>
#include <string.h>

#include "kvmd/engine.h"
#include "kvmd/psci.h"

#define MOST_BYTES 16u
#define PSTATE_MODE 0x1fu
#define PSTATE_EL0T 0x0u
#define PSTATE_EL1T 0x4u
#define PSTATE_EL1H 0x5u

/* A register's place, and how it is read and written. */
struct one_reg {
    struct kvmd_vcpu *vcpu;
    uint64_t id;
    uint32_t reg; /* within its class */
    uint8_t value[MOST_BYTES];
};

/* ---- Core registers -------------------------------------------------------------------------- */

static int find_core(const struct one_reg *access, struct core_place *place)
{
    if (!core_place(access->reg, place))
        return -ENOENT;
    return place->size == KVMD_REG_SIZE(access->id) ? 0 : -EINVAL;
}

static void *core_value(struct kvmd_vcpu *vcpu, const struct core_place *place)
{
    return place->is_spsr ? (void *)&vcpu->spsr[place->spsr] : (void *)&vcpu->values[place->row];
}

static int get_core(struct one_reg *access)
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

static int set_core(struct one_reg *access)
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

/* Keys of pointer authentication, which is not announced: KVM hides them then. */
#define IS_KEY(encoding) \
    ((encoding) >= VGIC5_ENCODING(3, 0, 2, 1, 0) && (encoding) <= VGIC5_ENCODING(3, 0, 2, 3, 1))

/* The row of the state; those that are core registers have no second name. */
static int row_of(uint32_t encoding)
{
    size_t n;
    const struct vcpu_register *rows = vcpu_registers(&n);

    if (IS_KEY(encoding))
        return -ENOENT;
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

static int get_sysreg(struct one_reg *access)
{
    const struct timer_reg *timer = timer_reg_of(access->reg);
    int row = row_of(access->reg), kept = kept_place(access->reg), ret = 0;
    uint64_t value;

    if (timer)
        value = get_timer(access->vcpu, timer);
    else if (row >= 0)
        value = access->vcpu->values[row].low;
    else if (kept >= 0)
        value = access->vcpu->kept[kept];
    else
        ret = identification_get(access->vcpu, access->reg, &value);
    if (ret == 0)
        memcpy(access->value, &value, sizeof(value));
    return ret;
}

static int set_sysreg(struct one_reg *access)
{
    const struct timer_reg *timer = timer_reg_of(access->reg);
    int row = row_of(access->reg), kept = kept_place(access->reg);
    uint64_t value;

    memcpy(&value, access->value, sizeof(value));
    if (timer)
        set_timer(access->vcpu, timer, value);
    else if (row >= 0)
        access->vcpu->values[row].low = value;
    else if (kept >= 0)
        return kept_set(access->vcpu->kept, (unsigned)kept, value);
    else
        return identification_set(access->vcpu, access->reg, value);
    return 0;
}

static size_t list_encoding(uint64_t *ids, size_t count, uint16_t encoding)
{
    ids[count] = KVMD_REG(3, KVMD_CLASS_SYSREG, encoding);
    return count + 1;
}

static size_t list_sysregs(uint64_t *ids)
{
    uint16_t encodings[KVMD_NR_ID + 8];
    size_t count = 0, n;
    const struct vcpu_register *rows = vcpu_registers(&n);

    for (size_t row = VCPU_ROW_SYSREGS; row < VCPU_ROW_FPCR; row++) {
        if (row_of(rows[row].encoding) >= 0)
            count = list_encoding(ids, count, rows[row].encoding);
    }
    for (size_t i = 0; i < NR_TIMER_REGS; i++)
        count = list_encoding(ids, count, timer_regs[i].encoding);
    for (unsigned place = 0; place < KVMD_NR_KEPT; place++)
        count = list_encoding(ids, count, kept_encoding(place));
    n = identification_list(encodings);
    for (size_t i = 0; i < n; i++)
        count = list_encoding(ids, count, encodings[i]);
    return count;
}

/* ---- Firmware -------------------------------------------------------------------------------- */

#define PSCI_VERSION_REG 0u
#define PSCI_0_1 1u
#define NR_FIRMWARE 4u     /* and from 1 SMCCC's workarounds: none is there, nor needed */
#define NR_FEATURE_MAPS 4u /* of hypercalls: none of them is there */

static uint64_t psci_version(const struct kvmd_vcpu *vcpu)
{
    return vcpu->features & KVMD_VCPU_PSCI_0_2 ? vcpu->vm->psci_version : PSCI_0_1;
}

/* The numbers of a class, from 0, of registers that are 0 and stay it. */
static int get_zero(struct one_reg *access, uint32_t count)
{
    if (access->reg >= count)
        return -ENOENT;
    memset(access->value, 0, sizeof(uint64_t));
    return 0;
}

static int set_zero(const struct one_reg *access, uint32_t count)
{
    uint64_t value;

    memcpy(&value, access->value, sizeof(value));
    if (access->reg >= count)
        return -ENOENT;
    return value ? -EINVAL : 0;
}

static size_t list_numbers(uint64_t *ids, uint32_t class, uint32_t count)
{
    for (uint32_t reg = 0; reg < count; reg++)
        ids[reg] = KVMD_REG(3, class, reg);
    return count;
}

static int get_firmware(struct one_reg *access)
{
    uint64_t value = psci_version(access->vcpu);

    if (access->reg != PSCI_VERSION_REG)
        return get_zero(access, NR_FIRMWARE);
    memcpy(access->value, &value, sizeof(value));
    return 0;
}

static int set_firmware(struct one_reg *access)
{
    uint64_t value;

    if (access->reg != PSCI_VERSION_REG)
        return set_zero(access, NR_FIRMWARE);
    memcpy(&value, access->value, sizeof(value));
    if (value == psci_version(access->vcpu))
        return 0;
    if (!(access->vcpu->features & KVMD_VCPU_PSCI_0_2) || !psci_version_is_known(value))
        return -EINVAL;
    access->vcpu->vm->psci_version = value;
    return 0;
}

static size_t list_firmware(uint64_t *ids)
{
    return list_numbers(ids, KVMD_CLASS_FIRMWARE, NR_FIRMWARE);
}

static int get_feature_map(struct one_reg *access)
{
    return get_zero(access, NR_FEATURE_MAPS);
}

static int set_feature_map(struct one_reg *access)
{
    return set_zero(access, NR_FEATURE_MAPS);
}

static size_t list_feature_maps(uint64_t *ids)
{
    return list_numbers(ids, KVMD_CLASS_FEATURES, NR_FEATURE_MAPS);
}

/* ---- Classes --------------------------------------------------------------------------------- */

static const struct class
{
    uint32_t number;
    uint32_t size; /* of each register; 0: as the register says */
    int (*get)(struct one_reg *access);
    int (*set)(struct one_reg *access);
    size_t (*list)(uint64_t *ids); /* how many */
} classes[] = {
    {KVMD_CLASS_CORE, 0, get_core, set_core, core_list},
    {KVMD_CLASS_SYSREG, 8, get_sysreg, set_sysreg, list_sysregs},
    {KVMD_CLASS_FIRMWARE, 8, get_firmware, set_firmware, list_firmware},
    {KVMD_CLASS_FEATURES, 8, get_feature_map, set_feature_map, list_feature_maps},
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
                                 struct one_reg *access, int *ret)
{
    *ret = call_read(call, reg, sizeof(*reg));
    if (*ret)
        return NULL;
    *access = (struct one_reg){.vcpu = call->vcpu, .id = reg->id, .reg = reg->id & 0xffff};
    if (KVMD_REG_SIZE(reg->id) > MOST_BYTES) {
        *ret = -ENOENT;
        return NULL;
    }
    return class_of(reg->id, ret);
}

/* An observer is to see what the VMM sees. */
static int write_last(const struct kvmd_call *call, uint64_t at, const void *from, size_t size)
{
    const struct kvmd_client *client = call->client;

    if (client->write_last && !call->object->kvmd->config.observer)
        return client->write_last(client->opaque, at, from, size);
    return client->write(client->opaque, at, from, size);
}

int64_t kvmd_get_one_reg(struct kvmd_call *call)
{
    struct kvm_one_reg reg;
    struct one_reg access;
    int ret;
    const struct class *class = begin(call, &reg, &access, &ret);

    if (!class)
        return ret;
    ret = engine_fetch(call->vcpu);
    if (ret == 0)
        ret = class->get(&access);
    if (ret)
        return ret;
    return write_last(call, reg.addr, access.value, KVMD_REG_SIZE(reg.id));
}

int64_t kvmd_set_one_reg(struct kvmd_call *call)
{
    const struct kvmd_client *client = call->client;
    struct kvm_one_reg reg;
    struct one_reg access;
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
