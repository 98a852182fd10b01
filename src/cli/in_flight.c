/* SPDX-License-Identifier: BSD-3-Clause */
#include "in_flight.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/memory.h"

#define CDRCFG VGIC5_ENCODING(1, 0, 12, 1, 5)
#define ICC_ICSR VGIC5_ENCODING(3, 0, 12, 10, 4)
#define ICSR_F (1u << 0)
#define ICSR_PENDING (1u << 2)
#define ICSR_ACTIVE (1u << 4)
#define ICSR_IAFFID(icsr) ((uint32_t)((icsr) >> 32 & 0xffff))

struct scratch {
    struct memory memory;
    struct vgic5 *device;
};

static int read_guest(void *opaque, uint64_t ipa, void *to, size_t size)
{
    return memory_read(opaque, ipa, to, size);
}

static int write_guest(void *opaque, uint64_t ipa, const void *from, size_t size)
{
    return memory_write(opaque, ipa, from, size);
}

static int no_memory(struct vgic5_error *error)
{
    error->exit_code = 3;
    snprintf(error->message, sizeof error->message, "no memory for the interrupt controller");
    return -ENOMEM;
}

static int build(const struct loaded *loaded, struct scratch *scratch, struct vgic5_error *error)
{
    const struct vgic5_host host = { .size = sizeof host, .read_guest = read_guest,
                                     .write_guest = write_guest };
    struct vgic5_port port;
    int status = vgic5_create(&loaded->config.gic, &host, &scratch->memory, &scratch->device);

    for (uint32_t n = 0; status == 0 && n < loaded->config.nr_vcpus; n++)
        status = vgic5_add_vcpu(scratch->device, loaded->config.vcpu_ids[n]);
    if (status != 0)
        return no_memory(error);
    vgic5_port_model(scratch->device, &port);
    return vgic5_restore(&port, loaded->state, NULL, error);
}

static int load(const struct loaded *loaded, struct scratch *scratch, struct vgic5_error *error)
{
    if (memory_create(&scratch->memory, loaded->memory->memory_base,
                      loaded->memory->memory_size) != 0)
        return no_memory(error);
    int status = vgic5_snapshot_load_memory(loaded->snapshot, loaded->memory, scratch->memory.host,
                                            error);
    return status == 0 ? build(loaded, scratch, error) : status;
}

static struct in_flight_vcpu *vcpu_of(struct in_flight *flight, uint32_t id)
{
    for (uint32_t n = 0; n < flight->nr_vcpus; n++)
        if (flight->vcpus[n].id == id)
            return &flight->vcpus[n];
    return NULL; /* an interrupt may target a PE that does not exist */
}

static void count(struct in_flight *flight, enum vgic5_type type, struct in_flight_vcpu *vcpu,
                  uint32_t pending, uint32_t active)
{
    flight->pending[type] += pending;
    flight->active[type] += active;
    if (vcpu != NULL) {
        vcpu->pending += pending;
        vcpu->active += active;
    }
}

/* As software would ask: GIC CDRCFG, then ICC_ICSR_EL1. An unreachable INTID answers F. */
static void count_interrupt(struct in_flight *flight, struct vgic5_vcpu *pe, enum vgic5_type type,
                            uint32_t id)
{
    uint64_t intid = VGIC5_INTID(type, id), icsr = ICSR_F;

    vgic5_cpu_access(pe, CDRCFG, true, &intid);
    vgic5_cpu_access(pe, ICC_ICSR, false, &icsr);
    if ((icsr & ICSR_F) == 0 && (icsr & (ICSR_PENDING | ICSR_ACTIVE)) != 0)
        count(flight, type, vcpu_of(flight, ICSR_IAFFID(icsr)), (icsr & ICSR_PENDING) != 0,
              (icsr & ICSR_ACTIVE) != 0);
}

static void count_shared(struct in_flight *flight, const struct loaded *loaded,
                         struct vgic5 *device)
{
    struct vgic5_vcpu *pe = vgic5_vcpu(device, loaded->config.vcpu_ids[0]);
    uint64_t cfgr = 0, baser = 0;

    for (uint32_t id = 0; id < loaded->config.nr_spis; id++)
        count_interrupt(flight, pe, VGIC5_SPI, id);
    vgic5_state_irs(loaded->state, "IRS_IST_CFGR", &cfgr);
    vgic5_state_irs(loaded->state, "IRS_IST_BASER", &baser);
    if ((baser & 1) == 0)
        return;
    for (uint32_t id = 0; id < 1u << (cfgr & 31); id++)
        count_interrupt(flight, pe, VGIC5_LPI, id);
}

static void count_own(struct in_flight *flight, const struct loaded *loaded, uint32_t n)
{
    struct in_flight_vcpu *vcpu = &flight->vcpus[n];
    uint64_t pending = 0, active = 0, apr = 0;

    vgic5_state_icc(loaded->state, n, "ICC_PPI_SPENDR0", &pending);
    vgic5_state_icc(loaded->state, n, "ICC_PPI_SACTIVER0", &active);
    vgic5_state_icc(loaded->state, n, "ICC_APR", &apr);
    count(flight, VGIC5_PPI, vcpu, (uint32_t)__builtin_popcountll(pending),
          (uint32_t)__builtin_popcountll(active));
    vcpu->running_priority = apr != 0 ? __builtin_ctzll(apr) : -1;
}

static void look(struct in_flight *flight, const struct loaded *loaded, struct vgic5 *device)
{
    flight->nr_vcpus = loaded->config.nr_vcpus;
    for (uint32_t n = 0; n < flight->nr_vcpus; n++) {
        flight->vcpus[n].id = loaded->config.vcpu_ids[n];
        flight->vcpus[n].line = vgic5_vcpu_line(vgic5_vcpu(device, flight->vcpus[n].id));
        count_own(flight, loaded, n);
    }
    count_shared(flight, loaded, device);
}

int in_flight_of(const struct loaded *loaded, struct in_flight *flight, struct vgic5_error *error)
{
    struct scratch scratch = { 0 };
    int status;

    *flight = (struct in_flight){ 0 };
    flight->vcpus = calloc(loaded->config.nr_vcpus, sizeof *flight->vcpus);
    if (flight->vcpus == NULL)
        return no_memory(error);
    status = load(loaded, &scratch, error);
    if (status == 0)
        look(flight, loaded, scratch.device);
    else
        in_flight_free(flight);
    vgic5_destroy(scratch.device);
    memory_destroy(&scratch.memory);
    return status;
}

void in_flight_free(struct in_flight *flight)
{
    free(flight->vcpus);
    *flight = (struct in_flight){ 0 };
}
