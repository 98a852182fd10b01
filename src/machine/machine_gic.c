/* SPDX-License-Identifier: BSD-3-Clause */
/* The VGICv5's place in the machine. */
#include <errno.h>
#include <string.h>

#include "machine/machine_parts.h"

static int read_guest(void *opaque, uint64_t ipa, void *to, size_t size)
{
    struct machine *machine = opaque;

    return memory_read(&machine->ram, ipa, to, size);
}

/* Code that was translated from there stays as it is: a guest must not execute its IST. */
static int write_guest(void *opaque, uint64_t ipa, const void *from, size_t size)
{
    struct machine *machine = opaque;

    return memory_write(&machine->ram, ipa, from, size);
}

static void set_line(struct cpu *cpu, enum vgic5_line line)
{
    cpu->line = line != VGIC5_LINE_NONE;
    if (cpu->vcpu)
        vcpu_set_irq(cpu->vcpu, cpu->line);
}

static void on_line(void *opaque, uint32_t vcpu_id, enum vgic5_line line)
{
    struct machine *machine = opaque;

    if (vcpu_id < machine->nr_ids)
        set_line(&machine->cpus[machine->cpu_of_id[vcpu_id]], line);
}

struct vgic5_host machine_gic_host(void)
{
    return (struct vgic5_host){
        .size = sizeof(struct vgic5_host),
        .read_guest = read_guest,
        .write_guest = write_guest,
        .line = on_line,
    };
}

void machine_gic_refresh_lines(struct machine *machine)
{
    for (uint32_t i = 0; i < machine->nr_cpus; i++)
        set_line(&machine->cpus[i], vgic5_vcpu_line(machine->cpus[i].gic));
}

/* What each register holds in a CPU interface that has just been created. `n` registers with
 * consecutive encodings. Disabled first, so that nothing is signalled on the way. */
static const struct {
    uint16_t encoding;
    uint16_t n;
    uint64_t value;
} interface_reset[] = {
    {VGIC5_ENCODING(3, 1, 12, 0, 1), 1, 0},           /* ICC_CR0 */
    {VGIC5_ENCODING(3, 1, 12, 0, 2), 1, 0},           /* ICC_PCR */
    {VGIC5_ENCODING(3, 1, 12, 0, 0), 1, 0},           /* ICC_APR */
    {VGIC5_ENCODING(3, 0, 12, 10, 6), 2, 0},          /* ICC_PPI_ENABLER */
    {VGIC5_ENCODING(3, 0, 12, 13, 0), 2, UINT64_MAX}, /* ICC_PPI_CACTIVER */
    {VGIC5_ENCODING(3, 0, 12, 13, 4), 2, UINT64_MAX}, /* ICC_PPI_CPENDR */
    {VGIC5_ENCODING(3, 0, 12, 14, 0), 16, 0},         /* ICC_PPI_PRIORITYR */
    {VGIC5_ENCODING(3, 0, 12, 10, 4), 1, 0},          /* ICC_ICSR */
};

void machine_gic_reset_cpu(struct cpu *cpu)
{
    for (size_t i = 0; i < sizeof(interface_reset) / sizeof(*interface_reset); i++) {
        for (uint16_t n = 0; n < interface_reset[i].n; n++) {
            uint64_t value = interface_reset[i].value;

            vgic5_cpu_access(cpu->gic, (uint16_t)(interface_reset[i].encoding + n), true, &value);
        }
    }
}

static int set(struct machine *machine, uint32_t group, uint64_t attr, const void *payload,
               const char *what, struct vgic5_error *error)
{
    const struct vgic5_attr request = {.group = group, .attr = attr, .addr = (uintptr_t)payload};
    int ret = vgic5_set_attr(machine->gic, &request);

    if (ret == 0)
        return 0;
    return error_set(error, VGIC5_CAUSE_UNFIT, ret, "the VGICv5 refuses %s: %s", what,
                     strerror(-ret));
}

int machine_gic_configure(struct machine *machine, struct vgic5_error *error)
{
    const uint64_t address = MAP_IRS_BASE;
    const uint32_t nr_spis = machine->nr_spis;
    int ret = set(machine, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, &address, "its address", error);

    if (ret == 0)
        ret = set(machine, VGIC5_GRP_NR_IRQS, 0, &nr_spis, "its number of SPIs", error);
    if (ret == 0)
        ret = set(machine, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL, "CTRL_INIT", error);
    return ret;
}
