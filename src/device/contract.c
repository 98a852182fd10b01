/* SPDX-License-Identifier: BSD-3-Clause */
#include "device/contract.h"

#include <errno.h>
#include <string.h>

#include "facts/fields.h"

/* ---- What an access is about ----------------------------------------------------------------- */

/* The inverse of vgic5_mpidr_of_vcpu; what that never makes is nobody's. */
static struct vgic5_vcpu *vcpu_of_mpidr(struct vgic5 *device, uint64_t attr)
{
    uint32_t id = (uint32_t)(attr >> 32 & 0xf) | (uint32_t)(attr >> 40 & 0xff) << 4 |
                  (uint32_t)(attr >> 48 & 0xff) << 12;

    if (vgic5_mpidr_to_attr(vgic5_mpidr_of_vcpu(id)) >> 32 != attr >> 32)
        return NULL;
    return vgic5_vcpu(device, id);
}

/* Bits 31:16 belong to no encoding: an attribute that has one set names no register. */
static const struct cpu_register *sysreg_of(uint64_t attr)
{
    uint32_t instr = (uint32_t)attr;
    const struct cpu_register *reg = instr <= UINT16_MAX ? cpu_register_of((uint16_t)instr) : NULL;

    return reg && reg->carried ? reg : NULL;
}

void access_open(struct access *access, struct vgic5 *device, uint32_t group,
                 enum contract_call call, uint64_t attr, uint64_t addr)
{
    access->device = device;
    access->group = group;
    access->call = call;
    access->attr = attr;
    access->addr = addr;
    access->vcpu = NULL;
    access->quiesced = 0;
    access->answer = 0;
    access->sysreg = group == VGIC5_GRP_CPU_SYSREGS ? sysreg_of(attr) : NULL;
    access->irs = group == VGIC5_GRP_IRS_REGS ? irs_register_at(attr) : NULL;
    if (group == VGIC5_GRP_CPU_SYSREGS)
        access->vcpu = vcpu_of_mpidr(device, attr);
    if (group == CONTRACT_IRQ_LINE)
        access->vcpu = vgic5_vcpu(device, (uint32_t)((attr >> 28) * 256 + (attr >> 16 & 0xff)));
}

/* Bytes behind addr that a set brings; of a get, those of the descriptor. */
static size_t payload_size(const struct access *access)
{
    switch (access->group) {
    case VGIC5_GRP_NR_IRQS:
        return sizeof(access->payload.u32);
    case VGIC5_GRP_IST:
        return access->device->profile->lpis_in_host ? sizeof(access->payload.buffers)
                                                     : 4 * (size_t)access->device->nr_spis;
    default:
        return sizeof(access->payload.u64);
    }
}

/* ---- The conditions -------------------------------------------------------------------------- */

#define CONDITION(name) static bool is_##name(struct access *access)

CONDITION(DEEPER)
{
    (void)access;
    return false; /* the operation itself finds it */
}

CONDITION(NEVER)
{
    (void)access;
    return false;
}

CONDITION(UNREADABLE)
{
    return caller_read(access->device, &access->payload, access->addr, payload_size(access)) != 0;
}

CONDITION(NULL_ADDR)
{
    return access->addr == 0;
}
CONDITION(NO_VCPU)
{
    return access->device->nr_vcpus == 0;
}
CONDITION(BEFORE_INIT)
{
    return !access->device->gic;
}
CONDITION(RUNNING)
{
    return device_is_running(access->device);
}
CONDITION(HAS_RUN)
{
    return __atomic_load_n(&access->device->has_run, __ATOMIC_RELAXED);
}
CONDITION(UNUSABLE)
{
    return access->device->unusable;
}
CONDITION(NO_ADDR)
{
    return access->device->addr == ADDR_UNSET;
}

CONDITION(OTHER_ATTR)
{
    switch (access->group) {
    case VGIC5_GRP_ADDR:
        return access->attr != VGIC5_ADDR_TYPE_IRS;
    case VGIC5_GRP_CTRL:
        return access->attr != VGIC5_CTRL_INIT && access->attr != VGIC5_CTRL_USERSPACE_PPIS;
    default:
        return access->attr != 0;
    }
}

CONDITION(ADDR_IS_SET)
{
    return access->device->addr != ADDR_UNSET;
}
CONDITION(ADDR_MISALIGNED)
{
    return access->payload.u64 % VGIC5_IRS_FRAME_SIZE != 0;
}

CONDITION(ADDR_WRAPS)
{
    return access->payload.u64 + VGIC5_IRS_REGION_SIZE < access->payload.u64;
}

CONDITION(ADDR_TOO_BIG)
{
    return access->payload.u64 + VGIC5_IRS_REGION_SIZE > UINT64_C(1)
                                                             << access->device->config.ipa_bits;
}

CONDITION(NR_IRQS_OUT)
{
    uint32_t number = access->payload.u32;

    return number < VGIC5_NR_SPIS_MIN || number > VGIC5_NR_SPIS_MAX || number % 32 != 0;
}

/* Set before, or given its default by CTRL_INIT. */
CONDITION(NR_IRQS_SET)
{
    return access->device->nr_spis != 0;
}

CONDITION(NOT_PPIS)
{
    return access->attr != VGIC5_CTRL_USERSPACE_PPIS;
}
CONDITION(NOT_INIT_ATTR)
{
    return access->attr != VGIC5_CTRL_INIT;
}
CONDITION(NO_SUCH_VCPU)
{
    return !access->vcpu;
}
CONDITION(UNKNOWN_SYSREG)
{
    return !access->sysreg;
}
CONDITION(HOLE)
{
    return !access->irs;
}
CONDITION(INSIDE)
{
    return access->irs->offset != access->attr;
}

/* What host.quiesce has said: step_quiesce. */
CONDITION(WOKEN)
{
    return access->quiesced == -EBUSY;
}
CONDITION(TIMED_OUT)
{
    return access->quiesced == -ETIMEDOUT;
}

/* Bytes of the LPI image that the registers ask for; 0 when they name no IST. */
static uint64_t lpi_image_size(struct vgic5 *device)
{
    uint64_t cfgr = gicv5_irs_read(device->gic, IRS_IST_CFGR_ROW);

    if (!lpi_ist_is_named(device))
        return 0;
    return UINT64_C(4) << FIELD_GET(IRS_IST_CFGR_LPI_ID_BITS, cfgr);
}

CONDITION(SPI_BUFFER)
{
    const struct vgic5_ist *buffers = &access->payload.buffers;

    return buffers->spi_ist_addr == 0 ||
           buffers->spi_ist_size != UINT64_C(4) * access->device->nr_spis;
}

CONDITION(LPI_BUFFER_EXTRA)
{
    const struct vgic5_ist *buffers = &access->payload.buffers;

    return lpi_image_size(access->device) == 0 && (buffers->lpi_ist_addr || buffers->lpi_ist_size);
}

CONDITION(LPI_BUFFER)
{
    uint64_t size = lpi_image_size(access->device);

    return size != 0 && (access->payload.buffers.lpi_ist_addr == 0 ||
                         access->payload.buffers.lpi_ist_size != size);
}

CONDITION(IST_NEVER_SET)
{
    return lpi_ist_is_named(access->device) && !lpi_ist_exists(access->device);
}

CONDITION(LPI_IST_EXISTS)
{
    return access->payload.buffers.lpi_ist_size != 0 && lpi_ist_exists(access->device);
}

static uint32_t line_type(const struct access *access)
{
    return (uint32_t)(access->attr >> 24 & 0xf);
}

CONDITION(LINE_CPU)
{
    return line_type(access) == VGIC5_IRQ_TYPE_CPU;
}

CONDITION(LINE_NO_SPI)
{
    return line_type(access) == VGIC5_IRQ_TYPE_SPI &&
           (access->attr & 0xffff) >= access->device->nr_spis;
}

CONDITION(LINE_NO_PPI)
{
    uint64_t number = access->attr & 0xffff;

    return line_type(access) == VGIC5_IRQ_TYPE_PPI &&
           (!access->vcpu || number >= 64 ||
            !(device_userspace_ppis(access->device) >> number & 1));
}

CONDITION(LINE_TYPE)
{
    return line_type(access) > VGIC5_IRQ_TYPE_PPI;
}

/* ---- The steps ------------------------------------------------------------------------------- */

/* State is handed out only from a VM that stands still, and stays so (kvm-abi §4). The VMM may wait
 * for threads that want to get in. */
static int step_quiesce(struct access *access)
{
    struct vgic5 *device = access->device;
    int ret = 0;

    if (device->host.quiesce) {
        device_unlock(device);
        ret = device->host.quiesce(device->opaque);
        device_lock(device);
    }
    if (ret > 0)
        ret = -ret;
    access->quiesced = ret == 0 && device_is_running(device) ? -EBUSY : ret;
    return ret == -EBUSY || ret == -ETIMEDOUT ? 0 : ret;
}

/* ---- The table ------------------------------------------------------------------------------- */

#define VGIC5_GRP_RUN CONTRACT_RUN
#define VGIC5_GRP_IRQ_LINE CONTRACT_IRQ_LINE
#define VGIC5_GRP_CREATE_DEVICE CONTRACT_CREATE_DEVICE
#define V1 (1u << VGIC5_ABI_V1)
#define V7_4 (1u << VGIC5_ABI_7_4)
#define EVERY (V1 | V7_4)

static const struct contract_row {
    struct refusal refusal;
    uint32_t group;
    enum contract_call call;
    uint32_t profiles;
    bool (*condition)(struct access *access);
    int (*step)(struct access *access); /* of a STEP, which has nothing else */
} rows[] = {
#define REFUSAL(row_id, grp, verb, when, error, in, source, text) \
    {{#row_id, text, error}, VGIC5_GRP_##grp, CONTRACT_##verb, in, is_##when, NULL},
#define STEP(grp, verb, name, text) \
    {{#name, text, 0}, VGIC5_GRP_##grp, CONTRACT_##verb, EVERY, NULL, step_##name},
#include "device/contract.def"
#undef REFUSAL
};

#ifdef CONTRACT_MUTANT /* a test's build of the device: a row is missing, or is looked at first */
extern const char *contract_missing_row, *contract_first_row;

static bool is_called(const struct contract_row *row, const char *id)
{
    return id && strcmp(id, row->refusal.id) == 0;
}

static bool is_missing(const struct contract_row *row)
{
    return is_called(row, contract_missing_row);
}

/* What the row asks for has been done. */
static void take_steps_before(const struct contract_row *row, struct access *access)
{
    for (const struct contract_row *step = rows; step < row; step++) {
        if (step->step && step->group == row->group && step->call == row->call)
            step->step(access);
    }
}

static bool is_seen_first(const struct contract_row *row, struct access *access)
{
    if (!is_called(row, contract_first_row) || row->group != access->group ||
        row->call != access->call)
        return false;
    take_steps_before(row, access);
    return row->condition(access);
}

static const struct contract_row *row_seen_first(struct access *access)
{
    for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
        if (is_seen_first(&rows[n], access))
            return &rows[n];
    }
    return NULL;
}
#else
static bool is_missing(const struct contract_row *row)
{
    (void)row;
    return false;
}

static const struct contract_row *row_seen_first(struct access *access)
{
    (void)access;
    return NULL;
}
#endif

/* Nobody is refused by a step that answers 0. */
static bool ends_here(const struct contract_row *row, struct access *access)
{
    if (!row->step)
        return row->condition(access);
    access->answer = row->step(access);
    return access->answer != 0;
}

const struct refusal *contract_refusal(struct access *access)
{
    const struct contract_row *first = row_seen_first(access);
    const struct contract_row *end = rows + sizeof(rows) / sizeof(rows[0]);
    const struct contract_row *row = rows;
    uint32_t profile = 1u << access->device->profile->abi;

    if (first)
        return &first->refusal;
    while (row < end && row->group != access->group)
        row++;
    for (; row < end && row->group == access->group; row++) {
        if (row->call == access->call && (row->profiles & profile) && !is_missing(row) &&
            ends_here(row, access))
            return row->step ? NULL : &row->refusal;
    }
    return NULL;
}

int contract_check(struct access *access)
{
    const struct refusal *refusal = contract_refusal(access);

    return refusal ? -refusal->errno_value : access->answer;
}
