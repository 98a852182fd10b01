/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/look/picture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tool/report.h"

#define PSTATE_I (UINT64_C(1) << 7)

/* ---- The device ------------------------------------------------------------------------------ */

static int build(struct loaded *loaded, struct vgic5 **device, struct vgic5_error *error)
{
    const struct vgic5_host host = {
        .size = sizeof(host), .read_guest = vgic5_pages_read, .write_guest = vgic5_pages_write};
    struct vgic5_port port;
    int ret = vgic5_create(&loaded->config.gic, &host, loaded->pages, device);

    if (ret != 0)
        return error_set(error, VGIC5_CAUSE_UNFIT, -EINVAL,
                         "machine: a VGICv5 cannot be created from it: %s", strerror(-ret));
    for (uint32_t n = 0; ret == 0 && n < loaded->config.nr_vcpus; n++)
        ret = vgic5_add_vcpu(*device, loaded->config.vcpu_ids[n]);
    if (ret != 0)
        return error_set(error, VGIC5_CAUSE_UNFIT, -EINVAL,
                         "machine: the VGICv5 refuses its vCPUs: %s", strerror(-ret));
    vgic5_port_model(*device, &port);
    ret = vgic5_restore(&port, loaded->state, NULL, error);
    if (ret != 0 && vgic5_pages_error(loaded->pages)->cause != VGIC5_CAUSE_NONE)
        error_copy(error, vgic5_pages_error(loaded->pages));
    return ret;
}

/* ---- Interrupts ------------------------------------------------------------------------------ */

static int add(struct picture *picture, const struct picture_interrupt *interrupt)
{
    uint32_t type = VGIC5_INTID_TYPE(interrupt->intid);

    if (picture->nr_interrupts == picture->room) {
        size_t room = picture->room != 0 ? 2 * picture->room : 256;
        void *grown = reallocarray(picture->interrupts, room, sizeof(*picture->interrupts));

        if (!grown)
            return -ENOMEM;
        picture->interrupts = grown;
        picture->room = room;
    }
    picture->interrupts[picture->nr_interrupts++] = *interrupt;
    picture->pending[type] += interrupt->pending;
    picture->active[type] += interrupt->active;
    if (interrupt->vcpu < picture->nr_vcpus) {
        picture->vcpus[interrupt->vcpu].pending += interrupt->pending;
        picture->vcpus[interrupt->vcpu].active += interrupt->active;
    }
    return 0;
}

static uint32_t vcpu_of(const struct picture *picture, uint32_t id)
{
    uint32_t n = 0;

    while (n < picture->nr_vcpus && picture->vcpus[n].id != id)
        n++;
    return n;
}

/* As software would ask: GIC CDRCFG, then ICC_ICSR_EL1. An unreachable INTID answers F. */
static bool ask(const struct picture *picture, struct vgic5_vcpu *pe, uint32_t intid,
                struct picture_interrupt *to)
{
    uint64_t argument = intid, icsr = VGIC5_ICC_ICSR_F;

    vgic5_cpu_access(pe, VGIC5_CDRCFG, true, &argument);
    vgic5_cpu_access(pe, VGIC5_ICC_ICSR, false, &icsr);
    if (icsr & VGIC5_ICC_ICSR_F)
        return false;
    *to = (struct picture_interrupt){
        .intid = intid,
        .iaffid = (uint16_t)VGIC5_FIELD_GET(ICC_ICSR_IAFFID, icsr),
        .priority = (uint8_t)VGIC5_FIELD_GET(ICC_ICSR_PRIORITY, icsr),
        .pending = icsr & VGIC5_ICC_ICSR_PENDING,
        .active = icsr & VGIC5_ICC_ICSR_ACTIVE,
        .enabled = icsr & VGIC5_ICC_ICSR_ENABLED,
        .level = icsr & VGIC5_ICC_ICSR_HM,
    };
    to->vcpu = vcpu_of(picture, to->iaffid);
    return true;
}

static int look_at_spis(struct picture *picture, const struct loaded *loaded, struct vgic5_vcpu *pe)
{
    int ret = 0;

    for (uint32_t id = 0; id < loaded->config.nr_spis && ret == 0; id++) {
        struct picture_interrupt spi = {0};

        if (!ask(picture, pe, VGIC5_INTID(VGIC5_SPI, id), &spi))
            continue;
        if (vgic5_state_spi(loaded->state, id, &spi.level, &spi.wire) != 0 || spi.level || spi.wire)
            ret = add(picture, &spi);
    }
    return ret;
}

static int look_at_lpis(struct picture *picture, struct vgic5_vcpu *pe)
{
    int ret = 0;

    picture->reachable = calloc(picture->nr_lpis / 8 + 1, 1);
    if (!picture->reachable)
        return -ENOMEM;
    for (uint32_t id = 0; id < picture->nr_lpis && ret == 0; id++) {
        struct picture_interrupt lpi = {0};

        if (!ask(picture, pe, VGIC5_INTID(VGIC5_LPI, id), &lpi)) {
            picture->nr_unreachable++;
            continue;
        }
        picture->reachable[id / 8] |= (uint8_t)(1u << id % 8);
        if (lpi.pending || lpi.active || lpi.enabled || lpi.priority || lpi.iaffid)
            ret = add(picture, &lpi);
    }
    return ret;
}

static uint64_t icc(const struct loaded *loaded, uint32_t n, const char *name)
{
    uint64_t value = 0;

    vgic5_state_icc(loaded->state, n, name, &value);
    return value;
}

static int look_at_ppis(struct picture *picture, const struct loaded *loaded, uint32_t n)
{
    uint64_t pending = icc(loaded, n, "ICC_PPI_SPENDR0");
    uint64_t active = icc(loaded, n, "ICC_PPI_SACTIVER0");
    uint64_t enabled = icc(loaded, n, "ICC_PPI_ENABLER0"), priorities = 0;
    int ret = 0;

    for (uint32_t ppi = 0; ppi < 64 && ret == 0; ppi++) {
        char name[] = "ICC_PPI_PRIORITYR0";
        struct picture_interrupt interrupt = {
            .intid = VGIC5_INTID(VGIC5_PPI, ppi),
            .vcpu = n,
            .iaffid = (uint16_t)picture->vcpus[n].id,
            .pending = pending >> ppi & 1,
            .active = active >> ppi & 1,
            .enabled = enabled >> ppi & 1,
            .level = ppi != VGIC5_PPI_SW,
        };

        if (ppi % 8 == 0) {
            name[sizeof(name) - 2] = (char)('0' + ppi / 8);
            priorities = icc(loaded, n, name);
        }
        interrupt.priority = priorities >> 8 * (ppi % 8) & 31;
        interrupt.wire = interrupt.level && interrupt.pending;
        if (interrupt.pending || interrupt.active || interrupt.enabled || interrupt.priority)
            ret = add(picture, &interrupt);
    }
    return ret;
}

/* ---- vCPUs ----------------------------------------------------------------------------------- */

static uint64_t cpu_field(const struct loaded *loaded, uint32_t id, const char *name)
{
    const struct vgic5_section *cpu = vgic5_snapshot_find(loaded->snapshot, "cpu", id);
    uint64_t value = 0;

    if (cpu && cpu->fields)
        vgic5_fields_get_u64(cpu->fields, "cpu", name, &value, NULL);
    return value;
}

static void look_at_vcpu(struct picture *picture, const struct loaded *loaded, struct vgic5 *device,
                         uint32_t n)
{
    uint32_t id = loaded->config.vcpu_ids[n];
    struct vgic5_vcpu *pe = vgic5_vcpu(device, id);
    struct picture_vcpu *vcpu = &picture->vcpus[n];
    uint64_t hppir = 0;

    vgic5_cpu_access(pe, VGIC5_ICC_HPPIR, false, &hppir);
    *vcpu = (struct picture_vcpu){
        .id = id,
        .enabled = icc(loaded, n, "ICC_CR0") & 1,
        .pcr = (uint8_t)(icc(loaded, n, "ICC_PCR") & 31),
        .apr = (uint32_t)icc(loaded, n, "ICC_APR"),
        .running_priority = -1,
        .line = vgic5_vcpu_line(pe),
        .hppi = hppir & VGIC5_ICC_HPPIR_HPPIV ? (uint32_t)hppir : 0,
        .on = cpu_field(loaded, id, "ON"),
        .wfi = cpu_field(loaded, id, "WFI"),
        .masked = cpu_field(loaded, id, "PSTATE") & PSTATE_I,
    };
    if (vcpu->apr != 0)
        vcpu->running_priority = __builtin_ctz(vcpu->apr);
}

static int look(struct picture *picture, const struct loaded *loaded, struct vgic5 *device)
{
    struct vgic5_vcpu *pe = vgic5_vcpu(device, loaded->config.vcpu_ids[0]);
    uint64_t cr0 = 0;
    int ret = 0;

    vgic5_state_irs(loaded->state, "IRS_CR0", &cr0);
    vgic5_state_irs(loaded->state, "IRS_IST_BASER", &picture->ist_baser);
    vgic5_state_irs(loaded->state, "IRS_IST_CFGR", &picture->ist_cfgr);
    picture->irsen = cr0 & 1;
    picture->ist_valid = picture->ist_baser & 1;
    picture->nr_lpis = picture->ist_valid ? 1u << (picture->ist_cfgr & 31) : 0;
    for (uint32_t n = 0; n < picture->nr_vcpus; n++)
        look_at_vcpu(picture, loaded, device, n);
    for (uint32_t n = 0; n < picture->nr_vcpus && ret == 0; n++)
        ret = look_at_ppis(picture, loaded, n);
    if (ret == 0)
        ret = look_at_spis(picture, loaded, pe);
    return ret == 0 ? look_at_lpis(picture, pe) : ret;
}

int picture_take(struct loaded *loaded, struct picture *picture, struct vgic5_error *error)
{
    int ret;

    *picture = (struct picture){.nr_vcpus = loaded->config.nr_vcpus};
    picture->vcpus = calloc(picture->nr_vcpus, sizeof(*picture->vcpus));
    if (!picture->vcpus)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -EINVAL, "no memory for the vCPUs");
    ret = build(loaded, &picture->device, error);
    if (ret == 0 && look(picture, loaded, picture->device) != 0)
        ret = error_set(error, VGIC5_CAUSE_ENVIRONMENT, -EINVAL, "no memory for the interrupts");
    if (ret != 0)
        picture_free(picture);
    return ret;
}

void picture_free(struct picture *picture)
{
    vgic5_destroy(picture->device);
    free(picture->interrupts);
    free(picture->reachable);
    free(picture->vcpus);
    *picture = (struct picture){0};
}

/* ---- Asking ---------------------------------------------------------------------------------- */

const struct picture_interrupt *picture_find(const struct picture *picture, uint32_t vcpu,
                                             uint32_t intid)
{
    bool own = VGIC5_INTID_TYPE(intid) == VGIC5_PPI;

    for (size_t n = 0; n < picture->nr_interrupts; n++)
        if (picture->interrupts[n].intid == intid && (!own || picture->interrupts[n].vcpu == vcpu))
            return &picture->interrupts[n];
    return NULL;
}
